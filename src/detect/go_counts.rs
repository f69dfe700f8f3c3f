//! Countable things of Go code.
//!
//! *Looks for*: `go` statements, channels, panics, locks, dropped errors; benchmarks in test files.
//! *Emits*: [`FactKind::Count`], one a kind and file, at the first place.
//! *Misses*: panics behind `Must…` helpers; what a macro-like generator writes, since generated files do not count.
//! *Example*: `go worker(jobs)`

use crate::detect::Facts;
use crate::detect::go_errors;
use crate::fact::{Count, FactKind};
use crate::parse::go::GoView;
use crate::parse::go::lexer::TokenKind;

type Test = fn(&GoView<'_>, usize) -> bool;

/// What is counted, by which word, and what stands around it.
const COUNTED: &[(Count, &str, Test)] = &[
    (Count::Goroutines, "go", |view, at| view.kind(at + 1) == Some(TokenKind::Word)),
    (Count::Channels, "make", |view, at| view.is(at + 1, b'(') && view.is_word(at + 2, "chan")),
    (Count::Panics, "panic", |view, at| view.is(at + 1, b'(')),
];

pub(super) fn detect(view: &GoView<'_>, facts: &mut Facts<'_, '_>) {
    if view.path.ends_with("_test.go") {
        if !view.generated && !view.scope.is_foreign() {
            benchmarks(view, facts);
        }
        return;
    }
    if !view.is_own_code() {
        return;
    }
    for (what, word, test) in COUNTED {
        let words = view.places(&[word]).into_iter().filter(|&at| is_free_word(view, at));
        count(view, *what, words.filter(|&at| test(view, at)), facts);
    }
    let locks = view.selectors.iter().filter(|selector| {
        let name = view.token(selector.name());
        view.import_of(selector).path == "sync" && matches!(name, "Mutex" | "RWMutex")
    });
    let owned = locks.map(|selector| selector.token as usize).filter(|&at| !view.is(at.wrapping_sub(1), b'*'));
    count(view, Count::Locks, owned, facts);
    count(view, Count::DiscardedErrors, go_errors::discarded(view).into_iter(), facts);
}

/// Whether a token is a word that is not selected from something and not the name of a function declared here.
fn is_free_word(view: &GoView<'_>, at: usize) -> bool {
    view.tokens[at].kind == TokenKind::Word && !(at > 0 && (view.is(at - 1, b'.') || view.is_word(at - 1, "func")))
}

fn count(view: &GoView<'_>, what: Count, mut tokens: impl Iterator<Item = usize>, facts: &mut Facts<'_, '_>) {
    let Some(first) = tokens.next() else { return };
    let n = 1 + tokens.count() as u32;
    facts.add(view.range(first..first + 1), FactKind::Count { what, n });
}

fn benchmarks(view: &GoView<'_>, facts: &mut Facts<'_, '_>) {
    let functions = view.functions.iter().filter(|function| {
        !function.receiver && function.name(view).starts_with("Benchmark") && !function.parameters.is_empty()
    });
    count(view, Count::Benchmarks, functions.map(|function| function.name), facts);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::go_facts;

    fn counts(path: &str, body: &str) -> Vec<(Count, u32)> {
        let source = format!("package p\nimport \"sync\"\n{body}");
        let counted = go_facts(detect, path, &source).into_iter().map(|fact| match fact.kind {
            FactKind::Count { what, n } => (what, n),
            other => panic!("{other:?}"),
        });
        counted.collect()
    }

    #[test]
    fn each_kind_is_counted() {
        let body = "type T struct { mu sync.Mutex; r sync.RWMutex }\nfunc f(m *sync.Mutex) {\n go func() {}()\n go g(1)\n c := make(chan int, 1)\n panic(c)\n}";
        let expected = [(Count::Goroutines, 2), (Count::Channels, 1), (Count::Panics, 1), (Count::Locks, 2)];
        assert_eq!(counts("a.go", body), expected);
    }

    #[test]
    fn look_alikes_are_silent() {
        let body = "// go f()\nvar s = \"panic(\" // panic(1)\nfunc f() { log.panic(1); x := map[string]chan int{} }\nfunc panic(x int) {}";
        assert_eq!(counts("a.go", body), []);
    }

    #[test]
    fn test_files_give_benchmarks_alone() {
        let body = "func BenchmarkX(b *testing.B) { go f() }\nfunc TestX(t *testing.T) { panic(1) }";
        assert_eq!(counts("a_test.go", body), [(Count::Benchmarks, 1)]);
    }
}
