//! Ceilings for waiting in Go code.
//!
//! *Looks for*: contexts with a timeout, `http.Server` and `http.Client` timeouts, handlers and middleware with one, with
//! literal durations or named constants of the file; constants, variables, fields and flags that are called a timeout or
//! deadline and given a literal; the `timeout`s of a gRPC service config in a string.
//! *Emits*: [`FactKind::Timeout`], never a budget.
//! *Misses*: durations from configuration and other files; deadlines as points in time.
//! *Example*: `context.WithTimeout(ctx, 5*time.Second)`: a ceiling of 5 s.

use std::ops::Range;

use memchr::memmem;

use crate::detect::Facts;
use crate::fact::FactKind;
use crate::parse::duration::{self, Unit};
use crate::parse::go::GoView;
use crate::parse::go::lexer::TokenKind;
use crate::parse::go::tree::Value;
use crate::parse::go::value::{Values, arguments};

/// Functions with a timeout, and the index of the argument.
const CALLS: &[(&str, usize)] = &[
    ("context.WithTimeout", 1),
    ("context.WithTimeoutCause", 1),
    ("http.TimeoutHandler", 1),
    ("net.DialTimeout", 2),
    ("middleware.Timeout", 0),
];

const FIELDS: &[(&str, &[&str])] = &[
    ("http.Server", &["ReadTimeout", "WriteTimeout", "IdleTimeout", "ReadHeaderTimeout"]),
    ("http.Client", &["Timeout"]),
    ("net.Dialer", &["Timeout"]),
];

pub(super) fn detect(view: &GoView<'_>, facts: &mut Facts<'_, '_>) {
    if !view.is_own_code() {
        return;
    }
    let mut found = if uses(view) { evaluated(view) } else { Vec::new() };
    for (range, limit_us) in named(view).into_iter().chain(service_configs(view)) {
        // What was evaluated is not given again.
        if !found.iter().any(|(known, _)| known.start < range.end && range.start < known.end) {
            found.push((range, limit_us));
        }
    }
    found.sort_by_key(|(range, _)| range.start);
    for (range, limit_us) in found {
        facts.add(range, FactKind::Timeout { limit_us });
    }
}

/// Arguments and fields, with what they are worth.
fn evaluated(view: &GoView<'_>) -> Vec<(Range<usize>, f64)> {
    let values = Values::new(view);
    let mut found = Vec::new();
    let names = (0..view.tokens.len()).filter(|&at| view.is(at + 1, b'.') && (at == 0 || !view.is(at - 1, b'.')));
    for (tokens, value) in names.flat_map(|at| limits(view, at)) {
        if let Value::Duration(limit_us) = values.of(value) {
            found.push((view.range(tokens), limit_us));
        }
    }
    found
}

/// What may hold a timeout in the call or literal whose name starts at a token: the place to show, and the value.
fn limits(view: &GoView<'_>, at: usize) -> Vec<(Range<usize>, Range<usize>)> {
    let (name, open) = (&view.text[view.range(at..at + 3)], at + 3);
    if view.is(open, b'(') {
        let index = CALLS.iter().find(|(call, _)| *call == name).map(|(_, index)| *index);
        let argument = index.and_then(|index| arguments(view, open).into_iter().nth(index));
        return argument.map(|argument| (argument.clone(), argument)).into_iter().collect();
    }
    // The type of the elements of a list, or the result of a function.
    let longer = at > 0 && matches!(view.kind(at - 1), Some(TokenKind::Punct(b']' | b'*' | b')')));
    if !view.is(open, b'{') || longer && !view.is_first(at) {
        return Vec::new();
    }
    let Some((_, keys)) = FIELDS.iter().find(|(literal, _)| *literal == name) else { return Vec::new() };
    let elements = arguments(view, open).into_iter();
    let keyed =
        elements.filter(|element| view.is(element.start + 1, b':') && keys.contains(&view.token(element.start)));
    keyed.map(|element| (element.clone(), element.start + 2..element.end)).collect()
}

