//! Go packages of the repository and who imports whom.
//!
//! In: the structure of Go files and go.mod files. Out: packages by directory, and the closure of a package.
//! Test files import nothing here; files under `//go:build ignore` belong to no package.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::fact::{GoFile, Structure};
use crate::hash::Map;
use crate::path::{base, common_start, join, parent};

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
    by_import: Map<String, Arc<str>>,
    /// The same packages by number, in order, with those that each imports: closures are asked for many times.
    order: Vec<Arc<str>>,
    imported: Vec<Vec<usize>>,
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

/// Directory name → directories outside any module that have it.
type Suffixes = BTreeMap<String, Vec<Arc<str>>>;

/// What is known of import paths while packages are looked through: most are imported many times.
struct Known<'f> {
    suffixes: Suffixes,
    /// What every import begins with that this repository may hold.
    start: String,
    /// Import path → number of its package, where this repository holds it.
    by_path: Map<&'f str, Option<usize>>,
    /// By number: the package that was last found to import it.
    last: Vec<usize>,
}

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
        graph.order = graph.packages.keys().cloned().collect();
        let mut known = graph.known();
        let imports = |(nth, package)| graph.imports_of(files, package, nth, &mut known);
        let imported: Vec<Vec<usize>> = graph.packages.values().enumerate().map(imports).collect();
        let order = &graph.order;
        for (package, numbers) in graph.packages.values_mut().zip(&imported) {
            package.imports = numbers.iter().map(|&number| order[number].clone()).collect();
        }
        let own = known.by_path.into_iter().filter_map(|(path, at)| Some((path.to_owned(), order[at?].clone())));
        graph.by_import = own.collect();
        graph.imported = imported;
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
        let imports = takes.into_iter().flat_map(|package| code_of(files, package)).flat_map(|go| go.imports.iter());
        let own = imports.filter(move |import| self.by_import.get(import.path).is_some_and(|at| is_asked(at)));
        own.flat_map(|import| import.selected())
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
        let mut reached = vec![false; self.order.len()];
        let mut open: Vec<usize> = self.number(directory).into_iter().collect();
        while let Some(next) = open.pop() {
            if !std::mem::replace(&mut reached[next], true) {
                open.extend(self.imported[next].iter().filter(|&&import| !reached[import]));
            }
        }
        self.order.iter().zip(reached).filter(|(_, reached)| *reached).map(|(directory, _)| directory.clone()).collect()
    }

    fn number(&self, directory: &str) -> Option<usize> {
        self.order.binary_search_by(|known| (**known).cmp(directory)).ok()
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

    fn known<'f>(&self) -> Known<'f> {
        let suffixes = self.suffixes();
        // Whatever lies outside of modules is imported by any name.
        let names = self.by_module.keys().map(String::as_str);
        let start = if suffixes.is_empty() { common_start(names).to_owned() } else { String::new() };
        Known { suffixes, start, by_path: Map::default(), last: vec![usize::MAX; self.order.len()] }
    }

    /// The numbers of the packages that a package imports; `nth` is its own.
    fn imports_of<'f>(
        &self,
        files: &'f [FileEntry],
        package: &GoPackage,
        nth: usize,
        known: &mut Known<'f>,
    ) -> Vec<usize> {
        let mut imports = Vec::new();
        for import in package.files.iter().filter_map(|&at| code(&files[at])).flat_map(|go| go.imports.iter()) {
            if !import.path.starts_with(&*known.start) {
                continue;
            }
            let resolve = || self.number(&self.resolve(import.path, &known.suffixes)?);
            let Some(number) = *known.by_path.entry(import.path).or_insert_with(resolve) else { continue };
            if std::mem::replace(&mut known.last[number], nth) != nth {
                imports.push(number);
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
pub(super) fn is_ignored(go: &GoFile) -> bool {
    let Some(constraint) = &go.constraint else { return false };
    constraint.split("&&").any(|term| {
        matches!(
            term.trim_matches(['(', ')', ' ']),
            "ignore" | "none" | "tools" | "tool" | "never" | "generate" | "ignored" | "mage"
        )
    })
}
