//! Readers: the pure function from a file's name and text to its facts, one arm per kind of file.
//!
//! Nothing here touches the disk, so a result can be cached by content and tested from a string.

use crate::detect::Facts;
use crate::fact::{FileFacts, Structure};
use crate::parse::{self, Kind};
use crate::source::Text;

/// Reads one file.
pub fn read(kind: Kind, text: &Text<'_>) -> FileFacts {
    let mut facts = Facts::new(text);
    let structure = match kind {
        // Each reader: `fn(&Text, &mut Facts) -> Structure`.
        Kind::CargoToml => parse::cargo::read(text, &mut facts),
        Kind::Rust => parse::rust::read(text, &mut facts),
        _ => Structure::None,
    };
    let Facts { list, flaws, .. } = facts;
    FileFacts { structure, facts: list, flaws, lines: text.line_count() }
}
