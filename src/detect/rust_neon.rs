//! Node modules written with Neon.
//!
//! *Looks for*: `#[neon::main]`, `#[neon::export]`, `register_module!`, `cx.export_function(…)`.
//! *Emits*: `Ffi` export `neon`, one per file.
//! *Misses*: a `main` attribute imported by name.
//! *Example*: `#[neon::main] fn main(mut cx: ModuleContext)` → export, `neon`.

use super::Facts;
use crate::fact::Direction;
use crate::parse::rust::RustView;
use crate::parse::rust::tree::{Item, ItemKind};

pub(crate) fn detect(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    let offered = |item: &&Item| {
        let registers = item.kind == ItemKind::Macro && item.name.ends_with("register_module");
        registers || item.attribute(&["neon::main", "neon::export"]).is_some()
    };
    let Some(first) = view.items.iter().find(offered) else { return };
    let exports = (0..view.tokens.len()).filter(|&at| view.tokens.at(at) == "export_function").count() as u32;
    super::add_ffi(view, facts, first, Direction::Export, "neon", exports.max(1));
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::test_ffi;

    #[test]
    fn exports_are_counted_and_look_alikes_are_silent() {
        let cases: [(&str, &[&str]); 2] = [
            (
                "#[neon::main] fn main(mut cx: C) { cx.export_function(\"a\", a); cx.export_function(\"b\", b); }",
                &["export neon 2"],
            ),
            ("use neon::prelude::*; fn f() {}", &[]),
        ];
        for (source, expected) in cases {
            assert_eq!(test_ffi(source), expected, "{source}");
        }
    }
}
