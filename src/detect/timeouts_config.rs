//! Timeouts in configuration of meshes, gateways and clients: ceilings, never budgets.
//!
//! *Looks for*: gRPC service configs (`methodConfig[].timeout`), Istio `VirtualService` (also a try's), Gateway API routes,
//! Envoy Gateway traffic policies, Contour proxies, Linkerd service profiles, Envoy routes and clusters, Dapr resiliency,
//! timeout annotations of ingresses and services, and settings of servers and clients (`read_timeout: 5s`,
//! `request_timeout_ms: 250`) in configuration that is no object of Kubernetes.
//! *Emits*: [`FactKind::Timeout`](crate::fact::FactKind::Timeout), for the destination named or what lies near.
//! *Misses*: probes, health checks, jobs and scrapes, on purpose; proxies' own formats other than Envoy's.
//! *Example*: `kind: VirtualService`, `timeout: 2s`: a ceiling of 2 s.

use super::Facts;
use super::latency;
use crate::fact::Binding;
use crate::parse::config::ConfigView;
use crate::parse::duration::{self, Unit};
use crate::parse::tree::Node;

pub(super) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    if !view.text.text.contains("imeout") {
        return;
    }
    for object in latency::objects(view) {
        let kind = object.str_at(&["kind"]).unwrap_or("");
        match kind {
            "VirtualService" => {
                routes(object.path(&["spec", "http"]), &["timeout"], facts);
                routes(object.path(&["spec", "http"]), &["retries", "perTryTimeout"], facts);
            }
            "HTTPRoute" | "GRPCRoute" => {
                routes(object.path(&["spec", "rules"]), &["timeouts", "request"], facts);
                routes(object.path(&["spec", "rules"]), &["timeouts", "backendRequest"], facts);
            }
            "HTTPProxy" => routes(object.path(&["spec", "routes"]), &["timeoutPolicy", "response"], facts),
            "BackendTrafficPolicy" | "ClientTrafficPolicy" => policy(object, facts),
            "ServiceProfile" => routes(object.path(&["spec", "routes"]), &["timeout"], facts),
            "Resiliency" => resiliency(object, facts),
            "" => {
                plain(object, facts);
                settings(view, object, facts);
            }
            _ => {}
        }
        annotations(object, facts);
    }
}

fn add(node: &Node, unit: Option<Unit>, binding: Binding, facts: &mut Facts<'_, '_>) {
    if let Some(text) = node.as_str() {
        latency::add_timeout(facts, node.range.clone(), duration::read_in(text, unit), binding);
    }
}

/// Routes of an object, each with a timeout and the host it goes to.
fn routes(list: Option<&Node>, timeout: &[&str], facts: &mut Facts<'_, '_>) {
    for route in list.map(Node::items).unwrap_or_default() {
        if let Some(limit) = route.path(timeout) {
            add(limit, None, destination(route), facts);
        }
    }
}

fn destination(route: &Node) -> Binding {
    let first = |key: &str| route.get(key)?.items().first();
    let host = first("route").and_then(|to| to.str_at(&["destination", "host"]));
    let host = host.or_else(|| first("backendRefs").and_then(|to| to.str_at(&["name"])));
    let name = host.and_then(|host| host.split('.').next()).filter(|name| !name.is_empty());
    name.map_or(Binding::Here, |name| Binding::Names(vec![name.to_owned()]))
}

fn resiliency(object: &Node, facts: &mut Facts<'_, '_>) {
    for (_, limit) in object.path(&["spec", "policies", "timeouts"]).into_iter().flat_map(Node::entries) {
        add(limit, None, Binding::Here, facts);
    }
}

/// `spec.timeout.http.requestTimeout`, `spec.timeout.tcp.connectTimeout`.
fn policy(object: &Node, facts: &mut Facts<'_, '_>) {
    for (_, protocol) in object.path(&["spec", "timeout"]).into_iter().flat_map(Node::entries) {
        for (_, limit) in protocol.entries().filter(|(key, _)| key.ends_with("Timeout")) {
            add(limit, None, Binding::Here, facts);
        }
    }
}

/// What a setting's name must say beside `timeout`: who waits, and for what.
const WAITING: &[&str] = &[
    "read",
    "write",
    "idle",
    "request",
    "response",
    "header",
    "connect",
    "connection",
    "dial",
    "server",
    "client",
    "query",
    "upstream",
    "backend",
    "handler",
    "rpc",
    "grpc",
    "http",
    "remote",
    "call",
    "session",
];

/// Settings of servers and clients. What CI, compose files and health checks wait for says nothing of a service.
fn settings(view: &ConfigView<'_>, object: &Node, facts: &mut Facts<'_, '_>) {
    let elsewhere = object.get("jobs").is_some() || object.get("services").is_some() || object.get("steps").is_some();
    if elsewhere || view.text.path.starts_with(".github/") || object.get("scrape_configs").is_some() {
        return;
    }
    object.walk(&mut |path, node| {
        let Some(key) = path.last() else { return };
        let words = duration::words(key);
        let waits =
            words.iter().any(|word| word == "timeout") && words.iter().any(|word| WAITING.contains(&word.as_str()));
        let checked = path.iter().any(|key| {
            let key = key.to_ascii_lowercase();
            ["probe", "healthcheck", "health_check", "scrape", "properties"].iter().any(|word| key.contains(word))
        });
        // Envoy's routes are read by their own rule.
        if waits && !checked && node.as_str().is_some() && !path.contains(&"route") {
            add(node, Unit::of_name(key), Binding::Here, facts);
        }
    });
}

