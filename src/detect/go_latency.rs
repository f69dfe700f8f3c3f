//! How fast Go code says it must be.
//!
//! *Looks for*: constants, variables, fields and flags whose name says both what is measured (latency, response time, a
//! percentile) and that it is promised (budget, objective, SLO, target; a threshold only of a percentile); tests that
//! fail when such a figure is exceeded, by themselves or through testify; ticks and frames of game loops and buffers of
//! audio streams.
//! *Emits*: [`FactKind::Latency`] from a deadline in shipped code, from a load test in tests, derived for periods.
//! *Misses*: limits from configuration; fields that a test sets; comments, which are read with the other prose.
//! *Example*: `const p99Budget = 5 * time.Millisecond`: p99 within 5 ms.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use memchr::memmem;

use crate::detect::Facts;
use crate::fact::{FactKind, LatencySource, Subject};
use crate::parse::any_of::AnyOf;
use crate::parse::go::GoView;
use crate::parse::go::lexer::TokenKind;
use crate::parse::go::tree::{self, Exceeds, Syntax, Value};

/// A file without any of these names no figure. They are spelled out, as a name can write them, because searching
/// without regard to case is three times as slow.
static HINTS: LazyLock<AnyOf> = LazyLock::new(|| {
    let latency = ["atency", "ATENCY", "LAtency", "LATency", "LATEncy", "LATENcy", "LATENCy"];
    let percentiles = ["p50", "P50", "p90", "P90", "p95", "P95", "p99", "P99"];
    let times = ["sponsetime", "sponseTime", "sponseTIME", "SPONSEtime", "SPONSETime", "SPONSETIME"];
    let budgets = ["sponsebudget", "sponseBudget", "sponseBUDGET", "SPONSEbudget", "SPONSEBudget", "SPONSEBUDGET"];
    let objectives = ["slo", "Slo", "SLo", "SLO"];
    let words = latency.into_iter().chain(percentiles).chain(times).chain(budgets).chain(objectives);
    AnyOf::new(&words.collect::<Vec<_>>())
});

pub(super) fn detect(view: &GoView<'_>, facts: &mut Facts<'_, '_>) {
    if view.generated || view.scope.is_foreign() {
        return;
    }
    let is_test = view.path.ends_with("_test.go");
    let periods = !is_test && imports_periods(view);
    let named = uses_units(view) && names_a_figure(view) && gives_a_figure(view, is_test);
    if !(periods || named) {
        return;
    }
    let Some(syntax) = tree::syntax(view.text) else { return };
    if named {
        figures(&syntax, is_test, facts);
        tests_of(view, &syntax, facts);
        if is_test {
            asserted(view, &syntax, facts);
        } else {
            flags(view, &syntax, facts);
        }
    }
    if periods {
        self::periods(&syntax, facts);
    }
}

fn uses_units(view: &GoView<'_>) -> bool {
    let mut names = view.selectors.iter().filter(|selector| view.import_of(selector).path == "time");
    names.any(|selector| matches!(view.token(selector.name()), "Microsecond" | "Millisecond" | "Second" | "Nanosecond"))
}

/// Whether some word of the code, not of a comment or a string, names a figure.
fn names_a_figure(view: &GoView<'_>) -> bool {
    HINTS.find_iter(view.text).any(|found| {
        let index = view.tokens.partition_point(|token| token.end as usize <= found.start);
        view.tokens.get(index).is_some_and(|token| (token.start as usize) <= found.start)
            && measure(view.token(index)).is_some()
    })
}

/// Parts of every name that is a measure.
static MEASURES: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let parts = ["latenc", "p50", "p75", "p90", "p95", "p99", "response", "slo"];
    AhoCorasick::builder().ascii_case_insensitive(true).build(parts).expect("because the parts are constant")
});

