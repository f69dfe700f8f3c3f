//! How a service's verdict moved, and which commit turned it: `fitcheck history SERVICE`.
//!
//! In: a service, and tags or months. Out: a [`Timeline`]: the verdict at each point, and for two neighbours that
//! differ the commit between them that made the difference, found by halving the line of first parents. Trees are
//! judged straight from the object database, as `--at` does, with today's policies and configuration; files that
//! two commits share are read once. No name and no text of a commit is kept: a commit is its id and its date.

mod points;

use std::sync::Arc;

use gix::ObjectId;

use crate::base;
use crate::cache::Cache;
use crate::check::{self, CheckError, Options};
use crate::config::load::Loaded;
use crate::find;
use crate::finding::{Change, Judged, Report, Verdict};
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

    /// What happened between two neighbours, if anything did.
    fn turn(&mut self, line: &Line, old: &Point, new: &Point) -> Result<Option<Turn>, TimelineError> {
        let (Some(before), Some(after)) = (verdict(&old.state), verdict(&new.state)) else { return Ok(None) };
        if before == after {
            return Ok(None);
        }
        let turn = |commit, why| Turn { between: (old.at.clone(), new.at.clone()), before, after, commit, why };
        let newer = if line.position(new.commit.commit).is_some() {
            line.clone()
        } else {
            Line::of(self.git, new.commit.commit)
        };
        let Some(end) = newer.position(new.commit.commit) else { return Ok(None) };
        let start = newer.position(old.commit.commit);
        let Some(start) = start.or_else(|| self.fork(&newer, old.commit.commit)) else {
            return Ok(Some(turn(None, "the two are not on one line of commits in this clone".to_owned())));
        };
        let key = self.key_at(new)?.or(self.key_at(old)?);
        let Some(key) = key else { return Ok(None) };
        let found = self.halve(&newer.commits[end..=start.max(end)], (new, old), &key, (before, after))?;
        Ok(Some(match found {
            Ok((commit, why)) => turn(Some(commit), why),
            Err(why) => turn(None, why),
        }))
    }

    /// The place in `line` where the history of a commit beside it left it.
    fn fork(&self, line: &Line, beside: ObjectId) -> Option<usize> {
        let newest = line.commits.first()?.commit;
        let repository = self.git.handle();
        let base = repository.merge_base(newest, beside).ok()??.detach();
        line.position(base)
    }

    fn key_at(&mut self, point: &Point) -> Result<Option<(Key, ObjectId)>, TimelineError> {
        let State::Judged { root, .. } = &point.state else { return Ok(None) };
        let report = self.report(point.commit.commit)?;
        let judged = report.services.iter().find(|one| one.service.root == *root);
        Ok(judged.map(|one| ((root.clone(), one.service.language), point.commit.commit)))
    }

    /// Halves a stretch of commits, newest first, for the one whose verdict is the later and whose parent's is not.
    fn halve(
        &mut self,
        stretch: &[Dated],
        (new, old): (&Point, &Point),
        (key, keyed_at): &(Key, ObjectId),
        (before, after): (Option<Verdict>, Option<Verdict>),
    ) -> Result<Result<(Dated, String), String>, TimelineError> {
        let Some(last) = stretch.len().checked_sub(1).filter(|last| *last > 0) else {
            return Ok(Err("no commit lies between them on one line".to_owned()));
        };
        let (mut turned, mut not) = (0, last);
        let at_start = self.verdict_at(stretch[last].commit, key, *keyed_at)?;
        if stretch[last].commit != old.commit.commit && at_start == Ok(after) {
            return Ok(Err(format!("it turned on a branch beside, before {} left it", new.at)));
        }
        while not - turned > 1 {
            let middle = turned.midpoint(not);
            match self.verdict_at(stretch[middle].commit, key, *keyed_at)? {
                Ok(verdict) if verdict == after => turned = middle,
                Ok(_) => not = middle,
                Err(reason) => return Ok(Err(reason)),
            }
        }
        let why = self.why(stretch[not].commit, stretch[turned].commit, key, *keyed_at, (before, after))?;
        Ok(Ok((stretch[turned], why)))
    }

    /// The verdict at a commit; an error where the clone cannot tell.
    fn verdict_at(
        &mut self,
        commit: ObjectId,
        key: &Key,
        keyed_at: ObjectId,
    ) -> Result<Result<Option<Verdict>, String>, TimelineError> {
        let (report, reference) = (self.report(commit)?, self.report(keyed_at)?);
        let key = base::former(&report, &reference, key);
        let state = state(&report, key.as_ref());
        Ok(match &state {
            State::Unknown(reason) => Err(reason.clone()),
            state => Ok(verdict(state).flatten()),
        })
    }

    fn why(
        &mut self,
        parent: ObjectId,
        commit: ObjectId,
        key: &Key,
        keyed_at: ObjectId,
        (before, after): (Option<Verdict>, Option<Verdict>),
    ) -> Result<String, TimelineError> {
        let (old, new, reference) = (self.report(parent)?, self.report(commit)?, self.report(keyed_at)?);
        let mut new = Report::clone(&new);
        let here = base::former(&new, &reference, key);
        base::compare(&old, &mut new, "its parent", &self.loaded.config.policies);
        let there = base::former(&old, &reference, key);
        let concerns = |change: &&Change| {
            let place = |key: &Key| *change.root == *key.0 && change.language == key.1;
            here.as_ref().or(there.as_ref()).is_some_and(place)
        };
        let changes = new.comparison.map(|comparison| comparison.changes).unwrap_or_default();
        let why = changes.iter().find(concerns).map(|change| change.why.clone()).unwrap_or_default();
        Ok(match (why.is_empty(), before, after) {
            (false, ..) => why,
            (true, None, _) => "the service came".to_owned(),
            (true, _, None) => "the service went".to_owned(),
            _ => String::new(),
        })
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
