//! JSONPath (RFC 9535) over the tree of a configuration file, within bounds.
//!
//! In: a query that a user wrote, and the [`Node`] of a YAML, JSON or TOML file. Out: what it selects, each with its
//! byte range. The library's grammar takes exponential time in nested calls, and a query may ask for every pair of
//! nodes: length and nesting are checked before parsing, and a query stops where its budget for one file ends.

use std::cell::Cell;
use std::ops::Range;

use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use jsonpath_rust::query::queryable::Queryable;

use super::tree::{Node, Value};
use crate::panics;

/// Bytes of one query, and its nesting of brackets and calls.
pub const LONGEST: usize = 256;
pub const DEEPEST: usize = 8;
/// Values of one document.
const NODES: usize = 200_000;
/// Bytes of paths that one query may build in one document.
const BUDGET: u64 = 32 << 20;
/// What asking for a text costs where it may be compiled as a pattern.
const PATTERN: u64 = 64 << 10;

thread_local! {
    /// What is left for the query that runs on this thread: the library calls back through `Queryable` alone.
    static LEFT: Cell<u64> = const { Cell::new(0) };
    static PATTERNS: Cell<bool> = const { Cell::new(false) };
}

/// A parsed query.
#[derive(Clone, Debug)]
pub struct Path {
    query: JpQuery,
    has_patterns: bool,
}

/// A value of a document, as queries see it.
#[derive(Clone, Debug, Default)]
pub struct Datum {
    pub range: Range<usize>,
    /// Bytes of the path that leads here.
    depth: u64,
    kind: Kind,
}

#[derive(Clone, Debug, Default, PartialEq)]
enum Kind {
    #[default]
    Null,
    Flag(bool),
    /// With the text as written.
    Number(f64, String),
    Text(String),
    List(Vec<Datum>),
    Map(Vec<(String, Datum)>),
}

impl Path {
    /// Parses a query; `Err` says what is wrong with it.
    pub fn parse(text: &str) -> Result<Path, String> {
        bounded(text)?;
        let has_patterns = has_patterns(text)?;
        let parsed = panics::caught(|| parse_json_path(text)).map_err(|_| "it cannot be read".to_owned())?;
        let query = parsed.map_err(|error| reason(&error.to_string()))?;
        Ok(Path { query, has_patterns })
    }

    /// What it selects, in order, and whether the budget was enough to see everything.
    pub fn find<'d>(&self, root: &'d Datum) -> (Vec<&'d Datum>, bool) {
        LEFT.set(BUDGET);
        PATTERNS.set(self.has_patterns);
        let found = panics::caught(|| js_path_process(&self.query, root));
        let found = found.ok().and_then(Result::ok).unwrap_or_default();
        (found.into_iter().map(|found| found.val).collect(), LEFT.get() > 0)
    }
}

fn bounded(text: &str) -> Result<(), String> {
    if text.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    let mut depth = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'[' | b'(' => depth += 1,
            b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Err(format!("it is nested deeper than {DEEPEST}"));
        }
    }
    Ok(())
}

/// Whether it matches patterns. They are compiled for every value, so they must stand in the query, small.
fn has_patterns(text: &str) -> Result<bool, String> {
    let mut any = false;
    for call in ["match(", "search("] {
        for (at, _) in text.match_indices(call) {
            any = true;
            let rest = &text[at + call.len()..];
            let pattern = rest.split_once(',').map_or("", |(_, pattern)| pattern.trim_start());
            if !pattern.starts_with(['\'', '"']) || pattern.contains('{') {
                return Err(format!("`{call}…)` takes a pattern in quotes, without counted repetitions"));
            }
        }
    }
    Ok(any)
}

/// The library draws the query with a caret, several lines; the last says what was expected.
fn reason(error: &str) -> String {
    let last = error.lines().rev().map(|line| line.trim().trim_start_matches("= ")).find(|line| !line.is_empty());
    last.unwrap_or("it cannot be read").to_owned()
}

impl Datum {
    /// A document as queries see it; `None` for one that is too large.
    pub fn of(node: &Node) -> Option<Datum> {
        datum(node, 1, &mut NODES.clone(), 64)
    }

    /// The text of a scalar; `None` for lists and tables.
    pub fn text(&self) -> Option<String> {
        match &self.kind {
            Kind::Text(text) | Kind::Number(_, text) => Some(text.clone()),
            Kind::Flag(flag) => Some(flag.to_string()),
            Kind::Null | Kind::List(_) | Kind::Map(_) => None,
        }
    }
}