/// Literals on a line that gives them to something called a timeout: `readTimeout = 5 * time.Second`,
/// `flag.Duration("idle-timeout", time.Minute, "…")`.
fn named(view: &GoView<'_>) -> Vec<(Range<usize>, f64)> {
    let units = view.selectors.iter().filter(|selector| view.import_of(selector).path == "time");
    let mut found = Vec::new();
    for selector in units {
        let Some(unit) = Unit::of_word(view.token(selector.name())).filter(|_| is_unit(view.token(selector.name())))
        else {
            continue;
        };
        let at = selector.token as usize;
        let Some((count, first, last)) = count(view, at, selector.name()) else { continue };
        if is_given_to_timeout(view, first)
            && let Ok(limit_us) = duration::in_unit(count, unit)
        {
            found.push((view.range(first..last + 1), limit_us));
        }
    }
    found
}

fn is_unit(name: &str) -> bool {
    matches!(name, "Nanosecond" | "Microsecond" | "Millisecond" | "Second" | "Minute" | "Hour")
}

/// How many units are meant: `5 * time.Second`, `time.Second * 5`, `time.Second`; first and last token.
fn count(view: &GoView<'_>, at: usize, name: usize) -> Option<(f64, usize, usize)> {
    if at >= 2 && view.is(at - 1, b'*') {
        // `time.Duration(5) * time.Second`
        let number = if view.is(at - 2, b')') { at.checked_sub(3)? } else { at - 2 };
        return Some((duration::number(view.token(number))?, number, name));
    }
    if view.is(name + 1, b'*') {
        return Some((duration::number(view.token(name + 2))?, at, name + 2));
    }
    let alone = !view.is(name + 1, b'/') && !view.is(at.wrapping_sub(1), b'/');
    alone.then_some((1.0, at, name))
}

/// Whether what stands before a value on its line calls it a timeout: a name that is given it, or the name of a flag.
fn is_given_to_timeout(view: &GoView<'_>, value: usize) -> bool {
    for at in (value.saturating_sub(12)..value).rev() {
        let assigned = view.kind(at + 1) == Some(TokenKind::Define)
            || view.is(at + 1, b'=')
            || view.is(at + 1, b':')
            || view.is(at + 2, b'=');
        let flag = view.kind(at) == Some(TokenKind::String) && view.is(at + 1, b',') && is_flag(view, at);
        if (flag || view.kind(at) == Some(TokenKind::Word) && assigned) && is_timeout(view.token(at)) {
            return true;
        }
        // Beyond the line, or behind another value.
        if view.is_first(at) || view.is(at, b'{') || view.is(at, b';') {
            return false;
        }
    }
    false
}

/// `Duration("x-timeout", …)`, `DurationVar(&c.timeout, "x-timeout", …)`.
fn is_flag(view: &GoView<'_>, text: usize) -> bool {
    let call = (text.saturating_sub(8)..text).rev().find(|&at| view.is(at, b'('));
    call.and_then(|open| open.checked_sub(1)).is_some_and(|name| view.token(name).starts_with("Duration"))
}

fn is_timeout(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    (lower.contains("timeout") || lower.contains("deadline")) && !lower.contains("notimeout")
}

/// `"timeout": "2s"` below `methodConfig` in a string of JSON.
fn service_configs(view: &GoView<'_>) -> Vec<(Range<usize>, f64)> {
    let mut found = Vec::new();
    if memmem::find(view.text.as_bytes(), b"methodConfig").is_none() {
        return found;
    }
    for at in (0..view.tokens.len()).filter(|&at| view.kind(at) == Some(TokenKind::String)) {
        let text = view.token(at);
        let start = view.range(at..at + 1).start;
        if !text.contains("methodConfig") {
            continue;
        }
        for (key, _) in text.match_indices("timeout") {
            let rest = text[key + 7..].trim_start_matches(['\\', '"', ' ', ':']);
            let value = &rest[..rest.find(['\\', '"']).unwrap_or(0)];
            if let Ok(limit_us) = duration::read(value) {
                let from = start + text.len() - rest.len();
                found.push((from..from + value.len(), limit_us));
            }
        }
    }
    found
}

