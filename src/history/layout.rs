//! Which paths belong to which services, as a tree of directory names.
//!
//! In: for each service its directories and contract files. Out: [`Trie`], which tells the tree comparison where a
//! service can be at all, and whom a changed file concerns.

use std::collections::HashMap;
use std::sync::Arc;

use crate::scope::Scope;

/// The directories of one service.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// Relative to the scanned root; `.` for the root itself. Its own first, then those of its closure.
    pub directories: Vec<Arc<str>>,
    /// Whether directories below belong to it too: yes for Cargo packages, no for Go packages, which are all listed.
    pub deep: bool,
    /// Contract files (proto, OpenAPI …) that it uses.
    pub contracts: Vec<Arc<str>>,
    /// What CODEOWNERS is asked about.
    pub root: Arc<str>,
}

/// What the history is asked about.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    pub units: Vec<Unit>,
    /// Directories of every Cargo package: where a deep directory ends that belongs to another package.
    pub packages: Vec<Arc<str>>,
}

impl Layout {
    /// Names it: the same name, the same layout.
    pub(super) fn name(&self) -> String {
        let mut bytes = Vec::with_capacity(1 << 12);
        let mut list = |paths: &[Arc<str>]| {
            bytes.extend_from_slice(&(paths.len() as u64).to_le_bytes());
            for path in paths {
                bytes.extend_from_slice(&(path.len() as u64).to_le_bytes());
                bytes.extend_from_slice(path.as_bytes());
            }
        };
        for unit in &self.units {
            list(&unit.directories);
            list(&unit.contracts);
            // One path, or one path twice: the flag is in how many there are.
            list(&[Arc::clone(&unit.root), Arc::clone(&unit.root)][usize::from(!unit.deep)..]);
        }
        list(&self.packages);
        blake3::hash(&bytes).to_hex().to_string()
    }
}

/// A set of units of its own: one word where that is enough, as nearly always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Units {
    first: u64,
    more: Box<[u64]>,
}

impl Units {
    /// The empty set, in so many words.
    pub(super) fn none(words: usize) -> Units {
        Units { first: 0, more: vec![0; words.saturating_sub(1)].into() }
    }

    pub(super) fn add(&mut self, bits: &[u64]) {
        self.words_mut().zip(bits).for_each(|(word, bits)| *word |= bits);
    }

    pub(super) fn words_mut(&mut self) -> impl Iterator<Item = &mut u64> {
        std::iter::once(&mut self.first).chain(&mut self.more)
    }

    pub(super) fn words(&self) -> impl Iterator<Item = u64> {
        std::iter::once(self.first).chain(self.more.iter().copied())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words().all(|word| word == 0)
    }

    /// The units, by number.
    pub(super) fn each(&self) -> impl Iterator<Item = usize> {
        (0..).step_by(64).zip(self.words()).flat_map(|(start, mut word)| {
            std::iter::from_fn(move || {
                let bit = (word != 0).then(|| word.trailing_zeros() as usize)?;
                word &= word - 1;
                Some(start + bit)
            })
        })
    }
}

/// An interned set of units.
pub(super) type Set = u32;
pub(super) const NONE: Set = 0;

/// Sets of units, each stored once; `NONE` is the empty one.
#[derive(Clone, Debug)]
pub(super) struct Sets {
    words: usize,
    list: Vec<Box<[u64]>>,
    numbers: HashMap<Box<[u64]>, Set>,
    /// A set, a unit, and the set with it, as asked last: a unit has its directories in a row.
    last: (Set, usize, Set),
}

impl Sets {
    fn new(units: usize) -> Sets {
        let words = units.div_ceil(64).max(1);
        let empty: Box<[u64]> = vec![0; words].into();
        Sets {
            words,
            list: vec![empty.clone()],
            numbers: HashMap::from([(empty, NONE)]),
            last: (NONE, usize::MAX, NONE),
        }
    }

    pub(super) fn words(&self) -> usize {
        self.words
    }

    pub(super) fn bits(&self, set: Set) -> &[u64] {
        &self.list[set as usize]
    }

    pub(super) fn intern(&mut self, bits: Box<[u64]>) -> Set {
        if let Some(&known) = self.numbers.get(&bits) {
            return known;
        }
        let number = self.list.len() as Set;
        self.list.push(bits.clone());
        self.numbers.insert(bits, number);
        number
    }

    pub(super) fn holds(&self, set: Set, unit: usize) -> bool {
        self.list[set as usize][unit / 64] >> (unit % 64) & 1 == 1
    }

    fn with(&mut self, set: Set, unit: usize) -> Set {
        if (self.last.0, self.last.1) == (set, unit) {
            return self.last.2;
        }
        let mut bits = self.list[set as usize].clone();
        bits[unit / 64] |= 1 << (unit % 64);
        let with = self.intern(bits);
        self.last = (set, unit, with);
        with
    }

    fn union(&mut self, a: Set, b: Set) -> Set {
        if a == b || b == NONE {
            return a;
        }
        if a == NONE {
            return b;
        }
        let bits = self.bits(a).iter().zip(self.bits(b)).map(|(a, b)| a | b).collect();
        self.intern(bits)
    }
}

