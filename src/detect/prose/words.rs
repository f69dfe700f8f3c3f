//! The words that make a figure a target, and those that make it something else.
//!
//! Nearly all are looked up in lists: few sentences get this far, and building a pattern costs more than all of them.

use std::sync::LazyLock;

use regex_automata::meta::Regex;

use super::phrases::{Phrases, follows, last_word};

/// A percentile: one of the groups holds its number or its word.
pub(super) static PERCENTILE: LazyLock<Regex> = LazyLock::new(|| {
    // Built without looking for literals to search by, and without automata for every case beforehand: few texts come here.
    let plain = Regex::config().auto_prefilter(false).dfa(false).onepass(false).hybrid(false);
    let pattern = r"(?i)\bp(?:\(|_)?([0-9]{2,4}(?:\.[0-9]+)?)\)?\b|\b([0-9]{2}(?:\.[0-9]+)?)(?:th|st)?[ -]?percentile|\b([0-9]{2}(?:\.[0-9]+)?[ ]?%) of (?:all |the )?(?-i:[0-9A-Za-z_\u{80}-\u{10ffff}]+)|\b(max|maximum|median)\b";
    let built = Regex::builder().configure(plain).build(pattern);
    built.expect("because the pattern is a constant that the tests compile")
});

/// The slowest answers, without a number.
pub(super) const TAIL: Phrases = Phrases(&["max", "maximum", "worst-case", "worst case", "tail latency"]);

/// Something that answers, in words that a comment uses.
pub(super) const ANSWERS: Phrases = Phrases(&[
    "respond",
    "responds",
    "response",
    "responses",
    "reply",
    "replies",
    "answer",
    "answers",
    "answered",
    "latency",
    "latencies",
    "request",
    "requests",
    "percentile",
    "round-trip",
    "round trip",
    "end-to-end",
    "end-to end",
    "end to-end",
    "end to end",
    "tick-to-*",
    "tick-to *",
    "tick to-*",
    "tick to *",
]);

/// A row of a table that is about time to answer.
pub(super) const LATENCY: Phrases =
    Phrases(&["latency", "latencies", "response time", "round-trip", "round trip", "time to respond"]);

/// Words that make a figure a duty.
const DUTIES: Phrases = Phrases(&[
    "target",
    "targets",
    "targeting",
    "budget",
    "budgets",
    "slo",
    "slos",
    "must",
    "shall",
    "requirement",
    "requirements",
    "requires",
    "required",
    "nfr",
    "nfrs",
    "deadline",
    "deadlines",
    "objective",
    "objectives",
    "hard limit",
]);

/// What was measured, what waits, what is somebody else's, what is an example.
pub(super) const AVOID: Phrases = Phrases(&[
    "stayed",
    "measured",
    "observed",
    "achieved",
    "achieves",
    "took",
    "takes",
    "was",
    "were",
    "saw",
    "sees",
    "seen",
    "improved",
    "improves",
    "reduced",
    "reduces",
    "benchmark",
    "benchmarks",
    "benchmarked",
    "result",
    "results",
    "currently",
    "timeout",
    "timeouts",
    "time out",
    "times out",
    "timed out",
    "sleep",
    "sleeps",
    "interval",
    "intervals",
    "retry",
    "retries",
    "poll",
    "polls",
    "polling",
    "every",
    "ttl",
    "jitter",
    "backoff",
    "debounce",
    "inject",
    "injects",
    "injected",
    "delay",
    "delays",
    "wait",
    "waits",
    "waiting",
    "at least",
    "minimum",
    "longer than",
    "more than #",
    "older than",
    "expire",
    "expires",
    "expired",
    "grace",
    "drain",
    "drains",
    "draining",
    "shutdown",
    "shut down",
    "keepalive",
    "keep-alive",
    "heartbeat",
    "heartbeats",
    "ago",
    "default",
    "defaults",
    "defaulting",
    "default_",
    "defaults_",
    "defaulting_",
    "flaky",
    "test",
    "tests",
    "e.g",
    "example",
    "examples",
    "for instance",
    "suppose",
    "imagine",
    "say",
    "hypothetical",
    "your",
    "you",
    "they",
    "they're",
    "their",
    "we'd",
    "if",
    "typically",
    "reserving",
    "redis",
    "dynamodb",
    "kafka",
    "postgres",
    "postgresql",
    "mysql",
    "cassandra",
    "mongodb",
    "cloudflare",
    "cloudfront",
    "s3",
    "nginx",
    "aws",
    "gcp",
    "azure",
    "google",
]);

