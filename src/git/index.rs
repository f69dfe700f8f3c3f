//! Which files of the work tree are as git last saw them, so that their content is known without opening them.

use std::fs::Metadata;

use gix::ObjectId;
use gix::index::entry::{Flags, Mode};

use super::Git;

/// The index, for questions about single files.
#[derive(Debug)]
pub struct Index {
    file: gix::index::File,
    prefix: String,
}

impl Index {
    /// Reads the index; `None` where there is none to be read.
    pub fn open(git: &Git) -> Option<Index> {
        let file = git.handle().open_index().ok()?;
        Some(Index { file, prefix: git.prefix.clone() })
    }

    /// Returns the blob of the file at `path` (relative to the scanned root) if it has not been touched since.
    ///
    /// Times are compared to the nanosecond: in a fresh clone most files are as young as the index, to the second.
    pub fn unchanged(&self, path: &str, meta: &Metadata) -> Option<ObjectId> {
        let path = format!("{}{path}", self.prefix);
        let entry = self.file.entry_by_path(path.as_str().into())?;
        let plain = matches!(entry.mode, Mode::FILE | Mode::FILE_EXECUTABLE);
        let promised = Flags::ASSUME_VALID | Flags::SKIP_WORKTREE | Flags::INTENT_TO_ADD;
        if !plain || entry.flags.intersects(promised) || u64::from(entry.stat.size) != meta.len() {
            return None;
        }
        let modified = modified(meta)?;
        let known = (i64::from(entry.stat.mtime.secs), entry.stat.mtime.nsecs);
        let written = self.file.timestamp();
        // Written in the same tick as the index, a file may have changed after git looked.
        let racy = known >= (written.unix_seconds(), written.nanoseconds());
        (known == modified && !racy && changed_when(meta, entry)).then_some(entry.id)
    }
}

#[cfg(unix)]
fn modified(meta: &Metadata) -> Option<(i64, u32)> {
    use std::os::unix::fs::MetadataExt;
    Some((meta.mtime(), u32::try_from(meta.mtime_nsec()).ok()?))
}

#[cfg(not(unix))]
fn modified(meta: &Metadata) -> Option<(i64, u32)> {
    let since = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some((i64::try_from(since.as_secs()).ok()?, since.subsec_nanos()))
}

/// A program may set the time of modification, but not that of the change itself.
#[cfg(unix)]
fn changed_when(meta: &Metadata, entry: &gix::index::Entry) -> bool {
    use std::os::unix::fs::MetadataExt;
    let known = (i64::from(entry.stat.ctime.secs), i64::from(entry.stat.ctime.nsecs));
    known == (meta.ctime(), meta.ctime_nsec())
}

#[cfg(not(unix))]
fn changed_when(_: &Metadata, _: &gix::index::Entry) -> bool {
    true
}
