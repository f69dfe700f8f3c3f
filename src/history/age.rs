//! How old a service is, however long ago it began.
//!
//! In: the trees before the walked stretch, and the places where a service lay at its start. Out: [`Age`]. The first
//! tree that holds one of the places is found by halving, and a directory or file that moved there is followed from
//! its former place, so that no more than some dozen trees are opened for a service. What went and came again counts
//! from when it came for good.

use std::collections::HashMap;

use gix::ObjectId;

use super::compare::{Comparison, Missing};
use super::figures::lookup;
use super::rename;
use super::team::{Age, DAY};
use super::walk::{Commits, Step};

/// A service that moved more often is as old as its oldest place that we know.
const MOST_MOVES: usize = 8;

/// What was there before the walked stretch.
pub(super) struct Past<'r, 'c> {
    comparison: Comparison<'r>,
    /// Newest first.
    older: &'c [Step],
    from_root: bool,
    head_time: i64,
    /// What lies at a path of the step, as asked before: services of one repository begin in the same trees.
    seen: HashMap<(usize, String), Option<ObjectId>>,
}

impl<'r, 'c> Past<'r, 'c> {
    pub(super) fn new(comparison: Comparison<'r>, commits: &'c Commits) -> Past<'r, 'c> {
        let Commits { older, from_root, head_time, .. } = commits;
        Past { comparison, older, from_root: *from_root, head_time: *head_time, seen: HashMap::new() }
    }

    /// The days since the first change; `first` is the oldest of the walked stretch, in seconds before the head.
    pub(super) fn age(&mut self, first: Option<i64>, mut places: Vec<String>) -> Result<Age, Missing> {
        if !self.any(0, &places) {
            let known = self.from_root || !self.older.is_empty();
            return Ok(Age { days: (first.unwrap_or(0) / DAY) as u32, at_least: !known });
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
        let days = (self.head_time - self.older[at].time) / DAY;
        Ok(Age { days: days.max(0) as u32, at_least: at + 1 == self.older.len() && !self.from_root })
    }

    /// The oldest step from `at` on that holds one of the places; the step `at` does.
    fn last_with(&mut self, at: usize, places: &[String]) -> usize {
        let (mut holds, mut lacks) = (at, self.older.len());
        while lacks - holds > 1 {
            let middle = holds.midpoint(lacks);
            if self.any(middle, places) { holds = middle } else { lacks = middle }
        }
        holds
    }

    fn any(&mut self, at: usize, places: &[String]) -> bool {
        places.iter().any(|place| self.find(at, place).is_some())
    }

    fn find(&mut self, at: usize, place: &str) -> Option<ObjectId> {
        let tree = self.older.get(at)?.tree;
        let comparison = &mut self.comparison;
        *self.seen.entry((at, place.to_owned())).or_insert_with(|| lookup(comparison, tree, place))
    }

    /// Where the first of the places that the step brought lay in the step before it.
    fn former(&mut self, at: usize, places: &[String]) -> Result<Option<String>, Missing> {
        let Some(before) = self.older.get(at + 1).map(|step| step.tree) else { return Ok(None) };
        for place in places {
            if let Some(id) = self.find(at, place)
                && let Some(former) = rename::former_place(&mut self.comparison, before, self.older[at].tree, id)?
            {
                return Ok(Some(former));
            }
        }
        Ok(None)
    }
}
