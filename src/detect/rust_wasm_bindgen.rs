//! JavaScript's view of a Rust module, and Rust's view of JavaScript.
//!
//! *Looks for*: `#[wasm_bindgen]` on functions, types and `impl` blocks, and on `extern` blocks.
//! *Emits*: `Ffi` export `wasm-bindgen`, one per file, with the items offered; `Ffi` import per `extern` block.
//! *Misses*: exports behind macros of the repository.
//! *Example*: `#[wasm_bindgen] pub fn greet()` → export, `wasm-bindgen`.

use super::Facts;
use crate::fact::Direction;
use crate::parse::rust::RustView;
use crate::parse::rust::tree::{Item, ItemKind};

pub(crate) fn detect(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    let bound = |item: &&Item| item.attribute(&["wasm_bindgen"]).is_some();
    let (foreign, own): (Vec<&Item>, Vec<&Item>) =
        view.items.iter().filter(bound).partition(|item| item.kind == ItemKind::Foreign);
    for item in foreign {
        super::add_ffi(view, facts, item, Direction::Import, "wasm-bindgen", item.count);
    }
    let offered: Vec<&Item> = own.into_iter().filter(|item| item.kind != ItemKind::Method).collect();
    let count: u32 = offered.iter().map(|item| if item.kind == ItemKind::Impl { item.count } else { 1 }).sum();
    if let Some(first) = offered.first() {
        super::add_ffi(view, facts, first, Direction::Export, "wasm-bindgen", count);
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::test_ffi;

    #[test]
    fn exports_are_counted_and_look_alikes_are_silent() {
        let cases: [(&str, &[&str]); 4] = [
            ("#[wasm_bindgen] pub fn a() {} #[wasm_bindgen(start)] pub fn b() {}", &["export wasm-bindgen 2"]),
            (
                "#[wasm_bindgen] pub struct S; #[wasm_bindgen] impl S { pub fn a() {} #[wasm_bindgen(getter)] pub fn b() {} }",
                &["export wasm-bindgen 3"],
            ),
            ("#[wasm_bindgen(module = \"/x.js\")] extern \"C\" { fn a(); type T; }", &["import wasm-bindgen 1"]),
            ("use wasm_bindgen::JsValue; #[wasm_bindgen_test] fn t() {}", &[]),
        ];
        for (source, expected) in cases {
            assert_eq!(test_ffi(source), expected, "{source}");
        }
    }
}
