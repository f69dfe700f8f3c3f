//! Trees that lie in the object database: a commit's, or the index.
//!
//! In: a repository and a commit. Out: the same list of entries that a walk of a checkout would give, and the bytes of
//! each, without a checkout and without touching the work tree. What is tracked is read, whatever ignore rules say: a
//! change could add one for what it wants to hide.

use std::collections::HashMap;
use std::sync::Arc;

use gix::ObjectId;
use gix::objs::Find;

use crate::git::{Git, GitProblem};
use crate::problem::{Class, Problem};
use crate::read;
use crate::walk::{self, Filter, Found, Seen, Walked};

/// Why a file of a blobless clone was not read.
pub const NOT_HERE: &str = "its content is not in this clone";

/// One tree with the objects behind its entries.
#[derive(Debug)]
pub struct StoredTree {
    git: Git,
    pub walked: Walked,
    /// In the order of `walked.entries`.
    ids: Vec<ObjectId>,
}

/// A file of a tree.
struct Stored {
    /// Relative to the scanned root.
    path: String,
    seen: Seen,
    id: ObjectId,
}

impl StoredTree {
    /// Lists the tree of a commit.
    pub fn of_commit(git: &Git, commit: ObjectId, filter: &Filter) -> Result<StoredTree, GitProblem> {
        let repository = git.handle();
        let broken = |problem: gix::Error| GitProblem::Broken(problem.to_string());
        let tree = repository.find_commit(commit).map_err(broken)?.tree_id().map_err(broken)?.detach();
        let mut files = Vec::new();
        let Some(start) = descend_to(&repository, tree, &git.prefix)? else {
            return Ok(collect(git, Vec::new(), Vec::new(), filter));
        };
        let mut open = vec![(String::new(), start)];
        let mut buffer = Vec::new();
        while let Some((path, tree)) = open.pop() {
            let data = find(&repository, tree, &mut buffer)?;
            for entry in gix::objs::TreeRefIter::from_bytes(data, repository.object_hash()).filter_map(Result::ok) {
                let path = join(&path, entry.filename);
                let id = entry.oid.to_owned();
                match entry.mode.kind() {
                    gix::objs::tree::EntryKind::Tree => open.push((path, id)),
                    kind => {
                        let seen = seen_of(kind, || link(&repository, &path, id));
                        files.push(Stored { path, seen, id });
                    }
                }
            }
        }
        Ok(collect(git, files, Vec::new(), filter))
    }

    /// Lists the index: what the next commit would hold.
    pub fn of_index(git: &Git, filter: &Filter) -> Result<StoredTree, GitProblem> {
        let repository = git.handle();
        let index = repository.index_or_empty().map_err(|problem| GitProblem::Broken(problem.to_string()))?;
        let mut files = Vec::new();
        let mut problems = Vec::new();
        for entry in index.entries() {
            let path = show(entry.path(&index));
            let Some(path) = path.strip_prefix(&git.prefix) else { continue };
            if entry.stage_raw() != 0 {
                problems.push(problem(path, "a merge conflict is not resolved: not read"));
                continue;
            }
            let Some(mode) = entry.mode.to_tree_entry_mode() else { continue };
            if mode.is_tree() {
                problems.push(problem(path, "left out by a sparse checkout: not read"));
                continue;
            }
            let seen = seen_of(mode.kind(), || link(&repository, path, entry.id));
            files.push(Stored { path: path.into(), seen, id: entry.id });
        }
        Ok(collect(git, files, problems, filter))
    }

    /// Returns the object behind the entry at this place of `walked.entries`.
    pub fn id(&self, index: usize) -> ObjectId {
        self.ids[index]
    }

    /// Returns what reads contents; one for each thread.
    pub fn contents(&self) -> Contents {
        Contents { repository: self.git.handle() }
    }
}

/// Reads contents of a tree's files.
pub struct Contents {
    repository: gix::Repository,
}

