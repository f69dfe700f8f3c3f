//! Limits that a script holds the report of a load generator against: vegeta, ghz, oha and k6 summaries.
//!
//! *Looks for*: shell, Makefiles and workflow steps that take a latency out of a JSON report with `jq` and fail above a
//! number: `jq -e '… < N'`, or a variable that a later line compares before it exits. Vegeta's and ghz's reports are in
//! nanoseconds, oha's in seconds; a key that names its unit overrides.
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from a load test, for the services at or near it.
//! *Misses*: comparisons in other languages, limits that are variables, reports read without `jq`, wrk (it has no JSON).
//! A load generator without a comparison measures, and obliges nobody.
//! *Example*: `p99=$(jq '.latencies."99th"' out.json)`, `[ "$p99" -gt 50000000 ] && exit 1`: p99 within 50 ms.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::Facts;
use super::latency::{self, Budget};
use crate::fact::{Binding, LatencySource, Subject};
use crate::parse::config::ConfigView;
use crate::parse::duration::{self, Unit};
use crate::parse::percentile;
use crate::parse::tree::Node;
use crate::source::Text;

/// How far behind a comparison the script may fail.
const BRANCH: usize = 300;
/// How far behind the report's line a variable may be compared.
const AHEAD: usize = 4096;
const LONGEST_NAME: usize = 64;
/// Lines of one script that take something out of a report.
const MOST: usize = 64;

/// The part of a report that a filter takes: keys that are only used for latencies.
static TAKEN: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"jq\b[^\n]*?(\.latencies(?:\.|\[)\s*\\?["']?([0-9A-Za-z_\u{80}-\u{10ffff}]+)|\.latencyPercentiles\.?\s*\[?\\?["']?(p[0-9.]+)|latencyDistribution[^\n]*?percentage\s*==\s*([0-9]+(?:\.[0-9]+)?))"#,
    )
});

/// `… < 50000000'` at the end of a filter that fails by itself (`jq -e`).
static WITHIN: LazyLock<Regex> = LazyLock::new(|| regex(r"<=?\s*([\d_.]+(?:[eE]\d+)?)"));

