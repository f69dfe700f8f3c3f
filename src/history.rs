//! History: who changes a service, how fast, and what that cannot tell.
//!
//! In: the repository around the scanned root. Out: [`Team`] and [`Spec`]
//! per service, numbers only. No name, address or message leaves this module.
//!
//! It works in two steps. [`start`] walks the commits on a thread of its own, beside the reading of files, for nobody
//! knows the services yet. [`Pending::finish`] then compares trees, only where services are, all services at once.
//!
//! What is left out of every figure: merges (their commits count themselves), commits by programs, commits that
//! change more than [`BULK`] files of services (imports, moves, licence headers), vendored and generated files, and
//! commits listed in `.git-blame-ignore-revs`.

mod age;
mod answers;
mod book;
mod compare;
mod contents;
mod contract;
mod figures;
mod former;
mod identities;
mod kept;
mod layout;
mod line;
mod memo;
pub(crate) mod owners;
mod people;
pub mod probe;
mod rename;
mod team;
mod touches;
mod walk;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use gix::ObjectId;

use crate::cache::{Cache, Key, Later, Noted};
use crate::finding::{HistoryStatus, HistorySummary};
pub use crate::git::GitProblem as HistoryProblem;
use crate::git::{Git, Options};
use crate::heap;
use crate::service::{Spec, Team};
use answers::Answers;
use book::Touches;
use contents::Effects;
use figures::Book;
use former::Former;
pub use layout::{Layout, Unit};
use team::DAY;
use walk::{Commits, Reach};

/// A commit that changes more files of services is not somebody's work on one of them.
pub const BULK: u32 = 300;
/// Days up to which ages are told where nobody asks for more: five years.
pub const AGE_DAYS: u32 = 1826;

/// What a team leaves out of the figures, beside what is known to be nobody's work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Names or addresses of programs that commit.
    pub bots: Vec<String>,
    /// Files of services in one commit above which it is an import.
    pub bulk_files: u32,
    /// Days beyond which nobody asks how old something is: what is older is told to be at least so old.
    pub older_days: u32,
}

impl Default for LeftOut {
    fn default() -> LeftOut {
        LeftOut { bots: Vec::new(), bulk_files: BULK, older_days: AGE_DAYS }
    }
}

/// Where one commit in so many is new, it is worth keeping all of them anew.
const SHARE: usize = 32;

/// A repository on a disk that does not answer must not hold up the report.
const PATIENCE: Duration = Duration::from_secs(60);

/// The history of a repository as far back as two windows.
#[derive(Debug)]
pub struct History {
    git: Git,
    window_days: u32,
    commits: Option<Commits>,
}

/// Commits that one run decoded, shared by its walks: a base has nearly all of its head's.
#[derive(Clone, Debug, Default)]
pub struct Walks(Arc<Mutex<walk::Store>>);

impl Walks {
    /// Those of a cache that is sealed with `secret`.
    pub fn under(secret: &[u8; 32]) -> Walks {
        let secret = *blake3::keyed_hash(secret, b"tags of people").as_bytes();
        Walks(Arc::new(Mutex::new(walk::Store::under(secret))))
    }

    /// A walk that panicked left whole commits: each is added when it is decoded.
    fn lock(&self) -> std::sync::MutexGuard<'_, walk::Store> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The commits of this run, to be kept if some of them are new.
    fn learned(&self, kin: Option<identities::Kin>) -> Option<Vec<u8>> {
        let mut store = self.lock();
        store.kin = kin.or_else(|| store.kin.take());
        // A few are sooner decoded again than all are written down anew.
        if store.fresh * SHARE < store.arena.len() {
            return None;
        }
        let bytes = kept::encode(&store)?;
        store.fresh = 0;
        Some(bytes)
    }
}

/// What the history says about each unit of a layout, in its order.
#[derive(Clone, Debug, Default)]
pub struct Told {
    pub summary: HistorySummary,
    /// The commit that was analysed.
    pub revision: Option<String>,
    pub units: Vec<(Option<Team>, Option<Spec>)>,
}

