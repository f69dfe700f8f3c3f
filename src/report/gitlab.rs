//! GitLab Code Quality: an array of issues, each with a fingerprint of its own.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;

use super::{Context, inert};
use crate::finding::{Report, Severity, Status};

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Place,
}

#[derive(Serialize)]
struct Place {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// Writes the new findings.
pub(super) fn write(report: &Report, _context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let mut seen = BTreeSet::new();
    let mut issues = Vec::new();
    for finding in report.findings.iter().filter(|finding| finding.status == Status::New) {
        let Some(label) = finding.labels.first() else { continue };
        // GitLab shows only the first of issues with the same fingerprint.
        let mut fingerprint = finding.fingerprint.clone();
        while !seen.insert(fingerprint.clone()) {
            fingerprint.push('+');
        }
        issues.push(Issue {
            description: inert::plain(&finding.message).into_owned(),
            check_name: &finding.policy,
            fingerprint,
            severity: match finding.severity {
                Severity::Error => "critical",
                Severity::Warning => "major",
                Severity::Note => "info",
            },
            location: Place {
                path: label.location.path.to_string(),
                lines: Lines { begin: label.location.place.line.max(1) },
            },
        });
    }
    serde_json::to_writer_pretty(&mut *out, &issues)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn issues_have_what_gitlab_needs() {
        let mut report = sample::report();
        report.findings.push(report.findings[0].clone());
        let mut out = Vec::new();
        write(&report, &sample::context(), &mut out).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(value.as_array().unwrap().len(), 3);
        assert_eq!(value[0]["location"]["lines"]["begin"], 3);
        assert_eq!((&value[0]["severity"], &value[1]["severity"]), (&"major".into(), &"critical".into()));
        assert_ne!(value[0]["fingerprint"], value[2]["fingerprint"]);
    }
}
