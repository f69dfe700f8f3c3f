//! What the user typed, nothing resolved.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::finding::Severity;
use crate::report::Format;

const AFTER_HELP: &str = "\
Exit status: 0 nothing at or above --fail-on, 1 findings at or above it, 2 the run could not be completed as asked.
A directory named like a command is written ./services, or after `--`.";

/// The version, with the commit it was built from where that is known.
pub const VERSION: &str = env!("FITCHECK_VERSION");

/// Checks whether each Go or Rust service of a repository is written in the language its own evidence calls for.
#[derive(Debug, Parser)]
#[command(name = "fitcheck", version = VERSION, after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub check: Check,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List what was found, and why each service has its role
    Services(Services),
    /// Show everything a verdict rests on: signals, policies, reasoning, what would change it
    Explain(Explain),
    /// Show how the verdict of a service moved over months or tags, and which commit turned it
    History(History),
    /// Write everything known before judgement, to be judged later or elsewhere
    Facts(Facts),
    /// Judge facts that were written before
    Judge(Judge),
    /// Judge the facts of many repositories in one report
    Merge(Merge),
    /// Answer for a service that does not exist yet: Rust or Go
    Pick(Box<Pick>),
    /// Print the configuration in force and where each value comes from
    Config(Config),
    /// Write a fitcheck.toml to start from
    Init {
        /// Directory to write it to
        #[arg(default_value = ".")]
        path: PathBuf,
    },
    /// Accept a finding: write the exception, tied to its evidence
    Allow(Allow),
    /// Accept today's findings as the starting line
    Baseline(Baseline),
    /// List, show, check and try policies
    Policy {
        #[command(subcommand)]
        command: PolicyCommand,
    },
    /// Print the JSON Schema of fitcheck.toml, a policy, an extractor, facts or the JSON report
    Schema { file: SchemaOf },
    /// Print a completion script for a shell
    Completions { shell: clap_complete::Shell },
    /// Print the manual page
    #[command(hide = true)]
    Man,
}

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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    Config,
    Policy,
    Extractor,
    Facts,
    Report,
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

#[derive(Debug, Args)]
pub struct Config {
    #[command(flatten)]
    pub scan: Scan,
    /// Print nothing unless something is wrong with it; services are not looked for
    #[arg(long)]
    pub verify: bool,
}

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

/// The name of a repository: it becomes the start of paths.
fn repository(text: &str) -> Result<String, &'static str> {
    let name = text.trim().trim_matches('/');
    if name.is_empty() { Err("it says nothing") } else { Ok(name.to_owned()) }
}

/// The main job: judge a repository and report.
#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    pub scan: Scan,
    #[command(flatten)]
    pub delivery: Delivery,
}

/// Where a report goes, and what makes the run fail.
#[derive(Debug, Args)]
pub struct Delivery {
    #[command(flatten)]
    pub view: View,
    /// What to write to standard output [default: the configuration's, or human]
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    pub format: Option<Format>,
    /// Write a report to a file as well; can be repeated
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output)]
    pub output: Vec<Output>,
    /// Lowest severity that makes the exit status 1 [default: the configuration's, or warning]
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,
    /// Exit with 0 even where there are findings
    #[arg(long)]
    pub exit_zero: bool,
    /// Exit with 2 where something was not read that a verdict may hang on [default: in CI]
    #[arg(long, overrides_with = "no_strict")]
    pub strict: bool,
    /// Exit as if everything had been read
    #[arg(long)]
    pub no_strict: bool,
}

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

#[derive(Debug, Args)]
pub struct Services {
    #[command(flatten)]
    pub scan: Scan,
    #[command(flatten)]
    pub view: View,
}

#[derive(Debug, Args)]
pub struct Explain {
    /// Name or directory of a service, or a policy
    #[arg(value_name = "SERVICE|POLICY")]
    pub subject: String,
    #[command(flatten)]
    pub scan: Scan,
    #[command(flatten)]
    pub view: View,
}

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

/// How text is shown.
#[derive(Debug, Args)]
pub struct View {
    /// List tools, accepted findings and inputs that were not read as well
    #[arg(long)]
    pub all: bool,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorWhen,
    /// Print findings only
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more
    #[arg(short, long)]
    pub verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    Error,
    Warning,
    Note,
    Never,
}

impl FailOn {
    pub fn threshold(self) -> Option<Severity> {
        match self {
            FailOn::Error => Some(Severity::Error),
            FailOn::Warning => Some(Severity::Warning),
            FailOn::Note => Some(Severity::Note),
            FailOn::Never => None,
        }
    }
}

/// A report to write to a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    pub format: Format,
    pub path: PathBuf,
}

fn format(name: &str) -> Result<Format, String> {
    Format::named(name).ok_or_else(|| {
        let names: Vec<&str> = Format::ALL.iter().map(|format| format.name).collect();
        let nearest = names.iter().max_by(|a, b| strsim::jaro(a, name).total_cmp(&strsim::jaro(b, name)));
        let hint = nearest.filter(|near| strsim::jaro(near, name) > 0.7).map(|near| format!("did you mean `{near}`? "));
        format!("{}possible values: {}", hint.unwrap_or_default(), names.join(", "))
    })
}

fn output(text: &str) -> Result<Output, String> {
    let Some((name, path)) = text.split_once('=').filter(|(_, path)| !path.is_empty()) else {
        return Err("write FORMAT=FILE, for instance json=fitcheck.json".to_owned());
    };
    Ok(Output { format: format(name)?, path: path.into() })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parsed(words: &[&str]) -> Cli {
        Cli::try_parse_from(std::iter::once(&"fitcheck").chain(words)).unwrap()
    }

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_question_of_pick_has_its_flag() {
        let command = Cli::command();
        let pick = command.find_subcommand("pick").unwrap();
        for question in crate::pick::QUESTIONS {
            let flag = pick.get_arguments().find(|argument| argument.get_long() == Some(question.key));
            assert!(flag.is_some(), "--{}", question.key);
            let Some(Command::Pick(pick)) = parsed(&["pick", &format!("--{}", question.key), "x"]).command else {
                panic!("a pick");
            };
            assert_eq!(pick.given().collect::<Vec<_>>(), [(question.key, "x")]);
        }
    }

    #[test]
    fn a_path_named_like_a_command_can_be_given() {
        assert_eq!(parsed(&[]).check.scan.path, PathBuf::from("."));
        assert!(matches!(parsed(&["services"]).command, Some(Command::Services(_))));
        assert_eq!(parsed(&["./services"]).check.scan.path, PathBuf::from("./services"));
        assert_eq!(parsed(&["--", "services"]).check.scan.path, PathBuf::from("services"));
    }

    #[test]
    fn outputs_name_a_format_and_a_file() {
        let cli = parsed(&["--output", "json=a=b.json", "--output", "human=x", "repo"]);
        assert_eq!(cli.check.delivery.output[0].path, PathBuf::from("a=b.json"));
        assert_eq!(cli.check.delivery.output.len(), 2);
        let windows = parsed(&["--output", r"json=D:\a\_temp/fitcheck\r.json", r"C:\repo"]);
        assert_eq!(windows.check.delivery.output[0].path, PathBuf::from(r"D:\a\_temp/fitcheck\r.json"));
        assert_eq!(windows.check.scan.path, PathBuf::from(r"C:\repo"));
        let error = Cli::try_parse_from(["fitcheck", "--format", "jsn"]).unwrap_err().to_string();
        assert!(error.contains("did you mean `json`?"), "{error}");
        assert!(Cli::try_parse_from(["fitcheck", "--output", "json"]).is_err());
    }
}
