//! The summary of a CI job: the report in Markdown, below GitHub's limit of 1 MiB, cut at the edge of a block.

use std::io::{self, Write};

use super::{Context, blocks, fleet, words};
use crate::finding::{Report, Status};

/// GitHub refuses 1,048,576 bytes and more.
const LIMIT: usize = 900 * 1024;

/// Writes what matters first and stops before the limit.
pub(super) fn write(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let mut parts = vec![format!("## fitcheck: {}", words::verdicts(report))];
    if !report.repositories.is_empty() {
        parts[0] = format!("## fitcheck: {}", fleet::headline(report));
        parts.extend(fleet::blocks(report));
    }
    parts.extend(blocks::changes(report));
    parts.extend(blocks::findings(report, Status::New));
    parts.extend(blocks::resolved(report));
    parts.extend(blocks::caveats(report));
    parts.extend(blocks::services(report, context.all));
    out.write_all(blocks::join(&parts, LIMIT).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_large_report_is_cut_and_says_so() {
        let mut report = sample::report();
        report.findings = vec![report.findings[0].clone(); 10_000];
        let mut out = Vec::new();
        write(&report, &sample::context(), &mut out).unwrap();
        assert!(out.len() < LIMIT);
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("## fitcheck: 1 questioned, 1 contested"), "{}", &text[..200]);
        assert!(text.ends_with("left out for size; the JSON report has them._\n"));
    }
}
