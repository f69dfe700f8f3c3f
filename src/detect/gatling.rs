//! Assertions of Gatling load tests.
//!
//! *Looks for*: `responseTime` followed by a statistic and a bound in Scala, Java and Kotlin; `percentile1` to
//! `percentile4` are 50, 75, 95 and 99, as Gatling ships them; a constant of the file is put in.
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from a load test, for the services at or near it.
//! *Misses*: figures that are constants of other files; percentiles renumbered in `gatling.conf`.
//! *Example*: `global().responseTime().percentile(99.9).lt(100)`: p99.9 within 100 ms.

use std::sync::LazyLock;

use regex::Regex;

use super::Facts;
use super::latency::{self, Budget};
use crate::fact::{Binding, LatencySource, Subject};
use crate::parse::duration::{self, Unit};
use crate::parse::percentile;
use crate::source::Text;

static ASSERTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"responseTime(?:\(\))?\s*\.\s*(max|mean|percentile[1-4]|percentile\(\s*([\d.]+)\s*\))(?:\(\))?\s*\.\s*(?:lte?|lessThan(?:OrEqual)?|between)\(\s*(?:[\d_]+\s*,\s*)?([\d_]+|[A-Za-z_]\w*)\s*\)",
    )
    .expect("because the pattern is a constant that the tests compile")
});

pub(super) fn detect(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    if !text.text.contains("responseTime") || !text.text.contains("atling") {
        return;
    }
    for found in ASSERTION.captures_iter(text.text) {
        let limit = found.get(3).and_then(|limit| number_of(text.text, limit.as_str()));
        let (Some(whole), Some(limit)) = (found.get(0), limit) else { continue };
        if is_commented(text.text, whole.start()) {
            continue;
        }
        let budget = Budget {
            limit: duration::in_unit(limit, Unit::Millis),
            percentile: statistic(found.get(1).map_or("", |m| m.as_str()), found.get(2).map(|m| m.as_str())),
            source: LatencySource::LoadTest,
            subject: Subject::Answering,
            binding: Binding::Here,
        };
        latency::add(facts, whole.range(), budget);
    }
}

fn statistic(name: &str, number: Option<&str>) -> Option<f64> {
    match (name, number) {
        (_, Some(number)) => percentile::of_target(number.parse().ok()?),
        ("max", _) => Some(100.0),
        ("percentile1", _) => Some(50.0),
        ("percentile2", _) => Some(75.0),
        ("percentile3", _) => Some(95.0),
        ("percentile4", _) => Some(99.0),
        _ => None,
    }
}

/// A number as written, or the one that the file gives to a name (`val Max = 500`, `static final int MAX = 500`).
pub(super) fn number_of(text: &str, written: &str) -> Option<f64> {
    if written.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return duration::number(written);
    }
    // The first places tell, or nothing does.
    let places = text.match_indices(written).take(8);
    let mut values = places.filter_map(|(at, _)| {
        let named = !text[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.'));
        let rest = text[at + written.len()..].trim_start();
        // A type may stand between.
        let rest = if rest.starts_with(':') { &rest[rest.find(['=', '\n'])?..] } else { rest };
        let value = rest.strip_prefix('=')?.trim_start();
        let end = value.find(|c: char| !(c.is_ascii_digit() || matches!(c, '_' | '.'))).unwrap_or(value.len());
        duration::number(&value[..end]).filter(|_| named)
    });
    values.next()
}

/// Whether the line is a comment up to an offset.
pub(super) fn is_commented(text: &str, at: usize) -> bool {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let before = text[start..at].trim_start();
    before.starts_with(['#', '*']) || before.contains("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str) -> Vec<String> {
        latency::test::text(detect, "LoadTest.scala", &format!("import io.gatling.core.Predef._\n{source}"))
    }

    #[test]
    fn statistics_in_three_languages() {
        for (source, wanted) in [
            ("assertions(global().responseTime().percentile4().lt(250))", "p99 250000us LoadTest [Here] @2"),
            ("assertions(global.responseTime.percentile(99.9).lt(1_000))", "p99.9 1000000us LoadTest [Here] @2"),
            ("details(\"a\").responseTime().max().lte(50)", "p100 50000us LoadTest [Here] @2"),
            ("global.responseTime.mean.between(10, 20)", "- 20000us LoadTest [Here] @2"),
            ("global.responseTime.max.lt(Slowest)\nval Slowest: Int = 700", "p100 700000us LoadTest [Here] @2"),
        ] {
            assert_eq!(check(source), [wanted], "{source}");
        }
    }

    #[test]
    fn variables_floors_and_other_statistics_are_none() {
        for source in [
            "global().responseTime().max().lt(Config.limit)",
            "global().responseTime().max().lt(limit)\nval other_limit = 5",
            "global().responseTime().max().gt(50)",
            "global().successfulRequests().percent().gt(95.0)",
            "// global().responseTime().max().lt(50)",
        ] {
            assert!(check(source).is_empty(), "{source}");
        }
    }
}
