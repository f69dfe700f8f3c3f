//! Files that are whole or not there: written beside their place, and renamed when they are.
//!
//! A run that is killed leaves its draft behind. Each draft is locked while its writer lives, so the next run can tell
//! a leftover from the work of a neighbour, whatever the clock says, and removes it.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Drafts are named so; six letters stand between.
const PREFIX: &str = ".fitcheck-";
const SUFFIX: &str = ".tmp";

/// A file on its way to its place.
#[derive(Debug)]
pub struct Draft {
    file: NamedTempFile,
    place: PathBuf,
}

impl Draft {
    /// Begins a file that others may read as far as the user's mask allows.
    pub fn public(place: &Path) -> io::Result<Draft> {
        Draft::begin(place, 0o666)
    }

    /// Begins a file that nobody else may read.
    pub fn private(place: &Path) -> io::Result<Draft> {
        Draft::begin(place, 0o600)
    }

    fn begin(place: &Path, mode: u32) -> io::Result<Draft> {
        let directory = directory_of(place);
        sweep(directory);
        loop {
            let file = create(directory, mode)?;
            // Another run may take the file for a leftover before it is locked, and remove it.
            let _ = file.as_file().lock();
            if file.path().symlink_metadata().is_ok() {
                return Ok(Draft { file, place: place.to_owned() });
            }
        }
    }

    /// What is written to.
    pub fn file(&self) -> &File {
        self.file.as_file()
    }

    /// Puts the file in its place, over what is there, once it is on the disk.
    pub fn publish(self) -> io::Result<()> {
        self.file().sync_all()?;
        self.publish_unsynced()
    }

    /// Puts the file in its place; a power cut may leave it without content, which its reader must notice.
    pub fn publish_unsynced(self) -> io::Result<()> {
        self.file.persist(&self.place).map(drop).map_err(|error| error.error)
    }

    /// Puts the file in its place where nothing is yet.
    pub fn publish_new(self) -> io::Result<()> {
        self.file().sync_all()?;
        self.file.persist_noclobber(&self.place).map(drop).map_err(|error| error.error)
    }
}

fn directory_of(place: &Path) -> &Path {
    place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn create(directory: &Path, mode: u32) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    builder.tempfile_in(directory)
}

/// Removes what killed runs left behind in a directory; failing to do so is no error.
pub fn sweep(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        if is_draft(&entry.file_name().to_string_lossy()) && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            remove_if_left(&entry.path());
        }
    }
}

/// Whether a file bears the name of a draft.
pub fn is_left(name: &std::ffi::OsStr) -> bool {
    is_draft(&name.to_string_lossy())
}

fn is_draft(name: &str) -> bool {
    let middle = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    middle.is_some_and(|middle| middle.len() == 6 && middle.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Removes a draft whose writer is gone: the lock goes with the process.
fn remove_if_left(path: &Path) {
    let Ok(file) = File::options().read(true).write(true).open(path) else { return };
    match file.try_lock() {
        Ok(()) => drop(fs::remove_file(path)),
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_is_in_place_before_it_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("a");
        fs::write(&place, "old").unwrap();
        let draft = Draft::public(&place).unwrap();
        draft.file().write_all(b"new").unwrap();
        assert_eq!(fs::read_to_string(&place).unwrap(), "old");
        draft.publish().unwrap();
        assert_eq!(fs::read_to_string(&place).unwrap(), "new");
        assert!(Draft::public(&place).unwrap().publish_new().is_err(), "over a file that is there");
        assert_eq!(names(directory.path()), ["a"]);
    }

    #[test]
    fn leftovers_go_and_what_is_being_written_stays() {
        let directory = tempfile::tempdir().unwrap();
        for name in [".fitcheck-aB3dE6.tmp", ".fitcheck-notes.tmp", ".fitcheck-aB3dE6", "x.tmp"] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        let draft = Draft::private(&directory.path().join("a")).unwrap();
        let being_written = draft.file.path().file_name().unwrap().to_str().unwrap().to_owned();
        sweep(directory.path());
        let mut expected =
            [".fitcheck-aB3dE6".to_owned(), ".fitcheck-notes.tmp".to_owned(), being_written, "x.tmp".into()];
        expected.sort();
        assert_eq!(names(directory.path()), expected);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_no_drafts() {
        let directory = tempfile::tempdir().unwrap();
        let victim = directory.path().join("victim");
        fs::write(&victim, "").unwrap();
        std::os::unix::fs::symlink(&victim, directory.path().join(".fitcheck-aaaaaa.tmp")).unwrap();
        sweep(directory.path());
        assert!(victim.exists() && directory.path().join(".fitcheck-aaaaaa.tmp").symlink_metadata().is_ok());
    }
}
