//! Go functions that other languages call by name.
//!
//! *Looks for*: `//export Name` and `//go:wasmexport name` directly above a function.
//! *Emits*: [`FactKind::Ffi`] export `wasm-export` for `//go:wasmexport`, and for `//export` without `import "C"`, which
//! only TinyGo takes; with `import "C"` a [`FactKind::Mark`] `cgo-export` with the function's name, because such a
//! function is exported only if the package is built as a C library: else it is a callback handed to C.
//! A name that starts with `Java_` is a native method of Java: export `jni`.
//! *Misses*: functions registered at run time.
//! *Example*: `//export Add` above `func Add(a, b C.int) C.int`

use crate::detect::Facts;
use crate::fact::{Direction, FactKind};
use crate::parse::go::{Function, GoView};

pub(super) fn detect(view: &GoView<'_>, facts: &mut Facts<'_, '_>) {
    if !view.is_own_code() {
        return;
    }
    let cgo = view.imports_path("C").is_some();
    for function in view.functions.iter().filter(|function| !function.receiver) {
        if let Some(kind) = exported(view, function, cgo) {
            facts.add(function.signature(view), kind);
        }
    }
}

fn exported(view: &GoView<'_>, function: &Function, cgo: bool) -> Option<FactKind> {
    let name = function.name(view);
    let directive = view
        .directives_above(function.start)
        .map(|comment| view.comment(comment))
        .find(|text| text.starts_with("//export ") || text.starts_with("//go:wasmexport "))?;
    // Only Java's virtual machine asks for such a name.
    if cgo && directive.starts_with("//export Java_") {
        return Some(FactKind::Ffi { direction: Direction::Export, mechanism: "jni".into(), symbols: 1 });
    }
    if cgo && directive.starts_with("//export ") {
        return Some(FactKind::Mark { name: "cgo-export".into(), detail: name.to_owned() });
    }
    Some(FactKind::Ffi { direction: Direction::Export, mechanism: "wasm-export".into(), symbols: 1 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::go_facts;

    fn kinds(source: &str) -> Vec<FactKind> {
        go_facts(detect, "a.go", source).into_iter().map(|fact| fact.kind).collect()
    }

    #[test]
    fn what_the_directive_means_depends_on_cgo() {
        let wasm = FactKind::Ffi { direction: Direction::Export, mechanism: "wasm-export".into(), symbols: 1 };
        let mark = FactKind::Mark { name: "cgo-export".into(), detail: "F".into() };
        assert_eq!(kinds("package p\n// doc\n//export f\nfunc F() {}"), std::slice::from_ref(&wasm));
        assert_eq!(kinds("package p\nimport \"C\"\n//export F\nfunc F() {}"), [mark]);
        let jni = FactKind::Ffi { direction: Direction::Export, mechanism: "jni".into(), symbols: 1 };
        assert_eq!(kinds("package p\nimport \"C\"\n//export Java_a_B_c\nfunc Java_a_B_c() {}"), [jni]);
        assert_eq!(kinds("package p\n//go:wasmexport f\n// doc\nfunc F() {}"), [wasm]);
    }

    #[test]
    fn comments_elsewhere_are_no_directives() {
        assert!(kinds("package p\n//export F\n\nfunc F() {}").is_empty());
        assert!(kinds("package p\n// export F\nfunc F() {}").is_empty());
        assert!(kinds("package p\n//exported for tests\nfunc F() {}").is_empty());
        assert!(kinds("package p\nvar s = `\n//export F\nfunc F() {}`").is_empty());
    }
}
