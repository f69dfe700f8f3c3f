//! From a root to services: walk, read every file once, put together. The part of a run that needs no history.

mod unread;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use rayon::prelude::*;

use crate::cache::stamp::Stamps;
use crate::cache::{Cache, Key};
use crate::fact::FileFacts;
use crate::finding::Stats;
use crate::git::index::{Blob, Index};
use crate::heap;
use crate::limits::{self, Limits, Watch};
use crate::look::{Look, View};
use crate::panics;
use crate::parse::Kind;
use crate::problem::{Class, Flaw, Problem};
use crate::progress::Progress;
use crate::read;
use crate::reader;
use crate::room::Room;
use crate::service::repository::{FileEntry, Repository};
use crate::source::Text;
use crate::tree::StoredTree;
use crate::walk::{self, Entry, Filter, How, Walked, stamped};

/// Stack of a worker: parsers recurse, and the checks before them are made for this size.
const WORKER_STACK: usize = 16 << 20;

/// Why nothing could be scanned.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The user's: a path that is not there.
    #[error("cannot scan `{path}`: {source}")]
    Root { path: PathBuf, source: std::io::Error },
    /// The user's: a file where a directory is needed.
    #[error("cannot scan `{path}`: it is not a directory")]
    NotDirectory { path: PathBuf },
    /// The system's.
    #[error("cannot start {threads} threads: {message}")]
    Threads { threads: usize, message: String },
}

/// What was read, before anything is made of it.
#[derive(Debug)]
pub struct Scanned {
    pub repository: Repository,
    pub problems: Vec<Problem>,
    pub stats: Stats,
    /// How everything looked before it was read; `None` where that was not asked for or cannot tell.
    pub stamps: Option<Stamps>,
}

/// What may save reading a file again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    pub cache: Option<&'a Cache>,
    /// Tells which files of the work tree are as git last saw them.
    pub index: Option<&'a Index>,
    /// Whether to note how everything looks from outside.
    pub stamped: bool,
    /// Counts what is read.
    pub progress: Option<&'a Progress>,
}

impl Known<'_> {
    fn expect(self, files: usize) {
        self.progress.into_iter().for_each(|progress| progress.expect(files));
    }

    /// Hands through what was read, counted.
    fn counted<T>(self, read: T) -> T {
        self.progress.into_iter().for_each(Progress::step);
        read
    }
}

/// Reads the work tree below `root`.
pub fn scan(root: &Path, threads: usize, filter: &Filter, known: Known<'_>) -> Result<Scanned, ScanError> {
    let metadata = std::fs::metadata(root).map_err(|source| ScanError::Root { path: root.into(), source })?;
    if !metadata.is_dir() {
        return Err(ScanError::NotDirectory { path: root.into() });
    }
    let first_look = SystemTime::now();
    let pool = pool(threads)?;
    let (mut walked, seen) = pool.install(|| walk_looked(root, threads, filter, known));
    known.expect(walked.entries.len());
    let work = Work { known, watch: Watch::new(&walked.limits), bounds: Bounds::new(walked.limits) };
    let (stamps, results) = pool.install(|| {
        let listing = walked.listing.take();
        if known.stamped || listing.is_some() {
            stamped::look(root, &mut walked, first_look);
        }
        let kept = listing
            .zip(known.cache)
            .and_then(|(listing, cache)| Some((listing.encode(&walked, root, first_look)?, cache)));
        kept.into_iter().for_each(|(bytes, cache)| cache.note(walk::kept::key(), bytes));
        let stamps = known.stamped.then(|| stamped::stamps(root, &walked, &seen, first_look)).flatten();
        let paths = walked.entries.iter().map(|entry| &*entry.path);
        let blobs = known.index.map(|index| index.all_unchanged(paths.zip(&seen)));
        let read = |buffer: &mut Vec<u8>, nth: usize, entry: &Entry| {
            let blob = blobs.as_ref().and_then(|blobs| blobs.get(nth).copied().flatten());
            known.counted(read_entry(root, entry, blob, &work, buffer))
        };
        (stamps, in_lanes(&walked.entries, Vec::new, read))
    });
    let scanned = put_together(walked, results);
    // What could not be read today may be readable tomorrow, and look the same.
    let all_read =
        !scanned.problems.iter().any(|problem| read::may_pass(&problem.reason) || limits::may_pass(&problem.reason));
    Ok(Scanned { stamps: stamps.filter(|_| all_read), ..scanned })
}

