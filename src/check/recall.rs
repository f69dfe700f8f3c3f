//! A run that was told before, told again.
//!
//! In: what a run is asked, the configuration, the state of the repository. Out: the report of the last run that was
//! asked the same, if nothing that it looked at has changed since. What a report depends on is either in the
//! digest (the question, the configuration's texts, the commits, the day) or stamped (every file and directory).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Options, Tree};
use crate::cache::runs::Slot;
use crate::cache::stamp::Stamps;
use crate::config::allow::today;
use crate::config::is_fatal;
use crate::config::load::{Loaded, load_services};
use crate::config::shelf::Disk;
use crate::finding::{HistoryStatus, Report};
use crate::git::{Git, GitProblem};
use crate::history;
use crate::look::View;

/// What a run said, and what it asked of the configuration on the way.
#[derive(Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) report: Report,
    /// Directories of services that were looked into for configuration, in turns.
    pub(super) asked: Vec<Vec<String>>,
    /// What was found there.
    pub(super) texts: [u8; 32],
}

/// A run that may be told again.
#[derive(Debug)]
pub(super) struct Recall {
    slot: Slot,
    digest: [u8; 32],
    index: Option<PathBuf>,
}

impl Recall {
    /// Names the run; `None` where it is asked without a cache on the disk, or for something that this is not for.
    pub(super) fn of(options: &Options, loaded: &Loaded, git: Result<&Git, &GitProblem>) -> Option<Recall> {
        // A comparison is made because something has changed, and most often by a machine that then throws all away.
        let own = options.tree == Tree::Work && options.policy_ref.is_none() && options.base.is_none();
        let directory = options.cache.as_ref().filter(|_| own)?;
        let state = match git {
            Ok(git) => Some(history::name(git, git.head_id().ok()??, super::configured::window(options, loaded))),
            Err(GitProblem::Absent) => None,
            Err(_) => return None,
        };
        // Neither changes what is said.
        let question =
            format!("{:?}", Options { threads: 0, cache: None, progress: Arc::default(), ..options.clone() });
        let mut hasher = blake3::Hasher::new();
        hasher.update(&texts(loaded)).update(format!("{state:?} {}", today()).as_bytes());
        Some(Recall {
            slot: Slot::open(directory, &options.root, &question)?,
            digest: *hasher.finalize().as_bytes(),
            // Git's list of files is looked at too.
            index: git.ok().map(|git| git.git_dir().join("index")),
        })
    }

    /// The report, if nothing has changed; brings the configuration to where the run had brought it.
    pub(super) fn told(&self, options: &Options, loaded: &mut Loaded) -> Option<Report> {
        let said = self.slot.recall(&self.digest, &options.root)?;
        let told: Told = postcard::from_bytes(&said).ok()?;
        if told.asked.is_empty() {
            return (texts(loaded) == told.texts).then_some(told.report);
        }
        let mut laid_over = loaded.clone();
        for directories in &told.asked {
            load_services(&mut laid_over, &Disk(&options.root), directories.iter().map(String::as_str));
        }
        let same = texts(&laid_over) == told.texts && !is_fatal(&laid_over.mistakes);
        same.then(|| {
            *loaded = laid_over;
            told.report
        })
    }

    /// Keeps a report for the next run that asks the same.
    pub(super) fn keep(&self, options: &Options, loaded: &Loaded, report: &Report, seen: Seen) -> Option<()> {
        let Seen { mut stamps, first_look } = seen;
        if !self.is_settled(report) {
            return None;
        }
        let evidence = report.findings.iter().flat_map(|finding| &finding.labels).map(|label| &*label.location.path);
        let mut also: Vec<&str> = evidence.chain(loaded.config.baseline.as_deref()).collect();
        also.sort_unstable();
        also.dedup();
        let view = View::from(&options.root);
        for path in also.iter().map(Path::new).chain(self.index.as_deref()) {
            stamps.add(&view, path, first_look)?;
        }
        let told = Told { report: report.clone(), asked: loaded.asked.clone(), texts: texts(loaded) };
        self.slot.keep(&self.digest, &stamps, &postcard::to_stdvec(&told).ok()?);
        Some(())
    }

    /// What git could not tell today it may tell tomorrow, and nothing in the digest would show it.
    fn is_settled(&self, report: &Report) -> bool {
        match report.history.status {
            HistoryStatus::Full | HistoryStatus::Shallow => true,
            HistoryStatus::Absent => self.index.is_none(),
            HistoryStatus::Partial => false,
        }
    }
}

/// How the files looked before they were read, and since when.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) stamps: Stamps,
    pub(super) first_look: std::time::SystemTime,
}

pub(super) fn texts(loaded: &Loaded) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for (path, text) in &loaded.texts {
        for part in [path, text] {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
    }
    hasher.update(format!("{:?}", loaded.mistakes).as_bytes());
    *hasher.finalize().as_bytes()
}
