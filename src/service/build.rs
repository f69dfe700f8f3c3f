//! Which build command builds which unit, and under which names the results are known.
//!
//! In: `Build` facts and units. Out: [`Built`], one per command that could be tied to at least one unit. A command
//! whose target cannot be told (a variable, a pattern over everything) is tied to nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::fact::{Build, Fact, FactKind};
use crate::parse::image_name;
use crate::path::{base, is_within, join, parent};

use super::Language;
use super::calls::{self, Recipes};
use super::repository::{FileEntry, Repository};
use super::unit::{Shape, Unit};

/// A build command with the units that it builds (indexes).
#[derive(Debug)]
pub struct Built<'r> {
    pub file: &'r FileEntry,
    pub fact: &'r Fact,
    pub build: &'r Build,
    pub units: Vec<usize>,
}

/// Ties build commands to units, and adds the names of outputs to the units' binaries.
pub fn resolve<'r>(repository: &'r Repository, units: &mut [Unit]) -> Vec<Built<'r>> {
    let mut all = Vec::new();
    let mut calls = Vec::new();
    for (file, fact) in repository.facts() {
        let FactKind::Build(build) = &fact.kind else { continue };
        if calls::is_call(build) {
            calls.push((file, fact, &**build));
            continue;
        }
        let found = match language(build) {
            Some(Language::Go) => go_targets(repository, file, build, units),
            Some(Language::Rust) => cargo_targets(repository, file, build, units),
            None => named_targets(build, units),
        };
        if found.is_empty() {
            continue;
        }
        let is_made = !matches!(build.tool.as_str(), "tar" | "zip");
        if let (&[only], Some(output), true) = (&found[..], output_name(build), is_made) {
            units[only].binaries.insert(output);
        }
        all.push(Built { file, fact, build, units: found });
    }
    let called = follow(repository, units, &all, &calls);
    all.extend(called);
    all
}

