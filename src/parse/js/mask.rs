//! Blanks comments without moving anything.

/// Replaces comments by spaces, byte for byte; strings, templates and regular expressions are left alone.
pub fn mask_comments(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut at = 0;
    // The last byte that was neither blank nor comment: tells a division from a regular expression.
    let mut before = b'(';
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n);
                blank(&mut bytes[at..end]);
                end
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                let end = memchr::memmem::find(&bytes[at + 2..], b"*/").map_or(bytes.len(), |n| at + n + 4);
                blank(&mut bytes[at..end]);
                end
            }
            quote @ (b'"' | b'\'' | b'`') => {
                before = quote;
                end_of_string(&bytes, at)
            }
            b'/' if matches!(before, b'(' | b',' | b'=' | b':' | b'[' | b'!' | b'&' | b'|' | b'?' | b'{' | b';') => {
                before = b'/';
                end_of_regex(&bytes, at)
            }
            byte => {
                if !byte.is_ascii_whitespace() {
                    before = byte;
                }
                at + 1
            }
        };
        at = end;
    }
    // Only whole comments were blanked, and they start and end with ASCII.
    String::from_utf8(bytes).unwrap_or_default()
}

fn blank(bytes: &mut [u8]) {
    for byte in bytes.iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
}

/// Returns the offset behind a string's closing quote; a plain string ends with its line at the latest.
pub(super) fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let quote = bytes[start];
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'\n' if quote != b'`' => return at,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn end_of_regex(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'/' => return at + 1,
            // No regular expression after all.
            b'\n' => return start + 1,
            _ => at += 1,
        }
    }
    start + 1
}
