//! Latency objectives and monitors in Terraform.
//!
//! *Looks for*: `google_monitoring_slo` (basic latency, distribution cut), `datadog_monitor` queries on a percentile
//! or a trace's mean, `datadog_service_level_objective` time slices. Rule groups of Grafana are read with its alerts.
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from an SLO or an alert, for the service the query
//! selects, or what lies near the file.
//! *Misses*: figures that are variables; distribution metrics that tell no unit.
//! *Example*: `query = "avg(last_5m):p99:trace.http.request{service:shop} > 0.25"`: p99 within 250 ms.

use super::Facts;
use super::latency::{self, Budget};
use crate::fact::{Binding, LatencySource, Subject};
use crate::parse::Kind;
use crate::parse::config::ConfigView;
use crate::parse::duration::{self, NoDuration, Unit};
use crate::parse::percentile;
use crate::parse::tree::Node;

pub(super) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let Some(root) = view.root().filter(|_| view.kind == Kind::Hcl) else { return };
    for resource in root.entries().filter(|(key, _)| *key == "resource").map(|(_, resource)| resource) {
        for (kind, named) in resource.entries() {
            for (_, body) in named.entries() {
                match kind {
                    "google_monitoring_slo" => google(body, facts),
                    "datadog_monitor" => datadog_monitor(body, facts),
                    "datadog_service_level_objective" => datadog_objective(body, facts),
                    _ => {}
                }
            }
        }
    }
}

fn google(body: &Node, facts: &mut Facts<'_, '_>) {
    let goal = body.get("goal").and_then(Node::as_f64).and_then(percentile::of_target);
    if let Some(threshold) = body.path(&["basic_sli", "latency", "threshold"]) {
        let limit = threshold.as_str().map_or(Err(NoDuration::NotADuration), duration::read);
        add(threshold, limit, goal, LatencySource::Slo, Binding::Here, facts);
    }
    let Some(cut) = body.path(&["request_based_sli", "distribution_cut"]) else { return };
    let (Some(max), Some(filter)) = (cut.path(&["range", "max"]), cut.get("distribution_filter")) else { return };
    let unit = filter.written().and_then(google_unit);
    if let (Some(value), Some(unit)) = (max.as_f64(), unit) {
        add(max, duration::in_unit(value, unit), goal, LatencySource::Slo, Binding::Here, facts);
    }
}

/// Google's own distributions are in milliseconds; others tell by their name.
fn google_unit(filter: &str) -> Option<Unit> {
    let (_, rest) = filter.split_once("metric.type")?;
    let metric = rest.trim_start_matches([' ', '=', '\\', '"']).split(['\\', '"', ' ']).next()?;
    let own = ["loadbalancing.", "run.", "appengine.", "istio.", "serviceruntime.", "cloudfunctions."];
    if own.iter().any(|service| metric.starts_with(service)) && metric.contains("latenc") {
        let seconds = metric.starts_with("serviceruntime.");
        return Some(if seconds { Unit::Seconds } else { Unit::Millis });
    }
    Unit::of_name(metric.rsplit('/').next()?)
}

fn datadog_monitor(body: &Node, facts: &mut Facts<'_, '_>) {
    let Some(query) = body.get("query") else { return };
    let Some((percentile, limit, binding)) = query.as_str().and_then(datadog_query) else { return };
    add(query, limit, percentile, LatencySource::Alert, binding, facts);
}

/// A Datadog monitor's query: percentile, limit and the service it selects.
type DatadogQuery = (Option<f64>, Result<f64, NoDuration>, Binding);

