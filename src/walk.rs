//! From the root to the files worth opening: ignore rules honoured, links never followed, in a stable order.
//!
//! In: a directory. Out: [`Entry`]s sorted by path, and problems for what was seen and left out. Whether a file
//! is opened at all is decided here, from its path and size: vendored copies and test data are counted, not read.

mod excluded;
pub(crate) mod kept;
mod same;
pub(crate) mod stamped;
mod tracked;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::sync::{Arc, Mutex};

use ignore::{DirEntry, WalkBuilder, WalkState};
use serde::{Deserialize, Serialize};

use crate::cache::stamp::Row;
use crate::git::index::Index;
use crate::limits::Limits;
use crate::parse::Kind;
use crate::path::{base, is_within, parent};
use crate::pattern;
use crate::problem::{Class, Problem};
use crate::read;
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
    /// The root and every directory below it that was entered, as they are called on the disk, in any order.
    pub directories: Vec<PathBuf>,
    /// How each of them looked, where that is known already.
    pub(crate) rows: Vec<Option<Row>>,
    /// Files whose rules were honoured.
    pub(crate) rules: Vec<PathBuf>,
    /// What the next walk may go by.
    pub(crate) listing: Option<kept::Listing>,
    /// Whether something could not be looked at.
    pub failed: bool,
    /// What reading them is held to.
    pub limits: Limits,
}

/// What to leave out, as the configuration and the limits say; empty lists change nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub exclude: Option<globset::GlobSet>,
    /// What git tracks: read even where ignore rules leave it out, or a change could hide what it wants.
    pub tracked: Option<Index>,
    /// Files to open although no reader of ours knows them: extractors of the user's ask for them.
    pub also: Option<globset::GlobSet>,
    pub limits: Limits,
}

/// What a walk goes by, beside the tree itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct How<'a> {
    pub(crate) threads: usize,
    /// What an earlier walk of the same root kept.
    pub(crate) kept: Option<&'a [u8]>,
    /// Whether all files are looked at once they are known: then the walk asks none for its size.
    pub(crate) is_looked: bool,
}

/// Walks the tree below `root` with `threads` threads.
pub fn walk(root: &Path, threads: usize, filter: &Filter) -> Walked {
    walk_by(root, filter, How { threads, ..How::default() }, |_| ())
}

/// Walks the tree below `root`; `look` is handed the files that get a reader, in their order, to set their sizes.
pub(crate) fn walk_by(root: &Path, filter: &Filter, how: How<'_>, look: impl FnOnce(&mut [Entry])) -> Walked {
    let before = how.kept.and_then(|bytes| kept::Before::of(bytes, root));
    let part = before.and_then(|before| part(root, how, before));
    let mut found = part.unwrap_or_else(|| whole(root, how));
    found.sort();
    if let Some(index) = &filter.tracked {
        tracked::add(&mut found, root, index);
    }
    finish_looked(found, filter, look)
}

/// Walks all of it.
fn whole(root: &Path, how: How<'_>) -> Found {
    let task = Task { root, how, found: Mutex::default(), met: Arc::default(), plan: None };
    let mut is_plain = true;
    let mut starts = vec![root.to_path_buf()];
    while !starts.is_empty() {
        is_plain &= walk_each(&task, &starts);
        starts = task.met.apart();
        is_plain &= starts.is_empty();
    }
    let mut found = std::mem::take(&mut *lock(&task.found));
    found.rules = std::mem::take(&mut *lock(&task.met.rules));
    found.directories.push(PathBuf::new());
    found.rows = vec![None; found.directories.len()];
    if how.is_looked && is_plain {
        found.listing = kept::Listing::of(root, &found);
    }
    found
}

/// Walks what looks different, and takes the rest from before; `None` where only all of it will do.
fn part(root: &Path, how: How<'_>, before: kept::Before) -> Option<Found> {
    let plan = Arc::new(before.plan());
    let task = Task { root, how, found: Mutex::default(), met: Arc::default(), plan: Some(Arc::clone(&plan)) };
    let is_done = || walk_each(&task, &[root.to_path_buf()]) && task.met.apart().is_empty();
    if !plan.is_empty() && !is_done() {
        return None;
    }
    let found = std::mem::take(&mut *lock(&task.found));
    let rules = std::mem::take(&mut *lock(&task.met.rules));
    let knows = found.errors.is_empty() && before.knows(root, &rules);
    knows.then(|| before.with(found, root))
}

