//! Go packages of the repository and who imports whom.
//!
//! In: the structure of Go files and go.mod files. Out: packages by directory, and the closure of a package.
//! Test files import nothing here; files under `//go:build ignore` belong to no package.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::fact::{GoFile, Structure};
use crate::path::{base, join, parent};

use super::repository::FileEntry;

#[derive(Debug, Default)]
pub struct GoGraph {
    /// Directory → package.
    pub packages: BTreeMap<Arc<str>, GoPackage>,
    /// Directory of a go.mod → module path.
    pub modules: BTreeMap<Arc<str>, String>,
    /// Module path, or the old side of a local `replace`, → directory.
    by_module: BTreeMap<String, Arc<str>>,
    /// Import path → directory, of those that packages of this repository import from it.
    by_import: HashMap<String, Arc<str>>,
}

#[derive(Debug, Default)]
pub struct GoPackage {
    pub name: String,
    /// Indexes of files that count (no tests, no ignored ones), sorted.
    pub files: Vec<usize>,
    /// Directories of the packages of this repository that it imports.
    pub imports: BTreeSet<Arc<str>>,
    /// Files of `package main` with a `func main`.
    pub mains: Vec<usize>,
    /// Files that register a cloud function.
    pub functions: Vec<usize>,
}

/// Import path → its directory, where this repository holds it.
type Known<'a> = HashMap<&'a str, Option<Arc<str>>>;

/// Directory name → directories outside any module that have it.
type Suffixes = HashMap<String, Vec<Arc<str>>>;

impl GoGraph {
    pub fn new(files: &[FileEntry], by_directory: &BTreeMap<Arc<str>, Vec<usize>>) -> GoGraph {
        let mut graph = GoGraph::default();
        graph.read_modules(files);
        for (directory, indexes) in by_directory {
            let package = package_of(files, indexes);
            if !package.files.is_empty() {
                graph.packages.insert(directory.clone(), package);
            }
        }
        let suffixes = graph.suffixes();
        let mut known = Known::default();
        let resolved: Vec<_> = graph
            .packages
            .iter()
            .map(|(directory, package)| (directory.clone(), graph.imports_of(files, package, &suffixes, &mut known)))
            .collect();
        for (directory, imports) in resolved {
            if let Some(package) = graph.packages.get_mut(&directory) {
                package.imports = imports;
            }
        }
        graph.by_import = known.into_iter().filter_map(|(path, at)| Some((path.to_owned(), at?))).collect();
        graph
    }

