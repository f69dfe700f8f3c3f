//! The command that judges a service at points of its past.

use clap::{Args, ValueEnum};

use super::{Scan, View};

#[derive(Debug, Args)]
pub struct History {
    /// Name or directory of a service
    pub service: String,
    /// What to look at: the end of each month, or each tag
    #[arg(long, value_name = "POINTS", default_value = "month")]
    pub by: Points,
    /// Nothing before that day
    #[arg(long, value_name = "DATE")]
    pub since: Option<jiff::civil::Date>,
    /// How many months or tags, the newest
    #[arg(long, value_name = "N", default_value = "12")]
    pub count: std::num::NonZeroUsize,
    /// What to write to standard output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: HistoryFormat,
    #[command(flatten)]
    pub scan: Scan,
    #[command(flatten)]
    pub view: View,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Points {
    Tag,
    Month,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HistoryFormat {
    Human,
    Json,
}
