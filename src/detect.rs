//! Detectors: from views to facts, one file each, and the list of all of them.
//!
//! A detector is a `const DETECTOR` with a name and the views it looks at. To add one, write
//! `detect/<name>.rs` and add its `mod` line and its place in [`DETECTORS`].

mod artillery;
mod code_comments;
pub mod deploy;
mod doc_targets;
mod gatling;
pub mod go_toolchain;
mod grafana_alerts;
mod k6;
mod keptn_slo;
mod latency;
mod locust;
mod nobl9;
mod openslo;
mod prometheus_rules;
mod prose;
mod pyrra;
mod service_config_latency;
mod slo_generator;
mod sloth;
mod terraform_slo;
mod timeouts_config;

use std::ops::Range;

use crate::fact::{Binding, Fact, FactKind};
use crate::parse::Kind;
use crate::parse::config::ConfigView;
use crate::parse::go::GoView;
use crate::problem::Flaw;
use crate::source::Text;

/// What a detector of configuration files does with one of them.
pub type OnConfig = fn(&ConfigView<'_>, &mut Facts<'_, '_>);

/// Detectors of YAML, JSON, TOML and HCL files, by name.
pub const CONFIG: &[(&str, OnConfig)] = &[
    ("artillery", artillery::detect),
    ("grafana-alerts", grafana_alerts::detect),
    ("keptn-slo", keptn_slo::detect),
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
    ("code-comments", &[Kind::Go, Kind::Rust], code_comments::detect),
    ("doc-targets", &[Kind::Markdown], doc_targets::detect),
    ("gatling", &[Kind::Foreign], gatling::detect),
    ("k6", &[Kind::JavaScript], k6::detect),
    ("locust", &[Kind::Foreign], locust::detect),
    ("prometheus-rules", &[Kind::Text], prometheus_rules::detect_text),
    ("service-config-latency", &[Kind::Text], service_config_latency::detect_text),
];

/// What a detector of Go does with one file.
pub type OnGo = fn(&GoView<'_>, &mut Facts<'_, '_>);

/// Detectors of Go files, by name.
pub const GO: &[(&str, OnGo)] = &[];

/// What a detector writes to: facts of one file.
#[derive(Debug)]
pub struct Facts<'t, 's> {
    pub text: &'t Text<'s>,
    pub list: Vec<Fact>,
    pub flaws: Vec<Flaw>,
}

impl<'t, 's> Facts<'t, 's> {
    pub fn new(text: &'t Text<'s>) -> Facts<'t, 's> {
        Facts { text, list: Vec::new(), flaws: Vec::new() }
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
        let place = Some(self.text.place(range));
        self.flaws.push(Flaw { reason: reason.into(), place });
    }
}
