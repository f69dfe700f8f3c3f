//! Percentiles as they are written: `p99.9`, `P999`, `p(99.9)`, `0.999`, `99.9 %`, `99th percentile`, `max`.
//!
//! Out: a number from 0 to 100. The largest value (`max`) is 100, the median 50; a mean has no percentile.

/// Reads a text that is a percentile and nothing else.
pub fn read(text: &str) -> Option<f64> {
    let text = text.trim().trim_matches(['"', '\'']).trim();
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "max" | "maximum" => return Some(100.0),
        "median" | "med" => return Some(50.0),
        _ => {}
    }
    if let Some(percent) = lower.strip_suffix('%') {
        return bounded(percent.trim().parse().ok()?);
    }
    let ordinal = lower.strip_suffix("percentile").map(str::trim_end);
    if let Some(ordinal) = ordinal {
        let digits = ordinal.trim_end_matches("th").trim_end_matches("st").trim_end_matches('-');
        return bounded(digits.trim_end_matches("th").parse().ok()?);
    }
    if let Some(rest) = lower.strip_prefix('p') {
        return of_digits(rest.trim_start_matches(['(', '_']).trim_end_matches(')'));
    }
    of_share(lower.parse().ok()?)
}

/// Reads a share of 1 (`0.999`) as a percentile; anything else is none.
pub fn of_share(share: f64) -> Option<f64> {
    if share > 0.0 && share < 1.0 { bounded(share * 100.0) } else { None }
}

/// Reads a share of 1 or a percentage: objectives are written either way (`0.99`, `99`).
pub fn of_target(target: f64) -> Option<f64> {
    if target > 0.0 && target <= 1.0 { bounded(target * 100.0) } else { bounded(target).filter(|&p| p > 1.0) }
}

/// Finds a percentile among the words of a name: `rt_p95`, `http.response_time.p99`, `latency_p99_9`.
pub fn of_name(name: &str) -> Option<f64> {
    let lower = name.to_ascii_lowercase();
    let bytes = lower.as_bytes();
    // Mixins record `…:99quantile`.
    for tail in ["quantile", "percentile"] {
        let before = lower.find(tail).map_or("", |at| &lower[..at]);
        let digits = before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let closed = before[..before.len() - digits].chars().next_back().is_some_and(|c| !c.is_alphanumeric());
        if digits >= 2 && closed {
            return of_digits(&before[before.len() - digits..]);
        }
    }
    for (at, _) in lower.match_indices('p') {
        let digits = lower[at + 1..].find(|c: char| !c.is_ascii_digit()).map_or(lower.len(), |n| at + 1 + n);
        let starts = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
        let ends = digits == lower.len() || !bytes[digits].is_ascii_alphanumeric();
        if digits - at < 3 || !starts || !ends {
            continue;
        }
        return of_digits(with_fraction(&lower[at + 1..], digits - at - 1));
    }
    None
}

/// Extends the whole digits by `.9` or `_9`, `_99`: fractions of a percentile are nines or fives.
fn with_fraction(text: &str, whole: usize) -> &str {
    let rest = &text[whole..];
    let fraction = rest.strip_prefix(['.', '_']).unwrap_or("");
    let length = fraction.find(|c: char| !matches!(c, '9' | '5')).unwrap_or(fraction.len());
    let closed = fraction[length..].chars().next().is_none_or(|c| !c.is_ascii_alphanumeric());
    if whole == 2 && length > 0 && length <= 3 && closed { &text[..whole + 1 + length] } else { &text[..whole] }
}

/// `99`, `99.9`, `99_9`, `999`, `9999`, `100`.
fn of_digits(digits: &str) -> Option<f64> {
    let digits = digits.replace('_', ".");
    if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return None;
    }
    if digits.len() > 2 && !digits.contains('.') && digits != "100" {
        // `p999` leaves the point out; only nines (and fives: `p995`) are written so.
        let rest = digits.strip_prefix("99")?;
        return bounded(format!("99.{rest}").parse().ok()?);
    }
    bounded(digits.parse().ok()?)
}

fn bounded(percentile: f64) -> Option<f64> {
    // 0.999 × 100 is not 99.9 in binary.
    let rounded = (percentile * 1e6).round() / 1e6;
    (rounded > 0.0 && rounded <= 100.0).then_some(rounded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_notation() {
        for (text, percentile) in [
            ("p99.9", 99.9),
            ("P999", 99.9),
            ("p9999", 99.99),
            ("p(99.9)", 99.9),
            ("p50", 50.0),
            ("p(95)", 95.0),
            ("0.999", 99.9),
            ("0.9999", 99.99),
            ("99.9%", 99.9),
            ("99.9 %", 99.9),
            ("99th percentile", 99.0),
            ("99.9th percentile", 99.9),
            ("max", 100.0),
            ("med", 50.0),
            ("p100", 100.0),
        ] {
            assert_eq!(read(text), Some(percentile), "{text}");
        }
    }

    #[test]
    fn look_alikes_are_none() {
        for text in ["p123", "px", "1.5", "99", "0", "p", "-0.9", "101%", "avg", "p0"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn names_hold_percentiles() {
        for (name, percentile) in [
            ("http.response_time.p99", Some(99.0)),
            ("rt_p95", Some(95.0)),
            ("latency_p99_9", Some(99.9)),
            ("job:latency_seconds:p999", Some(99.9)),
            ("p99_request_threshold_seconds", Some(99.0)),
            ("response_time_p95_5m", Some(95.0)),
            ("job_route:x_seconds:99quantile", Some(99.0)),
            ("x_seconds_95percentile", Some(95.0)),
            ("x:histogram_quantile", None),
            ("http2_requests", None),
            ("tcp99", None),
            ("ip4", None),
        ] {
            assert_eq!(of_name(name), percentile, "{name}");
        }
    }

    #[test]
    fn targets_are_shares_or_percentages() {
        assert_eq!(of_target(0.99), Some(99.0));
        assert_eq!(of_target(99.5), Some(99.5));
        assert_eq!(of_target(0.0), None);
    }
}
