//! What all commits changed, on two threads where there are many.
//!
//! In: commits, newest first, and the [`Trie`] of places. Out: one [`Touch`] each. A directory that moved makes older
//! commits look at its former place too, so the order matters: a second thread begins with the older half as if
//! nothing had moved in the newer one, and where something had, its work is done again. The outcome is the same.

use std::sync::atomic::{AtomicBool, Ordering};

use super::compare::{Comparison, Missing, Touch};
use super::layout::Trie;
use super::rename;
use super::walk::Commit;
use crate::git::Git;

/// Fewer commits are not worth a second thread.
const MANY: usize = 32;

pub(super) fn of_all(
    git: &Git,
    comparison: &mut Comparison<'_>,
    trie: &mut Trie,
    commits: &[&Commit],
    threads: usize,
) -> Result<Vec<Touch>, Missing> {
    if threads < 2 || commits.len() < MANY {
        return in_order(comparison, trie, commits, &|_| false);
    }
    let (newer, older) = commits.split_at(commits.len() / 2);
    let moved = AtomicBool::new(false);
    let mut ahead = trie.clone();
    let (first, second) = std::thread::scope(|scope| {
        let beside = std::thread::Builder::new().name("trees".into()).spawn_scoped(scope, || {
            let repository = git.handle();
            let stop = |_: &Trie| moved.load(Ordering::Relaxed);
            in_order(&mut Comparison::new(&repository), &mut ahead, older, &stop)
        });
        let known = trie.aliases.len();
        let note = |trie: &Trie| {
            moved.fetch_or(trie.aliases.len() > known, Ordering::Relaxed);
            false
        };
        let first = in_order(comparison, trie, newer, &note);
        // Without a thread, or where it failed, there is only the other way.
        (first, beside.ok().and_then(|beside| beside.join().ok()))
    });
    let mut touches = first?;
    match second {
        Some(second) if !moved.load(Ordering::Relaxed) => {
            touches.extend(second?);
            *trie = ahead;
        }
        _ => touches.extend(in_order(comparison, trie, older, &|_| false)?),
    }
    Ok(touches)
}

/// Compares commit by commit, and follows what moved; ends early where `stop` says so.
fn in_order(
    comparison: &mut Comparison<'_>,
    trie: &mut Trie,
    commits: &[&Commit],
    stop: &dyn Fn(&Trie) -> bool,
) -> Result<Vec<Touch>, Missing> {
    let mut touches = Vec::with_capacity(commits.len());
    for commit in commits {
        let mut touch = comparison.touch(trie, commit.before, commit.tree)?;
        if let Some(before) = commit.before {
            rename::follow(comparison, trie, &touch, before, commit.tree)?;
        }
        (touch.new_directories, touch.new_contracts) = (Vec::new(), Vec::new());
        touches.push(touch);
        if stop(trie) {
            break;
        }
    }
    Ok(touches)
}
