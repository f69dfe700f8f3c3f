//! Commands that part reading from judging: `facts`, `judge`, `merge`.

use std::path::PathBuf;

use clap::Args;

use super::{Delivery, Scan};

/// Everything known before judgement, for `judge` and `merge`.
#[derive(Debug, Args)]
pub struct Facts {
    #[command(flatten)]
    pub scan: Scan,
    /// What the repository is called in a report about several [default: its directory's name]
    #[arg(long, value_parser = repository)]
    pub name: Option<String>,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Judge {
    /// What `fitcheck facts` wrote; `-` is standard input
    pub facts: PathBuf,
    /// Compare with what these facts lead to
    #[arg(long, value_name = "FACTS")]
    pub base: Option<PathBuf>,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub delivery: Delivery,
}

#[derive(Debug, Args)]
pub struct Merge {
    /// What `fitcheck facts` wrote, one file a repository
    #[arg(required = true)]
    pub facts: Vec<PathBuf>,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub delivery: Delivery,
}

/// By what facts are judged.
#[derive(Debug, Args)]
pub struct By {
    /// Judge by this configuration instead of the one that the facts carry
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Show what exceptions and the baseline accept as open
    #[arg(long)]
    pub no_allow: bool,
}

/// The name of a repository: it becomes the start of paths.
fn repository(text: &str) -> Result<String, &'static str> {
    let name = text.trim().trim_matches('/');
    if name.is_empty() { Err("it says nothing") } else { Ok(name.to_owned()) }
}
