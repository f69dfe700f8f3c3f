//! A report to where the user wants it, and the exit status that it means.

use std::io::{self, Write as _};

use fitcheck::cli::Delivery;
use fitcheck::exit::{self, Exit};
use fitcheck::finding::{Report, Severity};
use fitcheck::report::{Context, inert};
use fitcheck::{cache, output};

/// Writes the files, then standard output; `configured` is the severity that the configuration fails on.
pub(crate) fn deliver(
    delivery: &Delivery,
    report: &Report,
    context: &Context,
    configured: Option<Severity>,
) -> anyhow::Result<Exit> {
    let outputs: Vec<_> = delivery.output.iter().map(|output| (output.format, output.path.clone())).collect();
    output::write_all(report, context, &outputs)?;
    crate::print(|out| delivery.format.write(report, context, out))?;
    let exit = Exit::of(report, threshold(delivery, configured), is_strict(delivery));
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
