//! One run: scan, ask the history, judge, and put the report together.

mod before;
mod changed;
pub(crate) mod configured;
mod recall;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::{Instant, SystemTime};

use gix::ObjectId;

use crate::base;
use crate::base::revision::BaseError;
use crate::cache::Cache;
use crate::config::inline::{self, Comment};
use crate::config::load::{Loaded, load, load_from};
use crate::config::{FILE, is_fatal};
use crate::disk;
use crate::facts::Facts;
use crate::finding::{HistorySummary, Report, Stats, Status};
use crate::git::index::Index;
use crate::git::snapshot::Snapshot;
use crate::git::{self, Git, GitProblem};
use crate::history::{self, Layout, Pending};
use crate::limits;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::scan::{self, Known, ScanError, Scanned};
use crate::service::repository::Repository;
use crate::service::{Evidenced, Language, Latency, Service, assemble};
use crate::tree::StoredTree;
use crate::walk::Filter;
use recall::{Recall, Seen};

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
    /// A configuration file to use instead of the root's own.
    pub config: Option<PathBuf>,
    /// A revision whose configuration, policies and baseline judge, instead of those of the tree itself.
    pub policy_ref: Option<String>,
    /// Whether exceptions and the baseline count.
    pub exceptions: bool,
    /// What was set on the command line; counts before the configuration.
    pub limits: Vec<limits::Setting>,
    /// How far the run is, for whoever watches.
    pub progress: Arc<Progress>,
    /// Whether the process ends with the run: then what was read of the work tree is not taken apart piece by piece,
    /// which takes as long as judging it.
    pub is_last: bool,
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
    /// The user's: every mistake in the configuration and its policies; the texts are what they point into.
    #[error("{}", configured::listed(.0))]
    Configuration(Box<Loaded>),
}

/// Asked once: the system reads it from half a dozen files.
static THREADS: LazyLock<usize> = LazyLock::new(|| std::thread::available_parallelism().map_or(1, usize::from));

impl Options {
    /// The main job on a directory, without any configuration.
    pub fn new(root: impl Into<PathBuf>) -> Options {
        let threads = *THREADS;
        let git = git::Options::default();
        Options {
            root: root.into(),
            threads,
            window_days: 365,
            tree: Tree::Work,
            base: None,
            git,
            cache: None,
            config: None,
            policy_ref: None,
            exceptions: true,
            limits: Vec::new(),
            progress: Arc::default(),
            is_last: false,
        }
    }
}

/// Finds and judges the services below the root; compares with a base where one is asked for.
pub fn check(options: &Options) -> Result<Report, CheckError> {
    check_with(options, &mut configuration(options)?)
}

/// The configuration in force at the root; a mistake in it stops the run before anything is judged.
pub fn configuration(options: &Options) -> Result<Loaded, CheckError> {
    let loaded = match options.config.as_deref() {
        Some(given) => load(&options.root, Some(given)),
        None => {
            let shelf = changed::shelf(options, None)?;
            load_from(&*shelf, shelf.has(FILE).then_some(FILE))
        }
    };
    if is_fatal(&loaded.mistakes) { Err(CheckError::Configuration(Box::new(loaded))) } else { Ok(loaded) }
}

/// Everything known before judgement.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// With what is declared of them, and the figures of their history.
    pub services: Vec<Service>,
    /// Latency figures that are about none of the services.
    pub unbound: Vec<Evidenced<Latency>>,
    pub revision: Option<String>,
    pub history: HistorySummary,
    pub skipped: Vec<Problem>,
    pub stats: Stats,
    /// Comments that accept findings, wherever they stand.
    pub comments: Vec<Comment>,
}

