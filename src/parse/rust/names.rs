//! What a file names of each crate: parts of paths and of `use` declarations that start at the crate.
//!
//! A name that `use` binds stands for its crate afterwards (`use tonic::transport::Server; Server::builder()`). A
//! module of the file and whatever comes in from `crate::`, `self::` or `super::` hide a crate of the same name.

use std::collections::BTreeMap;

use super::lex::Kind;
use super::tokens::Tokens;
use crate::hash::{Map, Set};

/// What is named of one crate, as indices of tokens in the order of the text, `use` declarations first.
#[derive(Debug, Default)]
pub(crate) struct CrateNames<'t> {
    /// Where the crate itself is named.
    pub(crate) roots: Vec<usize>,
    pub(crate) names: Vec<(&'t str, usize)>,
    /// `use x::*`: names of it stand alone.
    pub(crate) glob: bool,
}

/// All crates that a file names.
#[derive(Debug, Default)]
pub(crate) struct Names<'t> {
    pub(crate) crates: BTreeMap<&'t str, CrateNames<'t>>,
}

impl<'t> Names<'t> {
    pub(crate) fn new(tokens: &Tokens<'t>) -> Names<'t> {
        let uses = Uses::read(tokens);
        let local = uses.local_names(tokens);
        let mut names = Names::default();
        let mut owner: Map<&'t str, &'t str> = Map::default();
        for tree in uses.trees {
            if !is_crate(tree.root) || local.contains(tree.root) {
                continue;
            }
            let of_crate = names.crates.entry(tree.root).or_default();
            of_crate.roots.push(tree.at);
            of_crate.names.extend(tree.names);
            of_crate.glob |= tree.glob;
            owner.extend(tree.bound.iter().map(|name| (*name, tree.root)));
        }
        names.paths(tokens, &uses.ranges, &owner, &local);
        names
    }

    /// Adds the paths outside of `use` declarations.
    fn paths(
        &mut self,
        tokens: &Tokens<'t>,
        uses: &[(usize, usize)],
        owner: &Map<&'t str, &'t str>,
        local: &Set<&'t str>,
    ) {
        let mut uses = uses.iter().peekable();
        let mut next = 0;
        for at in tokens.path_parts() {
            while uses.peek().is_some_and(|(_, end)| *end <= at) {
                uses.next();
            }
            let in_use = uses.peek().is_some_and(|(start, _)| *start <= at);
            if at < next || in_use || (at > 0 && tokens.is(at - 1, b'.')) {
                continue;
            }
            next = self.path(tokens, at, owner, local);
        }
    }

    /// Reads one path and returns the index after it.
    fn path(
        &mut self,
        tokens: &Tokens<'t>,
        start: usize,
        owner: &Map<&'t str, &'t str>,
        local: &Set<&'t str>,
    ) -> usize {
        let root = tokens.at(start);
        let mut end = start + 1;
        let mut parts = Vec::new();
        while tokens.is_path_separator(end) && tokens.is_ident(end + 2) {
            parts.push((tokens.at(end + 2), end + 2));
            end += 3;
        }
        let bound = owner.get(root).copied();
        let Some(name) = bound.or_else(|| (is_crate(root) && !local.contains(root)).then_some(root)) else {
            return end;
        };
        let of_crate = self.crates.entry(name).or_default();
        if bound.is_none() {
            of_crate.roots.push(start);
        }
        of_crate.names.extend(parts);
        end
    }
}

/// Crates are written in lower case; the standard library counts as one, for what its modules say.
fn is_crate(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && !matches!(name, "crate" | "self" | "super")
}

/// One root of a `use` declaration with everything below it.
struct UseTree<'t> {
    root: &'t str,
    at: usize,
    names: Vec<(&'t str, usize)>,
    /// Names that the declaration brings into scope.
    bound: Vec<&'t str>,
    glob: bool,
}

#[derive(Default)]
struct Uses<'t> {
    trees: Vec<UseTree<'t>>,
    /// First token of each declaration and the one after its last.
    ranges: Vec<(usize, usize)>,
}

impl<'t> Uses<'t> {
    fn read(tokens: &Tokens<'t>) -> Uses<'t> {
        let mut uses = Uses::default();
        let mut next = 0;
        for start in tokens.places(&["use", "extern"]) {
            let is_extern = tokens.reads(start, &["extern", "crate"]);
            if start < next || !is_extern && (!tokens.is_word(start, "use") || tokens.is(start + 1, b'<')) {
                continue;
            }
            let at = start + if is_extern { 2 } else { 1 };
            let end = statement_end(tokens, at);
            uses.ranges.push((start, end));
            uses.roots(tokens, at, end);
            next = end;
        }
        uses
    }

    fn roots(&mut self, tokens: &Tokens<'t>, start: usize, end: usize) {
        let root = start + if tokens.is_path_separator(start) { 2 } else { 0 };
        if !tokens.is(root, b'{') {
            return self.tree(tokens, root, end);
        }
        let close = tokens.close(root).min(end);
        let mut at = root + 1;
        while at < close {
            let mut next = at;
            while next < close && !tokens.is(next, b',') {
                next = if tokens.kind(next) == Some(Kind::Open) { tokens.close(next) } else { next } + 1;
            }
            let from = at + if tokens.is_path_separator(at) { 2 } else { 0 };
            self.tree(tokens, from, next.min(close));
            at = next + 1;
        }
    }

    fn tree(&mut self, tokens: &Tokens<'t>, root: usize, end: usize) {
        if !tokens.is_ident(root) || root >= end {
            return;
        }
        let mut tree = UseTree { root: tokens.at(root), at: root, names: Vec::new(), bound: Vec::new(), glob: false };
        for at in root..end {
            tree.glob |= tokens.is(at, b'*');
            if !tokens.is_ident(at) || tokens.at(at) == "as" {
                continue;
            }
            let renames = at > root && tokens.at(at - 1) == "as";
            if at > root && !renames {
                tree.names.push((tokens.at(at), at));
            }
            let ends = at + 1 >= end || tokens.is(at + 1, b',') || tokens.is(at + 1, b'}') || tokens.is(at + 1, b';');
            if ends && at > root {
                tree.bound.push(tokens.at(at));
            }
        }
        self.trees.push(tree);
    }

    /// Names that hide a crate: modules of this file and what comes from elsewhere in this crate.
    fn local_names(&self, tokens: &Tokens<'t>) -> Set<&'t str> {
        let own = |tree: &&UseTree<'t>| matches!(tree.root, "crate" | "self" | "super");
        let mut names: Set<&'t str> = self.trees.iter().filter(own).flat_map(|tree| tree.bound.clone()).collect();
        let modules = tokens.places(&["mod"]).into_iter().filter(|&at| tokens.is_ident(at + 1));
        names.extend(modules.map(|at| tokens.at(at + 1)));
        names
    }
}

fn statement_end(tokens: &Tokens<'_>, start: usize) -> usize {
    let mut end = start;
    while end < tokens.len() && !tokens.is(end, b';') {
        match tokens.kind(end) {
            Some(Kind::Open) => end = tokens.close(end) + 1,
            Some(Kind::Close) => break,
            _ => end += 1,
        }
    }
    end.min(tokens.len())
}
