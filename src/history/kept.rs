//! What one run learned of commits, for the next: a run decodes and compares only those that are new to it.
//!
//! In: the commits that a run decoded, and what each changed under one layout. Out: bytes for the cache, and the same
//! back from them. A commit is known by its id and never changes, so nothing here can be out of date. No name and no
//! address is written: who made a commit is a number, and the few commits that a number was first met in are read
//! again to tell whose it is.

use std::sync::Arc;

use gix::ObjectId;
use serde::{Deserialize, Serialize};

use super::compare::{Change, Touch};
use super::layout::{Alias, Trie};
use super::line::{End, Line, Step};
use super::people::Identities;
use super::walk::{Decoded, Store, parse};
use crate::git::packs::Objects;

/// More parents than that has no commit of the repositories we know; such a store is not kept.
const MOST_PARENTS: usize = 255;

#[derive(Serialize, Deserialize)]
struct Commits<'a> {
    hash_len: usize,
    ids: &'a [u8],
    trees: &'a [u8],
    parents: &'a [u8],
    parent_counts: &'a [u8],
    times: Vec<i64>,
    authors: Vec<u32>,
    co_authors: Vec<(u32, Vec<u32>)>,
    assisted: Vec<u32>,
    /// Commits in which somebody is met for the first time, and how many are known after each.
    introduced: Vec<(u32, u32)>,
    line_ids: &'a [u8],
    line_trees: &'a [u8],
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
    let (mut ids, mut trees, mut parents, mut parent_counts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut all = Commits {
        hash_len,
        ids: &[],
        trees: &[],
        parents: &[],
        parent_counts: &[],
        times: Vec::new(),
        authors: Vec::new(),
        co_authors: Vec::new(),
        assisted: Vec::new(),
        introduced: Vec::new(),
        line_ids: &[],
        line_trees: &[],
        to_root: store.line.end == End::Root,
    };
    for (nth, commit) in (0_u32..).zip(used()) {
        ids.extend_from_slice(commit.id.as_bytes());
        trees.extend_from_slice(commit.tree.as_bytes());
        commit.parents.iter().for_each(|parent| parents.extend_from_slice(parent.as_bytes()));
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
    (all.ids, all.trees, all.parents, all.parent_counts) = (&ids, &trees, &parents, &parent_counts);
    (all.line_ids, all.line_trees) = (&line_ids, &line_trees);
    postcard::to_stdvec(&all).ok()
}

/// Reads commits back; `None` where anything does not fit together, or somebody's commit is gone.
pub(super) fn restore(bytes: &[u8], objects: &mut Objects) -> Option<Store> {
    let all: Commits<'_> = postcard::from_bytes(bytes).ok()?;
    let count = all.times.len();
    if all.hash_len != objects.repository().object_hash().len_in_bytes() || all.authors.len() != count {
        return None;
    }
    let mut store = Store::default();
    let (ids, trees) = (list(all.ids, all.hash_len)?, list(all.trees, all.hash_len)?);
    let mut parents = list(all.parents, all.hash_len)?.into_iter();
    if ids.len() != count || trees.len() != count || all.parent_counts.len() != count {
        return None;
    }
    for at in 0..count {
        let decoded = Decoded {
            id: ids[at],
            tree: trees[at],
            parents: parents.by_ref().take(usize::from(all.parent_counts[at])).collect(),
            time: all.times[at],
            author: all.authors[at],
            co_authors: Vec::new(),
            assisted: false,
        };
        store.add(decoded, false);
    }
    for (at, co_authors) in all.co_authors {
        store.arena.get_mut(at as usize)?.co_authors = co_authors;
    }
    for at in all.assisted {
        store.arena.get_mut(at as usize)?.assisted = true;
    }
    store.identities = Arc::new(identities(&store, &all.introduced, objects)?);
    let known = store.identities.len();
    let fits = |commit: &Decoded| commit.author < known && commit.co_authors.iter().all(|&who| who < known);
    let (line_ids, line_trees) = (list(all.line_ids, all.hash_len)?, list(all.line_trees, all.hash_len)?);
    if !store.arena.iter().all(fits) || line_ids.len() != line_trees.len() {
        return None;
    }
    let steps = line_ids.into_iter().zip(line_trees).map(|(id, tree)| Step { id, tree });
    let end = if all.to_root { End::Root } else { End::Early };
    store.line = Line { steps: steps.collect(), end };
    Some(store)
}

/// Reads the commits in which people were first met, in the order in which they were.
fn identities(store: &Store, introduced: &[(u32, u32)], objects: &mut Objects) -> Option<Identities> {
    let mut identities = Identities::default();
    for (at, known) in introduced {
        let commit = store.arena.get(*at as usize)?;
        let read = parse(commit.id, objects.commit(commit.id)?, &mut identities)?;
        if read != *commit || identities.len() != *known {
            return None;
        }
    }
    Some(identities)
}

fn list(bytes: &[u8], hash_len: usize) -> Option<Vec<ObjectId>> {
    let pieces = bytes.chunks_exact(hash_len);
    pieces.remainder().is_empty().then(|| pieces.map(ObjectId::from_bytes_or_panic).collect())
}

/// What each commit changed under one layout, in the order in which they were compared.
#[derive(Debug, Default)]
pub(super) struct Touches {
    known: gix::hashtable::HashMap<ObjectId, u32>,
    list: Vec<Known>,
}

/// What one commit changed, how many moves had been followed before it, and which were followed from it.
#[derive(Debug)]
struct Known {
    before: u32,
    touch: Option<Stored>,
    moves: Vec<Alias>,
}

/// Units, files, contracts, and the contents of edited ones.
type Stored = (Vec<u64>, u32, Vec<(u32, u8)>, Vec<(u32, Vec<u8>, Vec<u8>)>);
/// Which commit, by place, and what it changed.
type Row = (u32, Stored);

#[derive(Serialize, Deserialize)]
struct Book<'a> {
    hash_len: usize,
    ids: &'a [u8],
    touched: Vec<Row>,
    moved: Vec<(u32, bool, u32, String)>,
}

