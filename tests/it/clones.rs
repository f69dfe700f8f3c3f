//! The same bytes cold or warm, with one thread or two, from a full clone or one without old blobs.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail loudly")]

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::fixtures::copy_tree;
use crate::git::Repo;

/// Services with findings, contracts, owners and a history in which directories moved.
fn origin() -> Option<Repo> {
    let repo = Repo::new()?;
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for name in ["tail-latency", "spec-churn", "unhandled-errors"] {
        copy_tree(&fixtures.join(name).join("flags"), &{
            let place = repo.path().join(name);
            std::fs::create_dir_all(&place).unwrap();
            place
        });
    }
    repo.write(".github/CODEOWNERS", "* ann@example.com @org/team\n");
    for day in 0..12 {
        repo.write("tail-latency/notes.txt", &format!("{day}"));
        repo.write("unhandled-errors/more.go", &format!("package main // {day}\n"));
        if day == 6 {
            repo.git(&["mv", "unhandled-errors", "moved"]);
        }
        let who = [("Ann Lee", "ann@example.com"), ("Bo Ray", "bo@example.com")][day as usize % 2];
        repo.commit(day * 70, who, "work");
    }
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    Some(repo)
}

fn clone(repo: &Repo, place: &Path, flags: &[&str]) -> PathBuf {
    // The last part of the path is shown in some formats.
    let to = place.join("clone");
    let url = format!("file://{}", repo.path().display());
    repo.git(&[&["clone", "-q"], flags, &[&url, &to.display().to_string()]].concat());
    to
}

fn run(root: &Path, words: &[&str], home: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fitcheck"));
    command.args(["--exit-zero", "--all"]).args(words).arg(root).env_clear();
    let output = command.env("FITCHECK_CACHE_KEY", "a test").env("HOME", home).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    // How long it took is the one thing that may differ.
    let timed = |line: &&str| !line.contains("elapsed_ms");
    text.lines().filter(timed).collect::<Vec<_>>().join("\n")
}

#[test]
fn output_is_the_same_however_it_came_about() {
    let Some(repo) = origin() else { return };
    let place = tempfile::tempdir().unwrap();
    let (full, blobless) = (place.path().join("full"), place.path().join("blobless"));
    for directory in [&full, &blobless] {
        std::fs::create_dir(directory).unwrap();
    }
    let full = clone(&repo, &full, &[]);
    let blobless = clone(&repo, &blobless, &["--filter=blob:none"]);
    let caches = place.path().join("caches").display().to_string();
    for words in [&["--format", "json"][..], &["--format", "human"], &["--format", "sarif", "--at", "HEAD"]] {
        let with = |root: &Path, more: &[&str]| run(root, &[words, more].concat(), place.path());
        let expected = with(&full, &["--no-cache", "--threads", "1"]);
        assert!(expected.contains("tail-latency"), "{expected}");
        assert_eq!(with(&full, &["--no-cache", "--threads", "2"]), expected, "{words:?}: two threads");
        assert_eq!(with(&blobless, &["--no-cache"]), expected, "{words:?}: without old blobs");
        for state in ["cold", "warm"] {
            for root in [&full, &blobless] {
                assert_eq!(with(root, &["--cache-dir", &caches]), expected, "{words:?}: {state}");
            }
        }
    }
}
