//! The commits of a stretch of time, newest first, each decoded once.
//!
//! In: a repository and how far back to go. Out: [`Commits`] with the trees to compare and who made them. No tree is
//! opened here, so the walk runs while the files are still being read and nobody knows the services yet.
//!
//! Time is the committer's, measured back from `HEAD`'s own, never from today: the same commit gives the same figures.

use std::collections::BinaryHeap;
use std::ops::Range;
use std::sync::Arc;

use gix::ObjectId;

use super::AGE_DAYS;
use super::identities::{Identities, Kin, Secret, Written};
use super::line::{self, End, Line, Walked};
use super::people::{Trailers, name_and_address, trailers};
use crate::git::packs::Objects;
use crate::git::{Git, GitProblem};

/// More than any window holds in the repositories we know; beyond it the history counts as partly read.
const MOST_COMMITS: usize = 50_000;
/// Commits with a clock behind their parents' would end the walk early: so many are looked past, as git does.
const SLOP: u32 = 8;

/// One commit that is not a merge, with what it is compared to.
#[derive(Debug)]
pub(super) struct Commit {
    pub(super) id: ObjectId,
    pub(super) tree: ObjectId,
    /// The parent's tree; `None` for a root.
    pub(super) before: Option<ObjectId>,
    pub(super) time: i64,
    pub(super) author: Written,
    pub(super) co_authors: Vec<Written>,
    pub(super) assisted: bool,
}

/// How far the walk came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// To the start of the repository.
    Root,
    /// To the asked time; older commits exist.
    Asked,
    /// The clone ends earlier, at this time.
    Shallow(i64),
    /// An object is missing, or there are too many.
    Broken,
}

/// The commits of a stretch of time.
#[derive(Debug)]
pub(super) struct Commits {
    /// Without merges, newest first.
    pub(super) list: Vec<Commit>,
    pub(super) identities: Arc<Identities>,
    /// Of these, the ones that commits of the list carry, by number: what a merge calls somebody says nothing.
    pub(super) met: Vec<bool>,
    pub(super) head: ObjectId,
    pub(super) head_tree: ObjectId,
    pub(super) head_time: i64,
    /// The trees as they stood before the stretch.
    pub(super) older: Line,
    /// Time of the oldest commit walked.
    pub(super) oldest: i64,
    pub(super) reach: Reach,
}

/// One commit as far as history asks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Decoded {
    pub(super) id: ObjectId,
    pub(super) tree: ObjectId,
    /// Where in [`Store::parents`] they are.
    pub(super) parents: Range<u32>,
    pub(super) time: i64,
    pub(super) author: Written,
    pub(super) co_authors: Vec<Written>,
    pub(super) assisted: bool,
}

/// What is no place in the arena.
pub(super) const UNREAD: u32 = 1 << 31;

/// Commits that were decoded, for the next walk in the same repository: a base shares nearly all with its head.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) identities: Arc<Identities>,
    pub(super) arena: Vec<Decoded>,
    pub(super) known: gix::hashtable::HashMap<ObjectId, u32>,
    /// Parents by their places in the arena; from [`UNREAD`] on they are places in `unread`.
    pub(super) parents: Vec<u32>,
    pub(super) unread: Vec<ObjectId>,
    /// Which of the arena this run asked for.
    pub(super) used: Vec<bool>,
    /// How many of them it had to decode.
    pub(super) fresh: usize,
    /// The line of first parents before a window, as walked last.
    pub(super) line: Line,
    /// What tags of people are made with, who they are as told last, and whether what was kept of them cannot be read.
    pub(super) secret: Secret,
    pub(super) kin: Option<Kin>,
    pub(super) is_lost: bool,
}

impl Store {
    pub(super) fn under(secret: Secret) -> Store {
        Store { secret, ..Store::default() }
    }

    pub(super) fn for_so_many(commits: usize) -> Store {
        let mut store = Store { arena: Vec::with_capacity(commits), ..Store::default() };
        store.known.reserve(commits);
        store.used.reserve(commits);
        store.parents.reserve(commits + commits / 2);
        store
    }

    /// Takes in a commit that was decoded now or before.
    pub(super) fn add(&mut self, decoded: Decoded, used: bool) -> u32 {
        let index = self.arena.len() as u32;
        self.known.insert(decoded.id, index);
        self.arena.push(decoded);
        self.used.push(used);
        index
    }

