//! The smallest change of facts that would flip a verdict, found by trying it.
//!
//! In: the signals of a questioned or contested service and what was heard. Out: one sentence for each change
//! that was tried and did flip it: one kind of evidence less, a pair of them, or one declared fact more.

use crate::finding::Verdict;
use crate::policy::eval::{Hearing, evaluate};
use crate::policy::unit;
use crate::policy::{Bound, Compare, Policy, PolicySet, Scope};
use crate::service::{Language, Service};
use crate::signal::of_service::signal;
use crate::signal::{Signal, Value};
use crate::verdict::decide;

/// Sentences printed; the rest would be reading, not help.
const SENTENCES: usize = 3;

/// Kinds of evidence that a service can lose. Its role, language, size and history are what it is.
const REMOVABLE: &[&str] = &[
    "latency",
    "tuning",
    "memory",
    "ffi",
    "declared",
    "artifact-budget",
    "replicas",
    "deploy",
    "trait",
    "uses",
    "counts",
];

/// One kind of evidence that questions the service, and the signals that make it up.
struct Part<'a> {
    phrase: String,
    signals: Vec<&'a Signal>,
}

pub(super) fn sentences(
    service: &Service,
    set: &PolicySet,
    signals: &[Signal],
    hearing: &Hearing,
    verdict: Verdict,
) -> Vec<String> {
    if !matches!(verdict, Verdict::Questioned | Verdict::Contested) {
        return Vec::new();
    }
    let judge = |signals: &[Signal]| {
        let hearing = evaluate(set, Scope::Service, signals, &service.name, service.language);
        decide(hearing.arguments(), service.language).verdict
    };
    let mut found = removals(service, set, signals, hearing, verdict, &judge);
    found.extend(additions(service, set, signals, verdict, &judge));
    found.truncate(SENTENCES);
    found
}

fn removals(
    service: &Service,
    set: &PolicySet,
    signals: &[Signal],
    hearing: &Hearing,
    verdict: Verdict,
    judge: &dyn Fn(&[Signal]) -> Verdict,
) -> Vec<String> {
    let parts = parts(service, set, hearing);
    let without = |removed: &[&Part<'_>]| {
        let gone = |signal: &Signal| removed.iter().any(|part| part.signals.contains(&signal));
        let left: Vec<Signal> = signals.iter().filter(|signal| !gone(signal)).cloned().collect();
        judge(&left)
    };
    let mut found = Vec::new();
    for part in &parts {
        let then = without(&[part]);
        if improves(verdict, then) {
            found.push(sentence(then, &part.phrase));
        }
    }
    if !found.is_empty() {
        return found;
    }
    for (index, one) in parts.iter().enumerate() {
        for other in &parts[index + 1..] {
            let then = without(&[one, other]);
            if improves(verdict, then) {
                return vec![sentence(then, &format!("{} and {}", one.phrase, other.phrase))];
            }
        }
    }
    Vec::new()
}

/// Groups what matched in the questions by kind, each with the words for doing without it.
fn parts<'a>(service: &Service, set: &PolicySet, hearing: &'a Hearing) -> Vec<Part<'a>> {
    let mut parts: Vec<Part<'a>> = Vec::new();
    for heard in hearing.heard.iter().filter(|heard| heard.argument.favors == Some(service.language.other())) {
        let Some(policy) = set.get(&heard.argument.policy) else { continue };
        for name in REMOVABLE {
            let signals: Vec<&Signal> = heard.matched.iter().filter(|signal| signal.name == *name).collect();
            if signals.is_empty() {
                continue;
            }
            let phrase = phrase(policy, name, &signals);
            match parts.iter_mut().find(|part| part.phrase == phrase) {
                Some(part) => part.signals.extend(signals),
                None => parts.push(Part { phrase, signals }),
            }
        }
    }
    parts
}

