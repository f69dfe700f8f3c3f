//! Which service of the head was which service of the base.
//!
//! A service with the same root and language is the same one. Of the others, one that vanished and one that came are
//! the same if their names agree, or if nearly everything known about them does and no other pair is as alike.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::finding::{Judged, Report};
use crate::service::Language;
use crate::signal::of_service::signals;

type Key = (Arc<str>, Language);

/// The pairs of services, by root and language.
#[derive(Debug, Default)]
pub(super) struct Moves {
    to_base: BTreeMap<Key, Key>,
    to_head: BTreeMap<Key, Key>,
}

fn key(judged: &Judged) -> Key {
    (judged.service.root.clone(), judged.service.language)
}

impl Moves {
    pub(super) fn between(base: &Report, head: &Report) -> Moves {
        let mut moves = Moves::default();
        let old: BTreeSet<Key> = base.services.iter().map(key).collect();
        for judged in head.services.iter().filter(|judged| old.contains(&key(judged))) {
            moves.pair(key(judged), key(judged));
        }
        let gone: Vec<&Judged> = base.services.iter().filter(|one| !moves.to_head.contains_key(&key(one))).collect();
        let came: Vec<&Judged> = head.services.iter().filter(|one| !moves.to_base.contains_key(&key(one))).collect();
        moves.pair_alike(&gone, &came);
        moves
    }

    fn pair_alike(&mut self, gone: &[&Judged], came: &[&Judged]) {
        let known: Vec<BTreeSet<String>> = gone.iter().map(|one| contents(one)).collect();
        let mut pairs = Vec::new();
        for now in came {
            let content = contents(now);
            for (old, before) in gone.iter().zip(&known) {
                let score = alike(old, now, before, &content);
                if score > 0 {
                    pairs.push((std::cmp::Reverse(score), key(old), key(now)));
                }
            }
        }
        // Most alike first; then by place, so that the outcome is the same every time.
        pairs.sort();
        for (_, old, now) in pairs {
            if !self.to_head.contains_key(&old) && !self.to_base.contains_key(&now) {
                self.pair(old, now);
            }
        }
    }

    fn pair(&mut self, old: Key, now: Key) {
        self.to_base.insert(now.clone(), old.clone());
        self.to_head.insert(old, now);
    }

    /// What the head calls the root of a service of the base.
    pub(super) fn to_head<'a>(&'a self, root: &'a str, language: Language) -> &'a str {
        self.to_head.get(&(root.into(), language)).map_or(root, |(root, _)| root)
    }

    pub(super) fn to_base(&self, head: &Key) -> Option<Key> {
        self.to_base.get(head).cloned()
    }

    pub(super) fn base_of(&self, head: &Judged) -> Option<Key> {
        self.to_base.get(&key(head)).cloned()
    }

    pub(super) fn is_kept(&self, base: &Judged) -> bool {
        self.to_head.contains_key(&key(base))
    }

    /// Whether a path of the base and one of the head are the same file, as far as services' moves tell.
    pub(super) fn same_path(&self, old: &str, now: &str) -> bool {
        old == now
            || self.to_head.iter().any(|((from, _), (to, _))| {
                from != to && below(old, from).is_some_and(|rest| below(now, to) == Some(rest))
            })
    }
}

fn below<'a>(path: &'a str, directory: &str) -> Option<&'a str> {
    path.strip_prefix(directory)?.strip_prefix('/')
}

/// 0–1000; more than half of what is known has to agree, or the name and some of it.
fn alike(old: &Judged, now: &Judged, before: &BTreeSet<String>, after: &BTreeSet<String>) -> usize {
    if old.service.language != now.service.language {
        return 0;
    }
    let all = before.union(after).count().max(1);
    let score = 1000 * before.intersection(after).count() / all;
    let named = old.service.name == now.service.name;
    match (named, score) {
        (true, _) => 1000 + score,
        (false, 700..) => score,
        _ => 0,
    }
}

/// Everything known about a service that has nothing to do with where it lies.
fn contents(judged: &Judged) -> BTreeSet<String> {
    let drifts = |name: &str| matches!(name, "size" | "team" | "spec" | "counts");
    let signals = signals(&judged.service);
    let known = signals.iter().filter(|signal| !drifts(&signal.name));
    known.map(|signal| format!("{} {:?}", signal.name, signal.fields)).collect()
}