/// `name=$(…`, `local name=$(…`, ``name=`…``.
static VARIABLE: LazyLock<Regex> = LazyLock::new(|| regex(r#"(\w+)=["']?(?:\$\(|`|\$\{\{)[^\n=]*$"#));

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("because the pattern is a constant that the tests compile")
}

pub(super) fn detect(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    read(text.text, 0..text.text.len(), facts);
}

/// Reads the steps of workflows.
pub(super) fn detect_config(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    if !view.text.text.contains("jq") {
        return;
    }
    for document in &view.documents {
        document.walk(&mut |path, node: &Node| {
            if matches!(path.last(), Some(&("run" | "script"))) && node.written().is_some() {
                read(view.text.text, node.range.clone(), facts);
            }
        });
    }
}

fn read(text: &str, within: Range<usize>, facts: &mut Facts<'_, '_>) {
    let Some(script) = text.get(within.clone()).filter(|script| script.contains("jq")) else { return };
    let (mut at, mut left) = (within.start, MOST);
    for line in script.split_inclusive('\n') {
        let start = at;
        at += line.len();
        // Each of the keys has this in its name.
        if !line.contains("jq") || !line.contains("latenc") || line.trim_start().starts_with('#') {
            continue;
        }
        let Some(taken) = TAKEN.captures(line) else { continue };
        let (Some(whole), Some(statistic)) = (taken.get(1), taken.iter().skip(2).flatten().next()) else { continue };
        left -= 1;
        if left == 0 {
            return;
        }
        let Some((percentile, unit)) = meaning(whole.as_str(), statistic.as_str()) else { continue };
        let behind = &line[whole.end()..];
        let direct = line.contains("jq -e").then(|| WITHIN.captures(behind)).flatten().and_then(|found| found.get(1));
        let found = match direct {
            Some(limit) => {
                let from = start + whole.end() + limit.start();
                Some((from..from + limit.len(), limit.as_str()))
            }
            None => VARIABLE
                .captures(&line[..whole.start()])
                .and_then(|name| compared(text, at..within.end, name.get(1)?.as_str())),
        };
        if let Some((range, number)) = found.and_then(|(range, text)| Some((range, duration::number(text)?))) {
            let budget = Budget {
                limit: duration::in_unit(number, unit),
                percentile,
                source: LatencySource::LoadTest,
                subject: Subject::Answering,
                binding: Binding::Here,
            };
            latency::add(facts, range, budget);
        }
    }
}

/// The percentile that a key names and the unit of the report it belongs to; a mean has no percentile.
fn meaning(key: &str, statistic: &str) -> Option<(Option<f64>, Unit)> {
    let unit = if key.starts_with(".latencyPercentiles") { Unit::Seconds } else { Unit::Nanos };
    if matches!(statistic, "mean" | "total" | "min") {
        return (statistic == "mean").then_some((None, unit));
    }
    let digits = statistic.trim_end_matches("th");
    let percentile = percentile::read(statistic).or_else(|| percentile::of_target(digits.parse().ok()?))?;
    Some((Some(percentile), unit))
}

/// The number that a variable must not exceed, where the script fails behind the comparison.
fn compared<'t>(text: &'t str, within: Range<usize>, name: &str) -> Option<(Range<usize>, &'t str)> {
    if name.len() > LONGEST_NAME {
        return None;
    }
    let script = bounded(text.get(within.clone())?, AHEAD);
    let sign = format!(r#"\$\{{?{name}(?:%\.\*)?\}}?["')]*\s*(?:-g[te]|>=?)\s*["']?([\d_.]+(?:[eE]\d+)?)"#);
    let found = Regex::new(&sign).ok()?.captures(script)?.get(1)?;
    let branch = bounded(&script[found.end()..], BRANCH);
    let fails = ["exit 1", "exit 2", "return 1", "false"].iter().any(|word| branch.contains(word));
    fails.then(|| (within.start + found.start()..within.start + found.end(), found.as_str()))
}

fn bounded(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str) -> Vec<String> {
        latency::test::text(detect, "load.sh", source)
    }

    #[test]
    fn reports_of_each_generator() {
        for (source, wanted) in [
            (
                "vegeta report -type=json r.bin > out.json\np99=$(jq '.latencies.\"99th\"' out.json)\nif [ \"$p99\" -gt 50000000 ]; then\n  echo slow; exit 1\nfi\n",
                "p99 50000us LoadTest [Here] @3",
            ),
            ("jq -e '.latencies[\"95th\"] < 20000000' out.json\n", "p95 20000us LoadTest [Here] @1"),
            (
                "P=$(jq '.latencyDistribution[] | select(.percentage == 99) | .latency' ghz.json)\n(( P > 1 ))\n[[ ${P} -ge 8000000 ]] && exit 1\n",
                "p99 8000us LoadTest [Here] @3",
            ),
            (
                "slow=$(oha -j http://x | jq '.latencyPercentiles.p99')\nif (( $(echo \"$slow > 0.25\" | bc -l) )); then exit 1; fi\n",
                "p99 250000us LoadTest [Here] @2",
            ),
            ("jq -e '.latencies.mean < 1e6' out.json\n", "- 1000us LoadTest [Here] @1"),
        ] {
            assert_eq!(check(source), [wanted], "{source}");
        }
    }

    #[test]
    fn steps_of_a_workflow() {
        let source = "jobs:\n  a:\n    steps:\n    - run: |\n        jq -e '.latencies.\"99th\" < 5000000' out.json\n    - name: jq\n";
        assert_eq!(
            latency::test::config(detect_config, ".github/workflows/a.yml", source).0,
            ["p99 5000us LoadTest [Here] @5"]
        );
    }

    #[test]
    fn measurements_are_none() {
        for source in [
            "jq '.latencies.\"99th\"' out.json\n",
            "p99=$(jq '.latencies.\"99th\"' out.json)\necho $p99\n",
            "p99=$(jq '.latencies.\"99th\"' out.json)\nif [ \"$p99\" -gt 50000000 ]; then echo slow; fi\n",
            "p99=$(jq '.latencies.\"99th\"' out.json)\nif [ \"$p99\" -gt \"$LIMIT\" ]; then exit 1; fi\n",
            "# jq -e '.latencies.\"99th\" < 5' out.json\n",
            "jq -e '.errors < 5' out.json\n",
        ] {
            assert!(check(source).is_empty(), "{source}");
        }
    }
}
