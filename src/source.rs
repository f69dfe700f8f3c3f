//! Text and positions: byte ranges inside, lines and columns only where something is shown.
//!
//! A reader sees a [`Text`] and turns byte ranges into [`Place`]s; from then on a place is a value that
//! needs no text. A [`Location`] is a place together with the file it lies in.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A stretch of one file: byte offsets, and the same as 1-based line and column.
///
/// Columns count Unicode scalar values. `end` and `end_column` are exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    pub start: u32,
    pub end: u32,
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

/// A place in a file of the scanned repository; what every claim is backed by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Location {
    /// Relative to the scanned root, `/` between parts.
    #[serde(with = "crate::shared")]
    #[schemars(with = "String")]
    pub path: Arc<str>,
    pub place: Place,
}

impl Location {
    /// Says that the whole file is the evidence: its first line.
    pub fn of_file(path: &str) -> Location {
        let place = Place { line: 1, column: 1, end_line: 1, end_column: 1, ..Place::default() };
        Location { path: path.into(), place }
    }
}

/// The text of one file with an index of its lines; the only converter from offsets to lines.
#[derive(Debug)]
pub struct Text<'a> {
    /// Relative to the scanned root, `/` between parts.
    pub path: &'a str,
    pub text: &'a str,
    line_starts: Vec<u32>,
    /// Characters before every [`STRIDE`] bytes, counted when the first column of a long line is asked for.
    marks: OnceLock<Vec<u32>>,
}

/// Counting a column from the start of its line would make many facts on one long line quadratic.
const STRIDE: usize = 1024;

impl<'a> Text<'a> {
    pub fn new(path: &'a str, text: &'a str) -> Text<'a> {
        let mut line_starts = vec![0];
        line_starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1));
        Text { path, text, line_starts, marks: OnceLock::new() }
    }

    /// Returns the number of lines; a final newline does not start another.
    pub fn line_count(&self) -> u32 {
        let all = self.line_starts.len() as u32;
        if self.text.is_empty() || self.text.ends_with('\n') { all - 1 } else { all }
    }

    /// Converts a byte range; offsets past the end or inside a character are moved to the nearest boundary before.
    pub fn place(&self, range: Range<usize>) -> Place {
        let start = floor_boundary(self.text, range.start);
        let end = floor_boundary(self.text, range.end.max(range.start)).max(start);
        let (line, column) = self.line_column(start);
        let (end_line, end_column) = self.line_column(end);
        Place { start: start as u32, end: end as u32, line, column, end_line, end_column }
    }

    /// Returns the text of a 1-based line without its line ending.
    pub fn line(&self, line: u32) -> &'a str {
        let Some(&start) = self.line_starts.get(line.saturating_sub(1) as usize) else { return "" };
        let end = self.line_starts.get(line as usize).map_or(self.text.len(), |&next| next as usize);
        self.text[start as usize..end].trim_end_matches(['\n', '\r'])
    }

    /// Returns the byte offset at which a 1-based line starts.
    pub fn line_start(&self, line: u32) -> usize {
        self.line_starts.get(line.saturating_sub(1) as usize).map_or(self.text.len(), |&at| at as usize)
    }

    fn line_column(&self, offset: usize) -> (u32, u32) {
        let line = self.line_starts.partition_point(|&start| start as usize <= offset).max(1);
        let start = self.line_starts[line - 1] as usize;
        let characters = if offset - start <= STRIDE {
            count(&self.text.as_bytes()[start..offset])
        } else {
            self.characters_before(offset) - self.characters_before(start)
        };
        (line as u32, characters + 1)
    }

    fn characters_before(&self, offset: usize) -> u32 {
        let marks = self.marks.get_or_init(|| {
            let before = |total: &mut u32, piece: &[u8]| {
                let here = *total;
                *total += count(piece);
                Some(here)
            };
            self.text.as_bytes().chunks(STRIDE).scan(0, before).collect()
        });
        // At the very end of a text that fills its last stride there is no mark: count that stride.
        let stride = (offset / STRIDE).min(marks.len().saturating_sub(1));
        marks.get(stride).copied().unwrap_or(0) + count(&self.text.as_bytes()[stride * STRIDE..offset])
    }
}

/// Counts the characters that start in a stretch of UTF-8.
fn count(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|&&byte| byte & 0xc0 != 0x80).count() as u32
}

fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_not_bytes() {
        let text = Text::new("a.go", "äb\r\ncd\n");
        let place = text.place(2..3);
        assert_eq!((place.line, place.column, place.end_column), (1, 2, 3));
        let place = text.place(5..7);
        assert_eq!((place.line, place.column, place.end_line, place.end_column), (2, 1, 2, 3));
        assert_eq!(text.line(1), "äb");
        assert_eq!(text.line_count(), 2);
    }

    #[test]
    fn columns_of_a_long_line_are_the_same_counted_in_strides() {
        let long = "ab\n".to_owned() + &"aä漢🦀".repeat(700);
        let text = Text::new("a.go", &long);
        for (at, _) in long.char_indices().skip(3) {
            assert_eq!(text.place(at..at).column, long[3..at].chars().count() as u32 + 1);
        }
        let exact = "a".repeat(STRIDE * 2);
        assert_eq!(Text::new("a.go", &exact).place(exact.len()..exact.len()).column, STRIDE as u32 * 2 + 1);
    }

    #[test]
    fn a_range_inside_a_character_moves_to_its_start() {
        let text = Text::new("a.go", "äb");
        assert_eq!(text.place(1..1).start, 0);
        assert_eq!(text.place(9..99).end, 3);
    }
}
