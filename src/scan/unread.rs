//! Code that a program is made of and that lies where nothing is read: what is hidden there must not pass unseen.
//!
//! In: the files that were read, and the names of all that were met. Out: a problem at each file that takes in what was
//! not read: `#[path = "real.txt"] mod a;`, `include!("real.inc")`, a module or a package of one's own in a folder that is
//! taken for copied code or test data, a target of Cargo's that is called otherwise than code is.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::fact::{CargoManifest, DependencyKind, GoFile, RustFile, Structure};
use crate::hash::Map;
use crate::path::{base, common_start, join, parent};
use crate::problem::{Class, Problem};
use crate::scope::Scope;
use crate::service::repository::FileEntry;
use crate::source::Place;

/// Says which shipped files take in what was not read; `names` are sorted.
pub(super) fn of(files: &[FileEntry], names: &[Arc<str>]) -> Vec<Problem> {
    let modules = go_modules(files);
    let start = common_start(modules.iter().map(|(module, _)| *module));
    let mut own = Own { modules: &modules, start, known: Map::default() };
    let used = used_packages(files, &mut own);
    // By now every import of shipped code is known.
    let hides = own.known.values().flatten().any(|package| package.is_fixture);
    let shipped = files.iter().filter(|file| file.scope == Scope::Shipped);
    let mut found = Vec::new();
    for file in shipped {
        match &file.facts.structure {
            Structure::Cargo(cargo) => of_cargo(file, cargo, names, &mut found),
            Structure::Rust(rust) => of_rust(&file.path, rust, names, &mut found),
            Structure::Go(go) if hides && used.contains(file.directory()) => {
                of_go(&file.path, go, &mut own, &mut found)
            }
            _ => {}
        }
    }
    found
}

fn problem(path: &str, what: &str, place: Place) -> Problem {
    let reason = format!("it takes in `{what}`, which is not read as code: rename it, or move it among the code");
    Problem { place: Some(place), ..Problem::new(path, reason, Class::Lost) }
}

fn is_met(names: &[Arc<str>], path: &str) -> bool {
    names.binary_search_by(|name| (**name).cmp(path)).is_ok()
}

/// Targets whose code is none by its name, and packages among test data that the shipped one is made of.
fn of_cargo(file: &FileEntry, manifest: &CargoManifest, names: &[Arc<str>], found: &mut Vec<Problem>) {
    for target in manifest.bins.iter().chain(&manifest.lib) {
        if let Some(path) = target.path.as_ref().and_then(|path| join(file.directory(), path))
            && (Scope::of(&path).is_foreign() || !path.ends_with(".rs") && is_met(names, &path))
        {
            found.push(problem(&file.path, &path, target.place));
        }
    }
    for one in manifest.dependencies.iter().filter(|one| one.kind == DependencyKind::Normal) {
        if let Some(package) = one.path.as_ref().and_then(|path| join(file.directory(), path))
            && Scope::of(&format!("{package}/src/lib.rs")) == Scope::Fixture
        {
            found.push(problem(&file.path, &package, one.place));
        }
    }
}

fn of_rust(path: &str, file: &RustFile, names: &[Arc<str>], found: &mut Vec<Problem>) {
    let is_met = |path: &str| is_met(names, path);
    for one in &file.takes {
        let Some(taken) = taken(path, &one.what, one.named, is_met) else { continue };
        // A module without a path is a file beside, which is met, or a folder, which tells by its name.
        let is_hidden = match one.named {
            true => !taken.ends_with(".rs") && is_met(&taken) || Scope::of(&taken).is_foreign(),
            false => !is_met(&format!("{taken}.rs")) && Scope::of(&format!("{taken}/mod.rs")).is_foreign(),
        };
        if is_hidden {
            found.push(problem(path, &taken, one.place));
        }
    }
}

/// The path that a module or an `include!` is about, without its ending where the language finds it by its name.
fn taken(path: &str, what: &str, named: bool, is_met: impl Fn(&str) -> bool) -> Option<String> {
    if let Some(below) = what.strip_prefix('/') {
        // Below the package's directory, whichever of those above it is.
        let above = std::iter::successors(Some(parent(path)), |&at| (at != ".").then(|| parent(at)));
        return above.filter_map(|directory| join(directory, below)).find(|path| is_met(path));
    }
    let is_root = matches!(base(path), "mod.rs" | "main.rs" | "lib.rs" | "build.rs");
    let directory = if named || is_root { parent(path) } else { path.trim_end_matches(".rs") };
    join(directory, what)
}

/// Name and directory of each module of the repository.
fn go_modules(files: &[FileEntry]) -> Vec<(&str, &str)> {
    let mut modules: Vec<(&str, &str)> = Vec::new();
    for file in files {
        if let Structure::GoModule(module) = &file.facts.structure
            && !module.module.is_empty()
        {
            modules.push((&module.module, file.directory()));
        }
    }
    modules
}

/// Directories of Go packages that may end up in a program: one itself, or imported by shipped code. What stands by
/// itself, as the helpers of a folder of tests, is built into nothing.
fn used_packages<'a>(files: &'a [FileEntry], own: &mut Own<'a>) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for file in files.iter().filter(|file| file.scope == Scope::Shipped) {
        let Structure::Go(go) = &file.facts.structure else { continue };
        // What Go itself passes over is built by hand, if at all.
        let is_passed_over = file.directory().split('/').any(|part| part.starts_with('_'));
        if !is_passed_over && (go.package == "main" || go.function.is_some()) {
            used.insert(file.directory().to_owned());
        }
        for import in go.imports.iter() {
            if let Some(package) = own.package(import.path).filter(|package| !package.is_used) {
                package.is_used = true;
                used.insert(package.directory.clone());
            }
        }
    }
    used
}

