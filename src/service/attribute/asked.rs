//! What is asked about units for every file, known once.
//!
//! In: all units, and one file after another. Out: the units that build the file in, those around it, and whether what
//! it says counts for them.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::fact::{Fact, FactKind};
use crate::hash::Map;
use crate::parse::Kind;
use crate::path::{is_within, parent};
use crate::scope::Scope;

use super::super::Language;
use super::super::repository::{FileEntry, Repository};
use super::super::role::{is_called_a_tool, is_for_development};
use super::super::unit::Unit;

/// The package directory of a source file; `None` for everything else.
fn package_of(repository: &Repository, file: &FileEntry, kind: Option<Kind>) -> Option<Arc<str>> {
    let go = || repository.go.packages.get_key_value(file.directory()).map(|(key, _)| key.clone());
    match kind? {
        Kind::Go => go(),
        Kind::Rust | Kind::CargoToml | Kind::CargoConfig => file.krate.clone(),
        // Assembly and C beside Go or inside a crate is built into it.
        Kind::C => go().or_else(|| file.krate.clone()),
        _ => None,
    }
}

/// A closure of so few packages holds nothing that its service is not about.
const SMALL: usize = 8;

/// Who holds one package.
#[derive(Default)]
pub(super) struct Held {
    /// Units whose closure holds it.
    units: Vec<usize>,
    /// How many of them are no tests or examples.
    pub(super) shared: usize,
    /// The same without command-line clients: they share half of their server's code.
    served: usize,
}

/// What is asked about units for every file.
pub(super) struct Holders<'r> {
    by_package: Map<Arc<str>, Held>,
    shipped: usize,
    /// By unit: the standing of its root.
    scopes: Vec<Scope>,
    /// By unit: the module that it is part of.
    modules: Vec<Option<&'r str>>,
    judges_examples: bool,
}

impl<'r> Holders<'r> {
    pub(super) fn new(repository: &'r Repository, units: &[Unit], judges_examples: bool) -> Holders<'r> {
        let scopes: Vec<Scope> = units.iter().map(|unit| Scope::of(&format!("{}/x", unit.root))).collect();
        let is_go = |unit: &&Unit| unit.language == Language::Go;
        let module = |unit: &Unit| Some(repository.go.module_of(&Some(unit).filter(is_go)?.root)?.1);
        let modules = units.iter().map(module).collect();
        let mut holders = Holders { by_package: Map::default(), shipped: 0, scopes, modules, judges_examples };
        for (index, unit) in units.iter().enumerate() {
            let is_shipped = holders.scopes[index] == Scope::Shipped && !is_for_development(&unit.root);
            let shipped = usize::from(is_shipped);
            let served = usize::from(is_shipped && !is_called_a_tool(&unit.name));
            holders.shipped += shipped;
            for package in &unit.closure {
                let held = holders.by_package.entry(package.clone()).or_default();
                held.units.push(index);
                held.shared += shipped;
                held.served += served;
            }
        }
        holders
    }

    /// Units that build in what a file of a package says.
    fn of(&self, held: Option<&Held>, units: &[Unit], file: &FileEntry, kind: Option<Kind>) -> Vec<usize> {
        let shipped = file.scope == Scope::Shipped || (self.judges_examples && file.scope == Scope::Example);
        // A tool in a test folder still has its own code.
        let own = |unit: usize| is_within(&file.path, &units[unit].root) && self.scopes[unit] == file.scope;
        let holders = held.map_or(&[][..], |held| &held.units).iter().copied();
        holders.filter(|&unit| speaks_same(&units[unit], kind) && (shipped || own(unit))).collect()
    }
}

/// One file, with what its facts ask for again and again.
pub(super) struct Asked<'a, 'r> {
    repository: &'r Repository,
    units: &'a [Unit],
    all: &'a Holders<'r>,
    file: &'r FileEntry,
    kind: Option<Kind>,
    /// The package directory of a source file.
    pub(super) package: Option<Arc<str>>,
    pub(super) held: Option<&'a Held>,
    holders: OnceCell<Vec<usize>>,
    here: OnceCell<Vec<usize>>,
}

impl<'a, 'r> Asked<'a, 'r> {
    pub(super) fn new(
        repository: &'r Repository,
        all: &'a Holders<'r>,
        units: &'a [Unit],
        file: &'r FileEntry,
    ) -> Asked<'a, 'r> {
        let kind = Kind::of(&file.path);
        let package = package_of(repository, file, kind);
        let held = package.as_ref().and_then(|package| all.by_package.get(package));
        let (holders, here) = (OnceCell::new(), OnceCell::new());
        Asked { repository, units, all, file, kind, package, held, holders, here }
    }