/// Whether the file uses a unit of time and one of the functions or types.
fn uses(view: &GoView<'_>) -> bool {
    let unit = view.selectors.iter().any(|selector| {
        view.import_of(selector).path == "time"
            && matches!(
                view.token(selector.name()),
                "Nanosecond" | "Microsecond" | "Millisecond" | "Second" | "Minute" | "Hour"
            )
    });
    let wanted = |path: &str, name: &str| {
        let package = path.rsplit('/').next().unwrap_or(path);
        let same = |written: &str| written.split_once('.') == Some((package, name));
        CALLS.iter().any(|(call, _)| same(call)) || FIELDS.iter().any(|(literal, _)| same(literal))
    };
    unit && view.selectors.iter().any(|selector| {
        let path = view.import_of(selector).path;
        matches!(path, "context" | "net/http" | "net") && wanted(path, view.token(selector.name()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::go_facts;
    use crate::source::Text;

    fn limits(path: &str, body: &str) -> Vec<f64> {
        let source = format!("package p\nimport (\n\"context\"\n\"net/http\"\n\"time\"\n)\n{body}");
        let limits = go_facts(detect, path, &source).into_iter().map(|fact| match fact.kind {
            FactKind::Timeout { limit_us } => limit_us,
            other => panic!("{other:?}"),
        });
        limits.collect()
    }

    #[test]
    fn literals_and_constants_are_ceilings() {
        let body = "const wait = 2 * time.Second\nfunc f() {\nctx, c := context.WithTimeout(ctx, 5*time.Millisecond)\ncontext.WithTimeout(ctx, wait)\nh := http.Client{Timeout: time.Minute}\n_ = &http.Server{Addr: \"\", ReadTimeout: wait}\n}";
        assert_eq!(limits("a.go", body), [5_000.0, 2e6, 60e6, 2e6]);
    }

    #[test]
    fn names_flags_and_service_configs_are_ceilings() {
        let body = "const (\nreadTimeout = 5 * time.Minute\nother = 5 * time.Minute\n)\nvar a = flag.Duration(\"http.connTimeout\", 2*time.Minute, \"\")\nfunc f() {\nfs.DurationVar(&c.x, \"idle-timeout\", time.Second*3, \"\")\ntimeout := time.After(4 * time.Second)\n_ = C{Timeout: types.New(time.Duration(7)*time.Millisecond), Other: time.Second}\n}\nconst c = `{\"methodConfig\": [{\"timeout\": \"2s\"}]}`";
        assert_eq!(limits("a.go", body), [300e6, 120e6, 3e6, 4e6, 7_000.0, 2e6]);
        let other = "var timeout = d\nvar x = timeout + 1\nfunc f() { time.Sleep(time.Second); if d > timeout { g(time.Second / 2) }\nlog.Printf(\"timeout\", time.Second) }";
        assert!(limits("a.go", other).is_empty());
    }

    #[test]
    fn results_and_lists_are_no_literals() {
        let source = "package p\nimport (\"net/http\"; \"time\")\nfunc f() http.Client { return c }\nfunc g() *http.Client {\nreturn c\n}\nvar l = []http.Client{{Timeout: time.Second}}\nvar m = x.http.Client{Timeout: time.Second}";
        let text = Text::new("a.go", source);
        assert!(evaluated(&GoView::new(&text)).is_empty());
    }

    #[test]
    fn tests_and_unknown_durations_are_silent() {
        let body = "func f() { context.WithTimeout(ctx, d); context.WithDeadline(ctx, time.Now().Add(time.Second)); time.Sleep(time.Second) }";
        assert!(limits("a.go", body).is_empty());
        assert!(limits("a_test.go", "func f() { context.WithTimeout(ctx, time.Second) }").is_empty());
    }
}
