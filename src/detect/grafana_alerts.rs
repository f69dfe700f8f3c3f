//! Grafana-managed alert rules on latency, in provisioning files and in Terraform.
//!
//! *Looks for*: rules with a `data` list (or `data` blocks of `grafana_rule_group`): a query in one node, the figure
//! in another that names it (`threshold`, `classic_conditions`, `math`), directly or through `reduce`.
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from an alert, for the services the query selects.
//! *Misses*: models with templates in them, data sources without PromQL. Thresholds of dashboard panels are not read:
//! nearly all are the editor's default.
//! *Example*: query `histogram_quantile(0.95, …_seconds_bucket…)`, evaluator `gt 0.25`: p95 within 250 ms.

use std::borrow::Cow;
use std::ops::Range;

use super::Facts;
use super::latency::{self, Budget};
use crate::fact::LatencySource;
use crate::parse::config::ConfigView;
use crate::parse::tree::Node;
use crate::parse::{hcl, json, promql};

pub(super) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    if !view.text.text.contains("refId") && !view.text.text.contains("ref_id") {
        return;
    }
    for document in &view.documents {
        document.walk(&mut |_, node| {
            let queries: Vec<&Node> =
                node.entries().filter(|(key, _)| *key == "data").flat_map(|(_, data)| data.one_or_many()).collect();
            if queries.iter().any(|query| reference(query).is_some()) {
                rule(view, node, &queries, facts);
            }
        });
    }
}

fn reference(query: &Node) -> Option<&str> {
    query.str_at(&["refId"]).or_else(|| query.str_at(&["ref_id"]))
}

/// One node of a rule, whatever way its model is written.
struct Query<'v> {
    name: Option<&'v str>,
    model: Cow<'v, Node>,
    /// Where the model's own offsets start in the file; `None` where they are not the file's.
    base: Option<usize>,
    whole: Range<usize>,
}

impl<'v> Query<'v> {
    fn new(view: &ConfigView<'_>, query: &'v Node) -> Option<Query<'v>> {
        let written = query.get("model")?;
        let (name, whole) = (reference(query), written.range.clone());
        if written.is_map() {
            return Some(Query { name, model: Cow::Borrowed(written), base: Some(0), whole });
        }
        let source = view.source(written);
        if let Some(object) = source.trim_start().strip_prefix("jsonencode(") {
            // What stands between the braces is a body of its own.
            let body = object.trim_start().strip_prefix('{')?;
            let body = &body[..body.rfind('}')?];
            let base = whole.start + source.find(body)?;
            return Some(Query { name, model: Cow::Owned(hcl::parse(body).0), base: Some(base), whole });
        }
        let model = json::parse(written.as_str()?).ok()??;
        Some(Query { name, model: Cow::Owned(model), base: None, whole })
    }

    fn place(&self, figure: &Node) -> Range<usize> {
        match self.base {
            Some(base) => base + figure.range.start..base + figure.range.end,
            None => self.whole.clone(),
        }
    }
}

fn rule(view: &ConfigView<'_>, rule: &Node, queries: &[&Node], facts: &mut Facts<'_, '_>) {
    let queries: Vec<Query<'_>> = queries.iter().filter_map(|query| Query::new(view, query)).collect();
    for query in &queries {
        for (figure, limit, of) in figures(&query.model) {
            let Some(expression) = expression_of(&queries, &of, 8) else { continue };
            let Some((percentile, factor, metric, labels)) = expression.written().and_then(promql::measured) else {
                continue;
            };
            let Some(limit) = latency::limit_of(limit / factor, &metric) else { continue };
            let beside = ["service_name", "service", "app", "job"].iter();
            let beside: Vec<&str> = beside.filter_map(|key| rule.str_at(&["labels", key])).collect();
            let budget = Budget {
                limit,
                percentile,
                source: LatencySource::Alert,
                subject: latency::subject(&metric),
                binding: latency::binding(&metric, &labels, &beside),
            };
            latency::add(facts, query.place(figure), budget);
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
fn expression_of<'v>(queries: &'v [Query<'_>], name: &str, hops: usize) -> Option<&'v Node> {
    let model = &queries.iter().find(|query| query.name == Some(name))?.model;
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
    fn rule_groups_of_terraform() {
        let source = "resource \"grafana_rule_group\" \"a\" {\n  rule {\n    data {\n      ref_id = \"A\"\n      model = jsonencode({\n        expr = \"histogram_quantile(0.95, sum by (le) (rate(http_request_seconds_bucket{service_name=\\\"shop\\\"}[5m])))\"\n        refId = \"A\"\n      })\n    }\n    data {\n      ref_id = \"C\"\n      model = jsonencode({\n        type = \"threshold\"\n        expression = \"A\"\n        conditions = [{ evaluator = { type = \"gt\", params = [0.25] } }]\n      })\n    }\n  }\n}\n";
        assert_eq!(latency::test::config(detect, "rules.tf", source).0, ["p95 250000us Alert [shop] @15"]);
        let json = "resource \"grafana_rule_group\" \"a\" {\n  rule {\n    data {\n      ref_id = \"A\"\n      model = \"{\\\"expr\\\":\\\"histogram_quantile(0.95, rate(shop_seconds_bucket[5m]))\\\",\\\"refId\\\":\\\"A\\\"}\"\n    }\n    data {\n      ref_id = \"C\"\n      model = \"{\\\"type\\\":\\\"threshold\\\",\\\"expression\\\":\\\"A\\\",\\\"conditions\\\":[{\\\"evaluator\\\":{\\\"type\\\":\\\"gt\\\",\\\"params\\\":[0.25]}}]}\"\n    }\n  }\n}\n";
        assert_eq!(latency::test::config(detect, "rules.tf", json).0, ["p95 250000us Alert [shop] @9"]);
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