/// A walk under way.
#[derive(Debug)]
pub struct Pending<'c> {
    window_days: u32,
    threads: usize,
    walk: Walk,
    /// Where its figures are kept, and under which name.
    memo: Option<(&'c Cache, memo::Name)>,
}

#[derive(Debug)]
enum Walk {
    Begun(mpsc::Receiver<Result<History, HistoryProblem>>),
    /// Most likely not needed, for its figures were told before.
    Later(Box<Git>, ObjectId, Walks),
}

/// Names what the history of a commit depends on: the same name, the same figures.
pub(crate) fn name(git: &Git, commit: ObjectId, window_days: u32) -> String {
    memo::Name::of(git, commit, window_days).into_text()
}

/// Begins to walk the commits of the repository around `root`, on a thread of its own.
pub fn start(root: PathBuf, window_days: u32, options: Options) -> Pending<'static> {
    begin(window_days, move || History::open(&root, window_days, options))
}

/// The same from a given commit, in a repository that is open; waits with the walk if `cache` knows its figures.
pub fn start_from<'c>(git: &Git, commit: ObjectId, window_days: u32, cache: Option<&'c Cache>) -> Pending<'c> {
    let memo = cache.map(|cache| (cache, memo::Name::of(git, commit, window_days)));
    let walks = cache.map_or_else(Walks::default, |cache| cache.walks.clone());
    let git = git.clone();
    if memo.as_ref().is_some_and(|(cache, name)| memo::is_known(cache, name)) {
        return Pending { window_days, threads: 1, walk: Walk::Later(Box::new(git), commit, walks), memo };
    }
    let kept = memo.as_ref().and_then(|(cache, name)| cache.noted(&name.commits()));
    let Pending { walk, .. } = begin(window_days, move || History::from(git, commit, window_days, &walks, kept));
    Pending { window_days, threads: 1, walk, memo }
}

fn begin(
    window_days: u32,
    walk: impl FnOnce() -> Result<History, HistoryProblem> + Send + 'static,
) -> Pending<'static> {
    let (send, walked) = mpsc::sync_channel(1);
    // Not joined: a thread that hangs on a broken disk ends with the process.
    let spawned = std::thread::Builder::new().name("history".into()).spawn(move || {
        heap::grow();
        // Nobody listens any more if the run ended early.
        let _ = send.send(walk());
    });
    drop(spawned);
    Pending { window_days, threads: 1, walk: Walk::Begun(walked), memo: None }
}

