//! Detectors of how services are built, packed, shipped and run; one file each, and their lists.
//!
//! What they state (`Build`, `Image`, `Workload` and what hangs on these) is bound to services later.

mod commands;
mod dockerfile;
mod script;

use super::OnConfig;

pub(crate) use dockerfile::detect as dockerfile;
pub(crate) use script::detect as script;

/// Detectors of YAML, JSON, TOML and HCL files, by name.
pub(crate) const CONFIG: &[(&str, OnConfig)] = &[];