fn kind_at(path: &Path) -> Option<fs::FileType> {
    fs::symlink_metadata(path).ok().map(|meta| meta.file_type())
}

/// A worker that panicked left its list whole: what the others found still counts.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// One walk: where, how, what came of it so far.
struct Task<'a> {
    root: &'a Path,
    how: How<'a>,
    found: Mutex<Found>,
    met: Arc<Met>,
    plan: Option<Arc<kept::Plan>>,
}

/// What is met of rules while a tree is walked.
#[derive(Debug, Default)]
struct Met {
    /// What must be walked as a start of its own: a repository in the repository, where no rule from outside holds, and a
    /// directory whose rules must not be read.
    apart: Mutex<Vec<PathBuf>>,
    /// Ignore files, relative to the root.
    rules: Mutex<Vec<PathBuf>>,
}

impl Met {
    /// Notes the ignore files of a directory; says why they must not be read, where they must not.
    fn look_over(&self, root: &Path, directory: &Path) -> Option<String> {
        let (rules, hostile) = ignore_files(root, directory);
        if !rules.is_empty() {
            let relative = directory.strip_prefix(root).unwrap_or(directory);
            lock(&self.rules).extend(rules.into_iter().map(|name| relative.join(name)));
        }
        hostile
    }

    fn apart(&self) -> Vec<PathBuf> {
        let mut apart = std::mem::take(&mut *lock(&self.apart));
        apart.sort();
        apart
    }
}

/// Walks what lies below each start; says whether the rules of all could be read.
fn walk_each(task: &Task<'_>, starts: &[PathBuf]) -> bool {
    let (mut ruled, mut bare) = (Vec::new(), Vec::new());
    for start in starts {
        let Some(reason) = task.met.look_over(task.root, start) else {
            ruled.push(start);
            continue;
        };
        let path = start.strip_prefix(task.root).map(shown).unwrap_or_default().0;
        let path = if path.is_empty() { ".".to_owned() } else { path };
        lock(&task.found).problems.push(Problem::new(path, reason, Class::Partial));
        bare.push(start);
    }
    if let Some(mut builder) = of_all(&ruled) {
        run(with_rules(&mut builder, task).threads(task.how.threads), task);
    }
    if let Some(mut builder) = of_all(&bare) {
        run(without_rules(&mut builder).threads(task.how.threads), task);
    }
    bare.is_empty()
}

fn of_all(starts: &[&PathBuf]) -> Option<WalkBuilder> {
    let (first, others) = starts.split_first()?;
    let mut builder = WalkBuilder::new(first);
    for start in others {
        builder.add(start);
    }
    Some(builder)
}

fn with_rules<'a>(builder: &'a mut WalkBuilder, task: &Task<'_>) -> &'a mut WalkBuilder {
    let root = task.root;
    builder.hidden(false).parents(false).git_global(false).git_exclude(false).require_git(false).follow_links(false);
    if let Some(list) = excluded::list(root).filter(|list| list.is_file()) {
        builder.current_dir(root).add_ignore(list);
    }
    let (met, plan, root) = (Arc::clone(&task.met), task.plan.clone(), root.to_path_buf());
    builder.filter_entry(move |entry| {
        if entry.depth() == 0 || !entry.file_type().is_some_and(|kind| kind.is_dir()) {
            return true;
        }
        if is_repository(entry) {
            return false;
        }
        let relative = entry.path().strip_prefix(&root).unwrap_or(entry.path());
        if plan.as_ref().is_some_and(|plan| !plan.enters(relative)) {
            return false;
        }
        let has_git = kind_at(&entry.path().join(".git")).is_some();
        let is_apart = has_git || met.look_over(&root, entry.path()).is_some();
        if is_apart {
            lock(&met.apart).push(entry.path().to_path_buf());
        }
        !is_apart
    })
}

/// Walks a tree whose ignore files must not be opened: files it would ignore are read, which hides nothing.
fn without_rules(builder: &mut WalkBuilder) -> &mut WalkBuilder {
    builder.standard_filters(false).follow_links(false);
    builder.filter_entry(|entry| entry.depth() == 0 || !is_repository(entry))
}

