//! The line of first parents before the walked stretch: what ages are told by.
//!
//! In: a commit, and how far back to go. Out: [`Line`], a tree for each commit. Only the first two lines of a commit are
//! looked at, which costs some 2 µs each; when a commit was made is read of one in [`BLOCK`], for it stands further in.
//! Where the line ends hangs on the commits alone, not on what a former run knew of them.

use gix::ObjectId;

use super::team::DAY;
use super::walk::seconds;
use crate::git::packs::Objects;

/// More first parents than any repository we know has.
const MOST: usize = 1_000_000;
/// The time of one commit in so many is looked at.
const BLOCK: usize = 64;
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

/// Follows first parents from `first` until they are older than `since`. The line goes a little further than that, and
/// said is how much of it is enough. What `known` holds is taken from there.
pub(super) fn follow(
    objects: &mut Objects,
    shallow: &[ObjectId],
    first: ObjectId,
    since: i64,
    known: &Line,
) -> (Line, usize) {
    let places: gix::hashtable::HashMap<ObjectId, usize> =
        known.steps.iter().enumerate().map(|(at, step)| (step.id, at)).collect();
    let mut line = Line::default();
    let mut next = Some(first);
    // Where a block ended before `since`: once may be a wrong clock, twice in a row is not.
    let mut older = None;
    line.end = loop {
        let Some(id) = next else { break End::Root };
        let taken = places.get(&id).and_then(|&at| taken(known, at));
        let Some((step, parent)) = taken.or_else(|| read(objects, id)).filter(|_| line.steps.len() < MOST) else {
            break End::Lost;
        };
        line.steps.push(step);
        if parent.is_some() && shallow.contains(&id) {
            break End::Lost;
        }
        next = parent;
        if line.steps.len().is_multiple_of(BLOCK) {
            let is_older = time(objects, id).is_some_and(|time| time < since);
            if let Some(block) = older.filter(|_| is_older && next.is_some()) {
                let enough = enough(objects, &line.steps, block, since);
                line.end = End::Early;
                return (line, enough);
            }
            older = is_older.then_some(line.steps.len());
        }
    };
    let enough = line.steps.len();
    (line, enough)
}

/// The first steps up to one that is older, which is in the block that ends at `end`.
fn enough(objects: &mut Objects, steps: &[Step], end: usize, since: i64) -> usize {
    let start = end - BLOCK;
    let newer = |step: &Step| time(objects, step.id).is_none_or(|time| time >= since);
    start + steps[start..end - 1].partition_point(newer) + 1
}

/// The step at this place of a line, and its parent; `None` where that is not in the line.
fn taken(line: &Line, at: usize) -> Option<(Step, Option<ObjectId>)> {
    let next = line.steps.get(at + 1).map(|step| step.id);
    (next.is_some() || line.end == End::Root).then(|| (line.steps[at], next))
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
    time_of(objects.commit(commit)?)
}

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
