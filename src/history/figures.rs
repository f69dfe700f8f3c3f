//! From commits and places to the figures of each service.
//!
//! In: the walked commits and a layout. Out: a [`Team`] and, where there are contracts, a [`Spec`] per unit.

use std::collections::HashMap;
use std::ops::Range;

use gix::ObjectId;

use super::LeftOut;
use super::age::Past;
use super::answers::{Answers, Learned};
use super::book::{self, Touches};
use super::compare::{self, Comparison, Missing, Touch};
use super::contents::{Contents, Effects, Needed};
use super::contract::Effect;
use super::former::{Changed, Former};
use super::identities::{Kin, Names};
use super::layout::{Alias, Layout, Trie, Unit};
use super::owners::{Owners, PLACES};
use super::people::Who;
use super::team::{self, ContractChange, Contribution, DAY, Owned};
use super::touches::{self, Met};
use super::walk::{Commit, Commits};
use crate::cache::Later;
use crate::git::Git;
use crate::service::{Spec, Team};

/// Files of the repository that we read ourselves are not larger.
const SMALL: u64 = 1 << 20;

pub(super) type Figures = Vec<(Option<Team>, Option<Spec>)>;

/// What the commits say about one unit's contracts.
struct Contracts<'a> {
    unit: &'a Unit,
    number: usize,
    changes: &'a [Change],
}

/// One commit that concerns somebody.
struct Change {
    /// Its place among all that were compared.
    nth: u32,
    ago: i64,
    /// Where in [`Said::people`] those are who made it.
    people: Range<usize>,
    agent: bool,
    /// Left out of the figures about people; it still shows how old a service is.
    bulk: bool,
    touch: Touch,
}

/// What commits changed under one layout: what a former run knew, and what is to be kept of this one.
#[derive(Default)]
pub(super) struct Book<'a> {
    pub(super) known: Touches<'a>,
    /// The layout that it was under, where that was another.
    pub(super) former: Option<Former>,
    pub(super) wanted: bool,
    /// Written only if it is to be kept: most runs for a change keep nothing.
    pub(super) new: Option<Later>,
    /// Who people are.
    pub(super) kin: Option<Kin>,
    /// The same of what was asked about older trees.
    pub(super) answers: Answers<'a>,
    pub(super) learned: Option<Learned>,
    /// The same of what changes of contract files do.
    pub(super) effects: Effects<'a>,
    pub(super) told: Option<Needed>,
}

/// Former places kept of one unit.
const FORMER: usize = 64;

/// What is asked of the commits.
pub(super) struct Question<'a> {
    pub(super) window_days: u32,
    pub(super) left_out: &'a LeftOut,
    /// Trees are compared on so many threads.
    pub(super) threads: usize,
}

impl Question<'_> {
    /// Days up to which ages are told; the walked stretch is known anyway.
    fn most_days(&self) -> u32 {
        self.left_out.older_days.max(self.window_days.saturating_mul(2))
    }
}

/// What the commits say together.
struct Said {
    changes: Vec<Change>,
    /// Of each unit, the changes that concern it, by place.
    of_unit: Vec<Vec<u32>>,
    people: Vec<u32>,
    who: Vec<Who>,
    /// By person: whether they have a contribution to anything in the window, and in the walked stretch at all.
    recent: Vec<bool>,
    known: Vec<bool>,
    /// What is to be kept beside the changes.
    kept: Option<Kept>,
}

impl Said {
    fn of_unit(&self, unit: usize) -> impl Iterator<Item = &Change> {
        self.of_unit[unit].iter().map(|&at| &self.changes[at as usize])
    }
}

/// What a book needs beside the changes themselves.
struct Kept {
    hash_len: usize,
    words: usize,
    ids: Vec<u8>,
    moves: Vec<(u32, Alias)>,
    met: Met,
}

impl Kept {
    fn later(self, changes: Vec<Change>) -> Later {
        Later::new(move || {
            let touches = changes.iter().map(|change| (change.nth, &change.touch));
            book::encode((self.hash_len, self.words), &self.ids, touches, &self.met, &self.moves)
        })
    }
}