/// Git's own directory.
fn is_repository(entry: &DirEntry) -> bool {
    entry.file_name() == ".git"
}

fn run(builder: &mut WalkBuilder, task: &Task<'_>) {
    builder.build_parallel().run(|| {
        let mut local = Local { all: &task.found, mine: Found::default() };
        Box::new(move |result| {
            match result {
                Ok(entry) => return note(&mut local.mine, task, &entry),
                Err(error) => local.mine.errors.push(error.to_string()),
            }
            WalkState::Continue
        })
    });
}

/// Everything met so far, in any order.
#[derive(Debug, Default)]
pub(crate) struct Found {
    entries: Vec<Entry>,
    pub(crate) problems: Vec<Problem>,
    names: Vec<Arc<str>>,
    errors: Vec<String>,
    directories: Vec<PathBuf>,
    /// In step with the directories, once all are met.
    rows: Vec<Option<Row>>,
    rules: Vec<PathBuf>,
    /// Directory → files directly in it that are left out.
    left: BTreeMap<String, Left>,
    /// Directories that directly hold what is neither a file nor a directory.
    special: BTreeSet<String>,
    listing: Option<kept::Listing>,
}

/// Files that are left out of what is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Left {
    /// How many are in copied code.
    vendored: u64,
    /// How many are test data.
    fixtures: u64,
    /// The digests of their names, added up.
    names: u64,
}

impl Left {
    fn add(&mut self, other: Left) {
        self.vendored += other.vendored;
        self.fixtures += other.fixtures;
        self.names = self.names.wrapping_add(other.names);
    }
}

/// A worker's own list, merged when the worker ends, so that no lock is taken per file.
struct Local<'a> {
    all: &'a Mutex<Found>,
    mine: Found,
}

impl Drop for Local<'_> {
    fn drop(&mut self) {
        let mut all = lock(self.all);
        let mine = std::mem::take(&mut self.mine);
        all.entries.extend(mine.entries);
        all.problems.extend(mine.problems);
        all.names.extend(mine.names);
        all.errors.extend(mine.errors);
        all.directories.extend(mine.directories);
        all.special.extend(mine.special);
        for (directory, left) in mine.left {
            all.left.entry(directory).or_default().add(left);
        }
    }
}

/// Returns the ignore files of a directory, and why they must not be read: the `ignore` crate opens whatever has the
/// name, so a link to a device or a pipe would hang it or exhaust memory.
fn ignore_files(root: &Path, directory: &Path) -> (Vec<&'static str>, Option<String>) {
    let (mut there, mut hostile) = (Vec::new(), None);
    let mut look = |name: &'static str, place: &Path| {
        let Ok(metadata) = fs::symlink_metadata(place) else { return };
        there.push(name);
        if hostile.is_none() {
            hostile = why_hostile(name, place, &metadata);
        }
    };
    look(".gitignore", &directory.join(".gitignore"));
    look(".ignore", &directory.join(".ignore"));
    if let Some(own) = (directory == root).then(|| excluded::list(root)).flatten() {
        look(".git/info/exclude", &own);
    }
    // The root's own list is known by where it lies.
    there.retain(|name| !name.contains('/'));
    (there, hostile)
}

fn why_hostile(name: &str, place: &Path, metadata: &fs::Metadata) -> Option<String> {
    if !metadata.file_type().is_file() {
        return Some(format!("`{name}` is not a regular file: not walked with ignore rules"));
    }
    if metadata.len() > IGNORE_FILE_LIMIT {
        return Some(format!("`{name}` is over the limit of {IGNORE_FILE_LIMIT} bytes"));
    }
    let lines = match read::bytes(place, IGNORE_FILE_LIMIT) {
        Ok(lines) => lines,
        Err(error) => return Some(format!("`{name}` cannot be read: {error}: not walked with ignore rules")),
    };
    (!pattern::are_bounded(&lines)).then(|| format!("`{name}` holds a pattern that is too long or nested"))
}

