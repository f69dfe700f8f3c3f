//! The tokens of one Rust file without its test code, with delimiters paired.
//!
//! Left out: items under `#[cfg(test)]` and its like, functions under `#[test]` and its like, and bodies of
//! `mod tests`. What remains is what detectors mean by "the code".

use std::ops::Range;

use super::broken::{UNMATCHED, endless};
use super::cfg;
use super::lex::{Kind, Token, WORDS, lex};
use crate::parse::cut;
use crate::problem::Class;

/// Marks an opening delimiter that nothing closes.
const UNPAIRED: u32 = u32::MAX;

pub(crate) struct Tokens<'t> {
    pub(crate) text: &'t str,
    list: Vec<Token>,
    /// For an opening delimiter, the index of what closes it.
    pairs: Vec<u32>,
    /// Tokens that are listed words.
    marked: Vec<u32>,
    /// Identifiers with `::` behind them.
    paths: Vec<u32>,
    /// Items under `#[cfg(…)]`: their tokens and the predicate, outer ones first.
    conditions: Vec<(Range<usize>, Range<usize>)>,
    /// Bytes of what was left out, in order.
    tests: Vec<Range<usize>>,
    /// Where the text cannot be Rust, and why.
    pub(crate) broken: Option<(Range<usize>, &'static str)>,
}

/// Conditions that are looked at; more than any file has.
const CONDITIONS: usize = 1000;
/// Places that [`Tokens::best`] looks at.
const PLACES: usize = 64;

impl<'t> Tokens<'t> {
    /// Reads a text; `tests` keeps test code.
    pub(crate) fn new(text: &'t str, tests: bool) -> Tokens<'t> {
        let list = lex(text);
        let mut tokens = Tokens {
            text,
            broken: endless(text, &list),
            list,
            pairs: Vec::new(),
            marked: Vec::new(),
            paths: Vec::new(),
            conditions: Vec::new(),
            tests: Vec::new(),
        };
        let unmatched = tokens.pair();
        if tokens.broken.is_none() {
            tokens.broken = unmatched.map(|at| (tokens.range(at, at), UNMATCHED));
        }
        if !tests {
            tokens.drop_tests();
        }
        tokens.conditions = tokens.find_conditions();
        tokens
    }

    /// Returns the tokens that are one of these words, in order.
    pub(crate) fn places(&self, words: &[&str]) -> Vec<usize> {
        let Some(wanted) = WORDS.wanted(words) else {
            return (0..self.list.len()).filter(|&at| words.contains(&self.at(at))).collect();
        };
        let places = self.marked.iter().map(|&at| at as usize);
        places.filter(|&at| wanted.has(self.list[at].word)).collect()
    }

    /// Whether any of these words is there.
    pub(crate) fn has_any(&self, words: &[&str]) -> bool {
        match WORDS.wanted(words) {
            Some(wanted) => self.marked.iter().any(|&at| wanted.has(self.list[at as usize].word)),
            None => (0..self.list.len()).any(|at| words.contains(&self.at(at))),
        }
    }

    /// Returns the identifiers with `::` behind them, in order.
    pub(crate) fn path_parts(&self) -> impl Iterator<Item = usize> + '_ {
        self.paths.iter().map(|&at| at as usize)
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Returns the text of a token, empty past the end.
    pub(crate) fn at(&self, index: usize) -> &'t str {
        self.list.get(index).map_or("", |token| &self.text[token.start as usize..token.end as usize])
    }

    pub(crate) fn kind(&self, index: usize) -> Option<Kind> {
        self.list.get(index).map(|token| token.kind)
    }

    pub(crate) fn is_ident(&self, index: usize) -> bool {
        self.kind(index) == Some(Kind::Ident)
    }

    /// Whether the token is this one byte of punctuation or this delimiter.
    pub(crate) fn is(&self, index: usize, byte: u8) -> bool {
        self.list.get(index).is_some_and(|token| {
            !matches!(token.kind, Kind::Ident | Kind::Number | Kind::Lifetime)
                && token.end == token.start + 1
                && self.text.as_bytes()[token.start as usize] == byte
        })
    }

    pub(crate) fn is_path_separator(&self, index: usize) -> bool {
        self.is(index, b':') && self.is(index + 1, b':')
    }

