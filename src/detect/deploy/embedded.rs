//! Targets without an operating system, and WebAssembly and kernel targets, set in Cargo's configuration.
//!
//! *Looks for*: `.cargo/config.toml` (`build.target`, `target.*.runner`, `build-std`), `Embed.toml`, `probe-rs` runners.
//! *Emits*: `Build` (tool `cargo`, source `build-file`) with the target; `Workload` (target `embedded`) for flash tools.
//! *Misses*: targets given on the command line (see scripts), Zephyr and ESP-IDF projects without Cargo settings.
//! *Example*: `[build]` / `target = "thumbv7em-none-eabihf"`.

use crate::detect::Facts;
use crate::fact::{Binding, Build, FactKind, Workload};
use crate::parse::Kind;
use crate::parse::config::ConfigView;
use crate::parse::tree::Node;

pub(crate) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let Some(root) = view.root() else { return };
    if view.kind == Kind::CargoConfig {
        cargo_config(root, facts);
    } else if matches!(view.name(), "Embed.toml" | ".embed.toml") {
        let chip = root.entries().find_map(|(_, section)| section.path(&["general", "chip"]));
        board(chip.unwrap_or(root), chip, facts);
    }
}

fn cargo_config(root: &Node, facts: &mut Facts<'_, '_>) {
    let default = root.path(&["build", "target"]);
    for target in default.map(Node::one_or_many).unwrap_or_default() {
        let Some(triple) = target.as_str() else { continue };
        let build = Build {
            tool: "cargo".to_owned(),
            packages: vec![".".to_owned()],
            target: Some(triple.to_owned()),
            source: "build-file".to_owned(),
            ..Build::default()
        };
        facts.add_bound(target.range.clone(), FactKind::Build(build.into()), Binding::Here);
    }
    for (_, target) in root.get("target").into_iter().flat_map(Node::entries) {
        let Some(runner) = target.get("runner") else { continue };
        let line = match runner.as_str() {
            Some(line) => line.to_owned(),
            None => runner.items().iter().filter_map(Node::as_str).collect::<Vec<_>>().join(" "),
        };
        if [
            "probe-rs",
            "probe-run",
            "elf2uf2",
            "espflash",
            "cargo-flash",
            "openocd",
            "picotool",
            "ravedude",
            "arm-none-eabi-gdb",
            "gdb-multiarch",
        ]
        .iter()
        .any(|tool| line.contains(tool))
        {
            board(runner, Some(runner), facts);
        }
    }
}

fn board(at: &Node, name: Option<&Node>, facts: &mut Facts<'_, '_>) {
    let workload = Workload {
        target: "embedded".to_owned(),
        kind: "firmware".to_owned(),
        command: name.and_then(Node::written).unwrap_or("").split_whitespace().map(str::to_owned).collect(),
        ..Workload::default()
    };
    facts.add_bound(at.range.clone(), FactKind::Workload(workload.into()), Binding::Here);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::deploy::tests::kinds;

    #[test]
    fn a_default_target_and_a_probe() {
        let source = "[target.'cfg(target_os = \"none\")']\nrunner = \"probe-rs run --chip X\"\n[build]\ntarget = \"thumbv8m.main-none-eabi\"\n";
        let found = kinds(detect, "fw/.cargo/config.toml", source);
        assert!(
            matches!(&found[0], FactKind::Build(build) if build.target.as_deref() == Some("thumbv8m.main-none-eabi"))
        );
        assert!(matches!(&found[1], FactKind::Workload(one) if one.target == "embedded"));
    }

    #[test]
    fn ordinary_settings_are_silent() {
        let source = "[target.x86_64-unknown-linux-gnu]\nrunner = \"qemu-x86_64\"\n[alias]\nxtask = \"run -p xtask\"\n";
        assert_eq!(kinds(detect, ".cargo/config.toml", source), []);
    }
}
