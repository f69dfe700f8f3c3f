//! Cargo packages of the repository: targets, resolved inheritance, and who depends on whom.
//!
//! In: manifests as written. Out: packages by directory, and the closure of a package with the features that its
//! default build switches on. Cargo itself is never run: it would execute what a hostile tree names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::fact::{CargoDependency, CargoManifest, CargoTarget, DependencyKind, Structure};
use crate::path::{is_within, join, parent};
use crate::source::Place;

use super::repository::FileEntry;

/// The Cargo packages of a repository.
#[derive(Debug, Default)]
pub struct CargoGraph {
    /// Directory → package.
    pub packages: BTreeMap<Arc<str>, CargoPackage>,
    /// Package name → directories (several only in nested workspaces).
    pub by_name: BTreeMap<String, Vec<Arc<str>>>,
}

/// One package, with what it takes from its workspace put in.
#[derive(Clone, Debug)]
pub struct CargoPackage {
    pub directory: Arc<str>,
    /// Path of its manifest.
    pub manifest: Arc<str>,
    pub name: String,
    /// Place of the package's name.
    pub place: Place,
    pub bins: Vec<Bin>,
    pub lib: Option<Lib>,
    pub edition: Option<String>,
    pub rust_version: Option<String>,
    pub dependencies: Vec<Dependency>,
    pub features: BTreeMap<String, Vec<String>>,
    /// Directory of the workspace that it belongs to.
    pub workspace: Option<Arc<str>>,
}

/// A program of a package, declared or found by its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bin {
    pub name: String,
    /// Relative to the root.
    pub path: String,
    pub required_features: Vec<String>,
}

/// The library of a package.
#[derive(Clone, Debug, PartialEq)]
pub struct Lib {
    pub name: String,
    pub crate_types: Vec<String>,
    pub proc_macro: bool,
    pub place: Place,
}

/// A dependency, tied to a directory where it lies in the repository.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// Name in code, with underscores.
    pub crate_name: String,
    /// Name of the package.
    pub package: String,
    /// Name in the manifest.
    pub key: String,
    /// Directory, where it lies in this repository.
    pub directory: Option<Arc<str>>,
    pub kind: DependencyKind,
    pub optional: bool,
    pub default_features: bool,
    pub features: Vec<String>,
    pub place: Place,
}

/// A package in a closure, with what its default build switches on.
#[derive(Clone, Debug, Default)]
pub struct Reached {
    pub features: BTreeSet<String>,
    /// Crate names, as in code, of the dependencies in force.
    pub dependencies: BTreeSet<String>,
}

impl CargoGraph {
    pub fn new(files: &[FileEntry], has: &dyn Fn(&str) -> bool) -> CargoGraph {
        let manifests: Manifests<'_> = files
            .iter()
            .filter_map(|file| match &file.facts.structure {
                Structure::Cargo(manifest) => Some((Arc::from(file.directory()), (file, &**manifest))),
                _ => None,
            })
            .collect();
        let mut graph = CargoGraph::default();
        for directory in manifests.keys() {
            if let Some(package) = package_of(directory, &manifests, files, has) {
                graph.by_name.entry(package.name.clone()).or_default().push(directory.clone());
                graph.packages.insert(directory.clone(), package);
            }
        }
        graph
    }

    /// The package that holds a file: the nearest manifest above it.
    pub fn package_of(&self, path: &str) -> Option<&CargoPackage> {
        let mut at = parent(path);
        loop {
            if let Some(package) = self.packages.get(at) {
                return Some(package);
            }
            if at == "." {
                return None;
            }
            at = parent(at);
        }
    }

    /// All packages that a package's default build reaches, itself included.
    ///
    /// `extra` are features asked for on the command line of whatever builds it.
    pub fn closure(&self, directory: &str, extra: &[String]) -> BTreeMap<Arc<str>, Reached> {
        let mut reached: BTreeMap<&Arc<str>, (BTreeSet<&str>, Vec<&str>)> = BTreeMap::new();
        let Some((root, package)) = self.packages.get_key_value(directory) else { return BTreeMap::new() };
        let mut first: BTreeSet<&str> = extra.iter().map(String::as_str).collect();
        first.insert("default");
        first.extend(package.bins.iter().flat_map(|bin| &bin.required_features).map(String::as_str));
        let mut open = vec![(root, first)];
        while let Some((directory, wanted)) = open.pop() {
            let Some(package) = self.packages.get(directory) else { continue };
            let seen = reached.get(directory).map(|(features, _)| features);
            if seen.is_some_and(|seen| wanted.is_subset(seen)) {
                continue;
            }
            let enabled = package.enable(seen.into_iter().flatten().copied().chain(wanted));
            let in_force = || package.dependencies.iter().filter(|dependency| enabled.has(dependency));
            open.extend(in_force().filter_map(|dependency| enabled.request(dependency)));
            let dependencies = in_force().map(|dependency| dependency.crate_name.as_str()).collect();
            reached.insert(directory, (enabled.features, dependencies));
        }
        let owned = |features: BTreeSet<&str>, dependencies: Vec<&str>| Reached {
            features: features.into_iter().map(str::to_owned).collect(),
            dependencies: dependencies.into_iter().map(str::to_owned).collect(),
        };
        reached.into_iter().map(|(at, (features, dependencies))| (at.clone(), owned(features, dependencies))).collect()
    }
}

