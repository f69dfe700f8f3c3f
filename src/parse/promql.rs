//! PromQL (and its MetricsQL and jsonnet-templated forms), as far as a threshold on how long something takes needs it.
//!
//! In: the text of an expression. Out: the [`Threshold`]s it compares a quantile, a mean or a share of a histogram
//! with, and the [`Bucket`]s it selects. The reader is tolerant: what it does not know is an unknown part of the
//! expression, never an error, and nothing is concluded from it. One pass, bounded depth.

mod bucket;
mod measure;
mod metric;
mod recorded;
mod tokens;
mod tree;

pub use bucket::{Bucket, buckets};
pub use metric::{is_time_taken, unit_of_metric};
pub use recorded::Recordings;
pub use tree::{Expr, Label};

use self::bucket::of_share;
use self::measure::measure;
use super::duration::Unit;

/// One comparison that holds a duration against a figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// 0–100; `None` for a mean.
    pub percentile: Option<f64>,
    /// The figure, in the metric's own unit.
    pub limit: f64,
    pub metric: String,
    pub labels: Vec<Label>,
}

impl Threshold {
    /// Returns the unit that the metric's name tells.
    pub fn unit(&self) -> Option<Unit> {
        unit_of_metric(&self.metric)
    }
}

/// Finds every threshold in an expression.
pub fn thresholds(text: &str) -> Vec<Threshold> {
    thresholds_with(text, &Recordings::default())
}

/// Finds every threshold in an expression whose recorded series are known; each once.
pub fn thresholds_with(text: &str, recordings: &Recordings) -> Vec<Threshold> {
    let mut found: Vec<Threshold> = Vec::new();
    recordings.resolve(tree::parse(text)).walk(&mut |expr| {
        if let Expr::Binary(operator, sides) = expr {
            let threshold = of_comparison(operator, &sides[0], &sides[1]);
            found.extend(threshold.filter(|threshold| !found.contains(threshold)));
        }
    });
    found
}

fn of_comparison(operator: &str, left: &Expr, right: &Expr) -> Option<Threshold> {
    let (above, value, limit) = match operator {
        ">" | ">=" => (true, left, right),
        "<" | "<=" => (false, left, right),
        _ => return None,
    };
    // `0.5 < x` says what `x > 0.5` says.
    let (above, value, limit) = if value.constant().is_some() { (!above, limit, value) } else { (above, value, limit) };
    if let Some(threshold) = of_share(above, value, limit) {
        return Some(threshold);
    }
    let limit = limit.constant()?;
    let measure = measure(value).filter(|_| above)?;
    let limit = limit / measure.factor;
    // Dividing seconds by a thousand gives nothing anybody measures: the author's slip, not a budget of an hour.
    let slip = measure.factor < 0.9 && unit_of_metric(&measure.metric) == Some(Unit::Seconds);
    (limit > 0.0 && limit.is_finite() && !slip).then_some(Threshold {
        percentile: measure.percentile,
        limit,
        metric: measure.metric,
        labels: measure.labels,
    })
}

/// Returns the first metric of an expression with its labels.
pub fn first_metric(text: &str) -> Option<(String, Vec<Label>)> {
    let mut found = None;
    tree::parse(text).walk(&mut |expr| {
        if let (None, Expr::Selector(metric, labels)) = (&found, expr) {
            found = Some((metric.clone(), labels.clone()));
        }
    });
    found
}

/// Reads an expression whose threshold stands elsewhere: a quantile or a mean, and the factor it is scaled by.
pub fn measured(text: &str) -> Option<(Option<f64>, f64, String, Vec<Label>)> {
    let measure = measure(&tree::parse(text))?;
    Some((measure.percentile, measure.factor, measure.metric, measure.labels))
}

/// Puts values in for `%(name)s` of a jsonnet format string; what is unknown leaves a mark no number can be read from.
pub fn fill(text: &str, value_of: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("%(") {
        filled.push_str(&rest[..at]);
        let Some(end) = rest[at..].find(')') else { break };
        let name = &rest[at + 2..at + end];
        let behind = &rest[at + end + 1..];
        let format = behind.find(|c: char| c.is_ascii_alphabetic()).map_or(0, |n| n + 1);
        match value_of(name) {
            Some(value) => filled.push_str(&value),
            None => filled.push_str(" unknown_value "),
        }
        rest = &behind[format.min(behind.len())..];
    }
    filled.push_str(rest);
    filled.replace("%%", "%")
}

#[cfg(test)]
mod tests;
