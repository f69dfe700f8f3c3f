//! What a layer says about services: which one, what it is called and does, and the facts no scan can see.
//!
//! Every value keeps the place where it is said: a declared fact is evidence like a detected one.

use std::ops::Range;

use super::File;
use crate::policy::unit;
use crate::service::{Declared, Language, Role};
use crate::signal::{TARGETS, TRAITS, Value, ValueType, spec};
use crate::source::Location;
use crate::spanned::{Item, Node, Table};

/// A value and the place where it is said.
#[derive(Clone, Debug, PartialEq)]
pub struct Said<T> {
    pub value: T,
    pub at: Location,
}

/// A declared latency budget: microseconds, and the percentile where one is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    pub limit_us: f64,
    pub percentile: Option<f64>,
}

/// What is said about one service.
#[derive(Clone, Debug, Default)]
pub struct ServiceRule {
    /// Directory; with a name instead, the service of that name.
    pub root: Option<String>,
    pub matches_name: Option<String>,
    /// It is a service in this language even where nothing shows one.
    pub add: Option<Said<Language>>,
    pub rename: Option<Said<String>>,
    pub role: Option<Said<Role>>,
    pub owner: Option<Said<String>>,
    /// Why it is not judged.
    pub ignore: Option<Said<String>>,
    pub latency: Vec<Said<Budget>>,
    pub traits: Vec<Said<String>>,
    pub deploy: Vec<Said<String>>,
    pub facts: Vec<Declared>,
    /// Where the service is named, for rules that mean none.
    pub location: Option<Location>,
}

impl ServiceRule {
    /// A rule about the service of a directory.
    pub(super) fn of(root: &str) -> ServiceRule {
        ServiceRule { root: Some(root.to_owned()), ..ServiceRule::default() }
    }
}

/// Facts with a shape of their own, beside the fields of the signal `declared`.
const SHAPED: &[&str] = &["latency", "artifact-budget", "replicas", "traits", "deploy"];

