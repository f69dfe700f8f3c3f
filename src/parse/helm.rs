//! Makes YAML of a template without running it: `{{ … }}` is masked, byte for byte, and remembered.
//!
//! In: the text of a Helm template (or another Go template around YAML). Out: [`Masked`], whose text has the same
//! length and line breaks, so that every offset stays true. Actions that only steer (`if`, `end`, `define`, those
//! that insert indented blocks) and actions alone on a line become spaces; the others become `x`. Statements of other
//! template languages, `{% … %}`, steer as well.
//! A `define` at the start of a line becomes `---`: named templates are documents of their own.

use std::collections::BTreeMap;
use std::ops::Range;

/// A text whose template actions are out of the way.
#[derive(Debug)]
pub struct Masked {
    pub text: String,
    /// The actions that became part of a scalar, in order.
    pub inline: Vec<Range<usize>>,
}

impl Masked {
    /// Tells whether a range holds a masked action.
    pub fn touches(&self, range: &Range<usize>) -> bool {
        let first = self.inline.partition_point(|action| action.end <= range.start);
        self.inline.get(first).is_some_and(|action| action.start < range.end)
    }
}

/// Masks all actions of a template.
pub fn mask(text: &str) -> Masked {
    masked(text, Vec::new())
}

/// Masks actions, and words between `%` or `@` where YAML allows neither: `image: %TAG%`.
pub fn mask_with_words(text: &str) -> Masked {
    masked(text, words(text))
}

/// Finds `%WORD%` and `@WORD@` that begin a value.
fn words(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = memchr::memchr2(b'%', b'@', &bytes[at..]).map(|offset| at + offset) {
        let name = bytes[open + 1..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        let close = open + 1 + name;
        at = close;
        let begins = open == 0 || bytes[open - 1].is_ascii_whitespace();
        if begins && name > 0 && bytes.get(close) == Some(&bytes[open]) {
            at = close + 1;
            found.push(open..at);
        }
    }
    found
}

fn masked(text: &str, words: Vec<Range<usize>>) -> Masked {
    let mut bytes = text.as_bytes().to_vec();
    let mut inline = words;
    for word in &inline {
        blank(&mut bytes[word.clone()], b'x');
    }
    let actions = actions(text);
    let alone = alone(text, &actions);
    for (action, alone) in actions.iter().zip(alone) {
        let body = &text[action.clone()];
        if alone || steers(body) {
            blank(&mut bytes[action.clone()], b' ');
            if keyword(body) == "define" && at_line_start(text, action.start) {
                bytes[action.start..action.start + 3].copy_from_slice(b"---");
            }
        } else {
            blank(&mut bytes[action.clone()], b'x');
            inline.push(action.clone());
        }
    }
    inline.sort_by_key(|range| range.start);
    // Only whole actions were replaced by ASCII, and they begin and end at ASCII braces.
    let text = String::from_utf8(bytes).unwrap_or_default();
    Masked { text, inline }
}

/// Finds `{{ … }}` and `{% … %}`, knowing strings, raw strings and comments. An action that never ends is left alone.
fn actions(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = memchr::memchr(b'{', &bytes[at..]).map(|offset| at + offset) {
        let end = match bytes.get(open + 1) {
            Some(b'{') => end_of_action(bytes, open + 2),
            Some(b'%') => memchr::memmem::find(&bytes[open..], b"%}").map(|offset| open + offset + 2),
            _ => {
                at = open + 1;
                continue;
            }
        };
        match end {
            Some(end) => {
                found.push(open..end);
                at = end;
            }
            None => break,
        }
    }
    found
}

fn end_of_action(bytes: &[u8], start: usize) -> Option<usize> {
    let trimmed = if bytes.get(start) == Some(&b'-') { start + 1 } else { start };
    let body = trimmed + bytes[trimmed..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    if bytes[body..].starts_with(b"/*") {
        let close = body + memchr::memmem::find(&bytes[body..], b"*/")?;
        return memchr::memmem::find(&bytes[close..], b"}}").map(|offset| close + offset + 2);
    }
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b'}' if bytes.get(at + 1) == Some(&b'}') => return Some(at + 2),
            b'"' => at = end_of_string(bytes, at + 1)?,
            b'`' => at += memchr::memchr(b'`', &bytes[at + 1..])? + 2,
            _ => at += 1,
        }
    }
    None
}

fn end_of_string(bytes: &[u8], mut at: usize) -> Option<usize> {
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            // A string cannot span lines: this was no string.
            b'\n' => return Some(at),
            _ => at += 1,
        }
    }
    None
}

/// Tells for each action whether its lines hold nothing but actions; one pass in each direction.
fn alone(text: &str, actions: &[Range<usize>]) -> Vec<bool> {
    let mut alone = Vec::with_capacity(actions.len());
    let (mut end, mut clean) = (0, true);
    for action in actions {
        let gap = &text[end..action.start];
        clean = match gap.rfind('\n') {
            Some(at) => gap[at..].trim().is_empty(),
            None => clean && gap.trim().is_empty(),
        };
        alone.push(clean);
        end = action.end;
    }
    let (mut start, mut clean) = (text.len(), true);
    for (action, alone) in actions.iter().zip(&mut alone).rev() {
        let gap = &text[action.end..start];
        clean = match gap.find('\n') {
            Some(at) => gap[..at].trim().is_empty(),
            None => clean && gap.trim().is_empty(),
        };
        *alone &= clean;
        start = action.start;
    }
    alone
}

