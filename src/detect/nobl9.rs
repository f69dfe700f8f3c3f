//! Nobl9 objectives on latency.
//!
//! *Looks for*: `apiVersion: n9/…`, `kind: SLO`; `rawMetric` with `op: lt|lte` and `value`, or `countMetrics` whose
//! good query selects a bucket (the `value` beside it is a dummy). Sources that are not asked in PromQL have the unit of
//! their product (Lightstep, ThousandEyes, Dynatrace, CloudWatch, Datadog traces), or that of a name in their query.
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from an SLO, for the service that the object names.
//! *Misses*: time slices' own target; a source that measures time and tells no unit is listed among what was not read.
//! *Example*: good `x_seconds_bucket{le="2.5"}`, `target: 0.95`: p95 within 2.5 s.

use super::latency::{self, Budget};
use super::{Facts, cloudwatch};
use crate::fact::{LatencySource, Subject};
use crate::parse::config::ConfigView;
use crate::parse::duration::{self, NoDuration, Unit};
use crate::parse::tree::Node;
use crate::parse::{percentile, promql};

pub(super) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    for object in latency::objects_of(view, "n9/", "SLO") {
        let Some(spec) = object.get("spec") else { continue };
        let service = spec.str_at(&["service"]);
        for objective in spec.path(&["objectives"]).map(Node::items).unwrap_or_default() {
            let percentile = objective.get("target").and_then(Node::as_f64).and_then(percentile::of_target);
            if let Some(good) = objective.path(&["countMetrics", "good"]).and_then(first_query) {
                latency::add_bucket(facts, good, percentile, service.as_slice(), view);
            } else if let Some(sources) = objective.path(&["rawMetric", "query"]).or_else(|| spec.path(&OLDER)) {
                add_raw(objective, sources, percentile, service, facts);
            }
        }
    }
}

/// Where all objectives of an SLO shared one query.
const OLDER: [&str; 2] = ["indicator", "rawMetric"];

/// The query below the name of a metric source.
fn first_query(sources: &Node) -> Option<&Node> {
    sources.pairs().iter().find_map(|(_, source)| source.get("promql").or_else(|| source.get("query")))
}

fn add_raw(objective: &Node, sources: &Node, share: Option<f64>, service: Option<&str>, facts: &mut Facts<'_, '_>) {
    if !matches!(objective.str_at(&["op"]), Some("lt" | "lte")) {
        return;
    }
    let (Some(value), Some((name, source))) = (objective.get("value"), sources.entries().next()) else { return };
    let Some(number) = value.as_f64() else { return };
    if let Some(text) = source.get("promql").and_then(Node::written) {
        latency::add_measured(facts, value, number, text, share, service);
        return;
    }
    let Some(limit) = limit_of(name, source, number) else { return };
    let percentile = source.get("percentile").and_then(Node::as_f64).and_then(percentile::of_target).or(share);
    let binding = latency::binding("", &[], service.as_slice());
    let budget = Budget { limit, percentile, source: LatencySource::Slo, subject: Subject::Answering, binding };
    latency::add(facts, value.range.clone(), budget);
}

/// Reads a value in the unit of a source that is not asked in PromQL; `None` where it measures no time.
fn limit_of(name: &str, source: &Node, number: f64) -> Option<Result<f64, NoDuration>> {
    let unit = match name {
        "lightstep" => (source.str_at(&["typeOfData"]) == Some("latency")).then_some(Unit::Millis),
        "thousandEyes" => {
            let test = source.str_at(&["testType"])?;
            ["-time", "-latency", "-load"].iter().any(|end| test.ends_with(end)).then_some(Unit::Millis)
        }
        "dynatrace" if source.str_at(&["metricSelector"])?.contains("service.response") => Some(Unit::Micros),
        "cloudWatch" => cloudwatch::unit(source.str_at(&["namespace"])?, source.str_at(&["metricName"])?),
        "datadog" => source.str_at(&["query"])?.contains("trace.").then_some(Unit::Seconds),
        _ => return of_words(source, number),
    };
    unit.map(|unit| duration::in_unit(number, unit))
}

