//! All facts of a repository, indexed for discovery: files, Go packages with their imports, Cargo packages.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::fact::{Fact, FileFacts, Structure};
use crate::path::{is_within, parent};
use crate::scope::Scope;
use crate::source::{Location, Place};

use super::cargo_graph::CargoGraph;
use super::go_graph::GoGraph;

/// One file with what was read from it.
#[derive(Clone, Debug)]
pub struct FileEntry {
    pub path: Arc<str>,
    pub scope: Scope,
    /// Directory of the Cargo package that holds it, once all files are known.
    pub krate: Option<Arc<str>>,
    /// Apart, for files are moved more often than looked into.
    pub facts: Box<FileFacts>,
}

impl FileEntry {
    pub fn new(path: impl Into<Arc<str>>, facts: FileFacts) -> FileEntry {
        let path = path.into();
        FileEntry { scope: Scope::of(&path), path, krate: None, facts: Box::new(facts) }
    }

    pub fn directory(&self) -> &str {
        parent(&self.path)
    }

    /// A place in this file, as evidence.
    pub fn at(&self, place: Place) -> Location {
        Location { path: self.path.clone(), place }
    }

    /// Whether its code was written by a program.
    pub fn is_generated(&self) -> bool {
        match &self.facts.structure {
            Structure::Go(go) => go.generated,
            Structure::Rust(rust) => rust.generated,
            _ => false,
        }
    }
}

/// Everything known about the files of one repository.
#[derive(Debug)]
pub struct Repository {
    /// Sorted by path.
    pub files: Vec<FileEntry>,
    /// Every file name seen, read or not, sorted.
    pub names: Vec<Arc<str>>,
    pub go: GoGraph,
    pub cargo: CargoGraph,
    /// Directory → files directly in it.
    pub by_directory: BTreeMap<Arc<str>, Vec<usize>>,
    /// Directory of a Cargo package → files in it and in no other below it.
    by_crate: BTreeMap<Arc<str>, Vec<usize>>,
}

impl Repository {
    /// Indexes the files, which must be sorted by path.
    pub fn new(mut files: Vec<FileEntry>, names: Vec<Arc<str>>) -> Repository {
        // Sorted, most files lie in the directory of the one before.
        let mut groups: Vec<(&str, Range<usize>)> = Vec::new();
        for (index, file) in files.iter().enumerate() {
            let directory = file.directory();
            match groups.last_mut() {
                Some((same, indexes)) if *same == directory => indexes.end = index + 1,
                _ => groups.push((directory, index..index + 1)),
            }
        }
        let mut by_directory: BTreeMap<Arc<str>, Vec<usize>> = BTreeMap::new();
        for (directory, indexes) in groups {
            match by_directory.get_mut(directory) {
                Some(known) => known.extend(indexes),
                None => drop(by_directory.insert(directory.into(), indexes.collect())),
            }
        }
        let go = GoGraph::new(&files, &by_directory);
        let cargo = CargoGraph::new(&files, &|path| index_of(&files, path).is_some() || is_among(&names, path));
        let by_crate = tell_crates(&mut files, &by_directory, &cargo);
        Repository { files, names, go, cargo, by_directory, by_crate }
    }

    pub fn file(&self, path: &str) -> Option<&FileEntry> {
        index_of(&self.files, path).map(|index| &self.files[index])
    }

    pub fn has_directory(&self, path: &str) -> bool {
        path == "." && !(self.files.is_empty() && self.names.is_empty())
            || holds(&self.files, |file| &file.path, path)
            || holds(&self.names, |name| name, path)
    }

    /// Whether a file of that name was seen, read or not.
    pub fn has_name(&self, path: &str) -> bool {
        is_among(&self.names, path) || index_of(&self.files, path).is_some()
    }

    /// Every fact of every file, in path order.
    pub fn facts(&self) -> impl Iterator<Item = (&FileEntry, &Fact)> {
        self.files.iter().flat_map(|file| file.facts.facts.iter().map(move |fact| (file, fact)))
    }