fn note(found: &mut Found, task: &Task<'_>, entry: &DirEntry) -> WalkState {
    let Some(relative) = below(task.root, entry.path()) else { return WalkState::Continue };
    let Some(file_type) = entry.file_type().filter(|_| !relative.as_os_str().is_empty()) else {
        return WalkState::Continue;
    };
    let at = if file_type.is_dir() { Some(relative) } else { relative.parent() };
    if task.plan.as_ref().zip(at).is_some_and(|(plan, at)| plan.holds(at)) {
        return WalkState::Continue;
    }
    let (path, raw) = shown(relative);
    if file_type.is_dir() {
        found.directories.push(relative.to_path_buf());
        if relative.components().count() < DEPTH_LIMIT {
            return WalkState::Continue;
        }
        let reason = format!("deeper than {DEPTH_LIMIT} directories: not entered");
        found.problems.push(Problem::new(path, reason, Class::Lost));
        return WalkState::Skip;
    }
    let seen = seen(entry.path(), file_type, &path);
    let size = || if task.how.is_looked { 0 } else { entry.metadata().map_or(0, |metadata| metadata.len()) };
    found.add(path, seen, size, raw);
    WalkState::Continue
}

fn seen(place: &Path, kind: fs::FileType, path: &str) -> Seen {
    if kind.is_file() {
        return Seen::File;
    }
    if !kind.is_symlink() {
        return Seen::Other;
    }
    let target = fs::read_link(place).ok();
    target.map_or(Seen::Other, |target| link(path, &target.to_string_lossy()))
}

/// A link at `path`, by its words alone.
pub(crate) fn link(path: &str, target: &str) -> Seen {
    Seen::Link { inside: leads_inside(path, target), absolute: target.starts_with('/') }
}

/// What stands at a path, as the walk and the object database tell it alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    File,
    Link {
        /// Whether it leads to a place of the tree whose files are read.
        inside: bool,
        /// Whether it names a place of the machine, which no other machine need have.
        absolute: bool,
    },
    Other,
}

/// Whether a link at `path` leads to what is read under its own name, from the words of the link alone.
pub(crate) fn leads_inside(path: &str, target: &str) -> bool {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    if target.starts_with('/') {
        return false;
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.pop().is_none() => return false,
            ".." => {}
            part => parts.push(part),
        }
    }
    let place = parts.join("/");
    let lies = Scope::of(&place);
    // What is read as something else, or not at all, says nothing of what the link is called.
    let is_alike = Kind::of(path).is_none_or(|kind| Kind::of(&place) == Some(kind));
    !parts.contains(&".git") && is_alike && (!lies.is_foreign() || lies == Scope::of(path))
}

/// Why a link that leads out of what is read costs something.
const AWAY: &str = "a symbolic link to what is not read: never followed";

impl Found {
    /// Sorts names and entries, which stand in one order, at once.
    fn sort(&mut self) {
        let mut entries = std::mem::take(&mut self.entries).into_iter().peekable();
        let with_entry = |name: Arc<str>| {
            let entry = entries.next_if(|entry| Arc::ptr_eq(&entry.path, &name));
            (name, entry)
        };
        let mut all: Vec<_> = std::mem::take(&mut self.names).into_iter().map(with_entry).collect();
        debug_assert!(entries.next().is_none());
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        self.names.reserve(all.len());
        for (name, entry) in all {
            self.names.push(name);
            self.entries.extend(entry);
        }
    }

    /// Takes in one thing that is no directory; `size` is only asked for where the file gets a reader.
    pub(crate) fn add(&mut self, path: String, seen: Seen, size: impl FnOnce() -> u64, raw: Option<PathBuf>) {
        let kind = Kind::of(&path);
        let scope = Scope::of(&path);
        let directory = parent(&path);
        if seen != Seen::File {
            self.special.insert(directory.to_owned());
        }
        if scope.is_foreign() {
            let fixtures = u64::from(scope == Scope::Fixture);
            let left = Left { vendored: 1 - fixtures, fixtures, names: same::digest(base(&path)) };
            match self.left.get_mut(directory) {
                Some(known) => known.add(left),
                None => self.left.entry(directory.to_owned()).or_default().add(left),
            }
            return;
        }
        let shared: Arc<str> = path.into();
        self.names.push(shared.clone());
        let lost = Class::in_scope(scope);
        let Some(kind) = kind else {
            // A folder may be a link, and code be built through it.
            if let Seen::Link { inside: false, absolute: false } = seen {
                self.problems.push(Problem::new(shared, AWAY, lost));
            }
            return;
        };
        let (reason, class) = match seen {
            Seen::File => {
                self.entries.push(Entry { path: shared, kind, size: size(), raw });
                return;
            }
            // What it leads to is read under its own name.
            Seen::Link { inside: true, .. } => ("a symbolic link: never followed", Class::LeftOut),
            Seen::Link { inside: false, .. } => (AWAY, lost),
            Seen::Other => ("not a regular file", lost),
        };
        self.problems.push(Problem::new(shared, reason, class));
    }
}

