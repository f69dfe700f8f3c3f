//! Values of expressions, told from tokens: what [`super::tree`] evaluates, at a hundredth of its cost.
//!
//! In: a view. Out: what numbers and durations an argument or a field is worth, through the constants and variables
//! that the file declares once. Anything but numbers, units of time, names, brackets and `* / + - <<` is unknown, and
//! so is all that holds it. The values are the tree's, with one difference: files of any size have them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;

use super::GoView;
use super::lexer::TokenKind;
use super::tree::{DEEPEST, Value, binary, number, unit};

/// Evaluates expressions of one file.
pub struct Values<'v, 'a> {
    view: &'v GoView<'a>,
    /// Tokens of the value of each declared name; a name that is given twice says nothing.
    names: HashMap<&'a str, Option<Range<usize>>>,
    /// What names are worth at a depth: names that stand for sums of names would be evaluated again and again.
    known: RefCell<HashMap<(&'a str, u32), Value>>,
}

/// An expression of more tokens says nothing: nobody writes one, and a hostile file would be read many times.
const LONGEST: usize = 200;

impl<'v, 'a> Values<'v, 'a> {
    pub fn new(view: &'v GoView<'a>) -> Values<'v, 'a> {
        let mut names = HashMap::new();
        for declaration in (0..view.tokens.len()).filter(|&at| view.is_word(at, "var") || view.is_word(at, "const")) {
            for spec in specs(view, declaration + 1) {
                if let Some((name, value)) = named(view, spec) {
                    names.entry(name).and_modify(|known| *known = None).or_insert(Some(value));
                }
            }
        }
        Values { view, names, known: RefCell::default() }
    }

    /// What some tokens are worth.
    pub fn of(&self, tokens: Range<usize>) -> Value {
        self.value(tokens, 0)
    }

    fn value(&self, tokens: Range<usize>, depth: u32) -> Value {
        if depth > DEEPEST || tokens.len() > LONGEST {
            return Value::Unknown;
        }
        match self.operator(tokens.clone()) {
            Split::No => self.operand(tokens, depth),
            Split::Unknown => Value::Unknown,
            Split::At(operator, sign) => {
                let left = self.value(tokens.start..operator, depth + 1);
                // A shift is written with two tokens.
                let right = operator + sign.len();
                binary(left, sign, self.value(right..tokens.end, depth + 1))
            }
        }
    }

    /// Finds the operator that is applied last.
    fn operator(&self, tokens: Range<usize>) -> Split {
        let mut split = Split::No;
        let mut weakest = u8::MAX;
        let mut at = tokens.start;
        let mut operand_before = false;
        while at < tokens.end {
            match self.view.kind(at) {
                Some(TokenKind::Punct(b'(')) => {
                    operand_before = true;
                    at = self.view.closing(at) + 1;
                    continue;
                }
                Some(TokenKind::Word | TokenKind::Number | TokenKind::Punct(b'.')) => operand_before = true,
                _ if !operand_before => return Split::Unknown,
                _ => {
                    let Some((sign, binds)) = self.sign(at) else { return Split::Unknown };
                    if binds <= weakest {
                        (split, weakest) = (Split::At(at, sign), binds);
                    }
                    operand_before = false;
                    at += sign.len();
                    continue;
                }
            }
            at += 1;
        }
        split
    }

    fn sign(&self, at: usize) -> Option<(&'static str, u8)> {
        match self.view.kind(at)? {
            TokenKind::Punct(b'*') => Some(("*", 5)),
            TokenKind::Punct(b'/') => Some(("/", 5)),
            TokenKind::Punct(b'+') => Some(("+", 4)),
            TokenKind::Punct(b'-') => Some(("-", 4)),
            TokenKind::Punct(b'<') if self.touches(at..at + 2) && self.view.is(at + 1, b'<') => Some(("<<", 5)),
            _ => None,
        }
    }

