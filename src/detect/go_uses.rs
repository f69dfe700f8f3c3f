//! What Go code uses of the packages that the catalogue knows.
//!
//! *Looks for*: imports, `package.Name` selectors and called methods that have rows in `catalogue/go.toml`.
//! Calls of what oapi-codegen generates for a server, in whatever package.
//! *Emits*: [`FactKind::Uses`], each capability and symbol once a file: at the selector or call where the row has
//! symbols, at the import where it has none. What an exported function does belongs to the services that call it.
//! *Misses*: uses through dot imports, through wrappers in other modules, and through values handed around.
//! *Example*: `gin.New()` after `import "github.com/gin-gonic/gin"`

use std::collections::BTreeSet;

use super::go_tuning;
use crate::catalogue::{self, Entry};
use crate::detect::Facts;
use crate::fact::{Binding, FactKind};
use crate::parse::go::{GoView, package_name};

pub(super) fn detect(view: &GoView<'_>, facts: &mut Facts<'_, '_>) {
    if !view.is_own_code() {
        return;
    }
    generated_servers(view, facts);
    for (index, import) in view.imports.iter().enumerate() {
        let path = catalogue::without_versions(import.path);
        let (plain, by_symbol): (Vec<&Entry>, Vec<&Entry>) =
            catalogue::GO.rows(&path).partition(|entry| entry.symbols.is_empty());
        for entry in plain {
            let symbol = import.path.to_owned();
            let kind = FactKind::Uses { capability: entry.capability.to_owned(), symbol };
            facts.add(view.range(import.token..import.token + 1), kind);
        }
        if !by_symbol.is_empty() {
            symbols(view, index, &by_symbol, facts);
        }
    }
}

/// What code that is generated from an API's description offers to the server that answers it.
const GENERATED_SERVERS: &[&str] = &[
    "HandlerFromMux",
    "HandlerFromMuxWithBaseURL",
    "NewStrictHandler",
    "NewStrictHandlerWithOptions",
    "RegisterHandlersWithBaseURL",
    "RegisterHandlersWithOptions",
];

/// A server whose routes a generator wrote, in a package of its own or in this one.
fn generated_servers(view: &GoView<'_>, facts: &mut Facts<'_, '_>) {
    let is_defined = |at: usize| at > 0 && (view.is_word(at - 1, "func") || view.is(at - 1, b')'));
    let mut calls = view.calls().filter(|&at| GENERATED_SERVERS.contains(&view.token(at)) && !is_defined(at));
    if let Some(at) = calls.next() {
        let symbol = view.token(at).to_owned();
        facts.add(view.range(at..at + 1), FactKind::Uses { capability: "openapi-server".to_owned(), symbol });
    }
}

fn symbols(view: &GoView<'_>, import: usize, rows: &[&Entry], facts: &mut Facts<'_, '_>) {
    let mut seen = BTreeSet::new();
    for selector in view.selectors.iter().filter(|selector| usize::from(selector.import) == import) {
        let name = view.token(selector.name());
        if !rows.iter().any(|entry| entry.has_symbol(name)) {
            continue;
        }
        let binding = go_tuning::binding(view, selector.tokens().start);
        if !seen.insert((name, called(&binding))) {
            continue;
        }
        for entry in rows.iter().filter(|entry| entry.has_symbol(name)) {
            let symbol = format!("{}.{name}", package_name(view.imports[import].path));
            let kind = FactKind::Uses { capability: entry.capability.to_owned(), symbol };
            facts.add_bound(view.range(selector.tokens()), kind, binding.clone());
        }
    }
    for entry in rows {
        for method in entry.symbols.iter().filter_map(|symbol| symbol.strip_prefix('.')) {
            if let Some(at) = first_call(view, method) {
                let symbol = format!("{}.{method}", package_name(view.imports[import].path));
                let kind = FactKind::Uses { capability: entry.capability.to_owned(), symbol };
                facts.add(view.range(at..at + 1), kind);
            }
        }
    }
}

/// The function by which a use is reached, where it is one.
fn called(binding: &Binding) -> Option<String> {
    match binding {
        Binding::Called(function) => Some(function.clone()),
        _ => None,
    }
}

