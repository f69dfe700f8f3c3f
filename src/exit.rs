//! Exit statuses: computed from the report, the same for every format.

use crate::finding::{Report, Severity, Status};
use crate::problem::{Class, Problem};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing at or above the threshold.
    Clean = 0,
    /// Findings at or above it.
    Findings = 1,
    /// The run could not be completed as asked; nothing is reported as clean.
    Failed = 2,
}

impl Exit {
    /// Judges a report: accepted findings do not count. `strict` refuses to pass where facts were lost.
    pub fn of(report: &Report, threshold: Option<Severity>, strict: bool) -> Exit {
        if strict && lost(report).next().is_some() {
            return Exit::Failed;
        }
        let Some(threshold) = threshold else { return Exit::Clean };
        let counts =
            |finding: &&crate::finding::Finding| finding.status == Status::New && finding.severity >= threshold;
        if report.findings.iter().any(|finding| counts(&finding)) { Exit::Findings } else { Exit::Clean }
    }
}

/// What was not read although a verdict may hang on it.
pub fn lost(report: &Report) -> impl Iterator<Item = &Problem> {
    report.skipped.iter().filter(|problem| problem.class == Class::Lost)
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> std::process::ExitCode {
        std::process::ExitCode::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn only_new_findings_at_the_threshold_count() {
        let report = sample::report();
        assert_eq!(Exit::of(&report, Some(Severity::Warning), false), Exit::Findings);
        assert_eq!(Exit::of(&report, None, false), Exit::Clean);
        assert_eq!(Exit::of(&report, None, true), Exit::Failed);
        let mut partly = report.clone();
        partly.skipped.iter_mut().for_each(|problem| problem.class = Class::Partial);
        assert_eq!(Exit::of(&partly, None, true), Exit::Clean);
        let mut accepted = report.clone();
        for finding in &mut accepted.findings {
            finding.status = Status::Baseline;
        }
        assert_eq!(Exit::of(&accepted, Some(Severity::Note), false), Exit::Clean);
        let mut notes = report;
        notes.findings.retain(|finding| finding.policy == "tail-latency");
        assert_eq!(Exit::of(&notes, Some(Severity::Error), false), Exit::Clean);
        assert_eq!(Exit::of(&Report::default(), Some(Severity::Note), true), Exit::Clean);
    }
}
