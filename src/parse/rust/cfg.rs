//! `cfg` predicates, as far as they tell test code from the rest.

use std::ops::Range;

use super::lex::Kind;
use super::tokens::Tokens;
use crate::parse::cut;
use crate::problem::Class;

/// Whether a predicate can hold in nothing but tests: `test`, `all(test, …)`, `any(test, fuzzing)`, a feature for tests.
pub(crate) fn is_test_only(tokens: &Tokens<'_>, range: Range<usize>) -> bool {
    predicate(tokens, range, 0)
}

/// Deeper predicates than this are not read; they are no test code then.
const DEPTH: usize = 16;

fn predicate(tokens: &Tokens<'_>, range: Range<usize>, depth: usize) -> bool {
    if depth > DEPTH {
        cut::met("levels of a `cfg` predicate", DEPTH, Class::Partial);
    }
    if range.is_empty() || depth > DEPTH {
        return false;
    }
    let inside = |open: usize| open + 1..tokens.close(open).min(range.end);
    match tokens.at(range.start) {
        "test" | "loom" | "fuzzing" | "kani" | "miri" | "doctest" => range.len() == 1,
        "feature" if tokens.is(range.start + 1, b'=') => is_test_feature(tokens.at(range.start + 2)),
        "all" if tokens.is(range.start + 1, b'(') => {
            parts(tokens, inside(range.start + 1)).into_iter().any(|part| predicate(tokens, part, depth + 1))
        }
        "any" if tokens.is(range.start + 1, b'(') => {
            let parts = parts(tokens, inside(range.start + 1));
            !parts.is_empty() && parts.into_iter().all(|part| predicate(tokens, part, depth + 1))
        }
        _ => false,
    }
}

fn is_test_feature(literal: &str) -> bool {
    let name = literal.trim_matches('"');
    name.split(['-', '_'])
        .any(|word| matches!(word, "test" | "tests" | "testing" | "mock" | "mocks" | "fuzz" | "fuzzing"))
}

/// Splits at commas of the outermost level.
fn parts(tokens: &Tokens<'_>, range: Range<usize>) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = range.start;
    let mut at = range.start;
    while at < range.end {
        match tokens.kind(at) {
            Some(Kind::Open) => at = tokens.close(at),
            Some(Kind::Punct) if tokens.is(at, b',') => {
                parts.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    if start < range.end {
        parts.push(start..range.end);
    }
    parts
}
