//! What the file system tells of files and directories without opening them: whether a tree is still as it was.
//!
//! A directory's stamp changes when a name in it comes, goes or changes hands; a file's when its content does. The time
//! of the last change of state (`ctime`) is the system's own and no program sets it, so equal stamps mean an
//! unchanged tree, unless a change fell into the same tick of the clock as the stamp: a tree with anything that young
//! is not stamped at all. Where the system tells no such time nothing is ever stamped.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rayon::prelude::*;

use crate::look::{Look, View};

/// Device, inode, size, and the two times.
pub(crate) const ROW: usize = 48;

/// How much older than the first look at the tree everything in it must be, where times have fractions of seconds.
const FINE: Duration = Duration::from_millis(50);
/// The same where a time may stand for two whole seconds.
const COARSE: Duration = Duration::from_secs(3);

/// How a path looked.
pub(crate) type Row = [u8; ROW];

/// The row of a path where nothing is.
pub(crate) const NOTHING: Row = [0; ROW];

/// Paths and how they looked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamps {
    /// Relative to the root, ended by NUL bytes.
    paths: Vec<u8>,
    rows: Vec<u8>,
}

impl Stamps {
    /// Stamps paths below `root`, to be called before any of them is read; `None` where one is too young to tell.
    pub fn take(root: &Path, paths: &[PathBuf], first_look: SystemTime) -> Option<Stamps> {
        let mut stamps = Stamps::default();
        let view = View::from(root);
        let rows: Option<Vec<Row>> = paths.par_iter().map(|path| old_row(&view, path, first_look)).collect();
        for (path, row) in paths.iter().zip(rows?) {
            stamps.push(path, row);
        }
        Some(stamps)
    }

    /// Stamps one more path, whether something is there or not; `None` where it is too young.
    pub(crate) fn add(&mut self, view: &View, path: &Path, first_look: SystemTime) -> Option<()> {
        self.push(path, old_row(view, path, first_look)?);
        Some(())
    }

    /// Stamps a path that was looked at already.
    pub fn add_seen(&mut self, path: &Path, seen: &Look, first_look: SystemTime) -> Option<()> {
        self.push(path, old(seen, first_look)?);
        Some(())
    }

    /// Adds the row of a path that was stamped already.
    pub(crate) fn push(&mut self, path: &Path, row: Row) {
        self.paths.extend_from_slice(path.as_os_str().as_encoded_bytes());
        self.paths.push(0);
        self.rows.extend_from_slice(&row);
    }

    /// Whether everything looks as it did.
    pub fn hold(&self, root: &Path) -> bool {
        let paths: Vec<&[u8]> = self.paths.split(|&byte| byte == 0).collect();
        let rows = self.rows.as_chunks::<ROW>().0;
        // The last path is ended too, so that one empty piece follows.
        if paths.len() != rows.len() + 1 {
            return false;
        }
        let view = View::from(root);
        paths.iter().zip(rows).all(|(path, row)| native(path).is_some_and(|path| row_of(&view, path) == Some(*row)))
    }

    pub fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&(self.paths.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&self.paths);
        bytes.extend_from_slice(&(self.rows.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&self.rows);
    }

    /// Reads what [`Stamps::encode`] wrote, and returns the rest.
    pub fn decode(bytes: &[u8]) -> Option<(Stamps, &[u8])> {
        let (paths, rest) = piece(bytes)?;
        let (rows, rest) = piece(rest)?;
        Some((Stamps { paths: paths.to_vec(), rows: rows.to_vec() }, rest))
    }
}

fn piece(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)
}

#[cfg(unix)]
fn native(path: &[u8]) -> Option<&Path> {
    Some(Path::new(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(path)))
}

#[cfg(not(unix))]
fn native(path: &[u8]) -> Option<&Path> {
    std::str::from_utf8(path).ok().map(Path::new)
}

/// How a path looks; `None` where the system does not say enough.
pub(crate) fn row_of(view: &View, path: &Path) -> Option<Row> {
    match view.look(path) {
        Ok(look) => Some(row(&look)?.0),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(NOTHING),
        Err(_) => None,
    }
}

/// How a path looks, if it looked so before the first look at the tree.
pub(crate) fn old_row(view: &View, path: &Path, first_look: SystemTime) -> Option<Row> {
    match view.look(path) {
        Ok(look) => old(&look, first_look),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(NOTHING),
        Err(_) => None,
    }
}

/// The row of what is old enough to tell.
fn old(look: &Look, first_look: SystemTime) -> Option<Row> {
    let (row, changed) = row(look)?;
    let since = first_look.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let margin = if changed.subsec_nanos() == 0 { COARSE } else { FINE };
    (changed + margin < since).then_some(row)
}

/// The row, and when the state last changed.
fn row(look: &Look) -> Option<(Row, Duration)> {
    let (state, (written, fraction)) = (look.state?, look.modified?);
    let (seconds, part) = state.changed;
    let mut row = NOTHING;
    let parts = u64::from(fraction) << 32 | u64::from(part);
    let fields = [state.device, state.inode, look.size, written as u64, seconds as u64, parts];
    for (place, field) in row.as_chunks_mut::<8>().0.iter_mut().zip(fields) {
        *place = field.to_le_bytes();
    }
    Some((row, Duration::new(u64::try_from(seconds).ok()?, part)))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;

    fn paths(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    /// A time at which everything that exists now is old.
    fn later() -> SystemTime {
        SystemTime::now() + Duration::from_secs(10)
    }

    #[test]
    fn a_tree_holds_until_something_in_it_changes() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir(at("d")).unwrap();
        fs::write(at("d/a"), "one").unwrap();
        let all = paths(&["", "d", "d/a", "d/absent"]);
        let changes: [&dyn Fn(); 6] = [
            &|| fs::write(at("d/a"), "two").unwrap(),
            &|| fs::write(at("d/new"), "").unwrap(),
            &|| fs::write(at("d/absent"), "").unwrap(),
            &|| fs::rename(at("d/new"), at("d/renamed")).unwrap(),
            &|| fs::remove_file(at("d/renamed")).unwrap(),
            &|| {
                let old = fs::metadata(at("d/a")).unwrap().modified().unwrap();
                fs::write(at("d/a"), "six").unwrap();
                fs::File::options().write(true).open(at("d/a")).unwrap().set_modified(old).unwrap();
            },
        ];
        for (nth, change) in changes.iter().enumerate() {
            let stamps = Stamps::take(root.path(), &all, later()).unwrap();
            assert!(stamps.hold(root.path()));
            std::thread::sleep(Duration::from_millis(20));
            change();
            assert!(!stamps.hold(root.path()), "change {nth} was not seen");
        }
    }

    #[test]
    fn what_is_young_is_not_stamped() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a"), "").unwrap();
        assert!(Stamps::take(root.path(), &paths(&["a"]), SystemTime::now()).is_none());
        assert!(Stamps::default().add(&View::from(root.path()), Path::new("a"), SystemTime::now()).is_none());
    }

    #[test]
    fn stored_stamps_come_back_and_cut_ones_do_not_hold() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a"), "").unwrap();
        let stamps = Stamps::take(root.path(), &paths(&["", "a"]), later()).unwrap();
        let mut bytes = Vec::new();
        stamps.encode(&mut bytes);
        bytes.extend_from_slice(b"rest");
        assert_eq!(Stamps::decode(&bytes), Some((stamps, &b"rest"[..])));
        for end in 0..bytes.len() - 4 {
            assert!(Stamps::decode(&bytes[..end]).is_none());
        }
    }
}
