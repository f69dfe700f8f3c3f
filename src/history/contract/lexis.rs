//! Words and signs of a schema language: what Protobuf and GraphQL share is how text falls into tokens.

/// What a language writes differently from the other.
pub(super) struct Lexis {
    pub(super) line_comment: &'static str,
    /// What stands between these is no token: block comments, block descriptions.
    pub(super) block: (&'static str, &'static str),
    pub(super) quotes: &'static [u8],
}

impl Lexis {
    /// Words, numbers, whole strings and single signs; comments and white space go. `None` where a string or block has no end.
    pub(super) fn tokens<'a>(&self, text: &'a str) -> Option<Vec<&'a str>> {
        let bytes = text.as_bytes();
        let (open, close) = self.block;
        let mut tokens = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let start = at;
            match bytes[at] {
                byte if byte.is_ascii_whitespace() => {
                    at += 1;
                    continue;
                }
                byte if is_word(byte) => at += bytes[at..].iter().take_while(|byte| is_word(**byte)).count(),
                _ if bytes[at..].starts_with(self.line_comment.as_bytes()) => {
                    at = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end);
                    continue;
                }
                _ if bytes[at..].starts_with(open.as_bytes()) => {
                    at += open.len();
                    at += memchr::memmem::find(&bytes[at..], close.as_bytes())? + close.len();
                    continue;
                }
                quote if self.quotes.contains(&quote) => at = string_end(bytes, at)?,
                _ => at += text[at..].chars().next().map_or(1, char::len_utf8),
            }
            tokens.push(&text[start..at]);
        }
        Some(tokens)
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// Behind the quote that ends what the one at `start` begins; a string ends on its line.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == bytes[start] => return Some(at + 1),
            b'\n' => return None,
            _ => at += 1,
        }
    }
    None
}
