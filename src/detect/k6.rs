//! Thresholds of k6 load tests.
//!
//! *Looks for*: `thresholds` objects in JavaScript and TypeScript, with local constants and arithmetic resolved: keys
//! that are k6's request metrics or the script's own trends, values like `p(99)<250` as text or `{ threshold: … }`; in
//! modules that scripts import them from, variables of any name that hold such an object; `thresholds` of a JSON
//! configuration.
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from a load test, for the services at or near it.
//! *Misses*: thresholds made by functions; constants imported from other files; scripts against public demonstration
//! sites.
//! *Example*: `http_req_duration: ['p(99)<250']`: p99 within 250 ms.

use std::ops::Range;

use super::Facts;
use super::latency::{self, Budget};
use crate::fact::{Binding, LatencySource, Subject};
use crate::parse::Kind;
use crate::parse::config::ConfigView;
use crate::parse::duration::{self, NoDuration, Unit, words};
use crate::parse::js::{Item, Script, Value};
use crate::parse::percentile;
use crate::parse::tree::Node;
use crate::source::Text;

/// Larger files are bundles, not tests people write.
const MAX_BYTES: usize = 512 << 10;

/// One of these begins every condition on a time.
const CONDITIONS: &[&str] = &["p(", "avg<", "avg <", "max<", "max <", "med<", "med <", "value<", "value <"];

pub(super) fn detect(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    let source = text.text;
    let marks = source.contains("hresholds") && source.contains("k6") || source.contains("_req_");
    if !marks || !CONDITIONS.iter().any(|mark| source.contains(mark)) {
        return;
    }
    if source.len() > MAX_BYTES {
        facts.omission(0..0, format!("over the limit of {MAX_BYTES} bytes a load test: thresholds are not read"));
        return;
    }
    let script = Script::new(source);
    if drives_public_sites(script.source()) {
        return;
    }
    let mut seen = Vec::new();
    for thresholds in script.values_of("thresholds").into_iter().chain(script.constants().cloned()) {
        let Value::Object(metrics) = &thresholds.value else { continue };
        for (key, conditions) in metrics {
            let Some(unit) = unit_of(key, script.source()) else { continue };
            for condition in one_or_many(conditions).iter().filter(|condition| is_condition(condition)) {
                // One object is seen where it is made and where it is used.
                let at = (condition.range.start, key.clone());
                if !seen.contains(&at) {
                    seen.push(at);
                    add_condition(condition, unit, source, facts);
                }
            }
        }
    }
}

/// Reads `thresholds` of a configuration that k6 is given with `--config`.
pub(super) fn detect_config(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    if view.kind != Kind::Json || !view.text.text.contains("thresholds") {
        return;
    }
    let Some(root) = view.root() else { return };
    let thresholds = root.get("thresholds").or_else(|| root.path(&["options", "thresholds"]));
    for (key, conditions) in thresholds.into_iter().flat_map(Node::entries) {
        let Some(unit) = unit_of(key, "") else { continue };
        for condition in conditions.one_or_many() {
            let condition = condition.get("threshold").unwrap_or(condition);
            if let Some((percentile, limit)) = condition.as_str().and_then(read_condition) {
                add(condition.range.clone(), percentile, duration::in_unit(limit, unit), facts);
            }
        }
    }
}

fn is_condition(item: &Item) -> bool {
    item.get("threshold").unwrap_or(item).as_str().is_some_and(|text| read_condition(text).is_some())
}

fn one_or_many(item: &Item) -> &[Item] {
    match &item.value {
        Value::List(items) => items,
        _ => std::slice::from_ref(item),
    }
}

fn add_condition(item: &Item, unit: Unit, source: &str, facts: &mut Facts<'_, '_>) {
    let condition = item.get("threshold").unwrap_or(item);
    let Some((percentile, limit)) = condition.as_str().and_then(read_condition) else { return };
    // A constant made of others has the place where it is used.
    let range =
        if source.get(condition.range.clone()).is_some() { condition.range.clone() } else { item.range.clone() };
    add(range, percentile, duration::in_unit(limit, unit), facts);
}

fn add(range: Range<usize>, percentile: Option<f64>, limit: Result<f64, NoDuration>, facts: &mut Facts<'_, '_>) {
    let budget = Budget {
        limit,
        percentile,
        source: LatencySource::LoadTest,
        subject: Subject::Answering,
        binding: Binding::Here,
    };
    latency::add(facts, range, budget);
}

/// `p(99.9) < 300`, `max<=1000`, `avg<200`.
fn read_condition(text: &str) -> Option<(Option<f64>, f64)> {
    let (aggregate, limit) = text.split_once('<')?;
    let limit = duration::number(limit.trim_start_matches('=').trim())?;
    let percentile = match aggregate.trim() {
        "avg" | "value" => None,
        aggregate => Some(percentile::read(aggregate)?),
    };
    Some((percentile, limit))
}

