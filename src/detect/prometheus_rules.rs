//! Prometheus alert rules on latency, wherever they stand.
//!
//! *Looks for*: objects with `alert` and `expr` (rule files, `PrometheusRule` objects, vmalert, Helm values), rules
//! inside strings of a ConfigMap, and `expr:` texts of jsonnet mixins; quantiles, means, gauges of time taken and bucket
//! shares compared with a figure, directly or through a series that the same file records.
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from an alert, for the services that labels, the
//! rule's own labels or the metric's prefix name.
//! *Misses*: series that another file records under a name without a percentile, jsonnet values of other files, units
//! that only a comment or a metric's help text tells (a figure without a unit is listed among what was not read).
//! *Example*: `histogram_quantile(0.99, …x_seconds_bucket…) > 0.15`: p99 within 150 ms.

use super::Facts;
use super::latency;
use crate::parse::config::ConfigView;
use crate::parse::promql::{self, Recordings};
use crate::parse::tree::Node;
use crate::parse::yaml;
use crate::source::Text;

pub(super) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    if !has_marks(view.text.text) {
        return;
    }
    let recordings = recordings(&view.documents);
    for document in &view.documents {
        document.walk(&mut |_, node| {
            if node.is_map() {
                rule(node, None, &recordings, facts);
            } else if let Some(text) = node.as_str().filter(|text| text.contains('\n') && has_marks(text)) {
                embedded(text, node, facts);
            }
        });
    }
}

/// Everything that a file's recording rules record.
fn recordings(documents: &[Node]) -> Recordings {
    let mut recordings = Recordings::default();
    for document in documents {
        document.walk(&mut |_, node| {
            let (name, text) = (node.str_at(&["record"]), node.get("expr").and_then(Node::written));
            if let (Some(name), Some(text)) = (name, text) {
                let labels = node.get("labels").into_iter().flat_map(Node::entries);
                let labels = labels.filter_map(|(key, value)| Some((key.to_owned(), value.as_str()?.to_owned())));
                recordings.add(name, labels.collect(), text);
            }
        });
    }
    recordings
}

fn has_marks(text: &str) -> bool {
    text.contains("alert") && text.contains("expr") && (text.contains('>') || text.contains('<'))
}

/// One rule; `whole` is the place to look in where the rule's own offsets are not the file's.
fn rule(node: &Node, whole: Option<&Node>, recordings: &Recordings, facts: &mut Facts<'_, '_>) {
    let (Some(_), Some(expression)) = (node.get("alert"), node.get("expr")) else { return };
    let Some(text) = expression.written() else { return };
    let labels = node.get("labels");
    let beside: Vec<&str> = ["service", "app", "job", "component", "service_name"]
        .iter()
        .filter_map(|key| labels?.str_at(&[key]))
        .collect();
    let within = whole.unwrap_or(expression).range.clone();
    latency::add_thresholds(facts, text, within, &beside, recordings);
}

/// Rules written as a string inside another object.
fn embedded(text: &str, node: &Node, facts: &mut Facts<'_, '_>) {
    let documents = yaml::parse(text).documents;
    let recordings = recordings(&documents);
    for document in &documents {
        document.walk(&mut |_, inner| {
            if inner.is_map() {
                rule(inner, Some(node), &recordings, facts);
            }
        });
    }
}

/// Reads a jsonnet mixin.
pub(super) fn detect_text(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    if !(text.path.ends_with(".libsonnet") || text.path.ends_with(".jsonnet")) || !has_marks(text.text) {
        return;
    }
    for (at, _) in text.text.match_indices("expr:") {
        let Some(range) = jsonnet_string(text.text, at + 5) else { continue };
        let filled = promql::fill(&text.text[range.clone()], |name| field(text.text, name));
        latency::add_thresholds(facts, &filled, range, &[], &Recordings::default());
    }
}

/// Finds the string that starts at an offset: `|||` blocks and both quotes, verbatim or not.
fn jsonnet_string(text: &str, at: usize) -> Option<std::ops::Range<usize>> {
    let rest = text[at..].trim_start_matches(|c: char| c.is_whitespace() || c == '(' || c == '@');
    let start = text.len() - rest.len();
    let (open, close) = ["|||", "'", "\""].iter().find(|quote| rest.starts_with(**quote)).map(|q| (q.len(), *q))?;
    let end = text[start + open..].find(close)?;
    Some(start + open..start + open + end)
}

