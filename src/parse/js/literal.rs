//! Reads one value: literals, names of constants, and `+ - * / ||` between them.

use super::mask::end_of_string;
use super::{Item, Names, Value, is_name};
use crate::parse::cut;
use crate::problem::Class;

const MAX_DEPTH: usize = 40;

/// Reads the value that starts at or behind an offset.
pub(super) fn read(source: &str, start: usize, names: &Names) -> Item {
    Reader { source, at: start, depth: 0, names }.expression()
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
    depth: usize,
    names: &'a Names,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.source.get(self.at..).unwrap_or("")
    }

    fn skip_blank(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn accept(&mut self, sign: char) -> bool {
        self.skip_blank();
        let found = self.rest().starts_with(sign);
        self.at += if found { sign.len_utf8() } else { 0 };
        found
    }

    fn expression(&mut self) -> Item {
        self.skip_blank();
        let start = self.at;
        let mut value = self.product();
        loop {
            self.skip_blank();
            let end = self.at;
            let rest = self.rest();
            if rest.starts_with("||") || rest.starts_with("??") {
                self.at += 2;
                let default = self.product();
                value = if value == Value::Unknown { default } else { value };
            } else if rest.starts_with('+') && !rest.starts_with("++") {
                self.at += 1;
                value = sum(value, self.product());
            } else if rest.starts_with(['?', '-', '%', '&', '<', '>', '(', '.']) {
                return self.unknown(start);
            } else {
                return Item { range: start..end.min(self.source.len()), value };
            }
        }
    }

    fn product(&mut self) -> Value {
        let mut value = self.primary();
        loop {
            self.skip_blank();
            let Some(operator) = self.rest().chars().next().filter(|c| matches!(c, '*' | '/')) else { return value };
            self.at += 1;
            value = match (value, self.primary(), operator) {
                (Value::Number(a), Value::Number(b), '*') => Value::Number(a * b),
                (Value::Number(a), Value::Number(b), _) => Value::Number(a / b),
                _ => Value::Unknown,
            };
        }
    }

    /// Gives up on a value and moves behind it, to the comma or bracket that ends it.
    fn unknown(&mut self, start: usize) -> Item {
        // Nothing follows the outermost value, so nobody asks where it ends.
        if self.depth == 0 {
            return Item { range: start..self.at, value: Value::Unknown };
        }
        let mut open = 0usize;
        while let Some(&byte) = self.source.as_bytes().get(self.at) {
            match byte {
                b'"' | b'\'' | b'`' => {
                    self.at = end_of_string(self.source.as_bytes(), self.at);
                    continue;
                }
                b'(' | b'[' | b'{' => open += 1,
                b')' | b']' | b'}' if open == 0 => break,
                b')' | b']' | b'}' => open -= 1,
                b',' | b';' if open == 0 => break,
                _ => {}
            }
            self.at += 1;
        }
        Item { range: start..self.at, value: Value::Unknown }
    }

    fn primary(&mut self) -> Value {
        self.skip_blank();
        if self.depth >= MAX_DEPTH {
            cut::met("levels of a JavaScript value", MAX_DEPTH, Class::Partial);
            self.at = self.source.len();
            return Value::Unknown;
        }
        self.depth += 1;
        let value = match self.rest().chars().next() {
            Some('\'' | '"') => self.string(),
            Some('`') => self.template(),
            Some('[') => self.list(),
            Some('{') => self.object(),
            Some('(') => {
                self.at += 1;
                let inner = self.expression().value;
                if self.accept(')') { inner } else { self.unknown(self.at).value }
            }
            Some(c) if c.is_ascii_digit() => self.number(),
            Some(c) if is_name(c) => self.name(),
            _ => Value::Unknown,
        };
        self.depth -= 1;
        value
    }

    fn string(&mut self) -> Value {
        let end = end_of_string(self.source.as_bytes(), self.at);
        let inner = self.source.get(self.at + 1..end.saturating_sub(1)).unwrap_or("");
        self.at = end;
        Value::Text(inner.replace('\\', ""))
    }

    fn template(&mut self) -> Value {
        let end = end_of_string(self.source.as_bytes(), self.at);
        let inner = self.source.get(self.at + 1..end.saturating_sub(1)).unwrap_or("").to_owned();
        self.at = end;
        let mut text = String::new();
        let mut rest = inner.as_str();
        while let Some(at) = rest.find("${") {
            text.push_str(&rest[..at]);
            let Some(close) = rest[at..].find('}') else { return Value::Unknown };
            match self.resolve(rest[at + 2..at + close].trim()) {
                Value::Text(part) => text.push_str(&part),
                Value::Number(part) => text.push_str(&part.to_string()),
                _ => return Value::Unknown,
            }
            rest = &rest[at + close + 1..];
        }
        text.push_str(rest);
        Value::Text(text)
    }

    fn number(&mut self) -> Value {
        let rest = self.rest();
        let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
        let value = crate::parse::duration::number(&rest[..length]).map_or(Value::Unknown, Value::Number);
        self.at += length;
        value
    }

    fn name(&mut self) -> Value {
        let rest = self.rest();
        let length = rest.find(|c: char| !(is_name(c) || c == '.')).unwrap_or(rest.len());
        let name = rest[..length].to_owned();
        self.at += length;
        match name.as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            // `String(500)`, `Number(__ENV.X || 500)` and `parseInt(…)` keep what they are given.
            "String" | "Number" | "parseInt" | "parseFloat" if self.accept('(') => {
                let inner = self.expression().value;
                while !self.accept(')') && self.at < self.source.len() {
                    self.at = self.unknown(self.at).range.end;
                    if !self.accept(',') && !self.rest().starts_with(')') {
                        break;
                    }
                }
                inner
            }
            _ => self.resolve(&name),
        }
    }

    /// `LIMITS.p95.read`: a constant, and properties of it.
    fn resolve(&self, name: &str) -> Value {
        let mut parts = name.split('.');
        let first = parts.next().and_then(|first| self.names.constants.get(first));
        let item = parts.try_fold(first, |item, part| item.map(|item| item.get(part)));
        item.flatten().map_or(Value::Unknown, |item| self.names.copy(item))
    }

    fn list(&mut self) -> Value {
        self.at += 1;
        let mut items = Vec::new();
        while !self.accept(']') && self.at < self.source.len() {
            let before = self.at;
            items.push(self.expression());
            self.step(before, ']');
        }
        Value::List(items)
    }

    fn object(&mut self) -> Value {
        self.at += 1;
        let mut pairs = Vec::new();
        while !self.accept('}') && self.at < self.source.len() {
            let before = self.at;
            match self.key() {
                Some(key) if self.accept(':') => pairs.push((key, self.expression())),
                Some(key) if self.rest().starts_with([',', '}']) => {
                    pairs.push((key.clone(), Item { range: before..self.at, value: self.resolve(&key) }));
                }
                _ => {
                    self.unknown(before);
                }
            }
            self.step(before, '}');
        }
        Value::Object(pairs)
    }

    /// Moves to the next element, and always forward.
    fn step(&mut self, before: usize, close: char) {
        if self.accept(',') || self.rest().starts_with(close) {
            return;
        }
        self.unknown(self.at);
        if !self.accept(',') && !self.rest().starts_with(close) && self.at <= before {
            self.at = before + self.source[before..].chars().next().map_or(1, char::len_utf8);
        } else if !self.rest().starts_with(close) && self.rest().starts_with([')', ']', '}', ';']) {
            self.at += 1;
        }
    }

    fn key(&mut self) -> Option<String> {
        self.skip_blank();
        match self.rest().chars().next()? {
            '\'' | '"' | '`' => match if self.rest().starts_with('`') { self.template() } else { self.string() } {
                Value::Text(text) => Some(text),
                _ => None,
            },
            '[' => {
                self.at += 1;
                let item = self.expression();
                self.accept(']').then_some(())?;
                item.as_str().map(str::to_owned).or(Some(String::new()))
            }
            c if is_name(c) => {
                let rest = self.rest();
                let length = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
                let key = rest[..length].to_owned();
                self.at += length;
                self.skip_blank();
                Some(key)
            }
            _ => None,
        }
    }
}

fn sum(left: Value, right: Value) -> Value {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => Value::Number(a + b),
        (Value::Text(a), Value::Text(b)) => Value::Text(a + &b),
        (Value::Text(a), Value::Number(b)) => Value::Text(format!("{a}{b}")),
        (Value::Number(a), Value::Text(b)) => Value::Text(format!("{a}{b}")),
        _ => Value::Unknown,
    }
}
