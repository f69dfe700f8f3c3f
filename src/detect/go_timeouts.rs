//! Ceilings for waiting in Go code.
//!
//! *Looks for* contexts with a timeout, `http.Server` and `http.Client` timeouts, `http.TimeoutHandler`, with literal
//! durations or named constants of the file.
//! *Emits* [`FactKind::Timeout`].
//! *Misses* durations from flags, configuration and other files; deadlines as points in time.
//! *Example*: `context.WithTimeout(ctx, 5*time.Second)`

use std::ops::Range;

use crate::detect::Facts;
use crate::fact::FactKind;
use crate::parse::go::GoView;
use crate::parse::go::tree::{self, Value};

/// Functions with a timeout, and the index of the argument.
const CALLS: &[(&str, usize)] =
    &[("context.WithTimeout", 1), ("context.WithTimeoutCause", 1), ("http.TimeoutHandler", 1), ("net.DialTimeout", 2)];

const FIELDS: &[(&str, &[&str])] = &[
    ("http.Server", &["ReadTimeout", "WriteTimeout", "IdleTimeout", "ReadHeaderTimeout"]),
    ("http.Client", &["Timeout"]),
    ("net.Dialer", &["Timeout"]),
];

pub(super) fn detect(view: &GoView<'_>, facts: &mut Facts<'_, '_>) {
    if !view.is_own_code() || !is_worth_parsing(view) {
        return;
    }
    let Some(syntax) = tree::syntax(view.text) else {
        facts.flaw(0..0, "timeouts were not read: the file is too large or takes too long to parse");
        return;
    };
    let mut found: Vec<(Range<usize>, Value)> = Vec::new();
    for call in &syntax.calls {
        let index = CALLS.iter().find(|(name, _)| *name == call.function).map(|(_, index)| *index);
        let argument = index.and_then(|index| call.arguments.get(index));
        found.extend(argument.map(|argument| (argument.range.clone(), argument.value)));
    }
    for field in &syntax.fields {
        if FIELDS.iter().any(|(literal, keys)| *literal == field.literal && keys.contains(&field.key.as_str())) {
            found.push((field.range.clone(), field.value));
        }
    }
    found.sort_by_key(|(range, _)| range.start);
    for (range, value) in found {
        if let Value::Duration(limit_us) = value {
            facts.add(range, FactKind::Timeout { limit_us });
        }
    }
}

/// Whether the file uses a unit of time and one of the functions or types; most files use neither.
fn is_worth_parsing(view: &GoView<'_>) -> bool {
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
    fn tests_and_unknown_durations_are_silent() {
        let body = "func f() { context.WithTimeout(ctx, d); context.WithDeadline(ctx, time.Now().Add(time.Second)); time.Sleep(time.Second) }";
        assert!(limits("a.go", body).is_empty());
        assert!(limits("a_test.go", "func f() { context.WithTimeout(ctx, time.Second) }").is_empty());
    }
}
