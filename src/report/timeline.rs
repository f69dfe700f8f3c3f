//! `fitcheck history`: the points of a timeline as a table, the turns as sentences; or both as JSON.

use std::io::{self, Write};

use serde::Serialize;

use super::text::{BOLD, DIM, cut, pad, paint, verdict_style, width, wrap};
use super::{Context, inert, words};
use crate::finding::Verdict;
use crate::git::line::Dated;
use crate::timeline::{Point, State, Timeline, Turn, day};

/// Letters of a commit's name that are shown.
const SHORT: usize = 10;

/// Writes the table and the sentences.
pub fn write(timeline: &Timeline, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let color = context.terminal.color;
    let title = format!("{}: {} service in {}", timeline.name, timeline.language.name(), timeline.root);
    writeln!(out, "{}\n", paint(color, BOLD, &inert::terminal(&title)))?;
    let longest = timeline.points.iter().map(|point| width(&point.at)).max().unwrap_or(0).clamp(5, 24);
    let head = format!(
        " {}  {}  {}  verdict     questioned by",
        pad(timeline.by.word(), longest),
        pad("date", 10),
        pad("commit", SHORT)
    );
    writeln!(out, "{}", paint(color, DIM, &head))?;
    for point in &timeline.points {
        let at = pad(&cut(&inert::terminal(&point.at), longest), longest);
        let lead = format!(" {at}  {}  {}  ", day(point.commit.time), short(point.commit));
        let room = context.terminal.width.saturating_sub(width(&lead) + 12).max(20);
        let (verdict, more) = of_state(timeline, point);
        let verdict = match &point.state {
            State::Judged { verdict: judged, .. } => paint(color, verdict_style(*judged), &pad(verdict, 12)),
            _ => pad(verdict, 12),
        };
        writeln!(out, "{}", format!("{lead}{verdict}{}", cut(&inert::terminal(&more), room)).trim_end())?;
    }
    for turn in &timeline.turns {
        write_turn(turn, context, out)?;
    }
    if timeline.turns.is_empty() {
        let unknown = timeline.points.iter().any(|point| matches!(point.state, State::Unknown(_)));
        let which = if unknown { "those of these points that can be judged" } else { "these points" };
        writeln!(out, "\nIts verdict did not change between {which}.")?;
    }
    for note in &timeline.notes {
        let lines = wrap(&inert::terminal(note), context.terminal.prose(6));
        writeln!(out, "\nnote: {}", lines.join("\n      "))?;
    }
    Ok(())
}

fn short(commit: Dated) -> String {
    commit.commit.to_hex_with_len(SHORT).to_string()
}

/// The verdict's word, and what questions it, or where it lay under another name.
fn of_state<'a>(timeline: &Timeline, point: &'a Point) -> (&'a str, String) {
    match &point.state {
        State::Absent => ("not there", String::new()),
        State::Unknown(reason) => ("unknown", reason.clone()),
        State::Judged { verdict, name, root, questions } => {
            let mut more = questions.clone();
            if *root != timeline.root {
                more.push(format!("(as {name} in {root})"));
            }
            (verdict.word(), more.join(" "))
        }
    }
}

fn write_turn(turn: &Turn, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let moved = words::change(turn.before, turn.after);
    let text = match turn.commit {
        Some(commit) => {
            let because = if turn.why.is_empty() { "" } else { ", because " };
            format!("{}  {}  {moved}{because}{}", day(commit.time), short(commit), turn.why)
        }
        None => format!(
            "between {} and {}: {moved}; which commit did it is unknown: {}",
            turn.between.0, turn.between.1, turn.why
        ),
    };
    let lines = wrap(&inert::terminal(&text), context.terminal.prose(6));
    writeln!(out, "\n {}", lines.join("\n     "))
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    service: Service<'a>,
    by: &'static str,
    points: Vec<PointRow<'a>>,
    turns: Vec<TurnRow<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Service<'a> {
    name: &'a str,
    root: &'a str,
    language: &'static str,
}

#[derive(Serialize)]
struct PointRow<'a> {
    at: &'a str,
    commit: String,
    date: String,
    /// `judged`, `absent` or `unknown`.
    state: &'static str,
    verdict: Option<&'static str>,
    name: Option<&'a str>,
    root: Option<&'a str>,
    questions: &'a [String],
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct TurnRow<'a> {
    between: [&'a str; 2],
    before: Option<&'static str>,
    after: Option<&'static str>,
    commit: Option<String>,
    date: Option<String>,
    why: &'a str,
}

/// Writes the same for machines, with whole commit ids.
pub fn write_json(timeline: &Timeline, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        schema_version: super::json::SCHEMA_VERSION,
        service: Service { name: &timeline.name, root: &timeline.root, language: timeline.language.word() },
        by: timeline.by.word(),
        points: timeline.points.iter().map(point).collect(),
        turns: timeline.turns.iter().map(turn).collect(),
        notes: &timeline.notes,
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

fn point(point: &Point) -> PointRow<'_> {
    let mut row = PointRow {
        at: &point.at,
        commit: point.commit.commit.to_string(),
        date: day(point.commit.time).to_string(),
        state: "absent",
        verdict: None,
        name: None,
        root: None,
        questions: &[],
        reason: None,
    };
    match &point.state {
        State::Absent => {}
        State::Unknown(reason) => {
            row.state = "unknown";
            row.reason = Some(reason);
        }
        State::Judged { verdict, name, root, questions } => {
            row.state = "judged";
            row.verdict = Some(verdict.word());
            (row.name, row.root, row.questions) = (Some(name.as_str()), Some(&**root), questions);
        }
    }
    row
}

fn turn(turn: &Turn) -> TurnRow<'_> {
    TurnRow {
        between: [&turn.between.0, &turn.between.1],
        before: turn.before.map(Verdict::word),
        after: turn.after.map(Verdict::word),
        commit: turn.commit.map(|commit| commit.commit.to_string()),
        date: turn.commit.map(|commit| day(commit.time).to_string()),
        why: &turn.why,
    }
}