#[derive(Debug, Default)]
struct Enabled<'a> {
    features: BTreeSet<&'a str>,
    /// Keys of optional dependencies that are switched on.
    optional: BTreeSet<&'a str>,
    /// Dependency key → features passed on to it.
    passed: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Enabled<'a> {
    fn has(&self, dependency: &Dependency) -> bool {
        dependency.kind == DependencyKind::Normal
            && (!dependency.optional || self.optional.contains(dependency.key.as_str()))
    }

    /// What a dependency that lies in this repository is asked for.
    fn request(&self, dependency: &'a Dependency) -> Option<(&'a Arc<str>, BTreeSet<&'a str>)> {
        let directory = dependency.directory.as_ref()?;
        let mut wanted: BTreeSet<&str> = dependency.features.iter().map(String::as_str).collect();
        if dependency.default_features {
            wanted.insert("default");
        }
        wanted.extend(self.passed.get(dependency.key.as_str()).into_iter().flatten());
        // An empty request must still be told from one never made.
        wanted.insert("");
        Some((directory, wanted))
    }
}

impl CargoPackage {
    /// Follows features to what they switch on.
    fn enable<'a>(&'a self, wanted: impl Iterator<Item = &'a str>) -> Enabled<'a> {
        let mut enabled = Enabled::default();
        let mut open: Vec<&str> = wanted.collect();
        while let Some(feature) = open.pop() {
            if let Some(dependency) = feature.strip_prefix("dep:") {
                enabled.optional.insert(dependency);
            } else if let Some((dependency, passed)) = feature.split_once('/') {
                let key = dependency.trim_end_matches('?');
                if key.len() == dependency.len() {
                    enabled.optional.insert(key);
                }
                enabled.passed.entry(key).or_default().insert(passed);
            } else if enabled.features.insert(feature) {
                match self.features.get(feature) {
                    Some(implied) => open.extend(implied.iter().map(String::as_str)),
                    // An optional dependency is a feature of its own name.
                    None => drop(enabled.optional.insert(feature)),
                }
            }
        }
        enabled
    }
}

type Manifests<'a> = BTreeMap<Arc<str>, (&'a FileEntry, &'a CargoManifest)>;

/// The nearest workspace at or above a package that does not exclude it.
fn workspace_of<'a>(directory: &str, manifests: &Manifests<'a>) -> Option<(Arc<str>, &'a CargoManifest)> {
    let mut at = directory;
    loop {
        if let Some((key, (_, manifest))) = manifests.get_key_value(at)
            && let Some(workspace) = &manifest.workspace
        {
            let mut excluded = workspace.exclude.iter().filter_map(|exclude| join(at, exclude));
            if !excluded.any(|exclude| is_within(directory, &exclude)) {
                return Some((key.clone(), manifest));
            }
        }
        if at == "." {
            return None;
        }
        at = parent(at);
    }
}

fn package_of(
    directory: &Arc<str>,
    manifests: &Manifests<'_>,
    files: &[FileEntry],
    has: &dyn Fn(&str) -> bool,
) -> Option<CargoPackage> {
    let (file, manifest) = manifests.get(directory)?;
    let package = manifest.package.as_ref()?;
    let workspace = workspace_of(directory, manifests);
    let shared = |key: &str| {
        let asks = package.inherits.iter().any(|inherited| inherited == key);
        workspace.as_ref().filter(|_| asks).and_then(|(_, manifest)| manifest.workspace.as_ref())
    };
    let resolve = |dependency| resolve(directory, dependency, workspace.as_ref(), manifests);
    Some(CargoPackage {
        directory: directory.clone(),
        manifest: file.path.clone(),
        name: package.name.clone(),
        place: package.place,
        bins: bins_of(directory, manifest, files, has),
        lib: lib_of(directory, manifest, has),
        edition: package.edition.clone().or_else(|| shared("edition")?.edition.clone()),
        rust_version: package.rust_version.clone().or_else(|| shared("rust-version")?.rust_version.clone()),
        dependencies: manifest.dependencies.iter().map(resolve).collect(),
        features: manifest.features.iter().cloned().collect(),
        workspace: workspace.as_ref().map(|(directory, _)| directory.clone()),
    })
}

