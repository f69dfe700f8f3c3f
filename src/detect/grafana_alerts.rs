//! Grafana-managed alert rules on latency, in provisioning files and in Terraform.
//!
//! *Looks for*: rules with a `data` list (or `data` blocks of `grafana_rule_group`): a query in one node, the figure
//! in another that names it (`threshold`, `classic_conditions`, `math`), directly or through `reduce`.
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from an alert, for the services the query selects.
//! *Misses*: models that are JSON in a string with expressions in it, data sources without PromQL.
//! *Example*: query `histogram_quantile(0.95, …_seconds_bucket…)`, evaluator `gt 0.25`: p95 within 250 ms.

use super::Facts;
use super::latency::{self, Budget};
use crate::fact::LatencySource;
use crate::parse::config::ConfigView;
use crate::parse::tree::Node;
use crate::parse::{duration, promql};

pub(super) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    if !view.text.text.contains("refId") && !view.text.text.contains("ref_id") {
        return;
    }
    for document in &view.documents {
        document.walk(&mut |_, node| {
            let queries: Vec<&Node> =
                node.entries().filter(|(key, _)| *key == "data").flat_map(|(_, data)| data.one_or_many()).collect();
            if queries.iter().any(|query| reference(query).is_some()) {
                rule(node, &queries, facts);
            }
        });
    }
}

fn reference(query: &Node) -> Option<&str> {
    query.str_at(&["refId"]).or_else(|| query.str_at(&["ref_id"]))
}

fn rule(rule: &Node, queries: &[&Node], facts: &mut Facts<'_, '_>) {
    for query in queries {
        let Some(model) = query.get("model") else { continue };
        for (figure, limit, of) in figures(model) {
            let Some(expression) = expression_of(queries, &of, 8) else { continue };
            let Some((percentile, factor, metric, labels)) = expression.written().and_then(promql::measured) else {
                continue;
            };
            let Some(unit) = promql::unit_of_metric(&metric) else { continue };
            let beside = ["service_name", "service", "app", "job"].iter();
            let beside: Vec<&str> = beside.filter_map(|key| rule.str_at(&["labels", key])).collect();
            let budget = Budget {
                limit: duration::in_unit(limit / factor, unit),
                percentile,
                source: LatencySource::Alert,
                subject: latency::subject(&metric),
                binding: latency::binding(&metric, &labels, &beside),
            };
            latency::add(facts, figure.range.clone(), budget);
        }
    }
}

/// The figures of one node of a rule, with the query each is about.
fn figures(model: &Node) -> Vec<(&Node, f64, String)> {
    let expression = model.str_at(&["expression"]).unwrap_or("");
    match model.str_at(&["type"]) {
        Some("threshold" | "classic_conditions") => {}
        Some("math") => return model.get("expression").and_then(math).into_iter().collect(),
        _ => return Vec::new(),
    }
    let conditions = model.get("conditions").map(Node::items).unwrap_or_default();
    let above =
        conditions.iter().filter(|condition| matches!(condition.str_at(&["evaluator", "type"]), Some("gt" | "gte")));
    above
        .filter_map(|condition| {
            let figure = condition.path(&["evaluator", "params"])?.items().first()?;
            let of = condition.path(&["query", "params"]).and_then(|params| params.items().first()?.as_str());
            let of = if expression.is_empty() { of? } else { expression };
            // A negative or zero trigger is a demonstration or "any", never a budget.
            let limit = figure.as_f64().filter(|&limit| limit > 0.0)?;
            Some((figure, limit, of.trim_matches(['$', '{', '}']).to_owned()))
        })
        .collect()
}

/// `$A > 0.25`.
fn math(node: &Node) -> Option<(&Node, f64, String)> {
    let (of, limit) = node.as_str()?.split_once('>')?;
    let of = of.trim().trim_matches(['$', '{', '}']);
    let limit = limit.trim_start_matches('=').trim().parse().ok().filter(|&limit: &f64| limit > 0.0)?;
    of.chars().all(|c| c.is_alphanumeric() || c == '_').then(|| (node, limit, of.to_owned()))
}

/// Follows references to the node that asks a data source.
fn expression_of<'v>(queries: &[&'v Node], name: &str, hops: usize) -> Option<&'v Node> {
    let model = queries.iter().find(|query| reference(query) == Some(name))?.get("model")?;
    if let Some(expression) = model.get("expr") {
        return Some(expression);
    }
    let next = model.str_at(&["expression"])?.trim_matches(['$', '{', '}']);
    if hops == 0 { None } else { expression_of(queries, next, hops - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(evaluator: &str, metric: &str) -> String {
        format!(
            "groups:\n- rules:\n  - title: Slow\n    condition: C\n    data:\n    - refId: A\n      model:\n        expr: |\n          histogram_quantile(0.95, sum by (le) (rate({metric}_bucket{{service_name=\"shop\"}}[5m])))\n        refId: A\n    - refId: B\n      model: {{type: reduce, expression: A, reducer: last}}\n    - refId: C\n      model:\n        type: threshold\n        expression: B\n        conditions:\n        - evaluator: {evaluator}\n          query: {{params: [Z]}}\n"
        )
    }

    fn check(source: &str) -> Vec<String> {
        latency::test::config(detect, "alert.yml", source).0
    }

    #[test]
    fn query_and_figure_are_joined_by_reference() {
        let source = source("{type: gt, params: [0.25]}", "http_request_seconds");
        assert_eq!(check(&source), ["p95 250000us Alert [shop] @18"]);
        let math = source.replace("type: threshold", "type: math").replace("expression: B", "expression: $B > 0.5");
        assert_eq!(check(&math), ["p95 500000us Alert [shop] @16"]);
    }

    #[test]
    fn falls_zeros_and_sizes_are_none() {
        assert!(check(&source("{type: lt, params: [0.25]}", "http_request_seconds")).is_empty());
        assert!(check(&source("{type: gt, params: [0]}", "http_request_seconds")).is_empty());
        assert!(check(&source("{type: gt, params: [5000]}", "http_request_size")).is_empty());
        let panel =
            "fieldConfig: {defaults: {unit: s, thresholds: {steps: [{value: 80}]}}}\ntargets: [{refId: A, expr: x}]\n";
        assert!(check(panel).is_empty());
    }
}
