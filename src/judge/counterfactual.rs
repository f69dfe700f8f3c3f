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
    /// The field and the bound that its policy sets: the phrase speaks of a figure beyond it, not of none.
    beyond: Option<(&'static str, Value)>,
}

impl Part<'_> {
    /// What the change makes of a signal: a figure beyond the bound, or nothing.
    fn changed(&self, signal: &Signal, raise: bool) -> Option<Signal> {
        let (name, bound) = self.beyond.as_ref().filter(|_| raise)?;
        let mut signal = signal.clone();
        let (_, value) = signal.fields.iter_mut().find(|(field, _)| field == name)?;
        *value = match bound {
            Value::Duration(micros) => Value::Duration(micros * 1.01),
            Value::Bytes(bytes) => Value::Bytes(bytes + bytes / 100 + 1),
            other => other.clone(),
        };
        Some(signal)
    }
}

/// The words for a service that promises nothing.
const NO_OBJECTIVE: &str = "without the objective";

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
    let judge = |signals: &[&Signal]| {
        let hearing = evaluate(set, Scope::Service, signals.iter().copied(), &service.name, service.language);
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
    judge: &dyn Fn(&[&Signal]) -> Verdict,
) -> Vec<String> {
    let parts = parts(service, set, hearing);
    let after = |changed: &[&Part<'_>], raise: bool| {
        let part = |signal: &Signal| changed.iter().find(|part| part.signals.contains(&signal));
        let raised: Vec<Signal> = signals.iter().filter_map(|signal| part(signal)?.changed(signal, raise)).collect();
        judge(&signals.iter().filter(|signal| part(signal).is_none()).chain(&raised).collect::<Vec<_>>())
    };
    let mut found = Vec::new();
    let mut without = None;
    for part in &parts {
        let then = after(&[part], true);
        let gone =
            part.phrase.starts_with(BUDGET).then(|| after(&[part], false)).filter(|gone| improves(verdict, *gone));
        match (improves(verdict, then), gone) {
            (true, Some(gone)) if gone == then => {
                found.push(sentence(then, &format!("{}, or {NO_OBJECTIVE}", part.phrase)))
            }
            (true, _) => found.push(sentence(then, &part.phrase)),
            (false, gone) => without = without.or(gone),
        }
    }
    let is_told = |found: &[String]| found.iter().any(|told| told.ends_with(NO_OBJECTIVE));
    if let Some(gone) = without.filter(|_| !is_told(&found)) {
        found.push(sentence(gone, NO_OBJECTIVE));
    }
    if !found.is_empty() {
        return found;
    }
    for (index, one) in parts.iter().enumerate() {
        for other in &parts[index + 1..] {
            let then = after(&[one, other], true);
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
            let beyond = match *name {
                "latency" => upper(policy, "latency", "limit").map(|bound| ("limit", bound)),
                "memory" => upper(policy, "memory", "bytes").map(|bound| ("bytes", bound)),
                _ => None,
            };
            let phrase = phrase(name, &signals, beyond.as_ref().map(|(_, bound)| bound));
            match parts.iter_mut().find(|part| part.phrase == phrase) {
                Some(part) => part.signals.extend(signals),
                None => parts.push(Part { phrase, signals, beyond }),
            }
        }
    }
    parts
}

/// How the words about a larger budget begin.
const BUDGET: &str = "with a budget above ";

fn phrase(name: &str, signals: &[&Signal], bound: Option<&Value>) -> String {
    let words = |field: &str| {
        let mut words: Vec<String> = signals.iter().filter_map(|s| s.field(field)).map(unit::show).collect();
        words.sort();
        words.dedup();
        words.join(", ")
    };
    match name {
        "latency" => match bound {
            Some(bound) => format!("{BUDGET}{}", unit::show(bound)),
            None => "without the latency figure".to_owned(),
        },
        "memory" => match bound {
            Some(bound) => format!("with a memory limit above {}", unit::show(bound)),
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
fn upper(policy: &Policy, signal: &str, field: &str) -> Option<Value> {
    let mut found = None;
    policy.when.visit(true, &mut |test, positive| {
        if !positive || test.signal.name != signal || found.is_some() {
            return;
        }
        let bounds = test.fields.iter().filter(|tested| tested.field.name == field).flat_map(|tested| &tested.bounds);
        for bound in bounds {
            if let Bound::Compare(Compare::AtMost | Compare::Less, operand) = bound {
                found = policy.value(operand).cloned();
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
    judge: &dyn Fn(&[&Signal]) -> Verdict,
) -> Vec<String> {
    let mut found = Vec::new();
    for (phrase, fact) in statable(service.language, set) {
        let then = judge(&signals.iter().chain([&fact]).collect::<Vec<_>>());
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
