//! From the root to the files worth opening: ignore rules honoured, links never followed, in a stable order.
//!
//! In: a directory. Out: [`Entry`]s sorted by path, and problems for what was seen and left out. Whether a file
//! is opened at all is decided here, from its path and size: vendored copies and test data are counted, not read.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ignore::{DirEntry, WalkBuilder, WalkState};

use crate::parse::Kind;
use crate::problem::Problem;
use crate::scope::Scope;

/// The largest ignore file that is honoured; a bigger one is no list of patterns but an attack on memory.
const IGNORE_FILE_LIMIT: u64 = 1 << 20;

/// Directories deeper than this are reported instead of entered: no real tree has them, and names get too long to open.
const DEPTH_LIMIT: usize = 200;

/// One file that gets a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Relative to the root, `/` between parts; bytes that are not UTF-8 are shown as `\xNN`.
    pub path: Arc<str>,
    pub kind: Kind,
    pub size: u64,
    /// The path to open, where it differs from the shown one.
    pub raw: Option<PathBuf>,
}

/// What the walk found.
#[derive(Debug, Default)]
pub struct Walked {
    pub entries: Vec<Entry>,
    pub problems: Vec<Problem>,
    /// Every path seen, of whatever kind, sorted: for file names that are evidence without being read.
    pub names: Vec<Arc<str>>,
}

/// What to leave out, as the configuration says; empty lists change nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub exclude: Option<globset::GlobSet>,
}

/// Walks the tree below `root` with `threads` threads.
pub fn walk(root: &Path, threads: usize, filter: &Filter) -> Walked {
    let found = Mutex::new(Found::default());
    let hostile_root = hostile_ignore_file(root);
    let mut builder = WalkBuilder::new(root);
    builder
        .hidden(false)
        .parents(false)
        .git_global(false)
        .require_git(false)
        .follow_links(false)
        .max_depth(Some(DEPTH_LIMIT))
        .threads(threads);
    if hostile_root.is_some() {
        builder.standard_filters(false).hidden(false);
    }
    builder.filter_entry(|entry| may_enter(entry));
    builder.build_parallel().run(|| {
        let mut local = Local { all: &found, mine: Found::default() };
        Box::new(move |result| {
            match result {
                Ok(entry) => note(&mut local.mine, root, &entry),
                Err(error) => local.mine.errors.push(error.to_string()),
            }
            WalkState::Continue
        })
    });
    let mut found = found.into_inner().unwrap_or_default();
    if let Some(reason) = hostile_root {
        found.problems.push(Problem { path: ".".into(), reason, place: None });
    }
    finish(found, filter)
}

#[derive(Debug, Default)]
struct Found {
    entries: Vec<Entry>,
    problems: Vec<Problem>,
    names: Vec<Arc<str>>,
    errors: Vec<String>,
    /// Top directory of vendored or test data → files below it.
    left: BTreeMap<String, (u64, &'static str)>,
}

/// A worker's own list, merged when the worker ends, so that no lock is taken per file.
struct Local<'a> {
    all: &'a Mutex<Found>,
    mine: Found,
}

impl Drop for Local<'_> {
    fn drop(&mut self) {
        let Ok(mut all) = self.all.lock() else { return };
        let mine = std::mem::take(&mut self.mine);
        all.entries.extend(mine.entries);
        all.problems.extend(mine.problems);
        all.names.extend(mine.names);
        all.errors.extend(mine.errors);
        for (directory, (files, why)) in mine.left {
            all.left.entry(directory).or_insert((0, why)).0 += files;
        }
    }
}

fn may_enter(entry: &DirEntry) -> bool {
    if entry.depth() == 0 || !entry.file_type().is_some_and(|kind| kind.is_dir()) {
        return true;
    }
    entry.file_name() != ".git" && hostile_ignore_file(entry.path()).is_none()
}

