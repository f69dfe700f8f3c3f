//! PromQL's expression tree, read by precedence with a bound on depth.

use super::tokens::{Token, tokens};
use crate::parse::cut;
use crate::problem::Class;

/// Deeper nesting than people or generators write.
const MAX_DEPTH: usize = 64;
/// Operators of one expression: `a + a + …` is a tree as deep as it is long, and each comparison looks below itself.
const MAX_OPERATORS: usize = 256;

/// A part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    Number(f64),
    /// A metric with its label matchers.
    Selector(String, Vec<Label>),
    /// A function or an aggregation with its arguments; parentheses alone are a call of "".
    Call(String, Vec<Expr>),
    Binary(String, Box<[Expr; 2]>),
    /// What is not understood, or a word put in by a template.
    Unknown,
}

/// One label matcher.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    pub name: String,
    pub value: String,
    pub regex: bool,
    pub negative: bool,
}

impl Expr {
    /// Calls `visit` for this part and all below it.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        visit(self);
        match self {
            Expr::Call(_, parts) => parts.iter().for_each(|part| part.walk(visit)),
            Expr::Binary(_, sides) => sides.iter().for_each(|side| side.walk(visit)),
            Expr::Number(_) | Expr::Selector(..) | Expr::Unknown => {}
        }
    }

    /// Works out the value of an expression of numbers alone.
    pub fn constant(&self) -> Option<f64> {
        match self {
            Expr::Number(value) => Some(*value),
            Expr::Call(name, parts) if name.is_empty() || name == "vector" || name == "scalar" => match &parts[..] {
                [only] => only.constant(),
                _ => None,
            },
            Expr::Binary(operator, sides) => {
                let (left, right) = (sides[0].constant()?, sides[1].constant()?);
                match operator.as_str() {
                    "+" => Some(left + right),
                    "-" => Some(left - right),
                    "*" => Some(left * right),
                    "/" => Some(left / right),
                    "^" => Some(left.powf(right)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Returns the first metric below.
    pub fn selector(&self) -> Option<(&str, &[Label])> {
        let mut found: Option<(&str, &[Label])> = None;
        self.walk(&mut |expr| {
            if let (None, Expr::Selector(metric, labels)) = (found, expr) {
                found = Some((metric, labels));
            }
        });
        found
    }

    /// Looks through parentheses and aggregations of one argument.
    pub fn unwrapped(&self) -> &Expr {
        let mut expr = self;
        while let Expr::Call(name, parts) = expr
            && matches!(name.as_str(), "" | "sum" | "avg")
            && let [only] = &parts[..]
        {
            expr = only;
        }
        expr
    }

    /// Whether it is a metric within aggregations and roll-ups alone.
    pub fn is_rollup(&self) -> bool {
        match self {
            Expr::Selector(..) => true,
            Expr::Call(_, parts) => matches!(&parts[..], [only] if only.is_rollup()),
            _ => false,
        }
    }
}

/// Reads an expression; always gives one.
pub(super) fn parse(text: &str) -> Expr {
    let tokens = tokens(text);
    let mut reader = Reader { tokens: &tokens, at: 0, depth: 0, operators: 0 };
    reader.expression(0)
}

struct Reader<'t, 'a> {
    tokens: &'t [Token<'a>],
    at: usize,
    depth: usize,
    operators: usize,
}

impl<'a> Reader<'_, 'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    fn accept(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(found)) if found == sign);
        self.at += usize::from(found);
        found
    }

    fn operator(&self) -> Option<(&'a str, u8)> {
        let (Token::Sign(text) | Token::Word(text)) = self.peek()? else { return None };
        let power = match text {
            "or" | "default" => 1,
            "and" | "unless" | "if" | "ifnot" => 2,
            "==" | "!=" | ">" | "<" | ">=" | "<=" => 3,
            "+" | "-" => 4,
            "*" | "/" | "%" => 5,
            "^" => 6,
            _ => return None,
        };
        Some((text, power))
    }

    fn expression(&mut self, floor: u8) -> Expr {
        if self.depth >= MAX_DEPTH || self.operators >= MAX_OPERATORS {
            match self.depth >= MAX_DEPTH {
                true => cut::met("levels of a PromQL expression", MAX_DEPTH, Class::Lost),
                false => cut::met("operators of a PromQL expression", MAX_OPERATORS, Class::Lost),
            }
            self.at = self.tokens.len();
            return Expr::Unknown;
        }
        self.depth += 1;
        let mut left = self.primary();
        while let Some((operator, power)) = self.operator() {
            if power <= floor {
                break;
            }
            self.at += 1;
            self.operators += 1;
            self.skip_modifiers();
            let right = self.expression(power);
            left = Expr::Binary(operator.to_owned(), Box::new([left, right]));
        }
        self.depth -= 1;
        left
    }

    /// `bool`, `on (…)`, `ignoring (…)`, `group_left (…)`.
    fn skip_modifiers(&mut self) {
        while let Some(Token::Word(word)) = self.peek() {
            match word {
                "bool" => self.at += 1,
                "on" | "ignoring" | "group_left" | "group_right" => {
                    self.at += 1;
                    self.skip_parentheses();
                }
                _ => break,
            }
        }
    }

    fn skip_parentheses(&mut self) {
        if self.accept("(") {
            while self.peek().is_some() && !self.accept(")") {
                self.at += 1;
            }
        }
    }

    fn primary(&mut self) -> Expr {
        let Some(token) = self.peek() else { return Expr::Unknown };
        let expr = match token {
            Token::Number(value) => {
                self.at += 1;
                Expr::Number(value)
            }
            Token::Text(_) => {
                self.at += 1;
                Expr::Unknown
            }
            Token::Word(word) => {
                self.at += 1;
                self.named(word)
            }
            Token::Sign("(") => Expr::Call(String::new(), self.arguments()),
            Token::Sign("{") => Expr::Selector(String::new(), Vec::new()),
            Token::Sign("-") => {
                self.at += 1;
                let operand = self.expression(5);
                Expr::Binary("-".to_owned(), Box::new([Expr::Number(0.0), operand]))
            }
            Token::Sign("+") => {
                self.at += 1;
                self.expression(5)
            }
            Token::Sign(")" | ",") => Expr::Unknown,
            Token::Sign(_) => {
                self.at += 1;
                Expr::Unknown
            }
        };
        self.with_suffixes(expr)
    }

    fn named(&mut self, word: &'a str) -> Expr {
        while let Some(Token::Word("by" | "without" | "on")) = self.peek() {
            self.at += 1;
            self.skip_parentheses();
        }
        match self.peek() {
            Some(Token::Sign("(")) => Expr::Call(word.to_ascii_lowercase(), self.arguments()),
            _ if word == "unknown_value" => Expr::Unknown,
            _ => Expr::Selector(word.to_owned(), Vec::new()),
        }
    }

    fn arguments(&mut self) -> Vec<Expr> {
        let mut arguments = Vec::new();
        self.accept("(");
        loop {
            if self.accept(")") || self.peek().is_none() {
                break;
            }
            let before = self.at;
            arguments.push(self.expression(0));
            if !self.accept(",") && !matches!(self.peek(), Some(Token::Sign(")"))) && self.at == before {
                self.at += 1;
            }
        }
        arguments
    }

    /// Matchers, `offset 5m`, `@ end()`, and an aggregation's labels behind its argument.
    fn with_suffixes(&mut self, mut expr: Expr) -> Expr {
        loop {
            match self.peek() {
                Some(Token::Sign("{")) => {
                    self.at += 1;
                    let labels = self.labels();
                    if let Expr::Selector(metric, known) = &mut expr {
                        if let (true, Some(name)) = (metric.is_empty(), labels.iter().find(|l| l.name == "__name__")) {
                            metric.clone_from(&name.value);
                        }
                        known.extend(labels);
                    }
                }
                Some(Token::Word(word)) if word.eq_ignore_ascii_case("by") || word.eq_ignore_ascii_case("without") => {
                    self.at += 1;
                    self.skip_parentheses();
                }
                Some(Token::Word("offset")) => self.at += 2,
                Some(Token::Word("limit")) if matches!(expr, Expr::Call(..)) => self.at += 2,
                Some(Token::Word("keep_metric_names")) => self.at += 1,
                Some(Token::Sign("@")) => {
                    self.at += 2;
                    self.skip_parentheses();
                }
                _ => return expr,
            }
        }
    }

    fn labels(&mut self) -> Vec<Label> {
        let mut labels = Vec::new();
        while self.peek().is_some() && !self.accept("}") {
            let (name, operator, value) = (self.peek(), self.tokens.get(self.at + 1), self.tokens.get(self.at + 2));
            match (name, operator, value) {
                (Some(Token::Word(name) | Token::Text(name)), Some(Token::Sign(sign)), Some(Token::Text(value)))
                    if matches!(*sign, "=" | "=~" | "!=" | "!~") =>
                {
                    labels.push(Label {
                        name: name.to_owned(),
                        value: (*value).to_owned(),
                        regex: sign.ends_with('~'),
                        negative: sign.starts_with('!'),
                    });
                    self.at += 3;
                }
                _ => self.at += 1,
            }
        }
        labels
    }
}