/// Aliases are entered as often as they are named, until the number of nodes or the hops run out.
fn datum(node: &Node, depth: u64, left: &mut usize, hops: usize) -> Option<Datum> {
    *left = left.checked_sub(1)?;
    let kind = match &node.value {
        Value::Null => Kind::Null,
        Value::Plain(text) => plain(text),
        Value::Quoted(text) | Value::Templated(text) => Kind::Text(text.clone()),
        Value::List(items) => {
            let items: Option<Vec<Datum>> = items.iter().map(|item| datum(item, depth + 6, left, hops)).collect();
            Kind::List(items?)
        }
        Value::Map(pairs) => {
            let mut map = Vec::with_capacity(pairs.len());
            for (key, value) in pairs {
                let key = key.written().unwrap_or_default();
                map.push((key.to_owned(), datum(value, depth + key.len() as u64 + 4, left, hops)?));
            }
            Kind::Map(map)
        }
        Value::Shared(inner) => {
            let shared = datum(inner, depth, left, hops.checked_sub(1)?)?;
            return Some(Datum { range: node.range.clone(), ..shared });
        }
    };
    Some(Datum { range: node.range.clone(), depth, kind })
}

fn plain(text: &str) -> Kind {
    match text {
        "true" | "True" | "TRUE" => Kind::Flag(true),
        "false" | "False" | "FALSE" => Kind::Flag(false),
        "null" | "~" | "" => Kind::Null,
        _ => match text.replace('_', "").parse::<f64>() {
            Ok(number) if number.is_finite() => Kind::Number(number, text.to_owned()),
            _ => Kind::Text(text.to_owned()),
        },
    }
}

/// Takes from the budget; `false` where there is none left.
fn pay(cost: u64) -> bool {
    let left = LEFT.get().saturating_sub(cost);
    LEFT.set(left);
    left > 0
}

