//! The report in Markdown, block by block: what the Markdown formats put together and cut.
//!
//! Values from the repository stand in code spans only, or pass [`inert::markdown`]; nothing from it becomes a link,
//! an image, a mention or HTML.

use std::collections::BTreeSet;

use super::{inert, words};
use crate::finding::{Change, Finding, Judged, Label, Report, Status, Verdict};

/// One block per verdict that changed, worst first.
pub(super) fn changes(report: &Report) -> Vec<String> {
    let Some(comparison) = &report.comparison else { return Vec::new() };
    if comparison.changes.is_empty() {
        return vec![format!("No verdict changed since {}.", inert::markdown_code(&comparison.base))];
    }
    comparison.changes.iter().map(|item| change(report, item)).collect()
}

fn change(report: &Report, change: &Change) -> String {
    let concerns = |finding: &&Finding| {
        finding.status == Status::New
            && finding
                .service
                .as_ref()
                .is_some_and(|(root, language)| *root == change.root && *language == change.language)
    };
    let moved = words::change(change.before, change.after);
    let mut text = format!("**{}: {moved}**", inert::markdown_code(&change.name));
    text += &inert::markdown(&words::because(change));
    text.push('.');
    if let Some(finding) = report.findings.iter().find(concerns) {
        text += &format!(" {}.", inert::markdown(&words::leanings(&finding.cites)));
        if let Some(cost) = &finding.advice.cost {
            text += &format!(" What to do costs {}.", inert::markdown(&words::cost(cost)));
        }
    }
    text
}

/// `path:line` as code.
fn place(label: &Label) -> String {
    inert::markdown_code(&format!("{}:{}", label.location.path, label.location.place.line))
}

/// Findings of the base that are gone, and how many remain, in one block.
pub(super) fn resolved(report: &Report) -> Option<String> {
    let comparison = report.comparison.as_ref()?;
    let mut lines: Vec<String> = comparison
        .resolved
        .iter()
        .map(|gone| format!("- no longer: {} {}", inert::markdown_code(&gone.policy), inert::markdown(&gone.message)))
        .collect();
    if comparison.kept > 0 {
        lines.push(format!("- {} from before", words::counted(comparison.kept as usize, "finding is", "findings are")));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// One block per finding of a status.
pub(super) fn findings(report: &Report, status: Status) -> Vec<String> {
    let mut given = BTreeSet::new();
    let of_status = report.findings.iter().filter(|finding| finding.status == status);
    of_status.map(|item| finding(item, given.insert((&item.service, &item.advice.text)))).collect()
}

/// A finding with its places; its advice unless an earlier one about the same service gave the very same.
fn finding(finding: &Finding, advises: bool) -> String {
    let mut lines = vec![format!(
        "**{} {}**: {}\n",
        finding.severity.word(),
        inert::markdown_code(&finding.policy),
        inert::markdown(&finding.message)
    )];
    for label in &finding.labels {
        lines.push(format!("- {} {}", place(label), inert::markdown(&label.text)).trim_end().to_owned());
    }
    if !finding.cites.is_empty() {
        lines.push(format!("- {}", inert::markdown(&words::leanings(&finding.cites))));
    }
    if !advises {
        return lines.join("\n");
    }
    let advice = inert::markdown(finding.advice.text.trim());
    match &finding.advice.cost {
        Some(cost) => {
            lines.push(format!("- {} ({})", advice.trim_end_matches('.'), inert::markdown(&words::cost(cost))))
        }
        None if advice.is_empty() => (),
        None => lines.push(format!("- {advice}")),
    }
    lines.join("\n")
}

/// The table of services as one block per so many rows; the first carries the head.
pub(super) fn services(report: &Report, all: bool) -> Vec<String> {
    let mut judged: Vec<&Judged> = words::shown(report, all).collect();
    judged.sort_by_key(|judged| judged.verdict);
    let rows: Vec<String> = judged.into_iter().map(|judged| row(report, judged)).collect();
    rows.chunks(200).map(|rows| format!("{TABLE_HEAD}{}", rows.join("\n"))).collect()
}

const TABLE_HEAD: &str = "| service | language | role | verdict | against | for |\n|---|---|---|---|---|---|\n";

fn row(report: &Report, judged: &Judged) -> String {
    let service = &judged.service;
    let list =
        |policies: &[String]| policies.iter().map(|id| inert::markdown_code_cell(id)).collect::<Vec<_>>().join(" ");
    let verdict = match judged.verdict {
        Verdict::Questioned | Verdict::Contested => format!("**{}**", judged.verdict.word()),
        Verdict::Fits | Verdict::Unjudged => judged.verdict.word().to_owned(),
    };
    format!(
        "| {} | {} | {} | {verdict} | {} | {} |",
        inert::markdown_code_cell(&words::told_apart(report, judged)),
        service.language.name(),
        service.role.word(),
        list(&judged.questions),
        list(&judged.supports),
    )
}

/// What could not be read or judged, in one block; none where there is nothing to say.
pub(super) fn caveats(report: &Report) -> Option<String> {
    let mut lines = Vec::new();
    if let Some(remedy) = &report.history.remedy {
        lines.push(format!("- {}", inert::markdown(remedy)));
    }
    if !report.skipped.is_empty() {
        let inputs = words::counted(report.skipped.len(), "input was", "inputs were");
        lines.push(format!("- {inputs} not, or not fully, read"));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Joins blocks up to a number of bytes; says how many are left out.
pub(super) fn join(blocks: &[String], limit: usize) -> String {
    /// Room for the line that counts what is left out.
    const RESERVE: usize = 200;
    let mut out = String::new();
    for (index, block) in blocks.iter().enumerate() {
        if out.len() + block.len() + 2 + RESERVE > limit {
            let left = blocks.len() - index;
            out.push_str(&format!(
                "_{} left out for size; the JSON report has them._\n",
                words::counted(left, "block", "blocks")
            ));
            return out;
        }
        out.push_str(block);
        out.push_str("\n\n");
    }
    out
}
