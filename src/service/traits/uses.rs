//! What a unit uses, by capability, with the places.

use std::collections::{BTreeMap, BTreeSet};

use crate::fact::FactKind;
use crate::source::Location;

use super::super::attribute::{Collected, Seen};

/// What a unit uses, by capability, with the places.
#[derive(Debug, Default)]
pub struct Uses<'r> {
    by_capability: BTreeMap<&'r str, Vec<Seen<'r>>>,
}

impl<'r> Uses<'r> {
    pub fn new(collected: &Collected<'r>) -> Uses<'r> {
        let mut by_capability: BTreeMap<&'r str, Vec<Seen<'r>>> = BTreeMap::new();
        for seen in &collected.facts {
            if let FactKind::Uses { capability, .. } = &seen.fact.kind {
                by_capability.entry(capability).or_default().push(*seen);
            }
        }
        Uses { by_capability }
    }

    /// Places anywhere in the closure.
    pub fn all(&self, capability: &str) -> Vec<Location> {
        self.by_capability.get(capability).into_iter().flatten().map(|seen| seen.file.at(seen.fact.place)).collect()
    }

    pub fn has(&self, capability: &str) -> bool {
        self.by_capability.contains_key(capability)
    }

    /// Places in code that is this unit's more than others'.
    pub fn near(&self, capability: &str) -> Vec<Location> {
        let seen = self.by_capability.get(capability).into_iter().flatten();
        seen.filter(|seen| seen.near).map(|seen| seen.file.at(seen.fact.place)).collect()
    }

    /// How many files, anywhere in the closure, use one of these.
    pub(super) fn files(&self, capabilities: &[&str]) -> usize {
        let seen = capabilities.iter().filter_map(|capability| self.by_capability.get(capability)).flatten();
        seen.map(|seen| &seen.file.path).collect::<BTreeSet<_>>().len()
    }

    /// The fewest units that hold a use of one of these; none is a use that no unit's code has.
    pub(super) fn fewest_holders(&self, capabilities: &[&str]) -> usize {
        let seen = capabilities.iter().filter_map(|capability| self.by_capability.get(capability)).flatten();
        seen.map(|seen| seen.holders).min().unwrap_or_default()
    }

    /// How many different symbols of a capability are used near.
    pub(super) fn near_symbols(&self, capability: &str) -> usize {
        let seen = self.by_capability.get(capability).into_iter().flatten().filter(|seen| seen.near);
        let symbols = seen.filter_map(|seen| match &seen.fact.kind {
            FactKind::Uses { symbol, .. } => Some(symbol.as_str()),
            _ => None,
        });
        symbols.collect::<BTreeSet<_>>().len()
    }

    /// Places, in such code, where a symbol that ends so is used.
    pub fn near_symbol(&self, capability: &str, end: &str) -> Vec<Location> {
        let seen = self.by_capability.get(capability).into_iter().flatten().filter(|seen| seen.near);
        let named =
            seen.filter(|seen| matches!(&seen.fact.kind, FactKind::Uses { symbol, .. } if symbol.ends_with(end)));
        named.map(|seen| seen.file.at(seen.fact.place)).collect()
    }

    pub(super) fn any_near(&self, capabilities: &[&str]) -> Vec<Location> {
        capabilities.iter().flat_map(|capability| self.near(capability)).collect()
    }

    pub(super) fn any(&self, capabilities: &[&str]) -> Vec<Location> {
        capabilities.iter().flat_map(|capability| self.all(capability)).collect()
    }
}
