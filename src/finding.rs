//! Findings and the report: what policies made of services.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::service::{Evidenced, Language, Latency, Service};
use crate::source::Location;

/// What policies decided about one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Verdict {
    Questioned,
    Contested,
    Fits,
    Unjudged,
}

impl Verdict {
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Questioned => "questioned",
            Verdict::Contested => "contested",
            Verdict::Fits => "fits",
            Verdict::Unjudged => "unjudged",
        }
    }
}

/// How loud a finding is; the order is the ranking, and `--fail-on` draws a line in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    Note,
    Warning,
    Error,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// How much a criterion weighs; the order is the ranking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Strength {
    Weak,
    Strong,
    Decisive,
}

impl Strength {
    pub fn word(self) -> &'static str {
        match self {
            Strength::Weak => "weak",
            Strength::Strong => "strong",
            Strength::Decisive => "decisive",
        }
    }
}

/// Which way a document leans on one point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Lean {
    Rust,
    Go,
    Tie,
}

impl Lean {
    pub fn word(self) -> &'static str {
        match self {
            Lean::Rust => "rust",
            Lean::Go => "go",
            Lean::Tie => "tie",
        }
    }
}

/// One place in one of the five documents, and which way it leans there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cite {
    /// `000` … `004`.
    pub document: String,
    pub leans: Lean,
    /// Where in the document, in a few words.
    pub at: String,
}

/// Evidence with the words that say what it shows; the first label of a finding is its primary one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    pub location: Location,
    pub text: String,
}

/// What to do about a finding, and what that takes where a document gives a figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Advice {
    pub text: String,
    pub cost: Option<Cost>,
}

/// An estimate of work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Least and most, in months of one engineer.
    pub engineer_months: (f64, f64),
    /// What it was reckoned from, in words.
    pub basis: String,
    /// The document that the rate comes from, `000` … `004`.
    pub document: String,
}

/// One policy that matched one service (or the repository) and speaks against its language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub policy: String,
    /// Root and language of the service; `None` for a finding about the repository.
    #[serde(with = "crate::shared::place")]
    pub service: Option<(Arc<str>, Language)>,
    pub severity: Severity,
    pub strength: Strength,
    pub message: String,
    /// Never empty.
    pub labels: Vec<Label>,
    pub cites: Vec<Cite>,
    pub advice: Advice,
    /// Hex; a function of policy, service and evidence content, never of line numbers.
    pub fingerprint: String,
    /// Root and fingerprint that it had where its service lay before.
    pub former: Vec<(String, String)>,
    pub status: Status,
}

/// Whether a finding counts: new, in the baseline, or allowed by an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Status {
    New,
    Baseline,
    Allowed,
}

impl Status {
    pub fn word(self) -> &'static str {
        match self {
            Status::New => "new",
            Status::Baseline => "baseline",
            Status::Allowed => "allowed",
        }
    }
}

/// One policy that matched one service, whichever way it speaks: a line of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Argument {
    pub policy: String,
    /// The language it favours for this service; `None` where the documents disagree or it only shapes advice.
    pub favors: Option<Language>,
    pub contested: bool,
    /// After context policies lowered it.
    pub strength: Strength,
    /// Why it was lowered, where it was.
    pub lowered_by: Option<String>,
    pub statement: String,
    pub labels: Vec<Label>,
    pub cites: Vec<Cite>,
}

/// A service with everything that was decided about it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Judged {
    pub service: Service,
    pub verdict: Verdict,
    /// One line: why this verdict.
    pub reasoning: String,
    /// All arguments, strongest first.
    pub arguments: Vec<Argument>,
    /// Ids of the policies that question it, strongest first.
    pub questions: Vec<String>,
    pub supports: Vec<String>,
    /// Policies that could not be judged, and why (history unknown …).
    pub unknown: Vec<(String, String)>,
    /// What would flip the verdict: one sentence each.
    pub counterfactuals: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HistoryStatus {
    Full,
    Shallow,
    Partial,
    #[default]
    Absent,
}

impl HistoryStatus {
    pub fn word(self) -> &'static str {
        match self {
            HistoryStatus::Full => "full",
            HistoryStatus::Shallow => "shallow",
            HistoryStatus::Partial => "partial",
            HistoryStatus::Absent => "absent",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HistorySummary {
    pub status: HistoryStatus,
    pub window_days: u32,
    pub commits: u64,
    /// What to do about a history that cannot tell, in words.
    pub remedy: Option<String>,
}

/// Everything one run found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// 40 or 64 hex digits.
    pub revision: Option<String>,
    pub history: HistorySummary,
    /// Sorted by root, then language.
    pub services: Vec<Judged>,
    /// Sorted by severity, service, policy.
    pub findings: Vec<Finding>,
    /// Latency figures that are about none of the services, with the places that state them.
    pub unbound: Vec<Evidenced<Latency>>,
    /// Sorted by path.
    pub skipped: Vec<Problem>,
    /// What changed since a base, where one was given.
    pub comparison: Option<Comparison>,
    pub stats: Stats,
    /// The repositories of a fleet, by name; empty for a report about one.
    pub repositories: Vec<Member>,
}

/// One repository of a report about several; its services' roots begin with its name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Member {
    pub name: String,
    pub revision: Option<String>,
    pub history: HistorySummary,
    /// Judged services by language, then by verdict.
    pub go: usize,
    pub rust: usize,
    pub questioned: usize,
    pub contested: usize,
    pub fits: usize,
    pub unjudged: usize,
    /// Findings that nobody accepted.
    pub open: usize,
}

/// What differs between a base and the tree that was judged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The base as it was asked for: a branch, a tag, a commit.
    pub base: String,
    /// Services whose verdict differs, worst first.
    pub changes: Vec<Change>,
    /// Findings of the base that are gone.
    pub resolved: Vec<Resolved>,
    /// Findings that were there before and still are.
    pub kept: u64,
}

/// A finding of the base that is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    pub policy: String,
    /// Name and root of the service, or `repository` and `.`.
    pub name: String,
    #[serde(with = "crate::shared")]
    pub root: Arc<str>,
    pub message: String,
}

/// A service whose verdict differs from the base's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub name: String,
    #[serde(with = "crate::shared")]
    pub root: Arc<str>,
    pub language: Language,
    /// `None` where the service is new.
    pub before: Option<Verdict>,
    /// `None` where the service is gone.
    pub after: Option<Verdict>,
    /// The reasons in one sentence, to follow "because"; empty where there is none to give.
    pub why: String,
    /// What the change added or altered, one clause each, with its place.
    pub because: Vec<Label>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stats {
    pub files: u64,
    pub bytes: u64,
    pub elapsed_ms: u64,
}
