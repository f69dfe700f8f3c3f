//! Every identity that commits carry, by number, and which of them are one person.
//!
//! In: names and addresses, or what a former run kept of them. Out: [`Who`] each of them is.
//!
//! Kept from one run to the next are numbers, and no name and no address: who is a program, which identities have
//! something in common (*a key*: an address, a login or a full name; it is a number too), and two *tags* of a byte each.
//! They tell which of the old commits may be of the same person as a new one, and only those are read again.
//!
//! A tag gives nothing away that the id of the commit beside it does not: whoever has that commit reads the name itself.
//! Whoever has not cannot make a tag without the key that seals the cache, and finds with it that each byte fits one in
//! 256 of all people.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use gix::ObjectId;
use serde::{Deserialize, Serialize};

use super::compare::Missing;
use super::people::{Who, is_agent, is_bot, login_of, lower, through_mailmap};
use super::walk;
use crate::git::packs::Objects;

/// An identity as written, by its number.
pub(super) type Written = u32;

type NameAndAddress = (Box<[u8]>, Box<[u8]>);

/// The same where it is written.
type Parts<'a> = (&'a [u8], &'a [u8]);

/// Every identity met, each once.
#[derive(Clone, Debug, Default)]
pub(super) struct Identities {
    numbers: HashMap<Box<[u8]>, Written>,
    /// `None` where only the commit tells it that is known from a former run.
    list: Vec<Option<NameAndAddress>>,
    key: Vec<u8>,
    former: Arc<Former>,
}

/// What a former run kept of the identities that it met: these have the first numbers.
#[derive(Debug, Default)]
pub(super) struct Former {
    /// What tags are made with.
    secret: Secret,
    tags: Vec<Tags>,
    /// Commits in which somebody was met for the first time, with all who made them.
    commits: Vec<(ObjectId, Vec<Written>)>,
    /// By number: which of these commits.
    met_in: Vec<u32>,
    kin: Option<Arc<Kin>>,
}

pub(super) type Secret = [u8; 32];

/// A byte for the name, and one for the address.
pub(super) type Tags = [u8; 2];

/// What identities have in common, by number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kin {
    /// Names the `.mailmap` and the list of programs that it holds under.
    pub(super) under: [u8; 32],
    pub(super) rows: Vec<Row>,
}

impl Kin {
    /// Numbers keys from 0 on, so that those who are gone leave no gaps.
    pub(super) fn count_anew(&mut self) {
        let mut numbers = BTreeMap::new();
        for row in &mut self.rows {
            if let Row::Person { address, name, .. } = row {
                for key in [address, name].into_iter().flatten() {
                    let next = numbers.len() as u32;
                    *key = *numbers.entry(*key).or_insert(next);
                }
            }
        }
    }
}

/// Who an identity is, as far as it tells by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Row {
    /// Nobody asked yet.
    Open,
    Bot,
    Agent,
    Person {
        address: Option<u32>,
        name: Option<u32>,
        /// Whether `.mailmap` says that it is to be read otherwise, so that its tags do not tell its keys.
        mapped: bool,
    },
}

impl Former {
    /// `introduced` are the commits in which somebody was first met, with how many were known after each; `None` where
    /// that does not fit together.
    pub(super) fn new(
        secret: Secret,
        tags: Vec<Tags>,
        introduced: Vec<(ObjectId, Vec<Written>, u32)>,
        kin: Option<Kin>,
    ) -> Option<Former> {
        let mut former = Former { secret, tags, kin: kin.map(Arc::new), ..Former::default() };
        for (commit, makers, known) in introduced {
            let mut first = former.met_in.len() as Written..known;
            if !first.all(|number| makers.contains(&number)) || makers.iter().any(|&number| number >= known) {
                return None;
            }
            former.met_in.resize(known as usize, former.commits.len() as u32);
            former.commits.push((commit, makers));
        }
        let count = former.met_in.len();
        let of_kin = |kin: &Arc<Kin>| kin.rows.len() <= count && Keys::behind(&kin.rows).next as usize <= 2 * count;
        let fits = former.tags.len() == count && former.kin.as_ref().is_none_or(of_kin);
        fits.then_some(former)
    }

