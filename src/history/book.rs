//! What commits changed under one layout, from one run to the next.
//!
//! In: the commits that a run compared, and what each changed. Out: bytes for the cache, and [`Touches`] from them,
//! which lie as they are used: nothing is unpacked before it is asked for, and nearly nothing after.

use std::cell::OnceCell;

use gix::ObjectId;
use serde::{Deserialize, Serialize};

use super::compare::{Change, Touch};
use super::kept::each;
use super::layout::{Alias, Trie, Units};
use super::touches::{MANY_MET, Met};

/// What each commit changed under one layout, in the order in which they were compared.
#[derive(Debug, Default)]
pub(super) struct Touches<'a> {
    stored: Stored<'a>,
    /// How many of the commits changed something before each one.
    rows: Vec<u32>,
    /// Where each one's digests begin.
    met: Vec<u32>,
    known: OnceCell<gix::hashtable::HashMap<ObjectId, u32>>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Stored<'a> {
    hash_len: usize,
    words: usize,
    ids: &'a [u8],
    /// A byte for each commit: whether it changed something.
    concerns: &'a [u8],
    /// Of those that did: the units, and how many files.
    units: &'a [u8],
    files: &'a [u8],
    /// Row, contract file, and how it changed.
    contracts: Vec<(u32, u32, u8)>,
    /// Row and contract file, and for each of these the contents before and after.
    edited: Vec<(u32, u32)>,
    contents: &'a [u8],
    /// Of each commit how many directories differ in it, and their digests.
    met_counts: &'a [u8],
    met: &'a [u8],
    /// Place of the commit, and what moved in it.
    moved: Vec<(u32, bool, u32, String)>,
}

const CHANGES: [Change; 3] = [Change::Added, Change::Modified, Change::Removed];

