//! One extractor's file: from TOML with spans to an [`Extractor`], with every mistake in it.
//!
//! ```toml
//! id = "objective"
//! about = "the objective in our own slo.yaml"
//! files = ["**/slo.yaml"]
//! jsonpath = "$.objectives[?@.kind == 'latency']"
//!
//! [fact]
//! signal = "latency"
//! source = "slo"
//! limit = { from = "$.target", unit = "ms" }
//! percentile = { from = "$.quantile", unit = "ratio" }
//! ```

use std::ops::Range;

use regex::RegexBuilder;

use super::fact::{MAPPED, is_derived};
use super::{Extractor, Field, Find, From, Given, Of, Unit};
use crate::config::glob_set;
use crate::parse::go::query::Query;
use crate::parse::jsonpath::Path;
use crate::policy::trial::value;
use crate::policy::unit;
use crate::signal::{FieldSpec, SignalSpec, ValueType, spec};
use crate::spanned::{Item, Mistake, Node, Reader, Table, nearest};

const KEYS: &[&str] = &["id", "about", "files", "jsonpath", "regex", "go-query", "of", "fact"];
/// The keys of which one says how to find something.
const FINDERS: &[&str] = &["jsonpath", "regex", "go-query"];
/// Bytes that a compiled pattern may take, and those of its lazy automaton.
const PATTERN: usize = 1 << 20;
const NESTING: u32 = 50;

/// Reads one extractor; `None` where mistakes leave nothing to run.
pub fn read(path: &str, text: &str) -> (Option<Extractor>, Vec<Mistake>) {
    let (reader, document) = Reader::parse(path, text);
    let Node::Table(table) = &document.node else { return (None, reader.mistakes) };
    let head = 0..text.find('\n').unwrap_or(text.len());
    let mut file = File { reader, text, head };
    let extractor = file.extractor(table);
    let sound = file.reader.mistakes.iter().all(|mistake| mistake.warning);
    (extractor.filter(|_| sound), file.reader.mistakes)
}

struct File<'a> {
    reader: Reader,
    text: &'a str,
    head: Range<usize>,
}

