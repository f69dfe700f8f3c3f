//! fitcheck in one line: walk → parse → facts → services → policies → findings → report.
//!
//! Five promises, most of them about what is absent:
//!
//! 1. Detectors state, policies judge. A detector never says what a language should be; a policy never sees
//!    source text or a tree.
//! 2. Facts are values. No tree, node or borrowed text leaves the worker that parsed the file.
//! 3. A library has one address: only `parse` names syn and tree-sitter, only `report::human` names
//!    codespan-reporting.
//! 4. The middle cannot fail. I/O happens at the edges: `walk`, `read`, `disk`, `git`, `cache`, the shelves of `config`, and
//!    what writes (`draft`, `output`, `main`); from bytes to findings everything returns values plus problems.
//! 5. Same input, same bytes out, whatever the number of threads or the order of the file system.

pub mod advice;
pub mod base;
pub mod cache;
pub mod catalogue;
pub mod check;
pub mod cli;
pub mod config;
pub mod detect;
pub mod disk;
pub mod draft;
pub mod exit;
pub mod extract;
pub mod fact;
pub mod facts;
pub mod find;
pub mod finding;
pub mod fleet;
pub mod git;
mod hash;
pub mod heap;
pub mod history;
pub mod judge;
pub mod limits;
pub mod look;
pub(crate) mod marked;
pub mod output;
pub mod pages;
pub mod panics;
pub mod parse;
pub mod path;
pub mod pattern;
pub mod pick;
pub mod policy;
pub mod problem;
pub mod progress;
pub mod read;
pub mod reader;
pub mod report;
mod room;
pub mod scan;
pub mod schema;
pub mod scope;
pub mod service;
mod shared;
pub mod signal;
pub mod source;
pub mod spanned;
pub mod terminal;
pub mod timeline;
pub mod tree;
pub mod verdict;
pub mod walk;
