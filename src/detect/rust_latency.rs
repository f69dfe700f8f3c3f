//! Figures in Rust code for how fast it must be.
//!
//! *Looks for*: constants whose name says a budget (`P99_BUDGET`, `LATENCY_TARGET_MS`) with a literal; in test and
//! benchmark files such constants where something is asserted, and `assert!(p99 < Duration::…)`. Periods that follow
//! from a rate: a fixed time step, frames a second, frames of an audio buffer at a sample rate, a control loop, a ticker
//! of a control task. Timeouts, thresholds for logging, intervals of polling and of measuring are not meant.
//! *Emits*: [`FactKind::Latency`] from a deadline, a load test or derived from a period.
//! *Misses*: budgets that a test puts together or reads; inline tests of shipped files; rates from configuration.
//! *Example*: `const P99_BUDGET: Duration = Duration::from_micros(250);`: p99 within 250 µs.

mod periods;

use super::Facts;
use crate::fact::{FactKind, LatencySource, Subject};
use crate::parse::duration::{Unit, words};
use crate::parse::percentile;
use crate::parse::rust::RustView;
use crate::parse::rust::lex::Kind;
use crate::parse::rust::literal;
use crate::parse::rust::tokens::Tokens;
use crate::scope::Scope;

pub(crate) fn detect(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    if view.generated || view.is_build_script() {
        return;
    }
    let source = if view.scope == Scope::Test { LatencySource::LoadTest } else { LatencySource::Deadline };
    let constants = constants(&view.tokens);
    // A figure in a test is a gate only where something can fail by it.
    let asserts = !view.tokens.places(&["assert", "assert_eq", "panic"]).is_empty();
    for constant in &constants {
        let Some(limit_us) = constant.micros(&view.tokens) else { continue };
        if is_budget(constant.name) && (view.scope != Scope::Test || asserts) {
            let percentile = percentile::of_name(constant.name);
            emit(view, facts, (constant.at, constant.last), latency(limit_us, percentile, source));
        }
    }
    if view.scope == Scope::Test {
        assertions(view, facts);
    } else if view.is_code() {
        periods::detect(view, &constants, facts);
    }
}

fn latency(limit_us: f64, percentile: Option<f64>, source: LatencySource) -> FactKind {
    FactKind::Latency { limit_us, percentile, source, subject: Subject::Answering }
}

fn emit(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>, (first, last): (usize, usize), kind: FactKind) {
    view.add(facts, first, last, kind);
}

/// A `const` or `static` with a literal value.
struct Constant<'t> {
    name: &'t str,
    at: usize,
    /// First and last token of the value.
    value: usize,
    last: usize,
}

impl Constant<'_> {
    /// Reads the value as a time: a `Duration`, or a number whose name ends in a unit.
    fn micros(&self, tokens: &Tokens<'_>) -> Option<f64> {
        let duration = (self.value..=self.last).find(|&at| tokens.at(at) == "Duration");
        let micros = match duration {
            Some(at) => literal::duration(tokens, at).filter(|(_, last)| *last == self.last)?.0,
            None => self.number(tokens)? * Unit::of_name(self.name)?.micros(),
        };
        (micros > 0.0).then_some(micros)
    }

    fn number(&self, tokens: &Tokens<'_>) -> Option<f64> {
        let single = self.value == self.last && tokens.kind(self.value) == Some(Kind::Number);
        single.then(|| literal::number(tokens.at(self.value))).flatten()
    }
}

fn constants<'t>(tokens: &Tokens<'t>) -> Vec<Constant<'t>> {
    /// Longer values are tables.
    const LONGEST: usize = 24;
    let mut found = Vec::new();
    for at in tokens.places(&["const", "static"]) {
        if !tokens.is_ident(at + 1) || !tokens.is(at + 2, b':') {
            continue;
        }
        let Some(equals) = (at + 3..at + 3 + LONGEST).find(|&at| tokens.is(at, b'=')) else { continue };
        let Some(end) = (equals + 1..equals + 1 + LONGEST).find(|&at| tokens.is(at, b';')) else { continue };
        if end > equals + 1 {
            found.push(Constant { name: tokens.at(at + 1), at: at + 1, value: equals + 1, last: end - 1 });
        }
    }
    found
}

