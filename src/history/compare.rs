//! What a commit changed, as far as services are concerned.
//!
//! In: two trees and the [`Trie`] of places that matter. Out: [`Touch`]. Trees are compared as bytes, entry by entry;
//! only directories in which a service can be are opened, so the cost does not grow with the number of services.
//! No blob is read: a clone without blobs gives the same result.

use std::cmp::Ordering;
use std::rc::Rc;

use gix::ObjectId;
use gix::objs::Kind;

use super::layout::{NONE, Set, Trie, Units, is_generated, is_vendored};
use super::line;
use crate::git::Git;
use crate::git::packs::Objects;

/// How a contract file changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Added,
    Modified,
    Removed,
}

/// What one commit changed.
#[derive(Debug, Default)]
pub(super) struct Touch {
    /// Units of which it changed a file.
    pub(super) units: Units,
    /// Files changed in directories of services, without vendored and generated ones.
    pub(super) files: u32,
    /// Contract files, by number.
    pub(super) contracts: Vec<(u32, Change)>,
    /// Contents of modified contract files, before and after, by number.
    pub(super) edited: Vec<(u32, ObjectId, ObjectId)>,
}

impl Touch {
    /// Whether it is about anything of a service.
    pub(super) fn concerns(&self) -> bool {
        !self.units.is_empty() || !self.contracts.is_empty()
    }
}

/// What was not there before one commit, and may have lain elsewhere.
#[derive(Debug, Default)]
pub(super) struct Brought {
    /// Nodes of services' directories, with their tree.
    pub(super) directories: Vec<(u32, ObjectId)>,
    pub(super) contracts: Vec<(u32, ObjectId)>,
}

/// An object that the history needs is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Missing;

/// One entry of a tree: its bytes as stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    whole: &'a [u8],
    pub(super) name: &'a [u8],
    pub(super) is_tree: bool,
    oid: &'a [u8],
}

impl Entry<'_> {
    pub(super) fn id(&self) -> ObjectId {
        ObjectId::from_bytes_or_panic(self.oid)
    }
}

/// Iterates over the entries of a tree; stops at the first byte that makes no sense.
#[derive(Clone, Debug)]
pub(super) struct Entries<'a> {
    rest: &'a [u8],
    hash_len: usize,
}

impl<'a> Entries<'a> {
    pub(super) fn new(tree: &'a [u8], hash_len: usize) -> Entries<'a> {
        Entries { rest: tree, hash_len }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let zero = memchr::memchr(0, self.rest)?;
        let end = zero + 1 + self.hash_len;
        let whole = self.rest.get(..end)?;
        let space = memchr::memchr(b' ', &whole[..zero])?;
        self.rest = &self.rest[end..];
        let is_tree = matches!(&whole[..space], b"40000" | b"040000");
        Some(Entry { whole, name: &whole[space + 1..zero], is_tree, oid: &whole[zero + 1..] })
    }
}

/// The order of names in a tree: a directory sorts as if its name ended in `/`.
fn order(a: &Entry<'_>, b: &Entry<'_>) -> Ordering {
    let common = a.name.len().min(b.name.len());
    let end = |entry: &Entry<'_>| entry.name.get(common).copied().unwrap_or(if entry.is_tree { b'/' } else { 0 });
    a.name[..common].cmp(&b.name[..common]).then_with(|| end(a).cmp(&end(b)))
}

/// The next entries of two trees, behind those that are the same in both.
fn both<'a>(before: &mut Entries<'a>, after: &mut Entries<'a>) -> (Option<Entry<'a>>, Option<Entry<'a>>) {
    let same = common(before.rest, after.rest);
    if same == before.rest.len() && same == after.rest.len() {
        return (None, None);
    }
    let mut rest = &before.rest[..same];
    while let Some(end) = end_of_entry(rest, before.hash_len) {
        rest = &rest[end..];
    }
    let behind = same - rest.len();
    (before.rest, after.rest) = (&before.rest[behind..], &after.rest[behind..]);
    (before.next(), after.next())
}

/// With how many bytes both begin.
pub(super) fn common(a: &[u8], b: &[u8]) -> usize {
    const WIDE: usize = 32;
    let wide = a.as_chunks::<WIDE>().0.iter().zip(b.as_chunks::<WIDE>().0).take_while(|(a, b)| a == b).count() * WIDE;
    wide + a[wide..].iter().zip(&b[wide..]).take_while(|(a, b)| a == b).count()
}

