//! Sloth objectives on latency, as a file or as a Kubernetes object.
//!
//! *Looks for*: `version: prometheus/v1` with `slos`, or `kind: PrometheusServiceLevel`; an error query that counts
//! what is slower than a bucket (`le="0.4"`, `histogram_share(0.4, …)`).
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from an SLO, for the service that the object names.
//! *Misses*: objectives made by plugins, objectives in code comments, buckets of metrics that tell no unit.
//! *Example*: `objective: 99` with `error_query: all - fast{le="0.4"}`: p99 within 400 ms.

use super::Facts;
use super::latency;
use crate::parse::config::ConfigView;
use crate::parse::percentile;
use crate::parse::tree::Node;

pub(super) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    for object in latency::objects(view) {
        let spec = match object.get("spec") {
            Some(spec) if object.str_at(&["kind"]) == Some("PrometheusServiceLevel") => spec,
            None if object.str_at(&["version"]).is_some_and(|version| version.starts_with("prometheus/")) => object,
            _ => continue,
        };
        for slo in spec.get("slos").map(Node::items).unwrap_or_default() {
            let percentile = slo.get("objective").and_then(Node::as_f64).and_then(percentile::of_target);
            let (Some(sli), Some(percentile)) = (slo.get("sli"), percentile) else { continue };
            for path in QUERIES {
                if let Some(query) = sli.path(path) {
                    latency::add_bucket(facts, query, Some(percentile), spec.str_at(&["service"]).as_slice(), view);
                }
            }
        }
    }
}

const QUERIES: &[&[&str]] = &[
    &["events", "error_query"],
    &["events", "errorQuery"],
    &["raw", "error_ratio_query"],
    &["raw", "errorRatioQuery"],
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str) -> Vec<String> {
        latency::test::config(detect, "slo.yml", source).0
    }

    #[test]
    fn file_and_object_say_what_is_slow() {
        let file = "version: prometheus/v1\nservice: shop\nslos:\n- objective: 99.9\n  sli:\n    events:\n      error_query: |\n        sum(rate(x_seconds_count[{{.window}}]))\n        -\n        sum(rate(x_seconds_bucket{le=\"0.4\"}[{{.window}}]))\n";
        assert_eq!(check(file), ["p99.9 400000us Slo [shop] @10"]);
        let object = "apiVersion: sloth.slok.dev/v1\nkind: PrometheusServiceLevel\nspec:\n  service: shop\n  slos:\n  - objective: 90\n    sli:\n      events:\n        errorQuery: 1 - histogram_share(0.2, sum by (vmrange) (rate(x_seconds_bucket[{{.window}}])))\n";
        assert_eq!(check(object), ["p90 200000us Slo [shop] @9"]);
    }

    #[test]
    fn availability_is_none() {
        let file = "version: prometheus/v1\nservice: shop\nslos:\n- objective: 99\n  sli:\n    events:\n      error_query: sum(rate(x_seconds_count{code=~\"5..\"}[{{.window}}]))\n";
        assert!(check(file).is_empty());
        assert!(check("version: prometheus/v1\nslos: 3\n").is_empty());
    }
}
