//! Excerpts from the scanned tree, through the loaders that the scan used.

use std::path::{Path, PathBuf};

use crate::base::revision;
use crate::check::{Options, Tree};
use crate::git::Git;
use crate::read;
use crate::report::{NoSources, Sources};
use crate::tree::StoredTree;
use crate::walk::Filter;

/// The texts of the tree that a run judged: work tree, index or commit.
pub fn sources(options: &Options) -> Box<dyn Sources> {
    sources_of(options, &Filter::default())
}

/// The same, for files that only this filter opens.
pub fn sources_of(options: &Options, filter: &Filter) -> Box<dyn Sources> {
    match options.tree {
        Tree::Work => Box::new(Disk::new(&options.root)),
        // What could be judged can be listed again; if not, a report without excerpts is still a report.
        Tree::Staged | Tree::At(_) => match stored(options, filter) {
            Some(tree) => Box::new(Stored(tree)),
            None => Box::new(NoSources),
        },
    }
}

fn stored(options: &Options, filter: &Filter) -> Option<StoredTree> {
    let git = Git::open(&options.root, options.git).ok()?;
    match &options.tree {
        Tree::Work => None,
        Tree::Staged => StoredTree::of_index(&git, filter).ok(),
        Tree::At(asked) => {
            let found = revision::find(&git, asked, &|name| std::env::var(name).ok()).ok()?;
            StoredTree::of_commit(&git, found.commit, filter).ok()
        }
    }
}

struct Stored(StoredTree);

impl Sources for Stored {
    fn read(&self, path: &str) -> Option<String> {
        let index = self.0.walked.entries.binary_search_by(|entry| (*entry.path).cmp(path)).ok()?;
        let mut buffer = Vec::new();
        self.0.contents().load(self.0.id(index), self.0.walked.limits.file_size, &mut buffer).ok().map(str::to_owned)
    }
}

/// Files below a root.
pub struct Disk {
    root: PathBuf,
}

impl Disk {
    pub fn new(root: impl Into<PathBuf>) -> Disk {
        Disk { root: root.into() }
    }
}

impl Sources for Disk {
    fn read(&self, path: &str) -> Option<String> {
        let mut place = self.root.clone();
        for part in path.split('/') {
            // A directory that has become a link since the walk could lead out of the root.
            if part.is_empty() || part == ".." || is_link(&place.join(part)) {
                return None;
            }
            place.push(part);
        }
        let mut buffer = Vec::new();
        read::load(&place, &mut buffer).ok().map(str::to_owned)
    }
}

fn is_link(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_symlink())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_the_root_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("root");
        std::fs::create_dir(&root).unwrap();
        std::fs::write(root.join("a"), "inside").unwrap();
        std::fs::write(directory.path().join("b"), "outside").unwrap();
        let disk = Disk::new(&root);
        assert_eq!(disk.read("a").as_deref(), Some("inside"));
        assert_eq!(disk.read("../b"), None);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(directory.path(), root.join("up")).unwrap();
            assert_eq!(disk.read("up/b"), None);
        }
    }
}
