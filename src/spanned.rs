//! TOML with spans, and the mistakes found in it.
//!
//! In: the text of a policy or configuration file. Out: a tree of [`Item`]s that own their text and know their
//! byte range, and a list of [`Mistake`]s. Derived deserialisation loses spans in flattened and untagged types,
//! so readers walk this tree by hand, through a [`Reader`] that collects every mistake instead of the first.
//!
//! The build script compiles this file too: trees of shipped files are made once, when fitcheck is built.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use toml::de::{DeTable, DeValue};

/// Something wrong in a file that the user writes: what, where, and what may have been meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// The file, as the user named it.
    pub path: Arc<str>,
    pub start: usize,
    pub end: usize,
    pub message: String,
    pub hint: Option<String>,
    /// Worth saying, but nothing that stops the run.
    pub warning: bool,
}

impl Mistake {
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// A value with the bytes it was written in.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Item {
    pub range: Range<usize>,
    pub node: Node,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub enum Node {
    Text(String),
    Number(f64),
    Flag(bool),
    /// A date or a time, as written.
    Date(String),
    List(Vec<Item>),
    Table(Table),
}

impl Node {
    /// The name of its type, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Node::Text(_) => "a string",
            Node::Number(_) => "a number",
            Node::Flag(_) => "true or false",
            Node::Date(_) => "a date",
            Node::List(_) => "a list",
            Node::Table(_) => "a table",
        }
    }
}

/// A table's entries in the order in which they are written.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Table {
    pub entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Entry {
    pub key: String,
    pub key_range: Range<usize>,
    pub item: Item,
}

impl Table {
    pub fn get(&self, key: &str) -> Option<&Item> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.item)
    }
}

/// Reads one file and collects what is wrong with it.
#[derive(Debug)]
pub struct Reader {
    pub path: Arc<str>,
    pub mistakes: Vec<Mistake>,
}

impl Reader {
    /// Reads a file that is parsed already.
    pub fn of(path: &str) -> Reader {
        Reader { path: path.into(), mistakes: Vec::new() }
    }

    /// Parses as much of `text` as is TOML; syntax errors become mistakes.
    pub fn parse(path: &str, text: &str) -> (Reader, Item) {
        let mut reader = Reader::of(path);
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            reader.wrong(visible(text, error.span().unwrap_or(0..0)), error.message().to_owned(), None);
        }
        let range = table.span();
        let item = Item { range, node: Node::Table(table_of(table.get_ref())) };
        (reader, item)
    }

    pub fn wrong(&mut self, range: Range<usize>, message: impl Into<String>, hint: Option<String>) {
        self.push(range, message.into(), hint, false);
    }

    pub fn warn(&mut self, range: Range<usize>, message: impl Into<String>, hint: Option<String>) {
        self.push(range, message.into(), hint, true);
    }

    fn push(&mut self, range: Range<usize>, message: String, hint: Option<String>, warning: bool) {
        self.mistakes.push(Mistake {
            path: self.path.clone(),
            start: range.start,
            end: range.end,
            message,
            hint,
            warning,
        });
    }

    /// Reports the keys of a table that nobody reads.
    pub fn only_keys(&mut self, table: &Table, known: &[&str]) {
        for entry in &table.entries {
            if !known.contains(&entry.key.as_str()) {
                let hint = nearest(&entry.key, known.iter().copied())
                    .map(|near| format!("did you mean `{near}`?"))
                    .or_else(|| Some(format!("known keys: {}", known.join(", "))));
                self.wrong(entry.key_range.clone(), format!("unknown key `{}`", entry.key), hint);
            }
        }
    }

    /// A string; `None`, with a mistake, for any other type.
    pub fn text<'a>(&mut self, table: &'a Table, key: &str) -> Option<(&'a str, Range<usize>)> {
        let item = table.get(key)?;
        match &item.node {
            Node::Text(text) => Some((text, item.range.clone())),
            other => {
                self.expected(item, "a string", key, other.kind());
                None
            }
        }
    }

    /// A string that must be there and not be empty.
    pub fn required<'a>(
        &mut self,
        table: &'a Table,
        within: &Range<usize>,
        key: &str,
    ) -> Option<(&'a str, Range<usize>)> {
        if table.get(key).is_none() {
            self.wrong(within.clone(), format!("missing key `{key}`"), None);
            return None;
        }
        let (text, range) = self.text(table, key)?;
        if text.trim().is_empty() {
            self.wrong(range, format!("`{key}` is empty"), None);
            return None;
        }
        Some((text, range))
    }

    pub fn table<'a>(&mut self, table: &'a Table, key: &str) -> Option<(&'a Table, Range<usize>)> {
        let item = table.get(key)?;
        self.as_table(item, key).map(|table| (table, item.range.clone()))
    }

    pub fn as_table<'a>(&mut self, item: &'a Item, what: &str) -> Option<&'a Table> {
        match &item.node {
            Node::Table(table) => Some(table),
            other => {
                self.expected(item, "a table", what, other.kind());
                None
            }
        }
    }

    pub fn list<'a>(&mut self, table: &'a Table, key: &str) -> Option<(&'a [Item], Range<usize>)> {
        let item = table.get(key)?;
        match &item.node {
            Node::List(list) => Some((list, item.range.clone())),
            other => {
                self.expected(item, "a list", key, other.kind());
                None
            }
        }
    }

    pub fn number(&mut self, table: &Table, key: &str) -> Option<(f64, Range<usize>)> {
        let item = table.get(key)?;
        match &item.node {
            Node::Number(number) => Some((*number, item.range.clone())),
            other => {
                self.expected(item, "a number", key, other.kind());
                None
            }
        }
    }

    pub fn flag(&mut self, table: &Table, key: &str) -> Option<bool> {
        let item = table.get(key)?;
        match &item.node {
            Node::Flag(flag) => Some(*flag),
            other => {
                self.expected(item, "true or false", key, other.kind());
                None
            }
        }
    }

    /// One string, or a list of strings.
    pub fn texts(&mut self, item: &Item, what: &str) -> Vec<(String, Range<usize>)> {
        match &item.node {
            Node::Text(text) => vec![(text.clone(), item.range.clone())],
            Node::List(list) => list.iter().filter_map(|item| self.one_text(item, what)).collect(),
            other => {
                self.expected(item, "a string or a list of strings", what, other.kind());
                Vec::new()
            }
        }
    }

    fn one_text(&mut self, item: &Item, what: &str) -> Option<(String, Range<usize>)> {
        match &item.node {
            Node::Text(text) => Some((text.clone(), item.range.clone())),
            other => {
                self.expected(item, "a string", what, other.kind());
                None
            }
        }
    }

    fn expected(&mut self, item: &Item, wanted: &str, key: &str, got: &str) {
        self.wrong(item.range.clone(), format!("`{key}` must be {wanted}, not {got}"), None);
    }

    /// Reports a word that is not one of `known`.
    pub fn one_of(&mut self, what: &str, word: &str, range: &Range<usize>, known: &[&str]) -> bool {
        if known.contains(&word) {
            return true;
        }
        let hint = nearest(word, known.iter().copied())
            .map(|near| format!("did you mean `{near}`?"))
            .or_else(|| Some(format!("one of: {}", known.join(", "))));
        self.wrong(range.clone(), format!("unknown {what} `{word}`"), hint);
        false
    }
}

