//! A service, and how facts become one: discover, attribute, bind.
//!
//! In: the facts of all files. Out: [`Service`]s with everything known about them. No file is opened here and
//! no source text is seen, so every stage can be fed by hand. Serde is derived for the facts document (`crate::facts`)
//! alone: deriving it here is what makes sure that nothing known before judgement is left out of it.

pub mod assemble;
pub mod attribute;
pub mod build;
pub mod by_hand;
pub mod calls;
pub mod cargo_graph;
pub mod charts;
pub mod deploy;
pub mod go_graph;
pub mod image;
pub mod repository;
pub mod role;
pub mod traits;
pub mod unit;
pub mod workload;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fact::{Direction, LatencySource, MemoryWhat, Subject};
use crate::source::Location;

/// Something with the places that show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidenced<T> {
    pub value: T,
    /// Never empty, sorted, each place once.
    pub evidence: Vec<Location>,
}

/// A separately built and shipped thing written in Go or Rust.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    pub name: String,
    /// Directory of the main package or Cargo package; `.` for the repository's root.
    #[serde(with = "crate::shared")]
    #[schemars(with = "String")]
    pub root: Arc<str>,
    pub language: Language,
    pub role: Role,
    /// Why it has this role: one clause each, strongest first, with the place that says so.
    pub role_because: Vec<(String, Location)>,
    /// Names of the programs built from it.
    pub binaries: Vec<String>,
    /// Directories of the packages in its import closure, sorted; its own first.
    #[serde(with = "crate::shared::list")]
    #[schemars(with = "Vec<String>")]
    pub packages: Vec<Arc<str>>,
    pub traits: Vec<Evidenced<String>>,
    pub uses: Vec<Evidenced<Use>>,
    pub deploy: Vec<Evidenced<String>>,
    pub ffi: Vec<Evidenced<Ffi>>,
    pub latency: Vec<Evidenced<Latency>>,
    pub timeouts: Vec<Evidenced<f64>>,
    pub tuning: Vec<Evidenced<Tuning>>,
    pub memory: Vec<Evidenced<Memory>>,
    pub replicas: Vec<Evidenced<(u32, u32)>>,
    /// Densities and totals over the closure, each with a few places: see `fact::Count`.
    pub counts: Vec<Evidenced<(crate::fact::Count, u32)>>,
    pub checks: Vec<Evidenced<String>>,
    pub contracts: Vec<Evidenced<String>>,
    pub marks: Vec<Evidenced<(String, String)>>,
    pub artifact_budget: Vec<Evidenced<u64>>,
    pub toolchain: Toolchain,
    pub size: Size,
    pub team: Option<Team>,
    pub spec: Option<Spec>,
    /// What the team states in `fitcheck.toml`: (key, value, place), e.g. `panic-cost` = `money`.
    pub declared: Vec<Declared>,
    /// The team that owns it, as declared, or as a catalogue or CODEOWNERS names it.
    pub owner: Option<Owner>,
}

impl Service {
    /// Tells no age of more days: what is older is at least so old.
    pub fn tell_ages_up_to(&mut self, most: u32) {
        let team = self.team.iter_mut().map(|team| (&mut team.age_days, &mut team.age_at_least));
        let spec = self.spec.iter_mut().map(|spec| (&mut spec.age_days, &mut spec.age_at_least));
        for (days, at_least) in team.chain(spec).filter(|(days, _)| **days > most) {
            (*days, *at_least) = (most, true);
        }
    }

    /// A service of which nothing is known but its name and language: for `pick` and for tests.
    pub fn named(name: &str, language: Language) -> Service {
        Service {
            name: name.to_owned(),
            root: name.into(),
            language,
            role: Role::Service,
            role_because: Vec::new(),
            binaries: Vec::new(),
            packages: Vec::new(),
            traits: Vec::new(),
            uses: Vec::new(),
            deploy: Vec::new(),
            ffi: Vec::new(),
            latency: Vec::new(),
            timeouts: Vec::new(),
            tuning: Vec::new(),
            memory: Vec::new(),
            replicas: Vec::new(),
            counts: Vec::new(),
            checks: Vec::new(),
            contracts: Vec::new(),
            marks: Vec::new(),
            artifact_budget: Vec::new(),
            toolchain: Toolchain::default(),
            size: Size::default(),
            team: None,
            spec: None,
            declared: Vec::new(),
            owner: None,
        }
    }