/// Walks the tree by what the cache knows of it. With a cache, one look at each file serves its size, the stamps and the
/// question whether it is as git knows it.
fn walk_looked(root: &Path, threads: usize, filter: &Filter, known: Known<'_>) -> (Walked, Vec<Option<Look>>) {
    let is_looked = known.cache.is_some() || known.stamped;
    let kept = known.cache.and_then(|cache| cache.noted(&walk::kept::key()));
    let mut seen = Vec::new();
    let look = |entries: &mut [Entry]| {
        if !is_looked {
            return;
        }
        let view = View::from(root);
        seen = entries.par_iter().map(|entry| view.look(named(entry)).ok()).collect();
        for (entry, seen) in entries.iter_mut().zip(&seen).filter(|(entry, _)| entry.kind != Kind::Asked) {
            entry.size = seen.as_ref().map_or(0, |look| look.size);
        }
    };
    let walked = walk::walk_by(root, filter, How { threads, kept: kept.as_deref(), is_looked }, look);
    (walked, seen)
}

/// Reads a commit's tree or the index, straight from the object database.
pub fn scan_stored(tree: StoredTree, threads: usize, known: Known<'_>) -> Result<Scanned, ScanError> {
    known.expect(tree.walked.entries.len());
    let limits = tree.walked.limits;
    let work = Work { known, watch: Watch::new(&limits), bounds: Bounds::new(limits) };
    let results = pool(threads)?.install(|| {
        let worker = || (tree.contents(), Vec::new());
        in_lanes(&tree.walked.entries, worker, |(contents, buffer), nth, entry| {
            let id = tree.id(nth);
            if let Some(refused) = work.refuses(entry) {
                return refused;
            }
            let key = Key::of_blob(&entry.path, entry.kind, id);
            known.counted(());
            if let Some(facts) = known.cache.and_then(|cache| cache.lookup(&key, entry.size)) {
                return Some(with_problems(&entry.path, facts, &limits));
            }
            let loaded = contents.load(id, limits.file_size, buffer);
            Some(read_loaded(entry, loaded, &work.bounds, |facts| remember(known.cache, key, entry.size, facts)))
        })
    });
    Ok(put_together(tree.walked, results))
}

/// Files from this size on are read by two threads at most, however many there are.
///
/// What a reader gives back stays with its thread's part of the heap: were every thread to read a file that takes two
/// hundred megabytes, so much would stay with each.
const LARGE: u64 = 256 << 10;

/// Files that a thread takes at once: the fewer, the less waits for the last to be done.
const BATCH: usize = 16;

/// Reads all files, the large ones on one thread beside the others, and on one more once those are done; results are
/// in the order of the files, and none is missing.
fn in_lanes<S, T: Send>(
    entries: &[Entry],
    state: impl Fn() -> S + Send + Sync,
    read: impl Fn(&mut S, usize, &Entry) -> T + Send + Sync,
) -> Vec<Option<T>> {
    let is_large = |entry: &Entry| entry.size >= LARGE;
    let large: Vec<usize> = (0..entries.len()).filter(|&nth| is_large(&entries[nth])).collect();
    let next = AtomicUsize::new(0);
    let read_large = || {
        let mut state = state();
        let taken = std::iter::from_fn(|| large.get(next.fetch_add(1, Ordering::Relaxed)).copied());
        taken.map(|nth| (nth, read(&mut state, nth, &entries[nth]))).collect::<Vec<(usize, T)>>()
    };
    let read_small = || {
        let entries = entries.par_iter().enumerate().with_max_len(BATCH);
        let read = |state: &mut S, (nth, entry): (usize, &Entry)| (!is_large(entry)).then(|| read(state, nth, entry));
        entries.map_init(&state, read).collect::<Vec<Option<T>>>()
    };
    let (some, (mut all, others)) = rayon::join(read_large, || (read_small(), read_large()));
    for (nth, result) in some.into_iter().chain(others) {
        all[nth] = Some(result);
    }
    all
}

