//! Facts that stand in a Cargo manifest.
//!
//! *Looks for*: edition and oldest Rust, `panic` and `opt-level` of the shipped profiles, `[lints]` that forbid
//! `unwrap` or `unsafe`, packaging tables under `metadata`.
//! *Emits*: `Toolchain`, `Mark`, `Build`.
//! *Misses*: values inherited from another manifest; settings in `.cargo/config.toml`.
//! *Example*: `[profile.release] panic = "abort"` → mark `panic-abort`.

use std::ops::Range;

use super::table::{Table, scalar};
use crate::detect::Facts;
use crate::fact::{Build, Direction, FactKind};

pub(super) fn emit(root: &Table<'_, '_>, facts: &mut Facts<'_, '_>) {
    toolchain(root, facts);
    profiles(root, facts);
    let shared = root.table("workspace").and_then(|workspace| workspace.table("lints"));
    for lints in [root.table("lints"), shared].into_iter().flatten() {
        lint_marks(&lints, facts);
    }
    packaging(root, facts);
    embedding(root, facts);
}

/// PyO3's feature `auto-initialize` starts an interpreter inside the program.
fn embedding(root: &Table<'_, '_>, facts: &mut Facts<'_, '_>) {
    let Some(pyo3) = root.table("dependencies").and_then(|dependencies| dependencies.table("pyo3")) else { return };
    let Some(features) = pyo3.value("features") else { return };
    let listed = features.get_ref().as_array().into_iter().flatten();
    if let Some(feature) = listed.into_iter().find(|one| one.get_ref().as_str() == Some("auto-initialize")) {
        let kind = FactKind::Ffi { direction: Direction::Import, mechanism: "pyo3".to_owned(), symbols: 0 };
        facts.add(feature.span(), kind);
    }
}

fn toolchain(root: &Table<'_, '_>, facts: &mut Facts<'_, '_>) {
    let inherited = root.table("workspace").and_then(|workspace| workspace.table("package"));
    for table in [root.table("package"), inherited].into_iter().flatten() {
        for (key, what) in [("edition", "edition"), ("rust-version", "msrv")] {
            if let (Some(version), Some(value)) = (table.string(key), table.value(key)) {
                facts.add(value.span(), FactKind::Toolchain { what: what.to_owned(), version });
            }
        }
    }
}

/// Profiles that end up in what is shipped; `dev` and `test` do not.
fn profiles(root: &Table<'_, '_>, facts: &mut Facts<'_, '_>) {
    let Some(all) = root.table("profile") else { return };
    for (profile, table) in all.subtables() {
        if matches!(profile, "dev" | "test" | "bench") {
            continue;
        }
        for (key, wanted, name) in
            [("panic", &["abort"][..], "panic-abort"), ("opt-level", &["z", "s"][..], "size-optimised")]
        {
            let Some(value) = table.value(key) else { continue };
            if scalar(value.get_ref()).is_some_and(|level| wanted.contains(&level.as_str())) {
                mark(facts, value.span(), name, profile);
            }
        }
    }
}

/// (group, lint, mark); a lint that is only allowed is no mark.
const LINTS: [(&str, &str, &str); 5] = [
    ("clippy", "unwrap_used", "lint-unwrap"),
    ("clippy", "expect_used", "lint-expect"),
    ("clippy", "panic", "lint-panic"),
    ("clippy", "indexing_slicing", "lint-indexing"),
    ("rust", "unsafe_code", "lint-unsafe"),
];

fn lint_marks(lints: &Table<'_, '_>, facts: &mut Facts<'_, '_>) {
    for (group, lint, name) in LINTS {
        let Some(table) = lints.table(group) else { continue };
        let Some(value) = table.value(lint) else { continue };
        let level = table.string(lint).or_else(|| table.table(lint)?.string("level"));
        if let Some(level) = level.filter(|level| matches!(level.as_str(), "deny" | "forbid")) {
            mark(facts, value.span(), name, &level);
        }
    }
}

/// (metadata key, tool, what it publishes).
const PACKAGING: [(&str, &str, &str); 9] = [
    ("binstall", "cargo-binstall", "binary-release"),
    ("bundle", "cargo-bundle", "package"),
    ("deb", "cargo-deb", "package"),
    ("dist", "cargo-dist", "binary-release"),
    ("generate-rpm", "cargo-generate-rpm", "package"),
    ("rpm", "cargo-rpm", "package"),
    ("wasm-pack", "wasm-pack", ""),
    ("wix", "cargo-wix", "package"),
    ("aur", "cargo-aur", "package"),
];

fn packaging(root: &Table<'_, '_>, facts: &mut Facts<'_, '_>) {
    for owner in ["package", "workspace"] {
        let Some(metadata) = root.table(owner).and_then(|owner| owner.table("metadata")) else { continue };
        for (key, span, value) in metadata.entries() {
            if key == "dist" && switched_off(value.get_ref().as_table().map(|table| Table::new(table, span.clone()))) {
                continue;
            }
            let Some((_, tool, publishes)) = PACKAGING.iter().find(|(known, ..)| *known == key) else { continue };
            let packages = root.table("package").and_then(|package| package.string("name"));
            let publishes = Some(*publishes).filter(|target| !target.is_empty()).map(str::to_owned);
            facts.add(
                span,
                FactKind::Build(
                    Build {
                        tool: (*tool).to_owned(),
                        packages: packages.into_iter().collect(),
                        source: "release".to_owned(),
                        publishes: publishes.into_iter().collect(),
                        ..Build::default()
                    }
                    .into(),
                ),
            );
        }
    }
}

/// `[package.metadata.dist] dist = false` takes a package out of the release.
fn switched_off(table: Option<Table<'_, '_>>) -> bool {
    table.is_some_and(|table| table.boolean("dist") == Some(false))
}

fn mark(facts: &mut Facts<'_, '_>, span: Range<usize>, name: &str, detail: &str) {
    facts.add(span, FactKind::Mark { name: name.to_owned(), detail: detail.to_owned() });
}