impl<'a> Touches<'a> {
    /// Reads them back; empty where anything does not fit together.
    pub(super) fn decode(bytes: &'a [u8]) -> Touches<'a> {
        Touches::read(bytes).unwrap_or_default()
    }

    fn read(bytes: &'a [u8]) -> Option<Touches<'a>> {
        let stored: Stored<'_> = postcard::from_bytes(bytes).ok()?;
        let count = stored.concerns.len();
        let concerned = stored.concerns.iter().filter(|&&concerns| concerns != 0).count();
        let fits = stored.hash_len > 0
            && stored.ids.len() == count.checked_mul(stored.hash_len)?
            && stored.units.len() == concerned.checked_mul(stored.words)?.checked_mul(size_of::<u64>())?
            && stored.files.len() == concerned * size_of::<u32>()
            && stored.contents.len() == stored.edited.len().checked_mul(2 * stored.hash_len)?
            && stored.met_counts.len() == count
            && stored.contracts.is_sorted_by_key(|(row, ..)| *row)
            && stored.edited.is_sorted_by_key(|(row, _)| *row)
            && stored.moved.is_sorted_by_key(|(at, ..)| *at);
        let before = |row: &mut u32, concerns: &u8| {
            let own = *row;
            *row += u32::from(*concerns != 0);
            Some(own)
        };
        let rows = fits.then(|| stored.concerns.iter().scan(0, before).collect())?;
        let mut met = Vec::with_capacity(count);
        let mut end = 0;
        for &count in stored.met_counts {
            met.push(end);
            end += if count < MANY_MET { u32::from(count) } else { 0 };
        }
        (stored.met.len() == 2 * end as usize).then_some(Touches { stored, rows, met, known: OnceCell::new() })
    }

    /// Where each commit stands in it.
    pub(super) fn places(&self, commits: impl Iterator<Item = ObjectId>) -> Vec<Option<u32>> {
        let length = self.stored.hash_len;
        // Most of them come in the order in which they were written down.
        let mut next = 0;
        let place = |id: ObjectId| {
            let is_next = self.stored.ids.get(next * length..).is_some_and(|rest| rest.starts_with(id.as_bytes()));
            let at = if is_next && length == id.as_bytes().len() { Some(next as u32) } else { self.find(id) }?;
            next = at as usize + 1;
            Some(at)
        };
        if self.rows.is_empty() { Vec::new() } else { commits.map(place).collect() }
    }

    fn find(&self, id: ObjectId) -> Option<u32> {
        let known = self.known.get_or_init(|| {
            let ids = each(self.stored.ids, self.stored.hash_len);
            ids.into_iter().flatten().zip(0..).collect()
        });
        known.get(&id).copied()
    }

    /// What the commit at a place changed, and what moved in it, if it was compared after the same moves.
    pub(super) fn at(&self, at: u32, before: Option<u32>, trie: &Trie) -> Option<(Touch, Vec<Alias>)> {
        let before = before? as usize;
        let (former, rest) = self.stored.moved.split_at_checked(before)?;
        let is_next =
            former.last().is_none_or(|(place, ..)| *place < at) && rest.first().is_none_or(|(place, ..)| *place >= at);
        if !is_next || self.stored.words != trie.sets.words() {
            return None;
        }
        let own = rest.iter().take_while(|(place, ..)| *place == at);
        let moves: Vec<Alias> =
            own.map(|&(_, contract, of, ref path)| Alias { path: path.clone(), contract, of }).collect();
        let touch = self.touch(at as usize, trie)?;
        moves.iter().all(|moved| trie.knows(moved)).then_some((touch, moves))
    }

    /// Digests of the directories that differ in the commit at a place; `None` where they are too many.
    pub(super) fn met(&self, at: u32) -> Option<&[[u8; 2]]> {
        let count = *self.stored.met_counts.get(at as usize)?;
        let first = self.met[at as usize] as usize;
        (count < MANY_MET).then(|| &self.stored.met.as_chunks().0[first..first + usize::from(count)])
    }

    fn touch(&self, at: usize, trie: &Trie) -> Option<Touch> {
        let stored = &self.stored;
        let mut touch = Touch { units: Units::none(stored.words), ..Touch::default() };
        if stored.concerns[at] == 0 {
            return Some(touch);
        }
        let (number, row) = (self.rows[at], self.rows[at] as usize);
        let units = stored.units[row * stored.words * size_of::<u64>()..].as_chunks().0;
        touch.units.words_mut().zip(units).for_each(|(word, bytes)| *word = u64::from_le_bytes(*bytes));
        touch.files = stored.files.as_chunks().0.get(row).map_or(0, |bytes| u32::from_le_bytes(*bytes));
        let first = of_row(&stored.contracts, |(of, ..)| *of < number);
        for &(_, file, how) in stored.contracts[first..].iter().take_while(|(of, ..)| *of == number) {
            let is_known = (file as usize) < trie.contract_users.len();
            touch.contracts.push((file, *CHANGES.get(usize::from(how)).filter(|_| is_known)?));
        }
        let first = of_row(&stored.edited, |(of, _)| *of < number);
        let contents = stored.contents[first * 2 * stored.hash_len..].chunks_exact(2 * stored.hash_len);
        for (&(_, file), ids) in stored.edited[first..].iter().take_while(|(of, _)| *of == number).zip(contents) {
            let (old, new) = ids.split_at(stored.hash_len);
            touch.edited.push((file, ObjectId::try_from(old).ok()?, ObjectId::try_from(new).ok()?));
        }
        Some(touch)
    }
}

/// Where something that is sorted by rows begins with a row.
fn of_row<T>(list: &[T], is_before: impl Fn(&T) -> bool) -> usize {
    if list.is_empty() { 0 } else { list.partition_point(is_before) }
}

/// Writes down what commits changed: those that changed something, each with its place among all; `moves` says in which
/// something moved.
pub(super) fn encode<'t>(
    (hash_len, words): (usize, usize),
    ids: &[u8],
    touches: impl Iterator<Item = (u32, &'t Touch)>,
    met: &Met,
    moves: &[(u32, Alias)],
) -> Option<Vec<u8>> {
    let how = |change: &Change| CHANGES.iter().position(|one| one == change).map_or(0, |at| at as u8);
    let (met_counts, met) = (&met.counts, &met.digests);
    let mut stored = Stored { hash_len, words, ids, met_counts, met, ..Stored::default() };
    let mut concerns = vec![0; ids.len().checked_div(hash_len)?];
    let (mut units, mut files, mut contents) = (Vec::new(), Vec::new(), Vec::new());
    for (row, (place, touch)) in (0..).zip(touches) {
        *concerns.get_mut(place as usize)? = 1;
        touch.units.words().for_each(|word| units.extend_from_slice(&word.to_le_bytes()));
        files.extend_from_slice(&touch.files.to_le_bytes());
        stored.contracts.extend(touch.contracts.iter().map(|(file, change)| (row, *file, how(change))));
        for (file, old, new) in &touch.edited {
            stored.edited.push((row, *file));
            [old, new].into_iter().for_each(|id| contents.extend_from_slice(id.as_bytes()));
        }
    }
    stored.moved = moves.iter().map(|(at, moved)| (*at, moved.contract, moved.of, moved.path.clone())).collect();
    (stored.concerns, stored.units, stored.files, stored.contents) = (&concerns, &units, &files, &contents);
    postcard::to_stdvec(&stored).ok()
}

#[cfg(test)]
mod tests {
    use super::super::layout::{Layout, Unit};
    use super::*;

    #[test]
    fn what_commits_changed_comes_back() {
        let unit = Unit { directories: vec!["a".into()], contracts: vec!["a/x.proto".into()], ..Unit::default() };
        let trie = Trie::new(&Layout { units: vec![unit], packages: Vec::new() }, "");
        let id = |n: u8| ObjectId::from_bytes_or_panic(&[n; 20]);
        let mut touch = Touch { files: 3, contracts: vec![(0, Change::Removed)], ..Touch::default() };
        touch.units.add(&[1]);
        touch.edited.push((0, id(8), id(9)));
        let ids: Vec<u8> = (1..=3).flat_map(|n| [n; 20]).collect();
        let moved = Alias { path: "b".into(), contract: false, of: 1 };
        let met = Met { digests: vec![7, 0, 8, 0, 9, 1], counts: vec![1, MANY_MET, 2] };
        let bytes = encode((20, 1), &ids, [(1, &touch)].into_iter(), &met, &[(1, moved.clone())]).unwrap();
        let known = Touches::decode(&bytes);
        assert_eq!(known.places([4, 1, 3, 2].map(id).into_iter()), [None, Some(0), Some(2), Some(1)]);
        let (back, moves) = known.at(1, Some(0), &trie).unwrap();
        assert_eq!((back.units, back.files, back.edited), (touch.units, 3, touch.edited));
        assert_eq!((back.contracts, moves), (touch.contracts, vec![moved]));
        assert_eq!([0, 1, 2].map(|at| known.met(at)), [Some(&[[7, 0]][..]), None, Some(&[[8, 0], [9, 1]][..])]);
        assert!(!known.at(0, Some(0), &trie).unwrap().0.concerns());
        assert!(known.at(2, Some(0), &trie).is_none() && known.at(2, Some(1), &trie).is_some());
        for end in 0..bytes.len() {
            assert!(Touches::decode(&bytes[..end]).places([id(1)].into_iter()).is_empty(), "cut at {end}");
        }
    }
}
