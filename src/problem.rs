//! What we could not read, parse or understand: never about the user's code, always about our reading of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::source::Place;

/// Something that was seen and not, or not fully, read; ends up in the report's `skipped` list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub path: Arc<str>,
    pub reason: String,
    pub place: Option<Place>,
}

/// A problem found by a reader, which does not know the file's name for sure (content is cached by hash).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Flaw {
    pub reason: String,
    pub place: Option<Place>,
}