    /// Reads the commit in which an identity was first met: who made it.
    fn read(&self, number: Written, objects: &mut Objects) -> Option<Vec<(Written, NameAndAddress)>> {
        let (commit, makers) = &self.commits[*self.met_in.get(number as usize)? as usize];
        let people = walk::people_of(objects.commit(*commit)?)?;
        let mut named: Vec<Parts<'_>> = Vec::with_capacity(makers.len());
        people.into_iter().for_each(|person| {
            if !named.contains(&person) {
                named.push(person)
            }
        });
        let fits = named.len() == makers.len();
        let owned = |(name, address): Parts<'_>| (name.into(), address.into());
        fits.then(|| makers.iter().copied().zip(named.into_iter().map(owned)).collect())
    }
}

impl Identities {
    /// Those that a former run met, and what it kept of them.
    pub(super) fn of_former(former: Former) -> Identities {
        Identities { list: vec![None; former.tags.len()], former: Arc::new(former), ..Identities::default() }
    }

    pub(super) fn number(&mut self, name: &[u8], address: &[u8]) -> Written {
        self.spell(name, address);
        if let Some(&known) = self.numbers.get(self.key.as_slice()) {
            return known;
        }
        let number = self.len();
        self.list.push(None);
        self.insert(number, (name.into(), address.into()));
        number
    }

    fn spell(&mut self, name: &[u8], address: &[u8]) {
        self.key.clear();
        self.key.extend_from_slice(name);
        self.key.push(b'<');
        self.key.extend_from_slice(address);
    }

    fn insert(&mut self, number: Written, (name, address): NameAndAddress) {
        self.spell(&name, &address);
        self.numbers.insert(self.key.clone().into_boxed_slice(), number);
        self.list[number as usize] = Some((name, address));
    }

    /// Whether some are known by tags alone.
    pub(super) fn has_former(&self) -> bool {
        !self.former.tags.is_empty()
    }

    /// Finds out whether somebody is one of those whom a former run met, so that they keep their number; `None` where
    /// an old commit cannot be read.
    pub(super) fn recognize(&mut self, name: &[u8], address: &[u8], objects: &mut Objects) -> Option<()> {
        self.spell(name, address);
        if self.numbers.contains_key(self.key.as_slice()) {
            return Some(());
        }
        let former = Arc::clone(&self.former);
        let wanted = tags(&former.secret, name, address);
        for (number, tags) in (0..).zip(&former.tags) {
            if *tags == wanted && self.list[number as usize].is_none() {
                former.read(number, objects)?.into_iter().for_each(|(number, who)| self.insert(number, who));
            }
        }
        Some(())
    }

    pub(super) fn len(&self) -> Written {
        self.list.len() as Written
    }

    /// Tags of each, by number, to be kept.
    pub(super) fn tags(&self, secret: &Secret) -> Vec<Tags> {
        let of = |(number, who): (usize, &Option<NameAndAddress>)| match who {
            Some((name, address)) => tags(secret, name, address),
            None => self.former.tags[number],
        };
        self.list.iter().enumerate().map(of).collect()
    }

    /// Finds the person whom CODEOWNERS names: by address, or by the login in an address that GitHub makes up.
    /// A team cannot be found, nor can a login that never committed under such an address.
    pub(super) fn find(&self, owner: &str, who: &[Who], names: &mut Names<'_>) -> Result<Option<u32>, Missing> {
        let owner = owner.to_lowercase();
        let login = owner.strip_prefix('@');
        if login.is_some_and(|team| team.contains('/')) {
            return Ok(None);
        }
        let is_owner = |email: &str| login.map_or(email == owner, |login| login_of(email) == Some(login));
        let key = login.map_or_else(|| address_key(&owner), |login| format!("l {login}"));
        let wanted = tag(&self.former.secret, &key);
        for (number, who) in who.iter().enumerate() {
            let Who::Person(person) = who else { continue };
            let may_be = self.list[number].is_some() || self.former.tags[number][1] == wanted;
            if may_be && names.of(number as Written)?.is_some_and(|(_, address)| is_owner(&lower(address))) {
                return Ok(Some(*person));
            }
        }
        Ok(None)
    }

