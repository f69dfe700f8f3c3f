//! Puts a unit's facts together as a [`Service`].

use std::collections::BTreeMap;

use crate::fact::{Count, FactKind, LatencySource, Structure};
use crate::path::is_within;
use crate::scope::Scope;
use crate::source::{Location, Place};

use super::attribute::{Collected, Ties, attribute};
use super::by_hand::{self, Added};
use super::repository::Repository;
use super::traits::Uses;
use super::unit::{Unit, discover};
use super::{
    Evidenced, Ffi, Language, Latency, Memory, Role, Service, Size, Toolchain, Tuning, Use, build, deploy, image, role,
    traits, workload,
};

/// Places kept for one claim; more add nothing that a person would open.
const EVIDENCE_LIMIT: usize = 24;

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
    let context = traits::Context { repository, unit, uses, collected, ties, role };
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

/// A Go library built for C exports by the way it is built; its `//export` lines say what.
fn c_library(unit: &Unit, role: Role, collected: &Collected<'_>, ties: &Ties<'_>, gathered: &mut Gathered) {
    if unit.language != Language::Go || role != Role::Library {
        return;
    }
    for built in collected.builds.iter().map(|&index| &ties.builds[index]) {
        let mechanism = match built.build.mode.as_deref() {
            Some("c-shared") => "go-c-shared",
            Some("c-archive") => "go-c-archive",
            Some("gomobile") => "gomobile",
            _ => continue,
        };
        let key = (crate::fact::Direction::Export, mechanism.to_owned());
        let exports: Vec<Location> = gathered
            .marks
            .iter()
            .filter(|((name, _), _)| name == "cgo-export")
            .flat_map(|(_, at)| at.clone())
            .collect();
        gathered.ffi_symbols.insert(key.clone(), exports.len() as u32);
        let places = gathered.ffi.entry(key).or_default();
        places.extend(exports);
        places.push(built.file.at(built.fact.place));
    }
}

/// Facts of one kind by value, with all places.
type Places<T> = BTreeMap<T, Vec<Location>>;

#[derive(Default)]
struct Gathered {
    uses: Places<Use>,
    ffi: Places<(crate::fact::Direction, String)>,
    ffi_symbols: BTreeMap<(crate::fact::Direction, String), u32>,
    consumers: Places<(String, String)>,
    tuning: Places<Tuning>,
    latency: Vec<(Latency, Location)>,
    timeouts: Vec<(f64, Location)>,
    memory: Places<Memory>,
    replicas: Places<(u32, u32)>,
    counts: BTreeMap<Count, (u32, Vec<Location>)>,
    checks: Places<String>,
    contracts: Places<String>,
    marks: Places<(String, String)>,
    artifact_budget: Places<u64>,
    /// What extractors of the user's say outright.
    traits: Places<String>,
    deploy: Places<String>,
}

