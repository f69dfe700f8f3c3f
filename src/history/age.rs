//! How old a service is, however long ago it began.
//!
//! In: the trees before the walked stretch, and the places where a service lay at its start. Out: [`Age`]. The first
//! tree that holds one of the places is found by halving, and a directory or file that moved there is followed from
//! its former place, so that no more than some dozen trees are opened for a service. What went and came again counts
//! from when it came for good.

use gix::ObjectId;

use super::answers::{Answers, Learned};
use super::compare::{Comparison, Missing};
use super::line::{End, Line};
use super::rename;
use super::team::{Age, DAY};
use super::walk::Commits;

/// A service that moved more often is as old as its oldest place that we know.
const MOST_MOVES: usize = 8;

/// What was there before the walked stretch.
pub(super) struct Past<'c> {
    comparison: Comparison,
    older: &'c Line,
    head_time: i64,
    /// Ages are told up to so many days.
    most_days: u32,
    /// Services of one repository begin in the same trees.
    answers: Answers<'c>,
    /// Directories were asked for that are not in the clone: a service may be older than it seems.
    lacks_trees: bool,
}

impl<'c> Past<'c> {
    pub(super) fn new(comparison: Comparison, commits: &'c Commits, most_days: u32, answers: Answers<'c>) -> Past<'c> {
        Past { comparison, older: &commits.older, head_time: commits.head_time, most_days, answers, lacks_trees: false }
    }

    /// The answers that this run needed, if some of them are new.
    pub(super) fn learned(self) -> Option<Learned> {
        self.answers.learned()
    }

    /// The days since the first change; `first` is the oldest of the walked stretch, in seconds before the head.
    pub(super) fn age(&mut self, first: Option<i64>, places: &[String]) -> Result<Age, Missing> {
        self.lacks_trees = false;
        let mut places: Vec<u32> = places.iter().map(|place| self.answers.number(place)).collect();
        if !self.any(0, &places) {
            let known = self.older.end == End::Root || !self.older.steps.is_empty();
            return Ok(Age { days: (first.unwrap_or(0) / DAY) as u32, at_least: !known || self.lacks_trees });
        }
        let mut at = 0;
        for _ in 0..MOST_MOVES {
            at = self.last_with(at, &places);
            match self.former(at, &places)? {
                Some(former) => {
                    places = vec![former];
                    at += 1;
                }
                None => break,
            }
        }
        let days = (self.head_time - self.time(self.older.steps[at].id)?) / DAY;
        let ends_here = at + 1 == self.older.steps.len() && self.older.end != End::Root;
        let more = days > i64::from(self.most_days);
        let days = days.clamp(0, i64::from(self.most_days)) as u32;
        Ok(Age { days, at_least: ends_here || more || self.lacks_trees })
    }

    /// The oldest step from `at` on that holds one of the places; the step `at` does.
    fn last_with(&mut self, at: usize, places: &[u32]) -> usize {
        let (mut holds, mut lacks) = (at, self.older.steps.len());
        while lacks - holds > 1 {
            let middle = self.between(holds, lacks);
            if self.any(middle, places) { holds = middle } else { lacks = middle }
        }
        holds
    }

    /// A step between two others, neither of them: the one whose number, counted from the oldest, is the roundest, so
    /// that a later run asks about the same trees.
    fn between(&self, holds: usize, lacks: usize) -> usize {
        let (above, below) = (self.older.steps.len() - holds - 1, self.older.steps.len() - lacks);
        let places = (above ^ below).ilog2();
        self.older.steps.len() - ((above >> places) << places)
    }

    fn any(&mut self, at: usize, places: &[u32]) -> bool {
        places.iter().any(|place| self.find(at, *place).is_some())
    }

    fn find(&mut self, at: usize, place: u32) -> Option<ObjectId> {
        let tree = self.older.steps.get(at)?.tree;
        if let Some(found) = self.answers.found(place, tree) {
            return found;
        }
        let Ok(found) = self.comparison.lookup(tree, self.answers.path(place)) else {
            self.lacks_trees = true;
            return None;
        };
        self.answers.note_found(place, tree, found);
        found
    }

    fn time(&mut self, commit: ObjectId) -> Result<i64, Missing> {
        if let Some(time) = self.answers.time(commit) {
            return Ok(time);
        }
        let time = self.comparison.time(commit)?;
        self.answers.note_time(commit, time);
        Ok(time)
    }

    /// Where the first of the places that the step brought lay in the step before it.
    fn former(&mut self, at: usize, places: &[u32]) -> Result<Option<u32>, Missing> {
        let Some(before) = self.older.steps.get(at + 1).map(|step| step.tree) else { return Ok(None) };
        for &place in places {
            if let Some(id) = self.find(at, place)
                && let Some(former) = self.former_place(before, self.older.steps[at].tree, id)?
            {
                return Ok(Some(self.answers.number(&former)));
            }
        }
        Ok(None)
    }

    fn former_place(&mut self, before: ObjectId, after: ObjectId, id: ObjectId) -> Result<Option<String>, Missing> {
        let question = [before, after, id];
        if let Some(former) = self.answers.former(question) {
            return Ok(former);
        }
        let former = rename::former_place(&mut self.comparison, before, after, id)?;
        self.answers.note_former(question, former.clone());
        Ok(former)
    }
}
