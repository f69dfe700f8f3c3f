//! What contract files held before and after a change, read from the object database.
//!
//! In: the ids of both contents. Out: the [`Effect`] of the change. Each pair is read once, so many at most, and none that
//! is larger than a file we read ourselves. What the clone does not hold is untold, and noted.

use std::collections::HashMap;

use gix::ObjectId;
use gix::objs::Find;

use super::compare::Touch;
use super::contract::{self, Effect};

/// A contract of more is data.
const LARGEST: u64 = 1 << 20;
/// Pairs read in one run; a busy year of a large repository has some hundred.
const MOST: usize = 4_000;

pub(super) struct Contents<'r> {
    repository: &'r gix::Repository,
    known: HashMap<(ObjectId, ObjectId), Effect>,
    /// Contents that the clone does not hold would have told more.
    pub(super) lacks: bool,
}

impl<'r> Contents<'r> {
    pub(super) fn new(repository: &'r gix::Repository) -> Contents<'r> {
        Contents { repository, known: HashMap::new(), lacks: false }
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
        let effect = match (self.text(*before), self.text(*after)) {
            (Some(before), Some(after)) => match contract::effect(name, &before, &after) {
                // What no reader understands may break.
                Effect::Untold => Effect::Breaks,
                told => told,
            },
            _ => Effect::Untold,
        };
        self.known.insert((*before, *after), effect);
        effect
    }

    fn text(&mut self, id: ObjectId) -> Option<String> {
        let Ok(Some(header)) = self.repository.try_find_header(id) else {
            self.lacks = true;
            return None;
        };
        if header.kind() != gix::objs::Kind::Blob || header.size() > LARGEST {
            return Some(String::new());
        }
        let mut buffer = Vec::new();
        self.repository.objects.try_find(&id, &mut buffer).ok()??;
        Some(String::from_utf8_lossy(&buffer).into_owned())
    }
}