impl Queryable for Datum {
    fn get(&self, key: &str) -> Option<&Datum> {
        let Kind::Map(pairs) = &self.kind else { return None };
        if !pay(self.depth + pairs.len() as u64) {
            return None;
        }
        let merged = || pairs.iter().filter(|(name, _)| name == "<<").find_map(|(_, base)| base.get(key));
        pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value).or_else(merged)
    }

    fn as_array(&self) -> Option<&Vec<Datum>> {
        let Kind::List(items) = &self.kind else { return None };
        pay((self.depth + 8) * (items.len() as u64 + 1)).then_some(items)
    }

    fn as_object(&self) -> Option<Vec<(&str, &Datum)>> {
        let Kind::Map(pairs) = &self.kind else { return None };
        let keys: u64 = pairs.iter().map(|(key, _)| key.len() as u64 + 4).sum();
        let cost = (self.depth + 8) * (pairs.len() as u64 + 1) + keys;
        pay(cost).then(|| pairs.iter().map(|(key, value)| (key.as_str(), value)).collect())
    }

    fn as_str(&self) -> Option<&str> {
        let Kind::Text(text) = &self.kind else { return None };
        pay(if PATTERNS.get() { PATTERN } else { 1 }).then_some(text)
    }

    fn as_i64(&self) -> Option<i64> {
        match &self.kind {
            Kind::Number(number, _) if number.fract() == 0.0 && number.abs() < 9e15 => Some(*number as i64),
            _ => None,
        }
    }

    fn as_f64(&self) -> Option<f64> {
        match &self.kind {
            Kind::Number(number, _) => Some(*number),
            _ => None,
        }
    }

    fn as_bool(&self) -> Option<bool> {
        match &self.kind {
            Kind::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    fn null() -> Datum {
        Datum::default()
    }
}

impl PartialEq for Datum {
    /// Values are equal wherever they stand; comparing large ones is paid for like walking them.
    fn eq(&self, other: &Datum) -> bool {
        pay(8) && self.kind == other.kind
    }
}

fn made(kind: Kind) -> Datum {
    Datum { kind, ..Datum::default() }
}

impl From<&str> for Datum {
    fn from(text: &str) -> Datum {
        made(Kind::Text(text.to_owned()))
    }
}

impl From<String> for Datum {
    fn from(text: String) -> Datum {
        made(Kind::Text(text))
    }
}

impl From<bool> for Datum {
    fn from(flag: bool) -> Datum {
        made(Kind::Flag(flag))
    }
}

impl From<i64> for Datum {
    fn from(number: i64) -> Datum {
        made(Kind::Number(number as f64, number.to_string()))
    }
}

impl From<f64> for Datum {
    fn from(number: f64) -> Datum {
        made(Kind::Number(number, number.to_string()))
    }
}

impl From<Vec<Datum>> for Datum {
    fn from(items: Vec<Datum>) -> Datum {
        made(Kind::List(items))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::parse::{json, yaml};

    fn found(query: &str, text: &str) -> Vec<String> {
        let node = json::parse(text).unwrap().unwrap();
        let root = Datum::of(&node).unwrap();
        let (found, whole) = Path::parse(query).unwrap().find(&root);
        assert!(whole, "{query}");
        found.into_iter().map(|datum| text[datum.range.clone()].to_owned()).collect()
    }

    #[test]
    fn selects_by_name_index_filter_and_function_and_knows_the_place() {
        let text = r#"{"slos": [{"kind": "latency", "ms": 5}, {"kind": "errors", "ms": 0.5}, {"kind": "late"}]}"#;
        for (query, wanted) in [
            ("$.slos[0].ms", &["5"][..]),
            ("$.slos[-1]['kind']", &["\"late\""]),
            ("$..ms", &["5", "0.5"]),
            ("$.slos[?@.kind == 'latency'].ms", &["5"]),
            ("$.slos[?@.ms < 1].ms", &["0.5"]),
            ("$.slos[?search(@.kind, 'lat')].kind", &["\"latency\"", "\"late\""]),
            ("$.slos[?length(@.kind) > 6].kind", &["\"latency\""]),
            ("$.slos[1:].kind", &["\"errors\"", "\"late\""]),
            ("$.nothing", &[]),
        ] {
            assert_eq!(found(query, text), wanted, "{query}");
        }
    }

    #[test]
    fn aliases_and_merge_keys_are_seen_through() {
        let text = "base: &b {limit: 5}\none: *b\ntwo:\n  <<: *b\n  x: 1\n";
        let tree = yaml::parse(text);
        let root = Datum::of(&tree.documents[0]).unwrap();
        for query in ["$.one.limit", "$.two.limit"] {
            let (found, _) = Path::parse(query).unwrap().find(&root);
            assert_eq!(found.iter().filter_map(|datum| datum.text()).collect::<Vec<_>>(), ["5"], "{query}");
        }
    }

    #[test]
    fn what_is_no_query_or_none_that_is_taken_says_why() {
        let deep = format!("$[?{}@.a{}]", "(".repeat(9), ")".repeat(9));
        let long = format!("$.{}", "a".repeat(300));
        for (query, why) in [
            ("", ""),
            ("slos", ""),
            ("$.slos[", ""),
            ("$.slos[?@.a ==]", ""),
            (deep.as_str(), "nested deeper"),
            (long.as_str(), "longer than"),
            ("$[?match(@.a, @.b)]", "in quotes"),
            ("$[?match(@.a, '\\\\w{100}')]", "counted repetitions"),
        ] {
            let reason = Path::parse(query).unwrap_err();
            assert!(!reason.is_empty() && !reason.contains('\n') && reason.contains(why), "{query}: {reason}");
        }
    }

    /// Every pair of nodes, long keys, patterns over many values: each ends, and says that it did not see all.
    #[test]
    fn a_query_that_asks_too_much_ends_and_says_so() {
        let deep = format!("{}{}{}", "[1,[2],".repeat(200), "3", "]".repeat(200));
        let wide = format!("[{}]", vec!["[1,2,[3,[4]]]"; 20_000].join(","));
        let long = format!("{{\"{}\": [{}]}}", "k".repeat(100_000), vec!["{\"a\":{}}"; 20_000].join(","));
        let texts = format!("[{}]", vec!["\"aaaaaaaaaaaaaaaaaaaaaaaa\""; 20_000].join(","));
        for (query, text) in
            [("$..*..*..*", &deep), ("$[?$..*[?@ == 1]]", &wide), ("$..a", &long), ("$[?match(@, '(a*)*b')]", &texts)]
        {
            let node = json::parse(text).unwrap().unwrap();
            let root = Datum::of(&node).unwrap();
            let start = Instant::now();
            let (_, whole) = Path::parse(query).unwrap().find(&root);
            assert!(!whole && start.elapsed().as_secs() < 20, "{query}: {:?}", start.elapsed());
        }
    }

    #[test]
    fn a_bomb_of_aliases_is_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..9 {
            let last = n - 1;
            text.push_str(&format!("a{n}: &a{n} [{}]\n", vec![format!("*a{last}"); 9].join(", ")));
        }
        assert!(Datum::of(&yaml::parse(&text).documents[0]).is_none());
    }
}
