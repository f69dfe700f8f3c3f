//! The layout that commits were compared under last, and which of them a change of it concerns.
//!
//! In: two layouts with the same units, of which some have other directories now. Out: [`Changed`]. A commit looks the
//! same under both unless one of these directories differs in it; and which directories differ in a commit is kept.
//! So a change that gives a service another package compares the commits again that touched the package's place, and
//! no others.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::compare::{digest, short};
use super::layout::{Alias, Layout, Trie, Unit, join};

/// Where more is different it is quicker to compare everything.
const MOST: usize = 256;

#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    name: &'a str,
    /// Every path once: units share most of theirs.
    #[serde(borrow)]
    paths: Vec<&'a str>,
    units: Vec<(Vec<u32>, bool, Vec<u32>)>,
    packages: Vec<u32>,
}

/// Writes a layout down, under its name.
pub(super) fn encode(layout: &Layout, name: &str) -> Option<Vec<u8>> {
    let all = layout.units.iter().flat_map(|unit| unit.directories.iter().chain(&unit.contracts));
    let paths: Vec<&str> =
        all.chain(&layout.packages).map(|path| &**path).collect::<BTreeSet<_>>().into_iter().collect();
    let numbers = |list: &[Arc<str>]| -> Vec<u32> {
        list.iter().filter_map(|path| paths.binary_search(&&**path).ok()).map(|nth| nth as u32).collect()
    };
    let units = layout.units.iter().map(|unit| (numbers(&unit.directories), unit.deep, numbers(&unit.contracts)));
    let (units, packages) = (units.collect(), numbers(&layout.packages));
    postcard::to_stdvec(&Stored { name, paths, units, packages }).ok()
}

/// A layout of a former run.
pub(super) struct Former {
    pub(super) name: String,
    layout: Layout,
}

impl Former {
    pub(super) fn decode(bytes: &[u8]) -> Option<Former> {
        let Stored { name, paths, units, packages } = postcard::from_bytes(bytes).ok()?;
        let paths: Vec<Arc<str>> = paths.into_iter().map(Arc::from).collect();
        let list = |numbers: Vec<u32>| -> Option<Vec<Arc<str>>> {
            numbers.into_iter().map(|nth| paths.get(nth as usize).cloned()).collect()
        };
        let unit = |(directories, deep, contracts): (Vec<u32>, bool, Vec<u32>)| {
            Some(Unit { directories: list(directories)?, deep, contracts: list(contracts)?, ..Unit::default() })
        };
        let units = units.into_iter().map(unit).collect::<Option<_>>()?;
        Some(Former { name: name.to_owned(), layout: Layout { units, packages: list(packages)? } })
    }

    /// What is different now; `None` where that is too much, or everything.
    pub(super) fn changed(&self, now: &Layout, prefix: &str) -> Option<Changed> {
        let (before, now) = (&self.layout, now);
        let alike = |(one, other): (&Unit, &Unit)| one.deep == other.deep && one.contracts == other.contracts;
        if before.units.len() != now.units.len() || !before.units.iter().zip(&now.units).all(alike) {
            return None;
        }
        let mut paths: BTreeSet<&str> = different(&before.packages, &now.packages).into_iter().collect();
        for (one, other) in before.units.iter().zip(&now.units) {
            paths.extend(different(&one.directories, &other.directories));
            if paths.len() > MOST {
                return None;
            }
        }
        let trie = Trie::new(before, prefix);
        let mut digests = paths.iter().map(|path| outermost(&trie, &join(prefix, path))).collect::<Option<Vec<_>>>()?;
        digests.sort_unstable();
        Some(Changed { digests, trie })
    }
}

/// What is in one of two lists only.
fn different<'a>(one: &'a [Arc<str>], other: &'a [Arc<str>]) -> Vec<&'a str> {
    let set = |list: &'a [Arc<str>]| -> BTreeSet<&'a str> { list.iter().map(|path| &**path).collect() };
    let (one, other) = (set(one), set(other));
    one.symmetric_difference(&other).copied().collect()
}

/// The outermost directory on the way to a path that no comparison entered, or the path itself; `None` for the root,
/// which differs in every commit.
fn outermost(trie: &Trie, path: &str) -> Option<u16> {
    let (mut at, mut found) = (0, None);
    for name in path.split('/').filter(|name| !matches!(*name, "" | ".")) {
        let path = digest(found.unwrap_or(0), name.as_bytes());
        found = Some(path);
        match trie.nodes[at as usize].child(name.as_bytes()) {
            Some(child) => at = child,
            None => break,
        }
    }
    found.map(short)
}

