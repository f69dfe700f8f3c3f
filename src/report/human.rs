//! For people at a terminal: a diagnostic per finding, a table of services, one closing line.

use std::io::{self, Write};

use codespan_reporting::diagnostic::{self, Diagnostic};
use codespan_reporting::term::{self, Config, Styles, StylesWriter, termcolor};

use super::excerpt::{Excerpts, Spot};
use super::text::{BOLD, DIM, cut, pad, paint, verdict_style, width, wrap};
use super::{Context, excerpt, fleet, inert, text, words};
use crate::finding::{Finding, HistoryStatus, Judged, Label, Report, Severity, Status, Verdict};
use crate::service::Language;

/// More labels than this say less.
const MOST_LABELS: usize = 6;
/// More labels with the same words are counted.
const MOST_ALIKE: usize = 2;
/// Services that fit or are unjudged are folded beyond this many rows.
const MOST_ROWS: usize = 40;

/// Writes diagnostics, the table and the closing line.
pub fn write(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let is_fleet = !report.repositories.is_empty();
    let shown = |finding: &&Finding| context.all || finding.status == Status::New;
    let mut explained: Vec<&Finding> = Vec::new();
    // Of many repositories the table tells; every finding in full is for whoever asks.
    let told = !is_fleet || context.verbosity != 0;
    for finding in report.findings.iter().filter(shown).filter(|_| told) {
        let first = !explained.iter().any(|other| other.service == finding.service);
        write_finding(report, finding, first, context, out)?;
        explained.push(finding);
    }
    if context.verbosity < 0 {
        return Ok(());
    }
    if is_fleet {
        fleet::write(report, context, out)?;
    }
    write_history(report, context, out)?;
    if words::shown(report, context.all).next().is_some() && !(explained.is_empty() && is_calm(report, context)) {
        write_table(report, context, out)?;
    }
    write_left_out(report, context, out)?;
    write_comparison(report, context, out)?;
    write_closing(report, context, out)
}

/// Nothing to argue about, and nobody asked for everything.
fn is_calm(report: &Report, context: &Context) -> bool {
    let open = words::verdict_count(report, Verdict::Questioned) + words::verdict_count(report, Verdict::Contested);
    open == 0 && !context.all && context.verbosity == 0
}

fn write_finding(
    report: &Report,
    finding: &Finding,
    first: bool,
    context: &Context,
    out: &mut dyn Write,
) -> io::Result<()> {
    let labels = telling(&finding.labels);
    let more = finding.labels.len() - labels.len();
    let (excerpts, spots) = Excerpts::of(&labels, context);
    let mut notes = Notes { lines: Vec::new(), width: context.terminal.width.saturating_sub(8).max(30) };
    for (label, _) in labels.iter().zip(&spots).filter(|(_, spot)| spot.is_none()) {
        notes.add(&place_and_text(label));
    }
    if more > 0 {
        notes.add(&format!("and {}", words::counted(more, "more place", "more places")));
    }
    add_notes(&mut notes, report, finding, first);
    let diagnostic = Diagnostic::new(severity(finding.severity))
        .with_code(code(finding, context))
        .with_message(header(finding, context.terminal.width))
        .with_labels(code_labels(&labels, &spots))
        .with_notes(notes.lines);
    emit(&excerpts, &diagnostic, context, out)
}

/// The labels that say something new: at most two with the same words.
fn telling(labels: &[Label]) -> Vec<Label> {
    let mut kept: Vec<Label> = Vec::new();
    for label in labels {
        let same = kept.iter().filter(|other| other.text == label.text).count();
        if same < MOST_ALIKE && kept.len() < MOST_LABELS {
            kept.push(label.clone());
        }
    }
    kept
}

/// The policy's name, a link to its page where there is one and the terminal shows links.
fn code(finding: &Finding, context: &Context) -> String {
    let page = context.policies.iter().find(|page| page.id == finding.policy);
    let name = inert::terminal(&finding.policy).into_owned();
    match page.and_then(|page| page.url.as_deref()) {
        Some(url) if context.terminal.links.shown => excerpt::link(&inert::uri(url), &name),
        _ => name,
    }
}

/// The message, wrapped so that the words before it have room; what follows is set in like it.
fn header(finding: &Finding, width: usize) -> String {
    let status = match finding.status {
        Status::New => "",
        Status::Baseline => " (in the baseline)",
        Status::Allowed => " (allowed)",
    };
    let message = format!("{}{status}", inert::prose(&finding.message));
    let before = format!("{}[{}]: ", finding.severity.word(), inert::terminal(&finding.policy));
    // The first line is shorter by what stands before it: a word of that length holds its place.
    let held = "x".repeat(text::width(&before).saturating_sub(1));
    let lines = wrap(&format!("{held} {message}"), width.max(40));
    let lines = lines.join("\n        ");
    lines.strip_prefix(&held).unwrap_or(&lines).trim_start().to_owned()
}

