//! Go code that adjusts the runtime or goes around its memory manager.
//!
//! *Looks for*: setters of the garbage collector, ballast, arenas, memory outside the heap, `sync.Pool`, linkname,
//! locked threads, and modules that do such things.
//! *Emits*: [`FactKind::Tuning`]; [`FactKind::Count`] `Pools`; for threads locked on account of namespaces, graphics or
//! C libraries only a [`FactKind::Mark`] `lock-os-thread`. A fact inside a function counts where that function is
//! called, see [`binding`].
//! *Misses*: setters reached through values, and values that come from configuration.
//! *Example*: `debug.SetGCPercent(30)`

use aho_corasick::AhoCorasick;
use std::sync::LazyLock;

use crate::detect::Facts;
use crate::fact::{Binding, Count, FactKind};
use crate::parse::go::lexer::TokenKind;
use crate::parse::go::{Function, GoView, Selector};

/// Modules whose import is the adjustment.
const MODULES: &[(&str, &str)] = &[
    ("github.com/KimMachineGun/automemlimit", "gomemlimit"),
    ("github.com/VictoriaMetrics/fastcache", "off-heap"),
    ("github.com/edsrzf/mmap-go", "off-heap"),
    ("github.com/ortuman/nuke", "arena"),
    ("github.com/wasilibs/nottinygc", "custom-allocator"),
    ("golang.org/x/exp/mmap", "off-heap"),
];

/// Calls that are the adjustment, whatever their arguments.
const CALLS: &[(&str, &str, &str)] = &[
    ("arena", "NewArena", "arena"),
    ("golang.org/x/sys/unix", "Mmap", "off-heap"),
    ("golang.org/x/sys/unix", "MmapPtr", "off-heap"),
    ("syscall", "Mmap", "off-heap"),
    ("github.com/dgraph-io/ristretto/z", "Calloc", "off-heap"),
    ("github.com/dgraph-io/ristretto/z", "CallocNoRef", "off-heap"),
];

/// What tells that a thread is locked for the kernel's, a window's or a C library's sake.
static THREAD_BOUND: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let words = [
        "netns",
        "setns",
        "unshare",
        "namespace",
        "clone_new",
        "glfw",
        "/gl/",
        "sdl",
        "ebiten",
        "coinitialize",
        "ptrace",
        "setresuid",
        "setuid",
        "import \"c\"",
        "purego",
        "winapi",
        "user32",
    ];
    AhoCorasick::builder().ascii_case_insensitive(true).build(words).expect("because the words are constant")
});

pub(super) fn detect(view: &GoView<'_>, facts: &mut Facts<'_, '_>) {
    if !view.is_own_code() {
        return;
    }
    modules(view, facts);
    for (nth, selector) in view.selectors.iter().filter(|selector| is_candidate(view, selector)).enumerate() {
        if nth == MOST {
            let at = selector.name();
            facts.cut(view.range(at..at + 1), "adjustments of the runtime in a file", MOST);
            break;
        }
        let path = crate::catalogue::without_versions(view.import_of(selector).path);
        match (path.as_str(), view.token(selector.name())) {
            ("runtime/debug", "SetGCPercent") => setter(view, selector, "set-gc-percent", facts),
            ("runtime/debug", "SetMemoryLimit") => setter(view, selector, "set-memory-limit", facts),
            ("runtime/debug", "FreeOSMemory") => free_memory(view, selector, facts),
            ("runtime", "LockOSThread") => locked_thread(view, selector, facts),
            (path, name) => {
                if let Some((.., what)) = CALLS.iter().find(|(p, n, _)| *p == path && *n == name) {
                    tuning(view, selector, what, None, facts);
                }
            }
        }
    }
    ballast(view, facts);
    linkname(view, facts);
    pools(view, facts);
}

/// Adjustments that are read of one file: more would tell nothing, and each costs a look through the file.
const MOST: usize = 64;

fn is_candidate(view: &GoView<'_>, selector: &Selector) -> bool {
    let path = view.import_of(selector).path;
    let debug = path == "runtime/debug" || path == "runtime" && view.token(selector.name()) == "LockOSThread";
    debug || CALLS.iter().any(|(_, name, _)| *name == view.token(selector.name()))
}

fn tuning(view: &GoView<'_>, selector: &Selector, what: &str, value: Option<String>, facts: &mut Facts<'_, '_>) {
    let kind = FactKind::Tuning { what: what.to_owned(), value };
    facts.add_bound(view.range(selector.tokens()), kind, binding(view, selector.token as usize));
}