/// What is different since commits were compared.
#[derive(Debug)]
pub(super) struct Changed {
    /// Of directories that may look different now, sorted.
    digests: Vec<u16>,
    /// The places as they were, with what has moved in newer commits.
    pub(super) trie: Trie,
}

impl Changed {
    /// Whether a commit may look different, in which these directories differ.
    pub(super) fn concerns(&self, met: &[[u8; 2]]) -> bool {
        met.iter().any(|digest| self.digests.binary_search(&u16::from_le_bytes(*digest)).is_ok())
    }

    /// Follows moves among the former places, and tells what they are among those of now; `None` where one is not.
    pub(super) fn follow(&mut self, moves: Vec<Alias>, now: &Trie) -> Option<Vec<Alias>> {
        let of_now = |moved: &Alias| {
            let of = if moved.contract { Some(moved.of) } else { now.find(&self.trie.place(moved.of)?) };
            Some(Alias { of: of?, ..moved.clone() })
        };
        let told = moves.iter().map(of_now).collect::<Option<Vec<_>>>()?;
        moves.iter().for_each(|moved| self.trie.follow(moved));
        Some(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(units: &[&[&str]]) -> Layout {
        let unit = |directories: &&[&str]| Unit {
            directories: directories.iter().map(|&path| path.into()).collect(),
            ..Unit::default()
        };
        Layout { units: units.iter().map(unit).collect(), packages: vec!["p".into()] }
    }

    #[test]
    fn a_layout_comes_back_and_tells_what_is_different() {
        let before = layout(&[&["cmd", "lib/a"], &["lib/a", "lib/b"]]);
        let bytes = encode(&before, "n").unwrap();
        let former = Former::decode(&bytes).unwrap();
        assert_eq!((former.name.as_str(), former.layout.name()), ("n", before.name()));
        let met = |path: &str| {
            let mut at = 0;
            let parts: Vec<[u8; 2]> = path
                .split('/')
                .map(|name| {
                    at = digest(at, name.as_bytes());
                    short(at).to_le_bytes()
                })
                .collect();
            parts
        };
        let changed = former.changed(&layout(&[&["cmd", "lib/a", "new/x/y"], &["lib/a"]]), "").unwrap();
        assert!(changed.concerns(&met("lib/b")) && changed.concerns(&met("new")) && !changed.concerns(&met("lib/a")));
        assert!(!changed.concerns(&met("cmd/new")));
        let below = former.changed(&layout(&[&["cmd", "lib/a", "x"], &["lib/a", "lib/b"]]), "in/").unwrap();
        assert!(below.concerns(&met("in/x")) && !below.concerns(&met("x")) && !below.concerns(&met("in")));
        assert!(former.changed(&layout(&[&["cmd", "lib/a"]]), "").is_none(), "another number of units");
        assert!(former.changed(&layout(&[&[".", "cmd", "lib/a"], &["lib/a", "lib/b"]]), "").is_none(), "the root");
        for end in 0..bytes.len() {
            assert!(Former::decode(&bytes[..end]).is_none());
        }
    }

    #[test]
    fn moves_are_followed_among_both() {
        let former = Former { name: String::new(), layout: layout(&[&["b", "lib/a"]]) };
        let now = layout(&[&["a0", "b", "lib/a"]]);
        let mut changed = former.changed(&now, "").unwrap();
        let mut trie = Trie::new(&now, "");
        let of = changed.trie.find("lib/a").unwrap();
        let moved = Alias { path: "old/a".into(), contract: false, of };
        let told = changed.follow(vec![moved], &trie).unwrap();
        assert_eq!(told[0].of, trie.find("lib/a").unwrap());
        trie.follow(&told[0]);
        let again = Alias { path: "older".into(), contract: false, of: changed.trie.find("old/a").unwrap() };
        assert_eq!(changed.follow(vec![again], &trie).unwrap()[0].of, trie.find("old/a").unwrap());
        let nowhere = Alias { path: "x".into(), contract: false, of: 99 };
        assert!(changed.follow(vec![nowhere], &trie).is_none());
    }
}
