//! Go's tokens: text in, tokens and comments out, in one pass over the bytes.
//!
//! Strings, runes and comments are delimited exactly as the language says, so nothing inside them is ever
//! mistaken for code. Operators come out byte by byte except the few that readers look for. Broken input gives
//! tokens too: an unterminated literal ends with its line or with the file.

use memchr::{memchr, memmem};

use crate::marked::Words;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Identifiers and keywords.
    Word,
    /// `"…"` or `` `…` ``.
    String,
    Rune,
    Number,
    /// One byte of an operator or a bracket.
    Punct(u8),
    /// `:=`
    Define,
    /// `<-`
    Arrow,
    /// `==`, `!=`, `<=`, `>=`
    Compare,
    /// `+=` and its like.
    AssignOp,
}

/// One token; comments are not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub start: u32,
    pub end: u32,
    pub kind: TokenKind,
    /// Nothing but space and comments stands before it on its line.
    pub first: bool,
    /// The number of a listed word, or of what it begins with; 0 for what is not listed.
    pub(super) word: u8,
}

/// What detectors ask for most: their passes visit these tokens and no others.
pub(super) static WORDS: Words = Words::new(&[
    "go",
    "make",
    "panic",
    "_",
    "case",
    "HandleFunc",
    "Handle",
    "HandlerFunc",
    "MethodFunc",
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "HEAD",
    "OPTIONS",
    "Any",
    "Get",
    "Post",
    "Put",
    "Delete",
    "Patch",
    "Head",
    "Options",
    "All",
    "Mount",
    "Path",
]);
/// The number of what begins with one of [`STARTS`].
pub(super) const STARTING: u8 = u8::MAX;
/// Names of functions that register services begin with these.
pub(crate) const STARTS: [&str; 2] = ["Register", "New"];

fn number(word: &[u8]) -> u8 {
    match WORDS.number(word) {
        0 if matches!(word[0], b'R' | b'N') && STARTS.iter().any(|start| word.starts_with(start.as_bytes())) => {
            STARTING
        }
        number => number,
    }
}

/// One comment with its markers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    pub start: u32,
    pub end: u32,
    /// Number of tokens before it.
    pub before: u32,
}

/// What bytes can start; `Word` and `Number` also say what continues them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Space,
    Newline,
    Letter,
    Digit,
    Quote,
    Backtick,
    Apostrophe,
    Slash,
    Other,
}

const CLASSES: [Class; 256] = classes();

const fn classes() -> [Class; 256] {
    let mut table = [Class::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b' ' | b'\t' | b'\r' => Class::Space,
            b'\n' => Class::Newline,
            // Letters outside ASCII are all taken for parts of words: Go allows no other use outside literals.
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80..=0xff => Class::Letter,
            b'0'..=b'9' => Class::Digit,
            b'"' => Class::Quote,
            b'`' => Class::Backtick,
            b'\'' => Class::Apostrophe,
            b'/' => Class::Slash,
            _ => Class::Other,
        };
        byte += 1;
    }
    table
}

/// What continues a word.
const CONTINUES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(CLASSES[byte], Class::Letter | Class::Digit);
        byte += 1;
    }
    table
};

/// Splits a file; byte offsets must fit in 32 bits.
pub fn lex(text: &str) -> (Vec<Token>, Vec<Comment>) {
    let bytes = text.as_bytes();
    let mut tokens = Vec::with_capacity(bytes.len() / 5);
    let mut comments = Vec::new();
    let mut at = 0;
    let mut first = true;
    while at < bytes.len() {
        let start = at;
        let (end, kind) = match CLASSES[bytes[at] as usize] {
            Class::Space => {
                at += 1;
                while matches!(bytes.get(at), Some(b'\t' | b' ')) {
                    at += 1;
                }
                continue;
            }
            Class::Newline => {
                first = true;
                at += 1;
                continue;
            }
            Class::Letter => (word_end(bytes, at), TokenKind::Word),
            Class::Digit => (number_end(bytes, at), TokenKind::Number),
            Class::Quote => (quoted_end(bytes, at, b'"'), TokenKind::String),
            Class::Apostrophe => (quoted_end(bytes, at, b'\''), TokenKind::Rune),
            Class::Backtick => (raw_end(bytes, at), TokenKind::String),
            Class::Slash if matches!(bytes.get(at + 1), Some(b'/' | b'*')) => {
                at = comment_end(bytes, at);
                first |= bytes[start + 1] == b'*' && memchr(b'\n', &bytes[start..at]).is_some();
                comments.push(Comment { start: start as u32, end: at as u32, before: tokens.len() as u32 });
                continue;
            }
            Class::Slash | Class::Other => operator(bytes, at),
        };
        let word = if kind == TokenKind::Word { number(&bytes[start..end]) } else { 0 };
        tokens.push(Token { start: start as u32, end: end as u32, kind, first, word });
        first = false;
        at = end;
    }
    (tokens, comments)
}