impl Pending<'_> {
    /// With one thread there is no beside: waits for the walk before anything else is done.
    #[must_use]
    pub fn in_turn(self, threads: usize) -> Self {
        let walk = match self.walk {
            Walk::Begun(walked) if threads < 2 => {
                let (send, done) = mpsc::sync_channel(1);
                // Without an answer nothing is sent, and whoever asks hears so at once.
                walked.recv_timeout(PATIENCE).into_iter().for_each(|walked| drop(send.send(walked)));
                Walk::Begun(done)
            }
            walk => walk,
        };
        Pending { walk, ..self }
    }

    /// Lets it compare trees on so many threads.
    #[must_use]
    pub fn on(self, threads: usize) -> Self {
        Pending { threads, ..self }
    }

    /// Waits for the walk and compares trees where the units are.
    pub fn finish(mut self, layout: &Layout, left_out: &LeftOut) -> Told {
        let memo = self.memo.take();
        let places = memo.as_ref().map(|_| layout.name()).unwrap_or_default();
        if let Some(told) = memo.as_ref().and_then(|(cache, name)| memo::recall(cache, name, &places, left_out)) {
            return told;
        }
        let noted = |key: &dyn Fn(&memo::Name) -> Key| memo.as_ref().and_then(|(cache, name)| cache.noted(&key(name)));
        let touches = noted(&|name| name.touches(&places));
        // A change may have given a service other packages: what is known of all others holds.
        let former = touches.is_none().then(|| Former::decode(&noted(&memo::Name::layout)?)).flatten();
        let touches = touches.or_else(|| {
            let former = former.as_ref()?;
            noted(&|name| name.touches(&former.name))
        });
        let (answers, effects) = (noted(&memo::Name::answers), noted(&memo::Name::effects));
        let mut book = Book {
            known: touches.as_deref().map(Touches::decode).unwrap_or_default(),
            former,
            wanted: memo.is_some(),
            answers: answers.as_deref().map(Answers::decode).unwrap_or_default(),
            effects: effects.as_deref().map(Effects::decode).unwrap_or_default(),
            ..Book::default()
        };
        let walks = memo.as_ref().map(|(cache, _)| cache.walks.clone());
        let kept = || memo.as_ref().and_then(|(cache, name)| cache.noted(&name.commits()));
        let told = self.tell(layout, left_out, &kept, &mut book);
        if let Some((cache, name)) = memo {
            memo::keep(cache, &name, &places, left_out, &told);
            if let Some(later) = book.new {
                cache.note_later(name.touches(&places), later);
                let layout = layout.clone();
                cache.note_later(name.layout(), Later::new(move || former::encode(&layout, &places)));
            }
            // What is missing today may be fetched tomorrow.
            let learned = book.learned.filter(|_| told.summary.status == HistoryStatus::Full);
            let answers = learned.map(|learned| Later::new(move || learned.encode()));
            answers.into_iter().for_each(|later| cache.note_later(name.answers(), later));
            let effects = book.told.map(|told| Later::new(move || told.encode()));
            effects.into_iter().for_each(|later| cache.note_later(name.effects(), later));
            walks
                .and_then(|walks| walks.learned(book.kin))
                .into_iter()
                .for_each(|bytes| cache.note(name.commits(), bytes));
        }
        told
    }

    fn tell(self, layout: &Layout, left_out: &LeftOut, kept: &dyn Fn() -> Option<Noted>, book: &mut Book<'_>) -> Told {
        let walked = match self.walk {
            Walk::Begun(walked) => walked
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| Err(HistoryProblem::Broken("it did not answer in time".into()))),
            Walk::Later(git, commit, walks) => History::from(*git, commit, self.window_days, &walks, kept()),
        };
        match walked {
            Ok(mut history) => {
                if left_out.older_days > AGE_DAYS {
                    history.commits.iter_mut().for_each(|all| walk::reach_back(&history.git, all, left_out.older_days));
                }
                history.tell(layout, left_out, self.threads, book)
            }
            Err(problem) => absent(self.window_days, layout, &problem),
        }
    }
}

fn absent(window_days: u32, layout: &Layout, problem: &HistoryProblem) -> Told {
    let remedy = match problem {
        HistoryProblem::Absent => "run fitcheck in a clone of the repository to judge team and specification churn",
        HistoryProblem::Refused { .. } => "check the `.git` directory, or clone the repository again",
        HistoryProblem::Unsupported(_) => "clone the repository in git's default format",
        HistoryProblem::Broken(_) => "run `git fsck`, or clone the repository again",
    };
    let summary = HistorySummary {
        status: HistoryStatus::Absent,
        window_days,
        commits: 0,
        remedy: Some(format!("{problem}; {remedy}")),
    };
    Told { summary, revision: None, units: vec![(None, None); layout.units.len()] }
}

impl History {
    /// Opens the repository around `root` and walks back two windows from `HEAD`.
    pub fn open(root: &Path, window_days: u32, options: Options) -> Result<History, HistoryProblem> {
        let git = Git::open(root, options)?;
        let mut store = walk::Store::default();
        let commits = walk::walk(&git, None, window_days.saturating_mul(2), &mut store)?;
        Ok(History { git, window_days, commits })
    }

    fn from(
        git: Git,
        commit: ObjectId,
        window_days: u32,
        walks: &Walks,
        kept: Option<Noted>,
    ) -> Result<History, HistoryProblem> {
        let mut store = walks.lock();
        if let Some(bytes) = kept.filter(|_| store.arena.is_empty()) {
            let hash = git.handle().object_hash();
            let secret = store.secret;
            *store = kept::restore(&bytes, hash, secret).unwrap_or_else(|| walk::Store::under(secret));
        }
        let mut commits = walk::walk(&git, Some(commit), window_days.saturating_mul(2), &mut store)?;
        if store.is_lost {
            *store = walk::Store::under(store.secret);
            commits = walk::walk(&git, Some(commit), window_days.saturating_mul(2), &mut store)?;
        }
        Ok(History { git, window_days, commits })
    }

