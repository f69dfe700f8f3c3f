//! Objectives of the SLO generator (`sre.google.com`) on latency.
//!
//! *Looks for*: `apiVersion: sre.google.com/…`, `kind: ServiceLevelObjective`; a threshold, a range, a bucket or a
//! query with a bucket. The unit depends on the backend: milliseconds for Cloud Monitoring, microseconds for
//! Dynatrace, seconds for Prometheus; a comment behind the figure overrides.
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from an SLO, for the service of its labels.
//! *Misses*: the numbered buckets of Cloud Monitoring where neither name nor description tells the figure, and other
//! figures without a unit: these are listed among what was not read.
//! *Example*: `threshold: 724  # ms`, `goal: 0.999`: p99.9 within 724 ms.

use super::Facts;
use super::latency::{self, Budget};
use crate::fact::{LatencySource, Subject};
use crate::parse::config::ConfigView;
use crate::parse::duration::{self, NoDuration, Unit};
use crate::parse::tree::Node;
use crate::parse::{percentile, promql};

pub(super) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    for object in latency::objects_of(view, "sre.google.com/", "ServiceLevelObjective") {
        let Some(spec) = object.get("spec") else { continue };
        let goal = spec.get("goal").and_then(Node::as_f64).and_then(percentile::of_target);
        let (Some(indicator), Some(goal)) = (spec.get("service_level_indicator"), goal) else { continue };
        let service = object.str_at(&["metadata", "labels", "service_name"]);
        if !add_figure(view, object, indicator, goal, service, facts) {
            for key in ["expression", "filter_good", "query"] {
                if let Some(query) = indicator.get(key) {
                    latency::add_bucket(facts, query, Some(goal), service.as_slice(), view);
                }
            }
        }
    }
}

fn add_figure(
    view: &ConfigView<'_>,
    object: &Node,
    indicator: &Node,
    goal: f64,
    service: Option<&str>,
    facts: &mut Facts<'_, '_>,
) -> bool {
    let backend = object.str_at(&["spec", "backend"]).unwrap_or("");
    let figure = indicator
        .path(&["latency", "threshold"])
        .or_else(|| indicator.get("range_max"))
        .or_else(|| indicator.get("threshold_bucket"))
        .or_else(|| indicator.get("threshold"));
    let Some((figure, number)) = figure.and_then(|figure| Some((figure, figure.as_f64()?))) else { return false };
    let numbered = indicator.get("threshold_bucket").is_some() && backend.starts_with("cloud_monitoring");
    let limit = if numbered { from_words(object) } else { in_unit_of(view, figure, number, backend, indicator) };
    // A threshold of which nothing tells the unit may be one of anything.
    if limit == Err(NoDuration::NoUnit) && !speaks_of_time(object) {
        return false;
    }
    let binding = latency::binding("", &[], service.as_slice());
    let budget =
        Budget { limit, percentile: Some(goal), source: LatencySource::Slo, subject: Subject::Answering, binding };
    latency::add(facts, figure.range.clone(), budget);
    true
}

fn in_unit_of(
    view: &ConfigView<'_>,
    figure: &Node,
    number: f64,
    backend: &str,
    indicator: &Node,
) -> Result<f64, NoDuration> {
    let unit = comment_unit(view.text.text, figure).or_else(|| match backend {
        "cloud_service_monitoring" => Some(Unit::Millis),
        "dynatrace" => Some(Unit::Micros),
        "prometheus" => {
            let (metric, _) = promql::first_metric(indicator.str_at(&["expression"])?)?;
            promql::unit_of_metric(&metric)
        }
        _ => None,
    });
    unit.map_or(Err(NoDuration::NoUnit), |unit| duration::in_unit(number, unit))
}

/// `50000  # us`, `0.25 # in seconds`.
fn comment_unit(text: &str, figure: &Node) -> Option<Unit> {
    let rest = text.get(figure.range.end..)?.lines().next()?;
    let (_, comment) = rest.split_once('#')?;
    comment.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 1).find_map(Unit::of_word)
}

fn speaks_of_time(object: &Node) -> bool {
    let paths: [&[&str]; 3] = [&["metadata", "name"], &["metadata", "labels", "slo_name"], &["spec", "description"]];
    let mut texts = paths.iter().filter_map(|path| object.str_at(path));
    texts.any(|text| text.to_ascii_lowercase().contains("latency") || text.contains("response time"))
}

/// A bucket's number says nothing; the name (`latency724ms`) or the description may.
fn from_words(object: &Node) -> Result<f64, NoDuration> {
    let name = object.str_at(&["metadata", "labels", "slo_name"]).unwrap_or("");
    let description = object.str_at(&["spec", "description"]).unwrap_or("");
    let parts = name.split(['-', '_']).map(|part| part.trim_start_matches(|c: char| c.is_ascii_alphabetic()));
    let found = parts.chain(description.split_whitespace()).find_map(|word| duration::read(word).ok());
    found.ok_or(NoDuration::NoUnit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(backend: &str, indicator: &str) -> Vec<String> {
        let source = format!(
            "apiVersion: sre.google.com/v2\nkind: ServiceLevelObjective\nmetadata:\n  labels:\n    service_name: shop\n    slo_name: latency300ms\nspec:\n  backend: {backend}\n  service_level_indicator:\n{indicator}  goal: 0.999\n"
        );
        latency::test::config(detect, "slo.yaml", &source).0
    }

    #[test]
    fn units_follow_the_backend() {
        for (backend, indicator, wanted) in [
            ("cloud_service_monitoring", "    latency:\n      threshold: 724  # ms\n", "p99.9 724000us Slo [shop] @11"),
            ("cloud_service_monitoring", "    range_max: 724\n", "p99.9 724000us Slo [shop] @10"),
            ("dynatrace", "    threshold: 50000          # us\n", "p99.9 50000us Slo [shop] @10"),
            (
                "prometheus",
                "    expression: x_seconds_bucket{a=\"b\"}\n    threshold_bucket: 0.25\n",
                "p99.9 250000us Slo [shop] @11",
            ),
            ("cloud_monitoring", "    threshold_bucket: 19\n", "p99.9 300000us Slo [shop] @10"),
            ("prometheus", "    expression: x_seconds_bucket{le=\"0.1\"}\n", "p99.9 100000us Slo [shop] @10"),
        ] {
            assert_eq!(check(backend, indicator), [wanted], "{backend} {indicator}");
        }
    }

    #[test]
    fn counts_and_unknown_units_are_none() {
        assert!(check("elasticsearch", "    threshold: 5\n").is_empty());
        assert!(check("cloud_monitoring", "    filter_good: metric.labels.response_code = 200\n").is_empty());
    }
}
