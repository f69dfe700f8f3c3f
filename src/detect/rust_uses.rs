//! What Rust code uses of known crates.
//!
//! *Looks for*: crates of the catalogue named outside tests, narrowed by the symbols that an entry asks for.
//! *Emits*: `Uses`, one per crate and capability of a file, with `crate` or `crate::symbol` as its symbol, so that
//! the crate can be looked up among the dependencies of the package.
//! *Misses*: crates that come in under another name (`package = "…"`, a re-export of the repository's own crate), and
//! what macros write. A module of the same name that another file declares looks like the crate.
//! *Example*: `use axum::Router;` → `http-server` by `axum::Router`.

use std::collections::HashMap;

use super::Facts;
use crate::catalogue::{self, Entry};
use crate::fact::FactKind;
use crate::parse::rust::RustView;
use crate::parse::rust::names::{CrateNames, Names};
use crate::parse::rust::tokens::Tokens;

pub(crate) fn detect(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    let names = Names::new(&view.tokens);
    let mut loose = Loose { tokens: &view.tokens, methods: None, idents: None };
    for (name, of_crate) in &names.crates {
        for entry in catalogue::crate_rows(name) {
            if let Some((symbol, at)) = found(entry, of_crate, &mut loose) {
                let symbol = if symbol.is_empty() { (*name).to_owned() } else { format!("{name}::{symbol}") };
                let kind = FactKind::Uses { capability: entry.capability.to_owned(), symbol };
                view.add(facts, at, at, kind);
            }
        }
    }
}

/// Returns the symbol by which the entry holds, empty if the crate is enough, and where it stands.
fn found<'t>(entry: &Entry, of_crate: &CrateNames<'t>, loose: &mut Loose<'_, 't>) -> Option<(&'t str, usize)> {
    if entry.symbols.is_empty() {
        return Some(("", loose.tokens.best(of_crate.roots.iter().copied())?));
    }
    let mut hits: Vec<(&str, usize)> = Vec::new();
    for symbol in &entry.symbols {
        if let Some(method) = symbol.strip_prefix('.') {
            hits.extend(loose.method(method));
        } else if let Some((outer, inner)) = symbol.split_once("::") {
            if of_crate.names.iter().any(|(name, _)| *name == outer) {
                hits.extend(of_crate.names.iter().filter(|(name, _)| *name == inner));
            }
        } else {
            hits.extend(of_crate.names.iter().filter(|(name, _)| catalogue::matches(symbol, name)));
            if of_crate.glob {
                hits.extend(loose.ident(symbol));
            }
        }
    }
    hits.sort_by_key(|(_, at)| *at);
    let best = loose.tokens.best(hits.iter().map(|(_, at)| *at))?;
    hits.into_iter().find(|(_, at)| *at == best)
}

/// Names that stand alone: methods, and identifiers where a glob brings them in. Built when asked for.
struct Loose<'a, 't> {
    tokens: &'a Tokens<'t>,
    methods: Option<HashMap<&'t str, usize>>,
    idents: Option<HashMap<&'t str, usize>>,
}