/// Where the first entry ends; `None` where it is cut or makes no sense.
fn end_of_entry(tree: &[u8], hash_len: usize) -> Option<usize> {
    let zero = zero(tree)?;
    let end = zero + 1 + hash_len;
    let has_mode = tree[..zero].contains(&b' ');
    (end <= tree.len() && has_mode).then_some(end)
}

/// Finds the end of a name. Names are short, so that a call of a general search costs more than the search.
fn zero(bytes: &[u8]) -> Option<usize> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in (0..).step_by(8).zip(words) {
        let word = u64::from_le_bytes(*word);
        // The lowest of these bits is that of the first zero.
        let zeros = word.wrapping_sub(LOW) & !word & (LOW << 7);
        if zeros != 0 {
            return Some(at + (zeros.trailing_zeros() / 8) as usize);
        }
    }
    rest.iter().position(|&byte| byte == 0).map(|at| words.len() * 8 + at)
}

/// Walks two trees in step and hands over what differs: `(before, after)`, at least one of them there.
pub(super) fn differing<'a>(
    before: Entries<'a>,
    after: Entries<'a>,
    mut each: impl FnMut(Option<Entry<'a>>, Option<Entry<'a>>),
) {
    let (mut before, mut after) = (before, after);
    let (mut old, mut new) = both(&mut before, &mut after);
    loop {
        match (old, new) {
            (None, None) => return,
            (Some(a), Some(b)) if a.whole == b.whole => (old, new) = both(&mut before, &mut after),
            (Some(a), Some(b)) => match order(&a, &b) {
                Ordering::Equal => {
                    each(Some(a), Some(b));
                    (old, new) = both(&mut before, &mut after);
                }
                Ordering::Less => {
                    each(Some(a), None);
                    old = before.next();
                }
                Ordering::Greater => {
                    each(None, Some(b));
                    new = after.next();
                }
            },
            (Some(a), None) => {
                each(Some(a), None);
                old = before.next();
            }
            (None, Some(b)) => {
                each(None, Some(b));
                new = after.next();
            }
        }
    }
}

/// Where the comparison stands.
#[derive(Clone, Copy, Debug)]
struct Here {
    /// `None` below a deep directory, where no name is listed any more.
    node: Option<u32>,
    files: Set,
    below: Set,
    /// The digest of its path.
    path: u32,
}

/// Compares trees.
pub(super) struct Comparison {
    objects: Objects,
    hash_len: usize,
    open: Vec<(Here, Option<ObjectId>, Option<ObjectId>)>,
    /// Digests of the directories that the last comparison found to differ, entered or not.
    pub(super) met: Vec<u16>,
}

/// The digest of a path, from that of the directory above.
pub(super) fn digest(above: u32, name: &[u8]) -> u32 {
    let mixed = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    name.iter().fold(mixed(above, &b'/'), mixed)
}

/// As much of a digest as is kept. Two directories may have the same: then too much is compared again.
pub(super) fn short(path: u32) -> u16 {
    (path ^ path >> 16) as u16
}

/// The bytes of a tree.
pub(super) type Tree = Rc<[u8]>;

impl Comparison {
    pub(super) fn new(git: &Git) -> Comparison {
        let objects = git.objects();
        let hash_len = objects.repository().object_hash().len_in_bytes();
        Comparison { objects, hash_len, open: Vec::new(), met: Vec::new() }
    }

    pub(super) fn objects(&mut self) -> &mut Objects {
        &mut self.objects
    }

    /// Reads a tree; the empty one for `None`.
    pub(super) fn tree(&mut self, id: Option<ObjectId>) -> Result<Tree, Missing> {
        let Some(id) = id else { return Ok(Tree::default()) };
        self.objects.find(id).filter(|(kind, _)| *kind == Kind::Tree).map(|(_, bytes)| bytes).ok_or(Missing)
    }

    /// Reads when a commit was made.
    pub(super) fn time(&mut self, commit: ObjectId) -> Result<i64, Missing> {
        line::time(&mut self.objects, commit).ok_or(Missing)
    }

