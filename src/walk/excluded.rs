//! The list of ignored files that a repository keeps to itself, `.git/info/exclude`.
//!
//! In: a root. Out: where its list lies. Only a git directory that the root's own repository may have is looked into: the
//! `ignore` crate would open whatever a `.git` file names.

use std::path::{Path, PathBuf};

use crate::git::guard;

/// The list that holds for `root`, whether it is there or not.
pub(super) fn list(root: &Path) -> Option<PathBuf> {
    let meta = root.join(".git").symlink_metadata().ok()?;
    if meta.is_dir() {
        return Some(root.join(".git/info/exclude"));
    }
    let found = guard::locate(root).ok().filter(|_| meta.is_file())?;
    Some(found.common_dir.join("info/exclude"))
}

/// The list and what says where it lies, for who wants to know whether it is still the same.
pub(super) fn decided_by(root: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = list(root).into_iter().collect();
    if let Ok(found) = guard::locate(root)
        && root.join(".git").symlink_metadata().is_ok_and(|meta| meta.is_file())
    {
        paths.extend(["commondir", "gitdir"].map(|name| found.git_dir.join(name)));
    }
    // A directory of that name changes all the time; that it comes, goes or becomes a file its parent tells.
    if root.join(".git").symlink_metadata().is_ok_and(|meta| !meta.is_dir()) {
        paths.push(PathBuf::from(".git"));
    }
    paths
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_list_is_only_looked_for_where_a_repository_may_keep_it() {
        let place = tempfile::tempdir().unwrap();
        let (root, other) = (place.path().join("root"), place.path().join("other"));
        fs::create_dir_all(root.join(".git/info")).unwrap();
        fs::create_dir_all(&other).unwrap();
        assert_eq!(list(&root), Some(root.join(".git/info/exclude")));
        assert_eq!(list(&other), None);
        fs::write(other.join(".git"), format!("gitdir: {}\n", root.join(".git").display())).unwrap();
        assert_eq!(list(&other), None, "a repository that does not know the work tree");
        let linked = root.join(".git/worktrees/other");
        fs::create_dir_all(&linked).unwrap();
        fs::write(linked.join("commondir"), "../..\n").unwrap();
        fs::write(linked.join("gitdir"), format!("{}\n", other.join(".git").display())).unwrap();
        fs::write(other.join(".git"), format!("gitdir: {}\n", linked.display())).unwrap();
        assert_eq!(list(&other), Some(root.canonicalize().unwrap().join(".git/info/exclude")));
        assert_eq!(decided_by(&other).len(), 4);
    }
}
