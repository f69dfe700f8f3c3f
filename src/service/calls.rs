//! What a call of make, just, mage or a script of the repository leads to.
//!
//! In: build facts, those that build and those that call. Out: for a call whose result is published or put into an
//! image, the units that the recipes and scripts behind it build. Only what its files say counts; nothing is run.

use std::collections::{BTreeMap, BTreeSet};

use crate::fact::Build;
use crate::path::{base, is_within, join, parent};
use crate::scope::Scope;

use super::build::{Built, bases};
use super::repository::{FileEntry, Repository};
use super::unit::Unit;

/// Recipes that call recipes that call recipes.
const DEEPEST: usize = 6;

/// Whether a command hands the work to other files.
pub fn is_call(build: &Build) -> bool {
    matches!(build.tool.as_str(), "make" | "just" | "mage" | "script")
}

/// Everything that recipes and scripts build or call.
pub struct Recipes<'a> {
    /// File → recipe (empty for a script) → units built there.
    built: BTreeMap<&'a str, BTreeMap<String, BTreeSet<usize>>>,
    /// File → recipe → calls made there.
    called: BTreeMap<&'a str, BTreeMap<String, Vec<Call<'a>>>>,
    /// The files of both, sorted, each with the name that a tool knows it by.
    files: Vec<(&'a str, String)>,
}

/// A call with the file that it stands in.
type Call<'a> = (&'a FileEntry, &'a Build);

impl<'a> Recipes<'a> {
    pub fn new(built: &[Built<'a>], calls: &[Call<'a>]) -> Recipes<'a> {
        let mut recipes = Recipes { built: BTreeMap::new(), called: BTreeMap::new(), files: Vec::new() };
        for one in built.iter().filter(|one| one.file.scope != Scope::Test) {
            let units = recipes.built.entry(&*one.file.path).or_default().entry(name(one.build)).or_default();
            units.extend(&one.units);
        }
        for (file, build) in calls {
            recipes.called.entry(&*file.path).or_default().entry(name(build)).or_default().push((file, build));
        }
        let files: BTreeSet<&'a str> = recipes.built.keys().chain(recipes.called.keys()).copied().collect();
        recipes.files = files.into_iter().map(|path| (path, base(path).to_ascii_lowercase())).collect();
        recipes
    }

    /// The units that a call builds in the end.
    pub fn reached(&self, repository: &Repository, units: &[Unit], file: &FileEntry, call: &Build) -> BTreeSet<usize> {
        let mut seen = BTreeSet::new();
        let mut found = BTreeSet::new();
        self.follow(repository, file, call, &mut seen, &mut found, 0);
        found.retain(|&at| Scope::of(&format!("{}/x", units[at].root)) == Scope::Shipped);
        found
    }

    fn follow(
        &self,
        repository: &Repository,
        file: &FileEntry,
        call: &Build,
        seen: &mut BTreeSet<(String, String)>,
        found: &mut BTreeSet<usize>,
        depth: usize,
    ) {
        if depth >= DEEPEST {
            return;
        }
        for (path, recipe) in self.meant(repository, file, call) {
            if !seen.insert((path.to_owned(), recipe.clone())) {
                continue;
            }
            found.extend(self.built.get(path).and_then(|recipes| recipes.get(&recipe)).into_iter().flatten());
            let inner = self.called.get(path).and_then(|recipes| recipes.get(&recipe));
            for (file, call) in inner.into_iter().flatten() {
                self.follow(repository, file, call, seen, found, depth + 1);
            }
        }
    }

    /// Files and recipes that a call names: in the directory where it runs, else the only one below that has it.
    fn meant(&self, repository: &Repository, file: &FileEntry, call: &Build) -> Vec<(&'a str, String)> {
        let places = bases(repository, file, call);
        let mut found = Vec::new();
        for target in &call.packages {
            if call.tool == "script" {
                let paths = places.iter().filter_map(|at| join(at, target));
                found.extend(paths.filter_map(|path| self.known(&path)).map(|path| (path, String::new())).next());
                continue;
            }
            let recipe = target.to_ascii_lowercase();
            let holds = |(path, name): &&(&str, String)| is_file_of(&call.tool, name) && self.has(path, &recipe);
            let files: Vec<&'a str> = self.files.iter().filter(holds).map(|(path, _)| *path).collect();
            let beside = places.iter().find_map(|at| files.iter().find(|path| parent(path) == at.as_str()));
            // A Makefile includes those below it.
            let below = || {
                let top = places.first()?;
                let mut inside = files.iter().filter(|path| is_within(path, top));
                inside.next().filter(|_| inside.next().is_none())
            };
            found.extend(beside.or_else(below).map(|path| (*path, recipe.clone())));
        }
        found
    }

    fn known(&self, path: &str) -> Option<&'a str> {
        let built = self.built.get_key_value(path).map(|(path, _)| *path);
        built.or_else(|| self.called.get_key_value(path).map(|(path, _)| *path))
    }

    fn has(&self, path: &str, recipe: &str) -> bool {
        self.built.get(path).is_some_and(|recipes| recipes.contains_key(recipe))
            || self.called.get(path).is_some_and(|recipes| recipes.contains_key(recipe))
    }
}

fn name(build: &Build) -> String {
    build.recipe.as_deref().unwrap_or("").to_ascii_lowercase()
}

/// Whether a tool reads its recipes from a file of such a name, in small letters.
fn is_file_of(tool: &str, name: &str) -> bool {
    match tool {
        "just" => name.contains("justfile") || name.ends_with(".just"),
        "mage" => name.ends_with(".go"),
        _ => name.contains("makefile") || name.ends_with(".mk") || name.ends_with(".make"),
    }
}

/// Whether what a call is named says that it makes the thing that is shipped, not that it tests or generates.
pub fn says_build(call: &Build) -> bool {
    const WORDS: &[&str] =
        &["build", "release", "dist", "package", "binar", "cross", "compile", "tarball", "publish", "archive"];
    const OTHERS: &[&str] = &["test", "lint", "docker", "image", "docs", "proto", "generate", "manifest", "check"];
    call.packages.iter().any(|target| {
        let lower = base(target).to_ascii_lowercase();
        let word = lower == "all" || WORDS.iter().any(|word| lower.contains(word));
        word && !OTHERS.iter().any(|other| lower.contains(other))
    })
}
