//! The documents' own question for a service that does not exist yet: which language?
//!
//! In: [`Answers`], every one of which can be missing. Out: a [`Pick`]: the language that the shipped policies
//! favour for it, the arguments on both sides, and an entry for `fitcheck.toml` to start from. Answers become
//! the same signals that a scan gives, so that what is picked today is what fits tomorrow.

use std::fmt::Write as _;

use crate::finding::{Argument, Strength};
use crate::policy::eval::{Hearing, evaluate};
use crate::policy::{PolicySet, Scope, unit};
use crate::service::{Language, Role};
use crate::signal::of_service::signal;
use crate::signal::{Signal, Value, ValueType};

/// What is known about a service to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    pub role: Option<Role>,
    /// Words of the contract: `http-api`, `crud`, `proxy` …
    pub traits: Vec<String>,
    pub deploy: Vec<String>,
    /// Budget in microseconds, and its percentile.
    pub latency: Option<(f64, Option<f64>)>,
    /// `none`, `low`, `money`, `trust`, `safety`
    pub panic_cost: Option<String>,
    pub horizon_years: Option<f64>,
    /// `weekly`, `monthly`, `rarely`, `frozen`
    pub spec_stability: Option<String>,
    /// `same-people`, `rotating`, `contractors`, `unknown`
    pub team_plan: Option<String>,
    pub memory_ceiling: Option<u64>,
}

/// One question of the questionnaire, in the order in which it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// The name of the flag.
    pub key: &'static str,
    pub text: &'static str,
    /// The words it takes, or an example of a value.
    pub answers: &'static [&'static str],
    pub several: bool,
}

const fn question(key: &'static str, text: &'static str, answers: &'static [&'static str]) -> Question {
    Question { key, text, answers, several: false }
}

const fn several(key: &'static str, text: &'static str, answers: &'static [&'static str]) -> Question {
    Question { key, text, answers, several: true }
}

/// Every question can be skipped.
pub const QUESTIONS: &[Question] = &[
    question("role", "What is it?", &["service", "job", "function", "cli", "library", "wasm", "firmware"]),
    several("trait", "What does it do?", crate::signal::TRAITS),
    several("deploy", "Where does it run?", crate::signal::TARGETS),
    question("latency", "Tightest promise?", &["p99.9 <= 800us"]),
    question("panic-cost", "What does a crash cost?", &["none", "low", "money", "trust", "safety"]),
    question("team-plan", "Who maintains it in three years?", &["same-people", "rotating", "contractors", "unknown"]),
    question("spec-stability", "How often does the specification change?", &["weekly", "monthly", "rarely", "frozen"]),
    question("horizon-years", "For how many years must it stay correct?", &["5"]),
    question("memory-ceiling", "Most memory it may use?", &["64MiB"]),
];

/// The answer.
#[derive(Clone, Debug)]
pub struct Pick {
    /// `None`: either works.
    pub language: Option<Language>,
    pub reasoning: String,
    /// Strongest first.
    pub for_rust: Vec<Argument>,
    pub for_go: Vec<Argument>,
    /// An entry for `fitcheck.toml`.
    pub entry: String,
}

impl Answers {
    /// Takes one answer as typed; an empty one skips. `Err` says what is wrong with it.
    pub fn answer(&mut self, key: &str, text: &str) -> Result<(), String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        let Some(question) = QUESTIONS.iter().find(|question| question.key == key) else {
            return Err(format!("no question is named `{key}`"));
        };
        let words: Vec<&str> = text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
        match key {
            "latency" => self.latency = Some(promise(text)?),
            "horizon-years" => self.horizon_years = Some(number(text)?),
            "memory-ceiling" => self.memory_ceiling = Some(bytes(text)?),
            _ => known(question, &words)?,
        }
        let word = || Some(text.to_owned());
        match key {
            "role" => self.role = Role::ALL.into_iter().find(|role| role.word() == text),
            "trait" => self.traits = words.into_iter().map(str::to_owned).collect(),
            "deploy" => self.deploy = words.into_iter().map(str::to_owned).collect(),
            "panic-cost" => self.panic_cost = word(),
            "team-plan" => self.team_plan = word(),
            "spec-stability" => self.spec_stability = word(),
            _ => {}
        }
        Ok(())
    }
}

fn known(question: &Question, words: &[&str]) -> Result<(), String> {
    if words.len() > 1 && !question.several {
        return Err(format!("one of: {}", question.answers.join(", ")));
    }
    match words.iter().find(|word| !question.answers.contains(word)) {
        None => Ok(()),
        Some(word) => Err(match crate::spanned::nearest(word, question.answers.iter().copied()) {
            Some(near) => format!("unknown `{word}`: did you mean `{near}`?"),
            None => format!("unknown `{word}`; one of: {}", question.answers.join(", ")),
        }),
    }
}