    /// Takes in a commit that was read, and gives those who made it their numbers.
    fn take_in(&mut self, id: ObjectId, raw: Raw<'_>) -> u32 {
        // Nobody else holds them while a walk goes on, unless a former one is still being told: then they are copied.
        let (author, co_authors) = numbered(&raw, Arc::make_mut(&mut self.identities));
        let start = self.parents.len() as u32;
        for parent in raw.parents {
            self.parents.push(UNREAD + self.unread.len() as u32);
            self.unread.push(parent);
        }
        let parents = start..self.parents.len() as u32;
        let assisted = raw.trailers.assisted;
        self.fresh += 1;
        self.add(Decoded { id, tree: raw.tree, parents, time: raw.time, author, co_authors, assisted }, true)
    }

    /// A commit that is here, as far as a line of first parents asks.
    fn walked(&self, id: ObjectId) -> Option<Walked> {
        let one = &self.arena[*self.known.get(&id)? as usize];
        let first = one.parents.clone().next();
        let parent = first.map(|at| self.parent(at).map_or_else(|id| id, |place| self.arena[place as usize].id));
        Some(Walked { tree: one.tree, parent, time: one.time })
    }

    /// A parent's place in the arena, or what it is called.
    pub(super) fn parent(&self, at: u32) -> Result<u32, ObjectId> {
        let place = self.parents[at as usize];
        if place < UNREAD { Ok(place) } else { Err(self.unread[(place - UNREAD) as usize]) }
    }
}

/// Where the line of first parents comes to what is older than the walked stretch.
enum Before {
    Commit(ObjectId),
    /// The repository is younger.
    Nothing,
    Unknown,
}

/// Which of the arena a walk has met.
#[derive(Default)]
struct Seen {
    is_seen: Vec<bool>,
    count: usize,
}

impl Seen {
    /// Says whether it is new.
    fn insert(&mut self, index: u32) -> bool {
        let index = index as usize;
        if index >= self.is_seen.len() {
            self.is_seen.resize(2 * index + 1, false);
        }
        let is_new = !std::mem::replace(&mut self.is_seen[index], true);
        self.count += usize::from(is_new);
        is_new
    }
}

struct Walk<'s> {
    objects: Objects,
    store: &'s mut Store,
    shallow: Vec<ObjectId>,
}

/// Walks back `days` from a commit, `HEAD` where none is named; `None` while there is no commit.
pub(super) fn walk(
    git: &Git,
    from: Option<ObjectId>,
    days: u32,
    store: &mut Store,
) -> Result<Option<Commits>, GitProblem> {
    let Some(head) = from.map_or_else(|| git.head(), |commit| Ok(Some(commit)))? else { return Ok(None) };
    let objects = git.objects();
    if store.arena.is_empty() {
        objects.expect_many();
    }
    let shallow = shallow(&objects);
    let mut walk = Walk { objects, store, shallow };
    let Some(first) = walk.decode(head) else { return Err(GitProblem::Broken("the revision names no commit".into())) };
    Ok(Some(walk.run(first, days)))
}

/// Follows the line of first parents further than the walk did: ages are told up to so many days.
pub(super) fn reach_back(git: &Git, commits: &mut Commits, days: u32) {
    let Some(first) = commits.older.steps.first().map(|step| step.id) else { return };
    let mut objects = git.objects();
    let shallow = shallow(&objects);
    let since = line::since(commits.head_time, days);
    let (line, enough) = line::follow(&mut objects, &shallow, first, since, &commits.older, &|_| None);
    commits.older = Line { end: line.end_of(enough), ..line };
    commits.older.steps.truncate(enough);
}

fn shallow(objects: &Objects) -> Vec<ObjectId> {
    let list = objects.repository().shallow_commits().ok().flatten();
    list.map(|list| list.iter().copied().collect()).unwrap_or_default()
}

