//! Java's native methods written in Rust.
//!
//! *Looks for*: functions named `Java_…` with a foreign ABI, `#[jni_fn]`.
//! *Emits*: `Ffi` export `jni`, one per function.
//! *Misses*: methods registered at run time; Rust that only calls the platform's Java, which is no surface of ours.
//! *Example*: `#[no_mangle] pub extern "system" fn Java_org_x_Y_z(env: JNIEnv)` → export, `jni`.

use super::Facts;
use crate::fact::Direction;
use crate::parse::rust::RustView;
use crate::parse::rust::tree::ItemKind;

pub(crate) fn detect(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    for item in &view.items {
        let named = item.name.starts_with("Java_") && item.abi.is_some();
        if matches!(item.kind, ItemKind::Function | ItemKind::Method)
            && (named || item.attribute(&["jni_fn"]).is_some())
        {
            super::add_ffi(view, facts, item, Direction::Export, "jni", 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::test_ffi;

    #[test]
    fn exports_are_counted_and_look_alikes_are_silent() {
        let cases: [(&str, &[&str]); 3] = [
            ("#[no_mangle] pub extern \"system\" fn Java_a_B_c(env: JNIEnv) {}", &["export jni 1"]),
            ("#[jni_fn(\"a.B\")] pub fn c(env: JNIEnv) {}", &["export jni 1"]),
            ("fn f(env: JNIEnv) { env.call_method(o, \"x\", \"()V\", &[]) }", &[]),
        ];
        for (source, expected) in cases {
            assert_eq!(test_ffi(source), expected, "{source}");
        }
    }
}
