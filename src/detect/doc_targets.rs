//! Latency targets stated in documents.
//!
//! *Looks for*: Markdown and its relatives: sentences and list items that oblige (`p99 must stay below 5 ms`), items
//! and rows under headings that announce targets, table columns headed target, budget or SLO. Code blocks, change
//! logs and release notes are not read.
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from a document, for the services at or near it.
//! *Misses*: targets without a bound or a unit, tables without a header, figures in pictures.
//! *Example*: `| p99 latency | 12 ms | < 5 ms |` under `| Metric | Current | Target |`.

use std::ops::Range;

use super::Facts;
use super::latency::{self, Budget};
use super::prose::{self, Target};
use crate::fact::{Binding, LatencySource, Subject};
use crate::source::Text;

pub(super) fn detect(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    if is_chronicle(text.path) || !prose::may_hold_figure(text.text) {
        return;
    }
    let mut targets = Vec::new();
    for block in blocks(text.text) {
        let body = &text.text[block.range.clone()];
        if !prose::may_hold_figure(body) {
            continue;
        }
        match &block.columns {
            Some(columns) => targets.extend(row_targets(body, block.range.start, columns, block.promised)),
            None => {
                for sentence in prose::sentences(&body.replace('\n', " ")) {
                    let start = block.range.start + sentence.start;
                    targets.extend(prose::sentence_targets(&body[sentence].replace('\n', " "), start, block.promised));
                }
            }
        }
    }
    for Target { range, limit, percentile } in targets {
        let budget = Budget {
            limit,
            percentile,
            source: LatencySource::Doc,
            subject: Subject::Answering,
            binding: Binding::Here,
        };
        latency::add(facts, range, budget);
    }
}

/// Files that tell what was, not what must be.
fn is_chronicle(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    ["changelog", "changes", "release", "history", "blog", "news", "whatsnew", "casestud", "case-stud", "articles"]
        .iter()
        .any(|word| path.contains(word))
}

/// A paragraph, a list item or a table's row.
struct Block {
    range: Range<usize>,
    /// The nearest heading announces targets.
    promised: bool,
    /// The headings of the columns, where it is a row.
    columns: Option<Vec<String>>,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut at, mut fenced, mut promised, mut open) = (0, false, false, false);
    let mut columns: Option<Vec<String>> = None;
    for line in text.split_inclusive('\n') {
        let range = at..at + line.len();
        at += line.len();
        let body = line.trim();
        if body.starts_with("```") || body.starts_with("~~~") {
            fenced = !fenced;
        }
        let row = body.starts_with('|');
        if fenced || body.is_empty() || body.starts_with('#') {
            if body.starts_with('#') && !fenced {
                promised = prose::heading_promises(body);
            }
            open = false;
        } else if row {
            open = false;
            match &columns {
                Some(columns) => blocks.push(Block { range, promised, columns: Some(columns.clone()) }),
                None => columns = Some(cells(body).map(|(_, cell)| cell.trim().to_lowercase()).collect()),
            }
        } else if open && !is_item(body) {
            // The open block ends where this line starts.
            if let Some(block) = blocks.last_mut() {
                block.range.end = range.end;
            }
        } else {
            blocks.push(Block { range, promised, columns: None });
            open = true;
        }
        if !row {
            columns = None;
        }
    }
    blocks
}

fn is_item(line: &str) -> bool {
    line.starts_with("- ") || line.starts_with("* ") || line.starts_with("+ ") || {
        let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
        rest.len() < line.len() && (rest.starts_with(". ") || rest.starts_with(") "))
    }
}

/// The cells of a row with their offsets.
fn cells(row: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    let parts = row.split('|').map(move |cell| {
        let start = at;
        at += cell.len() + 1;
        (start, cell)
    });
    parts.skip(1)
}

fn row_targets(row: &str, base: usize, columns: &[String], promised: bool) -> Vec<Target> {
    let indent = row.len() - row.trim_start().len();
    let promising: Vec<bool> = columns.iter().map(|column| is_target_column(column)).collect();
    if promising.iter().any(|&yes| yes) {
        if !prose::row_is_about_latency(row) && !columns.iter().any(|column| column.contains("latency")) {
            return Vec::new();
        }
        let cells = cells(row.trim()).enumerate().filter(|(index, _)| promising.get(*index).copied().unwrap_or(false));
        return cells.filter_map(|(_, (start, cell))| prose::cell_target(cell, row, base + indent + start)).collect();
    }
    // Columns of results make every figure of the row one.
    let measured = columns.iter().any(|column| {
        ["result", "actual", "measured", "current", "before", "after"].iter().any(|word| column.contains(word))
    });
    if measured { Vec::new() } else { prose::sentence_targets(row, base, promised) }
}

fn is_target_column(column: &str) -> bool {
    let words = ["target", "budget", "slo", "objective", "requirement", "goal", "nfr"];
    column.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word.trim_end_matches('s')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str) -> Vec<String> {
        latency::test::text(detect, "docs/design.md", source)
    }

    #[test]
    fn sentences_items_and_tables() {
        assert_eq!(check("# A\n\nThe p99 latency must\nstay below 5 ms. It is.\n"), ["p99 5000us Doc [Here] @4"]);
        assert_eq!(check("## Performance targets\n- p99.9 < 1 ms\n- memory < 1 GB\n"), ["p99.9 1000us Doc [Here] @2"]);
        let table =
            "| Metric | Current | Target |\n|---|---|---|\n| p99 latency | 12 ms | < 5 ms |\n| size | 3 s | 4 s |\n";
        assert_eq!(check(table), ["p99 5000us Doc [Here] @3"]);
    }

    #[test]
    fn results_code_and_chronicles_are_none() {
        assert!(check("p99 stayed under 4 ms, the target.\n").is_empty());
        assert!(check("```\ntarget: p99 < 5 ms\n```\n").is_empty());
        assert!(check("| Target | p99 |\n|---|---|\n| linux | 4 ms |\n").is_empty());
        assert!(check("| Run | p99 result |\n|---|---|\n| must | < 4 ms |\n").is_empty());
        assert!(latency::test::text(detect, "CHANGELOG.md", "p99 must stay below 5 ms\n").is_empty());
    }
}