impl Walk<'_> {
    fn run(mut self, first: u32, days: u32) -> Commits {
        let (head, head_tree, head_time) = {
            let head = &self.store.arena[first as usize];
            (head.id, head.tree, head.time)
        };
        let cutoff = head_time - i64::from(days) * 86_400;
        // Among commits of one second the first met comes first, whatever the store knew before.
        let mut heap = BinaryHeap::from([(head_time, std::cmp::Reverse(0), first)]);
        // What a former run decoded is mostly what is met.
        let mut list = Vec::with_capacity(self.store.arena.len());
        let mut met = Vec::new();
        let mut seen = Seen::default();
        seen.insert(first);
        let (mut reach, mut oldest, mut late) = (Reach::Root, head_time, 0);
        while let Some((time, _, at)) = heap.pop() {
            if time < cutoff {
                late += 1;
                reach = if reach == Reach::Root { Reach::Asked } else { reach };
                if late > SLOP {
                    break;
                }
            } else {
                oldest = oldest.min(time);
            }
            if seen.count > MOST_COMMITS {
                reach = Reach::Broken;
                break;
            }
            let at = at as usize;
            if self.shallow.contains(&self.store.arena[at].id) {
                reach = shallower(reach, time, cutoff);
                continue;
            }
            let parents = self.store.arena[at].parents.clone();
            let mut before = None;
            for parent in parents.clone() {
                let Some(index) = self.parent(parent) else {
                    reach = Reach::Broken;
                    continue;
                };
                if parent == parents.start {
                    before = Some(self.store.arena[index as usize].tree);
                }
                if seen.insert(index) {
                    heap.push((self.store.arena[index as usize].time, std::cmp::Reverse(seen.count), index));
                }
            }
            let missing = before.is_none() && !parents.is_empty();
            if parents.len() < 2 && time >= cutoff && !missing {
                let made = &self.store.arena[at];
                let co_authors = made.co_authors.clone();
                met.resize(self.store.identities.len() as usize, false);
                std::iter::once(&made.author).chain(&co_authors).for_each(|&who| met[who as usize] = true);
                list.push(Commit {
                    id: made.id,
                    tree: made.tree,
                    before,
                    time,
                    author: made.author,
                    co_authors,
                    assisted: made.assisted,
                });
            }
        }
        let older = self.older(first, cutoff, head_time);
        let identities = Arc::clone(&self.store.identities);
        met.resize(identities.len() as usize, false);
        Commits { list, identities, met, head, head_tree, head_time, older, oldest, reach }
    }

    /// The first of the line of first parents that lies before the walked stretch.
    fn before(&self, first: u32, cutoff: i64) -> Before {
        let mut at = &self.store.arena[first as usize];
        while at.time >= cutoff {
            let Some(parent) = at.parents.clone().next() else { return Before::Nothing };
            let index = self.store.parent(parent).ok().or_else(|| {
                let id = self.store.parent(parent).err()?;
                self.store.known.get(&id).copied()
            });
            let Some(index) = index else { return Before::Unknown };
            at = &self.store.arena[index as usize];
        }
        Before::Commit(at.id)
    }

    /// The line as it stood before the walked stretch, as far back as ages are told.
    fn older(&mut self, first: u32, cutoff: i64, head_time: i64) -> Line {
        let from = match self.before(first, cutoff) {
            Before::Commit(id) => id,
            Before::Nothing => return Line { end: End::Root, ..Line::default() },
            Before::Unknown => return Line::default(),
        };
        let since = line::since(head_time, AGE_DAYS);
        let store = &*self.store;
        let walked = |id| store.walked(id);
        let (line, enough) = line::follow(&mut self.objects, &self.shallow, from, since, &store.line, &walked);
        let older = Line { steps: line.steps[..enough].to_vec(), end: line.end_of(enough), ..Line::default() };
        self.store.line = line;
        older
    }

    /// Decodes a commit once; `None` where it is missing or no commit.
    fn decode(&mut self, id: ObjectId) -> Option<u32> {
        if let Some(&known) = self.store.known.get(&id) {
            self.store.used[known as usize] = true;
            return Some(known);
        }
        if !self.store.identities.has_former() {
            let raw = read(self.objects.commit(id)?)?;
            return Some(self.store.take_in(id, raw));
        }
        let data = self.objects.commit(id)?.to_vec();
        let raw = read(&data)?;
        let identities = Arc::make_mut(&mut self.store.identities);
        for (name, address) in raw.people() {
            self.store.is_lost |= identities.recognize(name, address, &mut self.objects).is_none();
        }
        Some(self.store.take_in(id, raw))
    }

    /// Decodes a parent once; `None` where it is missing or no commit.
    fn parent(&mut self, at: u32) -> Option<u32> {
        match self.store.parent(at) {
            Ok(index) => {
                self.store.used[index as usize] = true;
                Some(index)
            }
            Err(id) => {
                let index = self.decode(id)?;
                self.store.parents[at as usize] = index;
                Some(index)
            }
        }
    }
}

