//! Cargo manifests: from `Cargo.toml` to a [`CargoManifest`] as written, and the facts that stand in it.
//!
//! Nothing is resolved here. Left to service discovery, which sees the whole workspace: values inherited from
//! `[workspace.package]` (listed in `inherits`), `workspace = true` dependencies (their path, features and
//! `default-features` stand in the workspace's manifest), targets found by file name (`src/main.rs`, `src/bin/*`),
//! member globs, and which features a build switches on. A broken manifest yields what could be read, plus flaws.

mod facts;
mod table;

use toml::de::DeTable;

use crate::detect::Facts;
use crate::fact::{
    CargoDependency, CargoManifest, CargoPackage, CargoTarget, CargoWorkspace, DependencyKind, Structure,
};
use crate::source::Text;
pub(crate) use table::Table;

/// Reads one manifest.
pub fn read(text: &Text<'_>, facts: &mut Facts<'_, '_>) -> Structure {
    let (document, errors) = DeTable::parse_recoverable(text.text);
    for error in errors {
        facts.flaw(error.span().unwrap_or(0..0), format!("TOML: {}", error.message()));
    }
    let root = Table::new(document.get_ref(), 0..0);
    facts::emit(&root, facts);
    Structure::Cargo(Box::new(manifest(&root, text)))
}

fn manifest(root: &Table<'_, '_>, text: &Text<'_>) -> CargoManifest {
    CargoManifest {
        package: root.table("package").or_else(|| root.table("project")).map(|table| package(&table, text)),
        lib: root.table("lib").map(|table| target(&table, text)),
        bins: targets(root, "bin", text),
        dependencies: dependencies(root, text),
        features: features(root),
        workspace: root.table("workspace").map(|table| workspace(&table, text)),
    }
}

fn package(table: &Table<'_, '_>, text: &Text<'_>) -> CargoPackage {
    let mut inherits: Vec<String> = Vec::new();
    for (key, _, value) in table.entries() {
        if value.get_ref().as_table().is_some_and(asks_workspace) {
            inherits.push(key.to_owned());
        }
    }
    let name_span = table.value("name").map_or(table.span.clone(), |value| value.span());
    CargoPackage {
        name: table.string("name").unwrap_or_default(),
        place: text.place(name_span),
        edition: table.string("edition"),
        rust_version: table.string("rust-version"),
        autobins: table.boolean("autobins").unwrap_or(true),
        autolib: table.boolean("autolib").unwrap_or(true),
        inherits,
    }
}

fn asks_workspace(table: &DeTable<'_>) -> bool {
    table.get("workspace").is_some_and(|value| value.get_ref().as_bool() == Some(true))
}

fn targets(root: &Table<'_, '_>, key: &str, text: &Text<'_>) -> Vec<CargoTarget> {
    root.tables(key).iter().map(|table| target(table, text)).collect()
}

fn target(table: &Table<'_, '_>, text: &Text<'_>) -> CargoTarget {
    let mut crate_types = table.strings("crate-type");
    crate_types.extend(table.strings("crate_type"));
    let proc_macro = table.boolean("proc-macro").or_else(|| table.boolean("proc_macro")).unwrap_or(false);
    let span = ["crate-type", "name", "path"].iter().find_map(|key| table.value(key)).map(|value| value.span());
    CargoTarget {
        name: table.string("name"),
        path: table.string("path"),
        crate_types,
        required_features: table.strings("required-features"),
        proc_macro,
        place: text.place(span.unwrap_or(table.span.clone())),
    }
}

const KINDS: [(&str, DependencyKind); 5] = [
    ("dependencies", DependencyKind::Normal),
    ("dev-dependencies", DependencyKind::Dev),
    ("dev_dependencies", DependencyKind::Dev),
    ("build-dependencies", DependencyKind::Build),
    ("build_dependencies", DependencyKind::Build),
];

fn dependencies(root: &Table<'_, '_>, text: &Text<'_>) -> Vec<CargoDependency> {
    let mut all = dependencies_of(root, None, text);
    if let Some(targets) = root.table("target") {
        for (target, table) in targets.subtables() {
            all.extend(dependencies_of(&table, Some(target), text));
        }
    }
    all.sort_by_key(|dependency| dependency.place);
    all
}

fn dependencies_of(table: &Table<'_, '_>, target: Option<&str>, text: &Text<'_>) -> Vec<CargoDependency> {
    let mut all = Vec::new();
    for (key, kind) in KINDS {
        let Some(list) = table.table(key) else { continue };
        for (name, span, value) in list.entries() {
            let place = text.place(span.start..value.span().end.max(span.end));
            let mut dependency = match value.get_ref().as_table() {
                Some(fields) => dependency(&Table::new(fields, value.span())),
                None => CargoDependency { default_features: true, ..CargoDependency::default() },
            };
            dependency.name = name.to_owned();
            dependency.kind = kind;
            dependency.target = target.map(str::to_owned);
            dependency.place = place;
            all.push(dependency);
        }
    }
    all
}

