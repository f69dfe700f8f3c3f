//! What a unit mainly is, decided from what builds, ships, runs and imports it.
//!
//! In: everything tied to the unit. Out: a role and the reasons, strongest first. Folder names speak only where
//! nothing ships the unit.

mod artefact;
mod context;
mod development;
mod names;
mod running;

pub use artefact::is_bare_metal;
pub use context::Context;
pub use names::{is_called_a_tool, is_for_development};

use crate::source::Location;

use super::Role;
use artefact::{by_firmware, by_function, by_library, by_wasm};
use development::{by_nothing, by_place, by_tool};
use running::{by_cli, by_command_line, by_helper, by_job, by_server_code, by_service};

/// A role with one clause and one place for each reason.
pub type Reasoned = (Role, Vec<(String, Location)>);

/// Decides the role. The order of the questions is the procedure: the first that answers wins.
pub fn role(context: &Context<'_, '_>) -> Reasoned {
    let questions: [fn(&Context<'_, '_>) -> Option<Reasoned>; 13] = [
        by_place,
        by_firmware,
        by_wasm,
        by_function,
        by_library,
        by_tool,
        by_job,
        by_command_line,
        by_service,
        by_cli,
        by_helper,
        by_server_code,
        by_nothing,
    ];
    let fallback = || {
        let why = "a program that nothing here runs as a service".to_owned();
        (Role::Cli, vec![(why, context.unit.at.clone())])
    };
    questions.iter().find_map(|question| question(context)).unwrap_or_else(fallback)
}
