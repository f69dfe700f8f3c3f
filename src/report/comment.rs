//! The body of a pull-request comment: verdicts that this change alters first, then new findings, the rest folded.
//!
//! The hidden marker lets the poster find its own comment again; it must check the author as well, because anyone
//! can write the marker.

use std::io::{self, Write};

use super::{Context, blocks, words};
use crate::finding::{Report, Status};

pub(crate) const MARKER: &str = "<!-- fitcheck:report -->";
/// GitHub refuses 65,536 characters and more; bytes are never fewer.
const LIMIT: usize = 62_000;

/// Writes the body.
pub(super) fn write(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let mut parts = vec![MARKER.to_owned()];
    parts.extend(blocks::changes(report));
    parts.extend(blocks::findings(report, Status::New));
    parts.extend(blocks::resolved(report));
    parts.extend(blocks::caveats(report));
    let unchanged = format!("{}.", words::verdicts(report));
    parts.push(unchanged);
    let head = blocks::join(&parts, LIMIT);
    out.write_all(head.as_bytes())?;
    let table = blocks::services(report, context.all);
    let folded = format!("<details><summary>All services</summary>\n\n{}\n\n</details>\n", table.join("\n\n"));
    // Half a table would leave the element open; it is there in full or not at all.
    if !table.is_empty() && head.len() + folded.len() < LIMIT {
        out.write_all(folded.as_bytes())?;
    }
    Ok(())
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
    fn changed_verdicts_come_first() {
        let text = rendered(&sample::report());
        let expected =
            format!("{MARKER}\n\n**`ingest`: fits → questioned**, because the budget in ops/slo.yaml:3 went from");
        assert!(text.starts_with(&expected), "{text}");
        assert!(text.contains("What to do costs about 1–3 engineer-months \\(002\\)."), "{text}");
        assert_eq!(text.matches("<details>").count(), text.matches("</details>\n").count());
    }

    #[test]
    fn a_large_report_keeps_below_the_limit() {
        let mut report = sample::report();
        report.findings = vec![report.findings[0].clone(); 5_000];
        report.services = vec![report.services[0].clone(); 5_000];
        let text = rendered(&report);
        assert!(text.chars().count() < 65_536);
        assert!(text.contains("left out for size"));
    }
}
