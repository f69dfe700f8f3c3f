//! Whole runs that can be told again: one sealed file for each way in which a repository was asked.
//!
//! In: the stamps of everything a run looked at, a digest of what else it depends on, and what it said. Out: the
//! same, while both still hold. Like the cache of facts it changes nothing but the time a run takes.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::stamp::Stamps;
use super::{first_16, place, read_whole, version};
use crate::draft::{self, Draft};

const MAGIC: &[u8; 8] = b"fitrun01";
/// Magic, version, seal, digest.
const HEAD: usize = 8 + 16 + 16 + 32;
/// A run that says more is not kept.
const MOST_BYTES: usize = 64 << 20;

/// Where one run is kept.
#[derive(Debug)]
pub struct Slot {
    file: PathBuf,
    secret: [u8; 32],
}

impl Slot {
    /// The place for runs of the repository at `root`, asked as `how` says; `None` where there is no place or key.
    pub fn open(directory: &Path, root: &Path, how: &str) -> Option<Slot> {
        let secret = place::secret()?;
        place::create_private(directory)?;
        // A run that is told again writes nothing, so it tidies here what a killed one left.
        draft::sweep(directory);
        let root = root.canonicalize().ok()?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(root.as_os_str().as_encoded_bytes()).update(b"\0").update(how.as_bytes());
        let name = hasher.finalize().to_hex();
        Some(Slot { file: directory.join(format!("{}.run", &name[..16])), secret })
    }

    /// Returns what was said, if the digest and the files are still the same.
    pub fn recall(&self, digest: &[u8; 32], root: &Path) -> Option<Vec<u8>> {
        let mut bytes = read_whole(&self.file)?;
        let head = bytes.get(..HEAD)?;
        let ours = head.starts_with(MAGIC) && head[8..24] == version() && head[40..] == digest[..];
        if !ours || seal(&self.secret, &bytes[40..]) != head[24..40] {
            return None;
        }
        let (stamps, said) = Stamps::decode(&bytes[HEAD..])?;
        if !stamps.hold(root) {
            return None;
        }
        let said = bytes.len() - said.len();
        Some(bytes.split_off(said))
    }

    /// Keeps what a run said; nothing depends on the outcome.
    pub fn keep(&self, digest: &[u8; 32], stamps: &Stamps, said: &[u8]) {
        let _ = self.write(digest, stamps, said);
    }

    fn write(&self, digest: &[u8; 32], stamps: &Stamps, said: &[u8]) -> std::io::Result<()> {
        let mut body = digest.to_vec();
        stamps.encode(&mut body);
        body.extend_from_slice(said);
        if body.len() > MOST_BYTES {
            return Ok(());
        }
        let directory = self.file.parent().unwrap_or(Path::new("."));
        let draft = Draft::private(&self.file)?;
        let mut file = draft.file();
        file.write_all(MAGIC)?;
        file.write_all(&version())?;
        file.write_all(&seal(&self.secret, &body))?;
        file.write_all(&body)?;
        draft.publish_unsynced()?;
        place::evict(directory, super::ALL_BYTES);
        Ok(())
    }
}

fn seal(secret: &[u8; 32], body: &[u8]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_keyed(secret);
    hasher.update(b"run").update(body);
    first_16(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn slot(directory: &Path) -> Slot {
        Slot { file: directory.join("x.run"), secret: [7; 32] }
    }

    #[test]
    fn a_run_is_told_again_for_the_same_question_only() {
        let directory = tempfile::tempdir().unwrap();
        let slot = slot(directory.path());
        assert_eq!(slot.recall(&[1; 32], directory.path()), None);
        slot.keep(&[1; 32], &Stamps::default(), b"said");
        assert_eq!(slot.recall(&[1; 32], directory.path()).as_deref(), Some(&b"said"[..]));
        assert_eq!(slot.recall(&[2; 32], directory.path()), None);
        let other = Slot { secret: [8; 32], ..slot };
        assert_eq!(other.recall(&[1; 32], directory.path()), None, "another user's run is none");
    }

    #[test]
    fn no_corruption_is_ever_told() {
        let directory = tempfile::tempdir().unwrap();
        let slot = slot(directory.path());
        slot.keep(&[1; 32], &Stamps::default(), b"said");
        let whole = fs::read(&slot.file).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            fs::write(&slot.file, bytes).unwrap();
            assert_eq!(slot.recall(&[1; 32], directory.path()), None, "byte {at}");
            fs::write(&slot.file, &whole[..at]).unwrap();
            assert_eq!(slot.recall(&[1; 32], directory.path()), None, "cut at {at}");
        }
    }

    #[test]
    fn a_directory_in_its_place_changes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let slot = slot(directory.path());
        fs::create_dir_all(slot.file.join("x")).unwrap();
        slot.keep(&[1; 32], &Stamps::default(), b"said");
        assert_eq!(slot.recall(&[1; 32], directory.path()), None);
    }
}
