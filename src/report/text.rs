//! Running text and tables for a terminal: width, wrapping, colour.

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use crate::finding::Verdict;

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();

pub(super) fn verdict_style(verdict: Verdict) -> Style {
    let color = match verdict {
        Verdict::Questioned => AnsiColor::Yellow,
        Verdict::Contested => AnsiColor::Magenta,
        Verdict::Fits => AnsiColor::Green,
        Verdict::Unjudged => return DIM,
    };
    color.on_default()
}

/// Text in a style, plain without colour.
pub(super) fn paint(color: bool, style: Style, text: &str) -> String {
    if color { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

pub(super) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Text filled up with blanks to a width.
pub(super) fn pad(text: &str, to: usize) -> String {
    format!("{text}{}", " ".repeat(to.saturating_sub(width(text))))
}

/// Text cut to a width, with an ellipsis where something is missing.
pub(super) fn cut(text: &str, to: usize) -> String {
    if width(text) <= to {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        if width(&out) + unicode_width::UnicodeWidthChar::width(c).unwrap_or(0) + 1 > to {
            break;
        }
        out.push(c);
    }
    out + "…"
}

/// Lines of at most `to` columns, broken at blanks; a longer word keeps a line of its own.
pub(super) fn wrap(text: &str, to: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let line = lines.last_mut().expect("because the list starts with one line");
        if line.is_empty() {
            line.push_str(word);
        } else if width(line) + 1 + width(word) <= to {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_is_what_a_terminal_shows() {
        assert_eq!(wrap("a bb 漢字 d", 5), ["a bb", "漢字", "d"]);
        assert_eq!(cut("漢字漢字", 5), "漢字…");
        assert_eq!(pad("漢", 4), "漢  ");
        assert_eq!(wrap("", 5), [""]);
    }
}
