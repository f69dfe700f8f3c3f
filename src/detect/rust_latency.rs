//! Figures in Rust code for how fast it must be.
//!
//! *Looks for*: constants whose name says a budget (`P99_BUDGET`, `LATENCY_TARGET_MS`) with a literal; in test and
//! benchmark files also `assert!(p99 < Duration::…)`. Periods that follow from a rate: a fixed time step, frames of an
//! audio buffer at a sample rate, a control loop.
//! *Emits*: `Latency` with source `deadline`, `load-test` or `derived`.
//! *Misses*: budgets that a test puts together or reads; inline tests of shipped files.
//! *Example*: `const P99_BUDGET: Duration = Duration::from_micros(250);` → 250 µs at p99.
//!
//! Not meant: timeouts, thresholds for logging, intervals of polling and of measuring.

use super::Facts;
use crate::catalogue;
use crate::fact::{FactKind, LatencySource, Subject};
use crate::parse::duration::{Unit, words};
use crate::parse::percentile;
use crate::parse::rust::RustView;
use crate::parse::rust::lex::Kind;
use crate::parse::rust::literal;
use crate::parse::rust::structure::inner_attributes;
use crate::parse::rust::tokens::Tokens;
use crate::scope::Scope;

pub(crate) fn detect(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    if view.generated || view.is_build_script() {
        return;
    }
    let source = if view.scope == Scope::Test { LatencySource::LoadTest } else { LatencySource::Deadline };
    let constants = constants(&view.tokens);
    for constant in &constants {
        let Some(limit_us) = constant.micros(&view.tokens) else { continue };
        if is_budget(constant.name) {
            let percentile = percentile::of_name(constant.name);
            emit(view, facts, (constant.at, constant.last), latency(limit_us, percentile, source));
        }
    }
    if view.scope == Scope::Test {
        assertions(view, facts);
    } else if view.is_code() {
        periods(view, &constants, facts);
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
    for at in 0..tokens.len() {
        if !matches!(tokens.at(at), "const" | "static") || !tokens.is_ident(at + 1) || !tokens.is(at + 2, b':') {
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
    for at in (2..tokens.len()).filter(|&at| tokens.at(at) == "Duration") {
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

/// Periods in which work must be done because the next one starts then.
fn periods(view: &RustView<'_, '_>, constants: &[Constant<'_>], facts: &mut Facts<'_, '_>) {
    let tokens = &view.tokens;
    fixed_steps(view, facts);
    audio_buffer(view, constants, facts);
    if !constants.iter().any(|constant| is_control_loop(constant.name)) {
        return;
    }
    let bare = inner_attributes(tokens).iter().any(|inner| inner.name == "no_std");
    if !(bare || names(tokens, "embedded-hal") || names(tokens, "realtime-scheduling")) {
        return;
    }
    for constant in constants.iter().filter(|constant| is_control_loop(constant.name)) {
        let words = words(constant.name);
        let period = match words.last().map(String::as_str) {
            Some("hz") => constant.number(tokens).filter(|hz| *hz > 0.0).map(|hz| 1e6 / hz),
            _ => constant.micros(tokens),
        };
        if let Some(limit_us) = period {
            emit(view, facts, (constant.at, constant.last), latency(limit_us, Some(100.0), LatencySource::Derived));
        }
    }
}

fn is_control_loop(name: &str) -> bool {
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    has(&["control", "loop", "servo"]) && has(&["hz", "period", "rate", "us", "ms"]) && !has(&["timeout", "log"])
}

/// `Time::<Fixed>::from_hz(64.0)`.
fn fixed_steps(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    let tokens = &view.tokens;
    for at in (0..tokens.len()).filter(|&at| tokens.at(at) == "Fixed") {
        let call = at + 4;
        if !tokens.reads(at + 1, &[">", ":", ":"]) || !tokens.is(call + 1, b'(') {
            continue;
        }
        let Some(value) = literal::number(tokens.at(call + 2)).filter(|value| *value > 0.0) else { continue };
        let limit_us = match tokens.at(call) {
            "from_hz" => 1e6 / value,
            "from_seconds" => value * 1e6,
            _ => continue,
        };
        emit(view, facts, (at, tokens.close(call + 1)), latency(limit_us, Some(100.0), LatencySource::Derived));
    }
}

/// Frames of one buffer at the sample rate, both given as literals in one file.
fn audio_buffer(view: &RustView<'_, '_>, constants: &[Constant<'_>], facts: &mut Facts<'_, '_>) {
    let tokens = &view.tokens;
    let constant = |test: fn(&[String]) -> bool| constants.iter().find(|constant| test(&words(constant.name)));
    let rate = constant(|words| words.windows(2).any(|pair| pair[0] == "sample" && pair[1].starts_with("rate")));
    let frames = constant(|words| {
        let any = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        any(&["frames", "block", "buffer"]) && any(&["frames", "size", "length", "len"])
    });
    let (Some(rate), Some(frames)) = (rate, frames) else { return };
    let (Some(hz), Some(count)) = (rate.number(tokens), frames.number(tokens)) else { return };
    if hz >= 8000.0 && count > 0.0 && names(tokens, "audio-realtime") {
        let kind = latency(count / hz * 1e6, Some(100.0), LatencySource::Derived);
        emit(view, facts, (frames.at, frames.last), kind);
    }
}

/// Whether the file names a crate of a capability.
fn names(tokens: &Tokens<'_>, capability: &str) -> bool {
    let mut roots = (0..tokens.len()).filter(|&at| tokens.is_ident(at) && tokens.is_path_separator(at + 1));
    roots.any(|at| catalogue::crate_rows(tokens.at(at)).any(|entry| entry.capability == capability))
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
        use LatencySource::{Deadline, Derived};
        type Expected = &'static [(f64, Option<f64>, LatencySource)];
        let cases: [(&str, Expected); 12] = [
            ("const P99_BUDGET: Duration = Duration::from_micros(250);", &[(250.0, Some(99.0), Deadline)]),
            ("pub const LATENCY_TARGET_MS: u64 = 5;", &[(5000.0, None, Deadline)]),
            ("static P999_TARGET_US: u64 = 1_000;", &[(1000.0, Some(99.9), Deadline)]),
            ("const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);", &[]),
            ("const SLOW_LOG_LATENCY_THRESHOLD: Duration = Duration::from_secs(1);", &[]),
            ("const MEMORY_BUDGET: u64 = 5; const P95: u8 = 0xbe; const LATENCY_TARGET: u64 = 5;", &[]),
            ("const POLL_INTERVAL: Duration = Duration::from_millis(1);", &[]),
            ("fn f() { app.insert(Time::<Fixed>::from_hz(250.0)) }", &[(4000.0, Some(100.0), Derived)]),
            (
                "use cpal::Stream; const SAMPLE_RATE: u32 = 48_000; const BUFFER_FRAMES: u32 = 480; fn f() { cpal::x() }",
                &[(10_000.0, Some(100.0), Derived)],
            ),
            ("const SAMPLE_RATE: u32 = 48_000; const BUFFER_FRAMES: u32 = 480;", &[]),
            ("#![no_std]\nconst CONTROL_LOOP_HZ: u32 = 1000;", &[(1000.0, Some(100.0), Derived)]),
            ("const RECONCILE_LOOP_PERIOD_MS: u64 = 1000;", &[]),
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
    }
}
