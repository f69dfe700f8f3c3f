//! Names that a CI matrix runs a job for: components that are built, packed or pushed one by one.
//!
//! *Looks for*: a job of a GitHub workflow with `strategy.matrix`.
//! *Emits*: `Build` (tool `matrix`) whose packages are the values under keys that name programs, with what the workflow
//! publishes; never for systems, versions and processors.
//! *Misses*: matrices computed by another job.
//! *Example*: `matrix: {component: [api, worker]}`.

use crate::detect::Facts;
use crate::fact::{Build, FactKind};
use crate::parse::tree::Node;

const KEYS: &[&str] = &[
    "asset",
    "assets",
    "bin",
    "binary",
    "binaries",
    "package",
    "packages",
    "pkg",
    "component",
    "components",
    "app",
    "apps",
    "service",
    "services",
    "crate",
    "crates",
    "name",
    "image",
    "images",
    "project",
    "program",
    "cmd",
    "module",
    "artifact",
    "image_name",
    "target-name",
    "function",
    "lambda",
    "plugin",
    "dockerfile",
    "context",
    "path",
    "dir",
    "directory",
];
const MAX_NAMES: usize = 500;

/// States the names of a job's matrix; `model` says what becomes of them.
pub(crate) fn detect(job: &Node, model: &Build, facts: &mut Facts<'_, '_>) {
    let Some(matrix) = job.path(&["strategy", "matrix"]) else { return };
    let mut names: Vec<&Node> = Vec::new();
    for (_, values) in matrix.entries().filter(|(key, _)| KEYS.contains(key)) {
        names.extend(values.items());
    }
    let included = matrix.entries().filter(|(key, _)| *key == "include" || KEYS.contains(key));
    for entry in included.flat_map(|(_, values)| values.items()) {
        names.extend(entry.entries().filter(|(key, _)| KEYS.contains(key)).map(|(_, value)| value));
    }
    let names = names.into_iter().filter_map(|node| Some((node, node.as_str()?)));
    for (nth, (node, name)) in names.filter(|(_, name)| !name.contains("${{")).enumerate() {
        if nth == MAX_NAMES {
            facts.cut(node.range.clone(), "names of a matrix", MAX_NAMES);
            break;
        }
        let build = Build { tool: "matrix".to_owned(), packages: vec![name.to_owned()], ..model.clone() };
        let kind = FactKind::Build(build.into());
        if !facts.list.iter().any(|fact| fact.kind == kind) {
            facts.add(node.range.clone(), kind);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::yaml;
    use crate::source::Text;

    #[test]
    fn names_but_not_systems() {
        let source = "jobs:\n  a:\n    strategy:\n      matrix:\n        os: [linux]\n        bin: [api, worker]\n        include:\n          - {target: x86_64, component: cli}\n";
        let text = Text::new(".github/workflows/a.yml", source);
        let mut facts = Facts::new(&text);
        let document = &yaml::parse(source).documents[0];
        detect(document.path(&["jobs", "a"]).unwrap(), &Build::default(), &mut facts);
        let packages = facts.list.iter().map(|fact| match &fact.kind {
            FactKind::Build(build) => build.packages[0].clone(),
            other => format!("{other:?}"),
        });
        assert_eq!(packages.collect::<Vec<_>>(), ["api", "worker", "cli"]);
    }
}
