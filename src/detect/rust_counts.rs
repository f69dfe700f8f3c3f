//! Countable things of Rust code, for densities.
//!
//! *Looks for*: `unwrap()`, `expect(…)` and macros that panic; `unsafe`; locks made; benchmarks.
//! *Emits*: `Count`, one per kind and file, at the first of them.
//! *Misses*: indexing and arithmetic that may panic; what macros write.
//! *Example*: `x.unwrap()` → one of `Panics`.
//!
//! Not meant: `lock().unwrap()` and a literal handed to `Regex::new(…).unwrap()`, which are idiom.

use super::Facts;
use crate::fact::{Count, FactKind};
use crate::parse::rust::RustView;
use crate::parse::rust::lex::Kind;
use crate::parse::rust::tokens::Tokens;

pub(crate) fn detect(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    const PANICS: &[&str] = &["unwrap", "expect", "panic", "unreachable", "todo", "unimplemented"];
    count(view, facts, Count::Panics, PANICS, panics);
    count(view, facts, Count::Unsafe, &["unsafe"], is_unsafe);
    count(view, facts, Count::Locks, &["Mutex", "RwLock"], |tokens, at| tokens.reads(at + 1, &[":", ":", "new", "("]));
}

/// Counts benchmarks, which stand outside of what is shipped.
pub(crate) fn detect_benchmarks(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    const WORDS: &[&str] = &["bench_function", "bench_with_input", "divan", "bench"];
    count(view, facts, Count::Benchmarks, WORDS, |tokens, at| {
        let method = || at > 0 && tokens.is(at - 1, b'.') && tokens.is(at + 1, b'(');
        (matches!(tokens.at(at), "bench_function" | "bench_with_input") && method())
            || tokens.reads(at, &["divan", ":", ":", "bench"])
            || (tokens.is_word(at, "bench") && at > 1 && tokens.is(at - 1, b'[') && tokens.is(at - 2, b'#'))
    });
}

/// Counts the tokens of some words that pass a test.
fn count(
    view: &RustView<'_, '_>,
    facts: &mut Facts<'_, '_>,
    what: Count,
    words: &[&str],
    counts: fn(&Tokens<'_>, usize) -> bool,
) {
    let tokens = &view.tokens;
    let mut hits = tokens.places(words).into_iter().filter(|&at| counts(tokens, at));
    if let Some(first) = hits.next() {
        let n = 1 + hits.count() as u32;
        facts.add(tokens.range(first, first), FactKind::Count { what, n });
    }
}

fn panics(tokens: &Tokens<'_>, at: usize) -> bool {
    match tokens.at(at) {
        "unwrap" | "expect" => at > 0 && tokens.is(at - 1, b'.') && tokens.is(at + 1, b'(') && !is_idiom(tokens, at),
        "panic" | "unreachable" | "todo" | "unimplemented" => tokens.is(at + 1, b'!') && !tokens.is(at + 2, b'='),
        _ => false,
    }
}

fn is_idiom(tokens: &Tokens<'_>, at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map_or("", |at| tokens.at(at));
    let lock = before(2) == ")" && before(3) == "(" && matches!(before(4), "lock" | "read" | "write");
    let literal = at > 3 && tokens.kind(at - 3) == Some(Kind::Str) && before(4) == "(" && before(5) == "new";
    lock || literal
}

fn is_unsafe(tokens: &Tokens<'_>, at: usize) -> bool {
    tokens.is_word(at, "unsafe")
        && (tokens.is(at + 1, b'{') || matches!(tokens.at(at + 1), "fn" | "impl" | "extern" | "trait"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::test_rust;

    #[test]
    fn counts_are_per_file_and_leave_idioms_out() {
        let source = "fn f() { a.unwrap(); b.expect(\"x\"); panic!(); unsafe { c() } Mutex::new(1); d.lock().unwrap(); \
                      Regex::new(\"a\").unwrap(); e.unwrap_or(1); panic::catch(); /* z.unwrap() */ }\n\
                      #[unsafe(no_mangle)] unsafe fn g() {} #[cfg(test)] mod tests { fn t() { a.unwrap(); } }";
        let mut found = Vec::new();
        for fact in test_rust("src/lib.rs", source) {
            if let FactKind::Count { what, n } = fact.kind {
                found.push((what, n));
            }
        }
        assert_eq!(found, [(Count::Panics, 3), (Count::Unsafe, 2), (Count::Locks, 1)]);
    }

    #[test]
    fn benchmarks_are_counted_where_they_stand() {
        let facts = test_rust(
            "benches/a.rs",
            "fn b(c: &mut Criterion) { c.bench_function(\"x\", |b| b.iter(|| f().unwrap())); }",
        );
        assert_eq!(facts.len(), 1);
        assert_eq!(facts[0].kind, FactKind::Count { what: Count::Benchmarks, n: 1 });
    }
}
