//! Which files of the work tree are as git last saw them, so that their content is known without opening them.

mod trees;

use std::sync::Arc;

use filetime::FileTime;
use gix::ObjectId;
use gix::index::State;
use gix::index::decode::Options;
use gix::index::entry::{Flags, Mode};

use super::Git;
use crate::look::Look;

/// A larger index, of more than some hundred thousand files, is mapped by the library.
const READ: u64 = 64 << 20;

/// The object that a file's content is, and its size.
pub type Blob = (ObjectId, u64);

/// The index, for questions about single files.
#[derive(Clone)]
pub struct Index {
    state: Arc<State>,
    prefix: String,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Index {
    /// Reads the index; `None` where there is none to be read.
    ///
    /// Its checksum is not asked: it costs as much as reading the rest, and what a damaged one says of a file either
    /// does not look like the file, or names a content that nothing is known of.
    pub fn open(git: &Git) -> Option<Index> {
        let repository = git.handle();
        let (path, hash) = (repository.index_path(), repository.object_hash());
        let meta = std::fs::metadata(&path).ok()?;
        let bytes = (meta.len() <= READ).then(|| std::fs::read(&path).ok()).flatten();
        let state = match bytes.and_then(|bytes| trees::without(bytes, hash.len_in_bytes())) {
            Some(bytes) => {
                let written = FileTime::from_last_modification_time(&meta);
                State::from_bytes(&bytes, written, hash, Options::default()).ok()?.0
            }
            None => gix::index::File::at(path, hash, true, Options::default()).ok()?.into_parts().0,
        };
        Some(Index { state: Arc::new(state), prefix: git.prefix.clone() })
    }

    /// The paths that git tracks below the scanned root, in the order of the index.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let plain =
            |entry: &&gix::index::Entry| entry.mode.to_tree_entry_mode().is_some_and(|mode| mode.is_blob_or_symlink());
        let entries = self.state.entries().iter().filter(plain);
        let paths = entries.filter_map(|entry| std::str::from_utf8(entry.path(&self.state)).ok());
        paths.filter_map(|path| path.strip_prefix(&*self.prefix))
    }

    /// Returns the blob of the file at `path` (relative to the scanned root) if it has not been touched since.
    ///
    /// Times are compared to the nanosecond: in a fresh clone most files are as young as the index, to the second.
    pub fn unchanged(&self, path: &str, look: &Look) -> Option<Blob> {
        let path = format!("{}{path}", self.prefix);
        self.same(self.state.entry_by_path(path.as_str().into())?, look)
    }

    /// The same of many files, sorted by path, that were looked at: the list is gone through once beside the index.
    pub fn all_unchanged<'a>(&self, files: impl Iterator<Item = (&'a str, &'a Option<Look>)>) -> Vec<Option<Blob>> {
        let (entries, prefix) = (self.state.entries(), self.prefix.as_bytes());
        let path_of = |entry: &'_ gix::index::Entry| -> &[u8] { entry.path(&self.state) };
        let mut at = entries.partition_point(|entry| path_of(entry) < prefix);
        let below = |at: usize| path_of(entries.get(at)?).strip_prefix(prefix);
        let one = |(path, look): (&str, &Option<Look>)| {
            while below(at).is_some_and(|known| known < path.as_bytes()) {
                at += 1;
            }
            let entry = entries.get(at).filter(|_| below(at) == Some(path.as_bytes()));
            match (entry, look) {
                (Some(entry), Some(look)) => self.same(entry, look),
                // An index that is not sorted is none that git wrote, and costs time alone.
                _ => None,
            }
        };
        files.map(one).collect()
    }

    fn same(&self, entry: &gix::index::Entry, look: &Look) -> Option<Blob> {
        let plain = matches!(entry.mode, Mode::FILE | Mode::FILE_EXECUTABLE);
        let promised = Flags::ASSUME_VALID | Flags::SKIP_WORKTREE | Flags::INTENT_TO_ADD;
        if !plain
            || !look.is_file
            || entry.stage_raw() != 0
            || entry.flags.intersects(promised)
            || u64::from(entry.stat.size) != look.size
        {
            return None;
        }
        let known = (i64::from(entry.stat.mtime.secs), entry.stat.mtime.nsecs);
        let written = self.state.timestamp();
        // Written in the same tick as the index, a file may have changed after git looked.
        let racy = known >= (written.unix_seconds(), written.nanoseconds());
        // A program may set the time of modification, but not that of the change itself.
        let changed = (i64::from(entry.stat.ctime.secs), entry.stat.ctime.nsecs);
        let is_same = Some(known) == look.modified && look.state.is_none_or(|state| state.changed == changed);
        (is_same && !racy).then_some((entry.id, look.size))
    }
}
