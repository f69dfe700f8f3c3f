//! What `fitcheck policy vendor` wrote: a directory of TOML files, and a lock with where they are from and their hashes.
//!
//! In: the text of a lock. Out: [`Lock`], which tells whether a file is the one that was vendored. The checker reads the
//! copy alone; where it came from is never asked again.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::config::place;
use crate::git::{self, Git};

/// The name of the lock, in the vendored directory.
pub const LOCK: &str = "fitcheck-vendor.toml";

/// Where files are from, and what they were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// As it was named to the command.
    pub source: String,
    pub revision: String,
    pub commit: String,
    /// Path below the directory → hash.
    pub files: BTreeMap<String, String>,
}

impl Lock {
    pub fn new(source: &str, revision: &str, commit: &str, files: &BTreeMap<String, String>) -> Lock {
        let files = files.iter().map(|(path, text)| (path.clone(), hash(text))).collect();
        Lock { source: source.to_owned(), revision: revision.to_owned(), commit: commit.to_owned(), files }
    }

    /// Reads a lock; `Err` says why it is none.
    pub fn read(text: &str) -> Result<Lock, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    pub fn write(&self) -> String {
        let body = toml::to_string(self).expect("because texts and a table of texts are TOML");
        format!("# Written by `fitcheck policy vendor`: change the files there and vendor them again.\n{body}")
    }

    /// `Err` where a file is not the one that was vendored.
    pub fn holds(&self, path: &str, text: &str) -> Result<(), String> {
        let again = "vendor it again, or move what is your own elsewhere";
        match self.files.get(path) {
            None => Err(format!("`{path}` is not among the files that were vendored: {again}")),
            Some(known) if *known != hash(text) => Err(format!("`{path}` is not as it was vendored: {again}")),
            Some(_) => Ok(()),
        }
    }
}

/// The TOML files of a git repository at a revision, and the commit that it names.
pub fn at_revision(path: &Path, revision: &str) -> Result<(String, BTreeMap<String, String>), String> {
    let git = Git::open(path, git::Options::default()).map_err(|problem| problem.to_string())?;
    let commit = git.commit(revision).map_err(|problem| problem.to_string())?;
    let commit = commit.ok_or_else(|| format!("it has no revision `{revision}`"))?;
    Ok((commit.to_string(), place::of_commit(&git, commit)?))
}

/// Line ends are git's to change on checkout, and nothing a policy could hide in.
fn hash(text: &str) -> String {
    format!("blake3:{}", blake3::hash(text.replace("\r\n", "\n").as_bytes()).to_hex())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_read_back_and_knows_its_files() {
        let files = BTreeMap::from([("a.toml".to_owned(), "x = 1\n".to_owned())]);
        let lock = Lock::new("https://example.com/org", "v1", "00", &files);
        assert_eq!(Lock::read(&lock.write()), Ok(lock.clone()));
        assert_eq!(lock.holds("a.toml", "x = 1\r\n"), Ok(()));
        assert!(lock.holds("a.toml", "x = 2\n").unwrap_err().contains("not as it was vendored"));
        assert!(lock.holds("b.toml", "x = 1\n").unwrap_err().contains("not among"));
        for wrong in ["", "source = 1", "source = \"a\"\nrevision = \"b\"\ncommit = \"c\"\nfiles = {}\nx = 1\n"] {
            assert!(Lock::read(wrong).is_err(), "{wrong}");
        }
    }
}
