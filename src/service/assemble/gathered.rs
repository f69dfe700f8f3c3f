//! The facts of one unit by kind and value, each with the places that say it.

use std::collections::BTreeMap;

use crate::fact::{Count, Direction, FactKind};
use crate::service::{Evidenced, Latency, Memory, Tuning, Use};
use crate::source::Location;

/// Places kept for one claim; more add nothing that a person would open.
const EVIDENCE_LIMIT: usize = 24;

/// Facts of one kind by value, with all places.
pub(super) type Places<T> = BTreeMap<T, Vec<Location>>;

#[derive(Default)]
pub(super) struct Gathered {
    pub(super) uses: Places<Use>,
    pub(super) ffi: Places<(Direction, String)>,
    pub(super) ffi_symbols: BTreeMap<(Direction, String), u32>,
    pub(super) consumers: Places<(String, String)>,
    pub(super) tuning: Places<Tuning>,
    pub(super) latency: Vec<(Latency, Location)>,
    pub(super) timeouts: Vec<(f64, Location)>,
    pub(super) memory: Places<Memory>,
    pub(super) replicas: Places<(u32, u32)>,
    pub(super) counts: BTreeMap<Count, (u32, Vec<Location>)>,
    pub(super) checks: Places<String>,
    pub(super) contracts: Places<String>,
    pub(super) marks: Places<(String, String)>,
    pub(super) artifact_budget: Places<u64>,
    /// What extractors of the user's say outright.
    pub(super) traits: Places<String>,
    pub(super) deploy: Places<String>,
}

impl Gathered {
    pub(super) fn add(&mut self, kind: &FactKind, at: Location) {
        match kind {
            FactKind::Uses { capability, symbol } => {
                self.uses.entry(Use { capability: capability.clone(), symbol: symbol.clone() }).or_default().push(at);
            }
            FactKind::Ffi { direction, mechanism, symbols } => {
                let key = (*direction, mechanism.clone());
                *self.ffi_symbols.entry(key.clone()).or_default() += symbols;
                self.ffi.entry(key).or_default().push(at);
            }
            FactKind::Consumer { language, library } => {
                self.consumers.entry((language.clone(), library.clone())).or_default().push(at);
            }
            FactKind::Tuning { what, value } => {
                self.tuning.entry(Tuning { what: what.clone(), value: value.clone() }).or_default().push(at);
            }
            FactKind::Latency { limit_us, percentile, source, subject } => {
                let latency =
                    Latency { limit_us: *limit_us, percentile: *percentile, source: *source, subject: subject.clone() };
                self.latency.push((latency, at));
            }
            FactKind::Timeout { limit_us } => self.timeouts.push((*limit_us, at)),
            FactKind::Memory { what, bytes } => {
                self.memory.entry(Memory { what: *what, bytes: *bytes }).or_default().push(at);
            }
            FactKind::Replicas { min, max } => self.replicas.entry((*min, *max)).or_default().push(at),
            FactKind::Count { what, n } => {
                let entry = self.counts.entry(*what).or_default();
                entry.0 += n;
                entry.1.push(at);
            }
            FactKind::Check { what } => self.checks.entry(what.clone()).or_default().push(at),
            FactKind::Contract { format } => self.contracts.entry(format.clone()).or_default().push(at),
            FactKind::Mark { name, detail } => self.marks.entry((name.clone(), detail.clone())).or_default().push(at),
            FactKind::ArtifactBudget { bytes } => self.artifact_budget.entry(*bytes).or_default().push(at),
            FactKind::Trait { name } => self.traits.entry(name.clone()).or_default().push(at),
            FactKind::Deploy { target } => self.deploy.entry(target.clone()).or_default().push(at),
            // These were used to tie things together.
            FactKind::Build(_)
            | FactKind::Image(_)
            | FactKind::Workload(_)
            | FactKind::Generates { .. }
            | FactKind::Toolchain { .. } => {}
        }
    }
}

/// Sorts places, drops repetitions and keeps the first few.
pub fn tidy(mut places: Vec<Location>) -> Vec<Location> {
    places.sort();
    places.dedup();
    places.truncate(EVIDENCE_LIMIT);
    places
}

pub(super) fn evidenced<T: Ord>(places: Places<T>) -> Vec<Evidenced<T>> {
    places.into_iter().map(|(value, places)| Evidenced { value, evidence: tidy(places) }).collect()
}

/// What was concluded, together with what was said outright.
pub(super) fn joined(mut found: Vec<Evidenced<String>>, said: Places<String>) -> Vec<Evidenced<String>> {
    for (value, places) in said {
        match found.iter_mut().find(|known| known.value == value) {
            Some(known) => known.evidence = tidy(known.evidence.iter().cloned().chain(places).collect()),
            None => found.push(Evidenced { value, evidence: tidy(places) }),
        }
    }
    found
}

/// One entry for each value that differs, in the order of the places.
pub(super) fn merged<T: PartialEq>(found: Vec<(T, Location)>) -> Vec<Evidenced<T>> {
    let mut all: Vec<Evidenced<T>> = Vec::new();
    for (value, at) in found {
        match all.iter_mut().find(|known| known.value == value) {
            Some(known) => known.evidence.push(at),
            None => all.push(Evidenced { value, evidence: vec![at] }),
        }
    }
    all.into_iter().map(|known| Evidenced { value: known.value, evidence: tidy(known.evidence) }).collect()
}
