//! How files and directories look from outside, without being opened.
//!
//! In: a directory, and paths below it. Out: size, times, and what else tells one state of a file from another. The
//! directory is opened once, and everything is asked from there: the way down to it is then not gone for every file.

use std::io;
use std::path::{Path, PathBuf};

/// How one thing looks; a link as itself, not as what it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether it is a regular file.
    pub(crate) is_file: bool,
    pub(crate) size: u64,
    /// When the content was last changed, in seconds and nanoseconds since 1970, as far as programs are honest.
    pub(crate) modified: Option<(i64, u32)>,
    pub(crate) state: Option<State>,
}

/// What no program sets; `None` where the system does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    /// When content, name or rights were last changed, in seconds and nanoseconds since 1970.
    pub(crate) changed: (i64, u32),
}

/// A directory to look from.
#[derive(Debug)]
pub(crate) struct View {
    root: PathBuf,
    #[cfg(unix)]
    handle: Option<std::fs::File>,
}

impl View {
    /// From a directory; one that cannot be opened is no obstacle before something below it is.
    pub(crate) fn from(root: &Path) -> View {
        View {
            root: root.to_path_buf(),
            #[cfg(unix)]
            handle: std::fs::File::open(root).ok(),
        }
    }

    /// Looks at a path below; the empty one is the directory itself.
    pub(crate) fn look(&self, path: &Path) -> io::Result<Look> {
        #[cfg(unix)]
        if let Some(handle) = &self.handle {
            let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
            let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
            return Ok(of_stat(&rustix::fs::statat(handle, path, flags)?));
        }
        Look::at(&self.root.join(path))
    }
}

impl Look {
    /// Looks at one path.
    pub(crate) fn at(path: &Path) -> io::Result<Look> {
        Ok(Look::from(&std::fs::symlink_metadata(path)?))
    }
}

#[cfg(unix)]
impl From<&std::fs::Metadata> for Look {
    fn from(meta: &std::fs::Metadata) -> Look {
        use std::os::unix::fs::MetadataExt;
        let time = |seconds, nanoseconds| Some((seconds, u32::try_from(nanoseconds).ok()?));
        let changed = time(meta.ctime(), meta.ctime_nsec());
        Look {
            is_file: meta.is_file(),
            size: meta.len(),
            modified: time(meta.mtime(), meta.mtime_nsec()),
            state: changed.map(|changed| State { device: meta.dev(), inode: meta.ino(), changed }),
        }
    }
}

/// The types of the fields differ between systems.
#[cfg(unix)]
#[allow(clippy::unnecessary_cast, clippy::useless_conversion, clippy::unnecessary_fallible_conversions)]
fn of_stat(stat: &rustix::fs::Stat) -> Look {
    let time = |seconds: i64, nanoseconds| Some((seconds, u32::try_from(nanoseconds).ok()?));
    let changed = time(stat.st_ctime.into(), stat.st_ctime_nsec);
    Look {
        is_file: rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::RegularFile,
        size: stat.st_size as u64,
        modified: time(stat.st_mtime.into(), stat.st_mtime_nsec),
        state: changed.map(|changed| State { device: stat.st_dev as u64, inode: stat.st_ino as u64, changed }),
    }
}

#[cfg(not(unix))]
impl From<&std::fs::Metadata> for Look {
    fn from(meta: &std::fs::Metadata) -> Look {
        let since = meta.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let modified = since.and_then(|since| Some((i64::try_from(since.as_secs()).ok()?, since.subsec_nanos())));
        Look { is_file: meta.is_file(), size: meta.len(), modified, state: None }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn from_a_directory_everything_looks_as_it_does_from_anywhere() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir_all(at("a/b")).unwrap();
        fs::write(at("a/b/c"), "text").unwrap();
        std::os::unix::fs::symlink("a/b/c", at("link")).unwrap();
        let view = View::from(root.path());
        for name in ["", "a", "a/b", "a/b/c", "link"] {
            assert_eq!(view.look(Path::new(name)).unwrap(), Look::at(&at(name)).unwrap(), "{name}");
        }
        assert!(view.look(Path::new("a/b/c")).unwrap().is_file);
        assert!(!view.look(Path::new("link")).unwrap().is_file);
        assert_eq!(view.look(&at("a/b/c")).unwrap().size, 4, "a whole path is one");
        for name in ["a/absent", "absent/b"] {
            assert_eq!(view.look(Path::new(name)).unwrap_err().kind(), io::ErrorKind::NotFound);
        }
        assert!(view.look(Path::new("a/b/c/d")).is_err());
        assert!(View::from(&at("absent")).look(Path::new("x")).is_err());
    }
}