    fn operand(&self, tokens: Range<usize>, depth: u32) -> Value {
        let (view, first) = (self.view, tokens.start);
        match (tokens.len(), view.kind(first)) {
            (1, Some(TokenKind::Number)) => number(view.token(first)),
            (1, Some(TokenKind::Word)) => self.name(view.token(first), depth),
            (3, Some(TokenKind::Word)) if self.touches(tokens.clone()) => unit(&view.text[view.range(tokens)]),
            (_, Some(TokenKind::Punct(b'('))) if view.closing(first) + 1 == tokens.end => {
                self.value(first + 1..tokens.end - 1, depth + 1)
            }
            _ => self.conversion(tokens, depth),
        }
    }

    fn name(&self, name: &'a str, depth: u32) -> Value {
        let Some(Some(tokens)) = self.names.get(name) else { return Value::Unknown };
        if let Some(&known) = self.known.borrow().get(&(name, depth)) {
            return known;
        }
        let value = self.value(tokens.clone(), depth + 1);
        self.known.borrow_mut().insert((name, depth), value);
        value
    }

    /// `time.Duration(5)` keeps its number: it is multiplied by a unit.
    fn conversion(&self, tokens: Range<usize>, depth: u32) -> Value {
        let (view, open) = (self.view, tokens.start + 3);
        let is_call = view.is(open, b'(') && view.closing(open) + 1 == tokens.end;
        if !is_call || &view.text[view.range(tokens.start..open)] != "time.Duration" {
            return Value::Unknown;
        }
        arguments(view, open).first().map_or(Value::Unknown, |argument| self.value(argument.clone(), depth + 1))
    }

