//! Latency objectives and monitors in Terraform.
//!
//! *Looks for*: `google_monitoring_slo` (basic latency, distribution cut), `google_monitoring_alert_policy` on a
//! percentile, `datadog_monitor` queries on a percentile or a trace's mean, `datadog_service_level_objective` time
//! slices; defaults of variables and locals of the same file are put in. Rule groups of Grafana are read with its
//! alerts, alarms of CloudWatch by their own detector.
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from an SLO or an alert, for the service the query
//! selects, or what lies near the file.
//! *Misses*: variables of other files and of `.tfvars`; distribution metrics that tell no unit.
//! *Example*: `query = "avg(last_5m):p99:trace.http.request{service:shop} > 0.25"`: p99 within 250 ms.

use super::Facts;
use super::datadog::{self, Query};
use super::latency::{self, Budget};
use crate::fact::{Binding, LatencySource, Subject};
use crate::parse::Kind;
use crate::parse::config::ConfigView;
use crate::parse::duration::{self, NoDuration, Unit};
use crate::parse::percentile;
use crate::parse::tree::Node;

pub(super) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let Some(root) = view.root().filter(|_| view.kind == Kind::Hcl) else { return };
    let known = Known::new(root);
    for resource in root.entries().filter(|(key, _)| *key == "resource").map(|(_, resource)| resource) {
        for (kind, named) in resource.entries() {
            for (_, body) in named.entries() {
                match kind {
                    "google_monitoring_slo" => google(body, &known, facts),
                    "google_monitoring_alert_policy" => google_policy(body, facts),
                    "datadog_monitor" => datadog_monitor(body, &known, facts),
                    "datadog_service_level_objective" => datadog::objective(body, facts),
                    _ => {}
                }
            }
        }
    }
}

fn google(body: &Node, known: &Known<'_>, facts: &mut Facts<'_, '_>) {
    let goal = body.get("goal").and_then(Node::as_f64).and_then(percentile::of_target);
    if let Some(threshold) = body.path(&["basic_sli", "latency", "threshold"]) {
        let limit = known.text(threshold).map_or(Err(NoDuration::NotADuration), duration::read);
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

fn datadog_monitor(body: &Node, known: &Known<'_>, facts: &mut Facts<'_, '_>) {
    let Some(node) = body.get("query") else { return };
    let text = node.written().map(|text| known.fill(text));
    if let Some(Query { percentile, limit, binding }) = text.as_deref().and_then(datadog::read_query) {
        add(node, limit, percentile, LatencySource::Alert, binding, facts);
    }
}

/// An alert policy on a latency distribution: the percentile stands in how series are aligned or reduced.
fn google_policy(body: &Node, facts: &mut Facts<'_, '_>) {
    for (_, condition) in body.entries().filter(|(key, _)| *key == "conditions") {
        let Some(condition) = condition.get("condition_threshold") else { continue };
        let (Some(value), Some(filter)) = (condition.get("threshold_value"), condition.get("filter")) else { continue };
        let statistic = ["per_series_aligner", "cross_series_reducer"].iter().find_map(|key| {
            let (_, number) = condition.str_at(&["aggregations", key])?.split_once("_PERCENTILE_")?;
            percentile::of_target(number.parse().ok()?)
        });
        let above = condition.str_at(&["comparison"]) == Some("COMPARISON_GT");
        let unit = filter.written().and_then(google_unit);
        if let (Some(number), Some(unit), Some(percentile), true) = (value.as_f64(), unit, statistic, above) {
            let limit = duration::in_unit(number, unit);
            add(value, limit, Some(percentile), LatencySource::Alert, Binding::Here, facts);
        }
    }
}

/// Defaults of variables and values of locals in the same file.
struct Known<'v> {
    values: Vec<(&'v str, &'v str, &'v str)>,
}

impl<'v> Known<'v> {
    fn new(root: &'v Node) -> Known<'v> {
        let blocks = |kind: &'static str| root.entries().filter(move |(key, _)| *key == kind).map(|(_, body)| body);
        let defaults = blocks("variable").flat_map(Node::entries);
        let defaults = defaults.filter_map(|(name, body)| Some(("var", name, body.str_at(&["default"])?)));
        let locals = blocks("locals").flat_map(Node::entries);
        let locals = locals.filter_map(|(name, value)| Some(("local", name, value.as_str()?)));
        Known { values: defaults.chain(locals).collect() }
    }

    fn value(&self, reference: &str) -> Option<&'v str> {
        let (kind, name) = reference.trim().split_once('.')?;
        self.values.iter().find(|(of, known, _)| *of == kind && *known == name).map(|(_, _, value)| *value)
    }

    /// The text of a scalar: as it stands, or the value of the one reference that it is.
    fn text<'n>(&self, node: &'n Node) -> Option<&'n str>
    where
        'v: 'n,
    {
        node.as_str().or_else(|| {
            let written = node.written()?.trim_matches('"');
            self.value(written.strip_prefix("${").and_then(|text| text.strip_suffix('}')).unwrap_or(written))
        })
    }

    /// Puts values in for `${var.x}`; what is unknown stays.
    fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text.trim_matches('"');
        while let Some(at) = rest.find("${") {
            filled.push_str(&rest[..at]);
            let Some(end) = rest[at..].find('}') else { break };
            let reference = &rest[at..=at + end];
            filled.push_str(self.value(&reference[2..end]).unwrap_or(reference));
            rest = &rest[at + end + 1..];
        }
        filled + rest
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
    fn google_alert_policies() {
        let source = "resource \"google_monitoring_alert_policy\" \"a\" {\n  conditions {\n    condition_threshold {\n      filter = \"metric.type=\\\"run.googleapis.com/request_latencies\\\"\"\n      comparison = \"COMPARISON_GT\"\n      threshold_value = 800\n      aggregations {\n        per_series_aligner = \"ALIGN_PERCENTILE_99\"\n      }\n    }\n  }\n}\n";
        assert_eq!(check(source), ["p99 800000us Alert [Here] @6"]);
        assert!(check(&source.replace("ALIGN_PERCENTILE_99", "ALIGN_RATE")).is_empty());
        assert!(check(&source.replace("COMPARISON_GT", "COMPARISON_LT")).is_empty());
    }

    #[test]
    fn variables_and_locals_of_the_file() {
        let slo = "variable \"t\" {\n  default = \"2s\"\n}\nresource \"google_monitoring_slo\" \"a\" {\n  goal = 0.99\n  basic_sli {\n    latency {\n      threshold = var.t\n    }\n  }\n}\n";
        assert_eq!(check(slo), ["p99 2000000us Slo [Here] @8"]);
        assert!(check(&slo.replace("variable \"t\"", "variable \"u\"")).is_empty());
        let monitor = "locals {\n  limit = 0.4\n}\nresource \"datadog_monitor\" \"a\" {\n  query = \"avg(last_5m):p99:trace.http.request{service:shop} > ${local.limit}\"\n}\n";
        assert_eq!(check(monitor), ["p99 400000us Alert [shop] @5"]);
    }

    #[test]
    fn datadog_time_slices() {
        let source = "resource \"datadog_service_level_objective\" \"a\" {\n  type = \"time_slice\"\n  sli_specification {\n    time_slice {\n      query {\n        query {\n          metric_query {\n            query = \"p95:trace.http.request{service:shop}\"\n          }\n        }\n      }\n      comparator = \"<\"\n      threshold = 0.3\n    }\n  }\n}\n";
        assert_eq!(check(source), ["p95 300000us Slo [shop] @13"]);
        assert!(check(&source.replace("\"<\"", "\">\"")).is_empty());
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
