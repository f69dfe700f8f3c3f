//! What one run learned of commits, for the next: a run decodes and compares only those that are new to it.
//!
//! In: the commits that a run decoded. Out: bytes for the cache, and the same back from them (what each of them changed
//! is in `book`). A commit is known by its id and never changes, so nothing here can be out of date. No name and no
//! address is written: who made a commit is a number, and the commit that a number was first met in is read again where
//! it matters whose it is (see `identities`).

use std::sync::Arc;

use gix::ObjectId;
use serde::{Deserialize, Serialize};

use super::identities::{Former, Identities, Kin, Row, Secret, Tags};
use super::line::{End, Line, Step};
use super::walk::{Decoded, Store, UNREAD};

/// More parents than that has no commit of the repositories we know; such a store is not kept.
const MOST_PARENTS: usize = 255;

#[derive(Serialize, Deserialize)]
struct Commits<'a> {
    hash_len: usize,
    ids: &'a [u8],
    trees: &'a [u8],
    /// Places among these commits, counted from 1, and 0 for the next of `outside`.
    parents: Vec<u32>,
    outside: &'a [u8],
    parent_counts: &'a [u8],
    times: Vec<i64>,
    authors: Vec<u32>,
    co_authors: Vec<(u32, Vec<u32>)>,
    assisted: Vec<u32>,
    /// Commits in which somebody is met for the first time, and how many are known after each.
    introduced: Vec<(u32, u32)>,
    tags: Vec<Tags>,
    kin: Option<Kin>,
    line_ids: &'a [u8],
    line_trees: &'a [u8],
    line_times: Vec<(u32, i64)>,
    to_root: bool,
}

