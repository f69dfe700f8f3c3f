//! Detectors: from views to facts, one file each, and the list of all of them.
//!
//! A detector is a function `detect` from a view to [`Facts`]. To add one, write `detect/<name>.rs` and add its `mod` line
//! and its row in the list of what it reads ([`GO`], [`RUST`], [`RUST_EVERYWHERE`], [`CONFIG`], [`TEXT`]; those of
//! deployment have lists of their own in `deploy`).

mod artillery;
mod benchmark_gates;
mod c_lines;
mod cargo_config;
mod cgo;
mod cloudwatch;
mod code_comments;
mod codeowners;
mod consumers;
mod contracts;
mod datadog;
pub(crate) mod deploy;
mod doc_targets;
mod gatling;
mod generates;
mod go_assembly;
mod go_counts;
mod go_errors;
mod go_export;
mod go_latency;
mod go_links;
mod go_proxy;
mod go_routes;
mod go_timeouts;
pub(crate) mod go_toolchain;
pub(crate) mod go_tuning;
mod go_uses;
mod grafana_alerts;
mod k6;
mod keptn_slo;
mod latency;
mod latency_buckets;
mod linker_memory;
mod load_gates;
mod locust;
mod mage;
mod nobl9;
mod openslo;
mod prometheus_rules;
mod prose;
mod purego;
mod pyrra;
mod rust_bindings_config;
mod rust_build;
mod rust_counts;
mod rust_dlopen;
mod rust_export;
mod rust_import;
mod rust_jni;
mod rust_kernel;
mod rust_latency;
mod rust_magnus;
mod rust_napi;
mod rust_neon;
mod rust_pyo3;
mod rust_routes;
mod rust_timeouts;
mod rust_toolchain;
mod rust_tuning;
mod rust_uniffi;
mod rust_uses;
mod rust_wasm_bindgen;
mod service_config_latency;
mod slo_generator;
mod sloth;
mod stakes;
mod terraform_slo;
mod timeouts_config;

use std::ops::Range;
use std::time::Instant;

use crate::fact::{Binding, Direction, Fact, FactKind};
use crate::parse::Kind;
use crate::parse::config::ConfigView;
use crate::parse::go::GoView;
use crate::parse::rust::RustView;
use crate::parse::rust::tree::Item;
use crate::problem::{Class, Flaw};
use crate::source::Text;