/// Packages of one's own, by import path: most are imported many times.
struct Own<'a> {
    modules: &'a [(&'a str, &'a str)],
    /// What the names of all modules begin with.
    start: &'a str,
    known: Map<&'a str, Option<Package>>,
}

/// A package of one's own.
struct Package {
    directory: String,
    /// Whether it lies among data for tests.
    is_fixture: bool,
    /// Whether shipped code imports it.
    is_used: bool,
}

impl<'a> Own<'a> {
    fn package(&mut self, path: &'a str) -> Option<&mut Package> {
        if self.modules.is_empty() || !path.starts_with(self.start) {
            return None;
        }
        let package = || {
            let directory = own_directory(path, self.modules)?;
            let is_fixture = Scope::of(&format!("{directory}/x.go")) == Scope::Fixture;
            Some(Package { directory, is_fixture, is_used: false })
        };
        self.known.entry(path).or_insert_with(package).as_mut()
    }
}

fn own_directory(path: &str, modules: &[(&str, &str)]) -> Option<String> {
    let own = modules.iter().filter_map(|(module, directory)| {
        let rest = path.strip_prefix(module)?;
        if rest.is_empty() { Some((*directory).to_owned()) } else { join(directory, rest.strip_prefix('/')?) }
    });
    // The longest module's name is the one that counts; whichever it is, the words of the path are the same.
    own.min_by_key(String::len)
}

fn of_go<'a>(path: &str, file: &'a GoFile, own: &mut Own<'a>, found: &mut Vec<Problem>) {
    for import in file.imports.iter() {
        if let Some(package) = own.package(import.path).filter(|package| package.is_fixture) {
            found.push(problem(path, &package.directory, import.place()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Kind;
    use crate::scan::read_text;

    fn told(files: &[(&str, &str)], others: &[&str]) -> Vec<String> {
        let entries: Vec<FileEntry> =
            files.iter().map(|(path, text)| read_text(path, Kind::of(path).expect("a kind"), text).0).collect();
        let mut names: Vec<Arc<str>> =
            files.iter().map(|(path, _)| *path).chain(others.iter().copied()).map(Arc::from).collect();
        names.sort();
        of(&entries, &names).into_iter().map(|problem| format!("{}: {}", problem.path, problem.reason)).collect()
    }

    #[test]
    fn what_is_taken_in_from_where_nothing_is_read_is_told() {
        for (text, others) in [
            ("#[path = \"real.txt\"] mod real;", &["a/src/real.txt"][..]),
            ("#[path = \"testdata/real.rs\"] mod real;", &[]),
            ("include!(\"../../vendor/real.rs\");", &[]),
            ("include!(\"real.inc\");", &["a/src/real.inc"]),
            ("include!(concat!(\"real\", \".inc\"));", &["a/src/real.inc"]),
            ("include!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/src/real.inc\",));", &["a/src/real.inc"]),
            ("mod fixtures;", &[]),
        ] {
            assert_eq!(told(&[("a/src/main.rs", text)], others).len(), 1, "{text}");
        }
        for (manifest, others) in [
            ("[package]\nname = \"a\"\n[[bin]]\nname = \"a\"\npath = \"src/real.txt\"\n", &["a/src/real.txt"][..]),
            ("[package]\nname = \"a\"\n[lib]\npath = \"testdata/real.rs\"\n", &[]),
            ("[package]\nname = \"a\"\n[dependencies]\nreal = { path = \"../testdata/real\" }\n", &[]),
        ] {
            assert_eq!(told(&[("a/Cargo.toml", manifest)], others).len(), 1, "{manifest}");
        }
        let go = [("go.mod", "module a.b/c\n"), ("main.go", "package main\n\nimport \"a.b/c/internal/testdata\"\n")];
        assert_eq!(told(&go, &[]).len(), 1);
    }

    #[test]
    fn what_is_read_or_a_test_is_silent() {
        for (text, others) in [
            ("mod fixtures;", &["a/src/fixtures.rs"][..]),
            ("mod snapshots; mod vendored;", &["a/src/snapshots/mod.rs", "a/src/vendored/mod.rs"]),
            ("#[cfg(test)] mod fixtures;", &[]),
            ("#[cfg(any(test, feature = \"x\"))] #[path = \"testdata/a.rs\"] mod real;", &[]),
            ("#[path = \"real.rs\"] mod real;", &[]),
            ("include!(concat!(env!(\"OUT_DIR\"), \"/a.inc\"));", &["a/a.inc"]),
            ("include!(concat!(\"real\", \".rs\"));", &["a/src/real.rs"]),
            ("const A: &str = include_str!(\"testdata/a.txt\");", &[]),
        ] {
            assert_eq!(told(&[("a/src/main.rs", text)], others), [""; 0], "{text}");
        }
        let helpers = "package system\n\nimport (\n\t\"testing\"\n\n\t\"a.b/c/testdata\"\n)\n";
        let files = [("go.mod", "module a.b/c\n"), ("system/helpers.go", helpers)];
        assert_eq!(told(&files, &[]), [""; 0], "nothing is made of it");
        let passed_over = ("_compare/main.go", "package main\n\nimport \"a.b/c/testdata\"\n");
        assert_eq!(told(&[files[0], passed_over], &[]), [""; 0], "a tool that Go passes over");
        let text = "package main\n\nimport \"a.b/c/system\"\n";
        assert_eq!(told(&[&files[..], &[("main.go", text)]].concat(), &[]).len(), 1);
        let text = "package main\n\nimport \"a.b/other/testdata\"\n";
        assert_eq!(
            told(&[("go.mod", "module a.b/c\n"), ("main.go", text), ("x/testdata/a_test.go", text)], &[]),
            [""; 0]
        );
    }
}
