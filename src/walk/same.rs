//! Whether a directory that has changed still holds the same names: an edit that replaces a file changes the directory
//! too, and most changes to a tree are such.
//!
//! In: a directory and what was met in it before. Out: whether a walk would meet the same, which only names can tell: where
//! one has come, gone or become something else, rules decide, and it is walked.

use std::fs;
use std::hash::{Hash, Hasher};
use std::path::Path;

use crate::hash::Set;

/// What was met directly in a directory, and is no link or other special thing.
#[derive(Debug)]
pub(super) struct Names<'a> {
    pub(super) files: Set<&'a str>,
    pub(super) directories: Set<&'a str>,
    /// How many files were left out, and the digests of their names, added up.
    pub(super) left: (u64, u64),
}

impl Names<'_> {
    /// Whether the directory holds these and nothing else; `is_root` where it may be git's.
    pub(super) fn are_those_of(&self, place: &Path, is_root: bool) -> bool {
        self.compared(place, is_root).unwrap_or(false)
    }

    fn compared(&self, place: &Path, is_root: bool) -> Option<bool> {
        let (mut files, mut directories, mut left) = (0, 0, (0, 0_u64));
        for entry in fs::read_dir(place).ok()? {
            let entry = entry.ok()?;
            let (kind, name) = (entry.file_type().ok()?, entry.file_name());
            let name = name.to_str()?;
            match (kind.is_file(), kind.is_dir()) {
                (true, _) if self.files.contains(name) => files += 1,
                (true, _) => left = (left.0 + 1, left.1.wrapping_add(digest(name))),
                (_, true) if is_root && name == ".git" => {}
                (_, true) if self.directories.contains(name) => directories += 1,
                _ => return Some(false),
            }
        }
        Some(files == self.files.len() && directories == self.directories.len() && left == self.left)
    }
}

/// Names that are left out are only counted: this tells them apart well enough to see that one has changed.
pub(super) fn digest(name: &str) -> u64 {
    // Without a random key: it is kept.
    let mut hasher = std::hash::DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}
