//! What git tracks and ignore rules leave out: read all the same, or a change could hide what it wants.
//!
//! In: what a walk found, and an index. Out: the same with the tracked files that it did not meet.

use std::fs;
use std::path::{Component, Path};

use super::{Found, kind_at, seen};
use crate::git::index::Index;
use crate::path::parent;
use crate::scope::Scope;

/// Adds the tracked files that the walk did not meet; the names are sorted.
pub(super) fn add(found: &mut Found, root: &Path, tracked: &Index) {
    let (mut at, mut last) = (0, "");
    let mut missing: Vec<&str> = Vec::new();
    for path in tracked.paths() {
        // An index is sorted, if it is git's.
        if path < last {
            at = found.names.partition_point(|name| **name < *path);
        }
        while found.names.get(at).is_some_and(|name| **name < *path) {
            at += 1;
        }
        last = path;
        if found.names.get(at).is_none_or(|name| **name != *path) {
            missing.push(path);
        }
    }
    let mut scopes = Scopes::default();
    let hidden = missing.into_iter().filter(|path| !scopes.is_foreign(path)).filter(|path| stays_below(path));
    for path in hidden {
        // A directory that has become a link since it was tracked would lead out of the root.
        let below = Path::new(path).ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
        if !below.into_iter().all(|above| kind_at(&root.join(above)).is_some_and(|kind| kind.is_dir())) {
            continue;
        }
        let place = root.join(path);
        let Some(kind) = kind_at(&place).filter(|kind| !kind.is_dir()) else { continue };
        let size = || fs::symlink_metadata(&place).map_or(0, |meta| meta.len());
        found.add(path.to_owned(), seen(&place, kind, path), size, None);
    }
}

/// Whether paths lie where nothing is read, asked of one after the other: neighbours share a directory.
#[derive(Debug, Default)]
struct Scopes<'a> {
    last: Option<(&'a str, bool, bool)>,
}

impl<'a> Scopes<'a> {
    fn is_foreign(&mut self, path: &'a str) -> bool {
        // All that a file's name says of it here is whether it is a module of Rust.
        let (directory, is_module) = (parent(path), path.ends_with(".rs"));
        match self.last {
            Some((known, module, foreign)) if known == directory && module == is_module => foreign,
            _ => {
                let foreign = Scope::of(path).is_foreign();
                self.last = Some((directory, is_module, foreign));
                foreign
            }
        }
    }
}

/// An index is input as well: its paths may be anything.
fn stays_below(path: &str) -> bool {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(name) if name != ".git");
    !path.is_empty() && Path::new(path).components().all(plain)
}
