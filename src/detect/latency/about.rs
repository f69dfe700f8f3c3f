//! Whom a latency figure is about, and what it times: from the name of its metric, its labels and what stands beside it.

use crate::fact::{Binding, Subject};
use crate::parse::duration::words;
use crate::parse::promql::{self, Label};
use crate::path::base;

/// Labels whose value names a service.
const SERVICE_LABELS: &[&str] = &[
    "job",
    "service",
    "service_name",
    "exported_service",
    "exported_job",
    "app",
    "app_name",
    "application",
    "app_kubernetes_io_name",
    "label_app",
    "container",
    "container_name",
    "component",
    "deployment",
    "workload",
    "destination_workload",
    "destination_app",
    "destination_service",
    "destination_service_name",
    "destination_canonical_service",
    "kubernetes_name",
    "k8s_app",
    "microservice",
];

/// First words of metrics that name a protocol, a library or a measure and not a program.
const COMMON_PREFIXES: &[&str] = &[
    "http",
    "https",
    "grpc",
    "rpc",
    "api",
    "request",
    "requests",
    "response",
    "go",
    "process",
    "server",
    "client",
    "latency",
    "duration",
    "job",
    "route",
    "cluster",
    "instance",
    "namespace",
    "slo",
    "sli",
    "service",
    "my",
    "x",
    "app",
    "application",
    "web",
    "rest",
    "graphql",
    "handler",
    "connect",
    "promhttp",
    "otel",
    "trace",
    "traces",
    "span",
    "spans",
    "histogram",
    "db",
    "sql",
    "redis",
    "queue",
    "flask",
    "django",
    "spring",
    "tokio",
    "axum",
    "tower",
    "actix",
    "istio",
    "envoy",
    "apdex",
    "calls",
    "gin",
    "echo",
    "fiber",
    "http2",
    "ws",
    "websocket",
];

/// Finds the services that a metric and its labels select.
pub(in crate::detect) fn binding(metric: &str, labels: &[Label], beside: &[&str]) -> Binding {
    let mut names: Vec<String> = Vec::new();
    let selected = labels.iter().filter(|label| !label.negative && SERVICE_LABELS.contains(&label.name.as_str()));
    for label in selected {
        names.extend(alternatives(&label.value, label.regex));
    }
    if names.is_empty() {
        names.extend(beside.iter().filter(|name| is_plain(name)).map(|name| (*name).to_owned()));
    }
    if names.is_empty() {
        names.extend(prefix(metric).map(str::to_owned));
    }
    names.dedup();
    if names.is_empty() { Binding::Here } else { Binding::Names(names) }
}

/// An SLO names its service itself; failing that, its query does.
pub(super) fn service_or_metric(beside: &[&str], metric: &str, labels: &[Label]) -> Binding {
    let named = binding("", &[], beside);
    if named == Binding::Here { binding(metric, labels, &[]) } else { named }
}

/// Returns the word of a metric that names a program: `tikv` of `tikv_grpc_msg_duration_seconds`.
fn prefix(metric: &str) -> Option<&str> {
    let series = metric.split(':').find(|part| promql::unit_of_metric(part).is_some())?;
    let first = series.split(['_', '.']).next()?;
    (first.len() > 1 && !COMMON_PREFIXES.contains(&first)).then_some(first)
}

/// Returns what a matcher's value stands for: `.*(a|b).*` for `a` and `b`.
fn alternatives(value: &str, regex: bool) -> Vec<String> {
    if !regex {
        return is_plain(value).then(|| base(value).to_owned()).into_iter().collect();
    }
    let bare = value.trim_matches(['^', '$']).replace("(?:", "(").replace(".*", "").replace(".+", "");
    let (before, group, after) = match (bare.find('('), bare.rfind(')')) {
        (Some(open), Some(close)) if open < close => (&bare[..open], &bare[open + 1..close], &bare[close + 1..]),
        _ => ("", bare.as_str(), ""),
    };
    let names = group.split('|').map(|name| format!("{before}{name}{after}"));
    names.map(|name| base(&name).trim_end_matches("-?").to_owned()).filter(|name| is_plain(name)).collect()
}

