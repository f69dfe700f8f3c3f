//! Discovery: which packages are separately built things, before anything else is known about them.
//!
//! In: the indexed repository. Out: [`Unit`]s, sorted by root and language. A unit is what may become a service;
//! roles decide later which are tools.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::fact::FactKind;
use crate::path::{base, parent};
use crate::source::{Location, Place};

use super::Language;
use super::cargo_graph::{CargoPackage, Reached};
use super::repository::Repository;

/// A separately built thing.
#[derive(Clone, Debug)]
pub struct Unit {
    pub root: Arc<str>,
    pub language: Language,
    pub name: String,
    pub shape: Shape,
    /// Names its programs and libraries are known by, as far as code and manifests say.
    pub binaries: BTreeSet<String>,
    /// Package directories of its import closure.
    pub closure: BTreeSet<Arc<str>>,
    /// Rust: what each package of the closure has in force.
    pub reached: BTreeMap<Arc<str>, Reached>,
    /// Where the unit shows itself: `func main`, the package or lib table.
    pub at: Location,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A program.
    Main,
    /// A Cargo library that foreign code loads, without any program beside it.
    Library,
    /// A Cargo library that foreign code loads, with programs beside it.
    LibraryWithBins,
    /// A Go package without `main` that is shipped as a cloud function or as a C library.
    Package,
}

/// Finds all units.
pub fn discover(repository: &Repository) -> Vec<Unit> {
    let mut units = go_units(repository);
    units.extend(rust_units(repository));
    units.sort_by(|a, b| (&a.root, a.language).cmp(&(&b.root, b.language)));
    units
}

fn go_units(repository: &Repository) -> Vec<Unit> {
    let shared = shared_builds(repository);
    let mut units = Vec::new();
    for (directory, package) in &repository.go.packages {
        let (index, shape) = match (package.mains.first(), package.functions.first()) {
            (Some(&index), _) if package.name == "main" => (index, Shape::Main),
            (_, Some(&index)) if registers_function(&repository.files[index]) => (index, Shape::Package),
            _ if shared.get(directory).is_some_and(|mobile| *mobile || package.name == "main") => {
                (package.files[0], Shape::Package)
            }
            _ => continue,
        };
        let file = &repository.files[index];
        let name = go_name(repository, directory);
        units.push(Unit {
            root: directory.clone(),
            language: Language::Go,
            // A module may be called otherwise than its folder; people build either.
            binaries: BTreeSet::from([name.clone(), folder_name(repository, directory, &name)]),
            name,
            shape,
            closure: repository.go.closure(directory),
            reached: BTreeMap::new(),
            at: file.at(go_place(file)),
        });
    }
    units
}

/// The folder of a module of its own, where the module's name is that and more; else the name.
fn folder_name(repository: &Repository, directory: &str, name: &str) -> String {
    let folder = base(directory);
    let is_module = repository.go.module_of(directory).is_some_and(|(root, _)| **root == *directory);
    let longer = name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('-'));
    if is_module && longer { folder.to_owned() } else { name.to_owned() }
}

/// Whether a package without `main` is a cloud function: an exported handler alone is an ordinary handler.
fn registers_function(file: &super::repository::FileEntry) -> bool {
    match &file.facts.structure {
        crate::fact::Structure::Go(go) => {
            go.imports.iter().any(|import| import.path.contains("functions-framework-go"))
        }
        _ => false,
    }
}

fn go_place(file: &super::repository::FileEntry) -> Place {
    match &file.facts.structure {
        crate::fact::Structure::Go(go) => go.main.or(go.function).unwrap_or_default(),
        _ => Place::default(),
    }
}

/// The last part of an import path that is no version.
pub fn program_of(path: &str) -> &str {
    let last = base(path);
    let is_version =
        last.strip_prefix('v').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()));
    if is_version { base(parent(path)) } else { last }
}

