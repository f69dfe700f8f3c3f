//! What `.cargo/config.toml` says about where code will run.
//!
//! *Looks for*: `[build] target`, runners of `[target.…]`, targets without an operating system.
//! *Emits*: `Mark` `cargo-target` (the triple) and `Mark` `probe-rs` (the runner), about the directory.
//! *Misses*: flags in the environment; aliases that pass `--target`.
//! *Example*: `[build] target = "thumbv7em-none-eabihf"` → `cargo-target`.

use std::ops::Range;

use super::Facts;
use crate::fact::{Binding, FactKind};
use crate::parse::Kind;
use crate::parse::config::ConfigView;
use crate::parse::tree::Node;
use crate::scope::Scope;

/// Programs that put code onto a chip.
const PROBES: [&str; 7] = ["probe-rs", "probe-run", "cargo-embed", "openocd", "espflash", "elf2uf2-rs", "picotool"];

pub(crate) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    if view.kind != Kind::CargoConfig || Scope::of(view.text.path).is_foreign() {
        return;
    }
    let Some(root) = view.root() else { return };
    let built = root.path(&["build", "target"]).map(Node::one_or_many).unwrap_or_default();
    for target in built {
        if let Some(triple) = target.as_str() {
            mark(facts, target.range.clone(), "cargo-target", triple);
        }
    }
    let Some(targets) = root.get("target") else { return };
    for (key, settings) in targets.pairs() {
        let Some(triple) = key.as_str() else { continue };
        let runner = settings.get("runner");
        let is_triple = !triple.contains('(');
        if is_triple && (runner.is_some() || triple.contains("-none")) {
            mark(facts, key.range.clone(), "cargo-target", triple);
        }
        let Some(runner) = runner else { continue };
        let words: Vec<&str> = runner.one_or_many().iter().filter_map(Node::as_str).collect();
        let program = words.first().and_then(|words| words.split_whitespace().next()).unwrap_or("");
        if PROBES.contains(&program) {
            mark(facts, runner.range.clone(), "probe-rs", &words.join(" "));
        }
    }
}

fn mark(facts: &mut Facts<'_, '_>, range: Range<usize>, name: &str, detail: &str) {
    let kind = FactKind::Mark { name: name.to_owned(), detail: detail.to_owned() };
    facts.add_bound(range, kind, Binding::Here);
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::test_marks;
    use crate::parse::Kind;

    #[test]
    fn targets_and_probes_are_marked() {
        let cases: [(&str, &[&str]); 6] = [
            ("[build]\ntarget = \"thumbv6m-none-eabi\"", &["cargo-target thumbv6m-none-eabi"]),
            ("[build]\ntarget = [\"wasm32-wasip2\", \"a\"]", &["cargo-target wasm32-wasip2", "cargo-target a"]),
            (
                "[target.thumbv7em-none-eabihf]\nrunner = [\"probe-rs\", \"run\", \"--chip\", \"X\"]",
                &["cargo-target thumbv7em-none-eabihf", "probe-rs probe-rs run --chip X"],
            ),
            ("[target.'cfg(target_os = \"none\")']\nrunner = \"probe-rs run\"", &["probe-rs probe-rs run"]),
            ("[target.x86_64-unknown-linux-gnu]\nlinker = \"clang\"", &[]),
            ("[build]\nrustflags = [\"--cfg\", \"x\"]\n[alias]\nx = \"run -p xtask\"", &[]),
        ];
        for (source, expected) in cases {
            assert_eq!(test_marks(Kind::CargoConfig, "a/.cargo/config.toml", source), expected, "{source}");
        }
    }
}