fn dependency(table: &Table<'_, '_>) -> CargoDependency {
    let default_features = table.boolean("default-features").or_else(|| table.boolean("default_features"));
    CargoDependency {
        package: table.string("package"),
        path: table.string("path"),
        git: table.value("git").is_some(),
        workspace: table.boolean("workspace").unwrap_or(false),
        optional: table.boolean("optional").unwrap_or(false),
        default_features: default_features.unwrap_or(true),
        features: table.strings("features"),
        ..CargoDependency::default()
    }
}

fn features(root: &Table<'_, '_>) -> Vec<(String, Vec<String>)> {
    let Some(table) = root.table("features") else { return Vec::new() };
    table.entries().map(|(name, _, _)| (name.to_owned(), table.strings(name))).collect()
}

fn workspace(table: &Table<'_, '_>, text: &Text<'_>) -> CargoWorkspace {
    let package = table.table("package");
    CargoWorkspace {
        exclude: table.strings("exclude"),
        dependencies: dependencies_of(table, None, text),
        edition: package.as_ref().and_then(|package| package.string("edition")),
        rust_version: package.as_ref().and_then(|package| package.string("rust-version")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::{Fact, FactKind};

    fn check(source: &str) -> (CargoManifest, Vec<Fact>, usize) {
        let text = Text::new("Cargo.toml", source);
        let mut facts = Facts::new(&text);
        let Structure::Cargo(manifest) = read(&text, &mut facts) else { panic!("no manifest") };
        (*manifest, facts.list, facts.flaws.len())
    }

    const FULL: &str = r#"
[package]
name = "ledger"
edition.workspace = true
rust-version = "1.80"
publish = []
[lib]
crate-type = ["cdylib", "rlib"]
[[bin]]
name = "ledgerd"
path = "src/d.rs"
required-features = ["server"]
[dependencies]
axum = { version = "0.8", optional = true, features = ["ws"] }
core = { workspace = true }
pg = { package = "tokio-postgres", version = "1", default-features = false }
serde = "1"
[target.'cfg(unix)'.dependencies]
nix.workspace = true
[dev-dependencies]
insta = "1"
[features]
server = ["dep:axum", "core/net"]
[profile.release]
panic = "abort"
opt-level = "z"
[profile.dev.package."*"]
opt-level = "s"
[lints.rust]
unsafe_code = "forbid"
[lints.clippy]
unwrap_used = { level = "deny", priority = 1 }
panic = "warn"
[package.metadata.deb]
depends = "x"
"#;

    #[test]
    fn a_manifest_is_read_as_written() {
        let (manifest, _, flaws) = check(FULL);
        let package = manifest.package.unwrap();
        assert_eq!((package.name.as_str(), flaws), ("ledger", 0));
        assert_eq!((package.edition, package.inherits), (None, vec!["edition".to_owned()]));
        assert_eq!(manifest.lib.unwrap().crate_types, ["cdylib", "rlib"]);
        assert_eq!(manifest.bins[0].required_features, ["server"]);
        let names: Vec<_> = manifest.dependencies.iter().map(|d| (d.name.as_str(), d.place.line)).collect();
        assert_eq!(names, [("axum", 14), ("core", 15), ("pg", 16), ("serde", 17), ("nix", 19), ("insta", 21)]);
        assert_eq!(manifest.dependencies[2].package.as_deref(), Some("tokio-postgres"));
        assert!(!manifest.dependencies[2].default_features && manifest.dependencies[3].default_features);
        assert_eq!(manifest.dependencies[4].target.as_deref(), Some("cfg(unix)"));
        assert!(manifest.dependencies[1].workspace && manifest.dependencies[4].workspace);
        assert_eq!(manifest.dependencies[5].kind, DependencyKind::Dev);
        assert_eq!(manifest.features, [("server".to_owned(), vec!["dep:axum".to_owned(), "core/net".to_owned()])]);
    }

    #[test]
    fn facts_of_a_manifest_are_its_promises_profiles_and_packaging() {
        let (_, facts, _) = check(FULL);
        let mut seen: Vec<String> = facts
            .iter()
            .map(|fact| match &fact.kind {
                FactKind::Mark { name, detail } => format!("{name}={detail}"),
                FactKind::Toolchain { what, version } => format!("{what}={version}"),
                FactKind::Build(build) => format!("{}>{}", build.tool, build.publishes.join(",")),
                other => format!("{other:?}"),
            })
            .collect();
        seen.sort();
        let expected = [
            "cargo-deb>package",
            "lint-unsafe=forbid",
            "lint-unwrap=deny",
            "msrv=1.80",
            "panic-abort=release",
            "size-optimised=release",
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_broken_manifest_yields_the_rest_and_says_where() {
        let (manifest, _, flaws) = check("[package]\nname = \"x\"\nversion = \n[dependencies]\naxum = \"1\"\n");
        assert_eq!(manifest.package.unwrap().name, "x");
        assert_eq!(manifest.dependencies.len(), 1);
        assert!(flaws > 0);
    }

    #[test]
    fn nonsense_types_are_no_panic() {
        let (manifest, ..) = check("package = 3\nlib = []\nbin = {}\ndependencies = \"x\"\nworkspace = []\ntarget = 1");
        assert_eq!(manifest, CargoManifest::default());
    }
}
