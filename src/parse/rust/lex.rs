//! A lexer for Rust that is fast because it keeps only what detectors ask for.
//!
//! In: source text, whole or broken. Out: tokens as byte ranges, without comments and white space. It never fails:
//! what cannot be read (an unclosed string, a stray byte) becomes one token up to the end or of one byte. It knows
//! raw and byte strings, nested comments, and tells a lifetime from a character.

use crate::marked::Words;

/// What a token is; delimiters and other punctuation are single bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ident,
    Lifetime,
    Str,
    Char,
    Number,
    Open,
    Close,
    Punct,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) kind: Kind,
    /// Its number in [`WORDS`], 0 for what is not listed.
    pub(crate) word: u8,
}

/// What detectors ask for most: their passes visit these tokens and no others.
pub(crate) static WORDS: Words = Words::new(&[
    "#",
    ":",
    "use",
    "mod",
    "extern",
    "const",
    "static",
    "unsafe",
    "unwrap",
    "expect",
    "panic",
    "unreachable",
    "todo",
    "unimplemented",
    "Mutex",
    "RwLock",
    "bench",
    "bench_function",
    "bench_with_input",
    "divan",
    "route",
    "at",
    "resource",
    "with_path",
    "get",
    "post",
    "put",
    "delete",
    "patch",
    "head",
    "options",
    "handler",
    "oai",
    "endpoint",
    "routes",
    "Method",
    "add_service",
    "assert",
    "assert_eq",
    "Duration",
    "Ticker",
    "Fixed",
    "set_timestep",
    "set_timestep_hz",
    "set_timestep_seconds",
    "dlopen",
    "dlopen2",
    "libloading",
    "sharedlib",
    "minidl",
    "dlib",
    "jni",
    "kernel",
    "aya_ebpf",
    "aya_bpf",
    "redbpf_probes",
    "prepare_freethreaded_python",
    "with_embedded_python_interpreter",
    "append_to_inittab",
    "panic_handler",
    "global_allocator",
    "no_mangle",
    "kernel",
    "jni",
    "SampleRate",
    "sample_rate",
]);

/// Splits a text into tokens. A `#!` line and a byte-order mark at the start are skipped.
pub(crate) fn lex(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { bytes: text.as_bytes(), at: preamble(text), tokens: Vec::with_capacity(text.len() / 4) };
    while lexer.step() {}
    lexer.tokens
}

/// Returns the length of a byte-order mark and a `#!` line; `#![` starts an attribute.
pub(crate) fn preamble(text: &str) -> usize {
    let mark = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let rest = &text[mark..];
    let hash = rest.strip_prefix("#!");
    if hash.is_some_and(|after| !after.trim_start().starts_with('[')) {
        mark + rest.find('\n').unwrap_or(rest.len())
    } else {
        mark
    }
}