fn severity(severity: Severity) -> diagnostic::Severity {
    match severity {
        Severity::Error => diagnostic::Severity::Error,
        Severity::Warning => diagnostic::Severity::Warning,
        Severity::Note => diagnostic::Severity::Note,
    }
}

fn code_labels(labels: &[Label], spots: &[Option<Spot>]) -> Vec<diagnostic::Label<usize>> {
    let mut out = Vec::new();
    for (index, (label, spot)) in labels.iter().zip(spots).enumerate() {
        let Some(spot) = spot else { continue };
        let style = if index == 0 { diagnostic::LabelStyle::Primary } else { diagnostic::LabelStyle::Secondary };
        out.push(
            diagnostic::Label::new(style, spot.file, spot.range.clone()).with_message(inert::terminal(&label.text)),
        );
    }
    out
}

fn place_and_text(label: &Label) -> String {
    let place = &label.location.place;
    let text = if label.text.is_empty() { String::new() } else { format!(": {}", label.text) };
    format!("{}:{}:{}{text}", label.location.path, place.line, place.column)
}

/// Notes below the excerpts, neutralised and wrapped.
struct Notes {
    lines: Vec<String>,
    width: usize,
}

impl Notes {
    fn add(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.lines.push(wrap(&inert::prose(text), self.width).join("\n"));
        }
    }
}

fn add_notes(notes: &mut Notes, report: &Report, finding: &Finding, first: bool) {
    if !finding.cites.is_empty() {
        notes.add(&words::leanings(&finding.cites));
    }
    let judged = words::judged(report, finding);
    if let Some(judged) = judged.filter(|_| first) {
        notes.add(&other_side(judged));
    }
    notes.add(&advice(finding));
    let Some(judged) = judged.filter(|_| first) else { return };
    for flip in judged.counterfactuals.iter().take(2) {
        notes.add(flip);
    }
    notes.add(&format!("`fitcheck explain {}` shows everything this rests on", judged.service.name));
}

/// `speaks for Go: cloud-native-service (001, 002), weaker here`.
fn other_side(judged: &Judged) -> String {
    let language = judged.service.language;
    let mut sides = Vec::new();
    for argument in judged.arguments.iter().filter(|argument| argument.favors == Some(language)) {
        let lean = if language == Language::Go { crate::finding::Lean::Go } else { crate::finding::Lean::Rust };
        let numbers = words::documents(&argument.cites, lean).join(", ");
        let cites = if numbers.is_empty() { String::new() } else { format!(" ({numbers})") };
        let weight = argument.strength.word();
        sides.push(format!("{}{cites}, {weight}", argument.policy));
    }
    if sides.is_empty() { String::new() } else { format!("speaks for {}: {}", language.name(), sides.join("; ")) }
}

fn advice(finding: &Finding) -> String {
    let text = finding.advice.text.trim();
    match &finding.advice.cost {
        Some(cost) if text.is_empty() => words::cost(cost),
        Some(cost) => format!("{}; {}", text.trim_end_matches('.'), words::cost(cost)),
        None => text.to_owned(),
    }
}

pub(super) fn emit(
    excerpts: &Excerpts,
    diagnostic: &Diagnostic<usize>,
    context: &Context,
    out: &mut dyn Write,
) -> io::Result<()> {
    let config = Config::default();
    let result = if context.terminal.color {
        let styles = Styles::default();
        let mut writer = StylesWriter::new(termcolor::Ansi::new(out), &styles);
        term::emit_to_write_style(&mut writer, &config, excerpts, diagnostic)
    } else {
        term::emit_to_io_write(out, &config, excerpts, diagnostic)
    };
    match result {
        Ok(()) => Ok(()),
        Err(codespan_reporting::files::Error::Io(error)) => Err(error),
        Err(error) => Err(io::Error::other(error)),
    }
}

fn write_history(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let Some(remedy) = &report.history.remedy else { return Ok(()) };
    let head = paint(context.terminal.color, BOLD, "note");
    let lines = wrap(&inert::prose(remedy), context.terminal.width.saturating_sub(6).max(30));
    writeln!(out, "{head}: {}\n", lines.join("\n      "))
}

