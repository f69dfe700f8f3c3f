//! How a service's verdict moved, and which commit turned it: `fitcheck history SERVICE`.
//!
//! In: a service, and tags or months. Out: a [`Timeline`]: the verdict at each point, and for two neighbours that
//! differ the commit between them that made the difference, found by halving the line of first parents. Trees are
//! judged straight from the object database, as `--at` does, with today's policies and configuration; files that
//! two commits share are read once. No name and no text of a commit is kept: a commit is its id and its date.

mod points;
mod turn;

use std::sync::Arc;

use gix::ObjectId;

use crate::base;
use crate::cache::Cache;
use crate::check::{self, CheckError, Options};
use crate::config::load::Loaded;
use crate::find;
use crate::finding::{Judged, Report, Verdict};
use crate::git::Git;
use crate::git::line::{Dated, Line};
use crate::parse::Kind;
use crate::path::is_within;
use crate::problem::{Class, Problem};
use crate::service::Language;
use crate::tree;
pub use points::{By, Wish, day};

/// A service over time.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// As it is called at the newest point that has it.
    pub name: String,
    pub root: Arc<str>,
    pub language: Language,
    pub by: By,
    /// Oldest first.
    pub points: Vec<Point>,
    /// Oldest first.
    pub turns: Vec<Turn>,
    /// What the clone cannot tell, in words.
    pub notes: Vec<String>,
}

/// A tag or a month, and how the service was judged then.
#[derive(Clone, Debug)]
pub struct Point {
    /// `v1.2.0`, `2026-03`.
    pub at: String,
    pub commit: Dated,
    pub state: State,
}

/// What can be said about the service in one tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It was there, under this name and at this place.
    Judged { verdict: Verdict, name: String, root: Arc<str>, questions: Vec<String> },
    /// The tree has no such service.
    Absent,
    /// The clone does not hold what would have to be read; the reason says what to do.
    Unknown(String),
}

/// Two points that differ, and what lies between them.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The points: `2026-02`, `2026-03`.
    pub between: (String, String),
    pub before: Option<Verdict>,
    pub after: Option<Verdict>,
    /// The commit that turned it; `None` where the clone or the shape of the history cannot tell.
    pub commit: Option<Dated>,
    /// Why, to follow "because"; or why no commit is told.
    pub why: String,
}

/// Why no timeline could be told.
#[derive(Debug, thiserror::Error)]
pub enum TimelineError {
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The user's: no point of the asked stretch has such a service.
    #[error("no service is called `{name}`, now or at any of the {points} points looked at{hint}")]
    NoService { name: String, points: usize, hint: String },
    /// The user's: a name that means several services.
    #[error(transparent)]
    Several(find::FindError),
    /// The user's.
    #[error("the repository has no {0} in that stretch of time: {1}")]
    NoPoints(&'static str, &'static str),
}

/// Tells how the verdict of one service moved.
pub fn timeline(options: &Options, loaded: &mut Loaded, wish: &Wish) -> Result<Timeline, TimelineError> {
    let git = Git::open(&options.root, options.git).map_err(CheckError::from)?;
    let head = check::asked_commit(options, &git)?;
    let line = Line::of(&git, head);
    let chosen = points::choose(&git, &line, wish)?;
    let cache = check::cache(options).unwrap_or_else(Cache::in_memory);
    let mut judge = Judge { options, loaded, git: &git, cache: &cache, last: Vec::new() };
    let told = judge.tell(&line, &chosen, wish);
    cache.finish();
    told
}

/// Judges commits, and remembers the last ones: neighbours are compared.
struct Judge<'a> {
    options: &'a Options,
    loaded: &'a mut Loaded,
    git: &'a Git,
    cache: &'a Cache,
    last: Vec<(ObjectId, Arc<Report>)>,
}

/// Reports kept at a time: both ends of a stretch and what is compared in it.
const KEPT: usize = 4;

/// A service in one tree, as a key into its report.
type Key = (Arc<str>, Language);

