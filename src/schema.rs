//! JSON Schemas of the files that users write, for editors: from the same lists that the readers check against.

use serde_json::{Map, Value, json};

use crate::extract::{MAPPED, is_derived};
use crate::limits::{self, Limit};
use crate::policy::builtin;
use crate::report::Format;
use crate::service::Role;
use crate::signal::{FieldSpec, SIGNALS, TARGETS, TRAITS, ValueType, spec};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

fn object(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "additionalProperties": false, "properties": properties, "required": required })
}

fn texts() -> Value {
    json!({ "oneOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
}

fn text(about: &str) -> Value {
    json!({ "type": "string", "minLength": 1, "description": about })
}

/// A value as TOML writes it: numbers and flags as they are, what has a unit as a string.
fn scalar() -> Value {
    json!({ "type": ["string", "number", "boolean"] })
}

/// The schema of `fitcheck.toml`.
pub fn configuration() -> Value {
    let globs = || texts();
    let mut properties = json!({
        "extends": texts(),
        "include": globs(),
        "exclude": globs(),
        "policies": texts(),
        "extractors": texts(),
        "format": { "enum": Format::ALL.iter().map(|format| format.name).collect::<Vec<_>>() },
        "fail-on": { "enum": ["note", "warning", "error"] },
        "baseline": text("the file that `fitcheck baseline` writes"),
        "history": history(),
        "limits": limits(),
        "policy": settings(),
        "override": {
            "type": "array",
            "items": object(json!({ "paths": globs(), "policy": settings() }), &["paths"]),
        },
        "service": { "type": "array", "items": service() },
        "allow": { "type": "array", "items": allow() },
    });
    if let (Some(all), Value::Object(about)) = (properties.as_object_mut(), about_service()) {
        all.extend(about);
    }
    let mut schema = object(properties, &[]);
    schema["$schema"] = json!(DIALECT);
    schema["title"] = json!("fitcheck.toml");
    schema
}

fn history() -> Value {
    let keys = json!({
        "window-days": { "type": "integer", "minimum": 7, "maximum": 36500, "description": "length of the window" },
        "bots": texts(),
        "bulk-files": {
            "type": "integer", "minimum": 1, "maximum": 1_000_000,
            "description": "files of services in one commit above which it is an import and counts for nobody"
        },
    });
    object(keys, &[])
}

/// Counts as numbers, sizes and times with their unit.
fn limits() -> Value {
    let limit = |limit: &Limit| {
        let value = match limit.value {
            ValueType::Number => {
                json!({ "type": "integer", "minimum": limit.least, "maximum": limit.most, "description": limit.about })
            }
            _ => text(limit.about),
        };
        (limit.name.to_owned(), value)
    };
    object(Value::Object(limits::ALL.iter().map(limit).collect()), &[])
}

/// Levels and parameters; a policy of the user's own is known by its name alone.
fn settings() -> Value {
    let level = || json!({ "enum": ["off", "note", "warning", "error", "default"] });
    let mut policies = Map::new();
    for policy in builtin::shipped().policies {
        let mut keys = Map::from_iter([("level".to_owned(), level())]);
        keys.extend(policy.parameters.iter().map(|parameter| {
            let mut value = scalar();
            value["description"] = json!(parameter.about);
            (parameter.name.clone(), value)
        }));
        policies.insert(policy.id.clone(), object(Value::Object(keys), &[]));
    }
    json!({ "type": "object", "properties": policies, "additionalProperties": { "type": "object" } })
}

fn service() -> Value {
    let mut properties = json!({
        "path": text("its directory, or a glob"),
        "service": text("its name, where no path is given"),
        "language": { "enum": ["go", "rust"], "description": "adds a service that nothing shows" },
    });
    if let (Some(all), Value::Object(about)) = (properties.as_object_mut(), about_service()) {
        all.extend(about);
    }
    let mut schema = object(properties, &[]);
    schema["anyOf"] = json!([{ "required": ["path"] }, { "required": ["service"] }]);
    schema
}

fn about_service() -> Value {
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
    json!({
        "name": text("what it is called"),
        "role": { "enum": roles },
        "owner": text("the team that owns it"),
        "ignore": text("why it is not judged"),
        "facts": facts(),
    })
}

fn facts() -> Value {
    let fields = spec("declared").map_or(&[][..], |spec| spec.fields);
    let mut properties: Map<String, Value> =
        fields.iter().map(|field| (field.name.to_owned(), field_value(field))).collect();
    let budget =
        object(json!({ "limit": { "type": "string" }, "percentile": { "type": ["string", "number"] } }), &["limit"]);
    let one = json!({ "oneOf": [{ "type": "string" }, budget] });
    let several = json!({ "oneOf": [{ "type": "string" }, budget, { "type": "array", "items": one }] });
    properties.insert("latency".to_owned(), several);
    properties.insert("artifact-budget".to_owned(), json!({ "type": "string" }));
    properties.insert("replicas".to_owned(), json!({ "type": "number", "minimum": 0 }));
    for (key, words) in [("traits", TRAITS), ("deploy", TARGETS)] {
        let one = || json!({ "enum": words });
        properties.insert(key.to_owned(), json!({ "oneOf": [one(), { "type": "array", "items": one() }] }));
    }
    object(Value::Object(properties), &[])
}

fn field_value(field: &FieldSpec) -> Value {
    let mut value = match field.value {
        ValueType::Number => json!({ "type": "number" }),
        ValueType::Flag => json!({ "type": "boolean" }),
        ValueType::Word if !field.words.is_empty() => json!({ "enum": field.words }),
        _ => json!({ "type": "string" }),
    };
    value["description"] = json!(field.about);
    value
}

fn allow() -> Value {
    let properties = json!({
        "policy": text("the policy whose finding is accepted"),
        "service": text("name or directory of the service"),
        "path": text("glob of directories"),
        "reason": text("why"),
        "owner": text("the team that decided"),
        "until": { "description": "last day on which it holds: a date of TOML, or a string" },
        "adr": text("address of the decision record"),
        "evidence": text("fingerprint of the finding it was granted on"),
    });
    object(properties, &["policy", "reason", "owner"])
}

/// The schema of a policy file.
pub fn policy() -> Value {
    let cite = object(
        json!({ "document": text("number"), "leans": { "enum": ["rust", "go", "tie"] }, "at": text("place in it") }),
        &["document", "leans", "at"],
    );
    let parameter = object(
        json!({ "default": scalar(), "about": text("what it is"), "document": text("where it is from"), "min": scalar(), "max": scalar() }),
        &["default", "about"],
    );
    let lowers = object(
        json!({ "policies": texts(), "by": { "type": "number" }, "questions-only": { "type": "boolean" } }),
        &["policies"],
    );
    let properties = json!({
        "id": { "type": "string", "pattern": "^[a-z][a-z0-9-]*$" },
        "title": text("one line"),
        "scope": { "enum": ["service", "repository"] },
        "favors": { "enum": ["rust", "go", "contested", "context"] },
        "strength": { "enum": ["decisive", "strong", "weak"] },
        "statement": text("what it says"),
        "why": text("the argument"),
        "fix": text("what to do"),
        "message": text("the finding; {service}, {signal.field} and {parameter} are filled in"),
        "cites": { "type": "array", "minItems": 1, "items": cite },
        "parameters": { "type": "object", "additionalProperties": parameter },
        "when": { "$ref": "#/$defs/group" },
        "lowers": lowers,
        "remedy": { "enum": ["own", "split"] },
        "shapes": { "enum": ["upgrade", "split", "cost"] },
    });
    let required = ["id", "title", "favors", "strength", "statement", "why", "fix", "message", "cites", "when"];
    let mut schema = object(properties, &required);
    schema["$schema"] = json!(DIALECT);
    schema["title"] = json!("a policy of fitcheck");
    let list = || json!({ "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/condition" } });
    let mut group = object(json!({ "all": list(), "any": list(), "none": list() }), &[]);
    group["minProperties"] = json!(1);
    let tests: Vec<Value> = SIGNALS.iter().map(|signal| test(signal.name, signal.fields)).collect();
    schema["$defs"] = json!({
        "group": group,
        "condition": { "oneOf": [{ "$ref": "#/$defs/group" }, { "$ref": "#/$defs/test" }] },
        "test": { "oneOf": tests },
    });
    schema
}

/// The schema of an extractor's file.
pub fn extractor() -> Value {
    let from =
        || object(json!({ "from": text("what part of a find"), "unit": text("what a bare number counts") }), &["from"]);
    let facts: Vec<Value> = MAPPED
        .iter()
        .filter_map(|(name, required)| {
            let fields = spec(name)?.fields.iter().filter(|field| !is_derived(name, field.name));
            let field = |field: &FieldSpec| {
                let found = json!({ "oneOf": [field_value(field), from()] });
                (field.name.to_owned(), found)
            };
            let mut properties: Map<String, Value> = fields.map(field).collect();
            properties.insert("signal".to_owned(), json!({ "const": name }));
            let required: Vec<&str> = ["signal"].into_iter().chain(required.iter().copied()).collect();
            Some(object(Value::Object(properties), &required))
        })
        .collect();
    let properties = json!({
        "id": { "type": "string", "pattern": "^[a-z][a-z0-9-]*$" },
        "about": text("what convention it reads"),
        "files": texts(),
        "jsonpath": text("RFC 9535, over YAML, JSON and TOML"),
        "regex": text("a pattern over each line, with named groups"),
        "go-query": text("a tree-sitter query over Go, with captures"),
        "of": { "oneOf": [
            { "enum": ["place", "repository"] },
            object(json!({ "from": text("what part names the service") }), &["from"]),
        ] },
        "fact": { "oneOf": facts },
    });
    let mut schema = object(properties, &["id", "about", "files", "fact"]);
    schema["$schema"] = json!(DIALECT);
    schema["title"] = json!("an extractor of fitcheck");
    schema["oneOf"] = json!([{ "required": ["jsonpath"] }, { "required": ["regex"] }, { "required": ["go-query"] }]);
    schema
}

fn test(name: &str, fields: &[FieldSpec]) -> Value {
    let mut properties = Map::from_iter([
        ("signal".to_owned(), json!({ "const": name })),
        ("at-least".to_owned(), json!({ "type": ["integer", "string"] })),
        ("distinct".to_owned(), json!({ "enum": fields.iter().map(|field| field.name).collect::<Vec<_>>() })),
        ("label".to_owned(), json!({ "type": "string" })),
    ]);
    properties.extend(fields.iter().map(|field| {
        let about = json!({
            "description": field.about,
            "oneOf": [scalar(), { "type": "array", "items": scalar() }],
        });
        (field.name.to_owned(), about)
    }));
    object(Value::Object(properties), &["signal"])
}
