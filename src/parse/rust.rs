//! Rust source: a token pass over every file, and a syntax tree of the few that need one.
//!
//! In: the text of a file. Out: a [`RustView`] with the tokens of its code (tests left out), what it names, and the
//! items that cross a language's border. Its [`RustFile`](crate::fact::RustFile) structure comes from tokens alone,
//! so that service discovery knows every file, whatever syn thinks of it.

mod broken;
pub(crate) mod cfg;
pub(crate) mod lex;
pub(crate) mod literal;
pub(crate) mod names;
pub(crate) mod structure;
mod takes;
pub(crate) mod tokens;
pub(crate) mod tree;

use crate::detect::Facts;
use crate::fact::{FactKind, Structure};
use crate::scope::Scope;
use crate::source::Text;
use tokens::Tokens;

/// One Rust file, read; every detector for Rust looks at this.
pub struct RustView<'a, 't> {
    pub(crate) text: &'a Text<'t>,
    pub(crate) scope: Scope,
    /// Of the code without tests; of everything in a test file.
    pub(crate) tokens: Tokens<'t>,
    pub(crate) generated: bool,
    /// Items with a foreign side; empty where nothing hints at one.
    pub(crate) items: Vec<tree::Item>,
}

impl RustView<'_, '_> {
    /// Adds a fact at a token, or from one to another, with the condition under which the code counts.
    pub(crate) fn add(&self, facts: &mut Facts<'_, '_>, first: usize, last: usize, kind: FactKind) {
        let index = facts.add(self.tokens.range(first, last), kind) as usize;
        facts.list[index].constraint = self.tokens.constraint(first);
    }

    /// Adds a fact at an item.
    pub(crate) fn add_at(&self, facts: &mut Facts<'_, '_>, item: &tree::Item, kind: FactKind) {
        let index = facts.add(item.range.clone(), kind) as usize;
        facts.list[index].constraint = self.tokens.constraint(self.tokens.index_of(item.range.start));
    }

    /// Whether this is a package's build script, which runs where it is built and not where it serves.
    pub(crate) fn is_build_script(&self) -> bool {
        let path = self.text.path;
        let inside_sources = path.starts_with("src/") || path.contains("/src/");
        (path == "build.rs" || path.ends_with("/build.rs")) && !inside_sources
    }

    /// Whether the file is code that ends up in what is shipped.
    pub(crate) fn is_code(&self) -> bool {
        matches!(self.scope, Scope::Shipped | Scope::Example) && !self.generated && !self.is_build_script()
    }

    /// Whether the file is the root of a program without an operating system's start-up.
    pub(crate) fn is_bare(&self) -> bool {
        let attributes = structure::inner_attributes(&self.tokens);
        ["no_std", "no_main"].iter().all(|name| attributes.iter().any(|inner| inner.name == *name))
    }
}

/// Reads one source file: its view for the detectors, and what could not be read of it.
///
/// `None` for copied code, which says nothing about anybody's service.
pub fn view<'a, 't>(text: &'a Text<'t>, facts: &mut Facts<'_, '_>) -> Option<RustView<'a, 't>> {
    let scope = Scope::of(text.path);
    if scope.is_foreign() {
        return None;
    }
    let tokens = Tokens::new(text.text, scope == Scope::Test);
    if let Some((range, why)) = &tokens.broken {
        facts.flaw(range.clone(), format!("not Rust: {why}"));
    }
    let generated = structure::is_generated(text.text);
    let items = if scope == Scope::Test || generated { Vec::new() } else { tree::items(text, &tokens, facts) };
    Some(RustView { text, scope, tokens, generated, items })
}

/// Returns the structure of a file.
pub fn structure(view: &RustView<'_, '_>) -> Structure {
    Structure::Rust(structure::structure(&view.tokens, view.text, view.generated))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::RustFile;

    fn check(source: &str) -> RustFile {
        let text = Text::new("src/lib.rs", source);
        let mut facts = Facts::new(&text);
        let Structure::Rust(file) = structure(&view(&text, &mut facts).unwrap()) else { panic!("no Rust") };
        file
    }

    fn crates(source: &str) -> Vec<String> {
        let text = Text::new("src/lib.rs", source);
        let view = view(&text, &mut Facts::new(&text)).unwrap();
        names::Names::new(&view.tokens).crates.into_keys().map(str::to_owned).collect()
    }

    #[test]
    fn crates_are_first_segments_outside_tests() {
        let cases: [(&str, &[&str]); 14] = [
            ("use axum::{Router, routing::get}; use ::tonic as t;", &["axum", "tonic"]),
            ("use {a::b, c, ::d::{e::f, g}};", &["a", "c", "d"]),
            ("extern crate rdkafka as k;", &["rdkafka"]),
            ("fn f() { x.y::<T>(); a::b::c(); Vec::new(); <T as q::R>::new(); ::z::y() }", &["a", "q", "z"]),
            ("#[tokio::main] async fn main() {} #[derive(serde::Serialize)] struct S;", &["serde", "tokio"]),
            ("use crate::a; use super::b; use self::c; use std::d;", &["std"]),
            ("// a::b\n/* c::d */ const X: &str = \"e::f\"; r#\"g::h\"#", &[]),
            ("#[cfg(test)] mod t { use a::b; } use c::d;", &["c"]),
            ("#[cfg(all(test, unix))] use a::b; #[cfg(not(test))] use c::d;", &["c"]),
            ("#[cfg(any(test, feature = \"test-util\"))] fn f() { a::b() } mod tests { use c::d; }", &[]),
            ("#[tokio::test(flavor = \"x\")]\n#[ignore] async fn f() { a::b() }\n fn g() { c::d() }", &["c"]),
            ("struct S { #[cfg(test)] a: b::C, d: e::F }", &["e"]),
            ("#![cfg(test)] use a::b;", &[]),
            ("mod tests;\nuse a::b;", &["a"]),
        ];
        for (source, expected) in cases {
            assert_eq!(crates(source), expected, "{source}");
        }
    }

    #[test]
    fn main_stands_at_the_top_level() {
        assert_eq!(check("use a::b;\n#[tokio::main]\nasync fn main() {}").main.unwrap().line, 3);
        assert!(check("mod x { fn main() {} } impl Y { fn main() {} } fn mainly() {}").main.is_none());
        assert!(check("#![no_std]\n#![no_main]\n#[entry]\nfn start() -> ! {}").main.is_some());
        assert!(check("#![no_main]\n#[rtic::app(device = x)] mod app {}").main.is_some());
    }

    #[test]
    fn no_main_counts_where_it_is_the_shipped_case() {
        assert_eq!(check("#![allow(x)]\n#![no_main]").no_main.unwrap().line, 2);
        assert!(check("#![cfg_attr(not(test), no_std, no_main)]").no_main.is_some());
        assert!(check("#![cfg_attr(fuzzing, no_main)]").no_main.is_none());
        assert!(check("// #![no_main]\nfn f() { let x = \"#![no_main]\"; }").no_main.is_none());
    }

    #[test]
    fn generated_files_say_so_at_their_start() {
        assert!(check("/* automatically generated by rust-bindgen 0.69 */\n").generated);
        assert!(check("// @generated by x\n").generated);
        assert!(!check("fn f() { \"@generated\" }").generated);
        assert!(!check("/// The types, auto-generated by `build.rs`\npub mod v0;").generated);
    }
}
