//! From commits and places to the figures of each service.
//!
//! In: the walked commits and a layout. Out: a [`Team`] and, where there are contracts, a [`Spec`] per unit.

use std::sync::Arc;

use gix::ObjectId;
use gix::objs::Find;

use super::BULK;
use super::compare::{self, Comparison, Missing, Touch};
use super::layout::{Layout, Set, Trie, Unit};
use super::owners::{Owners, PLACES};
use super::people::Who;
use super::rename;
use super::team::{self, Age, ContractChange, Contribution, DAY};
use super::walk::{Commit, Commits};
use crate::git::Git;
use crate::service::{Spec, Team};

/// Files of the repository that we read ourselves are not larger.
const SMALL: u64 = 1 << 20;

pub(super) type Figures = Vec<(Option<Team>, Option<Spec>)>;

/// One commit that concerns somebody.
struct Change {
    ago: i64,
    people: Vec<u32>,
    agent: bool,
    /// Left out of the figures about people; it still shows how old a service is.
    bulk: bool,
    touch: Touch,
}

impl Change {
    fn concerns(&self, unit: usize) -> bool {
        self.touch.units[unit / 64] >> (unit % 64) & 1 == 1
    }
}

/// Compares the trees of all commits and tells the figures of every unit.
pub(super) fn collect(
    git: &Git,
    window_days: u32,
    commits: &Commits,
    layout: &Layout,
    bots: &[String],
) -> Result<Figures, Missing> {
    let repository = git.handle();
    let mut comparison = Comparison::new(&repository);
    let mut trie = Trie::new(layout, &git.prefix);
    let changes = changes(&repository, &mut comparison, &mut trie, commits, bots)?;
    let owners = PLACES.iter().find_map(|place| file_of(&repository, commits.head_tree, place));
    let owners = owners.map(|text| Owners::read(&String::from_utf8_lossy(&text)));
    let mut past = Past { comparison, trie: &trie, prefix: &git.prefix, tree: commits.tree_before };
    let walked = window_days.saturating_mul(2);
    let figures = layout.units.iter().enumerate().map(|(number, unit)| {
        let own = unit.directories.first().into_iter();
        let first = changes.iter().filter(|change| change.concerns(number)).map(|change| change.ago).max();
        let age = past.age(first, walked, number, own);
        let owned = owners.as_ref().map_or(0, |owners| owners.of(&in_repository(&git.prefix, &unit.root)));
        let team = team::team(window_days, age, owned, &contributions(&changes, number));
        (Some(team), spec(&mut past, &changes, unit, number, walked))
    });
    Ok(figures.collect())
}

fn changes(
    repository: &gix::Repository,
    comparison: &mut Comparison<'_>,
    trie: &mut Trie,
    commits: &Commits,
    bots: &[String],
) -> Result<Vec<Change>, Missing> {
    let mailmap = file_of(repository, commits.head_tree, ".mailmap");
    let who = commits.identities.resolve(mailmap.as_deref(), bots);
    let ignored = ignored_commits(repository, commits.head_tree);
    let mut changes = Vec::new();
    for commit in &commits.list {
        let (people, agent) = makers(commit, &who);
        if people.is_empty() && !agent {
            // A program's commit counts nowhere, and programs neither found services nor move them.
            continue;
        }
        let touch = comparison.touch(trie, commit.before, commit.tree)?;
        if let Some(before) = commit.before {
            rename::follow(comparison, trie, &touch, before, commit.tree)?;
        }
        if touch.units.iter().any(|&word| word != 0) || !touch.contracts.is_empty() {
            let bulk = touch.files > BULK || ignored.binary_search(&commit.id).is_ok();
            changes.push(Change { ago: commits.head_time - commit.time, people, agent, bulk, touch });
        }
    }
    Ok(changes)
}

fn contributions(changes: &[Change], unit: usize) -> Vec<Contribution<'_>> {
    let mine = changes.iter().filter(|change| change.concerns(unit) && !change.bulk);
    mine.map(|change| Contribution { ago: change.ago, people: &change.people, agent: change.agent }).collect()
}