/// Says why the ignore files of a directory must not be read: the `ignore` crate opens whatever has the name, so a
/// link to a device or a pipe would hang it or exhaust memory.
fn hostile_ignore_file(directory: &Path) -> Option<String> {
    [".gitignore", ".ignore", ".git/info/exclude"].iter().find_map(|name| {
        let metadata = fs::symlink_metadata(directory.join(name)).ok()?;
        if !metadata.file_type().is_file() {
            return Some(format!("`{name}` is not a regular file: not walked with ignore rules"));
        }
        (metadata.len() > IGNORE_FILE_LIMIT).then(|| format!("`{name}` is over the limit of {IGNORE_FILE_LIMIT} bytes"))
    })
}

fn note(found: &mut Found, root: &Path, entry: &DirEntry) {
    let Ok(relative) = entry.path().strip_prefix(root) else { return };
    if relative.as_os_str().is_empty() {
        return;
    }
    let Some(file_type) = entry.file_type() else { return };
    let (path, raw) = shown(relative);
    if file_type.is_dir() {
        note_directory(found, entry, path);
        return;
    }
    let kind = Kind::of(&path);
    let scope = Scope::of(&path);
    if scope.is_foreign() {
        count_left(found, &path, scope);
        return;
    }
    let shared: Arc<str> = path.into();
    found.names.push(shared.clone());
    let Some(kind) = kind else { return };
    if !file_type.is_file() {
        let reason = if file_type.is_symlink() { "a symbolic link: never followed" } else { "not a regular file" };
        found.problems.push(Problem { path: shared, reason: reason.into(), place: None });
        return;
    }
    let size = entry.metadata().map_or(0, |metadata| metadata.len());
    found.entries.push(Entry { path: shared, kind, size, raw });
}

fn note_directory(found: &mut Found, entry: &DirEntry, path: String) {
    if entry.depth() >= DEPTH_LIMIT {
        let reason = format!("deeper than {DEPTH_LIMIT} directories: not entered");
        found.problems.push(Problem { path: path.into(), reason, place: None });
    }
}

fn count_left(found: &mut Found, path: &str, scope: Scope) {
    let mut top = String::new();
    for part in path.split('/') {
        if !top.is_empty() {
            top.push('/');
        }
        top.push_str(part);
        if Scope::of(&format!("{top}/x")) == scope {
            break;
        }
    }
    let why = if scope == Scope::Vendored { "vendored code" } else { "test data" };
    found.left.entry(top).or_insert((0, why)).0 += 1;
}

/// Shows a relative path with `/` and escapes what is not UTF-8; the second part is set where the shown path cannot be opened.
fn shown(relative: &Path) -> (String, Option<PathBuf>) {
    let mut path = String::new();
    let mut lossless = true;
    for part in relative.components() {
        if !path.is_empty() {
            path.push('/');
        }
        let bytes = part.as_os_str().as_encoded_bytes();
        for chunk in bytes.utf8_chunks() {
            path.push_str(chunk.valid());
            for byte in chunk.invalid() {
                lossless = false;
                path.push_str(&format!("\\x{byte:02x}"));
            }
        }
    }
    (path, (!lossless).then(|| relative.to_path_buf()))
}

fn finish(mut found: Found, filter: &Filter) -> Walked {
    if let Some(exclude) = &filter.exclude {
        let dropped = found.entries.len();
        found.entries.retain(|entry| !exclude.is_match(&*entry.path));
        found.names.retain(|name| !exclude.is_match(&**name));
        let dropped = dropped - found.entries.len();
        if dropped > 0 {
            let reason = format!("{dropped} files excluded by fitcheck.toml");
            found.problems.push(Problem { path: ".".into(), reason, place: None });
        }
    }
    for (directory, (files, why)) in found.left {
        let plural = if files == 1 { "file" } else { "files" };
        found.problems.push(Problem {
            path: directory.into(),
            reason: format!("{why}, not read: {files} {plural}"),
            place: None,
        });
    }
    for error in found.errors {
        found.problems.push(Problem { path: ".".into(), reason: error, place: None });
    }
    found.entries.sort_by(|a, b| a.path.cmp(&b.path));
    found.names.sort();
    found.problems.sort();
    Walked { entries: found.entries, problems: found.problems, names: found.names }
}
