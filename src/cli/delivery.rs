//! Where a report goes, how it is shown, and what makes the run fail.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::finding::Severity;
use crate::report::Format;

/// Where a report goes, and what makes the run fail.
#[derive(Debug, Args)]
pub struct Delivery {
    #[command(flatten)]
    pub view: View,
    /// What to write to standard output [default: the configuration's, or human]
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
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

/// Formats as values that help and completions can list.
fn formats() -> impl TypedValueParser<Value = Format> {
    let values = Format::ALL.iter().map(|format| PossibleValue::new(format.name).help(format.about));
    PossibleValuesParser::new(values)
        .map(|name| Format::named(&name).expect("because only names of formats are possible values"))
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