    /// Says who each identity is, by number; those that were not met belong to nobody. `bots` are further names or addresses to leave out.
    pub(super) fn resolve(
        &self,
        met: &[bool],
        mailmap: Option<&[u8]>,
        bots: &[String],
        names: &mut Names<'_>,
    ) -> Result<(Vec<Who>, Kin), Missing> {
        let under = under(mailmap, bots);
        let known = self.former.kin.as_deref().filter(|kin| kin.under == under);
        let mailmap = mailmap.map(gix::mailmap::Snapshot::from_bytes).unwrap_or_default();
        let reader = Reader { mailmap, bots };
        let mut rows: Vec<Row> = known.map_or_else(Vec::new, |kin| kin.rows.clone());
        rows.resize(self.list.len(), Row::Open);
        let mut keys = Keys::behind(&rows);
        for number in 0..rows.len() {
            if rows[number] == Row::Open {
                let Some((name, address)) = names.of(number as Written)? else { continue };
                rows[number] = match reader.read(name, address) {
                    Read::Bot => Row::Bot,
                    Read::Agent => Row::Agent,
                    Read::Person { address, name, mapped } => {
                        let address =
                            address.map(|key| keys.number(self, &key, 1, &reader, &rows, names)).transpose()?;
                        let name = name.map(|key| keys.number(self, &key, 0, &reader, &rows, names)).transpose()?;
                        Row::Person { address, name, mapped }
                    }
                };
            }
        }
        Ok((grouped(&rows, met, keys.next), Kin { under, rows }))
    }
}

/// Names the `.mailmap` and the list of programs.
fn under(mailmap: Option<&[u8]>, bots: &[String]) -> [u8; 32] {
    let mut bytes = format!("{bots:?}\n").into_bytes();
    bytes.extend_from_slice(mailmap.unwrap_or_default());
    *blake3::hash(&bytes).as_bytes()
}

fn tags(secret: &Secret, name: &[u8], address: &[u8]) -> Tags {
    [tag(secret, &lower(name)), tag(secret, &address_key(&lower(address)))]
}

fn tag(secret: &Secret, text: &str) -> u8 {
    blake3::keyed_hash(secret, text.as_bytes()).as_bytes()[0]
}

/// What identities of one address, or of one login, have in common.
fn address_key(address: &str) -> String {
    login_of(address).map_or_else(|| format!("e {address}"), |login| format!("l {login}"))
}

/// Who each identity is: those that were met and have a key in common are one person, by the lowest of their numbers.
fn grouped(rows: &[Row], met: &[bool], keys: u32) -> Vec<Who> {
    let mut groups = Groups { parents: Vec::new(), by_key: vec![u32::MAX; keys as usize] };
    let join = |(row, met): (&Row, &bool)| match row {
        Row::Agent if *met => Who::Agent,
        Row::Person { address, name, .. } if *met => {
            Who::Person(groups.join(address.iter().chain(name).map(|key| *key as usize)))
        }
        Row::Open | Row::Bot | Row::Agent | Row::Person { .. } => Who::Bot,
    };
    let mut who: Vec<Who> = rows.iter().zip(met).map(join).collect();
    for who in &mut who {
        if let Who::Person(group) = who {
            *group = groups.root(*group);
        }
    }
    who
}

/// Sets of identities that belong to one person (a union-find over what they share).
#[derive(Debug)]
struct Groups {
    parents: Vec<u32>,
    by_key: Vec<u32>,
}

impl Groups {
    fn join(&mut self, keys: impl Iterator<Item = usize>) -> u32 {
        let own = self.parents.len() as u32;
        self.parents.push(own);
        for key in keys {
            if self.by_key[key] == u32::MAX {
                self.by_key[key] = own;
            }
            let (a, b) = (self.root(own), self.root(self.by_key[key]));
            // The lower number stays, so that the outcome does not depend on the order of joins.
            self.parents[a.max(b) as usize] = a.min(b);
        }
        own
    }

