//! From a root to services: walk, read every file once, put together. The part of a run that needs no history.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::fact::FileFacts;
use crate::finding::Stats;
use crate::parse::Kind;
use crate::problem::Problem;
use crate::read;
use crate::reader;
use crate::service::repository::{FileEntry, Repository};
use crate::source::Text;
use crate::tree::StoredTree;
use crate::walk::{self, Entry, Filter, Walked};

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
}

/// Reads the work tree below `root`.
pub fn scan(root: &Path, threads: usize, filter: &Filter) -> Result<Scanned, ScanError> {
    let metadata = std::fs::metadata(root).map_err(|source| ScanError::Root { path: root.into(), source })?;
    if !metadata.is_dir() {
        return Err(ScanError::NotDirectory { path: root.into() });
    }
    let pool = pool(threads)?;
    let walked = walk::walk(root, threads, filter);
    let results = pool.install(|| {
        walked.entries.par_iter().map_init(Vec::new, |buffer, entry| read_entry(root, entry, buffer)).collect()
    });
    Ok(put_together(walked, results))
}

/// Reads a commit's tree or the index, straight from the object database.
pub fn scan_stored(tree: StoredTree, threads: usize) -> Result<Scanned, ScanError> {
    let results = pool(threads)?.install(|| {
        let entries = tree.walked.entries.par_iter().enumerate();
        let worker = || (tree.contents(), Vec::new());
        entries
            .map_init(worker, |(contents, buffer), (nth, entry)| {
                read_loaded(entry, contents.load(tree.id(nth), buffer))
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
    Scanned { repository: Repository::new(files, walked.names), problems, stats }
}

fn pool(threads: usize) -> Result<rayon::ThreadPool, ScanError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(WORKER_STACK)
        .build()
        .map_err(|error| ScanError::Threads { threads, message: error.to_string() })
}

fn read_entry(root: &Path, entry: &Entry, buffer: &mut Vec<u8>) -> (FileEntry, Vec<Problem>) {
    let path = match &entry.raw {
        Some(raw) => root.join(raw),
        None => root.join(&*entry.path),
    };
    read_loaded(entry, read::load(&path, buffer))
}

fn read_loaded(entry: &Entry, loaded: Result<&str, String>) -> Read {
    match loaded {
        Ok(text) => read_text(&entry.path, entry.kind, text),
        Err(reason) => {
            let problem = Problem { path: entry.path.clone(), reason, place: None };
            (FileEntry::new(&entry.path, FileFacts::default()), vec![problem])
        }
    }
}

/// Reads one text; a panic of a reader costs this file alone.
pub fn read_text(path: &str, kind: Kind, text: &str) -> (FileEntry, Vec<Problem>) {
    let facts = catch_unwind(AssertUnwindSafe(|| reader::read(kind, &Text::new(path, text))));
    let (facts, mut problems) = match facts {
        Ok(facts) => (facts, Vec::new()),
        Err(_) => {
            let reason = "a reader failed on this file: please report it as a bug of fitcheck".into();
            (FileFacts::default(), vec![Problem { path: path.into(), reason, place: None }])
        }
    };
    let flaws =
        facts.flaws.iter().map(|flaw| Problem { path: path.into(), reason: flaw.reason.clone(), place: flaw.place });
    problems.extend(flaws);
    (FileEntry::new(path, facts), problems)
}
