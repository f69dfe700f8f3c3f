//! What the name of a metric tells: its unit, and whether it is how long something took.

use crate::parse::duration::{Unit, words};
use crate::parse::percentile;

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
