//! Syntax trees of Go, for the few files in which arguments and constants have to be evaluated.
//!
//! In: the text of a file that a detector picked by its tokens. Out: calls, keyed fields, named values and
//! comparisons with their values; the tree itself is dropped before this returns. Parsing stops after so many steps, since
//! a hostile file may take long, and files past `LARGEST` are not parsed at all.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::time::{Duration, Instant};

use tree_sitter::{Node, ParseOptions, ParseState, Parser, Tree};

use crate::parse::cut;
use crate::problem::Class;

/// Bytes of the largest file that is parsed.
pub(super) const LARGEST: usize = 1 << 20;
pub(super) const DEADLINE: Duration = Duration::from_secs(5);
/// The parser calls back after every hundred steps: so many are granted, and one more for so many bytes.
const LEAST_CALLS: usize = 1_000;
const BYTES_A_CALL: usize = 20;
/// Nesting of an expression up to which it is evaluated.
pub(super) const DEEPEST: u32 = 12;

/// What an expression is worth, as far as it can be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// Microseconds.
    Duration(f64),
    Number(f64),
    Unknown,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// As written: `context.WithTimeout`.
    pub function: String,
    pub arguments: Vec<Argument>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    pub range: Range<usize>,
    pub value: Value,
}

/// `Key: value` in a composite literal.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The literal's type as written: `http.Server`.
    pub literal: String,
    pub key: String,
    pub range: Range<usize>,
    pub value: Value,
}

/// A constant or a variable with its first value.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    pub name: String,
    pub range: Range<usize>,
    pub value: Value,
}

/// `if left > right { … }`, also `>=`.
#[derive(Clone, Debug, PartialEq)]
pub struct Exceeds {
    pub left: String,
    pub right: Value,
    /// Of the condition.
    pub range: Range<usize>,
    /// What is done then, as written.
    pub then: Range<usize>,
}

/// Everything that was evaluated, in order of the text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Syntax {
    pub calls: Vec<Call>,
    pub fields: Vec<Field>,
    pub named: Vec<Named>,
    pub exceeds: Vec<Exceeds>,
}

/// Parses and evaluates a file; `None` if it is too large or takes too long.
pub fn syntax(text: &str) -> Option<Syntax> {
    if text.len() > LARGEST {
        cut::met("bytes of a Go file for its syntax tree", LARGEST, Class::Lost);
        return None;
    }
    let Some(tree) = parse(text) else {
        cut::met(cut::TIME, DEADLINE.as_millis() as usize, Class::Lost);
        return None;
    };
    let mut nodes = Vec::new();
    collect(&tree, &mut nodes);
    let evaluator = Evaluator { text, names: names(text, &nodes) };
    let mut syntax = Syntax::default();
    for node in nodes {
        evaluator.add(node, &mut syntax);
    }
    Some(syntax)
}

pub(super) fn parse(text: &str) -> Option<Tree> {
    // Making a parser takes longer than most files do.
    thread_local! {
        static PARSER: RefCell<Parser> = RefCell::new(new_parser());
    }
    let start = Instant::now();
    // Counted, not timed: a busy machine must not change what is found. Real files need up to 0.018 calls a byte.
    let mut left = LEAST_CALLS + text.len() / BYTES_A_CALL;
    let mut in_time = |_: &ParseState| {
        left = left.saturating_sub(1);
        if left > 0 && start.elapsed() < DEADLINE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut in_time);
    let bytes = text.as_bytes();
    PARSER.with_borrow_mut(|parser| {
        // One that was stopped would go on where it was.
        parser.reset();
        parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or_default(), None, Some(options))
    })
}

fn new_parser() -> Parser {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_go::LANGUAGE.into()).expect("because both libraries are pinned together");
    parser
}

/// Gathers the nodes of interest, without recursion: a hostile file may nest deep.
fn collect<'t>(tree: &'t Tree, nodes: &mut Vec<Node<'t>>) {
    let mut cursor = tree.walk();
    loop {
        let kind = cursor.node().kind();
        if matches!(kind, "call_expression" | "keyed_element" | "const_spec" | "var_spec" | "if_statement") {
            nodes.push(cursor.node());
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return;
            }
        }
    }
}

/// Named values by name; a name that is given twice says nothing.
fn names<'t>(text: &'t str, nodes: &[Node<'t>]) -> BTreeMap<&'t str, Option<Node<'t>>> {
    let mut names = BTreeMap::new();
    for (name, value) in nodes.iter().filter_map(|node| spec(text, *node)) {
        names.entry(name).and_modify(|known| *known = None).or_insert(Some(value));
    }
    names
}

/// Name and value of a declaration of one name.
fn spec<'t>(text: &'t str, node: Node<'t>) -> Option<(&'t str, Node<'t>)> {
    if !matches!(node.kind(), "const_spec" | "var_spec") {
        return None;
    }
    let values = node.child_by_field_name("value")?;
    let only = (values.named_child_count() == 1).then(|| values.named_child(0))??;
    Some((source(text, node.child_by_field_name("name")?), only))
}

