//! The last step before the report: every service heard, decided, and advised.
//!
//! In: services with everything known about them, and the configuration. Out: judged services and the findings,
//! both in their final order. Policies alone decide; this module only asks them and words the outcome.

mod counterfactual;
mod repository;

use std::sync::Arc;

use crate::advice;
use crate::config::Config;
use crate::finding::{Finding, Judged, Label, Severity, Status, Strength, Verdict};
use crate::policy::eval::{Heard, Hearing, evaluate};
use crate::policy::{Level, Policy, PolicySet, Scope};
use crate::service::{Role, Service};
use crate::signal::of_service::signals;
use crate::signal::{Signal, Value};
use crate::source::Location;
use crate::verdict::{Decision, decide};

/// Judges all services, and the repository they make up.
pub fn judge(services: Vec<Service>, config: &Config) -> (Vec<Judged>, Vec<Finding>) {
    let mut judged = Vec::new();
    let mut findings = Vec::new();
    for service in services {
        let set = config.policies_for(&service);
        let (one, found) = judge_one(service, &set);
        judged.push(one);
        findings.extend(found);
    }
    judged.sort_by(|one, other| place(one).cmp(&place(other)));
    findings.extend(repository::judge(&judged, &config.policies));
    findings.sort_by(|one, other| order(one).cmp(&order(other)));
    (judged, findings)
}

fn place(judged: &Judged) -> (&str, crate::service::Language, &str) {
    (&judged.service.root, judged.service.language, &judged.service.name)
}

/// The gravest first, then by service and policy.
fn order(finding: &Finding) -> (std::cmp::Reverse<Severity>, std::cmp::Reverse<Strength>, Option<&str>, &str) {
    use std::cmp::Reverse;
    let root = finding.service.as_ref().map(|(root, _)| &**root);
    (Reverse(finding.severity), Reverse(finding.strength), root, &finding.policy)
}

fn judge_one(service: Service, set: &PolicySet) -> (Judged, Vec<Finding>) {
    if service.role == Role::Tool {
        return (not_judged(service), Vec::new());
    }
    let signals = signals(&service);
    let hearing = evaluate(set, Scope::Service, &signals, &service.name, service.language);
    let decision = decide(hearing.arguments(), service.language);
    let findings = findings(&service, set, &hearing, &decision);
    let counterfactuals = counterfactual::sentences(&service, set, &signals, &hearing, decision.verdict);
    let arguments = hearing.heard.into_iter().filter(speaks).map(|heard| heard.argument).collect();
    let judged = Judged {
        verdict: decision.verdict,
        reasoning: decision.reasoning,
        arguments,
        questions: decision.questions,
        supports: decision.supports,
        unknown: hearing.unknown,
        counterfactuals,
        service,
    };
    (judged, findings)
}

/// Context that applies to every service of a language would only be noise in its ledger.
fn speaks(heard: &Heard) -> bool {
    let argument = &heard.argument;
    argument.favors.is_some() || argument.contested || argument.lowered_by.is_some() || !argument.labels.is_empty()
}

fn not_judged(service: Service) -> Judged {
    let reasoning = match service.role_because.first() {
        Some((reason, _)) => format!("a tool, listed and not judged: {reason}"),
        None => "a tool, listed and not judged".to_owned(),
    };
    Judged {
        service,
        verdict: Verdict::Unjudged,
        reasoning,
        arguments: Vec::new(),
        questions: Vec::new(),
        supports: Vec::new(),
        unknown: Vec::new(),
        counterfactuals: Vec::new(),
    }
}

fn findings(service: &Service, set: &PolicySet, hearing: &Hearing, decision: &Decision) -> Vec<Finding> {
    if !matches!(decision.verdict, Verdict::Questioned | Verdict::Contested) {
        return Vec::new();
    }
    let questions = |heard: &&Heard| heard.argument.favors == Some(service.language.other());
    let context: Vec<&str> = hearing.heard.iter().map(|heard| heard.argument.policy.as_str()).collect();
    hearing
        .heard
        .iter()
        .filter(questions)
        .filter_map(|heard| Some((heard, set.get(&heard.argument.policy)?)))
        .map(|(heard, policy)| finding(service, set, heard, policy, decision.verdict, &context))
        .collect()
}

fn finding(
    service: &Service,
    set: &PolicySet,
    heard: &Heard,
    policy: &Policy,
    verdict: Verdict,
    context: &[&str],
) -> Finding {
    let argument = &heard.argument;
    Finding {
        policy: policy.id.clone(),
        service: Some((service.root.clone(), service.language)),
        severity: severity(verdict, argument.strength, policy.level),
        strength: argument.strength,
        message: heard.message.clone(),
        labels: labels(service, argument.labels.clone()),
        cites: argument.cites.clone(),
        advice: advice::advise(set, service, policy, &heard.matched, context),
        fingerprint: fingerprint(&policy.id, &service.root, &heard.matched),
        former: former(policy, service, &heard.matched),
        status: Status::New,
    }
}

