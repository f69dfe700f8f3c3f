//! What a command line builds, publishes or checks; shared by all detectors of files that hold commands.
//!
//! In: one `Command`. Out: at most one `Build`, `Image`, deploy target or name of a check. Commands that only
//! fetch somebody else's tool (`go install x@v1`, `cargo install ripgrep`) are nothing.

mod build;
mod cargo;
mod checks;
mod go;
mod image;
mod packers;
mod publishing;
mod recipes;
mod words;

pub(crate) use build::build;
pub(crate) use checks::checks;
pub(crate) use image::{image, writes_files};
pub(crate) use publishing::{files, publishes};
