//! The one integration binary.
mod base;
mod docs;
mod fixtures;
mod git;
