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
    text: Rc<str>,
    /// What it says under the name that it was last read by, if it was read as a whole.
    version: Option<(String, Rc<Version>)>,
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
