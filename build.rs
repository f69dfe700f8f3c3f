//! Names the state of the sources, so that cached facts of another build are never taken for ours; and the version with
//! the commit it is built from, where that is known.

#[allow(dead_code, unreachable_pub)]
#[path = "src/spanned.rs"]
mod spanned;

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=policies");
    println!("cargo::rerun-if-changed=Cargo.lock");
    let mut files = vec![PathBuf::from("Cargo.lock")];
    list(Path::new("src"), &mut files);
    list(Path::new("policies"), &mut files);
    files.sort();
    // The standard hasher without a random key gives the same number on every machine; half of it would do.
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.hash(&mut hasher);
        fs::read(&file).unwrap_or_default().hash(&mut hasher);
    }
    println!("cargo::rustc-env=FITCHECK_SOURCES={:016x}", hasher.finish());
    println!("cargo::rerun-if-env-changed=FITCHECK_COMMIT");
    println!("cargo::rerun-if-env-changed=FITCHECK_DOCS");
    trees();
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let commit = commit().map_or_else(String::new, |commit| format!(" ({commit})"));
    println!("cargo::rustc-env=FITCHECK_VERSION={version}{commit}");
}

/// Parses the shipped policies, so that no run has to.
fn trees() {
    let into = PathBuf::from(env::var_os("OUT_DIR").expect("because cargo sets it")).join("policies");
    fs::create_dir_all(&into).expect("because the output directory is ours");
    let mut files = Vec::new();
    list(Path::new("policies"), &mut files);
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "toml")) {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        // What is wrong with one is told, where it stands, by the test of the shipped policies.
        let (_, tree) = spanned::Reader::parse("", &text);
        let tree = postcard::to_stdvec(&tree).expect("because every part of a tree can be encoded");
        let name = Path::new(file.file_stem().unwrap_or_default()).with_extension("tree");
        fs::write(into.join(name), tree).expect("because the output directory is ours");
    }
}

/// The commit: as the environment says, as `cargo package` or `git archive` noted it, or as git knows it. No date and no machine, so that
/// the same sources give the same program.
fn commit() -> Option<String> {
    if let Some(told) = env::var("FITCHECK_COMMIT").ok().filter(|told| !told.is_empty()) {
        return Some(short(&told));
    }
    if let Ok(noted) = fs::read_to_string(".cargo_vcs_info.json") {
        let (_, rest) = noted.split_once("\"sha1\": \"")?;
        return Some(short(rest));
    }
    // What `git archive` fills in, and with it the source archives of code hosts.
    let archived = fs::read_to_string(".git_archival.txt").unwrap_or_default();
    let archived = archived.strip_prefix("node: ").map(short).filter(|commit| commit.len() == 12);
    if archived.is_some() {
        return archived;
    }
    // A build for development would be built anew after each commit; a directory in another repository is no clone.
    if env::var("PROFILE").as_deref() != Ok("release") || !Path::new(".git").exists() {
        return None;
    }
    println!("cargo::rerun-if-changed=.git/logs/HEAD");
    let commit = git(&["rev-parse", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
    Some(short(&commit) + if changed.is_empty() { "" } else { ", with changes" })
}

fn short(commit: &str) -> String {
    commit.chars().take_while(char::is_ascii_hexdigit).take(12).collect()
}

fn git(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("git").args(arguments).env_remove("GIT_DIR").env_remove("GIT_INDEX_FILE").output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn list(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            list(&path, files);
        } else {
            files.push(path);
        }
    }
}
