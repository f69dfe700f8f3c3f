//! Adjustments of memory management and the runtime.
//!
//! *Looks for*: `#[global_allocator]` with another allocator than the system's, `#![no_std]`.
//! *Emits*: `Tuning` `custom-allocator` with the allocator's type and `no-std`, each with its condition (an allocator
//! for musl targets alone repairs a slow `malloc`, and says little).
//! *Misses*: allocators that a macro sets; `no_std` modules whose panic handler stands in another file.
//! *Example*: `#[global_allocator] static A: mimalloc::MiMalloc = …` → `custom-allocator`, `mimalloc::MiMalloc`.
//!
//! Not meant: allocators that count or profile, and the heap of a microcontroller, which has no other.

use super::Facts;
use crate::fact::FactKind;
use crate::parse::rust::RustView;
use crate::parse::rust::structure::inner_attributes;

pub(crate) fn detect(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    let attributes = inner_attributes(&view.tokens);
    let root = attributes.iter().any(|inner| inner.name == "no_main") || is_root(view);
    if let Some(inner) = attributes.iter().find(|inner| inner.name == "no_std").filter(|_| root) {
        let index = facts.add(view.tokens.range(inner.first, inner.last), tuning("no-std", None)) as usize;
        facts.list[index].constraint = inner.predicate.clone().filter(|_| !inner.is_usual());
    }
    let tokens = &view.tokens;
    for at in tokens.places(&["global_allocator"]).into_iter().filter_map(|at| at.checked_sub(2)) {
        if !tokens.reads(at, &["#", "[", "global_allocator", "]"]) {
            continue;
        }
        // Other attributes may stand between; the item follows soon.
        let Some(name) = (at + 4..at + 64).find(|&at| tokens.at(at) == "static") else { continue };
        let Some(end) = (name..name + 32).find(|&at| tokens.is(at, b'=')) else { continue };
        let written = &tokens.text[tokens.range(name + 3, end - 1)];
        if end > name + 3 && !is_observer(written) && !is_heap(written) {
            view.add(facts, at, end - 1, tuning("custom-allocator", Some(written.to_owned())));
        }
    }
}

/// Whether the file must be the root of something shipped: a library that merely can do without std says nothing.
fn is_root(view: &RustView<'_, '_>) -> bool {
    let words = ["panic_handler", "global_allocator", "no_mangle"];
    !view.tokens.places(&words).is_empty()
}

fn tuning(what: &str, value: Option<String>) -> FactKind {
    FactKind::Tuning { what: what.to_owned(), value }
}

fn is_observer(allocator: &str) -> bool {
    let lower = allocator.to_ascii_lowercase();
    ["dhat", "count", "track", "stats", "prof", "assert_no_alloc", "allocdisabler", "system"]
        .iter()
        .any(|word| lower.contains(word))
}

fn is_heap(allocator: &str) -> bool {
    let last = allocator.rsplit("::").next().unwrap_or("");
    last.ends_with("Heap")
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::test_rust;
    use crate::fact::FactKind;

    #[test]
    fn allocators_and_no_std_with_their_conditions() {
        let cases: [(&str, &[&str]); 9] = [
            (
                "#[global_allocator]\nstatic A: mimalloc::MiMalloc = mimalloc::MiMalloc;",
                &["custom-allocator mimalloc::MiMalloc "],
            ),
            (
                "#[cfg(target_env = \"musl\")]\n#[global_allocator]\nstatic A: Jemalloc = Jemalloc;",
                &["custom-allocator Jemalloc target_env = \"musl\""],
            ),
            ("#[global_allocator] static A: dhat::Alloc = dhat::Alloc;", &[]),
            ("#[global_allocator] static HEAP: LlffHeap = LlffHeap::empty();", &[]),
            ("#![no_std]\n#![no_main]\nfn f() {}", &["no-std  "]),
            ("#![no_std]\nfn f() {}", &[]),
            ("#![cfg_attr(not(test), no_std, no_main)]", &["no-std  "]),
            (
                "#![cfg_attr(not(feature = \"std\"), no_std)] #[panic_handler] fn p() {}",
                &["no-std  not(feature = \"std\")"],
            ),
            ("#[cfg(test)] mod t { #[global_allocator] static A: B = B; }", &[]),
        ];
        for (source, expected) in cases {
            let found: Vec<String> = test_rust("src/lib.rs", source)
                .into_iter()
                .filter_map(|fact| match fact.kind {
                    FactKind::Tuning { what, value } => {
                        Some(format!("{what} {} {}", value.unwrap_or_default(), fact.constraint.unwrap_or_default()))
                    }
                    _ => None,
                })
                .collect();
            assert_eq!(found, expected, "{source}");
        }
    }
}