impl Judge<'_> {
    fn tell(&mut self, line: &Line, chosen: &[(String, Dated)], wish: &Wish) -> Result<Timeline, TimelineError> {
        // From the newest back: what the service is called today, it may not have been called then.
        let mut known: Option<(Key, String, ObjectId)> = None;
        let mut missing = None;
        let mut points = Vec::new();
        let mut turns = Vec::new();
        for (at, commit) in chosen.iter().rev() {
            let report = self.report(commit.commit)?;
            let key = match &known {
                Some((key, _, newer)) => {
                    let newer = self.report(*newer)?;
                    base::former(&report, &newer, key)
                }
                None => match find::service(&report, &wish.service) {
                    Ok(judged) => Some((judged.service.root.clone(), judged.service.language)),
                    Err(several @ find::FindError::Several { .. }) => return Err(TimelineError::Several(several)),
                    Err(unknown) => {
                        missing = missing.or(Some(unknown));
                        None
                    }
                },
            };
            let state = state(&report, key.as_ref());
            if let (Some(key), State::Judged { name, .. }) = (&key, &state) {
                let name = known.as_ref().map_or(name, |(_, name, _)| name).clone();
                known = Some((key.clone(), name, commit.commit));
            }
            points.push(Point { at: at.clone(), commit: *commit, state });
        }
        points.reverse();
        let Some((first_key, name, _)) = known else {
            let hint = missing.map_or(String::new(), |reason: find::FindError| reason.hint().to_owned());
            return Err(TimelineError::NoService { name: wish.service.clone(), points: chosen.len(), hint });
        };
        for pair in points.windows(2) {
            turns.extend(self.turn(line, &pair[0], &pair[1])?);
        }
        let newest = points.iter().rev().find_map(|point| match &point.state {
            State::Judged { root, .. } => Some(root.clone()),
            _ => None,
        });
        let notes = points::notes(self.git, line, wish, &points);
        Ok(Timeline {
            name,
            root: newest.unwrap_or_else(|| first_key.0.clone()),
            language: first_key.1,
            by: wish.by,
            points,
            turns,
            notes,
        })
    }

    fn report(&mut self, commit: ObjectId) -> Result<Arc<Report>, TimelineError> {
        if let Some(at) = self.last.iter().position(|(known, _)| *known == commit) {
            let kept = self.last.remove(at);
            self.last.push(kept.clone());
            return Ok(kept.1);
        }
        let report = Arc::new(check::at_commit(self.options, self.loaded, self.git, commit, self.cache)?);
        self.last.push((commit, report.clone()));
        if self.last.len() > KEPT {
            self.last.remove(0);
        }
        Ok(report)
    }
}

/// `Some(None)` for a service that was not there; `None` where nobody can tell.
fn verdict(state: &State) -> Option<Option<Verdict>> {
    match state {
        State::Judged { verdict, .. } => Some(Some(*verdict)),
        State::Absent => Some(None),
        State::Unknown(_) => None,
    }
}

fn state(report: &Report, key: Option<&Key>) -> State {
    let judged = key.and_then(|(root, language)| {
        report.services.iter().find(|one| one.service.root == *root && one.service.language == *language)
    });
    let lost = report.skipped.iter().filter(|problem| is_lost(problem, judged)).count();
    if lost > 0 {
        let files = if lost == 1 { "a file".to_owned() } else { format!("{lost} files") };
        return State::Unknown(format!(
            "the content of {files} is not in this clone; `git fetch --refetch --no-filter` brings it"
        ));
    }
    match judged {
        Some(judged) => State::Judged {
            verdict: judged.verdict,
            name: judged.service.name.clone(),
            root: judged.service.root.clone(),
            questions: judged.questions.clone(),
        },
        None => State::Absent,
    }
}

/// Whether a file that this clone does not hold may have said something about the service. Code outside its closure
/// says nothing; of a service that was not found, anything might have.
fn is_lost(problem: &Problem, judged: Option<&Judged>) -> bool {
    if problem.reason != tree::NOT_HERE || problem.class < Class::Lost {
        return false;
    }
    let Some(service) = judged.map(|judged| &judged.service) else { return true };
    let (directory, language) = match Kind::of(&problem.path) {
        Some(Kind::Go) => (problem.path.rsplit_once('/').map_or(".", |(directory, _)| directory), Language::Go),
        Some(Kind::Rust) => (&*problem.path, Language::Rust),
        _ => return true,
    };
    let holds = |package: &Arc<str>| match language {
        Language::Go => **package == *directory,
        Language::Rust => is_within(directory, package),
    };
    service.language == language && service.packages.iter().any(holds)
}
