//! Everything that a walk looked at, so that the next run can see from outside whether it would find the same.

use std::path::{Path, PathBuf};

use super::Walked;
use crate::cache::stamp::Stamps;
use crate::read;

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
    let excludes: Vec<PathBuf> = paths.iter().flat_map(|directory| excludes(root, directory)).collect();
    paths.extend(ruled);
    paths.extend(excludes);
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

/// The list of excluded files of a repository in this directory, and what says where that lies.
fn excludes(root: &Path, directory: &Path) -> Vec<PathBuf> {
    let git = directory.join(".git");
    match root.join(&git).symlink_metadata() {
        Err(_) => Vec::new(),
        Ok(meta) if meta.is_dir() => vec![git.join("info/exclude")],
        Ok(_) => {
            let mut paths = vec![git.clone()];
            let mut buffer = Vec::new();
            // A linked work tree keeps the list with the repository that it belongs to.
            let named = read::load(&root.join(&git), &mut buffer).ok().and_then(|text| text.lines().next());
            if let Some(real) = named.and_then(|line| line.strip_prefix("gitdir: ")).map(PathBuf::from) {
                let pointer = real.join("commondir");
                let mut buffer = Vec::new();
                let common = read::load(&pointer, &mut buffer).ok().and_then(|text| text.lines().next());
                paths.extend(common.map(|common| real.join(common).join("info/exclude")));
                paths.push(pointer);
            }
            paths
        }
    }
}
