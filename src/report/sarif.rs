//! SARIF 2.1.0, as GitHub code scanning reads it.
//!
//! One run; every result has a location of one line; the fingerprint has a key of our own, because GitHub computes
//! `primaryLocationLineHash` itself and warns where a tool's differs. No security tags: a finding here is no
//! vulnerability.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::{Context, Page, inert, words};
use crate::finding::{Finding, Label, Report, Severity, Status};
use crate::service::{Evidenced, Latency};
use crate::source::{Location, Place};

/// GitHub keeps this many results of a run.
const MOST_RESULTS: usize = 5_000;
/// GitHub keeps 100 locations of a result.
const MOST_RELATED: usize = 99;
/// Latency figures of no service that are told one by one.
const MOST_UNBOUND: usize = 100;
/// Longest description that GitHub takes.
const LONGEST: usize = 1_000;
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    automation_details: Id,
    column_kind: &'static str,
    invocations: [Invocation; 1],
    results: Vec<Outcome<'a>>,
}

#[derive(Serialize)]
struct Id {
    id: &'static str,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    short_description: Text,
    full_description: Text,
    help: Help,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<&'a str>,
    default_configuration: Level,
    properties: RuleProperties,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Level {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    tags: [&'static str; 2],
    precision: &'static str,
    #[serde(rename = "problem.severity")]
    severity: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Text,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Position>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: [Position; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Position>,
    partial_fingerprints: BTreeMap<&'static str, &'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    justification: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Position {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: Physical,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<u32>,
}

/// Writes one SARIF log with one run.
pub(super) fn write(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let findings: Vec<&Finding> =
        report.findings.iter().filter(|finding| context.all || finding.status == Status::New).collect();
    let rules = rules(&findings, &context.policies);
    let index: BTreeMap<&str, usize> = rules.iter().enumerate().map(|(index, rule)| (rule.id, index)).collect();
    let kept = findings.len().min(MOST_RESULTS);
    let results = findings[..kept].iter().map(|finding| outcome(report, finding, &index)).collect();
    let driver = Driver { name: "fitcheck", semantic_version: env!("CARGO_PKG_VERSION"), rules };
    let run = Run {
        tool: Tool { driver },
        automation_details: Id { id: "fitcheck/" },
        column_kind: "unicodeCodePoints",
        invocations: [Invocation {
            execution_successful: true,
            tool_execution_notifications: notifications(report, findings.len() - kept),
        }],
        results,
    };
    serde_json::to_writer_pretty(&mut *out, &Log { schema: SCHEMA, version: "2.1.0", runs: [run] })?;
    out.write_all(b"\n")
}

/// A rule for every policy that was asked, and for every other that a finding names.
fn rules<'a>(findings: &[&'a Finding], pages: &'a [Page]) -> Vec<Rule<'a>> {
    let mut rules: BTreeMap<&str, Rule> = pages.iter().map(|page| (page.id.as_str(), rule(page))).collect();
    for finding in findings {
        rules.entry(&finding.policy).or_insert_with(|| bare_rule(finding));
    }
    rules.into_values().collect()
}

fn rule(page: &Page) -> Rule<'_> {
    let title = text(&page.title);
    Rule {
        id: &page.id,
        short_description: Text { text: title.clone() },
        full_description: Text { text: title },
        help: Help { text: text(&page.markdown), markdown: inert::page(&page.markdown).into_owned() },
        help_uri: page.url.as_deref(),
        default_configuration: Level { level: page.severity.word() },
        properties: properties(page.severity),
    }
}

fn bare_rule(finding: &Finding) -> Rule<'_> {
    let words = || text(&finding.policy.replace('-', " "));
    Rule {
        id: &finding.policy,
        short_description: Text { text: words() },
        full_description: Text { text: words() },
        help: Help { text: words(), markdown: inert::markdown(&words()) },
        help_uri: None,
        default_configuration: Level { level: finding.severity.word() },
        properties: properties(finding.severity),
    }
}

fn properties(severity: Severity) -> RuleProperties {
    let severity = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "recommendation",
    };
    RuleProperties { tags: ["architecture", "maintainability"], precision: "high", severity }
}

/// Text as SARIF takes it: never empty, not too long.
fn text(text: &str) -> String {
    let text = inert::sarif(text.trim());
    if text.is_empty() {
        return "(no text)".to_owned();
    }
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", text[..at].trim_end_matches('\\')),
        None => text,
    }
}

fn outcome<'a>(report: &Report, finding: &'a Finding, index: &BTreeMap<&str, usize>) -> Outcome<'a> {
    let primary = primary(report, finding);
    let related = finding.labels.iter().enumerate().filter(|(at, _)| *at != primary).take(MOST_RELATED);
    Outcome {
        rule_id: &finding.policy,
        rule_index: index.get(finding.policy.as_str()).copied().unwrap_or(0),
        level: finding.severity.word(),
        message: Text { text: text(&message(finding)) },
        locations: [position(&finding.labels[primary], None)],
        related_locations: related.map(|(at, label)| position(label, Some(at))).collect(),
        partial_fingerprints: BTreeMap::from([("fitcheck/v1", finding.fingerprint.as_str())]),
        suppressions: match finding.status {
            Status::New => Vec::new(),
            Status::Baseline => vec![Suppression { kind: "external", justification: "in the baseline" }],
            Status::Allowed => vec![Suppression { kind: "external", justification: "allowed by the team" }],
        },
    }
}

