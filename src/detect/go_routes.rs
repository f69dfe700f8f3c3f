//! What a Go program answers: HTTP routes and gRPC services that it registers.
//!
//! *Looks for*: `HandleFunc`, `GET`, `Post` and the like with a path, `case "/path"` in hand-written handlers, a
//! request's path compared with one, and `Register…Server` or connect's `New…Handler`.
//! *Emits*: [`FactKind::Count`] `Routes` and `GrpcServices`, one a file, at the first.
//! *Misses*: routes whose path is built elsewhere; endpoints for operators (health, metrics, profiles) and the gRPC
//! health and reflection services are left out on purpose.
//! *Example*: `r.HandleFunc("/product/{id}", product)`

use std::ops::Range;

use crate::detect::Facts;
use crate::fact::{Count, FactKind};
use crate::parse::go::lexer::TokenKind;
use crate::parse::go::{Function, GoView};

/// Methods that only routers have.
const ROUTERS: &[&str] = &["HandleFunc", "Handle", "HandlerFunc", "MethodFunc"];

/// Methods that routers share with clients: they need a path and a handler.
const VERBS: &[&str] = &[
    "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "Any", "Get", "Post", "Put", "Delete", "Patch", "Head",
    "Options", "All", "Mount",
];

/// Parts of paths that are there for operators.
const OPERATIONAL: &[&str] = &[
    "debug",
    "pprof",
    "metrics",
    "health",
    "healthz",
    "_healthz",
    "livez",
    "readyz",
    "ready",
    "live",
    "liveness",
    "readiness",
    "ping",
    "-",
    "status",
    "version",
    "favicon.ico",
    "robots.txt",
    "varz",
    "statusz",
    "healthcheck",
];

pub(super) fn detect(view: &GoView<'_>, facts: &mut Facts<'_, '_>) {
    if !view.is_own_code() {
        return;
    }
    let handlers: Vec<&Function> = view.functions.iter().filter(|function| is_handler(view, function)).collect();
    let mut routes = Vec::new();
    let mut services = Vec::new();
    // Whatever a test below asks for is named here, or begins as the names of registering functions do.
    let mut places = view.places(&[ROUTERS, VERBS, &["case", "Path"]].concat());
    places.extend(view.starting());
    places.sort_unstable();
    for at in places.into_iter().filter(|&at| at > 0) {
        if is_route(view, at) || is_case(view, at, &handlers) || is_compared(view, at) {
            routes.push(at);
        } else if is_service(view, at) {
            services.push(at);
        }
    }
    for (what, found) in [(Count::Routes, routes), (Count::GrpcServices, services)] {
        if let Some(&first) = found.first() {
            facts.add(view.range(first..first + 1), FactKind::Count { what, n: found.len() as u32 });
        }
    }
}

fn is_route(view: &GoView<'_>, at: usize) -> bool {
    let name = view.token(at);
    let router = ROUTERS.contains(&name);
    if !(router || VERBS.contains(&name)) || !view.is(at - 1, b'.') {
        return false;
    }
    let Some((first, several)) = first_argument(view, at + 1) else { return false };
    // What is written into, and what a client asks for, is no route.
    if !router && (view.is(first.end + 1, b'&') || is_client(view, at)) {
        return false;
    }
    // A path stands near the start; looking further would cost much in nested calls.
    let path = first
        .clone()
        .take(16)
        .filter(|&index| view.kind(index) == Some(TokenKind::String))
        .find_map(|index| path_of(view.token(index)));
    match path {
        Some(path) => several && !is_operational(path),
        // A path that starts with a variable: only what no client has can be a route.
        None => {
            let plain = router && several && first.len() <= 3 && (name != "Handle" || is_mux(view, at));
            plain && !first.clone().any(|index| names_operational(view.token(index)))
        }
    }
}

/// Whether a variable is called after a path for operators: `MetricsPath`.
fn names_operational(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["metrics", "health", "pprof", "ready", "liveness", "telemetry"].iter().any(|word| name.contains(word))
}

/// Whether a method is one of what is called a client: `p.client.Get(path, &records)`.
fn is_client(view: &GoView<'_>, at: usize) -> bool {
    at.checked_sub(2).is_some_and(|index| view.token(index).to_ascii_lowercase().ends_with("client"))
}

/// Whether a method is one of what is called a router: `mux.Handle(path, handler)`.
fn is_mux(view: &GoView<'_>, at: usize) -> bool {
    let receiver = at.checked_sub(2).map_or("", |index| view.token(index)).to_ascii_lowercase();
    ["mux", "router"].iter().any(|word| receiver.ends_with(word)) || receiver == "http"
}

/// A hand-written handler that compares the path of its request: `r.URL.Path == "/a"`, `HasPrefix(r.URL.Path, "/a")`.
fn is_compared(view: &GoView<'_>, at: usize) -> bool {
    if !(at >= 4 && view.is_word(at, "Path") && view.is(at - 1, b'.') && view.is_word(at - 2, "URL")) {
        return false;
    }
    let has_prefix = || at >= 6 && view.is(at - 5, b'(') && view.is_word(at - 6, "HasPrefix");
    let literal = match () {
        () if view.kind(at + 1) == Some(TokenKind::Compare) && view.token(at + 1) == "==" => at + 2,
        () if view.is(at + 1, b',') && has_prefix() => at + 2,
        () => return false,
    };
    view.kind(literal) == Some(TokenKind::String)
        && path_of(view.token(literal)).is_some_and(|path| path.len() > 1 && !is_operational(path))
}