/// Reads `800us`, `<= 800us`, `p99.9 800us`, `p99.9 <= 800us`.
fn promise(text: &str) -> Result<(f64, Option<f64>), String> {
    let mut rest = text.trim();
    let mut percentile = None;
    if let Some((first, more)) = rest.strip_prefix(['p', 'P']).and_then(|rest| rest.split_once(char::is_whitespace)) {
        percentile = Some(first.parse::<f64>().map_err(|_| format!("`p{first}` is no percentile"))?);
        rest = more;
    }
    let limit = rest.trim_start().trim_start_matches(['<', '=', '≤']).trim();
    match unit::read(limit, ValueType::Duration)? {
        Value::Duration(micros) => Ok((micros, percentile)),
        _ => Err(unit::expected(ValueType::Duration).to_owned()),
    }
}

fn number(text: &str) -> Result<f64, String> {
    match unit::read(text, ValueType::Number)? {
        Value::Number(number) => Ok(number),
        _ => Err(unit::expected(ValueType::Number).to_owned()),
    }
}

fn bytes(text: &str) -> Result<u64, String> {
    match unit::read(text, ValueType::Bytes)? {
        Value::Bytes(bytes) => Ok(bytes),
        _ => Err(unit::expected(ValueType::Bytes).to_owned()),
    }
}

/// Picks by the policies.
pub fn pick(answers: &Answers, set: &PolicySet) -> Pick {
    let heard = [Language::Go, Language::Rust].map(|language| hear(answers, set, language));
    let side = |favored: Language| -> Vec<Argument> {
        let mut arguments: Vec<Argument> = Vec::new();
        for argument in heard.iter().flat_map(Hearing::arguments).filter(|argument| argument.favors == Some(favored)) {
            // Heard once as if written in each language: the weaker hearing counts, as context may lower one.
            match arguments.iter_mut().find(|known| known.policy == argument.policy) {
                Some(known) if argument.strength < known.strength => *known = argument.clone(),
                Some(_) => {}
                None => arguments.push(argument.clone()),
            }
        }
        arguments.sort_by_key(|argument| std::cmp::Reverse(argument.strength));
        arguments
    };
    let (for_rust, for_go) = (side(Language::Rust), side(Language::Go));
    let language = decide(&for_rust, &for_go);
    let reasoning = reasoning(language, &for_rust, &for_go);
    Pick { language, reasoning, for_rust, for_go, entry: entry(answers) }
}

fn hear(answers: &Answers, set: &PolicySet, language: Language) -> Hearing {
    evaluate(set, Scope::Service, &signals(answers, language), "it", language)
}

/// The stronger side; between level sides the one that more policies of that strength speak for.
fn decide(for_rust: &[Argument], for_go: &[Argument]) -> Option<Language> {
    let weight = |side: &[Argument]| {
        let strongest = side.first().map(|argument| argument.strength);
        (strongest, side.iter().filter(|argument| Some(argument.strength) == strongest).count())
    };
    match weight(for_rust).cmp(&weight(for_go)) {
        std::cmp::Ordering::Greater => Some(Language::Rust),
        std::cmp::Ordering::Less => Some(Language::Go),
        std::cmp::Ordering::Equal => None,
    }
}

fn reasoning(language: Option<Language>, for_rust: &[Argument], for_go: &[Argument]) -> String {
    let (mine, other, name) = match language {
        None if for_rust.is_empty() && for_go.is_empty() => {
            return "Either works: nothing that was said decides. Pick what the people who maintain it write best."
                .to_owned();
        }
        None => return format!("Either works: {} and {} are level.", decisive(for_rust), decisive(for_go)),
        Some(Language::Rust) => (for_rust, for_go, Language::Go.name()),
        Some(Language::Go) => (for_go, for_rust, Language::Rust.name()),
    };
    let mut line = format!("Decided by {}.", decisive(mine));
    if !other.is_empty() {
        let _ = write!(line, " {name}'s side: {}.", decisive(other));
    }
    line
}

/// The strongest arguments of a side, with the number of documents behind each.
fn decisive(side: &[Argument]) -> String {
    let strongest: Option<Strength> = side.first().map(|argument| argument.strength);
    let named: Vec<String> = side
        .iter()
        .filter(|argument| Some(argument.strength) == strongest)
        .map(|argument| match argument.cites.len() {
            1 => format!("{} (one document)", argument.policy),
            count => format!("{} ({count} documents)", argument.policy),
        })
        .collect();
    named.join(" and ")
}

fn signals(answers: &Answers, language: Language) -> Vec<Signal> {
    let word = |word: &str| Value::Word(word.to_owned());
    let declared = |key: &str, value: Value| Signal { declared: true, ..signal("declared", vec![(key, value)], &[]) };
    let mut all = vec![signal("language", vec![("name", word(language.word()))], &[])];
    all.extend(answers.role.map(|role| signal("role", vec![("name", word(role.word()))], &[])));
    all.extend(answers.traits.iter().map(|name| signal("trait", vec![("name", word(name))], &[])));
    all.extend(answers.deploy.iter().map(|target| signal("deploy", vec![("target", word(target))], &[])));
    all.extend(answers.latency.map(|(limit, percentile)| {
        let mut fields = vec![("limit", Value::Duration(limit))];
        fields.extend(percentile.map(|percentile| ("percentile", Value::Percent(percentile))));
        fields.push(("source", word("declared")));
        Signal { declared: true, ..signal("latency", fields, &[]) }
    }));
    all.extend(answers.panic_cost.as_deref().map(|cost| declared("panic-cost", word(cost))));
    all.extend(answers.horizon_years.map(|years| declared("horizon-years", Value::Number(years))));
    all.extend(answers.spec_stability.as_deref().map(|often| declared("spec-stability", word(often))));
    all.extend(answers.team_plan.as_deref().map(|plan| declared("team-plan", word(plan))));
    all.extend(answers.memory_ceiling.map(|bytes| declared("memory-ceiling", Value::Bytes(bytes))));
    all
}

