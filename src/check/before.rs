//! What a base said, kept by its commit: the next comparison with the same base need not read it again.
//!
//! In: a commit, the configuration that judges it, the state of the repository. Out: the report of the last run that
//! judged the same commit in the same way. A commit never changes; what else the report depends on is in its name.

use gix::ObjectId;

use super::recall::{Told, texts};
use super::{CheckError, Options, Tree, changed, configured, judged, of_commit};
use crate::cache::{Cache, Key};
use crate::config::allow::today;
use crate::config::is_fatal;
use crate::config::load::{Loaded, load_services};
use crate::finding::{HistoryStatus, Report};
use crate::git::Git;
use crate::history;
use crate::limits;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::read;
use crate::scan::Known;
use crate::tree::NOT_HERE;

/// Judges a commit, or tells what was said of it before.
pub(super) fn report(
    options: &Options,
    loaded: &mut Loaded,
    git: &Git,
    commit: ObjectId,
    known: Known<'_>,
) -> Result<Report, CheckError> {
    let Some(cache) = known.cache.filter(|_| options.cache.is_some()) else {
        let gathered = of_commit(options, loaded, git, commit, known)?;
        return Ok(judged(options, loaded, gathered));
    };
    let key = key(options, loaded, git, commit);
    if let Some(report) = told(options, loaded, (git, commit), cache, &key) {
        return Ok(report);
    }
    let asked = loaded.asked.len();
    let gathered = of_commit(options, loaded, git, commit, known)?;
    let report = judged(options, loaded, gathered);
    if is_settled(&report) {
        let told = Told { report: report.clone(), asked: loaded.asked[asked..].to_vec(), texts: texts(loaded) };
        postcard::to_stdvec(&told).into_iter().for_each(|bytes| cache.note_due(key, bytes));
    }
    Ok(report)
}

/// Where machines check every commit, the next change will be compared with this one: what it says is kept for then.
pub(super) fn prepare(options: &Options, loaded: &Loaded, git: &Git, known: Known<'_>) {
    let plain = options.base.is_none() && options.policy_ref.is_none() && options.tree == Tree::Work;
    if !plain || super::environment("CI").is_none_or(|ci| ci.is_empty() || ci == "false") {
        return;
    }
    let Ok(Some(head)) = git.head() else { return };
    let known = Known { progress: None, stamped: false, index: None, ..known };
    // Whoever asks for it will hear what is wrong with it.
    let _ = report(options, &mut loaded.clone(), git, head, known);
}

fn key(options: &Options, loaded: &Loaded, git: &Git, commit: ObjectId) -> Key {
    let plain = Options {
        threads: 0,
        cache: None,
        base: None,
        tree: Tree::Work,
        progress: std::sync::Arc::<Progress>::default(),
        ..options.clone()
    };
    let baseline = loaded.config.baseline.as_deref().map(|path| configured::baseline(options, path));
    let history = history::name(git, commit, configured::window(options, loaded));
    let texts = texts(loaded);
    Key::of_note(&format!("base {history} {plain:?} {texts:?} {baseline:?} {}", today()))
}

fn told(
    options: &Options,
    loaded: &mut Loaded,
    (git, commit): (&Git, ObjectId),
    cache: &Cache,
    key: &Key,
) -> Option<Report> {
    let told: Told = postcard::from_bytes(&cache.noted(key)?).ok()?;
    let mut laid_over = loaded.clone();
    let of_base = Options { tree: Tree::At(commit.to_string()), ..options.clone() };
    let shelf = changed::shelf(&of_base, Some(git)).ok()?;
    for directories in &told.asked {
        load_services(&mut laid_over, &*shelf, directories.iter().map(String::as_str));
    }
    let same = texts(&laid_over) == told.texts && !is_fatal(&laid_over.mistakes);
    same.then(|| {
        *loaded = laid_over;
        told.report
    })
}

/// Whether the same would be said tomorrow.
fn is_settled(report: &Report) -> bool {
    let passes = |problem: &Problem| {
        problem.reason == NOT_HERE || read::may_pass(&problem.reason) || limits::may_pass(&problem.reason)
    };
    matches!(report.history.status, HistoryStatus::Full | HistoryStatus::Shallow) && !report.skipped.iter().any(passes)
}
