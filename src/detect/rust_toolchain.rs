//! The toolchain that a directory pins.
//!
//! *Looks for*: `rust-toolchain.toml`, and `rust-toolchain` in either of its forms.
//! *Emits*: `Toolchain` `rust-toolchain`; mark `toolchain-target` for each target that is installed with it.
//! *Misses*: versions given to an action or in an image.
//! *Example*: `channel = "1.90"` → `rust-toolchain` 1.90.

use std::ops::Range;

use super::Facts;
use crate::fact::{Binding, FactKind};
use crate::parse::config::ConfigView;
use crate::parse::tree::Node;
use crate::parse::{Kind, config};
use crate::path;
use crate::scope::Scope;
use crate::source::Text;

pub(crate) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    if view.name() == "rust-toolchain.toml" && !Scope::of(view.text.path).is_foreign() {
        table(view, facts);
    }
}

/// Reads the older file, which holds a bare channel or the same table.
pub(crate) fn detect_text(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    if path::base(text.path) != "rust-toolchain" || Scope::of(text.path).is_foreign() {
        return;
    }
    let channel = text.text.trim();
    if !channel.contains(['[', '=', ' ', '\n']) && !channel.is_empty() {
        let start = text.text.len() - text.text.trim_start().len();
        return version(facts, start..start + channel.len(), channel);
    }
    if let Some((view, _)) = config::view(Kind::Toml, text) {
        table(&view, facts);
    }
}

fn table(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let Some(toolchain) = view.root().and_then(|root| root.get("toolchain")) else { return };
    if let Some(channel) = toolchain.get("channel") {
        version(facts, channel.range.clone(), channel.as_str().unwrap_or_default());
    }
    for target in toolchain.get("targets").map(Node::items).unwrap_or_default() {
        let Some(triple) = target.as_str() else { continue };
        let kind = FactKind::Mark { name: "toolchain-target".to_owned(), detail: triple.to_owned() };
        facts.add_bound(target.range.clone(), kind, Binding::Here);
    }
}

fn version(facts: &mut Facts<'_, '_>, range: Range<usize>, channel: &str) {
    let kind = FactKind::Toolchain { what: "rust-toolchain".to_owned(), version: channel.to_owned() };
    facts.add_bound(range, kind, Binding::Here);
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::test_marks;
    use crate::parse::Kind;

    #[test]
    fn all_forms_are_read() {
        let table = "[toolchain]\nchannel = \"1.90\"\ntargets = [\"wasm32-wasip2\"]\n";
        let expected = ["rust-toolchain 1.90", "toolchain-target wasm32-wasip2"];
        assert_eq!(test_marks(Kind::Toml, "rust-toolchain.toml", table), expected);
        assert_eq!(test_marks(Kind::Text, "a/rust-toolchain", table), expected);
        assert_eq!(
            test_marks(Kind::Text, "rust-toolchain", "nightly-2025-01-01\n"),
            ["rust-toolchain nightly-2025-01-01"]
        );
        assert!(test_marks(Kind::Toml, "other.toml", table).is_empty());
        assert!(test_marks(Kind::Text, "rust-toolchain", "").is_empty());
    }
}
