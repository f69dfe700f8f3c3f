//! Limits of Artillery load tests.
//!
//! *Looks for*: `config.ensure` (also below `plugins`) with `thresholds` of `….response_time.pNN` or the older
//! `pNN: 200` and `max: 500`.
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from a load test, for the services at or near it.
//! *Misses*: `conditions` with expressions; limits given on the command line.
//! *Example*: `- http.response_time.p99: 250`: p99 within 250 ms.

use super::Facts;
use super::latency::{self, Budget};
use crate::fact::{Binding, LatencySource, Subject};
use crate::parse::config::ConfigView;
use crate::parse::duration::{self, Unit};
use crate::parse::percentile;
use crate::parse::tree::Node;

pub(super) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let Some(config) = view.root().and_then(|root| root.get("config")) else { return };
    for ensure in [config.get("ensure"), config.path(&["plugins", "ensure"])].into_iter().flatten() {
        for limits in ensure.get("thresholds").map(Node::one_or_many).unwrap_or_default() {
            for (metric, limit) in limits.entries().filter(|(metric, _)| is_answering(metric)) {
                let statistic = metric.rsplit("response_time.").next().unwrap_or("");
                add(statistic, limit, facts);
            }
        }
        for (statistic, limit) in ensure.entries() {
            add(statistic, limit, facts);
        }
    }
}

fn is_answering(metric: &str) -> bool {
    metric.contains("response_time.") && !metric.starts_with("browser.")
}

fn add(statistic: &str, limit: &Node, facts: &mut Facts<'_, '_>) {
    let percentile = percentile::read(statistic);
    if percentile.is_none() && !matches!(statistic, "mean" | "avg") {
        return;
    }
    let Some(value) = limit.as_f64() else { return };
    let budget = Budget {
        limit: duration::in_unit(value, Unit::Millis),
        percentile,
        source: LatencySource::LoadTest,
        subject: Subject::Answering,
        binding: Binding::Here,
    };
    latency::add(facts, limit.range.clone(), budget);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str) -> Vec<String> {
        latency::test::config(detect, "load.yml", source).0
    }

    #[test]
    fn thresholds_and_the_older_form() {
        let source = "config:\n  target: http://x\n  ensure:\n    thresholds:\n    - http.response_time.p99: 250\n    - vusers.created: 5\n";
        assert_eq!(check(source), ["p99 250000us LoadTest [Here] @5"]);
        assert_eq!(
            check("config:\n  ensure:\n    p95: 200\n    maxErrorRate: 1\n"),
            ["p95 200000us LoadTest [Here] @3"]
        );
    }

    #[test]
    fn other_configurations_are_none() {
        assert!(check("config:\n  p95: 200\n").is_empty());
        assert!(check("ensure:\n  p95: 200\n").is_empty());
        assert!(check("config:\n  ensure:\n    thresholds:\n    - browser.page.FCP.response_time.x: 9\n").is_empty());
    }
}