impl Gathered {
    fn add(&mut self, kind: &FactKind, at: Location) {
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

fn evidenced<T: Ord>(places: Places<T>) -> Vec<Evidenced<T>> {
    places.into_iter().map(|(value, places)| Evidenced { value, evidence: tidy(places) }).collect()
}

/// What was concluded, together with what was said outright.
fn joined(mut found: Vec<Evidenced<String>>, said: Places<String>) -> Vec<Evidenced<String>> {
    for (value, places) in said {
        match found.iter_mut().find(|known| known.value == value) {
            Some(known) => known.evidence = tidy(known.evidence.iter().cloned().chain(places).collect()),
            None => found.push(Evidenced { value, evidence: tidy(places) }),
        }
    }
    found
}

/// One entry for each value that differs, in the order of the places.
fn merged<T: PartialEq>(found: Vec<(T, Location)>) -> Vec<Evidenced<T>> {
    let mut all: Vec<Evidenced<T>> = Vec::new();
    for (value, at) in found {
        match all.iter_mut().find(|known| known.value == value) {
            Some(known) => known.evidence.push(at),
            None => all.push(Evidenced { value, evidence: vec![at] }),
        }
    }
    all.into_iter().map(|known| Evidenced { value: known.value, evidence: tidy(known.evidence) }).collect()
}

/// Figures in prose are about answering; a program that answers nobody has none.
fn stated(found: Vec<(Latency, Location)>, role: Role) -> Vec<(Latency, Location)> {
    let answers = !matches!(role, Role::Cli | Role::Job | Role::Tool);
    let in_prose = |latency: &Latency| matches!(latency.source, LatencySource::Doc | LatencySource::Comment);
    found.into_iter().filter(|(latency, _)| answers || !in_prose(latency)).collect()
}

fn ffi(unit: &Unit, role: Role, gathered: &Gathered) -> Vec<Evidenced<Ffi>> {
    let mut all = Vec::new();
    for (key @ (direction, mechanism), places) in &gathered.ffi {
        let Some(mechanism) = in_force(unit, role, *direction, mechanism) else { continue };
        let consumers: Vec<String> =
            if *direction == crate::fact::Direction::Export { consumers_of(&mechanism, gathered) } else { Vec::new() };
        let symbols = gathered.ffi_symbols.get(key).copied().unwrap_or_default();
        let value = Ffi { direction: *direction, mechanism, consumers, symbols };
        all.push(Evidenced { value, evidence: tidy(places.clone()) });
    }
    all
}

/// The languages that load an export: the one that the mechanism is made for, or those whose code was seen loading it.
fn consumers_of(mechanism: &str, gathered: &Gathered) -> Vec<String> {
    let made_for = match mechanism {
        "pyo3" => Some("python"),
        "napi" | "neon" => Some("node"),
        "magnus" => Some("ruby"),
        "extendr" => Some("r"),
        "rustler" => Some("elixir"),
        "ext-php-rs" => Some("php"),
        "flutter-rust-bridge" => Some("dart"),
        "swift-bridge" => Some("swift"),
        "jni" => Some("java"),
        _ => None,
    };
    if let Some(language) = made_for {
        // Kotlin and Scala load what is made for Java.
        let others = gathered.consumers.keys().map(|(seen, _)| seen.as_str());
        let mut all: Vec<String> = vec![language.to_owned()];
        all.extend(others.filter(|seen| language == "java" && matches!(*seen, "kotlin" | "scala")).map(str::to_owned));
        all.sort();
        all.dedup();
        return all;
    }
    let mut seen: Vec<String> = gathered.consumers.keys().map(|(language, _)| language.clone()).collect();
    seen.dedup();
    seen
}

/// The mechanism that a surface really is in this unit, or none: exports count only where something can load them.
fn in_force(unit: &Unit, role: Role, direction: crate::fact::Direction, mechanism: &str) -> Option<String> {
    use super::unit::Shape;
    if direction == crate::fact::Direction::Import {
        return Some(mechanism.to_owned());
    }
    let loadable = unit.language == Language::Go || unit.shape != Shape::Main;
    match (mechanism, role) {
        ("extern-c", Role::Wasm) => Some("wasm-export".to_owned()),
        // A program that merely links a crate with exports is loaded by nobody.
        (_, role) if !loadable && role != Role::Wasm => None,
        _ => Some(mechanism.to_owned()),
    }
}

fn tuning(found: Places<Tuning>, counts: &BTreeMap<Count, (u32, Vec<Location>)>, size: Size) -> Vec<Evidenced<Tuning>> {
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
fn guided(
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
fn unsafe_core(repository: &Repository, role: Role, collected: &Collected<'_>) -> Option<Evidenced<Tuning>> {
    if !matches!(role, Role::Service | Role::Job | Role::Cli | Role::Function) {
        return None;
    }
    let owner = |path: &str| repository.cargo.package_of(path).map(|package| package.directory.clone());
    let mut found: BTreeMap<_, (u32, Vec<Location>)> = BTreeMap::new();
    for seen in collected.facts.iter().filter(|seen| seen.near) {
        if let FactKind::Count { what: Count::Unsafe, n } = &seen.fact.kind {
            let entry = found.entry(owner(&seen.file.path)?).or_default();
            entry.0 += n;
            entry.1.push(seen.file.at(seen.fact.place));
        }
    }
    let lines = |package: &str| {
        let own = |path: &str| owner(path).is_some_and(|owner| &*owner == package);
        let mut size = Size::default();
        let files = repository.files_below(package).filter(|file| matches!(file.facts.structure, Structure::Rust(_)));
        files.filter(|file| own(&file.path)).for_each(|file| add_size(&mut size, file));
        size.lines as f64
    };
    found.retain(|package, (n, _)| f64::from(*n) * 1000.0 >= UNSAFE_DENSITY * lines(package));
    let total: u32 = found.values().map(|(n, _)| n).sum();
    (total >= UNSAFE_MANY).then(|| Evidenced {
        value: Tuning { what: "unsafe".into(), value: Some(total.to_string()) },
        evidence: tidy(found.into_values().flat_map(|(_, places)| places).collect()),
    })
}

fn counts(found: &BTreeMap<Count, (u32, Vec<Location>)>) -> Vec<Evidenced<(Count, u32)>> {
    found.iter().map(|(what, (n, places))| Evidenced { value: (*what, *n), evidence: tidy(places.clone()) }).collect()
}

fn size(repository: &Repository, unit: &Unit) -> Size {
    let mut size = Size { packages: unit.closure.len() as u64, ..Size::default() };
    for package in &unit.closure {
        match unit.language {
            Language::Go => {
                for &index in repository.go.packages.get(package).map_or(&[][..], |package| &package.files) {
                    add_size(&mut size, &repository.files[index]);
                }
            }
            Language::Rust => {
                let own =
                    |path: &str| repository.cargo.package_of(path).is_some_and(|owner| owner.directory == *package);
                for file in repository
                    .files_below(package)
                    .filter(|file| matches!(file.facts.structure, Structure::Rust(_)) && own(&file.path))
                {
                    if file.scope == Scope::Shipped || is_within(&file.path, &unit.root) {
                        add_size(&mut size, file);
                    }
                }
            }
        }
    }
    size
}

fn add_size(size: &mut Size, file: &super::repository::FileEntry) {
    if !file.is_generated() && file.scope != Scope::Test {
        size.lines += u64::from(file.facts.lines);
        size.files += 1;
    }
}

fn toolchain(repository: &Repository, unit: &Unit) -> Toolchain {
    let mut toolchain = Toolchain::default();
    match unit.language {
        Language::Go => {
            if let Some((directory, _)) = repository.go.module_of(&unit.root)
                && let Some(file) = repository.files_in(directory).find(|file| file.path.ends_with("go.mod"))
                && let Structure::GoModule(module) = &file.facts.structure
            {
                toolchain.go = module.go.clone().map(|(version, place)| (version, file.at(place)));
            }
        }
        Language::Rust => {
            if let Some(package) = repository.cargo.packages.get(&unit.root) {
                let at = Location { path: package.manifest.clone(), place: package.place };
                toolchain.edition = package.edition.clone().map(|edition| (edition, at.clone()));
                toolchain.msrv = package.rust_version.clone().map(|version| (version, at));
            }
        }
    }
    toolchain
}
