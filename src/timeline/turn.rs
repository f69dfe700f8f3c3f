//! What happened between two neighbours that differ: the commit that turned the verdict, found by halving, and why.

use gix::ObjectId;

use super::{Judge, Key, Point, State, TimelineError, Turn, state, verdict};
use crate::base;
use crate::finding::{Change, Report, Verdict};
use crate::git::line::{Dated, Line};

impl Judge<'_> {
    /// What happened between two neighbours, if anything did.
    pub(super) fn turn(&mut self, line: &Line, old: &Point, new: &Point) -> Result<Option<Turn>, TimelineError> {
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
