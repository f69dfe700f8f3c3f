//! Where the files of a configuration lie: below a root on the disk, in a commit, or kept in a document.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::git::snapshot::Snapshot;
use crate::path::{base, parent};
use crate::read;

/// Files by their path, `/` between parts; the top directory is `.`.
pub trait Shelf {
    fn has(&self, path: &str) -> bool;
    /// The text of a file, or why it has none.
    fn text(&self, path: &str) -> Result<String, String>;
    /// The names in a directory; `None` where there is no such directory.
    fn names(&self, directory: &str) -> Option<Vec<String>>;
    /// Where it lies on the disk, for what is more than one text: an archive, a git repository.
    fn place(&self, _path: &str) -> Result<PathBuf, String> {
        Err("only the work tree holds archives and git repositories that are read".to_owned())
    }
}

/// A directory on the disk.
pub struct Disk<'a>(pub &'a Path);

impl Shelf for Disk<'_> {
    fn has(&self, path: &str) -> bool {
        self.0.join(path).symlink_metadata().is_ok()
    }

    fn text(&self, path: &str) -> Result<String, String> {
        read::load(&self.place(path)?, &mut Vec::new()).map(str::to_owned)
    }

    fn place(&self, path: &str) -> Result<PathBuf, String> {
        // A directory that is a link may lead anywhere.
        let mut place = self.0.to_path_buf();
        for part in path.split('/') {
            place.push(part);
            if place.symlink_metadata().is_ok_and(|metadata| metadata.file_type().is_symlink()) {
                return Err("not a regular file".to_owned());
            }
        }
        Ok(place)
    }

    fn names(&self, directory: &str) -> Option<Vec<String>> {
        self.place(directory).ok()?;
        let entries = std::fs::read_dir(self.0.join(directory)).ok()?;
        Some(entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect())
    }
}

/// A commit, which the change under review cannot edit.
impl Shelf for Snapshot {
    fn has(&self, path: &str) -> bool {
        Snapshot::has(self, path)
    }

    fn text(&self, path: &str) -> Result<String, String> {
        Snapshot::text(self, path)
    }

    fn names(&self, directory: &str) -> Option<Vec<String>> {
        Snapshot::names(self, directory)
    }
}

/// Texts that were read before, by path.
#[derive(Default)]
pub struct Kept(pub BTreeMap<String, String>);

impl Shelf for Kept {
    fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    fn text(&self, path: &str) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "it was not kept".to_owned())
    }

    fn names(&self, directory: &str) -> Option<Vec<String>> {
        let inside = |path: &String| {
            // Below the top of a container one slash more stands before the name.
            (parent(path).trim_end_matches('/') == directory.trim_end_matches('/')).then(|| base(path).to_owned())
        };
        let names: Vec<String> = self.0.keys().filter_map(inside).collect();
        (!names.is_empty()).then_some(names)
    }
}
