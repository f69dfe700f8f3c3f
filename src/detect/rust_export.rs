//! Functions that Rust code offers to C and to whatever speaks its ABI.
//!
//! *Looks for*: `#[no_mangle]` and `#[export_name]` on `pub extern "C" fn`, `#[ffi_export]`, and the bridges that write
//! such functions (Diplomat, swift-bridge, extendr, ext-php-rs, flutter_rust_bridge, rustler); `#[plugin_fn]` of Extism.
//! *Emits*: `Ffi` export, one per function, bridge or macro; `extern-c` also for wasm modules, which only the target tells.
//! *Misses*: functions written by macros of the repository; exports through a version script.
//! *Example*: `#[no_mangle] pub extern "C" fn parse()` → export, `extern-c`.
//!
//! Not meant: private callbacks, Rust-ABI symbols, interrupt handlers and entry points, hooks of the C library.

use super::Facts;
use crate::fact::Direction;
use crate::parse::rust::RustView;
use crate::parse::rust::tree::{Item, ItemKind};

pub(crate) fn detect(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    let bare = !view.items.is_empty() && view.is_bare();
    for item in &view.items {
        if let Some(mechanism) = bridge(item) {
            super::add_ffi(view, facts, item, Direction::Export, mechanism, item.count.max(1));
        } else if !bare && is_exported(item) && !is_runtime_hook(item) {
            super::add_ffi(view, facts, item, Direction::Export, "extern-c", 1);
        }
    }
}

fn is_exported(item: &Item) -> bool {
    let symbol = item.attribute(&["no_mangle", "export_name"]).is_some() && item.public;
    matches!(item.kind, ItemKind::Function | ItemKind::Method)
        && (symbol && item.has_foreign_abi() || item.attribute(&["ffi_export"]).is_some())
        && !item.is_java_method()
}

/// Entry points, interrupt handlers and what a C library or the compiler expects to find.
fn is_runtime_hook(item: &Item) -> bool {
    const HOOKS: [&str; 12] = [
        "main", "_start", "start", "memcpy", "memset", "memmove", "memcmp", "bcmp", "malloc", "free", "calloc",
        "realloc",
    ];
    const ENTRIES: [&str; 10] = [
        "link_section",
        "interrupt",
        "exception",
        "entry",
        "naked",
        "panic_handler",
        "xdp",
        "tracepoint",
        "kprobe",
        "classifier",
    ];
    HOOKS.contains(&item.name.as_str())
        || item.name.starts_with("__")
        || item.name.ends_with("_IRQHandler")
        || item.attribute(&ENTRIES).is_some()
}

/// Attributes and macros of libraries that write the foreign side themselves.
fn bridge(item: &Item) -> Option<&'static str> {
    const ATTRIBUTES: [(&str, &str); 8] = [
        ("diplomat::bridge", "diplomat"),
        ("swift_bridge::bridge", "swift-bridge"),
        ("extendr", "extendr"),
        ("php_function", "ext-php-rs"),
        ("php_module", "ext-php-rs"),
        ("php_class", "ext-php-rs"),
        ("rustler::nif", "rustler"),
        ("frb", "flutter-rust-bridge"),
    ];
    // Hosts call the functions of a plugin by name; the attribute writes the symbols.
    if item.kind == ItemKind::Function && item.attribute(&["plugin_fn"]).is_some() {
        return Some("wasm-export");
    }
    if item.kind == ItemKind::Macro {
        return match item.name.as_str() {
            "rustler::init" => Some("rustler"),
            "extendr_module" => Some("extendr"),
            _ => None,
        };
    }
    ATTRIBUTES.iter().find(|(attribute, _)| item.attribute(&[attribute]).is_some()).map(|(_, mechanism)| *mechanism)
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::test_ffi;

    #[test]
    fn public_functions_with_a_c_abi_are_exports() {
        let cases: [(&str, &[&str]); 15] = [
            ("#[no_mangle] pub extern \"C\" fn a() {}", &["export extern-c 1"]),
            ("#[unsafe(no_mangle)] pub unsafe extern \"C\" fn a() {}", &["export extern-c 1"]),
            ("#[cfg_attr(not(test), no_mangle)] pub extern \"system\" fn a() {}", &["export extern-c 1"]),
            ("#[unsafe(export_name = \"x\")] pub extern fn a() {}", &["export extern-c 1"]),
            ("#[ffi_export] fn a() {}  // extern \"", &["export extern-c 1"]),
            ("#[rustler::nif] fn a() {}", &["export rustler 1"]),
            ("#[plugin_fn] pub fn greet(name: String) -> FnResult<String> {}", &["export wasm-export 1"]),
            ("fn plugin_fn() {}", &[]),
            ("#[no_mangle] extern \"C\" fn callback() {}", &[]),
            ("#[no_mangle] pub fn rust_abi() {}", &[]),
            ("pub extern \"C\" fn not_named() {}", &[]),
            ("#![no_std]\n#![no_main]\n#[no_mangle] pub extern \"C\" fn a() {}", &[]),
            ("#[no_mangle] pub extern \"C\" fn memcpy() {}", &[]),
            ("#[cfg(test)] mod t { #[no_mangle] pub extern \"C\" fn a() {} }", &[]),
            ("// #[no_mangle] pub extern \"C\" fn a() {}", &[]),
        ];
        for (source, expected) in cases {
            assert_eq!(test_ffi(source), expected, "{source}");
        }
    }
}
