//! HCL (Terraform, Nomad, bake, Packer) to a [`Node`], in linear time and without refusing anything.
//!
//! In: text. Out: a map in which a block `resource "type" "name" { … }` is the pair `resource` → `type` → `name` →
//! body, repeated as often as it stands there. Literals, lists and objects have values; any other expression is a
//! templated scalar with its source. Own code, because the library that reads HCL whole needs exponential time for
//! small hostile inputs and gives nothing for a file with one mistake.

use std::ops::Range;

use super::tree::{Node, Value};

const MAX_DEPTH: usize = 64;
/// Labels kept of one block; no schema has more than two.
const MAX_LABELS: usize = 8;
/// Larger files are not written by people.
const MAX_BYTES: usize = 1 << 20;

/// Reads an HCL file: its tree, and the place and reason of each error.
pub fn parse(text: &str) -> (Node, Vec<(Range<usize>, String)>) {
    if text.len() > MAX_BYTES {
        return (
            Node::new(0..0, Value::Map(Vec::new())),
            vec![(0..0, "over the limit of 1 MiB a file of HCL".to_owned())],
        );
    }
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, open_heredoc: false, errors: Vec::new() };
    let pairs = reader.body(0, true);
    (Node::new(0..text.len(), Value::Map(pairs)), reader.errors)
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// A heredoc without an end was met: looking for the end of each would take quadratic time.
    open_heredoc: bool,
    errors: Vec<(Range<usize>, String)>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Skips blanks and comments; newlines too if asked.
    fn skip(&mut self, newlines: bool) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\n' if newlines => self.at += 1,
                b'#' => self.skip_line(),
                b'/' if self.bytes.get(self.at + 1) == Some(&b'/') => self.skip_line(),
                b'/' if self.bytes.get(self.at + 1) == Some(&b'*') => {
                    let close = memchr::memmem::find(&self.bytes[self.at..], b"*/");
                    self.at = close.map_or(self.bytes.len(), |offset| self.at + offset + 2);
                }
                _ => break,
            }
        }
    }

    fn skip_line(&mut self) {
        self.at = memchr::memchr(b'\n', &self.bytes[self.at..]).map_or(self.bytes.len(), |offset| self.at + offset);
    }

    /// Reads attributes and blocks up to the closing brace, which is taken.
    fn body(&mut self, depth: usize, top: bool) -> Vec<(Node, Node)> {
        let mut pairs = Vec::new();
        loop {
            self.skip(true);
            match self.peek() {
                None => break,
                Some(b'}') => {
                    self.at += 1;
                    if !top {
                        break;
                    }
                }
                Some(b',' | b';') => self.at += 1,
                Some(_) => match self.statement(depth) {
                    Some(pair) => pairs.push(pair),
                    None => self.lost(),
                },
            }
        }
        pairs
    }

    /// Reads `key = value`, `key: value` or a block.
    fn statement(&mut self, depth: usize) -> Option<(Node, Node)> {
        let key = self.name()?;
        self.skip(false);
        let mut labels = Vec::new();
        while !matches!(self.peek()?, b'{' | b'=' | b':') {
            let label = self.name()?;
            // Each label is a level of the tree.
            match labels.len() {
                MAX_LABELS => {
                    let reason = format!("over the limit of {MAX_LABELS} labels a block: the rest is not read");
                    self.errors.push((label.range, reason));
                    labels.push(Node::new(0..0, Value::Null));
                }
                count if count < MAX_LABELS => labels.push(label),
                _ => {}
            }
            self.skip(false);
        }
        if self.peek() == Some(b'{') {
            let body = self.block(depth)?;
            let value = labels.into_iter().take(MAX_LABELS).rev().fold(body, |inner, label| {
                let range = label.range.start..inner.range.end;
                Node::new(range, Value::Map(vec![(label, inner)]))
            });
            return Some((key, value));
        }
        self.at += 1;
        if self.peek() == Some(b'>') {
            self.at += 1;
        }
        self.skip(false);
        Some((key, self.value(depth)))
    }

    fn block(&mut self, depth: usize) -> Option<Node> {
        if depth >= MAX_DEPTH {
            self.errors.push((self.at..self.at, format!("nested deeper than {MAX_DEPTH}")));
            self.at = self.bytes.len();
            return None;
        }
        let start = self.at;
        self.at += 1;
        let pairs = self.body(depth + 1, false);
        Some(Node::new(start..self.at, Value::Map(pairs)))
    }

    fn name(&mut self) -> Option<Node> {
        let start = self.at;
        if self.peek()? == b'"' {
            return Some(self.string());
        }
        if self.peek()? == b'(' {
            self.expression_end();
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_-.*".contains(&byte) || byte >= 128) {
            self.at += 1;
        }
        let text = &self.text[start..self.at];
        (!text.is_empty()).then(|| Node::new(start..self.at, Value::Plain(text.to_owned())))
    }

    fn value(&mut self, depth: usize) -> Node {
        let start = self.at;
        let node = match self.peek() {
            Some(b'"') => Some(self.string()),
            Some(b'[') => self.list(depth),
            Some(b'{') if !self.begins_with_for() => self.block(depth),
            Some(b'<') if !self.open_heredoc && self.bytes[self.at..].starts_with(b"<<") => self.heredoc(),
            _ => None,
        };
        let after = self.at;
        self.skip(false);
        // A literal that an operator or an index follows is part of a larger expression.
        if let Some(node) = node
            && matches!(self.peek(), None | Some(b'\n' | b',' | b'}' | b']' | b')'))
        {
            self.at = after;
            return node;
        }
        self.at = after;
        self.expression_end();
        let text = self.text[start..self.at].trim_end();
        let range = start..start + text.len();
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
        Node::new(
            range,
            match text {
                "" | "null" => Value::Null,
                "true" | "false" => Value::Plain(text.to_owned()),
                _ if is_plain => Value::Plain(text.to_owned()),
                _ => Value::Templated(text.to_owned()),
            },
        )
    }

    /// `{ for name in list : key => value }` is an expression as a whole.
    fn begins_with_for(&self) -> bool {
        let inside = self.text[self.at + 1..].trim_start();
        inside.strip_prefix("for").is_some_and(|rest| rest.starts_with([' ', '\t', '\n']))
    }

    /// Moves to the end of an expression: a newline, comma or closing bracket outside brackets and strings.
    fn expression_end(&mut self) {
        let mut open = 0usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.string();
                    continue;
                }
                b'(' | b'[' | b'{' => open += 1,
                b')' | b']' | b'}' if open == 0 => return,
                b')' | b']' | b'}' => open -= 1,
                b'\n' | b',' if open == 0 => return,
                b'#' => {
                    self.skip_line();
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    fn list(&mut self, depth: usize) -> Option<Node> {
        if depth >= MAX_DEPTH {
            self.errors.push((self.at..self.at, format!("nested deeper than {MAX_DEPTH}")));
            return None;
        }
        let start = self.at;
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip(true);
            match self.peek() {
                None => break,
                Some(b']') => {
                    self.at += 1;
                    break;
                }
                Some(b',') => self.at += 1,
                Some(_) => {
                    let before = self.at;
                    items.push(self.value(depth + 1));
                    if self.at == before {
                        self.at += 1;
                    }
                }
            }
        }
        Some(Node::new(start..self.at, Value::List(items)))
    }

    /// Reads a quoted string; `${ … }` inside may hold quotes of its own.
    fn string(&mut self) -> Node {
        let start = self.at;
        self.at += 1;
        let mut open = 0usize;
        let mut is_template = false;
        while let Some(byte) = self.peek() {
            match byte {
                b'\\' => self.at += 1,
                b'"' if open == 0 => break,
                b'\n' => break,
                b'$' | b'%' if self.bytes.get(self.at + 1) == Some(&b'{') => {
                    is_template = true;
                    open += 1;
                    self.at += 1;
                }
                b'{' if open > 0 => open += 1,
                b'}' if open > 0 => open -= 1,
                _ => {}
            }
            self.at += 1;
        }
        let inner_end = self.at.min(self.bytes.len());
        self.at = inner_end + usize::from(self.peek() == Some(b'"'));
        let text = self.text.get(start + 1..inner_end).unwrap_or("").to_owned();
        Node::new(start..self.at, if is_template { Value::Templated(text) } else { Value::Quoted(unescaped(text)) })
    }

    fn heredoc(&mut self) -> Option<Node> {
        let start = self.at;
        let line_end = memchr::memchr(b'\n', &self.bytes[start..]).map(|offset| start + offset)?;
        let marker = self.text[start..line_end].trim_start_matches(['<', '-']).trim();
        let mut at = line_end + 1;
        while at < self.bytes.len() && !marker.is_empty() {
            let end = memchr::memchr(b'\n', &self.bytes[at..]).map_or(self.bytes.len(), |offset| at + offset);
            if self.text[at..end].trim() == marker {
                self.at = end;
                let text = self.text[line_end + 1..at].to_owned();
                return Some(Node::new(start..end, Value::Quoted(text)));
            }
            at = end + 1;
        }
        self.open_heredoc = true;
        None
    }

    /// Goes on at the next line after something that is no HCL.
    fn lost(&mut self) {
        if self.errors.len() < 20 {
            self.errors.push((self.at..self.at, "expected an attribute or a block".to_owned()));
        }
        let before = self.at;
        self.skip_line();
        self.at = self.at.max(before + 1).min(self.bytes.len());
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
    }
}