impl File<'_> {
    fn extractor(&mut self, table: &Table) -> Option<Extractor> {
        self.reader.only_keys(table, KEYS);
        let id = self.id(table);
        let about = self.reader.required(table, &self.head, "about").map(|(about, _)| about.trim().to_owned());
        let files = self.files(table);
        let find = self.find(table);
        let of = self.of(table, find.as_ref());
        let (signal, fields) = self.fact(table, find.as_ref())?;
        let (files, matcher) = files?;
        Some(Extractor {
            id: id?,
            about: about?,
            files,
            matcher,
            find: find?,
            signal,
            fields,
            of: of?,
            path: self.reader.path.clone(),
        })
    }

    fn id(&mut self, table: &Table) -> Option<String> {
        let (id, range) = self.reader.required(table, &self.head, "id")?;
        if !crate::policy::raw::is_id(id) {
            self.reader.wrong(range, format!("`{id}` is no id"), Some("small letters, digits and `-`".to_owned()));
        }
        Some(id.to_owned())
    }

    fn files(&mut self, table: &Table) -> Option<(Vec<String>, globset::GlobSet)> {
        let Some(item) = table.get("files") else {
            let hint = Some("globs from the repository's root: files = [\"**/slo.yaml\"]".to_owned());
            self.reader.wrong(self.head.clone(), "missing key `files`", hint);
            return None;
        };
        let globs = self.reader.texts(item, "files");
        if globs.is_empty() {
            self.reader.wrong(item.range.clone(), "`files` names no file", None);
        }
        for (glob, range) in &globs {
            if let Err(reason) = glob_set(std::slice::from_ref(glob)) {
                self.reader.wrong(range.clone(), format!("`{glob}` is no glob: {reason}"), None);
            }
        }
        let globs: Vec<String> = globs.into_iter().map(|(glob, _)| glob).collect();
        let matcher = glob_set(&globs).ok()?;
        Some((globs, matcher))
    }

    fn find(&mut self, table: &Table) -> Option<Find> {
        let given: Vec<&str> = FINDERS.iter().copied().filter(|key| table.get(key).is_some()).collect();
        match given[..] {
            ["jsonpath"] => {
                let (query, range) = self.reader.required(table, &self.head, "jsonpath")?;
                self.path(query, &range).map(Find::JsonPath)
            }
            ["regex"] => {
                let (pattern, range) = self.reader.required(table, &self.head, "regex")?;
                self.pattern(pattern, range)
            }
            ["go-query"] => {
                let (query, range) = self.reader.required(table, &self.head, "go-query")?;
                self.go_query(query, range)
            }
            _ => {
                let hint = Some(format!("one of {}", FINDERS.join(", ")));
                let message = if given.is_empty() { "what to look for?" } else { "only one way to look for something" };
                self.reader.wrong(self.head.clone(), message, hint);
                None
            }
        }
    }

    fn path(&mut self, query: &str, range: &Range<usize>) -> Option<Path> {
        match Path::parse(query) {
            Ok(path) => Some(path),
            Err(reason) => {
                let message = format!("`{query}` is no JSONPath that is taken here: {reason}");
                self.reader.wrong(range.clone(), message, None);
                None
            }
        }
    }

    fn pattern(&mut self, pattern: &str, range: Range<usize>) -> Option<Find> {
        let built = RegexBuilder::new(pattern).size_limit(PATTERN).dfa_size_limit(PATTERN).nest_limit(NESTING).build();
        match built {
            Ok(regex) if regex.is_match("") => {
                self.reader.wrong(range, "the pattern matches where nothing stands", None);
                None
            }
            Ok(regex) => Some(Find::Regex(regex)),
            Err(error) => {
                // The library draws the pattern with a caret; its last line is the reason.
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                let hint = Some("patterns are matched in linear time: no look-around, no back-references".to_owned());
                self.reader.wrong(range, format!("the pattern cannot be read: {reason}"), hint);
                None
            }
        }
    }

    fn go_query(&mut self, query: &str, range: Range<usize>) -> Option<Find> {
        match Query::parse(query) {
            Ok(query) => Some(Find::GoQuery(query)),
            Err((at, reason)) => {
                let range = self.inside(query, range, at);
                self.reader.wrong(range, format!("the query cannot be read: {reason}"), None);
                None
            }
        }
    }

    /// The place inside a string, where what it says stands in the file as it is.
    fn inside(&self, content: &str, range: Range<usize>, at: usize) -> Range<usize> {
        let Some(start) = self.text.get(range.clone()).and_then(|raw| raw.find(content)) else { return range };
        let start = range.start + start + at.min(content.len());
        let rest = self.text.get(start..range.end).unwrap_or_default();
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ')' | '(' | ']')).unwrap_or(rest.len());
        start..start + end.max(1).min(range.end - start)
    }

    fn of(&mut self, table: &Table, find: Option<&Find>) -> Option<Of> {
        let Some(item) = table.get("of") else { return Some(Of::Place) };
        match &item.node {
            Node::Text(word) => {
                self.reader.one_of("reach", word, &item.range, &["place", "repository"]);
                Some(if word == "repository" { Of::Repository } else { Of::Place })
            }
            Node::Table(named) => {
                self.reader.only_keys(named, &["from"]);
                self.from(named, &item.range, find?).map(Of::Named)
            }
            other => {
                let message = format!("`of` must be a word or {{ from = … }}, not {}", other.kind());
                self.reader.wrong(item.range.clone(), message, None);
                None
            }
        }
    }

    fn from(&mut self, table: &Table, within: &Range<usize>, find: &Find) -> Option<From> {
        let (from, range) = self.reader.required(table, within, "from")?;
        let known: Vec<String> = match find {
            Find::JsonPath(_) => return self.path(from, &range).map(From::Path),
            Find::Regex(regex) => regex.capture_names().flatten().map(str::to_owned).collect(),
            Find::GoQuery(query) => query.captures().iter().map(|name| (*name).to_owned()).collect(),
        };
        let name = from.trim_start_matches('@');
        if known.iter().any(|known| known == name) {
            return Some(From::Name(name.to_owned()));
        }
        let near = nearest(name, known.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
        let all = if known.is_empty() {
            "it names nothing: (?<value>…) in a pattern, @value in a query".to_owned()
        } else {
            format!("it names: {}", known.join(", "))
        };
        self.reader.wrong(range, format!("nothing found is called `{from}`"), near.or(Some(all)));
        None
    }

    fn fact(&mut self, table: &Table, find: Option<&Find>) -> Option<(&'static SignalSpec, Vec<Field>)> {
        let Some(item) = table.get("fact") else {
            let hint = Some("[fact] with `signal` and its fields".to_owned());
            self.reader.wrong(self.head.clone(), "missing `fact`", hint);
            return None;
        };
        let fact = self.reader.as_table(item, "fact")?;
        let (name, range) = self.reader.required(fact, &item.range, "signal")?;
        let names: Vec<&str> = MAPPED.iter().map(|(name, _)| *name).collect();
        if !self.reader.one_of("signal", name, &range, &names) {
            return None;
        }
        let signal = spec(name)?;
        let settable: Vec<&'static FieldSpec> =
            signal.fields.iter().filter(|field| !is_derived(name, field.name)).collect();
        let known: Vec<&str> = ["signal"].into_iter().chain(settable.iter().map(|field| field.name)).collect();
        self.reader.only_keys(fact, &known);
        let required = MAPPED.iter().find(|(mapped, _)| *mapped == name).map_or(&[][..], |(_, fields)| fields);
        for field in required.iter().filter(|field| fact.get(field).is_none()) {
            self.reader.wrong(item.range.clone(), format!("the signal `{name}` needs `{field}`"), None);
        }
        let mut fields = Vec::new();
        for spec in settable {
            if let Some(item) = fact.get(spec.name) {
                fields.extend(self.field(spec, item, find));
            }
        }
        Some((signal, fields))
    }

    fn field(&mut self, spec: &'static FieldSpec, item: &Item, find: Option<&Find>) -> Option<Field> {
        let Node::Table(table) = &item.node else {
            let value = value(&mut self.reader, spec, item)?;
            if spec.name == "source" && value == crate::signal::Value::Word("declared".to_owned()) {
                let hint = Some("[[service]] in fitcheck.toml declares".to_owned());
                self.reader.wrong(item.range.clone(), "what is extracted is not declared", hint);
            }
            return Some(Field { spec, given: Given::Constant(value) });
        };
        self.reader.only_keys(table, &["from", "unit"]);
        let unit = self.unit(spec, table);
        let from = self.from(table, &item.range, find?)?;
        Some(Field { spec, given: Given::Found { from, unit } })
    }

    fn unit(&mut self, spec: &FieldSpec, table: &Table) -> Option<Unit> {
        let (word, range) = self.reader.text(table, "unit")?;
        let known: Vec<&str> = match spec.value {
            ValueType::Duration => unit::DURATIONS.iter().map(|(name, _)| *name).collect(),
            ValueType::Bytes => unit::BYTES.iter().map(|(name, _)| *name).collect(),
            ValueType::Percent => vec!["ratio", "%"],
            _ => Vec::new(),
        };
        if known.is_empty() {
            self.reader.wrong(
                range,
                format!("`{}` has no unit: it is {}", spec.name, unit::expected(spec.value)),
                None,
            );
            return None;
        }
        self.reader.one_of("unit", word, &range, &known);
        Some(if word == "ratio" { Unit::Ratio } else { Unit::Named(word.to_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
id = "objective"
about = "the objective in our own slo.yaml"
files = ["**/slo.yaml"]
jsonpath = "$.objectives[?@.kind == 'latency']"
of = { from = "$.service" }

[fact]
signal = "latency"
source = "slo"
limit = { from = "$.target", unit = "ms" }
percentile = { from = "$.quantile", unit = "ratio" }
"#;

    const LINES: &str = "id = \"budget\"\nabout = \"a\"\nfiles = [\"*.conf\"]\nregex = 'p99\\s*=\\s*(?<value>\\d+)'\n\
                         [fact]\nsignal = \"latency\"\nsource = \"slo\"\nlimit = { from = \"value\", unit = \"ms\" }\n";

    const GO: &str = "id = \"budget\"\nabout = \"a\"\nfiles = [\"**/*.go\"]\ngo-query = '(call_expression) @call'\n\
                      [fact]\nsignal = \"mark\"\nname = \"x\"\ndetail = { from = \"call\" }\n";

    #[test]
    fn good_extractors_have_no_mistakes() {
        for text in [GOOD, LINES, GO] {
            let (extractor, mistakes) = read("e.toml", text);
            assert_eq!(mistakes, Vec::new());
            assert!(extractor.is_some());
        }
    }

    /// Each row breaks a good extractor once: what is replaced, by what, the message, the text that the span covers.
    #[test]
    fn each_mistake_has_its_place_and_its_reason() {
        let cases = [
            (GOOD, "about = ", "abuot = ", "unknown key `abuot`", "abuot"),
            (GOOD, "id = \"objective\"", "id = \"Ob jective\"", "`Ob jective` is no id", "\"Ob jective\""),
            (GOOD, "files = [\"**/slo.yaml\"]", "files = []", "`files` names no file", "[]"),
            (GOOD, "**/slo.yaml", "**/slo[.yaml", "`**/slo[.yaml` is no glob", "\"**/slo["),
            (GOOD, "$.objectives[?", "$.objectives[[?", "`$.objectives[[?", "\"$.objectives[["),
            (GOOD, "jsonpath = ", "regex = \"x\"\njsonpath = ", "only one way", ""),
            (GOOD, "jsonpath", "jsonpth", "what to look for?", ""),
            (GOOD, "signal = \"latency\"", "signal = \"latancy\"", "unknown signal `latancy`", "\"latancy\""),
            (GOOD, "signal = \"latency\"", "signal = \"team\"", "unknown signal `team`", "\"team\""),
            (GOOD, "source = \"slo\"", "source = \"sol\"", "unknown source `sol`", "\"sol\""),
            (GOOD, "source = \"slo\"", "source = \"declared\"", "what is extracted is not declared", "\"declared\""),
            (GOOD, "source = \"slo\"\n", "", "the signal `latency` needs `source`", ""),
            (GOOD, "unit = \"ms\"", "unit = \"parsec\"", "unknown unit `parsec`", "\"parsec\""),
            (GOOD, "unit = \"ratio\"", "unit = \"ms\"", "unknown unit `ms`", "\"ms\""),
            (GOOD, "percentile = ", "percentle = ", "unknown key `percentle`", "percentle"),
            (GOOD, "from = \"$.target\"", "form = \"$.target\"", "unknown key `form`", "form"),
            (GOOD, "from = \"$.target\"", "from = \"target\"", "`target` is no JSONPath", "\"target\""),
            (GOOD, "of = { from = \"$.service\" }", "of = \"repo\"", "unknown reach `repo`", "\"repo\""),
            (LINES, "(?<value>", "(?<value>(", "the pattern cannot be read", "'p99"),
            (LINES, "(?<value>", "(?=x)(?<value>", "the pattern cannot be read: look-around", "'p99"),
            (LINES, "p99\\s*=\\s*(?<value>\\d+)", "(?<value>\\d*)", "the pattern matches where nothing", "'(?<value"),
            (LINES, "from = \"value\"", "from = \"valeu\"", "nothing found is called `valeu`", "\"valeu\""),
            (LINES, "\\d+)", "\\d{9999999})", "the pattern cannot be read", "'p99"),
            (GO, "(call_expression)", "(call_expresion)", "the query cannot be read: Go has no node", "call_expresion"),
            (GO, "from = \"call\"", "from = \"cal\"", "nothing found is called `cal`", "\"cal\""),
            (GO, "from = \"call\"", "from = \"call\", unit = \"ms\"", "`detail` has no unit", "\"ms\""),
        ];
        for (good, from, to, message, covers) in cases {
            let text = good.replacen(from, to, 1);
            assert_ne!(text, good, "{from}");
            let (extractor, mistakes) = read("e.toml", &text);
            assert!(extractor.is_none(), "{to}");
            let found = mistakes.iter().find(|mistake| mistake.message.starts_with(message));
            let found = found.unwrap_or_else(|| panic!("{to}: {mistakes:#?}"));
            assert!(text[found.range()].starts_with(covers), "{to}: covers `{}`", &text[found.range()]);
        }
    }

    #[test]
    fn all_mistakes_come_at_once_and_no_text_makes_it_panic() {
        let text = GOOD.replacen("about", "abuot", 1).replacen("\"ms\"", "\"sm\"", 1).replacen("[?@", "[?@@", 1);
        assert!(read("e.toml", &text).1.len() >= 4);
        for end in (0..GOOD.len()).filter(|end| GOOD.is_char_boundary(*end)) {
            let _ = read("e.toml", &GOOD[..end]);
        }
    }
}
