//! OpenSLO objectives on latency.
//!
//! *Looks for*: objects `apiVersion: openslo/…`, `kind: SLO`, with a threshold metric and `op: lt|lte`, or with a
//! ratio whose good query selects a histogram bucket; an indicator of its own may stand in the same file.
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from an SLO, for the service that the object names.
//! *Misses*: indicators in other files, other query languages than PromQL; a metric that measures time and tells no
//! unit is listed among what was not read.
//! *Example*: `op: lte`, `value: 0.4`, `target: 0.99` on a metric in seconds: p99 within 400 ms.

use super::Facts;
use super::latency;
use crate::parse::config::ConfigView;
use crate::parse::percentile;
use crate::parse::tree::Node;

pub(super) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    for object in latency::objects_of(view, "openslo/", "SLO") {
        let Some(spec) = object.get("spec") else { continue };
        let indicator = indicator(view, spec);
        let service = spec.str_at(&["service"]);
        for objective in spec.get("objectives").map(Node::items).unwrap_or_default() {
            let percentile = percentile_of(objective);
            let good = ["ratioMetric", "ratioMetrics"]
                .iter()
                .find_map(|key| objective.get(key).or_else(|| indicator?.get(key)))
                .and_then(|ratio| ratio.get("good"))
                .and_then(query);
            if let Some(good) = good {
                latency::add_bucket(facts, good, percentile, service.as_slice(), view);
            } else if let Some(query) = indicator.and_then(|indicator| indicator.get("thresholdMetric")).and_then(query)
            {
                threshold(objective, query, percentile, service, facts);
            }
        }
    }
}

/// The indicator of an SLO: in place, or the object of the same file that it refers to.
fn indicator<'v>(view: &'v ConfigView<'_>, spec: &'v Node) -> Option<&'v Node> {
    if let Some(name) = spec.str_at(&["indicatorRef"]) {
        let mut all = latency::objects_of(view, "openslo/", "SLI");
        return all.find(|object| object.str_at(&["metadata", "name"]) == Some(name))?.get("spec");
    }
    let indicator = spec.get("indicator")?;
    indicator.get("spec").or(Some(indicator))
}

fn query(metric: &Node) -> Option<&Node> {
    metric.get("query").or_else(|| metric.path(&["metricSource", "spec", "query"]))
}

fn percentile_of(objective: &Node) -> Option<f64> {
    let percent = objective.get("targetPercent").and_then(Node::as_f64).and_then(percentile::of_target);
    percent.or_else(|| objective.get("target").and_then(Node::as_f64).and_then(percentile::of_target))
}

fn threshold(objective: &Node, query: &Node, share: Option<f64>, service: Option<&str>, facts: &mut Facts<'_, '_>) {
    if !matches!(objective.str_at(&["op"]), Some("lt" | "lte")) {
        return;
    }
    let (Some(value), Some(text)) = (objective.get("value"), query.written()) else { return };
    let Some(number) = value.as_f64() else { return };
    latency::add_measured(facts, value, number, text, share, service);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str) -> (Vec<String>, usize) {
        latency::test::config(detect, "slo.yaml", source)
    }

    #[test]
    fn a_threshold_metric_within_a_value() {
        let source = "apiVersion: openslo/v1\nkind: SLO\nspec:\n  service: shop\n  indicator:\n    spec:\n      thresholdMetric:\n        metricSource:\n          spec:\n            query: x_request_duration_seconds{job=\"y\"}\n  objectives:\n  - op: lte\n    value: 0.4\n    target: 0.99\n";
        assert_eq!(check(source), (vec!["p99 400000us Slo [shop] @13".into()], 0));
        let alpha = source.replace("openslo/v1", "openslo/v1alpha").replace("target: 0.99", "targetPercent: 99.9");
        assert_eq!(check(&alpha).0, ["p99.9 400000us Slo [shop] @13"]);
        assert_eq!(check(&source.replace("value: 0.4", "value: -1")), (vec![], 1));
        assert!(check(&source.replace("op: lte", "op: gte")).0.is_empty());
        assert_eq!(check(&source.replace("request_duration_seconds", "body_bytes")), (vec![], 0));
        assert_eq!(check(&source.replace("_seconds", "")), (vec![], 1));
    }

    #[test]
    fn a_ratio_over_a_bucket_by_reference() {
        let source = "apiVersion: openslo/v1\nkind: SLI\nmetadata: {name: fast}\nspec:\n  ratioMetric:\n    good:\n      metricSource:\n        spec:\n          query: sum(rate(x_seconds_bucket{le=\"0.25\"}[5m]))\n---\napiVersion: openslo/v1\nkind: SLO\nspec:\n  service: shop\n  indicatorRef: fast\n  objectives:\n  - target: 0.95\n";
        assert_eq!(check(source).0, ["p95 250000us Slo [shop] @9"]);
    }

    #[test]
    fn availability_and_burn_rates_are_none() {
        let ratio = "apiVersion: openslo/v1\nkind: SLO\nspec:\n  objectives:\n  - target: 0.99\n    ratioMetrics:\n      good: {query: 'x_total{code=\"200\"}'}\n      total: {query: x_total}\n";
        assert!(check(ratio).0.is_empty());
        let burn = "apiVersion: openslo/v1\nkind: AlertCondition\nspec:\n  condition: {kind: burnrate, op: lte, threshold: 2}\n";
        assert!(check(burn).0.is_empty());
    }
}
