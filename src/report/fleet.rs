//! A report about many repositories, as text: a row a repository, worst first, and the services to look at.

use std::cmp::Reverse;
use std::io::{self, Write};

use super::text::{BOLD, DIM, cut, pad, paint, width, wrap};
use super::{Context, inert, words};
use crate::finding::{HistoryStatus, Member, Report};

/// Repositories in which nothing is to be looked at are folded beyond this many rows.
const MOST_ROWS: usize = 60;

/// The repositories, those first in which most is to be looked at.
pub(super) fn worst_first(report: &Report) -> Vec<&Member> {
    let mut members: Vec<&Member> = report.repositories.iter().collect();
    members.sort_by_key(|member| (Reverse(member.questioned), Reverse(member.contested), &member.name));
    members
}

/// `12 months, full`.
pub(super) fn history(member: &Member) -> String {
    match member.history.status {
        HistoryStatus::Absent => "none".to_owned(),
        status => format!("{} months, {}", (member.history.window_days + 15) / 30, status.word()),
    }
}

/// `3 repositories: 1 questioned, 5 fit`.
pub(super) fn headline(report: &Report) -> String {
    format!("{}: {}", words::counted(report.repositories.len(), "repository", "repositories"), words::verdicts(report))
}

/// A number, or a sign that is easier to pass over than a zero.
fn number(n: usize) -> String {
    if n == 0 { "–".to_owned() } else { n.to_string() }
}

/// The columns of numbers.
pub(super) fn numbers(member: &Member) -> [String; 6] {
    [member.go, member.rust, member.questioned, member.contested, member.fits, member.unjudged].map(number)
}

pub(super) const COLUMNS: [&str; 6] = ["Go", "Rust", "questioned", "contested", "fits", "unjudged"];

/// Writes the table of repositories.
pub(super) fn write(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let color = context.terminal.color;
    let members = worst_first(report);
    let calm = |member: &&&Member| member.questioned + member.contested == 0;
    let shown =
        if context.all { members.len() } else { MOST_ROWS.max(members.iter().take_while(|m| !calm(m)).count()) };
    let fixed: usize = COLUMNS.iter().map(|column| column.len() + 2).sum();
    let longest = members.iter().take(shown).map(|member| width(&inert::terminal(&member.name))).max().unwrap_or(0);
    let names = longest.clamp(10, context.terminal.width.max(60).saturating_sub(fixed + 1).max(10));
    let head: String = COLUMNS.iter().map(|column| format!("  {column}")).collect();
    writeln!(out, "{}", paint(color, DIM, &format!(" {}{head}", pad("repository", names))))?;
    for member in members.iter().take(shown) {
        let name = pad(&cut(&inert::terminal(&member.name), names), names);
        let name = if calm(&member) { name } else { paint(color, BOLD, &name) };
        let cells = numbers(member).into_iter().zip(COLUMNS);
        let row: String = cells.map(|(cell, column)| format!("  {cell:>width$}", width = column.len())).collect();
        writeln!(out, " {name}{row}")?;
    }
    if members.len() > shown {
        writeln!(out, " + {} (--all)", words::counted(members.len() - shown, "more repository", "more repositories"))?;
    }
    writeln!(out)?;
    write_short(&members, context, out)
}

/// Says whose history cannot tell: figures of their teams are unknown.
fn write_short(members: &[&Member], context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let short: Vec<&str> = members
        .iter()
        .filter(|member| member.history.status != HistoryStatus::Full)
        .map(|member| member.name.as_str())
        .collect();
    if short.is_empty() {
        return Ok(());
    }
    let count = words::counted(short.len(), "repository has", "repositories have");
    let names = short.iter().take(5).copied().collect::<Vec<_>>().join(", ");
    let more = if short.len() > 5 { ", …" } else { "" };
    let line = format!("{count} no full history, so their team and specification figures are unknown: {names}{more}");
    let lines = wrap(&inert::prose(&line), context.terminal.prose(6));
    writeln!(out, "{}: {}\n", paint(context.terminal.color, BOLD, "note"), lines.join("\n      "))
}

/// The table of repositories in Markdown, so many rows a block; the first carries the head.
pub(super) fn blocks(report: &Report) -> Vec<String> {
    let rows: Vec<String> = worst_first(report)
        .into_iter()
        .map(|member| {
            let name = inert::markdown_code_cell(&member.name);
            format!("| {name} | {} | {} |", numbers(member).join(" | "), history(member))
        })
        .collect();
    let head =
        format!("| repository | {} | history |\n|---|{}---|\n", COLUMNS.join(" | "), "---:|".repeat(COLUMNS.len()));
    rows.chunks(200).map(|rows| format!("{head}{}", rows.join("\n"))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Format, sample};
    use super::*;
    use crate::fleet;

    fn rendered(format: &str, edit: impl FnOnce(&mut Context)) -> String {
        let hostile = "org/\u{1b}[31m<script>|::error::`x`\n";
        let reports = ["org/a", "org/b", hostile].map(|name| (name.to_owned(), sample::report()));
        let mut calm = sample::report();
        calm.services.retain(|judged| judged.verdict == crate::finding::Verdict::Fits);
        calm.findings.clear();
        let fleet = fleet::merge(reports.into_iter().chain([("org/calm".to_owned(), calm)]).collect());
        let mut context = sample::context();
        context.sources = &super::super::NoSources;
        edit(&mut context);
        let mut out = Vec::new();
        Format::named(format).unwrap().write(&fleet, &context, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn repositories_stand_worst_first_and_lines_keep_to_the_width() {
        let text = rendered("human", |_| ());
        let at = |piece: &str| text.find(piece).unwrap_or_else(|| panic!("{piece} in\n{text}"));
        assert!(at(" org/a ") < at(" org/b ") && at(" org/b ") < at(" org/calm "), "{text}");
        assert!(at("  questioned  contested") < at("4 repositories: 3 questioned"), "{text}");
        assert!(text.contains(" org/a/cmd/ingest") || text.contains("(org/a/cmd/ingest)"), "{text}");
        for line in text.lines() {
            assert!(width(line) <= 80, "{line:?}");
            assert!(!line.trim_start().starts_with("::") && !line.contains('\u{1b}'), "{line:?}");
        }
    }

    #[test]
    fn every_format_names_the_repositories() {
        for format in Format::ALL {
            let text = rendered(format.name, |_| ());
            if !matches!(format.name, "outputs" | "comment") {
                assert!(text.contains("org/b"), "{}:\n{text}", format.name);
            }
            assert!(format.name != "html" || !text.contains("<script>|"));
        }
        assert!(rendered("markdown", |_| ()).contains("| `org/calm` | 1 | – | – | – | 1 | – | 12 months, full |"));
        assert!(rendered("html", |_| ()).contains("<h2 id=\"repositories\">"));
    }
}