/// Whether some name promises where a value may follow, or is compared in a test that can fail: only then is there
/// something to evaluate, which costs far more than looking.
fn gives_a_figure(view: &GoView<'_>, is_test: bool) -> bool {
    let fails = is_test && FAILURES.iter().any(|call| memmem::find(view.text.as_bytes(), call.as_bytes()).is_some());
    MEASURES.find_iter(view.text).any(|found| {
        let index = view.tokens.partition_point(|token| token.end as usize <= found.start());
        let holds = view.tokens.get(index).is_some_and(|token| (token.start as usize) <= found.start());
        let Some(measure) = holds.then(|| measure(view.token(index))).flatten() else { return false };
        let flag = view.kind(index) == Some(TokenKind::String) && view.is(index + 1, b',');
        measure.promised && (flag || may_hold_value(view, index)) || fails && is_exceeded(view, index)
    })
}

/// `name: value`, `name = value`, `name Type = value`.
fn may_hold_value(view: &GoView<'_>, name: usize) -> bool {
    matches!(view.kind(name + 1), Some(TokenKind::Punct(b':' | b'=' | b'*' | b'(') | TokenKind::Word))
}

/// `name > …` or `name() >= …` on one line, or `Less(t, name, …)`.
fn is_exceeded(view: &GoView<'_>, name: usize) -> bool {
    if (name.saturating_sub(10)..name).any(|at| view.token(at).starts_with("Less")) {
        return true;
    }
    let line = (name + 1..view.tokens.len()).take_while(|&at| !view.is_first(at));
    line.take(100).any(|at| view.is(at, b'>') || view.token(at) == ">=")
}

/// What a test calls to fail.
const FAILURES: [&str; 4] = [".Fatal", ".Error", ".Fail", ".Less"];

/// What a name says is measured.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Measure {
    percentile: Option<f64>,
    promised: bool,
}

impl Measure {
    /// What fails a test by one answer's time tests a function; a percentile or a promise tests how fast it is.
    fn is_gate(&self) -> bool {
        self.percentile.is_some() || self.promised
    }
}

/// Reads a name word by word: `maxP99Latency` → max, p99, latency.
fn measure(name: &str) -> Option<Measure> {
    let words = words(name);
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let percentile = words.iter().find_map(|word| percentile(word));
    let measured =
        percentile.is_some() || has(&["latency", "latencies"]) || has(&["response"]) && has(&["time", "budget"]);
    let slo = has(&["slo"]) && has(&["duration", "latency", "response"]);
    if !(measured || slo) {
        return None;
    }
    let promised = has(&["budget", "objective", "slo", "target", "goal"])
        || percentile.is_some() && has(&["threshold", "limit", "max"]);
    Some(Measure { percentile, promised: promised || slo })
}

fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for letter in name.chars().take(80) {
        if matches!(letter, '_' | '-' | '.' | '"') || letter.is_uppercase() && !before.is_uppercase() {
            words.push(String::new());
        }
        if !matches!(letter, '_' | '-' | '.' | '"')
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    words
}

/// `p99` → 99, `p999` → 99.9
fn percentile(word: &str) -> Option<f64> {
    match word.strip_prefix('p')? {
        "50" => Some(50.0),
        "75" => Some(75.0),
        "90" => Some(90.0),
        "95" => Some(95.0),
        "99" => Some(99.0),
        "999" => Some(99.9),
        "9999" => Some(99.99),
        _ => None,
    }
}

/// Adds constants, variables and fields that promise a duration.
fn figures(syntax: &Syntax, is_test: bool, facts: &mut Facts<'_, '_>) {
    let source = if is_test { LatencySource::LoadTest } else { LatencySource::Deadline };
    let named = syntax.named.iter().map(|named| (&named.name, &named.range, named.value));
    // A field that a test sets is a case, not a gate.
    let fields = syntax.fields.iter().filter(|_| !is_test);
    let fields = fields.map(|field| (&field.key, &field.range, field.value));
    for (name, range, value) in named.chain(fields) {
        let gate =
            |measure: &Measure| !is_test || measure.percentile.is_some() || name.to_lowercase().contains("budget");
        let measure = measure(name).filter(gate);
        if let (Some(Measure { percentile, promised: true }), Value::Duration(limit_us)) = (measure, value) {
            facts.add(range.clone(), latency(limit_us, percentile, source));
        }
    }
}

