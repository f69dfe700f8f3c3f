//! From the root to the files worth opening: ignore rules honoured, links never followed, in a stable order.
//!
//! In: a directory. Out: [`Entry`]s sorted by path, and problems for what was seen and left out. Whether a file
//! is opened at all is decided here, from its path and size: vendored copies and test data are counted, not read.

mod excluded;
pub(crate) mod stamped;

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex};

use ignore::{DirEntry, WalkBuilder, WalkState};

use crate::limits::Limits;
use crate::parse::Kind;
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
    /// Every directory below the root that was entered, as it is called on the disk, in any order.
    pub directories: Vec<PathBuf>,
    /// Whether something could not be looked at.
    pub failed: bool,
    /// What reading them is held to.
    pub limits: Limits,
}

/// What to leave out, as the configuration and the limits say; empty lists change nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub exclude: Option<globset::GlobSet>,
    /// Paths that git tracks: read even where ignore rules leave them out, or a change could hide what it wants.
    pub tracked: Vec<String>,
    /// Files to open although no reader of ours knows them: extractors of the user's ask for them.
    pub also: Option<globset::GlobSet>,
    pub limits: Limits,
}

/// Walks the tree below `root` with `threads` threads.
pub fn walk(root: &Path, threads: usize, filter: &Filter) -> Walked {
    let found = Mutex::new(Found::default());
    let mut starts = vec![root.to_path_buf()];
    while !starts.is_empty() {
        starts = walk_each(root, &starts, threads, &found);
    }
    let mut found = std::mem::take(&mut *lock(&found));
    add_tracked(&mut found, root, &filter.tracked);
    finish(found, filter)
}

/// Adds the tracked files that the walk did not meet.
fn add_tracked(found: &mut Found, root: &Path, tracked: &[String]) {
    let met: HashSet<Arc<str>> = found.names.iter().cloned().collect();
    let hidden = tracked.iter().filter(|path| !met.contains(path.as_str()) && !Scope::of(path).is_foreign());
    let hidden = hidden.filter(|path| stays_below(path));
    for path in hidden.collect::<Vec<_>>() {
        // A directory that has become a link since it was tracked would lead out of the root.
        let below = Path::new(path).ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
        if !below.into_iter().all(|above| kind_at(&root.join(above)).is_some_and(|kind| kind.is_dir())) {
            continue;
        }
        let place = root.join(path);
        let Some(kind) = kind_at(&place).filter(|kind| !kind.is_dir()) else { continue };
        let size = || fs::symlink_metadata(&place).map_or(0, |meta| meta.len());
        found.add(path.clone(), seen(&place, kind, path), size, None);
    }
}

/// An index is input as well: its paths may be anything.
fn stays_below(path: &str) -> bool {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(name) if name != ".git");
    !path.is_empty() && Path::new(path).components().all(plain)
}

fn kind_at(path: &Path) -> Option<fs::FileType> {
    fs::symlink_metadata(path).ok().map(|meta| meta.file_type())
}

/// A worker that panicked left its list whole: what the others found still counts.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Walks what lies below each start, and returns what must be walked as a start of its own: a repository in the
/// repository, where no rule from outside holds, and a directory whose rules must not be read.
fn walk_each(root: &Path, starts: &[PathBuf], threads: usize, found: &Mutex<Found>) -> Vec<PathBuf> {
    let (mut ruled, mut bare) = (Vec::new(), Vec::new());
    for start in starts {
        let Some(reason) = hostile_ignore_file(root, start) else {
            ruled.push(start);
            continue;
        };
        let path = start.strip_prefix(root).map(shown).unwrap_or_default().0;
        let path = if path.is_empty() { ".".to_owned() } else { path };
        lock(found).problems.push(Problem::new(path, reason, Class::Partial));
        bare.push(start);
    }
    let apart = Arc::default();
    if let Some(mut builder) = of_all(&ruled) {
        run(with_rules(&mut builder, root, &apart).threads(threads), root, found);
    }
    if let Some(mut builder) = of_all(&bare) {
        run(without_rules(&mut builder).threads(threads), root, found);
    }
    let mut apart = std::mem::take(&mut *lock(&apart));
    apart.sort();
    apart
}

fn of_all(starts: &[&PathBuf]) -> Option<WalkBuilder> {
    let (first, others) = starts.split_first()?;
    let mut builder = WalkBuilder::new(first);
    for start in others {
        builder.add(start);
    }
    Some(builder)
}

