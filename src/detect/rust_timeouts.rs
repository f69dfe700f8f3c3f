//! Ceilings for waiting in Rust code.
//!
//! *Looks for*: a `Duration` written with a literal that is handed to something called a timeout or deadline, or that a
//! constant, field or binding of such a name holds.
//! A number counts where the constant's name has a unit (`CONNECT_TIMEOUT_MS`). Waiting in a loop (`recv_timeout`) is
//! none.
//! *Emits*: [`FactKind::Timeout`], never a budget.
//! *Misses*: durations from configuration; values of constants named elsewhere.
//! *Example*: `tokio::time::timeout(Duration::from_secs(5), f)`: a ceiling of 5 s.

use super::Facts;
use crate::fact::FactKind;
use crate::parse::duration::{self, Unit};
use crate::parse::rust::RustView;
use crate::parse::rust::literal;
use crate::parse::rust::tokens::Tokens;

pub(crate) fn detect(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    let tokens = &view.tokens;
    for at in tokens.places(&["Duration"]) {
        let Some((limit_us, last)) = literal::duration(tokens, at) else { continue };
        if limit_us > 0.0 && holder(tokens, path_start(tokens, at)).is_some_and(is_timeout) {
            view.add(facts, at, last, FactKind::Timeout { limit_us });
        }
    }
    numbers(view, facts);
}

/// `const CONNECT_TIMEOUT_MS: u64 = 250;`.
fn numbers(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    let tokens = &view.tokens;
    for at in tokens.places(&["const", "static"]).into_iter().filter(|&at| tokens.is(at + 2, b':')) {
        let Some(unit) = Some(tokens.at(at + 1)).filter(|name| is_timeout(name)).and_then(Unit::of_name) else {
            continue;
        };
        let value = at + 5;
        let single = tokens.is(at + 4, b'=') && tokens.is(value + 1, b';');
        let number = single.then(|| literal::number(tokens.at(value))).flatten();
        if let Some(Ok(limit_us)) = number.map(|number| duration::in_unit(number, unit)) {
            view.add(facts, value, value, FactKind::Timeout { limit_us });
        }
    }
}

/// Returns the first token of the path that ends at `at`.
fn path_start(tokens: &Tokens<'_>, mut at: usize) -> usize {
    while at >= 3 && tokens.is_path_separator(at - 2) && tokens.is_ident(at - 3) {
        at -= 3;
    }
    at
}

/// Returns the name of what takes the value at `at`: a function, constant, field or binding.
fn holder<'t>(tokens: &Tokens<'t>, at: usize) -> Option<&'t str> {
    let before = at.checked_sub(1)?;
    if tokens.is(before, b'(') {
        let callee = before.checked_sub(1)?;
        return match tokens.at(callee) {
            "Some" | "Ok" | "Box" => holder(tokens, callee),
            // `TimeoutLayer::new(…)`: the type has the name.
            "new" if callee >= 3 => Some(tokens.at(callee - 3)),
            // `timeout.unwrap_or(…)`: what is missing has the name.
            "unwrap_or" | "get_or_insert" if callee >= 2 => Some(tokens.at(callee - 2)),
            name => Some(name),
        };
    }
    if tokens.is(before, b':') {
        return Some(tokens.at(before.checked_sub(1)?));
    }
    if !tokens.is(before, b'=') {
        return None;
    }
    // `NAME: Type = …` or `name = …`: the name stands before the type.
    let mut start = before;
    for _ in 0..16 {
        start = start.checked_sub(1)?;
        if matches!(tokens.at(start), "const" | "static" | "let" | "mut" | ";" | "{" | "}" | ",") {
            return Some(tokens.at(start + 1));
        }
    }
    None
}

fn is_timeout(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    (lower.contains("timeout") || lower.contains("deadline"))
        && !matches!(
            lower.as_str(),
            "recv_timeout" | "wait_timeout" | "park_timeout" | "poll_timeout" | "wait_timeout_while"
        )
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::test_rust;
    use crate::fact::FactKind;

    #[test]
    fn durations_of_a_timeout_are_ceilings() {
        let cases: [(&str, &[f64]); 14] = [
            ("const CONNECT_TIMEOUT_MS: u64 = 250; const DEFAULT_TIMEOUT: u64 = 5;", &[250e3]),
            ("fn f() { let wait = timeout.unwrap_or(Duration::from_secs(2)); }", &[2e6]),
            ("fn f() { let wait = period.unwrap_or(Duration::from_secs(2)); }", &[]),
            ("fn f() { tokio::time::timeout(Duration::from_secs(5), g()) }", &[5e6]),
            ("fn f() { timeout(std::time::Duration::from_millis(1_500), g()) }", &[1.5e6]),
            ("fn f() { TimeoutLayer::new(Duration::from_secs(30)) }", &[30e6]),
            ("fn f() { c.timeout(Some(Duration::from_secs(2 * 60))) }", &[120e6]),
            ("const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);", &[3e6]),
            ("fn f() { C { request_timeout: Duration::from_secs_f64(0.5) } }", &[5e5]),
            ("fn f() { let deadline = Duration::from_secs(1); }", &[1e6]),
            ("fn f() { sleep(Duration::from_secs(5)); rx.recv_timeout(Duration::from_secs(1)) }", &[]),
            ("fn f() { timeout(self.limit, g()); timeout(Duration::from_secs(n), g()) }", &[]),
            ("fn f() { timeout(Duration::ZERO, g()); timeout(Duration::from_secs(0), g()) }", &[]),
            ("#[tokio::test] async fn t() { timeout(Duration::from_millis(1), g()) }", &[]),
        ];
        for (source, expected) in cases {
            let facts = test_rust("src/lib.rs", source).into_iter();
            let found: Vec<f64> = facts
                .filter_map(|fact| if let FactKind::Timeout { limit_us } = fact.kind { Some(limit_us) } else { None })
                .collect();
            assert_eq!(found, expected, "{source}");
        }
    }
}
