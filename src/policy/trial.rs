//! Cases beside a user's policies: signals in, expected verdict out.
//!
//! ```toml
//! [[case]]
//! name = "a tight budget on a Go service"
//! language = "go"
//! signals = [{ signal = "latency", limit = "900us", percentile = "99.9%", source = "slo" }]
//! verdict = "questioned"
//! questions = ["tail-latency"]
//! ```

use std::ops::Range;

use crate::finding::Verdict;
use crate::policy::eval::evaluate;
use crate::policy::{PolicySet, Scope, unit};
use crate::service::Language;
use crate::signal::of_service::signal;
use crate::signal::{FieldSpec, SIGNALS, Signal, Value, ValueType, spec};
use crate::spanned::{Item, Mistake, Node, Reader, Table, nearest};
use crate::verdict::decide;

/// One situation and what the policies are to make of it.
#[derive(Clone, Debug)]
pub struct Case {
    pub name: String,
    pub language: Language,
    pub signals: Vec<Signal>,
    pub verdict: Verdict,
    /// Policies that must question and support it, whatever others do.
    pub questions: Vec<String>,
    pub supports: Vec<String>,
}

/// Reads a file of cases, with every mistake in it.
pub fn read(path: &str, text: &str, set: &PolicySet) -> (Vec<Case>, Vec<Mistake>) {
    let (mut reader, document) = Reader::parse(path, text);
    let Node::Table(table) = &document.node else { return (Vec::new(), reader.mistakes) };
    reader.only_keys(table, &["case"]);
    let items = reader.list(table, "case").map(|(items, _)| items.to_vec()).unwrap_or_default();
    let cases = items.iter().filter_map(|item| case(&mut reader, item, set)).collect();
    (cases, reader.mistakes)
}

fn case(reader: &mut Reader, item: &Item, set: &PolicySet) -> Option<Case> {
    let table = reader.as_table(item, "case")?;
    reader.only_keys(table, &["name", "language", "signals", "verdict", "questions", "supports"]);
    let name = reader.required(table, &item.range, "name").map(|(name, _)| name.to_owned());
    let language = reader
        .required(table, &item.range, "language")
        .and_then(|(word, range)| reader.one_of("language", word, &range, &["go", "rust"]).then_some(word));
    let language = language.map(|word| if word == "go" { Language::Go } else { Language::Rust });
    let verdict = verdict(reader, table, &item.range);
    let mut signals: Vec<Signal> = language
        .map(|language| signal("language", vec![("name", Value::Word(language.word().to_owned()))], &[]))
        .into_iter()
        .collect();
    if let Some((list, _)) = reader.list(table, "signals") {
        signals.extend(list.iter().filter_map(|item| stated(reader, item)));
    }
    let questions = ids(reader, table, "questions", set);
    let supports = ids(reader, table, "supports", set);
    Some(Case { name: name?, language: language?, signals, verdict: verdict?, questions, supports })
}

/// Reads the verdict that is expected.
pub(super) fn verdict(reader: &mut Reader, table: &Table, within: &Range<usize>) -> Option<Verdict> {
    let (word, range) = reader.required(table, within, "verdict")?;
    let all = [Verdict::Fits, Verdict::Questioned, Verdict::Contested, Verdict::Unjudged];
    reader.one_of("verdict", word, &range, &all.map(Verdict::word));
    all.into_iter().find(|verdict| verdict.word() == word)
}

/// Reads ids of policies that there are.
pub(super) fn ids(reader: &mut Reader, table: &Table, key: &str, set: &PolicySet) -> Vec<String> {
    let Some(item) = table.get(key) else { return Vec::new() };
    let named = reader.texts(item, key);
    for (id, range) in &named {
        if set.get(id).is_none() {
            let known = set.policies.iter().map(|policy| policy.id.as_str());
            let hint = nearest(id, known).map(|near| format!("did you mean `{near}`?"));
            reader.wrong(range.clone(), format!("unknown policy `{id}`"), hint);
        }
    }
    named.into_iter().map(|(id, _)| id).collect()
}