/// Returns the unit of a metric that times answers; `None` for all other metrics.
fn unit_of(key: &str, source: &str) -> Option<Unit> {
    let metric = key.split('{').next().unwrap_or(key).trim();
    match metric {
        "http_req_duration" | "http_req_waiting" | "grpc_req_duration" | "ws_ping" => return Some(Unit::Millis),
        _ if metric.starts_with("browser_") || metric.starts_with("http_req_") || metric.starts_with("ws_") => {
            return None;
        }
        "iteration_duration" | "group_duration" | "checks" | "iterations" | "vus" | "dropped_iterations" => {
            return None;
        }
        _ => {}
    }
    // A trend of the script's own: in milliseconds, unless it says that it is no time or its name has a unit.
    let quoted = [format!("Trend('{metric}'"), format!("Trend(\"{metric}\"")];
    let behind = quoted.iter().find_map(|call| source.split_once(call.as_str())).map(|(_, rest)| rest.trim_start());
    let no_time = behind.is_some_and(|rest| rest.trim_start_matches(',').trim_start().starts_with("false"));
    let named = words(metric)
        .iter()
        .any(|word| matches!(word.as_str(), "latency" | "duration" | "time" | "ms" | "delay" | "response" | "rtt"));
    (behind.is_some() || named).then(|| Unit::of_name(metric).unwrap_or(Unit::Millis)).filter(|_| !no_time)
}

/// Sites that scripts are tried out against.
const PUBLIC: &[&str] = &[
    "k6.io",
    "grafana.com",
    "httpbin.org",
    "example.com",
    "jsonplaceholder.typicode.com",
    "reqres.in",
    "google.com",
    "loadimpact.com",
    "httpbin.dev",
    "postman-echo.com",
    "swapi.dev",
    "github.com",
];

fn drives_public_sites(source: &str) -> bool {
    let mut hosts = source.match_indices("://").map(|(at, _)| {
        let rest = &source[at + 3..];
        &rest[..rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-'))).unwrap_or(rest.len())]
    });
    // Modules of k6 itself are imported from such hosts.
    let mut driven = hosts.by_ref().filter(|host| !host.starts_with("jslib.") && !host.is_empty()).peekable();
    driven.peek().is_some() && driven.all(|host| PUBLIC.iter().any(|public| host.ends_with(public)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str) -> Vec<String> {
        latency::test::text(detect, "tests/perf/a.js", source)
    }

    #[test]
    fn lists_objects_tags_and_constants() {
        let source = "import http from 'k6/http';\nconst LIMIT = 90; // below 70ms\nexport const options = {\n  thresholds: {\n    http_req_failed: ['rate<0.01'],\n    http_req_duration: ['p(99)<250', 'p(99.9) < 1500.5', 'avg<100'],\n    'http_req_duration{name:x}': [{ threshold: 'p(95)<' + LIMIT, abortOnFail: true }],\n    grpc_req_duration: `max<=${LIMIT * 2}`,\n  },\n};\n";
        assert_eq!(
            check(source),
            [
                "p99 250000us LoadTest [Here] @6",
                "p99.9 1500500us LoadTest [Here] @6",
                "- 100000us LoadTest [Here] @6",
                "p95 90000us LoadTest [Here] @7",
            ]
        );
    }

    #[test]
    fn own_trends_and_shared_modules() {
        let source = "import { Trend } from 'k6/metrics';\nconst t = new Trend('checkout', true); const n = new Trend('size', false);\nexport const thresholds = { checkout: ['p(90)<20'], size: ['p(90)<20'] };\n";
        assert_eq!(check(source), ["p90 20000us LoadTest [Here] @3"]);
    }

    #[test]
    fn modules_and_configurations() {
        let module = "export const DEFAULT_LIMITS = {\n  http_req_duration: ['p(95)<300'],\n};\nexport const options = { thresholds: DEFAULT_LIMITS };\n";
        assert_eq!(check(module), ["p95 300000us LoadTest [Here] @2"]);
        assert!(check("export const shape = { http_req_duration: ['value'], http_req_waiting: 5 };").is_empty());
        let config = |source| latency::test::config(detect_config, "tests/k6/options.json", source).0;
        assert_eq!(
            config(
                "{\"vus\": 5, \"thresholds\": {\n\"http_req_duration\": [\"p(99)<250\"], \"checks\": [\"rate>0.9\"]}}"
            ),
            ["p99 250000us LoadTest [Here] @2"]
        );
        assert!(config("{\"thresholds\": {\"branches\": 80, \"lines\": 90}}").is_empty());
    }

    #[test]
    fn look_alikes_are_none() {
        for thresholds in [
            "{ http_req_failed: ['rate<0.01'] }",
            "{ browser_web_vital_lcp: ['p(95)<2500'], iteration_duration: ['p(95)<9'] }",
            "{ http_req_duration: ['p(95)<' + limit()] }",
            "{ http_req_duration: ['p(95)>200'] }",
            "make()",
        ] {
            assert!(check(&format!("// k6\nexport const options = {{ thresholds: {thresholds} }};")).is_empty());
        }
        let comment = "// k6\nexport const options = { /* thresholds: { http_req_duration: ['p(95)<9'] } */ };";
        assert!(check(comment).is_empty());
        let public = "// k6\nexport const options = { thresholds: { http_req_duration: ['p(95)<9'] } };\nhttp.get('https://test.k6.io/');";
        assert!(check(public).is_empty());
    }
}
