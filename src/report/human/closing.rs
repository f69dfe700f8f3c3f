//! What stands around the table: what history lacks, what was left out, what a change did, and the closing line.

use std::io::{self, Write};

use super::is_calm;
use crate::finding::{HistoryStatus, Report, Status};
use crate::report::text::{BOLD, DIM, paint, wrap};
use crate::report::{Context, excerpt, fleet, inert, words};

pub(super) fn write_history(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let Some(remedy) = &report.history.remedy else { return Ok(()) };
    let head = paint(context.terminal.color, BOLD, "note");
    let lines = wrap(&inert::prose(remedy), context.terminal.prose(6));
    writeln!(out, "{head}: {}\n", lines.join("\n      "))
}

pub(super) fn write_left_out(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    if context.all || context.verbosity > 0 {
        for (figure, at) in report.unbound.iter().filter_map(|figure| Some((&figure.value, figure.evidence.first()?))) {
            let name = excerpt::name(&at.path, Some(&at.place), context);
            let figure = words::latency(figure);
            writeln!(out, " of no service here: {name}:{}: {}", at.place.line, inert::terminal(&figure))?;
        }
        for problem in &report.skipped {
            let name = excerpt::name(&problem.path, problem.place.as_ref(), context);
            writeln!(out, " not read: {name}: {}", inert::terminal(&problem.reason))?;
        }
    }
    let tools = report.services.len() - words::shown(report, false).count();
    let accepted = report.findings.iter().filter(|finding| finding.status != Status::New).count();
    let mut left_out = Vec::new();
    if !context.all {
        if tools > 0 {
            left_out.push(format!("{} not judged", words::counted(tools, "tool", "tools")));
        }
        if accepted > 0 {
            left_out.push(format!("{} known or allowed", words::counted(accepted, "finding", "findings")));
        }
        if !report.unbound.is_empty() && context.verbosity == 0 {
            let figures = words::counted(report.unbound.len(), "latency figure", "latency figures");
            left_out.push(format!("{figures} of no service"));
        }
        if !report.skipped.is_empty() && context.verbosity == 0 {
            left_out.push(format!("{} not read", words::counted(report.skipped.len(), "file", "files")));
        }
    }
    let counts = if left_out.is_empty() { String::new() } else { format!("{} (--all) · ", left_out.join(", ")) };
    // Of many repositories the table tells; where a note says what is wrong with it, that is enough.
    let is_told = !report.repositories.is_empty() || report.history.remedy.is_some();
    let line = match is_told {
        false => format!("+ {counts}{}", history(report)),
        true if counts.is_empty() => return Ok(()),
        true => format!("+ {}", counts.trim_end_matches(" · ")),
    };
    let lines = wrap(&line, context.terminal.prose(3)).join("\n   ");
    writeln!(out, " {}\n", paint(context.terminal.color, DIM, &lines))
}

fn history(report: &Report) -> String {
    let history = &report.history;
    match history.status {
        HistoryStatus::Absent => "history: none".to_owned(),
        status => format!("history: {} months, {}", (history.window_days + 15) / 30, status.word()),
    }
}

/// What a change did: each verdict that moved and why, what is gone, and what was there before, counted.
pub(super) fn write_comparison(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let Some(comparison) = &report.comparison else { return Ok(()) };
    let mut lines = Vec::new();
    for change in &comparison.changes {
        let moved = words::change(change.before, change.after);
        let name = inert::terminal(&change.name);
        lines.push(format!("`{name}`: {moved}{}", inert::terminal(&words::because(change))));
    }
    for gone in &comparison.resolved {
        lines.push(format!("resolved {}: {}", inert::terminal(&gone.policy), inert::terminal(&gone.message)));
    }
    if comparison.kept > 0 {
        let hint = if context.all { "" } else { "; --all lists them" };
        let kept = words::counted(comparison.kept as usize, "finding was", "findings were");
        lines.push(format!("{kept} there before{hint}"));
    }
    if lines.is_empty() {
        return Ok(());
    }
    let head = format!("since {}", inert::terminal(&comparison.base));
    writeln!(out, "{}", paint(context.terminal.color, BOLD, &head))?;
    let width = context.terminal.prose(4);
    for line in lines {
        writeln!(out, "  {}", wrap(&line, width).join("\n    "))?;
    }
    writeln!(out)
}

pub(super) fn write_closing(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let services = words::shown(report, false).count();
    let line = if services > 0 && is_calm(report, context) {
        format!(
            "{} or unjudged. No budget, FFI surface or churn speaks against any of them; what would is listed by \
             `fitcheck explain SERVICE`.{}",
            if services == 1 { "1 service, fits".to_owned() } else { format!("{services} services, all fit") },
            changes(report)
        )
    } else {
        let verdicts = if report.repositories.is_empty() { words::verdicts(report) } else { fleet::headline(report) };
        format!("{verdicts}.{}", changes(report))
    };
    writeln!(out, "{}", wrap(&line, context.terminal.prose(0)).join("\n"))
}

/// ` Since main: 1 verdict changed.`
fn changes(report: &Report) -> String {
    let Some(comparison) = &report.comparison else { return String::new() };
    let base = inert::terminal(&comparison.base);
    match comparison.changes.len() {
        0 => format!(" No verdict changed since {base}."),
        n => format!(" {} since {base}.", words::counted(n, "verdict changed", "verdicts changed")),
    }
}