/// Adds flags that promise a duration: `flag.Duration("latency-slo", 5*time.Millisecond, "…")`.
fn flags(view: &GoView<'_>, syntax: &Syntax, facts: &mut Facts<'_, '_>) {
    for call in syntax.calls.iter().filter(|call| call.function.rsplit('.').next().is_some_and(is_flag)) {
        let text = |index: usize| call.arguments.get(index).map_or("", |argument| &view.text[argument.range.clone()]);
        let named = (0..2).find(|&index| text(index).starts_with('"'));
        let Some((name, value)) = named.and_then(|index| Some((text(index), call.arguments.get(index + 1)?))) else {
            continue;
        };
        if let (Some(Measure { percentile, promised: true }), Value::Duration(limit_us)) = (measure(name), value.value)
        {
            facts.add(value.range.clone(), latency(limit_us, percentile, LatencySource::Deadline));
        }
    }
}

fn is_flag(function: &str) -> bool {
    matches!(function, "Duration" | "DurationVar" | "DurationP" | "DurationVarP")
}

/// Adds testify's `require.Less(t, p99, 5*time.Millisecond)`.
fn asserted(view: &GoView<'_>, syntax: &Syntax, facts: &mut Facts<'_, '_>) {
    for call in &syntax.calls {
        let (package, function) = call.function.rsplit_once('.').unwrap_or(("", &call.function));
        let less = matches!(function, "Less" | "Lessf" | "LessOrEqual" | "LessOrEqualf");
        // Methods of a suite have no `t`.
        let first = usize::from(matches!(package, "assert" | "require"));
        let (Some(left), Some(right), true) = (call.arguments.get(first), call.arguments.get(first + 1), less) else {
            continue;
        };
        let name = &view.text[left.range.clone()];
        let measure = measure(name.rsplit('.').next().unwrap_or(name));
        if let (Some(measure), Value::Duration(limit_us)) = (measure.filter(Measure::is_gate), right.value) {
            let range = left.range.start..right.range.end;
            facts.add(range, latency(limit_us, measure.percentile, LatencySource::LoadTest));
        }
    }
}

/// Adds comparisons of a measured figure whose excess fails a test.
fn tests_of(view: &GoView<'_>, syntax: &Syntax, facts: &mut Facts<'_, '_>) {
    for Exceeds { left, right, range, then } in &syntax.exceeds {
        let Value::Duration(limit_us) = *right else { continue };
        let name = left.rsplit('.').next().unwrap_or(left);
        let body = &view.text[then.start..then.end.min(then.start + 400).min(view.text.len())];
        let fails = FAILURES.iter().any(|call| body.contains(call));
        if let Some(measure) =
            measure(name).filter(|measure| measure.is_gate() && fails && view.path.ends_with("_test.go"))
        {
            facts.add(range.clone(), latency(limit_us, measure.percentile, LatencySource::LoadTest));
        }
    }
}

fn imports_periods(view: &GoView<'_>) -> bool {
    let known = ["ebiten", "portaudio", "raylib"];
    view.imports.iter().any(|import| known.iter().any(|name| import.path.contains(name)))
}

