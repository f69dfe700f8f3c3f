//! The contract: the whole report for machines, by a schema that is generated from the types below.
//!
//! Names are fixed. Adding a key is allowed; renaming or dropping one is a new [`SCHEMA_VERSION`].

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::{Context, words};
use crate::fact::Subject;
use crate::finding::{Advice, Cite, Finding, HistorySummary, Judged, Label, Member, Report};
use crate::service::{self, Evidenced, Service};
use crate::source;

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
}

/// A separately built and shipped thing written in Go or Rust.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ServiceRow {
    name: String,
    /// Directory of the main package or Cargo package, `.` for the repository's root.
    root: String,
    /// `go` or `rust`.
    language: &'static str,
    role: &'static str,
    traits: Vec<Named>,
    deploy: Vec<Target>,
    ffi: Vec<Ffi>,
    latency: Vec<Latency>,
    /// Ceilings for waiting, never budgets.
    timeouts: Vec<Timeout>,
    tuning: Vec<Tuning>,
    memory: Vec<Memory>,
    /// Numbers only, never a name or an address; null where history cannot tell.
    team: Option<Team>,
    spec: Option<Spec>,
    /// The team that owns it, never a person; null where nothing names one.
    owner: Option<Owner>,
    size: Size,
    toolchain: Toolchain,
    /// `fits`, `questioned`, `contested` or `unjudged`.
    verdict: &'static str,
    /// One line: why this verdict.
    reasoning: String,
    /// Policies that speak against its language, strongest first.
    questions: Vec<String>,
    /// Policies that speak for its language, strongest first.
    supports: Vec<String>,
    /// Policies that could not be judged, and why.
    unknown: Vec<Unknown>,
    /// What would change the verdict.
    counterfactuals: Vec<String>,
    binaries: Vec<String>,
}

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

#[derive(Serialize, JsonSchema)]
struct Named {
    name: String,
    evidence: Vec<Location>,
}

#[derive(Serialize, JsonSchema)]
struct Target {
    target: String,
    evidence: Vec<Location>,
}