fn unescaped(text: String) -> String {
    if text.contains('\\') { text.replace("\\\"", "\"").replace("\\n", "\n").replace("\\\\", "\\") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"
# comment
resource "aws_lambda_function" "api" {
  function_name = "api" // c
  handler       = var.handler
  memory_size   = 128
  filename      = "${path.module}/x/"bootstrap".zip"
  layers        = ["a", local.b, { k = 1 }]
  environment {
    variables = { GOGC = "50", X : jsonencode({ a = "}" }) }
  }
  policy = <<-EOT
    } not { hcl
  EOT
}
resource "aws_lambda_function" "two" {}
"#;

    #[test]
    fn blocks_attributes_and_expressions() {
        let (root, errors) = parse(SOURCE);
        assert_eq!(errors, vec![]);
        let api = root.path(&["resource", "aws_lambda_function", "api"]).unwrap();
        assert_eq!(api.str_at(&["function_name"]), Some("api"));
        assert_eq!(api.get("handler").unwrap().as_str(), None);
        assert_eq!(api.get("handler").unwrap().written(), Some("var.handler"));
        assert_eq!(api.get("memory_size").unwrap().as_u64(), Some(128));
        assert_eq!(api.get("layers").unwrap().items().len(), 3);
        assert_eq!(api.str_at(&["environment", "variables", "GOGC"]), Some("50"));
        assert_eq!(api.get("policy").unwrap().as_str().map(str::trim), Some("} not { hcl"));
        assert_eq!(root.entries().filter(|(key, _)| *key == "resource").count(), 2);
        assert_eq!(&SOURCE[api.get("memory_size").unwrap().range.clone()], "128");
    }

    #[test]
    fn junk_ends_and_says_so() {
        for junk in ["a = \"", "a {", "}}}}", "= = =", "a = <<X\n", "é", "a = [[[[", "\"\n\"\n", "a b c", "a = (", "${"]
        {
            let _ = parse(junk);
            let _ = parse(&junk.repeat(20_000));
        }
        assert_eq!(parse("!\na = 1\n").0.get("a").and_then(Node::as_u64), Some(1));
        assert_eq!(parse("!\n").1.len(), 1);
    }
}