/// Adds ticks a second and buffers of samples as periods that must be met every time.
fn periods(syntax: &Syntax, facts: &mut Facts<'_, '_>) {
    for call in &syntax.calls {
        let number = |index: usize| match call.arguments.get(index).map(|argument| argument.value) {
            Some(Value::Number(number)) if number > 0.0 => Some(number),
            _ => None,
        };
        let period = match call.function.as_str() {
            "ebiten.SetTPS" | "ebiten.SetMaxTPS" | "rl.SetTargetFPS" | "raylib.SetTargetFPS" => {
                number(0).map(|ticks| 1e6 / ticks)
            }
            "portaudio.OpenDefaultStream" => number(3).zip(number(2)).map(|(frames, rate)| frames / rate * 1e6),
            _ => None,
        };
        if let (Some(limit_us), Some(first), Some(last)) = (period, call.arguments.first(), call.arguments.last()) {
            let kind = latency(limit_us, Some(100.0), LatencySource::Derived);
            facts.add(first.range.start..last.range.end, kind);
        }
    }
}

fn latency(limit_us: f64, percentile: Option<f64>, source: LatencySource) -> FactKind {
    FactKind::Latency { limit_us, percentile, source, subject: Subject::Answering }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::go_facts;

    fn found(path: &str, body: &str) -> Vec<(f64, Option<f64>, LatencySource)> {
        let source = format!("package p\nimport (\n\"time\"\n\"github.com/hajimehoshi/ebiten/v2\"\n)\n{body}");
        let found = go_facts(detect, path, &source).into_iter().map(|fact| match fact.kind {
            FactKind::Latency { limit_us, percentile, source, .. } => (limit_us, percentile, source),
            other => panic!("{other:?}"),
        });
        found.collect()
    }

    #[test]
    fn promises_in_code_and_tests() {
        use LatencySource::{Deadline, Derived, LoadTest};
        for (path, body, expected) in [
            ("a.go", "const p99Budget = 5 * time.Millisecond", (5_000.0, Some(99.0), Deadline)),
            ("a.go", "var c = Config{LatencyObjective: 300 * time.Microsecond}", (300.0, None, Deadline)),
            ("a.go", "var QueryDurationSLO = 2 * time.Second", (2e6, None, Deadline)),
            ("a_test.go", "var perfP999Threshold = time.Millisecond", (1_000.0, Some(99.9), LoadTest)),
            (
                "a_test.go",
                "func f() { if res.P99 > 5*time.Millisecond { t.Fatalf(\"\") } }",
                (5_000.0, Some(99.0), LoadTest),
            ),
            ("a_test.go", "func f() { require.Less(t, res.P99, 5*time.Millisecond) }", (5_000.0, Some(99.0), LoadTest)),
            (
                "a.go",
                "var d = flag.Duration(\"p99-latency-target\", 2*time.Millisecond, \"\")",
                (2_000.0, Some(99.0), Deadline),
            ),
            (
                "a.go",
                "func f(c *C) { fs.DurationVar(&c.Slo, \"query.latency-slo\", time.Second, \"\") }",
                (1e6, None, Deadline),
            ),
            ("a.go", "func f() { ebiten.SetTPS(250) }", (4_000.0, Some(100.0), Derived)),
        ] {
            assert_eq!(found(path, body), [expected], "{body}");
        }
    }

    #[test]
    fn measurements_offsets_and_slow_logs_are_silent() {
        for body in [
            "const latencyOffset = 30 * time.Second",
            "const maxLatency = 5 * time.Second",
            "const slowQueryThreshold = time.Second",
            "var P95 = 0xbe * time.Second",
            "// p99Budget = 5ms\nvar s, x = \"p99Budget\", time.Millisecond",
            "func f() { if latency > time.Second { log.Warn(latency) } }",
            "var closeTarget = time.Second",
        ] {
            assert_eq!(found("a.go", body), [], "{body}");
        }
        for body in [
            "var c = Config{DurationSLO: 10 * time.Second}",
            "func f() { require.Less(t, count, 5*time.Millisecond) }",
            "func f() { s.Less(pollLatency, 4*time.Second) }",
            "func f() { log.Less(t, elapsed, 5*time.Millisecond) }",
        ] {
            assert_eq!(found("a_test.go", body), [], "{body}");
        }
    }
}