fn resolve(
    directory: &str,
    dependency: &CargoDependency,
    workspace: Option<&(Arc<str>, &CargoManifest)>,
    manifests: &Manifests<'_>,
) -> Dependency {
    let inherited = workspace.filter(|_| dependency.workspace).and_then(|(root, manifest)| {
        let shared = manifest.workspace.as_ref()?.dependencies.iter().find(|shared| shared.name == dependency.name)?;
        Some((root, shared))
    });
    let (base, source) = inherited.map_or((directory, dependency), |(root, shared)| (&**root, shared));
    let local = source.path.as_deref().and_then(|path| join(base, path));
    let mut features = dependency.features.clone();
    features.extend(inherited.iter().flat_map(|(_, shared)| shared.features.iter().cloned()));
    Dependency {
        crate_name: crate_name(&dependency.name),
        package: source.package.clone().unwrap_or_else(|| dependency.name.clone()),
        key: dependency.name.clone(),
        directory: local.and_then(|path| manifests.get_key_value(path.as_str()).map(|(key, _)| key.clone())),
        kind: dependency.kind,
        optional: dependency.optional,
        default_features: dependency.default_features && source.default_features,
        features,
        place: dependency.place,
    }
}

fn bins_of(directory: &str, manifest: &CargoManifest, files: &[FileEntry], has: &dyn Fn(&str) -> bool) -> Vec<Bin> {
    let Some(package) = &manifest.package else { return Vec::new() };
    let mut bins: Vec<Bin> = Vec::new();
    for target in &manifest.bins {
        let name = target.name.clone().unwrap_or_else(|| package.name.clone());
        let path = bin_path(directory, target, &name, &package.name, has);
        bins.push(Bin { name, path, required_features: target.required_features.clone() });
    }
    if !package.autobins {
        return bins;
    }
    let mut found: Vec<(String, String)> = Vec::new();
    found.extend(join(directory, "src/main.rs").filter(|path| has(path)).map(|path| (package.name.clone(), path)));
    let folder = join(directory, "src/bin").unwrap_or_default();
    let start = files.partition_point(|file| *file.path < *folder);
    for file in files[start..].iter().take_while(|file| file.path.starts_with(&folder)) {
        let rest = file.path[folder.len()..].trim_start_matches('/');
        match rest.split('/').collect::<Vec<_>>()[..] {
            [name] if name.ends_with(".rs") => found.push((name.trim_end_matches(".rs").into(), file.path.to_string())),
            [name, "main.rs"] => found.push((name.into(), file.path.to_string())),
            _ => {}
        }
    }
    for (name, path) in found {
        if !bins.iter().any(|bin| bin.path == path || bin.name == name) {
            bins.push(Bin { name, path, required_features: Vec::new() });
        }
    }
    bins
}

fn bin_path(directory: &str, target: &CargoTarget, name: &str, package: &str, has: &dyn Fn(&str) -> bool) -> String {
    let candidates: Vec<String> = match &target.path {
        Some(path) => vec![path.clone()],
        None if name == package => {
            vec!["src/main.rs".into(), format!("src/bin/{name}.rs"), format!("src/bin/{name}/main.rs")]
        }
        None => vec![format!("src/bin/{name}.rs"), format!("src/bin/{name}/main.rs"), "src/main.rs".into()],
    };
    let candidates: Vec<String> = candidates.iter().filter_map(|path| join(directory, path)).collect();
    candidates.iter().find(|path| has(path)).or(candidates.first()).cloned().unwrap_or_default()
}

fn lib_of(directory: &str, manifest: &CargoManifest, has: &dyn Fn(&str) -> bool) -> Option<Lib> {
    let package = manifest.package.as_ref()?;
    let default_path = join(directory, "src/lib.rs")?;
    if manifest.lib.is_none() && !(package.autolib && has(&default_path)) {
        return None;
    }
    let place = manifest.lib.as_ref().map_or(package.place, |lib| lib.place);
    let target = manifest.lib.clone().unwrap_or_default();
    Some(Lib {
        name: target.name.unwrap_or_else(|| package.name.replace('-', "_")),
        crate_types: target.crate_types,
        proc_macro: target.proc_macro,
        place,
    })
}
/// The name by which code calls a package: its own, but for a few whose library is called otherwise.
fn crate_name(package: &str) -> String {
    const CALLED: &[(&str, &str)] =
        &[("cortex-m-rtic", "rtic"), ("md-5", "md5"), ("rust-crypto", "crypto"), ("rust-s3", "s3"), ("sha-1", "sha1")];
    let other = CALLED.iter().find(|(name, _)| *name == package).map(|(_, library)| (*library).to_owned());
    other.unwrap_or_else(|| package.replace('-', "_"))
}
