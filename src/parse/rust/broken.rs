//! Whether a file can be Rust at all, from its tokens: a literal, comment or delimiter that never ends hides what
//! follows, and whoever wants to hide something knows that.

use std::ops::Range;

use super::lex::{Kind, Token};

/// What is wrong with a delimiter that stands alone, or closes one of another kind.
pub(super) const UNMATCHED: &str = "a delimiter without its other half";

/// Returns what never ends, with what is wrong there; delimiters are told where they are paired.
pub(super) fn endless(text: &str, tokens: &[Token]) -> Option<(Range<usize>, &'static str)> {
    let range = |token: &Token| token.start as usize..token.end as usize;
    let end = tokens.last().map_or(0, |token| token.end as usize);
    if let Some(at) = open_comment(text, end) {
        return Some((at..at + 2, "a comment that never ends"));
    }
    // Nothing but the last token can reach the end of the file.
    if let Some(last) = tokens.last().filter(|last| last.kind == Kind::Str && range(last).end == text.len()) {
        let literal = text[range(last)].trim_end_matches('#');
        if literal.len() < 2 || !literal.ends_with('"') {
            return Some((range(last), "a literal that never ends"));
        }
    }
    None
}

/// Looks for a comment that is open at the end of the text; only space and comments stand behind `from`.
fn open_comment(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        at += bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        match bytes.get(at..at + 2)? {
            b"//" => at += memchr::memchr(b'\n', &bytes[at..])?,
            b"/*" => match after_comment(bytes, at) {
                Some(after) => at = after,
                None => return Some(at),
            },
            _ => return None,
        }
    }
}

fn after_comment(bytes: &[u8], start: usize) -> Option<usize> {
    let (mut at, mut depth) = (start, 0_u32);
    while let Some(found) = memchr::memchr2(b'/', b'*', &bytes[at..]) {
        at += found;
        match bytes.get(at..at + 2)? {
            b"/*" => (at, depth) = (at + 2, depth + 1),
            b"*/" if depth == 1 => return Some(at + 2),
            b"*/" => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::parse::rust::tokens::Tokens;

    #[test]
    fn what_hides_the_rest_of_a_file_is_told() {
        for (text, told) in [
            ("fn f<'a>(x: &'a str) { let _ = ('{', \"}\", b\"[\", r#\"(\"#); } // {", None),
            ("/* a /* b */ c */ // d", None),
            ("", None),
            ("#!/bin/x {\nfn f() {}\n/** x */", None),
            ("fn f() {}\n/* x", Some("a comment that never ends")),
            ("/* fn f() {}", Some("a comment that never ends")),
            ("/* a /* b */ fn f() {}", Some("a comment that never ends")),
            ("fn f() {}\nconst A: &str = \"x", Some("a literal that never ends")),
            ("const A: &str = r#\"x\";\nfn f() {}", Some("a literal that never ends")),
            ("fn f() { (", Some("a delimiter without its other half")),
            ("fn f() } ", Some("a delimiter without its other half")),
            ("fn f() { (] }", Some("a delimiter without its other half")),
        ] {
            assert_eq!(Tokens::new(text, true).broken.map(|(_, why)| why), told, "{text}");
        }
    }
}
