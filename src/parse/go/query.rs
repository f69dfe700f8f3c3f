//! Queries over the syntax trees of Go, as users write them.
//!
//! In: a query in tree-sitter's language, and the text of a Go file. Out: for each match the captures by name, with
//! their byte ranges. Its predicates (`#eq?`, `#match?`) are part of it; patterns are matched in linear time.

mod shape;

use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tree_sitter::{QueryCursor, QueryCursorOptions, QueryCursorState, StreamingIterator};

use super::tree::{LARGEST, parse};

/// A query is a user's own; what it may take in one file.
const DEADLINE: Duration = Duration::from_secs(5);

/// Bytes of one query, and its nesting.
pub const LONGEST: usize = 4096;
const DEEPEST: usize = 64;
/// Matches that are open at once; more are dropped by the library.
const OPEN: u32 = 4096;

/// A compiled query.
#[derive(Clone, Debug)]
pub struct Query(Arc<tree_sitter::Query>);

/// The captures of one match: name and place.
pub type Captures = Vec<(String, Range<usize>)>;

impl Query {
    /// Compiles a query; `Err` says where and what is wrong with it.
    pub fn parse(text: &str) -> Result<Query, (usize, String)> {
        if text.len() > LONGEST {
            return Err((0, format!("it is longer than {LONGEST} bytes")));
        }
        if text.bytes().filter(|byte| matches!(byte, b'(' | b'[')).count() > DEEPEST {
            return Err((0, format!("it has more than {DEEPEST} brackets")));
        }
        shape::check(text).map_err(|(at, why)| (at, why.to_owned()))?;
        let compiled = tree_sitter::Query::new(&tree_sitter_go::LANGUAGE.into(), text);
        let query = compiled.map_err(|error| (error.offset, told(&error)))?;
        Ok(Query(Arc::new(query)))
    }

    pub fn captures(&self) -> &[&str] {
        self.0.capture_names()
    }

    /// Up to `most` matches in a file, and whether it was seen whole: a hostile file may take long.
    pub fn find(&self, text: &str, most: usize) -> (Vec<Captures>, bool) {
        let Some(tree) = (text.len() <= LARGEST).then(|| parse(text)).flatten() else { return (Vec::new(), false) };
        let start = Instant::now();
        let mut in_time = |_: &QueryCursorState| {
            if start.elapsed() < DEADLINE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let mut cursor = QueryCursor::new();
        cursor.set_match_limit(OPEN);
        let options = QueryCursorOptions::new().progress_callback(&mut in_time);
        let mut all = Vec::new();
        {
            let mut matches = cursor.matches_with_options(&self.0, tree.root_node(), text.as_bytes(), options);
            while let Some(found) = matches.next() {
                if all.len() == most {
                    return (all, false);
                }
                let name = |index: u32| self.0.capture_names()[index as usize].to_owned();
                all.push(found.captures().iter().map(|one| (name(one.index), one.node.byte_range())).collect());
            }
        }
        let whole = !cursor.did_exceed_match_limit() && start.elapsed() < DEADLINE;
        (all, whole)
    }
}

fn told(error: &tree_sitter::QueryError) -> String {
    use tree_sitter::QueryErrorKind::{Capture, Field, Language, NodeType, Predicate, Structure, Syntax};
    let first = error.message.lines().next().unwrap_or_default().trim_matches('"');
    match error.kind {
        NodeType => format!("Go has no node `{first}`"),
        Field => format!("Go has no field `{first}`"),
        Capture => format!("no capture is called `{first}`"),
        Structure => "no Go code has this structure".to_owned(),
        Syntax => "it cannot be read from here".to_owned(),
        Predicate | Language => first.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: &str = r#"
        (call_expression
          function: (selector_expression field: (field_identifier) @name)
          arguments: (argument_list (_) @limit)
          (#eq? @name "Budget"))"#;

    #[test]
    fn captures_come_with_their_places() {
        let text = "package a\n\nfunc f() { slo.Budget(5 * time.Millisecond); slo.Other(3) }\n";
        let query = Query::parse(CALL).unwrap();
        assert_eq!(query.captures(), ["name", "limit"]);
        let (found, whole) = query.find(text, 10);
        let shown: Vec<(&str, &str)> =
            found.iter().flatten().map(|(name, range)| (name.as_str(), &text[range.clone()])).collect();
        assert_eq!(shown, [("name", "Budget"), ("limit", "5 * time.Millisecond")]);
        assert!(whole);
    }

    #[test]
    fn what_is_no_query_says_where_and_why() {
        for (text, at, why) in [
            ("(call_expresion) @a", 1, "no node `call_expresion`"),
            ("(call_expression functoin: (_)) @a", 17, "no field `functoin`"),
            ("(call_expression", 16, "is not closed"),
            ("(call_expression) @a (#eq? @b \"x\")", 28, "no capture is called `b`"),
        ] {
            let (offset, reason) = Query::parse(text).unwrap_err();
            assert!(reason.contains(why), "{text}: {reason}");
            assert!(offset <= text.len() && (at == 0 || offset.abs_diff(at) <= 2), "{text}: {offset}");
        }
        assert!(Query::parse(&"(_) ".repeat(100)).unwrap_err().1.contains("brackets"));
    }

    #[test]
    fn a_file_with_too_many_matches_says_that_it_was_not_seen_whole() {
        let text = format!("package a\nfunc f() {{ {} }}\n", "slo.Budget(1);".repeat(50));
        let (found, whole) = Query::parse(CALL).unwrap().find(&text, 10);
        assert_eq!((found.len(), whole), (10, false));
    }
}
