//! Whether a file can be Rust at all, from its tokens: a literal, comment or delimiter that never ends hides what
//! follows, and whoever wants to hide something knows that.

use std::ops::Range;

use super::lex::{Kind, Token};

/// Returns the first place that no Rust compiler takes, with what is wrong there; most mistakes are not looked for.
pub(crate) fn broken(text: &str, tokens: &[Token]) -> Option<(Range<usize>, &'static str)> {
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
    unmatched(text, tokens).map(|token| (range(token), "a delimiter without its other half"))
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

fn unmatched<'t>(text: &str, tokens: &'t [Token]) -> Option<&'t Token> {
    let byte = |token: &Token| text.as_bytes()[token.start as usize];
    let mut open: Vec<&Token> = Vec::new();
    for token in tokens {
        match token.kind {
            Kind::Open => open.push(token),
            Kind::Close => {
                let fits = open.pop().is_some_and(|open| {
                    matches!((byte(open), byte(token)), (b'(', b')') | (b'[', b']') | (b'{', b'}'))
                });
                if !fits {
                    return Some(token);
                }
            }
            _ => {}
        }
    }
    open.pop()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::rust::lex::lex;

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
            assert_eq!(broken(text, &lex(text)).map(|(_, why)| why), told, "{text}");
        }
    }
}
