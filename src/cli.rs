//! What the user typed, nothing resolved.

mod accept;
mod delivery;
mod facts;
mod history;
mod policy;
mod scan;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use accept::{Allow, Baseline};
pub use delivery::{ColorWhen, Delivery, FailOn, Output, View};
pub use facts::{By, Facts, Judge, Merge};
pub use history::{History, HistoryFormat, Points};
pub use policy::{Configured, Pick, PolicyCommand};
pub use scan::Scan;

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
    /// Print the manual page, or write the pages of all commands
    #[command(hide = true)]
    Man {
        /// Write the page of every command to this directory
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
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

/// The main job: judge a repository and report.
#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    pub scan: Scan,
    #[command(flatten)]
    pub delivery: Delivery,
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
pub struct Config {
    #[command(flatten)]
    pub scan: Scan,
    /// Print nothing unless something is wrong with it; services are not looked for
    #[arg(long)]
    pub verify: bool,
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
        assert!(error.contains("a similar value exists: 'json'"), "{error}");
        let error = Cli::try_parse_from(["fitcheck", "--output", "jsn=x"]).unwrap_err().to_string();
        assert!(error.contains("did you mean `json`?"), "{error}");
        assert!(Cli::try_parse_from(["fitcheck", "--output", "json"]).is_err());
    }
}