/// One row of the table, as plain text.
struct Row<'a> {
    judged: &'a Judged,
    name: String,
    sides: Vec<String>,
}

fn write_table(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let (rows, folded) = rows(report, context);
    let total = context.terminal.width.max(60);
    let longest = rows.iter().map(|row| width(&row.name)).max().unwrap_or(0);
    let names = longest.clamp(7, total / 3);
    let roles = rows.iter().map(|row| row.judged.service.role.word().len()).max().unwrap_or(0).max(4);
    let color = context.terminal.color;
    let head =
        format!(" {}  lang  {}  verdict     for +, against −, contested ±", pad("service", names), pad("role", roles));
    writeln!(out, "{}", paint(color, DIM, &cut(&head, total)))?;
    for row in rows {
        let service = &row.judged.service;
        let verdict = row.judged.verdict;
        let fixed = 1 + names + 2 + 4 + 2 + roles + 2 + 10 + 2;
        let sides = fit(&row.sides, total.saturating_sub(fixed).max(12));
        let line = format!(
            " {}  {}  {}  {}  {sides}",
            pad(&cut(&row.name, names), names),
            pad(service.language.name(), 4),
            pad(service.role.word(), roles),
            paint(color, verdict_style(verdict), &pad(verdict.word(), 10)),
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    for (verdict, n) in folded {
        writeln!(out, " + {n} more {} (--all)", verdict.word())?;
    }
    writeln!(out)
}

/// Rows worst first; many that need no attention are folded into counts.
fn rows<'a>(report: &'a Report, context: &Context) -> (Vec<Row<'a>>, Vec<(Verdict, usize)>) {
    let mut judged: Vec<&Judged> = words::shown(report, context.all).collect();
    judged.sort_by_key(|judged| judged.verdict);
    let mut rows: Vec<Row> = Vec::new();
    let mut folded: Vec<(Verdict, usize)> = Vec::new();
    for judged in judged {
        let calm = matches!(judged.verdict, Verdict::Fits | Verdict::Unjudged);
        let is_full = rows.len() >= if report.repositories.is_empty() { MOST_ROWS } else { 0 };
        if calm && !context.all && is_full {
            match folded.iter_mut().find(|(verdict, _)| *verdict == judged.verdict) {
                Some((_, n)) => *n += 1,
                None => folded.push((judged.verdict, 1)),
            }
        } else {
            rows.push(Row { judged, name: shown_name(report, judged), sides: sides(judged) });
        }
    }
    (rows, folded)
}

fn shown_name(report: &Report, judged: &Judged) -> String {
    inert::terminal(&words::told_apart(report, judged)).into_owned()
}

fn sides(judged: &Judged) -> Vec<String> {
    let against = judged.questions.iter().map(|policy| format!("−{}", inert::terminal(policy)));
    let supports = judged.supports.iter().map(|policy| format!("+{}", inert::terminal(policy)));
    let is_listed = |policy: &String| judged.questions.contains(policy) || judged.supports.contains(policy);
    let open = judged.arguments.iter().filter(|argument| argument.contested && !is_listed(&argument.policy));
    let open = open.map(|argument| format!("±{}", inert::terminal(&argument.policy)));
    if judged.verdict == Verdict::Fits {
        supports.chain(against).chain(open).collect()
    } else {
        against.chain(supports).chain(open).collect()
    }
}

/// As many sides as fit, the rest as a number.
fn fit(sides: &[String], to: usize) -> String {
    for n in (1..=sides.len()).rev() {
        let rest = sides.len() - n;
        let mut line = sides[..n].join(" ");
        if rest > 0 {
            line += &format!(" … {rest} more");
        }
        if width(&line) <= to || n == 1 {
            return line;
        }
    }
    String::new()
}

fn write_left_out(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
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
        if !report.skipped.is_empty() && context.verbosity == 0 {
            left_out.push(format!("{} not read", words::counted(report.skipped.len(), "file", "files")));
        }
    }
    let counts = if left_out.is_empty() { String::new() } else { format!("{} (--all) · ", left_out.join(", ")) };
    let line = match report.repositories.is_empty() {
        true => format!("+ {counts}{}", history(report)),
        false if counts.is_empty() => return Ok(()),
        false => format!("+ {}", counts.trim_end_matches(" · ")),
    };
    let lines = wrap(&line, context.terminal.width.saturating_sub(3).max(30)).join("\n   ");
    writeln!(out, " {}\n", paint(context.terminal.color, DIM, &lines))
}

fn history(report: &Report) -> String {
    let history = &report.history;
    match history.status {
        HistoryStatus::Absent => "history: none".to_owned(),
        status => format!("history: {} months, {}", (history.window_days + 15) / 30, status.word()),
    }
}

