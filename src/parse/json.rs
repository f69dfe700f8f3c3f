//! JSON, JSON with comments and JSON5-like files to a [`Node`].

use std::ops::Range;

use jsonc_parser::ast::{ObjectPropName, Value as Ast};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::tree::{Node, Value};

/// Reads one JSON document; the error has the place at which reading stopped.
pub fn parse(text: &str) -> Result<Option<Node>, (Range<usize>, String)> {
    match parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default()) {
        Ok(parsed) => Ok(parsed.value.as_ref().map(node)),
        Err(error) => Err((error.range().start..error.range().end, error.kind().to_string())),
    }
}

/// Depth is bounded by the parser's own limit.
fn node(ast: &Ast<'_>) -> Node {
    let range = ast.range();
    let value = match ast {
        Ast::StringLit(text) => Value::Quoted(text.value.to_string()),
        Ast::NumberLit(number) => Value::Plain(number.value.to_owned()),
        Ast::BooleanLit(truth) => Value::Plain(truth.value.to_string()),
        Ast::NullKeyword(_) => Value::Null,
        Ast::Array(array) => Value::List(array.elements.iter().map(node).collect()),
        Ast::Object(object) => {
            Value::Map(object.properties.iter().map(|property| (key(&property.name), node(&property.value))).collect())
        }
    };
    Node::new(range.start..range.end, value)
}

fn key(name: &ObjectPropName<'_>) -> Node {
    let range = name.range();
    Node::new(range.start..range.end, Value::Quoted(name.as_str().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_trailing_commas_are_no_trouble() {
        let text = "{ // c\n \"a\": [1, true, null, \"x\\n\",], }";
        let node = parse(text).unwrap().unwrap();
        let items = node.get("a").unwrap().items();
        assert_eq!(items.len(), 4);
        assert_eq!(items[0].as_u64(), Some(1));
        assert_eq!(items[3].as_str(), Some("x\n"));
        assert_eq!(&text[items[3].range.clone()], "\"x\\n\"");
    }

    #[test]
    fn a_break_has_a_place() {
        assert_eq!(parse("{\"a\": }").unwrap_err().0.start, 6);
        assert!(parse("").unwrap().is_none());
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
