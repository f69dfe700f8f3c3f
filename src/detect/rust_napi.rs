//! Node modules written in Rust.
//!
//! *Looks for*: `#[napi]` on functions, types and their methods, `#[js_function]`, `#[module_exports]`.
//! *Emits*: `Ffi` export `napi`, one per file, with the items offered.
//! *Misses*: bindings written against the C interface by hand.
//! *Example*: `#[napi] pub fn sum(a: u32) -> u32` → export, `napi`.

use super::Facts;
use crate::fact::Direction;
use crate::parse::rust::RustView;
use crate::parse::rust::tree::{Item, ItemKind};

pub(crate) fn detect(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    let offered = |item: &&Item| {
        item.kind != ItemKind::Impl && item.attribute(&["napi", "js_function", "module_exports"]).is_some()
    };
    let Some(first) = view.items.iter().find(offered) else { return };
    let count = view.items.iter().filter(offered).count() as u32;
    super::add_ffi(view, facts, first, Direction::Export, "napi", count);
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::test_ffi;

    #[test]
    fn exports_are_counted_and_look_alikes_are_silent() {
        let cases: [(&str, &[&str]); 2] = [
            (
                "#[napi] pub fn a() {} #[napi(js_name = \"B\")] impl B { #[napi] pub fn c(&self) {} }",
                &["export napi 2"],
            ),
            ("use napi::Error; fn napi() {}", &[]),
        ];
        for (source, expected) in cases {
            assert_eq!(test_ffi(source), expected, "{source}");
        }
    }
}