/// Looks for a name that says how long something took, and its unit, in all texts of a source.
fn of_words(source: &Node, number: f64) -> Option<Result<f64, NoDuration>> {
    let mut found = None;
    source.walk(&mut |_, node| {
        let names = node.written().unwrap_or("").split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')));
        for name in names.filter(|name| promql::is_time_taken(name)) {
            let limit = Unit::of_name(name).map_or(Err(NoDuration::NoUnit), |unit| duration::in_unit(number, unit));
            if found.is_none() || limit.is_ok() {
                found = Some(limit);
            }
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(objective: &str) -> Vec<String> {
        let head = "- apiVersion: n9/v1alpha\n  kind: SLO\n  spec:\n    service: shop\n    objectives:\n";
        latency::test::config(detect, "slo.yaml", &format!("{head}{objective}")).0
    }

    #[test]
    fn counts_over_a_bucket_and_raw_values() {
        let counts = "    - value: 1.0\n      target: 0.95\n      countMetrics:\n        good:\n          prometheus:\n            promql: sum(x_seconds_bucket{le=\"2.5\"})\n";
        assert_eq!(check(counts), ["p95 2500000us Slo [shop] @11"]);
        let raw = "    - op: lte\n      value: 200\n      target: 0.9\n      rawMetric:\n        query:\n          prometheus:\n            promql: x_latency_ms\n";
        assert_eq!(check(raw), ["p90 200000us Slo [shop] @7"]);
        assert_eq!(check(&raw.replace("x_latency_ms", "x_requestMsec{job=\"a\"}")), ["p90 200000us Slo [shop] @7"]);
    }

    #[test]
    fn sources_without_promql() {
        let raw = |source: &str| {
            let source = format!(
                "    - op: lt\n      value: 200\n      target: 0.9\n      rawMetric:\n        query: {source}\n"
            );
            let head = "- apiVersion: n9/v1alpha\n  kind: SLO\n  spec:\n    service: shop\n    objectives:\n";
            latency::test::config(detect, "slo.yaml", &format!("{head}{source}"))
        };
        for (source, wanted) in [
            ("{lightstep: {typeOfData: latency, percentile: 99}}", "p99 200000us Slo [shop] @7"),
            ("{thousandEyes: {testType: http-response-time}}", "p90 200000us Slo [shop] @7"),
            ("{dynatrace: {metricSelector: 'builtin:service.response.server'}}", "p90 200us Slo [shop] @7"),
            ("{cloudWatch: {namespace: AWS/ApiGateway, metricName: Latency}}", "p90 200000us Slo [shop] @7"),
            (
                "{elasticsearch: {query: '{\"avg\": {\"field\": \"transaction.duration.us\"}}'}}",
                "p90 200us Slo [shop] @7",
            ),
        ] {
            assert_eq!(raw(source), (vec![wanted.to_owned()], 0), "{source}");
        }
        assert_eq!(raw("{splunk: {query: 'stats avg(response_time) as n9value'}}"), (vec![], 1));
        for source in [
            "{lightstep: {typeOfData: error_rate}}",
            "{thousandEyes: {testType: http-server-availability}}",
            "{graphite: {metricPath: carbon.agents.cpuUsage}}",
            "{prometheus: {promql: 'sum(rate(x_cpu_usage_seconds_total[5m]))'}}",
        ] {
            assert_eq!(raw(source), (vec![], 0), "{source}");
        }
    }

    #[test]
    fn one_query_for_all_objectives() {
        let source = "apiVersion: n9/v1alpha\nkind: SLO\nspec:\n  service: shop\n  indicator:\n    rawMetric:\n      prometheus: {promql: 'histogram_quantile(0.99, x_seconds_bucket)'}\n  objectives:\n  - {op: lte, value: 0.2, target: 0.9}\n";
        assert_eq!(latency::test::config(detect, "slo.yaml", source).0, ["p99 200000us Slo [shop] @9"]);
    }

    #[test]
    fn ratios_of_codes_and_unknown_units_are_none() {
        let codes = "    - value: 1.0\n      target: 0.95\n      countMetrics:\n        good:\n          prometheus:\n            promql: sum(x_total{code=\"200\"})\n";
        assert!(check(codes).is_empty());
        assert!(
            check(
                "    - op: lte\n      value: 200\n      target: 0.9\n      rawMetric: {query: {lightstep: {x: y}}}\n"
            )
            .is_empty()
        );
    }
}
