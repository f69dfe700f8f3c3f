//! What people and machines see: one renderer per format, all of one signature.
//!
//! In: a [`Report`] and a [`Context`]. Out: bytes. Facts, findings and the context hold raw text; each renderer
//! neutralises it at its own sink with a function of [`inert`], so nothing is escaped twice or not at all.

mod blocks;
mod comment;
mod csv;
mod excerpt;
pub mod explain;
mod fleet;
mod github;
mod gitlab;
mod html;
pub mod human;
pub mod inert;
#[cfg(test)]
mod injection;
pub mod json;
mod junit;
mod markdown;
pub mod mistakes;
mod ndjson;
mod outputs;
#[cfg(test)]
pub(crate) mod sample;
mod sarif;
pub mod services;
mod summary;
mod text;
pub mod timeline;
mod words;

use std::cell::LazyCell;
use std::io::{self, Write};
use std::ops::Deref;

use crate::finding::{Report, Severity};

/// What a renderer needs beside the report.
pub struct Context<'a> {
    /// Where excerpts come from.
    pub sources: &'a dyn Sources,
    /// The pages of the policies that were asked.
    pub policies: Pages<'a>,
    /// Lists tools, accepted findings and skipped inputs as well.
    pub all: bool,
    /// Below zero: findings only. Above zero: what was not read, too.
    pub verbosity: i8,
    pub terminal: Terminal,
}

/// Gives the text of scanned files again, for excerpts.
pub trait Sources {
    /// Returns the text of a file relative to the scanned root; `None` where it is gone or no text.
    fn read(&self, path: &str) -> Option<String>;
}

/// No file has text: reports that are rendered away from the repository.
pub struct NoSources;

impl Sources for NoSources {
    fn read(&self, _path: &str) -> Option<String> {
        None
    }
}

/// What formats tell about a policy that a finding names.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    pub id: String,
    /// One sentence.
    pub title: String,
    pub severity: Severity,
    /// The manual page, in Markdown.
    pub markdown: String,
    pub url: Option<String>,
}

/// The pages of some policies, written when a renderer first asks for one: most formats never do.
pub struct Pages<'a>(LazyCell<Vec<Page>, Box<dyn FnOnce() -> Vec<Page> + 'a>>);

impl<'a> Pages<'a> {
    pub fn new(write: impl FnOnce() -> Vec<Page> + 'a) -> Pages<'a> {
        Pages(LazyCell::new(Box::new(write)))
    }

    pub fn none() -> Pages<'a> {
        Pages::new(Vec::new)
    }
}

impl Deref for Pages<'_> {
    type Target = [Page];

    fn deref(&self) -> &[Page] {
        &self.0
    }
}

/// The terminal that text is written to, or the nearest thing to one.
#[derive(Clone, Debug, PartialEq)]
pub struct Terminal {
    pub width: usize,
    pub color: bool,
    pub links: Links,
}

impl Terminal {
    /// Columns for running text that is set in: lines as long as a wide window are not read.
    pub fn prose(&self, indent: usize) -> usize {
        const MOST: usize = 108;
        self.width.min(MOST).saturating_sub(indent).max(30)
    }
}

/// What the terminal can open.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Links {
    /// Whether addresses may be written as links at all.
    pub shown: bool,
    /// Address of the scanned root, where its files can be opened.
    pub root: Option<String>,
    /// Whether line and column may follow a file's address: `file:12:3`.
    pub positions: bool,
}

impl Default for Terminal {
    fn default() -> Terminal {
        Terminal { width: 80, color: false, links: Links::default() }
    }
}

/// The one signature of all renderers.
type Renderer = fn(&Report, &Context, &mut dyn Write) -> io::Result<()>;

/// A format: its name on the command line, and the function that writes it.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    pub name: &'static str,
    pub about: &'static str,
    renderer: Renderer,
}

impl PartialEq for Format {
    fn eq(&self, other: &Format) -> bool {
        self.name == other.name
    }
}

impl Format {
    pub const ALL: &'static [Format] = &[
        Format { name: "human", about: "for a terminal", renderer: human::write },
        Format { name: "json", about: "the whole report, by the published schema", renderer: json::write },
        Format { name: "ndjson", about: "one JSON object a line, for pipelines", renderer: ndjson::write },
        Format { name: "sarif", about: "SARIF 2.1.0, for code scanning", renderer: sarif::write },
        Format { name: "github", about: "annotations of a GitHub workflow", renderer: github::write },
        Format { name: "summary", about: "Markdown for a job summary, under 1 MiB", renderer: summary::write },
        Format {
            name: "comment",
            about: "Markdown for a pull-request comment, under 65,536 characters",
            renderer: comment::write,
        },
        Format { name: "markdown", about: "the whole report in Markdown", renderer: markdown::write },
        Format { name: "html", about: "one self-contained page", renderer: html::write },
        Format { name: "junit", about: "JUnit XML, for test reports", renderer: junit::write },
        Format { name: "gitlab", about: "GitLab Code Quality", renderer: gitlab::write },
        Format { name: "csv", about: "one row a service, for spreadsheets", renderer: csv::write },
        Format { name: "outputs", about: "name=value lines, for the outputs of a CI step", renderer: outputs::write },
    ];

    pub fn named(name: &str) -> Option<Format> {
        Format::ALL.iter().copied().find(|format| format.name == name)
    }

    /// Writes the report in this format.
    pub fn write(self, report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
        (self.renderer)(report, context, out)
    }
}