    /// Every place that it names; the match is whole, so that no list of evidence is forgotten.
    pub fn locations_mut(&mut self) -> Vec<&mut Location> {
        let Service {
            name: _,
            root: _,
            language: _,
            role: _,
            role_because,
            binaries: _,
            packages: _,
            traits,
            uses,
            deploy,
            ffi,
            latency,
            timeouts,
            tuning,
            memory,
            replicas,
            counts,
            checks,
            contracts,
            marks,
            artifact_budget,
            toolchain: Toolchain { go, edition, msrv },
            size: _,
            team: _,
            spec,
            declared,
            owner,
        } = self;
        fn of<T>(items: &mut [Evidenced<T>]) -> impl Iterator<Item = &mut Location> {
            items.iter_mut().flat_map(|item| &mut item.evidence)
        }
        let mut all: Vec<&mut Location> = role_because.iter_mut().map(|(_, location)| location).collect();
        all.extend(of(traits).chain(of(uses)).chain(of(deploy)).chain(of(ffi)).chain(of(latency)));
        all.extend(of(timeouts).chain(of(tuning)).chain(of(memory)).chain(of(replicas)).chain(of(counts)));
        all.extend(of(checks).chain(of(contracts)).chain(of(marks)).chain(of(artifact_budget)));
        all.extend([go, edition, msrv].into_iter().flatten().map(|(_, location)| location));
        all.extend(spec.iter_mut().flat_map(|spec| &mut spec.evidence));
        all.extend(declared.iter_mut().map(|fact| &mut fact.location));
        all.extend(owner.iter_mut().map(|owner| &mut owner.at));
        all
    }

    /// Whether a word of a signal is declared rather than detected.
    pub fn declares(&self, key: &str, word: &str) -> bool {
        let said = |fact: &Declared| matches!(&fact.value, crate::signal::Value::Word(known) if known == word);
        self.declared.iter().any(|fact| fact.key == key && said(fact))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    Go,
    Rust,
}

impl Language {
    pub fn other(self) -> Language {
        match self {
            Language::Go => Language::Rust,
            Language::Rust => Language::Go,
        }
    }

    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Language::Go => "go",
            Language::Rust => "rust",
        }
    }

    /// The name people use.
    pub fn name(self) -> &'static str {
        match self {
            Language::Go => "Go",
            Language::Rust => "Rust",
        }
    }
}

/// The contract's `role`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Service,
    Job,
    Function,
    Cli,
    Library,
    Wasm,
    Firmware,
    Tool,
}

impl Role {
    pub const ALL: [Role; 8] =
        [Role::Service, Role::Job, Role::Function, Role::Cli, Role::Library, Role::Wasm, Role::Firmware, Role::Tool];

    pub fn word(self) -> &'static str {
        match self {
            Role::Service => "service",
            Role::Job => "job",
            Role::Function => "function",
            Role::Cli => "cli",
            Role::Library => "library",
            Role::Wasm => "wasm",
            Role::Firmware => "firmware",
            Role::Tool => "tool",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Use {
    pub capability: String,
    pub symbol: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Ffi {
    pub direction: Direction,
    pub mechanism: String,
    /// Languages found to load it, sorted.
    pub consumers: Vec<String>,
    /// Exported functions, or crossings, in all.
    pub symbols: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    pub limit_us: f64,
    pub percentile: Option<f64>,
    pub source: LatencySource,
    pub subject: Subject,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Tuning {
    pub what: String,
    pub value: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Memory {
    pub what: MemoryWhat,
    pub bytes: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Toolchain {
    pub go: Option<(String, Location)>,
    pub edition: Option<(String, Location)>,
    pub msrv: Option<(String, Location)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Size {
    pub lines: u64,
    pub files: u64,
    pub packages: u64,
}

/// People, as numbers only.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Team {
    pub contributors: u32,
    /// First commit to the service inside the window.
    pub newcomers: u32,
    pub departed: u32,
    /// 0–1: one minus the weighted overlap of contributors between the window and the one before.
    pub rotation: f64,
    pub bus_factor: u32,
    /// Owners that CODEOWNERS names for the service's root.
    pub owners: u32,
    /// Of these, with a contribution to the repository in the window.
    pub owners_active: u32,
    /// Of these, with one in the window before and none in this one; of the rest nothing can be told.
    pub owners_gone: u32,
    /// Share of the window's commits made by newcomers, 0–1.
    pub newcomer_share: f64,
    /// Share of the regular authors of the window before that made none in this one, 0–1.
    pub attrition: f64,
    /// The top contributor's share of commits, 0–1.
    pub ownership: f64,
    /// Commits that touched the service in the window.
    pub commits: u32,
    pub changes_per_week: f64,
    pub age_days: u32,
    /// The clone ends there, or nobody asks further: it may be older.
    pub age_at_least: bool,
    pub agent_share: f64,
    /// Directories in which it, or what it is made of, lay before, as far as the walk shows.
    pub former: Vec<String>,
    /// Commits, and people behind them, in each twelfth of the window before and of this one, oldest first.
    pub months: Vec<(u32, u32)>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    pub changes_per_week: f64,
    /// Weeks of the last 52 with at least one change.
    pub active_weeks: u32,
    pub files: u32,
    pub age_days: u32,
    /// The clone ends there, or nobody asks further: the contracts may be older.
    pub age_at_least: bool,
    /// Share of changes that look like breaking whoever speaks the contract, 0–1; `None` where too little changed to
    /// tell, or where the clone does not hold the contents.
    pub breaking_share: Option<f64>,
    /// Changes in each twelfth of the last 52 weeks, oldest first.
    pub months: Vec<u32>,
    pub evidence: Vec<Location>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Declared {
    pub key: String,
    pub value: crate::signal::Value,
    pub location: Location,
}

/// A team, never a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Owner {
    pub team: String,
    pub at: Location,
    /// Stated in `fitcheck.toml` rather than read elsewhere.
    pub declared: bool,
}
