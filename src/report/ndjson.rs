//! One JSON object a line: a head, then services, findings, figures bound to no service and skipped inputs, each with its `type`.

use std::io::{self, Write};

use serde::Serialize;

use super::json::{self, FindingRow, SCHEMA_VERSION, ServiceRow, Skipped, unbound};
use super::{Context, words};
use crate::finding::Report;

#[derive(Serialize)]
struct Line<T> {
    r#type: &'static str,
    #[serde(flatten)]
    row: T,
}

#[derive(Serialize)]
struct Head<'a> {
    schema_version: u32,
    revision: Option<&'a str>,
    history: &'static str,
}

/// Writes the report line by line.
pub(super) fn write(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let head = Head {
        schema_version: SCHEMA_VERSION,
        revision: report.revision.as_deref(),
        history: report.history.status.word(),
    };
    line("run", head, out)?;
    for judged in words::shown(report, context.all) {
        line("service", ServiceRow::new(judged), out)?;
    }
    for finding in &report.findings {
        line("finding", FindingRow::new(finding), out)?;
    }
    if let Some(comparison) = &report.comparison {
        line("comparison", json::comparison(comparison), out)?;
    }
    for figure in unbound(report) {
        line("unbound", figure, out)?;
    }
    for problem in &report.skipped {
        line("skipped", Skipped::new(problem), out)?;
    }
    Ok(())
}

fn line<T: Serialize>(kind: &'static str, row: T, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Line { r#type: kind, row })?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn every_line_is_an_object_with_a_type() {
        let mut out = Vec::new();
        write(&sample::report(), &sample::context(), &mut out).unwrap();
        let lines: Vec<serde_json::Value> =
            out.split(|b| *b == b'\n').filter(|l| !l.is_empty()).map(|l| serde_json::from_slice(l).unwrap()).collect();
        let kinds: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
        let expected = [
            "run",
            "service",
            "service",
            "service",
            "service",
            "finding",
            "finding",
            "finding",
            "comparison",
            "unbound",
            "unbound",
            "skipped",
        ];
        assert_eq!(kinds, expected);
    }
}
