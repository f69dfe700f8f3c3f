//! Commands that accept findings: `allow`, `baseline`.

use clap::Args;

use super::Scan;

#[derive(Debug, Args)]
pub struct Allow {
    /// Name or directory of the service; `.` also for the repository
    pub service: String,
    /// The policy whose finding is accepted
    pub policy: String,
    /// Why it is accepted
    #[arg(long, value_parser = said)]
    pub reason: String,
    /// The team that decided; no person
    #[arg(long, value_parser = said)]
    pub owner: String,
    /// Last day on which it holds
    #[arg(long, value_name = "DATE")]
    pub until: Option<jiff::civil::Date>,
    /// Address of the decision record
    #[arg(long, value_name = "URL")]
    pub adr: Option<String>,
    #[command(flatten)]
    pub scan: Scan,
}

#[derive(Debug, Args)]
pub struct Baseline {
    #[command(flatten)]
    pub scan: Scan,
    /// Take in findings that the baseline does not have
    #[arg(long)]
    pub grow: bool,
}

/// An argument with something in it.
fn said(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() { Err("it says nothing") } else { Ok(text.trim().to_owned()) }
}