    /// The names that a package selects from packages of this repository in such directories.
    pub fn selected<'a>(
        &'a self,
        files: &'a [FileEntry],
        package: &'a GoPackage,
        is_asked: impl Fn(&str) -> bool,
    ) -> impl Iterator<Item = &'a str> {
        // Most packages take nothing from there, which is sooner known of them than of each of their files.
        let takes = package.imports.iter().any(|directory| is_asked(directory)).then_some(package);
        let imports = takes.into_iter().flat_map(|package| code_of(files, package)).flat_map(|go| &go.imports);
        let own = imports.filter(move |import| self.by_import.get(&import.path).is_some_and(|at| is_asked(at)));
        own.flat_map(|import| import.selected.split_ascii_whitespace())
    }

    /// Whether a package calls an exported function of its own.
    pub fn calls_itself(&self, files: &[FileEntry], package: &GoPackage, function: &str) -> bool {
        code_of(files, package).any(|go| go.called.split_ascii_whitespace().any(|name| name == function))
    }

    /// The module that holds a directory: its own directory and path.
    pub fn module_of(&self, directory: &str) -> Option<(&Arc<str>, &str)> {
        let mut at = directory;
        loop {
            if let Some((directory, module)) = self.modules.get_key_value(at) {
                return Some((directory, module));
            }
            if at == "." {
                return None;
            }
            at = parent(at);
        }
    }

    /// The directory of an import path, where this repository holds it.
    pub fn directory_of(&self, import: &str) -> Option<Arc<str>> {
        let mut prefix = import;
        loop {
            if let Some(directory) = self.by_module.get(prefix) {
                let rest = import[prefix.len()..].trim_start_matches('/');
                let joined = join(directory, rest)?;
                return self.packages.get_key_value(joined.as_str()).map(|(key, _)| key.clone());
            }
            prefix = &prefix[..prefix.rfind('/')?];
        }
    }

    /// All packages that a package reaches, itself included, sorted.
    pub fn closure(&self, directory: &str) -> BTreeSet<Arc<str>> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<Arc<str>> =
            self.packages.get_key_value(directory).map(|(key, _)| key.clone()).into_iter().collect();
        while let Some(next) = open.pop() {
            if !reached.insert(next.clone()) {
                continue;
            }
            if let Some(package) = self.packages.get(&next) {
                open.extend(package.imports.iter().filter(|import| !reached.contains(*import)).cloned());
            }
        }
        reached
    }

    fn read_modules(&mut self, files: &[FileEntry]) {
        for file in files {
            if let Structure::GoModule(module) = &file.facts.structure {
                let directory: Arc<str> = file.directory().into();
                self.modules.insert(directory.clone(), module.module.clone());
                self.by_module.insert(module.module.clone(), directory.clone());
                for (old, new) in &module.replaces {
                    if let Some(target) = new.as_deref().and_then(|new| join(&directory, new)) {
                        self.by_module.entry(old.clone()).or_insert_with(|| target.into());
                    }
                }
            }
        }
    }

    fn suffixes(&self) -> Suffixes {
        let mut suffixes = Suffixes::new();
        for directory in self.packages.keys().filter(|directory| self.module_of(directory).is_none()) {
            suffixes.entry(base(directory).to_owned()).or_default().push(directory.clone());
        }
        suffixes
    }

    fn imports_of<'f>(
        &self,
        files: &'f [FileEntry],
        package: &GoPackage,
        suffixes: &Suffixes,
        known: &mut Known<'f>,
    ) -> BTreeSet<Arc<str>> {
        let mut imports = BTreeSet::new();
        for import in package.files.iter().filter_map(|&at| code(&files[at])).flat_map(|go| &go.imports) {
            let resolved = known.entry(&import.path).or_insert_with(|| self.resolve(&import.path, suffixes));
            if let Some(directory) = resolved.as_ref().filter(|directory| !imports.contains(*directory)) {
                imports.insert(directory.clone());
            }
        }
        imports
    }

    fn resolve(&self, import: &str, suffixes: &Suffixes) -> Option<Arc<str>> {
        if let Some(directory) = self.directory_of(import) {
            return Some(directory);
        }
        // Without a module the import path ends in the directory, from some GOPATH root on.
        let candidates = suffixes.get(base(import))?;
        candidates.iter().find(|directory| directory.contains('/') && import.ends_with(&***directory)).cloned()
    }
}

fn code(file: &FileEntry) -> Option<&GoFile> {
    match &file.facts.structure {
        Structure::Go(go) => Some(go),
        _ => None,
    }
}

fn code_of<'a>(files: &'a [FileEntry], package: &'a GoPackage) -> impl Iterator<Item = &'a GoFile> {
    package.files.iter().filter_map(|&index| code(&files[index]))
}

fn package_of(files: &[FileEntry], indexes: &[usize]) -> GoPackage {
    let mut package = GoPackage::default();
    for &index in indexes {
        let Structure::Go(go) = &files[index].facts.structure else { continue };
        if files[index].path.ends_with("_test.go") || is_ignored(go) {
            continue;
        }
        // A directory can hold `package documentation` beside its own; the one with a main wins.
        if package.name.is_empty() || go.main.is_some() {
            package.name.clone_from(&go.package);
        }
        package.files.push(index);
        if go.main.is_some() {
            package.mains.push(index);
        }
        if go.function.is_some() {
            package.functions.push(index);
        }
    }
    package
}

/// Whether a file is left out of every ordinary build.
fn is_ignored(go: &GoFile) -> bool {
    let Some(constraint) = &go.constraint else { return false };
    constraint.split("&&").any(|term| {
        matches!(
            term.trim_matches(['(', ')', ' ']),
            "ignore" | "none" | "tools" | "tool" | "never" | "generate" | "ignored" | "mage"
        )
    })
}
