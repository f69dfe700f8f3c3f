//! Maps for many keys that come by the thousand.
//!
//! The hasher of the standard library costs more than the rest of looking a name up. This one is seeded anew with each
//! process, so that no repository can be written to make it slow; nothing may ever be told in the order of such a map.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

/// A hash map that is quick with short keys.
pub(crate) type Map<K, V> = HashMap<K, V, RandomState>;

/// A hash set that is quick with short keys.
pub(crate) type Set<K> = HashSet<K, RandomState>;