/// Finds the known name that is nearest to a mistyped one, where one is near.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| (strsim::jaro_winkler(word, name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

/// A place that a reader can be shown: what is missing at the end is missing after the last character.
fn visible(text: &str, range: Range<usize>) -> Range<usize> {
    if range.start < range.end {
        return range;
    }
    let next = |at: usize| text.get(at..).and_then(|rest| rest.chars().next()).filter(|c| *c != '\n');
    if let Some(c) = next(range.start) {
        return range.start..range.start + c.len_utf8();
    }
    let before = text.get(..range.start).unwrap_or(text).trim_end();
    before.char_indices().next_back().map_or(0..0, |(at, c)| at..at + c.len_utf8())
}

fn table_of(table: &DeTable<'_>) -> Table {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_range: key.span(),
            item: Item { range: value.span(), node: node_of(value.get_ref()) },
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_range.start);
    Table { entries }
}

fn node_of(value: &DeValue<'_>) -> Node {
    match value {
        DeValue::String(text) => Node::Text(text.to_string()),
        DeValue::Integer(number) => {
            Node::Number(i64::from_str_radix(number.as_str(), number.radix()).map_or(f64::NAN, |number| number as f64))
        }
        DeValue::Float(number) => Node::Number(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Node::Flag(*flag),
        DeValue::Datetime(date) => Node::Date(date.to_string()),
        DeValue::Array(list) => {
            Node::List(list.iter().map(|item| Item { range: item.span(), node: node_of(item.get_ref()) }).collect())
        }
        DeValue::Table(table) => Node::Table(table_of(table)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_file_gives_its_errors_and_the_keys_that_are_good() {
        let (reader, item) = Reader::parse("p.toml", "id = \"a\"\nx = = 3\ny = 4\n");
        assert!(!reader.mistakes.is_empty());
        let Node::Table(table) = item.node else { panic!("a document is a table") };
        assert_eq!(table.get("id").map(|item| item.range.clone()), Some(5..8));
    }

    #[test]
    fn unknown_keys_name_the_nearest() {
        let (mut reader, item) = Reader::parse("p.toml", "favours = 1\n");
        let Node::Table(table) = item.node else { panic!("a document is a table") };
        reader.only_keys(&table, &["favors", "id"]);
        assert_eq!(reader.mistakes[0].hint.as_deref(), Some("did you mean `favors`?"));
        assert_eq!(reader.mistakes[0].range(), 0..7);
    }
}