/// Like [`check`], with a configuration that the caller keeps: services' own files are laid over it.
pub fn check_with(options: &Options, loaded: &mut Loaded) -> Result<Report, CheckError> {
    let start = Instant::now();
    // Without a cache and a base nobody asks it here: the history opens it beside the scan.
    let git = (options.cache.is_some() || options.base.is_some()).then(|| Git::open(&options.root, options.git));
    let recall = git.as_ref().and_then(|git| Recall::of(options, loaded, git.as_ref()));
    if let Some(mut report) = recall.as_ref().and_then(|recall| recall.told(options, loaded)) {
        report.stats.elapsed_ms = start.elapsed().as_millis() as u64;
        return Ok(report);
    }
    let cache = cache(options);
    let known = Known {
        cache: cache.as_ref(),
        progress: Some(&options.progress),
        stamped: recall.is_some(),
        ..Known::default()
    };
    let (mut gathered, seen) = gather(options, loaded, git.as_ref(), known)?;
    let comments = std::mem::take(&mut gathered.comments);
    let mut report = judged(options, loaded, gathered);
    let reference = changed::reference(options, git.as_ref().and_then(|git| git.as_ref().ok()))?;
    let mut about = Vec::new();
    if options.exceptions && report.findings.iter().any(|finding| finding.status == Status::New) {
        about = changed::accept_comments(options, reference.as_ref(), &mut report.findings);
    }
    if options.exceptions {
        about.extend(inline::unused(&comments, &report.findings, &loaded.config.policies));
    }
    if let Some(asked) = &options.base {
        let git = git.clone().unwrap_or(Err(GitProblem::Absent))?;
        // Before the first commit there is no `HEAD` to compare with: everything is new.
        if asked != "HEAD" || git.head()?.is_some() {
            let found = base::revision::find(&git, asked, &environment)?;
            let before = before::report(options, loaded, &git, found.commit, known)?;
            base::compare(&before, &mut report, &found.name, &loaded.config.policies);
            let base = Snapshot::of(&git, found.commit)?;
            changed::weigh(&before.skipped, &mut report.skipped, &base);
            about.extend(changed::hidden(options, &git, (found.commit, &base), &before, &report)?);
        }
    }
    if let Some(reference) = &reference {
        about.extend(changed::findings(options, reference, &report)?);
    }
    report.findings.extend(about);
    if let (Some(_), Some(Ok(git))) = (&recall, &git) {
        before::prepare(options, loaded, git, known);
    }
    match cache {
        // A change is compared once or twice, most often by a machine that then throws the checkout away.
        Some(cache) if options.base.is_some() => cache.finish_if_much(),
        Some(cache) => cache.finish(),
        None => {}
    }
    report.stats.elapsed_ms = start.elapsed().as_millis() as u64;
    if let (Some(recall), Some(seen)) = (recall, seen) {
        // A run that cannot be kept is no worse.
        let _ = recall.keep(options, loaded, &report, seen);
    }
    Ok(report)
}

/// Gathers what can be known before judgement, and judges nothing.
pub fn facts(options: &Options, loaded: &mut Loaded) -> Result<Facts, CheckError> {
    let start = Instant::now();
    let cache = cache(options);
    let git = cache.as_ref().map(|_| Git::open(&options.root, options.git));
    let known = Known { cache: cache.as_ref(), progress: Some(&options.progress), ..Known::default() };
    loaded.config.all_ages = true;
    let (mut gathered, _) = gather(options, loaded, git.as_ref(), known)?;
    if let Some(cache) = cache {
        cache.finish();
    }
    gathered.stats.elapsed_ms = start.elapsed().as_millis() as u64;
    Ok(Facts::new(gathered, loaded, options, &*disk::sources(options)))
}

/// The commit that the options ask for: that of `--at`, or `HEAD`.
pub fn asked_commit(options: &Options, git: &Git) -> Result<ObjectId, CheckError> {
    let asked = match &options.tree {
        Tree::At(revision) => revision,
        Tree::Work | Tree::Staged => "HEAD",
    };
    Ok(base::revision::find(git, asked, &environment)?.commit)
}

/// Judges the tree of a commit, by a configuration that the caller keeps.
pub fn at_commit(
    options: &Options,
    loaded: &mut Loaded,
    git: &Git,
    commit: ObjectId,
    cache: &Cache,
) -> Result<Report, CheckError> {
    let gathered = of_commit(options, loaded, git, commit, Known { cache: Some(cache), ..Known::default() })?;
    Ok(judged(options, loaded, gathered))
}

/// Without one on the disk, a base still need not read again what the head has read.
pub fn cache(options: &Options) -> Option<Cache> {
    let cache = options.cache.as_ref().and_then(|directory| Cache::open(directory, &options.root));
    cache.or_else(|| options.base.is_some().then(Cache::in_memory))
}

