//! `policy vendor`: a pinned copy of policies that live elsewhere, with its hashes, in the repository.
//!
//! A directory is read as the git repository it is. For an address the user's own `git` is run, here and nowhere else in
//! the program: it fetches one revision into a directory that is dropped afterwards. The checker reads the copy alone.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use fitcheck::config::vendored::{LOCK, Lock, at_revision};
use fitcheck::draft;
use fitcheck::exit::Exit;

/// Where copies lie by default, one directory each.
const HOME: &str = "fitcheck-vendor";

/// Writes the copy and says how to use it.
pub(super) fn vendor(source: &str, within: Option<&str>, into: Option<&Path>) -> anyhow::Result<Exit> {
    let (address, revision) = source
        .rsplit_once('@')
        .filter(|(address, revision)| !address.is_empty() && !revision.is_empty())
        .with_context(|| format!("`{source}` names no revision: write `{source}@v1`"))?;
    ensure!(!address.starts_with('-') && !revision.starts_with('-'), "`{source}` is an option, not an address");
    let name = name_of(address);
    let directory = into.map_or_else(|| Path::new(HOME).join(&name), Path::to_path_buf);
    ensure!(
        directory.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)),
        "`{}` leads out of this directory",
        directory.display()
    );
    let (commit, all) = if Path::new(address).is_dir() {
        at_revision(Path::new(address), revision)
            .map_err(anyhow::Error::msg)
            .with_context(|| format!("cannot read `{address}`"))?
    } else {
        fetched(address, revision)?
    };
    let files = chosen(all, within);
    ensure!(
        !files.is_empty(),
        "`{source}` holds no policies: no TOML file{}",
        within.map_or(String::new(), |within| format!(" below `{within}`"))
    );
    let lock = Lock::new(address, revision, &commit, &files);
    replace(&directory, &files, &lock)?;
    crate::print(|out| {
        writeln!(out, "{} now holds {} file(s) of {address} at {commit}", directory.display(), files.len())?;
        writeln!(out, "\nIn fitcheck.toml:\n\n{}", usage(&directory, &files))
    })
}

/// The last part of an address, without `.git`.
fn name_of(address: &str) -> String {
    let last = address.trim_end_matches('/').rsplit(['/', ':', '\\']).next().unwrap_or_default();
    let name: String =
        last.trim_end_matches(".git").chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
    let name = name.trim_matches('.').to_owned();
    if name.is_empty() { "policies".to_owned() } else { name }
}

/// Fetches one revision with the user's git, and reads it.
fn fetched(address: &str, revision: &str) -> anyhow::Result<(String, BTreeMap<String, String>)> {
    const HERE: &str = "refs/fitcheck/vendored";
    let directory = tempfile::tempdir().context("cannot make a directory for the copy")?;
    git(directory.path(), &["init", "--bare", "--quiet", "."])?;
    let refspec = format!("{revision}:{HERE}");
    // Hooks and remote helpers of any other kind have no part in this.
    let quiet = ["-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never"];
    let fetch = ["fetch", "--quiet", "--depth", "1", "--no-tags", "--no-recurse-submodules", "--", address, &refspec];
    git(directory.path(), &[&quiet[..], &fetch].concat())
        .with_context(|| format!("cannot fetch `{revision}` of `{address}`"))?;
    at_revision(directory.path(), HERE).map_err(anyhow::Error::msg).with_context(|| format!("cannot read `{address}`"))
}

fn git(directory: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("git").current_dir(directory).args(arguments).status();
    let status = status.context("cannot run `git`, which fetches policies from an address")?;
    if !status.success() {
        bail!("`git {}` failed", arguments.iter().find(|word| matches!(**word, "init" | "fetch")).unwrap_or(&""));
    }
    Ok(())
}

