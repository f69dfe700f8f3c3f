//! The few lines of source that labels point at, made fit for a terminal.
//!
//! In: labels and [`Sources`]. Out: codespan's `Files` over an excerpt in which control characters are written out
//! and long lines are cut to a window around the label, with the original line and column numbers.

use std::collections::BTreeMap;
use std::ops::Range;

use codespan_reporting::files::{Error, Files};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Context, Sources, inert};
use crate::finding::Label;
use crate::source::{Place, Text};

/// What the line number and the border take from each line.
const GUTTER: usize = 10;
/// The narrowest window that still says something.
const NARROWEST: usize = 30;

/// Excerpts of the files that the labels of one diagnostic lie in.
pub(super) struct Excerpts {
    files: Vec<Excerpt>,
}

struct Excerpt {
    name: String,
    text: String,
    /// By 0-based line of the file: where that line stands in `text`.
    lines: BTreeMap<usize, Range<usize>>,
    /// By offset in `text`: the 1-based column in the file, for the starts of labels.
    columns: BTreeMap<usize, usize>,
}

/// Where a label stands in an excerpt.
pub(super) struct Spot {
    pub(super) file: usize,
    pub(super) range: Range<usize>,
}

impl Excerpts {
    /// Reads the lines that labels point at; a label whose file or line is gone has no spot.
    pub(super) fn of(labels: &[Label], context: &Context) -> (Excerpts, Vec<Option<Spot>>) {
        let window = context.terminal.width.saturating_sub(GUTTER).max(NARROWEST);
        let mut excerpts = Excerpts { files: Vec::new() };
        let mut spots: Vec<Option<Spot>> = labels.iter().map(|_| None).collect();
        let mut by_path: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, label) in labels.iter().enumerate() {
            by_path.entry(&label.location.path).or_default().push(index);
        }
        for (path, indices) in by_path {
            let Some(source) = read(context.sources, path) else { continue };
            let text = Text::new(path, &source);
            let mut excerpt = Excerpt {
                name: name(path, indices.first().map(|&first| &labels[first].location.place), context),
                text: String::new(),
                lines: BTreeMap::new(),
                columns: BTreeMap::new(),
            };
            let file = excerpts.files.len();
            excerpt.add(&text, labels, &indices, window, |index, range| spots[index] = Some(Spot { file, range }));
            excerpts.files.push(excerpt);
        }
        (excerpts, spots)
    }

    fn file(&self, id: usize) -> Result<&Excerpt, Error> {
        self.files.get(id).ok_or(Error::FileMissing)
    }
}

fn read(sources: &dyn Sources, path: &str) -> Option<String> {
    let source = sources.read(path)?;
    Some(source.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(source))
}

/// The name as shown, a link to this place in it where the terminal has them and the path is plain.
pub(super) fn name(path: &str, place: Option<&Place>, context: &Context) -> String {
    let plain = path.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'/' | b'-'));
    let links = &context.terminal.links;
    match &links.root {
        Some(root) if plain => {
            let position = place.filter(|_| links.positions);
            let position = position.map_or(String::new(), |place| format!(":{}:{}", place.line, place.column));
            link(&format!("{}/{path}{position}", root.trim_end_matches('/')), path)
        }
        _ => inert::terminal(path).into_owned(),
    }
}

