//! Annotations of a GitHub workflow run: a teaser, the summary carries the report.
//!
//! GitHub shows ten errors, ten warnings and ten notices of a step; the rest is counted in a line of the log.

use std::io::{self, Write};

use super::{Context, inert};
use crate::finding::{Finding, Report, Severity, Status};

const MOST: usize = 10;

/// Writes one workflow command per finding, worst first.
pub(super) fn write(report: &Report, _context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let mut left_out = 0;
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let new = |finding: &&Finding| finding.severity == severity && finding.status == Status::New;
        let findings: Vec<&Finding> = report.findings.iter().filter(new).collect();
        left_out += findings.len().saturating_sub(MOST);
        for finding in findings.iter().take(MOST) {
            writeln!(out, "{}", command(finding))?;
        }
    }
    if left_out > 0 {
        writeln!(out, "fitcheck: {left_out} more findings than GitHub shows; see the job summary")?;
    }
    Ok(())
}

fn command(finding: &Finding) -> String {
    let name = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = String::new();
    if let Some(label) = finding.labels.first() {
        let place = &label.location.place;
        let line = place.line.max(1);
        properties = format!("file={},line={line}", inert::command_property(&label.location.path));
        // Columns count only within one line.
        if place.end_line <= place.line {
            let (column, end) = (place.column.max(1), place.end_column.max(place.column).max(1));
            properties += &format!(",endLine={line},col={column},endColumn={end}");
        }
        properties.push(',');
    }
    let title = inert::command_property(&format!("fitcheck {}", finding.policy));
    format!("::{name} {properties}title={title}::{}", inert::command_data(&message(finding)))
}

fn message(finding: &Finding) -> String {
    let advice = finding.advice.text.trim();
    if advice.is_empty() { finding.message.clone() } else { format!("{}\n{advice}", finding.message) }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn rendered(report: &Report) -> String {
        let mut out = Vec::new();
        write(report, &sample::context(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_command_a_finding_whatever_the_names() {
        let text = rendered(&sample::report());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(!text.contains("##["), "{text}");
        assert!(lines[0].starts_with("::error file=a%0A%3A%3Astop-commands"), "{text}");
        let expected = "::warning file=ops/slo.yaml,line=3,endLine=3,col=14,endColumn=20,title=fitcheck tail-latency::";
        assert!(lines[1].starts_with(expected), "{text}");
        assert!(lines[1].contains("reach%0AMove internal/codec"), "{text}");
    }

    #[test]
    fn more_than_ten_are_counted() {
        let mut report = sample::report();
        report.findings = vec![report.findings[0].clone(); 13];
        let text = rendered(&report);
        assert_eq!(text.lines().count(), 11);
        assert!(text.ends_with("fitcheck: 3 more findings than GitHub shows; see the job summary\n"));
    }
}
