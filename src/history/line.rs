//! The line of first parents before the walked stretch: what ages are told by.
//!
//! In: a commit, and how far back to go. Out: [`Line`], a tree for each commit. Only the first two lines of a commit are
//! looked at, which costs some 2 µs each; when a commit was made is read of one in [`BLOCK`], for it stands further in.
//! Where the line ends hangs on the commits alone, not on what a former run knew of them.

use std::collections::BTreeMap;
use std::ops::Range;

use gix::ObjectId;

use super::team::DAY;
use super::walk::seconds;
use crate::git::packs::Objects;

/// More first parents than any repository we know has.
const MOST: usize = 1_000_000;
/// The time of one commit in so many is looked at.
const BLOCK: usize = 64;
/// So many commits are read before all of a known line is sorted to look for them.
const FEW: usize = 16;
/// The line ends at the same commit for a quarter of a year, so that runs of neighbouring commits ask about the same
/// trees, and find what a former run was answered.
const QUARTER: i64 = 91 * DAY;

/// One commit of the past: its tree is looked at, and of a few of them the time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) id: ObjectId,
    pub(super) tree: ObjectId,
}

/// First parents, newest first.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) steps: Vec<Step>,
    pub(super) end: End,
    /// When some of them were made.
    pub(super) times: BTreeMap<ObjectId, i64>,
}

/// Where a line ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum End {
    /// With the first commit of the repository.
    Root,
    /// Where nobody asks further; older commits may exist.
    Early,
    /// Where the clone does, or something cannot be read.
    #[default]
    Lost,
}

impl Line {
    /// Where it ends if only so many steps of it are taken.
    pub(super) fn end_of(&self, steps: usize) -> End {
        if steps < self.steps.len() { End::Early } else { self.end }
    }
}

/// Back to where a line goes that tells ages up to so many days.
pub(super) fn since(head_time: i64, days: u32) -> i64 {
    // A commit of just that age is not to be taken for one that is older.
    let exact = head_time - (i64::from(days) + 1) * DAY;
    exact - exact.rem_euclid(QUARTER)
}

/// A commit that a walk has decoded, as far as a line asks.
#[derive(Clone, Copy)]
pub(super) struct Walked {
    pub(super) tree: ObjectId,
    pub(super) parent: Option<ObjectId>,
    pub(super) time: i64,
}

/// Follows first parents from `first` until they are older than `since`. The line goes a little further than that, and
/// said is how much of it is enough. What `known` holds is taken from there, and from `walked` what a walk has decoded:
/// a window that has moved leaves a part of itself to the line.
pub(super) fn follow(
    objects: &mut Objects,
    shallow: &[ObjectId],
    first: ObjectId,
    since: i64,
    known: &Line,
    walked: &dyn Fn(ObjectId) -> Option<Walked>,
) -> (Line, usize) {
    let mut way = Way { objects, since, line: Line::default(), known, walked, block: 0, older: None };
    let mut places: Option<gix::hashtable::HashMap<ObjectId, usize>> = None;
    let mut next = Some(first);
    let mut is_behind = !shallow.is_empty();
    way.line.end = loop {
        let Some(id) = next else { break End::Root };
        // It begins within the known line, or a few steps lead to where that begins; only then all of it is sorted.
        let at = match way.line.steps.len() {
            _ if is_behind => None,
            _ if known.steps.first().is_some_and(|step| step.id == id) => Some(0),
            0 => known.steps.iter().position(|step| step.id == id),
            1..FEW => None,
            _ => {
                let all = || known.steps.iter().enumerate().map(|(at, step)| (step.id, at)).collect();
                places.get_or_insert_with(all).get(&id).copied()
            }
        };
        if let Some(at) = at {
            is_behind = true;
            let rest = &known.steps[at..];
            // What comes before the last one's parent is only known where there is none.
            let taken = if known.end == End::Root { rest.len() } else { rest.len() - 1 };
            for (nth, step) in rest[..taken].iter().enumerate() {
                next = rest.get(nth + 1).map(|step| step.id);
                if let Some(enough) = way.go(*step, next.is_none()) {
                    return (way.line, enough);
                }
            }
            if taken > 0 {
                continue;
            }
        }
        let step = walked(id).map(|one| (Step { id, tree: one.tree }, one.parent)).or_else(|| read(way.objects, id));
        let Some((step, parent)) = step.filter(|_| way.line.steps.len() < MOST) else {
            break End::Lost;
        };
        if parent.is_some() && shallow.contains(&id) {
            way.line.steps.push(step);
            break End::Lost;
        }
        next = parent;
        if let Some(enough) = way.go(step, next.is_none()) {
            return (way.line, enough);
        }
    };
    let enough = way.line.steps.len();
    (way.line, enough)
}

/// A line as it is followed.
struct Way<'w> {
    objects: &'w mut Objects,
    since: i64,
    line: Line,
    known: &'w Line,
    walked: &'w dyn Fn(ObjectId) -> Option<Walked>,
    /// Where the current block began.
    block: usize,
    /// A block that ended before `since`: once may be a wrong clock, twice in a row is not.
    older: Option<Range<usize>>,
}