/// Text that opens an address; both are inert.
pub(super) fn link(address: &str, text: &str) -> String {
    format!("\u{1b}]8;;{address}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\")
}

impl Excerpt {
    fn add(
        &mut self,
        text: &Text,
        labels: &[Label],
        indices: &[usize],
        window: usize,
        mut found: impl FnMut(usize, Range<usize>),
    ) {
        let mut wanted: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for &index in indices {
            let line = labels[index].location.place.line;
            if line >= 1 && line <= text.line_count().max(1) {
                wanted.entry(line).or_default().push(index);
                // A single line between two labels is shown as well.
                wanted.entry(line + 1).or_default();
            }
        }
        for (line, indices) in wanted {
            let from = indices.iter().map(|&index| labels[index].location.place.column).min().unwrap_or(1);
            let cut = Window::around(text.line(line), from, window.saturating_sub(room(labels, &indices, window)));
            let start = self.text.len();
            self.text.push_str(&cut.text);
            self.lines.insert(line as usize - 1, start..self.text.len() + 1);
            self.text.push('\n');
            for index in indices {
                let place = &labels[index].location.place;
                let end_column = if place.end_line > place.line { u32::MAX } else { place.end_column };
                let range = start + cut.offset(place.column)..start + cut.offset(end_column);
                self.columns.insert(range.start, place.column as usize);
                found(index, range);
            }
        }
    }
}

/// What a line leaves to the words of a label that would not fit behind it.
fn room(labels: &[Label], indices: &[usize], window: usize) -> usize {
    let words = |index: &usize| {
        let label = &labels[*index];
        let needs = label.text.width() + 1;
        if label.location.place.end_column as usize + needs > window { needs } else { 0 }
    };
    indices.iter().map(words).max().unwrap_or(0).min(window / 2)
}

/// A line cut to a width, with a map from the columns of the file.
struct Window {
    text: String,
    /// The column of the first character shown.
    first: u32,
    /// Offsets in `text` of the characters shown, and of the end.
    offsets: Vec<usize>,
}

impl Window {
    /// Cuts a line so that `column` is in sight.
    fn around(line: &str, column: u32, width: usize) -> Window {
        let fits = line.len() <= width || line.chars().map(shown_width).sum::<usize>() <= width;
        let first = if fits { 1 } else { column.saturating_sub(width as u32 / 3).max(1) };
        let mut window = Window { text: String::new(), first, offsets: Vec::new() };
        if first > 1 {
            window.text.push('…');
        }
        let mut left = width;
        let mut chars = line.chars().skip(first as usize - 1);
        for c in chars.by_ref() {
            let needs = shown_width(c);
            if !fits && needs > left {
                window.offsets.push(window.text.len());
                window.text.push('…');
                return window;
            }
            left = left.saturating_sub(needs);
            window.offsets.push(window.text.len());
            inert::push_source(&mut window.text, c);
        }
        window.offsets.push(window.text.len());
        window
    }

    /// Where a column stands; columns out of sight are moved to the nearest edge.
    fn offset(&self, column: u32) -> usize {
        let index = column.saturating_sub(self.first) as usize;
        self.offsets.get(index).or(self.offsets.last()).copied().unwrap_or(0)
    }
}

fn shown_width(c: char) -> usize {
    let mut shown = String::new();
    inert::push_source(&mut shown, c);
    if c == '\t' { 4 } else { shown.chars().map(|c| c.width().unwrap_or(0)).sum() }
}

impl<'a> Files<'a> for Excerpts {
    type FileId = usize;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(&self.file(id)?.name)
    }

    fn source(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(&self.file(id)?.text)
    }

    fn line_index(&'a self, id: usize, offset: usize) -> Result<usize, Error> {
        let excerpt = self.file(id)?;
        let holds = excerpt.lines.iter().find(|(_, range)| offset < range.end);
        Ok(holds.or(excerpt.lines.last_key_value()).map_or(0, |(line, _)| *line))
    }

    fn column_number(&'a self, id: usize, _line: usize, offset: usize) -> Result<usize, Error> {
        Ok(self.file(id)?.columns.get(&offset).copied().unwrap_or(1))
    }

    fn line_range(&'a self, id: usize, line: usize) -> Result<Range<usize>, Error> {
        let excerpt = self.file(id)?;
        let max = excerpt.lines.len();
        excerpt.lines.get(&line).cloned().ok_or(Error::LineTooLarge { given: line, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_around_its_label() {
        let line = format!("{}TARGET{}", "x".repeat(3000), "y".repeat(3000));
        let window = Window::around(&line, 3001, 60);
        assert!(window.text.chars().count() <= 62, "{}", window.text);
        let range = window.offset(3001)..window.offset(3007);
        assert_eq!(&window.text[range], "TARGET");
        assert!(window.text.starts_with('…') && window.text.ends_with('…'));
    }

    #[test]
    fn columns_survive_characters_that_are_written_out() {
        let window = Window::around("ä\u{1b}[31m b", 1, 60);
        assert_eq!(window.text, "ä\\u{1b}[31m b");
        assert_eq!(&window.text[window.offset(8)..window.offset(9)], "b");
        assert_eq!(window.offset(u32::MAX), window.text.len());
    }
}
