//! Pyrra objectives on latency.
//!
//! *Looks for*: `apiVersion: pyrra.dev/…`, `kind: ServiceLevelObjective` with `indicator.latency` (a bucket) or
//! `indicator.latencyNative.latency` (a duration).
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from an SLO, for the services that the metric selects.
//! *Misses*: buckets of metrics that tell no unit.
//! *Example*: `target: "99"` and `latencyNative.latency: 200ms`: p99 within 200 ms.

use super::Facts;
use super::latency::{self, Budget};
use crate::fact::LatencySource;
use crate::parse::config::ConfigView;
use crate::parse::tree::Node;
use crate::parse::{duration, percentile, promql};

pub(super) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    for object in latency::objects_of(view, "pyrra.dev/", "ServiceLevelObjective") {
        let target = object.path(&["spec", "target"]).and_then(Node::as_f64);
        let (Some(indicator), Some(percentile)) =
            (object.path(&["spec", "indicator"]), target.and_then(percentile::of_target))
        else {
            continue;
        };
        if let Some(query) = indicator.path(&["latency", "success", "metric"]) {
            latency::add_bucket(facts, query, Some(percentile), &[], view);
        }
        if let Some(native) = indicator.get("latencyNative") {
            add_native(native, percentile, facts);
        }
    }
}

fn add_native(native: &Node, percentile: f64, facts: &mut Facts<'_, '_>) {
    let Some(limit) = native.get("latency") else { return };
    let query = native.path(&["total", "metric"]).and_then(Node::written).unwrap_or("");
    let (metric, labels) = promql::first_metric(query).unwrap_or_default();
    let budget = Budget {
        limit: duration::read(limit.as_str().unwrap_or("")),
        percentile: Some(percentile),
        source: LatencySource::Slo,
        subject: latency::subject(&metric),
        binding: latency::binding(&metric, &labels, &[]),
    };
    latency::add(facts, limit.range.clone(), budget);
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nspec:\n  target: '99'\n  indicator:\n";

    fn check(source: &str) -> Vec<String> {
        latency::test::config(detect, "slo.yaml", source).0
    }

    #[test]
    fn buckets_and_native_durations() {
        let bucket = "    latency:\n      success:\n        metric: x_seconds_bucket{job=\"shop\",le=\"0.05\"}\n      total:\n        metric: x_seconds_count\n";
        assert_eq!(check(&format!("{HEAD}{bucket}")), ["p99 50000us Slo [shop] @8"]);
        let native =
            "    latencyNative:\n      latency: 200ms\n      total:\n        metric: x_seconds{app=\"shop\"}\n";
        assert_eq!(check(&format!("{HEAD}{native}")), ["p99 200000us Slo [shop] @7"]);
    }

    #[test]
    fn ratios_and_the_definition_itself_are_none() {
        assert!(check(&format!("{HEAD}    ratio:\n      errors: {{metric: 'x_total{{code=\"500\"}}'}}\n")).is_empty());
        assert!(check("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  target: '99'\n  indicator:\n    latencyNative: {latency: 1s}\n").is_empty());
    }
}
