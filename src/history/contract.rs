//! Whether a change to a contract file breaks those who speak it, as far as its format lets the text tell.
//!
//! In: a contract file before and after. Out: [`Effect`]. A file is read into a [`Shape`]: what it says (each field,
//! value, method with its type) and what it demands (what others must send). A change breaks where something said is
//! gone or is another, or where something is demanded that was not. What it counts is what tools for each format call
//! breaking: `buf breaking` (category FILE) for protobuf, `findBreakingChanges` of graphql-js, oasdiff for OpenAPI;
//! Avro's rules of schema resolution, and the same idea for JSON Schema and Kubernetes definitions. It looks, it does
//! not prove: comments, order, names of files and documentation never break, and what a format cannot tell (Thrift, WIT,
//! Cap'n Proto …) is [`Effect::Untold`].

mod apart;
mod graphql;
mod lexis;
mod proto;
mod schema;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::parse::config;
use crate::parse::{Kind, tree::Node};
use crate::source::Text;

/// What a change does to those who speak the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Effect {
    Adds,
    Breaks,
    /// The format, or a text that cannot be read, does not tell.
    Untold,
}

/// What a contract says and demands, by names that stay where lines move.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Shape {
    says: BTreeMap<String, Says>,
    /// What others have to send → the thing that it is demanded for.
    demands: BTreeMap<String, String>,
}

/// One thing that is said.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Says {
    what: String,
    /// Which other text may stand in its place without breaking anybody.
    may: May,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum May {
    Stay,
    /// What is answered may promise more: `T` → `T!`.
    Promise,
    /// What is asked for may demand less: `T!` → `T`.
    Relax,
}

impl Shape {
    fn says(&mut self, name: impl Into<String>, what: impl Into<String>) {
        self.says_may(name, what, May::Stay);
    }

    fn says_may(&mut self, name: impl Into<String>, what: impl Into<String>, may: May) {
        self.says.insert(name.into(), Says { what: what.into(), may });
    }

    fn demands(&mut self, what: impl Into<String>, of: impl Into<String>) {
        self.demands.insert(what.into(), of.into());
    }

    fn breaks(&self, after: &Shape) -> bool {
        let lost = self.says.iter().any(|(name, old)| after.says.get(name).is_none_or(|new| !old.lets(new)));
        let asked =
            after.demands.iter().any(|(what, of)| !self.demands.contains_key(what) && self.says.contains_key(of));
        lost || asked
    }
}

impl Says {
    fn lets(&self, new: &Says) -> bool {
        self.what == new.what
            || match self.may {
                May::Stay => false,
                May::Promise => new.what.strip_suffix('!') == Some(&self.what),
                May::Relax => self.what.strip_suffix('!') == Some(&new.what),
            }
    }
}

/// One version of a contract file, as far as it could be read.
#[derive(Debug)]
pub(super) struct Version(Option<Shape>);

impl Version {
    pub(super) fn read(path: &str, text: &str) -> Version {
        Version(shape(path, text))
    }

    /// What the change from this version to another one does.
    pub(super) fn becomes(&self, after: &Version) -> Effect {
        match (&self.0, &after.0) {
            (Some(before), Some(after)) if before.breaks(after) => Effect::Breaks,
            (Some(_), Some(_)) => Effect::Adds,
            _ => Effect::Untold,
        }
    }
}

/// What the change from one text to another one does, where less than all of both shows it.
pub(super) fn change(path: &str, before: &str, after: &str) -> Option<Effect> {
    let (before, after) = (Kind::of(path) == Some(Kind::Proto)).then(|| apart::apart(before, after)).flatten()?;
    Some(Version::read(path, before).becomes(&Version::read(path, after)))
}

/// Whether the text of such a file tells at all.
pub(super) fn is_told(path: &str) -> bool {
    matches!(Kind::of(path), Some(Kind::Proto | Kind::GraphQl | Kind::Yaml | Kind::Json)) || path.ends_with(".avsc")
}

fn shape(path: &str, text: &str) -> Option<Shape> {
    match Kind::of(path) {
        Some(Kind::Proto) => proto::shape(text),
        Some(Kind::GraphQl) => graphql::shape(text),
        Some(kind @ (Kind::Yaml | Kind::Json)) => documents(kind, path, text),
        _ if path.ends_with(".avsc") => documents(Kind::Json, path, text),
        _ => None,
    }
}

fn documents(kind: Kind, path: &str, text: &str) -> Option<Shape> {
    let text = Text::new(path, text);
    let (view, _) = config::view(kind, &text)?;
    if view.broken || view.templated {
        return None;
    }
    let mut shape = Shape::default();
    let told = view.documents.iter().filter(|document| document_shape(path, document, &mut shape)).count();
    (told > 0).then_some(shape)
}