fn entry(answers: &Answers) -> String {
    let mut entry = "[[service]]\npath = \"…\"\n".to_owned();
    if let Some(role) = answers.role {
        let _ = writeln!(entry, "role = \"{}\"", role.word());
    }
    let mut facts = String::new();
    if let Some((limit, percentile)) = answers.latency {
        let percentile = percentile.map_or(String::new(), |percentile| format!(", percentile = \"{percentile}%\""));
        let _ = writeln!(facts, "latency = {{ limit = \"{limit}us\"{percentile} }}");
    }
    for (key, words) in [("traits", &answers.traits), ("deploy", &answers.deploy)] {
        if !words.is_empty() {
            let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
            let _ = writeln!(facts, "{key} = [{}]", words.join(", "));
        }
    }
    let words = [
        ("panic-cost", &answers.panic_cost),
        ("spec-stability", &answers.spec_stability),
        ("team-plan", &answers.team_plan),
    ];
    for (key, word) in words {
        if let Some(word) = word {
            let _ = writeln!(facts, "{key} = \"{word}\"");
        }
    }
    if let Some(years) = answers.horizon_years {
        let _ = writeln!(facts, "horizon-years = {years}");
    }
    if let Some(bytes) = answers.memory_ceiling {
        let _ = writeln!(facts, "memory-ceiling = \"{bytes}B\"");
    }
    if !facts.is_empty() {
        entry.push_str("[service.facts]\n");
        entry.push_str(&facts);
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::layer;
    use crate::policy::builtin;

    fn picked(answers: &[(&str, &str)]) -> (Answers, Pick) {
        let mut given = Answers::default();
        for (key, text) in answers {
            assert_eq!(given.answer(key, text), Ok(()), "{key}");
        }
        let pick = pick(&given, &builtin::shipped());
        (given, pick)
    }

    #[test]
    fn the_same_policies_pick() {
        type Case = (&'static [(&'static str, &'static str)], Option<Language>);
        let cases: &[Case] = &[
            (&[], None),
            (&[("role", "firmware")], Some(Language::Rust)),
            (&[("role", "function"), ("trait", "http-api")], Some(Language::Go)),
            (&[("role", "service"), ("trait", "crud, http-api"), ("deploy", "kubernetes")], Some(Language::Go)),
            (
                &[("role", "service"), ("trait", "http-api"), ("deploy", "kubernetes"), ("latency", "p99.9 <= 800us")],
                Some(Language::Rust),
            ),
            (&[("role", "cli")], None),
            (&[("role", "job"), ("panic-cost", "money")], None),
        ];
        for (answers, language) in cases {
            assert_eq!(picked(answers).1.language, *language, "{answers:?}");
        }
    }

    #[test]
    fn both_sides_are_named() {
        let (_, pick) = picked(&[("latency", "p99.9 800us"), ("panic-cost", "money"), ("team-plan", "rotating")]);
        assert_eq!(
            pick.reasoning,
            "Decided by tail-latency (5 documents) and failure-cost (4 documents). Go's side: team-churn (5 documents)."
        );
    }

    #[test]
    fn the_entry_is_a_configuration() {
        let (_, pick) = picked(&[
            ("role", "service"),
            ("latency", "p99.9 <= 800us"),
            ("panic-cost", "trust"),
            ("horizon-years", "5"),
            ("memory-ceiling", "64MiB"),
        ]);
        let (layer, mistakes) = layer::read("fitcheck.toml", ".", &pick.entry);
        assert_eq!(mistakes, Vec::new(), "{}", pick.entry);
        let budget = layer.services[0].latency[0].value;
        assert_eq!((budget.limit_us, budget.percentile, layer.services[0].facts.len()), (800.0, Some(99.9), 3));
    }

    #[test]
    fn an_answer_that_is_none_is_refused_and_an_empty_one_skips() {
        let mut answers = Answers::default();
        assert_eq!(answers.answer("role", "servce"), Err("unknown `servce`: did you mean `service`?".to_owned()));
        for (key, text) in
            [("latency", "fast"), ("panic-cost", "money, trust"), ("colour", "red"), ("latency", "pxx 3ms")]
        {
            assert!(answers.answer(key, text).is_err(), "{key}");
        }
        assert_eq!(answers.answer("latency", "  "), Ok(()));
        assert_eq!(answers, Answers::default());
    }
}
