//! Why a verdict moved: what one service shows that the other did not.
//!
//! In: a service judged before and after a change, and the policies. Out: [`Reason`]s, those first that the strongest
//! arguments rest on. Only arguments that came, went or changed are explained, and of the signals that differ only
//! those that such a policy asks for: a new file is no reason by itself.

use std::collections::BTreeSet;

use crate::base::moved::Moves;
use crate::finding::{Argument, Judged, Label, Strength};
use crate::policy::eval::{answers, asks_for, describe};
use crate::policy::{FieldTest, Policy, PolicySet, Test, unit};
use crate::service::Language;
use crate::signal::of_service::signals;
use crate::signal::{Signal, Value};
use crate::source::Location;

/// One reason: its place, what it says beside the place, and the same as a part of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    pub(super) label: Label,
    pub(super) clause: String,
}

impl Reason {
    fn new(location: &Location, text: String, clause: String) -> Reason {
        Reason { label: Label { location: location.clone(), text }, clause }
    }
}

/// Kinds whose figures drift with every commit; they explain only where nothing else does.
const DRIFTING: &[&str] = &["size", "team", "spec", "counts"];

/// `because …`: the clauses as one sentence would list them.
pub(super) fn sentence(reasons: &[Reason]) -> String {
    let clauses: Vec<&str> = reasons.iter().map(|reason| reason.clause.as_str()).collect();
    match clauses.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

/// Explains the difference between two judgements of one service.
pub(super) fn between(before: &Judged, after: &Judged, moves: &Moves, policies: &PolicySet) -> Vec<Reason> {
    let changed: Vec<(&str, Option<&Argument>, Option<&Argument>)> = changed(before, after, moves);
    let (old, new) = (signals(&before.service), signals(&after.service));
    let mut differences = Difference::between(&old, &new, moves);
    let mut found: Vec<Reason> = Vec::new();
    // Of several libraries of one kind, one says it.
    let mut kinds: BTreeSet<(bool, String)> = BTreeSet::new();
    for drifting in [false, true] {
        if drifting && !found.is_empty() {
            break;
        }
        for (id, ..) in &changed {
            let Some(policy) = policies.get(id) else { continue };
            for test in tests(policy).into_iter().filter(|test| DRIFTING.contains(&test.signal.name) == drifting) {
                differences.retain(|difference| {
                    let wanted = difference.concerns(policy, test);
                    if wanted && test.signal.name == "role" {
                        found.extend(role(before, after).filter(|reason| !found.contains(reason)));
                    } else if wanted && difference.kind().is_none_or(|kind| kinds.insert(kind)) {
                        found.extend(difference.reason(policy, test, moves));
                    }
                    !wanted
                });
            }
        }
    }
    if found.is_empty() {
        found.extend(role(before, after));
    }
    if found.is_empty() {
        found.extend(
            changed.iter().filter_map(|(_, before, after)| weight(*before, *after, after_place(*after, *before))),
        );
    }
    found
}

/// Explains a service that was not there before.
pub(super) fn first(judged: &Judged) -> Vec<Reason> {
    let questions = judged.arguments.iter().filter(|argument| judged.questions.contains(&argument.policy));
    let mut reasons: Vec<Reason> = Vec::new();
    for label in questions.flat_map(|argument| &argument.labels) {
        // One place is enough for each thing that is said.
        if !reasons.iter().any(|known| known.label.text == label.text) {
            let of = if reasons.is_empty() { "of " } else { "" };
            let clause = format!("{of}{} ({})", shown(&label.location), label.text);
            reasons.push(Reason::new(&label.location, label.text.clone(), clause));
        }
    }
    reasons
}

/// Arguments that decide and that differ, those of the later judgement first, each with both sides.
fn changed<'a>(
    before: &'a Judged,
    after: &'a Judged,
    moves: &Moves,
) -> Vec<(&'a str, Option<&'a Argument>, Option<&'a Argument>)> {
    let decides =
        |argument: &&Argument| argument.favors.is_some() || argument.contested || argument.lowered_by.is_some();
    let of = |judged: &'a Judged, id: &str| judged.arguments.iter().filter(decides).find(|one| one.policy == id);
    let mut changed: Vec<(&str, _, _)> = Vec::new();
    for argument in after.arguments.iter().chain(&before.arguments).filter(decides) {
        let id = argument.policy.as_str();
        let (old, new) = (of(before, id), of(after, id));
        if !changed.iter().any(|(known, ..)| *known == id) && !is_same(old, new, moves) {
            changed.push((id, old, new));
        }
    }
    // What weighs as it did moved nothing, whatever it rests on now.
    if changed.iter().any(|(_, old, new)| weight_of(*old) != weight_of(*new)) {
        changed.retain(|(_, old, new)| weight_of(*old) != weight_of(*new));
    }
    changed
}

