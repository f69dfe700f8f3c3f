//! Syntax trees of Go, for the few files in which arguments and constants have to be evaluated.