fn shallower(reach: Reach, time: i64, cutoff: i64) -> Reach {
    match reach {
        Reach::Broken => Reach::Broken,
        Reach::Shallow(other) => Reach::Shallow(time.max(other)),
        _ if time >= cutoff => Reach::Shallow(time),
        _ => Reach::Asked,
    }
}

/// A commit as it is written.
struct Raw<'a> {
    tree: ObjectId,
    parents: Vec<ObjectId>,
    author: (&'a [u8], &'a [u8]),
    time: i64,
    trailers: Trailers<'a>,
}

impl<'a> Raw<'a> {
    /// Those who made it, as it names them: its author first.
    fn people(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        std::iter::once(self.author).chain(self.trailers.co_authors.iter().copied())
    }
}

/// Those who made a commit, as it names them: its author first.
pub(super) fn people_of(data: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    Some(read(data)?.people().collect())
}

/// Gives those who made a commit their numbers: its author, and the others.
fn numbered(raw: &Raw<'_>, identities: &mut Identities) -> (Written, Vec<Written>) {
    let author = identities.number(raw.author.0, raw.author.1);
    let mut co_authors = Vec::new();
    for (name, address) in &raw.trailers.co_authors {
        let number = identities.number(name, address);
        if number != author && !co_authors.contains(&number) {
            co_authors.push(number);
        }
    }
    (author, co_authors)
}

/// Reads a commit's header and the trailers of its message.
fn read(data: &[u8]) -> Option<Raw<'_>> {
    let (header, message) = match memchr::memmem::find(data, b"\n\n") {
        Some(end) => (&data[..end], &data[end + 2..]),
        None => (data, &data[data.len()..]),
    };
    let (mut tree, mut parents, mut author, mut time) = (None, Vec::new(), None, None);
    for line in header.split(|&byte| byte == b'\n') {
        if let Some(hex) = line.strip_prefix(b"tree ") {
            tree = tree.or(ObjectId::from_hex(hex).ok());
        } else if let Some(hex) = line.strip_prefix(b"parent ") {
            parents.push(ObjectId::from_hex(hex).ok()?);
        } else if let Some(signature) = line.strip_prefix(b"author ") {
            author = author.or_else(|| name_and_address(signature));
        } else if let Some(signature) = line.strip_prefix(b"committer ") {
            time = time.or_else(|| seconds(signature));
            // Signatures and other long headers follow.
            break;
        }
    }
    let has_trailers = memchr::memmem::find(message, b"-").is_some() && may_hold_trailers(message);
    let trailers = if has_trailers { trailers(message) } else { Trailers::default() };
    Some(Raw { tree: tree?, parents, author: author.unwrap_or_default(), time: time.unwrap_or(0), trailers })
}

/// A quick look before the lines are split: most messages have none of them.
fn may_hold_trailers(message: &[u8]) -> bool {
    memchr::memmem::find_iter(message, b"-").any(|at| {
        let rest = &message[at + 1..];
        let starts = |word: &[u8]| rest.len() >= word.len() && rest[..word.len()].eq_ignore_ascii_case(word);
        starts(b"authored-by:") || starts(b"by:")
    })
}

/// The seconds after the address of `Name <address> 1700000000 +0100`.
pub(super) fn seconds(signature: &[u8]) -> Option<i64> {
    let close = memchr::memrchr(b'>', signature)?;
    let text = std::str::from_utf8(&signature[close + 1..]).ok()?;
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_to_the_committer_and_no_further() {
        let tree = "a".repeat(40);
        let text = format!(
            "tree {tree}\nparent {}\nauthor A B <a@b> 5 +0000\ncommitter C <c@d> 1700000000 -0800\ngpgsig x\n tree {}\n\nsubject\n\nCO-AUTHORED-BY: D <d@e>\nco-authored-by: A B <a@b>\n",
            "b".repeat(40),
            "c".repeat(40),
        );
        let mut identities = Identities::default();
        let found = read(text.as_bytes()).unwrap();
        assert_eq!((found.time, found.parents.len()), (1_700_000_000, 1));
        assert_eq!(found.tree.to_string(), tree);
        assert_eq!(numbered(&found, &mut identities), (0, vec![1]), "the author is not a co-author of themselves");
    }

    #[test]
    fn garbage_is_no_commit_and_no_panic() {
        for text in ["", "tree", "tree zz\n\n", "parent x\n", "\n\n"] {
            assert!(read(text.as_bytes()).is_none(), "{text}");
        }
    }
}