/// Compares the trees of all commits and tells the figures of every unit, and whether contents were missing that would
/// have told more.
pub(super) fn collect(
    git: &Git,
    question: &Question<'_>,
    commits: &Commits,
    layout: &Layout,
    book: &mut Book<'_>,
) -> Result<(Figures, bool), Missing> {
    let mut comparison = Comparison::new(git);
    let mut trie = Trie::new(layout, &git.prefix);
    let changed = book.former.take().map(|former| former.changed(layout, &git.prefix));
    if let Some(None) = changed {
        book.known = Touches::default();
    }
    let said = read(git, &mut comparison, &mut trie, question, commits, (layout.units.len(), changed.flatten()), book)?;
    let owners = PLACES.iter().find_map(|place| comparison.file(commits.head_tree, place, SMALL));
    let owners = owners.map(|text| Owners::read(&String::from_utf8_lossy(&text)));
    let owned = owned(owners.as_ref(), &mut comparison, git, layout, commits, &said)?;
    let mut past = Past::new(comparison, commits, question.most_days(), std::mem::take(&mut book.answers));
    let mut contents = Contents::new(git, std::mem::take(&mut book.effects));
    let mut figures = Vec::new();
    for (number, unit) in layout.units.iter().enumerate() {
        let own = unit.directories.first().into_iter();
        let mut places: Vec<String> = own.map(|path| in_repository(&git.prefix, path)).collect();
        places.extend(aliases(&trie, number));
        let first = said.of_unit(number).map(|change| change.ago).max();
        let age = past.age(first, &places)?;
        let mut team = team::team(question.window_days, age, owned[number], &contributions(&said, number));
        team.former = former(&trie, git, number);
        let contracts = Contracts { unit, number, changes: &said.changes };
        figures.push((Some(team), spec(&mut past, &trie, git, &contracts, &mut contents)?));
    }
    book.new = said.kept.map(|kept| kept.later(said.changes));
    book.learned = past.learned();
    let lacks = contents.lacks;
    book.told = contents.learned();
    Ok((figures, lacks))
}

fn read(
    git: &Git,
    comparison: &mut Comparison,
    trie: &mut Trie,
    &Question { window_days, left_out, threads }: &Question<'_>,
    commits: &Commits,
    (units, mut changed): (usize, Option<Changed>),
    book: &mut Book<'_>,
) -> Result<Said, Missing> {
    let mailmap = comparison.file(commits.head_tree, ".mailmap", SMALL);
    let mut names = Names::new(&commits.identities, Some(comparison.objects()));
    let (who, kin) = commits.identities.resolve(&commits.met, mailmap.as_deref(), &left_out.bots, &mut names)?;
    book.kin = Some(kin);
    let ignored = ignored_commits(comparison, commits.head_tree);
    // A program's commit counts nowhere, and programs neither found services nor move them.
    let counts = |(_, people, agent): &(&Commit, Range<usize>, bool)| !people.is_empty() || *agent;
    let mut people = Vec::with_capacity(commits.list.len());
    let made = commits.list.iter().map(|commit| {
        let (makers, agent) = makers(commit, &who, &mut people);
        (commit, makers, agent)
    });
    let made: Vec<_> = made.filter(counts).collect();
    let list: Vec<&Commit> = made.iter().map(|(commit, ..)| *commit).collect();
    let mut compared = touches::of_all(git, comparison, trie, &list, (&book.known, changed.as_mut()), threads)?;
    let kept = (book.wanted && compared.fresh > 0).then(|| {
        let (hash_len, words) = (commits.head.as_bytes().len(), trie.sets.words());
        let mut ids = Vec::with_capacity(list.len() * hash_len);
        list.iter().for_each(|commit| ids.extend_from_slice(commit.id.as_bytes()));
        Kept { hash_len, words, ids, moves: compared.moves(trie), met: std::mem::take(&mut compared.met) }
    });
    let mut changes: Vec<Change> = Vec::with_capacity(made.len());
    let mut of_unit: Vec<Vec<u32>> = vec![Vec::new(); units];
    let [mut recent, mut known] = [vec![false; who.len()], vec![false; who.len()]];
    for ((nth, (commit, makers, agent)), touch) in (0..).zip(made).zip(compared.touches) {
        let ago = commits.head_time - commit.time;
        let is_recent = ago < i64::from(window_days) * DAY;
        for &person in &people[makers.clone()] {
            known[person as usize] = true;
            recent[person as usize] |= is_recent;
        }
        if touch.concerns() {
            let at = changes.len() as u32;
            touch.units.each().filter(|&unit| unit < units).for_each(|unit| of_unit[unit].push(at));
            let bulk = touch.files > left_out.bulk_files || ignored.binary_search(&commit.id).is_ok();
            changes.push(Change { nth, ago, people: makers, agent, bulk, touch });
        }
    }
    Ok(Said { changes, of_unit, people, who, recent, known, kept })
}

/// Former places of a unit below the scanned root.
fn former(trie: &Trie, git: &Git, unit: usize) -> Vec<String> {
    let mut places: Vec<String> =
        aliases(trie, unit).filter_map(|path| path.strip_prefix(&git.prefix).map(str::to_owned)).collect();
    places.sort();
    places.dedup();
    places.truncate(FORMER);
    places
}

/// Former places of a unit's directories and contract files, found in the walked stretch.
fn aliases(trie: &Trie, unit: usize) -> impl Iterator<Item = String> {
    trie.aliases.iter().filter(move |(_, users)| trie.sets.holds(*users, unit)).map(|(path, _)| path.clone())
}

