//! Detectors of how services are built, packed, shipped and run; one file each, and their lists.
//!
//! What they state (`Build`, `Image`, `Workload` and what hangs on these) is bound to services later.

mod cloud;
mod commands;
mod compose;
mod dockerfile;
mod goreleaser;
mod helm_values;
mod images;
mod kubernetes;
mod script;
mod serverless;
mod shared;
mod workflow;

use super::OnConfig;

pub(crate) use dockerfile::detect as dockerfile;
pub(crate) use script::detect as script;

/// Detectors of YAML, JSON, TOML and HCL files, by name.
pub(crate) const CONFIG: &[(&str, OnConfig)] = &[
    ("cloud", cloud::detect),
    ("compose", compose::detect),
    ("goreleaser", goreleaser::detect),
    ("helm-values", helm_values::detect),
    ("images", images::detect),
    ("kubernetes", kubernetes::detect),
    ("serverless", serverless::detect),
    ("workflow", workflow::detect),
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
