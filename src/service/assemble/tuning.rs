//! How a unit fights for speed or memory: what facts say outright, and what only their number or place tells.

use std::collections::BTreeMap;

use super::gathered::{Places, evidenced, tidy};
use super::size::add_size;
use crate::fact::{Count, FactKind, Structure};
use crate::service::attribute::{Collected, Ties};
use crate::service::repository::Repository;
use crate::service::unit::Unit;
use crate::service::{Evidenced, Language, Role, Size, Tuning};
use crate::source::{Location, Place};

pub(super) fn tuning(
    found: Places<Tuning>,
    counts: &BTreeMap<Count, (u32, Vec<Location>)>,
    size: Size,
) -> Vec<Evidenced<Tuning>> {
    let mut all = evidenced(found);
    // One pool is ordinary; many on few lines are a fight with the allocator (the upper tenth of real repositories).
    if let Some((pools, places)) = counts.get(&Count::Pools)
        && *pools >= 8
        && f64::from(*pools) * 10_000.0 >= 1.2 * size.lines as f64
    {
        let value = Tuning { what: "sync-pool".into(), value: Some(pools.to_string()) };
        all.push(Evidenced { value, evidence: tidy(places.clone()) });
    }
    all
}

/// A profile that guides the optimiser: `default.pgo` beside the main package, or one that the build names.
pub(super) fn guided(
    repository: &Repository,
    unit: &Unit,
    collected: &Collected<'_>,
    ties: &Ties<'_>,
) -> Option<Evidenced<Tuning>> {
    let mut places: Vec<Location> = Vec::new();
    let beside = if &*unit.root == "." { "default.pgo".to_owned() } else { format!("{}/default.pgo", unit.root) };
    if unit.language == Language::Go && repository.has_name(&beside) {
        let start = Place { line: 1, column: 1, end_line: 1, end_column: 1, ..Place::default() };
        places.push(Location { path: beside.into(), place: start });
    }
    let named = collected.builds.iter().map(|&index| &ties.builds[index]).filter(|built| built.build.profile.is_some());
    places.extend(named.map(|built| built.file.at(built.fact.place)));
    let value = Tuning { what: "pgo".into(), value: None };
    (!places.is_empty()).then(|| Evidenced { value, evidence: tidy(places) })
}

/// `unsafe` a thousand lines in the upper quarter of real Rust packages.
const UNSAFE_DENSITY: f64 = 5.4;

/// So many in all that they are how the service works, not a corner of it.
const UNSAFE_MANY: u32 = 50;

/// Packages of the unit's own in which `unsafe` is the way of working. Firmware and libraries for others have no other way.
pub(super) fn unsafe_core(repository: &Repository, role: Role, collected: &Collected<'_>) -> Option<Evidenced<Tuning>> {
    if !matches!(role, Role::Service | Role::Job | Role::Cli | Role::Function) {
        return None;
    }
    let mut found: BTreeMap<_, (u32, Vec<Location>)> = BTreeMap::new();
    for seen in collected.facts.iter().filter(|seen| seen.near) {
        if let FactKind::Count { what: Count::Unsafe, n } = &seen.fact.kind {
            let entry = found.entry(seen.file.krate.clone()?).or_default();
            entry.0 += n;
            entry.1.push(seen.file.at(seen.fact.place));
        }
    }
    let lines = |package: &str| {
        let mut size = Size::default();
        let files =
            repository.files_of_crate(package).filter(|file| matches!(file.facts.structure, Structure::Rust(_)));
        files.for_each(|file| add_size(&mut size, file));
        size.lines as f64
    };
    found.retain(|package, (n, _)| f64::from(*n) * 1000.0 >= UNSAFE_DENSITY * lines(package));
    let total: u32 = found.values().map(|(n, _)| n).sum();
    (total >= UNSAFE_MANY).then(|| Evidenced {
        value: Tuning { what: "unsafe".into(), value: Some(total.to_string()) },
        evidence: tidy(found.into_values().flat_map(|(_, places)| places).collect()),
    })
}