    pub(super) fn here(&self) -> &[usize] {
        self.here.get_or_init(|| here(self.units, self.file))
    }

    /// Units that build the file in.
    pub(super) fn holders(&self) -> &[usize] {
        if self.package.is_none() {
            return self.here();
        }
        self.holders.get_or_init(|| self.all.of(self.held, self.units, self.file, self.kind))
    }

    /// Whether the file is in code that is a unit's more than others'.
    pub(super) fn is_near(&self, unit: usize) -> bool {
        let (Some(package), unit) = (&self.package, &self.units[unit]) else { return true };
        if *package == unit.root || (&*unit.root != "." && is_within(&self.file.path, &unit.root)) {
            return true;
        }
        // What a small program reaches, it does.
        if unit.closure.len() <= SMALL {
            return true;
        }
        let Some(held) = self.held else { return true };
        let shipped = self.all.shipped;
        if shipped < 4 { held.served <= 1 } else { held.shared <= (shipped / 3).max(2) }
    }

    /// Units that build in what is generated from a contract.
    pub(super) fn of_contract(&self, import: Option<&str>) -> Vec<usize> {
        let generated = import.and_then(|import| self.repository.go.directory_of(import));
        let in_language = |package: Option<&Arc<str>>, language: Language| {
            let held = package.and_then(|package| self.all.by_package.get(package));
            let found = self.all.of(held, self.units, self.file, self.kind);
            found.into_iter().filter(move |&unit| self.units[unit].language == language)
        };
        let generated = in_language(generated.as_ref(), Language::Go);
        let mut found: Vec<usize> = generated.chain(in_language(self.file.krate.as_ref(), Language::Rust)).collect();
        found.sort_unstable();
        found
    }

    /// Whether Cargo would read a configuration when it builds the unit where it lies: it looks in the folders above.
    pub(super) fn is_configured(&self, unit: usize) -> bool {
        self.kind != Some(Kind::CargoConfig) || is_within(&self.units[unit].root, parent(self.file.directory()))
    }

    /// Whether a fact holds for a unit: a crate that is named but not a dependency in force is not used, and what Go
    /// code takes from its own module is its code, not a library.
    pub(super) fn counts(&self, unit: usize, fact: &Fact) -> bool {
        let FactKind::Uses { symbol, .. } = &fact.kind else { return true };
        if let Some(module) = self.all.modules[unit] {
            return symbol.strip_prefix(module).is_none_or(|rest| !rest.is_empty() && !rest.starts_with('/'));
        }
        let reached = self.package.as_ref().and_then(|package| self.units[unit].reached.get(package));
        let krate = symbol.split("::").next().unwrap_or(symbol);
        reached.is_none_or(|reached| matches!(krate, "std" | "core" | "alloc") || reached.dependencies.contains(krate))
    }
}

/// Whether a source file is of the unit's language: one folder may hold a crate and the Go package that binds it.
fn speaks_same(unit: &Unit, kind: Option<Kind>) -> bool {
    match kind {
        Some(Kind::Go) => unit.language == Language::Go,
        Some(Kind::Rust | Kind::CargoToml | Kind::CargoConfig) => unit.language == Language::Rust,
        _ => true,
    }
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
