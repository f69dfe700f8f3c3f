//! PromQL (and its MetricsQL and jsonnet-templated forms), as far as a threshold on how long something takes needs it.
//!
//! In: the text of an expression. Out: the [`Threshold`]s it compares a quantile, a mean or a share of a histogram
//! with, and the [`Bucket`]s it selects. The reader is tolerant: what it does not know is an unknown part of the
//! expression, never an error, and nothing is concluded from it. One pass, bounded depth.

mod recorded;
mod tokens;
mod tree;

pub use recorded::Recordings;
pub use tree::{Expr, Label};

use super::duration::{Unit, words};
use super::percentile;

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

/// A histogram bucket that an expression selects: `x_bucket{le="0.25"}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket {
    pub limit: f64,
    pub metric: String,
    pub labels: Vec<Label>,
}

/// Finds the unit of a metric: its suffix, or the suffix of the series that a recorded name holds.
pub fn unit_of_metric(metric: &str) -> Option<Unit> {
    // Envoy's histograms are in milliseconds and do not say so.
    if metric.starts_with("envoy_") && metric.contains("_rq_time") {
        return Some(Unit::Millis);
    }
    metric.split(':').rev().find_map(|part| Unit::of_name(strip_percentile(part)))
}

fn strip_percentile(part: &str) -> &str {
    part.rsplit_once('_').filter(|(_, tail)| percentile::read(tail).is_some()).map_or(part, |(head, _)| head)
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

/// Whether a metric's name says that it is how long something took: `x_latency_ms`, `http_response_time_seconds`.
pub fn is_time_taken(metric: &str) -> bool {
    let words = words(metric);
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let took = has(&["latency", "latencies", "duration", "durations", "rtt", "elapsed"])
        || has(&["time"])
            && has(&[
                "response",
                "responses",
                "request",
                "processing",
                "process",
                "query",
                "execution",
                "wait",
                "apply",
                "commit",
                "read",
                "write",
                "service",
                "round",
                "trip",
                "handling",
                "answer",
                "index",
                "search",
                "render",
                "io",
            ]);
    took && !has(&[
        "timestamp",
        "start",
        "uptime",
        "expiry",
        "expiration",
        "expires",
        "interval",
        "timeout",
        "cpu",
        "ttl",
        "retention",
        "window",
        "remaining",
        "estimated",
        "created",
        "successful",
        "bytes",
        "size",
        "ratio",
        "percent",
    ])
}

/// Finds the buckets that an expression selects by `le`, or by a function that takes the boundary.
pub fn buckets(text: &str) -> Vec<Bucket> {
    let mut found: Vec<Bucket> = Vec::new();
    tree::parse(text).walk(&mut |expr| found.extend(bucket_of(expr)));
    found.dedup();
    found
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

fn bucket_of(expr: &Expr) -> Option<Bucket> {
    match expr {
        Expr::Selector(metric, labels) => {
            let limit = labels.iter().find(|label| label.name == "le" && !label.negative)?.value.parse().ok()?;
            let labels = labels.iter().filter(|label| label.name != "le").cloned().collect();
            f64::is_finite(limit).then(|| Bucket { limit, metric: metric.clone(), labels })
        }
        Expr::Call(name, arguments) => {
            let place = match name.as_str() {
                "histogram_share" => 0,
                "histogram_fraction" => 1,
                _ => return None,
            };
            let limit = arguments.get(place)?.constant()?;
            let (metric, labels) = arguments.last()?.selector()?;
            Some(Bucket { limit, metric: metric.to_owned(), labels: labels.to_vec() })
        }
        _ => None,
    }
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

/// A value in time: a quantile, a mean, a recorded one; `factor` is what the expression multiplies it by.
struct Measure {
    percentile: Option<f64>,
    factor: f64,
    metric: String,
    labels: Vec<Label>,
}

fn measure(expr: &Expr) -> Option<Measure> {
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

/// A share of fast (or slow) answers held against an objective: `x_bucket{le="0.25"} / x_count < 0.99`.
fn of_share(above: bool, value: &Expr, limit: &Expr) -> Option<Threshold> {
    let (bucket, good, factor) = share(value)?;
    let objective = burn_free(limit)? / factor;
    let percentile = match (good, above) {
        (true, false) => percentile::of_share(objective)?,
        (false, true) => percentile::of_share(1.0 - objective)?,
        _ => return None,
    };
    Some(Threshold { percentile: Some(percentile), limit: bucket.limit, metric: bucket.metric, labels: bucket.labels })
}

/// Leaves out the factor of a burn rate: `14.4 * 0.01` tolerates one in a hundred.
fn burn_free(limit: &Expr) -> Option<f64> {
    if let Expr::Binary(operator, sides) = limit.unwrapped()
        && operator == "*"
    {
        let (left, right) = (sides[0].constant()?, sides[1].constant()?);
        match (left, right) {
            (rate, share) | (share, rate) if rate >= 1.0 && share < 1.0 => return Some(share),
            _ => {}
        }
    }
    limit.constant()
}

/// Reads a share of a histogram: its bucket, whether it counts the fast ones, and what it is multiplied by.
fn share(expr: &Expr) -> Option<(Bucket, bool, f64)> {
    match expr {
        Expr::Call(name, arguments) if name == "histogram_fraction" || name == "histogram_share" => {
            bucket_of(expr).map(|bucket| (bucket, true, 1.0)).filter(|_| !arguments.is_empty())
        }
        Expr::Call(name, arguments) if matches!(name.as_str(), "" | "avg" | "min" | "max" | "avg_over_time") => {
            share(arguments.first()?)
        }
        Expr::Binary(operator, sides) => share_of(operator, &sides[0], &sides[1]),
        _ => None,
    }
}

fn share_of(operator: &str, left: &Expr, right: &Expr) -> Option<(Bucket, bool, f64)> {
    match (operator, left.constant(), right.constant()) {
        ("-", Some(1.0), None) => share(right).map(|(bucket, good, factor)| (bucket, !good, factor)),
        ("*", Some(factor), None) => share(right).map(|(bucket, good, by)| (bucket, good, by * factor)),
        ("*", None, Some(factor)) => share(left).map(|(bucket, good, by)| (bucket, good, by * factor)),
        ("/", None, None) => {
            if let Expr::Binary(minus, sides) = left.unwrapped()
                && minus == "-"
            {
                return Some((only_bucket(&sides[1])?, false, 1.0));
            }
            // `100 * fast / all` is read from the left.
            let factor = match left {
                Expr::Binary(times, sides) if times == "*" => sides.iter().find_map(Expr::constant).unwrap_or(1.0),
                _ => 1.0,
            };
            Some((only_bucket(left)?, true, factor))
        }
        _ => None,
    }
}

fn only_bucket(expr: &Expr) -> Option<Bucket> {
    let mut found = Vec::new();
    expr.walk(&mut |expr| found.extend(bucket_of(expr)));
    found.dedup();
    if found.len() == 1 { found.pop() } else { None }
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
