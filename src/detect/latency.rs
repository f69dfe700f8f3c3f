//! What all latency detectors share: how a figure becomes a fact, whom it is about, and what it measures.
//!
//! In: a figure as read, and the names and labels beside it. Out: [`FactKind::Latency`] with its binding, or an entry
//! among what was not read where a figure cannot be (negative, zero, beyond a day) or where nothing tells its unit.

use std::ops::Range;

use super::Facts;
use crate::fact::{Binding, FactKind, LatencySource, Subject};
use crate::parse::config::ConfigView;
use crate::parse::duration::{NoDuration, Unit, words};
use crate::parse::promql::{self, Label, Recordings};
use crate::parse::tree::Node;

/// A figure on its way to a fact.
#[derive(Debug)]
pub(super) struct Budget {
    pub(super) limit: Result<f64, NoDuration>,
    pub(super) percentile: Option<f64>,
    pub(super) source: LatencySource,
    pub(super) subject: Subject,
    pub(super) binding: Binding,
}

/// Adds the fact, or says why a figure that is one of time gives none; what is none adds nothing.
pub(super) fn add(facts: &mut Facts<'_, '_>, range: Range<usize>, budget: Budget) {
    let Budget { limit, percentile, source, subject, binding } = budget;
    match limit {
        Ok(limit_us) => {
            facts.add_bound(range, FactKind::Latency { limit_us, percentile, source, subject }, binding);
        }
        Err(NoDuration::NotADuration) => {}
        // No verdict hangs on a figure that nobody can read.
        Err(reason) => facts.omission(range, format!("latency figure: {reason}")),
    }
}

/// Adds a ceiling for waiting.
pub(super) fn add_timeout(
    facts: &mut Facts<'_, '_>,
    range: Range<usize>,
    limit: Result<f64, NoDuration>,
    binding: Binding,
) {
    // Zero switches many timeouts off, and long ones are no slip: neither is a flaw.
    if let Ok(limit_us) = limit {
        facts.add_bound(range, FactKind::Timeout { limit_us }, binding);
    }
}

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
pub(super) fn binding(metric: &str, labels: &[Label], beside: &[&str]) -> Binding {
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

/// Returns the word of a metric that names a program: `tikv` of `tikv_grpc_msg_duration_seconds`.
fn prefix(metric: &str) -> Option<&str> {
    let series = metric.split(':').find(|part| promql::unit_of_metric(part).is_some())?;
    let first = series.split(['_', '.']).next()?;
    (first.len() > 1 && !COMMON_PREFIXES.contains(&first)).then_some(first)
}

/// Returns what a matcher's value stands for: `.*(a|b).*` for `a` and `b`.
fn alternatives(value: &str, regex: bool) -> Vec<String> {
    if !regex {
        return is_plain(value).then(|| last_part(value).to_owned()).into_iter().collect();
    }
    let bare = value.trim_matches(['^', '$']).replace("(?:", "(").replace(".*", "").replace(".+", "");
    let (before, group, after) = match (bare.find('('), bare.rfind(')')) {
        (Some(open), Some(close)) if open < close => (&bare[..open], &bare[open + 1..close], &bare[close + 1..]),
        _ => ("", bare.as_str(), ""),
    };
    let names = group.split('|').map(|name| format!("{before}{name}{after}"));
    names.map(|name| last_part(&name).trim_end_matches("-?").to_owned()).filter(|name| is_plain(name)).collect()
}

/// `namespace/job` names its job.
fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
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
pub(super) fn subject(metric: &str) -> Subject {
    // Recorded series begin with the labels they are grouped by, and end with what was done to them.
    let series = metric.split(':').find(|part| promql::unit_of_metric(part).is_some()).unwrap_or(metric);
    let words = words(series);
    let other = OTHER.iter().find(|(marks, _)| words.iter().any(|word| marks.contains(&word.as_str())));
    other.map_or(Subject::Answering, |(_, what)| Subject::Other((*what).to_owned()))
}

/// Adds a budget for each latency threshold of an expression.
pub(super) fn add_thresholds(
    facts: &mut Facts<'_, '_>,
    expression: &str,
    within: Range<usize>,
    beside: &[&str],
    recordings: &Recordings,
) {
    for threshold in promql::thresholds_with(expression, recordings) {
        let Some(limit) = limit_of(threshold.limit, &threshold.metric) else { continue };
        let range = place_of(facts.text.text, &within, &threshold.metric);
        let budget = Budget {
            limit,
            percentile: threshold.percentile,
            source: LatencySource::Alert,
            subject: subject(&threshold.metric),
            binding: binding(&threshold.metric, &threshold.labels, beside),
        };
        add(facts, range, budget);
    }
}

/// Reads a figure in the unit of its metric; `None` where the metric's name tells neither a unit nor that it is one of
/// time.
pub(super) fn limit_of(value: f64, metric: &str) -> Option<Result<f64, NoDuration>> {
    match promql::unit_of_metric(metric) {
        Some(unit) => Some(crate::parse::duration::in_unit(value, unit)),
        None => promql::is_time_taken(metric).then_some(Err(NoDuration::NoUnit)),
    }
}

/// Adds an objective whose figure stands beside the query that it is about.
pub(super) fn add_measured(
    facts: &mut Facts<'_, '_>,
    value: &Node,
    number: f64,
    query: &str,
    share: Option<f64>,
    service: Option<&str>,
) {
    let measured = promql::measured(query).or_else(|| {
        let (metric, labels) = promql::first_metric(query).filter(|(metric, _)| may_be_held(metric))?;
        Some((None, 1.0, metric, labels))
    });
    let Some((percentile, factor, metric, labels)) = measured else { return };
    let Some(limit) = limit_of(number / factor, &metric) else { return };
    let budget = Budget {
        limit,
        percentile: percentile.or(share),
        source: LatencySource::Slo,
        subject: subject(&metric),
        binding: service_or_metric(service.as_slice(), &metric, &labels),
    };
    add(facts, value.range.clone(), budget);
}

/// Whether an objective below a figure on this metric is one on time: seconds are also used up and stamped.
fn may_be_held(metric: &str) -> bool {
    let counted = ["_total", "_count", "_sum"].iter().any(|end| metric.ends_with(end));
    let fine = matches!(promql::unit_of_metric(metric), Some(Unit::Millis | Unit::Micros | Unit::Nanos));
    promql::is_time_taken(metric) || fine && !counted
}

/// Adds an objective that stands as a bucket (`le="0.4"`) in a query; says whether there was one.
pub(super) fn add_bucket(
    facts: &mut Facts<'_, '_>,
    query: &Node,
    percentile: Option<f64>,
    beside: &[&str],
    view: &ConfigView<'_>,
) -> bool {
    let Some(text) = query.written() else { return false };
    let buckets = promql::buckets(text);
    let Some(bucket) = buckets.first() else { return false };
    let Some(limit) = limit_of(bucket.limit, &bucket.metric) else { return false };
    let budget = Budget {
        limit,
        percentile,
        source: LatencySource::Slo,
        subject: subject(&bucket.metric),
        binding: service_or_metric(beside, &bucket.metric, &bucket.labels),
    };
    add(facts, place_of(view.text.text, &query.range, &bucket.metric), budget);
    true
}

/// An SLO names its service itself; failing that, its query does.
pub(super) fn service_or_metric(beside: &[&str], metric: &str, labels: &[Label]) -> Binding {
    let named = binding("", &[], beside);
    if named == Binding::Here { binding(metric, labels, &[]) } else { named }
}

/// Finds a word in a range of the file: the line that says it, not the first line of the expression.
pub(super) fn place_of(text: &str, within: &Range<usize>, word: &str) -> Range<usize> {
    let part = text.get(within.clone()).unwrap_or("");
    match part.find(word) {
        Some(at) if !word.is_empty() => within.start + at..within.start + at + word.len(),
        _ => within.clone(),
    }
}

/// Walks the objects of a file: its documents, and the elements of documents that are lists.
pub(super) fn objects<'v>(view: &'v ConfigView<'_>) -> impl Iterator<Item = &'v Node> {
    view.documents.iter().flat_map(|document| document.one_or_many())
}

/// Walks the objects of one API and kind (`apiVersion` starts with `api`).
pub(super) fn objects_of<'v>(
    view: &'v ConfigView<'_>,
    api: &'static str,
    kind: &'static str,
) -> impl Iterator<Item = &'v Node> {
    objects(view).filter(move |object| {
        object.str_at(&["apiVersion"]).is_some_and(|version| version.starts_with(api))
            && object.str_at(&["kind"]) == Some(kind)
    })
}