fn document_shape(path: &str, document: &Node, shape: &mut Shape) -> bool {
    if path.ends_with(".avsc") {
        schema::avro(document, shape);
    } else if document.get("paths").is_some() {
        schema::openapi(document, shape);
    } else if document.str_at(&["kind"]) == Some("CustomResourceDefinition") {
        schema::definition(document, shape);
    } else if document.get("$schema").is_some() || document.get("properties").is_some() {
        schema::json_schema(document, shape);
    } else {
        return false;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(path: &str, before: &str, after: &str) -> Effect {
        Version::read(path, before).becomes(&Version::read(path, after))
    }

    /// Each case: a path, the text before, what is replaced in it and by what, and whether that breaks.
    fn check(path: &str, text: &str, cases: &[(&str, &str, Effect)]) {
        for (from, to, expected) in cases {
            assert!(text.contains(from), "{from} is not in the text");
            assert_eq!(effect(path, text, &text.replacen(from, to, 1)), *expected, "{from:?} → {to:?}");
        }
        assert_eq!(effect(path, text, text), Effect::Adds);
        assert_eq!(effect(path, text, &text.replace('\n', "\r\n")), Effect::Adds);
    }
    use Effect::{Adds, Breaks, Untold};

    #[test]
    fn protobuf() {
        let text = "syntax = \"proto3\";\npackage shop.v1;\n// A. { }\nmessage Order {\n  string id = 1;\n  repeated Line lines = 2 [deprecated = true];\n  map<string, int64> tags = 3;\n  oneof how {\n    string card = 4;\n  }\n  message Line { int32 n = 1; }\n}\nenum State {\n  NEW = 0;\n  PAID = 1;\n}\nservice Shop {\n  rpc Buy(Order) returns (stream Order) {\n    option (google.api.http) = { post: \"/v1/buy\" };\n  }\n}\n";
        check(
            "a.proto",
            text,
            &[
                ("string id = 1;", "string id = 1;\n  string note = 9;", Adds),
                ("// A. { }", "/* a message M { } */ // other", Adds),
                ("  PAID = 1;", "  PAID = 1;\n  SENT = 2;", Adds),
                (
                    "  oneof how {\n    string card = 4;\n  }\n",
                    "  oneof how {\n    string card = 4;\n    string cash = 5;\n  }\n",
                    Adds,
                ),
                (
                    "service Shop {",
                    "message New { string x = 1; }\nservice Shop {\n  rpc Sell(Order) returns (Order);",
                    Adds,
                ),
                (" [deprecated = true]", "", Adds),
                ("string id = 1;\n", "", Breaks),
                ("string id = 1;\n", "reserved 1;\n", Breaks),
                ("string id = 1", "string id = 7", Breaks),
                ("string id = 1", "bytes id = 1", Breaks),
                ("string id = 1", "string key = 1", Breaks),
                ("repeated Line", "Line", Breaks),
                ("map<string, int64>", "map<string, int32>", Breaks),
                ("  PAID = 1;\n", "", Breaks),
                ("int32 n = 1;", "", Breaks),
                ("returns (stream Order)", "returns (Order)", Breaks),
                ("rpc Buy(Order)", "rpc Buy(State)", Breaks),
                ("package shop.v1;", "package shop.v2;", Breaks),
                ("    option (google.api.http) = { post: \"/v1/buy\" };\n", "", Adds),
            ],
        );
        let old = "syntax = \"proto2\";\nmessage A { optional string a = 1; }\n";
        assert_eq!(effect("a.proto", old, &old.replace("a = 1;", "a = 1; required int32 b = 2;")), Breaks);
        assert_eq!(effect("a.proto", old, "\0 { { {"), Untold);
    }

    #[test]
    fn graphql() {
        let text = "\"\"\"Doc { }\"\"\"\ntype Query {\n  order(id: ID!, limit: Int = 5): Order\n  all: [Order!]!\n}\ntype Order implements Node & Named @key(fields: \"id\") {\n  id: ID!\n  note: String # why\n}\ninput NewOrder {\n  name: String!\n  note: String\n}\nenum State { NEW PAID }\nunion Thing = Order | Other\nscalar Date\nextend type Query { more: Int }\n";
        check(
            "a.graphql",
            text,
            &[
                ("  note: String # why", "  note: String\n  other: Int", Adds),
                ("note: String # why", "note: String!", Adds),
                ("order(id: ID!,", "order(id: ID,", Adds),
                ("order(id: ID!,", "order(first: Int, id: ID!,", Adds),
                ("  name: String!", "  name: String", Adds),
                ("NEW PAID", "NEW PAID SENT", Adds),
                ("  note: String\n}\nenum", "  note: String\n  more: Int! = 4\n}\nenum", Adds),
                ("order(id: ID!,", "order(first: Int!, id: ID!,", Breaks),
                ("  note: String\n}\nenum", "  note: String\n  more: Int!\n}\nenum", Breaks),
                ("  id: ID!\n", "", Breaks),
                ("  id: ID!\n", "  id: ID\n", Breaks),
                ("  note: String\n}\nenum", "  note: String!\n}\nenum", Breaks),
                ("NEW PAID", "NEW", Breaks),
                ("Order | Other", "Order", Breaks),
                ("scalar Date\n", "", Breaks),
                (", limit: Int = 5", "", Breaks),
                ("extend type Query { more: Int }", "", Breaks),
            ],
        );
    }

    #[test]
    fn openapi() {
        let text = "openapi: 3.0.1\ninfo: {title: a, version: '1'}\npaths:\n  /orders:\n    get:\n      parameters:\n        - {name: limit, in: query, schema: {type: integer}}\n      responses: {'200': {description: ok}, '404': {description: none}}\n    post:\n      requestBody: {required: false, content: {}}\n      responses: {'201': {description: made}}\ncomponents:\n  schemas:\n    Order:\n      type: object\n      required: [id]\n      properties:\n        id: {type: string}\n        state: {type: string, enum: [new, paid]}\n        lines: {type: array, items: {type: integer}}\n";
        let cases: &[(&str, &str, Effect)] = &[
            ("title: a", "title: b", Adds),
            ("    post:", "    put: {responses: {}}\n    post:", Adds),
            (
                "        id: {type: string}",
                "        id: {type: string, description: x}\n        note: {type: string}",
                Adds,
            ),
            ("        - {name: limit", "        - {name: page, in: query}\n        - {name: limit", Adds),
            (
                "        - {name: limit",
                "        - {name: page, in: query, required: true}\n        - {name: limit",
                Breaks,
            ),
            ("in: query, schema", "in: query, required: true, schema", Breaks),
            ("{required: false", "{required: true", Breaks),
            ("  /orders:", "  /order:", Breaks),
            ("'200'", "'204'", Breaks),
            ("'404'", "'410'", Adds),
            ("required: [id]", "required: [id, state]", Breaks),
            ("id: {type: string}", "id: {type: integer}", Breaks),
            ("        state: {type: string, enum: [new, paid]}\n", "", Breaks),
            ("[new, paid]", "[new]", Breaks),
            ("[new, paid]", "[new, paid, sent]", Adds),
            ("items: {type: integer}", "items: {type: string}", Breaks),
        ];
        check("a.yaml", text, cases);
        assert_eq!(effect("a.yaml", text, "{{ broken: ["), Untold);
    }

    #[test]
    fn schemas_definitions_and_avro() {
        let text = "{\"$schema\": \"http://json-schema.org/draft-07/schema#\", \"type\": \"object\", \"required\": [\"a\"],\n \"properties\": {\"a\": {\"type\": \"string\"}, \"b\": {\"$ref\": \"#/definitions/b\"}}, \"definitions\": {\"b\": {\"type\": \"integer\"}}}";
        check(
            "events/a.json",
            text,
            &[
                ("\"a\": {\"type\": \"string\"}", "\"a\": {\"type\": \"string\"}, \"c\": {}", Adds),
                ("[\"a\"]", "[]", Adds),
                ("[\"a\"]", "[\"a\", \"b\"]", Breaks),
                ("\"type\": \"integer\"", "\"type\": \"string\"", Breaks),
                (", \"b\": {\"$ref\": \"#/definitions/b\"}", "", Breaks),
            ],
        );
        let crd = "kind: CustomResourceDefinition\nspec:\n  group: a.io\n  scope: Namespaced\n  names: {kind: A}\n  versions:\n  - name: v1\n    served: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        properties:\n          spec: {type: object, properties: {size: {type: integer}}}\n  - name: v1beta1\n    served: true\n";
        check(
            "crd.yaml",
            crd,
            &[
                ("{size: {type: integer}}", "{size: {type: integer}, color: {type: string}}", Adds),
                ("{size: {type: integer}}", "{}", Breaks),
                ("{type: object, properties", "{type: object, required: [size], properties", Breaks),
                ("  - name: v1beta1\n    served: true\n", "", Breaks),
                ("scope: Namespaced", "scope: Cluster", Breaks),
            ],
        );
        let avro = "{\"type\": \"record\", \"name\": \"A\", \"fields\": [{\"name\": \"a\", \"type\": \"string\"}, {\"name\": \"b\", \"type\": [\"null\", \"long\"], \"default\": null}]}";
        check(
            "a.avsc",
            avro,
            &[
                ("\"type\": \"string\"}", "\"type\": \"string\", \"doc\": \"x\"}", Adds),
                ("[{\"name\": \"a\"", "[{\"name\": \"c\", \"type\": \"int\", \"default\": 0}, {\"name\": \"a\"", Adds),
                ("[{\"name\": \"a\"", "[{\"name\": \"c\", \"type\": \"int\"}, {\"name\": \"a\"", Breaks),
                ("\"type\": \"string\"", "\"type\": \"bytes\"", Breaks),
                ("\"name\": \"b\"", "\"name\": \"d\"", Breaks),
            ],
        );
    }

    #[test]
    fn other_formats_and_garbage_tell_nothing() {
        assert_eq!(effect("a.thrift", "struct A {}", "struct B {}"), Untold);
        for text in ["", "{", "}", "\"", "message", "message A {", "a: [", "type A {", "\u{0}"] {
            for path in ["a.proto", "a.graphql", "a.yaml", "a.json", "a.avsc"] {
                effect(path, text, text);
            }
        }
        let deep = "message A {".repeat(100_000);
        assert_eq!(effect("a.proto", &deep, &deep), Untold);
    }
}
