//! Literals and the durations made of them: `Duration::from_millis(5)` → 5000 µs.

use super::lex::Kind;
use super::tokens::Tokens;

/// Reads a decimal number literal, with `_` and a type suffix.
pub(crate) fn number(literal: &str) -> Option<f64> {
    let plain: String = literal.chars().filter(|c| *c != '_').collect();
    let end = plain.find(|c: char| c.is_ascii_alphabetic() && !matches!(c, 'e' | 'E')).unwrap_or(plain.len());
    plain[..end].parse().ok()
}

/// Reads a `Duration` written with a literal at `at` (`Duration::from_secs(5)`, `5.seconds()` is not read).
///
/// Returns microseconds and the last token.
pub(crate) fn duration(tokens: &Tokens<'_>, at: usize) -> Option<(f64, usize)> {
    if tokens.at(at) != "Duration" || !tokens.is_path_separator(at + 1) {
        return None;
    }
    let unit = match tokens.at(at + 3) {
        "from_secs" | "from_secs_f64" | "from_secs_f32" | "seconds" => 1e6,
        "from_millis" | "milliseconds" => 1e3,
        "from_micros" | "microseconds" => 1.0,
        "from_nanos" | "nanoseconds" => 1e-3,
        "from_mins" | "minutes" => 60e6,
        "from_hours" | "hours" => 3600e6,
        _ => return None,
    };
    if !tokens.is(at + 4, b'(') {
        return None;
    }
    let close = tokens.close(at + 4);
    let value = product(tokens, at + 5, close)?;
    Some((value * unit, close))
}

/// Reads `60` or `5 * 60`.
fn product(tokens: &Tokens<'_>, mut at: usize, end: usize) -> Option<f64> {
    let mut value = 1.0;
    loop {
        if tokens.kind(at) != Some(Kind::Number) {
            return None;
        }
        value *= number(tokens.at(at))?;
        if at + 1 == end {
            return Some(value);
        }
        if !tokens.is(at + 1, b'*') || at + 2 >= end {
            return None;
        }
        at += 2;
    }
}
