//! The contract: the whole report for machines, by a schema that is generated from the types below.
//!
//! Names are fixed. Adding a key is allowed; renaming or dropping one is a new [`SCHEMA_VERSION`].

mod comparison;
mod finding;
mod location;
mod service;

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::{Context, words};
use crate::finding::{HistorySummary, Member, Report};
use crate::problem::Problem;

pub(crate) use comparison::{ComparisonRow, comparison};
pub(crate) use finding::FindingRow;
pub(crate) use service::{Latency, ServiceRow, unbound};

pub const SCHEMA_VERSION: u32 = 1;

/// Writes the report as one JSON document.
pub fn write(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &Document::new(report, context.all))?;
    out.write_all(b"\n")
}

/// Returns the JSON Schema of what [`write()`] writes.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Document).to_value()
}

/// What `fitcheck --format json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "fitcheck report")]
pub(crate) struct Document {
    schema_version: u32,
    tool: Tool,
    /// The commit analysed, in hexadecimal, where there is one.
    revision: Option<String>,
    history: History,
    services: Vec<ServiceRow>,
    pub(crate) findings: Vec<FindingRow>,
    /// Latency figures that are about none of the services: another team's job, a product that is watched.
    unbound: Vec<Latency>,
    /// Every input that was seen and not, or not fully, read, and why.
    skipped: Vec<Skipped>,
    /// What differs from the base, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<ComparisonRow>,
    /// The repositories of a merged report; their names begin the services' roots and all paths.
    #[serde(skip_serializing_if = "Option::is_none")]
    repositories: Option<Vec<RepositoryRow>>,
    /// The only part that may differ between two runs on the same input.
    stats: Stats,
}

impl Document {
    pub(crate) fn new(report: &Report, all: bool) -> Document {
        Document {
            schema_version: SCHEMA_VERSION,
            tool: Tool { name: "fitcheck", version: env!("CARGO_PKG_VERSION") },
            revision: report.revision.clone(),
            history: history(&report.history),
            services: words::shown(report, all).map(ServiceRow::new).collect(),
            findings: report.findings.iter().map(FindingRow::new).collect(),
            unbound: unbound(report),
            skipped: report.skipped.iter().map(Skipped::new).collect(),
            comparison: report.comparison.as_ref().map(comparison),
            repositories: (!report.repositories.is_empty())
                .then(|| report.repositories.iter().map(repository).collect()),
            stats: Stats { files: report.stats.files, bytes: report.stats.bytes, elapsed_ms: report.stats.elapsed_ms },
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize, JsonSchema)]
struct History {
    /// `full`, `shallow`, `partial` or `absent`.
    status: &'static str,
    window_days: u32,
    commits: u64,
    /// `missing` where the clone lacks older contents of contract files, so that no `breaking_share` is told; else absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    contract_contents: Option<&'static str>,
}

fn history(history: &HistorySummary) -> History {
    History {
        status: history.status.word(),
        window_days: history.window_days,
        commits: history.commits,
        contract_contents: crate::history::lacks_contents(history).then_some("missing"),
    }
}

/// One repository of a merged report.
#[derive(Serialize, JsonSchema)]
struct RepositoryRow {
    name: String,
    revision: Option<String>,
    history: History,
    /// Judged services by language.
    go: usize,
    rust: usize,
    /// The same services by verdict.
    questioned: usize,
    contested: usize,
    fits: usize,
    unjudged: usize,
    /// Findings that nobody accepted.
    new_findings: usize,
}

fn repository(member: &Member) -> RepositoryRow {
    RepositoryRow {
        name: member.name.clone(),
        revision: member.revision.clone(),
        history: history(&member.history),
        go: member.go,
        rust: member.rust,
        questioned: member.questioned,
        contested: member.contested,
        fits: member.fits,
        unjudged: member.unjudged,
        new_findings: member.open,
    }
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Skipped {
    path: String,
    reason: String,
    /// What it may have cost: `left-out`, `partial` or `lost`.
    class: &'static str,
}

impl Skipped {
    pub(crate) fn new(problem: &Problem) -> Skipped {
        Skipped { path: problem.path.to_string(), reason: problem.reason.clone(), class: problem.class.word() }
    }
}

#[derive(Serialize, JsonSchema)]
struct Stats {
    files: u64,
    bytes: u64,
    elapsed_ms: u64,
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn rendered(report: &Report) -> serde_json::Value {
        let mut out = Vec::new();
        write(report, &sample::context(), &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn output_is_valid_by_the_schema() {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        for report in [sample::report(), Report::default()] {
            let value = rendered(&report);
            let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{errors:?}");
        }
        assert!(!validator.is_valid(&serde_json::json!({ "schema_version": 1 })));
    }

    #[test]
    fn the_published_schema_is_current() {
        let published = include_str!("../../docs/schema/report-v1.json");
        let current = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
        if std::env::var_os("FITCHECK_BLESS").is_some() {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema/report-v1.json"), &current).unwrap();
            return;
        }
        assert_eq!(published, current, "run the tests with FITCHECK_BLESS=1 and commit docs/schema");
    }

    #[test]
    fn names_are_the_contract_s() {
        let value = rendered(&sample::report());
        let service = &value["services"][0];
        assert_eq!(service["root"], "cmd/ingest");
        assert_eq!(service["language"], "go");
        assert_eq!(service["verdict"], "questioned");
        assert_eq!(service["latency"][0]["limit_us"], 900.0);
        assert_eq!(service["latency"][0]["percentile"], 99.9);
        let evidence = &service["latency"][0]["evidence"][0];
        assert_eq!((&evidence["path"], &evidence["line"]), (&"ops/slo.yaml".into(), &3.into()));
        let finding = &value["findings"][0];
        assert_eq!(finding["service"], "cmd/ingest");
        assert_eq!(finding["advice"]["cost"]["engineer_months"], serde_json::json!([1.0, 3.0]));
        assert_eq!(finding["status"], "new");
    }

    #[test]
    fn tools_are_listed_on_request_only() {
        let report = sample::report();
        let names = |all| Document::new(&report, all).services.len();
        assert_eq!(names(true), names(false) + 1);
    }
}