    /// Whether nothing stands between the tokens, as in `time.Second`.
    fn touches(&self, tokens: Range<usize>) -> bool {
        let tokens = self.view.tokens.get(tokens).unwrap_or_default();
        tokens.windows(2).all(|pair| pair[0].end == pair[1].start)
    }
}

enum Split {
    No,
    Unknown,
    At(usize, &'static str),
}

/// The tokens of each argument of a call, or of each element of a literal, whose bracket is at `open`.
pub fn arguments(view: &GoView<'_>, open: usize) -> Vec<Range<usize>> {
    list(view, open + 1..view.closing(open))
}

/// Splits tokens at the commas between them; one at the very end starts nothing.
fn list(view: &GoView<'_>, tokens: Range<usize>) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = tokens.start;
    let mut at = start;
    while at < tokens.end {
        if view.is(at, b',') {
            parts.push(start..at);
            start = at + 1;
        }
        at = after(view, at);
    }
    if start < tokens.end {
        parts.push(start..tokens.end);
    }
    parts
}

/// The token after this one, or after the bracket that it opens.
fn after(view: &GoView<'_>, at: usize) -> usize {
    match view.kind(at) {
        Some(TokenKind::Punct(b'(' | b'[' | b'{')) => view.closing(at).max(at) + 1,
        _ => at + 1,
    }
}

/// The statements of a declaration, whose keyword stands right before.
fn specs(view: &GoView<'_>, at: usize) -> Vec<Range<usize>> {
    if !view.is(at, b'(') {
        return std::iter::once(at..statement_end(view, at, view.tokens.len())).collect();
    }
    let (mut at, end) = (at + 1, view.closing(at));
    let mut specs = Vec::new();
    while at < end {
        let next = statement_end(view, at, end).max(at + 1);
        specs.push(at..next);
        at = if view.is(next, b';') { next + 1 } else { next };
    }
    specs
}

/// Where the statement that starts at `start` ends: at a semicolon, written or implied by a new line.
fn statement_end(view: &GoView<'_>, start: usize, end: usize) -> usize {
    let mut at = start;
    while at < end {
        let closes = matches!(view.kind(at), Some(TokenKind::Punct(b';' | b')' | b']' | b'}')));
        if closes || at > start && view.is_first(at) && may_end(view, at - 1) {
            return at;
        }
        at = after(view, at);
    }
    end.min(at)
}

/// Whether a new line after this token ends the statement.
fn may_end(view: &GoView<'_>, at: usize) -> bool {
    match view.kind(at) {
        Some(TokenKind::Punct(byte)) => matches!(byte, b')' | b']' | b'}'),
        Some(kind) => matches!(kind, TokenKind::Word | TokenKind::Number | TokenKind::String | TokenKind::Rune),
        None => true,
    }
}

/// The first name of a statement and the tokens of its value, where that is one.
fn named<'a>(view: &GoView<'a>, spec: Range<usize>) -> Option<(&'a str, Range<usize>)> {
    if view.kind(spec.start) != Some(TokenKind::Word) {
        return None;
    }
    let mut at = spec.start;
    while at < spec.end && !view.is(at, b'=') {
        at = after(view, at);
    }
    let values = list(view, at + 1..spec.end);
    match values.as_slice() {
        [value] => Some((view.token(spec.start), value.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::go::tree;
    use crate::source::Text;

    /// Values of the first argument of each call of `f`, by the tokens and by the tree.
    fn both(source: &str) -> (Vec<Value>, Vec<Value>) {
        let text = Text::new("a.go", source);
        let view = GoView::new(&text);
        let values = Values::new(&view);
        let calls = (0..view.tokens.len()).filter(|&at| view.is_word(at, "f") && view.is(at + 1, b'('));
        let tokens = calls.filter_map(|at| Some(values.of(arguments(&view, at + 1).first()?.clone()))).collect();
        let calls = tree::syntax(source).unwrap().calls.into_iter().filter(|call| call.function == "f");
        (tokens, calls.filter_map(|call| Some(call.arguments.first()?.value)).collect())
    }

    #[test]
    fn tokens_and_tree_agree() {
        for expression in [
            "5",
            "1_000.5e3 * time.Millisecond",
            "wait",
            "wait + time.Second*2 - other",
            "(1 + 2) * (time.Second)",
            "time.Duration(3) * time.Minute",
            "time.Duration(n, 2)",
            "time.Minute / 4 / 2",
            "1 << 3 * time.Second",
            "7 - 2",
            "-time.Second",
            "time . Second",
            "2 * x.time.Second",
            "given[0] * time.Second",
            "time.Second % 2",
            "g(time.Second)",
            "time.Second.Abs()",
            "twice * time.Second",
            "unset * time.Second",
            "grouped",
            "block",
            "func() time.Duration { return time.Second }()",
            "1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1",
            "1+1+1+1+1+1+1+1+1+1+1+1",
            "0x10 * time.Second",
            "'a' * time.Second",
            "a...",
            "time.Second, 2",
            "first",
            "second",
            "",
        ] {
            let source = format!(
                "package p\nvar first, second = 3 * time.Second, 4\nvar (\n\tgrouped = n *\n\t\ttime.Second // c\n\tunset time.Duration\n\ta, b int = 1, 2; block = time.Hour\n)\n\
                 const wait, n time.Duration = 5 * time.Second, 2\nconst other = wait\nconst n = 5\nconst twice = 1\n\
                 func h() {{\n\tvar twice = 2\n\tvar given = []int{{1, 2}}\n\tf({expression})\n}}\n"
            );
            let (tokens, tree) = both(&source);
            assert_eq!(tokens, tree, "{expression}");
        }
    }

    #[test]
    fn names_are_followed_as_in_the_tree() {
        let source = "package p\nconst (\n\tn = 5\n\twait = n * time.Millisecond\n\tself = self\n)\nvar s struct {\n\tx int\n} = struct{ x int }{1}\nfunc h() { f(wait); f(self); f(s); if x := func() { f(n) }; x != nil { f(wait / 2) } }\n";
        let (tokens, tree) = both(source);
        assert_eq!(tokens, tree);
        assert_eq!(tokens[0], Value::Duration(5_000.0));
    }

    #[test]
    fn broken_text_ends() {
        let deep = format!("package p\nvar x = {}1{}", "(".repeat(20_000), ")".repeat(20_000));
        for source in [deep.as_str(), "var", "const (", "var x =", "var x = (1", "var ) = 1", "var (\n)\n}", "var (;;)"]
        {
            let text = Text::new("a.go", source);
            let view = GoView::new(&text);
            let values = Values::new(&view);
            for end in 0..view.tokens.len().min(50) {
                values.of(0..end);
                let _ = arguments(&view, end);
            }
        }
    }
}
