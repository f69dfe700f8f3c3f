//! Kotlin, Swift and Python bindings by UniFFI.
//!
//! *Looks for*: `uniffi::setup_scaffolding!`, `uniffi::include_scaffolding!`, `#[uniffi::export]`.
//! *Emits*: `Ffi` export `uniffi`, one per file, with the functions exported here; `Ffi` import `uniffi` for each trait
//! that the other language implements (`callback_interface`, `with_foreign`).
//! *Misses*: what an interface file alone lists (counted as one).
//! *Example*: `uniffi::setup_scaffolding!();` → export, `uniffi`.

use super::Facts;
use crate::fact::Direction;
use crate::parse::rust::RustView;
use crate::parse::rust::tree::{Item, ItemKind};

pub(crate) fn detect(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    let scaffolding = |item: &&Item| {
        item.kind == ItemKind::Macro
            && matches!(item.name.rsplit("::").next(), Some("setup_scaffolding" | "include_scaffolding"))
    };
    let (foreign, exported): (Vec<&Item>, Vec<&Item>) = view
        .items
        .iter()
        .filter(|item| item.attribute(&["uniffi::export"]).is_some())
        .partition(|item| is_foreign(item));
    for item in foreign {
        super::add_ffi(view, facts, item, Direction::Import, "uniffi", item.count);
    }
    let Some(first) = view.items.iter().find(scaffolding).or(exported.first().copied()) else { return };
    let count: u32 = exported.iter().map(|item| item.count).sum();
    super::add_ffi(view, facts, first, Direction::Export, "uniffi", count.max(1));
}

/// A trait that the other language implements: its methods are called from here.
fn is_foreign(item: &Item) -> bool {
    let how = item.attribute(&["uniffi::export"]).map_or("", |attribute| attribute.rest.as_str());
    item.kind == ItemKind::Trait && (how.contains("callback_interface") || how.contains("with_foreign"))
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::test_ffi;

    #[test]
    fn exports_are_counted_and_look_alikes_are_silent() {
        let cases: [(&str, &[&str]); 4] = [
            ("#[uniffi::export(callback_interface)] pub trait Log { fn a(&self); fn b(&self); }", &["import uniffi 2"]),
            ("#[uniffi::export] pub trait Api { fn a(&self); }", &["export uniffi 1"]),
            (
                "uniffi::setup_scaffolding!(); #[uniffi::export] fn a() {} #[uniffi::export] impl S { fn b() {} fn c() {} }",
                &["export uniffi 3"],
            ),
            ("#[derive(uniffi::Record)] struct S;", &[]),
        ];
        for (source, expected) in cases {
            assert_eq!(test_ffi(source), expected, "{source}");
        }
    }
}
