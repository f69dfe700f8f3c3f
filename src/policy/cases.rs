//! Every shipped policy against the situations of [`situations`], and what must hold of all of them together.
//!
//! A situation is one line: language and role, then facts. The expectation is a verdict, then the policies that
//! question (`-`) and support (`+`), each list complete.

mod builder;
mod situations;

use std::sync::Arc;

use crate::config::Config;
use crate::judge::judge;
use crate::policy::{Favors, Parameter};
use crate::service::Service;
use crate::signal::Value;

use builder::service;
use situations::CASES;

#[test]
fn every_situation_has_its_verdict_and_its_arguments() {
    let config = Config::default();
    let wrong: Vec<String> = CASES
        .iter()
        .map(|(situation, expected)| (situation, expected, outcome(situation, &config)))
        .filter(|(_, expected, found)| **expected != found.as_str())
        .map(|(situation, expected, found)| format!("{situation}\n  expected {expected}\n  found    {found}"))
        .collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Policies that shape the advice or speak for the repository change no service's verdict, but what is said.
const NO_VERDICT: &[&str] = &["hot-path-split", "rewrite-restraint", "identity-monoculture", "shared-contract"];

/// Advice and findings about the repository, over all situations together.
fn said(config: &Config) -> Vec<String> {
    let services =
        CASES.iter().zip(0..).map(|((line, _), n)| Service { root: format!("s{n}").into(), ..service(line) });
    let of_one_language = |language: &str| {
        let lines = CASES.iter().filter(|(line, _)| line.starts_with(language));
        lines.zip(0..).map(|((line, _), n)| Service { root: format!("s{n}").into(), ..service(line) }).collect()
    };
    let all = [services.collect::<Vec<_>>(), of_one_language("rust"), of_one_language("go")];
    let findings = all.into_iter().flat_map(|services| judge(services, config).1);
    findings.map(|finding| format!("{} {} {:?}", finding.policy, finding.advice.text, finding.advice.cost)).collect()
}

#[test]
fn dropping_any_policy_changes_a_verdict() {
    let all = Config::default();
    let verdict = |situation: &str, config: &Config| outcome(situation, config).split(' ').next().map(str::to_owned);
    let full: Vec<Option<String>> = CASES.iter().map(|(situation, _)| verdict(situation, &all)).collect();
    for dropped in &all.policies.policies {
        let mut less = all.clone();
        less.policies.policies.retain(|policy| policy.id != dropped.id);
        let changed = CASES.iter().zip(&full).any(|((situation, _), before)| verdict(situation, &less) != *before);
        assert!(changed || NO_VERDICT.contains(&dropped.id.as_str()), "{} changes no verdict", dropped.id);
        assert!(changed || said(&less) != said(&all), "{} changes nothing that is said", dropped.id);
    }
}

/// A value a little below or above; whole numbers move by one.
fn moved(value: &Value, up: bool) -> Value {
    let step = |number: f64| {
        let whole = number.fract() == 0.0 && number.abs() < 1000.0;
        let by = if whole { 1.0 } else { number.abs() * 0.004 };
        if up { number + by } else { number - by }
    };
    let share = |number: f64| number * if up { 1.004 } else { 0.996 };
    match value {
        Value::Number(number) if *number < 1.0 => Value::Number(share(*number) + if up { 0.006 } else { -0.006 }),
        Value::Number(number) => Value::Number(step(*number)),
        Value::Duration(micros) => Value::Duration(share(*micros)),
        Value::Bytes(bytes) => Value::Bytes(if up { bytes + (1 << 20) } else { bytes - (1 << 19) }),
        Value::Percent(percent) => Value::Percent(percent + if up { 0.05 } else { -0.15 }),
        Value::Version(version) => {
            let (head, last) = version.rsplit_once('.').expect("a version of two parts");
            let last: u32 = last.parse().expect("a number");
            Value::Version(format!("{head}.{}", if up { last + 1 } else { last - 1 }))
        }
        other => other.clone(),
    }
}

#[test]
fn every_threshold_has_a_case_on_either_side() {
    let all = Config::default();
    let mut missing = Vec::new();
    for policy in &all.policies.policies {
        for parameter in policy
            .parameters
            .iter()
            .filter(|parameter| !REPOSITORY.contains(&policy.id.as_str()) && is_measured(parameter))
        {
            for up in [false, true] {
                let mut nudged = all.clone();
                let twin = nudged.policies.policies.iter_mut().find(|twin| twin.id == policy.id);
                let twin = twin.and_then(|twin| {
                    Arc::make_mut(twin).parameters.iter_mut().find(|twin| twin.name == parameter.name)
                });
                twin.expect("the same set").value = moved(&parameter.default, up);
                if !CASES.iter().any(|(situation, expected)| outcome(situation, &nudged) != *expected) {
                    missing.push(format!("{}.{} {}", policy.id, parameter.name, if up { "above" } else { "below" }));
                }
            }
        }
    }
    assert!(missing.is_empty(), "no case at these borders:\n{}", missing.join("\n"));
}

/// Judged over several services, which one line is not.
const REPOSITORY: &[&str] = &["identity-monoculture", "shared-contract"];

fn is_measured(parameter: &Parameter) -> bool {
    !matches!(parameter.default, Value::Word(_) | Value::Flag(_))
}

#[test]
fn every_language_policy_questions_and_supports_in_some_case() {
    for policy in Config::default().policies.policies {
        let Favors::Language(favored) = policy.favors else { continue };
        let seen = |sign: char| {
            CASES.iter().any(|(_, expected)| expected.split(' ').any(|w| w == format!("{sign}{}", policy.id)))
        };
        // Some situations exist in one language only: there is nothing to question, or nothing to support.
        let other =
            ["ffi-in-go", "tuning-exhausted", "tuning-signs", "unhandled-errors", "data-races", "compile-velocity"];
        let supports_only = ["stable-maintainers", "devops-agent"];
        assert!(seen('-') || supports_only.contains(&policy.id.as_str()), "{} questions nothing", policy.id);
        assert!(seen('+') || other.contains(&policy.id.as_str()), "{} never supports {}", policy.id, favored.name());
    }
}

#[test]
fn without_history_its_policies_are_unknown_and_never_satisfied() {
    let (judged, _) = judge(vec![service("rust service")], &Config::default());
    let unknown: Vec<&str> = judged[0].unknown.iter().map(|(policy, _)| policy.as_str()).collect();
    assert_eq!(unknown, ["stable-maintainers", "spec-churn", "team-churn", "unknown-maintainers", "agent-authored"]);
    let (judged, _) = judge(vec![service("rust service, team age-days=3")], &Config::default());
    assert!(judged[0].unknown.is_empty());
}

#[test]
fn a_finding_has_labels_advice_cost_and_a_stable_fingerprint() {
    let config = Config::default();
    let go = service("go service, go 1.21, lines 4000, latency 900us 99.9 slo");
    let (judged, findings) = judge(vec![go.clone()], &config);
    assert_eq!(findings.len(), 1);
    let finding = &findings[0];
    assert!(finding.message.contains("promises 900 µs (p99.9)"), "{}", finding.message);
    assert_eq!(finding.labels[0].text, "slo: 900 µs");
    assert!(finding.advice.text.starts_with("First raise Go 1.21"), "{}", finding.advice.text);
    assert_eq!(finding.advice.cost.as_ref().map(|cost| cost.engineer_months), Some((1.0, 3.0)));
    assert!(judged[0].counterfactuals[0].contains("above 1 ms"), "{:?}", judged[0].counterfactuals);
    let mut moved = go.clone();
    moved.latency[0].evidence[0].place.line = 99;
    assert_eq!(judge(vec![moved], &config).1[0].fingerprint, finding.fingerprint);
    let mut tightened = go;
    tightened.latency[0].value.limit_us = 500.0;
    assert_ne!(judge(vec![tightened], &config).1[0].fingerprint, finding.fingerprint);
}

#[test]
fn the_repository_is_judged_as_a_whole() {
    let config = Config::default();
    let ids = |services: &[&str]| -> Vec<String> {
        let services =
            services.iter().enumerate().map(|(n, line)| Service { root: format!("s{n}").into(), ..service(line) });
        let (_, findings) = judge(services.collect(), &config);
        findings.into_iter().filter(|finding| finding.service.is_none()).map(|finding| finding.policy).collect()
    };
    assert_eq!(ids(&["rust job", "rust function"]), ["identity-monoculture"]);
    assert_eq!(ids(&["rust job", "rust library, ffi export pyo3 1"]), Vec::<String>::new());
    assert_eq!(ids(&["rust job", "rust function", "go job"]), Vec::<String>::new());
    assert_eq!(ids(&["rust service, trait grpc-api", "go service, trait grpc-api"]), ["shared-contract"]);
    assert_eq!(
        ids(&["rust service, trait grpc-api, contract proto", "go service, trait grpc-api"]),
        Vec::<String>::new()
    );
}

fn outcome(situation: &str, config: &Config) -> String {
    let (judged, _) = judge(vec![service(situation)], config);
    let judged = &judged[0];
    let signed = |sign: char, ids: &[String]| ids.iter().map(|id| format!(" {sign}{id}")).collect::<String>();
    format!("{}{}{}", judged.verdict.word(), signed('-', &judged.questions), signed('+', &judged.supports))
}
