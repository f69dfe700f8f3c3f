//! The words that make a figure a target, and those that make it something else.

use std::sync::LazyLock;

use regex_automata::meta::Regex;

/// Few sentences get as far as these patterns, so that building them costs more than all searches: done without looking
/// for literals to search by, and without automata for every case beforehand, it takes a fifth of the time.
fn regex(pattern: &str) -> Regex {
    let plain = Regex::config().auto_prefilter(false).dfa(false).onepass(false);
    let built = Regex::builder().configure(plain).build(pattern);
    built.expect("because the pattern is a constant that the tests compile")
}

/// A number with a unit of time: groups are the number and the unit.
pub(super) static FIGURE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:^|[^0-9A-Za-z_.,])([0-9][0-9,]*(?:\.[0-9]+)?)[ \u{a0}]?((?i:milliseconds?|microseconds?|nanoseconds?|seconds?|msecs?|usecs?|secs?|millis|micros)|[mnu\u{b5}\u{3bc}]?s)(?:\b|$)",
    )
});

/// A percentile: one of the groups holds its number or its word.
pub(super) static PERCENTILE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\bp(?:\(|_)?([0-9]{2,4}(?:\.[0-9]+)?)\)?\b|\b([0-9]{2}(?:\.[0-9]+)?)(?:th|st)?[ -]?percentile|\b([0-9]{2}(?:\.[0-9]+)?[ ]?%) of (?:all |the )?(?-i:[0-9A-Za-z_\u{80}-\u{10ffff}]+)|\b(max|maximum|median)\b",
    )
});

/// The slowest answers, without a number.
pub(super) static TAIL: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i-u)\b(max|maximum|worst[- ]case|tail latency)\b"));

/// Something that answers, in words that a comment uses.
pub(super) static ANSWERS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(respond|responds|response|responses|reply|replies|answer|answers|answered|latency|latencies|request|requests|percentile|round[- ]trip|end[- ]to[- ]end|tick[- ]to[- ](?-i:[0-9A-Za-z_\u{80}-\u{10ffff}]+))\b",
    )
});

/// A row of a table that is about time to answer.
pub(super) static LATENCY: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i-u)\b(latency|latencies|response time|round[- ]trip|time to respond)\b"));

/// Words that make a figure a duty, beside `hard limit`.
const DUTIES: &[&str] = &[
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
];
static HARD_LIMIT: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i-u)\bhard limit\b"));

/// What was measured, what waits, what is somebody else's, what is an example.
pub(super) static AVOID: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?i-u)\b(stayed|measured|observed|achieved|achieves|took|takes|was|were|saw|sees|seen|improved|improves|reduced|reduces|benchmark(s|ed)?|results?|currently",
        r"|timeouts?|times? out|timed out|sleeps?|intervals?|retry|retries|polls?|polling|every|ttl|jitter|backoff|debounce|inject(s|ed)?|delays?|waits?|waiting|at least|minimum|longer than|more than [0-9]|older than|expire[sd]?|grace|drain(s|ing)?|shut ?down|keep-?alive|heartbeats?|ago|default(s|ing)?(\b|_)|flaky|tests?",
        r"|e\.g|example|examples|for instance|suppose|imagine|say|hypothetical|your|you|they|they're|their|we'd|if|typically|reserving",
        r"|redis|dynamodb|kafka|postgres|postgresql|mysql|cassandra|mongodb|cloudflare|cloudfront|s3|nginx|aws|gcp|azure|google)\b",
    ))
});

/// What stands directly before a figure and bounds it.
static BOUND: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)(?:<=?|\u{2264}|&lt;=?|\b(?:under|below|within|less than|at most|no more than|no longer than|not exceed|not exceeding|never exceed|exceed|not to exceed|up to|max|maximum|faster than|sub))(?:[ ]+(?:of|a|an|the|certain|time|frame|window|is|about|around|approximately|roughly|latency))*[ :=(*`~\u{2248}|]*$",
    )
});

/// A duty that names its figure: `latency budget of 1 s`, `target p99: 5 ms`.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(?:budget|target|slo|deadline|requirement|objective)s?\b(?:[ ]+(?:p[0-9]+(?:\.[0-9]+)?|latency|for|of|is|a|the|response|time))*[ :=(*`~\u{2248}|]*$",
    )
});

/// A figure before its duty: `a 100ms latency budget`, `10 ms deadline`.
static NAMES: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?i-u)^[ -]?(?:p[0-9]+(?:\.[0-9]+)? |latency |response |round-trip |end-to-end )*(?:budget|slo|deadline)\b")
});

/// Words of headings under which figures are targets.
const PROMISES: &[&str] = &["target", "targets", "budget", "budgets", "slo", "slos", "nfr", "nfrs", "requirements"];
/// More words, where one of them alone is none.
const PROMISING: &[&str] = &["objective", "objectives", "requirement"];
static PROMISED: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?i-u)\b(service level objectives?|non-functional requirement|performance requirement)\b")
});

/// Whether a sentence obliges.
pub(in crate::detect) fn duty(text: &str) -> bool {
    has_word(text, DUTIES) || has_word(text, &["limit"]) && HARD_LIMIT.is_match(text)
}

/// Whether a heading announces targets.
pub(in crate::detect) fn heading_promises(text: &str) -> bool {
    has_word(text, PROMISES) || has_word(text, PROMISING) && PROMISED.is_match(text)
}

/// Whether one of the words, which are in small letters, stands in a text in whatever case. Asked of many short texts,
/// for which no pattern is worth building.
fn has_word(text: &str, words: &[&str]) -> bool {
    let parts = text.as_bytes().split(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'));
    let is_one = |part: &&[u8]| words.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(part));
    parts.filter(|part| part.len() > 2).any(|part| is_one(&part))
}

/// Whether what stands around a figure makes it a bound.
pub(super) fn bounds(before: &str, behind: &str, named: bool) -> bool {
    let tail = tail(before, 60);
    // `5–10 ms` is bounded by what stands before its lower end.
    let tail = tail.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '\u{2013}' | '.'));
    BOUND.is_match(tail) || NAMED.is_match(tail) || (named && NAMES.is_match(behind))
}

fn tail(text: &str, bytes: usize) -> &str {
    let mut at = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(at) {
        at += 1;
    }
    &text[at..]
}
