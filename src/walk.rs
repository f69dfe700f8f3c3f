//! From the root to the files worth opening: ignore rules honoured, links never followed, in a stable order.
//!
//! In: a directory. Out: [`Entry`]s sorted by path, and problems for what was seen and left out. Whether a file
//! is opened at all is decided here, from its path and size: vendored copies and test data are counted, not read.

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
    let refused = Arc::new(Mutex::new(Vec::new()));
    match hostile_ignore_file(root) {
        Some(reason) => {
            lock(&found).problems.push(Problem::new(".", reason, Class::Partial));
            run(&mut without_rules(root, threads), root, &found);
        }
        None => {
            run(&mut with_rules(root, threads, &refused), root, &found);
            let mut directories = std::mem::take(&mut *lock(&refused));
            directories.sort();
            for directory in directories {
                let path = directory.strip_prefix(root).map(shown).unwrap_or_default().0;
                let reason = hostile_ignore_file(&directory).unwrap_or_default();
                lock(&found).problems.push(Problem::new(path, reason, Class::Partial));
                run(&mut without_rules(&directory, threads), root, &found);
            }
        }
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

fn with_rules(root: &Path, threads: usize, refused: &Arc<Mutex<Vec<PathBuf>>>) -> WalkBuilder {
    let mut builder = WalkBuilder::new(root);
    builder.hidden(false).parents(false).git_global(false).require_git(false).follow_links(false);
    builder.max_depth(Some(DEPTH_LIMIT)).threads(threads);
    let refused = Arc::clone(refused);
    builder.filter_entry(move |entry| {
        if entry.depth() == 0 || !entry.file_type().is_some_and(|kind| kind.is_dir()) {
            return true;
        }
        if is_repository(entry) {
            return false;
        }
        if hostile_ignore_file(entry.path()).is_some() {
            lock(&refused).push(entry.path().to_path_buf());
            return false;
        }
        true
    });
    builder
}

/// Walks a tree whose ignore files must not be opened: files it would ignore are read, which hides nothing.
fn without_rules(root: &Path, threads: usize) -> WalkBuilder {
    let mut builder = WalkBuilder::new(root);
    builder.standard_filters(false).follow_links(false).max_depth(Some(DEPTH_LIMIT)).threads(threads);
    builder.filter_entry(|entry| entry.depth() == 0 || !is_repository(entry));
    builder
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
                Ok(entry) => note(&mut local.mine, root, &entry),
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

/// What the `ignore` crate opens because a `.git` file names a place.
fn followed(directory: &Path) -> Vec<PathBuf> {
    let git = directory.join(".git");
    let is_file = kind_at(&git).is_some_and(|kind| kind.is_file());
    let first_line = |path: &Path| {
        let bytes = read::bytes(path, IGNORE_FILE_LIMIT).ok()?;
        String::from_utf8_lossy(&bytes).lines().next().map(str::to_owned)
    };
    let line = is_file.then(|| first_line(&git)).flatten();
    let Some(place) = line.as_deref().and_then(|line| line.strip_prefix("gitdir: ")).map(PathBuf::from) else {
        return Vec::new();
    };
    let pointer = place.join("commondir");
    let common = is_harmless(&pointer).then(|| first_line(&pointer)).flatten();
    let exclude = place.join(common.unwrap_or_default()).join("info/exclude");
    vec![pointer, exclude]
}

/// Whether opening a path can neither hang nor grow: there is a small regular file, or nothing.
fn is_harmless(path: &Path) -> bool {
    fs::symlink_metadata(path).map_or(true, |meta| meta.is_file() && meta.len() <= IGNORE_FILE_LIMIT)
}

/// Says why the ignore files of a directory must not be read: the `ignore` crate opens whatever has the name, so a
/// link to a device or a pipe would hang it or exhaust memory.
fn hostile_ignore_file(directory: &Path) -> Option<String> {
    if let Some(file) = followed(directory).into_iter().find(|file| !is_harmless(file)) {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return Some(format!("`.git` leads to `{name}`, which is not a regular file: not walked with ignore rules"));
    }
    [".gitignore", ".ignore", ".git/info/exclude"].iter().find_map(|name| {
        let metadata = fs::symlink_metadata(directory.join(name)).ok()?;
        if !metadata.file_type().is_file() {
            return Some(format!("`{name}` is not a regular file: not walked with ignore rules"));
        }
        if metadata.len() > IGNORE_FILE_LIMIT {
            return Some(format!("`{name}` is over the limit of {IGNORE_FILE_LIMIT} bytes"));
        }
        let lines = match read::bytes(&directory.join(name), IGNORE_FILE_LIMIT) {
            Ok(lines) => lines,
            Err(error) => return Some(format!("`{name}` cannot be read: {error}: not walked with ignore rules")),
        };
        (!pattern::are_bounded(&lines)).then(|| format!("`{name}` holds a pattern that is too long or nested"))
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
        found.directories.push(relative.to_path_buf());
        return;
    }
    let seen = seen(entry.path(), file_type, &path);
    found.add(path, seen, || entry.metadata().map_or(0, |metadata| metadata.len()), raw);
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
    let lies = Scope::of(&parts.join("/"));
    !parts.contains(&".git") && (!lies.is_foreign() || lies == Scope::of(path))
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

fn note_directory(found: &mut Found, entry: &DirEntry, path: String) {
    if entry.depth() >= DEPTH_LIMIT {
        let reason = format!("deeper than {DEPTH_LIMIT} directories: not entered");
        found.problems.push(Problem::new(path, reason, Class::Lost));
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
        assert!(followed(root.path()).is_empty());
        let place = root.path().join("place");
        fs::create_dir(&place).unwrap();
        std::os::unix::fs::symlink("/dev/zero", place.join("commondir")).unwrap();
        fs::create_dir(root.path().join("sub")).unwrap();
        fs::write(root.path().join("sub/.git"), format!("gitdir: {}\n", place.display())).unwrap();
        assert!(hostile_ignore_file(&root.path().join("sub")).is_some_and(|reason| reason.contains("commondir")));
        fs::remove_file(root.path().join("sub/.git")).unwrap();
        fs::remove_dir_all(place).unwrap();
        let walked = walk(root.path(), 2, &Filter::default());
        assert_eq!(paths(&walked), ["a/hidden.go", "a/main.go"]);
        assert!(walked.problems.iter().any(|problem| &*problem.path == "a"));
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
