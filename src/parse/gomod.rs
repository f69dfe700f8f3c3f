//! go.mod: from text to the module, its toolchain and its replacements, with places.
//!
//! Its grammar of lines and blocks of words is read here directly: the parser crate for go.mod gives no positions for
//! versions of the toolchain and stops at the first mistake.
//! A line that makes no sense is passed over; the go command would refuse the file, and so it tells nothing.

use std::ops::Range;

use crate::fact::GoModule;
use crate::source::{Place, Text};

/// One directive line: its verb, and the words after it.
struct Line<'a> {
    verb: &'a str,
    words: Vec<Word<'a>>,
}

#[derive(Clone)]
struct Word<'a> {
    text: &'a str,
    range: Range<usize>,
}

/// Reads a go.mod file.
pub fn module(text: &Text<'_>) -> GoModule {
    let mut module = GoModule::default();
    for line in lines(text.text) {
        match (line.verb, line.words.as_slice()) {
            ("module", [path, ..]) => module.module = path.text.to_owned(),
            ("go", [version, ..]) => module.go = Some(toolchain(version, text)),
            ("toolchain", [version, ..]) => module.toolchain = Some(toolchain(version, text)),
            ("replace", words) => module.replaces.extend(replacement(words)),
            _ => {}
        }
    }
    module
}

fn toolchain(version: &Word<'_>, text: &Text<'_>) -> (String, Place) {
    let number = version.text.strip_prefix("go").unwrap_or(version.text);
    (number.to_owned(), text.place(version.range.clone()))
}

/// `old [version] => new [version]`; a new path that starts with a dot or a slash is a directory.
fn replacement(words: &[Word<'_>]) -> Option<(String, Option<String>)> {
    let arrow = words.iter().position(|word| word.text == "=>")?;
    let old = words.first().filter(|_| arrow > 0)?;
    let new = words.get(arrow + 1)?;
    let local = new.text.starts_with("./") || new.text.starts_with("../") || matches!(new.text, "." | "..");
    let local = local || new.text.starts_with('/');
    Some((old.text.to_owned(), local.then(|| new.text.to_owned())))
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut found = Vec::new();
    let mut block: Option<&str> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let mut words = words(line, start);
        start += line.len();
        match (block, words.first().map(|word| word.text)) {
            (_, None) => {}
            (Some(_), Some(")")) => block = None,
            (Some(verb), Some(_)) => found.push(Line { verb, words }),
            (None, Some(verb)) => {
                words.remove(0);
                match words.as_slice() {
                    [open, ..] if open.text == "(" => block = Some(verb),
                    _ => found.push(Line { verb, words }),
                }
            }
        }
    }
    found
}

/// Splits a line into words, quoted ones without their quotes; a comment ends it.
fn words(line: &str, offset: usize) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut at = 0;
    loop {
        at += line[at..].len() - line[at..].trim_start().len();
        let rest = &line[at..];
        if rest.is_empty() || rest.starts_with("//") {
            return words;
        }
        let quoted = rest.chars().next().filter(|first| matches!(first, '"' | '`'));
        let (range, end) = match quoted {
            Some(quote) => match rest[1..].find(quote) {
                Some(end) => (1..end + 1, end + 2),
                None => (1..rest.trim_end().len(), rest.len()),
            },
            None if rest.starts_with(['(', ')']) => (0..1, 1),
            None => {
                let end = rest.find(|next: char| next.is_whitespace() || matches!(next, '(' | ')' | '"' | '`'));
                let end = end.unwrap_or(rest.len()).min(rest.find("//").unwrap_or(rest.len()));
                (0..end, end)
            }
        };
        let range = at + range.start..at + range.end;
        words.push(Word { text: &line[range.clone()], range: offset + range.start..offset + range.end });
        at += end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> GoModule {
        module(&Text::new("go.mod", source))
    }

    #[test]
    fn reads_all_that_discovery_needs() {
        let module = read(
            "// c\nmodule \"example.org/a\" // x\n\ngo 1.24.1\ntoolchain go1.25.0\nrequire b.org/b v1.0.0\nrequire (\r\n\tc.org/c/v2 v2.1.0 // indirect\r\n\t// d.org/d v0\n\te.org/e v0.1.0 // indirect; note\n)\nreplace c.org/c/v2 => ../c // note\nreplace (\n\tb.org/b v1.0.0 => d.org/d v1.1.0\n)\n",
        );
        assert_eq!(module.module, "example.org/a");
        assert_eq!(module.go.as_ref().map(|(version, place)| (version.as_str(), place.line)), Some(("1.24.1", 4)));
        assert_eq!(module.replaces, [("c.org/c/v2".to_owned(), Some("../c".to_owned())), ("b.org/b".to_owned(), None)]);
        assert_eq!(module.toolchain.map(|(version, _)| version).as_deref(), Some("1.25.0"));
    }

    #[test]
    fn broken_files_give_what_they_can() {
        for source in
            ["module", "\"", "require (", ")", "replace =>", "replace a =>", "go \"", "é\"é", "require(\na v1\n)"]
        {
            read(source);
        }
        assert_eq!(read("module m\n<<<<\ngo 1.20\n").module, "m");
    }
}
