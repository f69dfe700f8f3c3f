//! Which facts belong to which unit.
//!
//! A fact in a package belongs to every unit whose import closure holds the package; a fact of configuration belongs
//! to the units that its workload, names or place tell. In: the indexed repository with everything tied. Out: one
//! [`Collected`] per unit, its facts in path order.

mod asked;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::fact::{Binding, Count, Fact, FactKind, LatencySource, Structure};
use crate::hash::Map;
use crate::path::is_within;
use crate::scope::Scope;

use super::Language;
use super::build::Built;
use super::go_graph::{GoPackage, is_ignored};
use super::image::Packed;
use super::repository::{FileEntry, Repository};
use super::unit::Unit;
use super::workload::Running;
use asked::{Asked, Holders};

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
    let holders = Holders::new(repository, units, judges_examples);
    let bound = Bound::new(ties);
    let mut callers = Callers::default();
    for file in repository.files.iter().filter(|file| !file.facts.facts.is_empty()) {
        let asked = Asked::new(repository, &holders, units, file);
        for fact in file.facts.facts.iter().filter(|fact| speaks(file, fact)) {
            let owners: Cow<'_, [usize]> = match &fact.binding {
                Binding::Package => asked.holders().into(),
                Binding::Called(function) => {
                    let called = |&unit: &usize| callers.reach(repository, &units[unit], &asked, function);
                    asked.holders().iter().copied().filter(called).collect::<Vec<_>>().into()
                }
                Binding::Workload(at) => bound.get(file, *at).into(),
                Binding::Names(names) => match named(units, names, file) {
                    found if found.is_empty() && is_objective(fact) => own(units, file).into(),
                    found => found.into(),
                },
                Binding::Here if is_toolchain(fact) => beneath(units, file.directory()).into(),
                Binding::Here => asked.here().into(),
                Binding::Repository => (0..units.len()).collect::<Vec<_>>().into(),
                Binding::Contract(import) => {
                    let built = asked.of_contract(import.as_deref());
                    if built.is_empty() { asked.here().into() } else { built.into() }
                }
            };
            if owners.is_empty() && matches!(fact.kind, FactKind::Latency { .. }) {
                unbound.push(Seen { file, fact, near: false, holders: 0 });
            }
            for &owner in owners.iter().filter(|&&owner| asked.is_configured(owner) && asked.counts(owner, fact)) {
                let near = asked.is_near(owner);
                if near || !needs_nearness(fact) {
                    all[owner].facts.push(Seen { file, fact, near, holders: asked.held.map_or(0, |held| held.shared) });
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

/// Whether it is said by code that no ordinary build holds: a generator that lies beside what it generates.
fn is_never_built(file: &FileEntry, fact: &Fact) -> bool {
    let is_of_code = matches!(fact.binding, Binding::Package | Binding::Called(_));
    is_of_code && matches!(&file.facts.structure, Structure::Go(go) if is_ignored(go))
}

/// Whether a file of this standing can promise anything: budgets of tests and examples are nobody's, except that a load
/// test's limit is one of the service that it drives.
fn speaks(file: &FileEntry, fact: &Fact) -> bool {
    if is_said_by_generator(file, fact) || is_never_built(file, fact) {
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
    known: Map<(Arc<str>, &'r str), Vec<Arc<str>>>,
}

impl<'r> Callers<'r> {
    /// Whether something in the unit's closure uses the package's exported function.
    fn reach(&mut self, repository: &Repository, unit: &Unit, asked: &Asked<'_, '_>, function: &'r str) -> bool {
        let Some(package) = &asked.package else { return true };
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
