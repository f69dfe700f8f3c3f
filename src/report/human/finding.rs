//! One finding as a diagnostic: its places in excerpts, and notes with the other side, advice and what would change it.

use std::io::{self, Write};

use codespan_reporting::diagnostic::{self, Diagnostic};
use codespan_reporting::term::{self, Config, Styles, StylesWriter, termcolor};

use crate::finding::{Finding, Judged, Label, Lean, Report, Severity, Status};
use crate::report::excerpt::{Excerpts, Spot};
use crate::report::text::{self, wrap};
use crate::report::{Context, excerpt, inert, words};
use crate::service::Language;

/// More labels than this say less.
const MOST_LABELS: usize = 6;
/// More labels with the same words are counted.
const MOST_ALIKE: usize = 2;

/// What an earlier finding about the same service has said already.
#[derive(Clone, Copy)]
pub(super) struct Said {
    /// Its other side, what would change the verdict, where to read more.
    pub(super) service: bool,
    pub(super) advice: bool,
}

pub(super) fn write_finding(
    report: &Report,
    finding: &Finding,
    said: Said,
    context: &Context,
    out: &mut dyn Write,
) -> io::Result<()> {
    let labels = telling(&finding.labels);
    let more = finding.labels.len() - labels.len();
    let (excerpts, spots) = Excerpts::of(&labels, context);
    let mut notes = Notes { lines: Vec::new(), width: context.terminal.prose(8) };
    for (label, _) in labels.iter().zip(&spots).filter(|(_, spot)| spot.is_none()) {
        notes.add(&place_and_text(label));
    }
    if more > 0 {
        notes.add(&format!("and {}", words::counted(more, "more place", "more places")));
    }
    add_notes(&mut notes, report, finding, said);
    let diagnostic = Diagnostic::new(severity(finding.severity))
        .with_code(code(finding, context))
        .with_message(header(finding, context.terminal.prose(0)))
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

fn add_notes(notes: &mut Notes, report: &Report, finding: &Finding, said: Said) {
    if !finding.cites.is_empty() {
        notes.add(&words::leanings(&finding.cites));
    }
    let judged = words::judged(report, finding);
    if let Some(judged) = judged.filter(|_| !said.service) {
        notes.add(&other_side(judged));
    }
    if !said.advice {
        notes.add(&advice(finding));
    }
    let Some(judged) = judged.filter(|_| !said.service) else { return };
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
        let lean = if language == Language::Go { Lean::Go } else { Lean::Rust };
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

pub(in crate::report) fn emit(
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
