//! The table of services: verdict, and the policies on either side as far as they fit the line.

use std::io::{self, Write};

use crate::finding::{Judged, Report, Verdict};
use crate::report::text::{DIM, cut, pad, paint, verdict_style, width, wrap};
use crate::report::{Context, inert, words};

/// Services that fit or are unjudged are folded beyond this many rows.
const MOST_ROWS: usize = 40;

/// What the signs of the last column mean, in as many words as there is room for.
const SIDES: [&str; 3] = ["for +, against −, contested ±", "+ for, − against, ± open", "+ for, − against"];

/// One row of the table, as plain text.
struct Row<'a> {
    judged: &'a Judged,
    name: String,
    sides: Vec<String>,
}

pub(super) fn write_table(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let (rows, folded) = rows(report, context);
    let total = context.terminal.width.max(60);
    let longest = rows.iter().map(|row| width(&row.name)).max().unwrap_or(0);
    let names = longest.clamp(7, total / 3);
    let roles = rows.iter().map(|row| row.judged.service.role.word().len()).max().unwrap_or(0).max(4);
    let color = context.terminal.color;
    let fixed = 1 + names + 2 + 4 + 2 + roles + 2 + 10 + 2;
    let room = total.saturating_sub(fixed).max(12);
    let sides = SIDES.iter().find(|words| width(words) <= room).unwrap_or(&"");
    let head = format!(" {}  lang  {}  verdict     {sides}", pad("service", names), pad("role", roles));
    writeln!(out, "{}", paint(color, DIM, &cut(head.trim_end(), total)))?;
    for row in rows {
        let service = &row.judged.service;
        let verdict = row.judged.verdict;
        // Why a verdict is open to question is told in full, why one fits as far as the line goes.
        let open = matches!(verdict, Verdict::Questioned | Verdict::Contested);
        let lines = if open { wrap(&row.sides.join(" "), room) } else { vec![fit(&row.sides, room)] };
        let mut lines = lines.into_iter().map(|line| cut(&line, room));
        let line = format!(
            " {}  {}  {}  {}  {}",
            pad(&cut(&row.name, names), names),
            pad(service.language.name(), 4),
            pad(service.role.word(), roles),
            paint(color, verdict_style(verdict), &pad(verdict.word(), 10)),
            lines.next().unwrap_or_default(),
        );
        writeln!(out, "{}", line.trim_end())?;
        for more in lines {
            writeln!(out, "{}{more}", " ".repeat(fixed))?;
        }
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

/// As many sides as fit, the rest as a number, or as dots where there is no room for one.
fn fit(sides: &[String], to: usize) -> String {
    for n in (1..=sides.len()).rev() {
        let line = sides[..n].join(" ");
        let rest = match sides.len() - n {
            0 => String::new(),
            more => format!(" … {more} more"),
        };
        let short = if rest.is_empty() { "" } else { " …" };
        if let Some(rest) = [rest.as_str(), short].into_iter().find(|rest| width(&line) + width(rest) <= to) {
            return line + rest;
        }
        if n == 1 {
            return cut(&line, to);
        }
    }
    String::new()
}
