//! For people at a terminal: a diagnostic per finding, a table of services, one closing line.

mod closing;
mod finding;
mod table;

use std::collections::BTreeSet;
use std::io::{self, Write};

use self::closing::{write_closing, write_comparison, write_history, write_left_out};
use self::finding::{Said, write_finding};
use self::table::write_table;
use super::{Context, fleet, words};
use crate::finding::{Finding, Report, Status, Verdict};

pub(super) use finding::emit;

/// Writes diagnostics, the table and the closing line.
pub fn write(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let is_fleet = !report.repositories.is_empty();
    let shown = |finding: &&Finding| context.all || finding.status == Status::New;
    let (mut explained, mut advised) = (BTreeSet::new(), BTreeSet::new());
    // Of many repositories the table tells; every finding in full is for whoever asks.
    let told = !is_fleet || context.verbosity != 0;
    for finding in report.findings.iter().filter(shown).filter(|_| told) {
        let said = Said {
            service: !explained.insert(&finding.service),
            advice: !advised.insert((&finding.service, &finding.advice.text)),
        };
        write_finding(report, finding, said, context, out)?;
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

#[cfg(test)]
mod tests {
    use super::super::text::width;
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
            " + 1 tool not judged, 1 finding known or allowed, 2 latency figures of no",
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