#[derive(Serialize, JsonSchema)]
struct Ffi {
    /// `export` or `import`.
    direction: &'static str,
    mechanism: String,
    /// Languages found to load it.
    consumers: Vec<String>,
    /// Functions exported, or crossings seen.
    symbols: u32,
    evidence: Vec<Location>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Latency {
    limit_us: f64,
    /// 0–100; null where none is given.
    percentile: Option<f64>,
    source: &'static str,
    /// What the figure is about where that is not answering: listed, never judged.
    measures: Option<String>,
    evidence: Vec<Location>,
}

#[derive(Serialize, JsonSchema)]
struct Timeout {
    limit_us: f64,
    evidence: Vec<Location>,
}

#[derive(Serialize, JsonSchema)]
struct Tuning {
    what: String,
    value: Option<String>,
    evidence: Vec<Location>,
}

#[derive(Serialize, JsonSchema)]
struct Memory {
    /// `limit` or `request`.
    what: &'static str,
    bytes: u64,
    evidence: Vec<Location>,
}

#[derive(Serialize, JsonSchema)]
struct Team {
    contributors: u32,
    newcomers: u32,
    departed: u32,
    rotation: f64,
    bus_factor: u32,
    owners: u32,
    /// Owners known to have committed to the repository in the window, and owners known to have stopped; of the rest
    /// (teams, unknown logins) nothing can be told.
    owners_active: u32,
    owners_gone: u32,
    newcomer_share: f64,
    attrition: f64,
    ownership: f64,
    commits: u32,
    changes_per_week: f64,
    age_days: u32,
    /// Whether it may be older, because the clone ends there.
    age_at_least: bool,
    agent_share: f64,
}

/// A team, as a declaration, a catalogue or CODEOWNERS names it.
#[derive(Serialize, JsonSchema)]
struct Owner {
    team: String,
    /// Stated in `fitcheck.toml` rather than read elsewhere.
    declared: bool,
    evidence: Vec<Location>,
}

#[derive(Serialize, JsonSchema)]
struct Spec {
    changes_per_week: f64,
    active_weeks: u32,
    files: u32,
    age_days: u32,
    age_at_least: bool,
    breaking_share: f64,
}

#[derive(Serialize, JsonSchema)]
struct Size {
    lines: u64,
    files: u64,
}

#[derive(Serialize, JsonSchema)]
struct Toolchain {
    #[serde(skip_serializing_if = "Option::is_none")]
    go: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msrv: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Unknown {
    policy: String,
    reason: String,
}

/// A policy that matched and speaks against a service's language.
#[derive(Serialize, JsonSchema)]
pub(crate) struct FindingRow {
    policy: String,
    /// The service's root; null where the finding is about the repository.
    service: Option<String>,
    language: Option<&'static str>,
    /// `error`, `warning` or `note`.
    severity: &'static str,
    /// `decisive`, `strong` or `weak`.
    strength: &'static str,
    message: String,
    /// Never empty; the strongest first.
    evidence: Vec<Location>,
    cites: Vec<CiteRow>,
    advice: AdviceRow,
    /// Unchanged when lines move.
    fingerprint: String,
    /// `new`, `baseline` or `allowed`.
    status: &'static str,
}

#[derive(Serialize, JsonSchema)]
struct CiteRow {
    /// `000` to `004`.
    document: String,
    /// `rust`, `go` or `tie`.
    leans: &'static str,
    at: String,
}

#[derive(Serialize, JsonSchema)]
struct AdviceRow {
    text: String,
    cost: Option<CostRow>,
}

#[derive(Serialize, JsonSchema)]
struct CostRow {
    engineer_months: [f64; 2],
    basis: String,
    document: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Skipped {
    path: String,
    reason: String,
    /// What it may have cost: `left-out`, `partial` or `lost`.
    class: &'static str,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct ComparisonRow {
    base: String,
    changes: Vec<ChangeRow>,
    /// Findings of the base that are gone.
    resolved: Vec<ResolvedRow>,
    /// Findings that were there before and still are.
    kept: u64,
}

#[derive(Serialize, JsonSchema)]
struct ResolvedRow {
    policy: String,
    name: String,
    service: String,
    message: String,
}

#[derive(Serialize, JsonSchema)]
struct ChangeRow {
    name: String,
    service: String,
    language: &'static str,
    /// Null where the service is new.
    before: Option<&'static str>,
    /// Null where the service is gone.
    after: Option<&'static str>,
    /// The reasons in one sentence, to follow "because".
    why: String,
    because: Vec<Reason>,
}

#[derive(Serialize, JsonSchema)]
struct Reason {
    text: String,
    evidence: Location,
}

#[derive(Serialize, JsonSchema)]
struct Stats {
    files: u64,
    bytes: u64,
    elapsed_ms: u64,
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

impl ServiceRow {
    pub(crate) fn new(judged: &Judged) -> ServiceRow {
        let service = &judged.service;
        ServiceRow {
            name: service.name.clone(),
            root: service.root.to_string(),
            language: service.language.word(),
            role: service.role.word(),
            traits: each(&service.traits, |name, evidence| Named { name: name.clone(), evidence }),
            deploy: each(&service.deploy, |target, evidence| Target { target: target.clone(), evidence }),
            ffi: each(&service.ffi, ffi),
            latency: each(&service.latency, latency),
            timeouts: each(&service.timeouts, |limit, evidence| Timeout { limit_us: *limit, evidence }),
            tuning: each(&service.tuning, |tuning, evidence| Tuning {
                what: tuning.what.clone(),
                value: tuning.value.clone(),
                evidence,
            }),
            memory: each(&service.memory, |memory, evidence| Memory {
                what: words::memory(memory.what),
                bytes: memory.bytes,
                evidence,
            }),
            team: service.team.as_ref().map(team),
            owner: service.owner.as_ref().map(|owner| Owner {
                team: owner.team.clone(),
                declared: owner.declared,
                evidence: vec![location(&owner.at)],
            }),
            spec: service.spec.as_ref().map(|spec| Spec {
                changes_per_week: spec.changes_per_week,
                active_weeks: spec.active_weeks,
                files: spec.files,
                age_days: spec.age_days,
                age_at_least: spec.age_at_least,
                breaking_share: spec.breaking_share,
            }),
            size: Size { lines: service.size.lines, files: service.size.files },
            toolchain: toolchain(service),
            verdict: judged.verdict.word(),
            reasoning: judged.reasoning.clone(),
            questions: judged.questions.clone(),
            supports: judged.supports.clone(),
            unknown: judged
                .unknown
                .iter()
                .map(|(policy, reason)| Unknown { policy: policy.clone(), reason: reason.clone() })
                .collect(),
            counterfactuals: judged.counterfactuals.clone(),
            binaries: service.binaries.clone(),
        }
    }
}

impl FindingRow {
    pub(crate) fn new(finding: &Finding) -> FindingRow {
        FindingRow {
            policy: finding.policy.clone(),
            service: finding.service.as_ref().map(|(root, _)| root.to_string()),
            language: words::language_of(finding).map(|language| language.word()),
            severity: finding.severity.word(),
            strength: finding.strength.word(),
            message: finding.message.clone(),
            evidence: finding.labels.iter().map(|label| location(&label.location)).collect(),
            cites: finding.cites.iter().map(cite).collect(),
            advice: advice(&finding.advice),
            fingerprint: finding.fingerprint.clone(),
            status: finding.status.word(),
        }
    }
}

fn history(history: &HistorySummary) -> History {
    History { status: history.status.word(), window_days: history.window_days, commits: history.commits }
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

fn each<T, R>(items: &[Evidenced<T>], row: impl Fn(&T, Vec<Location>) -> R) -> Vec<R> {
    items.iter().map(|item| row(&item.value, item.evidence.iter().map(location).collect())).collect()
}

fn location(location: &source::Location) -> Location {
    let place = &location.place;
    Location {
        path: location.path.to_string(),
        line: place.line,
        column: place.column,
        end_line: place.end_line,
        end_column: place.end_column,
    }
}

fn ffi(ffi: &service::Ffi, evidence: Vec<Location>) -> Ffi {
    Ffi {
        direction: words::direction(ffi.direction),
        mechanism: ffi.mechanism.clone(),
        consumers: ffi.consumers.clone(),
        symbols: ffi.symbols,
        evidence,
    }
}

/// The rows of figures that belong to no service.
pub(super) fn unbound(report: &Report) -> Vec<Latency> {
    each(&report.unbound, latency)
}

fn latency(latency: &service::Latency, evidence: Vec<Location>) -> Latency {
    Latency {
        limit_us: latency.limit_us,
        percentile: latency.percentile,
        source: words::latency_source(latency.source),
        measures: match &latency.subject {
            Subject::Answering => None,
            Subject::Other(what) => Some(what.clone()),
        },
        evidence,
    }
}

fn team(team: &service::Team) -> Team {
    Team {
        contributors: team.contributors,
        newcomers: team.newcomers,
        departed: team.departed,
        rotation: team.rotation,
        bus_factor: team.bus_factor,
        owners: team.owners,
        owners_active: team.owners_active,
        owners_gone: team.owners_gone,
        newcomer_share: team.newcomer_share,
        attrition: team.attrition,
        ownership: team.ownership,
        commits: team.commits,
        changes_per_week: team.changes_per_week,
        age_days: team.age_days,
        age_at_least: team.age_at_least,
        agent_share: team.agent_share,
    }
}

fn toolchain(service: &Service) -> Toolchain {
    let version = |entry: &Option<(String, source::Location)>| entry.as_ref().map(|(version, _)| version.clone());
    let toolchain = &service.toolchain;
    Toolchain { go: version(&toolchain.go), edition: version(&toolchain.edition), msrv: version(&toolchain.msrv) }
}

fn cite(cite: &Cite) -> CiteRow {
    CiteRow { document: cite.document.clone(), leans: cite.leans.word(), at: cite.at.clone() }
}

fn advice(advice: &Advice) -> AdviceRow {
    let cost = advice.cost.as_ref().map(|cost| CostRow {
        engineer_months: [cost.engineer_months.0, cost.engineer_months.1],
        basis: cost.basis.clone(),
        document: cost.document.clone(),
    });
    AdviceRow { text: advice.text.clone(), cost }
}

impl Skipped {
    pub(crate) fn new(problem: &crate::problem::Problem) -> Skipped {
        Skipped { path: problem.path.to_string(), reason: problem.reason.clone(), class: problem.class.word() }
    }
}

pub(crate) fn comparison(comparison: &crate::finding::Comparison) -> ComparisonRow {
    let reason = |label: &Label| Reason { text: label.text.clone(), evidence: location(&label.location) };
    let changes = comparison.changes.iter().map(|change| ChangeRow {
        name: change.name.clone(),
        service: change.root.to_string(),
        language: change.language.word(),
        before: change.before.map(|verdict| verdict.word()),
        after: change.after.map(|verdict| verdict.word()),
        why: change.why.clone(),
        because: change.because.iter().map(reason).collect(),
    });
    let resolved = comparison.resolved.iter().map(|finding| ResolvedRow {
        policy: finding.policy.clone(),
        name: finding.name.clone(),
        service: finding.root.to_string(),
        message: finding.message.clone(),
    });
    ComparisonRow {
        base: comparison.base.clone(),
        changes: changes.collect(),
        resolved: resolved.collect(),
        kept: comparison.kept,
    }
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
