//! Puts a unit's facts together as a [`Service`].

mod ffi;
mod gathered;
mod size;
mod tuning;

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::fact::{Count, LatencySource};
use crate::scope::Scope;
use crate::source::Location;

use self::ffi::{c_library, ffi};
use self::gathered::{Gathered, evidenced, joined, merged};
use self::size::{size, toolchain};
use self::tuning::{guided, tuning, unsafe_core};
use super::attribute::{Ties, attribute};
use super::by_hand::{self, Added};
use super::repository::Repository;
use super::traits::Uses;
use super::unit::{Unit, discover};
use super::{Evidenced, Latency, Role, Service, build, deploy, image, role, traits, workload};

pub use gathered::tidy;

/// What the files of a repository tell.
#[derive(Debug)]
pub struct Found {
    pub services: Vec<Service>,
    /// Latency figures about something that is no service here: another team's job, a product that is watched.
    pub unbound: Vec<Evidenced<Latency>>,
}

/// Finds the services of a repository with everything that files say about them.
pub fn services(repository: &Repository) -> Vec<Service> {
    found(repository).services
}

/// Like [`services`], with the figures that belong to none.
pub fn found(repository: &Repository) -> Found {
    found_as(repository, &|_, _| None, &[])
}

/// Like [`found`], with roles that the user declares for a root and a name (what depends on a role follows it), and
/// with services that the user adds.
pub fn found_as(repository: &Repository, declared: &dyn Fn(&str, &str) -> Option<Role>, added: &[Added]) -> Found {
    let mut units = discover(repository);
    by_hand::add(repository, added, &mut units);
    let builds = build::resolve(repository, &mut units);
    let images = image::resolve(repository, &units, &builds);
    let workloads = workload::resolve(repository, &units, &builds, &images);
    let ties = Ties { builds, images, workloads };
    let judges_examples = consists_of_examples(repository, &units);
    let (collected, unbound) = attribute(repository, &units, &ties, judges_examples);
    let mut nobodys = Gathered::default();
    unbound.iter().for_each(|seen| nobodys.add(&seen.fact.kind, seen.file.at(seen.fact.place)));
    let services = units
        .iter()
        .zip(&collected)
        .enumerate()
        .map(|(index, (unit, collected))| {
            let context = role::Context {
                repository,
                units: &units,
                unit,
                index,
                uses: &Uses::new(collected),
                collected,
                ties: &ties,
                judges_examples,
            };
            service(context, declared(&unit.root, &unit.name))
        })
        .collect();
    Found { services, unbound: merged(nobodys.latency) }
}

/// Whether the repository ships nothing but examples: then they are its product. Examples of the repository's own
/// library show how that is used.
fn consists_of_examples(repository: &Repository, units: &[Unit]) -> bool {
    let scope = |unit: &Unit| Scope::of(&format!("{}/x", unit.root));
    let shipped = units.iter().filter(|unit| scope(unit) == Scope::Shipped).count();
    let examples = units.iter().filter(|unit| scope(unit) == Scope::Example).count();
    let shows_library = |unit: &Unit| {
        let own = |package: &str| Scope::of(&format!("{package}/x")) == Scope::Shipped;
        scope(unit) == Scope::Example
            && unit.closure.iter().any(|package| own(package) && is_library(repository, package))
    };
    shipped == 0 && examples > 0 && units.iter().filter(|unit| shows_library(unit)).count() * 2 < examples
}

/// Whether a package of the repository is code for others: a crate, or a Go package that is no program.
fn is_library(repository: &Repository, package: &str) -> bool {
    repository.cargo.packages.get(package).is_some_and(|found| found.lib.is_some())
        || repository.go.packages.get(package).is_some_and(|found| found.name != "main")
}

fn service(asked: role::Context<'_, '_>, declared: Option<Role>) -> Service {
    let role::Context { repository, unit, uses, collected, ties, .. } = asked;
    let (detected, role_because) = role::role(&asked);
    let role = declared.unwrap_or(detected);
    let (ends, stores) = (OnceCell::new(), OnceCell::new());
    let context = traits::Context { repository, unit, uses, collected, ties, role, ends, stores };
    let mut gathered = Gathered::default();
    collected.facts.iter().for_each(|seen| gathered.add(&seen.fact.kind, seen.file.at(seen.fact.place)));
    let traits = traits::traits(&context);
    let size = size(repository, unit);
    c_library(unit, role, collected, ties, &mut gathered);
    Service {
        name: unit.name.clone(),
        root: unit.root.clone(),
        language: unit.language,
        role,
        role_because,
        binaries: unit.binaries.iter().cloned().collect(),
        packages: unit.closure.iter().cloned().collect(),
        traits: joined(traits, std::mem::take(&mut gathered.traits)),
        deploy: joined(deploy::targets(collected, ties, role), std::mem::take(&mut gathered.deploy)),
        ffi: ffi(unit, role, &gathered),
        uses: evidenced(gathered.uses),
        latency: merged(stated(gathered.latency, role)),
        timeouts: merged(gathered.timeouts),
        tuning: tuning(gathered.tuning, &gathered.counts, size)
            .into_iter()
            .chain(unsafe_core(repository, role, collected))
            .chain(guided(repository, unit, collected, ties))
            .collect(),
        memory: evidenced(gathered.memory),
        replicas: evidenced(gathered.replicas),
        counts: counts(&gathered.counts),
        checks: evidenced(gathered.checks),
        contracts: evidenced(gathered.contracts),
        marks: evidenced(gathered.marks),
        artifact_budget: evidenced(gathered.artifact_budget),
        toolchain: toolchain(repository, unit),
        size,
        team: None,
        spec: None,
        declared: Vec::new(),
        owner: None,
    }
}

/// Figures in prose are about answering; a program that answers nobody has none.
fn stated(found: Vec<(Latency, Location)>, role: Role) -> Vec<(Latency, Location)> {
    let answers = !matches!(role, Role::Cli | Role::Job | Role::Tool);
    let in_prose = |latency: &Latency| matches!(latency.source, LatencySource::Doc | LatencySource::Comment);
    found.into_iter().filter(|(latency, _)| answers || !in_prose(latency)).collect()
}

fn counts(found: &BTreeMap<Count, (u32, Vec<Location>)>) -> Vec<Evidenced<(Count, u32)>> {
    found.iter().map(|(what, (n, places))| Evidenced { value: (*what, *n), evidence: tidy(places.clone()) }).collect()
}
