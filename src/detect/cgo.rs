//! C called from Go.
//!
//! *Looks for*: `import "C"`.
//! *Emits*: [`FactKind::Ffi`] import `cgo`, with the number of calls of C functions; none where only types and
//! constants are used, which is an import all the same.
//! *Misses*: whether the shipped build switches cgo off.
//! *Example*: `import "C"` … `C.sqlite3_open(name, &db)`

use crate::detect::Facts;
use crate::fact::{Direction, FactKind};
use crate::parse::go::{GoView, Selector};

pub(super) fn detect(view: &GoView<'_>, facts: &mut Facts<'_, '_>) {
    let Some(import) = view.imports_path("C").filter(|_| view.is_own_code()) else { return };
    let selectors = view.selectors.iter().filter(|selector| view.import_of(selector).path == "C");
    let symbols = selectors.filter(|selector| is_call(view, selector)).count() as u32;
    let kind = FactKind::Ffi { direction: Direction::Import, mechanism: "cgo".into(), symbols };
    facts.add(view.range(import.token..import.token + 1), kind);
}

/// Whether a C function is called; `C.int(x)` converts, `C.CString(x)` is cgo's own.
fn is_call(view: &GoView<'_>, selector: &Selector) -> bool {
    let name = view.token(selector.name());
    let helper = matches!(name, "CString" | "CBytes" | "GoString" | "GoStringN" | "GoBytes");
    view.is(selector.name() + 1, b'(') && !helper && !is_type(name)
}

fn is_type(name: &str) -> bool {
    let basic = matches!(
        name,
        "char"
            | "schar"
            | "uchar"
            | "short"
            | "ushort"
            | "int"
            | "uint"
            | "long"
            | "ulong"
            | "longlong"
            | "ulonglong"
            | "float"
            | "double"
            | "bool"
            | "_Bool"
    );
    basic || name.ends_with("_t") || ["struct_", "enum_", "union_", "sizeof_"].iter().any(|tag| name.starts_with(tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::go_facts;

    fn crossings(path: &str, source: &str) -> Vec<u32> {
        let counted = go_facts(detect, path, source).into_iter().map(|fact| match fact.kind {
            FactKind::Ffi { symbols, .. } => symbols,
            other => panic!("{other:?}"),
        });
        counted.collect()
    }

    #[test]
    fn calls_are_crossings_and_types_are_not() {
        let source = "package p\n/*\n#include <x.h>\n*/\nimport \"C\"\nfunc f() { C.go(C.int(1), C.CString(\"\")); C.free(nil); _ = C.MAX }";
        assert_eq!(crossings("a.go", source), [2]);
        assert_eq!(crossings("a.go", "package p\nimport (\n\"fmt\"\n\"C\"\n)\ntype T C.struct_x"), [0]);
    }

    #[test]
    fn strings_comments_tests_and_vendored_code_are_silent() {
        assert!(crossings("a.go", "package p\n// import \"C\"\nvar s = `\nimport \"C\"\n`").is_empty());
        assert!(crossings("a_test.go", "package p\nimport \"C\"").is_empty());
        assert!(crossings("x/vendor/a.go", "package p\nimport \"C\"").is_empty());
        assert!(crossings("testdata/a.go", "package p\nimport \"C\"").is_empty());
    }
}