/// Whether a name promises how fast an answer must be: a latency or percentile, and a word for a limit.
fn is_budget(name: &str) -> bool {
    const ABOUT: [&str; 3] = ["latency", "response", "latencies"];
    const LIMIT: [&str; 9] = ["budget", "target", "slo", "sla", "objective", "goal", "max", "ceiling", "threshold"];
    const OTHER: [&str; 20] = [
        "timeout",
        "log",
        "slow",
        "window",
        "interval",
        "report",
        "sample",
        "bucket",
        "buckets",
        "gc",
        "retry",
        "backoff",
        "warn",
        "inject",
        "simulated",
        "network",
        "default",
        "mock",
        "fake",
        "poll",
    ];
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let percentile = percentile::of_name(name).is_some();
    let budget =
        words.iter().any(|word| word == "budget") && (percentile || has(&["latency", "response", "request", "time"]));
    (budget || ((percentile || has(&ABOUT)) && has(&LIMIT))) && !has(&OTHER)
}

/// `assert!(p99 < Duration::from_micros(250))`: a measured percentile that must stay below a literal.
fn assertions(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    let tokens = &view.tokens;
    for at in tokens.places(&["Duration"]).into_iter().filter(|&at| at >= 2) {
        let Some((limit_us, last)) = literal::duration(tokens, at) else { continue };
        let mut before = at - 1;
        while before >= 3 && tokens.is_path_separator(before - 1) {
            before -= 3;
        }
        let operator = if tokens.is(before, b'=') { before - 1 } else { before };
        if operator < 2 || !tokens.is(operator, b'<') || !tokens.is_ident(operator - 1) {
            continue;
        }
        let Some(percentile) = percentile::of_name(tokens.at(operator - 1)) else { continue };
        let asserted = (operator.saturating_sub(12)..operator).any(|at| tokens.reads(at, &["assert", "!", "("]));
        if asserted {
            emit(view, facts, (operator - 1, last), latency(limit_us, Some(percentile), LatencySource::LoadTest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::test_rust;

    fn found(path: &str, source: &str) -> Vec<(f64, Option<f64>, LatencySource)> {
        let facts = test_rust(path, source).into_iter();
        let found = facts.filter_map(|fact| match fact.kind {
            FactKind::Latency { limit_us, percentile, source, .. } => Some((limit_us, percentile, source)),
            _ => None,
        });
        found.collect()
    }

    #[test]
    fn constants_that_say_a_budget() {
        use LatencySource::Deadline;
        type Expected = &'static [(f64, Option<f64>, LatencySource)];
        let cases: [(&str, Expected); 7] = [
            ("const P99_BUDGET: Duration = Duration::from_micros(250);", &[(250.0, Some(99.0), Deadline)]),
            ("pub const LATENCY_TARGET_MS: u64 = 5;", &[(5000.0, None, Deadline)]),
            ("static P999_TARGET_US: u64 = 1_000;", &[(1000.0, Some(99.9), Deadline)]),
            ("const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);", &[]),
            ("const SLOW_LOG_LATENCY_THRESHOLD: Duration = Duration::from_secs(1);", &[]),
            ("const MEMORY_BUDGET: u64 = 5; const P95: u8 = 0xbe; const LATENCY_TARGET: u64 = 5;", &[]),
            ("const POLL_INTERVAL: Duration = Duration::from_millis(1);", &[]),
        ];
        for (source, expected) in cases {
            assert_eq!(found("src/lib.rs", source), expected, "{source}");
        }
    }

    #[test]
    fn assertions_of_a_percentile_are_gates() {
        let source =
            "#[test] fn t() { assert!(p99 < Duration::from_micros(250)); assert!(elapsed < Duration::from_secs(1)); }";
        assert_eq!(found("tests/perf.rs", source), [(250.0, Some(99.0), LatencySource::LoadTest)]);
        assert!(found("src/lib.rs", source).is_empty());
        let constant = "const P99_BUDGET_US: u64 = 50; fn check(p99: u64) { assert!(p99 < P99_BUDGET_US); }";
        assert_eq!(found("tests/perf.rs", constant), [(50.0, Some(99.0), LatencySource::LoadTest)]);
        assert!(found("tests/perf.rs", "const P99_BUDGET_US: u64 = 50;").is_empty());
    }
}
