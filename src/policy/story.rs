//! Fixture repositories beside a user's policies: a tiny tree, and what the policies are to make of its services.
//!
//! `tests/<name>/case.toml` names services and verdicts, `tests/<name>/repo/` is the tree:
//!
//! ```toml
//! [[service]]
//! service = "shop"
//! verdict = "questioned"
//! questions = ["crud-service"]
//! ```

use crate::finding::{Judged, Report, Verdict};
use crate::policy::PolicySet;
use crate::policy::trial::{ids, verdict};
use crate::spanned::{Item, Mistake, Node, Reader};

/// What is expected of one service.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Its name or directory.
    pub service: String,
    pub verdict: Verdict,
    /// Policies that must question and support it, whatever others do.
    pub questions: Vec<String>,
    pub supports: Vec<String>,
}

/// Reads what is expected of a tree, with every mistake in it.
pub fn read(path: &str, text: &str, set: &PolicySet) -> (Vec<Expected>, Vec<Mistake>) {
    let (mut reader, document) = Reader::parse(path, text);
    let Node::Table(table) = &document.node else { return (Vec::new(), reader.mistakes) };
    reader.only_keys(table, &["service"]);
    let items = reader.list(table, "service").map(|(items, _)| items.to_vec()).unwrap_or_default();
    if items.is_empty() {
        let hint = Some("[[service]] with `service` and `verdict`".to_owned());
        reader.wrong(0..text.find('\n').unwrap_or(text.len()), "nothing is expected of any service", hint);
    }
    let expected = items.iter().filter_map(|item| expected(&mut reader, item, set)).collect();
    (expected, reader.mistakes)
}

fn expected(reader: &mut Reader, item: &Item, set: &PolicySet) -> Option<Expected> {
    let table = reader.as_table(item, "service")?;
    reader.only_keys(table, &["service", "verdict", "questions", "supports"]);
    let service = reader.required(table, &item.range, "service").map(|(name, _)| name.to_owned());
    let verdict = verdict(reader, table, &item.range);
    let questions = ids(reader, table, "questions", set);
    let supports = ids(reader, table, "supports", set);
    Some(Expected { service: service?, verdict: verdict?, questions, supports })
}

/// Says how a report differs from what is expected.
pub fn compare(expected: &[Expected], report: &Report) -> Vec<String> {
    expected.iter().filter_map(|one| one.differs(report)).collect()
}

impl Expected {
    fn differs(&self, report: &Report) -> Option<String> {
        let meant = |judged: &&Judged| *judged.service.root == *self.service || judged.service.name == self.service;
        let Some(judged) = report.services.iter().find(meant) else {
            let found: Vec<&str> = report.services.iter().map(|judged| judged.service.name.as_str()).collect();
            return Some(format!("no service `{}`; found: {}", self.service, found.join(", ")));
        };
        let mut wrong = Vec::new();
        if judged.verdict != self.verdict {
            wrong.push(format!("expected {}, found {}", self.verdict.word(), judged.verdict.word()));
        }
        for (what, expected, found) in
            [("questions", &self.questions, &judged.questions), ("supports", &self.supports, &judged.supports)]
        {
            let missing = expected.iter().filter(|id| !found.contains(id));
            wrong.extend(missing.map(|id| format!("{id} is not among what {what} it: {}", found.join(", "))));
        }
        (!wrong.is_empty()).then(|| format!("{}: {}; {}", self.service, wrong.join("; "), judged.reasoning))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::builtin;
    use crate::report::sample;

    #[test]
    fn a_report_is_compared_service_by_service() {
        let report = sample::report();
        let judged = &report.services[0];
        let text =
            |verdict: &str| format!("[[service]]\nservice = \"{}\"\nverdict = \"{verdict}\"\n", judged.service.name);
        let set = builtin::shipped();
        let (same, mistakes) = read("case.toml", &text(judged.verdict.word()), &set);
        assert_eq!((mistakes, compare(&same, &report)), (Vec::new(), Vec::new()));
        let other = if judged.verdict == Verdict::Fits { "contested" } else { "fits" };
        assert!(compare(&read("case.toml", &text(other), &set).0, &report)[0].contains("expected"));
        let gone = read("case.toml", "[[service]]\nservice = \"gone\"\nverdict = \"fits\"\n", &set).0;
        assert!(compare(&gone, &report)[0].starts_with("no service `gone`; found: "));
    }

    #[test]
    fn mistakes_are_told_with_the_nearest_name() {
        let text = "[[service]]\nservice = \"a\"\nverdict = \"fist\"\nquestions = [\"wsam\"]\n[[sevice]]\n";
        let (_, mistakes) = read("case.toml", text, &builtin::shipped());
        let told: Vec<&str> = mistakes.iter().map(|mistake| mistake.message.as_str()).collect();
        for wanted in ["unknown verdict `fist`", "unknown policy `wsam`", "unknown key `sevice`"] {
            assert!(told.contains(&wanted), "{told:?}");
        }
        assert!(read("case.toml", "", &builtin::shipped()).1[0].message.contains("nothing is expected"));
    }
}
