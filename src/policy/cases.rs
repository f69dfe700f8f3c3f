//! Every shipped policy against small situations: what it flags, what it must not, both sides of each border.
//!
//! A situation is one line: language and role, then facts. The expectation is a verdict, then the policies that
//! question (`-`) and support (`+`), each list complete.

use crate::config::Config;
use crate::fact::{Count, Direction, LatencySource, MemoryWhat, Subject};
use crate::judge::judge;
use crate::policy::unit;
use crate::service::{Declared, Evidenced, Ffi, Language, Latency, Memory, Role, Service, Spec, Team, Tuning, Use};
use crate::signal::of_service::{count_word, source_word};
use crate::signal::{Value, ValueType};
use crate::source::Location;

/// Situation and expectation, grouped by policy.
const CASES: &[(&str, &str)] = &[
    // embedded: any language of firmware; a program that merely talks to devices is none.
    ("go firmware, deploy embedded", "questioned -embedded -hard-to-redeploy"),
    ("rust firmware, deploy embedded", "fits +embedded +hard-to-redeploy"),
    ("go service, deploy embedded", "questioned -embedded"),
    ("go service, uses device serial", "unjudged"),
    // wasm
    ("go wasm, deploy wasm-plugin, trait security-critical", "questioned -wasm -failure-cost"),
    ("rust wasm, deploy wasm-browser", "fits +wasm +hard-to-redeploy"),
    ("go library, deploy wasm-wasi", "questioned -wasm"),
    ("go service, deploy wasm-wasi", "unjudged"),
    // foreign-consumers
    ("go library, ffi export go-c-shared 4", "questioned -foreign-consumers"),
    ("rust library, ffi export uniffi 4, trait security-critical", "fits +foreign-consumers +failure-cost"),
    ("go service, ffi export cgo 1", "unjudged"),
    ("rust library, ffi export wasm-bindgen 1", "unjudged"),
    // edge-runtime: hosting WebAssembly counts for Rust alone.
    ("go function, deploy edge", "questioned -edge-runtime"),
    ("rust function, deploy edge", "fits +edge-runtime"),
    ("rust cli, uses wasm-host wasmtime", "fits +edge-runtime"),
    ("go service, uses wasm-host wazero", "unjudged"),
    // tail-latency: the border, the percentile, the sources, and what is never a budget.
    ("go service, latency 900us 99.9 slo", "questioned -tail-latency"),
    ("go service, latency 1ms 99.9 slo", "questioned -tail-latency"),
    ("go service, latency 1.001ms 99.9 slo", "unjudged -tail-latency-advisory"),
    ("go service, latency 900us - deadline", "questioned -tail-latency"),
    ("go service, latency 900us 99 load-test", "questioned -tail-latency"),
    ("go service, latency 900us 98.9 slo", "unjudged"),
    ("go service, latency 900us 50 slo", "unjudged"),
    ("go service, timeout 900us", "unjudged"),
    ("go service, scheduling 900us 99", "unjudged"),
    ("rust service, latency 900us 99.9 slo", "fits +tail-latency"),
    ("go service, trait http-api, deploy kubernetes, latency 900us 99.9 slo", "questioned -tail-latency"),
    ("rust service, trait http-api, deploy kubernetes, latency 900us 99.9 slo", "fits +tail-latency"),
    ("go service, trait http-api, deploy kubernetes, latency 100ms 99 slo", "fits +cloud-native-service"),
    // tail-latency-advisory: between the figures, or in prose alone.
    ("go service, latency 5ms 99 slo", "unjudged -tail-latency-advisory"),
    ("go service, latency 5.1ms 99 slo", "unjudged"),
    ("go service, latency 900us 99.9 doc", "unjudged -tail-latency-advisory"),
    ("rust service, latency 2ms 99 slo", "fits +tail-latency-advisory"),
    (
        "go service, latency 2ms 99 slo, lines 300, trait queue-worker",
        "contested -tail-latency-advisory +queue-workers",
    ),
    // realtime-domain
    ("go service, trait realtime", "questioned -realtime-domain"),
    ("go service, uses market-data fix", "questioned -realtime-domain"),
    ("go service, latency 10ms - derived", "questioned -realtime-domain"),
    ("go service, latency 11ms - derived", "unjudged"),
    ("rust service, uses audio-realtime cpal", "fits +realtime-domain"),
    // memory-pressure
    (
        "go service, trait stream-pipeline, tuning set-gc-percent, trait http-api, deploy compose",
        "contested -memory-pressure +cloud-native-service +batch-pipeline",
    ),
    ("go service, trait codec, tuning arena, trait cpu-bound", "questioned -memory-pressure -cpu-bound"),
    ("go service, trait stream-pipeline", "fits +batch-pipeline"),
    ("go function, trait stream-pipeline, tuning sync-pool", "fits +serverless-function"),
    ("go service, trait stream-pipeline, tuning gomemlimit", "fits +batch-pipeline"),
    ("rust service, trait stream-pipeline, tuning custom-allocator", "contested -batch-pipeline +memory-pressure"),
    // tuning-exhausted and tuning-signs
    (
        "go service, tuning set-gc-percent, tuning ballast, latency 10ms 99 slo",
        "questioned -tuning-exhausted -tuning-signs",
    ),
    ("go service, tuning set-gc-percent, tuning ballast, latency 11ms 99 slo", "unjudged -tuning-signs"),
    ("go service, tuning set-gc-percent, latency 10ms 99 slo", "unjudged"),
    (
        "go service, tuning set-gc-percent, tuning ballast, tuning off-heap, tuning gogc",
        "questioned -tuning-exhausted -tuning-signs",
    ),
    ("go service, tuning set-gc-percent, tuning ballast, tuning off-heap", "unjudged -tuning-signs"),
    ("go service, tuning set-gc-percent, tuning ballast, trait queue-worker", "contested -tuning-signs +queue-workers"),
    ("go service, tuning gomemlimit, tuning pgo", "unjudged"),
    ("rust service, tuning off-heap, tuning assembly", "unjudged"),
    (
        "go service, tuning set-gc-percent, tuning sync-pool, trait http-api, deploy compose",
        "fits -tuning-signs +cloud-native-service",
    ),
    // memory-footprint and memory-limit
    ("go service, declared memory-ceiling 64MiB", "questioned -memory-footprint"),
    ("go service, declared memory-ceiling 65MiB", "unjudged"),
    ("go service, memory limit 32MiB, deploy systemd", "questioned -memory-footprint -memory-limit"),
    ("rust service, memory limit 32MiB, deploy systemd", "fits +memory-footprint +memory-limit"),
    ("go service, memory limit 20MiB, trait grpc-api, deploy compose", "fits -memory-limit +cloud-native-service"),
    ("go service, memory request 20MiB", "unjudged"),
    ("go service, memory limit 64MiB, trait queue-worker", "contested -memory-limit +queue-workers"),
    ("go service, memory limit 65MiB, trait queue-worker", "fits +queue-workers"),
    // cpu-bound
    ("go service, trait cpu-bound", "questioned -cpu-bound"),
    ("go job, trait codec", "contested -cpu-bound +batch-pipeline"),
    ("rust cli, trait cpu-bound", "fits +cpu-bound"),
    ("go cli, trait cpu-bound", "contested -cpu-bound"),
    ("go cli, trait codec", "contested"),
    // infrastructure-core
    ("go service, trait storage-engine, trait http-api, deploy compose", "questioned -infrastructure-core"),
    (
        "go service, trait proxy, trait security-critical, deploy compose",
        "contested -infrastructure-core -failure-cost +cloud-native-service",
    ),
    ("rust service, trait proxy, trait http-api, deploy kubernetes", "fits +infrastructure-core"),
    ("go service, trait gateway, deploy helm", "fits +cloud-native-service"),
    ("go service, uses search-index bleve", "questioned -infrastructure-core"),
    ("go service, uses search-index bleve, trait crud", "fits +crud-service"),
    ("go cli, trait storage-engine", "contested"),
    // hard-to-redeploy
    ("go service, trait node-agent, deploy package", "questioned -hard-to-redeploy"),
    ("go service, trait node-agent, deploy package, deploy helm", "unjudged"),
    (
        "go service, trait node-agent, deploy binary-release, uses container-runtime containerd",
        "contested -hard-to-redeploy +devops-agent",
    ),
    ("rust service, trait node-agent, deploy systemd", "fits +hard-to-redeploy"),
    (
        "rust service, trait node-agent, deploy binary-release, trait stream-pipeline, trait io-bound",
        "contested -batch-pipeline +hard-to-redeploy",
    ),
    ("go service, deploy package", "unjudged"),
    ("go cli, trait node-agent, deploy package", "contested"),
    // ffi-in-go
    ("go service, ffi import cgo 20", "questioned -ffi-in-go"),
    ("go service, ffi import cgo 19", "unjudged"),
    ("rust service, ffi import rust-extern-block 90", "unjudged"),
    ("go cli, ffi import cgo 90", "contested"),
    // c-replacement
    ("go service, counts c-lines 500, trait queue-worker", "contested -c-replacement +queue-workers"),
    ("go service, counts c-lines 499, trait queue-worker", "fits +queue-workers"),
    ("rust service, counts c-lines 500", "fits +c-replacement"),
    // correctness-horizon
    ("go service, declared horizon-years 5", "questioned -correctness-horizon"),
    ("go service, declared horizon-years 4", "unjudged"),
    ("rust service, declared horizon-years 5", "fits +correctness-horizon"),
    // failure-cost
    ("go function, trait security-critical", "contested -failure-cost +serverless-function"),
    ("go job, trait security-critical", "contested -failure-cost +batch-pipeline"),
    (
        "rust service, trait grpc-api, deploy docker, trait security-critical",
        "contested -cloud-native-service +failure-cost",
    ),
    ("go service, declared panic-cost money", "questioned -failure-cost"),
    ("go service, declared panic-cost low", "unjudged"),
    ("go cli, trait security-critical", "contested -failure-cost"),
    // unhandled-errors and data-races: a check in CI answers them.
    (
        "go service, lines 1000, trait security-critical, trait grpc-api, deploy helm, counts discarded-errors 2",
        "contested -failure-cost -unhandled-errors +cloud-native-service",
    ),
    (
        "go service, lines 1000, trait security-critical, trait grpc-api, deploy helm, counts discarded-errors 1",
        "contested -failure-cost +cloud-native-service",
    ),
    (
        "go service, lines 1000, trait security-critical, counts discarded-errors 9, check errcheck",
        "questioned -failure-cost",
    ),
    ("go service, lines 1000, counts discarded-errors 9", "unjudged"),
    ("go cli, lines 1000, trait security-critical, counts goroutines 10", "contested -failure-cost -data-races"),
    ("go service, trait security-critical, counts goroutines 9", "questioned -failure-cost"),
    ("go service, trait security-critical, counts goroutines 10", "questioned -failure-cost -data-races"),
    ("go service, trait security-critical, counts goroutines 10, check race-detector", "questioned -failure-cost"),
    ("go service, counts goroutines 900", "unjudged"),
    (
        "go service, lines 1000, uses payments stripe, trait queue-worker, counts discarded-errors 2",
        "contested -unhandled-errors +queue-workers",
    ),
    (
        "go service, uses payments stripe, trait queue-worker, counts goroutines 10",
        "contested -data-races +queue-workers",
    ),
    (
        "go service, uses payments stripe, trait queue-worker, counts goroutines 10, check race-detector",
        "fits +queue-workers",
    ),
    // scale-economics, and what holds it back
    (
        "go service, replicas 50, trait stream-pipeline, uses stream-engine x, trait queue-worker",
        "contested -scale-economics +queue-workers",
    ),
    ("go service, replicas 49, trait stream-pipeline, uses stream-engine x, trait queue-worker", "fits +queue-workers"),
    ("go service, replicas 50, trait queue-worker", "fits +queue-workers"),
    ("rust service, replicas 50", "fits +scale-economics"),
    // stable-maintainers supports alone.
    ("rust service, declared team-plan same-people", "fits +stable-maintainers"),
    ("go service, declared team-plan same-people", "unjudged"),
    ("rust service, team rotation=0.2 attrition=0.2 bus-factor=2 age-days=730", "fits +stable-maintainers"),
    ("rust service, team rotation=0.21 attrition=0.2 bus-factor=2 age-days=730", "unjudged"),
    ("rust service, team rotation=0.2 attrition=0.2 bus-factor=1 age-days=730", "unjudged"),
    // artifact-size
    ("rust service, artifact 5MB", "fits +artifact-size"),
    ("rust service, artifact 6MB", "unjudged"),
    ("go service, artifact 1MB, trait queue-worker", "contested -artifact-size +queue-workers"),
    // crud-service
    ("go service, trait crud", "fits +crud-service"),
    ("rust service, trait crud, deploy package", "questioned -crud-service"),
    ("rust service, trait crud, trait storage-engine", "fits +infrastructure-core"),
    ("rust service, trait crud, latency 5ms 99 slo", "fits +tail-latency-advisory"),
    ("rust service, trait crud, latency 5.1ms 99 slo", "questioned -crud-service"),
    // cloud-native-service
    ("go service, trait http-api, deploy kubernetes", "fits +cloud-native-service"),
    ("rust service, trait http-api, trait io-bound, deploy compose", "questioned -cloud-native-service"),
    ("rust service, trait http-api, deploy package", "unjudged"),
    ("rust service, trait http-api, trait storage-engine, deploy docker", "fits +infrastructure-core"),
    ("go service, trait node-agent, trait http-api, deploy helm", "fits +cloud-native-service"),
    // operator, and deployment glue
    ("go service, trait operator, deploy helm", "fits +operator"),
    ("rust service, trait operator, trait grpc-api, deploy helm", "questioned -cloud-native-service -operator"),
    ("rust service, trait node-agent, trait io-bound, uses k8s-client kube, deploy helm", "questioned -operator"),
    ("rust job, uses k8s-client kube, deploy helm", "questioned -operator -batch-pipeline"),
    ("rust service, uses k8s-client kube, deploy helm, trait cpu-bound", "fits +cpu-bound"),
    ("rust service, uses k8s-client kube, deploy package", "unjudged"),
    ("rust cli, trait operator", "contested"),
    (
        "go service, trait proxy, trait gateway, trait operator, trait io-bound, deploy helm",
        "contested -infrastructure-core +cloud-native-service +operator",
    ),
    // serverless-function
    ("go function", "fits +serverless-function"),
    ("rust function, trait http-api, deploy lambda", "questioned -serverless-function"),
    ("rust function, latency 5ms 99 slo", "fits +tail-latency-advisory"),
    // batch-pipeline
    ("go job, trait io-bound, deploy docker", "fits +batch-pipeline"),
    ("rust job", "questioned -batch-pipeline"),
    ("rust service, trait stream-pipeline, uses stream-engine timely", "unjudged"),
    ("rust service, trait stream-pipeline, trait storage-engine", "fits +infrastructure-core"),
    // devops-agent supports alone.
    ("go service, trait node-agent, uses metrics prometheus", "fits +devops-agent"),
    ("go service, trait node-agent, uses sql postgres", "unjudged"),
    ("rust service, trait node-agent, uses metrics prometheus", "unjudged"),
    // spec-churn, team-churn, unknown-maintainers
    ("rust service, declared spec-stability weekly", "questioned -spec-churn"),
    ("rust service, declared spec-stability monthly", "unjudged"),
    ("rust service, team age-days=1, spec active-weeks=40 breaking-share=0.3", "questioned -spec-churn"),
    ("rust service, team age-days=1, spec active-weeks=39 breaking-share=0.3", "unjudged"),
    ("go service, declared spec-stability weekly", "fits +spec-churn"),
    ("rust service, declared team-plan contractors", "questioned -team-churn"),
    (
        "rust service, team rotation=0.8 attrition=0.5 newcomer-share=0.5 contributors=4 commits=50",
        "questioned -team-churn",
    ),
    ("rust service, team rotation=0.79 attrition=0.5 newcomer-share=0.5 contributors=4 commits=50", "unjudged"),
    ("go service, declared team-plan rotating, declared panic-cost money", "contested -failure-cost +team-churn"),
    ("rust service, declared team-plan unknown", "questioned -unknown-maintainers"),
    ("rust service, team bus-factor=1 attrition=0.75 departed=2 owners=0", "questioned -unknown-maintainers"),
    ("rust service, team bus-factor=1 attrition=0.75 departed=2 owners=1", "unjudged"),
    ("go service, declared team-plan unknown", "fits +unknown-maintainers"),
    // queue-workers
    ("go service, trait queue-worker", "fits +queue-workers"),
    ("rust service, trait queue-worker", "unjudged -queue-workers"),
    // compile-velocity
    (
        "rust service, lines 200000, team changes-per-week=20, artifact 1MB",
        "contested -compile-velocity +artifact-size",
    ),
    ("rust service, lines 199999, team changes-per-week=20, artifact 1MB", "fits +artifact-size"),
    ("rust service, lines 200000, team changes-per-week=19, artifact 1MB", "fits +artifact-size"),
    // boring-glue
    ("go service, lines 29, deploy docker", "fits +boring-glue"),
    ("rust service, lines 999", "unjudged -boring-glue"),
    ("rust service, lines 1000", "unjudged"),
    ("go service, lines 29, ffi import cgo 1", "unjudged"),
    ("rust service, lines 29, trait security-critical", "fits +failure-cost"),
    // cli-tool
    ("go cli", "contested"),
    ("rust cli", "contested"),
    ("go cli, trait queue-worker", "contested +queue-workers"),
    ("go service, uses cli-parser cobra", "unjudged"),
    // agent-authored
    ("go service, team agent-share=0.5", "contested"),
    ("go service, team agent-share=0.49", "unjudged"),
    ("rust service, trait crud, team agent-share=0.9", "questioned -crud-service"),
    // io-bound-narrows
    (
        "go service, trait cpu-bound, trait io-bound, trait http-api, deploy helm",
        "fits -cpu-bound +cloud-native-service",
    ),
    ("go service, trait cpu-bound, trait http-api, deploy helm", "contested -cpu-bound +cloud-native-service"),
    ("go service, trait cpu-bound, trait io-bound", "unjudged -cpu-bound"),
    ("go service, trait cpu-bound, trait io-bound, latency 5ms 99 slo", "questioned -cpu-bound -tail-latency-advisory"),
    // gc-at-scale-is-fine
    ("go service, lines 900000, replicas 500, trait queue-worker", "fits +queue-workers"),
    (
        "go service, lines 900000, replicas 500, trait queue-worker, tuning gogc",
        "contested -scale-economics +queue-workers",
    ),
    ("go service, lines 50000, memory limit 64MiB, trait queue-worker", "fits +queue-workers"),
    ("go service, lines 49999, memory limit 64MiB, trait queue-worker", "contested -memory-limit +queue-workers"),
    // upgrade-first
    ("go service, go 1.23, trait cpu-bound", "unjudged -cpu-bound"),
    ("go service, go 1.24, trait cpu-bound", "questioned -cpu-bound"),
    // ecosystem-domain
    (
        "rust service, trait http-api, deploy docker, uses ml-inference ort, trait cpu-bound",
        "fits -cloud-native-service +cpu-bound",
    ),
    (
        "rust service, trait http-api, deploy docker, uses ml-client x, trait cpu-bound",
        "contested -cloud-native-service +cpu-bound",
    ),
    // Nothing known at all
    ("go service", "unjudged"),
    ("rust service", "unjudged"),
    ("go tool, deploy embedded", "unjudged"),
];

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

