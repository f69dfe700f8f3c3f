//! One row a service, for spreadsheets: quoted, and no cell is a formula. With `--all`, then one row for each latency
//! figure that is about none of them.

use std::io::{self, Write};

use super::{Context, inert, words};
use crate::fact::Subject;
use crate::finding::{Judged, Report};
use crate::service::{Evidenced, Latency};

const HEAD: &[&str] = &[
    "name",
    "root",
    "language",
    "role",
    "verdict",
    "questions",
    "supports",
    "deploy",
    "tightest budget (µs)",
    "lines",
    "contributors",
    "reasoning",
];

const ROOT: usize = 1;
const BUDGET: usize = 8;
const REASONING: usize = 11;

/// Writes the table of services.
pub(super) fn write(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    row(HEAD.iter().map(|cell| (*cell).to_owned()), out)?;
    for judged in words::shown(report, context.all) {
        row(cells(judged).into_iter(), out)?;
    }
    for figure in report.unbound.iter().filter(|_| context.all) {
        row(unbound(figure).into_iter(), out)?;
    }
    Ok(())
}

fn row(cells: impl Iterator<Item = String>, out: &mut dyn Write) -> io::Result<()> {
    let cells: Vec<String> = cells.map(|cell| inert::csv(&cell)).collect();
    write!(out, "{}\r\n", cells.join(","))
}

fn cells(judged: &Judged) -> Vec<String> {
    let service = &judged.service;
    let answering = service.latency.iter().filter(|item| item.value.subject == Subject::Answering);
    let budget = answering.map(|item| item.value.limit_us).min_by(f64::total_cmp);
    let deploy: Vec<&str> = service.deploy.iter().map(|item| item.value.as_str()).collect();
    vec![
        service.name.clone(),
        service.root.to_string(),
        service.language.word().to_owned(),
        service.role.word().to_owned(),
        judged.verdict.word().to_owned(),
        judged.questions.join(" "),
        judged.supports.join(" "),
        deploy.join(" "),
        budget.map(words::figure).unwrap_or_default(),
        service.size.lines.to_string(),
        service.team.as_ref().map(|team| team.contributors.to_string()).unwrap_or_default(),
        judged.reasoning.clone(),
    ]
}

/// A figure stands in the column of budgets; no service, language or verdict is there to name.
fn unbound(figure: &Evidenced<Latency>) -> Vec<String> {
    let mut cells = vec![String::new(); HEAD.len()];
    let places: Vec<String> =
        figure.evidence.iter().map(|location| format!("{}:{}", location.path, location.place.line)).collect();
    cells[ROOT] = places.join(" ");
    cells[BUDGET] = words::figure(figure.value.limit_us);
    cells[REASONING] = format!("of no service here: {}", words::latency(&figure.value));
    cells
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn rows_keep_to_the_columns() {
        let mut out = Vec::new();
        write(&sample::report(), &sample::context(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.split_terminator("\r\n").collect();
        assert_eq!(lines.len(), 5, "{text}");
        assert!(lines[1].starts_with("\"ingest\",\"cmd/ingest\",\"go\",\"service\",\"questioned\""), "{text}");
        assert!(lines[1].contains("\"900\""), "{text}");
        assert!(!text.replace("\r\n", "").contains('\n'));
    }

    #[test]
    fn figures_of_no_service_stand_in_the_column_of_budgets() {
        assert_eq!((HEAD[ROOT], HEAD[BUDGET], HEAD[REASONING]), ("root", "tightest budget (µs)", "reasoning"));
        let mut out = Vec::new();
        write(&sample::report(), &Context { all: true, ..sample::context() }, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let line = "\"\",\"ops/other.yaml:7\",\"\",\"\",\"\",\"\",\"\",\"\",\"900\",\"\",\"\",\"of no service here: 900 µs at p99.9, slo\"\r\n";
        assert!(text.contains(line), "{text}");
    }
}