/// What is contested, and what only adds weight, never fails a run by default.
fn severity(verdict: Verdict, strength: Strength, level: Level) -> Severity {
    let wanted = match level {
        Level::Note => Some(Severity::Note),
        Level::Warning => Some(Severity::Warning),
        Level::Error => Some(Severity::Error),
        Level::Default | Level::Off => None,
    };
    match (verdict, strength) {
        (Verdict::Questioned, Strength::Weak) => Severity::Note,
        (Verdict::Questioned, _) => wanted.unwrap_or(Severity::Warning),
        _ => Severity::Note,
    }
}

/// A finding points at something, even where what matched is a number of the whole service.
fn labels(service: &Service, labels: Vec<Label>) -> Vec<Label> {
    if !labels.is_empty() {
        return labels;
    }
    let (text, location) = match service.role_because.first() {
        Some((reason, location)) => (reason.clone(), location.clone()),
        None => ("the service".to_owned(), Location::of_file(&service.root)),
    };
    vec![Label { location, text }]
}

/// Signals whose figures drift with every commit; they are identified by their kind alone.
const DRIFTING: &[&str] = &["size", "team", "spec", "counts", "language", "role"];

/// Digits of each half of a fingerprint.
const HALF: usize = 16;

/// Identifies a finding, never by lines. The first half is of policy, service and what the evidence says in which files;
/// the second of policy and what it says in how many, which stays where files move.
pub fn fingerprint(policy: &str, root: &Arc<str>, matched: &[Signal]) -> String {
    let [exact, moving] = [Paths::Named, Paths::Counted].map(|paths| {
        let mut parts: Vec<String> = matched.iter().map(|signal| content(signal, paths)).collect();
        parts.sort();
        parts.dedup();
        parts
    });
    format!("{}{}", half([policy, root], &exact), half([policy, ""], &moving))
}

fn half(head: [&str; 2], parts: &[String]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in head.into_iter().chain(parts.iter().map(String::as_str)) {
        hasher.update(part.as_bytes());
        hasher.update(b"\0");
    }
    hasher.finalize().to_hex()[..HALF].to_owned()
}

/// Whether two fingerprints are of the same evidence in as many files, whatever these are called.
pub fn is_moved(one: &str, other: &str) -> bool {
    let moving = |print: &str| if print.len() == 2 * HALF { print.get(HALF..).map(str::to_owned) } else { None };
    moving(one).is_some() && moving(one) == moving(other)
}

/// What the finding was called at the service's former places: an exception follows what git shows to have moved.
fn former(policy: &Policy, service: &Service, matched: &[Signal]) -> Vec<(String, String)> {
    let places = service.team.iter().flat_map(|team| &team.former);
    let identity = |place: &String| {
        let was: Vec<Signal> = matched.iter().map(|signal| moved(signal, &service.root, place)).collect();
        (place.clone(), fingerprint(&policy.id, &place.as_str().into(), &was))
    };
    places.map(identity).collect()
}

/// The signal as it was when what lies below `now` lay below `before`.
fn moved(signal: &Signal, now: &str, before: &str) -> Signal {
    let mut signal = signal.clone();
    for location in &mut signal.evidence {
        let below = location.path.strip_prefix(now).filter(|rest| rest.starts_with('/'));
        if let Some(rest) = below {
            location.path = format!("{before}{rest}").into();
        }
    }
    signal
}

#[derive(Clone, Copy, Debug)]
enum Paths {
    Named,
    Counted,
}

fn content(signal: &Signal, named: Paths) -> String {
    if DRIFTING.contains(&signal.name.as_str()) {
        return signal.name.clone();
    }
    let fields: Vec<String> = signal.fields.iter().map(|(name, value)| format!("{name}={}", exact(value))).collect();
    let mut paths: Vec<&str> = signal.evidence.iter().map(|location| &*location.path).collect();
    paths.sort_unstable();
    paths.dedup();
    let files = match named {
        Paths::Named => paths.join(" "),
        Paths::Counted => paths.len().to_string(),
    };
    format!("{} {} @ {files}", signal.name, fields.join(" "))
}

fn exact(value: &Value) -> String {
    match value {
        Value::Word(word) | Value::Version(word) => word.clone(),
        Value::Number(number) | Value::Duration(number) | Value::Percent(number) => number.to_string(),
        Value::Bytes(bytes) => bytes.to_string(),
        Value::Flag(flag) => flag.to_string(),
    }
}
