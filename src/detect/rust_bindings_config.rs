//! Files that configure or describe bindings to Rust.
//!
//! *Looks for*: `cbindgen.toml` (also with a prefix), and interface files of UniFFI (`*.udl`).
//! *Emits*: `Ffi` export `cbindgen` and `uniffi`, about the directory; a UDL's functions and interfaces are counted.
//! *Misses*: settings handed over in a build script (see `rust_build`).
//! *Example*: `namespace wallet { string pay(u64 amount); };` → export, `uniffi`, one function.

use super::Facts;
use crate::fact::{Binding, Direction, FactKind};
use crate::parse::config::ConfigView;
use crate::scope::Scope;
use crate::source::Text;

pub(crate) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    if view.name().ends_with("cbindgen.toml") && shipped(view.text.path) {
        let language = view.root().and_then(|root| root.get("language"));
        let range = language.map_or(0..0, |language| language.range.clone());
        facts.add_bound(range, export("cbindgen", 0), Binding::Here);
    }
}

pub(crate) fn detect_text(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    if !text.path.ends_with(".udl") || !shipped(text.path) {
        return;
    }
    let Some(at) = text.text.find("namespace ") else { return };
    let symbols = text.text.matches(");").count() as u32;
    facts.add_bound(at..at + "namespace".len(), export("uniffi", symbols.max(1)), Binding::Here);
}

fn shipped(path: &str) -> bool {
    matches!(Scope::of(path), Scope::Shipped | Scope::Example)
}

fn export(mechanism: &str, symbols: u32) -> FactKind {
    FactKind::Ffi { direction: Direction::Export, mechanism: mechanism.to_owned(), symbols }
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::test_marks;
    use crate::parse::Kind;

    #[test]
    fn bindings_are_exports_of_their_directory() {
        assert_eq!(test_marks(Kind::Toml, "a/cbindgen.toml", "language = \"C\""), ["Export cbindgen 0"]);
        assert_eq!(test_marks(Kind::Toml, "x-cbindgen.toml", ""), ["Export cbindgen 0"]);
        assert_eq!(test_marks(Kind::Text, "src/a.udl", "namespace a { void f(); u8 g(u8 x); };"), ["Export uniffi 2"]);
        assert!(test_marks(Kind::Text, "tests/fixtures/a.udl", "namespace a { void f(); };").is_empty());
    }
}
