//! Sentences that state a target, and sentences that only look so.

use super::*;

fn sentence(text: &str) -> Vec<(Option<f64>, f64)> {
    sentence_targets(text, 0, false).into_iter().map(|t| (t.percentile, t.limit.unwrap())).collect()
}

fn comment(text: &str) -> Vec<(Option<f64>, f64)> {
    comment_targets(text, 0).into_iter().map(|t| (t.percentile, t.limit.unwrap())).collect()
}

#[test]
fn sentences_that_oblige() {
    for (text, wanted) in [
        ("Target: p99.9 < 100 \u{b5}s for order entry.", vec![(Some(99.9), 100.0)]),
        ("Our SLO is a 99th percentile latency under 250ms.", vec![(Some(99.0), 250_000.0)]),
        ("The API must respond within 10 milliseconds at P999", vec![(Some(99.9), 10_000.0)]),
        ("Budget: p50 < 5 ms, p99 < 20 ms", vec![(Some(50.0), 5_000.0), (Some(99.0), 20_000.0)]),
        ("We have a latency budget of 1 second.", vec![(None, 1_000_000.0)]),
        ("99% of requests must complete within 300 ms", vec![(Some(99.0), 300_000.0)]),
        ("NFR-3: worst-case latency \u{2264} 2 ms", vec![(None, 2_000.0)]),
        ("the 100ms latency budget must hold for each response", vec![(None, 100_000.0)]),
    ] {
        assert_eq!(sentence(text), wanted, "{text}");
    }
}

#[test]
fn sentences_that_do_not() {
    for text in [
        "In the last run p99 stayed under 4 ms, within the target.",
        "p99 latency was below 5 ms.",
        "Redis must answer within 1 ms for this to work.",
        "A low-latency, sub-millisecond store.",
        "The request timeout must be below 30 s.",
        "For example, 99% of requests must be faster than 200 ms.",
        "const P95 = 0xbe; p99, must",
        "p99 < 5 ms",
        "They want to set an objective that 99.5% of requests should complete within 2 seconds.",
        "Tasks target external systems, so they may make long running (typically up to 10 seconds) requests.",
        "The bucket number to reach our 724ms target latency depends on the boundaries.",
        "Targets are scraped every 15 s at most.",
        "Requests must wait at least 40 ms.",
        "The cluster must hold 99% of 2000s music.",
    ] {
        assert_eq!(sentence(text), [], "{text}");
    }
}

#[test]
fn comments_over_several_lines() {
    let text = "/// Applications must respond to requests within a certain time frame (~40ms)\n    /// or send a \"wait extension\". This timer counts.\n";
    let found = comment_targets(text, 100);
    assert_eq!(found.len(), 1);
    assert_eq!(&text[found[0].range.start - 100..found[0].range.end - 100], "40ms");
    assert_eq!(found[0].limit, Ok(40_000.0));
    assert_eq!(comment("// p99 of request latency must stay below 500us"), [(Some(99.0), 500.0)]);
}

#[test]
fn comments_that_are_no_target() {
    for text in [
        "// must wait 10 ms before the next request",
        "// the request must finish before the 5s timeout",
        "// sleep for at most 100ms; the response must be there",
        "// Returns within 5 ms usually",
        "// requests must be signed\n//\n// Runs under 5 ms.",
        "// default deadline of 10s for requests",
        "// Cancel requests shortly before the deadline, reserving up to 2s for them to unwind.",
    ] {
        assert_eq!(comment(text), [], "{text}");
    }
}
