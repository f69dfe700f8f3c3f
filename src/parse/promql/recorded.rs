//! Recorded series of a file: what the name in an alert stands for.
//!
//! In: the recording rules of one file. Out: an alert's expression with each known name replaced by what was recorded
//! under it, so that `slo:latency:ratio_rate5m > 14.4 * 0.01` is read as the share of slow answers that it is. Only
//! records that hold a quantile, a mean or a share of a histogram are kept, and none is looked into twice.

use std::collections::BTreeMap;

use super::bucket::share;
use super::measure::measure;
use super::tree::{self, Expr, Label};

/// Longer expressions are not kept: each use of a name copies one.
const LONGEST: usize = 4096;
/// Names replaced in one expression.
const MOST: usize = 32;

/// The recording rules of a file, by the name of the series.
#[derive(Debug, Default)]
pub struct Recordings {
    by_name: BTreeMap<String, Vec<Record>>,
}

#[derive(Debug)]
struct Record {
    labels: Vec<(String, String)>,
    expr: Expr,
}

impl Recordings {
    /// Takes in one rule: the series' name, the labels the rule gives it, and its expression.
    pub fn add(&mut self, name: &str, labels: Vec<(String, String)>, text: &str) {
        if text.len() > LONGEST {
            return;
        }
        let expr = tree::parse(text);
        if measure(&expr).is_some() || share(&expr).is_some() {
            self.by_name.entry(name.to_owned()).or_default().push(Record { labels, expr });
        }
    }

    /// Returns the expression with recorded names replaced.
    pub(super) fn resolve(&self, expr: Expr) -> Expr {
        if self.by_name.is_empty() {
            return expr;
        }
        self.replace(expr, &mut MOST.clone())
    }

    fn replace(&self, expr: Expr, left: &mut usize) -> Expr {
        match expr {
            Expr::Selector(name, labels) => match self.find(&name, &labels).filter(|_| *left > 0) {
                Some(record) => {
                    *left -= 1;
                    record.expr.clone()
                }
                None => Expr::Selector(name, labels),
            },
            Expr::Call(name, parts) => {
                Expr::Call(name, parts.into_iter().map(|part| self.replace(part, left)).collect())
            }
            Expr::Binary(operator, sides) => {
                let [one, other] = *sides;
                Expr::Binary(operator, Box::new([self.replace(one, left), self.replace(other, left)]))
            }
            Expr::Number(_) | Expr::Unknown => expr,
        }
    }

    /// The record of this name whose labels the selector does not rule out.
    fn find(&self, name: &str, labels: &[Label]) -> Option<&Record> {
        let given = |record: &Record, label: &Label| {
            record.labels.iter().find(|(name, _)| *name == label.name).is_none_or(|(_, value)| *value == label.value)
        };
        let selects = |record: &&Record| {
            labels.iter().filter(|label| !label.regex && !label.negative).all(|label| given(record, label))
        };
        self.by_name.get(name)?.iter().find(selects)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{thresholds, thresholds_with};
    use super::*;

    fn labels(value: &str) -> Vec<(String, String)> {
        vec![("slo".to_owned(), value.to_owned())]
    }

    #[test]
    fn shares_quantiles_and_means_are_known_by_name_and_labels() {
        let mut recordings = Recordings::default();
        let slow = |le: &str| {
            format!(
                "(sum(rate(x_seconds_count[5m])) - sum(rate(x_seconds_bucket{{le=\"{le}\"}}[5m]))) / sum(rate(x_seconds_count[5m]))"
            )
        };
        recordings.add("slo:ratio", labels("a"), &slow("0.4"));
        recordings.add("slo:ratio", labels("b"), &slow("2"));
        recordings.add("job:tail", Vec::new(), "histogram_quantile(0.99, rate(x_seconds_bucket[5m]))");
        recordings.add("job:rate", Vec::new(), "rate(x_total[5m])");
        for (text, wanted) in [
            ("max(slo:ratio{slo=\"b\"} > (14.4 * 0.01)) without (w)", Some((99.0, 2.0))),
            ("slo:ratio{slo=\"a\", job=\"y\"} > 6 * 0.001", Some((99.9, 0.4))),
            ("slo:ratio{slo=\"c\"} > 6 * 0.001", None),
            ("job:tail > 0.3", Some((99.0, 0.3))),
            ("job:rate > 0.3", None),
        ] {
            let found = thresholds_with(text, &recordings);
            let found: Vec<_> = found.iter().map(|t| (t.percentile.unwrap_or(0.0), t.limit)).collect();
            assert_eq!(found, wanted.into_iter().collect::<Vec<_>>(), "{text}");
        }
        assert_eq!(thresholds("job:tail > 0.3"), []);
    }

    #[test]
    fn a_series_recorded_from_itself_ends() {
        let mut recordings = Recordings::default();
        recordings.add("a:p99", Vec::new(), "histogram_quantile(0.99, a:p99)");
        assert_eq!(thresholds_with("a:p99 > 1", &recordings).len(), 1);
    }
}
