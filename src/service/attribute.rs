//! Which facts belong to which unit.
//!
//! A fact in a package belongs to every unit whose import closure holds the package; a fact of configuration belongs
//! to the units that its workload, names or place tell. In: the indexed repository with everything tied. Out: one
//! [`Collected`] per unit, its facts in path order.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::fact::{Binding, Count, Fact, FactKind, LatencySource};
use crate::parse::Kind;
use crate::path::{is_within, parent};
use crate::scope::Scope;

use super::Language;
use super::build::Built;
use super::go_graph::GoPackage;
use super::image::Packed;
use super::repository::{FileEntry, Repository};
use super::role::{is_called_a_tool, is_for_development};
use super::unit::Unit;
use super::workload::Running;

/// Everything that belongs to one unit.
#[derive(Debug, Default)]
pub struct Collected<'r> {
    pub facts: Vec<Seen<'r>>,
    pub builds: Vec<usize>,
    pub images: Vec<usize>,
    pub workloads: Vec<usize>,
}

/// One fact of a unit.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'r> {
    pub file: &'r FileEntry,
    pub fact: &'r Fact,
    /// It is in code that is this unit's more than others': below its root, or in a package that few units reach.
    /// What a package for everybody can do says little about any one of them.
    pub near: bool,
    /// How many units that are no tests or examples hold this code.
    pub holders: usize,
}

/// All ties between configuration and units.
#[derive(Debug)]
pub struct Ties<'r> {
    pub builds: Vec<Built<'r>>,
    pub images: Vec<Packed<'r>>,
    pub workloads: Vec<Running<'r>>,
}

/// Gives every unit its facts, and returns the latency figures that are about none.
///
/// `judges_examples` is set for a repository that consists of examples: they are its product.
pub fn attribute<'r>(
    repository: &'r Repository,
    units: &[Unit],
    ties: &Ties<'r>,
    judges_examples: bool,
) -> (Vec<Collected<'r>>, Vec<Seen<'r>>) {
    let mut unbound = Vec::new();
    let mut all: Vec<Collected<'r>> = units.iter().map(|_| Collected::default()).collect();
    tie(&mut all, ties);
    let holders = Holders::new(units);
    let bound = Bound::new(ties);
    let mut callers = Callers::default();
    for file in &repository.files {
        if file.facts.facts.is_empty() {
            continue;
        }
        let package = package_of(repository, file);
        for fact in &file.facts.facts {
            let owners: Vec<usize> = match &fact.binding {
                Binding::Package => holders.of(package.as_ref(), units, file, judges_examples),
                Binding::Called(function) => {
                    let owners = holders.of(package.as_ref(), units, file, judges_examples);
                    let called = |&unit: &usize| callers.reach(repository, &units[unit], package.as_ref(), function);
                    owners.into_iter().filter(called).collect()
                }
                Binding::Workload(at) => bound.get(file, *at),
                Binding::Names(names) => match named(units, names, file) {
                    found if found.is_empty() && is_objective(fact) => own(units, file),
                    found => found,
                },
                Binding::Here if is_toolchain(fact) => beneath(units, file.directory()),
                Binding::Here => here(units, file),
                Binding::Repository => (0..units.len()).collect(),
                Binding::Contract(import) => {
                    let built = holders.of_contract(repository, units, file, import.as_deref(), judges_examples);
                    if built.is_empty() { here(units, file) } else { built }
                }
            };
            if !speaks(file, fact) {
                continue;
            }
            if owners.is_empty() && matches!(fact.kind, FactKind::Latency { .. }) {
                unbound.push(Seen { file, fact, near: false, holders: 0 });
            }
            for owner in owners {
                if !is_configured(&units[owner], file) {
                    continue;
                }
                if needs_nearness(fact) && !holders.is_near(&units[owner], package.as_ref(), file) {
                    continue;
                }
                if counts(&units[owner], package.as_ref(), fact) && !is_own_module(repository, &units[owner], fact) {
                    let near = holders.is_near(&units[owner], package.as_ref(), file);
                    all[owner].facts.push(Seen { file, fact, near, holders: holders.count(package.as_ref()) });
                }
            }
        }
    }
    (all, unbound)
}