    /// Says how far the history reaches and what to do where that is not far enough.
    pub fn summary(&self) -> HistorySummary {
        let Some(commits) = &self.commits else {
            let remedy = Some("the repository has no commit yet; commit first".to_owned());
            return HistorySummary { status: HistoryStatus::Absent, window_days: self.window_days, commits: 0, remedy };
        };
        let (status, remedy) = self.reach(commits);
        let window = i64::from(self.window_days) * DAY;
        let count = commits.list.iter().filter(|commit| commits.head_time - commit.time < window).count();
        HistorySummary { status, window_days: self.window_days, commits: count as u64, remedy }
    }

    fn reach(&self, commits: &Commits) -> (HistoryStatus, Option<String>) {
        // What a clone's filter is called is not asked: after a refetch nothing is missing under the same name.
        if self.git.grafted {
            let remedy = "`info/grafts` hides history; convert it with `git replace --convert-graft-file`";
            return (HistoryStatus::Partial, Some(remedy.into()));
        }
        match commits.reach {
            Reach::Shallow(since) => {
                let (days, needed) = ((commits.head_time - since) / DAY, 2 * self.window_days);
                let remedy = format!(
                    "the clone is shallow and reaches back {days} of the {needed} days that are needed, so nothing is said of teams and contracts; set `fetch-depth: 0` (with `filter: blob:none` to keep it small) for actions/checkout, or run `git fetch --unshallow`"
                );
                (HistoryStatus::Shallow, Some(remedy))
            }
            Reach::Broken => {
                let remedy = "commits are missing or too many to read; run `git fsck`, or clone the repository again";
                (HistoryStatus::Partial, Some(remedy.into()))
            }
            Reach::Root if (commits.head_time - commits.oldest) / DAY < i64::from(self.window_days) => {
                let days = (commits.head_time - commits.oldest) / DAY;
                let remedy = format!("the repository is {days} days old, younger than the window");
                (HistoryStatus::Full, Some(remedy))
            }
            Reach::Root | Reach::Asked => (HistoryStatus::Full, None),
        }
    }

    /// Tells the figures of every unit.
    fn tell(&self, layout: &Layout, left_out: &LeftOut, threads: usize, book: &mut Book<'_>) -> Told {
        let mut summary = self.summary();
        let revision = self.commits.as_ref().map(|commits| commits.head.to_string());
        let mut units = vec![(None, None); layout.units.len()];
        if let (Some(commits), HistoryStatus::Full) = (&self.commits, summary.status) {
            let question = figures::Question { window_days: self.window_days, left_out, threads };
            match figures::collect(&self.git, &question, commits, layout, book) {
                Ok((found, lacks_contents)) => {
                    units = found;
                    if lacks_contents {
                        summary.remedy = Some(CONTENTS.to_owned());
                    }
                }
                Err(compare::Missing) => {
                    summary.status = HistoryStatus::Partial;
                    summary.remedy = Some(treeless_remedy());
                }
            }
        }
        Told { summary, revision, units }
    }
}

/// Said where all commits are there, but not what contract files once held.
const CONTENTS: &str = "older contents of contract files are not in this clone: whether their changes break is unknown; `git fetch --refetch --no-filter` brings them";

/// Whether no more is missing than what contract files once held.
pub(crate) fn lacks_contents(summary: &HistorySummary) -> bool {
    summary.remedy.as_deref() == Some(CONTENTS)
}

fn treeless_remedy() -> String {
    "directories of older commits are missing, as in a clone with `--filter=tree:0`, so nothing is said of teams and contracts; clone with `--filter=blob:none`, or run `git config remote.origin.partialCloneFilter blob:none` and `git fetch --refetch`".into()
}
