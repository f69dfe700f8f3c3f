//! Builds by cargo, cross and the subcommands around them.

use super::words::{Words, owned, tags};
use crate::fact::Build;

const CARGO_VERBS: &[&str] =
    &["build", "b", "install", "rustc", "zigbuild", "deb", "generate-rpm", "bundle", "flash", "objcopy"];
/// Subcommands that wrap `build`: (name, tool).
const CARGO_WRAPPERS: &[(&str, &str)] = &[
    ("lambda", "cargo-lambda"),
    ("ndk", "cargo-ndk"),
    ("xwin", "cargo"),
    ("auditable", "cargo"),
    ("component", "cargo-component"),
    ("wasi", "cargo"),
    ("xtask", "cargo-xtask"),
    ("contract", "cargo-contract"),
    ("swift", "cargo-swift"),
    ("leptos", "cargo-leptos"),
    ("dist", "cargo-dist"),
    ("pgo", "cargo"),
];

pub(super) fn cargo(program: &str, words: &Words<'_>) -> Option<Build> {
    let mut verbs = words.all.iter().filter(|word| !word.starts_with('-') && !word.starts_with('+'));
    let first = *verbs.next()?;
    let (tool, verb) = match CARGO_WRAPPERS.iter().find(|(name, _)| *name == first) {
        Some((_, tool)) => (*tool, words.all.iter().copied().find(|word| CARGO_VERBS.contains(word))?),
        None => (program, first),
    };
    if !CARGO_VERBS.contains(&verb) {
        return None;
    }
    let mut packages = owned(words.values(&["-p", "--package", "--manifest-path", "--path"]));
    let names_a_package = !packages.is_empty();
    // `cargo install name` fetches a published tool; only paths are this repository's.
    if verb == "install" && words.value(&["--path"]).is_none() {
        return None;
    }
    if words.has(&["--workspace", "--all"]) && !names_a_package {
        packages.push("--workspace".to_owned());
    }
    if words.has(&["--example", "--examples", "--tests", "--benches", "--all-targets", "--test", "--bench"])
        && !words.has(&["--bin", "--bins"])
    {
        return None;
    }
    let features = words.values(&["--features", "-F"]).into_iter().flat_map(tags).collect();
    Some(Build {
        tool: tool.to_owned(),
        packages,
        bins: owned(words.values(&["--bin"])),
        mode: words.value(&["--crate-type"]).map(str::to_owned),
        target: words.value(&["--target"]).map(str::to_owned),
        profile: (first == "pgo").then(|| "cargo-pgo".to_owned()),
        features,
        publishes: if matches!(verb, "deb" | "generate-rpm" | "bundle") {
            vec!["package".to_owned()]
        } else {
            Vec::new()
        },
        ..Build::default()
    })
}
