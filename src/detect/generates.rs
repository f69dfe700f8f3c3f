//! What generates code from a contract.
//!
//! *Looks for*: `//go:generate` lines, `buf.gen.yaml`, `sqlc.yaml`, `gqlgen.yml`, generator macros
//! of Rust, `protoc` and `buf generate` in Makefiles and scripts.
//! *Emits*: [`FactKind::Generates`] for the package, or for the services at or near a configuration file.
//! *Misses*: generators behind wrappers of a repository's own.
//! *Example*: `//go:generate protoc --go_out=. shop.proto`.

use std::sync::LazyLock;

use memchr::memmem;

use super::Facts;
use super::gatling::is_commented;
use crate::fact::{Binding, FactKind};
use crate::parse::any_of::AnyOf;
use crate::parse::config::ConfigView;
use crate::source::Text;

/// What a command line names, the format it reads, and how we call it.
const COMMANDS: &[(&str, &str, &str)] = &[
    ("buf generate", "proto", "buf"),
    ("oapi-codegen", "openapi", "oapi-codegen"),
    ("openapi-generator", "openapi", "openapi-generator"),
    ("ogen ", "openapi", "ogen"),
    ("swagger generate", "openapi", "go-swagger"),
    ("gqlgen", "graphql", "gqlgen"),
    ("genqlient", "graphql", "genqlient"),
    ("sqlc generate", "sql", "sqlc"),
    ("thriftgo", "thrift", "thriftgo"),
    ("wit-bindgen", "wit", "wit-bindgen"),
    ("uniffi-bindgen", "udl", "uniffi-bindgen"),
    ("controller-gen", "crd", "controller-gen"),
    ("protoc ", "proto", "protoc"),
];

/// Macros of Rust generators; calls in build scripts have a reader of their own.
const MACROS: [(&str, &str, &str); 3] = [
    ("progenitor::generate_api!", "openapi", "progenitor"),
    ("wit_bindgen::generate!", "wit", "wit-bindgen"),
    ("wasmtime::component::bindgen!", "wit", "wasmtime-bindgen"),
];

pub(super) fn detect_go(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    let mark = "//go:generate ";
    for at in memmem::find_iter(text.text.as_bytes(), mark) {
        let line = text.text[at..].lines().next().unwrap_or("");
        if at == 0 || text.text.as_bytes()[at - 1] == b'\n' {
            add_command(&line[mark.len().min(line.len())..], at..at + line.len(), Binding::Package, facts);
        }
    }
}

static ANY_MACRO: LazyLock<AnyOf> = LazyLock::new(|| AnyOf::new(&MACROS.map(|(name, ..)| name)));

pub(super) fn detect_rust(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    if !ANY_MACRO.is_in(text.text) {
        return;
    }
    for (name, format, with) in MACROS {
        let mut places = memmem::find_iter(text.text.as_bytes(), name);
        if let Some(at) = places.find(|at| !is_commented(text.text, *at)) {
            add(format, with, at..at + name.len(), Binding::Package, facts);
        }
    }
}

pub(super) fn detect_script(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    if !["protoc", "buf generate", "codegen"].iter().any(|word| super::holds(text.text, word)) {
        return;
    }
    let mut at = 0;
    for line in text.text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let body = line.trim_start_matches([' ', '\t', '@', '-']);
        let offset = start + line.len() - body.len();
        // Only what runs first on a line: installs and echoes name generators as well.
        let runs = COMMANDS.iter().any(|(command, ..)| body.starts_with(command));
        if runs {
            add_command(body.trim_end(), offset..offset + body.trim_end().len(), Binding::Here, facts);
        }
    }
}

pub(super) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let (format, with) = match view.name() {
        "buf.gen.yaml" | "buf.gen.yml" => ("proto", "buf"),
        "sqlc.yaml" | "sqlc.yml" | "sqlc.json" => ("sql", "sqlc"),
        "gqlgen.yml" | "gqlgen.yaml" => ("graphql", "gqlgen"),
        _ => return,
    };
    if let Some(root) = view.root().filter(|root| !root.pairs().is_empty()) {
        let range = root.pairs()[0].0.range.clone();
        add(format, with, range, Binding::Here, facts);
    }
}

fn add_command(command: &str, range: std::ops::Range<usize>, binding: Binding, facts: &mut Facts<'_, '_>) {
    if let Some((_, format, with)) = COMMANDS.iter().find(|(name, ..)| command.contains(name)) {
        add(format, with, range, binding, facts);
    }
}

fn add(format: &str, with: &str, range: std::ops::Range<usize>, binding: Binding, facts: &mut Facts<'_, '_>) {
    facts.add_bound(range, FactKind::Generates { format: format.to_owned(), with: with.to_owned() }, binding);
}

#[cfg(test)]
mod tests {
    use super::super::latency::test;
    use super::*;

    #[test]
    fn generators_of_both_languages() {
        let go = test::text(detect_go, "a.go", "package a\n//go:generate protoc --go_out=. shop.proto\n");
        assert_eq!(go, ["Generates { format: \"proto\", with: \"protoc\" } [Package] @2"]);
        let rust = test::text(detect_rust, "lib.rs", "mod a;\nwit_bindgen::generate!({});\n");
        assert_eq!(rust, ["Generates { format: \"wit\", with: \"wit-bindgen\" } [Package] @2"]);
        let make = test::text(detect_script, "Makefile", "gen:\n\t@buf generate\n");
        assert_eq!(make, ["Generates { format: \"proto\", with: \"buf\" } [Here] @2"]);
        let buf = test::config(detect, "buf.gen.yaml", "version: v2\nplugins: []\n").0;
        assert_eq!(buf, ["Generates { format: \"proto\", with: \"buf\" } [Here] @1"]);
    }

    #[test]
    fn mocks_installs_and_comments_are_none() {
        assert!(
            test::text(detect_go, "a.go", "//go:generate mockgen -source a.go\n// //go:generate protoc x\n").is_empty()
        );
        assert!(test::text(detect_rust, "lib.rs", "// wit_bindgen::generate!()\n").is_empty());
        assert!(test::text(detect_script, "Makefile", "\tapt install protoc \n\techo protoc \n").is_empty());
    }
}
