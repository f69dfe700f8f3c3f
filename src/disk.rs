//! Excerpts from the scanned tree, through the one loader.

use std::path::{Path, PathBuf};

use crate::read;
use crate::report::Sources;

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
