//! Ruby extensions written in Rust.
//!
//! *Looks for*: `#[magnus::init]` (or `#[init]` beside magnus), `#[magnus::wrap]`, rutie's `class!` and `methods!`.
//! *Emits*: `Ffi` export `magnus`, one per file.
//! *Misses*: extensions written against rb-sys alone, unless they export `Init_…`.
//! *Example*: `#[magnus::init] fn init(ruby: &Ruby)` → export, `magnus`.

use super::Facts;
use crate::fact::Direction;
use crate::parse::rust::RustView;
use crate::parse::rust::tree::{Item, ItemKind};

pub(crate) fn detect(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    let names = |name: &str| (0..view.tokens.len()).any(|at| view.tokens.at(at) == name);
    let offered = |item: &&Item| {
        item.attribute(&["magnus::init", "magnus::wrap"]).is_some()
            || (item.attribute(&["init"]).is_some() && names("magnus"))
            || (item.kind == ItemKind::Function && item.name.starts_with("Init_") && item.abi.is_some())
            || (item.kind == ItemKind::Macro
                && matches!(item.name.as_str(), "methods" | "rutie::methods")
                && names("rutie"))
    };
    if let Some(first) = view.items.iter().find(offered) {
        super::add_ffi(view, facts, first, Direction::Export, "magnus", 1);
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::test_ffi;

    #[test]
    fn exports_are_counted_and_look_alikes_are_silent() {
        let cases: [(&str, &[&str]); 2] = [
            ("use magnus::Error; #[magnus::init] fn init(ruby: &Ruby) {}", &["export magnus 1"]),
            ("use magnus::{self}; fn f() { magnus::eval() }", &[]),
        ];
        for (source, expected) in cases {
            assert_eq!(test_ffi(source), expected, "{source}");
        }
    }
}