/// All of an argument that a verdict is made of.
fn weight_of(argument: Option<&Argument>) -> Option<(Strength, Option<Language>, bool)> {
    argument.map(|argument| (argument.strength, argument.favors, argument.contested))
}

fn is_same(old: Option<&Argument>, new: Option<&Argument>, moves: &Moves) -> bool {
    let (Some(old), Some(new)) = (old, new) else { return old.is_none() && new.is_none() };
    let same = |a: &Label, b: &Label| a.text == b.text && moves.same_path(&a.location.path, &b.location.path);
    old.strength == new.strength
        && old.favors == new.favors
        && old.labels.len() == new.labels.len()
        && old.labels.iter().all(|label| new.labels.iter().any(|other| same(label, other)))
}

fn tests(policy: &Policy) -> Vec<&Test> {
    let mut tests = Vec::new();
    policy.when.visit(true, &mut |test, _| tests.push(test));
    tests
}

/// One signal that is not the same on both sides.
#[derive(Clone, Debug)]
struct Difference<'a> {
    before: Option<&'a Signal>,
    after: Option<&'a Signal>,
}

impl<'a> Difference<'a> {
    fn between(old: &'a [Signal], new: &'a [Signal], moves: &Moves) -> Vec<Difference<'a>> {
        let mut gone: Vec<&Signal> = old.iter().collect();
        let mut came: Vec<&Signal> = Vec::new();
        for signal in new {
            match gone.iter().position(|other| other.name == signal.name && other.fields == signal.fields) {
                Some(same) => drop(gone.remove(same)),
                None => came.push(signal),
            }
        }
        let mut differences = Vec::new();
        for after in came {
            let before = gone.iter().position(|before| is_one(before, after, moves)).map(|at| gone.remove(at));
            differences.push(Difference { before, after: Some(after) });
        }
        differences.extend(gone.into_iter().map(|before| Difference { before: Some(before), after: None }));
        differences.retain(|difference| !difference.is_exchange(old, new));
        differences
    }

    /// One library for another of the same kind, or one more of it: the kind was and is there.
    fn is_exchange(&self, old: &[Signal], new: &[Signal]) -> bool {
        let has = |signals: &[Signal], kind: &Value| {
            signals.iter().any(|signal| signal.name == "uses" && signal.field("capability") == Some(kind))
        };
        let kind = |signal: &'a Signal| signal.field("capability").filter(|_| signal.name == "uses");
        match (self.before.and_then(kind), self.after.and_then(kind)) {
            (Some(gone), None) => has(new, gone),
            (None, Some(came)) => has(old, came),
            _ => false,
        }
    }

    /// Of what is used, whether it came and what kind it is of.
    fn kind(&self) -> Option<(bool, String)> {
        let signal = self.after.or(self.before).filter(|signal| signal.name == "uses")?;
        Some((self.after.is_some(), figure(signal, "capability")))
    }
    fn concerns(&self, policy: &Policy, test: &Test) -> bool {
        [self.before, self.after].into_iter().flatten().any(|signal| asks_for(policy, test, signal))
    }

    fn reason(&self, policy: &Policy, test: &Test, moves: &Moves) -> Option<Reason> {
        match (self.before, self.after) {
            (Some(before), Some(after)) => altered(before, after, (policy, test), moves),
            (None, Some(after)) => Some(brought(after)),
            (Some(before), None) => Some(gone(before)),
            (None, None) => None,
        }
    }
}

