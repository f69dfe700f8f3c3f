//! Budgets that stand in queries and beside them: thresholds, objectives, buckets.

use std::ops::Range;

use super::about::{binding, service_or_metric, subject};
use super::{Budget, add, place_of};
use crate::detect::Facts;
use crate::fact::LatencySource;
use crate::parse::config::ConfigView;
use crate::parse::duration::{NoDuration, Unit, in_unit};
use crate::parse::promql::{self, Recordings};
use crate::parse::tree::Node;

/// Adds a budget for each latency threshold of an expression.
pub(in crate::detect) fn add_thresholds(
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
pub(in crate::detect) fn limit_of(value: f64, metric: &str) -> Option<Result<f64, NoDuration>> {
    match promql::unit_of_metric(metric) {
        Some(unit) => Some(in_unit(value, unit)),
        None => promql::is_time_taken(metric).then_some(Err(NoDuration::NoUnit)),
    }
}

/// Adds an objective whose figure stands beside the query that it is about.
pub(in crate::detect) fn add_measured(
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
pub(in crate::detect) fn add_bucket(
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