impl Way<'_> {
    /// Takes a step; says how many are enough if it was the last.
    fn go(&mut self, step: Step, is_root: bool) -> Option<usize> {
        self.line.steps.push(step);
        if !ends_block(step.id) {
            return None;
        }
        let block = std::mem::replace(&mut self.block, self.line.steps.len())..self.line.steps.len();
        let is_older = self.time(step.id).is_some_and(|time| time < self.since);
        if let Some(older) = self.older.take().filter(|_| is_older && !is_root) {
            self.line.end = End::Early;
            return Some(self.enough(older));
        }
        self.older = is_older.then_some(block);
        None
    }

    /// The first steps up to one that is older, which is in this block.
    fn enough(&mut self, block: Range<usize>) -> usize {
        let (mut low, mut high) = (block.start, block.end - 1);
        while low < high {
            let middle = usize::midpoint(low, high);
            let is_older = self.time(self.line.steps[middle].id).is_some_and(|time| time < self.since);
            if is_older { high = middle } else { low = middle + 1 }
        }
        low + 1
    }

    fn time(&mut self, id: ObjectId) -> Option<i64> {
        let known = self.known.times.get(&id).copied().or_else(|| Some((self.walked)(id)?.time));
        let time = known.or_else(|| time(self.objects, id))?;
        self.line.times.insert(id, time);
        Some(time)
    }
}

/// One commit in some [`BLOCK`] ends a block: which ones, their ids say, so that runs of neighbouring commits look at the
/// same ones' times.
fn ends_block(id: ObjectId) -> bool {
    id.as_bytes().last().is_some_and(|last| usize::from(*last).is_multiple_of(BLOCK))
}

fn read(objects: &mut Objects, id: ObjectId) -> Option<(Step, Option<ObjectId>)> {
    let mut head = [0; LONGEST_HEAD];
    let lines = 2 * (b"parent \n".len() + id.kind().len_in_hex());
    let length = objects.head_of_commit(id, &mut head[..lines]);
    let (tree, parent) =
        length.and_then(|length| tree_and_parent(&head[..length])).or_else(|| tree_and_parent(objects.commit(id)?))?;
    Some((Step { id, tree }, parent))
}

/// A tree and a parent, each with the longest of hashes.
const LONGEST_HEAD: usize = 2 * (8 + 64);

/// Reads when a commit was made; `None` where it is missing.
pub(super) fn time(objects: &mut Objects, commit: ObjectId) -> Option<i64> {
    let mut head = [0; HEADER];
    let length = objects.head_of_commit(commit, &mut head);
    let lines = length.and_then(|length| Some(&head[..memchr::memrchr(b'\n', &head[..length])?]));
    lines.and_then(time_of).or_else(|| time_of(objects.commit(commit)?))
}

/// Nearly every commit says within so many bytes when it was made.
const HEADER: usize = 320;

/// Reads the tree and the first parent from the beginning of a commit, in the order in which git writes them.
fn tree_and_parent(data: &[u8]) -> Option<(ObjectId, Option<ObjectId>)> {
    let (tree, rest) = id_of_line(data.strip_prefix(b"tree ")?)?;
    match rest.strip_prefix(b"parent ") {
        Some(rest) => Some((tree, Some(id_of_line(rest)?.0))),
        // What begins otherwise may be a parent that is cut, or none of git's making.
        None => rest.starts_with(b"author ").then_some((tree, None)),
    }
}

fn id_of_line(text: &[u8]) -> Option<(ObjectId, &[u8])> {
    let end = memchr::memchr(b'\n', text)?;
    Some((ObjectId::from_hex(&text[..end]).ok()?, &text[end + 1..]))
}

fn time_of(data: &[u8]) -> Option<i64> {
    let mut header = data.split(|&byte| byte == b'\n').take_while(|line| !line.is_empty());
    header.find_map(|line| line.strip_prefix(b"committer ")).map(|signature| seconds(signature).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_takes_two_lines() {
        let [tree, parent] = ["a", "b"].map(|digit| digit.repeat(40));
        let text = format!(
            "tree {tree}\nparent {parent}\nparent {tree}\nauthor A <a@b> 5 +0000\ncommitter C <c@d> 17 +0000\n\n"
        );
        let found = |text: &str| {
            tree_and_parent(text.as_bytes())
                .map(|(tree, parent)| (tree.to_string(), parent.map(|parent| parent.to_string())))
        };
        assert_eq!(found(&text), Some((tree.clone(), Some(parent.clone()))));
        assert_eq!(found(&text[..94]), found(&text));
        assert_eq!(found(&text[..93]), None, "the second line is cut");
        assert_eq!(found(&format!("tree {tree}\nauthor A")), Some((tree.clone(), None)));
        assert_eq!(found(&format!("parent {parent}\ntree {tree}\nauthor A")), None);
        assert_eq!((time_of(text.as_bytes()), time_of(b"tree\n\ncommitter C <c> 5")), (Some(17), None));
    }

    #[test]
    fn the_end_of_a_line_stays_for_a_quarter() {
        let head = 1_700_000_000;
        let ends: std::collections::BTreeSet<i64> = (0..91).map(|day| since(head + day * DAY, 1826)).collect();
        assert!(ends.len() <= 2, "{ends:?}");
        assert!(ends.iter().all(|&end| end <= head + 90 * DAY - 1827 * DAY));
        assert!(since(head, 1826) <= head - 1827 * DAY && since(head, 1826) > head - (1827 + 91) * DAY);
    }
}