impl<'t> Loose<'_, 't> {
    fn method(&mut self, name: &str) -> Option<(&'t str, usize)> {
        let tokens = self.tokens;
        let methods = self.methods.get_or_insert_with(|| {
            let calls = (1..tokens.len()).rev().filter(|&at| tokens.is_ident(at) && tokens.is(at - 1, b'.'));
            calls
                .filter(|&at| tokens.is(at + 1, b'(') || tokens.is_path_separator(at + 1))
                .map(|at| (tokens.at(at), at))
                .collect()
        });
        methods.get_key_value(name).map(|(name, at)| (*name, *at))
    }

    fn ident(&mut self, symbol: &str) -> Option<(&'t str, usize)> {
        let tokens = self.tokens;
        let idents = self.idents.get_or_insert_with(|| {
            (0..tokens.len()).rev().filter(|&at| tokens.is_ident(at)).map(|at| (tokens.at(at), at)).collect()
        });
        if let Some((name, at)) = idents.get_key_value(symbol) {
            return Some((*name, *at));
        }
        if !symbol.contains('*') {
            return None;
        }
        (0..tokens.len())
            .find(|&at| tokens.is_ident(at) && catalogue::matches(symbol, tokens.at(at)))
            .map(|at| (tokens.at(at), at))
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::test_rust;
    use crate::fact::FactKind;

    fn uses(source: &str) -> Vec<String> {
        let facts = test_rust("src/lib.rs", source);
        let uses = facts.into_iter().filter_map(|fact| match fact.kind {
            FactKind::Uses { capability, symbol } => {
                Some(format!("{capability} {symbol}{}", fact.constraint.map(|c| format!(" [{c}]")).unwrap_or_default()))
            }
            _ => None,
        });
        uses.collect()
    }

    #[test]
    fn crates_and_symbols_are_told_apart() {
        let cases: [(&str, &[&str]); 21] = [
            ("use axum::{routing::get, Router}; fn f() { Router::new() }", &["http-server axum::Router"]),
            ("use axum::Json;", &[]),
            ("use tonic::transport::{Channel, Endpoint};", &["grpc-client tonic::Channel"]),
            ("use tonic::transport; fn f() { transport::Server::builder() }", &["grpc-server tonic::Server"]),
            ("use tonic::{Request, Response, Status};", &[]),
            ("#[cfg(test)] mod tests { use axum::Router; }", &[]),
            ("// use rocksdb::DB;\nfn f() { \"rocksdb::DB\" }", &[]),
            ("mod redis; use redis::Client;", &[]),
            ("use crate::connectors::stripe; fn f() { stripe::pay() }", &[]),
            ("use lapin::Connection; fn f(c: C) { c.basic_consume(1) }", &["queue-consumer lapin::basic_consume"]),
            ("use lapin::Connection;", &[]),
            ("#[cfg(feature = \"kv\")] use redis::Client;", &["kv-client redis [feature = \"kv\"]"]),
            ("use std::process::{self, Command};", &["process-exec std::Command"]),
            ("use clap::Command; fn f() { std::process::exit(1) }", &["cli-parser clap"]),
            ("use std::arch::x86_64::*; fn f() { _mm_add_epi8(a, b) }", &["simd std::_mm_add_epi8"]),
            ("use std::arch::x86_64::{__cpuid, CpuidResult};", &[]),
            ("use arrow_array::Array;", &["columnar arrow_array"]),
            ("use io_uring::IoUring;", &["io-uring io_uring"]),
            ("fn f() { libc::madvise(p, n, libc::MADV_HUGEPAGE) }", &["huge-pages libc::MADV_HUGEPAGE"]),
            ("fn f() { libc::sched_setaffinity(0, n, p) }", &["cpu-affinity libc::sched_setaffinity"]),
            ("fn f() { libc::madvise(p, n, libc::MADV_DONTNEED) }", &[]),
        ];
        for (source, expected) in cases {
            assert_eq!(uses(source), expected, "{source}");
        }
    }

    #[test]
    fn the_place_is_the_symbol() {
        let facts = test_rust("src/lib.rs", "use axum;\n\nfn f() {\n    axum::serve(x, y);\n}\n");
        assert_eq!((facts[0].place.line, facts[0].place.column, facts[0].place.end_column), (4, 11, 16));
    }

    /// Code that uses a row: a path into the crate, with one of its symbols where it has some.
    fn code_for(krate: &str, symbol: Option<&str>) -> String {
        match symbol.map(|symbol| symbol.replace('*', "x")) {
            None => format!("fn f() {{ {krate}::g() }}"),
            Some(symbol) if symbol.starts_with('.') => format!("use {krate}::T; fn f(t: T) {{ t{symbol}(1) }}"),
            Some(symbol) => format!("use {krate}::{symbol};"),
        }
    }

    #[test]
    fn every_row_and_symbol_is_found_in_code() {
        for row in crate::catalogue::RUST.all() {
            let krate = row.prefix.replace('*', "x");
            let symbols: Vec<Option<&str>> =
                if row.symbols.is_empty() { vec![None] } else { row.symbols.iter().copied().map(Some).collect() };
            for symbol in symbols {
                let source = code_for(&krate, symbol);
                let wanted = format!("{} ", row.capability);
                let found = uses(&source);
                assert!(
                    found.iter().any(|line| line.starts_with(&wanted)),
                    "{row:?} is not found in\n{source}\n{found:?}"
                );
            }
        }
    }
}
