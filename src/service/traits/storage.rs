//! Programs that keep data themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::path::base;
use crate::scope::Scope;
use crate::source::Location;

use super::super::unit::program_of;
use super::super::{Language, Role};
use super::Context;

pub(super) fn storage_engine(context: &Context<'_, '_>) -> Vec<Location> {
    context.stores.get_or_init(|| find_storage_engine(context)).clone()
}

fn find_storage_engine(context: &Context<'_, '_>) -> Vec<Location> {
    if context.role != Role::Service && context.role != Role::Library {
        return Vec::new();
    }
    // Daemons of hosts keep their state in such engines, and are something else.
    if !context.uses.near("container-runtime").is_empty() {
        return Vec::new();
    }
    let words = [
        "storage",
        "mergeset",
        "lsm",
        "wal",
        "memtable",
        "sstable",
        "tsdb",
        "btree",
        "kvstore",
        "mvcc",
        "raftstore",
        "pagestore",
    ];
    let engine = context.packages_named(&words);
    let mapped = context.uses.all("mmap");
    let embedded = context.uses.any(&["embedded-storage", "search-index"]);
    let replicated = context.uses.all("consensus");
    if engine >= 2 && !mapped.is_empty() && context.opens_packages_named(&words) {
        return mapped;
    }
    let parts = engine_parts(context);
    if parts.len() >= 3 {
        return parts;
    }
    if !is_its_trade(context) {
        return Vec::new();
    }
    if !embedded.is_empty() && !replicated.is_empty() {
        return [embedded, replicated].concat();
    }
    // A store that is opened in a few files is used; one that a dozen files work on is what the service is made of.
    let made_of_it = context.uses.files(&["embedded-storage", "search-index"]) >= 12;
    if engine >= 1 || made_of_it { embedded } else { Vec::new() }
}

/// Whether an embedded engine is this program's own: few programs hold it, or the module is named after this one. Every
/// tool of a large module reaches the engine of its server.
fn is_its_trade(context: &Context<'_, '_>) -> bool {
    const FEW: usize = 3;
    let unit = context.unit;
    let Some((_, module)) = context.repository.go.module_of(&unit.root).filter(|_| unit.language == Language::Go)
    else {
        return true;
    };
    let plain = |name: &str| name.to_ascii_lowercase().replace(['-', '_'], "");
    let is_namesake = unit.name.len() > 3 && plain(program_of(module)).starts_with(&plain(&unit.name));
    is_namesake || context.uses.fewest_holders(&["embedded-storage", "search-index"]) <= FEW
}

/// Files of one Go package that are called after the parts of a storage engine, one for each part.
fn go_engine_parts(context: &Context<'_, '_>) -> Vec<Location> {
    const PARTS: &[&str] = &[
        "block_header",
        "block_stream",
        "bloomfilter",
        "btree",
        "compaction",
        "datadb",
        "index_block",
        "indexdb",
        "inmemory_part",
        "lsm",
        "memtable",
        "mvcc",
        "partition",
        "part_header",
        "sstable",
        "tombstone",
        "wal",
    ];
    let held = |package: &Arc<str>| {
        let mut found = BTreeMap::new();
        let files = context.repository.go.packages.get(package).into_iter().flat_map(|package| &package.files);
        for file in files.map(|&index| &context.repository.files[index]).filter(|file| file.scope == Scope::Shipped) {
            let Some(stem) = base(&file.path).strip_suffix(".go") else { continue };
            let is_part = |part: &&&str| stem == **part || part.len() > 4 && stem.starts_with(**part);
            // Asked of every file, and true of few: the first letter comes first.
            let mut may_be = PARTS.iter().filter(|part| part.as_bytes()[0] == stem.bytes().next().unwrap_or_default());
            if let Some(part) = may_be.find(is_part) {
                found.entry(*part).or_insert_with(|| Location::of_file(&file.path));
            }
        }
        found.into_values().collect::<Vec<_>>()
    };
    let engines: BTreeMap<&str, Vec<Location>> = context
        .unit
        .closure
        .iter()
        .map(|package| (&**package, held(package)))
        .filter(|(_, parts)| parts.len() >= MANY_PARTS)
        .collect();
    // Who only shares types with an engine keeps nothing.
    let opened = context.opens_one_of(&|package| engines.contains_key(package));
    engines.into_values().next().filter(|_| opened).unwrap_or_default()
}

/// So many parts in one package make an engine.
const MANY_PARTS: usize = 4;

/// Files of a Rust crate that are called after the parts of a storage engine, one for each part.
fn engine_parts(context: &Context<'_, '_>) -> Vec<Location> {
    const PARTS: &[&str] = &[
        "btree",
        "lsm",
        "memtable",
        "sstable",
        "mvcc",
        "compaction",
        "page_cache",
        "block_cache",
        "layer_map",
        "write_ahead",
        "wal_storage",
        "raft_log",
    ];
    if context.unit.language == Language::Go {
        return go_engine_parts(context);
    }
    let mut found = BTreeMap::new();
    for file in context.repository.files_below(&context.unit.root).filter(|file| file.scope == Scope::Shipped) {
        let Some(stem) = base(&file.path).strip_suffix(".rs") else { continue };
        if let Some(part) = PARTS.iter().find(|part| stem.contains(**part)) {
            found.entry(*part).or_insert_with(|| Location::of_file(&file.path));
        }
    }
    found.into_values().collect()
}