/// Whether a generator's output says it: code written by a program is nobody's decision, but checked-in bindings are a
/// surface all the same.
fn is_said_by_generator(file: &FileEntry, fact: &Fact) -> bool {
    file.is_generated() && !matches!(&fact.kind, FactKind::Ffi { mechanism, .. } if mechanism == "bindgen")
}

/// Whether a file of this standing can promise anything: budgets of tests and examples are nobody's, except that a load
/// test's limit is one of the service that it drives.
fn speaks(file: &FileEntry, fact: &Fact) -> bool {
    if is_said_by_generator(file, fact) {
        return false;
    }
    match &fact.kind {
        FactKind::Latency { source: LatencySource::LoadTest, .. } => file.scope != Scope::Fixture,
        FactKind::Latency { .. } => matches!(file.scope, Scope::Shipped | Scope::Docs),
        _ => true,
    }
}

/// Whether a fact in a package for everybody says nothing about each of them.
fn needs_nearness(fact: &Fact) -> bool {
    let shared = matches!(fact.binding, Binding::Package);
    match &fact.kind {
        FactKind::Tuning { .. } | FactKind::Count { what: Count::Pools, .. } => shared,
        FactKind::Latency { source: LatencySource::Comment, .. } => shared,
        _ => false,
    }
}

