//! Variables of shell-like text: what is known is put in, the rest stays as written.

use std::collections::BTreeMap;

use crate::parse::cut;
use crate::problem::Class;

/// Variables of a file, later definitions winning.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    map: BTreeMap<String, String>,
}

/// Values longer than this are not put in, and no more variables than that are kept.
const MAX_VALUE: usize = 4096;
const MAX_VARIABLES: usize = 2000;
/// A reference is not followed further than this to its closing bracket.
const MAX_REFERENCE: usize = 512;

impl Variables {
    pub fn set(&mut self, name: &str, value: &str) {
        if value.len() > MAX_VALUE {
            cut::met("bytes of a variable's value", MAX_VALUE, Class::Partial);
        } else if self.map.len() >= MAX_VARIABLES {
            cut::met("variables of a script", MAX_VARIABLES, Class::Lost);
        } else {
            self.map.insert(name.to_owned(), value.to_owned());
        }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.map.get(name).map(String::as_str)
    }

    /// Puts in what is known of `$X`, `${X}`, `${X:-default}` and `$(X)`; the rest stays as written.
    pub fn expand(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let (reference, after) = split_reference(&rest[at..]);
            let found = match of_context(reference) {
                Some(name) => self.get(name),
                None => self.value(reference),
            };
            match found {
                Some(value) if out.len() + value.len() <= MAX_VALUE => out.push_str(value),
                found => {
                    if found.is_some() {
                        cut::met("bytes of a variable's value", MAX_VALUE, Class::Partial);
                    }
                    out.push_str(reference);
                }
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn value<'a>(&'a self, reference: &'a str) -> Option<&'a str> {
        let inner = reference.strip_prefix('$')?;
        let inner = inner
            .strip_prefix('{')
            .and_then(|inner| inner.strip_suffix('}'))
            .or_else(|| inner.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')))
            .unwrap_or(inner);
        let end = inner.find(|letter: char| !is_name(letter)).unwrap_or(inner.len());
        let (name, operator) = inner.split_at(end);
        match self.get(name) {
            Some(value) if operator.is_empty() || operator.starts_with(":-") || operator.starts_with('-') => {
                Some(value)
            }
            None => {
                operator.strip_prefix(":-").or_else(|| operator.strip_prefix(":=")).filter(|text| !text.contains('$'))
            }
            Some(_) => None,
        }
    }
}

/// The variable that an expression of a workflow asks for: `${{ env.X }}` is `$X`.
fn of_context(reference: &str) -> Option<&str> {
    let inner = reference.strip_prefix("${{")?.strip_suffix("}}")?.trim();
    let name = inner.strip_prefix("env.")?;
    name.chars().all(is_name).then_some(name)
}

/// Splits `$X…`, `${…}…`, `$(…)…` after the reference; `text` starts with `$`.
pub(super) fn split_reference(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let end = match bytes.get(1) {
        Some(b'{') => closing(bytes, 1, b'{', b'}'),
        Some(b'(') => closing(bytes, 1, b'(', b')'),
        Some(b'$') => 2,
        Some(byte) if byte.is_ascii_alphabetic() || *byte == b'_' => {
            1 + text[1..].find(|letter: char| !is_name(letter)).unwrap_or(text.len() - 1)
        }
        Some(b'@' | b'<' | b'*' | b'^') => 2,
        _ => 1,
    };
    text.split_at(end)
}

/// Returns the end of a bracketed reference, or just after the opening bracket where it never closes.
fn closing(bytes: &[u8], start: usize, open: u8, close: u8) -> usize {
    let mut depth = 0usize;
    for (offset, byte) in bytes[start..].iter().enumerate().take(MAX_REFERENCE) {
        if *byte == open {
            depth += 1;
        } else if *byte == close {
            depth -= 1;
            if depth == 0 {
                return start + offset + 1;
            }
        }
    }
    start + 1
}

pub(super) fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}