/// Says of each tree of files that is left out how many they are.
fn left_out(left: &BTreeMap<String, Left>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (scope, why) in [(Scope::Vendored, "vendored code"), (Scope::Fixture, "test data")] {
        let mut tops: BTreeMap<&str, u64> = BTreeMap::new();
        let mut last: Option<&str> = None;
        for (directory, left) in left {
            let files = if scope == Scope::Vendored { left.vendored } else { left.fixtures };
            if files > 0 {
                // Neighbours mostly lie below the same one.
                let top = last.filter(|top| is_within(directory, top)).unwrap_or_else(|| left_for(directory, scope));
                *tops.entry(top).or_default() += files;
                last = Some(top);
            }
        }
        for (directory, files) in tops {
            let plural = if files == 1 { "file" } else { "files" };
            let reason = format!("{why}, not read: {files} {plural}");
            problems.push(Problem::new(directory, reason, Class::LeftOut));
        }
    }
    problems
}

/// The topmost directory for which files in this one are left out.
fn left_for(directory: &str, scope: Scope) -> &str {
    let ends = directory.match_indices('/').map(|(at, _)| at).chain([directory.len()]);
    let mut tops = ends.map(|end| &directory[..end]);
    tops.find(|top| Scope::of(&format!("{top}/x")) == scope).unwrap_or(directory)
}

/// What a path that was met below the root is called there.
fn below<'p>(root: &Path, path: &'p Path) -> Option<&'p Path> {
    // Asked of every file: where both are text, their parts need not be told apart.
    let as_text = || path.to_str()?.strip_prefix(root.to_str()?)?.strip_prefix(MAIN_SEPARATOR);
    as_text().map(Path::new).or_else(|| path.strip_prefix(root).ok())
}

