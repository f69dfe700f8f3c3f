//! Where the cache lies, and the secret that seals it.
//!
//! The secret is the user's, in the directory for state: a cache that comes from elsewhere is a miss. Where a cache
//! is meant to travel between machines of one owner, `FITCHECK_CACHE_KEY` gives them a common one.

use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::draft::Draft;

/// Returns the platform's directory for caches of this program, unless that lies in what is scanned.
pub fn default_directory(root: &Path) -> Option<PathBuf> {
    let root = root.canonicalize().ok()?;
    platform().filter(|directory| !directory.starts_with(&root))
}

fn platform() -> Option<PathBuf> {
    if cfg!(windows) {
        return Some(set("LOCALAPPDATA")?.join("fitcheck").join("cache"));
    }
    if cfg!(target_os = "macos") {
        return Some(set("HOME")?.join("Library/Caches/fitcheck"));
    }
    set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache"))).map(|at| at.join("fitcheck"))
}

/// Whether this is a CI run, where a cache is only used if asked for and what was not read does not pass.
pub fn is_ci() -> bool {
    let says_so = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "false");
    ["CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "TF_BUILD"].into_iter().any(says_so)
}

fn set(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}

fn state_directory() -> Option<PathBuf> {
    if cfg!(windows) {
        return Some(set("LOCALAPPDATA")?.join("fitcheck").join("state"));
    }
    set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state"))).map(|at| at.join("fitcheck"))
}

/// Returns the secret, made on first use.
pub(super) fn secret() -> Option<[u8; 32]> {
    if let Some(given) = std::env::var_os("FITCHECK_CACHE_KEY").filter(|given| !given.is_empty()) {
        return Some(blake3::derive_key("fitcheck 2026 cache seal", given.as_encoded_bytes()));
    }
    let directory = state_directory()?;
    secret_in(&directory)
}

fn secret_in(directory: &Path) -> Option<[u8; 32]> {
    create_private(directory)?;
    let path = directory.join("cache-key");
    if let Some(known) = read_secret(&path) {
        return Some(known);
    }
    let draft = Draft::private(&path).ok()?;
    draft.file().write_all(&random()).ok()?;
    // Two first runs at once: the one that comes second takes the other's.
    let _ = draft.publish_new();
    read_secret(&path)
}

fn read_secret(path: &Path) -> Option<[u8; 32]> {
    if !fs::symlink_metadata(path).ok()?.is_file() {
        return None;
    }
    let mut secret = [0; 32];
    File::open(path).ok()?.read_exact(&mut secret).ok()?;
    Some(secret)
}

/// The standard library seeds its hash maps from the system's random source; that is all the randomness needed.
fn random() -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for round in 0..8_u64 {
        let mut seeded = std::hash::RandomState::new().build_hasher();
        seeded.write_u64(round);
        hasher.update(&seeded.finish().to_le_bytes());
    }
    *hasher.finalize().as_bytes()
}

/// Creates a directory that nobody else can read.
pub(super) fn create_private(directory: &Path) -> Option<()> {
    if directory.is_dir() {
        return Some(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).ok()
}

/// Removes the longest unused caches until the rest fits.
pub(super) fn evict(directory: &Path, most: u64) {
    let mut caches: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let Ok(meta) = entry.metadata() else { continue };
        let Ok(modified) = meta.modified() else { continue };
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "facts" || extension == "run") {
            caches.push((modified, meta.len(), path));
        }
    }
    caches.sort();
    let mut bytes: u64 = caches.iter().map(|(_, size, _)| size).sum();
    for (_, size, path) in caches {
        if bytes <= most {
            return;
        }
        if fs::remove_file(&path).is_ok() {
            bytes -= size;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_secret_is_made_once() {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("state");
        let first = secret_in(&state).unwrap();
        assert_eq!(secret_in(&state), Some(first));
        assert_ne!(secret_in(&directory.path().join("other")), Some(first));
    }

    #[test]
    fn the_oldest_leave_first() {
        let directory = tempfile::tempdir().unwrap();
        for (name, age) in [("a.facts", 300), ("b.facts", 200), ("c.facts", 100), ("d.txt", 400)] {
            let file = File::create(directory.path().join(name)).unwrap();
            file.set_len(10).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        }
        evict(directory.path(), 20);
        let left = |name: &str| directory.path().join(name).exists();
        assert!(!left("a.facts") && left("b.facts") && left("c.facts") && left("d.txt"));
    }
}
