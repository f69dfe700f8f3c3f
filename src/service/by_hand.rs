//! Services that the configuration adds: what no manifest or `main` shows to be one.
//!
//! In: the indexed repository and what is added. Out: [`Unit`]s with the closure of the package that lies there, if one
//! does, so that facts find them as they find any other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::path::base;
use crate::source::Location;

use super::Language;
use super::repository::Repository;
use super::unit::{Shape, Unit};

/// A service by hand.
#[derive(Clone, Debug)]
pub struct Added {
    pub root: Arc<str>,
    pub language: Language,
    /// By default the name of its directory.
    pub name: Option<String>,
    /// Where it is said.
    pub at: Location,
}

/// Adds what is not there yet, in the order of all units.
pub fn add(repository: &Repository, added: &[Added], units: &mut Vec<Unit>) {
    for one in added {
        let known = |unit: &Unit| unit.root == one.root && unit.language == one.language;
        if !units.iter().any(known) && repository.has_directory(&one.root) {
            units.push(unit(repository, one));
        }
    }
    units.sort_by(|a, b| (&a.root, a.language).cmp(&(&b.root, b.language)));
}

fn unit(repository: &Repository, added: &Added) -> Unit {
    let reached = match added.language {
        Language::Rust if repository.cargo.packages.contains_key(&added.root) => {
            repository.cargo.closure(&added.root, &[])
        }
        Language::Rust | Language::Go => BTreeMap::new(),
    };
    let closure: BTreeSet<Arc<str>> = match added.language {
        Language::Go if repository.go.packages.contains_key(&added.root) => repository.go.closure(&added.root),
        Language::Rust if !reached.is_empty() => reached.keys().cloned().collect(),
        Language::Go | Language::Rust => BTreeSet::from([added.root.clone()]),
    };
    let name = added.name.clone().unwrap_or_else(|| base(&added.root).to_owned());
    Unit {
        root: added.root.clone(),
        language: added.language,
        binaries: BTreeSet::from([name.clone()]),
        name,
        shape: Shape::Main,
        closure,
        reached,
        at: added.at.clone(),
    }
}
