//! Quality gates of Keptn.
//!
//! *Looks for*: `spec_version` with `objectives`: an indicator whose name is a response time, and an absolute
//! criterion (`<600`); relative ones (`<=+10%`) are no budgets.
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from an SLO, for the services at or near it.
//! *Misses*: indicators whose name tells no response time; units other than milliseconds that a name does not tell.
//! *Example*: `sli: response_time_p95`, `criteria: ["<600"]`: p95 within 600 ms.

use super::Facts;
use super::latency::{self, Budget};
use crate::fact::{Binding, LatencySource, Subject};
use crate::parse::config::ConfigView;
use crate::parse::duration::{self, Unit, words};
use crate::parse::percentile;
use crate::parse::tree::Node;

pub(super) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let Some(root) = view.root().filter(|root| root.get("spec_version").is_some()) else { return };
    for objective in root.get("objectives").map(Node::items).unwrap_or_default() {
        let Some(name) = objective.str_at(&["sli"]).filter(|name| is_response_time(name)) else { continue };
        let criteria = objective.get("pass").map(Node::items).unwrap_or_default();
        for criterion in criteria.iter().flat_map(|pass| pass.get("criteria").map(Node::items).unwrap_or_default()) {
            let text = criterion.as_str().and_then(|text| text.strip_prefix('<'));
            let Some(text) = text.map(|text| text.trim_start_matches('=').trim()) else { continue };
            let Some(value) = duration::number(text).filter(|_| !text.starts_with(['+', '-'])) else { continue };
            let budget = Budget {
                limit: duration::in_unit(value, Unit::of_name(name).unwrap_or(Unit::Millis)),
                percentile: percentile::of_name(name),
                source: LatencySource::Slo,
                subject: Subject::Answering,
                binding: Binding::Here,
            };
            latency::add(facts, criterion.range.clone(), budget);
        }
    }
}

fn is_response_time(name: &str) -> bool {
    let words = words(name);
    let has = |wanted: &str| words.iter().any(|word| word == wanted);
    has("rt") || has("latency") || has("responsetime") || (has("response") && has("time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, criterion: &str) -> Vec<String> {
        let source = format!(
            "spec_version: '1.0'\nobjectives:\n- sli: {name}\n  pass:\n  - criteria: ['{criterion}']\n  warning:\n  - criteria: ['<900']\n"
        );
        latency::test::config(detect, "slo.yaml", &source).0
    }

    #[test]
    fn absolute_criteria_on_response_times() {
        assert_eq!(check("response_time_p95", "<600"), ["p95 600000us Slo [Here] @5"]);
        assert_eq!(check("rt_p50", "<=80.5"), ["p50 80500us Slo [Here] @5"]);
    }

    #[test]
    fn relative_criteria_and_rates_are_none() {
        assert!(check("response_time_p95", "<=+10%").is_empty());
        assert!(check("response_time_p95", ">600").is_empty());
        assert!(check("error_rate", "<5").is_empty());
    }
}