/// Finds the value of a field in the same file: a number or a string.
fn field(text: &str, name: &str) -> Option<String> {
    let mut found = text.match_indices(name).filter_map(|(at, _)| {
        let before = text[..at].chars().next_back();
        let rest = text[at + name.len()..].strip_prefix(':').map(str::trim_start)?;
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            return None;
        }
        match rest.chars().next()? {
            quote @ ('\'' | '"') => rest[1..].split(quote).next().map(str::to_owned),
            c if c.is_ascii_digit() => rest.split([',', '\n', '}', ' ']).next().map(str::to_owned),
            _ => None,
        }
    });
    found.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str) -> Vec<String> {
        latency::test::config(detect, "rules.yml", source).0
    }

    fn rules(expression: &str) -> String {
        format!("groups:\n- name: a\n  rules:\n  - alert: Slow\n    expr: {expression}\n")
    }

    #[test]
    fn rule_files_and_objects() {
        let quantile = "histogram_quantile(0.99, sum(rate(x_request_seconds_bucket{job=\"shop\"}[5m])) by (le)) > 0.15";
        assert_eq!(check(&rules(quantile)), ["p99 150000us Alert [shop] @5"]);
        let block = "|\n      histogram_quantile(0.99,\n        rate(shop_request_seconds_bucket[5m]))\n      > 0.15\n";
        assert_eq!(check(&rules(block)), ["p99 150000us Alert [shop] @7"]);
        let object = format!(
            "kind: PrometheusRule\nspec:\n  groups:\n  - rules:\n    - alert: A\n      labels: {{service: shop}}\n      expr: '{quantile}'\n"
        );
        assert_eq!(check(&object), ["p99 150000us Alert [shop] @7"]);
        let map = "kind: ConfigMap\ndata:\n  r.yml: |\n    groups:\n    - rules:\n      - alert: A\n        expr: histogram_quantile(0.9, rate(shop_latency_ms_bucket[5m])) > 20\n";
        assert_eq!(check(map), ["p90 20000us Alert [shop] @7"]);
    }

    #[test]
    fn other_subjects_are_listed_as_such() {
        let text = "histogram_quantile(0.99, sum(rate(go_sched_latencies_seconds_bucket{job=~\".*(a1|b2).*\"}[5m])) by (le)) > 0.1";
        assert_eq!(check(&rules(text)), ["p99 100000us Alert other [a1,b2] @5"]);
    }

    #[test]
    fn series_of_the_same_file_are_known() {
        let source = "groups:\n- rules:\n  - record: slo:slow:ratio5m\n    labels: {slo: a}\n    expr: 1 - sum(rate(x_seconds_bucket{job=\"shop\",le=\"0.3\"}[5m])) / sum(rate(x_seconds_count[5m]))\n  - alert: Burn\n    expr: |\n      (slo:slow:ratio5m{slo=\"a\"} > (14.4 * 0.01))\n      and (slo:slow:ratio5m{slo=\"a\"} > (14.4 * 0.01))\n";
        assert_eq!(check(source), ["p99 300000us Alert [shop] @8"]);
        assert!(check(&source.replace("record: slo:slow:ratio5m", "record: other")).is_empty());
    }

    #[test]
    fn gauges_and_unknown_units() {
        assert_eq!(check(&rules("max(shop_response_time_seconds) > 0.5")), ["- 500000us Alert [shop] @5"]);
        let unit = |source: &str| latency::test::config(detect, "rules.yml", source);
        assert_eq!(unit(&rules("histogram_quantile(0.9, rate(x_latency_bucket[5m])) > 10")), (vec![], 1));
        assert_eq!(unit(&rules("histogram_quantile(0.9, rate(x_size_bucket[5m])) > 10")), (vec![], 0));
    }

    #[test]
    fn look_alikes_are_none() {
        for expression in [
            "histogram_quantile(0.99, rate(region_size_bucket[1m])) > 1073741824",
            "histogram_quantile(0.01, rate(cert_expiration_seconds_bucket[1m])) < 604800",
            "histogram_quantile(0.99, rate(x_seconds_bucket[1m])) / 1000 > 1",
            "histogram_quantile(0.99, rate(log_lag_bucket[1m])) > 5000",
            "up == 0 and x > 3",
        ] {
            assert!(check(&rules(expression)).is_empty(), "{expression}");
        }
        let record = "groups:\n- rules:\n  # alert\n  - record: a\n    expr: histogram_quantile(0.99, rate(x_seconds_bucket[1m])) > 0.1\n";
        assert!(check(record).is_empty());
    }

    #[test]
    fn mixins_fill_in_their_own_fields() {
        let source = "{ _config+:: { limit_seconds: 0.5, sel: 'job=~\".*shop.*\"' },\n alerts: [{ alert: 'A',\n expr: |||\n histogram_quantile(0.99, rate(x_request_seconds_bucket{%(sel)s}[5m]))\n > %(limit_seconds)s\n ||| % $._config }] }";
        let found = latency::test::text(detect_text, "alerts.libsonnet", source);
        assert_eq!(found, ["p99 500000us Alert [shop] @4"]);
        let unknown = source.replace("limit_seconds: 0.5", "other: 1");
        assert!(latency::test::text(detect_text, "alerts.libsonnet", &unknown).is_empty());
    }
}
