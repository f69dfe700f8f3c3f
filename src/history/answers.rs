//! What was asked of older trees, by former runs and by this one.
//!
//! In: questions about objects by their names, so that an answer holds for ever. Out: bytes for the cache, and
//! [`Answers`] from them, which are looked up where they lie. What a run did not need is not kept again.

use std::collections::BTreeMap;
use std::ops::Range;

use gix::ObjectId;
use serde::{Deserialize, Serialize};

/// Answers of former runs, and those of this one.
#[derive(Debug, Default)]
pub(super) struct Answers<'a> {
    stored: Stored<'a>,
    /// Which of the stored rows this run needed.
    used: Vec<bool>,
    paths: Vec<Path>,
    numbers: BTreeMap<String, u32>,
    /// Path and tree: what lies there.
    found: BTreeMap<(u32, ObjectId), Option<ObjectId>>,
    former: Known<[ObjectId; 3], Option<String>>,
    times: Known<ObjectId, i64>,
    asked_anew: bool,
}

/// Of few questions: what former runs were answered, and what this run needed of it or found itself.
#[derive(Debug)]
struct Known<Q, A> {
    stored: BTreeMap<Q, A>,
    needed: BTreeMap<Q, A>,
}

impl<Q, A> Default for Known<Q, A> {
    fn default() -> Self {
        Known { stored: BTreeMap::new(), needed: BTreeMap::new() }
    }
}

impl<Q: Ord + Copy, A: Clone> Known<Q, A> {
    fn get(&mut self, question: Q) -> Option<A> {
        if let Some(answer) = self.needed.get(&question) {
            return Some(answer.clone());
        }
        let answer = self.stored.get(&question)?.clone();
        self.needed.insert(question, answer.clone());
        Some(answer)
    }
}

