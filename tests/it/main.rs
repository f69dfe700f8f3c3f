//! The one integration binary.
mod git;