fn at_line_start(text: &str, at: usize) -> bool {
    at == 0 || text.as_bytes()[at - 1] == b'\n'
}

fn keyword(action: &str) -> &str {
    let body = action.trim_start_matches('{').trim_start_matches('-').trim_start();
    body.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or("")
}

fn steers(action: &str) -> bool {
    if action.starts_with("{%") {
        return true;
    }
    let inner = action.trim_start_matches('{').trim_start_matches('-').trim_start();
    matches!(keyword(action), "if" | "else" | "end" | "range" | "with" | "define" | "block" | "break" | "continue")
        || inner.starts_with("/*")
        || inner.starts_with('$') && inner.contains(":=")
        || inner.contains("nindent")
        || inner.contains("| indent")
}

/// Puts in what a template's own variables stand for: `{{ $repo }}` after `{{ $repo := .Values.image.repository }}`.
///
/// `text` is what comes before, in which the last setting counts.
pub fn with_locals(text: &str, written: &str) -> String {
    if !written.contains("{{") || !written.contains('$') {
        return written.to_owned();
    }
    // Templates set their variables at the top.
    let end = (0..=text.len().min(HEAD)).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    let text = &text[..end];
    let mut known: BTreeMap<&str, &str> = BTreeMap::new();
    for action in actions(text).into_iter().take(MOST_ACTIONS) {
        let body = text[action].trim_matches(['{', '}', '-', ' ']);
        let set = body.split_once(":=").or_else(|| body.split_once('='));
        if let Some((name, value)) = set.filter(|(name, _)| name.trim().starts_with('$'))
            && value.len() <= LONGEST_VALUE
        {
            known.insert(name.trim(), value.trim_start_matches('='));
        }
    }
    let mut out = written.to_owned();
    for _ in 0..DEEPEST {
        let next = substitute(&out, &known);
        if next == out || next.len() > LONGEST_RESULT {
            break;
        }
        out = next;
    }
    out
}

const HEAD: usize = 32 * 1024;
const MOST_ACTIONS: usize = 2000;
const LONGEST_VALUE: usize = 300;
const LONGEST_RESULT: usize = 4000;
const DEEPEST: usize = 3;

fn substitute(text: &str, known: &BTreeMap<&str, &str>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let length = 1 + rest[at + 1..].find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len() - at - 1);
        let name = &rest[at..at + length];
        rest = &rest[at + length..];
        match known.get(name) {
            // What is looked up in a variable or set anew is no use of its value alone.
            Some(value) if !rest.starts_with('.') && !rest.trim_start().starts_with(":=") => {
                out.push('(');
                out.push_str(value.trim_start());
                out.push(')');
            }
            _ => out.push_str(name),
        }
    }
    out.push_str(rest);
    out
}

fn blank(bytes: &mut [u8], with: u8) {
    for byte in bytes {
        if *byte != b'\n' && *byte != b'\r' {
            *byte = with;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_lines_are_kept() {
        let text = "{{- if .Values.ä }}\nname: {{ .Values.name | quote }}-x\n{{- end }}\n";
        let masked = mask(text);
        assert_eq!(masked.text.len(), text.len());
        assert_eq!(masked.text.lines().nth(1), Some("name: xxxxxxxxxxxxxxxxxxxxxxxxxx-x"));
        assert_eq!(masked.text.lines().next().map(str::trim), Some(""));
        assert!(masked.touches(&(27..30)));
        assert!(!masked.touches(&(21..25)));
    }

    #[test]
    fn braces_inside_strings_and_comments_do_not_end_an_action() {
        let text = "a: {{ printf \"}}\" }}\nb: {{/* }} */}}1\nc: {{ `}}` }}\n";
        assert_eq!(mask(text).text.replace('x', ""), format!("a: \nb:{}1\nc: \n", " ".repeat(13)));
    }

    #[test]
    fn variables_of_a_template_are_put_in() {
        let text = "{{- $top := . }}\n{{- $repo := $x.repository | default $top.Values.image.repository }}\n";
        assert_eq!(
            with_locals(text, "{{ $repo }}:{{ $tag }}"),
            "{{ ($x.repository | default $top.Values.image.repository) }}:{{ $tag }}"
        );
        assert_eq!(with_locals("{{ $a := $a }}", "{{ $a }}").len(), "{{ ((($a))) }}".len());
        assert_eq!(with_locals(text, "plain $repo"), "plain $repo");
    }

    #[test]
    fn statements_of_other_languages_vanish_and_words_are_masked() {
        assert_eq!(mask("{% if a %}\nb: {{ c }}\n").text, "          \nb: xxxxxxx\n");
        let masked = mask_with_words("a: %TAG%\nb: 5% @x@y\nc: @team\n");
        assert_eq!(masked.text, "a: xxxxx\nb: 5% xxxy\nc: @team\n");
        assert!(masked.touches(&(3..8)));
    }

    #[test]
    fn blocks_inserted_with_an_indent_vanish() {
        let text = "labels: {{ include \"l\" . | nindent 2 }}\n  a: b\n";
        assert_eq!(mask(text).text.trim_end(), format!("labels: {}\n  a: b", " ".repeat(31)));
    }

    #[test]
    fn named_templates_become_documents_and_open_actions_stay() {
        assert!(mask("{{- define \"a\" -}}\nx: 1\n{{- end }}\n").text.starts_with("---  "));
        assert_eq!(mask("a: {{ x").text, "a: {{ x");
    }
}
