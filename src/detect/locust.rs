//! Limits that fail a Locust load test.
//!
//! *Looks for*: Python that compares `get_response_time_percentile(0.95)` or `avg_response_time` with a number and
//! sets the exit code to something other than zero in that branch; a constant of the file is put in.
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from a load test, for the services at or near it.
//! *Misses*: limits from the environment and other files, comparisons turned round (`< 500` before success).
//! *Example*: `elif environment.stats.total.get_response_time_percentile(0.95) > 800:`: p95 within 800 ms.

use std::sync::LazyLock;

use regex::Regex;

use super::Facts;
use super::gatling::{is_commented, number_of};
use super::latency::{self, Budget};
use crate::fact::{Binding, LatencySource, Subject};
use crate::parse::duration::{self, Unit};
use crate::parse::percentile;
use crate::source::Text;

static COMPARISON: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?:get_response_time_percentile\(\s*([\d.]+)\s*\)|(avg_response_time|median_response_time|max_response_time))\s*>=?\s*([\d_.]+|[A-Za-z_]\w*)",
    )
    .expect("because the pattern is a constant that the tests compile")
});

/// How far behind the comparison the branch may set the exit code.
const BRANCH: usize = 400;

pub(super) fn detect(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    if !text.text.contains("response_time") || !text.text.contains("process_exit_code") {
        return;
    }
    for found in COMPARISON.captures_iter(text.text) {
        let limit = found.get(3).and_then(|limit| number_of(text.text, limit.as_str()));
        let (Some(whole), Some(limit)) = (found.get(0), limit) else { continue };
        if is_commented(text.text, whole.start()) || !fails(text.text, whole.end()) {
            continue;
        }
        let percentile = match (found.get(1), found.get(2).map(|m| m.as_str())) {
            (Some(share), _) => share.as_str().parse().ok().and_then(percentile::of_target),
            (_, Some("max_response_time")) => Some(100.0),
            (_, Some("median_response_time")) => Some(50.0),
            _ => None,
        };
        let budget = Budget {
            limit: duration::in_unit(limit, Unit::Millis),
            percentile,
            source: LatencySource::LoadTest,
            subject: Subject::Answering,
            binding: Binding::Here,
        };
        latency::add(facts, whole.range(), budget);
    }
}

/// Whether the first exit code set behind the comparison is a failure.
fn fails(text: &str, from: usize) -> bool {
    let mut end = text.len().min(from + BRANCH);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let Some((_, value)) = text[from..end].split_once("process_exit_code") else { return false };
    let value = value.trim_start().trim_start_matches('=').trim_start();
    value.starts_with(|c: char| c.is_ascii_digit() && c != '0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str) -> Vec<String> {
        latency::test::text(detect, "locustfile.py", source)
    }

    #[test]
    fn comparisons_that_fail_the_run() {
        let source = "if env.stats.total.avg_response_time > 200:\n    logging.error('above 600 ms')\n    environment.process_exit_code = 1\nelif env.stats.total.get_response_time_percentile(0.95) > 800:\n    environment.process_exit_code = 1\n";
        assert_eq!(check(source), ["- 200000us LoadTest [Here] @1", "p95 800000us LoadTest [Here] @4"]);
    }

    #[test]
    fn constants_of_the_file() {
        let source = "LIMIT_MS = 350\nif stats.get_response_time_percentile(0.99) > LIMIT_MS:\n    environment.process_exit_code = 1\n";
        assert_eq!(check(source), ["p99 350000us LoadTest [Here] @2"]);
    }

    #[test]
    fn comparisons_that_do_not_are_none() {
        for source in [
            "if s.avg_response_time > 200:\n    environment.process_exit_code = 0\n",
            "if s.avg_response_time > 200:\n    print(1)\n# process_exit_code\n",
            "if s.avg_response_time > limit:\n    environment.process_exit_code = 1\n",
            "# if s.avg_response_time > 200:\n#    environment.process_exit_code = 1\n",
        ] {
            assert!(check(source).is_empty(), "{source}");
        }
    }
}