impl Contents {
    /// Reads a blob into `buffer`, under the same rules as `read::load_within`.
    pub fn load<'b>(&self, id: ObjectId, limit: u64, buffer: &'b mut Vec<u8>) -> Result<&'b str, String> {
        let missing = || NOT_HERE.to_owned();
        let header = self.repository.try_find_header(id).ok().flatten().ok_or_else(missing)?;
        read::check_size(header.size(), limit)?;
        buffer.clear();
        self.repository.objects.try_find(&id, buffer).ok().flatten().ok_or_else(missing)?;
        read::text(buffer)
    }
}

fn find<'b>(repository: &gix::Repository, id: ObjectId, buffer: &'b mut Vec<u8>) -> Result<&'b [u8], GitProblem> {
    match repository.objects.try_find(&id, buffer) {
        Ok(Some(data)) if data.kind == gix::objs::Kind::Tree => Ok(data.data),
        _ => Err(GitProblem::Broken(format!(
            "directory {id} is not in this clone; clone with `--filter=blob:none` or without a filter"
        ))),
    }
}

fn descend_to(repository: &gix::Repository, tree: ObjectId, prefix: &str) -> Result<Option<ObjectId>, GitProblem> {
    let mut at = tree;
    let mut buffer = Vec::new();
    for name in prefix.split('/').filter(|name| !name.is_empty()) {
        let data = find(repository, at, &mut buffer)?;
        let mut entries = gix::objs::TreeRefIter::from_bytes(data, repository.object_hash()).filter_map(Result::ok);
        match entries.find(|entry| entry.filename == name && entry.mode.is_tree()) {
            Some(entry) => at = entry.oid.to_owned(),
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

/// A link's content is where it leads; longer ones lead nowhere.
fn link(repository: &gix::Repository, path: &str, id: ObjectId) -> Seen {
    const LONGEST: u64 = 4096;
    let mut buffer = Vec::new();
    let is_short = repository.try_find_header(id).ok().flatten().is_some_and(|header| header.size() <= LONGEST);
    match is_short && repository.objects.try_find(&id, &mut buffer).ok().flatten().is_some() {
        true => walk::link(path, &String::from_utf8_lossy(&buffer)),
        false => Seen::Link { inside: false, absolute: false },
    }
}

fn seen_of(kind: gix::objs::tree::EntryKind, link: impl FnOnce() -> Seen) -> Seen {
    use gix::objs::tree::EntryKind;
    match kind {
        EntryKind::Blob | EntryKind::BlobExecutable => Seen::File,
        EntryKind::Link => link(),
        EntryKind::Tree | EntryKind::Commit => Seen::Other,
    }
}

fn problem(path: &str, reason: &str) -> Problem {
    Problem::new(path, reason, Class::of_file(path))
}

fn join(path: &str, name: &[u8]) -> String {
    let name = show(name);
    if path.is_empty() { name } else { format!("{path}/{name}") }
}

/// Shows bytes that are not UTF-8 as `walk` does.
fn show(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in bytes.utf8_chunks() {
        shown.push_str(chunk.valid());
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02x}"));
        }
    }
    shown
}

fn collect(git: &Git, files: Vec<Stored>, problems: Vec<Problem>, filter: &Filter) -> StoredTree {
    let contents = Contents { repository: git.handle() };
    let mut found = Found::default();
    found.problems = problems;
    let mut ids = HashMap::new();
    for file in files {
        // A submodule is another repository.
        if file.seen == Seen::Other {
            continue;
        }
        let id = file.id;
        ids.insert(file.path.clone(), id);
        found.add(file.path, file.seen, || contents.size(id), None);
    }
    let walked = walk::finish(found, filter);
    let null = ObjectId::null(git.handle().object_hash());
    let ids = walked.entries.iter().map(|entry| ids.get(&*entry.path).copied().unwrap_or(null)).collect();
    StoredTree { git: git.clone(), walked, ids }
}

impl Contents {
    fn size(&self, id: ObjectId) -> u64 {
        self.repository.try_find_header(id).ok().flatten().map_or(0, |header| header.size())
    }
}

/// Names a commit in few letters, for people.
pub fn short(id: ObjectId) -> Arc<str> {
    id.to_hex_with_len(10).to_string().into()
}