/// Whether two signals are the same thing with another figure: the same words, or a figure in the same file.
fn is_one(before: &Signal, after: &Signal, moves: &Moves) -> bool {
    let words = |signal: &Signal| {
        let words = signal.fields.iter().filter(|(_, value)| matches!(value, Value::Word(_)));
        words.cloned().collect::<Vec<_>>()
    };
    let in_one_file = before.evidence.is_empty() && after.evidence.is_empty()
        || before.evidence.iter().any(|old| after.evidence.iter().any(|new| moves.same_path(&old.path, &new.path)));
    let is_word = after.fields.iter().all(|(_, value)| matches!(value, Value::Word(_)));
    before.name == after.name && words(before) == words(after) && !is_word && in_one_file
}

fn shown(location: &Location) -> String {
    format!("{}:{}", location.path, location.place.line)
}

fn place(signal: &Signal) -> Option<&Location> {
    signal.evidence.first()
}

fn figure(signal: &Signal, field: &str) -> String {
    signal.field(field).map(unit::show).unwrap_or_default()
}

/// A figure beside a threshold: rounded, 0.7996 would read as the 0.8 that it does not reach.
fn exactly(signal: &Signal, field: &str) -> String {
    match signal.field(field) {
        Some(Value::Number(number)) if number.fract() != 0.0 => format!("{}", (number * 1e4).floor() / 1e4),
        _ => figure(signal, field),
    }
}

fn altered(before: &Signal, after: &Signal, (policy, test): (&Policy, &Test), moves: &Moves) -> Option<Reason> {
    let differs = |name: &str| before.field(name) != after.field(name);
    // What crossed a threshold moved the verdict; what merely differs beside it did not.
    let crosses = |test: &&FieldTest| answers(policy, test, before) != answers(policy, test, after);
    let crossing = test.fields.iter().filter(crosses).map(|field| field.field.name);
    let asked = test.fields.iter().map(|field| field.field.name);
    let any = after.fields.iter().map(|(name, _)| name.as_str());
    let field = crossing.chain(asked).chain(any).find(|name| differs(name))?;
    let (from, to) = (exactly(before, field), exactly(after, field));
    if let Some(reason) = drifted(after, field, (&from, &to)) {
        return Some(reason);
    }
    let what = match (after.name.as_str(), field) {
        ("latency", "limit") => "budget".to_owned(),
        ("latency", "percentile") => "percentile of the budget".to_owned(),
        ("memory", _) => format!("memory {}", figure(after, "what")),
        ("replicas", "max") => "most replicas".to_owned(),
        ("ffi", "symbols") => "calls across languages".to_owned(),
        ("artifact-budget", _) => "size limit".to_owned(),
        (name, field) => format!("{name} {field}"),
    };
    let is_new = |location: &&Location| {
        !before
            .evidence
            .iter()
            .any(|old| moves.same_path(&old.path, &location.path) && old.place.line == location.place.line)
    };
    let location = after.evidence.iter().find(is_new).or_else(|| place(after)).or_else(|| place(before));
    let text = format!("{what} {from} → {to}");
    Some(match location {
        Some(location) => {
            Reason::new(location, text, format!("the {what} in {} went from {from} to {to}", shown(location)))
        }
        None => Reason::new(&Location::of_file("."), text, format!("its {what} went from {from} to {to}")),
    })
}

