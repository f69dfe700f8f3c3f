//! PromQL's words, numbers and signs.

/// A token; texts are slices of the expression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Word(&'a str),
    Number(f64),
    Text(&'a str),
    /// An operator or a bracket.
    Sign(&'a str),
}

/// Splits an expression; characters that are none of its own are left out.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let (token, length) = match c {
            '#' => (None, text[at..].find('\n').unwrap_or(text.len() - at)),
            '"' | '\'' | '`' => quoted(&text[at..], c),
            // Ranges and subqueries say nothing that is needed here.
            '[' => (None, bracketed(&text[at..])),
            _ if c.is_ascii_digit() || (c == '.' && text[at + 1..].starts_with(|c: char| c.is_ascii_digit())) => {
                number(&text[at..])
            }
            _ if c.is_alphabetic() || c == '_' || c == ':' => {
                let end = text[at..].find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':' | '.')));
                let length = end.unwrap_or(text.len() - at);
                (Some(Token::Word(&text[at..at + length])), length)
            }
            _ => sign(&text[at..], c),
        };
        tokens.extend(token);
        at += length.max(1);
    }
    tokens
}

fn quoted(text: &str, quote: char) -> (Option<Token<'_>>, usize) {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' && quote != '`' {
            escaped = true;
        } else if c == quote {
            return (Some(Token::Text(&text[1..at])), at + 1);
        }
    }
    (Some(Token::Text(&text[1..])), text.len())
}

fn bracketed(text: &str) -> usize {
    text.find(']').map_or(text.len(), |end| end + 1)
}

/// A number, or a duration (`5m`), which is a number of seconds.
fn number(text: &str) -> (Option<Token<'_>>, usize) {
    let exponent = |at: usize, c: char| {
        matches!(c, '+' | '-') && at > 0 && matches!(text.as_bytes()[at - 1], b'e' | b'E') && !text.starts_with("0x")
    };
    let end = text
        .char_indices()
        .find(|&(at, c)| !(c.is_ascii_alphanumeric() || c == '.' || c == '_' || exponent(at, c)))
        .map_or(text.len(), |(at, _)| at);
    let word = &text[..end];
    let value = super::super::duration::number(word).or_else(|| suffixed(word));
    (value.map(Token::Number).or(Some(Token::Word(word))), end)
}

/// `10s`, `1h30m`, and MetricsQL's `2Ki`, `5M`.
fn suffixed(word: &str) -> Option<f64> {
    if let Ok(micros) = super::super::duration::read(word) {
        return Some(micros / 1e6);
    }
    let digits = word.find(|c: char| c.is_ascii_alphabetic())?;
    let factor = match &word[digits..] {
        "K" | "KB" => 1e3,
        "Ki" | "KiB" => 1024.0,
        "M" | "MB" => 1e6,
        "Mi" | "MiB" => 1_048_576.0,
        "G" | "GB" => 1e9,
        "Gi" | "GiB" => 1_073_741_824.0,
        _ => return None,
    };
    Some(word[..digits].parse::<f64>().ok()? * factor)
}

fn sign(text: &str, c: char) -> (Option<Token<'_>>, usize) {
    for long in ["==", "!=", ">=", "<=", "=~", "!~"] {
        if text.starts_with(long) {
            return (Some(Token::Sign(&text[..2])), 2);
        }
    }
    let length = c.len_utf8();
    let known = "+-*/%^(){},=<>@".contains(c);
    (known.then_some(Token::Sign(&text[..length])), length)
}
