//! What contract files held before and after a change, read from the object database.
//!
//! In: the ids of both contents. Out: the [`Effect`] of the change. Each pair is read once, so many at most, and none that
//! is larger than a file we read ourselves. What the clone does not hold is untold, and noted.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;

use gix::ObjectId;

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
    name: String,
    length: usize,
    version: Rc<Version>,
}

pub(super) struct Contents {
    objects: Objects,
    /// The oldest first.
    recent: VecDeque<Recent>,
    known: HashMap<(ObjectId, ObjectId), Effect>,
    /// What former runs read, and what this run needed of it or read itself.
    former: Effects,
    needed: Effects,
    read_anew: bool,
    /// Contents that the clone does not hold would have told more.
    pub(super) lacks: bool,
}

/// What changes from one content to another do: the same for ever.
pub(super) type Effects = BTreeMap<(Vec<u8>, Vec<u8>), Effect>;

impl Contents {
    pub(super) fn new(git: &Git, former: Effects) -> Contents {
        let (known, needed) = (HashMap::new(), Effects::new());
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
    pub(super) fn learned(self) -> Option<Effects> {
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
        let key = (before.as_bytes().to_vec(), after.as_bytes().to_vec());
        let effect = match self.former.get(&key).copied().or_else(|| self.read(name, *before, *after)) {
            Some(effect) => {
                self.needed.insert(key, effect);
                effect
            }
            None => Effect::Untold,
        };
        self.known.insert((*before, *after), effect);
        effect
    }

    fn read(&mut self, name: &str, before: ObjectId, after: ObjectId) -> Option<Effect> {
        let (before, after) = (self.version(name, before), self.version(name, after));
        let (before, after) = (before?, after?);
        self.read_anew = true;
        match before.becomes(&after) {
            // What no reader understands may break.
            Effect::Untold => Some(Effect::Breaks),
            told => Some(told),
        }
    }

    /// Reads a version, unless it is one that a neighbouring change led from or to.
    fn version(&mut self, name: &str, id: ObjectId) -> Option<Rc<Version>> {
        let known = self.recent.iter().find(|recent| recent.id == id && recent.name == name);
        if let Some(known) = known {
            return Some(Rc::clone(&known.version));
        }
        let Some(content) = self.objects.file(id, LARGEST) else {
            self.lacks = true;
            return None;
        };
        let text = content.as_deref().map(|content| String::from_utf8_lossy(content)).unwrap_or_default();
        let version = Rc::new(Version::read(name, &text));
        self.recent.push_back(Recent { id, name: name.to_owned(), length: text.len(), version: Rc::clone(&version) });
        while self.recent.iter().map(|recent| recent.length).sum::<usize>() > KEPT || self.recent.len() > MOST_KEPT {
            self.recent.pop_front();
        }
        Some(version)
    }
}
