//! Ceilings for waiting in Go code.
//!
//! *Looks for* contexts with a timeout, `http.Server` and `http.Client` timeouts, `http.TimeoutHandler`, with literal
//! durations or named constants of the file.
//! *Emits* [`FactKind::Timeout`].
//! *Misses* durations from flags, configuration and other files; deadlines as points in time.
//! *Example*: `context.WithTimeout(ctx, 5*time.Second)`

use std::collections::HashSet;
use std::ops::Range;

use crate::detect::Facts;
use crate::fact::FactKind;
use crate::parse::go::lexer::TokenKind;
use crate::parse::go::tree::{self, Value};
use crate::parse::go::{GoView, Selector};

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
        facts.omission(0..0, "timeouts were not read: the file is too large or takes too long to parse");
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

/// Whether the file uses a unit of time and one of the functions or types with something that may be evaluated;
/// most files do not, and a tree costs far more than looking.
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
    let used = unit
        && view.selectors.iter().any(|selector| {
            let path = view.import_of(selector).path;
            matches!(path, "context" | "net/http" | "net") && wanted(path, view.token(selector.name()))
        });
    if !used {
        return false;
    }
    let declared = declared(view);
    view.selectors.iter().any(|selector| {
        given(view, selector).is_some_and(|tokens| tokens.clone().any(|at| may_be_worth(view, at, &declared)))
    })
}

/// The tokens between the brackets of a call or literal that may hold a timeout.
fn given(view: &GoView<'_>, selector: &Selector) -> Option<Range<usize>> {
    let same = |written: &str| {
        written.split_once('.') == Some((view.token(selector.token as usize), view.token(selector.name())))
    };
    let open = selector.name() + 1;
    let call = view.is(open, b'(') && CALLS.iter().any(|(call, _)| same(call));
    let literal = || {
        let keys = FIELDS.iter().find(|(literal, _)| same(literal)).map(|(_, keys)| *keys)?;
        let mut tokens = open + 1..view.closing(open);
        view.is(open, b'{').then(|| tokens.any(|at| keys.contains(&view.token(at))))
    };
    (call || literal() == Some(true)).then(|| open + 1..view.closing(open))
}

/// Whether a token is a unit of time or a name to which the file gives a value.
fn may_be_worth(view: &GoView<'_>, at: usize, declared: &HashSet<&str>) -> bool {
    view.kind(at) == Some(TokenKind::Word) && (view.token(at) == "time" || declared.contains(view.token(at)))
}

/// Names that start a line, a list or a declaration and are given a value on that line, and a few that are not.
fn declared<'a>(view: &GoView<'a>) -> HashSet<&'a str> {
    let starts = |at: usize| {
        at > 0
            && view.kind(at) == Some(TokenKind::Word)
            && (view.is_first(at) || matches!(view.token(at - 1), "var" | "const" | "(" | ";"))
            && matches!(view.kind(at + 1), Some(TokenKind::Word | TokenKind::Punct(b'=' | b'*' | b'(')))
    };
    let valued = |at: usize| {
        let line = (at + 1..view.tokens.len()).take_while(|&next| !view.is_first(next));
        line.take(100).any(|next| view.is(next, b'='))
    };
    (0..view.tokens.len()).filter(|&at| starts(at) && valued(at)).map(|at| view.token(at)).collect()
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