struct Lexer<'t> {
    bytes: &'t [u8],
    at: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Reads one token or one stretch of nothing; `false` at the end.
    fn step(&mut self) -> bool {
        let Some(&byte) = self.bytes.get(self.at) else { return false };
        match byte {
            b' ' | b'\n' | b'\t' | b'\r' => {
                self.at += 1;
                while matches!(self.bytes.get(self.at), Some(b' ' | b'\n')) {
                    self.at += 1;
                }
            }
            b'/' if self.peek(1) == b'/' => self.line_comment(),
            b'/' if self.peek(1) == b'*' => self.block_comment(),
            b'"' => self.string(0),
            b'\'' => self.quote(),
            b'0'..=b'9' => self.number(),
            b'(' | b'[' | b'{' => self.push(1, Kind::Open),
            b')' | b']' | b'}' => self.push(1, Kind::Close),
            _ if is_ident(byte) => self.word(),
            b'#' | b':' => self.push_listed(1, Kind::Punct),
            _ => self.push(1, Kind::Punct),
        }
        true
    }

    fn push(&mut self, length: usize, kind: Kind) {
        let start = self.at;
        self.at = (start + length).min(self.bytes.len());
        self.tokens.push(Token { start: start as u32, end: self.at as u32, kind, word: 0 });
    }

    /// Reads one token that may be listed.
    fn push_listed(&mut self, length: usize, kind: Kind) {
        let start = self.at;
        self.at = (start + length).min(self.bytes.len());
        let word = WORDS.number(&self.bytes[start..self.at]);
        self.tokens.push(Token { start: start as u32, end: self.at as u32, kind, word });
    }

    fn line_comment(&mut self) {
        self.at = memchr::memchr(b'\n', &self.bytes[self.at..]).map_or(self.bytes.len(), |found| self.at + found);
    }

    fn block_comment(&mut self) {
        let mut depth = 0u32;
        while let Some(found) = memchr::memchr2(b'/', b'*', &self.bytes[self.at..]) {
            self.at += found;
            match (self.peek(0), self.peek(1)) {
                (b'/', b'*') => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.at += 1,
            }
        }
        self.at = self.bytes.len();
    }

    /// Reads a string whose quote stands `prefix` bytes ahead.
    fn string(&mut self, prefix: usize) {
        let mut end = self.at + prefix + 1;
        loop {
            match self.bytes.get(end..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
                None => break self.push(self.bytes.len() - self.at, Kind::Str),
                Some(found) if self.bytes[end + found] == b'"' => {
                    break self.push(end + found + 1 - self.at, Kind::Str);
                }
                Some(found) => end += found + 2,
            }
        }
    }

    /// Reads `#…"…"#…` after a prefix that ends in `r`; `false` if it is none.
    fn raw_string(&mut self, prefix: usize) -> bool {
        let hashes = self.bytes[self.at + prefix..].iter().take_while(|&&byte| byte == b'#').count();
        if self.peek(prefix + hashes) != b'"' {
            return false;
        }
        let mut end = self.at + prefix + hashes + 1;
        while let Some(found) = memchr::memchr(b'"', &self.bytes[end..]) {
            end += found + 1;
            let closing = self.bytes[end..].iter().take(hashes).take_while(|&&byte| byte == b'#').count();
            if closing == hashes {
                self.push(end + hashes - self.at, Kind::Str);
                return true;
            }
        }
        self.push(self.bytes.len() - self.at, Kind::Str);
        true
    }

    /// Tells `'a'` and `'\n'` from the lifetime `'a`.
    fn quote(&mut self) {
        if self.peek(1) == b'\\' {
            let from = self.at + 3;
            let end = self.bytes.get(from..).and_then(|rest| memchr::memchr2(b'\'', b'\n', rest));
            return self.push(end.map_or(1, |found| found + 4), Kind::Char);
        }
        let width = character_width(self.peek(1));
        if self.peek(1 + width) == b'\'' {
            return self.push(width + 2, Kind::Char);
        }
        let length = self.bytes[self.at + 1..].iter().take_while(|&&byte| is_ident(byte)).count();
        self.push(length + 1, if length > 0 { Kind::Lifetime } else { Kind::Punct });
    }

    fn number(&mut self) {
        let mut length = self.ident_length(0);
        if self.peek(length) == b'.' && self.peek(length + 1).is_ascii_digit() {
            length += 1 + self.ident_length(length + 1);
        }
        let exponent =
            matches!(self.peek(length.saturating_sub(1)), b'e' | b'E') && !self.bytes[self.at..].starts_with(b"0x");
        if exponent && matches!(self.peek(length), b'+' | b'-') {
            length += 1 + self.ident_length(length + 1);
        }
        self.push(length, Kind::Number);
    }

    fn ident_length(&self, ahead: usize) -> usize {
        let rest = &self.bytes[self.at + ahead..];
        rest.iter().position(|&byte| !is_ident(byte)).unwrap_or(rest.len())
    }

    /// Reads an identifier, or the string that it is the prefix of.
    fn word(&mut self) {
        let length = self.ident_length(0);
        let next = self.peek(length);
        if length <= 2 && matches!(next, b'"' | b'#' | b'\'') {
            let prefix = &self.bytes[self.at..self.at + length];
            match (prefix, next) {
                (b"b" | b"c", b'"') => return self.string(length),
                (b"r" | b"br" | b"cr", _) if self.raw_string(length) => return,
                (b"r", b'#') if is_ident(self.peek(2)) => {
                    // `r#type`: the identifier alone is kept.
                    self.at += 2;
                    let length = self.ident_length(0);
                    return self.push_listed(length, Kind::Ident);
                }
                (b"b", b'\'') => self.at += 1,
                _ => return self.push_listed(length, Kind::Ident),
            }
            return self.quote();
        }
        self.push_listed(length, Kind::Ident);
    }
}

fn is_ident(byte: u8) -> bool {
    IDENT[byte as usize]
}

const IDENT: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_' || byte >= 0x80;
        byte += 1;
    }
    table
};

fn character_width(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        lex(text).iter().map(|token| &text[token.start as usize..token.end as usize]).collect()
    }

    #[test]
    fn strings_comments_and_lifetimes_are_told_apart() {
        let cases: [(&str, &[&str]); 12] = [
            ("a /* x /* y */ z */ b // c", &["a", "b"]),
            (r#""a\"b" c"#, &[r#""a\"b""#, "c"]),
            (r###"r#"a"b"# c"###, &[r###"r#"a"b"#"###, "c"]),
            (r#"br"\" c"#, &[r#"br"\""#, "c"]),
            ("'a' 'b 'ä' '\\'' '\\u{1}' b'x'", &["'a'", "'b", "'ä'", "'\\''", "'\\u{1}'", "'x'"]),
            ("r#type 1.5e-3 0xe+1 1..2", &["type", "1.5e-3", "0xe", "+", "1", "1", ".", ".", "2"]),
            ("f::<'_>()", &["f", ":", ":", "<", "'_", ">", "(", ")"]),
            ("#!/bin/x\nfn", &["fn"]),
            ("\u{feff}#![a]", &["#", "!", "[", "a", "]"]),
            ("\"open", &["\"open"]),
            ("r#\"open", &["r#\"open"]),
            ("/* open", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn ends_in_the_middle_are_no_panic() {
        for text in [
            "'",
            "'\\",
            "b'",
            "b",
            "r#",
            "r",
            "br##",
            "1.",
            "1e",
            "1e+",
            "/",
            "'ä",
            "\"\\",
            "c\"",
            "\u{feff}",
            "'\\\u{e4}",
        ] {
            lex(text);
        }
    }
}
