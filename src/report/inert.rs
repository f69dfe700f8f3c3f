//! Makes text from a repository harmless: one function per place it is written to.
//!
//! File names, source lines, service names and policy texts may hold anything. Every renderer passes each value
//! through exactly one of these, at the moment of writing.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Says whether a character moves the cursor, reorders its neighbours or cannot be seen.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

fn visible(text: &str, spare: fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(|c| is_deceptive(c) && !spare(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        push_visible(&mut out, c, spare);
    }
    Cow::Owned(out)
}

fn push_visible(out: &mut String, c: char, spare: fn(char) -> bool) {
    if is_deceptive(c) && !spare(c) {
        write!(out, "\\u{{{:x}}}", c as u32).expect("because writing to a string cannot fail");
    } else {
        out.push(c);
    }
}

/// One line of text with everything deceptive written out as `\u{..}`.
pub fn plain(text: &str) -> Cow<'_, str> {
    visible(text, |_| false)
}

/// [`plain`] for a page of several lines.
pub fn page(text: &str) -> Cow<'_, str> {
    visible(text, |c| c == '\n')
}

/// Text for a terminal or a log: [`plain`], and nothing that a CI runner takes for a command.
///
/// A runner looks for `::` at the start of a line, and for `##[` anywhere.
pub fn terminal(text: &str) -> Cow<'_, str> {
    let text = plain(text);
    let at_start = |text: &str, at: usize| text[..at].chars().next_back().is_none_or(char::is_whitespace);
    let commands = text.match_indices("::").any(|(at, _)| at_start(&text, at));
    if !commands && !text.contains("##[") {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        let rest = &text[at..];
        match c {
            ':' if rest.starts_with("::") && at_start(&text, at) => out.push_str("\\u{3a}"),
            '#' if rest.starts_with("##[") => out.push_str("\\u{23}"),
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Running text for a terminal: [`terminal`] after line breaks have become blanks.
pub fn prose(text: &str) -> String {
    terminal(&flow(text)).into_owned()
}

/// Running text on one line; policies may write theirs on several.
pub fn flow(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One character of a source line as an excerpt shows it; tabs stay.
///
/// An excerpt's lines start with a line number, so `::` cannot open a command there; `##[` could anywhere.
pub fn push_source(out: &mut String, c: char) {
    if c == '[' && out.ends_with("##") {
        out.push_str("\\u{5b}");
    } else {
        push_visible(out, c, |c| c == '\t');
    }
}

/// The message of a GitHub workflow command.
pub fn command_data(text: &str) -> String {
    let visible = visible(text, |c| c == '\n');
    visible.replace("##[", "#\\u{23}[").replace('%', "%25").replace('\n', "%0A")
}

/// A property of a GitHub workflow command.
pub fn command_property(text: &str) -> String {
    command_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A value as a Markdown code span that nothing inside can leave.
pub fn markdown_code(text: &str) -> String {
    let text = plain(text);
    let fence = "`".repeat(longest_run(&text, '`') + 1);
    let pad = if text.is_empty() || text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    // A pipe ends a table cell even inside a code span; the escape is undone by the table, so it is only used there.
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// [`markdown_code`] for a cell of a table.
pub fn markdown_code_cell(text: &str) -> String {
    markdown_code(text).replace('|', "\\|")
}

/// Running text as Markdown: `code spans` are kept, everything else that Markdown or GitHub would act on is escaped.
pub fn markdown(text: &str) -> String {
    let mut out = String::new();
    let text = flow(text);
    let pieces: Vec<&str> = text.split('`').collect();
    // An odd number of pieces means that each backtick has its partner.
    let paired = pieces.len() % 2 == 1;
    for (index, piece) in pieces.iter().enumerate() {
        match (paired, index % 2) {
            (true, 1) => out.push_str(&markdown_code(piece)),
            (false, _) if index > 0 => {
                out.push_str("\\`");
                push_markdown(&mut out, piece);
            }
            _ => push_markdown(&mut out, piece),
        }
    }
    out
}

fn push_markdown(out: &mut String, text: &str) {
    for c in plain(text).chars() {
        match c {
            '\\' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '!' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // GitHub looks for mentions, issue numbers and bare addresses after rendering; a word joiner breaks them.
            '@' | '#' => {
                out.push(c);
                out.push('\u{2060}');
            }
            '/' | '.' | ':' if out.ends_with([':', 'w']) => {
                out.push('\u{2060}');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(str::len).max().unwrap_or(0)
}

/// Text inside an HTML element or a quoted attribute.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in plain(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// Running text inside an HTML element: [`html`] with `code spans`.
pub fn html_text(text: &str) -> String {
    let text = flow(text);
    let pieces: Vec<&str> = text.split('`').collect();
    if pieces.len().is_multiple_of(2) {
        return html(&text);
    }
    let piece = |(index, piece): (usize, &&str)| match index % 2 {
        0 => html(piece),
        _ => format!("<code>{}</code>", html(piece)),
    };
    pieces.iter().enumerate().map(piece).collect()
}

/// One CSV field: quoted, and never a formula.
pub fn csv(text: &str) -> String {
    let text = plain(text);
    let guard = if text.trim_start().starts_with(['=', '+', '-', '@']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// The text of a SARIF message: no embedded links, no placeholders.
pub fn sarif(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = visible(text, |c| c == '\n').chars().collect::<Vec<_>>().into_iter().peekable();
    while let Some(c) = chars.next() {
        match c {
            '[' | ']' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '{' if chars.peek().is_some_and(char::is_ascii_digit) => out.push_str("{{"),
            _ => out.push(c),
        }
    }
    out
}

/// A relative path as a URI reference.
pub fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(byte as char),
            _ => write!(out, "%{byte:02X}").expect("because writing to a string cannot fail"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_deceptive_reaches_a_terminal() {
        for c in (0..=0x10ffff).filter_map(char::from_u32) {
            let text = format!("a{c}b");
            let out = plain(&text);
            assert!(!out.chars().any(is_deceptive), "{:x} passed", c as u32);
        }
        assert_eq!(plain("\u{1b}[31mred\u{202e}"), "\\u{1b}[31mred\\u{202e}");
        assert_eq!(plain("ordinary äöü 漢字 🦀"), "ordinary äöü 漢字 🦀");
    }

    #[test]
    fn a_log_line_is_no_command() {
        assert_eq!(terminal("::error::x"), "\\u{3a}:error::x");
        assert_eq!(terminal("a ::error::x"), "a \\u{3a}:error::x");
        assert_eq!(terminal("std::mem::take"), "std::mem::take");
        assert_eq!(terminal("##[group]x"), "\\u{23}#[group]x");
        assert_eq!(command_data("50%\r\n::x"), "50%25\\u{d}%0A::x");
        assert_eq!(command_property("a:b,c\n"), "a%3Ab%2Cc%0A");
    }

    #[test]
    fn code_spans_cannot_be_left() {
        assert_eq!(markdown_code("a"), "`a`");
        assert_eq!(markdown_code("a``b"), "```a``b```");
        assert_eq!(markdown_code("`a"), "`` `a ``");
        assert_eq!(markdown_code_cell("a|b"), "`a\\|b`");
        assert_eq!(markdown("see `x|y` <b> @team #12"), "see `x|y` &lt;b&gt; @\u{2060}team #\u{2060}12");
        assert_eq!(markdown("a ` b"), "a \\` b");
        assert!(!markdown("https://evil.example www.evil.example").contains("https://"));
    }

    #[test]
    fn other_sinks() {
        assert_eq!(html("<script>'\"&"), "&lt;script&gt;&#39;&quot;&amp;");
        assert_eq!(html_text("`a<b` c ` d"), "`a&lt;b` c ` d");
        assert_eq!(html_text("see `a<b`"), "see <code>a&lt;b</code>");
        assert_eq!(csv("=cmd|'x'"), "\"'=cmd|'x'\"");
        assert_eq!(csv("a\"b"), "\"a\"\"b\"");
        assert_eq!(sarif("[x](1) {0}"), "\\[x\\](1) {{0}");
        assert_eq!(uri("a b/ä#.go"), "a%20b/%C3%A4%23.go");
    }
}