/// Test helpers of the latency detectors: facts of one configuration file, in short.
#[cfg(test)]
pub(super) mod test {
    use super::*;
    use crate::parse::{Kind, config};
    use crate::source::Text;

    /// Writes a fact as `p99 250000us Slo Answering [names] @line`.
    pub(in crate::detect) fn brief(facts: &Facts<'_, '_>) -> Vec<String> {
        let mut lines = Vec::new();
        for fact in &facts.list {
            let who = match &fact.binding {
                Binding::Names(names) => names.join(","),
                other => format!("{other:?}"),
            };
            let line = fact.place.line;
            lines.push(match &fact.kind {
                FactKind::Latency { limit_us, percentile, source, subject } => {
                    let percentile = percentile.map_or("-".to_owned(), |p| format!("p{p}"));
                    let other = if *subject == Subject::Answering { "" } else { " other" };
                    format!("{percentile} {limit_us}us {source:?}{other} [{who}] @{line}")
                }
                FactKind::Timeout { limit_us } => format!("timeout {limit_us}us [{who}] @{line}"),
                other => format!("{other:?} [{who}] @{line}"),
            });
        }
        lines
    }

    pub(in crate::detect) fn config(
        detect: fn(&ConfigView<'_>, &mut Facts<'_, '_>),
        path: &str,
        source: &str,
    ) -> (Vec<String>, usize) {
        let text = Text::new(path, source);
        let kind = Kind::of(path).expect("a known kind");
        let (view, flaws) = config::view(kind, &text).expect("a configuration file");
        assert_eq!(flaws, [], "{path}");
        let mut facts = Facts::new(&text);
        detect(&view, &mut facts);
        (brief(&facts), facts.flaws.len())
    }

    pub(in crate::detect) fn text(detect: fn(&Text<'_>, &mut Facts<'_, '_>), path: &str, source: &str) -> Vec<String> {
        let text = Text::new(path, source);
        let mut facts = Facts::new(&text);
        detect(&text, &mut facts);
        brief(&facts)
    }
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
