//! Where a unit runs or is published, each target with the chain's evidence.

use std::collections::BTreeMap;

use crate::fact::FactKind;
use crate::source::Location;

use super::attribute::{Collected, Ties};
use super::role::is_bare_metal;
use super::{Evidenced, Role};

/// Targets beside which a container image says nothing new.
const RUNS_CONTAINERS: &[&str] =
    &["kubernetes", "helm", "compose", "nomad", "cloud-run", "lambda", "cloud-function", "paas"];

/// Collects the targets of one unit.
pub fn targets(collected: &Collected<'_>, ties: &Ties<'_>, role: Role) -> Vec<Evidenced<String>> {
    let browses = is_for_browsers(collected, ties);
    let mut found: BTreeMap<String, Vec<Location>> = BTreeMap::new();
    let mut add = |target: &str, at: Location| found.entry(target.to_owned()).or_default().push(at);
    for running in collected.workloads.iter().map(|&index| &ties.workloads[index]) {
        if running.file.scope.is_foreign() || running.file.scope == crate::scope::Scope::Test {
            continue;
        }
        add(&running.workload.target, running.file.at(running.fact.place));
    }
    for built in collected.builds.iter().map(|&index| &ties.builds[index]) {
        let at = built.file.at(built.fact.place);
        for target in &built.build.publishes {
            add(target, at.clone());
        }
        if built.build.kept && releases_kept(ties) {
            add("binary-release", at.clone());
        }
        let target = target_of(built.build.target.as_deref(), &built.build.tool, role);
        // A bare module may be for any host: what calls the browser, or is packed for it, is for browsers.
        let bare = built.build.target.as_deref() == Some("wasm32-unknown-unknown");
        if let Some(target) = target.filter(|_| !bare || browses) {
            add(target, at);
        }
    }
    for seen in &collected.facts {
        let FactKind::Mark { name, detail } = &seen.fact.kind else { continue };
        let at = seen.file.at(seen.fact.place);
        match name.as_str() {
            "cargo-target" | "toolchain-target" if role == Role::Firmware && is_bare_metal(detail) => {
                add("embedded", at)
            }
            "probe-rs" | "linker-memory" if role == Role::Firmware => add("embedded", at),
            "deploy" => add(detail, at),
            _ => {}
        }
    }
    if role == Role::Wasm {
        for seen in &collected.facts {
            let FactKind::Uses { capability, .. } = &seen.fact.kind else { continue };
            let at = seen.file.at(seen.fact.place);
            match capability.as_str() {
                "proxy-wasm" => add("wasm-plugin", at),
                "browser-wasm" => add("wasm-browser", at),
                "edge-sdk" => add("edge", at),
                _ => {}
            }
        }
    }
    for packed in collected.images.iter().map(|&index| &ties.images[index]) {
        let at = packed.file.at(packed.fact.place);
        for target in &packed.image.publishes {
            add(target, at.clone());
        }
        if packed.image.kept && releases_kept(ties) {
            add("binary-release", at.clone());
        }
        if packed.ships {
            add("docker", at);
        }
    }
    if role == Role::Firmware && !found.contains_key("embedded") {
        let hal = collected
            .facts
            .iter()
            .find(|seen| matches!(&seen.fact.kind, FactKind::Uses { capability, .. } if capability == "embedded-hal"));
        if let Some(seen) = hal {
            found.insert("embedded".into(), vec![seen.file.at(seen.fact.place)]);
        }
    }
    if found.keys().any(|target| RUNS_CONTAINERS.contains(&target.as_str())) {
        found.remove("docker");
    }
    if found.contains_key("wasm-plugin") || found.contains_key("edge") {
        found.remove("wasm-wasi");
        found.remove("wasm-browser");
    }
    found.into_iter().map(|(value, places)| Evidenced { value, evidence: super::assemble::tidy(places) }).collect()
}

/// Whether anything says that a module of WebAssembly runs in a browser.
fn is_for_browsers(collected: &Collected<'_>, ties: &Ties<'_>) -> bool {
    let says = |kind: &FactKind| match kind {
        FactKind::Uses { capability, .. } => capability == "browser-wasm",
        FactKind::Ffi { mechanism, .. } => mechanism == "wasm-bindgen",
        _ => false,
    };
    let packed =
        |index: &usize| matches!(ties.builds[*index].build.tool.as_str(), "wasm-pack" | "trunk" | "wasm-bindgen");
    collected.facts.iter().any(|seen| says(&seen.fact.kind)) || collected.builds.iter().any(packed)
}

/// Whether a workflow of the repository releases what other workflows built.
fn releases_kept(ties: &Ties<'_>) -> bool {
    ties.workloads.iter().any(|running| {
        let workload = running.workload;
        workload.target == "binary-release" && workload.events.iter().any(|event| event == "kept-artifacts")
    })
}

fn target_of(target: Option<&str>, tool: &str, role: Role) -> Option<&'static str> {
    if matches!(tool, "gomobile" | "cargo-ndk" | "cargo-swift") {
        return Some("mobile");
    }
    let target = target?;
    match role {
        Role::Firmware if tool == "tinygo" || is_bare_metal(target) => Some("embedded"),
        Role::Wasm if target.contains("wasi") => Some("wasm-wasi"),
        Role::Wasm if target.contains("wasm") => Some("wasm-browser"),
        _ if tool == "gomobile" || target.contains("android") || target.contains("-ios") => Some("mobile"),
        _ if target.starts_with("bpf") => Some("kernel-module"),
        _ => None,
    }
}
