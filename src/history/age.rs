//! How old a service is, however long ago it began.
//!
//! In: the trees before the walked stretch, and the places where a service lay at its start. Out: [`Age`]. The first
//! tree that holds one of the places is found by halving, and a directory or file that moved there is followed from
//! its former place, so that no more than some dozen trees are opened for a service. What went and came again counts
//! from when it came for good.

use std::collections::BTreeMap;

use gix::ObjectId;
use serde::{Deserialize, Serialize};

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
    /// Answers of this run: services of one repository begin in the same trees.
    answers: Answers,
    /// Answers of former runs: about trees, so that they hold for ever.
    known: Answers,
    asked_anew: bool,
    /// Directories were asked for that are not in the clone: a service may be older than it seems.
    lacks_trees: bool,
}

/// What was asked of trees, by their names.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Answers {
    /// Tree and path: what lies there.
    found: BTreeMap<(Name, String), Option<Name>>,
    /// Two trees in a row and what is new in the second: where it lay in the first.
    former: BTreeMap<(Name, Name, Name), Option<String>>,
}

/// The bytes of an object's id.
type Name = Vec<u8>;

fn name(id: ObjectId) -> Name {
    id.as_bytes().to_vec()
}

impl<'c> Past<'c> {
    pub(super) fn new(comparison: Comparison, commits: &'c Commits, most_days: u32, known: Answers) -> Past<'c> {
        Past {
            comparison,
            older: &commits.older,
            head_time: commits.head_time,
            most_days,
            answers: Answers::default(),
            known,
            asked_anew: false,
            lacks_trees: false,
        }
    }

    /// The answers that this run needed, if some of them are new.
    pub(super) fn learned(self) -> Option<Answers> {
        self.asked_anew.then_some(self.answers)
    }

    /// The days since the first change; `first` is the oldest of the walked stretch, in seconds before the head.
    pub(super) fn age(&mut self, first: Option<i64>, mut places: Vec<String>) -> Result<Age, Missing> {
        self.lacks_trees = false;
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
        let days = (self.head_time - self.comparison.time(self.older.steps[at].id)?) / DAY;
        let ends_here = at + 1 == self.older.steps.len() && self.older.end != End::Root;
        let more = days > i64::from(self.most_days);
        let days = days.clamp(0, i64::from(self.most_days)) as u32;
        Ok(Age { days, at_least: ends_here || more || self.lacks_trees })
    }

    /// The oldest step from `at` on that holds one of the places; the step `at` does.
    fn last_with(&mut self, at: usize, places: &[String]) -> usize {
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

    fn any(&mut self, at: usize, places: &[String]) -> bool {
        places.iter().any(|place| self.find(at, place).is_some())
    }

    fn find(&mut self, at: usize, place: &str) -> Option<ObjectId> {
        let tree = self.older.steps.get(at)?.tree;
        let key = (name(tree), place.to_owned());
        if let Some(found) = self.answers.found.get(&key) {
            return found.as_deref().map(ObjectId::from_bytes_or_panic);
        }
        let found = match self.known.found.get(&key).map(|known| known.as_deref().map(ObjectId::try_from)) {
            Some(None) => None,
            Some(Some(Ok(id))) => Some(id),
            Some(Some(Err(_))) | None => {
                let Ok(found) = self.comparison.lookup(tree, place) else {
                    self.lacks_trees = true;
                    return None;
                };
                self.asked_anew = true;
                found
            }
        };
        self.answers.found.insert(key, found.map(name));
        found
    }

    /// Where the first of the places that the step brought lay in the step before it.
    fn former(&mut self, at: usize, places: &[String]) -> Result<Option<String>, Missing> {
        let Some(before) = self.older.steps.get(at + 1).map(|step| step.tree) else { return Ok(None) };
        for place in places {
            if let Some(id) = self.find(at, place)
                && let Some(former) = self.former_place(before, self.older.steps[at].tree, id)?
            {
                return Ok(Some(former));
            }
        }
        Ok(None)
    }

    fn former_place(&mut self, before: ObjectId, after: ObjectId, id: ObjectId) -> Result<Option<String>, Missing> {
        let key = (name(before), name(after), name(id));
        if let Some(former) = self.answers.former.get(&key) {
            return Ok(former.clone());
        }
        let former = match self.known.former.get(&key) {
            Some(known) => known.clone(),
            None => {
                self.asked_anew = true;
                rename::former_place(&mut self.comparison, before, after, id)?
            }
        };
        self.answers.former.insert(key, former.clone());
        Ok(former)
    }
}