/// `git` is the repository, where somebody has opened it already.
fn gather(
    options: &Options,
    loaded: &mut Loaded,
    git: Option<&Result<Git, GitProblem>>,
    known: Known<'_>,
) -> Result<(Gathered, Option<Seen>), CheckError> {
    let open = || git.cloned().unwrap_or_else(|| Git::open(&options.root, options.git));
    let found = match &options.tree {
        Tree::Work => return of_work_tree(options, loaded, git, known),
        Tree::Staged => {
            let git = open()?;
            let pending =
                of_head(options, configured::window(options, loaded), Some(&git), known.cache).in_turn(options.threads);
            let tree = StoredTree::of_index(&git, &configured::filter(options, loaded))?;
            gathered(options, loaded, scan::scan_stored(tree, options.threads, known)?, pending)
        }
        Tree::At(revision) => {
            let git = open()?;
            of_commit(options, loaded, &git, base::revision::find(&git, revision, &environment)?.commit, known)
        }
    };
    Ok((found?, None))
}

fn judged(options: &Options, loaded: &Loaded, gathered: Gathered) -> Report {
    configured::judged(gathered, loaded, options.exceptions, &|path| configured::baseline(options, path))
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Reads the files as they lie on the disk, and says how they looked where that may serve the next run.
fn of_work_tree(
    options: &Options,
    loaded: &mut Loaded,
    git: Option<&Result<Git, GitProblem>>,
    known: Known<'_>,
) -> Result<(Gathered, Option<Seen>), CheckError> {
    // A directory without git has none.
    let opened = git.is_none().then(|| Git::open(&options.root, options.git));
    let git = git.or(opened.as_ref()).and_then(|git| git.as_ref().ok());
    let tracked = git.and_then(Index::open);
    // Only a cache has use for what git knows of the files; without one the history opens its own, beside the scan.
    let git = git.filter(|_| known.cache.is_some());
    let pending = of_head(options, configured::window(options, loaded), git, known.cache).in_turn(options.threads);
    let index = tracked.clone().filter(|_| git.is_some());
    let known = Known { index: index.as_ref(), ..known };
    let filter = Filter { tracked, ..configured::filter(options, loaded) };
    let first_look = SystemTime::now();
    let mut scanned = scan::scan(&options.root, options.threads, &filter, known)?;
    let seen = scanned.stamps.take().map(|stamps| Seen { stamps, first_look });
    Ok((gathered(options, loaded, scanned, pending)?, seen))
}

/// Begins with the history of `HEAD`, as far as the cache does not know it.
fn of_head<'a>(options: &Options, window_days: u32, git: Option<&Git>, cache: Option<&'a Cache>) -> Pending<'a> {
    let head = git.and_then(|git| Some((git, git.head().ok()??)));
    match head {
        Some((git, commit)) => history::start_from(git, commit, window_days, cache),
        None => history::start(options.root.clone(), window_days, options.git),
    }
}

/// Reads the tree of a commit, straight from the object database.
fn of_commit(
    options: &Options,
    loaded: &mut Loaded,
    git: &Git,
    commit: ObjectId,
    known: Known<'_>,
) -> Result<Gathered, CheckError> {
    let pending =
        history::start_from(git, commit, configured::window(options, loaded), known.cache).in_turn(options.threads);
    let tree = StoredTree::of_commit(git, commit, &configured::filter(options, loaded))?;
    let options = Options { tree: Tree::At(commit.to_string()), ..options.clone() };
    gathered(&options, loaded, scan::scan_stored(tree, options.threads, known)?, pending)
}

fn gathered(
    options: &Options,
    loaded: &mut Loaded,
    scanned: Scanned,
    pending: Pending<'_>,
) -> Result<Gathered, CheckError> {
    let scanned = configured::extract(options, loaded, scanned);
    let mut found = assemble::found(&scanned.repository);
    let unmatched = configured::declare(options, loaded, &scanned.repository, &mut found)?;
    let assemble::Found { mut services, unbound } = found;
    let told =
        pending.on(options.threads).finish(&layout(&scanned.repository, &services), &configured::left_out(loaded));
    for (service, (team, spec)) in services.iter_mut().zip(told.units) {
        service.team = team;
        service.spec = spec;
        // Whoever is named elsewhere owns it as much as a line of CODEOWNERS says.
        if let (Some(team), Some(_)) = (&mut service.team, &service.owner) {
            team.owners = team.owners.max(1);
        }
    }
    let mut skipped = scanned.problems;
    skipped.extend(configured::warnings(loaded, &unmatched));
    let comments = configured::comments(&scanned.repository);
    let (revision, history, stats) = (told.revision, told.summary, scanned.stats);
    if options.is_last && options.tree == Tree::Work {
        std::mem::forget(scanned.repository);
    }
    Ok(Gathered { services, unbound, revision, history, skipped, stats, comments })
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
