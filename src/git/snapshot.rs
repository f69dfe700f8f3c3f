//! Single files of a commit, by path: for what is read from a base while the rest comes from elsewhere.

use std::cell::RefCell;
use std::collections::BTreeMap;

use gix::ObjectId;
use gix::objs::tree::EntryKind;
use gix::objs::{CommitRefIter, Kind, TreeRefIter};

use super::packs::Objects;
use super::{Git, GitProblem, broken};
use crate::path::parts;
use crate::read;

/// The tree of a commit, from the scanned root down.
pub struct Snapshot {
    objects: RefCell<Objects>,
    tree: ObjectId,
    prefix: String,
}

impl Snapshot {
    /// Opens the tree of a commit.
    pub fn of(git: &Git, commit: ObjectId) -> Result<Snapshot, GitProblem> {
        let mut objects = git.objects();
        let found = objects.find(commit).filter(|(kind, _)| *kind == Kind::Commit);
        let tree = found.and_then(|(_, data)| CommitRefIter::from_bytes(&data, commit.kind()).tree_id().ok());
        let tree = tree.ok_or_else(|| broken("a commit cannot be read"))?;
        Ok(Snapshot { objects: RefCell::new(objects), tree, prefix: git.prefix.clone() })
    }

    /// Whether the commit has anything at this path.
    pub fn has(&self, path: &str) -> bool {
        self.entry(path).is_some()
    }

    /// Reads a regular file under the same rules as `read::load`.
    pub fn text(&self, path: &str) -> Result<String, String> {
        let missing = || "its content is not in this clone".to_owned();
        let (kind, id) = self.entry(path).ok_or("it is not there")?;
        if !matches!(kind, EntryKind::Blob | EntryKind::BlobExecutable) {
            return Err("not a regular file".into());
        }
        let mut objects = self.objects.borrow_mut();
        read::check_size(objects.size(id).ok_or_else(missing)?, read::FILE_LIMIT)?;
        let (_, bytes) = objects.find(id).ok_or_else(missing)?;
        read::text(&bytes).map(str::to_owned)
    }

    /// Returns the names in a directory.
    pub fn names(&self, directory: &str) -> Option<Vec<String>> {
        // The top of a shelf is `.`, as everywhere; git has no word for it.
        let id = match self.place(if directory == "." { "" } else { directory }).as_str() {
            "" => self.tree,
            place => self.at(place).filter(|(kind, _)| *kind == EntryKind::Tree)?.1,
        };
        let (_, bytes) = self.objects.borrow_mut().find(id).filter(|(kind, _)| *kind == Kind::Tree)?;
        let entries = TreeRefIter::from_bytes(&bytes, id.kind()).filter_map(Result::ok);
        Some(entries.filter_map(|entry| std::str::from_utf8(entry.filename).ok().map(str::to_owned)).collect())
    }

    fn place(&self, path: &str) -> String {
        format!("{}{path}", self.prefix).trim_end_matches('/').to_owned()
    }

    fn entry(&self, path: &str) -> Option<(EntryKind, ObjectId)> {
        self.at(&self.place(path))
    }

    fn at(&self, place: &str) -> Option<(EntryKind, ObjectId)> {
        let mut objects = self.objects.borrow_mut();
        let mut found = (EntryKind::Tree, self.tree);
        for part in parts(place) {
            let (_, bytes) = objects.find(found.1).filter(|(kind, _)| *kind == Kind::Tree)?;
            let mut entries = TreeRefIter::from_bytes(&bytes, found.1.kind()).filter_map(Result::ok);
            let entry = entries.find(|entry| entry.filename == part.as_bytes())?;
            found = (entry.mode.kind(), entry.oid.to_owned());
        }
        Some(found)
    }
}

/// Every file, link and submodule of a commit below the scanned root.
pub fn files(git: &Git, commit: ObjectId) -> Result<BTreeMap<String, ObjectId>, GitProblem> {
    let repository = git.handle();
    let tree = repository.find_commit(commit).map_err(broken)?.tree().map_err(broken)?;
    let found = tree.traverse().breadthfirst.files().map_err(broken)?;
    let kept = found.into_iter().filter(|entry| !entry.mode.is_tree());
    Ok(kept.filter_map(|entry| Some((below(git, &entry.filepath.to_string())?, entry.oid))).collect())
}

/// Every file, link and submodule of the index below the scanned root.
pub fn indexed(git: &Git) -> Result<BTreeMap<String, ObjectId>, GitProblem> {
    let index = git.handle().index_or_empty().map_err(broken)?;
    let entries = index.entries().iter().filter(|entry| entry.stage_raw() == 0);
    Ok(entries.filter_map(|entry| Some((below(git, &entry.path(&index).to_string())?, entry.id))).collect())
}

fn below(git: &Git, path: &str) -> Option<String> {
    path.strip_prefix(&git.prefix).map(str::to_owned)
}