/// The files below a folder of the source; manifests of other tools are none of ours.
fn chosen(all: BTreeMap<String, String>, within: Option<&str>) -> BTreeMap<String, String> {
    let prefix = within.map(|within| within.trim_matches('/')).filter(|within| !within.is_empty());
    let prefix = prefix.map_or(String::new(), |within| format!("{within}/"));
    let other = |path: &str| {
        path.split('/').any(|part| part.starts_with('.'))
            || path.ends_with("Cargo.toml")
            || path.ends_with("pyproject.toml")
    };
    all.into_iter()
        .filter_map(|(path, text)| Some((path.strip_prefix(&prefix)?.to_owned(), text)))
        .filter(|(path, _)| !other(path))
        .collect()
}

/// Writes the copy in place of an older one; what is not a copy is left alone.
fn replace(directory: &Path, files: &BTreeMap<String, String>, lock: &Lock) -> anyhow::Result<()> {
    let path = directory.join(LOCK);
    let old = match std::fs::read_to_string(&path) {
        Ok(text) => Some(
            Lock::read(&text)
                .map_err(anyhow::Error::msg)
                .with_context(|| format!("`{}` is no lock", path.display()))?,
        ),
        Err(_) if !is_free(directory) => {
            bail!("`{}` is there and was not vendored: `--into` names another directory", directory.display())
        }
        Err(_) => None,
    };
    let inside = |name: &str| -> anyhow::Result<PathBuf> {
        let path = Path::new(name);
        ensure!(
            path.components().all(|part| matches!(part, Component::Normal(_))),
            "`{name}` leads out of `{}`",
            directory.display()
        );
        Ok(directory.join(path))
    };
    for stale in old.iter().flat_map(|old| old.files.keys()).filter(|name| !files.contains_key(*name)) {
        let stale = inside(stale)?;
        match std::fs::remove_file(&stale) {
            // A run that was killed did so before.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            done => done.with_context(|| format!("cannot remove `{}`", stale.display()))?,
        }
    }
    // Before the files: what is cut short here is no copy to the checker, and one of ours to the next run.
    std::fs::create_dir_all(directory).with_context(|| format!("cannot create `{}`", directory.display()))?;
    crate::command::write(&path, &lock.write())?;
    for (name, text) in files {
        let path = inside(name)?;
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).with_context(|| format!("cannot create `{}`", parent.display()))?;
        }
        crate::command::write(&path, text)?;
    }
    Ok(())
}

/// Whether a copy may be written here: nothing is there, or what a run left that was killed at its beginning.
fn is_free(directory: &Path) -> bool {
    match std::fs::read_dir(directory) {
        Ok(mut entries) => entries.all(|entry| entry.is_ok_and(|entry| draft::is_left(&entry.file_name()))),
        Err(_) => directory.symlink_metadata().is_err(),
    }
}

/// The lines that bring the copy into force.
fn usage(directory: &Path, files: &BTreeMap<String, String>) -> String {
    let shown =
        |path: &str| format!("\"{}\"", directory.join(path).to_string_lossy().replace('\\', "/").trim_end_matches('/'));
    if files.contains_key("fitcheck.toml") {
        return format!("extends = [{}]\n", shown("fitcheck.toml"));
    }
    let folders = |extractors: bool| {
        let wanted = files.iter().filter(|(path, text)| fitcheck::extract::is_one(path, text) == extractors);
        let mut folders: Vec<String> = wanted
            .filter(|(path, _)| !path.split('/').any(|part| part == "tests"))
            .map(|(path, _)| shown(path.rsplit_once('/').map_or("", |(folder, _)| folder)))
            .collect();
        folders.dedup();
        folders.sort();
        folders.dedup();
        folders.join(", ")
    };
    let line =
        |key: &str, folders: String| if folders.is_empty() { String::new() } else { format!("{key} = [{folders}]\n") };
    format!("{}{}", line("policies", folders(false)), line("extractors", folders(true)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_named_after_its_source() {
        for (address, name) in [
            ("https://example.com/org/policies.git", "policies"),
            ("git@example.com:org/go-or-rust", "go-or-rust"),
            ("../policies/", "policies"),
            ("https://example.com/..", "policies"),
        ] {
            assert_eq!(name_of(address), name, "{address}");
        }
    }
}
