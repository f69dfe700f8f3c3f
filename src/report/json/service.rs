//! One service as a row: what it is, what it rests on, how it was judged.

use schemars::JsonSchema;
use serde::Serialize;

use super::location::{Location, each, location};
use crate::fact::Subject;
use crate::finding::{Judged, Report};
use crate::report::words;
use crate::service::{self, Service};
use crate::source;

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

fn ffi(ffi: &service::Ffi, evidence: Vec<Location>) -> Ffi {
    Ffi {
        direction: words::direction(ffi.direction),
        mechanism: ffi.mechanism.clone(),
        consumers: ffi.consumers.clone(),
        symbols: ffi.symbols,
        evidence,
    }
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Latency {
    limit_us: f64,
    /// 0–100; null where none is given.
    percentile: Option<f64>,
    source: &'static str,
    /// What the figure is about where that is not answering: listed, never judged.
    measures: Option<String>,
    evidence: Vec<Location>,
}

/// The rows of figures that belong to no service.
pub(crate) fn unbound(report: &Report) -> Vec<Latency> {
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
    /// Whether it may be older, because the clone ends there or ages are told no further.
    age_at_least: bool,
    agent_share: f64,
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
    /// Absent where too little changed to tell, or where the clone does not hold the contents.
    #[serde(skip_serializing_if = "Option::is_none")]
    breaking_share: Option<f64>,
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

fn toolchain(service: &Service) -> Toolchain {
    let version = |entry: &Option<(String, source::Location)>| entry.as_ref().map(|(version, _)| version.clone());
    let toolchain = &service.toolchain;
    Toolchain { go: version(&toolchain.go), edition: version(&toolchain.edition), msrv: version(&toolchain.msrv) }
}

#[derive(Serialize, JsonSchema)]
struct Unknown {
    policy: String,
    reason: String,
}
