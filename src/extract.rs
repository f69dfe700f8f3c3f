//! Extractors: facts from a team's own conventions, as TOML files say.
//!
//! An extractor names files, finds something in them (a JSONPath over configuration, a pattern over the lines of a
//! text, a query over the syntax tree of Go), and maps what it finds to a signal with its unit. [`raw`] reads such a
//! file with spans, [`run`] applies it to one text, `fact` turns fields into a [`crate::fact::FactKind`]. What comes
//! out is a fact like any other: it finds its services, and `explain` shows it with its place.

mod fact;
pub mod raw;
pub mod run;

use std::sync::Arc;

use globset::GlobSet;
use regex::Regex;

use crate::parse::go;
use crate::parse::jsonpath;
use crate::signal::{FieldSpec, SignalSpec, Value};
use crate::spanned::{Mistake, Node, Reader};

pub use fact::{MAPPED, is_derived};

/// Extractors of one configuration.
pub const MOST: usize = 64;

/// One extractor.
#[derive(Clone, Debug)]
pub struct Extractor {
    pub id: String,
    pub about: String,
    /// The globs as written, from the repository's root.
    pub files: Vec<String>,
    pub matcher: GlobSet,
    pub find: Find,
    pub signal: &'static SignalSpec,
    pub fields: Vec<Field>,
    pub of: Of,
    /// The file it was read from.
    pub path: Arc<str>,
}

/// How it finds something in a file.
#[derive(Clone, Debug)]
pub enum Find {
    JsonPath(jsonpath::Path),
    /// Over one line at a time.
    Regex(Regex),
    GoQuery(go::query::Query),
}

/// One field of the signal.
#[derive(Clone, Debug)]
pub struct Field {
    pub spec: &'static FieldSpec,
    pub given: Given,
}

/// Where a value comes from.
#[derive(Clone, Debug)]
pub enum Given {
    Constant(Value),
    Found { from: From, unit: Option<Unit> },
}

/// What part of a find is meant.
#[derive(Clone, Debug)]
pub enum From {
    /// A JSONPath whose `$` is what was found.
    Path(jsonpath::Path),
    /// A named group of the pattern, or a capture of the query.
    Name(String),
}

/// What a bare number counts.
#[derive(Clone, Debug, PartialEq)]
pub enum Unit {
    /// A unit of time or size: `ms`, `MiB`.
    Named(String),
    /// 0–1 instead of a percentage.
    Ratio,
}

/// Whom a fact is about.
#[derive(Clone, Debug)]
pub enum Of {
    /// The services whose code reaches the file's package, for code; for all else those of its directory.
    Place,
    Repository,
    /// The service that is called so.
    Named(From),
}

/// Reads the files of extractors; everything wrong in any of them comes back at once.
pub fn load<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> (Vec<Extractor>, Vec<Mistake>) {
    let mut all: Vec<Extractor> = Vec::new();
    let mut mistakes = Vec::new();
    for (path, text) in files {
        let (extractor, found) = raw::read(path, text);
        mistakes.extend(found);
        let Some(extractor) = extractor else { continue };
        let told = |message: String| {
            let start = text.find(&extractor.id).unwrap_or(0);
            let end = start + extractor.id.len();
            Mistake { path: path.into(), start, end, message, hint: None, warning: false }
        };
        if let Some(first) = all.iter().find(|known| known.id == extractor.id) {
            mistakes.push(told(format!("duplicate id `{}`: `{}` has it too", extractor.id, first.path)));
        } else if all.len() == MOST {
            mistakes.push(told(format!("more than {MOST} extractors")));
        } else {
            all.push(extractor);
        }
    }
    (all, mistakes)
}

/// Whether the text of a file is meant as an extractor rather than a policy: it says what to look for, or where.
pub fn is_one(path: &str, text: &str) -> bool {
    let (_, document) = Reader::parse(path, text);
    let Node::Table(table) = document.node else { return false };
    ["files", "fact", "jsonpath", "regex", "go-query"].iter().any(|key| table.get(key).is_some())
}
