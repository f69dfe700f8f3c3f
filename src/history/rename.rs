//! Directories that moved: where a service lived before.
//!
//! In: a commit in which a service's directory is new. Out: paths of directories that the same commit removed and
//! that held the same thing: the same tree, or mostly the same files. Whole contract files are followed by content.
//! Commits on branches that had not seen the move are not followed; nor are files moved one by one.

use gix::ObjectId;

use super::compare::{Brought, Comparison, Missing, differing, join};
use super::layout::Trie;

/// A commit that moves more than that is a reorganisation of everything, and is not followed.
const MOST_REMOVED: usize = 20_000;

#[derive(Default)]
struct Removed {
    directories: Vec<(String, ObjectId)>,
    files: Vec<(String, ObjectId)>,
}

/// Adds the former places of what a commit brought to `trie`.
pub(super) fn follow(
    comparison: &mut Comparison,
    trie: &mut Trie,
    brought: &Brought,
    before: ObjectId,
    after: ObjectId,
) -> Result<(), Missing> {
    if brought.directories.is_empty() && brought.contracts.is_empty() {
        return Ok(());
    }
    let removed = removed_by(comparison, before, after)?;
    for (node, tree) in &brought.directories {
        if let Some(path) = most_alike(comparison, &removed.directories, *tree)? {
            trie.alias_directory(path, *node);
        }
    }
    for (contract, blob) in &brought.contracts {
        if let Some((path, _)) = removed.files.iter().find(|(_, id)| id == blob) {
            trie.alias_contract(path, *contract);
        }
    }
    Ok(())
}

/// Where the directory or file `id`, new in `after`, was in `before`.
pub(super) fn former_place(
    comparison: &mut Comparison,
    before: ObjectId,
    after: ObjectId,
    id: ObjectId,
) -> Result<Option<String>, Missing> {
    let removed = removed_by(comparison, before, after)?;
    if let Some((path, _)) = removed.files.iter().find(|(_, file)| *file == id) {
        return Ok(Some(path.clone()));
    }
    // A file: only its content could be found again, and was not.
    if comparison.tree(Some(id)).is_err() {
        return Ok(None);
    }
    Ok(most_alike(comparison, &removed.directories, id)?.map(str::to_owned))
}

/// Lists what one commit removed, in the order of paths.
fn removed_by(comparison: &mut Comparison, before: ObjectId, after: ObjectId) -> Result<Removed, Missing> {
    let mut removed = Removed::default();
    let mut open = vec![(String::new(), Some(before), Some(after))];
    while let Some((path, before, after)) = open.pop() {
        let (old, new) = (comparison.tree(before)?, comparison.tree(after)?);
        differing(comparison.entries(&old), comparison.entries(&new), |old, new| {
            let Some(old) = old else { return };
            let path = join(&path, old.name);
            if old.is_tree {
                let id = old.id();
                if new.is_none() {
                    removed.directories.push((path.clone(), id));
                }
                open.push((path, Some(id), new.map(|entry| entry.id())));
            } else if new.is_none() {
                removed.files.push((path, old.id()));
            }
        });
        if removed.directories.len() + removed.files.len() > MOST_REMOVED {
            break;
        }
    }
    removed.directories.sort();
    removed.files.sort();
    Ok(removed)
}

/// Finds the removed directory that `tree` was: the same tree, else the one that shares most entries.
fn most_alike<'a>(
    comparison: &mut Comparison,
    removed: &'a [(String, ObjectId)],
    tree: ObjectId,
) -> Result<Option<&'a str>, Missing> {
    if let Some((path, _)) = removed.iter().find(|(_, id)| *id == tree) {
        return Ok(Some(path));
    }
    let new = comparison.tree(Some(tree))?;
    let mut best: Option<(usize, &str)> = None;
    for (path, id) in removed {
        let old = comparison.tree(Some(*id))?;
        let score = alike(comparison, &old, &new);
        if score > best.map_or(0, |(score, _)| score) {
            best = Some((score, path));
        }
    }
    Ok(best.map(|(_, path)| path))
}

/// Scores two directories; 0 unless half of their entries are the same, or nearly all names are.
fn alike(comparison: &Comparison, old: &[u8], new: &[u8]) -> usize {
    let names: std::collections::HashMap<&[u8], ObjectId> =
        comparison.entries(old).map(|entry| (entry.name, entry.id())).collect();
    let (mut same_name, mut same, mut count) = (0, 0, 0);
    for entry in comparison.entries(new) {
        count += 1;
        if let Some(id) = names.get(entry.name) {
            same_name += 1;
            same += usize::from(*id == entry.id());
        }
    }
    let most = count.max(names.len());
    let alike = 2 * same >= most && most > 0 || same_name >= 3 && 5 * same_name >= 4 * most;
    if alike { same + same_name } else { 0 }
}
