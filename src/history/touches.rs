//! What all commits changed, on two threads where there are many.
//!
//! In: commits, newest first, and the [`Trie`] of places. Out: one [`Touch`] each. A directory that moved makes older
//! commits look at its former place too, so the order matters: a second thread begins with the older half as if
//! nothing had moved in the newer one, and where something had, its work is done again. The outcome is the same.
//! What a former run found out under the same layout is taken from its book, as long as the same things moved before.

use std::sync::atomic::{AtomicBool, Ordering};

use super::book::Touches;
use super::compare::{Comparison, Missing, Touch};
use super::former::Changed;
use super::layout::{Alias, Trie};
use super::rename;
use super::walk::Commit;
use crate::git::Git;

/// Fewer commits are not worth a second thread.
const MANY: usize = 32;

/// What commits changed, and how many moves had been followed after each.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub(super) touches: Vec<Touch>,
    followed: Vec<u32>,
    pub(super) met: Met,
    /// How many of them were not in the book.
    pub(super) fresh: usize,
}

/// Digests of the directories that differ in each commit.
#[derive(Debug, Default)]
pub(super) struct Met {
    pub(super) digests: Vec<u8>,
    /// How many each commit has; [`MANY_MET`] of one that has more, none of which are kept.
    pub(super) counts: Vec<u8>,
}

pub(super) const MANY_MET: u8 = u8::MAX;

impl Met {
    fn push(&mut self, met: impl ExactSizeIterator<Item = [u8; 2]>) {
        let count = u8::try_from(met.len()).unwrap_or(MANY_MET);
        self.counts.push(count);
        if count < MANY_MET {
            self.digests.extend(met.flatten());
        }
    }

    /// The same of what a book says, which may be that there are too many.
    fn push_known(&mut self, met: Option<&[[u8; 2]]>) {
        match met {
            Some(met) => self.push(met.iter().copied()),
            None => self.counts.push(MANY_MET),
        }
    }
}

impl Compared {
    fn for_so_many(commits: usize) -> Compared {
        Compared { touches: Vec::with_capacity(commits), followed: Vec::with_capacity(commits), ..Compared::default() }
    }

    fn add(&mut self, touch: Touch, trie: &Trie) {
        self.touches.push(touch);
        self.followed.push(trie.moves.len() as u32);
    }

    /// Compares a commit of which nothing is known.
    fn compare(&mut self, comparison: &mut Comparison, trie: &mut Trie, commit: &Commit) -> Result<(), Missing> {
        let (touch, brought) = comparison.touch(trie, commit.before, commit.tree)?;
        self.met.push(comparison.met.iter().map(|digest| digest.to_le_bytes()));
        if let Some(before) = commit.before {
            rename::follow(comparison, trie, &brought, before, commit.tree)?;
        }
        self.add(touch, trie);
        self.fresh += 1;
        Ok(())
    }

    fn join(&mut self, other: Compared) {
        self.touches.extend(other.touches);
        self.followed.extend(other.followed);
        self.met.digests.extend(other.met.digests);
        self.met.counts.extend(other.met.counts);
        self.fresh += other.fresh;
    }

    /// The moves that were followed, each with the place of its commit.
    pub(super) fn moves(&self, trie: &Trie) -> Vec<(u32, Alias)> {
        let place = |nth: usize| self.followed.partition_point(|&after| after as usize <= nth) as u32;
        trie.moves.iter().enumerate().map(|(nth, moved)| (place(nth), moved.clone())).collect()
    }
}

pub(super) fn of_all(
    git: &Git,
    comparison: &mut Comparison,
    trie: &mut Trie,
    commits: &[&Commit],
    (book, changed): (&Touches<'_>, Option<&mut Changed>),
    threads: usize,
) -> Result<Compared, Missing> {
    let places = book.places(commits.iter().map(|commit| commit.id));
    // Only where most of them are known is it worth going by the book.
    if 2 * places.iter().flatten().count() > commits.len() {
        return by_book(comparison, trie, commits, (book, &places), changed);
    }
    if threads < 2 || commits.len() < MANY {
        return in_order(comparison, trie, commits, &|_| false);
    }
    let (newer, older) = commits.split_at(commits.len() / 2);
    let moved = AtomicBool::new(false);
    let mut ahead = trie.clone();
    let (first, second) = std::thread::scope(|scope| {
        let beside = std::thread::Builder::new().name("trees".into()).spawn_scoped(scope, || {
            let stop = |_: &Trie| moved.load(Ordering::Relaxed);
            in_order(&mut Comparison::new(git), &mut ahead, older, &stop)
        });
        let known = trie.aliases.len();
        let note = |trie: &Trie| {
            moved.fetch_or(trie.aliases.len() > known, Ordering::Relaxed);
            false
        };
        let first = in_order(comparison, trie, newer, &note);
        // Without a thread, or where it failed, there is only the other way.
        (first, beside.ok().and_then(|beside| beside.join().ok()))
    });
    let mut compared = first?;
    match second {
        Some(second) if !moved.load(Ordering::Relaxed) => {
            compared.join(second?);
            *trie = ahead;
        }
        _ => compared.join(in_order(comparison, trie, older, &|_| false)?),
    }
    Ok(compared)
}

/// Compares commit by commit, and follows what moved; ends early where `stop` says so.
fn in_order(
    comparison: &mut Comparison,
    trie: &mut Trie,
    commits: &[&Commit],
    stop: &dyn Fn(&Trie) -> bool,
) -> Result<Compared, Missing> {
    let mut compared = Compared::default();
    for commit in commits {
        compared.compare(comparison, trie, commit)?;
        if stop(trie) {
            break;
        }
    }
    Ok(compared)
}

/// Compares the commits that the book does not know; from where something else moved than it says, all of them. Where it
/// was written under another layout, `changed` tells which commits that may concern.
fn by_book(
    comparison: &mut Comparison,
    trie: &mut Trie,
    commits: &[&Commit],
    (book, places): (&Touches<'_>, &[Option<u32>]),
    mut changed: Option<&mut Changed>,
) -> Result<Compared, Missing> {
    let mut compared = Compared::for_so_many(commits.len());
    // How many of the moves in the book were followed; `None` once something else was.
    let mut before = Some(0);
    for (commit, place) in commits.iter().zip(places) {
        let told = place.and_then(|at| {
            let met = book.met(at);
            let Some(changed) = &mut changed else { return Some((book.at(at, before, trie)?, met)) };
            let (touch, moves) =
                book.at(at, before, &changed.trie).filter(|_| met.is_some_and(|met| !changed.concerns(met)))?;
            Some(((touch, changed.follow(moves, trie)?), met))
        });
        match told {
            Some(((touch, moves), met)) => {
                moves.iter().for_each(|moved| trie.follow(moved));
                before = before.map(|before| before + moves.len() as u32);
                compared.met.push_known(met);
                compared.add(touch, trie);
            }
            None => {
                let known = trie.moves.len();
                compared.compare(comparison, trie, commit)?;
                before = before.filter(|_| trie.moves.len() == known);
            }
        }
    }
    Ok(compared)
}