    /// Halves the way as it goes: names of strangers may be made to form one long chain.
    fn root(&mut self, mut of: u32) -> u32 {
        while self.parents[of as usize] != of {
            let above = self.parents[of as usize];
            self.parents[of as usize] = self.parents[above as usize];
            of = above;
        }
        of
    }
}

/// Names and addresses by number: as known, or read from old commits.
pub(super) struct Names<'a> {
    identities: &'a Identities,
    objects: Option<&'a mut Objects>,
    read: BTreeMap<Written, NameAndAddress>,
}

impl<'a> Names<'a> {
    pub(super) fn new(identities: &'a Identities, objects: Option<&'a mut Objects>) -> Names<'a> {
        Names { identities, objects, read: BTreeMap::new() }
    }

    fn of(&mut self, number: Written) -> Result<Option<Parts<'_>>, Missing> {
        fn parts((name, address): &NameAndAddress) -> Parts<'_> {
            (name, address)
        }
        if let Some(known) = self.identities.list.get(number as usize).and_then(Option::as_ref) {
            return Ok(Some(parts(known)));
        }
        if !self.read.contains_key(&number)
            && let Some(objects) = &mut self.objects
        {
            self.read.extend(self.identities.former.read(number, objects).ok_or(Missing)?);
        }
        Ok(self.read.get(&number).map(parts))
    }
}

/// What tells who an identity is.
struct Reader<'a> {
    mailmap: gix::mailmap::Snapshot,
    bots: &'a [String],
}

/// An identity as read: keys as text.
enum Read {
    Bot,
    Agent,
    Person { address: Option<String>, name: Option<String>, mapped: bool },
}

impl Reader<'_> {
    fn read(&self, name: &[u8], address: &[u8]) -> Read {
        let written = [lower(name), lower(address)];
        let (name, address) = through_mailmap(&self.mailmap, name, address);
        let mapped = written[0] != name || written[1] != address;
        let same = |listed: &str, text: &str| listed.trim().eq_ignore_ascii_case(text);
        let listed = |bot: &String| [&name, &address].into_iter().chain(&written).any(|text| same(bot, text));
        if is_agent(&name, &address) {
            Read::Agent
        } else if is_bot(&name, &address) || self.bots.iter().any(listed) {
            Read::Bot
        } else {
            let is_full = name.split_whitespace().count() >= 2;
            let address = (!address.is_empty()).then(|| address_key(&address));
            Read::Person { address, name: is_full.then_some(name), mapped }
        }
    }
}

/// Numbers of keys.
struct Keys {
    next: u32,
    /// Those that this run read: of names and of addresses.
    read: [HashMap<String, u32>; 2],
}

impl Keys {
    /// Behind those that are in use.
    fn behind(rows: &[Row]) -> Keys {
        let used = rows.iter().filter_map(|row| match row {
            Row::Person { address, name, .. } => (*address).max(*name),
            Row::Open | Row::Bot | Row::Agent => None,
        });
        Keys { next: used.max().map_or(0, |last| last.saturating_add(1)), read: Default::default() }
    }

    /// The number of a key, of a name or of an address (`which`): as somebody has it whom a former run met, else anew.
    fn number(
        &mut self,
        identities: &Identities,
        key: &str,
        which: usize,
        reader: &Reader<'_>,
        rows: &[Row],
        names: &mut Names<'_>,
    ) -> Result<u32, Missing> {
        if let Some(known) = self.read[which].get(key) {
            return Ok(*known);
        }
        let wanted = if identities.has_former() { tag(&identities.former.secret, key) } else { 0 };
        for ((number, tags), row) in (0..).zip(&identities.former.tags).zip(rows) {
            let &Row::Person { address, name, mapped } = row else { continue };
            let Some(own) = [name, address][which].filter(|_| mapped || tags[which] == wanted) else { continue };
            let Some((name, address)) = names.of(number)? else { continue };
            if let Read::Person { address, name, .. } = reader.read(name, address)
                && [name, address][which].as_deref() == Some(key)
            {
                self.read[which].insert(key.to_owned(), own);
                return Ok(own);
            }
        }
        self.read[which].insert(key.to_owned(), self.next);
        self.next += 1;
        Ok(self.next - 1)
    }
}