fn tie(all: &mut [Collected<'_>], ties: &Ties<'_>) {
    for (index, built) in ties.builds.iter().enumerate() {
        built.units.iter().for_each(|&unit| all[unit].builds.push(index));
    }
    for (index, image) in ties.images.iter().enumerate() {
        image.units.iter().for_each(|&unit| all[unit].images.push(index));
    }
    for (index, running) in ties.workloads.iter().enumerate() {
        running.units.iter().for_each(|&unit| all[unit].workloads.push(index));
    }
}

/// The package directory of a source file; `None` for everything else.
fn package_of(repository: &Repository, file: &FileEntry) -> Option<Arc<str>> {
    match Kind::of(&file.path)? {
        Kind::Go => repository.go.packages.get_key_value(file.directory()).map(|(key, _)| key.clone()),
        Kind::Rust | Kind::CargoToml | Kind::CargoConfig => {
            repository.cargo.package_of(&file.path).map(|package| package.directory.clone())
        }
        // Assembly and C beside Go or inside a crate is built into it.
        Kind::C => repository
            .go
            .packages
            .get_key_value(file.directory())
            .map(|(key, _)| key.clone())
            .or_else(|| repository.cargo.package_of(&file.path).map(|package| package.directory.clone())),
        _ => None,
    }
}

/// A closure of so few packages holds nothing that its service is not about.
const SMALL: usize = 8;

/// Package directory → units whose closure holds it.
struct Holders {
    by_package: HashMap<Arc<str>, Vec<usize>>,
    /// Package directory → units that are no tests or examples.
    shared_by: HashMap<Arc<str>, usize>,
    /// The same without command-line clients: they share half of their server's code.
    served_by: HashMap<Arc<str>, usize>,
    shipped: usize,
}

impl Holders {
    fn new(units: &[Unit]) -> Holders {
        let mut holders =
            Holders { by_package: HashMap::new(), shared_by: HashMap::new(), served_by: HashMap::new(), shipped: 0 };
        for (index, unit) in units.iter().enumerate() {
            let is_shipped =
                Scope::of(&format!("{}/x", unit.root)) == Scope::Shipped && !is_for_development(&unit.root);
            let shipped = usize::from(is_shipped);
            let served = usize::from(is_shipped && !is_called_a_tool(&unit.name));
            holders.shipped += shipped;
            for package in &unit.closure {
                holders.by_package.entry(package.clone()).or_default().push(index);
                *holders.shared_by.entry(package.clone()).or_default() += shipped;
                *holders.served_by.entry(package.clone()).or_default() += served;
            }
        }
        holders
    }

    fn is_near(&self, unit: &Unit, package: Option<&Arc<str>>, file: &FileEntry) -> bool {
        let Some(package) = package else { return true };
        if *package == unit.root || (&*unit.root != "." && is_within(&file.path, &unit.root)) {
            return true;
        }
        // What a small program reaches, it does.
        if unit.closure.len() <= SMALL {
            return true;
        }
        let (counted, few) =
            if self.shipped < 4 { (&self.served_by, 1) } else { (&self.shared_by, (self.shipped / 3).max(2)) };
        counted.get(package).is_none_or(|units| *units <= few)
    }

    fn count(&self, package: Option<&Arc<str>>) -> usize {
        package.and_then(|package| self.shared_by.get(package)).copied().unwrap_or_default()
    }

    fn of(&self, package: Option<&Arc<str>>, units: &[Unit], file: &FileEntry, judges_examples: bool) -> Vec<usize> {
        let Some(package) = package else { return here(units, file) };
        let shipped = file.scope == Scope::Shipped || (judges_examples && file.scope == Scope::Example);
        let holders = self.by_package.get(package).map_or(&[][..], Vec::as_slice);
        // A tool in a test folder still has its own code.
        let own = |unit: usize| {
            is_within(&file.path, &units[unit].root) && Scope::of(&format!("{}/x", units[unit].root)) == file.scope
        };
        holders.iter().copied().filter(|&unit| speaks_same(&units[unit], file) && (shipped || own(unit))).collect()
    }
}

impl Holders {
    /// Units that build in what is generated from a contract.
    fn of_contract(
        &self,
        repository: &Repository,
        units: &[Unit],
        file: &FileEntry,
        import: Option<&str>,
        judges_examples: bool,
    ) -> Vec<usize> {
        let generated = import.and_then(|import| repository.go.directory_of(import));
        let around = repository.cargo.package_of(&file.path).map(|package| package.directory.clone());
        let in_language = |package: Option<Arc<str>>, language: Language| {
            let found = package.map_or(Vec::new(), |package| self.of(Some(&package), units, file, judges_examples));
            found.into_iter().filter(move |&unit| units[unit].language == language)
        };
        let mut found: Vec<usize> =
            in_language(generated, Language::Go).chain(in_language(around, Language::Rust)).collect();
        found.sort_unstable();
        found
    }
}

/// Whether a source file is of the unit's language: one folder may hold a crate and the Go package that binds it.
fn speaks_same(unit: &Unit, file: &FileEntry) -> bool {
    match Kind::of(&file.path) {
        Some(Kind::Go) => unit.language == Language::Go,
        Some(Kind::Rust | Kind::CargoToml | Kind::CargoConfig) => unit.language == Language::Rust,
        _ => true,
    }
}

/// Facts of a workload or image, found by file and index.
struct Bound {
    by_place: BTreeMap<(Arc<str>, u32), Vec<usize>>,
}

impl Bound {
    fn new(ties: &Ties<'_>) -> Bound {
        let mut by_place: BTreeMap<(Arc<str>, u32), Vec<usize>> = BTreeMap::new();
        for running in &ties.workloads {
            by_place.insert((running.file.path.clone(), running.index), running.units.clone());
        }
        for image in &ties.images {
            let index = image.file.facts.facts.iter().position(|fact| std::ptr::eq(fact, image.fact));
            by_place.insert((image.file.path.clone(), index.unwrap_or_default() as u32), image.units.clone());
        }
        Bound { by_place }
    }

    fn get(&self, file: &FileEntry, at: u32) -> Vec<usize> {
        self.by_place.get(&(file.path.clone(), at)).cloned().unwrap_or_default()
    }
}

/// Package and exported function → the packages that call it, itself included; each is asked about for many units.
#[derive(Default)]
struct Callers<'r> {
    known: HashMap<(Arc<str>, &'r str), Vec<Arc<str>>>,
}

impl<'r> Callers<'r> {
    /// Whether something in the unit's closure uses the package's exported function.
    fn reach(&mut self, repository: &Repository, unit: &Unit, package: Option<&Arc<str>>, function: &'r str) -> bool {
        let Some(package) = package else { return true };
        if *package == unit.root || unit.language == Language::Rust {
            return true;
        }
        let callers =
            self.known.entry((package.clone(), function)).or_insert_with(|| callers(repository, package, function));
        callers.iter().any(|caller| caller == package || unit.closure.contains(caller))
    }
}

fn callers(repository: &Repository, package: &Arc<str>, function: &str) -> Vec<Arc<str>> {
    let (graph, files) = (&repository.go, &repository.files);
    let calls = |(directory, caller): &(&Arc<str>, &GoPackage)| {
        if *directory == package {
            return graph.calls_itself(files, caller, function);
        }
        caller.imports.contains(package)
            && graph.selected(files, caller, |directory| directory == &**package).any(|name| name == function)
    };
    graph.packages.iter().filter(calls).map(|(directory, _)| directory.clone()).collect()
}

/// Whether Cargo would read a configuration when it builds the unit where it lies: it looks in the folders above.
fn is_configured(unit: &Unit, file: &FileEntry) -> bool {
    Kind::of(&file.path) != Some(Kind::CargoConfig) || is_within(&unit.root, parent(file.directory()))
}

/// Whether a fact holds for this unit: a crate that is named but not a dependency in force is not used.
fn counts(unit: &Unit, package: Option<&Arc<str>>, fact: &Fact) -> bool {
    let (FactKind::Uses { symbol, .. }, Language::Rust, Some(package)) = (&fact.kind, unit.language, package) else {
        return true;
    };
    let krate = symbol.split("::").next().unwrap_or(symbol);
    let Some(reached) = unit.reached.get(package) else { return true };
    matches!(krate, "std" | "core" | "alloc") || reached.dependencies.contains(krate)
}

/// Whether a Go unit uses what the catalogue knows from within: its own module is its code, not a library that it took.
fn is_own_module(repository: &Repository, unit: &Unit, fact: &Fact) -> bool {
    let (FactKind::Uses { symbol, .. }, Language::Go) = (&fact.kind, unit.language) else { return false };
    let Some((_, module)) = repository.go.module_of(&unit.root) else { return false };
    symbol.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn named(units: &[Unit], names: &[String], file: &FileEntry) -> Vec<usize> {
    let wanted: BTreeSet<String> = names.iter().map(|name| normal(name)).collect();
    let matches = |unit: &Unit| unit.binaries.iter().any(|name| wanted.contains(&normal(name)));
    let mut found: Vec<usize> = (0..units.len()).filter(|&at| matches(&units[at])).collect();
    // Two services of one name: the nearer one is meant.
    if found.len() > names.len() {
        found
            .retain(|&at| is_within(file.directory(), &units[at].root) || is_within(&units[at].root, file.directory()));
    }
    found
}

fn is_objective(fact: &Fact) -> bool {
    matches!(fact.kind, FactKind::Latency { source: LatencySource::Slo, .. })
}

/// The one unit in whose own directory the file lies. An objective beside a service's code is about it also where the
/// service was renamed and the objective still uses the old name; at the root of a repository it may be about anything.
fn own(units: &[Unit], file: &FileEntry) -> Vec<usize> {
    let holds = |unit: &&Unit| &*unit.root != "." && is_within(file.directory(), &unit.root);
    let Some(deepest) = units.iter().filter(holds).map(|unit| unit.root.len()).max() else { return Vec::new() };
    let found: Vec<usize> =
        (0..units.len()).filter(|&at| holds(&&units[at]) && units[at].root.len() == deepest).collect();
    if found.len() == 1 { found } else { Vec::new() }
}

fn normal(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '-'], "")
}

/// A toolchain is everybody's who builds in its folder or deeper.
fn is_toolchain(fact: &Fact) -> bool {
    matches!(&fact.kind, FactKind::Mark { name, .. } if name == "toolchain-target")
}

fn beneath(units: &[Unit], directory: &str) -> Vec<usize> {
    (0..units.len()).filter(|&at| is_within(&units[at].root, directory)).collect()
}

/// Units at or below the file's directory, else the nearest above.
fn here(units: &[Unit], file: &FileEntry) -> Vec<usize> {
    let mut at = file.directory();
    // Cargo's configuration is about what lies beside its folder.
    at = at.strip_suffix("/.cargo").unwrap_or(if at == ".cargo" { "." } else { at });
    if at == "." {
        return if units.len() == 1 {
            vec![0]
        } else {
            units.iter().position(|unit| &*unit.root == ".").into_iter().collect()
        };
    }
    let below: Vec<usize> = (0..units.len()).filter(|&index| is_within(&units[index].root, at)).collect();
    if !below.is_empty() {
        return below;
    }
    while at != "." {
        at = parent(at);
        let found: Vec<usize> = (0..units.len()).filter(|&index| &*units[index].root == at).collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}