fn spec(past: &mut Past<'_, '_>, changes: &[Change], unit: &Unit, number: usize, walked: u32) -> Option<Spec> {
    if unit.contracts.is_empty() {
        return None;
    }
    let trie = past.trie;
    let mut first = None;
    let mut list = Vec::new();
    // Newest first: the last one met is the oldest.
    for change in changes {
        let of_unit = |file: u32| trie.sets.holds(trie.contract_users[file as usize], number);
        let touched = change.touch.contracts.iter().filter(|(file, _)| of_unit(*file));
        let touched: Vec<compare::Change> = touched.map(|(_, how)| *how).collect();
        if touched.is_empty() {
            continue;
        }
        first = first.max(Some(change.ago));
        if !change.bulk {
            list.push(ContractChange { ago: change.ago, changes: touched });
        }
    }
    let mut files = unit.contracts.clone();
    files.sort();
    files.dedup();
    let age = past.age(first, walked, number, unit.contracts.iter());
    Some(team::spec(&files, age, &list))
}

/// What was there before the walked stretch.
struct Past<'r, 't> {
    comparison: Comparison<'r>,
    trie: &'t Trie,
    prefix: &'t str,
    tree: Option<ObjectId>,
}

impl Past<'_, '_> {
    /// The days since the first change; the whole stretch for what is older than it.
    fn age<'a>(
        &mut self,
        first: Option<i64>,
        walked: u32,
        unit: usize,
        mut paths: impl Iterator<Item = &'a Arc<str>>,
    ) -> Age {
        let Some(tree) = self.tree else { return Age { days: (first.unwrap_or(0) / DAY) as u32 } };
        let of_unit = |users: Set| self.trie.sets.holds(users, unit);
        let old = paths.any(|path| lookup(&mut self.comparison, tree, &in_repository(self.prefix, path)).is_some())
            || self
                .trie
                .aliases
                .iter()
                .any(|(path, users)| of_unit(*users) && lookup(&mut self.comparison, tree, path).is_some());
        Age { days: if old { walked } else { (first.unwrap_or(0) / DAY) as u32 } }
    }
}

/// The people who made a commit, each once, and whether an agent had a part in it.
fn makers(commit: &Commit, who: &[Who]) -> (Vec<u32>, bool) {
    let mut people = Vec::new();
    let mut agent = commit.assisted;
    for &written in std::iter::once(&commit.author).chain(&commit.co_authors) {
        match who[written as usize] {
            Who::Person(person) => people.push(person),
            Who::Agent => agent = true,
            Who::Bot => {}
        }
    }
    people.sort_unstable();
    people.dedup();
    (people, agent)
}

/// Finds the object at a path of a tree.
fn lookup(comparison: &mut Comparison<'_>, tree: ObjectId, path: &str) -> Option<ObjectId> {
    let mut id = tree;
    for name in path.split('/').filter(|name| !matches!(*name, "" | ".")) {
        let bytes = comparison.tree(Some(id)).ok()?;
        let found = comparison.entries(&bytes).find(|entry| entry.name == name.as_bytes()).map(|entry| entry.id());
        comparison.give_back(bytes);
        id = found?;
    }
    Some(id)
}

fn in_repository(prefix: &str, path: &str) -> String {
    match path {
        "." if prefix.is_empty() => ".".into(),
        "." => prefix.trim_end_matches('/').into(),
        _ => format!("{prefix}{path}"),
    }
}

/// Reads a small file of a commit; `None` where it is absent, too large, or not in the clone.
fn file_of(repository: &gix::Repository, tree: ObjectId, path: &str) -> Option<Vec<u8>> {
    let id = lookup(&mut Comparison::new(repository), tree, path)?;
    let header = repository.try_find_header(id).ok()??;
    if header.kind() != gix::objs::Kind::Blob || header.size() > SMALL {
        return None;
    }
    let mut buffer = Vec::new();
    repository.objects.try_find(&id, &mut buffer).ok()??;
    Some(buffer)
}

/// Commits that the team itself leaves out of blame: reformatting and the like.
fn ignored_commits(repository: &gix::Repository, tree: ObjectId) -> Vec<ObjectId> {
    let text = file_of(repository, tree, ".git-blame-ignore-revs").unwrap_or_default();
    let first_words = text.split(|&byte| byte == b'\n').filter_map(|line| {
        line.trim_ascii().split(|byte| byte.is_ascii_whitespace()).next().and_then(|word| ObjectId::from_hex(word).ok())
    });
    let mut listed: Vec<ObjectId> = first_words.collect();
    listed.sort();
    listed
}
