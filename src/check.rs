//! One run: scan, ask the history, judge, and put the report together.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use gix::ObjectId;

use crate::base;
use crate::base::revision::BaseError;
use crate::cache::Cache;
use crate::config::Config;
use crate::finding::Report;
use crate::git::index::Index;
use crate::git::{self, Git, GitProblem};
use crate::history::{self, Layout, Pending};
use crate::judge;
use crate::scan::{self, Known, ScanError, Scanned};
use crate::service::repository::Repository;
use crate::service::{Language, Service, assemble};
use crate::tree::StoredTree;
use crate::walk::Filter;

/// What one run is asked to do.
#[derive(Clone, Debug)]
pub struct Options {
    pub root: PathBuf,
    pub threads: usize,
    pub window_days: u32,
    pub tree: Tree,
    /// A revision to compare with, or `auto`.
    pub base: Option<String>,
    pub git: git::Options,
    /// Directory for what may save reading files again; `None` does without.
    pub cache: Option<PathBuf>,
}

/// Which tree is judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tree {
    /// The files as they lie on the disk.
    #[default]
    Work,
    /// The index: what the next commit would hold.
    Staged,
    /// The tree of a commit.
    At(String),
}

/// Why a run could not be completed as asked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error(transparent)]
    Scan(#[from] ScanError),
    #[error(transparent)]
    Git(#[from] GitProblem),
    #[error(transparent)]
    Base(#[from] BaseError),
}

impl Options {
    /// The main job on a directory, without any configuration.
    pub fn new(root: impl Into<PathBuf>) -> Options {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let git = git::Options::default();
        Options { root: root.into(), threads, window_days: 365, tree: Tree::Work, base: None, git, cache: None }
    }
}

/// Finds and judges the services below the root; compares with a base where one is asked for.
pub fn check(options: &Options) -> Result<Report, CheckError> {
    let start = Instant::now();
    // Without one on the disk, a base still need not read again what the head has read.
    let cache = options.cache.as_ref().and_then(|directory| Cache::open(directory, &options.root));
    let cache = cache.or_else(|| options.base.is_some().then(Cache::in_memory));
    let known = Known { cache: cache.as_ref(), index: None };
    let mut report = match &options.tree {
        Tree::Work => of_work_tree(options, known)?,
        Tree::Staged => {
            let git = Git::open(&options.root, options.git)?;
            let pending = history::start(options.root.clone(), options.window_days, options.git);
            let tree = StoredTree::of_index(&git, &Filter::default())?;
            report_on(scan::scan_stored(tree, options.threads, known)?, pending)
        }
        Tree::At(revision) => {
            let git = Git::open(&options.root, options.git)?;
            of_commit(options, &git, base::revision::find(&git, revision, &environment)?.commit, known)?
        }
    };
    if let Some(asked) = &options.base {
        let git = Git::open(&options.root, options.git)?;
        // Before the first commit there is no `HEAD` to compare with: everything is new.
        if asked != "HEAD" || git.head()?.is_some() {
            let found = base::revision::find(&git, asked, &environment)?;
            let before = of_commit(options, &git, found.commit, known)?;
            base::compare(&before, &mut report, &found.name);
        }
    }
    if let Some(cache) = cache {
        cache.finish();
    }
    report.stats.elapsed_ms = start.elapsed().as_millis() as u64;
    Ok(report)
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Judges the files as they lie on the disk.
fn of_work_tree(options: &Options, known: Known<'_>) -> Result<Report, CheckError> {
    let pending = history::start(options.root.clone(), options.window_days, options.git);
    // Only a cache has use for it; a directory without git has none.
    let git = known.cache.and_then(|_| Git::open(&options.root, options.git).ok());
    let index = git.as_ref().and_then(Index::open);
    let known = Known { index: index.as_ref(), ..known };
    Ok(report_on(scan::scan(&options.root, options.threads, &Filter::default(), known)?, pending))
}

/// Judges the tree of a commit, straight from the object database.
fn of_commit(options: &Options, git: &Git, commit: ObjectId, known: Known<'_>) -> Result<Report, CheckError> {
    let pending = history::start_from(git, commit, options.window_days);
    let tree = StoredTree::of_commit(git, commit, &Filter::default())?;
    Ok(report_on(scan::scan_stored(tree, options.threads, known)?, pending))
}

fn report_on(scanned: Scanned, pending: Pending) -> Report {
    let mut services = assemble::services(&scanned.repository);
    let told = pending.finish(&layout(&scanned.repository, &services), &[]);
    for (service, (team, spec)) in services.iter_mut().zip(told.units) {
        service.team = team;
        service.spec = spec;
    }
    let (judged, findings) = judge::judge(services, &Config::default());
    Report {
        revision: told.revision,
        history: told.summary,
        services: judged,
        findings,
        skipped: scanned.problems,
        stats: scanned.stats,
        ..Report::default()
    }
}

/// Tells the history where each service lies.
fn layout(repository: &Repository, services: &[Service]) -> Layout {
    let unit = |service: &Service| {
        let mut directories = vec![service.root.clone()];
        directories.extend(service.packages.iter().filter(|package| **package != service.root).cloned());
        let contracts: BTreeSet<Arc<str>> =
            service.contracts.iter().flat_map(|contract| &contract.evidence).map(|at| at.path.clone()).collect();
        history::Unit {
            directories,
            deep: service.language == Language::Rust,
            contracts: contracts.into_iter().collect(),
            root: service.root.clone(),
        }
    };
    Layout { units: services.iter().map(unit).collect(), packages: repository.cargo.packages.keys().cloned().collect() }
}