fn source<'t>(text: &'t str, node: Node<'_>) -> &'t str {
    text.get(node.byte_range()).unwrap_or_default()
}

struct Evaluator<'t> {
    text: &'t str,
    names: BTreeMap<&'t str, Option<Node<'t>>>,
}

impl<'t> Evaluator<'t> {
    fn add(&self, node: Node<'t>, syntax: &mut Syntax) {
        match node.kind() {
            "call_expression" => syntax.calls.extend(self.call(node)),
            "keyed_element" => syntax.fields.extend(self.field(node)),
            "const_spec" | "var_spec" => syntax.named.extend(self.named(node)),
            _ => syntax.exceeds.extend(self.exceeds(node)),
        }
    }

    fn call(&self, node: Node<'t>) -> Option<Call> {
        let function = node.child_by_field_name("function")?;
        // A chain of calls is not a name, and its text grows with its length.
        if !matches!(function.kind(), "identifier" | "selector_expression") || function.byte_range().len() > 100 {
            return None;
        }
        let list = node.child_by_field_name("arguments")?;
        let mut cursor = list.walk();
        let arguments = list.named_children(&mut cursor).take(8);
        let arguments =
            arguments.map(|argument| Argument { range: argument.byte_range(), value: self.value(argument, 0) });
        Some(Call { function: source(self.text, function).to_owned(), arguments: arguments.collect() })
    }

    fn field(&self, node: Node<'t>) -> Option<Field> {
        let (key, value) = (node.named_child(0)?, node.named_child(1)?);
        let literal = node.parent()?.parent().filter(|parent| parent.kind() == "composite_literal")?;
        let name = source(self.text, literal.child_by_field_name("type")?);
        let inner = value.named_child(0).unwrap_or(value);
        let value = if value.kind() == "literal_element" { inner } else { value };
        Some(Field {
            literal: name.get(..name.len().min(100))?.to_owned(),
            key: source(self.text, key).to_owned(),
            range: node.byte_range(),
            value: self.value(value, 0),
        })
    }

    fn named(&self, node: Node<'t>) -> Option<Named> {
        let (name, value) = spec(self.text, node)?;
        Some(Named { name: name.to_owned(), range: node.byte_range(), value: self.value(value, 0) })
    }

    fn exceeds(&self, node: Node<'t>) -> Option<Exceeds> {
        let condition = node.child_by_field_name("condition").filter(|node| node.kind() == "binary_expression")?;
        let operator = source(self.text, condition.child_by_field_name("operator")?);
        let left = source(self.text, condition.child_by_field_name("left")?);
        if !matches!(operator, ">" | ">=") || left.len() > 100 {
            return None;
        }
        Some(Exceeds {
            left: left.to_owned(),
            right: self.value(condition.child_by_field_name("right")?, 0),
            range: condition.byte_range(),
            then: node.child_by_field_name("consequence")?.byte_range(),
        })
    }

    fn value(&self, node: Node<'t>, depth: u32) -> Value {
        if depth > DEEPEST {
            return Value::Unknown;
        }
        match node.kind() {
            "int_literal" | "float_literal" => number(source(self.text, node)),
            "selector_expression" => unit(source(self.text, node)),
            "identifier" => match self.names.get(source(self.text, node)) {
                Some(Some(value)) => self.value(*value, depth + 1),
                _ => Value::Unknown,
            },
            "parenthesized_expression" => self.child(node, 0, depth),
            "binary_expression" => self.binary(node, depth),
            "call_expression" => self.conversion(node, depth),
            "const_spec" | "expression_list" | "literal_element" => self.child(node, 0, depth),
            _ => Value::Unknown,
        }
    }

    fn child(&self, node: Node<'t>, index: u32, depth: u32) -> Value {
        node.named_child(index as _).map_or(Value::Unknown, |child| self.value(child, depth + 1))
    }

    fn binary(&self, node: Node<'t>, depth: u32) -> Value {
        let field = |name: &str| node.child_by_field_name(name);
        let (Some(left), Some(right), Some(operator)) = (field("left"), field("right"), field("operator")) else {
            return Value::Unknown;
        };
        binary(self.value(left, depth + 1), source(self.text, operator), self.value(right, depth + 1))
    }

    /// `time.Duration(5)` keeps its number: it is multiplied by a unit.
    fn conversion(&self, node: Node<'t>, depth: u32) -> Value {
        let function = node.child_by_field_name("function").map(|function| source(self.text, function));
        match (function, node.child_by_field_name("arguments")) {
            (Some("time.Duration"), Some(arguments)) => self.child(arguments, 0, depth),
            _ => Value::Unknown,
        }
    }
}

