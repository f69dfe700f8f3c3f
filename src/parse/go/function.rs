//! Function declarations at the top level, told from tokens by matching brackets.

use std::ops::Range;

use super::GoView;
use super::lexer::TokenKind;

/// A function or method declaration; all numbers are token indices.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Of `func`.
    pub start: usize,
    pub name: usize,
    pub receiver: bool,
    /// Between the parentheses.
    pub parameters: Range<usize>,
    /// Between the closing parenthesis and the body.
    pub results: Range<usize>,
    /// From brace to brace; `None` for a declaration without one.
    pub body: Option<Range<usize>>,
}

impl Function {
    pub fn name<'a>(&self, view: &GoView<'a>) -> &'a str {
        view.token(self.name)
    }

    pub fn is_exported(&self, view: &GoView<'_>) -> bool {
        self.name(view).chars().next().is_some_and(char::is_uppercase)
    }

    /// From `func` to the closing parenthesis of the parameters, in bytes.
    pub fn signature(&self, view: &GoView<'_>) -> Range<usize> {
        view.range(self.start..self.parameters.end + 1)
    }
}

/// Finds the declarations from a token on.
pub(super) fn functions(view: &GoView<'_>, from: usize) -> Vec<Function> {
    let mut found = Vec::new();
    let mut at = from;
    while at < view.tokens.len() {
        match view.tokens[at].kind {
            TokenKind::Punct(b'(' | b'[' | b'{') => at = skip(view, at).unwrap_or(at),
            TokenKind::Word if starts_declaration(view, at) => {
                if let Some(function) = declaration(view, at) {
                    at = function.body.as_ref().map_or(function.results.end, |body| body.end);
                    found.push(function);
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

fn starts_declaration(view: &GoView<'_>, at: usize) -> bool {
    (view.is_first(at) || view.is(at.wrapping_sub(1), b';')) && view.token(at) == "func"
}

fn declaration(view: &GoView<'_>, start: usize) -> Option<Function> {
    let mut at = start + 1;
    let receiver = view.is(at, b'(');
    if receiver {
        at = skip(view, at)? + 1;
    }
    let name = at;
    if view.kind(name) != Some(TokenKind::Word) {
        return None;
    }
    at += 1;
    if view.is(at, b'[') {
        at = skip(view, at)? + 1;
    }
    if !view.is(at, b'(') {
        return None;
    }
    let close = skip(view, at)?;
    let parameters = at + 1..close;
    let (results, body) = tail(view, close + 1);
    Some(Function { start, name, receiver, parameters, results, body })
}

/// Reads results and body. A line that ends where a statement may end has no body: it is written in assembly.
fn tail(view: &GoView<'_>, from: usize) -> (Range<usize>, Option<Range<usize>>) {
    let mut at = from;
    while at < view.tokens.len() && (!view.is_first(at) || view.is(at, b'{')) {
        match view.tokens[at].kind {
            TokenKind::Punct(b'{') if !matches!(view.token(at.wrapping_sub(1)), "interface" | "struct") => {
                let end = skip(view, at).map_or(view.tokens.len(), |close| close + 1);
                return (from..at, Some(at..end));
            }
            TokenKind::Punct(b'(' | b'[' | b'{') => match skip(view, at) {
                Some(close) => at = close,
                None => break,
            },
            TokenKind::Punct(b';') => break,
            _ => {}
        }
        at += 1;
    }
    (from..at, None)
}

/// Returns the bracket that closes the one at `open`, where one does.
fn skip(view: &GoView<'_>, open: usize) -> Option<usize> {
    let close = view.closing(open);
    (close < view.tokens.len()).then_some(close)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Text;

    #[test]
    fn signatures_of_all_shapes() {
        let source = "package p\nvar f = func() {}\nfunc asm(a int) int\nfunc g[T any](x func() struct{}) (r interface{ M() }, err error) { func() {}() }\nfunc (r R) m() map[string]struct{} { return nil }\nfunc h() chan struct{} {\n}\n";
        let text = Text::new("a.go", source);
        let view = GoView::new(&text);
        let found: Vec<_> = view
            .functions
            .iter()
            .map(|f| (f.name(&view), f.receiver, f.body.clone().map(|b| &source[view.range(b)])))
            .collect();
        assert_eq!(
            found,
            [
                ("asm", false, None),
                ("g", false, Some("{ func() {}() }")),
                ("m", true, Some("{ return nil }")),
                ("h", false, Some("{\n}")),
            ]
        );
    }

    #[test]
    fn unbalanced_text_ends() {
        for source in
            ["package p\nfunc f(", "package p\nfunc f() {", "package p\n}}\nfunc f() {}", "package p\nfunc (x"]
        {
            let text = Text::new("a.go", source);
            let _ = GoView::new(&text);
        }
    }
}
