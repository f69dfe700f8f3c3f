//! Which container image holds which units, and under which names the image is known.
//!
//! In: `Image` facts, builds and units. Out: [`Packed`] images. The chain is Dockerfile → build command, entry point
//! or copied file → unit; a Dockerfile that shows none of these is tied by its place only where one unit lies there.

use std::collections::BTreeSet;

use crate::fact::{Fact, FactKind, Image};
use crate::parse::image_name;
use crate::path::{base, is_within, join, parent};
use crate::scope::Scope;

use super::build::Built;
use super::repository::{FileEntry, Repository};
use super::unit::{Shape, Unit};

/// An image definition with the units in it (indexes).
#[derive(Debug)]
pub struct Packed<'r> {
    pub file: &'r FileEntry,
    pub fact: &'r Fact,
    pub image: &'r Image,
    pub units: Vec<usize>,
    /// Those of them that its entry point names.
    pub started: Vec<usize>,
    pub names: BTreeSet<String>,
    /// It is what runs: not a builder, test or development image.
    pub ships: bool,
}

/// Ties images to units.
pub fn resolve<'r>(repository: &'r Repository, units: &[Unit], builds: &[Built<'r>]) -> Vec<Packed<'r>> {
    let mut all = Vec::new();
    for (file, fact) in repository.facts() {
        let FactKind::Image(image) = &fact.kind else { continue };
        let here = built_here(builds, file, image);
        let started = by_name(units, image.command.iter().take(3), file, &here).into_iter().collect();
        let held = units_of(repository, units, builds, file, image);
        let defines = defines(image);
        let names = if defines { names_of(file, image) } else { given_names(image) };
        // A stage of nothing but files is an output of the build; of WebAssembly, it is what a registry serves.
        let is_module = image.copies.iter().any(|copy| copy.ends_with(".wasm"));
        let runs = !image.command.is_empty() || is_module || image.bases.last().is_none_or(|base| base != "scratch");
        all.push(Packed { file, fact, image, units: held, started, names, ships: defines && runs && ships(file) });
    }
    join_definitions(&mut all, units);
    all
}

/// A script or workflow that builds a Dockerfile gives it names; the Dockerfile says what is in it.
fn join_definitions(all: &mut [Packed<'_>], units: &[Unit]) {
    for index in 0..all.len() {
        let Some(places) = definition_places(&all[index]) else { continue };
        let wanted = all[index].image.stage.clone();
        let names = all[index].names.clone();
        let of_file = |place: &String| {
            let is_it = |other: &Packed<'_>| defines(other.image) && **place == *other.file.path;
            let stages: Vec<usize> = (0..all.len()).filter(|&at| is_it(&all[at])).collect();
            (!stages.is_empty()).then_some(stages)
        };
        let Some(stages) = places.iter().find_map(of_file) else { continue };
        // Without a target the last stage is built.
        let named = stages.iter().find(|&&at| wanted.is_some() && all[at].image.stage == wanted);
        let Some(&found) = named.or(stages.last()) else { continue };
        // One Dockerfile for many programs: an argument says which, and the image is called after it.
        let called: Vec<usize> = (0..units.len()).filter(|&at| !names.is_disjoint(&units[at].binaries)).collect();
        let is_other = !called.is_empty() && called.iter().all(|unit| !all[found].units.contains(unit));
        if is_other && !all[index].image.args.is_empty() && !all[found].image.command.is_empty() {
            all[index].ships = all[found].ships;
            all[index].started = called.clone();
            all[index].units = called;
            continue;
        }
        all[found].names.extend(names);
        let (units, started) = (all[found].units.clone(), all[found].started.clone());
        all[index].units = units;
        all[index].started = started;
    }
}

/// Whether this is the image itself, not a command that builds one.
fn defines(image: &Image) -> bool {
    image.dockerfile.is_none() && image.context.is_none()
}

/// Where the Dockerfile of a build command may lie.
fn definition_places(packed: &Packed<'_>) -> Option<Vec<String>> {
    if defines(packed.image) {
        return None;
    }
    let dockerfile = packed.image.dockerfile.as_deref().unwrap_or("Dockerfile");
    let context = packed.image.context.as_deref().unwrap_or(".");
    let own = packed.file.directory();
    // Makefiles run where they lie, scripts and workflows at the root; without a name the file is the one in the context.
    let beside = join(own, context).and_then(|at| join(&at, dockerfile));
    let places = match packed.image.dockerfile {
        Some(_) => vec![join(own, dockerfile), beside, join(context, dockerfile), join(".", dockerfile)],
        None => vec![beside, join(context, dockerfile)],
    };
    Some(places.into_iter().flatten().collect())
}

fn ships(file: &FileEntry) -> bool {
    matches!(file.scope, Scope::Shipped | Scope::Example) && !is_for_development(&file.path)
}

/// Whether an image is for building or trying things out, by whole words of its path: `attestor` is no `test`.
fn is_for_development(path: &str) -> bool {
    const FOLDERS: &[&str] = &["hack", "ci", "devcontainer", "builder", "debug", "test", "tests", "testing"];
    let path = path.to_ascii_lowercase();
    let file = base(&path);
    let mut words = path.split(['/', '.', '-', '_']);
    path.contains("build-tools")
        || words.any(|word| FOLDERS.contains(&word))
        || file.split(['.', '-', '_']).any(|word| word == "dev")
}

fn units_of(
    repository: &Repository,
    units: &[Unit],
    builds: &[Built<'_>],
    file: &FileEntry,
    image: &Image,
) -> Vec<usize> {
    let mut found: BTreeSet<usize> = BTreeSet::new();
    let own: Vec<&Built<'_>> = own_builds(builds, file, image).collect();
    // A WebAssembly module built beside a program is something that the program hands out.
    let is_module = |built: &Built<'_>| built.build.target.as_deref().is_some_and(|target| target.contains("wasm"));
    let only_modules = own.iter().all(|built| is_module(built));
    for built in own.into_iter().filter(|built| only_modules || !is_module(built)) {
        found.extend(&built.units);
    }
    // A native library built beside the program that links it is a part of that program.
    let is_library = |unit: &usize| units[*unit].shape == Shape::Library;
    if !found.iter().all(is_library) {
        found.retain(|unit| !is_library(unit));
    }
    // A relative path with directories copies sources; a program comes from another stage or from the build's output.
    let programs = image
        .copies
        .iter()
        .filter(|copy| copy.starts_with('/') || !copy.contains('/') || copy.contains("bin/") || copy.contains("${"));
    let here = built_here(builds, file, image);
    let named = by_name(units, image.command.iter().take(3).chain(programs), file, &here);
    // What the image starts is in it for sure; other things built on the way may stay behind.
    let started = by_name(units, image.command.iter().take(3), file, &here);
    if !started.is_empty() {
        // A program that is copied by its name from where it was built is meant to be there as well.
        let placed = by_name(units, image.copies.iter().filter(|copy| copy.starts_with('/')), file, &here);
        found = started.union(&placed).copied().collect();
    }
    if found.is_empty() {
        found = named;
    }
    if found.is_empty() {
        found.extend(by_place(repository, units, file, image));
    }
    found.into_iter().collect()
}

/// Commands of the image's own definition. What a Makefile builds beside an image is not what the image holds.
fn own_builds<'a, 'r>(
    builds: &'a [Built<'r>],
    file: &'a FileEntry,
    image: &'a Image,
) -> impl Iterator<Item = &'a Built<'r>> {
    builds.iter().filter(move |built| defines(image) && std::ptr::eq(built.file, file))
}

/// Units that the image's own definition builds.
fn built_here(builds: &[Built<'_>], file: &FileEntry, image: &Image) -> BTreeSet<usize> {
    own_builds(builds, file, image).flat_map(|built| built.units.iter().copied()).collect()
}

/// Units that words name; where several have a name, those that are built here, else the nearest.
fn by_name<'a>(
    units: &[Unit],
    words: impl Iterator<Item = &'a String>,
    file: &FileEntry,
    here: &BTreeSet<usize>,
) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    for word in words {
        let name = binary_name(base(word.trim_end_matches('/')));
        if name.len() < 2 || matches!(name.as_str(), "main" | "server" | "app" | "bin" | "build" | "cmd" | "src") {
            continue;
        }
        let matches: Vec<usize> = units
            .iter()
            .enumerate()
            .filter(|(_, unit)| unit.binaries.contains(&name))
            .map(|(index, _)| index)
            .collect();
        let built: Vec<usize> = matches.iter().copied().filter(|unit| here.contains(unit)).collect();
        match built.is_empty() {
            true => found.extend(closest(units, &matches, file.directory())),
            false => found.extend(built),
        }
    }
    found
}

/// Of several units of one name, the one nearest to a directory.
pub fn closest(units: &[Unit], candidates: &[usize], directory: &str) -> Option<usize> {
    let shared = |root: &str| root.split('/').zip(directory.split('/')).take_while(|(a, b)| a == b).count();
    candidates.iter().copied().max_by_key(|&index| (shared(&units[index].root), std::cmp::Reverse(index)))
}

/// The unit at or around the Dockerfile, or the only one below it, or below what it copies.
fn by_place(repository: &Repository, units: &[Unit], file: &FileEntry, image: &Image) -> Option<usize> {
    let directory = file.directory();
    let context = image.context.as_deref().unwrap_or(directory);
    let only_below = |directory: &str| {
        let mut below = units.iter().enumerate().filter(|(_, unit)| {
            is_within(&unit.root, directory) && Scope::of(&format!("{}/x", unit.root)) == Scope::Shipped
        });
        match (below.next(), below.next()) {
            (Some((index, _)), None) => Some(index),
            _ => None,
        }
    };
    if directory != "." {
        let mut at = directory;
        while at != "." {
            if let Some(index) = units.iter().position(|unit| &*unit.root == at) {
                return Some(index);
            }
            at = parent(at);
            if !is_generic(base(directory)) {
                break;
            }
        }
    }
    let builds_something = image.bases.iter().any(|base| is_toolchain_image(base));
    if !builds_something && !image.copies.iter().any(|copy| is_output(copy)) {
        return None;
    }
    for copied in &image.copies {
        if let Some(path) = join(context, copied).filter(|path| path != "." && repository.has_directory(path))
            && let Some(index) = only_below(&path)
        {
            return Some(index);
        }
    }
    only_below(directory)
}

/// Whether a copied path lies where builds put their results, under a name that tells nothing.
fn is_output(copy: &str) -> bool {
    let path = copy.trim_start_matches("./");
    let held = ["bin/", "build/", "dist/", "out/", "target/", "_output/"].iter().any(|place| path.starts_with(place));
    held && matches!(image_name::program(path), "main" | "app" | "server" | "plugin")
}

fn is_toolchain_image(image: &str) -> bool {
    let name = base(image);
    ["golang", "rust", "tinygo", "cargo-chef", "messense"].iter().any(|known| name.contains(known))
        || image.contains("golang")
        || image.contains("rust")
}

fn is_generic(directory: &str) -> bool {
    matches!(
        directory,
        "docker"
            | "deployment"
            | "deploy"
            | "build"
            | "package"
            | "packaging"
            | "multiarch"
            | "container"
            | "image"
            | "images"
            | "ci"
            | "dist"
    )
}

/// Names by which other files may refer to the image.
fn names_of(file: &FileEntry, image: &Image) -> BTreeSet<String> {
    let mut names = given_names(image);
    let name = base(&file.path).to_ascii_lowercase();
    for (prefix, suffix) in [("dockerfile.", ""), ("dockerfile-", ""), ("containerfile.", ""), ("", ".dockerfile")] {
        if let Some(rest) = name
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_suffix(suffix))
            .filter(|rest| *rest != name && !rest.is_empty())
        {
            names.insert(rest.to_owned());
        }
    }
    let mut at = file.directory();
    while at != "." && is_generic(base(at)) {
        at = parent(at);
    }
    if at != "." {
        names.insert(base(at).to_ascii_lowercase());
    }
    names
}