#[derive(Debug)]
struct Path {
    text: String,
    /// Its rows of the stored ones, sorted by trees.
    rows: Range<usize>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Stored<'a> {
    hash_len: usize,
    /// How many rows each path has.
    paths: Vec<(&'a str, usize)>,
    trees: &'a [u8],
    /// What lies there; zeros where nothing does.
    found: &'a [u8],
    former: Vec<(&'a [u8], Option<&'a str>)>,
    times: Vec<(&'a [u8], i64)>,
}

impl<'a> Answers<'a> {
    /// Reads them back; none where anything does not fit together.
    pub(super) fn decode(bytes: &'a [u8]) -> Answers<'a> {
        Answers::read(bytes).unwrap_or_default()
    }

    fn read(bytes: &'a [u8]) -> Option<Answers<'a>> {
        let stored: Stored<'_> = postcard::from_bytes(bytes).ok()?;
        let length = Some(stored.hash_len).filter(|&length| length > 0)?;
        let mut answers = Answers::default();
        let mut rows = 0;
        for (path, count) in &stored.paths {
            answers.numbers.insert((*path).to_owned(), answers.paths.len() as u32);
            answers.paths.push(Path { text: (*path).to_owned(), rows: rows..rows.checked_add(*count)? });
            rows = answers.paths.last()?.rows.end;
        }
        for (objects, place) in &stored.former {
            let mut ids = objects.chunks(length).map(ObjectId::try_from);
            let key = [ids.next()?.ok()?, ids.next()?.ok()?, ids.next()?.ok()?];
            answers.former.stored.insert(key, place.map(str::to_owned));
        }
        for (commit, time) in &stored.times {
            answers.times.stored.insert(ObjectId::try_from(*commit).ok()?, *time);
        }
        let bytes = rows.checked_mul(length)?;
        answers.used = (stored.trees.len() == bytes && stored.found.len() == bytes).then(|| vec![false; rows])?;
        answers.stored = stored;
        Some(answers)
    }

    /// Numbers a path.
    pub(super) fn number(&mut self, path: &str) -> u32 {
        if let Some(known) = self.numbers.get(path) {
            return *known;
        }
        let number = self.paths.len() as u32;
        self.paths.push(Path { text: path.to_owned(), rows: 0..0 });
        self.numbers.insert(path.to_owned(), number);
        number
    }

    pub(super) fn path(&self, number: u32) -> &str {
        &self.paths[number as usize].text
    }

    /// What lies at a path of a tree, if that was asked before.
    pub(super) fn found(&mut self, path: u32, tree: ObjectId) -> Option<Option<ObjectId>> {
        let length = self.stored.hash_len;
        let rows = self.paths[path as usize].rows.clone();
        if !rows.is_empty() && tree.as_bytes().len() == length {
            let stored = |row: usize| &self.stored.trees[row * length..(row + 1) * length];
            let (mut low, mut high) = (rows.start, rows.end);
            while low < high {
                let middle = usize::midpoint(low, high);
                if stored(middle) < tree.as_bytes() { low = middle + 1 } else { high = middle }
            }
            if low < rows.end && stored(low) == tree.as_bytes() {
                self.used[low] = true;
                let id = ObjectId::try_from(&self.stored.found[low * length..(low + 1) * length]).ok()?;
                return Some((!id.is_null()).then_some(id));
            }
        }
        self.found.get(&(path, tree)).copied()
    }

    pub(super) fn note_found(&mut self, path: u32, tree: ObjectId, found: Option<ObjectId>) {
        self.asked_anew = true;
        self.found.insert((path, tree), found);
    }

    /// Where something that is new in the second of two trees lay in the first.
    pub(super) fn former(&mut self, question: [ObjectId; 3]) -> Option<Option<String>> {
        self.former.get(question)
    }

    pub(super) fn note_former(&mut self, question: [ObjectId; 3], place: Option<String>) {
        self.asked_anew = true;
        self.former.needed.insert(question, place);
    }

    /// When a commit was made.
    pub(super) fn time(&mut self, commit: ObjectId) -> Option<i64> {
        self.times.get(commit)
    }

    pub(super) fn note_time(&mut self, commit: ObjectId, time: i64) {
        self.asked_anew = true;
        self.times.needed.insert(commit, time);
    }

    /// The answers that this run needed, if some of them are new.
    pub(super) fn learned(self) -> Option<Learned> {
        if !self.asked_anew {
            return None;
        }
        let mut rows: Vec<(u32, ObjectId, Option<ObjectId>)> = Vec::new();
        let length = self.stored.hash_len;
        for (number, path) in (0..).zip(&self.paths) {
            for row in path.rows.clone().filter(|&row| self.used[row]) {
                let id = |ids: &[u8]| ObjectId::try_from(&ids[row * length..(row + 1) * length]).ok();
                let (Some(tree), found) = (id(self.stored.trees), id(self.stored.found)) else { continue };
                rows.push((number, tree, found.filter(|found| !found.is_null())));
            }
        }
        rows.extend(self.found.into_iter().map(|((path, tree), found)| (path, tree, found)));
        let paths = self.paths.into_iter().map(|path| path.text).collect();
        Some(Learned { paths, rows, former: self.former.needed, times: self.times.needed })
    }
}

/// What is to be kept of a run.
#[derive(Debug)]
pub(super) struct Learned {
    paths: Vec<String>,
    rows: Vec<(u32, ObjectId, Option<ObjectId>)>,
    former: BTreeMap<[ObjectId; 3], Option<String>>,
    times: BTreeMap<ObjectId, i64>,
}

impl Learned {
    pub(super) fn encode(mut self) -> Option<Vec<u8>> {
        self.rows.sort_unstable();
        let hash_len = self.rows.first().map_or(0, |(_, tree, _)| tree.as_bytes().len());
        let (mut trees, mut found, mut counts) = (Vec::new(), Vec::new(), vec![0; self.paths.len()]);
        for (path, tree, id) in &self.rows {
            counts[*path as usize] += 1;
            trees.extend_from_slice(tree.as_bytes());
            found.extend_from_slice(id.unwrap_or(tree.kind().null()).as_bytes());
        }
        let of_path = |(path, count): (&'_ String, _)| (count > 0).then_some((path.clone(), count));
        let paths: Vec<(String, usize)> = self.paths.iter().zip(counts).filter_map(of_path).collect();
        let questions: Vec<Vec<u8>> =
            self.former.keys().map(|ids| ids.iter().flat_map(|id| id.as_bytes()).copied().collect()).collect();
        let stored = Stored {
            hash_len,
            paths: paths.iter().map(|(path, count)| (path.as_str(), *count)).collect(),
            trees: &trees,
            found: &found,
            former: questions.iter().map(Vec::as_slice).zip(self.former.values().map(Option::as_deref)).collect(),
            times: self.times.iter().map(|(commit, time)| (commit.as_bytes(), *time)).collect(),
        };
        postcard::to_stdvec(&stored).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> ObjectId {
        ObjectId::from_bytes_or_panic(&[n; 20])
    }

    #[test]
    fn answers_come_back_if_they_were_needed() {
        let mut answers = Answers::default();
        let (a, b) = (answers.number("a"), answers.number("b/c"));
        assert_eq!((answers.number("a"), answers.path(b)), (a, "b/c"));
        for n in (1..9).rev() {
            answers.note_found(b, id(n), (n % 2 == 0).then_some(id(n + 100)));
        }
        answers.note_former([id(1), id(2), id(3)], Some("x".into()));
        answers.note_time(id(7), -5);
        let bytes = answers.learned().unwrap().encode().unwrap();
        let mut back = Answers::decode(&bytes);
        let (a, b) = (back.number("a"), back.number("b/c"));
        assert_eq!((back.found(b, id(4)), back.found(b, id(5))), (Some(Some(id(104))), Some(None)));
        assert_eq!((back.found(b, id(9)), back.found(a, id(4))), (None, None));
        assert_eq!((back.former([id(1), id(2), id(3)]), back.time(id(7))), (Some(Some("x".into())), Some(-5)));
        back.note_found(a, id(4), None);
        let again = back.learned().unwrap().encode().unwrap();
        let mut again = Answers::decode(&again);
        let b = again.number("b/c");
        assert_eq!((again.found(b, id(4)), again.found(b, id(6))), (Some(Some(id(104))), None));
        assert!(again.learned().is_none(), "nothing was asked anew");
        for end in 0..bytes.len() {
            let mut cut = Answers::decode(&bytes[..end]);
            let b = cut.number("b/c");
            assert_eq!(cut.found(b, id(4)), None, "cut at {end}");
        }
    }
}
