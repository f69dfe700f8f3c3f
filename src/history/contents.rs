//! What contract files held before and after a change, read from the object database.
//!
//! In: the ids of both contents. Out: the [`Effect`] of the change. Each pair is read once, so many at most, and none that
//! is larger than a file we read ourselves. What the clone does not hold is untold, and noted.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;

use gix::ObjectId;
use serde::{Deserialize, Serialize};

use super::compare::Touch;
use super::contract::{self, Effect, Version};
use crate::git::Git;
use crate::git::packs::Objects;

/// A contract of more is data.
const LARGEST: u64 = 1 << 20;
/// Pairs read in one run; a busy year of a large repository has some hundred.
const MOST: usize = 4_000;

/// Text of so many versions is kept as read: changes come one after the other, and each leads where the last began.
const KEPT: usize = 1 << 20;
const MOST_KEPT: usize = 128;

struct Recent {
    id: ObjectId,
    text: Rc<str>,
    /// What it says under the name that it was last read by, if it was read as a whole.
    version: Option<(String, Rc<Version>)>,
}

pub(super) struct Contents<'a> {
    objects: Objects,
    /// The oldest first.
    recent: VecDeque<Recent>,
    known: HashMap<(ObjectId, ObjectId), Effect>,
    /// What former runs read, and what this run needed of it or read itself.
    former: Effects<'a>,
    needed: Needed,
    read_anew: bool,
    /// Contents that the clone does not hold would have told more.
    pub(super) lacks: bool,
}

/// What changes from one content to another do: the same for ever.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Effects<'a> {
    hash_len: usize,
    /// Contents before and after, sorted.
    pairs: &'a [u8],
    effects: Vec<Effect>,
}

impl<'a> Effects<'a> {
    /// Reads them back; none where anything does not fit together.
    pub(super) fn decode(bytes: &'a [u8]) -> Effects<'a> {
        let effects: Option<Effects<'_>> = postcard::from_bytes(bytes).ok();
        let fits = |all: &Effects<'_>| Some(all.pairs.len()) == all.effects.len().checked_mul(2 * all.hash_len);
        effects.filter(fits).unwrap_or_default()
    }

    fn get(&self, before: ObjectId, after: ObjectId) -> Option<Effect> {
        let (first, second) = (before.as_bytes(), after.as_bytes());
        if first.len() != self.hash_len {
            return None;
        }
        let pair = |at: usize| self.pairs[2 * at * self.hash_len..2 * (at + 1) * self.hash_len].split_at(self.hash_len);
        let (mut low, mut high) = (0, self.effects.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            match pair(middle).cmp(&(first, second)) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Some(self.effects[middle]),
            }
        }
        None
    }
}

/// What a run needed of them or read itself.
#[derive(Debug, Default)]
pub(super) struct Needed(BTreeMap<(ObjectId, ObjectId), Effect>);

impl Needed {
    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        let hash_len = self.0.keys().next()?.0.as_bytes().len();
        let pairs: Vec<u8> =
            self.0.keys().flat_map(|(old, new)| [old.as_bytes(), new.as_bytes()]).flatten().copied().collect();
        postcard::to_stdvec(&Effects { hash_len, pairs: &pairs, effects: self.0.values().copied().collect() }).ok()
    }
}

impl<'a> Contents<'a> {
    pub(super) fn new(git: &Git, former: Effects<'a>) -> Contents<'a> {
        let (known, needed) = (HashMap::new(), Needed::default());
        Contents {
            objects: git.objects(),
            recent: VecDeque::new(),
            known,
            former,
            needed,
            read_anew: false,
            lacks: false,
        }
    }

    /// The effects that this run needed, if some of them are new.
    pub(super) fn learned(self) -> Option<Needed> {
        self.read_anew.then_some(self.needed)
    }

    /// What a commit's change to contract file number `file`, called `name`, does.
    pub(super) fn effect(&mut self, name: &str, touch: &Touch, file: u32) -> Effect {
        let edited = touch.edited.iter().find(|(edited, ..)| *edited == file);
        let Some((_, before, after)) = edited else { return Effect::Untold };
        // Only its mode changed.
        if before == after {
            return Effect::Adds;
        }
        if let Some(known) = self.known.get(&(*before, *after)) {
            return *known;
        }
        // Such formats tell nothing: every change of theirs may break.
        if !contract::is_told(name) {
            return Effect::Breaks;
        }
        if self.known.len() >= MOST {
            return Effect::Untold;
        }
        let effect = match self.former.get(*before, *after).or_else(|| self.read(name, *before, *after)) {
            Some(effect) => {
                self.needed.0.insert((*before, *after), effect);
                effect
            }
            None => Effect::Untold,
        };
        self.known.insert((*before, *after), effect);
        effect
    }

    fn read(&mut self, name: &str, before: ObjectId, after: ObjectId) -> Option<Effect> {
        let (old, new) = (self.text(before), self.text(after));
        let (old, new) = (old?, new?);
        self.read_anew = true;
        let effect = contract::change(name, &old, &new)
            .unwrap_or_else(|| self.version(name, before, &old).becomes(&self.version(name, after, &new)));
        match effect {
            // What no reader understands may break.
            Effect::Untold => Some(Effect::Breaks),
            told => Some(told),
        }
    }

    /// Reads a content, unless it is one that a neighbouring change led from or to.
    fn text(&mut self, id: ObjectId) -> Option<Rc<str>> {
        if let Some(known) = self.recent.iter().find(|recent| recent.id == id) {
            return Some(Rc::clone(&known.text));
        }
        let Some(content) = self.objects.file(id, LARGEST) else {
            self.lacks = true;
            return None;
        };
        let content = content.as_deref().unwrap_or_default();
        // Nearly every text is whole, which is looked at quicker than what is to be mended.
        let text: Rc<str> = match std::str::from_utf8(content) {
            Ok(text) => text.into(),
            Err(_) => String::from_utf8_lossy(content).into(),
        };
        self.recent.push_back(Recent { id, text: Rc::clone(&text), version: None });
        while self.recent.iter().map(|recent| recent.text.len()).sum::<usize>() > KEPT || self.recent.len() > MOST_KEPT
        {
            self.recent.pop_front();
        }
        Some(text)
    }

    /// What a content says, read once as long as it is kept.
    fn version(&mut self, name: &str, id: ObjectId, text: &str) -> Rc<Version> {
        let recent = self.recent.iter_mut().find(|recent| recent.id == id);
        match recent.as_ref().and_then(|recent| recent.version.as_ref()) {
            Some((read_as, version)) if read_as == name => Rc::clone(version),
            _ => {
                let version = Rc::new(Version::read(name, text));
                if let Some(recent) = recent {
                    recent.version = Some((name.to_owned(), Rc::clone(&version)));
                }
                version
            }
        }
    }
}
