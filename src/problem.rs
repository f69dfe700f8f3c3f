//! What we could not read, parse or understand: never about the user's code, always about our reading of it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scope::Scope;
use crate::source::Place;

/// What a problem may have cost; the order is the weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Nothing: left out as the documentation says, like vendored code and test data.
    LeftOut,
    /// Something, where no verdict hangs on it: a template that only its own program can read, an example, a test,
    /// a detail that judges nothing.
    Partial,
    /// Facts that could change a verdict. Under `--strict` such a run is not complete.
    Lost,
}

impl Class {
    pub fn word(self) -> &'static str {
        match self {
            Class::LeftOut => "left-out",
            Class::Partial => "partial",
            Class::Lost => "lost",
        }
    }

    /// What not reading the file at `path` costs.
    pub fn of_file(path: &str) -> Class {
        Class::in_scope(Scope::of(path))
    }

    /// The same of a file of such standing.
    pub(crate) fn in_scope(scope: Scope) -> Class {
        if scope == Scope::Shipped { Class::Lost } else { Class::Partial }
    }
}

/// Something that was seen and not, or not fully, read; ends up in the report's `skipped` list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    #[serde(with = "crate::shared")]
    #[schemars(with = "String")]
    pub path: Arc<str>,
    pub reason: String,
    pub place: Option<Place>,
    pub class: Class,
}

impl Problem {
    /// A problem with a path as a whole.
    pub fn new(path: impl Into<Arc<str>>, reason: impl Into<String>, class: Class) -> Problem {
        Problem { path: path.into(), reason: reason.into(), place: None, class }
    }
}

/// A problem found by a reader, which does not know the file's name for sure (content is cached by hash).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Flaw {
    pub reason: String,
    pub place: Option<Place>,
    pub class: Class,
}