/// Writes down the commits that this run asked for; `None` where there is nothing new, or too much.
pub(super) fn encode(store: &Store) -> Option<Vec<u8>> {
    let used = || store.arena.iter().zip(&store.used).filter(|(_, used)| **used).map(|(commit, _)| commit);
    let hash_len = used().next().filter(|_| store.fresh > 0)?.id.as_bytes().len();
    let mut numbers = vec![u32::MAX; store.identities.len() as usize];
    let mut met = 0;
    let mut number = |old: u32| {
        let new = &mut numbers[old as usize];
        if *new == u32::MAX {
            (*new, met) = (met, met + 1);
        }
        (*new, met)
    };
    let (mut ids, mut trees, mut outside, mut parent_counts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut all = Commits {
        hash_len,
        ids: &[],
        trees: &[],
        parents: Vec::new(),
        outside: &[],
        parent_counts: &[],
        times: Vec::new(),
        authors: Vec::new(),
        co_authors: Vec::new(),
        assisted: Vec::new(),
        introduced: Vec::new(),
        tags: Vec::new(),
        kin: None,
        line_ids: &[],
        line_trees: &[],
        line_times: Vec::new(),
        to_root: store.line.end == End::Root,
    };
    let count_used = |next: &mut u32, used: &bool| {
        *next += u32::from(*used);
        Some(if *used { *next } else { 0 })
    };
    let places: Vec<u32> = store.used.iter().scan(0, count_used).collect();
    for (nth, commit) in (0_u32..).zip(used()) {
        ids.extend_from_slice(commit.id.as_bytes());
        trees.extend_from_slice(commit.tree.as_bytes());
        for parent in commit.parents.clone() {
            let place = store.parent(parent);
            let kept = place.ok().map(|place| places[place as usize]).filter(|&place| place > 0);
            all.parents.push(kept.unwrap_or(0));
            if kept.is_none() {
                let id = place.map_or_else(|id| id, |place| store.arena[place as usize].id);
                outside.extend_from_slice(id.as_bytes());
            }
        }
        parent_counts.push(u8::try_from(commit.parents.len()).ok().filter(|&n| usize::from(n) < MOST_PARENTS)?);
        all.times.push(commit.time);
        let before = all.introduced.last().map_or(0, |(_, known)| *known);
        let (author, mut known) = number(commit.author);
        all.authors.push(author);
        if !commit.co_authors.is_empty() {
            let numbered = commit.co_authors.iter().map(|&who| {
                let (who, after) = number(who);
                known = after;
                who
            });
            all.co_authors.push((nth, numbered.collect()));
        }
        if known > before {
            all.introduced.push((nth, known));
        }
        if commit.assisted {
            all.assisted.push(nth);
        }
    }
    // A line that is lost may be longer when more has been fetched.
    let line = if store.line.end == End::Lost { &[] } else { &store.line.steps[..] };
    let line_ids: Vec<u8> = line.iter().flat_map(|step| step.id.as_bytes().iter().copied()).collect();
    let line_trees: Vec<u8> = line.iter().flat_map(|step| step.tree.as_bytes().iter().copied()).collect();
    let times = (0..).zip(line).filter_map(|(at, step)| Some((at, *store.line.times.get(&step.id)?)));
    all.line_times = times.collect();
    (all.ids, all.trees, all.outside, all.parent_counts) = (&ids, &trees, &outside, &parent_counts);
    (all.line_ids, all.line_trees) = (&line_ids, &line_trees);
    all.tags = in_order(&store.identities.tags(&store.secret), &numbers, met, [0; 2]);
    all.kin =
        store.kin.as_ref().map(|kin| Kin { under: kin.under, rows: in_order(&kin.rows, &numbers, met, Row::Open) });
    all.kin.iter_mut().for_each(Kin::count_anew);
    postcard::to_stdvec(&all).ok()
}

/// What is known of each number, by the new numbers.
fn in_order<T: Copy>(list: &[T], numbers: &[u32], count: u32, otherwise: T) -> Vec<T> {
    let mut ordered = vec![otherwise; count as usize];
    for (one, &number) in list.iter().zip(numbers).filter(|(_, number)| **number != u32::MAX) {
        ordered[number as usize] = *one;
    }
    ordered
}

/// Reads commits back; `None` where anything does not fit together.
pub(super) fn restore(bytes: &[u8], hash: gix::hash::Kind, secret: Secret) -> Option<Store> {
    let all: Commits<'_> = postcard::from_bytes(bytes).ok()?;
    let count = all.times.len();
    if all.hash_len != hash.len_in_bytes() || all.authors.len() != count {
        return None;
    }
    let mut store = Store { secret, kin: all.kin.clone(), ..Store::for_so_many(count) };
    let (ids, trees) = (each(all.ids, all.hash_len)?, each(all.trees, all.hash_len)?);
    let mut first = 0;
    if ids.len() != count || trees.len() != count || all.parent_counts.len() != count {
        return None;
    }
    for (at, (id, tree)) in ids.zip(trees).enumerate() {
        let decoded = Decoded {
            id,
            tree,
            parents: first..first + u32::from(all.parent_counts[at]),
            time: all.times[at],
            author: all.authors[at],
            co_authors: Vec::new(),
            assisted: false,
        };
        first = decoded.parents.end;
        store.add(decoded, false);
    }
    store.unread = each(all.outside, all.hash_len)?.collect();
    let mut next = UNREAD;
    for parent in all.parents {
        store.parents.push(parent.checked_sub(1).unwrap_or(next));
        next += u32::from(parent == 0);
    }
    let is_place = |place: &u32| (*place as usize) < count || (UNREAD..next).contains(place);
    let fits = first as usize == store.parents.len() && (next - UNREAD) as usize == store.unread.len();
    if !fits || !store.parents.iter().all(is_place) {
        return None;
    }
    for (at, co_authors) in all.co_authors {
        store.arena.get_mut(at as usize)?.co_authors = co_authors;
    }
    for at in all.assisted {
        store.arena.get_mut(at as usize)?.assisted = true;
    }
    let introduced = all.introduced.into_iter().map(|(at, known)| {
        let commit = store.arena.get(at as usize)?;
        let makers = std::iter::once(commit.author).chain(commit.co_authors.iter().copied());
        Some((commit.id, makers.collect(), known))
    });
    let former = Former::new(secret, all.tags, introduced.collect::<Option<_>>()?, all.kin)?;
    store.identities = Arc::new(Identities::of_former(former));
    let known = store.identities.len();
    let fits = |commit: &Decoded| commit.author < known && commit.co_authors.iter().all(|&who| who < known);
    let (line_ids, line_trees) = (each(all.line_ids, all.hash_len)?, each(all.line_trees, all.hash_len)?);
    if !store.arena.iter().all(fits) || line_ids.len() != line_trees.len() {
        return None;
    }
    let steps = line_ids.zip(line_trees).map(|(id, tree)| Step { id, tree });
    let end = if all.to_root { End::Root } else { End::Early };
    store.line = Line { steps: steps.collect(), end, ..Line::default() };
    for (at, time) in all.line_times {
        store.line.times.insert(store.line.steps.get(at as usize)?.id, time);
    }
    Some(store)
}

/// The ids that lie one behind the other; `hash_len` is that of some id.
pub(super) fn each(bytes: &[u8], hash_len: usize) -> Option<impl ExactSizeIterator<Item = ObjectId> + '_> {
    let pieces = bytes.chunks_exact(hash_len);
    pieces.remainder().is_empty().then(|| pieces.map(ObjectId::from_bytes_or_panic))
}
