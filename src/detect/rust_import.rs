//! Functions of other languages that Rust code calls.
//!
//! *Looks for*: `extern "C" { fn … }` blocks, and the two directions of `#[cxx::bridge]`.
//! *Emits*: `Ffi` import `rust-extern-block` with the functions declared; `cxx` import and export; for `#[link]` also
//! that Rust loads the library, so that a library built here knows whom it serves.
//! *Misses*: libraries opened at run time; declarations that a build script writes (see `rust_build`).
//! *Example*: `extern "C" { fn deflate(s: *mut S) -> i32; }` → import of one function.
//!
//! Not meant: blocks under `#[wasm_bindgen]`, imports of a wasm module, blocks of symbols of the linker script alone.

use super::Facts;
use crate::fact::Direction;
use crate::parse::rust::RustView;
use crate::parse::rust::tree::ItemKind;

pub(crate) fn detect(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    for item in &view.items {
        match item.kind {
            ItemKind::Foreign => {
                let link = item.attribute(&["link"]);
                let wasm = item.attribute(&["wasm_bindgen"]).is_some()
                    || link.is_some_and(|link| link.rest.contains("wasm_import_module"));
                let says_something = item.count > 0 || link.is_some();
                if !wasm && says_something && item.has_foreign_abi() {
                    super::add_ffi(view, facts, item, Direction::Import, "rust-extern-block", item.count);
                    if let Some(library) = link.and_then(|link| linked(&link.rest)) {
                        super::consumers::add("rust", library, item.range.clone(), facts);
                    }
                }
            }
            ItemKind::Module if item.attribute(&["cxx::bridge"]).is_some() => {
                for (abi, count) in &item.blocks {
                    let direction = if abi == "Rust" { Direction::Export } else { Direction::Import };
                    if *count > 0 {
                        super::add_ffi(view, facts, item, direction, "cxx", *count);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The name in `(name="x",kind="static")`.
fn linked(rest: &str) -> Option<&str> {
    rest.split_once("name=\"")?.1.split('"').next().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::test_ffi;

    #[test]
    fn blocks_of_foreign_functions_are_imports() {
        let cases: [(&str, &[&str]); 8] = [
            ("extern \"C\" { fn a(); fn b(); type T; }", &["import rust-extern-block 2"]),
            ("#[link(name = \"z\")] unsafe extern \"C\" {}", &["import rust-extern-block 0"]),
            ("fn f() { extern \"C\" { fn a(); } }", &["import rust-extern-block 1"]),
            ("#[link(wasm_import_module = \"env\")] extern \"C\" { fn a(); }", &[]),
            ("#[wasm_bindgen] extern \"C\" { fn alert(s: &str); }", &["import wasm-bindgen 1"]),
            ("extern \"C\" { static _stack: u8; }", &[]),
            ("extern \"Rust\" { fn a(); }", &[]),
            (
                "#[cxx::bridge] mod ffi { extern \"Rust\" { type A; fn a(); } unsafe extern \"C++\" { fn b(); fn c(); } }",
                &["export cxx 1", "import cxx 2"],
            ),
        ];
        for (source, expected) in cases {
            assert_eq!(test_ffi(source), expected, "{source}");
        }
    }
}
