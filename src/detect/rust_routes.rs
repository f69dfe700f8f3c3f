//! Routes and gRPC services that Rust code registers.
//!
//! *Looks for*: `.route("/x", …)`, `.at("/x", …)`, `web::resource("/x")`, `#[get("/x")]` and its like, `#[oai(path = …)]`,
//! `routes!(…)`, `(Method::GET, "/x")`; `.add_service(…)` of tonic.
//! *Emits*: `Count` of `Routes` and `GrpcServices`, one per file, at the first.
//! *Misses*: routes put together from data; filters of warp; services merged from another file count there.
//! *Example*: `Router::new().route("/users", get(list))` → one route.
//!
//! Not meant: what every service has for its operators: health, readiness, metrics, reflection.

use super::Facts;
use crate::fact::{Count, FactKind};
use crate::parse::rust::RustView;
use crate::parse::rust::lex::Kind;
use crate::parse::rust::structure::unquote;
use crate::parse::rust::tokens::Tokens;

/// The words that [`is_route`] looks at.
const ROUTES: &[&str] = &[
    "route",
    "at",
    "resource",
    "with_path",
    "get",
    "post",
    "put",
    "delete",
    "patch",
    "head",
    "options",
    "handler",
    "oai",
    "endpoint",
    "routes",
    "Method",
];