    /// Files directly in a directory.
    pub fn files_in<'a>(&'a self, directory: &str) -> impl Iterator<Item = &'a FileEntry> + use<'a> {
        let indexes = self.by_directory.get(directory).map_or(&[][..], Vec::as_slice);
        indexes.iter().map(|&index| &self.files[index])
    }

    /// Files of a Cargo package.
    pub fn files_of_crate<'a>(&'a self, directory: &str) -> impl Iterator<Item = &'a FileEntry> + use<'a> {
        let indexes = self.by_crate.get(directory).map_or(&[][..], Vec::as_slice);
        indexes.iter().map(|&index| &self.files[index])
    }

    /// Files in a directory and below it.
    pub fn files_below<'a>(&'a self, directory: &'a str) -> impl Iterator<Item = &'a FileEntry> {
        let start = if directory == "." { 0 } else { self.files.partition_point(|file| *file.path < *directory) };
        let end_reached = move |file: &&FileEntry| directory == "." || file.path.starts_with(directory);
        self.files[start..].iter().take_while(end_reached).filter(move |file| is_within(&file.path, directory))
    }
}

/// Notes at each file which Cargo package holds it.
fn tell_crates(
    files: &mut [FileEntry],
    by_directory: &BTreeMap<Arc<str>, Vec<usize>>,
    cargo: &CargoGraph,
) -> BTreeMap<Arc<str>, Vec<usize>> {
    let mut by_crate: BTreeMap<Arc<str>, Vec<usize>> = BTreeMap::new();
    if cargo.packages.is_empty() {
        return by_crate;
    }
    for indexes in by_directory.values() {
        let Some(package) = cargo.package_of(&files[indexes[0]].path) else { continue };
        for &index in indexes {
            files[index].krate = Some(package.directory.clone());
        }
        by_crate.entry(package.directory.clone()).or_default().extend(indexes);
    }
    by_crate.values_mut().for_each(|indexes| indexes.sort_unstable());
    by_crate
}

fn index_of(files: &[FileEntry], path: &str) -> Option<usize> {
    files.binary_search_by(|file| (*file.path).cmp(path)).ok()
}

fn is_among(names: &[Arc<str>], path: &str) -> bool {
    names.binary_search_by(|name| (**name).cmp(path)).is_ok()
}

/// Whether something of the sorted lies below a directory.
fn holds<T>(all: &[T], path: impl Fn(&T) -> &str, directory: &str) -> bool {
    // What lies below stands together, where the directory's name with a slash behind it would stand.
    let below = |one: &T| {
        let (path, length) = (path(one).as_bytes(), directory.len());
        match path[..path.len().min(length)].cmp(directory.as_bytes()) {
            Ordering::Equal => path.get(length).map_or(Ordering::Less, |next| next.cmp(&b'/')),
            other => other,
        }
    };
    all.binary_search_by(below).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_known_by_what_they_hold() {
        let file = |path: &str| FileEntry::new(path, FileFacts::default());
        let files = vec![file("a-b/c.go"), file("a.go"), file("a/b/c.go"), file("b/c.go")];
        let names: Vec<Arc<str>> = ["c", "d/e.txt"].into_iter().map(Arc::from).collect();
        let repository = Repository::new(files, names);
        for (path, known) in [
            (".", true),
            ("a", true),
            ("a-b", true),
            ("a/b", true),
            ("d", true),
            ("a/b/c.go", false),
            ("a.go", false),
            ("c", false),
            ("a/", false),
            ("", false),
            ("a/b/c", false),
        ] {
            assert_eq!(repository.has_directory(path), known, "{path}");
        }
        assert!(repository.file("a/b/c.go").is_some() && repository.file("d/e.txt").is_none());
        assert!(repository.has_name("d/e.txt") && !repository.has_name("d"));
        assert!(!Repository::new(Vec::new(), Vec::new()).has_directory("."));
        assert_eq!(repository.by_directory["a/b"], [2]);
    }
}