fn is_plain(name: &str) -> bool {
    name.len() > 1
        && name.contains(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':'))
}

/// Words of a name that say that something else than answering a request is timed.
const OTHER: &[(&[&str], &str)] = &[
    (&["sched", "scheduling", "scheduler"], "scheduling"),
    (&["gc", "pause", "pauses"], "garbage collection"),
    (&["queue", "queued", "workqueue", "backlog", "wait", "waiting", "gate", "latch"], "waiting in a queue"),
    (&["age", "lag", "staleness", "freshness", "delay", "propagation", "offset"], "age or lag of data"),
    (&["fsync", "wal", "disk", "flush", "commit", "compaction", "backend", "log"], "storage"),
    (
        &["reconcile", "reconciliation", "sync", "evaluation", "iteration", "cycle", "loop", "relist"],
        "a background cycle",
    ),
    (&["scrape", "backup", "snapshot", "restore", "replication", "migration", "rebalance"], "background work"),
    (&["startup", "start", "boot", "provisioning", "deploy", "pipeline", "build", "pull"], "starting or building"),
    (&["peer", "rtt", "ping", "heartbeat", "election", "raft", "raftstore", "probe"], "the network between nodes"),
    (&["client", "upstream", "objstore", "dependency", "external"], "calls to others"),
    (&["job", "jobs", "batch", "task", "cron"], "batch work"),
];

/// Says what a metric times: answering, unless a word of its name tells of something else.
pub(in crate::detect) fn subject(metric: &str) -> Subject {
    // Recorded series begin with the labels they are grouped by, and end with what was done to them.
    let series = metric.split(':').find(|part| promql::unit_of_metric(part).is_some()).unwrap_or(metric);
    let words = words(series);
    let other = OTHER.iter().find(|(marks, _)| words.iter().any(|word| marks.contains(&word.as_str())));
    other.map_or(Subject::Answering, |(_, what)| Subject::Other((*what).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(name: &str, value: &str, regex: bool) -> Label {
        Label { name: name.into(), value: value.into(), regex, negative: false }
    }

    #[test]
    fn services_are_named_by_labels_then_neighbours_then_metric() {
        let names = |metric, labels: &[Label], beside: &[&str]| match binding(metric, labels, beside) {
            Binding::Names(names) => names.join(","),
            other => format!("{other:?}"),
        };
        let metric = "cart_request_seconds_bucket";
        assert_eq!(names(metric, &[label("job", ".*(a1|b2).*", true)], &["x1"]), "a1,b2");
        assert_eq!(names(metric, &[label("job", "^prod-(?:a|b)$", true)], &[]), "prod-a,prod-b");
        assert_eq!(names(metric, &[label("job", "ns/api", false)], &[]), "api");
        assert_eq!(names(metric, &[label("job", "$job", false)], &["shop"]), "shop");
        assert_eq!(names(metric, &[label("code", "200", false)], &[]), "cart");
        assert_eq!(names("http_request_seconds_bucket", &[], &[]), "Here");
        assert_eq!(names("job:cart_request_seconds:p99", &[], &[]), "cart");
    }

    #[test]
    fn only_answering_is_answering() {
        for (metric, answering) in [
            ("http_request_duration_seconds_bucket", true),
            ("checkout_latency_ms", true),
            ("grpc_server_handling_seconds_bucket", true),
            ("job_route:x_request_seconds:p99", true),
            ("cluster_job_route:x_request_duration_seconds:99quantile", true),
            ("cluster:x_queue_duration_seconds:99quantile", false),
            ("go_sched_latencies_seconds_bucket", false),
            ("go_gc_duration_seconds", false),
            ("workqueue_queue_duration_seconds_bucket", false),
            ("x_disk_wal_fsync_duration_seconds_bucket", false),
            ("controller_runtime_reconcile_time_seconds_bucket", false),
            ("rest_client_request_duration_seconds_bucket", false),
        ] {
            assert_eq!(subject(metric) == Subject::Answering, answering, "{metric}");
        }
    }
}