type Read = (FileEntry, Vec<Problem>);

/// What reading any of the files needs to know.
struct Work<'a> {
    known: Known<'a>,
    watch: Watch,
    bounds: Bounds,
}

/// What bounds the reading of one file: its limits, and the room that other files leave.
struct Bounds {
    limits: Limits,
    room: Room,
}

impl Bounds {
    fn new(limits: Limits) -> Bounds {
        Bounds { limits, room: Room::default() }
    }
}

impl Work<'_> {
    /// Refuses a file before anything is asked of it: `Some(None)` where there is no room left for one.
    fn refuses(&self, entry: &Entry) -> Option<Option<Read>> {
        if let Err(reason) = read::check_size(entry.size, self.bounds.limits.file_size) {
            return Some(Some(failed(entry, reason)));
        }
        self.watch.is_full(entry.size).then_some(None)
    }
}

fn put_together(walked: Walked, results: Vec<Option<Option<Read>>>) -> Scanned {
    let limits = walked.limits;
    let mut stats = Stats { files: walked.entries.len() as u64, ..Stats::default() };
    stats.bytes = walked.entries.iter().map(|entry| entry.size).sum();
    let mut problems = walked.problems;
    let (mut facts, mut unread, mut unused) = (0, 0, 0);
    // Collected in its place: there is much of it.
    let files = results.into_iter().enumerate().map(|(nth, result)| {
        let Some((mut file, found)) = result.flatten() else {
            unread += 1;
            return FileEntry::new(walked.entries[nth].path.clone(), FileFacts::default());
        };
        facts += file.facts.facts.len() as u64;
        if facts > limits.facts {
            unused += 1;
            file.facts = Box::default();
        }
        problems.extend(found);
        file
    });
    let files: Vec<FileEntry> = files.collect();
    problems.extend(unread::of(&files, &walked.names));
    problems.extend(over(unread, "not read", "memory", limits.memory, "bytes"));
    problems.extend(over(unused, "not used", "facts", limits.facts, "facts"));
    problems.sort();
    Scanned { repository: Repository::new(files, walked.names), problems, stats, stamps: None }
}

/// Says once how many files a limit of the run cost.
fn over(files: u64, what: &str, name: &str, limit: u64, unit: &str) -> Option<Problem> {
    let reason = format!("{files} files {what}: over the limit `{name}` of {limit} {unit} a run");
    (files > 0).then(|| Problem::new(".", reason, Class::Lost))
}

fn pool(threads: usize) -> Result<rayon::ThreadPool, ScanError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(WORKER_STACK)
        .thread_name(|nth| format!("read-{nth}"))
        .start_handler(|_| heap::grow())
        .build()
        .map_err(|error| ScanError::Threads { threads, message: error.to_string() })
}

fn read_entry(root: &Path, entry: &Entry, blob: Option<Blob>, work: &Work<'_>, buffer: &mut Vec<u8>) -> Option<Read> {
    work.refuses(entry).unwrap_or_else(|| Some(read_file(root, entry, blob, work, buffer)))
}

/// What a file is called below the root.
fn named(entry: &Entry) -> &Path {
    entry.raw.as_deref().unwrap_or(Path::new(&*entry.path))
}

