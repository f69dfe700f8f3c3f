//! A report to where the user wants it, and the exit status that it means.

use std::io::{self, Write as _};

use fitcheck::cli::Delivery;
use fitcheck::config::Config;
use fitcheck::exit::{self, Exit};
use fitcheck::finding::{Report, Severity};
use fitcheck::report::{Context, Format, inert};
use fitcheck::{cache, output};

/// What the configuration says about delivery.
#[derive(Clone, Copy, Default)]
pub(crate) struct Configured {
    pub(crate) format: Option<Format>,
    pub(crate) fail_on: Option<Severity>,
}

impl Configured {
    pub(crate) fn of(config: &Config) -> Configured {
        Configured { format: config.format, fail_on: config.fail_on }
    }
}

/// Writes the files, then standard output, in what the configuration asks for where the command line does not.
pub(crate) fn deliver(
    delivery: &Delivery,
    report: &Report,
    context: &Context,
    configured: Configured,
) -> anyhow::Result<Exit> {
    let outputs: Vec<_> = delivery.output.iter().map(|output| (output.format, output.path.clone())).collect();
    let format = delivery.format.or(configured.format).unwrap_or(Format::ALL[0]);
    output::write_all(report, context, &outputs)?;
    crate::print(|out| format.write(report, context, out))?;
    let exit = Exit::of(report, threshold(delivery, configured.fail_on), is_strict(delivery));
    if exit == Exit::Failed {
        tell_lost(report)?;
    }
    Ok(exit)
}

/// The command line's wish, then the configuration's.
fn threshold(delivery: &Delivery, configured: Option<Severity>) -> Option<Severity> {
    match delivery.fail_on {
        _ if delivery.exit_zero => None,
        Some(asked) => asked.threshold(),
        None => configured.or(Some(Severity::Warning)),
    }
}

/// What CI lets pass, nobody looks at again.
fn is_strict(delivery: &Delivery) -> bool {
    delivery.strict || !delivery.no_strict && cache::is_ci()
}

/// Says what was lost; the whole list is in the reports.
fn tell_lost(report: &Report) -> io::Result<()> {
    const SHOWN: usize = 10;
    let lost: Vec<_> = exit::lost(report).collect();
    let mut out = io::stderr();
    for problem in lost.iter().take(SHOWN) {
        let line = format!("not read: {}: {}", problem.path, problem.reason);
        writeln!(out, "{}", inert::terminal(&line))?;
    }
    if lost.len() > SHOWN {
        writeln!(out, "… and {} more", lost.len() - SHOWN)?;
    }
    writeln!(out, "error: a verdict may hang on what was not read; `--no-strict` lets that pass")
}
