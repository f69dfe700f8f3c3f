//! Rust that runs inside the kernel.
//!
//! *Looks for*: `module! { … license: … }` beside the `kernel` crate; programs of aya and redbpf that are built without
//! an operating system.
//! *Emits*: `Mark` `deploy` with `kernel-module`, about the package.
//! *Misses*: modules built from C with a Rust library linked in; loaders, which are ordinary programs.
//! *Example*: `module! { type: Driver, name: "driver", license: "GPL" }` → `kernel-module`.
//!
//! Not meant: programs that load eBPF, whose code runs in user space.

use super::Facts;
use crate::fact::FactKind;
use crate::parse::rust::RustView;

const PROGRAMS: &[&str] = &["aya_ebpf", "aya_bpf", "redbpf_probes"];

pub(crate) fn detect(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    let Some(at) = module(view).or_else(|| probe(view)) else { return };
    view.add(facts, at, at, FactKind::Mark { name: "deploy".to_owned(), detail: "kernel-module".to_owned() });
}

/// `module!` and its like for buses, with a licence inside.
fn module(view: &RustView<'_, '_>) -> Option<usize> {
    let tokens = &view.tokens;
    if !tokens.places(&["kernel"]).into_iter().any(|at| tokens.is_path_separator(at + 1)) {
        return None;
    }
    (0..tokens.len()).find(|&at| {
        let named =
            tokens.at(at) == "module" || tokens.at(at).starts_with("module_") && tokens.at(at).ends_with("_driver");
        named
            && tokens.is(at + 1, b'!')
            && (at + 2..tokens.close(at + 2).min(at + 200)).any(|inside| tokens.at(inside) == "license")
    })
}

fn probe(view: &RustView<'_, '_>) -> Option<usize> {
    let tokens = &view.tokens;
    let named = |at: usize| PROGRAMS.contains(&tokens.at(at)) && tokens.is_path_separator(at + 1);
    if !tokens.has_any(PROGRAMS) || !view.is_bare() {
        return None;
    }
    (0..tokens.len()).find(|&at| named(at))
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::test_rust;
    use crate::fact::FactKind;

    #[test]
    fn modules_and_probes_and_their_look_alikes() {
        for (source, expected) in [
            ("use kernel::prelude::*; module! { type: A, name: \"a\", license: \"GPL\" }", true),
            ("use kernel::platform; kernel::module_platform_driver! { type: A, license: \"GPL\" }", true),
            ("#![no_std]\n#![no_main]\nuse aya_ebpf::macros::xdp; #[xdp] fn f() {}", true),
            ("use aya::Ebpf; fn main() { load() }", false),
            ("use aya_ebpf::bindings::x;", false),
            ("module! { name: \"a\", license: \"MIT\" }", false),
            ("use kernel::x; // module! { license: 1 }", false),
        ] {
            let found = test_rust("src/lib.rs", source)
                .into_iter()
                .any(|fact| matches!(fact.kind, FactKind::Mark { name, .. } if name == "deploy"));
            assert_eq!(found, expected, "{source}");
        }
    }
}