fn write_closing(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
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
    writeln!(out, "{}", wrap(&line, context.terminal.width).join("\n"))
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

/// What a change did: each verdict that moved and why, what is gone, and what was there before, counted.
fn write_comparison(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let Some(comparison) = &report.comparison else { return Ok(()) };
    let mut lines = Vec::new();
    for change in &comparison.changes {
        let because = if change.why.is_empty() { "" } else { ", because " };
        let moved = words::change(change.before, change.after);
        let name = inert::terminal(&change.name);
        lines.push(format!("`{name}`: {moved}{because}{}", inert::terminal(&change.why)));
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
    let width = context.terminal.width.saturating_sub(4).max(30);
    for line in lines {
        writeln!(out, "  {}", wrap(&line, width).join("\n    "))?;
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::super::{Links, Terminal, sample};
    use super::*;

    fn rendered(report: &Report, edit: impl FnOnce(&mut Context)) -> String {
        let mut context = sample::context();
        edit(&mut context);
        let mut out = Vec::new();
        write(report, &context, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_finding_shows_its_places_and_both_sides() {
        let text = rendered(&sample::report(), |_| ());
        for piece in [
            "warning[tail-latency]: `ingest` promises 900 µs at p99.9, inside a collector's\n        reach",
            "┌─ ops/slo.yaml:3:14",
            "3 │   threshold: 0.0009   # seconds",
            "│              ^^^^^^ objective, 99.9 % of requests",
            "┌─ cmd/ingest/main.go:4:2",
            "----------------------- already tuning the collector",
            "= favours Rust: 000, 001 · favours Go: none on this point · undecided: 002",
            "= speaks for Go: cloud-native-service (000), weak",
            "= would fit again with a budget of 2 ms or more",
            "= `fitcheck explain ingest` shows everything this rests on",
            "  Go    service  questioned  −tail-latency",
            " + 1 tool not judged, 1 finding known or allowed, 1 file not read (--all)",
            "`ingest`: fits → questioned, because the budget in ops/slo.yaml:3 went from\n    20 ms to 900 µs\n",
        ] {
            assert!(text.contains(piece), "missing {piece:?} in\n{text}");
        }
        assert!(text.contains("about 1–3 engineer-months (002)"), "{text}");
    }

    #[test]
    fn hostile_text_stays_text() {
        for width in [20, 80, 200] {
            let text = rendered(&sample::report(), |context| context.terminal.width = width);
            assert!(text.chars().all(|c| c == '\n' || c == '\u{202f}' || !c.is_control()), "{text}");
            assert!(!text.contains('\u{202e}') && !text.contains("##["), "{text}");
            assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
        }
    }

    #[test]
    fn long_lines_are_cut_and_lines_keep_to_the_width() {
        let mut report = sample::report();
        report.findings.truncate(1);
        report.services.pop();
        let text = rendered(&report, |_| ());
        for line in text.lines() {
            assert!(width(line) <= 80, "{line:?}");
        }
        let wide = rendered(&sample::report(), |context| context.terminal.width = 200);
        assert!(wide.contains("TARGET"), "{wide}");
    }

    #[test]
    fn colour_is_ours_alone() {
        let links = Links { shown: true, root: Some("file:///r".to_owned()), positions: false };
        let terminal = Terminal { width: 80, color: true, links };
        let text = rendered(&sample::report(), |context| context.terminal = terminal.clone());
        assert!(text.contains("\u{1b}[") && text.contains("\u{1b}]8;;file:///r/ops/slo.yaml\u{1b}\\"), "{text}");
        assert!(!text.contains("\u{1b}[31m\u{202e}"));
    }

    #[test]
    fn nothing_to_say_is_said_calmly() {
        let mut report = sample::report();
        report.findings.clear();
        report.comparison = None;
        report.services.retain(|judged| judged.verdict == Verdict::Fits);
        let text = rendered(&report, |_| ());
        assert!(text.contains("1 service, fits or unjudged. No budget"), "{text}");
        assert!(!text.contains("verdict "), "{text}");
        let empty = rendered(&Report::default(), |_| ());
        assert!(empty.contains("no Go or Rust services found"), "{empty}");
    }

    #[test]
    fn a_missing_file_leaves_a_note() {
        let text = rendered(&sample::report(), |context| context.sources = &super::super::NoSources);
        assert!(text.contains("= ops/slo.yaml:3:14: objective, 99.9 % of requests"), "{text}");
    }
}