/// Policies that shape advice or speak for the repository change no service's verdict; they have tests of their own.
const NO_VERDICT: &[&str] = &["hot-path-split", "rewrite-restraint", "identity-monoculture", "shared-contract"];

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
    }
}

#[test]
fn every_language_policy_questions_and_supports_in_some_case() {
    for policy in Config::default().policies.policies {
        let crate::policy::Favors::Language(favored) = policy.favors else { continue };
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
    assert!(finding.message.contains("promises 900 µs at p99.9"), "{}", finding.message);
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

/// Builds a service from one line.
fn service(situation: &str) -> Service {
    let mut facts = situation.split(", ");
    let (language, role) = facts.next().and_then(|head| head.split_once(' ')).expect("a language and a role");
    let language = if language == "go" { Language::Go } else { Language::Rust };
    let mut service = Service::named("svc", language);
    service.role = *Role::ALL.iter().find(|known| known.word() == role).expect("a role");
    service.size.lines = 2000;
    for fact in facts {
        let words: Vec<&str> = fact.split(' ').collect();
        add(&mut service, words[0], &words[1..]);
    }
    service
}

fn add(service: &mut Service, kind: &str, words: &[&str]) {
    let number = |at: usize| words[at].parse().expect("a number");
    match (kind, words) {
        ("trait", [name]) => service.traits.push(shown((*name).to_owned())),
        ("deploy", [target]) => service.deploy.push(shown((*target).to_owned())),
        ("check", [what]) => service.checks.push(shown((*what).to_owned())),
        ("contract", [format]) => service.contracts.push(shown((*format).to_owned())),
        ("uses", [capability, symbol]) => {
            service.uses.push(shown(Use { capability: (*capability).to_owned(), symbol: (*symbol).to_owned() }));
        }
        ("tuning", [what]) => service.tuning.push(shown(Tuning { what: (*what).to_owned(), value: None })),
        ("timeout", [limit]) => service.timeouts.push(shown(micros(limit))),
        ("scheduling", [limit, percentile]) => {
            service.latency.push(latency(limit, percentile, "alert", Subject::Other("scheduling".to_owned())));
        }
        ("latency", [limit, percentile, source]) => {
            service.latency.push(latency(limit, percentile, source, Subject::Answering));
        }
        ("memory", [what, bytes]) => {
            let what = if *what == "limit" { MemoryWhat::Limit } else { MemoryWhat::Request };
            service.memory.push(shown(Memory { what, bytes: size(bytes) }));
        }
        ("ffi", [direction, mechanism, _]) => {
            let direction = if *direction == "export" { Direction::Export } else { Direction::Import };
            let mechanism = (*mechanism).to_owned();
            service.ffi.push(shown(Ffi { direction, mechanism, consumers: Vec::new(), symbols: number(2) }));
        }
        ("counts", [what, _]) => {
            let all = [Count::DiscardedErrors, Count::Goroutines, Count::CLines];
            let what = all.into_iter().find(|count| count_word(*count) == *what).expect("a count");
            service.counts.push(shown((what, number(1))));
        }
        ("replicas", [_]) => service.replicas.push(shown((1, number(0)))),
        ("artifact", [bytes]) => service.artifact_budget.push(shown(size(bytes))),
        ("lines", [_]) => service.size.lines = u64::from(number(0)),
        ("go", [version]) => service.toolchain.go = Some(((*version).to_owned(), location())),
        ("declared", [key, value]) => {
            let value = super::check::guess(value)
                .filter(|value| matches!(value, Value::Bytes(_)))
                .or_else(|| unit::read(value, ValueType::Number).ok())
                .unwrap_or_else(|| Value::Word((*value).to_owned()));
            service.declared.push(Declared { key: (*key).to_owned(), value, location: location() });
        }
        ("team", fields) => service.team = Some(team(fields)),
        ("spec", fields) => service.spec = Some(spec(fields)),
        _ => panic!("no fact: {kind} {words:?}"),
    }
}

fn team(fields: &[&str]) -> Team {
    let mut team = Team::default();
    for (name, value) in fields.iter().filter_map(|field| field.split_once('=')) {
        let number: f64 = value.parse().expect("a number");
        match name {
            "rotation" => team.rotation = number,
            "attrition" => team.attrition = number,
            "newcomer-share" => team.newcomer_share = number,
            "agent-share" => team.agent_share = number,
            "changes-per-week" => team.changes_per_week = number,
            "contributors" => team.contributors = number as u32,
            "commits" => team.commits = number as u32,
            "departed" => team.departed = number as u32,
            "owners" => team.owners = number as u32,
            "owners-active" => team.owners_active = number as u32,
            "owners-gone" => team.owners_gone = number as u32,
            "bus-factor" => team.bus_factor = number as u32,
            "age-days" => team.age_days = number as u32,
            _ => panic!("no field of a team: {name}"),
        }
    }
    // A team that says nothing of its rotation is no stable one.
    if !fields.iter().any(|field| field.starts_with("rotation")) {
        team.rotation = 0.5;
    }
    team
}

fn spec(fields: &[&str]) -> Spec {
    let mut spec = Spec::default();
    for (name, value) in fields.iter().filter_map(|field| field.split_once('=')) {
        match name {
            "active-weeks" => spec.active_weeks = value.parse().expect("weeks"),
            "breaking-share" => spec.breaking_share = value.parse().expect("a share"),
            _ => panic!("no field of a specification: {name}"),
        }
    }
    spec
}

fn latency(limit: &str, percentile: &str, source: &str, subject: Subject) -> Evidenced<Latency> {
    use LatencySource::{Alert, Comment, Deadline, Derived, Doc, LoadTest, Slo};
    let all = [Slo, Alert, LoadTest, Deadline, Derived, Doc, Comment, LatencySource::Declared];
    let source = all.into_iter().find(|known| source_word(*known) == source).expect("a source");
    shown(Latency { limit_us: micros(limit), percentile: percentile.parse().ok(), source, subject })
}

fn micros(text: &str) -> f64 {
    let Ok(Value::Duration(micros)) = unit::read(text, ValueType::Duration) else { panic!("no duration: {text}") };
    micros
}

fn size(text: &str) -> u64 {
    let Ok(Value::Bytes(bytes)) = unit::read(text, ValueType::Bytes) else { panic!("no size: {text}") };
    bytes
}

fn shown<T>(value: T) -> Evidenced<T> {
    Evidenced { value, evidence: vec![location()] }
}

fn location() -> Location {
    Location::of_file("svc/main")
}