/// What bounds the figure that follows: words, and signs.
const BOUNDS: Phrases = Phrases(&[
    "under",
    "below",
    "within",
    "less than",
    "at most",
    "no more than",
    "no longer than",
    "not exceed",
    "not exceeding",
    "never exceed",
    "exceed",
    "not to exceed",
    "up to",
    "max",
    "maximum",
    "faster than",
    "sub",
]);
const SIGNS: [&str; 5] = ["<", "<=", "\u{2264}", "&lt;", "&lt;="];
/// What may stand between a bound and its figure.
const BETWEEN: &[&str] = &[
    "of",
    "a",
    "an",
    "the",
    "certain",
    "time",
    "frame",
    "window",
    "is",
    "about",
    "around",
    "approximately",
    "roughly",
    "latency",
];

/// A duty that names its figure: `latency budget of 1 s`, `target p99: 5 ms`.
const NAMED: &[&str] = &["budget", "target", "slo", "deadline", "requirement", "objective"];
const BEFORE_NAMED: &[&str] = &["latency", "for", "of", "is", "a", "the", "response", "time"];

/// A figure before its duty: `a 100ms latency budget`, `10 ms deadline`.
const NAMES: Phrases = Phrases(&["budget", "slo", "deadline"]);
const BEHIND_NAMES: [&str; 4] = ["latency ", "response ", "round-trip ", "end-to-end "];

/// Words of headings under which figures are targets.
const PROMISES: Phrases = Phrases(&[
    "target",
    "targets",
    "budget",
    "budgets",
    "slo",
    "slos",
    "nfr",
    "nfrs",
    "requirements",
    "service level objective",
    "service level objectives",
    "non-functional requirement",
    "performance requirement",
]);

/// Whether a sentence obliges.
pub(in crate::detect) fn duty(text: &str) -> bool {
    DUTIES.is_in(text)
}

/// Whether a heading announces targets.
pub(in crate::detect) fn heading_promises(text: &str) -> bool {
    PROMISES.is_in(text)
}

/// Whether what stands around a figure makes it a bound.
pub(super) fn bounds(before: &str, behind: &str, named: bool) -> bool {
    let tail = tail(before, 60);
    // `5–10 ms` is bounded by what stands before its lower end.
    let tail = tail.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '\u{2013}' | '.'));
    let tail = tail.trim_end_matches([' ', ':', '=', '(', '*', '`', '~', '\u{2248}', '|']);
    is_bounded(tail) || is_named(tail) || named && names(behind)
}

fn is_bounded(mut tail: &str) -> bool {
    loop {
        if BOUNDS.is_end_of(tail) || SIGNS.iter().any(|sign| tail.ends_with(sign)) {
            return true;
        }
        let Some(shorter) = without_last(tail, |word| is_one(word, BETWEEN)) else { return false };
        tail = shorter;
    }
}

fn is_named(mut tail: &str) -> bool {
    loop {
        let word = last_word(tail);
        if is_one(word, NAMED) || is_one(word.strip_suffix(['s', 'S']).unwrap_or(word), NAMED) {
            return true;
        }
        let is_between = |word: &str| is_one(word, BEFORE_NAMED) || is_percentile(word);
        let Some(shorter) = without_last(tail, is_between) else { return false };
        tail = shorter;
    }
}

/// What stands before the last word and the spaces around it.
fn without_last(tail: &str, fits: impl Fn(&str) -> bool) -> Option<&str> {
    let (before, word) = tail.rsplit_once(' ')?;
    fits(word).then(|| before.trim_end_matches(' '))
}

fn is_one(word: &str, words: &[&str]) -> bool {
    words.iter().any(|one| one.eq_ignore_ascii_case(word))
}

/// `p99`, `P99.9`.
fn is_percentile(word: &str) -> bool {
    let Some(digits) = word.strip_prefix(['p', 'P']) else { return false };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, part].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn names(behind: &str) -> bool {
    let mut rest = behind.strip_prefix([' ', '-']).unwrap_or(behind);
    loop {
        if NAMES.is_start_of(rest) {
            return true;
        }
        let word = BEHIND_NAMES.iter().find_map(|word| follows(rest, word));
        let percentile = || rest.split_once(' ').filter(|(word, _)| is_percentile(word)).map(|(_, rest)| rest);
        let Some(next) = word.or_else(percentile) else { return false };
        rest = next;
    }
}

fn tail(text: &str, bytes: usize) -> &str {
    let mut at = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(at) {
        at += 1;
    }
    &text[at..]
}