const CHANGES: [Change; 3] = [Change::Added, Change::Modified, Change::Removed];

impl Touches {
    /// Reads them back; empty where anything does not fit together.
    pub(super) fn decode(bytes: &[u8]) -> Touches {
        Touches::read(bytes).unwrap_or_default()
    }

    fn read(bytes: &[u8]) -> Option<Touches> {
        let book: Book<'_> = postcard::from_bytes(bytes).ok()?;
        let ids = (book.hash_len > 0).then(|| list(book.ids, book.hash_len)).flatten()?;
        let known = ids.iter().zip(0..).map(|(id, at)| (*id, at)).collect();
        let mut list: Vec<Known> = Vec::with_capacity(ids.len());
        let (mut touched, mut moved) = (book.touched.into_iter().peekable(), book.moved.into_iter().peekable());
        let mut before = 0;
        for at in 0..ids.len() as u32 {
            let touch = touched.next_if(|(place, _)| *place == at).map(|(_, touch)| touch);
            let mut moves = Vec::new();
            while let Some((_, contract, of, path)) = moved.next_if(|(place, ..)| *place == at) {
                moves.push(Alias { path, contract, of });
            }
            let count = moves.len() as u32;
            list.push(Known { before, touch, moves });
            before += count;
        }
        Some(Touches { known, list })
    }

    /// Whether most of these commits are known: only then is it worth going by the book.
    pub(super) fn covers(&self, commits: impl ExactSizeIterator<Item = ObjectId>) -> bool {
        let count = commits.len();
        2 * commits.filter(|id| self.known.contains_key(id)).count() > count
    }

    /// What a commit changed, and what moved in it, if it was compared after the same moves.
    pub(super) fn find(&self, id: ObjectId, before: Option<u32>, trie: &Trie) -> Option<(Touch, &[Alias])> {
        let known = &self.list[*self.known.get(&id)? as usize];
        if before != Some(known.before) || !known.moves.iter().all(|moved| trie.knows(moved)) {
            return None;
        }
        let words = trie.sets.words();
        let mut touch = Touch { units: vec![0; words].into(), ..Touch::default() };
        if let Some((units, files, contracts, edited)) = &known.touch {
            let ids = |(file, old, new): &(u32, Vec<u8>, Vec<u8>)| {
                Some((*file, ObjectId::try_from(&old[..]).ok()?, ObjectId::try_from(&new[..]).ok()?))
            };
            touch.edited = edited.iter().map(ids).collect::<Option<_>>()?;
            let fits = |(file, how): &(u32, u8)| Some((*file, *CHANGES.get(usize::from(*how))?));
            touch.units = (units.len() == words).then(|| units.clone().into())?;
            touch.files = *files;
            touch.contracts = contracts.iter().map(fits).collect::<Option<_>>()?;
            if touch.contracts.iter().any(|(file, _)| *file as usize >= trie.contract_users.len()) {
                return None;
            }
        }
        Some((touch, &known.moves))
    }
}

/// Writes down what commits changed; `moves` says how many were followed after each.
pub(super) fn encode_touches(ids: &[ObjectId], touches: &[Touch], moves: &[(u32, Alias)]) -> Option<Vec<u8>> {
    let hash_len = ids.first()?.as_bytes().len();
    let bytes: Vec<u8> = ids.iter().flat_map(|id| id.as_bytes().iter().copied()).collect();
    let how = |change: &Change| CHANGES.iter().position(|one| one == change).map_or(0, |at| at as u8);
    let stored = |touch: &Touch| -> Stored {
        let contracts = touch.contracts.iter().map(|(file, change)| (*file, how(change)));
        let bytes = |id: &ObjectId| id.as_bytes().to_vec();
        let edited = touch.edited.iter().map(|(file, old, new)| (*file, bytes(old), bytes(new)));
        (touch.units.to_vec(), touch.files, contracts.collect(), edited.collect())
    };
    let concerns = |touch: &Touch| touch.units.iter().any(|&word| word != 0) || !touch.contracts.is_empty();
    let touched = (0_u32..).zip(touches).filter(|(_, touch)| concerns(touch));
    let moved = moves.iter().map(|(at, moved)| (*at, moved.contract, moved.of, moved.path.clone()));
    let touched = touched.map(|(at, touch)| (at, stored(touch))).collect();
    postcard::to_stdvec(&Book { hash_len, ids: &bytes, touched, moved: moved.collect() }).ok()
}