    /// Finds the object at a path of a tree; `None` where nothing is.
    pub(super) fn lookup(&mut self, tree: ObjectId, path: &str) -> Result<Option<ObjectId>, Missing> {
        let mut found = Some((tree, true));
        for name in path.split('/').filter(|name| !matches!(*name, "" | ".")) {
            let Some((id, true)) = found else { return Ok(None) };
            let bytes = self.tree(Some(id))?;
            let entry = self.entries(&bytes).find(|entry| entry.name == name.as_bytes());
            found = entry.map(|entry| (entry.id(), entry.is_tree));
        }
        Ok(found.map(|(id, _)| id))
    }

    /// Reads a file of a tree; `None` where it is absent, larger than `most`, or not in the clone.
    pub(super) fn file(&mut self, tree: ObjectId, path: &str, most: u64) -> Option<Rc<[u8]>> {
        let id = self.lookup(tree, path).ok()??;
        self.objects.file(id, most)?
    }

    pub(super) fn entries<'a>(&self, tree: &'a [u8]) -> Entries<'a> {
        Entries::new(tree, self.hash_len)
    }

    /// Tells what `after` has that `before` has not, and the other way round, where services are.
    pub(super) fn touch(
        &mut self,
        trie: &Trie,
        before: Option<ObjectId>,
        after: ObjectId,
    ) -> Result<(Touch, Brought), Missing> {
        let mut found = (Touch { units: Units::none(trie.sets.words()), ..Touch::default() }, Brought::default());
        self.met.clear();
        if before == Some(after) {
            return Ok(found);
        }
        let root = &trie.nodes[0];
        self.open.clear();
        let here = Here { node: Some(0), files: root.files, below: root.below, path: 0 };
        self.open.push((here, before, Some(after)));
        while let Some((here, before, after)) = self.open.pop() {
            self.directory(trie, &mut found, here, (before, after))?;
        }
        Ok(found)
    }

    fn directory(
        &mut self,
        trie: &Trie,
        (touch, brought): &mut (Touch, Brought),
        here: Here,
        (before, after): (Option<ObjectId>, Option<ObjectId>),
    ) -> Result<(), Missing> {
        if let (None, Some(tree), Some(node)) = (before, after, here.node)
            && trie.nodes[node as usize].is_unit()
        {
            brought.directories.push((node, tree));
        }
        let (old, new) = (self.tree(before)?, self.tree(after)?);
        let (mut open, mut met) = (std::mem::take(&mut self.open), std::mem::take(&mut self.met));
        differing(Entries::new(&old, self.hash_len), Entries::new(&new, self.hash_len), |old, new| {
            // A name that turns from file to directory comes as two calls; so both sides are of one kind here,
            // or the other side is absent.
            let Some(entry) = new.or(old) else { return };
            if entry.is_tree {
                let path = digest(here.path, entry.name);
                met.push(short(path));
                if let Some(next) = descend(trie, Here { path, ..here }, entry.name) {
                    open.push((next, old.map(|entry| entry.id()), new.map(|entry| entry.id())));
                }
                return;
            }
            file(trie, touch, brought, here, old, new);
        });
        (self.open, self.met) = (open, met);
        Ok(())
    }
}

/// What a directory is that lies in this one and has this name; `here` has its path already.
fn descend(trie: &Trie, here: Here, name: &[u8]) -> Option<Here> {
    if let Some(child) = here.node.and_then(|node| trie.nodes[node as usize].child(name)) {
        let node = &trie.nodes[child as usize];
        return Some(Here { node: Some(child), files: node.files, below: node.below, path: here.path });
    }
    let deep = here.below != NONE && !is_vendored(name);
    deep.then_some(Here { node: None, files: here.below, ..here })
}

fn file(
    trie: &Trie,
    touch: &mut Touch,
    brought: &mut Brought,
    here: Here,
    old: Option<Entry<'_>>,
    new: Option<Entry<'_>>,
) {
    let Some(entry) = new.or(old) else { return };
    if let Some(contract) = here.node.and_then(|node| trie.nodes[node as usize].contract(entry.name)) {
        let change = match (old, new) {
            (None, _) => Change::Added,
            (_, None) => Change::Removed,
            _ => Change::Modified,
        };
        touch.contracts.push((contract, change));
        if let (Some(old), Some(new)) = (old, new) {
            touch.edited.push((contract, old.id(), new.id()));
        }
        if let (Change::Added, Some(new)) = (change, new) {
            brought.contracts.push((contract, new.id()));
        }
    }
    if here.files != NONE && !is_generated(entry.name) {
        touch.files += 1;
        touch.units.add(trie.sets.bits(here.files));
    }
}

