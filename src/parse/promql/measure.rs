//! Values in time that an expression computes: quantiles, means, recorded series, and what they are multiplied by.

use super::metric::{is_time_taken, unit_of_metric};
use super::tree::{Expr, Label};
use crate::parse::percentile;

/// A value in time: a quantile, a mean, a recorded one; `factor` is what the expression multiplies it by.
pub(super) struct Measure {
    pub(super) percentile: Option<f64>,
    pub(super) factor: f64,
    pub(super) metric: String,
    pub(super) labels: Vec<Label>,
}

pub(super) fn measure(expr: &Expr) -> Option<Measure> {
    match expr {
        Expr::Call(name, arguments) => of_call(name, arguments),
        Expr::Selector(metric, labels) => recorded(metric, labels),
        Expr::Binary(operator, sides) => of_arithmetic(operator, &sides[0], &sides[1]),
        Expr::Number(_) | Expr::Unknown => None,
    }
}

fn of_call(name: &str, arguments: &[Expr]) -> Option<Measure> {
    match name {
        "histogram_quantile" => {
            let percentile = quantile_percentile(arguments.first()?.constant()?)?;
            let (metric, labels) = arguments.get(1)?.selector()?;
            Some(Measure {
                percentile: Some(percentile),
                factor: 1.0,
                metric: metric.to_owned(),
                labels: labels.to_vec(),
            })
        }
        "histogram_avg" => {
            let (metric, labels) = arguments.first()?.selector()?;
            Some(Measure { percentile: None, factor: 1.0, metric: metric.to_owned(), labels: labels.to_vec() })
        }
        // Sums, differences and counts of durations are no durations of one answer.
        "max" | "avg" | "min" | "max_over_time" | "avg_over_time" | "min_over_time" | "last_over_time" | "round"
        | "ceil" | "floor" | "abs" | "clamp_max" | "clamp_min" | "label_replace" | "label_join" | "sort"
        | "sort_desc" | "scalar" | "default_rollup" | "" => measure(arguments.first()?),
        "topk" | "bottomk" | "quantile" | "quantile_over_time" => measure(arguments.get(1)?),
        _ => None,
    }
}

fn quantile_percentile(quantile: f64) -> Option<f64> {
    if quantile == 1.0 { Some(100.0) } else { percentile::of_share(quantile) }
}

/// A series that holds a quantile (a summary's `quantile` label, a recorded series with the percentile in its name), or
/// a gauge of how long something took.
fn recorded(metric: &str, labels: &[Label]) -> Option<Measure> {
    let by_label = labels.iter().find(|label| label.name == "quantile" && !label.negative);
    let percentile = match by_label {
        Some(label) => Some(quantile_percentile(label.value.parse().ok()?)?),
        None => percentile::of_name(metric),
    };
    let counted = ["_total", "_count", "_sum", "_bucket"].iter().any(|end| metric.ends_with(end));
    let known = if percentile.is_some() { unit_of_metric(metric).is_some() } else { !counted && is_time_taken(metric) };
    known.then(|| Measure { percentile, factor: 1.0, metric: metric.to_owned(), labels: labels.to_vec() })
}

fn of_arithmetic(operator: &str, left: &Expr, right: &Expr) -> Option<Measure> {
    match operator {
        "*" => {
            let (value, factor) = match (left.constant(), right.constant()) {
                (None, Some(factor)) => (left, factor),
                (Some(factor), None) => (right, factor),
                _ => return None,
            };
            scaled(measure(value)?, factor)
        }
        "/" => match right.constant() {
            Some(divisor) => scaled(measure(left)?, 1.0 / divisor),
            None => mean(left, right),
        },
        // A filter beside the value.
        "and" | "unless" | "or" => measure(left),
        ">" | ">=" => measure(left).filter(|_| right.constant().is_some()),
        _ => None,
    }
}

fn scaled(mut measure: Measure, factor: f64) -> Option<Measure> {
    measure.factor *= factor;
    (measure.factor > 0.0 && measure.factor.is_finite()).then_some(measure)
}

/// `rate(x_seconds_sum) / rate(x_seconds_count)`.
fn mean(left: &Expr, right: &Expr) -> Option<Measure> {
    let (sum, labels) = left.selector()?;
    let (count, _) = right.selector()?;
    let base = match sum.strip_suffix("_sum") {
        Some(base) => Some(base).filter(|base| count.strip_suffix("_count") == Some(base)),
        // Time spent in all over how often: two counters that share no base.
        None => sum
            .strip_suffix("_total")
            .filter(|base| is_time_taken(base) && unit_of_metric(base).is_some())
            .filter(|_| count != sum && count.ends_with("_total") && unit_of_metric(count).is_none()),
    }?;
    (left.is_rollup() && right.is_rollup()).then(|| Measure {
        percentile: None,
        factor: 1.0,
        metric: base.to_owned(),
        labels: labels.to_vec(),
    })
}