/// A place that this change touched, where there is one: GitHub shows a result in a pull request only there.
fn primary(report: &Report, finding: &Finding) -> usize {
    let Some(comparison) = &report.comparison else { return 0 };
    let changed = |label: &Label| {
        comparison.changes.iter().flat_map(|change| &change.because).any(|because| because.location == label.location)
    };
    finding.labels.iter().position(changed).unwrap_or(0)
}

fn message(finding: &Finding) -> String {
    let advice = finding.advice.text.trim();
    if advice.is_empty() { finding.message.clone() } else { format!("{}\n{advice}", finding.message) }
}

fn position(label: &Label, id: Option<usize>) -> Position {
    let artifact_location = Artifact { uri: inert::uri(&label.location.path), uri_base_id: "%SRCROOT%" };
    let message = (!label.text.trim().is_empty()).then(|| Text { text: text(&label.text) });
    Position { id, physical_location: Physical { artifact_location, region: region(&label.location.place) }, message }
}

fn region(place: &Place) -> Region {
    let end_column = (place.end_line <= place.line).then(|| place.end_column.max(place.column).max(1));
    Region { start_line: place.line.max(1), start_column: place.column.max(1), end_line: place.line.max(1), end_column }
}

fn notifications(report: &Report, left_out: usize) -> Vec<Notification> {
    let note = |message: String| located(message, Vec::new());
    let mut out: Vec<Notification> = report.unbound.iter().take(MOST_UNBOUND).map(unbound).collect();
    if report.unbound.len() > MOST_UNBOUND {
        let more = report.unbound.len() - MOST_UNBOUND;
        out.push(note(format!("{more} more latency figures are of no service here; the JSON report lists them")));
    }
    if left_out > 0 {
        out.push(note(format!("{left_out} more findings are left out")));
    }
    if !report.skipped.is_empty() {
        out.push(note(format!("{} inputs were not read; the JSON report lists them", report.skipped.len())));
    }
    out
}

fn located(message: String, locations: Vec<Position>) -> Notification {
    Notification { level: "note", message: Text { text: text(&message) }, locations }
}

/// A figure that is about none of the services: no result, since nothing is asked of anyone, but said with its places.
fn unbound(figure: &Evidenced<Latency>) -> Notification {
    let places = figure.evidence.iter().take(MOST_RELATED);
    let label = |location: &Location| Label { location: location.clone(), text: String::new() };
    located(
        format!("a latency figure of no service here: {}", words::latency(&figure.value)),
        places.map(|location| position(&label(location), None)).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn rendered(report: &Report) -> serde_json::Value {
        let mut out = Vec::new();
        write(report, &sample::context(), &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn output_is_valid_by_the_official_schema() {
        // One pattern of the schema has a bracket that only lenient dialects of regular expressions take.
        let schema = include_str!("../../tests/it/schemas/sarif-2.1.0.json").replace("{2}]?$", "{2}\\\\]?$");
        let validator = jsonschema::draft7::new(&serde_json::from_str(&schema).unwrap()).unwrap();
        for report in [sample::report(), Report::default()] {
            let value = rendered(&report);
            let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{errors:?}");
            assert!(value["runs"][0]["results"].is_array());
        }
    }

    #[test]
    fn a_changed_line_comes_first_and_spans_one_line() {
        let mut report = sample::report();
        let location = report.findings[0].labels[1].location.clone();
        report.comparison.as_mut().unwrap().changes[0].because[0].location = location;
        let value = rendered(&report);
        let result = &value["runs"][0]["results"][0];
        let physical = &result["locations"][0]["physicalLocation"];
        assert_eq!(physical["artifactLocation"]["uri"], "cmd/ingest/main.go");
        assert_eq!(physical["region"]["startLine"], 4);
        assert_eq!(physical["region"]["endColumn"], 25);
        assert_eq!(result["relatedLocations"].as_array().unwrap().len(), 2);
        assert_eq!(result["partialFingerprints"]["fitcheck/v1"], "3f2a9c0d11aa22bb");
        assert_eq!(value["runs"][0]["results"].as_array().unwrap().len(), 2, "accepted findings are left out");
    }

    #[test]
    fn figures_of_no_service_are_told_at_their_place() {
        let mut report = sample::report();
        let notes =
            |report: &Report| rendered(report)["runs"][0]["invocations"][0]["toolExecutionNotifications"].clone();
        let first = &notes(&report)[0];
        assert_eq!(first["message"]["text"], "a latency figure of no service here: 900 µs at p99.9, slo");
        let place = &first["locations"][0]["physicalLocation"];
        assert_eq!(
            (&place["artifactLocation"]["uri"], &place["region"]["startLine"]),
            (&"ops/other.yaml".into(), &7.into())
        );
        report.unbound = vec![report.unbound[0].clone(); MOST_UNBOUND + 3];
        assert!(notes(&report).to_string().contains("3 more latency figures"));
    }

    #[test]
    fn results_beyond_the_limit_are_counted() {
        let mut report = sample::report();
        report.findings = vec![report.findings[0].clone(); MOST_RESULTS + 7];
        let value = rendered(&report);
        assert_eq!(value["runs"][0]["results"].as_array().unwrap().len(), MOST_RESULTS);
        let notes = value["runs"][0]["invocations"][0]["toolExecutionNotifications"].to_string();
        assert!(notes.contains("7 more findings"), "{notes}");
    }
}