fn given_names(image: &Image) -> BTreeSet<String> {
    image
        .names
        .iter()
        .map(|name| image_name(name))
        .filter(|name| !name.is_empty() && !name.contains(['{', '$']))
        .collect()
}

/// `registry/org/name:tag@digest` → `name`.
pub fn image_name(image: &str) -> String {
    image_name::basename(image.trim_end_matches('/')).trim().to_ascii_lowercase()
}

/// A program's name without architecture, system and extension.
pub fn binary_name(file: &str) -> String {
    image_name::program(file).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_for_development_are_told_by_whole_words() {
        for path in
            ["Dockerfile.debug", "hack/Dockerfile", "build/builder/Dockerfile", "Dockerfile.dev", "x/test/Dockerfile"]
        {
            assert!(is_for_development(path), "{path}");
        }
        for path in ["attestor/Dockerfile", "cicd-api/Dockerfile", "latest/Dockerfile", "devices/Dockerfile"] {
            assert!(!is_for_development(path), "{path}");
        }
    }

    #[test]
    fn names_lose_what_is_not_the_name() {
        assert_eq!(image_name("ghcr.io/org/Agent:v1.2@sha256:00"), "agent");
        assert_eq!(binary_name("agent-linux-${TARGETARCH}-prod"), "agent");
        assert_eq!(binary_name("tool.exe"), "tool");
    }
}