/// Calls whose result is published, or stays in an image, with the units that they build in the end.
fn follow<'r>(
    repository: &'r Repository,
    units: &[Unit],
    built: &[Built<'r>],
    calls: &[(&'r FileEntry, &'r Fact, &'r Build)],
) -> Vec<Built<'r>> {
    let all: Vec<(&FileEntry, &Build)> = calls.iter().map(|(file, _, build)| (*file, *build)).collect();
    let recipes = Recipes::new(built, &all);
    let mut found = Vec::new();
    for (file, fact, build) in calls.iter().copied() {
        let is_shipped = !build.publishes.is_empty() || build.kept;
        let in_image = build.source == "dockerfile";
        if !(in_image || is_shipped && calls::says_build(build)) {
            continue;
        }
        let units: Vec<usize> = recipes.reached(repository, units, file, build).into_iter().collect();
        // What an image takes of many results, its copies and its entry point tell.
        if !units.is_empty() && (!in_image || units.len() == 1) {
            found.push(Built { file, fact, build, units });
        }
    }
    found
}

fn language(build: &Build) -> Option<Language> {
    match build.tool.as_str() {
        "go" | "tinygo" | "gomobile" | "goreleaser" | "ko" | "xcaddy" | "go-bazel" | "go-nix" | "componentize-go" => {
            Some(Language::Go)
        }
        "make" | "docker" | "npm" | "mage" | "just" | "task" | "matrix" | "tar" | "zip" => None,
        _ => Some(Language::Rust),
    }
}

/// Archives and CI matrices name programs, whatever their language; a name that several units have proves nothing.
fn named_targets(build: &Build, units: &[Unit]) -> Vec<usize> {
    if !matches!(build.tool.as_str(), "matrix" | "tar" | "zip") {
        return Vec::new();
    }
    let mut found = BTreeSet::new();
    for name in build.packages.iter().chain(&build.output) {
        let path = name.trim_start_matches("./").trim_end_matches('/');
        let program = image_name::program(name);
        let is_meant = |unit: &Unit| *unit.root == *path || !program.contains('$') && unit.binaries.contains(program);
        let matches: Vec<usize> = (0..units.len()).filter(|&at| is_meant(&units[at])).collect();
        if let [only] = matches[..] {
            found.insert(only);
        }
    }
    found.into_iter().collect()
}

/// The name under which the result is known, where the command gives a plain one.
fn output_name(build: &Build) -> Option<String> {
    let output = build.output.as_deref()?;
    // Those who load a library ask for it without `lib` and ending.
    if matches!(build.mode.as_deref(), Some("c-shared" | "c-archive" | "gomobile" | "cdylib" | "staticlib")) {
        return image_name::library(output).map(str::to_owned);
    }
    let name = base(output.trim_end_matches('/')).trim_end_matches(".exe").trim_end_matches(".wasm");
    let plain = !name.is_empty() && !name.contains(['$', '{', '*', '(']) && !output.ends_with('/');
    plain.then(|| name.to_owned())
}

/// Directories relative to which a command's paths may be meant, likeliest first.
pub fn bases(repository: &Repository, file: &FileEntry, build: &Build) -> Vec<String> {
    let own = file.directory();
    let mut starts: Vec<&str> = vec![own];
    let mut at = own;
    while at != "." {
        at = parent(at);
        starts.push(at);
    }
    // Workflows and release files run at the root; scripts mostly too.
    if build.source == "workflow" || build.source == "release" || own.starts_with(".github") {
        starts = vec![".", own];
    }
    // Where a workflow's steps begin is the root, whatever lies beside the workflow itself.
    if own == ".github/workflows" {
        starts.truncate(1);
    }
    let mut bases: Vec<String> = Vec::new();
    let mut add = |path: Option<String>| {
        if let Some(path) = path.filter(|path| repository.has_directory(path) && !bases.contains(path)) {
            bases.push(path);
        }
    };
    match build.directory.as_deref() {
        None => starts.iter().for_each(|start| add(Some((*start).to_owned()))),
        // A place inside an image: the end of it is a folder of the repository, or the repository was copied there.
        Some(directory) if directory.starts_with('/') => {
            for suffix in suffixes(directory) {
                starts.iter().for_each(|start| add(join(start, suffix)));
            }
            starts.iter().for_each(|start| add(Some((*start).to_owned())));
        }
        Some(directory) => starts.iter().for_each(|start| add(join(start, directory))),
    }
    bases
}

/// The ends of an absolute path, longest first: `a/b/c`, `b/c`, `c`.
fn suffixes(path: &str) -> impl Iterator<Item = &str> {
    let path = path.trim_matches('/');
    std::iter::successors(Some(path), |rest| rest.split_once('/').map(|(_, rest)| rest)).filter(|rest| !rest.is_empty())
}

/// Directories of the Go packages that a command names, whether or not they are units.
pub fn go_directories(repository: &Repository, file: &FileEntry, build: &Build) -> Vec<Arc<str>> {
    let bases = bases(repository, file, build);
    if build.packages.is_empty() {
        return bases.iter().take(1).filter_map(|at| package_key(repository, at)).collect();
    }
    build.packages.iter().filter_map(|package| go_directory(repository, &bases, package)).collect()
}

fn go_directory(repository: &Repository, bases: &[String], package: &str) -> Option<Arc<str>> {
    if package.contains(['$', '*', '{']) || package.ends_with("...") {
        return None;
    }
    let package = if package.ends_with(".go") { parent(package) } else { package.trim_end_matches('/') };
    let local = bases.iter().filter_map(|at| join(at, package)).find_map(|path| package_key(repository, &path));
    local.or_else(|| repository.go.directory_of(package))
}

fn package_key(repository: &Repository, directory: &str) -> Option<Arc<str>> {
    repository.go.packages.get_key_value(directory).map(|(key, _)| key.clone())
}

fn go_targets(repository: &Repository, file: &FileEntry, build: &Build, units: &[Unit]) -> Vec<usize> {
    let mut found = BTreeSet::new();
    for directory in go_directories(repository, file, build) {
        found.extend(find(units, &directory, Language::Go));
    }
    if found.is_empty() {
        // `-o bin/` with `./cmd/...`: everything below, if that is little enough to mean it.
        for package in build.packages.iter().filter_map(|package| package.strip_suffix("/...")) {
            for at in bases(repository, file, build).iter().take(1) {
                if let Some(path) = join(at, package).filter(|path| path != ".") {
                    let below = |unit: &Unit| unit.language == Language::Go && is_within(&unit.root, &path);
                    found.extend(units.iter().enumerate().filter(|(_, unit)| below(unit)).map(|(index, _)| index));
                }
            }
        }
    }
    found.into_iter().collect()
}

fn cargo_targets(repository: &Repository, file: &FileEntry, build: &Build, units: &[Unit]) -> Vec<usize> {
    let mut found = BTreeSet::new();
    let bases = bases(repository, file, build);
    for bin in &build.bins {
        let named = |unit: &Unit| {
            unit.language == Language::Rust && unit.shape != Shape::Library && unit.binaries.contains(bin)
        };
        let matches: Vec<usize> =
            units.iter().enumerate().filter(|(_, unit)| named(unit)).map(|(index, _)| index).collect();
        found.extend(nearest(units, &matches, &bases));
    }
    for package in &build.packages {
        let by_path = bases.iter().filter_map(|at| join(at, package)).find_map(|path| {
            let directory = if path.ends_with("Cargo.toml") { parent(&path).to_owned() } else { path };
            find(units, &directory, Language::Rust)
        });
        let by_name: Vec<usize> = repository
            .cargo
            .by_name
            .get(package)
            .into_iter()
            .flatten()
            .filter_map(|directory| find(units, directory, Language::Rust))
            .collect();
        found.extend(by_path.or_else(|| nearest(units, &by_name, &bases)));
    }
    if build.bins.is_empty() && build.packages.is_empty() {
        found.extend(bases.iter().take(1).filter_map(|at| find(units, at, Language::Rust)));
    }
    found.into_iter().collect()
}

/// Of several units of one name, the one that shares most of its path with where the command runs.
fn nearest(units: &[Unit], candidates: &[usize], bases: &[String]) -> Option<usize> {
    let start = bases.first().map_or(".", String::as_str);
    let shared = |root: &str| root.split('/').zip(start.split('/')).take_while(|(a, b)| a == b).count();
    candidates.iter().copied().max_by_key(|&index| (shared(&units[index].root), std::cmp::Reverse(index)))
}

/// The unit at a root.
pub fn find(units: &[Unit], root: &str, language: Language) -> Option<usize> {
    units.binary_search_by(|unit| (&*unit.root, unit.language).cmp(&(root, language))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_a_path_inside_an_image() {
        assert_eq!(suffixes("/app/a/b").collect::<Vec<_>>(), ["app/a/b", "a/b", "b"]);
        assert_eq!(suffixes("/").count(), 0);
    }
}
