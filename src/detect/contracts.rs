//! Schemas that a service shares with others.
//!
//! *Looks for*: protobuf, GraphQL schemas, Thrift, WIT, UDL, Smithy, Cap'n Proto, FlatBuffers by their files; OpenAPI
//! (`openapi` or `swagger` with `paths`), Kubernetes definitions, Avro and JSON Schema of messages by their content.
//! *Emits*: [`FactKind::Contract`], one a file, for the services that build in what is generated from it: the Go package
//! that protobuf's `go_package` names, or the crate around the file; else for the services at or near it.
//! *Misses*: copies of common schemas by package (Google, WASI, OpenTelemetry …) and schemas of settings, on purpose.
//! *Example*: `service Shop { rpc Buy … }` in `shop.proto`.

use super::Facts;
use crate::fact::{Binding, FactKind};
use crate::parse::config::ConfigView;
use crate::parse::tree::Node;
use crate::source::Text;

/// Packages whose schemas are copied into many repositories.
const COMMON: &[&str] = &[
    "google.",
    "gogoproto",
    "validate",
    "buf.validate",
    "grpc.gateway",
    "grpc.health",
    "grpc.reflection",
    "k8s.io",
    "opentelemetry.proto",
    "envoy.",
    "xds.",
    "udpa.",
    "io.prometheus",
    "prometheus",
    "openapi.v",
    "jaeger.",
    "zipkin.",
    "cosmos_proto",
    "amino",
    "wasi:",
    "wasi.",
];

pub(super) fn detect_text(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    let extension = text.path.rsplit('.').next().unwrap_or("");
    let (format, words): (&str, &[&str]) = match extension {
        "proto" => ("proto", &["service ", "message ", "enum "]),
        "graphql" | "graphqls" | "gql" => {
            ("graphql", &["type ", "schema ", "schema{", "interface ", "input ", "extend type ", "union "])
        }
        "thrift" => ("thrift", &["service ", "struct ", "exception ", "union "]),
        "wit" => ("wit", &["interface ", "world "]),
        "udl" => ("udl", &["namespace ", "interface ", "dictionary "]),
        "smithy" => ("smithy", &["service ", "operation ", "structure "]),
        "capnp" => ("capnp", &["interface ", "struct "]),
        "fbs" => ("flatbuffers", &["table ", "struct ", "rpc_service "]),
        _ => return,
    };
    let mut at = 0;
    let mut first = None;
    let mut package = None;
    for line in text.text.split_inclusive('\n') {
        let body = line.trim_start();
        let start = at + line.len() - body.len();
        at += line.len();
        if body.strip_prefix("package ").is_some_and(|name| COMMON.iter().any(|common| name.starts_with(common))) {
            return;
        }
        if let Some(rest) = body.strip_prefix("option go_package").filter(|_| format == "proto") {
            let path = rest.split(['"', '\'']).nth(1).and_then(|path| path.split(';').next());
            package = path.filter(|path| path.contains('/')).map(str::to_owned);
        }
        if words.iter().any(|word| body.starts_with(word)) {
            // A service says more than the messages it carries.
            let service = body.starts_with("service ");
            if first.is_none() || (service && !first.as_ref().is_some_and(|(_, service)| *service)) {
                first = Some((start..start + body.trim_end().len(), service));
            }
        }
    }
    if let Some((range, _)) = first {
        let kind = FactKind::Contract { format: format.to_owned() };
        facts.add_bound(range, kind, Binding::Contract(package));
    }
}

pub(super) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    for object in &view.documents {
        if object.str_at(&["kind"]) == Some("CustomResourceDefinition") && object.get("spec").is_some() {
            add_key(object, "kind", "crd", facts);
            continue;
        }
        for key in ["openapi", "swagger"] {
            let version = object.str_at(&[key]).is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit()));
            if version && object.get("paths").is_some_and(|paths| !paths.pairs().is_empty()) {
                add_key(object, key, "openapi", facts);
            }
        }
        if view.text.path.ends_with(".avsc") && object.get("type").is_some() {
            add_key(object, "type", "avro", facts);
        }
        let schema = object.str_at(&["$schema"]).is_some_and(|schema| schema.contains("json-schema.org"));
        if schema && is_message_path(view.text.path) {
            add_key(object, "$schema", "json-schema", facts);
        }
    }
}

/// Schemas of messages lie in folders that say so; others describe settings.
fn is_message_path(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "events" | "event" | "messages" | "contracts" | "contract" | "asyncapi"))
}

fn add_key(object: &Node, key: &str, format: &str, facts: &mut Facts<'_, '_>) {
    let pair = object.pairs().iter().find(|(name, _)| name.as_str() == Some(key));
    if let Some((name, value)) = pair {
        add(name.range.start..value.range.end.max(name.range.end), format, facts);
    }
}

fn add(range: std::ops::Range<usize>, format: &str, facts: &mut Facts<'_, '_>) {
    facts.add_bound(range, FactKind::Contract { format: format.to_owned() }, Binding::Contract(None));
}

#[cfg(test)]
mod tests {
    use super::super::latency::test;
    use super::*;

    #[test]
    fn schemas_by_file() {
        for (path, source, wanted) in [
            (
                "a.proto",
                "syntax = \"proto3\";\npackage shop.v1;\nmessage A {}\nservice Shop {\n}\n",
                "\"proto\" } [Contract(None)] @4",
            ),
            ("a.graphql", "type Query {\n a: Int\n}\n", "\"graphql\" } [Contract(None)] @1"),
            ("a.thrift", "struct A {}\n", "\"thrift\" } [Contract(None)] @1"),
            ("a.wit", "package shop:api;\ninterface x {}\n", "\"wit\" } [Contract(None)] @2"),
            ("a.udl", "namespace core {};\n", "\"udl\" } [Contract(None)] @1"),
        ] {
            assert_eq!(test::text(detect_text, path, source), [format!("Contract {{ format: {wanted}")], "{path}");
        }
    }

    #[test]
    fn schemas_by_content() {
        for (path, source, wanted) in [
            ("a.yaml", "openapi: 3.0.1\npaths:\n  /a: {}\n", "openapi"),
            ("a.json", "{\"swagger\": \"2.0\", \"paths\": {\"/a\": {}}}", "openapi"),
            ("crd.yaml", "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {}\n", "crd"),
            ("a.avsc", "{\"type\": \"record\", \"name\": \"A\"}", "avro"),
            ("events/a.json", "{\"$schema\": \"http://json-schema.org/draft-07/schema#\"}", "json-schema"),
        ] {
            let found = test::config(detect, path, source).0;
            assert!(found.len() == 1 && found[0].contains(wanted), "{path}: {found:?}");
        }
    }

    #[test]
    fn catalogues_copies_queries_and_settings_are_none() {
        assert!(test::config(detect, "cortex.yaml", "openapi: 3.0.1\ninfo:\n  x-cortex-tag: a\n").0.is_empty());
        let settings = "{\"$schema\": \"http://json-schema.org/draft-07/schema#\"}";
        assert!(test::config(detect, "settings.schema.json", settings).0.is_empty());
        for (path, source) in [
            ("api/http.proto", "package google.api;\nmessage Http {}\n"),
            ("deps/io.wit", "package wasi:io@0.2.0;\ninterface poll {}\n"),
            ("q.graphql", "query A {\n b\n}\n"),
        ] {
            assert!(test::text(detect_text, path, source).is_empty(), "{path}");
        }
    }
}
