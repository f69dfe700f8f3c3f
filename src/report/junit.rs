//! JUnit XML: a test case per finding, and a passing one per service without any.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report as Suites, TestCase, TestCaseStatus, TestSuite};

use super::{Context, inert, words};
use crate::finding::{Finding, Report, Severity, Status};

/// Writes one test suite.
pub(super) fn write(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let mut suite = TestSuite::new("fitcheck");
    for finding in &report.findings {
        suite.add_test_case(case(report, finding));
    }
    for judged in words::shown(report, context.all) {
        let service = &judged.service;
        let concerns = |finding: &Finding| {
            finding
                .service
                .as_ref()
                .is_some_and(|(root, language)| *root == service.root && *language == service.language)
        };
        if !report.findings.iter().any(concerns) {
            let mut case = TestCase::new(inert::plain(&service.name).as_ref(), TestCaseStatus::success());
            case.set_classname(inert::plain(&service.root).as_ref());
            suite.add_test_case(case);
        }
    }
    let mut suites = Suites::new("fitcheck");
    suites.add_test_suite(suite);
    let text = suites.to_string().map_err(io::Error::other)?;
    out.write_all(without_total_of_skipped(&text).as_bytes())
}

/// The schema that Jenkins reads by has no such attribute for all suites together; each suite has its own.
fn without_total_of_skipped(text: &str) -> String {
    const ATTRIBUTE: &str = " skipped=\"";
    let Some(start) = text.find(ATTRIBUTE) else { return text.to_owned() };
    let value = &text[start + ATTRIBUTE.len()..];
    let rest = value.find('"').map_or("", |end| &value[end + 1..]);
    format!("{}{rest}", &text[..start])
}

fn case(report: &Report, finding: &Finding) -> TestCase {
    let mut status = match (finding.status, finding.severity) {
        (Status::New, Severity::Note) => TestCaseStatus::success(),
        (Status::New, _) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        (Status::Baseline | Status::Allowed, _) => TestCaseStatus::skipped(),
    };
    status.set_message(inert::plain(&finding.message).as_ref());
    if finding.status == Status::New && finding.severity > Severity::Note {
        status.set_type(inert::plain(&finding.policy).as_ref());
        status.set_description(description(finding));
    }
    let subject = words::subject(report, finding);
    let mut case = TestCase::new(inert::plain(&format!("{}: {subject}", finding.policy)).as_ref(), status);
    let root = finding.service.as_ref().map_or(".", |(root, _)| root);
    case.set_classname(inert::plain(root).as_ref());
    case
}

fn description(finding: &Finding) -> String {
    let mut lines = Vec::new();
    for label in &finding.labels {
        let place = &label.location.place;
        lines.push(format!("{}:{}:{}: {}", label.location.path, place.line, place.column, label.text));
    }
    lines.push(inert::flow(&finding.advice.text));
    lines.iter().map(|line| inert::terminal(line)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn cases_and_counts() {
        let mut out = Vec::new();
        write(&sample::report(), &sample::context(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains(r#"tests="5" skipped="1" errors="0" failures="2""#), "{text}");
        assert!(text.contains("ops/slo.yaml:3:14: objective"), "{text}");
        assert!(!text.contains("<script>") && !text.contains('\u{1b}') && !text.contains(" ]]> "), "{text}");
    }
}