/// What is known of the owners of each unit.
fn owned(
    owners: Option<&Owners>,
    comparison: &mut Comparison,
    git: &Git,
    layout: &Layout,
    commits: &Commits,
    said: &Said,
) -> Result<Vec<Owned>, Missing> {
    let mut names = Names::new(&commits.identities, Some(comparison.objects()));
    // Units of one directory have the same owners.
    let mut found: HashMap<&str, Option<u32>> = HashMap::new();
    let mut all = vec![Owned::default(); layout.units.len()];
    let Some(owners) = owners else { return Ok(all) };
    for (unit, owned) in layout.units.iter().zip(&mut all) {
        for owner in owners.of(&in_repository(&git.prefix, &unit.root)) {
            owned.owners += 1;
            let person = match found.get(owner.as_str()) {
                Some(known) => *known,
                None => *found.entry(owner).or_insert(commits.identities.find(owner, &said.who, &mut names)?),
            };
            let Some(person) = person.map(|person| person as usize) else { continue };
            owned.active += u32::from(said.recent[person]);
            owned.gone += u32::from(!said.recent[person] && said.known[person]);
        }
    }
    Ok(all)
}

fn contributions(said: &Said, unit: usize) -> Vec<Contribution<'_>> {
    let of = |change: &Range<usize>| &said.people[change.clone()];
    let mine = said.of_unit(unit).filter(|change| !change.bulk);
    mine.map(|change| Contribution { ago: change.ago, people: of(&change.people), agent: change.agent }).collect()
}

fn spec(
    past: &mut Past<'_>,
    trie: &Trie,
    git: &Git,
    &Contracts { unit, number, changes }: &Contracts<'_>,
    contents: &mut Contents<'_>,
) -> Result<Option<Spec>, Missing> {
    if unit.contracts.is_empty() {
        return Ok(None);
    }
    let of_unit = |file: u32| trie.sets.holds(trie.contract_users[file as usize], number);
    let touching: Vec<&Change> =
        changes.iter().filter(|change| change.touch.contracts.iter().any(|(file, _)| of_unit(*file))).collect();
    let first = touching.iter().map(|change| change.ago).max();
    let counted = || touching.iter().filter(|change| !change.bulk);
    // Contents cost: they are read only where they can tell something.
    let is_told = team::active_weeks(counted().map(|change| change.ago)) >= team::TOLD_FROM;
    let mut list = Vec::new();
    for change in counted() {
        let touched = change.touch.contracts.iter().filter(|(file, _)| of_unit(*file));
        let effects = touched.map(|(file, how)| match how {
            compare::Change::Added => Effect::Adds,
            compare::Change::Removed => Effect::Breaks,
            compare::Change::Modified if is_told && team::is_recent(change.ago) => {
                contents.effect(&trie.contract_names[*file as usize], &change.touch, *file)
            }
            compare::Change::Modified => Effect::Untold,
        });
        list.push(ContractChange { ago: change.ago, changes: effects.collect() });
    }
    let mut files = unit.contracts.clone();
    files.sort();
    files.dedup();
    let mut places: Vec<String> = files.iter().map(|path| in_repository(&git.prefix, path)).collect();
    places.extend(aliases(trie, number));
    let age = past.age(first, &places)?;
    Ok(Some(team::spec(&files, age, &list)))
}

/// Adds the people who made a commit, each once, and tells which these are, and whether an agent had a part in it.
fn makers(commit: &Commit, who: &[Who], people: &mut Vec<u32>) -> (Range<usize>, bool) {
    let start = people.len();
    let mut agent = commit.assisted;
    for &written in std::iter::once(&commit.author).chain(&commit.co_authors) {
        match who[written as usize] {
            Who::Person(person) if people[start..].contains(&person) => {}
            Who::Person(person) => people.push(person),
            Who::Agent => agent = true,
            Who::Bot => {}
        }
    }
    (start..people.len(), agent)
}

fn in_repository(prefix: &str, path: &str) -> String {
    match path {
        "." if prefix.is_empty() => ".".into(),
        "." => prefix.trim_end_matches('/').into(),
        _ => format!("{prefix}{path}"),
    }
}

/// Commits that the team itself leaves out of blame: reformatting and the like.
fn ignored_commits(comparison: &mut Comparison, tree: ObjectId) -> Vec<ObjectId> {
    let text = comparison.file(tree, ".git-blame-ignore-revs", SMALL).unwrap_or_default();
    let first_words = text.split(|&byte| byte == b'\n').filter_map(|line| {
        line.trim_ascii().split(|byte| byte.is_ascii_whitespace()).next().and_then(|word| ObjectId::from_hex(word).ok())
    });
    let mut listed: Vec<ObjectId> = first_words.collect();
    listed.sort();
    listed
}