/// Reads `{ signal = "…", field = value }`.
fn stated(reader: &mut Reader, item: &Item) -> Option<Signal> {
    let table = reader.as_table(item, "signals")?;
    let (name, range) = reader.required(table, &item.range, "signal")?;
    let Some(spec) = spec(name) else {
        let names: Vec<&str> = SIGNALS.iter().map(|signal| signal.name).collect();
        reader.one_of("signal", name, &range, &names);
        return None;
    };
    let known: Vec<&str> = ["signal"].into_iter().chain(spec.fields.iter().map(|field| field.name)).collect();
    reader.only_keys(table, &known);
    let fields = spec.fields.iter().filter_map(|field| {
        let item = table.get(field.name)?;
        Some((field.name, value(reader, field, item)?))
    });
    Some(signal(spec.name, fields.collect(), &[]))
}

/// Reads the value of a field; its type is the signal's, not the text's.
pub fn value(reader: &mut Reader, field: &FieldSpec, item: &Item) -> Option<Value> {
    let found = match &item.node {
        Node::Flag(flag) if field.value == ValueType::Flag => Some(Value::Flag(*flag)),
        Node::Number(number) if field.value == ValueType::Number => Some(Value::Number(*number)),
        Node::Text(word) if field.value == ValueType::Word => {
            let fits = field.words.is_empty() || reader.one_of(field.name, word, &item.range, field.words);
            return fits.then(|| Value::Word(word.clone()));
        }
        Node::Text(text) => unit::read(text, field.value).ok(),
        _ => None,
    };
    if found.is_none() {
        let message = format!("`{}` must be {}", field.name, unit::expected(field.value));
        reader.wrong(item.range.clone(), message, None);
    }
    found
}

impl Case {
    /// Judges the case; `Err` says how the outcome differs.
    pub fn run(&self, set: &PolicySet) -> Result<(), String> {
        let hearing = evaluate(set, Scope::Service, &self.signals, &self.name, self.language);
        let decision = decide(hearing.arguments(), self.language);
        let mut wrong = Vec::new();
        if decision.verdict != self.verdict {
            wrong.push(format!("expected {}, found {}", self.verdict.word(), decision.verdict.word()));
        }
        for (what, expected, found) in
            [("questions", &self.questions, &decision.questions), ("supports", &self.supports, &decision.supports)]
        {
            let missing = expected.iter().filter(|id| !found.contains(id));
            wrong.extend(missing.map(|id| format!("{id} is not among what {what} it: {}", found.join(", "))));
        }
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(format!("{}: {}; {}", self.name, wrong.join("; "), decision.reasoning))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::builtin;

    const CASE: &str = "[[case]]\nname = \"a\"\nlanguage = \"go\"\nverdict = \"questioned\"\nquestions = [\"tail-latency\"]\n\
        signals = [{ signal = \"latency\", limit = \"900us\", percentile = \"99.9%\", source = \"slo\" }]\n";

    #[test]
    fn a_case_is_judged_like_a_service() {
        let set = builtin::shipped();
        let (cases, mistakes) = read("a.toml", CASE, &set);
        assert_eq!(mistakes, Vec::new());
        assert_eq!(cases[0].run(&set), Ok(()));
        let (cases, _) = read("a.toml", &CASE.replace("900us", "900ms"), &set);
        let wrong = cases[0].run(&set).unwrap_err();
        assert!(
            wrong.contains("expected questioned, found unjudged") && wrong.contains("tail-latency is not"),
            "{wrong}"
        );
    }

    #[test]
    fn every_mistake_of_a_case_is_told() {
        let text = CASE.replace("go", "c").replace("slo", "slow").replace("900us", "fast").replace("tail-l", "tial-l");
        let (_, mistakes) = read("a.toml", &text.replace("verdict", "verdcit"), &builtin::shipped());
        let told: Vec<&str> = mistakes.iter().map(|mistake| mistake.message.as_str()).collect();
        for wanted in
            ["unknown language `c`", "unknown source `slow`", "`limit` must be", "unknown policy", "unknown key"]
        {
            assert!(told.iter().any(|message| message.starts_with(wanted)), "{wanted}: {told:?}");
        }
    }
}
