//! Commits in a row: the first parents of one, and the tags of a repository.
//!
//! In: an open repository. Out: commits with their times. No text of a commit is kept; names of tags are.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::Path;

use gix::ObjectId;
use gix::objs::Find;

use super::Git;

/// References lie no deeper, and a repository has no more.
const DEPTH: usize = 8;
const MOST_TAGS: usize = 50_000;

/// One commit and when it was committed, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dated {
    pub commit: ObjectId,
    pub time: i64,
}

/// A commit with its first parent, the first parent of that, and so on.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Newest first.
    pub commits: Vec<Dated>,
    /// Whether the last of them is the first of the repository; otherwise the clone ends there.
    pub from_root: bool,
}

impl Line {
    /// Follows first parents from a commit.
    pub fn of(git: &Git, commit: ObjectId) -> Line {
        let repository = git.handle();
        let shallow: HashSet<ObjectId> =
            repository.shallow_commits().ok().flatten().map(|list| list.iter().copied().collect()).unwrap_or_default();
        let mut line = Line::default();
        let mut buffer = Vec::new();
        let mut next = Some(commit);
        while let Some(commit) = next {
            let found = repository.objects.try_find(&commit, &mut buffer).ok().flatten();
            let Some((time, parent)) = found.filter(|data| data.kind == gix::objs::Kind::Commit).and_then(|data| {
                let commit = gix::objs::CommitRef::from_bytes(data.data, repository.object_hash()).ok()?;
                Some((commit.time().ok()?.seconds, commit.parents().next()))
            }) else {
                return line;
            };
            line.commits.push(Dated { commit, time });
            if parent.is_some() && shallow.contains(&commit) {
                return line;
            }
            next = parent;
        }
        line.from_root = true;
        line
    }

    /// Returns the place of a commit in the line.
    pub fn position(&self, commit: ObjectId) -> Option<usize> {
        self.commits.iter().position(|one| one.commit == commit)
    }
}

/// Lists the tags that name commits, oldest commit first.
pub fn tags(git: &Git) -> Vec<(String, Dated)> {
    let repository = git.handle();
    let mut tags: Vec<(String, Dated)> = names(git.common_dir())
        .into_iter()
        .filter_map(|name| {
            let commit = git.commit(&format!("refs/tags/{name}")).ok().flatten()?;
            let time = repository.find_commit(commit).ok()?.time().ok()?.seconds;
            Some((name, Dated { commit, time }))
        })
        .collect();
    tags.sort_by(|(a, one), (b, other)| (one.time, a).cmp(&(other.time, b)));
    tags
}

/// Names below `refs/tags/`, loose and packed; each is looked over again before it is opened.
fn names(common_dir: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    loose(&common_dir.join("refs/tags"), "", 0, &mut names);
    // Checked for kind and size when the repository was opened.
    let packed = fs::read(common_dir.join("packed-refs")).unwrap_or_default();
    for line in packed.split(|&byte| byte == b'\n') {
        let name = line.split(|&byte| byte == b' ').nth(1).and_then(|name| name.strip_prefix(b"refs/tags/"));
        if let Some(name) = name.and_then(|name| std::str::from_utf8(name).ok())
            && names.len() < MOST_TAGS
        {
            names.insert(name.trim_end().to_owned());
        }
    }
    names
}

fn loose(directory: &Path, prefix: &str, depth: usize, names: &mut BTreeSet<String>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        let Some(name) = entry.file_name().to_str().map(|name| format!("{prefix}{name}")) else { continue };
        if kind.is_dir() && depth < DEPTH {
            loose(&entry.path(), &format!("{name}/"), depth + 1, names);
        } else if kind.is_file() && names.len() < MOST_TAGS {
            names.insert(name);
        }
    }
}
