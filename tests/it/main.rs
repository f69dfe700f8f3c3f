//! The one integration binary.
mod base;
mod cli;
mod docs;
mod fixtures;
mod git;