fn phrase(policy: &Policy, name: &str, signals: &[&Signal]) -> String {
    let words = |field: &str| {
        let mut words: Vec<String> = signals.iter().filter_map(|s| s.field(field)).map(unit::show).collect();
        words.sort();
        words.dedup();
        words.join(", ")
    };
    match name {
        "latency" => match upper(policy, "latency", "limit") {
            Some(bound) => format!("with a budget above {bound}, or without the objective"),
            None => "without the latency figure".to_owned(),
        },
        "memory" => match upper(policy, "memory", "bytes") {
            Some(bound) => format!("with a memory limit above {bound}"),
            None => "without the memory limit".to_owned(),
        },
        "tuning" => format!("without adjusting the runtime ({})", words("what")),
        "ffi" => format!("without {} by {}", words("direction"), words("mechanism")),
        "declared" => "without what fitcheck.toml declares".to_owned(),
        "artifact-budget" => "without the size budget".to_owned(),
        "replicas" => "with fewer replicas".to_owned(),
        "deploy" => format!("if it were not deployed to {}", words("target")),
        "trait" => format!("if it did no {} work", words("name")),
        "counts" => format!("with fewer {}", words("what")),
        _ => format!("without {}", words("symbol")),
    }
}

/// The upper bound that a policy sets to a field.
fn upper(policy: &Policy, signal: &str, field: &str) -> Option<String> {
    let mut found = None;
    policy.when.visit(true, &mut |test, positive| {
        if !positive || test.signal.name != signal || found.is_some() {
            return;
        }
        let bounds = test.fields.iter().filter(|tested| tested.field.name == field).flat_map(|tested| &tested.bounds);
        for bound in bounds {
            if let Bound::Compare(Compare::AtMost | Compare::Less, operand) = bound {
                found = policy.value(operand).map(unit::show);
            }
        }
    });
    found
}

/// Facts that a team could state, in the order in which they are offered.
fn additions(
    service: &Service,
    set: &PolicySet,
    signals: &[Signal],
    verdict: Verdict,
    judge: &dyn Fn(&[Signal]) -> Verdict,
) -> Vec<String> {
    let mut found = Vec::new();
    for (phrase, fact) in statable(service.language, set) {
        let mut more = signals.to_vec();
        more.push(fact);
        let then = judge(&more);
        if improves(verdict, then) {
            found.push(sentence(then, &phrase));
        }
    }
    found
}

fn statable(language: Language, set: &PolicySet) -> Vec<(String, Signal)> {
    let word = |word: &str| Value::Word(word.to_owned());
    let declared = |key: &str, value: Value| signal("declared", vec![(key, value)], &[]);
    match language {
        Language::Go => {
            vec![("if the people who maintain it rotate".to_owned(), declared("team-plan", word("rotating")))]
        }
        Language::Rust => {
            let budget = set.get("tail-latency").and_then(|policy| policy.parameter("budget"));
            let budget = budget.map_or(Value::Duration(1000.0), |parameter| parameter.value.clone());
            let phrase = format!("with a p99.9 budget of {} or less", unit::show(&budget));
            let fields = vec![("limit", budget), ("percentile", Value::Percent(99.9)), ("source", word("declared"))];
            vec![
                (phrase, signal("latency", fields, &[])),
                ("if a crash costs money, trust or safety".to_owned(), declared("panic-cost", word("money"))),
            ]
        }
    }
}

/// Whether the change is for the better: a questioned service no longer questioned, a contested one that fits.
fn improves(from: Verdict, to: Verdict) -> bool {
    to > from && (from == Verdict::Questioned || to != Verdict::Contested)
}

fn sentence(then: Verdict, phrase: &str) -> String {
    let what = match then {
        Verdict::Fits => "would fit",
        Verdict::Contested => "would be contested",
        Verdict::Questioned => "would be questioned",
        Verdict::Unjudged => "would not be questioned",
    };
    format!("{what} {phrase}")
}