impl File<'_> {
    pub(super) fn service(&mut self, item: &Item) -> Option<ServiceRule> {
        let table = self.reader.as_table(item, "service")?;
        let known = ["path", "service", "language", "name", "role", "owner", "ignore", "facts"];
        self.reader.only_keys(table, &known);
        let path = self.reader.text(table, "path").map(|(path, range)| (self.below(path.trim_end_matches('/')), range));
        let named = self.reader.text(table, "service").map(|(name, range)| (name.to_owned(), range));
        let add = self.language(table, path.as_ref());
        let Some(range) = path.as_ref().or(named.as_ref()).map(|(_, range)| range.clone()) else {
            let hint = Some("`path`, its directory, or `service`, its name".to_owned());
            self.reader.wrong(item.range.clone(), "which service?", hint);
            return None;
        };
        let rule = ServiceRule {
            root: path.map(|(path, _)| path),
            matches_name: named.map(|(name, _)| name),
            add,
            location: Some(self.location(range)),
            ..ServiceRule::default()
        };
        Some(self.about(table, rule))
    }

    /// A service by hand is added at a directory, not at a pattern.
    fn language(&mut self, table: &Table, path: Option<&(String, Range<usize>)>) -> Option<Said<Language>> {
        let (word, range) = self.reader.text(table, "language")?;
        self.reader.one_of("language", word, &range, &["go", "rust"]);
        if path.is_none_or(|(path, _)| path.contains('*')) {
            let hint = Some("path = \"its/directory\"".to_owned());
            self.reader.wrong(range.clone(), "a service by hand needs `path`, one directory", hint);
        }
        let value = if word == "go" { Language::Go } else { Language::Rust };
        Some(Said { value, at: self.location(range) })
    }

    pub(super) fn about(&mut self, table: &Table, mut rule: ServiceRule) -> ServiceRule {
        rule.rename = self.said(table, "name");
        rule.owner = self.said(table, "owner");
        if let Some((word, range)) = self.reader.text(table, "role") {
            let words: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
            self.reader.one_of("role", word, &range, &words);
            let role = Role::ALL.into_iter().find(|role| role.word() == word);
            rule.role = role.map(|value| Said { value, at: self.location(range) });
        }
        rule.ignore = self.said(table, "ignore");
        if let Some(owner) = rule.owner.as_ref().filter(|owner| owner.value.contains('@')) {
            let range = owner.at.place.start as usize..owner.at.place.end as usize;
            self.reader.wrong(range, "`owner` is a team, not a person's address", None);
        }
        if let Some((facts, _)) = self.reader.table(table, "facts") {
            self.facts(facts, &mut rule);
        }
        rule
    }

    /// A text that says something; an empty one is a mistake.
    fn said(&mut self, table: &Table, key: &str) -> Option<Said<String>> {
        let (text, range) = self.reader.text(table, key)?;
        if text.trim().is_empty() {
            self.reader.wrong(range, format!("`{key}` is empty"), None);
            return None;
        }
        Some(Said { value: text.to_owned(), at: self.location(range) })
    }

    fn facts(&mut self, facts: &Table, rule: &mut ServiceRule) {
        let fields = spec("declared").map_or(&[][..], |spec| spec.fields);
        let known: Vec<&str> = fields.iter().map(|field| field.name).chain(SHAPED.iter().copied()).collect();
        self.reader.only_keys(facts, &known);
        for entry in &facts.entries {
            let field = fields.iter().find(|field| field.name == entry.key);
            let value = match (field, entry.key.as_str()) {
                (Some(field), _) => self.fact(&entry.item, field.name, field.value, field.words),
                (None, "artifact-budget") => self.fact(&entry.item, "artifact-budget", ValueType::Bytes, &[]),
                (None, "replicas") => self.fact(&entry.item, "replicas", ValueType::Number, &[]),
                (None, key @ ("traits" | "deploy")) => {
                    let words = self.words(&entry.item, key, if key == "traits" { TRAITS } else { TARGETS });
                    if key == "traits" {
                        rule.traits = words
                    } else {
                        rule.deploy = words
                    }
                    None
                }
                (None, "latency") => {
                    rule.latency = self.budgets(&entry.item);
                    None
                }
                (None, _) => None,
            };
            let location = self.location(entry.key_range.start..entry.item.range.end);
            rule.facts.extend(value.map(|value| Declared { key: entry.key.clone(), value, location }));
        }
    }

    fn words(&mut self, item: &Item, key: &str, known: &[&str]) -> Vec<Said<String>> {
        let words = self.reader.texts(item, key);
        let known = words.into_iter().filter(|(word, range)| self.reader.one_of(key, word, range, known));
        let known: Vec<(String, Range<usize>)> = known.collect();
        known.into_iter().map(|(value, range)| Said { value, at: self.location(range) }).collect()
    }

    fn fact(&mut self, item: &Item, key: &str, wanted: ValueType, words: &[&str]) -> Option<Value> {
        let value = match &item.node {
            Node::Number(number) if wanted == ValueType::Number && number.is_finite() && *number >= 0.0 => {
                Some(Value::Number(*number))
            }
            Node::Flag(flag) if wanted == ValueType::Flag => Some(Value::Flag(*flag)),
            Node::Text(word) if wanted == ValueType::Word => {
                return self.reader.one_of(key, word, &item.range, words).then(|| Value::Word(word.clone()));
            }
            Node::Text(text) if wanted == ValueType::Bytes => unit::read(text, wanted).ok(),
            _ => None,
        };
        if value.is_none() {
            self.reader.wrong(item.range.clone(), format!("`{key}` must be {}", unit::expected(wanted)), None);
        }
        value
    }

    /// `latency = "900us"`, or `{ limit = "900us", percentile = "99.9%" }`, or a list of these.
    fn budgets(&mut self, item: &Item) -> Vec<Said<Budget>> {
        let limit = match &item.node {
            Node::List(list) => return list.iter().flat_map(|item| self.budgets(item)).collect(),
            Node::Text(limit) => self.duration(limit, &item.range).map(|limit| (limit, None)),
            Node::Table(table) => {
                self.reader.only_keys(table, &["limit", "percentile"]);
                let limit = self.reader.required(table, &item.range, "limit");
                let limit = limit.and_then(|(limit, range)| self.duration(limit, &range));
                let percentile = table.get("percentile").and_then(|item| self.percentile(item));
                limit.map(|limit| (limit, percentile))
            }
            other => {
                let message =
                    format!("`latency` must be {}, not {}", unit::expected(ValueType::Duration), other.kind());
                self.reader.wrong(item.range.clone(), message, None);
                None
            }
        };
        let said = |(limit_us, percentile)| Said {
            value: Budget { limit_us, percentile },
            at: self.location(item.range.clone()),
        };
        limit.map(said).into_iter().collect()
    }

    fn duration(&mut self, text: &str, range: &Range<usize>) -> Option<f64> {
        match unit::read(text, ValueType::Duration) {
            Ok(Value::Duration(micros)) if micros > 0.0 => Some(micros),
            Ok(_) => {
                self.reader.wrong(range.clone(), format!("`{text}` can be kept by no program"), None);
                None
            }
            Err(_) => {
                let message = format!("`{text}` is not {}", unit::expected(ValueType::Duration));
                self.reader.wrong(range.clone(), message, None);
                None
            }
        }
    }

    fn percentile(&mut self, item: &Item) -> Option<f64> {
        let found = match &item.node {
            Node::Number(number) => unit::read(&number.to_string(), ValueType::Percent).ok(),
            Node::Text(text) => unit::read(text.trim_start_matches('p'), ValueType::Percent).ok(),
            _ => None,
        };
        if let Some(Value::Percent(percent)) = found {
            return Some(percent);
        }
        self.reader.wrong(item.range.clone(), "`percentile` must be a percentage such as \"99.9%\"", None);
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::config::layer;

    /// Each row is wrong once: the text, the message, and the text that the span covers.
    #[test]
    fn mistakes_about_services_have_their_place() {
        for (text, message, covers) in [
            ("[[service]]\nrole = \"job\"\n", "which service?", ""),
            ("[[service]]\npath = \"a\"\nlanguage = \"c\"\n", "unknown language `c`", "\"c\""),
            ("[[service]]\nservice = \"a\"\nlanguage = \"go\"\n", "a service by hand needs `path`", "\"go\""),
            ("[[service]]\npath = \"a/*\"\nlanguage = \"go\"\n", "a service by hand needs `path`", "\"go\""),
            ("[[service]]\npath = \"a\"\nignore = \" \"\n", "`ignore` is empty", "\" \""),
            ("[[service]]\npath = \"a\"\nowner = \"me@example.com\"\n", "`owner` is a team", "\"me@"),
            ("[[service]]\npath = \"a\"\nlanguge = \"go\"\n", "unknown key `languge`", "languge"),
            ("[facts]\ntraits = [\"relatime\"]\n", "unknown traits `relatime`", "\"relatime\""),
            ("[facts]\ndeploy = [\"moon\"]\n", "unknown deploy `moon`", "\"moon\""),
            ("[facts]\nlatency = \"0ms\"\n", "`0ms` can be kept by no program", "\"0ms\""),
            ("[facts]\nlatency = { limit = \"1ms\", percentile = \"101%\" }\n", "`percentile` must be", "\"101%\""),
            ("[facts]\nhorizon-years = -1\n", "`horizon-years` must be a number", "-1"),
            ("[facts]\nmemory-ceiling = \"lots\"\n", "`memory-ceiling` must be a size", "\"lots\""),
            ("[facts]\nteam-plan = \"hirng\"\n", "unknown team-plan `hirng`", "\"hirng\""),
        ] {
            let (_, mistakes) = layer::read("fitcheck.toml", ".", text);
            let found = mistakes.iter().find(|mistake| mistake.message.starts_with(message));
            let found = found.unwrap_or_else(|| panic!("{text}: {mistakes:#?}"));
            assert!(text[found.range()].starts_with(covers), "{text}: covers `{}`", &text[found.range()]);
        }
    }

    #[test]
    fn every_declared_value_knows_its_line() {
        let text = "owner = \"payments\"\nrole = \"job\"\n\n[facts]\nlatency = [\"5ms\", { limit = \"9ms\" }]\n\
                    horizon-years = 7\ntraits = [\n  \"realtime\",\n]\n";
        let (layer, mistakes) = layer::read("a/fitcheck.toml", "a", text);
        assert_eq!(mistakes, Vec::new());
        let rule = &layer.services[0];
        let lines = [
            rule.owner.as_ref().map(|said| said.at.place.line),
            rule.role.as_ref().map(|said| said.at.place.line),
            rule.latency.first().map(|said| said.at.place.line),
            rule.latency.get(1).map(|said| said.at.place.column),
            rule.facts.first().map(|fact| fact.location.place.line),
            rule.traits.first().map(|said| said.at.place.line),
        ];
        assert_eq!(lines, [Some(1), Some(2), Some(5), Some(19), Some(6), Some(8)]);
        assert_eq!(rule.root.as_deref(), Some("a"));
    }
}
