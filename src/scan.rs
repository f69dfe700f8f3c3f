//! From a root to services: walk, read every file once, put together. The part of a run that needs no history.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rayon::prelude::*;

use crate::cache::stamp::Stamps;
use crate::cache::{Cache, Key};
use crate::fact::FileFacts;
use crate::finding::Stats;
use crate::git::index::Index;
use crate::panics;
use crate::parse::Kind;
use crate::problem::{Class, Flaw, Problem};
use crate::progress::Progress;
use crate::read;
use crate::reader;
use crate::service::repository::{FileEntry, Repository};
use crate::source::Text;
use crate::tree::StoredTree;
use crate::walk::{self, Entry, Filter, Walked, stamped};

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
    let walked = walk::walk(root, threads, filter);
    known.expect(walked.entries.len());
    let (stamps, results) = pool.install(|| {
        let stamps = known.stamped.then(|| stamped::stamps(root, &walked, first_look)).flatten();
        let read = |buffer: &mut Vec<u8>, entry| known.counted(read_entry(root, entry, known, buffer));
        (stamps, walked.entries.par_iter().map_init(Vec::new, read).collect())
    });
    let scanned = put_together(walked, results);
    // What could not be read today may be readable tomorrow, and look the same.
    let all_read = !scanned.problems.iter().any(|problem| read::may_pass(&problem.reason));
    Ok(Scanned { stamps: stamps.filter(|_| all_read), ..scanned })
}

/// Reads a commit's tree or the index, straight from the object database.
pub fn scan_stored(tree: StoredTree, threads: usize, known: Known<'_>) -> Result<Scanned, ScanError> {
    known.expect(tree.walked.entries.len());
    let results = pool(threads)?.install(|| {
        let entries = tree.walked.entries.par_iter().enumerate();
        let worker = || (tree.contents(), Vec::new());
        entries
            .map_init(worker, |(contents, buffer), (nth, entry)| {
                let id = tree.id(nth);
                let key = Key::of_blob(&entry.path, entry.kind, id);
                known.counted(());
                if let Some(facts) = known.cache.and_then(|cache| cache.lookup(&key, entry.size)) {
                    return with_problems(&entry.path, facts);
                }
                let loaded = contents.load(id, buffer);
                read_loaded(entry, loaded, |facts| remember(known.cache, key, entry.size, facts))
            })
            .collect()
    });
    Ok(put_together(tree.walked, results))
}

type Read = (FileEntry, Vec<Problem>);

fn put_together(walked: Walked, results: Vec<Read>) -> Scanned {
    let mut stats = Stats { files: walked.entries.len() as u64, ..Stats::default() };
    stats.bytes = walked.entries.iter().map(|entry| entry.size).sum();
    let mut problems = walked.problems;
    let mut files = Vec::with_capacity(results.len());
    for (file, found) in results {
        problems.extend(found);
        files.push(file);
    }
    problems.sort();
    Scanned { repository: Repository::new(files, walked.names), problems, stats, stamps: None }
}

fn pool(threads: usize) -> Result<rayon::ThreadPool, ScanError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(WORKER_STACK)
        .build()
        .map_err(|error| ScanError::Threads { threads, message: error.to_string() })
}

fn read_entry(root: &Path, entry: &Entry, known: Known<'_>, buffer: &mut Vec<u8>) -> Read {
    let path = match &entry.raw {
        Some(raw) => root.join(raw),
        None => root.join(&*entry.path),
    };
    let Some(cache) = known.cache else { return read_loaded(entry, read::load(&path, buffer), |_| ()) };
    if let Some((blob, size)) = unchanged(entry, known.index, &path) {
        let key = Key::of_blob(&entry.path, entry.kind, blob);
        return match cache.lookup(&key, size) {
            Some(facts) => with_problems(&entry.path, facts),
            None => read_loaded(entry, read::load(&path, buffer), |facts| {
                // Nobody may have written to the file while it was read.
                if unchanged(entry, known.index, &path) == Some((blob, size)) {
                    cache.store(key, size, facts);
                }
            }),
        };
    }
    let loaded = read::load(&path, buffer);
    let Ok(text) = loaded else { return read_loaded(entry, loaded, |_| ()) };
    let key = Key::of_text(&entry.path, entry.kind, text);
    match cache.lookup(&key, text.len() as u64) {
        Some(facts) => with_problems(&entry.path, facts),
        None => read_loaded(entry, Ok(text), |facts| cache.store(key, text.len() as u64, facts)),
    }
}

fn unchanged(entry: &Entry, index: Option<&Index>, path: &Path) -> Option<(gix::ObjectId, u64)> {
    let meta = std::fs::symlink_metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    Some((index?.unchanged(&entry.path, &meta)?, meta.len()))
}

fn remember(cache: Option<&Cache>, key: Key, size: u64, facts: &FileFacts) {
    if let Some(cache) = cache {
        cache.store(key, size, facts);
    }
}

/// Reads a file that was loaded, and hands over its facts where a reader got through.
fn read_loaded(entry: &Entry, loaded: Result<&str, String>, keep: impl FnOnce(&FileFacts)) -> Read {
    let failed = |reason: String| {
        let problem = Problem::new(entry.path.clone(), reason, Class::of_file(&entry.path));
        (FileEntry::new(&entry.path, FileFacts::default()), vec![problem])
    };
    match loaded.and_then(|text| facts_of(&entry.path, entry.kind, text)) {
        Ok(facts) => {
            keep(&facts);
            with_problems(&entry.path, facts)
        }
        Err(reason) => failed(reason),
    }
}

/// Reads one text; a panic of a reader costs this file alone.
fn facts_of(path: &str, kind: Kind, text: &str) -> Result<FileFacts, String> {
    panics::caught(|| reader::read(kind, &Text::new(path, text)))
        .map_err(|_| "a reader failed on this file: please report it as a bug of fitcheck".into())
}

fn with_problems(path: &str, facts: FileFacts) -> Read {
    // A test or an example may be broken on purpose.
    let most = Class::of_file(path);
    let problem = |flaw: &Flaw| Problem {
        path: path.into(),
        reason: flaw.reason.clone(),
        place: flaw.place,
        class: flaw.class.min(most),
    };
    let problems = facts.flaws.iter().map(problem).collect();
    (FileEntry::new(path, facts), problems)
}

/// Reads one text by itself.
pub fn read_text(path: &str, kind: Kind, text: &str) -> (FileEntry, Vec<Problem>) {
    let entry = Entry { path: path.into(), kind, size: text.len() as u64, raw: None };
    read_loaded(&entry, Ok(text), |_| ())
}
