//! Asks every policy about the signals of one service (or of the repository).
//!
//! In: a [`PolicySet`] and signals. Out: a [`Hearing`]: each policy that matched, with what matched and the
//! words for it, and each policy that could not be judged because history is unknown. Nothing is decided here:
//! that is [`crate::verdict`].

use std::collections::BTreeMap;

use crate::finding::{Argument, Label, Strength};
use crate::policy::sense::placeholders;
use crate::policy::unit;
use crate::policy::{Bound, Condition, Favors, FieldTest, Level, Lowers, Policy, PolicySet, Scope, Test};
use crate::service::Language;
use crate::signal::{Signal, Value};

/// Labels shown for one argument, and locations shown for one signal.
const LABELS: usize = 12;
const LOCATIONS: usize = 3;

/// Everything that policies had to say about one service.
#[derive(Clone, Debug, Default)]
pub struct Hearing {
    /// Strongest first, then in the order of the policy set.
    pub heard: Vec<Heard>,
    /// Policies that could not be judged, and why.
    pub unknown: Vec<(String, String)>,
}

/// One policy that matched.
#[derive(Clone, Debug)]
pub struct Heard {
    pub argument: Argument,
    pub message: String,
    /// The signals that matched, each once.
    pub matched: Vec<Signal>,
}

impl Hearing {
    pub fn arguments(&self) -> impl Iterator<Item = &Argument> {
        self.heard.iter().map(|heard| &heard.argument)
    }
}

/// Whether a condition holds; `Unknown` where a signal that it needs cannot be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Truth {
    False,
    Unknown,
    True,
}

/// What was asked, and the signals that answered.
struct Match<'a> {
    test: &'a Test,
    signal: &'a Signal,
}

/// Whether a signal is one that the test asks for.
pub fn asks_for(policy: &Policy, test: &Test, signal: &Signal) -> bool {
    test.signal.name == signal.name && test.fields.iter().all(|field| answers(policy, field, signal))
}

/// Evaluates all policies of one scope.
pub fn evaluate<'a>(
    set: &'a PolicySet,
    scope: Scope,
    signals: impl IntoIterator<Item = &'a Signal>,
    service: &str,
    language: Language,
) -> Hearing {
    let index = Index::new(signals);
    let mut hearing = Hearing::default();
    let mut lowerings: Vec<(&str, &Lowers)> = Vec::new();
    for policy in set.policies.iter().filter(|policy| policy.scope == scope && policy.level != Level::Off) {
        let mut matches = Vec::new();
        match index.holds(policy, &policy.when, &mut matches) {
            Truth::False => {}
            Truth::Unknown => hearing.unknown.push((policy.id.clone(), UNKNOWN.to_owned())),
            Truth::True => {
                lowerings.extend(policy.lowers.as_ref().map(|lowers| (policy.id.as_str(), lowers)));
                hearing.heard.push(heard(policy, &matches, service, language));
            }
        }
    }
    for heard in &mut hearing.heard {
        lower(&mut heard.argument, &lowerings, language);
    }
    // Stable: policies of one strength stay in the order of the set.
    hearing.heard.sort_by_key(|heard| std::cmp::Reverse(rank(&heard.argument)));
    hearing
}

const UNKNOWN: &str = "the git history that is here cannot tell";

/// Arguments for a language come before those that only shape; the stronger before the weaker.
fn rank(argument: &Argument) -> (bool, Strength) {
    (argument.favors.is_some() || argument.contested, argument.strength)
}

struct Index<'a> {
    by_name: BTreeMap<&'a str, Vec<&'a Signal>>,
}