/// Where a method of this name is called first.
fn first_call(view: &GoView<'_>, method: &str) -> Option<usize> {
    (1..view.tokens.len()).find(|&at| view.is_word(at, method) && view.is(at - 1, b'.') && view.is(at + 1, b'('))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::go_facts;

    fn uses(path: &str, source: &str) -> Vec<String> {
        let facts = go_facts(detect, path, source);
        let words = facts.into_iter().map(|fact| match fact.kind {
            FactKind::Uses { capability, symbol } => format!("{capability} {symbol} {}", fact.place.line),
            other => panic!("{other:?}"),
        });
        words.collect()
    }

    #[test]
    fn what_a_generator_wrote_for_a_server_is_called_or_defined() {
        let told = |body: &str| go_facts(detect, "a.go", &format!("package p\nimport g \"x/gen\"\n{body}")).len();
        assert_eq!(told("func f() { g.HandlerFromMux(s, r); HandlerFromMux(s, r) }"), 1);
        assert_eq!(told("func f() { return HandlerFromMuxWithBaseURL(s, r, b) }"), 1);
        assert_eq!(told("func HandlerFromMux(s S) {}\nfunc (s S) NewStrictHandler(x X) {}"), 0);
    }

    #[test]
    fn a_client_is_no_server() {
        let server = "package p\nimport \"net/http\"\nvar _ = http.ListenAndServe\nvar _ = http.ListenAndServe";
        assert_eq!(uses("a.go", server), ["http-server http.ListenAndServe 3"]);
        let client = "package p\nimport h \"net/http\"\nvar c = h.Client{}\nvar s = h.StatusOK";
        assert_eq!(uses("a.go", client), ["http-client http.Client 3"]);
    }

    #[test]
    fn versions_and_subpackages_belong_to_their_module() {
        let source = "package p\nimport (\n\"github.com/labstack/echo/v4\"\n_ \"github.com/jackc/pgx/v5/stdlib\"\n)\nvar e = echo.New()";
        assert_eq!(uses("a.go", source), ["http-server echo.New 6", "sql github.com/jackc/pgx/v5/stdlib 4"]);
    }

    #[test]
    fn methods_count_where_their_package_is_imported() {
        let code = "package p\nimport \"github.com/streadway/amqp\"\nfunc f(c *amqp.Channel) { m, _ := c.Consume(q) }";
        assert_eq!(uses("a.go", code), ["queue-consumer amqp.Consume 3"]);
        assert!(uses("a.go", "package p\nimport \"example.org/amqp\"\nfunc f() { c.Consume(q) }").is_empty());
        assert!(uses("a.go", "package p\nimport \"github.com/streadway/amqp\"\nvar f = c.Consume").is_empty());
    }

    #[test]
    fn nothing_from_tests_stubs_strings_and_other_packages() {
        let server = "package p\nimport \"google.golang.org/grpc\"\nvar s = grpc.NewServer()";
        assert!(uses("a_test.go", server).is_empty());
        assert!(uses("vendor/x/a.go", server).is_empty());
        assert!(uses("a.go", &format!("// Code generated by x. DO NOT EDIT.\n{server}")).is_empty());
        assert!(
            uses("a.go", "package p\nimport \"google.golang.org/grpc/health\"\nvar s = health.NewServer()").is_empty()
        );
        assert!(uses("a.go", "package p\nvar s = `import \"github.com/lib/pq\"`").is_empty());
        assert!(uses("a.go", "package p\nimport \"example.org/gin\"\nvar s = gin.New()").is_empty());
    }

    /// Code that uses a row: its import, and one of its symbols where it has some.
    fn code_for(row: &Entry, symbol: Option<&str>) -> String {
        let path = &row.prefix;
        match symbol {
            None => format!("package p\nimport _ \"{path}\""),
            Some(name) => {
                if let Some(method) = name.strip_prefix('.') {
                    return format!("package p\nimport q \"{path}\"\nfunc f(x q.X) {{ x.{method}() }}");
                }
                let name = name.replace('*', "X");
                format!("package p\nimport q \"{path}\"\nfunc f() {{ q.{name}() }}")
            }
        }
    }

    #[test]
    fn every_row_and_symbol_is_found_in_code() {
        for row in catalogue::GO.all() {
            let symbols: Vec<Option<&str>> =
                if row.symbols.is_empty() { vec![None] } else { row.symbols.iter().copied().map(Some).collect() };
            for symbol in symbols {
                let source = code_for(row, symbol);
                let found = uses("a.go", &source);
                let wanted = format!("{} ", row.capability);
                assert!(found.iter().any(|line| line.starts_with(&wanted)), "{row:?} is not found in\n{source}");
            }
        }
    }
}
