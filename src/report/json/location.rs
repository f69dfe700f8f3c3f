//! Places in files, and lists of things with theirs.

use schemars::JsonSchema;
use serde::Serialize;

use crate::service::Evidenced;
use crate::source;

/// A stretch of a file: 1-based lines, columns in Unicode scalar values, ends exclusive.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Location {
    /// Relative to the scanned root, `/` between parts.
    path: String,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

pub(super) fn location(location: &source::Location) -> Location {
    let place = &location.place;
    Location {
        path: location.path.to_string(),
        line: place.line,
        column: place.column,
        end_line: place.end_line,
        end_column: place.end_column,
    }
}

pub(super) fn each<T, R>(items: &[Evidenced<T>], row: impl Fn(&T, Vec<Location>) -> R) -> Vec<R> {
    items.iter().map(|item| row(&item.value, item.evidence.iter().map(location).collect())).collect()
}
