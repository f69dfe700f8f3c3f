//! TOML to a [`Node`], keeping the good keys of a broken file.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::tree::{Node, Value};

/// Reads a TOML file: its tree, and the place and reason of each error.
pub fn parse(text: &str) -> (Node, Vec<(Range<usize>, String)>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let errors = errors.iter().map(|error| (error.span().unwrap_or(0..0), error.message().to_owned())).collect();
    (Node::new(0..text.len(), map(table.get_ref())), errors)
}

fn map(table: &DeTable<'_>) -> Value {
    let mut pairs: Vec<(Node, Node)> = table
        .iter()
        .map(|(key, value)| (Node::new(key.span(), Value::Quoted(key.get_ref().to_string())), node(value)))
        .collect();
    // The table is sorted by name; the order of writing is what people see.
    pairs.sort_by_key(|(key, _)| key.range.start);
    Value::Map(pairs)
}

fn node(value: &Spanned<DeValue<'_>>) -> Node {
    let tree = match value.get_ref() {
        DeValue::String(text) => Value::Quoted(text.to_string()),
        DeValue::Integer(number) => Value::Plain(number.as_str().to_owned()),
        DeValue::Float(number) => Value::Plain(number.as_str().to_owned()),
        DeValue::Boolean(truth) => Value::Plain(truth.to_string()),
        DeValue::Datetime(time) => Value::Plain(time.to_string()),
        DeValue::Array(items) => Value::List(items.iter().map(node).collect()),
        DeValue::Table(table) => map(table),
    };
    Node::new(value.span(), tree)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_keys_survive_a_broken_line() {
        let text = "b = \"x\"\na = [1, 2]\nbad =\n[t]\nk = true\n";
        let (node, errors) = parse(text);
        assert_eq!(errors.len(), 1);
        assert_eq!(node.str_at(&["b"]), Some("x"));
        assert_eq!(node.path(&["t", "k"]).and_then(Node::as_bool), Some(true));
        assert_eq!(node.get("a").unwrap().items().len(), 2);
        assert_eq!(node.entries().next().map(|(key, _)| key), Some("b"));
        assert_eq!(&text[node.get("b").unwrap().range.clone()], "\"x\"");
    }
}
