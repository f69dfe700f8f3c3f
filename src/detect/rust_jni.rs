//! Java's native methods written in Rust, and Java called from Rust.
//!
//! *Looks for*: functions with a foreign ABI that are named or exported as `Java_…`, `#[jni_fn]`; `RegisterNatives`; calls of Java methods and
//! constructors in files that name the `jni` crate.
//! *Emits*: `Ffi` export `jni`, one per function; `Ffi` import `jni`, one per file, with the calls.
//! *Misses*: calls behind a wrapper of another crate; the machine found and attached alone, which is a start-up.
//! *Example*: `#[no_mangle] pub extern "system" fn Java_org_x_Y_z(env: JNIEnv)` → export, `jni`.

use super::Facts;
use crate::fact::{Direction, FactKind};
use crate::parse::rust::RustView;
use crate::parse::rust::tree::ItemKind;

pub(crate) fn detect(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    for item in &view.items {
        if matches!(item.kind, ItemKind::Function | ItemKind::Method)
            && (item.is_java_method() || item.attribute(&["jni_fn"]).is_some())
        {
            super::add_ffi(view, facts, item, Direction::Export, "jni", 1);
        }
    }
    calls(view, facts);
}

/// Methods of an environment that run Java's code.
const CALLS: &[&str] = &[
    "call_method",
    "call_static_method",
    "call_method_unchecked",
    "call_static_method_unchecked",
    "call_nonvirtual_method",
    "new_object",
    "new_object_unchecked",
];
const REGISTERS: &str = "register_native_methods";

fn calls(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    let tokens = &view.tokens;
    if !tokens.places(&["jni"]).into_iter().any(|at| tokens.is_path_separator(at + 1)) {
        return;
    }
    let is_call =
        |at: usize, name: &str| tokens.at(at) == name && tokens.is(at + 1, b'(') && at > 0 && tokens.is(at - 1, b'.');
    let found: Vec<usize> = (0..tokens.len()).filter(|&at| CALLS.iter().any(|name| is_call(at, name))).collect();
    let mut add = |at: usize, direction: Direction, symbols: u32| {
        let kind = FactKind::Ffi { direction, mechanism: "jni".to_owned(), symbols };
        view.add(facts, at, at, kind);
    };
    if let Some(first) = tokens.best(found.iter().copied()) {
        add(first, Direction::Import, found.len() as u32);
    }
    if let Some(at) = (0..tokens.len()).find(|&at| is_call(at, REGISTERS)) {
        add(at, Direction::Export, 1);
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::test_ffi;

    #[test]
    fn exports_are_counted_and_look_alikes_are_silent() {
        let cases: [(&str, &[&str]); 7] = [
            ("#[no_mangle] pub extern \"system\" fn Java_a_B_c(env: JNIEnv) {}", &["export jni 1"]),
            ("#[no_mangle] #[export_name = \"Java_a_B_c\"] pub extern \"C\" fn c(env: JNIEnv) {}", &["export jni 1"]),
            ("#[jni_fn(\"a.B\")] pub fn c(env: JNIEnv) {}", &["export jni 1"]),
            (
                "use jni::JNIEnv; fn f(env: JNIEnv) { env.call_method(o, \"x\", \"()V\", &[]); env.new_object(c, s, a) }",
                &["import jni 2"],
            ),
            ("use jni::JNIEnv; fn f(e: JNIEnv) { e.register_native_methods(c, &[m]) }", &["export jni 1"]),
            ("fn f(contract: C) { contract.call_method(\"x\") } // jni::", &[]),
            ("use jni::JavaVM; fn f(vm: JavaVM) { vm.attach_current_thread() }", &[]),
        ];
        for (source, expected) in cases {
            assert_eq!(test_ffi(source), expected, "{source}");
        }
    }
}
