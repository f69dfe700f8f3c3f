//! What is scanned, and how: flags that all commands share which read a repository.

use std::path::PathBuf;

use clap::Args;

/// What is scanned, and how.
#[derive(Debug, Args)]
pub struct Scan {
    /// Repository, or a directory of it
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Use this configuration file instead of the repository's
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Judge by the configuration, policies and baseline of a revision instead of the tree's own; `auto` as for --base
    #[arg(long, value_name = "REV", conflicts_with = "config")]
    pub policy_ref: Option<String>,
    /// Show what exceptions and the baseline accept as open
    #[arg(long)]
    pub no_allow: bool,
    /// Number of threads [default: one per processor]
    #[arg(long, value_name = "N")]
    pub threads: Option<std::num::NonZeroUsize>,
    /// Judge what changed since a revision; `auto` takes it from the CI event or the upstream branch
    #[arg(long, value_name = "REV")]
    pub base: Option<String>,
    /// Judge the index: what the next commit would hold
    #[arg(long, conflicts_with = "at")]
    pub staged: bool,
    /// Judge a commit instead of the work tree, without a checkout
    #[arg(long, value_name = "REV")]
    pub at: Option<String>,
    /// Read git objects that the repository borrows from a directory outside it
    #[arg(long)]
    pub trust_alternates: bool,
    /// Keep facts of files between runs in this directory [default: the platform's, off in CI]
    #[arg(long, value_name = "DIR", conflicts_with = "no_cache")]
    pub cache_dir: Option<PathBuf>,
    /// Read every file again
    #[arg(long)]
    pub no_cache: bool,
    /// Read at most this many files; the rest is counted as skipped [default: 500000]
    #[arg(long, value_name = "N")]
    pub max_files: Option<u64>,
    /// Read at most this many bytes; the rest is counted as skipped [default: 4 GiB]
    #[arg(long, value_name = "N")]
    pub max_bytes: Option<u64>,
}