fn word_end(bytes: &[u8], start: usize) -> usize {
    let rest = &bytes[start..];
    let end = rest.iter().position(|&byte| !CONTINUES[byte as usize]);
    start + end.unwrap_or(rest.len())
}

fn number_end(bytes: &[u8], start: usize) -> usize {
    let hexadecimal = matches!(bytes.get(start + 1), Some(b'x' | b'X'));
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        let exponent = at > start
            && matches!(byte, b'+' | b'-')
            && matches!((hexadecimal, bytes[at - 1]), (false, b'e' | b'E') | (true, b'p' | b'P'));
        if !(exponent || byte == b'.' || matches!(CLASSES[byte as usize], Class::Letter | Class::Digit)) {
            break;
        }
        at += 1;
    }
    at
}

fn quoted_end(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start + 1;
    loop {
        let Some(found) = memchr::memchr3(quote, b'\\', b'\n', bytes.get(at..).unwrap_or_default()) else {
            return bytes.len();
        };
        match bytes[at + found] {
            b'\\' if bytes.get(at + found + 1) != Some(&b'\n') => at += found + 2,
            b'\\' | b'\n' => return at + found,
            _ => return at + found + 1,
        }
    }
}

fn raw_end(bytes: &[u8], start: usize) -> usize {
    memchr(b'`', &bytes[start + 1..]).map_or(bytes.len(), |found| start + found + 2)
}

fn comment_end(bytes: &[u8], start: usize) -> usize {
    if bytes[start + 1] == b'/' {
        // A carriage return before the newline is no part of the comment.
        let end = memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |found| start + found);
        return if bytes[end - 1] == b'\r' { end - 1 } else { end };
    }
    memmem::find(&bytes[start + 2..], b"*/").map_or(bytes.len(), |found| start + found + 4)
}

fn operator(bytes: &[u8], at: usize) -> (usize, TokenKind) {
    let byte = bytes[at];
    // `.5` is a number; a selector's dot is never followed by a digit.
    if byte == b'.' && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
        return (number_end(bytes, at), TokenKind::Number);
    }
    match (byte, bytes.get(at + 1)) {
        (b':', Some(b'=')) => (at + 2, TokenKind::Define),
        (b'<', Some(b'-')) => (at + 2, TokenKind::Arrow),
        (b'=' | b'!' | b'<' | b'>', Some(b'=')) => (at + 2, TokenKind::Compare),
        (b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^', Some(b'=')) => (at + 2, TokenKind::AssignOp),
        _ => (at + 1, TokenKind::Punct(byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        lex(text).0.iter().map(|token| &text[token.start as usize..token.end as usize]).collect()
    }

    #[test]
    fn literals_and_comments_hide_what_they_hold() {
        let text = "a := \"x // \\\" y\" + `r \" // ` + '\\'' /* b\n c */ d // e\r\nf";
        assert_eq!(words(text), ["a", ":=", "\"x // \\\" y\"", "+", "`r \" // `", "+", "'\\''", "d", "f"]);
        let (tokens, comments) = lex(text);
        assert_eq!(comments.len(), 2);
        assert!(text[comments[1].start as usize..comments[1].end as usize].ends_with('e'));
        let first: Vec<bool> = tokens.iter().map(|token| token.first).collect();
        assert_eq!(first, [true, false, false, false, false, false, false, true, true]);
    }

    #[test]
    fn numbers_keep_their_exponents_and_dots() {
        assert_eq!(
            words("1_000e-3+.5 0x1p-2 0xE+1 a.b1 1i"),
            ["1_000e-3", "+", ".5", "0x1p-2", "0xE", "+", "1", "a", ".", "b1", "1i"]
        );
    }

    #[test]
    fn broken_input_ends_without_panic() {
        for text in ["\"a", "'", "`a", "/*", "/", "\"\\", "//", "\"a\\\nb", "é\u{0}\"é"] {
            let (tokens, comments) = lex(text);
            for end in tokens.iter().map(|token| token.end).chain(comments.iter().map(|comment| comment.end)) {
                assert!(end as usize <= text.len(), "{text:?}");
            }
        }
        assert_eq!(words("x = \"open\ny"), ["x", "=", "\"open", "y"]);
    }
}
