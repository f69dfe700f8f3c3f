//! Pyrra objectives on latency.
//!
//! *Looks for*: `apiVersion: pyrra.dev/…`, `kind: ServiceLevelObjective` with `indicator.latency` (a bucket) or
//! `indicator.latencyNative.latency` (a duration), as YAML and JSON, and as objects of jsonnet.
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from an SLO, for the services that the metric selects.
//! *Misses*: jsonnet whose target or metric is put together by functions; a bucket of a metric that tells no unit is
//! listed among what was not read.
//! *Example*: `target: "99"` and `latencyNative.latency: 200ms`: p99 within 200 ms.

use super::Facts;
use super::latency::{self, Budget};
use crate::fact::LatencySource;
use crate::parse::config::ConfigView;
use crate::parse::js::{Script, Value};
use crate::parse::tree::Node;
use crate::parse::{duration, percentile, promql};
use crate::source::Text;

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

/// Reads objects of jsonnet, as far as they are literals.
pub(super) fn detect_text(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    let jsonnet = text.path.ends_with(".libsonnet") || text.path.ends_with(".jsonnet");
    if !jsonnet || !text.text.contains("pyrra.dev/") {
        return;
    }
    let script = Script::new(text.text);
    for spec in script.values_of("spec") {
        let target = spec.get("target").and_then(|target| match &target.value {
            Value::Number(number) => Some(*number),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        });
        let metric = ["indicator", "latency", "success", "metric"].iter().try_fold(&spec, |item, key| item.get(key));
        let (Some(metric), Some(percentile)) = (metric, target.and_then(percentile::of_target)) else { continue };
        let Some(bucket) = metric.as_str().and_then(|query| promql::buckets(query).into_iter().next()) else {
            continue;
        };
        let Some(limit) = latency::limit_of(bucket.limit, &bucket.metric) else { continue };
        let budget = Budget {
            limit,
            percentile: Some(percentile),
            source: LatencySource::Slo,
            subject: latency::subject(&bucket.metric),
            binding: latency::binding(&bucket.metric, &bucket.labels, &[]),
        };
        latency::add(facts, metric.range.clone(), budget);
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
    fn objects_of_jsonnet() {
        let source = "{ 'slo': {\n  apiVersion: 'pyrra.dev/v1alpha1',\n  kind: 'ServiceLevelObjective',\n  spec: {\n    target: '99.5',\n    indicator: { latency: { success: {\n      metric: 'x_seconds_bucket{job=\"shop\",le=\"0.25\"}',\n    }, total: { metric: 'x_seconds_count' } } },\n  } } }";
        let check = |path: &str, source: &str| latency::test::text(detect_text, path, source);
        assert_eq!(check("a.libsonnet", source), ["p99.5 250000us Slo [shop] @7"]);
        assert!(check("a.nix", source).is_empty());
        assert!(check("a.jsonnet", &source.replace("latency:", "ratio:")).is_empty());
        assert!(check("a.jsonnet", &source.replace("'99.5'", "$._config.target")).is_empty());
    }

    #[test]
    fn ratios_and_the_definition_itself_are_none() {
        assert!(check(&format!("{HEAD}    ratio:\n      errors: {{metric: 'x_total{{code=\"500\"}}'}}\n")).is_empty());
        assert!(check("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  target: '99'\n  indicator:\n    latencyNative: {latency: 1s}\n").is_empty());
    }
}