/// What `go build` would call the program: the last part of the import path, without a version.
fn go_name(repository: &Repository, directory: &str) -> String {
    let module = repository.go.module_of(directory);
    let path = match module {
        Some((root, module)) if **root == *directory => module,
        _ if directory == "." => "main",
        _ => directory,
    };
    let last = program_of(path);
    // `controller/cmd` is called `cmd` by the tool and `controller` by people.
    if matches!(last, "cmd" | "src" | "main" | "app" | "server") && parent(path) != "." {
        let above = base(parent(path));
        if !matches!(above, "cmd" | "src") {
            return above.to_owned();
        }
    }
    last.to_owned()
}

/// Directories of Go packages that some build makes into a C library, or (true) into one for phones, which takes any
/// package.
fn shared_builds(repository: &Repository) -> BTreeMap<Arc<str>, bool> {
    let mut found = BTreeMap::new();
    for (file, fact) in repository.facts() {
        let FactKind::Build(build) = &fact.kind else { continue };
        if !matches!(build.mode.as_deref(), Some("c-shared" | "c-archive" | "gomobile")) {
            continue;
        }
        for package in super::build::go_directories(repository, file, build) {
            *found.entry(package).or_default() |= build.mode.as_deref() == Some("gomobile");
        }
    }
    found
}

fn rust_units(repository: &Repository) -> Vec<Unit> {
    let mut units = Vec::new();
    for (directory, package) in &repository.cargo.packages {
        let Some(shape) = rust_shape(repository, package) else { continue };
        let reached = repository.cargo.closure(directory, &built_with(repository, package));
        let mut binaries: BTreeSet<String> = package.bins.iter().map(|bin| bin.name.clone()).collect();
        binaries.insert(package.name.clone());
        if let Some(lib) = &package.lib
            && shape != Shape::Main
        {
            binaries.insert(lib.name.clone());
        }
        let place = match (&package.lib, shape) {
            (Some(lib), Shape::Library | Shape::LibraryWithBins) => lib.place,
            _ => package.place,
        };
        units.push(Unit {
            root: directory.clone(),
            language: Language::Rust,
            name: package.name.clone(),
            shape,
            binaries,
            closure: reached.keys().cloned().collect(),
            reached,
            at: Location { path: package.manifest.clone(), place },
        });
    }
    units
}

/// Features that the repository's own build asks of a package beyond the default. What CI merely tries out is not shipped.
fn built_with(repository: &Repository, package: &CargoPackage) -> Vec<String> {
    let mut found = Vec::new();
    for (file, fact) in repository.facts() {
        let FactKind::Build(build) = &fact.kind else { continue };
        if build.features.is_empty() || build.source == "workflow" || build.tool != "cargo" {
            continue;
        }
        let named = build.packages.contains(&package.name);
        let here = build.packages.is_empty() && build.bins.is_empty() && *file.directory() == *package.directory;
        if (named || here) && file.scope == crate::scope::Scope::Shipped {
            found.extend(build.features.iter().filter(|feature| package.features.contains_key(*feature)).cloned());
        }
    }
    found
}

fn rust_shape(repository: &Repository, package: &CargoPackage) -> Option<Shape> {
    let foreign = package
        .lib
        .as_ref()
        .is_some_and(|lib| lib.crate_types.iter().any(|kind| kind == "cdylib" || kind == "staticlib"))
        || built_for_others(repository, package);
    match (foreign, package.bins.is_empty()) {
        (true, true) => Some(Shape::Library),
        (true, false) => Some(Shape::LibraryWithBins),
        (false, false) => Some(Shape::Main),
        (false, true) => None,
    }
}

/// Whether a library without a C crate type is built by a tool that adds one.
fn built_for_others(repository: &Repository, package: &CargoPackage) -> bool {
    package.lib.as_ref().is_some_and(|lib| !lib.proc_macro)
        && repository.files_in(&package.directory).flat_map(|file| &file.facts.facts).any(|fact| match &fact.kind {
            FactKind::Build(build) => {
                matches!(build.tool.as_str(), "maturin" | "napi" | "wasm-pack")
                    && build.mode.as_deref() != Some("bin")
                    && build.packages.is_empty()
                    && build.directory.is_none()
            }
            _ => false,
        })
}
