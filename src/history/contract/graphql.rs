//! GraphQL: types with their fields and arguments, inputs, values and members.

use super::lexis::Lexis;
use super::{May, Shape};

pub(super) fn shape(text: &str) -> Option<Shape> {
    let tokens = tokens(text)?;
    let mut shape = Shape::default();
    let mut rest = Rest(&tokens);
    while let Some(word) = rest.next() {
        let word = if word == "extend" { rest.next()? } else { word };
        match word {
            "type" | "interface" => rest.type_of(word, &mut shape)?,
            "input" => {
                let name = rest.next()?;
                shape.says(name, "input");
                rest.skip_to_body();
                if rest.take("{") {
                    rest.inputs(name, "}", &mut shape)?;
                }
            }
            "enum" => {
                let name = rest.next()?;
                shape.says(name, "enum");
                rest.skip_to_body();
                if rest.take("{") {
                    rest.values(name, &mut shape)?;
                }
            }
            "union" => rest.members(&mut shape)?,
            "scalar" => {
                shape.says(rest.next()?, "scalar");
            }
            "schema" | "directive" => rest.skip_definition()?,
            _ => {}
        }
    }
    Some(shape)
}

/// What of the tokens is still to be read.
struct Rest<'t, 'a>(&'t [&'a str]);

impl<'a> Rest<'_, 'a> {
    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn peek(&self) -> Option<&'a str> {
        self.0.first().copied()
    }

    fn take(&mut self, word: &str) -> bool {
        let is = self.peek() == Some(word);
        if is {
            self.0 = &self.0[1..];
        }
        is
    }

    /// Skips directives and interfaces up to what braces hold, or to the next definition.
    fn skip_to_body(&mut self) {
        while let Some(word) = self.peek() {
            match word {
                "{" => return,
                "type" | "interface" | "input" | "enum" | "union" | "scalar" | "extend" | "schema" | "directive" => {
                    return;
                }
                "(" if self.skip_brackets().is_some() => {}
                _ => self.0 = self.0.get(1..).unwrap_or_default(),
            }
        }
    }

    /// Skips one pair of brackets with all that they hold.
    fn skip_brackets(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.next()? {
                "(" | "{" | "[" => depth += 1,
                ")" | "}" | "]" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn skip_definition(&mut self) -> Option<()> {
        self.skip_to_body();
        if self.peek() == Some("{") { self.skip_brackets() } else { Some(()) }
    }

    fn skip_directives(&mut self) -> Option<()> {
        while self.take("@") {
            self.next()?;
            if self.peek() == Some("(") {
                self.skip_brackets()?;
            }
        }
        Some(())
    }

    fn type_of(&mut self, kind: &str, shape: &mut Shape) -> Option<()> {
        let name = self.next()?;
        shape.says(name, kind);
        self.skip_to_body();
        if !self.take("{") {
            return Some(());
        }
        while !self.take("}") {
            let field = format!("{name}.{}", self.next()?);
            if self.take("(") {
                self.inputs(&field, ")", shape)?;
            }
            if !self.take(":") {
                return None;
            }
            let what = self.written_type()?;
            self.skip_directives()?;
            shape.says_may(field, what, May::Promise);
        }
        Some(())
    }

    /// Arguments, or fields of an input: what others send.
    fn inputs(&mut self, of: &str, end: &str, shape: &mut Shape) -> Option<()> {
        while !self.take(end) {
            let name = format!("{of}({})", self.next()?);
            if !self.take(":") {
                return None;
            }
            let what = self.written_type()?;
            let mut has_default = false;
            if self.take("=") {
                has_default = true;
                match self.peek()? {
                    "[" | "{" => self.skip_brackets()?,
                    _ => self.0 = &self.0[1..],
                }
            }
            self.skip_directives()?;
            if what.ends_with('!') && !has_default {
                shape.demands(name.clone(), of);
            }
            shape.says_may(name, what, May::Relax);
        }
        Some(())
    }

    fn written_type(&mut self) -> Option<String> {
        let mut what = String::new();
        while self.take("[") {
            what.push('[');
        }
        what.push_str(self.next()?);
        while let Some(sign @ ("!" | "]")) = self.peek() {
            what.push_str(sign);
            self.next();
        }
        Some(what)
    }

    fn values(&mut self, of: &str, shape: &mut Shape) -> Option<()> {
        while !self.take("}") {
            shape.says(format!("{of}.{}", self.next()?), "");
            self.skip_directives()?;
        }
        Some(())
    }

    fn members(&mut self, shape: &mut Shape) -> Option<()> {
        let name = self.next()?;
        shape.says(name, "union");
        self.skip_directives()?;
        if self.take("=") {
            self.take("|");
            loop {
                shape.says(format!("{name}|{}", self.next()?), "");
                if !self.take("|") {
                    break;
                }
            }
        }
        Some(())
    }
}

/// Names and signs; comments, commas and descriptions go. A default that is a text stays, since the type is judged with it.
fn tokens(text: &str) -> Option<Vec<&str>> {
    let written = Lexis { line_comment: "#", block: ("\"\"\"", "\"\"\""), quotes: b"\"" }.tokens(text)?;
    let mut kept: Vec<&str> = Vec::with_capacity(written.len());
    for token in written {
        let is_description = token.starts_with('"') && kept.last() != Some(&"=");
        if token != "," && !is_description {
            kept.push(token);
        }
    }
    Some(kept)
}
