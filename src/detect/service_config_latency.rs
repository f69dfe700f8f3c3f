//! Latency objectives in a service's own configuration.
//!
//! *Looks for*: keys that name an objective or a budget of time (`duration_slo: 5s`, `latency_budget_ms: 20`,
//! `slis.latency.threshold_ms`, `budgets.encode.p99_us`) with a unit in the value or the key, and constants of mixins
//! (`p99_request_threshold_seconds: 3`).
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from an SLO or a deadline, for the services at or
//! near the file.
//! *Misses*: thresholds for logging slow requests, which oblige nobody; a figure without a unit is listed among what was
//! not read.
//! *Example*: `duration_slo: 5s`: within 5 s.

use super::Facts;
use super::latency::{self, Budget};
use crate::fact::{Binding, LatencySource, Subject};
use crate::parse::config::ConfigView;
use crate::parse::duration::{self, Unit, words};
use crate::parse::percentile;
use crate::parse::tree::Node;
use crate::source::Text;

pub(super) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let source = view.text.text;
    if !["slo", "SLO", "budget", "Budget", "objective", "Objective"].iter().any(|word| super::holds(source, word)) {
        return;
    }
    for document in &view.documents {
        // Objects of SLO tools and API definitions have readers of their own or describe a schema.
        if document.get("apiVersion").is_some_and(|_| document.get("spec").is_some())
            || document.get("$schema").is_some()
        {
            continue;
        }
        document.walk(&mut |path, node| {
            if let Some(source) = path.last().and_then(|key| source_of(key, path)) {
                add(path.last().unwrap_or(&""), path, node, source, facts);
            }
        });
    }
}

/// What kind of statement a key makes, if any.
fn source_of(key: &str, path: &[&str]) -> Option<LatencySource> {
    let words = words(key);
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    // Windows, delays, injected faults and error budgets are counted in time as well.
    if has(&["window", "delay", "inject", "injection", "interval", "period", "timeout", "error", "retention", "burn"]) {
        return None;
    }
    let time = has(&["duration", "latency", "response", "ttfb", "rtt"]);
    if time && has(&["slo", "objective", "sli"]) {
        return Some(LatencySource::Slo);
    }
    if time && has(&["budget", "target", "deadline"]) {
        return Some(LatencySource::Deadline);
    }
    let below_slo = path.iter().rev().skip(1).any(|key| matches!(*key, "slo" | "slos" | "sli" | "slis" | "objectives"));
    let below_latency = path.iter().rev().skip(1).take(2).any(|key| key.to_ascii_lowercase().contains("latency"));
    let bound = has(&["threshold", "limit", "max", "target"]) || percentile::read(key).is_some();
    // A table of budgets for benchmarks and load tests: `budgets: { encode: { p99_us: 50 } }`.
    let below_budgets = path.iter().rev().skip(1).any(|key| matches!(*key, "budgets" | "budget" | "latency_budgets"));
    if below_budgets && percentile::of_name(key).is_some() && Unit::of_name(key).is_some() {
        return Some(LatencySource::Deadline);
    }
    (below_slo && (time || below_latency) && (bound || key == "latency")).then_some(LatencySource::Slo)
}

fn add(key: &str, path: &[&str], node: &Node, source: LatencySource, facts: &mut Facts<'_, '_>) {
    let Some(text) = node.as_str() else { return };
    let limit = duration::read_in(text, Unit::of_name(key));
    // `target: 99` below a latency is its percentage.
    if limit == Err(duration::NoDuration::NoUnit)
        && duration::number(text).is_some_and(|n| n <= 1.0 || (50.0..=100.0).contains(&n))
    {
        return;
    }
    // Zero stands for "not set" in configuration.
    if limit == Err(duration::NoDuration::NotPositive) && !text.trim_start().starts_with('-') {
        return;
    }
    let named = path.iter().rev().find_map(|key| percentile::of_name(key).or_else(|| percentile::read(key)));
    let budget = Budget { limit, percentile: named, source, subject: Subject::Answering, binding: Binding::Here };
    latency::add(facts, node.range.clone(), budget);
}

/// Reads constants of a jsonnet mixin.
pub(super) fn detect_text(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    if !text.path.ends_with(".libsonnet") {
        return;
    }
    let mut at = 0;
    for line in text.text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let Some((key, value)) = line.split_once(':') else { continue };
        let (key, value) = (key.trim(), value.trim().trim_end_matches(','));
        let value = value.split(',').next().unwrap_or("").trim();
        let (Some(percentile), Some(unit)) = (percentile::of_name(key), Unit::of_name(key)) else { continue };
        let words = words(key);
        let timed = ["latency", "request", "duration"].iter().any(|wanted| words.iter().any(|word| word == wanted));
        if !timed || duration::number(value).is_none() {
            continue;
        }
        let offset = start + line.find(value).unwrap_or(0);
        let budget = Budget {
            limit: duration::read_in(value, Some(unit)),
            percentile: Some(percentile),
            source: LatencySource::Alert,
            subject: latency::subject(key),
            binding: Binding::Here,
        };
        latency::add(facts, offset..offset + value.len(), budget);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str) -> Vec<String> {
        latency::test::config(detect, "config.yaml", source).0
    }

    #[test]
    fn objectives_and_budgets_with_units() {
        for (source, wanted) in [
            ("search:\n  duration_slo: 5s\n", "- 5000000us Slo [Here] @2"),
            ("latency_budget_ms: 20\n", "- 20000us Deadline [Here] @1"),
            ("slis:\n  latency:\n    objective: 99\n    threshold_ms: 300\n", "- 300000us Slo [Here] @4"),
            ("slo:\n  latency:\n    p99: 80ms\n", "p99 80000us Slo [Here] @3"),
            ("budgets:\n  encode:\n    p99_us: 50\n", "p99 50us Deadline [Here] @3"),
        ] {
            assert_eq!(check(source), [wanted], "{source}");
        }
    }

    #[test]
    fn look_alikes_are_none() {
        for source in [
            "duration_slo: 0s\n",
            "latency: 90ms # slo\n",
            "latency_budget: 20\n",
            "error_budget_duration: 30d\nslo: 1\n",
            "min_pending_latency: 5s # slo\n",
            "slow_log_threshold: 5s # slo\n",
            "slo:\n  window: 30d\n",
            "results:\n  encode:\n    p99_us: 50\n# budget\n",
            "slo:\n  latency:\n    target: 99.5\n",
            "apiVersion: v1\nspec:\n  latency_slo: 5s\n",
        ] {
            assert!(check(source).is_empty(), "{source}");
        }
    }

    #[test]
    fn mixin_constants() {
        let check = |source| latency::test::text(detect_text, "config.libsonnet", source);
        assert_eq!(check("  p99_request_threshold_seconds: 3,\n"), ["p99 3000000us Alert [Here] @1"]);
        assert!(check("  p99_request_threshold: 3,\n").is_empty());
        assert!(check("  p99_request_exclude_seconds: 'a',\n").is_empty());
    }
}
