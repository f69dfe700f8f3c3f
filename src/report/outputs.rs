//! `name=value` lines for the step outputs of a CI job; every value is one line.

use std::io::{self, Write};

use super::{Context, inert, words};
use crate::finding::{Finding, Report, Status, Verdict};

/// Writes the worst verdict, counts, and the questioned services.
pub(super) fn write(report: &Report, _context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let worst = words::VERDICTS.into_iter().find(|verdict| words::verdict_count(report, *verdict) > 0);
    let new = report.findings.iter().filter(|finding: &&Finding| finding.status == Status::New).count();
    let questioned: Vec<String> = words::shown(report, false)
        .filter(|judged| judged.verdict == Verdict::Questioned)
        .map(|judged| inert::uri(&judged.service.root))
        .collect();
    writeln!(out, "verdict={}", worst.map_or("none", Verdict::word))?;
    writeln!(out, "findings={}", report.findings.len())?;
    writeln!(out, "new-findings={new}")?;
    writeln!(out, "questioned={}", questioned.join(" "))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn four_lines_whatever_the_names() {
        let mut report = sample::report();
        report.services[4].verdict = Verdict::Questioned;
        let mut out = Vec::new();
        write(&report, &sample::context(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), 4, "{text}");
        assert!(
            text.starts_with("verdict=questioned\nfindings=3\nnew-findings=2\nquestioned=cmd/ingest a%0A%3A"),
            "{text}"
        );
    }
}