/// One directory.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// Sorted by name.
    children: Vec<(Box<[u8]>, u32)>,
    /// Sorted by name: contract files right here.
    contracts: Vec<(Box<[u8]>, u32)>,
    own_files: Set,
    own_below: Set,
    boundary: bool,
    /// Units that a file right here concerns.
    pub(super) files: Set,
    /// Units that anything in directories not listed here concerns.
    pub(super) below: Set,
}

impl Node {
    pub(super) fn child(&self, name: &[u8]) -> Option<u32> {
        self.children.binary_search_by(|(other, _)| other.as_ref().cmp(name)).ok().map(|at| self.children[at].1)
    }

    /// Returns the number of the contract file of this name.
    pub(super) fn contract(&self, name: &[u8]) -> Option<u32> {
        self.contracts.binary_search_by(|(other, _)| other.as_ref().cmp(name)).ok().map(|at| self.contracts[at].1)
    }

    /// Whether this is a directory of some service, not merely on the way to one.
    pub(super) fn is_unit(&self) -> bool {
        self.own_files != NONE
    }
}

/// The tree of directory names; node 0 is the root of the repository.
#[derive(Clone, Debug)]
pub(super) struct Trie {
    pub(super) nodes: Vec<Node>,
    pub(super) sets: Sets,
    /// Per contract file: the units that use it.
    pub(super) contract_users: Vec<Set>,
    /// Per contract file: its name, which tells its format.
    pub(super) contract_names: Vec<String>,
    /// Former places of directories and of contract files, relative to the repository, with whom they concern.
    pub(super) aliases: Vec<(String, Set)>,
    /// How each of them came about.
    pub(super) moves: Vec<Alias>,
}

/// A directory or contract file that lay elsewhere before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alias {
    /// The former place.
    pub(super) path: String,
    pub(super) contract: bool,
    /// The node, or the number of the contract file.
    pub(super) of: u32,
}

impl Trie {
    /// Builds the tree; `prefix` (`a/b/` or empty) leads from the repository's root to the scanned one.
    pub(super) fn new(layout: &Layout, prefix: &str) -> Trie {
        let nodes = vec![Node::default()];
        let mut trie = Trie {
            nodes,
            sets: Sets::new(layout.units.len()),
            contract_users: Vec::new(),
            contract_names: Vec::new(),
            aliases: Vec::new(),
            moves: Vec::new(),
        };
        for package in &layout.packages {
            let at = trie.node(&join(prefix, package));
            trie.nodes[at].boundary = true;
        }
        for (number, unit) in layout.units.iter().enumerate() {
            for directory in &unit.directories {
                let at = trie.node(&join(prefix, directory));
                trie.nodes[at].own_files = trie.sets.with(trie.nodes[at].own_files, number);
                if unit.deep {
                    trie.nodes[at].own_below = trie.sets.with(trie.nodes[at].own_below, number);
                }
            }
            for contract in &unit.contracts {
                let file = trie.contract(&join(prefix, contract));
                trie.contract_users[file] = trie.sets.with(trie.contract_users[file], number);
            }
        }
        trie.spread();
        trie
    }

    /// Lets `path` stand for what node `of` stands for, in older commits.
    pub(super) fn alias_directory(&mut self, path: &str, of: u32) {
        let (files, below) = (self.nodes[of as usize].files, self.nodes[of as usize].below);
        self.aliases.push((path.to_owned(), files));
        self.moves.push(Alias { path: path.to_owned(), contract: false, of });
        let at = self.node(path);
        self.nodes[at].own_files = self.sets.union(self.nodes[at].own_files, files);
        self.nodes[at].own_below = self.sets.union(self.nodes[at].own_below, below);
        self.spread();
    }

    /// Lets the file at `path` stand for a contract file, in older commits.
    pub(super) fn alias_contract(&mut self, path: &str, of: u32) {
        self.aliases.push((path.to_owned(), self.contract_users[of as usize]));
        self.moves.push(Alias { path: path.to_owned(), contract: true, of });
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        let at = self.node(directory);
        let contracts = &mut self.nodes[at].contracts;
        if let Err(free) = contracts.binary_search_by(|(other, _)| other.as_ref().cmp(name.as_bytes())) {
            contracts.insert(free, (name.as_bytes().into(), of));
        }
        self.spread();
    }

    /// Whether what moved is something of this layout.
    pub(super) fn knows(&self, moved: &Alias) -> bool {
        (moved.of as usize) < if moved.contract { self.contract_users.len() } else { self.nodes.len() }
    }

    /// Follows a move that was found before.
    pub(super) fn follow(&mut self, moved: &Alias) {
        if moved.contract {
            self.alias_contract(&moved.path, moved.of);
        } else {
            self.alias_directory(&moved.path, moved.of);
        }
    }

    /// The node of a path.
    pub(super) fn find(&self, path: &str) -> Option<u32> {
        let mut names = path.split('/').filter(|name| !matches!(*name, "" | "."));
        names.try_fold(0, |at: u32, name| self.nodes[at as usize].child(name.as_bytes()))
    }