impl<'a> Index<'a> {
    fn new(signals: impl IntoIterator<Item = &'a Signal>) -> Index<'a> {
        let mut by_name: BTreeMap<&str, Vec<&Signal>> = BTreeMap::new();
        for signal in signals {
            by_name.entry(&signal.name).or_default().push(signal);
        }
        Index { by_name }
    }

    fn holds(&self, policy: &'a Policy, condition: &'a Condition, matches: &mut Vec<Match<'a>>) -> Truth {
        match condition {
            Condition::All(parts) => {
                let mut truth = Truth::True;
                for part in parts {
                    truth = truth.min(self.holds(policy, part, matches));
                    // What matched so far is asked for by nobody then.
                    if truth == Truth::False {
                        break;
                    }
                }
                truth
            }
            Condition::Any(parts) => self.any(policy, parts, matches),
            Condition::Not(parts) => {
                // What must not hold is no evidence, so its matches are dropped.
                match self.any(policy, parts, &mut Vec::new()) {
                    Truth::True => Truth::False,
                    Truth::Unknown => Truth::Unknown,
                    Truth::False => Truth::True,
                }
            }
            Condition::Test(test) => self.test(policy, test, matches),
        }
    }

    /// Keeps the matches of the branches that hold, and of no other.
    fn any(&self, policy: &'a Policy, parts: &'a [Condition], matches: &mut Vec<Match<'a>>) -> Truth {
        let mut truth = Truth::False;
        for part in parts {
            let mut own = Vec::new();
            let found = self.holds(policy, part, &mut own);
            if found == Truth::True {
                matches.append(&mut own);
            }
            truth = truth.max(found);
        }
        truth
    }

    fn test(&self, policy: &'a Policy, test: &'a Test, matches: &mut Vec<Match<'a>>) -> Truth {
        let Some(signals) = self.by_name.get(test.signal.name) else {
            return if self.is_unknowable(test) { Truth::Unknown } else { Truth::False };
        };
        let found: Vec<&'a Signal> = signals
            .iter()
            .copied()
            .filter(|signal| test.fields.iter().all(|field| answers(policy, field, signal)))
            .collect();
        let Some(Value::Number(wanted)) = policy.value(&test.at_least) else { return Truth::False };
        if (count(&found, test.distinct) as f64) < *wanted {
            let untold = signals.iter().any(|signal| lacks_only_contents(policy, test, signal));
            return if untold { Truth::Unknown } else { Truth::False };
        }
        matches.extend(found.into_iter().map(|signal| Match { test, signal }));
        Truth::True
    }

    /// Team and specification come from git history; without a team there is none to ask.
    fn is_unknowable(&self, test: &Test) -> bool {
        matches!(test.signal.name, "team" | "spec") && !self.by_name.contains_key("team")
    }
}

/// Whether everything that the signal tells of a specification answers, and how its changes look is not told.
fn lacks_only_contents(policy: &Policy, test: &Test, signal: &Signal) -> bool {
    const CONTENTS: &str = "breaking-share";
    let known = |field: &&FieldTest| field.field.name != CONTENTS;
    signal.name == "spec"
        && signal.field(CONTENTS).is_none()
        && test.fields.iter().any(|field| field.field.name == CONTENTS)
        && test.fields.iter().filter(known).all(|field| answers(policy, field, signal))
}

fn count(found: &[&Signal], distinct: Option<&str>) -> usize {
    let Some(field) = distinct else { return found.len() };
    let mut values: Vec<String> = found.iter().filter_map(|signal| signal.field(field)).map(unit::show).collect();
    values.sort();
    values.dedup();
    values.len()
}

/// Whether a signal's field lies within what the test asks of it.
pub fn answers(policy: &Policy, test: &FieldTest, signal: &Signal) -> bool {
    let Some(value) = signal.field(test.field.name) else { return test.or_absent };
    test.bounds.iter().all(|bound| match bound {
        Bound::OneOf(words) => matches!(value, Value::Word(word) if words.contains(word)),
        Bound::Compare(compare, operand) => policy
            .value(operand)
            .and_then(|wanted| unit::compare(value, wanted))
            .is_some_and(|ordering| compare.holds(ordering)),
    })
}

fn heard(policy: &Policy, matches: &[Match<'_>], service: &str, language: Language) -> Heard {
    let favors = match policy.favors {
        Favors::Language(language) => Some(language),
        Favors::Contested | Favors::Context => None,
    };
    let mut matched: Vec<Signal> = Vec::new();
    for found in matches {
        if !matched.contains(found.signal) {
            matched.push(found.signal.clone());
        }
    }
    let argument = Argument {
        policy: policy.id.clone(),
        favors,
        contested: policy.favors == Favors::Contested,
        strength: policy.strength,
        lowered_by: None,
        statement: policy.statement.clone(),
        labels: labels(matches),
        cites: policy.cites.clone(),
    };
    Heard { argument, message: message(policy, &matched, service, language), matched }
}

fn lower(argument: &mut Argument, lowerings: &[(&str, &Lowers)], language: Language) {
    let questions = argument.favors == Some(language.other());
    for (id, lowers) in lowerings {
        if !lowers.policies.contains(&argument.policy) || (lowers.questions_only && !questions) {
            continue;
        }
        argument.lowered_by = Some((*id).to_owned());
        for _ in 0..lowers.by {
            argument.strength = match argument.strength {
                Strength::Decisive => Strength::Strong,
                Strength::Strong => Strength::Weak,
                Strength::Weak => {
                    // Nothing is left of it: it stays in the ledger, and speaks for neither language.
                    argument.favors = None;
                    argument.contested = false;
                    Strength::Weak
                }
            };
        }
    }
}

/// One label for each place, the first test's first: policies name what tells most before what narrows.
fn labels(matches: &[Match<'_>]) -> Vec<Label> {
    let mut labels: Vec<Label> = Vec::new();
    for found in matches {
        let text = match &found.test.label {
            Some(template) => fill(template, |name| found.signal.field(name).map(unit::show)),
            None => describe(found.signal),
        };
        for location in found.signal.evidence.iter().take(LOCATIONS) {
            if labels.len() < LABELS && !labels.iter().any(|label| label.location == *location) {
                labels.push(Label { location: location.clone(), text: text.clone() });
            }
        }
    }
    labels
}

fn message(policy: &Policy, matched: &[Signal], service: &str, language: Language) -> String {
    fill(&policy.message, |name| match name.split_once('.') {
        Some((signal, field)) => Some(values(matched, signal, field)),
        None => match name {
            "service" => Some(service.to_owned()),
            "language" => Some(language.name().to_owned()),
            "other" => Some(language.other().name().to_owned()),
            _ => policy.parameter(name).map(|parameter| unit::show(&parameter.value)),
        },
    })
}

/// The values of a field among what matched: all words, and the first (tightest) of what is measured.
fn values(matched: &[Signal], signal: &str, field: &str) -> String {
    let mut shown: Vec<String> = Vec::new();
    for value in matched.iter().filter(|s| s.name == signal).filter_map(|s| s.field(field)) {
        let text = unit::show(value);
        if !shown.contains(&text) && (matches!(value, Value::Word(_)) || shown.is_empty()) {
            shown.push(text);
        }
    }
    match shown.len() {
        0 => format!("no stated {field}"),
        1..=3 => shown.join(", "),
        more => format!("{} and {} more", shown[..3].join(", "), more - 3),
    }
}

/// Replaces `{name}`s; a name that gives nothing stays out.
fn fill(template: &str, mut give: impl FnMut(&str) -> Option<String>) -> String {
    let mut text = template.to_owned();
    for name in placeholders(template) {
        let value = give(name).unwrap_or_default();
        text = text.replacen(&format!("{{{name}}}"), &value, 1);
    }
    text
}

/// Says what a signal shows, for labels that the policy does not word itself.
pub fn describe(signal: &Signal) -> String {
    let word = |field: &str| signal.field(field).map(unit::show).unwrap_or_default();
    let text = match signal.name.as_str() {
        "role" => format!("role: {}", word("name")),
        "trait" => format!("trait: {}", word("name")),
        "uses" => format!("{}: {}", word("capability"), word("symbol")),
        "deploy" => format!("deployed to: {}", word("target")),
        "ffi" => format!("{} through {}", word("direction"), word("mechanism")),
        "latency" => match signal.field("percentile") {
            Some(percentile) => format!("{}: {} at {}", word("source"), word("limit"), unit::show(percentile)),
            None => format!("{}: {}", word("source"), word("limit")),
        },
        "tuning" => format!("tuned: {}", word("what")),
        "memory" => format!("memory {}: {}", word("what"), word("bytes")),
        "counts" => format!("{} {}", word("n"), word("what")),
        "check" => format!("checked by: {}", word("what")),
        _ => {
            let fields: Vec<String> =
                signal.fields.iter().map(|(name, value)| format!("{name} {}", unit::show(value))).collect();
            format!("{}: {}", signal.name, fields.join(", "))
        }
    };
    if signal.declared { format!("declared {text}") } else { text }
}