/// Figures of a whole service, which no line of a file states.
fn drifted(after: &Signal, field: &str, (from, to): (&str, &str)) -> Option<Reason> {
    let what = match (after.name.as_str(), field) {
        ("spec", "active-weeks") => {
            let text = format!("its contracts changed in {to} of 52 weeks, and in {from} before");
            return Some(Reason::new(place(after)?, text.clone(), text));
        }
        ("spec", "breaking-share") => "share of breaking changes among those of its contracts",
        ("spec", "changes-per-week") => "contracts' changes a week",
        ("team" | "spec", "age-days") => "age in days",
        ("team", "changes-per-week") => "changes a week",
        ("team", "newcomer-share") => "share of changes by newcomers",
        ("team", "bus-factor") => "number of people who make half of the changes",
        ("team", "owners-active") => "number of owners who still contribute",
        ("team", "agent-share") => "share of changes made with agents",
        ("size", _) => "size",
        _ => return None,
    };
    let text = format!("{what} {from} → {to}");
    let unit = if after.name == "size" { format!(" {field}") } else { String::new() };
    let location = place(after).cloned().unwrap_or_else(|| Location::of_file("."));
    Some(Reason::new(&location, text, format!("its {what} went from {from} to {to}{unit}")))
}

/// What a signal says, with its place as the subject.
fn says(signal: &Signal) -> String {
    let word = |field: &str| figure(signal, field);
    match signal.name.as_str() {
        "latency" => format!("sets a budget of {}", word("limit")),
        "ffi" if word("mechanism") == "cgo" => "imports C".to_owned(),
        "ffi" if word("direction") == "export" => format!("exports through {}", word("mechanism")),
        "ffi" => format!("calls foreign code through {}", word("mechanism")),
        "deploy" => format!("deploys to {}", word("target")),
        "tuning" => format!("tunes {}", word("what")),
        "uses" => format!("uses {}", word("symbol")),
        "memory" => format!("sets a memory {} of {}", word("what"), word("bytes")),
        "trait" => format!("makes it {}", word("name")),
        "check" => format!("runs {}", word("what")),
        "declared" => format!("declares {}", describe(signal).trim_start_matches("declared: ")),
        _ => format!("brings {}", describe(signal)),
    }
}

fn brought(signal: &Signal) -> Reason {
    let says = says(signal);
    match place(signal) {
        Some(location) => Reason::new(location, says.clone(), format!("{} {says}", shown(location))),
        None => Reason::new(&Location::of_file("."), says.clone(), format!("it {says}")),
    }
}

fn gone(signal: &Signal) -> Reason {
    let says = says(signal);
    let text = format!("no longer: {says}");
    match place(signal) {
        Some(location) => Reason::new(location, text, format!("{} no longer {says}", location.path)),
        None => Reason::new(&Location::of_file("."), text, format!("it no longer {says}")),
    }
}

fn role(before: &Judged, after: &Judged) -> Option<Reason> {
    let (old, new) = (before.service.role, after.service.role);
    let (reason, location) = after.service.role_because.first()?;
    (old != new).then(|| {
        let text = format!("role {} → {}: {reason}", old.word(), new.word());
        let clause = format!("its role went from {} to {} ({reason}, {})", old.word(), new.word(), shown(location));
        Reason::new(location, text, clause)
    })
}

fn after_place(after: Option<&Argument>, before: Option<&Argument>) -> Location {
    let labels = after.into_iter().chain(before).flat_map(|argument| &argument.labels);
    labels.map(|label| label.location.clone()).next().unwrap_or_else(|| Location::of_file("."))
}

/// An argument whose evidence stayed may still have come, gone, or changed its weight.
fn weight(before: Option<&Argument>, after: Option<&Argument>, at: Location) -> Option<Reason> {
    let (text, clause) = match (before, after) {
        (None, Some(now)) => (now.statement.clone(), format!("{} applies now", now.policy)),
        (Some(old), None) => (format!("no longer: {}", old.statement), format!("{} applies no longer", old.policy)),
        (Some(old), Some(now)) if old.strength != now.strength => {
            let (from, to) = (old.strength.word(), now.strength.word());
            (format!("`{}` weighs {from} → {to}", now.policy), format!("{} weighs {to} instead of {from}", now.policy))
        }
        _ => return None,
    };
    Some(Reason::new(&at, text, clause))
}
