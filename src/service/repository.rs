//! All facts of a repository, indexed for discovery: files, Go packages with their imports, Cargo packages.

use std::collections::{BTreeMap, BTreeSet, HashMap};
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
    pub facts: FileFacts,
}

impl FileEntry {
    pub fn new(path: impl Into<Arc<str>>, facts: FileFacts) -> FileEntry {
        let path = path.into();
        FileEntry { scope: Scope::of(&path), path, facts }
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
    by_path: HashMap<Arc<str>, usize>,
    directories: BTreeSet<Arc<str>>,
}

impl Repository {
    /// Indexes the files, which must be sorted by path.
    pub fn new(files: Vec<FileEntry>, names: Vec<Arc<str>>) -> Repository {
        let mut by_directory: BTreeMap<Arc<str>, Vec<usize>> = BTreeMap::new();
        let by_path: HashMap<Arc<str>, usize> =
            files.iter().zip(0..).map(|(file, index)| (file.path.clone(), index)).collect();
        // Sorted, most files lie in the directory of the one before.
        for (index, file) in files.iter().enumerate() {
            match by_directory.get_mut(file.directory()) {
                Some(indexes) => indexes.push(index),
                None => drop(by_directory.insert(file.directory().into(), vec![index])),
            }
        }
        let mut directories: BTreeSet<Arc<str>> = BTreeSet::new();
        let mut last = None;
        for name in files.iter().map(|file| &file.path).chain(&names) {
            let mut directory = parent(name);
            if last.replace(directory) == Some(directory) {
                continue;
            }
            while !directories.contains(directory) {
                directories.insert(directory.into());
                directory = parent(directory);
            }
        }
        let go = GoGraph::new(&files, &by_directory);
        let cargo = CargoGraph::new(&files, &|path| {
            by_path.contains_key(path) || names.binary_search_by(|name| (**name).cmp(path)).is_ok()
        });
        Repository { files, names, go, cargo, by_directory, by_path, directories }
    }

    pub fn file(&self, path: &str) -> Option<&FileEntry> {
        self.by_path.get(path).map(|&index| &self.files[index])
    }

    pub fn has_directory(&self, path: &str) -> bool {
        self.directories.contains(path)
    }

    /// Whether a file of that name was seen, read or not.
    pub fn has_name(&self, path: &str) -> bool {
        self.names.binary_search_by(|name| (**name).cmp(path)).is_ok() || self.by_path.contains_key(path)
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

    /// Files in a directory and below it.
    pub fn files_below<'a>(&'a self, directory: &'a str) -> impl Iterator<Item = &'a FileEntry> {
        let start = if directory == "." { 0 } else { self.files.partition_point(|file| *file.path < *directory) };
        let end_reached = move |file: &&FileEntry| directory == "." || file.path.starts_with(directory);
        self.files[start..].iter().take_while(end_reached).filter(move |file| is_within(&file.path, directory))
    }
}
