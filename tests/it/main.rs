//! The one integration binary.
mod base;
mod docs;
mod git;