pub(super) fn binary(left: Value, operator: &str, right: Value) -> Value {
    match (left, operator, right) {
        (Value::Number(a), "*", Value::Number(b)) => Value::Number(a * b),
        (Value::Number(a), "/", Value::Number(b)) if b != 0.0 => Value::Number(a / b),
        (Value::Number(a), "+", Value::Number(b)) => Value::Number(a + b),
        (Value::Number(a), "<<", Value::Number(b)) if (0.0..63.0).contains(&b) => Value::Number(a * b.exp2()),
        (Value::Number(a), "*", Value::Duration(b)) | (Value::Duration(b), "*", Value::Number(a)) => {
            Value::Duration(a * b)
        }
        (Value::Duration(a), "/", Value::Number(b)) if b != 0.0 => Value::Duration(a / b),
        (Value::Duration(a), "+", Value::Duration(b)) => Value::Duration(a + b),
        (Value::Duration(a), "-", Value::Duration(b)) => Value::Duration(a - b),
        _ => Value::Unknown,
    }
}

pub(super) fn number(text: &str) -> Value {
    let digits = text.replace('_', "");
    let parsed = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hexadecimal) => u64::from_str_radix(hexadecimal, 16).ok().map(|number| number as f64),
        None => digits.parse().ok(),
    };
    parsed.map_or(Value::Unknown, Value::Number)
}

pub(super) fn unit(text: &str) -> Value {
    let Some(name) = text.strip_prefix("time.") else { return Value::Unknown };
    Value::Duration(match name {
        "Nanosecond" => 1e-3,
        "Microsecond" => 1.0,
        "Millisecond" => 1e3,
        "Second" => 1e6,
        "Minute" => 60e6,
        "Hour" => 3600e6,
        _ => return Value::Unknown,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::go::GoView;
    use crate::source::Text;

    #[test]
    fn values_are_evaluated_through_names() {
        let source = "package p\nconst (\n\tn = 5\n\twait = n * time.Millisecond\n\ttwice = 1\n)\nvar twice = 2\nfunc f() {\n\tg(ctx, wait+2*time.Second, twice, (time.Duration(3)) * time.Minute, 0x10)\n\ts := &http.Server{ReadTimeout: 1.5 * time.Second}\n\tif p99 > 5*time.Millisecond { t.Fatal() }\n}\n";
        let syntax = syntax(source).unwrap();
        let values: Vec<_> =
            syntax.calls.iter().find(|call| call.function == "g").unwrap().arguments.iter().map(|a| a.value).collect();
        assert_eq!(
            values,
            [Value::Unknown, Value::Duration(2_005_000.0), Value::Unknown, Value::Duration(180e6), Value::Number(16.0)]
        );
        assert_eq!(syntax.fields[0].literal, "http.Server");
        assert_eq!((syntax.fields[0].key.as_str(), syntax.fields[0].value), ("ReadTimeout", Value::Duration(1.5e6)));
        assert_eq!((syntax.exceeds[0].left.as_str(), syntax.exceeds[0].right), ("p99", Value::Duration(5000.0)));
        assert_eq!(syntax.named.len(), 4);
    }

    /// Package and imports as the grammar sees them.
    fn header(text: &str) -> (String, Vec<(Option<String>, String, usize)>) {
        let tree = parse(text).unwrap();
        let mut cursor = tree.walk();
        let mut package = String::new();
        let mut imports = Vec::new();
        loop {
            let node = cursor.node();
            let name = || node.child_by_field_name("name").map(|name| source(text, name).to_owned());
            if node.kind() == "package_clause" {
                package = source(text, node.named_child(0).unwrap()).to_owned();
            } else if node.kind() == "import_spec" {
                let path = node.child_by_field_name("path").unwrap();
                imports.push((name(), source(text, path).trim_matches(['"', '`']).to_owned(), path.start_byte()));
            }
            let inside = matches!(node.kind(), "source_file" | "import_declaration" | "import_spec_list");
            if inside && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return (package, imports);
                }
            }
        }
    }

    #[test]
    fn the_lexer_and_the_grammar_agree() {
        for source in [
            "package a\n",
            "// c\n/* d */ package a /* e */; import \"x\"\nvar _ = 1\n",
            "package a\n\nimport (\n\t\"a/b\" // \"no\"\n\tc \"d\"\n\t. \"e\"\n\t_ `f`\n)\nimport \"C\"\nfunc f() {}\n",
            "package a\nimport ()\nimport (\"x\"; y \"z\")\nconst s = `import \"n\"`\n",
            "package ä\r\nimport \"é\"\r\n",
        ] {
            let text = Text::new("a.go", source);
            let view = GoView::new(&text);
            let imports = view.imports.iter().map(|import| {
                (import.alias.map(str::to_owned), import.path.to_owned(), view.tokens[import.token].start as usize)
            });
            assert_eq!((view.package.to_owned(), imports.collect()), header(source), "{source}");
        }
    }

    #[test]
    fn a_name_defined_by_itself_ends() {
        let syntax = syntax("package p\nconst a = b * 2\nconst b = a + 1\n").unwrap();
        assert!(syntax.named.iter().all(|named| named.value == Value::Unknown));
    }

    #[test]
    fn deep_nesting_and_broken_text_end() {
        let deep = format!("package p\nvar x = {}1{}", "(".repeat(20_000), ")".repeat(20_000));
        for source in [deep.as_str(), "", "func (", "package p\nfunc f() { g(1, }"] {
            let _ = syntax(source);
        }
    }
}
