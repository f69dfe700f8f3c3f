//! What expressions of alert rules and objectives say, and what looks like it.

use super::*;

fn only(text: &str) -> (Option<f64>, f64, String) {
    let found = thresholds(text);
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    (found[0].percentile, found[0].limit, found[0].metric.clone())
}

#[test]
fn a_quantile_above_a_figure() {
    for (text, percentile, limit) in [
        ("histogram_quantile(0.99, sum by (le) (rate(x_seconds_bucket[5m]))) > 0.15", 99.0, 0.15),
        ("histogram_quantile(0.999, sum(rate(x_seconds_bucket{a=\"b\"}[1m])) by (le, instance))\n> 2", 99.9, 2.0),
        ("0.5 < histogram_quantile(0.9, rate(x_seconds_bucket[5m]))", 90.0, 0.5),
        ("histogram_quantile(0.95, rate(x_seconds_bucket[5m])) * 1000 > 250", 95.0, 0.25),
        ("1e3 * histogram_quantile(0.95, rate(x_seconds_bucket[5m])) > 250", 95.0, 0.25),
        (
            "(histogram_quantile(0.99, sum by (job) (rate(x_seconds_bucket[5m]))) > 2 and sum(rate(x_count[5m])) > 0)",
            99.0,
            2.0,
        ),
        ("max(histogram_quantile(0.5, rate(x_seconds[5m]))) >= bool 10 / 4", 50.0, 2.5),
        ("histogram_quantile(0.99, sum(rate(x_seconds_bucket[1m])) by (le) / 1000) > 1", 99.0, 1.0),
        ("job:x_seconds:p99 > 0.25", 99.0, 0.25),
        ("cluster_quantile:x_seconds:histogram_quantile{quantile=\"0.99\"} > 1", 99.0, 1.0),
        ("x_seconds{quantile=\"0.5\"} > 0.02", 50.0, 0.02),
        ("sum(rate(x_bucket{le=\"0.25\"}[5m])) / sum(rate(x_count[5m])) < 0.99", 99.0, 0.25),
        ("1 - (sum(rate(x_bucket{le=\"0.25\"}[5m])) / sum(rate(x_count[5m]))) > 14.4 * 0.01", 99.0, 0.25),
        ("1 - (sum(rate(x_bucket{le=\"0.25\"}[5m])) / sum(rate(x_count[5m]))) > (14.4 * 0.01)", 99.0, 0.25),
        ("100 * sum(rate(x_bucket{le=\"0.25\"}[5m])) / sum(rate(x_count[5m])) < 95", 95.0, 0.25),
        ("histogram_fraction(0, 0.2, rate(x_seconds[1h])) < 0.95", 95.0, 0.2),
    ] {
        let (found, at, _) = only(text);
        assert_eq!((found, at), (Some(percentile), limit), "{text}");
    }
}

#[test]
fn a_mean_has_no_percentile() {
    let text = "sum(rate(x_seconds_sum[5m])) by (job) / sum(rate(x_seconds_count[5m])) by (job) > 0.3";
    assert_eq!(only(text), (None, 0.3, "x_seconds".to_owned()));
    let text = "rate(x_read_time_seconds_total[1m]) / rate(x_reads_total[1m]) > 0.1 and rate(x_reads_total[1m]) > 0";
    assert_eq!(only(text), (None, 0.1, "x_read_time_seconds".to_owned()));
}

#[test]
fn gauges_of_time_taken_have_no_percentile() {
    for (text, limit) in [
        ("x_apply_latency_ms > 5000", 5000.0),
        ("max(x_response_time_seconds{job=\"a\"}) > 0.5", 0.5),
        ("avg_over_time(x_request_duration_seconds[5m]) >= 2", 2.0),
        ("x_latency > 3", 3.0),
    ] {
        let (percentile, at, _) = only(text);
        assert_eq!((percentile, at), (None, limit), "{text}");
    }
}

#[test]
fn look_alikes_say_nothing() {
    for text in [
        "histogram_quantile(0.01, sum by (job) (rate(cert_expiration_seconds_bucket[5m]))) < 604800",
        "histogram_quantile(0.99, rate(x_seconds_bucket[5m])) > 0",
        "histogram_quantile(0.99, rate(x_seconds_bucket[5m]))",
        "histogram_quantile(0.99, rate(x_seconds_bucket[5m])) / 1000 > 1",
        "histogram_quantile(0.99, rate(x_seconds_bucket[5m])) > unknown_value",
        "histogram_quantile(0.99, rate(x_seconds_bucket[5m])) > $threshold",
        "rate(x_seconds_sum[5m]) > 4",
        "rate(x_total[5m]) > 0.99",
        "sum(rate(x_bucket{le=\"0.25\"}[5m])) / sum(rate(x_count[5m])) > 0.99",
        "x_seconds > 30",
        "time() - process_start_time_seconds < 60",
        "x_battery_time_on_seconds > 0",
        "x_timex_offset_seconds > 0.05",
        "x_last_successful_run_timestamp_seconds > 0",
        "rate(x_request_duration_seconds_count[5m]) > 4",
        "rate(x_cpu_time_seconds_total[5m]) / rate(x_total[5m]) > 1",
        "x_scrape_timeout_duration_seconds > 4",
        "",
        ")))((",
        "{{{{",
    ] {
        assert_eq!(thresholds(text), [], "{text}");
    }
}

#[test]
fn units_come_from_the_metric() {
    for (metric, unit) in [
        ("http_request_duration_seconds_bucket", Some(Unit::Seconds)),
        ("istio_request_duration_milliseconds_bucket", Some(Unit::Millis)),
        ("job_route:request_duration_seconds:p99", Some(Unit::Seconds)),
        ("raft_process_duration_secs_bucket", Some(Unit::Seconds)),
        ("latency_ms_p95", Some(Unit::Millis)),
        ("envoy_cluster_upstream_rq_time_bucket", Some(Unit::Millis)),
        ("region_size_bucket", None),
        ("log_lag_bucket", None),
    ] {
        assert_eq!(unit_of_metric(metric), unit, "{metric}");
    }
}

#[test]
fn objectives_find_their_bucket() {
    let text =
        "sum(rate(x_seconds_count[{{.window}}])) - sum(rate(x_seconds_bucket{job=\"a\",le=\"0.4\"}[{{.window}}]))";
    let found = buckets(text);
    assert_eq!((found.len(), found[0].limit, found[0].metric.as_str()), (1, 0.4, "x_seconds_bucket"));
    assert_eq!(found[0].labels[0].value, "a");
    assert_eq!(buckets("1 - histogram_share(0.2, rate(x_seconds_bucket[5m]))")[0].limit, 0.2);
    assert_eq!(buckets("x_bucket{le=\"+Inf\"}"), []);
}

#[test]
fn jsonnet_fields_are_filled_or_marked() {
    let text = "histogram_quantile(0.99, rate(x_seconds_bucket{%(selector)s}[%(window)s])) > %(limit)s";
    let filled = fill(text, |name| (name == "limit").then(|| "0.5".to_owned()));
    assert_eq!(only(&filled).1, 0.5);
    assert_eq!(thresholds(&fill(text, |_| None)), []);
}

#[test]
fn depth_is_bounded() {
    let text = "(".repeat(100_000);
    assert_eq!(thresholds(&text), []);
    assert_eq!(thresholds(&format!("{}1 > 2", "-".repeat(100_000))), []);
}