/// What a detector of configuration files does with one of them.
pub type OnConfig = fn(&ConfigView<'_>, &mut Facts<'_, '_>);

/// Detectors of YAML, JSON, TOML and HCL files, by name.
pub const CONFIG: &[(&str, OnConfig)] = &[
    ("artillery", artillery::detect),
    ("benchmark-gates", benchmark_gates::detect),
    ("cargo-config", cargo_config::detect),
    ("cloudwatch", cloudwatch::detect),
    ("contracts", contracts::detect),
    ("datadog", datadog::detect),
    ("generates", generates::detect),
    ("stakes", stakes::detect),
    ("grafana-alerts", grafana_alerts::detect),
    ("k6", k6::detect_config),
    ("keptn-slo", keptn_slo::detect),
    ("linker-memory", linker_memory::detect),
    ("load-gates", load_gates::detect_config),
    ("rust-bindings-config", rust_bindings_config::detect),
    ("rust-toolchain", rust_toolchain::detect),
    ("service-config-latency", service_config_latency::detect),
    ("terraform-slo", terraform_slo::detect),
    ("timeouts-config", timeouts_config::detect),
    ("nobl9", nobl9::detect),
    ("openslo", openslo::detect),
    ("prometheus-rules", prometheus_rules::detect),
    ("pyrra", pyrra::detect),
    ("slo-generator", slo_generator::detect),
    ("sloth", sloth::detect),
];

/// What a detector does with a file that it reads as text.
pub type OnText = fn(&Text<'_>, &mut Facts<'_, '_>);

/// Detectors that read the text of files, by name, with the kinds they look at.
pub const TEXT: &[(&str, &[Kind], OnText)] = &[
    ("c-lines", &[Kind::C], c_lines::detect),
    ("consumers", &[Kind::Foreign, Kind::JavaScript, Kind::C, Kind::Text], consumers::detect),
    ("contracts", &[Kind::Proto, Kind::GraphQl, Kind::Text], contracts::detect_text),
    ("generates", &[Kind::Go], generates::detect_go),
    ("generates", &[Kind::Rust], generates::detect_rust),
    ("generates", &[Kind::Script], generates::detect_script),
    ("stakes", &[Kind::Go, Kind::Rust, Kind::Proto, Kind::GraphQl], stakes::detect_types),
    ("stakes", &[Kind::Markdown], stakes::detect_agents),
    ("code-comments", &[Kind::Go, Kind::Rust, Kind::Proto], code_comments::detect),
    ("codeowners", &[Kind::Text], codeowners::detect),
    ("doc-targets", &[Kind::Markdown], doc_targets::detect),
    ("gatling", &[Kind::Foreign], gatling::detect),
    ("go-assembly", &[Kind::C], go_assembly::detect),
    ("k6", &[Kind::JavaScript], k6::detect),
    ("linker-memory", &[Kind::Text], linker_memory::detect_text),
    ("latency-buckets", &[Kind::Go, Kind::Rust], latency_buckets::detect),
    ("load-gates", &[Kind::Script], load_gates::detect),
    ("locust", &[Kind::Foreign], locust::detect),
    ("rust-bindings-config", &[Kind::Text], rust_bindings_config::detect_text),
    ("rust-toolchain", &[Kind::Text], rust_toolchain::detect_text),
    ("prometheus-rules", &[Kind::Text], prometheus_rules::detect_text),
    ("pyrra", &[Kind::Text], pyrra::detect_text),
    ("service-config-latency", &[Kind::Text], service_config_latency::detect_text),
];

/// What a detector of Go does with one file.
pub type OnGo = fn(&GoView<'_>, &mut Facts<'_, '_>);

/// Detectors of Go files, by name.
pub const GO: &[(&str, OnGo)] = &[
    ("cgo", cgo::detect),
    ("go-counts", go_counts::detect),
    ("go-export", go_export::detect),
    ("go-latency", go_latency::detect),
    ("go-links", go_links::detect),
    ("go-proxy", go_proxy::detect),
    ("go-routes", go_routes::detect),
    ("go-timeouts", go_timeouts::detect),
    ("go-tuning", go_tuning::detect),
    ("go-uses", go_uses::detect),
    ("mage", mage::detect),
    ("purego", purego::detect),
];

/// What a detector of Rust does with one file.
pub type OnRust = fn(&RustView<'_, '_>, &mut Facts<'_, '_>);

/// Detectors of Rust code that is shipped, by name.
pub const RUST: &[(&str, OnRust)] = &[
    ("rust-counts", rust_counts::detect),
    ("rust-dlopen", rust_dlopen::detect),
    ("rust-export", rust_export::detect),
    ("rust-import", rust_import::detect),
    ("rust-jni", rust_jni::detect),
    ("rust-kernel", rust_kernel::detect),
    ("rust-magnus", rust_magnus::detect),
    ("rust-napi", rust_napi::detect),
    ("rust-neon", rust_neon::detect),
    ("rust-pyo3", rust_pyo3::detect),
    ("rust-routes", rust_routes::detect),
    ("rust-timeouts", rust_timeouts::detect),
    ("rust-tuning", rust_tuning::detect),
    ("rust-uniffi", rust_uniffi::detect),
    ("rust-uses", rust_uses::detect),
    ("rust-wasm-bindgen", rust_wasm_bindgen::detect),
];

/// Detectors of every Rust file that is not copied, whatever it is for, by name.
pub const RUST_EVERYWHERE: &[(&str, OnRust)] = &[
    ("rust-build", rust_build::detect),
    ("rust-counts", rust_counts::detect_benchmarks),
    ("rust-latency", rust_latency::detect),
];

/// What a detector writes to: facts of one file.
#[derive(Debug)]
pub struct Facts<'t, 's> {
    pub text: &'t Text<'s>,
    pub list: Vec<Fact>,
    pub flaws: Vec<Flaw>,
    /// When the time for this file is over, and how many facts of it are used at most.
    pub(crate) end: Option<Instant>,
    pub(crate) most: usize,
}

impl<'t, 's> Facts<'t, 's> {
    pub fn new(text: &'t Text<'s>) -> Facts<'t, 's> {
        Facts { text, list: Vec::new(), flaws: Vec::new(), end: None, most: usize::MAX }
    }

    /// Whether the file has taken its time or given its facts already; asked between two detectors.
    pub(crate) fn is_over(&self) -> bool {
        self.list.len() > self.most || self.end.is_some_and(|end| Instant::now() > end)
    }

    /// Records once that some bound of a reader left something out, with the place where it begins.
    pub fn cut(&mut self, range: Range<usize>, what: &str, most: usize) {
        self.flaw(range, format!("over the limit of {most} {what}: the rest is not read"));
    }

    /// Adds a fact about the package that holds the file and returns its index.
    pub fn add(&mut self, range: Range<usize>, kind: FactKind) -> u32 {
        self.add_bound(range, kind, Binding::Package)
    }

    /// Adds a fact that finds its services in its own way and returns its index.
    pub fn add_bound(&mut self, range: Range<usize>, kind: FactKind, binding: Binding) -> u32 {
        let place = self.text.place(range);
        self.list.push(Fact { kind, place, binding, constraint: None });
        (self.list.len() - 1) as u32
    }

    /// Records something that could not be read, with its place.
    pub fn flaw(&mut self, range: Range<usize>, reason: impl Into<String>) {
        self.note(range, reason.into(), Class::Lost);
    }

    /// Records something that was not read and that no verdict hangs on.
    pub fn omission(&mut self, range: Range<usize>, reason: impl Into<String>) {
        self.note(range, reason.into(), Class::Partial);
    }

    fn note(&mut self, range: Range<usize>, reason: String, class: Class) {
        let place = Some(self.text.place(range));
        self.flaws.push(Flaw { reason, place, class });
    }
}

/// Whether a file's text holds a word anywhere: quicker than [`str::contains`] for long texts.
fn holds(text: &str, word: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some()
}

/// Adds a surface to another language at an item.
fn add_ffi(
    view: &RustView<'_, '_>,
    facts: &mut Facts<'_, '_>,
    item: &Item,
    direction: Direction,
    mechanism: &str,
    symbols: u32,
) {
    view.add_at(facts, item, FactKind::Ffi { direction, mechanism: mechanism.to_owned(), symbols });
}

/// Runs one detector in tests.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    pub(crate) fn go_facts(detect: OnGo, path: &str, source: &str) -> Vec<Fact> {
        let text = Text::new(path, source);
        let mut facts = Facts::new(&text);
        detect(&GoView::new(&text), &mut facts);
        facts.list
    }

    /// Reads Rust source and returns its surfaces in words: `export pyo3 4`.
    pub(crate) fn test_ffi(source: &str) -> Vec<String> {
        let facts = test_rust("src/lib.rs", source).into_iter().filter_map(|fact| match fact.kind {
            FactKind::Ffi { direction: Direction::Export, mechanism, symbols } => {
                Some(format!("export {mechanism} {symbols}"))
            }
            FactKind::Ffi { direction: Direction::Import, mechanism, symbols } => {
                Some(format!("import {mechanism} {symbols}"))
            }
            _ => None,
        });
        facts.collect()
    }

    /// Reads a Rust file as the reader does and returns its facts.
    pub(crate) fn test_rust(path: &str, source: &str) -> Vec<Fact> {
        crate::reader::read(crate::parse::Kind::Rust, &Text::new(path, source)).facts
    }

    /// Reads a file and returns marks, versions, budgets and surfaces in words.
    pub(crate) fn test_marks(kind: Kind, path: &str, source: &str) -> Vec<String> {
        let facts = crate::reader::read(kind, &Text::new(path, source)).facts;
        let words = facts.into_iter().filter_map(|fact| match fact.kind {
            FactKind::Mark { name, detail } => Some(format!("{name} {detail}")),
            FactKind::Toolchain { what, version } => Some(format!("{what} {version}")),
            FactKind::ArtifactBudget { bytes } => Some(format!("budget {bytes}")),
            FactKind::Ffi { direction, mechanism, symbols } => Some(format!("{direction:?} {mechanism} {symbols}")),
            _ => None,
        });
        words.collect()
    }
}
