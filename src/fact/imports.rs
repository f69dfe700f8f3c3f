//! The imports of a Go file, as one text.
//!
//! In: what each import says, in the order of the file. Out: the same, one after another. A repository holds tens of
//! thousands of imports, of which most are only asked for their path: one text a file is sooner kept, read and let go
//! than each of their parts.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::source::Place;

/// For each import: the lengths of what follows, the path, and its place and the names that the file selects from it,
/// with a tab between.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GoImports(Box<str>);

/// One import of a Go file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoImport<'a> {
    pub path: &'a str,
    rest: &'a str,
}

/// Digits of the length of a path, and of that of the rest.
const DIGITS: [usize; 2] = [3, 4];
const HEAD: usize = DIGITS[0] + DIGITS[1];

impl GoImports {
    /// Notes path, selected names and place of each import.
    pub fn new<'a, N: Iterator<Item = &'a str>>(imports: impl Iterator<Item = (&'a str, N, Place)>) -> GoImports {
        let mut text = String::new();
        for (path, names, place) in imports {
            let rest = format!("{}\t{}", place_of(path, place), spaced(names));
            // No file that is read is so long.
            if let (Some(path_length), Some(length)) = (digits(path.len(), DIGITS[0]), digits(rest.len(), DIGITS[1])) {
                text.extend([&path_length, &length, path, &rest]);
            }
        }
        GoImports(text.into())
    }

    pub fn iter(&self) -> impl Iterator<Item = GoImport<'_>> {
        let mut text = &*self.0;
        std::iter::from_fn(move || {
            let head = text.as_bytes().get(..HEAD)?;
            let path = HEAD + number(&head[..DIGITS[0]]);
            let end = path + number(&head[DIGITS[0]..]);
            let import = GoImport { path: text.get(HEAD..path)?, rest: text.get(path..end)? };
            text = &text[end..];
            Some(import)
        })
    }
}

impl<'a> GoImport<'a> {
    /// Names that the file selects from it, sorted, each once.
    pub fn selected(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.rest.split_once('\t').map_or("", |(_, names)| names).split_ascii_whitespace()
    }

    pub fn place(&self) -> Place {
        let place = self.rest.split_once('\t').map_or("", |(place, _)| place);
        let mut numbers = place.split(' ').map(|number| number.parse().unwrap_or_default());
        let mut next = || numbers.next();
        let (start, line, column) =
            (next().unwrap_or_default(), next().unwrap_or_default(), next().unwrap_or_default());
        match (next(), next(), next()) {
            (Some(end), Some(end_line), Some(end_column)) => Place { start, end, line, column, end_line, end_column },
            _ => quoted(self.path, start, line, column),
        }
    }
}

/// A number in so many characters, of which each says six bits; `None` where they do not say it.
fn digits(number: usize, count: usize) -> Option<String> {
    let digit = |nth: usize| char::from(b'0' + (number >> (6 * nth) & 63) as u8);
    (number >> (6 * count) == 0).then(|| (0..count).rev().map(digit).collect())
}

fn number(digits: &[u8]) -> usize {
    digits.iter().fold(0, |number, digit| number << 6 | usize::from(digit.wrapping_sub(b'0') & 63))
}

/// Names one after another, with spaces between.
pub fn spaced<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for name in names {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(name);
    }
    text
}

/// Where an import begins, and where it ends if that is not to be seen from its path.
fn place_of(path: &str, place: Place) -> String {
    let Place { start, end, line, column, end_line, end_column } = place;
    let mut text = format!("{start} {line} {column}");
    if quoted(path, start, line, column) != place {
        // Writing to a string cannot fail.
        let _ = write!(text, " {end} {end_line} {end_column}");
    }
    text
}

/// The place of a path between quotes that begins there.
fn quoted(path: &str, start: u32, line: u32, column: u32) -> Place {
    let (length, characters) = (path.len() as u32 + 2, path.chars().count() as u32 + 2);
    let (end, end_column) = (start.saturating_add(length), column.saturating_add(characters));
    Place { start, end, line, column, end_line: line, end_column }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_come_back_as_they_were() {
        let short = Place { start: 20, end: 25, line: 3, column: 2, end_line: 3, end_column: 7 };
        let escaped = Place { start: 30, end: 45, line: 4, column: 2, end_line: 4, end_column: 17 };
        let wide = Place { start: 50, end: 54, line: 5, column: 2, end_line: 5, end_column: 5 };
        let all = [("a/b", vec![], short), ("c", vec!["X", "Y"], escaped), ("ä", vec!["Z"], wide)];
        let noted = GoImports::new(all.iter().map(|(path, names, place)| (*path, names.iter().copied(), *place)));
        let back: Vec<_> = noted.iter().map(|one| (one.path, one.selected().collect(), one.place())).collect();
        assert_eq!(back, all);
        let bytes = postcard::to_stdvec(&noted).unwrap();
        assert_eq!(postcard::from_bytes::<GoImports>(&bytes).unwrap(), noted);
    }

    #[test]
    fn any_path_and_any_text_can_be_held() {
        let long = "x".repeat(5000);
        let paths = ["", "a\tb", "c\nd", "é", &long];
        let noted = GoImports::new(paths.into_iter().map(|path| (path, ["Y"].into_iter(), Place::default())));
        assert_eq!(noted.iter().map(|one| one.path).collect::<Vec<_>>(), paths);
        for text in ["", "00", "0010001a", "0010002ab", "0010009ab", "0010000é", "oooooooo", "0010003a\tb c"] {
            for one in GoImports(text.into()).iter() {
                assert!(one.place().start == 0 && one.selected().count() < 3, "{text:?}");
            }
        }
    }

    #[test]
    fn numbers_come_back_as_far_as_they_fit() {
        for number in [0, 63, 64, 4095, (1 << 18) - 1] {
            assert_eq!(digits(number, 3).map(|text| super::number(text.as_bytes())), Some(number));
        }
        assert_eq!(digits(1 << 18, 3), None);
    }
}