pub(crate) fn detect(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    type Counts = fn(&Tokens<'_>, usize) -> bool;
    for (what, words, counts) in
        [(Count::Routes, ROUTES, is_route as Counts), (Count::GrpcServices, &["add_service"], is_service)]
    {
        let mut hits = view.tokens.places(words).into_iter().filter(|&at| counts(&view.tokens, at));
        if let Some(first) = hits.next() {
            let n = 1 + hits.count() as u32;
            facts.add(view.tokens.range(first, first), FactKind::Count { what, n });
        }
    }
}

fn is_route(tokens: &Tokens<'_>, at: usize) -> bool {
    if !tokens.is_ident(at) {
        return false;
    }
    let method = || at > 0 && tokens.is(at - 1, b'.');
    let attribute = || at > 1 && tokens.is(at - 1, b'[') && tokens.is(at - 2, b'#') && tokens.is(at + 1, b'(');
    match tokens.at(at) {
        "route" | "at" | "resource" | "with_path" if tokens.is(at + 1, b'(') => {
            (method() || tokens.at(at - usize::from(at > 0)) == ":") && is_own_path(tokens, at + 2)
                || (method() && tokens.at(at) == "route" && names_handler(tokens, at + 1))
        }
        "get" | "post" | "put" | "delete" | "patch" | "head" | "options" | "route" | "handler" if attribute() => {
            is_own_path(tokens, at + 2)
        }
        "oai" | "endpoint" if attribute() || tokens.reads(at + 1, &["{"]) => {
            let open = at + 1;
            let path = (open..tokens.close(open).min(open + 40)).find(|&at| tokens.reads(at, &["path", "="]));
            path.is_some_and(|path| is_own_path(tokens, path + 2))
        }
        "routes" => tokens.is(at + 1, b'!') && tokens.is(at + 2, b'(') && !tokens.is(at + 3, b')'),
        // A pattern, not a request that is sent: `(Method::GET, "/x") =>`.
        "Method" => {
            tokens.is_path_separator(at + 1)
                && tokens.is(at + 4, b',')
                && is_own_path(tokens, at + 5)
                && tokens.is(at + 6, b')')
                && (tokens.reads(at + 7, &["=", ">"]) || tokens.is(at + 7, b'|') || tokens.at(at + 7) == "if")
        }
        _ => false,
    }
}

/// Whether a literal is a path that is not for operators.
fn is_own_path(tokens: &Tokens<'_>, at: usize) -> bool {
    if tokens.kind(at) != Some(Kind::Str) {
        return false;
    }
    let path = unquote(tokens.at(at));
    path.starts_with('/') && !is_operational(path)
}

/// Whether a route with a computed path names a handler (`.route(PATH, get(list))`).
fn names_handler(tokens: &Tokens<'_>, open: usize) -> bool {
    let close = tokens.close(open);
    // `web::get().to(f)` is the handler of the resource around it.
    let handler = matches!(tokens.at(open + 1), "web" | "get" | "post" | "put" | "delete" | "patch" | "any");
    let computed = (tokens.is_ident(open + 1) && !handler) || tokens.is(open + 1, b'&');
    computed
        && !is_operational(tokens.at(open + 1))
        && (open + 2..close.min(open + 24)).any(|at| {
            matches!(tokens.at(at), "get" | "post" | "put" | "delete" | "patch" | "any") && tokens.is(at + 1, b'(')
        })
}

fn is_operational(path: &str) -> bool {
    const WORDS: [&str; 21] = [
        "health",
        "healthz",
        "livez",
        "live",
        "liveness",
        "readyz",
        "ready",
        "readiness",
        "alive",
        "ping",
        "metrics",
        "version",
        "debug",
        "pprof",
        "status",
        "startup",
        "heartbeat",
        "swagger",
        "openapi",
        "docs",
        "favicon",
    ];
    let lower = path.to_ascii_lowercase();
    if ["log_filter", "log-filter", "log_level", "log-level", "loglevel"].iter().any(|word| lower.ends_with(word)) {
        return true;
    }
    let last = lower.split(['/', '-', '_', '.']).filter(|part| !part.is_empty());
    last.filter(|part| !matches!(*part, "api" | "v1" | "check" | "probe" | "path" | "json" | "ico" | "ui"))
        .all(|part| WORDS.contains(&part))
        && lower != "/"
}

fn is_service(tokens: &Tokens<'_>, at: usize) -> bool {
    if at == 0 || !tokens.is_word(at, "add_service") || !tokens.is(at - 1, b'.') || !tokens.is(at + 1, b'(') {
        return false;
    }
    let close = tokens.close(at + 1);
    !(at + 2..close.min(at + 12)).any(|at| {
        let word = tokens.at(at).to_ascii_lowercase();
        tokens.is_ident(at) && (word.contains("health") || word.contains("reflection"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::test_rust;

    #[test]
    fn own_routes_count_and_operational_ones_do_not() {
        let cases: [(&str, &[(Count, u32)]); 11] = [
            ("fn f() { Router::new().route(\"/log_filter\", post(a)).route(\"/log\", get(b)) }", &[(Count::Routes, 1)]),
            (
                "fn f() { Router::new().route(\"/users\", get(a)).route(\"/users/{id}\", put(b)).route(\"/healthz\", get(h)) }",
                &[(Count::Routes, 2)],
            ),
            ("fn f() { r.route(USERS_PATH, get(a)); r.route(METRICS, get(b)) }", &[(Count::Routes, 1)]),
            (
                "#[get(\"/a\")] async fn a() {} #[post(\"/b\")] async fn b() {} #[get(\"/metrics\")] fn m() {}",
                &[(Count::Routes, 2)],
            ),
            ("fn f() { web::resource(\"/x\").route(web::get().to(a)) }", &[(Count::Routes, 1)]),
            (
                "fn f() { match (m, p) { (&Method::GET, \"/a\") => 1, (&Method::GET, \"/health\") => 2 } }",
                &[(Count::Routes, 1)],
            ),
            (
                "fn f() { Server::builder().add_service(UserServer::new(s)).add_service(health_service).add_service(reflection) }",
                &[(Count::GrpcServices, 1)],
            ),
            ("fn f() { Router::new().route(\"/\", get(root)) }", &[(Count::Routes, 1)]),
            ("fn f() { table.route(packet, 1); send(Method::PUT, \"/boot\"); v.at(3); map.get(\"/x\") }", &[]),
            ("fn f() { Router::new().route(\"/api/health/check\", get(a)) }", &[]),
            ("#[cfg(test)] mod t { fn f() { r.route(\"/x\", get(a)) } }", &[]),
        ];
        for (source, expected) in cases {
            let facts = test_rust("src/lib.rs", source).into_iter();
            let found: Vec<_> = facts
                .filter_map(|fact| if let FactKind::Count { what, n } = fact.kind { Some((what, n)) } else { None })
                .collect();
            assert_eq!(found, expected, "{source}");
        }
    }
}
