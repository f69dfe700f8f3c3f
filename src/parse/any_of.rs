//! Searches a text for any of some words, without preparing more than the search needs.
//!
//! In: a few words. Out: whether and where one of them stands, leftmost first. A vector search is ready at once; the
//! automaton, which takes longer to build than to search a few files by, is for machines and lists that have none.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind, packed};

#[derive(Debug)]
pub(crate) enum AnyOf {
    Vector(packed::Searcher),
    Automaton(AhoCorasick),
}

impl AnyOf {
    pub(crate) fn new(words: &[&str]) -> AnyOf {
        let vector = packed::Searcher::new(words).map(AnyOf::Vector);
        vector.unwrap_or_else(|| AnyOf::Automaton(automaton(words)))
    }

    pub(crate) fn is_in(&self, text: &str) -> bool {
        self.find(text, 0).is_some()
    }

    /// Where words stand, none within another.
    pub(crate) fn find_iter<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
        let mut at = 0;
        std::iter::from_fn(move || {
            let found = self.find(text, at)?;
            at = found.end;
            Some(found)
        })
    }

    fn find(&self, text: &str, at: usize) -> Option<Range<usize>> {
        let span = (at..text.len()).into();
        let found = match self {
            AnyOf::Vector(searcher) => searcher.find_in(text, span),
            AnyOf::Automaton(automaton) => automaton.find(aho_corasick::Input::new(text).span(span)),
        };
        found.map(|found| found.range())
    }
}

fn automaton(words: &[&str]) -> AhoCorasick {
    let builder = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(words);
    builder.expect("because the words are few and fixed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_searches_find_the_same() {
        let words = ["slo", "p99", "atency", "p9"];
        let text = format!("{} slow p99 p95 latency, slos{}", "x".repeat(100), " p9".repeat(40));
        let automaton = AnyOf::Automaton(automaton(&words));
        let places: Vec<_> = AnyOf::new(&words).find_iter(&text).collect();
        assert_eq!(places.len(), 45);
        assert_eq!(places, automaton.find_iter(&text).collect::<Vec<_>>());
        for (text, found) in [("", false), ("p", false), ("a p9", true), (&text[..100], false), (&text, true)] {
            assert_eq!((AnyOf::new(&words).is_in(text), automaton.is_in(text)), (found, found), "{text}");
        }
    }
}
