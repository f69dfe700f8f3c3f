//! As much of JavaScript and TypeScript as literal objects and local constants need.
//!
//! In: the source. Out: the values of object properties and variables by name, with byte ranges, where they are
//! literals, local constants, or sums, products and defaults of these. No grammar of the whole language: anything
//! else is [`Value::Unknown`]. One pass a question, bounded depth.

mod literal;
mod mask;

use crate::parse::cut;
use crate::problem::Class;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;

pub use mask::mask_comments;

/// A value with its place in the source.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub range: Range<usize>,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Number(f64),
    Text(String),
    Bool(bool),
    List(Vec<Item>),
    Object(Vec<(String, Item)>),
    Unknown,
}

impl Item {
    /// Returns a property of an object.
    pub fn get(&self, key: &str) -> Option<&Item> {
        match &self.value {
            Value::Object(pairs) => pairs.iter().rev().find(|(name, _)| name == key).map(|(_, item)| item),
            _ => None,
        }
    }

    /// Returns the text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A script without its comments, and what its variables hold.
#[derive(Debug)]
pub struct Script {
    source: String,
    names: Names,
}

/// What variables hold, and how much may still be copied out of them: constants made of constants grow fast.
#[derive(Debug)]
struct Names {
    constants: BTreeMap<String, Item>,
    budget: Cell<usize>,
}

/// Values and bytes of text that one script may copy.
const BUDGET: usize = 1 << 20;

impl Names {
    fn copy(&self, item: &Item) -> Value {
        let left = self.budget.get().checked_sub(size(item));
        self.budget.set(left.unwrap_or(0));
        if left.is_none() {
            cut::met("values copied out of variables of a script", BUDGET, Class::Lost);
        }
        if left.is_some() { item.value.clone() } else { Value::Unknown }
    }
}

fn size(item: &Item) -> usize {
    match &item.value {
        Value::Text(text) => 1 + text.len(),
        Value::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(pairs) => 1 + pairs.iter().map(|(key, item)| key.len() + size(item)).sum::<usize>(),
        Value::Number(_) | Value::Bool(_) | Value::Unknown => 1,
    }
}

impl Script {
    pub fn new(text: &str) -> Script {
        let source = mask_comments(text);
        let names = read_constants(&source);
        Script { source, names }
    }

    /// The source with comments blanked; offsets are those of the file.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns what a variable was declared to hold.
    pub fn constant(&self, name: &str) -> Option<&Item> {
        self.names.constants.get(name)
    }

    /// Returns everything that variables were declared to hold, by name.
    pub fn constants(&self) -> impl Iterator<Item = &Item> {
        self.names.constants.values()
    }

    /// Returns the values given to properties and variables of this name (`name: …`, `name = …`, `x.name = …`).
    pub fn values_of(&self, name: &str) -> Vec<Item> {
        let mut values = Vec::new();
        for (at, _) in self.source.match_indices(name) {
            let bytes = self.source.as_bytes();
            let starts = at == 0 || !is_name_byte(bytes[at - 1]);
            let mut behind = at + name.len();
            if bytes.get(behind).is_some_and(|quote| matches!(quote, b'"' | b'\'')) {
                behind += 1;
            }
            let rest = self.source[behind..].trim_start();
            let start = self.source.len() - rest.len();
            let assigned = rest.starts_with(':') || (rest.starts_with('=') && !rest.starts_with("=="));
            if starts && assigned && !rest.starts_with("=>") {
                values.push(literal::read(&self.source, start + 1, &self.names));
            }
        }
        values
    }
}

/// `const x = …`, `let`, `var`, with or without `export`; the first declaration of a name counts.
fn read_constants(source: &str) -> Names {
    let mut names = Names { constants: BTreeMap::new(), budget: Cell::new(BUDGET) };
    for (at, keyword) in declarations(source) {
        let rest = source[at + keyword..].trim_start();
        let length = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
        let name = &rest[..length];
        let behind = rest[length..].trim_start();
        // A type annotation stands between the name and the value in TypeScript.
        let equals = if behind.starts_with(':') { behind.find(['=', '\n', ';']) } else { Some(0) };
        let Some(behind) = equals.map(|at| &behind[at..]).filter(|rest| rest.starts_with('=')) else { continue };
        if name.is_empty() || names.constants.contains_key(name) {
            continue;
        }
        let start = source.len() - behind.len() + 1;
        let item = literal::read(source, start, &names);
        names.constants.insert(name.to_owned(), item);
    }
    names
}

/// Where declarations start, and how long their keyword is.
fn declarations(source: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for keyword in ["const ", "let ", "var "] {
        let at_word = |&(at, _): &(usize, &str)| at == 0 || !is_name_byte(source.as_bytes()[at - 1]);
        found.extend(source.match_indices(keyword).filter(at_word).map(|(at, word)| (at, word.len())));
    }
    found.sort_unstable();
    found
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(source: &str) -> Value {
        Script::new(source).values_of("x").pop().expect("a value").value
    }

    #[test]
    fn constants_sums_and_defaults_are_worked_out() {
        for (source, wanted) in [
            ("const A = 90; o = { x: 'p(95)<' + A }", Value::Text("p(95)<90".into())),
            ("const A = 90; o = { x: `p(95)<${A}` }", Value::Text("p(95)<90".into())),
            ("const A: number = 2 * 50; o = { 'x': A }", Value::Number(100.0)),
            ("o = { x: __ENV.LIMIT || 500 }", Value::Number(500.0)),
            ("o = { x: __ENV.LIMIT ? __ENV.LIMIT : 500 }", Value::Unknown),
            ("const L = { a: { b: 7 } }; o = { x: L.a.b }", Value::Number(7.0)),
            ("options.x = 1_000", Value::Number(1000.0)),
            ("o = { x: true }", Value::Bool(true)),
            ("o = { x: f(1) }", Value::Unknown),
            ("const A = 1 // 2\no = { x: /* 5 */ A }", Value::Number(1.0)),
        ] {
            assert_eq!(value(source), wanted, "{source}");
        }
    }

    #[test]
    fn objects_and_lists_nest_with_places() {
        let source = "export const options = { x: { 'a{b:c}': ['p(99)<250', { threshold: 'max<9', abortOnFail: true }], ...y, m() { return 1 } } };";
        let item = Script::new(source).values_of("x").remove(0);
        let Value::List(items) = &item.get("a{b:c}").unwrap().value else { panic!("a list") };
        assert_eq!(&source[items[0].range.clone()], "'p(99)<250'");
        assert_eq!(items[1].get("threshold").unwrap().as_str(), Some("max<9"));
    }

    #[test]
    fn words_in_strings_and_longer_names_are_not_properties() {
        assert_eq!(Script::new("const ax = 1; if (x == 2) {} const f = x => 1").values_of("x"), []);
    }

    #[test]
    fn depth_and_broken_text_do_no_harm() {
        for source in ["x: ".to_owned() + &"[".repeat(100_000), "x: '".into(), "x: `${".into(), "x: {a".into()] {
            let _ = Script::new(&source).values_of("x");
        }
    }
}
