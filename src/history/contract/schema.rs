//! OpenAPI, JSON Schema, Kubernetes definitions and Avro: trees of named properties.

use super::Shape;
use crate::parse::tree::Node;

/// Schemas within schemas beyond this are nobody's; aliases may point into what holds them.
const DEPTH: usize = 32;
/// Things said by one file: far more than any contract has, and an end for aliases of aliases.
const MOST: usize = 50_000;

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

pub(super) fn openapi(document: &Node, shape: &mut Shape) {
    for (path, item) in pairs(document.get("paths")) {
        for method in METHODS {
            let Some(operation) = item.get(method) else { continue };
            let name = format!("{method} {path}");
            shape.says(&name, "");
            let shared = item.get("parameters").map_or(&[][..], Node::items);
            let own = operation.get("parameters").map_or(&[][..], Node::items);
            for parameter in shared.iter().chain(own) {
                self::parameter(document, parameter, &name, shape);
            }
            if operation.path(&["requestBody", "required"]).and_then(Node::as_bool) == Some(true) {
                shape.demands(format!("{name} body"), &name);
            }
            for (status, _) in pairs(operation.get("responses")).filter(|(status, _)| status.starts_with('2')) {
                shape.says(format!("{name} {status}"), "");
            }
        }
    }
    let places = [document.path(&["components", "schemas"]), document.get("definitions")];
    for (name, schema) in places.into_iter().flat_map(pairs) {
        self::schema(schema, &format!("schema {name}"), 0, shape);
    }
}

fn parameter(document: &Node, parameter: &Node, of: &str, shape: &mut Shape) {
    let referred = parameter.str_at(&["$ref"]).and_then(|at| {
        let keys: Vec<&str> = at.strip_prefix("#/")?.split('/').collect();
        document.path(&keys)
    });
    let parameter = referred.unwrap_or(parameter);
    let Some(name) = parameter.str_at(&["name"]) else { return };
    let key = format!("{of} {} {name}", parameter.str_at(&["in"]).unwrap_or(""));
    if parameter.get("required").and_then(Node::as_bool) == Some(true) {
        shape.demands(&key, of);
    }
    let typed = parameter.str_at(&["schema", "type"]).or_else(|| parameter.str_at(&["type"])).unwrap_or("");
    shape.says(key, typed);
}

pub(super) fn json_schema(document: &Node, shape: &mut Shape) {
    schema(document, "", 0, shape);
    for place in ["definitions", "$defs"] {
        for (name, inner) in pairs(document.get(place)) {
            schema(inner, &format!("{place} {name}"), 0, shape);
        }
    }
}

pub(super) fn definition(document: &Node, shape: &mut Shape) {
    let spec = |keys: &[&str]| document.get("spec").and_then(|spec| spec.str_at(keys)).unwrap_or("").to_owned();
    let kind = format!("{}/{}", spec(&["group"]), spec(&["names", "kind"]));
    shape.says(&kind, spec(&["scope"]));
    for version in document.path(&["spec", "versions"]).map_or(&[][..], Node::items) {
        let Some(name) = version.str_at(&["name"]) else { continue };
        let name = format!("{kind} {name}");
        shape.says(&name, version.str_at(&["served"]).unwrap_or(""));
        if let Some(own) = version.path(&["schema", "openAPIV3Schema"]) {
            schema(own, &name, 0, shape);
        }
    }
}

/// A schema's type, its properties and what it demands, all the way down.
fn schema(node: &Node, name: &str, depth: usize, shape: &mut Shape) {
    if depth > DEPTH || shape.says.len() > MOST {
        return;
    }
    let typed: Vec<&str> = match node.get("type") {
        Some(typed) if typed.as_str().is_some() => typed.as_str().into_iter().collect(),
        Some(several) => several.items().iter().filter_map(Node::as_str).collect(),
        None => node.str_at(&["$ref"]).into_iter().collect(),
    };
    shape.says(format!("{name}:"), typed.join("|"));
    for value in node.get("enum").map_or(&[][..], Node::items).iter().filter_map(Node::as_str) {
        shape.says(format!("{name}={value}"), "");
    }
    for required in node.get("required").map_or(&[][..], Node::items).iter().filter_map(Node::as_str) {
        shape.demands(format!("{name}.{required}"), format!("{name}:"));
    }
    for (property, inner) in pairs(node.get("properties")) {
        schema(inner, &format!("{name}.{property}"), depth + 1, shape);
    }
    if let Some(items) = node.get("items") {
        schema(items, &format!("{name}[]"), depth + 1, shape);
    }
    for part in ["allOf", "oneOf", "anyOf"] {
        for (number, inner) in node.get(part).map_or(&[][..], Node::items).iter().enumerate() {
            schema(inner, &format!("{name} {part} {number}"), depth + 1, shape);
        }
    }
}

pub(super) fn avro(node: &Node, shape: &mut Shape) {
    record(node, "", 0, shape);
}

fn record(node: &Node, within: &str, depth: usize, shape: &mut Shape) {
    if depth > DEPTH || shape.says.len() > MOST {
        return;
    }
    for inner in node.items() {
        record(inner, within, depth + 1, shape);
    }
    let name = node.str_at(&["name"]).map_or_else(|| within.to_owned(), |name| format!("{within}/{name}"));
    if let Some(kind) = node.str_at(&["type"]).filter(|_| node.get("name").is_some()) {
        shape.says(&name, kind);
    }
    for symbol in node.get("symbols").map_or(&[][..], Node::items).iter().filter_map(Node::as_str) {
        shape.says(format!("{name}={symbol}"), "");
    }
    for field in node.get("fields").map_or(&[][..], Node::items) {
        let (Some(own), Some(kind)) = (field.str_at(&["name"]), field.get("type")) else { continue };
        let key = format!("{name}.{own}");
        if field.get("default").is_none() {
            shape.demands(&key, &name);
        }
        shape.says(&key, avro_type(kind, 0));
        record(kind, &key, depth + 1, shape);
    }
    for place in ["items", "values"] {
        if let Some(inner) = node.get(place) {
            record(inner, &format!("{name}[]"), depth + 1, shape);
        }
    }
}

/// A type as one word: a name, a union, or the kind of what is defined in place.
fn avro_type(node: &Node, depth: usize) -> String {
    if let Some(name) = node.as_str() {
        return name.to_owned();
    }
    if depth > DEPTH {
        return String::new();
    }
    if !node.items().is_empty() {
        let parts: Vec<String> = node.items().iter().map(|part| avro_type(part, depth + 1)).collect();
        return parts.join("|");
    }
    let inner = node.get("items").or_else(|| node.get("values")).map(|inner| avro_type(inner, depth + 1));
    format!("{} {}", node.str_at(&["type"]).unwrap_or(""), inner.unwrap_or_default())
}

fn pairs(node: Option<&Node>) -> impl Iterator<Item = (&str, &Node)> {
    let all = node.map_or(&[][..], Node::pairs);
    all.iter().filter_map(|(name, value)| Some((name.as_str()?, value)))
}