/// Returns the tokens of the first argument of a call, and whether there are more.
fn first_argument(view: &GoView<'_>, open: usize) -> Option<(Range<usize>, bool)> {
    if !view.is(open, b'(') {
        return None;
    }
    let close = view.closing(open).min(view.tokens.len());
    let mut at = open + 1;
    while at < close && !view.is(at, b',') {
        at = if matches!(view.tokens[at].kind, TokenKind::Punct(b'(' | b'[' | b'{')) {
            view.closing(at) + 1
        } else {
            at + 1
        };
    }
    Some((open + 1..at.min(close), at + 1 < close))
}

/// Returns the path of a pattern, which may start with a method and a host: `GET /items/{id}`.
fn path_of(literal: &str) -> Option<&str> {
    let pattern = literal.trim_matches(['"', '`']);
    let pattern = pattern.split_once(' ').map_or(pattern, |(_, path)| path);
    pattern.starts_with('/').then_some(pattern)
}

fn is_operational(path: &str) -> bool {
    path.split('/').any(|part| OPERATIONAL.contains(&part))
}

/// A `case "/path":` inside a function that takes a response writer.
fn is_case(view: &GoView<'_>, at: usize, handlers: &[&Function]) -> bool {
    if view.token(at) != "case" || view.kind(at + 1) != Some(TokenKind::String) {
        return false;
    }
    let path = path_of(view.token(at + 1)).filter(|path| !is_operational(path));
    let after = handlers.partition_point(|function| function.name <= at);
    let around = after.checked_sub(1).and_then(|index| handlers[index].body.as_ref());
    path.is_some() && around.is_some_and(|body| body.contains(&at))
}

fn is_handler(view: &GoView<'_>, function: &Function) -> bool {
    function.parameters.clone().any(|index| matches!(view.token(index), "ResponseWriter" | "RequestCtx"))
}

fn is_service(view: &GoView<'_>, at: usize) -> bool {
    let name = view.token(at);
    if view.is_word(at - 1, "func")
        || !first_argument(view, at + 1).is_some_and(|(first, several)| several && !first.is_empty())
    {
        return false;
    }
    let service = name.strip_prefix("Register").and_then(|rest| rest.strip_suffix("Server"));
    if let Some(service) = service {
        return !service.is_empty() && !service.ends_with("HTTP") && !matches!(service, "Health" | "Channelz");
    }
    let connect = name.strip_prefix("New").is_some_and(|rest| rest.ends_with("Handler"));
    connect && view.is(at - 1, b'.') && view.token(at.saturating_sub(2)).ends_with("connect")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::go_facts;

    fn counts(body: &str) -> Vec<(Count, u32)> {
        let source = format!("package p\nimport \"net/http\"\n{body}");
        let counted = go_facts(detect, "a.go", &source).into_iter().map(|fact| match fact.kind {
            FactKind::Count { what, n } => (what, n),
            other => panic!("{other:?}"),
        });
        counted.collect()
    }

    #[test]
    fn a_path_at_the_head_of_a_broken_file_has_nothing_before_it() {
        for source in ["pr.URL.Path ,\n case", "(r.URL.Path, \"/a\")", "Path", ".Path", "HasPrefix(r.URL.Path,"] {
            assert!(go_facts(detect, "a.go", source).is_empty(), "{source}");
        }
    }

    #[test]
    fn routes_of_all_shapes() {
        let body = "func f() {\n r.HandleFunc(\"/a\", h)\n mux.Handle(\"GET /b/{id}\", h)\n e.GET(\"/c\", h)\n r.Get(`/d`, h)\n r.HandleFunc(base + \"/e\", h)\n r.HandleFunc(path, h)\n}";
        assert_eq!(counts(body), [(Count::Routes, 6)]);
        let switch = "func f(w http.ResponseWriter, r *http.Request) {\n switch r.URL.Path {\n case \"/a\", \"/b\":\n case \"/metrics\":\n }\n}";
        assert_eq!(counts(switch), [(Count::Routes, 1)]);
        let compared = "func f(w http.ResponseWriter, r *http.Request) {\n if r.URL.Path == \"/a\" || strings.HasPrefix(r.URL.Path, \"/b\") { return }\n if r.URL.Path == \"/\" || r.URL.Path == \"/healthz\" || x.Path == \"/c\" { return }\n}";
        assert_eq!(counts(compared), [(Count::Routes, 2)]);
        let named = "func f() {\n mux.Handle(keysPath, h)\n serveMux.Handle(p, h)\n mux.Handle(cfg.MetricsPath, h)\n bus.Handle(event, h)\n}";
        assert_eq!(counts(named), [(Count::Routes, 2)]);
    }

    #[test]
    fn services_are_counted_without_plumbing() {
        let body = "func f() {\n pb.RegisterCartServer(s, x)\n RegisterOwnServer(s, y)\n healthpb.RegisterHealthServer(s, z)\n reflection.Register(s)\n path, h := shopconnect.NewShopHandler(x, y)\n}\nfunc RegisterZServer(a A, b B) {}";
        assert_eq!(counts(body), [(Count::GrpcServices, 3)]);
    }

    #[test]
    fn clients_and_operational_endpoints_are_silent() {
        let body = "func f() {\n http.Get(\"https://x/y\")\n client.Get(\"/a\")\n http.HandleFunc(\"/debug/pprof/\", h)\n mux.Handle(\"/metrics\", h)\n r.Handle(event, h)\n m.Delete(\"a\", b)\n p.client.Post(\"/v1/a\", body)\n api.Get(\"/v1/a\", &out)\n r.HandleFunc(\"/_healthz\", h)\n}\nfunc g(s string) { switch s {\n case \"/a\":\n } }";
        assert_eq!(counts(body), []);
    }
}