pub(super) fn join(path: &str, name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    if path.is_empty() { name.into_owned() } else { format!("{path}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(entries: &[(&str, &str, u8)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (mode, name, oid) in entries {
            bytes.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            bytes.extend_from_slice(&[*oid; 20]);
        }
        bytes
    }

    fn changed(before: &[u8], after: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        differing(Entries::new(before, 20), Entries::new(after, 20), |old, new| {
            let name = |entry: Option<Entry<'_>>| {
                entry.map_or(String::new(), |entry| String::from_utf8_lossy(entry.name).into())
            };
            found.push(format!("{}>{}", name(old), name(new)));
        });
        found
    }

    #[test]
    fn directories_sort_as_if_they_ended_in_a_slash() {
        // In a tree `a.b` (file) < `a` (directory) < `a0`.
        let before = tree(&[("100644", "a.b", 1), ("40000", "a", 2), ("100644", "a0", 3)]);
        let after = tree(&[("40000", "a", 9), ("100644", "a0", 3)]);
        assert_eq!(changed(&before, &after), ["a.b>", "a>a"]);
        assert_eq!(changed(&after, &before), [">a.b", "a>a"]);
        assert!(changed(&before, &before).is_empty());
    }

    #[test]
    fn a_file_that_becomes_a_directory_is_one_gone_and_one_new() {
        let before = tree(&[("100644", "a", 1)]);
        let after = tree(&[("40000", "a", 2)]);
        assert_eq!(changed(&before, &after), ["a>", ">a"]);
    }

    #[test]
    fn cut_trees_end_without_a_panic() {
        let whole = tree(&[("100644", "a", 1), ("40000", "b", 2)]);
        for end in 0..whole.len() {
            changed(&whole[..end], &whole);
        }
    }

    /// Entry by entry, as long as both sides have some.
    fn slowly(before: &[u8], after: &[u8]) -> Vec<String> {
        let names = |tree: &[u8]| -> Vec<(String, bool, Vec<u8>)> {
            let entries = Entries::new(tree, 20);
            entries.map(|e| (String::from_utf8_lossy(e.name).into(), e.is_tree, e.whole.to_vec())).collect()
        };
        let (old, new) = (names(before), names(after));
        let twin = |one: &(String, bool, Vec<u8>), all: &[(String, bool, Vec<u8>)]| {
            all.iter().find(|other| (&other.0, other.1) == (&one.0, one.1)).map(|other| other.2.clone())
        };
        let mut found: Vec<String> = old
            .iter()
            .filter_map(|one| match twin(one, &new) {
                None => Some(format!("{}>", one.0)),
                Some(whole) => (whole != one.2).then(|| format!("{0}>{0}", one.0)),
            })
            .collect();
        found.extend(new.iter().filter(|one| twin(one, &old).is_none()).map(|one| format!(">{}", one.0)));
        found.sort();
        found
    }

    #[test]
    fn what_is_the_same_on_both_sides_is_skipped_and_nothing_else() {
        let names: Vec<String> = (0..40).map(|n| format!("{}{n:02}", "x".repeat(n % 17))).collect();
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.sort_unstable();
        let of = |skip: usize, other: usize| {
            let kept = names.iter().enumerate().filter(|(at, _)| *at != skip);
            let entries: Vec<(&str, &str, u8)> =
                kept.map(|(at, name)| ("100644", *name, if at == other { 0 } else { at as u8 % 3 })).collect();
            tree(&entries)
        };
        for (skip, other) in (0..=40).flat_map(|skip| (0..=40).map(move |other| (skip, other))) {
            let (before, after) = (of(40, 40), of(skip, other));
            let mut found = changed(&before, &after);
            found.sort();
            assert_eq!(found, slowly(&before, &after), "{skip} {other}");
        }
        // What makes no sense ends both sides where it stands.
        let mut odd = tree(&[("100644", "a", 1)]);
        odd.extend_from_slice(b"nospace\0aaaaaaaaaaaaaaaaaaaa");
        odd.extend(tree(&[("100644", "b", 1)]));
        let mut other = odd.clone();
        *other.last_mut().expect("a byte") = 9;
        assert!(changed(&odd, &other).is_empty());
    }
}
