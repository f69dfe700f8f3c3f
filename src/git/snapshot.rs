//! Single files of a commit, by path: for what is read from a base while the rest comes from elsewhere.

use std::collections::BTreeMap;

use gix::ObjectId;
use gix::objs::tree::EntryKind;

use super::{Git, GitProblem, broken};
use crate::read;

/// The tree of a commit, from the scanned root down.
pub struct Snapshot {
    repository: gix::Repository,
    tree: ObjectId,
    prefix: String,
}

impl Snapshot {
    /// Opens the tree of a commit.
    pub fn of(git: &Git, commit: ObjectId) -> Result<Snapshot, GitProblem> {
        let repository = git.handle();
        let tree = repository.find_commit(commit).map_err(broken)?.tree_id().map_err(broken)?.detach();
        Ok(Snapshot { repository, tree, prefix: git.prefix.clone() })
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
        let header = self.repository.try_find_header(id).ok().flatten().ok_or_else(missing)?;
        read::check_size(header.size(), read::FILE_LIMIT)?;
        let mut buffer = Vec::new();
        gix::objs::Find::try_find(&self.repository.objects, &id, &mut buffer).ok().flatten().ok_or_else(missing)?;
        read::text(&buffer).map(str::to_owned)
    }

    /// Returns the names in a directory.
    pub fn names(&self, directory: &str) -> Option<Vec<String>> {
        // The top of a shelf is `.`, as everywhere; git has no word for it.
        let id = match self.place(if directory == "." { "" } else { directory }).as_str() {
            "" => self.tree,
            place => self.at(place).filter(|(kind, _)| *kind == EntryKind::Tree)?.1,
        };
        let tree = self.repository.find_tree(id).ok()?;
        let entries = tree.iter().filter_map(Result::ok);
        Some(entries.filter_map(|entry| std::str::from_utf8(entry.filename()).ok().map(str::to_owned)).collect())
    }

    fn place(&self, path: &str) -> String {
        format!("{}{path}", self.prefix).trim_end_matches('/').to_owned()
    }

    fn entry(&self, path: &str) -> Option<(EntryKind, ObjectId)> {
        self.at(&self.place(path))
    }

    fn at(&self, place: &str) -> Option<(EntryKind, ObjectId)> {
        let tree = self.repository.find_tree(self.tree).ok()?;
        let entry = tree.lookup_entry_by_path(place).ok()??;
        Some((entry.mode().kind(), entry.object_id()))
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
