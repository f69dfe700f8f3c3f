//! Everything that a walk looked at, so that the next run can see from outside whether it would find the same.

use std::path::{Path, PathBuf};

use super::{Walked, excluded};
use crate::cache::stamp::Stamps;

/// Stamps the directories, the files that get a reader, and the files whose rules were honoured; `None` where
/// something could not be looked at or is too young. To be called before the files are read; `seen` is how they look.
pub(crate) fn stamps(
    root: &Path,
    walked: &Walked,
    seen: &[Option<std::fs::Metadata>],
    first_look: std::time::SystemTime,
) -> Option<Stamps> {
    if walked.failed {
        return None;
    }
    let mut paths = vec![PathBuf::new()];
    paths.extend(walked.directories.iter().cloned());
    // What is not there yet cannot come without a change of its directory.
    let rules = [".gitignore", ".ignore"];
    let ruled: Vec<PathBuf> = paths
        .iter()
        .flat_map(|directory| rules.map(|name| directory.join(name)))
        .filter(|at| exists(root, at))
        .collect();
    paths.extend(ruled);
    paths.extend(excluded::decided_by(root));
    let mut stamps = Stamps::take(root, &paths, first_look)?;
    for (entry, seen) in walked.entries.iter().zip(seen) {
        let path = entry.raw.as_deref().unwrap_or(Path::new(&*entry.path));
        match seen {
            Some(seen) => stamps.add_seen(path, seen, first_look)?,
            None => stamps.add(root, path, first_look)?,
        }
    }
    Some(stamps)
}

fn exists(root: &Path, path: &Path) -> bool {
    root.join(path).symlink_metadata().is_ok()
}
