//! The one loader: from a path to text, or to the reason why not.
//!
//! Nothing else opens files of the scanned repository. A link is never followed, a pipe or device never opened, a
//! file over the limit never read; a byte-order mark is dropped here so that no reader has to know of it.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::path::Path;

/// The largest file of our own that is read: configuration, policies, baseline.
pub(crate) const FILE_LIMIT: u64 = 2 << 20;

/// How the reason begins where the system did not let a file be read.
const FAILED: &str = "cannot be read";
const CHANGED: &str = "it changed while it was read";

/// Whether a file that could not be read for this reason may be read the next time, though it looks the same.
pub(crate) fn may_pass(reason: &str) -> bool {
    reason.starts_with(FAILED) || reason == CHANGED
}

/// Reads a file of our own; see [`load_within`].
pub fn load<'b>(path: &Path, buffer: &'b mut Vec<u8>) -> Result<&'b str, String> {
    load_within(path, FILE_LIMIT, buffer)
}

/// Reads a regular file of at most `limit` bytes into `buffer` and returns its text without a byte-order mark.
pub fn load_within<'b>(path: &Path, limit: u64, buffer: &'b mut Vec<u8>) -> Result<&'b str, String> {
    let metadata = fs::symlink_metadata(path).map_err(|error| format!("{FAILED}: {error}"))?;
    if !metadata.file_type().is_file() {
        return Err("not a regular file".into());
    }
    check_size(metadata.len(), limit)?;
    let file = open(path).map_err(|error| format!("{FAILED}: {error}"))?;
    let before = file.metadata().map_err(|error| format!("{FAILED}: {error}"))?;
    if !before.is_file() {
        return Err("not a regular file".into());
    }
    check_size(before.len(), limit)?;
    let read = first(&file, before.len(), buffer).map_err(|error| format!("{FAILED}: {error}"))?;
    // Half of one content and half of another is no evidence of anything.
    let same = |after: &fs::Metadata| after.len() == before.len() && after.modified().ok() == before.modified().ok();
    if read.len() as u64 != before.len() || !file.metadata().as_ref().is_ok_and(same) {
        return Err(CHANGED.into());
    }
    text(read)
}

/// Reads the first `size` bytes of a file, fewer where it ends before, with one call where the system gives them at once.
/// The buffer is filled up to where it has to be and never shortened, so that it is not cleared for each file.
fn first<'b>(mut file: &File, size: u64, buffer: &'b mut Vec<u8>) -> std::io::Result<&'b [u8]> {
    let size = usize::try_from(size).map_err(std::io::Error::other)?;
    if buffer.len() < size {
        buffer.resize(size, 0);
    }
    let mut filled = 0;
    while filled < size {
        match file.read(&mut buffer[filled..size]) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(&buffer[..filled])
}

/// Reads a small file whole, whatever it holds; the caller knows it to be a regular one.
pub(crate) fn bytes(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Refuses what is over the limit.
pub(crate) fn check_size(size: u64, limit: u64) -> Result<(), String> {
    if size > limit {
        return Err(format!("over the limit `file-size` of {limit} bytes a file ({size} bytes)"));
    }
    Ok(())
}

/// Checks bytes to be text and drops a byte-order mark.
pub fn text(bytes: &[u8]) -> Result<&str, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if memchr::memchr(0, &bytes[..bytes.len().min(8192)]).is_some() {
        return Err("not text: it holds NUL bytes".into());
    }
    std::str::from_utf8(bytes).map_err(|error| format!("not UTF-8 text (byte {})", error.valid_up_to()))
}

#[cfg(unix)]
fn open(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_dropped_and_other_encodings_are_refused() {
        assert_eq!(text(b"\xef\xbb\xbfab"), Ok("ab"));
        assert!(text(b"a\0b").is_err());
        assert!(text(b"\xff\xfea").is_err());
    }

    #[test]
    fn a_directory_is_no_file() {
        let mut buffer = Vec::new();
        assert_eq!(load(Path::new("."), &mut buffer), Err("not a regular file".into()));
    }
}
