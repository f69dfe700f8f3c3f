//! Periods in which work must be done because the next one starts then.
//!
//! In: the tokens and constants of one Rust file. Out: facts derived from a rate that the file states: fixed time steps
//! and frames a second of game loops, buffers of audio streams, control loops of firmware and real-time programs. A
//! ticker or constant of any other name polls, blinks or reports, and obliges nobody.

use super::{Constant, Facts, emit, latency};
use crate::catalogue;
use crate::fact::LatencySource;
use crate::parse::duration::words;
use crate::parse::rust::RustView;
use crate::parse::rust::literal;
use crate::parse::rust::structure::inner_attributes;
use crate::parse::rust::tokens::Tokens;

pub(super) fn detect(view: &RustView<'_, '_>, constants: &[Constant<'_>], facts: &mut Facts<'_, '_>) {
    fixed_steps(view, facts);
    audio_buffer(view, constants, facts);
    frames(view, constants, facts);
    control_loops(view, constants, facts);
}

fn add(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>, at: (usize, usize), limit_us: f64) {
    if limit_us.is_finite() && limit_us > 0.0 {
        emit(view, facts, at, latency(limit_us, Some(100.0), LatencySource::Derived));
    }
}

/// Names of what regulates something in the world.
const CONTROL: [&str; 12] = [
    "control",
    "controller",
    "servo",
    "pid",
    "motor",
    "gimbal",
    "attitude",
    "stabilizer",
    "regulator",
    "foc",
    "setpoint",
    "actuator",
];

fn control_loops(view: &RustView<'_, '_>, constants: &[Constant<'_>], facts: &mut Facts<'_, '_>) {
    let tokens = &view.tokens;
    let ticks = !tokens.places(&["Ticker"]).is_empty();
    let named = constants.iter().any(|constant| is_control_loop(constant.name));
    if !(ticks || named) {
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
            add(view, facts, (constant.at, constant.last), limit_us);
        }
    }
    if ticks {
        tickers(view, facts);
    }
}

fn is_control_loop(name: &str) -> bool {
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    (has(&["loop"]) || has(&CONTROL))
        && has(&["hz", "period", "rate", "us", "ms"])
        && !has(&["timeout", "log", "baud", "max", "min", "report", "telemetry"])
}

/// `Ticker::every(Duration::from_hz(1000))` in a task, or held by a binding, that is named after a control.
fn tickers(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    let tokens = &view.tokens;
    let mut function = "";
    for at in 0..tokens.len() {
        if tokens.at(at) == "fn" && tokens.is_ident(at + 1) {
            function = tokens.at(at + 1);
        }
        let call = at + 3;
        if tokens.at(at) != "Ticker" || tokens.at(call) != "every" || !tokens.is(call + 1, b'(') {
            continue;
        }
        // `let mut name = Ticker::every(…)`.
        let held = if at >= 2 && tokens.is(at - 1, b'=') { tokens.at(at - 2) } else { "" };
        let named = [function, held].iter().any(|name| words(name).iter().any(|w| CONTROL.contains(&w.as_str())));
        let close = tokens.close(call + 1);
        let duration = (call + 2..close).find(|&at| tokens.at(at) == "Duration");
        if let Some(limit_us) = duration.filter(|_| named).and_then(|at| period(tokens, at)) {
            add(view, facts, (at, close), limit_us);
        }
    }
}

/// A `Duration` with a literal, also one made of a rate.
fn period(tokens: &Tokens<'_>, at: usize) -> Option<f64> {
    if tokens.at(at + 3) == "from_hz" && tokens.is(at + 4, b'(') {
        return literal::number(tokens.at(at + 5)).filter(|hz| *hz > 0.0).map(|hz| 1e6 / hz);
    }
    literal::duration(tokens, at).map(|(micros, _)| micros)
}

/// `Time::<Fixed>::from_hz(64.0)`, `time.set_timestep_hz(64.0)`.
fn fixed_steps(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    let tokens = &view.tokens;
    for at in tokens.places(&["Fixed", "set_timestep", "set_timestep_hz", "set_timestep_seconds"]) {
        let call = match tokens.at(at) {
            "Fixed" if tokens.reads(at + 1, &[">", ":", ":"]) => at + 4,
            "set_timestep" | "set_timestep_hz" | "set_timestep_seconds" => at,
            _ => continue,
        };
        if !tokens.is(call + 1, b'(') {
            continue;
        }
        let close = tokens.close(call + 1);
        // A literal alone: `1.0 / hz` is none.
        let number = literal::number(tokens.at(call + 2)).filter(|value| *value > 0.0 && close == call + 3);
        let limit_us = match tokens.at(call) {
            "from_hz" | "set_timestep_hz" => number.map(|hz| 1e6 / hz),
            "from_seconds" | "set_timestep_seconds" => number.map(|seconds| seconds * 1e6),
            "from_duration" | "set_timestep" => {
                (call + 2..close).find(|&at| tokens.at(at) == "Duration").and_then(|at| period(tokens, at))
            }
            _ => None,
        };
        if let Some(limit_us) = limit_us {
            add(view, facts, (at, close), limit_us);
        }
    }
}

/// `const TARGET_FPS: u32 = 60`, `FRAME_BUDGET_MS`, `TICK_RATE_HZ` of a game loop.
fn frames(view: &RustView<'_, '_>, constants: &[Constant<'_>], facts: &mut Facts<'_, '_>) {
    let tokens = &view.tokens;
    let found: Vec<(&Constant<'_>, f64)> = constants
        .iter()
        .filter_map(|constant| {
            let words = words(constant.name);
            let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
            if has(&["max", "min", "log", "report", "timeout", "sample", "video", "camera", "default"]) {
                return None;
            }
            let number = || constant.number(tokens).filter(|rate| *rate > 0.0);
            if has(&["fps", "tps", "ups"]) || has(&["frame", "tick"]) && has(&["rate", "hz"]) {
                return Some((constant, 1e6 / number()?));
            }
            let length = has(&["frame", "tick"]) && has(&["time", "budget", "duration", "period", "ms", "us"]);
            Some((constant, constant.micros(tokens).filter(|_| length)?))
        })
        .collect();
    if found.is_empty() || !names(tokens, "game-loop") {
        return;
    }
    for (constant, limit_us) in found {
        add(view, facts, (constant.at, constant.last), limit_us);
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
    let rate = rate.and_then(|rate| rate.number(tokens)).or_else(|| sample_rate(tokens));
    let frames = match frames {
        Some(frames) => frames.number(tokens).map(|count| (count, frames.at, frames.last)),
        None => fixed_buffer(tokens),
    };
    let (Some(hz), Some((count, first, last))) = (rate, frames) else { return };
    if hz >= 8000.0 && count > 0.0 && names(tokens, "audio-realtime") {
        add(view, facts, (first, last), count / hz * 1e6);
    }
}

/// `BufferSize::Fixed(256)`.
fn fixed_buffer(tokens: &Tokens<'_>) -> Option<(f64, usize, usize)> {
    let at = (0..tokens.len())
        .find(|&at| tokens.at(at) == "BufferSize" && tokens.at(at + 3) == "Fixed" && tokens.is(at + 4, b'('))?;
    Some((literal::number(tokens.at(at + 5))?, at, tokens.close(at + 4)))
}

/// `SampleRate(48_000)`, `sample_rate: 48_000`.
fn sample_rate(tokens: &Tokens<'_>) -> Option<f64> {
    let mut places = (0..tokens.len()).filter(|&at| matches!(tokens.at(at), "SampleRate" | "sample_rate"));
    places.find_map(|at| literal::number(tokens.at(at + 2)))
}

/// Whether the file names a crate of a capability.
fn names(tokens: &Tokens<'_>, capability: &str) -> bool {
    let mut roots = (0..tokens.len()).filter(|&at| tokens.is_ident(at) && tokens.is_path_separator(at + 1));
    roots.any(|at| catalogue::crate_rows(tokens.at(at)).any(|entry| entry.capability == capability))
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::test_rust;
    use crate::fact::{FactKind, LatencySource};

    fn found(source: &str) -> Vec<f64> {
        let facts = test_rust("src/main.rs", source).into_iter();
        let found = facts.filter_map(|fact| match fact.kind {
            FactKind::Latency { limit_us, percentile: Some(100.0), source: LatencySource::Derived, .. } => {
                Some(limit_us)
            }
            _ => None,
        });
        found.collect()
    }

    #[test]
    fn rates_of_loops_and_buffers() {
        for (source, wanted) in [
            ("fn f() { app.insert(Time::<Fixed>::from_hz(250.0)) }", 4000.0),
            ("fn f() { app.insert(Time::<Fixed>::from_duration(Duration::from_millis(8))) }", 8000.0),
            ("fn f(mut time: ResMut<Time<Fixed>>) { time.set_timestep_hz(100.0) }", 10_000.0),
            ("use bevy::prelude::*; const TARGET_FPS: u32 = 50;", 20_000.0),
            ("use bevy::app::App; const FRAME_BUDGET_MS: u64 = 16;", 16_000.0),
            (
                "use cpal::Stream; const SAMPLE_RATE: u32 = 48_000; const BUFFER_FRAMES: u32 = 480; fn f() { cpal::x() }",
                10_000.0,
            ),
            ("fn f() { cpal::StreamConfig { sample_rate: 48_000, buffer_size: cpal::BufferSize::Fixed(96) } }", 2000.0),
            ("#![no_std]\nconst CONTROL_LOOP_HZ: u32 = 1000;", 1000.0),
            (
                "#![no_std]\n#[task] async fn motor_control() { let mut t = Ticker::every(Duration::from_hz(2000)); }",
                500.0,
            ),
            ("#![no_std]\nasync fn main() { let mut pid = Ticker::every(Duration::from_millis(2)); }", 2000.0),
        ] {
            assert_eq!(found(source), [wanted], "{source}");
        }
    }

    #[test]
    fn polling_blinking_and_offline_work_are_none() {
        for source in [
            "const SAMPLE_RATE: u32 = 48_000; const BUFFER_FRAMES: u32 = 480;",
            "const RECONCILE_LOOP_PERIOD_MS: u64 = 1000;",
            "const CONTROL_LOOP_HZ: u32 = 1000;",
            "fn f(hz: f64) { self.set_timestep_seconds(1.0 / hz) }",
            "const TARGET_FPS: u32 = 60; const TICK_RATE_HZ: u64 = 100;",
            "#![no_std]\nasync fn main() { let mut ticker = Ticker::every(Duration::from_millis(500)); }",
            "#![no_std]\nasync fn poll_state() { let mut ticker = Ticker::every(Duration::from_millis(1)); }",
            "#![no_std]\nasync fn motor_control(delay: Duration) { let mut t = Ticker::every(delay); }",
            "fn motor_control() { let mut t = Ticker::every(Duration::from_millis(1)); }",
            "fn f() { cpal::StreamConfig { sample_rate: rate, buffer_size: cpal::BufferSize::Fixed(n) } }",
        ] {
            assert_eq!(found(source), [] as [f64; 0], "{source}");
        }
    }
}
