//! Buckets of latency histograms: a hint of how fast events are expected to be, never a budget.
//!
//! *Looks for*: histograms in Go and Rust whose metric is a time by its name and whose smallest bucket the code states:
//! `Buckets: []float64{…}`, `ExponentialBuckets(start, …)`, `LinearBuckets(start, …)`, `exponential_buckets(start, …)`.
//! Only buckets of 100 µs and less say something: the common defaults start at 5 ms.
//! *Emits*: [`FactKind::Mark`] `latency-buckets`. It becomes no latency figure, and no
//! shipped policy rests on it.
//! *Misses*: buckets from variables and other files; boundaries that views of OpenTelemetry set; sizes and counts, and
//! the copied work-queue buckets that start at nanoseconds, on purpose.
//! *Example*: `HistogramOpts{Name: "x_seconds", Buckets: prometheus.ExponentialBuckets(0.00001, 2, 20)}`: from 10 µs.

use super::Facts;
use super::gatling::is_commented;
use crate::fact::FactKind;
use crate::parse::duration::{self, Unit};
use crate::source::Text;

/// The largest smallest bucket that says anything, in microseconds.
const TIGHT: f64 = 100.0;
/// The smallest that anybody means: the copied work-queue buckets start at ten nanoseconds.
const MEANT: f64 = 0.1;
/// How far a histogram's parts stand from each other.
const REACH: usize = 600;

/// What stands before the smallest bucket, and whether the metric's name stands before or around it.
const STARTS: &[&str] = &[
    "ExponentialBuckets(",
    "ExponentialBucketsRange(",
    "LinearBuckets(",
    "exponential_buckets(",
    "Buckets: []float64{",
];

pub(super) fn detect(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    if text.path.ends_with("_test.go") || !super::holds(text.text, "istogram") {
        return;
    }
    for mark in STARTS {
        for (at, _) in text.text.match_indices(mark) {
            let start = at + mark.len();
            let rest = text.text[start..].trim_start();
            let length = rest.find([',', ')', '}', '\n']).unwrap_or(0);
            let Some(value) = duration::number(rest[..length].trim()).filter(|_| !is_commented(text.text, at)) else {
                continue;
            };
            let Some(unit) = name_near(text.text, at).and_then(Unit::of_name) else { continue };
            let micros = value * unit.micros();
            if (MEANT..=TIGHT).contains(&micros) {
                let from = text.text.len() - rest.len();
                let detail = format!("from {micros} \u{b5}s");
                facts.add(from..from + length, FactKind::Mark { name: "latency-buckets".to_owned(), detail });
            }
        }
    }
}

/// The metric's name: the nearest string before that is one word with a unit of time at its end.
fn name_near(text: &str, at: usize) -> Option<&str> {
    let mut from = at.saturating_sub(REACH);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let strings = text[from..at].rsplit('"');
    strings.filter(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).find(
        |word| {
            Unit::of_name(word).is_some() || ["size", "bytes", "count", "total"].iter().any(|end| word.ends_with(end))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::Fact;

    fn check(path: &str, source: &str) -> Vec<String> {
        let text = Text::new(path, source);
        let mut facts = Facts::new(&text);
        detect(&text, &mut facts);
        let detail = |fact: Fact| match fact.kind {
            FactKind::Mark { name, detail } => format!("{name} {detail}"),
            other => format!("{other:?}"),
        };
        facts.list.into_iter().map(detail).collect()
    }

    #[test]
    fn smallest_buckets_of_times() {
        for (path, source) in [
            (
                "a.go",
                "prometheus.HistogramOpts{Name: \"x_seconds\", Buckets: prometheus.ExponentialBuckets(0.00001, 2, 20)}",
            ),
            ("a.go", "prometheus.HistogramOpts{\nName: \"x_duration_us\",\nBuckets: []float64{10, 50, 100},\n}"),
            (
                "a.rs",
                "register_histogram_vec!(\"x_duration_seconds\", \"Help.\", exponential_buckets(0.00001, 2.0, 26).unwrap())",
            ),
        ] {
            assert_eq!(check(path, source), ["latency-buckets from 10 \u{b5}s"], "{source}");
        }
    }

    #[test]
    fn sizes_defaults_copies_and_comments_are_none() {
        for source in [
            "HistogramOpts{Name: \"x_seconds\", Buckets: prometheus.DefBuckets}",
            "HistogramOpts{Name: \"x_seconds\", Buckets: prometheus.ExponentialBuckets(0.005, 2, 20)}",
            "HistogramOpts{Name: \"x_queue_seconds\", Buckets: prometheus.ExponentialBuckets(10e-9, 10, 10)}",
            "HistogramOpts{Name: \"y_seconds\"}\nHistogramOpts{Name: \"x_size\", Buckets: []float64{0.00001, 2}}",
            "// HistogramOpts{Name: \"x_seconds\", Buckets: []float64{0.00001, 2}}",
            "HistogramOpts{Name: \"x_seconds\", Buckets: []float64{first, 2}}",
        ] {
            assert_eq!(check("a.go", source), [] as [String; 0], "{source}");
        }
    }
}
