//! Detectors of how services are built, packed, shipped and run; one file each, and their lists.
//!
//! What they state (`Build`, `Image`, `Workload` and what hangs on these) is bound to services later.

mod build_files;
mod calls;
mod cloud;
mod commands;
mod compose;
mod dockerfile;
mod earthfile;
mod edge;
mod embedded;
mod goreleaser;
mod helm_values;
mod images;
mod kubernetes;
mod leeway;
mod lint_settings;
mod matrix;
mod platforms;
mod registries;
mod script;
mod serverless;
mod shared;
mod tilt;
mod unit;
mod wasm_plugin;
mod workflow;

use super::{OnConfig, OnText};
use crate::parse::Kind;

pub(crate) use dockerfile::detect as dockerfile;
pub(crate) use script::detect as script;
pub(crate) use script::emit_in as emit_a_command;

/// Detectors of YAML, JSON, TOML and HCL files, by name.
pub(crate) const CONFIG: &[(&str, OnConfig)] = &[
    ("cloud", cloud::detect),
    ("compose", compose::detect),
    ("edge", edge::detect),
    ("embedded", embedded::detect),
    ("goreleaser", goreleaser::detect),
    ("helm-values", helm_values::detect),
    ("images", images::detect),
    ("kubernetes", kubernetes::detect),
    ("leeway", leeway::detect),
    ("lint-settings", lint_settings::detect),
    ("registries", registries::detect),
    ("serverless", serverless::detect),
    ("wasm-plugin", wasm_plugin::detect),
    ("workflow", workflow::detect),
];

/// Detectors that read the text of files, by name, with the kinds they look at.
pub(crate) const TEXT: &[(&str, &[Kind], OnText)] = &[
    ("build-files", &[Kind::Text, Kind::Foreign, Kind::JavaScript], build_files::detect),
    ("unit", &[Kind::Unit], unit::detect),
];

#[cfg(test)]
mod tests {
    use crate::detect::{Facts, OnConfig};
    use crate::fact::FactKind;
    use crate::parse::{Kind, config};
    use crate::source::Text;

    /// Runs one detector over a configuration file.
    pub(super) fn kinds(detect: OnConfig, path: &str, source: &str) -> Vec<FactKind> {
        let text = Text::new(path, source);
        let kind = Kind::of(path).expect("because tests name files that are read");
        let (view, _) = config::view(kind, &text).expect("because tests name configuration files");
        let mut facts = Facts::new(&text);
        detect(&view, &mut facts);
        facts.list.into_iter().map(|fact| fact.kind).collect()
    }
}
