//! Numbers with a unit of time: `5 ms`, `1,500 milliseconds`, `0.2s`.

use std::ops::Range;

/// Where a figure stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Figure {
    /// Digits, with commas and a fraction.
    pub(super) number: Range<usize>,
    pub(super) unit: Range<usize>,
}

/// Units in words, in small letters; they are written in any case. Fewer than where a value must be a duration: prose
/// speaks of `3 micro services`.
const WORDS: [&str; 16] = [
    "millisecond",
    "milliseconds",
    "microsecond",
    "microseconds",
    "nanosecond",
    "nanoseconds",
    "second",
    "seconds",
    "msec",
    "msecs",
    "usec",
    "usecs",
    "sec",
    "secs",
    "millis",
    "micros",
];
/// Their signs, which have one case.
const SIGNS: [&str; 6] = ["s", "ms", "us", "ns", "\u{b5}s", "\u{3bc}s"];

/// The figures of a text.
pub(super) fn all(text: &str) -> impl Iterator<Item = Figure> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + text.as_bytes().get(at..)?.iter().position(u8::is_ascii_digit)?;
            let number = start..end_of_number(text, start);
            at = number.end;
            if begins(text, start)
                && let Some(unit) = unit(text, number.end)
            {
                at = unit.end;
                return Some(Figure { number, unit });
            }
        }
    })
}

/// Whether nothing before a digit makes it part of a name or of a longer number.
fn begins(text: &str, start: usize) -> bool {
    let before = text.as_bytes()[..start].last();
    before.is_none_or(|&byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b',')))
}

fn end_of_number(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let count = |from: usize, fits: fn(&u8) -> bool| bytes[from..].iter().take_while(|byte| fits(byte)).count();
    let whole = start + count(start, |byte| byte.is_ascii_digit() || *byte == b',');
    if bytes.get(whole) != Some(&b'.') {
        return whole;
    }
    match count(whole + 1, u8::is_ascii_digit) {
        0 => whole,
        digits => whole + 1 + digits,
    }
}

/// The unit behind a number, which one space may part from it.
fn unit(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = &text[at..];
    let word = rest.strip_prefix([' ', '\u{a0}']).unwrap_or(rest);
    let start = text.len() - word.len();
    let length = word.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(word.len());
    let word = &word[..length];
    let is_unit = SIGNS.contains(&word) || WORDS.iter().any(|unit| unit.eq_ignore_ascii_case(word));
    is_unit.then_some(start..start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_a_number_and_a_unit() {
        let read = |text: &str| -> Vec<String> {
            all(text).map(|figure| format!("{}|{}", &text[figure.number], &text[figure.unit])).collect()
        };
        assert_eq!(read("5ms, 1,500 Milliseconds or 0.2s"), ["5|ms", "1,500|Milliseconds", "0.2|s"]);
        assert_eq!(read("<3\u{a0}\u{b5}s (7 secs) 5, ms"), ["3|\u{b5}s", "7|secs", "5,|ms"]);
        assert_eq!(read("v5ms 1.2.3s 5 MS 5  ms 5msx 5m p99 _4s 5.ms 3 s\u{e9}"), Vec::<String>::new());
    }
}
