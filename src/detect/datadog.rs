//! Datadog monitors and objectives on latency, as JSON or YAML.
//!
//! *Looks for*: monitors (`type: query alert` or `metric alert` with a `query`, as exported, as `DatadogMonitor` or in a
//! list) that compare a percentile or a trace's mean with a figure, and objectives of type `time_slice`.
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from an alert or an SLO, for the service the query
//! selects, or what lies near the file.
//! *Misses*: formulas over several queries, anomaly and forecast monitors, metrics that tell no unit.
//! *Example*: `"query": "avg(last_5m):p99:trace.http.request{service:shop} > 0.25"`: p99 within 250 ms.

use super::Facts;
use super::latency::{self, Budget};
use crate::fact::{Binding, LatencySource, Subject};
use crate::parse::Kind;
use crate::parse::config::ConfigView;
use crate::parse::duration::{self, NoDuration, Unit};
use crate::parse::percentile;
use crate::parse::tree::Node;

pub(super) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let source = view.text.text;
    if view.kind == Kind::Hcl || !(source.contains("alert") || source.contains("time_slice")) {
        return;
    }
    for document in &view.documents {
        document.walk(&mut |_, node| {
            match node.str_at(&["type"]) {
                Some("query alert" | "metric alert") => {
                    monitor(node.get("query"), facts);
                }
                Some("time_slice") => objective(node, facts),
                _ => {}
            };
        });
    }
}

fn monitor(query: Option<&Node>, facts: &mut Facts<'_, '_>) {
    let Some((node, query)) = query.and_then(|node| Some((node, read_query(node.as_str()?)?))) else { return };
    add(node, query, LatencySource::Alert, facts);
}

/// An objective that counts the minutes in which a query stayed below a figure.
pub(super) fn objective(body: &Node, facts: &mut Facts<'_, '_>) {
    let Some(slice) = body.path(&["sli_specification", "time_slice"]) else { return };
    let below = slice.str_at(&["comparator"]).is_some_and(|comparator| comparator.starts_with('<'));
    let query = slice
        .path(&["query", "query", "metric_query", "query"])
        .or_else(|| slice.path(&["query", "queries"])?.items().first()?.get("query"));
    let (Some(threshold), Some(query), true) = (slice.get("threshold"), query, below) else { return };
    let joined = query.as_str().zip(threshold.as_str()).map(|(query, limit)| format!("{query} > {limit}"));
    if let Some(query) = joined.as_deref().and_then(read_query) {
        add(threshold, query, LatencySource::Slo, facts);
    }
}

/// What a query holds a figure against.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) percentile: Option<f64>,
    pub(super) limit: Result<f64, NoDuration>,
    pub(super) binding: Binding,
}

fn add(node: &Node, query: Query, source: LatencySource, facts: &mut Facts<'_, '_>) {
    let Query { percentile, limit, binding } = query;
    let budget = Budget { limit, percentile, source, subject: Subject::Answering, binding };
    latency::add(facts, node.range.clone(), budget);
}

/// `percentile(last_15m):p95:flow.latency_ms{…} > 60000`, `avg(last_5m):p99:trace.x{service:y} > 0.25`.
pub(super) fn read_query(query: &str) -> Option<Query> {
    let (left, limit) = query.split_once('>')?;
    let limit = duration::number(limit.trim_start_matches('=').trim())?;
    let (before, rest) = left.split_once('{')?;
    let mut parts = before.rsplit(':').map(str::trim);
    let metric = parts.next()?.trim_start_matches('(');
    let statistic = parts.next()?;
    let percentile = percentile::read(statistic);
    // Without a percentile only a trace's mean is how long an answer took.
    let trace = is_trace(metric);
    if percentile.is_none() && !(trace && statistic == "avg") {
        return None;
    }
    let unit = Unit::of_name(metric).or(if trace { Some(Unit::Seconds) } else { None })?;
    let tags = rest.split('}').next()?.split(',').map(str::trim);
    let services: Vec<String> = tags.filter_map(|tag| tag.strip_prefix("service:")).map(str::to_owned).collect();
    let binding = if services.is_empty() { Binding::Here } else { Binding::Names(services) };
    Some(Query { percentile, limit: duration::in_unit(limit, unit), binding })
}

/// Durations of traces are in seconds and do not say so.
fn is_trace(metric: &str) -> bool {
    metric.starts_with("trace.") && ![".hits", ".errors", ".apdex"].iter().any(|end| metric.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, source: &str) -> Vec<String> {
        latency::test::config(detect, path, source).0
    }

    #[test]
    fn monitors_as_json_yaml_and_objects() {
        let query = "avg(last_5m):p99:trace.http.request{service:shop} > 0.25";
        let json = format!("{{\"name\": \"a\", \"type\": \"query alert\", \"query\": \"{query}\"}}");
        assert_eq!(check("monitor.json", &json), ["p99 250000us Alert [shop] @1"]);
        let object = format!("kind: DatadogMonitor\nspec:\n  type: metric alert\n  query: '{query}'\n");
        assert_eq!(check("monitor.yaml", &object), ["p99 250000us Alert [shop] @4"]);
    }

    #[test]
    fn time_slices() {
        let source = "{\"type\": \"time_slice\", \"sli_specification\": {\"time_slice\": {\"comparator\": \"<=\",\n\"threshold\": 0.3, \"query\": {\"queries\": [{\"query\": \"p95:trace.http.request{service:shop}\"}]}}}}";
        assert_eq!(check("slo.json", source), ["p95 300000us Slo [shop] @2"]);
        assert!(check("slo.json", &source.replace("<=", ">")).is_empty());
    }

    #[test]
    fn look_alikes_are_none() {
        for source in [
            "type: query alert\nquery: 'sum(last_5m):sum:trace.http.request.errors{a:b} > 5'\n",
            "type: query alert\nquery: 'avg(last_5m):avg:system.cpu.user{a:b} > 90'\n",
            "type: log alert\nquery: 'avg(last_5m):p99:trace.http.request{a:b} > 1'\n",
            "type: query alert\nquery: 'avg(last_5m):p99:flow.size{a:b} > 5'\n",
            "type: query alert\nquery: 5\n",
        ] {
            assert!(check("monitor.yaml", source).is_empty(), "{source}");
        }
    }
}
