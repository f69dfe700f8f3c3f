//! The one integration binary.
#![expect(clippy::unwrap_used, reason = "helpers of tests are outside what Clippy knows to be a test")]

mod again;
mod base;
mod cli;
mod clones;
mod configuration;
mod docs;
mod extractors;
mod facts;
#[cfg(unix)]
mod faults;
mod fixtures;
mod fooled;
mod former;
mod fuzz;
mod git;
#[cfg(unix)]
mod hostile;
mod layers;
mod packs;
mod privacy;
mod properties;
mod schema;
mod series;
mod services;
mod signal_pages;
mod spans;
mod steady;
mod timeline;
#[cfg(unix)]
mod traced;
mod traits;
mod whole;
