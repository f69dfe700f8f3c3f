//! What a commit changed, as far as services are concerned.
//!
//! In: two trees and the [`Trie`] of places that matter. Out: [`Touch`]. Trees are compared as bytes, entry by entry;
//! only directories in which a service can be are opened, so the cost does not grow with the number of services.
//! No blob is read: a clone without blobs gives the same result.

use std::cmp::Ordering;
use std::rc::Rc;

use gix::ObjectId;
use gix::objs::Kind;

use super::layout::{NONE, Set, Trie, is_generated, is_vendored};
use super::walk::time_of;
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
    pub(super) units: Box<[u64]>,
    /// Files changed in directories of services, without vendored and generated ones.
    pub(super) files: u32,
    /// Contract files, by number.
    pub(super) contracts: Vec<(u32, Change)>,
    /// Contents of modified contract files, before and after, by number.
    pub(super) edited: Vec<(u32, ObjectId, ObjectId)>,
    /// Nodes of services' directories that did not exist before, with their path and tree.
    pub(super) new_directories: Vec<(u32, String, ObjectId)>,
    pub(super) new_contracts: Vec<(u32, ObjectId)>,
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

/// Walks two trees in step and hands over what differs: `(before, after)`, at least one of them there.
pub(super) fn differing<'a>(
    before: Entries<'a>,
    after: Entries<'a>,
    mut each: impl FnMut(Option<Entry<'a>>, Option<Entry<'a>>),
) {
    let (mut before, mut after) = (before, after);
    let (mut old, mut new) = (before.next(), after.next());
    loop {
        match (old, new) {
            (None, None) => return,
            (Some(a), Some(b)) if a.whole == b.whole => (old, new) = (before.next(), after.next()),
            (Some(a), Some(b)) => match order(&a, &b) {
                Ordering::Equal => {
                    each(Some(a), Some(b));
                    (old, new) = (before.next(), after.next());
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
}

/// Compares trees.
pub(super) struct Comparison {
    objects: Objects,
    hash_len: usize,
    open: Vec<(Here, Option<ObjectId>, Option<ObjectId>, String)>,
}

/// The bytes of a tree.
pub(super) type Tree = Rc<Vec<u8>>;

impl Comparison {
    pub(super) fn new(git: &Git) -> Comparison {
        let objects = git.objects();
        let hash_len = objects.repository().object_hash().len_in_bytes();
        Comparison { objects, hash_len, open: Vec::new() }
    }

    /// Reads a tree; the empty one for `None`.
    pub(super) fn tree(&mut self, id: Option<ObjectId>) -> Result<Tree, Missing> {
        let Some(id) = id else { return Ok(Tree::default()) };
        self.objects.find(id).filter(|(kind, _)| *kind == Kind::Tree).map(|(_, bytes)| bytes).ok_or(Missing)
    }

    /// Reads when a commit was made.
    pub(super) fn time(&mut self, commit: ObjectId) -> Result<i64, Missing> {
        let found = self.objects.find(commit).filter(|(kind, _)| *kind == Kind::Commit);
        found.and_then(|(_, data)| time_of(&data)).ok_or(Missing)
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
    pub(super) fn file(&mut self, tree: ObjectId, path: &str, most: u64) -> Option<Rc<Vec<u8>>> {
        let id = self.lookup(tree, path).ok()??;
        self.objects.file(id, most)?
    }

    pub(super) fn entries<'a>(&self, tree: &'a [u8]) -> Entries<'a> {
        Entries::new(tree, self.hash_len)
    }

    /// Tells what `after` has that `before` has not, and the other way round, where services are.
    pub(super) fn touch(&mut self, trie: &Trie, before: Option<ObjectId>, after: ObjectId) -> Result<Touch, Missing> {
        let mut touch = Touch { units: vec![0; trie.sets.words()].into(), ..Touch::default() };
        if before == Some(after) {
            return Ok(touch);
        }
        let root = &trie.nodes[0];
        self.open.clear();
        self.open.push((
            Here { node: Some(0), files: root.files, below: root.below },
            before,
            Some(after),
            String::new(),
        ));
        while let Some((here, before, after, path)) = self.open.pop() {
            self.directory(trie, &mut touch, here, (before, after), &path)?;
        }
        Ok(touch)
    }

    fn directory(
        &mut self,
        trie: &Trie,
        touch: &mut Touch,
        here: Here,
        (before, after): (Option<ObjectId>, Option<ObjectId>),
        path: &str,
    ) -> Result<(), Missing> {
        if let (None, Some(tree), Some(node)) = (before, after, here.node)
            && trie.nodes[node as usize].is_unit()
        {
            touch.new_directories.push((node, path.to_owned(), tree));
        }
        let (old, new) = (self.tree(before)?, self.tree(after)?);
        let mut open = std::mem::take(&mut self.open);
        differing(Entries::new(&old, self.hash_len), Entries::new(&new, self.hash_len), |old, new| {
            // A name that turns from file to directory comes as two calls; so both sides are of one kind here,
            // or the other side is absent.
            let Some(entry) = new.or(old) else { return };
            if entry.is_tree {
                if let Some(next) = descend(trie, here, entry.name) {
                    // Paths are only kept where a rename may have to be followed.
                    let path = if next.node.is_some() { join(path, entry.name) } else { String::new() };
                    open.push((next, old.map(|entry| entry.id()), new.map(|entry| entry.id()), path));
                }
                return;
            }
            file(trie, touch, here, old, new, entry);
        });
        self.open = open;
        Ok(())
    }
}

fn descend(trie: &Trie, here: Here, name: &[u8]) -> Option<Here> {
    if let Some(child) = here.node.and_then(|node| trie.nodes[node as usize].child(name)) {
        let node = &trie.nodes[child as usize];
        return Some(Here { node: Some(child), files: node.files, below: node.below });
    }
    let deep = here.below != NONE && !is_vendored(name);
    deep.then_some(Here { node: None, files: here.below, below: here.below })
}

fn file(trie: &Trie, touch: &mut Touch, here: Here, old: Option<Entry<'_>>, new: Option<Entry<'_>>, entry: Entry<'_>) {
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
            touch.new_contracts.push((contract, new.id()));
        }
    }
    if here.files != NONE && !is_generated(entry.name) {
        touch.files += 1;
        for (word, bits) in touch.units.iter_mut().zip(trie.sets.bits(here.files)) {
            *word |= bits;
        }
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
}