fn modules(view: &GoView<'_>, facts: &mut Facts<'_, '_>) {
    for import in &view.imports {
        let known = |module: &str| {
            import.path.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if let Some((_, what)) = MODULES.iter().find(|(module, _)| known(module)) {
            let kind = FactKind::Tuning { what: (*what).to_owned(), value: None };
            facts.add(view.range(import.token..import.token + 1), kind);
        }
    }
}

/// Adds a setter's call unless it asks, switches off for a while, or restores what was before.
fn setter(view: &GoView<'_>, selector: &Selector, what: &str, facts: &mut Facts<'_, '_>) {
    let open = selector.name() + 1;
    if !view.is(open, b'(') || view.is_word((selector.token as usize).wrapping_sub(1), "defer") {
        return;
    }
    let arguments = open + 1..view.closing(open).min(view.tokens.len());
    let negative = view.is(arguments.start, b'-');
    let nested = arguments.clone().any(|index| matches!(view.token(index), "SetGCPercent" | "SetMemoryLimit"));
    if arguments.is_empty() || negative || nested || restores(view, selector) {
        return;
    }
    let value = &view.text[view.range(arguments.clone())];
    let literal = arguments.len() == 1 && view.kind(arguments.start) == Some(TokenKind::Number);
    tuning(view, selector, what, literal.then(|| value.to_owned()), facts);
}

/// Whether the same function also calls the setter with a negative number: then the other call undoes that.
fn restores(view: &GoView<'_>, selector: &Selector) -> bool {
    let Some(body) = view.function_at(selector.token as usize).and_then(|function| function.body.clone()) else {
        return false;
    };
    view.selectors.iter().any(|other| {
        body.contains(&(other.token as usize))
            && view.token(other.name()) == view.token(selector.name())
            && view.is(other.name() + 1, b'(')
            && view.is(other.name() + 2, b'-')
    })
}

/// Handlers that free memory on request are for debugging.
fn free_memory(view: &GoView<'_>, selector: &Selector, facts: &mut Facts<'_, '_>) {
    let function = view.function_at(selector.token as usize);
    let handler = function.is_some_and(|function| {
        function.parameters.clone().any(|index| matches!(view.token(index), "ResponseWriter" | "RequestCtx"))
    });
    if !handler {
        tuning(view, selector, "free-os-memory", None, facts);
    }
}

fn locked_thread(view: &GoView<'_>, selector: &Selector, facts: &mut Facts<'_, '_>) {
    if !view.is(selector.name() + 1, b'(') {
        return;
    }
    let word = THREAD_BOUND.find(view.text).map(|word| view.text[word.range()].to_ascii_lowercase());
    let start = view.function_at(selector.token as usize).map_or("", |function| function.name(view));
    // Start-up code keeps the first thread, which kernels and window systems treat apart.
    let reason = word.or(matches!(start, "init" | "main").then(|| "main thread".to_owned()));
    match reason {
        Some(detail) => {
            facts.add(view.range(selector.tokens()), FactKind::Mark { name: "lock-os-thread".into(), detail });
        }
        None => tuning(view, selector, "lock-os-thread", None, facts),
    }
}

/// `ballast := make([]byte, 10<<30)`
fn ballast(view: &GoView<'_>, facts: &mut Facts<'_, '_>) {
    for at in view.places(&["make"]).into_iter().filter(|&at| at > 1).map(|at| at - 1) {
        let assigned = matches!(view.tokens[at].kind, TokenKind::Define | TokenKind::Punct(b'='));
        if assigned
            && view.kind(at - 1) == Some(TokenKind::Word)
            && view.token(at - 1).to_ascii_lowercase().contains("ballast")
        {
            let kind = FactKind::Tuning { what: "ballast".into(), value: None };
            facts.add_bound(view.range(at - 1..at), kind, binding(view, at));
            return;
        }
    }
}

fn linkname(view: &GoView<'_>, facts: &mut Facts<'_, '_>) {
    for comment in &view.comments {
        let mut words = view.comment(comment).split_whitespace();
        // With one name only it lets others link to this one.
        if words.next() == Some("//go:linkname") && words.count() >= 2 {
            let kind = FactKind::Tuning { what: "linkname".into(), value: None };
            facts.add(comment.start as usize..comment.end as usize, kind);
        }
    }
}

fn pools(view: &GoView<'_>, facts: &mut Facts<'_, '_>) {
    let mut pools =
        view.uses_of("sync", "Pool").filter(|selector| !view.is((selector.token as usize).wrapping_sub(1), b'*'));
    let Some(first) = pools.next() else { return };
    let n = 1 + pools.count() as u32;
    facts.add(view.range(first.tokens()), FactKind::Count { what: Count::Pools, n });
}

/// Says which services an adjustment at a token reaches: those that call the exported function around it; for an
/// unexported one, those that call the exported function of this file through which it is reached. Start-up code,
/// methods and code that nothing in the file calls count for the package.
pub(crate) fn binding(view: &GoView<'_>, token: usize) -> Binding {
    let Some(mut function) = view.function_at(token) else { return Binding::Package };
    for _ in 0..4 {
        let name = function.name(view);
        if function.receiver || matches!(name, "main" | "init") {
            return Binding::Package;
        }
        if function.is_exported(view) {
            return Binding::Called(name.to_owned());
        }
        let Some(caller) = caller(view, function) else { return Binding::Package };
        function = caller;
    }
    Binding::Package
}

fn caller<'v>(view: &'v GoView<'_>, callee: &Function) -> Option<&'v Function> {
    let name = callee.name(view);
    let calls = view.calls().filter(|&at| at > 0 && view.token(at) == name);
    calls
        .filter(|&at| !view.is(at - 1, b'.'))
        .filter_map(|at| view.function_at(at))
        .find(|function| function.name != callee.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::go_facts;

    fn tunings(body: &str) -> Vec<(String, Option<String>, Binding)> {
        let source = format!(
            "package p\nimport (\n\"runtime\"\n\"runtime/debug\"\n\"sync\"\n\"golang.org/x/sys/unix\"\n\"net/http\"\n)\n{body}"
        );
        go_facts(detect, "a.go", &source)
            .into_iter()
            .filter_map(|fact| match fact.kind {
                FactKind::Tuning { what, value } => Some((what, value, fact.binding)),
                FactKind::Count { n, .. } => Some(("pools".into(), Some(n.to_string()), fact.binding)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn setters_with_where_they_count() {
        for (body, what, value, bound) in [
            ("func main() { debug.SetGCPercent(50) }", "set-gc-percent", Some("50"), Binding::Package),
            ("func Set(n int) { debug.SetGCPercent(n) }", "set-gc-percent", None, Binding::Called("Set".into())),
            (
                "func Up() { down() }\nfunc down() { debug.FreeOSMemory() }",
                "free-os-memory",
                None,
                Binding::Called("Up".into()),
            ),
            (
                "func init() { down() }\nfunc down() { debug.SetMemoryLimit(1 << 30) }",
                "set-memory-limit",
                None,
                Binding::Package,
            ),
            ("func f() { m, _ := unix.Mmap(0, 0, 1, 2, 3) }", "off-heap", None, Binding::Package),
            ("func f() { runtime.LockOSThread() }", "lock-os-thread", None, Binding::Package),
            ("func f() { gcBallast := make([]byte, 1<<30) }", "ballast", None, Binding::Package),
            ("//go:linkname nanotime runtime.nanotime\nfunc nanotime() int64", "linkname", None, Binding::Package),
            ("var a, b = sync.Pool{}, &sync.Pool{}\nfunc f(p *sync.Pool) {}", "pools", Some("2"), Binding::Package),
        ] {
            assert_eq!(tunings(body), [(what.to_owned(), value.map(str::to_owned), bound)], "{body}");
        }
    }

    #[test]
    fn getters_restores_and_handlers_are_silent() {
        for body in [
            "func f() { limit := debug.SetMemoryLimit(-1) }",
            "func f() { defer debug.SetGCPercent(debug.SetGCPercent(-1)) }",
            "func f() { old := debug.SetGCPercent(-1); work(); debug.SetGCPercent(old) }",
            "func f(w http.ResponseWriter, r *http.Request) { debug.FreeOSMemory() }",
            "func init() { runtime.LockOSThread() }",
            "// joins a network namespace\nfunc f() { runtime.LockOSThread() }",
            "//go:linkname exported\nfunc exported() {}",
            "var s = `debug.SetGCPercent(1)` // debug.SetGCPercent(1)",
        ] {
            assert_eq!(tunings(body), [], "{body}");
        }
    }
}