    /// Returns the index of what closes the delimiter at `open`, or of the end.
    pub(crate) fn close(&self, open: usize) -> usize {
        match self.pairs.get(open) {
            Some(&close) if close != UNPAIRED => close as usize,
            _ => self.list.len(),
        }
    }

    /// Whether the token is this word; compares bytes, for that is asked of nearly every token.
    pub(crate) fn is_word(&self, index: usize, word: &str) -> bool {
        self.list.get(index).is_some_and(|token| {
            (token.end - token.start) as usize == word.len()
                && self.text.as_bytes()[token.start as usize..token.end as usize] == *word.as_bytes()
        })
    }

    /// Whether tokens from `index` on read as these words, each one token.
    pub(crate) fn reads(&self, index: usize, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(ahead, word)| self.is_word(index + ahead, word))
    }

    /// Returns the byte range from one token to another, both included.
    pub(crate) fn range(&self, first: usize, last: usize) -> Range<usize> {
        let end = self.list.get(last).or(self.list.last()).map_or(0, |token| token.end as usize);
        let start = self.list.get(first).map_or(end, |token| token.start as usize);
        start..end.max(start)
    }

    /// Returns the index of the token at or after a byte.
    pub(crate) fn index_of(&self, byte: usize) -> usize {
        self.list.partition_point(|token| (token.end as usize) <= byte)
    }

    /// Whether a byte lies in test code.
    pub(crate) fn is_test(&self, byte: usize) -> bool {
        let after = self.tests.partition_point(|range| range.start <= byte);
        after > 0 && self.tests[after - 1].contains(&byte)
    }

    /// Returns the innermost `cfg` predicate under which a token counts, as written.
    pub(crate) fn constraint(&self, index: usize) -> Option<String> {
        let (_, predicate) = self.conditions.iter().rev().find(|(item, _)| item.contains(&index))?;
        Some(self.text[predicate.clone()].split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Chooses the first of some places that counts always, else the first.
    pub(crate) fn best(&self, places: impl Iterator<Item = usize>) -> Option<usize> {
        let mut first = None;
        for at in places.take(PLACES) {
            if !self.conditions.iter().any(|(item, _)| item.contains(&at)) {
                return Some(at);
            }
            first = first.or(Some(at));
        }
        first
    }

    fn find_conditions(&self) -> Vec<(Range<usize>, Range<usize>)> {
        let mut found = Vec::new();
        for at in self.places(&["#"]) {
            let inner = self.is(at + 1, b'!');
            let open = at + 1 + usize::from(inner);
            if !self.reads(open, &["[", "cfg", "("]) {
                continue;
            }
            if found.len() >= CONDITIONS {
                cut::met("`cfg` attributes of a file", CONDITIONS, Class::Partial);
                break;
            }
            let close = self.close(open);
            if close < open + 5 || close >= self.list.len() {
                continue;
            }
            let item = if inner { 0..self.list.len() } else { close + 1..self.item_end(close + 1) };
            found.push((item, self.range(open + 3, close - 2)));
        }
        found
    }

    /// Pairs delimiters and notes listed words; returns the first delimiter that does not fit.
    fn pair(&mut self) -> Option<usize> {
        self.pairs.clear();
        self.pairs.resize(self.list.len(), UNPAIRED);
        self.marked.clear();
        self.paths.clear();
        let byte = |index: usize| self.text.as_bytes()[self.list[index].start as usize];
        let colon = WORDS.number(b":");
        let (mut open, mut unmatched) = (Vec::new(), None);
        for (index, token) in self.list.iter().enumerate() {
            match token.kind {
                Kind::Open => open.push(index),
                Kind::Close => {
                    let start = open.pop();
                    if let Some(start) = start {
                        self.pairs[start] = index as u32;
                    }
                    let fits = |start| matches!((byte(start), byte(index)), (b'(', b')') | (b'[', b']') | (b'{', b'}'));
                    if unmatched.is_none() && !start.is_some_and(fits) {
                        unmatched = Some(index);
                    }
                }
                _ if token.word == 0 => {}
                Kind::Punct if token.word == colon => {
                    let path = index > 0 && self.list[index - 1].kind == Kind::Ident;
                    if path && self.list.get(index + 1).is_some_and(|next| next.word == colon) {
                        self.paths.push(index as u32 - 1);
                    }
                }
                _ => self.marked.push(index as u32),
            }
        }
        unmatched.or(open.pop())
    }

    fn drop_tests(&mut self) {
        let dropped = self.test_ranges();
        if dropped.is_empty() {
            return;
        }
        self.tests = dropped.iter().map(|range| self.range(range.start, range.end - 1)).collect();
        // In its place: there is much of it.
        let (mut kept, mut at, all) = (0, 0, self.list.len());
        for range in dropped.into_iter().chain(std::iter::once(all..all)) {
            let from = at.min(range.start);
            self.list.copy_within(from..range.start, kept);
            kept += range.start - from;
            at = range.end.max(at);
        }
        self.list.truncate(kept);
        self.pair();
    }

    fn test_ranges(&self) -> Vec<Range<usize>> {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        let mut next = 0;
        for at in self.places(&["#", "mod"]) {
            if at < next {
                continue;
            }
            let end = if self.is(at, b'#') {
                match self.test_attribute(at) {
                    Some(Whole::File) => {
                        ranges.clear();
                        ranges.push(0..self.list.len());
                        return ranges;
                    }
                    Some(Whole::Item(after)) => self.item_end(after),
                    None => at,
                }
            } else if is_test_module(self.at(at + 1)) && self.is(at + 2, b'{') {
                (self.close(at + 2) + 1).min(self.list.len())
            } else {
                at
            };
            if end > at {
                ranges.push(at..end);
                next = end;
            }
        }
        ranges
    }

    /// Reads the attribute at `#`; says what is test code because of it.
    fn test_attribute(&self, hash: usize) -> Option<Whole> {
        let inner = self.is(hash + 1, b'!');
        let open = hash + 1 + usize::from(inner);
        if !self.is(open, b'[') {
            return None;
        }
        let close = self.close(open);
        let is_test = match self.at(open + 1) {
            "cfg" => cfg::is_test_only(self, open + 3..close.saturating_sub(1)),
            "test" | "bench" | "rstest" | "quickcheck" | "test_case" | "wasm_bindgen_test" | "proptest" => !inner,
            // `#[tokio::test]` and its like: a path that ends in `test`.
            _ => !inner && self.path_ends_in_test(open + 1, close),
        };
        match (is_test, inner) {
            (false, _) => None,
            // An inner attribute of a nested module is rare; at the top it is about the file.
            (true, true) => (hash < 64).then_some(Whole::File),
            (true, false) => Some(Whole::Item(close + 1)),
        }
    }

    fn path_ends_in_test(&self, start: usize, close: usize) -> bool {
        let mut at = start;
        while self.is_ident(at) && self.is_path_separator(at + 1) {
            at += 3;
        }
        at > start && matches!(self.at(at), "test" | "rstest") && (at + 1 == close || self.is(at + 1, b'('))
    }

    /// Returns the index after the item that starts at `at`, which may still have attributes.
    pub(crate) fn item_end(&self, mut at: usize) -> usize {
        while self.is(at, b'#') && self.is(at + 1, b'[') {
            at = self.close(at + 1) + 1;
        }
        let to_semicolon = matches!(self.at(at), "use" | "let" | "const" | "static" | "type")
            && !matches!(self.at(at + 1), "fn" | "unsafe" | "extern" | "async")
            || (self.at(at) == "pub" && self.reads(at + 1, &["use"]));
        let is_item = to_semicolon || is_item_word(self.at(at));
        while at < self.list.len() {
            match self.kind(at) {
                Some(Kind::Open) => {
                    let close = self.close(at);
                    if self.is(at, b'{') && !to_semicolon {
                        return (close + 1).min(self.list.len());
                    }
                    at = close;
                }
                // The end of what holds it: a last field, or a broken file.
                Some(Kind::Close) => return at,
                Some(Kind::Punct) if self.is(at, b';') => return at + 1,
                Some(Kind::Punct) if self.is(at, b',') && !is_item => return at + 1,
                _ => {}
            }
            at += 1;
        }
        self.list.len()
    }
}

enum Whole {
    File,
    /// The item that starts at this index.
    Item(usize),
}

fn is_test_module(name: &str) -> bool {
    matches!(name, "test" | "tests" | "unit_tests" | "testing" | "proptests" | "prop_tests" | "unit_test")
}

fn is_item_word(word: &str) -> bool {
    matches!(
        word,
        "fn" | "mod"
            | "struct"
            | "enum"
            | "union"
            | "impl"
            | "trait"
            | "pub"
            | "unsafe"
            | "extern"
            | "async"
            | "const"
            | "macro_rules"
    )
}