/// gRPC service configs and Envoy's own configuration have no kind.
fn plain(object: &Node, facts: &mut Facts<'_, '_>) {
    for method in object.get("methodConfig").map(Node::items).unwrap_or_default() {
        if let Some(limit) = method.get("timeout") {
            add(limit, None, Binding::Here, facts);
        }
    }
    if object.get("static_resources").is_none() && object.get("virtual_hosts").is_none() {
        return;
    }
    object.walk(&mut |path, node| {
        if path.ends_with(&["route", "timeout"]) {
            add(node, None, Binding::Here, facts);
        }
    });
}

/// Annotations with the unit of a bare number.
const ANNOTATIONS: &[(&str, Option<Unit>)] = &[
    ("nginx.ingress.kubernetes.io/proxy-read-timeout", Some(Unit::Seconds)),
    ("nginx.ingress.kubernetes.io/proxy-send-timeout", Some(Unit::Seconds)),
    ("haproxy.org/timeout-server", None),
    ("projectcontour.io/response-timeout", None),
    ("timeout.linkerd.io/request", None),
    ("timeout.linkerd.io/response", None),
    ("timeout.linkerd.io/idle", None),
    ("retry.linkerd.io/timeout", None),
    ("nginx.ingress.kubernetes.io/proxy-connect-timeout", Some(Unit::Seconds)),
    ("konghq.com/read-timeout", Some(Unit::Millis)),
];

fn annotations(object: &Node, facts: &mut Facts<'_, '_>) {
    for (key, value) in object.path(&["metadata", "annotations"]).into_iter().flat_map(Node::entries) {
        if let Some((_, unit)) = ANNOTATIONS.iter().find(|(name, _)| *name == key) {
            add(value, *unit, Binding::Here, facts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str) -> Vec<String> {
        latency::test::config(detect, "x.yaml", source).0
    }

    #[test]
    fn each_form_is_a_ceiling() {
        for (source, wanted) in [
            (
                "kind: VirtualService\nspec:\n  http:\n  - timeout: 2s\n    route:\n    - destination: {host: shop.ns.svc}\n",
                "timeout 2000000us [shop] @4",
            ),
            (
                "kind: HTTPRoute\nspec:\n  rules:\n  - timeouts: {request: 10s}\n    backendRefs: [{name: shop}]\n",
                "timeout 10000000us [shop] @4",
            ),
            ("kind: ServiceProfile\nspec:\n  routes:\n  - timeout: 300ms\n", "timeout 300000us [Here] @4"),
            ("kind: Resiliency\nspec:\n  policies:\n    timeouts:\n      fast: 5s\n", "timeout 5000000us [Here] @5"),
            (
                "kind: VirtualService\nspec:\n  http:\n  - retries: {perTryTimeout: 300ms}\n",
                "timeout 300000us [Here] @4",
            ),
            ("kind: HTTPRoute\nspec:\n  rules:\n  - timeouts: {backendRequest: 1s}\n", "timeout 1000000us [Here] @4"),
            ("kind: HTTPProxy\nspec:\n  routes:\n  - timeoutPolicy: {response: 3s}\n", "timeout 3000000us [Here] @4"),
            (
                "kind: BackendTrafficPolicy\nspec:\n  timeout:\n    http: {requestTimeout: 2s}\n",
                "timeout 2000000us [Here] @4",
            ),
            (
                "kind: Service\nmetadata:\n  annotations: {retry.linkerd.io/timeout: 400ms}\n",
                "timeout 400000us [Here] @3",
            ),
            ("server:\n  http_server_read_timeout: 30s\n", "timeout 30000000us [Here] @2"),
            ("client:\n  request_timeout_ms: 250\n", "timeout 250000us [Here] @2"),
            ("methodConfig:\n- timeout: \"0.5s\"\n", "timeout 500000us [Here] @2"),
            ("virtual_hosts:\n- routes:\n  - route: {cluster: a, timeout: 15s}\n", "timeout 15000000us [Here] @3"),
            (
                "kind: Ingress\nmetadata:\n  annotations:\n    nginx.ingress.kubernetes.io/proxy-read-timeout: '60'\n",
                "timeout 60000000us [Here] @4",
            ),
        ] {
            assert_eq!(check(source), [wanted], "{source}");
        }
    }

    #[test]
    fn probes_scrapes_faults_and_off_are_none() {
        for source in [
            "kind: Deployment\nspec: {template: {spec: {containers: [{livenessProbe: {timeoutSeconds: 1}}]}}}\n",
            "scrape_configs: [{scrape_timeout: 10s}]\n",
            "kind: VirtualService\nspec:\n  http:\n  - fault: {delay: {fixedDelay: 7s}} # timeout\n",
            "kind: VirtualService\nspec:\n  http:\n  - timeout: 0s\n",
            "kind: CustomResourceDefinition\nspec: {timeout: 5s}\n",
            "server:\n  request_timeout: 30\n  shutdown_timeout: 5s\n",
            "services: {a: {healthcheck: {read_timeout: 5s}}}\n",
            "jobs: {a: {http_timeout: 5s}}\n",
            "type: object\nproperties: {read_timeout: {default: 5s}}\n",
        ] {
            assert!(check(source).is_empty(), "{source}");
        }
    }
}