fn read_file(root: &Path, entry: &Entry, blob: Option<Blob>, work: &Work<'_>, buffer: &mut Vec<u8>) -> Read {
    let Work { known, bounds, .. } = work;
    let most = bounds.limits.file_size;
    let path = root.join(named(entry));
    let Some(cache) = known.cache else {
        return read_loaded(entry, read::load_within(&path, most, buffer), bounds, |_| ());
    };
    if let Some((blob, size)) = blob {
        let key = Key::of_blob(&entry.path, entry.kind, blob);
        return match cache.lookup(&key, size) {
            Some(facts) => with_problems(&entry.path, facts, &bounds.limits),
            None => read_loaded(entry, read::load_within(&path, most, buffer), bounds, |facts| {
                // Nobody may have written to the file while it was read.
                if unchanged(entry, known.index, &path) == Some((blob, size)) {
                    cache.store(key, size, facts);
                }
            }),
        };
    }
    let loaded = read::load_within(&path, most, buffer);
    let Ok(text) = loaded else { return read_loaded(entry, loaded, bounds, |_| ()) };
    let key = Key::of_text(&entry.path, entry.kind, text);
    match cache.lookup(&key, text.len() as u64) {
        Some(facts) => with_problems(&entry.path, facts, &bounds.limits),
        None => read_loaded(entry, Ok(text), bounds, |facts| cache.store(key, text.len() as u64, facts)),
    }
}

fn unchanged(entry: &Entry, index: Option<&Index>, path: &Path) -> Option<Blob> {
    index?.unchanged(&entry.path, &Look::at(path).ok()?)
}

fn remember(cache: Option<&Cache>, key: Key, size: u64, facts: &FileFacts) {
    if let Some(cache) = cache {
        cache.store(key, size, facts);
    }
}

/// Reads a file that was loaded, and hands over its facts where a reader got through.
fn read_loaded(entry: &Entry, loaded: Result<&str, String>, bounds: &Bounds, keep: impl FnOnce(&FileFacts)) -> Read {
    let Bounds { limits, room } = bounds;
    let facts = loaded.and_then(|text| {
        let _place = room.take(text.len() as u64);
        facts_of(&entry.path, entry.kind, text, limits)
    });
    match facts {
        Ok((facts, is_whole)) => {
            if is_whole {
                keep(&facts);
            }
            with_problems(&entry.path, facts, limits)
        }
        Err(reason) => failed(entry, reason),
    }
}

fn failed(entry: &Entry, reason: String) -> Read {
    // Headers declare what others hold: some are generated by the megabyte, and no verdict hangs on one.
    let most = if is_header(&entry.path) { Class::Partial } else { Class::Lost };
    let problem = Problem::new(entry.path.clone(), reason, Class::of_file(&entry.path).min(most));
    (FileEntry::new(entry.path.clone(), FileFacts::default()), vec![problem])
}

fn is_header(path: &str) -> bool {
    [".h", ".hh", ".hpp"].iter().any(|end| path.ends_with(end))
}

/// Reads one text; a panic of a reader costs this file alone. The second part says whether no limit cut it short:
/// what a slow machine gave up on is not what the next one may take for the file's facts.
fn facts_of(path: &str, kind: Kind, text: &str, limits: &Limits) -> Result<(FileFacts, bool), String> {
    panics::caught(|| reader::read_within(kind, &Text::new(path, text), limits))
        .map_err(|_| "a reader failed on this file: please report it as a bug of fitcheck".into())
}

fn with_problems(path: &Arc<str>, mut facts: FileFacts, limits: &Limits) -> Read {
    let count = usize::try_from(limits.file_facts).unwrap_or(usize::MAX);
    if let Some(first) = facts.facts.get(count) {
        let reason = format!("over the limit `file-facts` of {count} facts a file: the rest is not used");
        facts.flaws.push(Flaw { reason, place: Some(first.place), class: Class::Lost });
        facts.facts.truncate(count);
    }
    let problem = |flaw: &Flaw| Problem {
        path: path.clone(),
        reason: flaw.reason.clone(),
        place: flaw.place,
        // A test or an example may be broken on purpose.
        class: flaw.class.min(Class::of_file(path)),
    };
    let problems = facts.flaws.iter().map(problem).collect();
    (FileEntry::new(path.clone(), facts), problems)
}

/// Reads one text by itself.
pub fn read_text(path: &str, kind: Kind, text: &str) -> (FileEntry, Vec<Problem>) {
    let entry = Entry { path: path.into(), kind, size: text.len() as u64, raw: None };
    read_loaded(&entry, Ok(text), &Bounds::new(Limits::default()), |_| ())
}