/// `percentile(last_15m):p95:flow.latency_ms{…} > 60000`, `avg(last_5m):p99:trace.x{service:y} > 0.25`.
fn datadog_query(query: &str) -> Option<DatadogQuery> {
    let (left, limit) = query.split_once('>')?;
    let limit = duration::number(limit.trim_start_matches('=').trim())?;
    let (before, rest) = left.split_once('{')?;
    let mut parts = before.rsplit(':').map(str::trim);
    let metric = parts.next()?.trim_start_matches('(');
    let statistic = parts.next()?;
    let percentile = percentile::read(statistic);
    // Without a percentile only a trace's mean is how long an answer took.
    let trace = metric.starts_with("trace.") && !metric.ends_with(".hits") && !metric.ends_with(".errors");
    if percentile.is_none() && !(trace && statistic == "avg") {
        return None;
    }
    let unit = Unit::of_name(metric).or(if trace { Some(Unit::Seconds) } else { None })?;
    let tags = rest.split('}').next()?.split(',').map(str::trim);
    let services: Vec<String> = tags.filter_map(|tag| tag.strip_prefix("service:")).map(str::to_owned).collect();
    let binding = if services.is_empty() { Binding::Here } else { Binding::Names(services) };
    Some((percentile, duration::in_unit(limit, unit), binding))
}

fn datadog_objective(body: &Node, facts: &mut Facts<'_, '_>) {
    let Some(slice) = body.path(&["sli_specification", "time_slice"]) else { return };
    let (Some(threshold), Some(query)) =
        (slice.get("threshold"), slice.path(&["query", "query", "metric_query", "query"]))
    else {
        return;
    };
    if !slice.str_at(&["comparator"]).is_some_and(|comparator| comparator.starts_with('<')) {
        return;
    }
    let joined = query.as_str().zip(threshold.as_str()).map(|(query, limit)| format!("{query} > {limit}"));
    if let Some((percentile, limit, binding)) = joined.as_deref().and_then(datadog_query) {
        add(threshold, limit, percentile, LatencySource::Slo, binding, facts);
    }
}

fn add(
    node: &Node,
    limit: Result<f64, NoDuration>,
    percentile: Option<f64>,
    source: LatencySource,
    binding: Binding,
    facts: &mut Facts<'_, '_>,
) {
    let budget = Budget { limit, percentile, source, subject: Subject::Answering, binding };
    latency::add(facts, node.range.clone(), budget);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str) -> Vec<String> {
        latency::test::config(detect, "slo.tf", source).0
    }

    #[test]
    fn google_objectives() {
        let basic = "resource \"google_monitoring_slo\" \"a\" {\n  goal = 0.99\n  basic_sli {\n    latency {\n      threshold = \"10s\"\n    }\n  }\n}\n";
        assert_eq!(check(basic), ["p99 10000000us Slo [Here] @5"]);
        let cut = "resource \"google_monitoring_slo\" \"a\" {\n  goal = 0.999\n  request_based_sli {\n    distribution_cut {\n      distribution_filter = \"metric.type=\\\"loadbalancing.googleapis.com/https/total_latencies\\\" resource.type=\\\"x\\\"\"\n      range {\n        max = 500\n      }\n    }\n  }\n}\n";
        assert_eq!(check(cut), ["p99.9 500000us Slo [Here] @7"]);
    }

    #[test]
    fn datadog_monitors() {
        for (query, wanted) in [
            ("percentile(last_15m):p95:flow.latency_ms{env:a} > 60000", "p95 60000000us Alert [Here] @2"),
            ("avg(last_5m):p99:trace.http.request{service:shop} > 0.25", "p99 250000us Alert [shop] @2"),
            ("avg(last_5m):avg:trace.http.request{service:shop} >= 0.5", "- 500000us Alert [shop] @2"),
        ] {
            let source = format!("resource \"datadog_monitor\" \"a\" {{\n  query = \"{query}\"\n}}\n");
            assert_eq!(check(&source), [wanted], "{query}");
        }
    }

    #[test]
    fn counts_variables_and_other_resources_are_none() {
        for query in [
            "sum(last_5m):sum:trace.http.request.errors{a:b} > 5",
            "avg(last_5m):avg:system.cpu{a:b} > 90",
            "avg(last_5m):p99:trace.http.request{a:b} > ${var.limit}",
            "avg(last_5m):p99:flow.size{a:b} > 5",
        ] {
            let source = format!("resource \"datadog_monitor\" \"a\" {{\n  query = \"{query}\"\n}}\n");
            assert!(check(&source).is_empty(), "{query}");
        }
        assert!(
            check(
                "resource \"aws_x\" \"a\" {\n  basic_sli {\n    latency {\n      threshold = \"1s\"\n    }\n  }\n}\n"
            )
            .is_empty()
        );
    }
}
