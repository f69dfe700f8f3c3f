//! Stated targets in sentences, for documents and for comments in code.
//!
//! In: one sentence, table row or comment. Out: [`Target`]s: figures that the sentence says an answer must keep to.
//! A figure counts only with a bound (`<`, `within`, `at most` …), a word that makes it a duty (target, budget, SLO,
//! must …) and something that answers; what was measured, what waits and what is an example is none.

mod figure;
mod phrases;
mod words;

use std::ops::Range;

use regex_automata::util::captures::Captures;

use crate::parse::duration::{self, NoDuration, Unit};
use crate::parse::percentile;
use figure::Figure;
use words::{ANSWERS, AVOID, PERCENTILE, TAIL, bounds};
pub(super) use words::{duty, heading_promises};

/// A figure that something must keep to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Target {
    pub(crate) range: Range<usize>,
    pub(crate) limit: Result<f64, NoDuration>,
    pub(crate) percentile: Option<f64>,
}

/// Finds targets in one comment of code; `base` is its offset in the file.
pub(crate) fn comment_targets(comment: &str, base: usize) -> Vec<Target> {
    let plain = without_markers(comment);
    let mut targets = Vec::new();
    for sentence in sentences(&plain) {
        let text = &plain[sentence.clone()];
        if duty(text) && ANSWERS.is_in(text) {
            targets.extend(figures(text, base + sentence.start, true));
        }
    }
    targets
}

/// Finds targets in a sentence of a document; `promised` says that its heading announces targets.
pub(super) fn sentence_targets(text: &str, base: usize, promised: bool) -> Vec<Target> {
    if figure::all(text).next().is_none() {
        return Vec::new();
    }
    let duty = duty(text);
    let tail = || TAIL.is_in(text) || PERCENTILE.is_match(text);
    let is_target = duty && ANSWERS.is_in(text) || (duty || promised) && tail();
    if is_target && !AVOID.is_in(text) { figures(text, base, !promised) } else { Vec::new() }
}

/// Reads the bounded figures of a sentence that has passed the tests on its words.
fn figures(text: &str, base: usize, named: bool) -> Vec<Target> {
    let mut targets = Vec::new();
    let mut from = 0;
    for Figure { number, unit } in figure::all(text) {
        let before = &text[from..number.start];
        // The unit ends the figure.
        let end = unit.end;
        let behind = &text[end..];
        if bounds(before, behind, named) && !AVOID.is_in(clause(text, end)) {
            targets.push(Target {
                range: base + number.start..base + end,
                limit: value(&text[number], &text[unit]),
                percentile: percentile_near(before, behind),
            });
        }
        from = end;
    }
    targets
}

/// What a sentence says up to the end of the clause that holds a figure: `(~40ms) or send a "wait extension"` waits
/// for nothing.
fn clause(text: &str, end: usize) -> &str {
    let rest = &text[end..];
    let close = rest.find([',', ';', ')', '|', ':']).into_iter().chain(rest.find(" or ")).min();
    &text[..end + close.unwrap_or(rest.len())]
}

/// Reads the first figure of a table's cell, whose column makes it a target.
pub(super) fn cell_target(cell: &str, row: &str, base: usize) -> Option<Target> {
    let Figure { number, unit } = figure::all(cell).next()?;
    Some(Target {
        range: base + number.start..base + unit.end,
        limit: value(&cell[number], &cell[unit]),
        percentile: percentile_near(cell, "").or_else(|| percentile_near(row, "")),
    })
}

/// Whether a text holds a digit directly before a unit's first letter: cheap, and true of few texts.
pub(super) fn may_hold_figure(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (second, third) = (bytes.get(1..).unwrap_or_default(), bytes.get(2..).unwrap_or_default());
    // Without a way out in the middle a stretch of bytes is looked at with few instructions.
    let parts = bytes.chunks(STRETCH).zip(second.chunks(STRETCH)).zip(third.chunks(STRETCH));
    let mut parts = parts.map(|((first, second), third)| {
        let all = first.iter().zip(second).zip(third);
        all.fold(false, |found, ((&first, &second), &third)| {
            let spaced = (second == b' ') | (second == 0xc2);
            found | (first.is_ascii_digit() & (is_unit(second) | (spaced & is_unit(third))))
        })
    });
    parts.any(|found| found)
        || bytes.windows(2).last().is_some_and(|bytes| bytes[0].is_ascii_digit() && is_unit(bytes[1]))
}

const STRETCH: usize = 256;

/// Whether a unit of time may begin with this byte.
fn is_unit(byte: u8) -> bool {
    let lower = byte | 0x20;
    (lower == b'm') | (lower == b's') | (byte == b'u') | (byte == b'n') | (byte == 0xc2) | (byte == 0xce)
}

/// Whether a table's row is about how fast something answers.
pub(super) fn row_is_about_latency(row: &str) -> bool {
    (TAIL.is_in(row) || words::LATENCY.is_in(row) || PERCENTILE.is_match(row)) && !AVOID.is_in(row)
}

fn value(number: &str, unit: &str) -> Result<f64, NoDuration> {
    let number = duration::number(&number.replace(',', "")).ok_or(NoDuration::NotADuration)?;
    let unit = Unit::of_word(unit).ok_or(NoDuration::NoUnit)?;
    // `2000s` is a decade or a typing error; no target is written so.
    if unit == Unit::Seconds && number >= 1000.0 {
        return Err(NoDuration::NotADuration);
    }
    duration::in_unit(number, unit)
}

/// The percentile a figure is for: the last one before it, else the first behind it.
fn percentile_near(before: &str, behind: &str) -> Option<f64> {
    let above = PERCENTILE.captures_iter(before).last().and_then(|found| number(before, found));
    let text = above.or_else(|| {
        let next = figure::all(behind).next().map_or(behind.len(), |figure| figure.number.start);
        number(behind, PERCENTILE.captures_iter(&behind[..next]).next()?)
    })?;
    percentile::read(&format!("p{text}")).or_else(|| percentile::read(text))
}

/// What the one group that took part matched.
fn number(text: &str, found: Captures) -> Option<&str> {
    found.iter().skip(1).flatten().next().map(|span| &text[span])
}

/// Blanks `//`, `///`, `//!`, `/*`, `*` at the starts of lines and joins the lines, without moving anything.
pub(super) fn without_markers(comment: &str) -> String {
    let mut plain = String::with_capacity(comment.len());
    for line in comment.split_inclusive('\n') {
        let body = line.trim_start();
        let indent = line.len() - body.len();
        let text = body.trim_start_matches(['/', '*', '!']);
        let empty = text.trim().is_empty();
        plain.extend(std::iter::repeat_n(' ', indent + body.len() - text.len()));
        // An empty line ends a paragraph.
        plain.push_str(&text.replace(['\n', '\r'], if empty { "\u{b}" } else { " " }));
    }
    plain
}

/// Splits at the ends of sentences and paragraphs.
pub(super) fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let next_blank = bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace);
        let abbreviation = bytes[start..at].ends_with(b"e.g") || bytes[start..at].ends_with(b"i.e");
        let ends = match byte {
            b'.' | b'!' | b'?' => next_blank && !abbreviation,
            0x0b => true,
            _ => false,
        };
        if ends {
            found.push(start..at + 1);
            start = at + 1;
        }
    }
    if start < text.len() {
        found.push(start..text.len());
    }
    found
}

#[cfg(test)]
mod tests;