fn with_rules<'a>(builder: &'a mut WalkBuilder, root: &Path, apart: &Arc<Mutex<Vec<PathBuf>>>) -> &'a mut WalkBuilder {
    builder.hidden(false).parents(false).git_global(false).git_exclude(false).require_git(false).follow_links(false);
    if let Some(list) = excluded::list(root).filter(|list| list.is_file()) {
        builder.current_dir(root).add_ignore(list);
    }
    let (apart, whole) = (Arc::clone(apart), root.to_path_buf());
    builder.filter_entry(move |entry| {
        if entry.depth() == 0 || !entry.file_type().is_some_and(|kind| kind.is_dir()) {
            return true;
        }
        if is_repository(entry) {
            return false;
        }
        let is_apart =
            kind_at(&entry.path().join(".git")).is_some() || hostile_ignore_file(&whole, entry.path()).is_some();
        if is_apart {
            lock(&apart).push(entry.path().to_path_buf());
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

fn run(builder: &mut WalkBuilder, root: &Path, found: &Mutex<Found>) {
    builder.build_parallel().run(|| {
        let mut local = Local { all: found, mine: Found::default() };
        Box::new(move |result| {
            match result {
                Ok(entry) => return note(&mut local.mine, root, &entry),
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
        let mut all = lock(self.all);
        let mine = std::mem::take(&mut self.mine);
        all.entries.extend(mine.entries);
        all.problems.extend(mine.problems);
        all.names.extend(mine.names);
        all.errors.extend(mine.errors);
        all.directories.extend(mine.directories);
        for (directory, (files, why)) in mine.left {
            all.left.entry(directory).or_insert((0, why)).0 += files;
        }
    }
}

/// Says why the ignore files of a directory must not be read: the `ignore` crate opens whatever has the name, so a
/// link to a device or a pipe would hang it or exhaust memory.
fn hostile_ignore_file(root: &Path, directory: &Path) -> Option<String> {
    let own = (directory == root).then(|| excluded::list(root)).flatten();
    let lists = [".gitignore", ".ignore"].map(|name| (name, directory.join(name)));
    lists.into_iter().chain(own.map(|list| (".git/info/exclude", list))).find_map(|(name, file)| {
        let metadata = fs::symlink_metadata(&file).ok()?;
        if !metadata.file_type().is_file() {
            return Some(format!("`{name}` is not a regular file: not walked with ignore rules"));
        }
        if metadata.len() > IGNORE_FILE_LIMIT {
            return Some(format!("`{name}` is over the limit of {IGNORE_FILE_LIMIT} bytes"));
        }
        let lines = match read::bytes(&file, IGNORE_FILE_LIMIT) {
            Ok(lines) => lines,
            Err(error) => return Some(format!("`{name}` cannot be read: {error}: not walked with ignore rules")),
        };
        (!pattern::are_bounded(&lines)).then(|| format!("`{name}` holds a pattern that is too long or nested"))
    })
}

fn note(found: &mut Found, root: &Path, entry: &DirEntry) -> WalkState {
    let Ok(relative) = entry.path().strip_prefix(root) else { return WalkState::Continue };
    let Some(file_type) = entry.file_type().filter(|_| !relative.as_os_str().is_empty()) else {
        return WalkState::Continue;
    };
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
    found.add(path, seen, || entry.metadata().map_or(0, |metadata| metadata.len()), raw);
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
    /// Takes in one thing that is no directory; `size` is only asked for where the file gets a reader.
    pub(crate) fn add(&mut self, path: String, seen: Seen, size: impl FnOnce() -> u64, raw: Option<PathBuf>) {
        let kind = Kind::of(&path);
        let scope = Scope::of(&path);
        if scope.is_foreign() {
            count_left(self, &path, scope);
            return;
        }
        let shared: Arc<str> = path.into();
        self.names.push(shared.clone());
        let lost = Class::of_file(&shared);
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

/// Sorts what was found and leaves out what the configuration excludes.
pub(crate) fn finish(mut found: Found, filter: &Filter) -> Walked {
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
    for (directory, (files, why)) in found.left {
        let plural = if files == 1 { "file" } else { "files" };
        let reason = format!("{why}, not read: {files} {plural}");
        found.problems.push(Problem::new(directory, reason, Class::LeftOut));
    }
    let failed = !found.errors.is_empty();
    for error in found.errors {
        found.problems.push(Problem::new(".", error, Class::Lost));
    }
    found.entries.sort_by(|a, b| a.path.cmp(&b.path));
    found.names.sort();
    found.problems.extend(keep_within(&filter.limits, &mut found.entries));
    found.problems.sort();
    let Found { entries, problems, names, directories, .. } = found;
    Walked { entries, problems, names, directories, failed, limits: filter.limits }
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
