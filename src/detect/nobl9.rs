//! Nobl9 objectives on latency.
//!
//! *Looks for*: `apiVersion: n9/…`, `kind: SLO`; `rawMetric` with `op: lt|lte` and `value`, or `countMetrics` whose
//! good query selects a bucket (the `value` beside it is a dummy).
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from an SLO, for the service that the object names.
//! *Misses*: sources whose query is no PromQL and whose metric tells no unit.
//! *Example*: good `x_seconds_bucket{le="2.5"}`, `target: 0.95`: p95 within 2.5 s.

use super::Facts;
use super::latency::{self, Budget};
use crate::fact::LatencySource;
use crate::parse::config::ConfigView;
use crate::parse::tree::Node;
use crate::parse::{duration, percentile, promql};

pub(super) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    for object in latency::objects_of(view, "n9/", "SLO") {
        let Some(spec) = object.get("spec") else { continue };
        let service = spec.str_at(&["service"]);
        for objective in spec.path(&["objectives"]).map(Node::items).unwrap_or_default() {
            let percentile = objective.get("target").and_then(Node::as_f64).and_then(percentile::of_target);
            if let Some(good) = objective.path(&["countMetrics", "good"]).and_then(first_query) {
                latency::add_bucket(facts, good, percentile, service.as_slice(), view);
            } else if let Some(query) = objective.path(&["rawMetric", "query"]).and_then(first_query) {
                add_raw(objective, query, percentile, service, facts);
            }
        }
    }
}

/// The query below the name of a metric source.
fn first_query(sources: &Node) -> Option<&Node> {
    sources.pairs().iter().find_map(|(_, source)| source.get("promql").or_else(|| source.get("query")))
}

fn add_raw(objective: &Node, query: &Node, share: Option<f64>, service: Option<&str>, facts: &mut Facts<'_, '_>) {
    if !matches!(objective.str_at(&["op"]), Some("lt" | "lte")) {
        return;
    }
    let (Some(value), Some(text)) = (objective.get("value"), query.written()) else { return };
    let Some((metric, labels)) = promql::first_metric(text) else { return };
    let (Some(number), Some(unit)) = (value.as_f64(), promql::unit_of_metric(&metric)) else { return };
    let measured = promql::measured(text);
    let budget = Budget {
        limit: duration::in_unit(number / measured.as_ref().map_or(1.0, |(_, factor, ..)| *factor), unit),
        percentile: measured.and_then(|(percentile, ..)| percentile).or(share),
        source: LatencySource::Slo,
        subject: latency::subject(&metric),
        binding: latency::service_or_metric(service.as_slice(), &metric, &labels),
    };
    latency::add(facts, value.range.clone(), budget);
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
