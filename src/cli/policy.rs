//! Commands about policies, and the questions of `pick`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Scan;

#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// List every policy with the language it favours
    List(Configured),
    /// Show what a policy flags, why, and what to do
    Show {
        policy: String,
        #[command(flatten)]
        configured: Configured,
    },
    /// Check policies and extractors, beside the shipped policies
    Check {
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Run the cases in the `tests` folder of a directory of policies
    Test { directory: PathBuf },
    /// Write a pinned copy of policies, with its hashes, into this directory
    ///
    /// A directory is read as the git repository it is. For an address, the `git` of this machine fetches the revision:
    /// this command alone runs it, and this command alone uses the network.
    Vendor {
        /// Address or directory of a git repository, and a revision
        #[arg(value_name = "URL@REV")]
        source: String,
        /// Take the files below this folder only
        #[arg(long, value_name = "FOLDER")]
        path: Option<String>,
        /// Directory to write to [default: fitcheck-vendor/NAME]
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
    },
    /// Say which verdicts a directory of policies would change, and why
    Backtest {
        /// Policies to judge by as well
        #[arg(long, value_name = "DIR")]
        policies: PathBuf,
        #[command(flatten)]
        scan: Box<Scan>,
    },
}

/// Whose policies are meant.
#[derive(Debug, Args)]
pub struct Configured {
    /// Repository whose configuration is in force
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Use this configuration file instead of the repository's
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// One flag for each question; every one can be left out.
#[derive(Debug, Args)]
pub struct Pick {
    #[command(flatten)]
    pub configured: Configured,
    /// service, job, function, cli, library, wasm or firmware
    #[arg(long)]
    pub role: Option<String>,
    /// What it does, such as http-api,crud
    #[arg(long = "trait", value_name = "TRAITS")]
    pub does: Option<String>,
    /// Where it runs, such as kubernetes or embedded
    #[arg(long, value_name = "TARGETS")]
    pub deploy: Option<String>,
    /// Tightest promise, such as `p99.9 <= 800us`
    #[arg(long, value_name = "BUDGET")]
    pub latency: Option<String>,
    /// What a crash costs: none, low, money, trust or safety
    #[arg(long, value_name = "COST")]
    pub panic_cost: Option<String>,
    /// Who maintains it: same-people, rotating, contractors or unknown
    #[arg(long, value_name = "PLAN")]
    pub team_plan: Option<String>,
    /// How often its specification changes: weekly, monthly, rarely or frozen
    #[arg(long, value_name = "HOW-OFTEN")]
    pub spec_stability: Option<String>,
    /// For how many years it must stay correct
    #[arg(long, value_name = "YEARS")]
    pub horizon_years: Option<String>,
    /// Most memory it may use, such as 64MiB
    #[arg(long, value_name = "SIZE")]
    pub memory_ceiling: Option<String>,
}

impl Pick {
    /// What was answered on the command line, by question.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("role", &self.role),
            ("trait", &self.does),
            ("deploy", &self.deploy),
            ("latency", &self.latency),
            ("panic-cost", &self.panic_cost),
            ("team-plan", &self.team_plan),
            ("spec-stability", &self.spec_stability),
            ("horizon-years", &self.horizon_years),
            ("memory-ceiling", &self.memory_ceiling),
        ]
        .into_iter()
        .filter_map(|(key, answer)| Some((key, answer.as_deref()?)))
    }
}
