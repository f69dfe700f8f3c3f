//! Buckets of histograms, and the shares of answers that lie in them.

use super::Threshold;
use super::tree::{self, Expr, Label};
use crate::parse::percentile;

/// A histogram bucket that an expression selects: `x_bucket{le="0.25"}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket {
    pub limit: f64,
    pub metric: String,
    pub labels: Vec<Label>,
}

/// Finds the buckets that an expression selects by `le`, or by a function that takes the boundary.
pub fn buckets(text: &str) -> Vec<Bucket> {
    let mut found: Vec<Bucket> = Vec::new();
    tree::parse(text).walk(&mut |expr| found.extend(bucket_of(expr)));
    found.dedup();
    found
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

/// A share of fast (or slow) answers held against an objective: `x_bucket{le="0.25"} / x_count < 0.99`.
pub(super) fn of_share(above: bool, value: &Expr, limit: &Expr) -> Option<Threshold> {
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
pub(super) fn share(expr: &Expr) -> Option<(Bucket, bool, f64)> {
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
