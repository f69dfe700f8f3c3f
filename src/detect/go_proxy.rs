//! Proxies written by hand in Go.
//!
//! *Looks for*: a list of hop-by-hop headers, which whoever forwards HTTP requests has to drop.
//! *Emits*: [`FactKind::Uses`] `reverse-proxy` at the first of at least five of them in a file.
//! *Misses*: proxies of other protocols, and those that leave the list to a library.
//! *Example*: `var hopHeaders = []string{"Connection", "Keep-Alive", "Proxy-Authenticate", "Te", "Upgrade"}`

use std::collections::BTreeSet;

use crate::detect::Facts;
use crate::fact::FactKind;
use crate::parse::go::GoView;
use crate::parse::go::lexer::TokenKind;

const HEADERS: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
];

/// Servers and clients name one or two of them; only who forwards names most.
const ENOUGH: usize = 5;

pub(super) fn detect(view: &GoView<'_>, facts: &mut Facts<'_, '_>) {
    if !view.is_own_code() || view.imports_path("net/http").is_none() {
        return;
    }
    let mut found = BTreeSet::new();
    let mut first = None;
    for at in 0..view.tokens.len() {
        if view.tokens[at].kind != TokenKind::String {
            continue;
        }
        let literal = view.token(at).trim_matches(['"', '`']);
        if let Some(header) = HEADERS.iter().find(|header| header.eq_ignore_ascii_case(literal)) {
            first = first.or(Some(at));
            found.insert(*header);
        }
    }
    if let Some(at) = first.filter(|_| found.len() >= ENOUGH) {
        let kind = FactKind::Uses { capability: "reverse-proxy".into(), symbol: "hop-by-hop headers".into() };
        facts.add(view.range(at..at + 1), kind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::go_facts;

    #[test]
    fn the_list_tells_a_proxy_and_single_headers_do_not() {
        let list = "package p\nimport \"net/http\"\nvar hop = []string{\"Connection\", \"Keep-Alive\", \"Proxy-Authenticate\", \"Te\", \"Upgrade\"}\n";
        assert_eq!(go_facts(detect, "a.go", list).len(), 1);
        assert!(go_facts(detect, "a.go", &list.replace("\"Te\", ", "")).is_empty());
        assert!(go_facts(detect, "a_test.go", list).is_empty());
    }
}
