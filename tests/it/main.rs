//! The one integration binary.
mod base;
mod git;