    /// The path of a node.
    pub(super) fn place(&self, node: u32) -> Option<String> {
        let mut open = vec![(0, String::new())];
        while let Some((at, path)) = open.pop() {
            if at == node {
                return Some(path);
            }
            let below = self.nodes[at as usize].children.iter();
            open.extend(below.map(|(name, child)| (*child, format!("{path}/{}", String::from_utf8_lossy(name)))));
        }
        None
    }

    fn contract(&mut self, path: &str) -> usize {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        let at = self.node(directory);
        if let Some(known) = self.nodes[at].contract(name.as_bytes()) {
            return known as usize;
        }
        let number = self.contract_users.len();
        self.contract_users.push(NONE);
        self.contract_names.push(name.to_owned());
        let contracts = &mut self.nodes[at].contracts;
        let free = contracts.partition_point(|(other, _)| other.as_ref() < name.as_bytes());
        contracts.insert(free, (name.as_bytes().into(), number as u32));
        number
    }

    fn node(&mut self, path: &str) -> usize {
        let mut at = 0;
        for name in path.split('/').filter(|name| !name.is_empty() && *name != ".") {
            at = match self.nodes[at].child(name.as_bytes()) {
                Some(child) => child as usize,
                None => {
                    let child = self.nodes.len();
                    self.nodes.push(Node::default());
                    let children = &mut self.nodes[at].children;
                    let free = children.partition_point(|(other, _)| other.as_ref() < name.as_bytes());
                    children.insert(free, (name.as_bytes().into(), child as u32));
                    child
                }
            };
        }
        at
    }

    /// Hands deep directories down to where another package begins.
    fn spread(&mut self) {
        let mut open = vec![(0_u32, NONE)];
        while let Some((at, from_above)) = open.pop() {
            let at = at as usize;
            let inherited = if self.nodes[at].boundary { NONE } else { from_above };
            self.nodes[at].files = self.sets.union(self.nodes[at].own_files, inherited);
            self.nodes[at].below = self.sets.union(self.nodes[at].own_below, inherited);
            let below = self.nodes[at].below;
            open.extend(self.nodes[at].children.iter().map(|&(_, child)| (child, below)));
        }
    }
}

pub(super) fn join(prefix: &str, path: &str) -> String {
    if path == "." { prefix.trim_end_matches('/').to_owned() } else { format!("{prefix}{path}") }
}

/// Whether a directory of this name holds code copied from elsewhere, which a team's changes are not told by.
pub(super) fn is_vendored(name: &[u8]) -> bool {
    let Ok(name) = std::str::from_utf8(name) else { return false };
    Scope::of(&format!("{name}/x")) == Scope::Vendored
}

/// Whether a file of this name is written by a program: generated code and lock files.
pub(super) fn is_generated(name: &[u8]) -> bool {
    const ENDS: &[&[u8]] =
        &[b".pb.go", b".pb.gw.go", b".pb.validate.go", b"_generated.go", b".gen.go", b"_generated.rs", b".pb.rs"];
    const STARTS: &[&[u8]] = &[b"zz_generated"];
    const NAMES: &[&[u8]] = &[b"Cargo.lock", b"go.sum", b"bindata.go"];
    NAMES.contains(&name)
        || ENDS.iter().any(|end| name.ends_with(end))
        || STARTS.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(directories: &[&str], deep: bool) -> Unit {
        Unit { directories: directories.iter().map(|&path| path.into()).collect(), deep, ..Unit::default() }
    }

    #[test]
    fn deep_directories_end_where_another_package_begins() {
        let layout = Layout {
            units: vec![unit(&[".", "crates/b"], true), unit(&["cmd/x", "pkg"], false)],
            packages: vec![".".into(), "crates/a".into(), "crates/b".into()],
        };
        let trie = Trie::new(&layout, "");
        let at = |path: &str| {
            path.split('/')
                .filter(|name| !name.is_empty())
                .fold(0, |at: u32, name| trie.nodes[at as usize].child(name.as_bytes()).unwrap()) as usize
        };
        assert_eq!(trie.sets.bits(trie.nodes[at("")].below), [1]);
        assert_eq!(trie.sets.bits(trie.nodes[at("crates/a")].files), [0]);
        assert_eq!(trie.sets.bits(trie.nodes[at("crates/b")].below), [1]);
        assert_eq!(trie.sets.bits(trie.nodes[at("pkg")].files), [3]);
        assert_eq!(trie.sets.bits(trie.nodes[at("pkg")].below), [1]);
    }

    #[test]
    fn generated_and_vendored_names() {
        assert!(is_generated(b"a.pb.go") && is_generated(b"zz_generated.deepcopy.go") && is_generated(b"go.sum"));
        assert!(!is_generated(b"generated.go") && !is_generated(b"pb.go"));
        assert!(is_vendored(b"vendor") && is_vendored(b"third_party") && !is_vendored(b"vendors"));
    }
}