/// Shows a relative path with `/` and escapes what is not UTF-8; the second part is set where the shown path cannot be opened.
fn shown(relative: &Path) -> (String, Option<PathBuf>) {
    if let Some(path) = relative.to_str().filter(|_| MAIN_SEPARATOR == '/') {
        return (path.to_owned(), None);
    }
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

/// Sorts what was found and leaves out what the configuration excludes.
pub(crate) fn finish(found: Found, filter: &Filter) -> Walked {
    finish_looked(found, filter, |_| ())
}

fn finish_looked(mut found: Found, filter: &Filter, look: impl FnOnce(&mut [Entry])) -> Walked {
    if let Some(exclude) = &filter.exclude {
        let dropped = found.entries.len();
        found.entries.retain(|entry| !exclude.is_match(&*entry.path));
        found.names.retain(|name| !exclude.is_match(&**name));
        let dropped = dropped - found.entries.len();
        if dropped > 0 {
            let reason = format!("{dropped} files excluded by fitcheck.toml");
            found.problems.push(Problem::new(".", reason, Class::LeftOut));
        }
    }
    if let Some(also) = &filter.also {
        let asked = found.names.iter().filter(|name| Kind::of(name).is_none() && also.is_match(&***name));
        // What is no regular file is refused when it is opened.
        let asked = asked.map(|name| Entry { path: name.clone(), kind: Kind::Asked, size: 0, raw: None });
        found.entries.extend(asked.collect::<Vec<_>>());
    }
    found.problems.extend(left_out(&found.left));
    let failed = !found.errors.is_empty();
    for error in found.errors {
        found.problems.push(Problem::new(".", error, Class::Lost));
    }
    found.entries.sort_by(|a, b| a.path.cmp(&b.path));
    found.names.sort();
    look(&mut found.entries);
    found.problems.extend(keep_within(&filter.limits, &mut found.entries));
    found.problems.sort();
    let Found { entries, problems, names, directories, rows, rules, listing, .. } = found;
    Walked { entries, problems, names, directories, rows, rules, listing, failed, limits: filter.limits }
}

/// Cuts the sorted list where the budget ends, and says so once.
fn keep_within(limits: &Limits, entries: &mut Vec<Entry>) -> Option<Problem> {
    let (mut files, mut bytes) = (0, 0);
    let fits = |entry: &&Entry| {
        files += 1;
        // What is over the limit of a file is refused unread and costs nothing.
        bytes += if entry.size > limits.file_size { 0 } else { entry.size };
        files <= limits.files && bytes <= limits.bytes
    };
    let kept = entries.iter().take_while(fits).count();
    let dropped = entries.len() - kept;
    entries.truncate(kept);
    (dropped > 0).then(|| {
        let Limits { files, bytes, .. } = limits;
        let reason = format!(
            "{dropped} files not read: over the budget of {files} files and {bytes} bytes a run (limits `files`, `bytes`)"
        );
        Problem::new(".", reason, Class::Lost)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn paths(walked: &Walked) -> Vec<&str> {
        walked.entries.iter().map(|entry| &*entry.path).collect()
    }

    #[test]
    fn ignore_rules_hold_and_vendored_code_is_counted() {
        let root = tree(&[
            (".gitignore", "out/\n"),
            ("out/a.go", ""),
            ("b/main.go", ""),
            ("vendor/x/y.go", ""),
            (".github/workflows/ci.yml", ""),
            ("picture.png", ""),
        ]);
        let walked = walk(root.path(), 2, &Filter::default());
        assert_eq!(paths(&walked), [".github/workflows/ci.yml", "b/main.go"]);
        assert_eq!(walked.problems.len(), 1);
        assert_eq!(walked.problems[0].reason, "vendored code, not read: 1 file");
    }

    #[test]
    fn what_is_over_the_budget_is_counted() {
        let root = tree(&[("a.go", "12345"), ("b.go", "12345"), ("c.go", ""), ("d.txt", "")]);
        for (files, bytes, kept) in [(2, 100, 2), (9, 9, 1), (9, 10, 3), (0, 0, 0)] {
            let walked = walk(
                root.path(),
                1,
                &Filter { limits: Limits { files, bytes, ..Limits::default() }, ..Filter::default() },
            );
            assert_eq!(walked.entries.len(), kept);
            assert_eq!(walked.problems.len(), usize::from(kept < 3));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_special_ignore_file_hides_nothing_and_is_never_opened() {
        let root = tree(&[("a/main.go", ""), ("a/hidden.go", "")]);
        std::os::unix::fs::symlink("/dev/zero", root.path().join("a/.gitignore")).unwrap();
        let walked = walk(root.path(), 2, &Filter::default());
        assert_eq!(paths(&walked), ["a/hidden.go", "a/main.go"]);
        assert!(walked.problems.iter().any(|problem| &*problem.path == "a"));
    }

    #[test]
    fn a_repository_in_the_repository_has_rules_of_its_own() {
        let root = tree(&[
            (".git/info/exclude", "/private.go\n*.local.go\nkept.go\n"),
            (".gitignore", "cmd/\n!kept.go\n"),
            ("private.go", ""),
            ("a.local.go", ""),
            ("kept.go", ""),
            ("cmd/a.go", ""),
            ("sub/.git", "gitdir: ../.git/modules/sub\n"),
            ("sub/.gitignore", "out/\n"),
            ("sub/cmd/main.go", ""),
            ("sub/out/b.go", ""),
            ("sub/private.go", ""),
            ("sub/sub/.git/HEAD", ""),
            ("sub/sub/out/c.go", ""),
        ]);
        let walked = walk(root.path(), 2, &Filter::default());
        assert_eq!(paths(&walked), ["kept.go", "sub/cmd/main.go", "sub/private.go", "sub/sub/out/c.go"]);
        assert_eq!(walked.problems, []);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_reported_and_never_followed() {
        let root = tree(&[("a/main.go", "")]);
        std::os::unix::fs::symlink("/etc/passwd", root.path().join("a/x.go")).unwrap();
        std::os::unix::fs::symlink("..", root.path().join("a/up")).unwrap();
        let walked = walk(root.path(), 1, &Filter::default());
        assert_eq!(paths(&walked), ["a/main.go"]);
        assert_eq!(walked.problems.len(), 1);
    }
}
