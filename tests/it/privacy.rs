//! No person in any output, cache or error, whatever the command: names, addresses and messages are planted everywhere.

use std::path::Path;
use std::process::Command;

use crate::steady::{PLANTED, repository};

/// Commands that read the repository, and runs that fail over it.
const RUNS: &[&[&str]] = &[
    &["services", "--no-cache"],
    &["services", "--no-cache", "--all", "--verbose"],
    &["explain", "--no-cache", "--verbose", "tail-latency/"],
    &["config", "--no-cache"],
    &["facts", "--no-cache"],
    &["history", "--no-cache"],
    &["history", "--no-cache", "--format", "json"],
    &["--no-cache", "--base", "HEAD~2", "--all", "--verbose", "--format", "json"],
    &["--no-cache", "--base", "HEAD~2", "--policy-ref", "HEAD~2", "--verbose"],
    &["--no-cache", "--at", "HEAD~1", "--verbose"],
    &["--no-cache", "--staged", "--verbose"],
    &["--no-cache", "--base", "no-such-branch"],
    &["--no-cache", "--at", "HEAD~999"],
    &["--no-cache", "--max-files", "3", "--strict", "--all"],
    &["--cache-dir", "@", "--verbose"],
    &["--cache-dir", "@", "--base", "HEAD~1", "--verbose"],
];

fn told(root: &Path, home: &Path, words: &[&str]) -> String {
    let cache = home.join("cache");
    let words = words.iter().map(|word| if *word == "@" { cache.to_str().unwrap() } else { *word });
    let mut command = Command::new(env!("CARGO_BIN_EXE_fitcheck"));
    command.args(words).arg(root).env_clear().env("HOME", home).env("RUST_BACKTRACE", "full").env("RUST_LOG", "trace");
    let output = command.output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

fn every_file(directory: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.path().is_dir() { every_file(&entry.path(), found) } else { found.push(entry.path()) }
    }
}

#[test]
fn no_command_no_error_and_no_cache_tells_a_person() {
    let Some(repo) = repository() else { return };
    repo.write("CODEOWNERS", "* xaveria@planted.example @planted/team\n");
    repo.git(&["config", "user.name", "Xaveria Xylander"]);
    repo.git(&["config", "user.email", "xaveria@planted.example"]);
    repo.commit(300, ("Yvo Ypsilon", "yvo@planted.example"), "plantedsubject again");
    let home = tempfile::tempdir().unwrap();
    for words in RUNS {
        let text = told(repo.path(), home.path(), words);
        assert!(!text.is_empty(), "{words:?} said nothing");
        for word in PLANTED {
            assert!(!text.contains(word), "{words:?} tells {word}:\n{text}");
        }
    }
    let mut kept = Vec::new();
    every_file(home.path(), &mut kept);
    assert!(!kept.is_empty(), "nothing was cached");
    for file in kept {
        let bytes = std::fs::read(&file).unwrap();
        for word in PLANTED {
            let holds = bytes.windows(word.len()).any(|part| part == word.as_bytes());
            assert!(!holds, "{} holds {word}", file.display());
        }
    }
}
