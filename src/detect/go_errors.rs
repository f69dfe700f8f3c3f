//! Errors that Go code drops, as far as tokens tell.
//!
//! *Looks for*: `_ = f()`, `v, _ := f()`, and calls as statements of functions of the standard library that return
//! nothing but an error.
//! *Emits*: [`FactKind::Count`](crate::fact::FactKind::Count) `DiscardedErrors`, through `go_counts`.
//! *Misses*: errors dropped as statements of functions that only types would tell.
//! *Example*: `_ = os.Remove(path)`
//!
//! Without types nobody knows that a result is an error; so only the forms count in which it nearly always is one:
//! a call whose single result goes to `_`, a call whose last result does, and statements that call functions of the
//! standard library known to return nothing but an error that matters. Map look-ups, type assertions, receives,
//! `range`, and functions known to return a second value of another kind are left out, as are `defer`red calls.

use std::ops::Range;

use crate::parse::go::GoView;
use crate::parse::go::lexer::TokenKind;

/// Functions and methods whose last result is no error, or one that checkers ignore by default.
const NO_ERROR: &[&str] = &[
    // Builtins and conversions.
    "append",
    "cap",
    "complex",
    "copy",
    "imag",
    "len",
    "make",
    "max",
    "min",
    "new",
    "real",
    "recover",
    "string",
    "int",
    "int32",
    "int64",
    "uint",
    "uint32",
    "uint64",
    "float32",
    "float64",
    "byte",
    "rune",
    "bool",
    "any",
    // A second result that says whether or how much.
    "Caller",
    "Cut",
    "CutPrefix",
    "CutSuffix",
    "Deadline",
    "DecodeLastRune",
    "DecodeLastRuneInString",
    "DecodeRune",
    "DecodeRuneInString",
    "Find",
    "Frexp",
    "FromContext",
    "FromError",
    "FromIncomingContext",
    "FromOutgoingContext",
    "Get",
    "GetOk",
    "ISOWeek",
    "Load",
    "LoadAndDelete",
    "LoadOrStore",
    "Lookup",
    "LookupEnv",
    "Modf",
    "Peek",
    "ReadBuildInfo",
    "Search",
    "Sincos",
    "Split",
    "Swap",
    "WithCancel",
    "WithDeadline",
    "WithTimeout",
    "Zone",
    "BinarySearch",
    "BinarySearchFunc",
    "Pop",
    "PeerFromContext",
    // Excluded by default by checkers: they cannot fail, or failing does not matter.
    "Print",
    "Printf",
    "Println",
    "Fprint",
    "Fprintf",
    "Fprintln",
    "WriteByte",
    "WriteRune",
    "WriteString",
];

/// Statements that drop an error which tells whether the work was done.
const STATEMENTS: &[(&str, &[&str])] = &[
    (
        "os",
        &[
            "Chmod",
            "Chown",
            "Mkdir",
            "MkdirAll",
            "Remove",
            "RemoveAll",
            "Rename",
            "Setenv",
            "Symlink",
            "Truncate",
            "WriteFile",
        ],
    ),
    ("encoding/json", &["Unmarshal"]),
    ("encoding/binary", &["Read", "Write"]),
    ("encoding/xml", &["Unmarshal"]),
    ("io", &["Copy", "CopyN", "ReadFull", "WriteString"]),
];

/// Tokens of a statement that are looked at, brackets and what they hold counting as one.
const LONGEST: usize = 256;

/// Returns the tokens at which an error is dropped, in order.
pub(super) fn discarded(view: &GoView<'_>) -> Vec<usize> {
    let blanks = view.places(&["_"]).into_iter().filter(|&at| drops_by_blank(view, at + 1));
    let statements = view.selectors.iter().filter(|selector| {
        let path = view.import_of(selector).path;
        let name = view.token(selector.name());
        STATEMENTS.iter().any(|(module, names)| *module == path && names.contains(&name))
            && starts_statement(view, selector.token as usize)
    });
    let mut found: Vec<usize> = blanks.chain(statements.map(|selector| selector.token as usize)).collect();
    found.sort_unstable();
    found
}

/// Whether `=` or `:=` at a token gives a call's last result to `_`.
fn drops_by_blank(view: &GoView<'_>, at: usize) -> bool {
    if !matches!(view.kind(at), Some(TokenKind::Define | TokenKind::Punct(b'='))) || !view.is_word(at - 1, "_") {
        return false;
    }
    let alone = starts_statement(view, at - 1);
    let last_of_many = at >= 3 && view.is(at - 2, b',');
    if !(alone || last_of_many) {
        return false;
    }
    // A context comes with a cancel function or a span, a span with a context.
    if !alone && matches!(view.token(at - 3), "ctx" | "span") {
        return false;
    }
    let values = statement(view, at + 1);
    called(view, values).is_some_and(|name| !(NO_ERROR.contains(&name) || alone && makes_value(name)))
}

/// Whether the only result of a function is what it makes: if it could fail, it would have two.
fn makes_value(name: &str) -> bool {
    ["New", "GetOrCreate", "Must", "With"].iter().any(|start| name.starts_with(start))
}

fn starts_statement(view: &GoView<'_>, at: usize) -> bool {
    if at == 0 {
        return true;
    }
    let follows_value = matches!(
        view.tokens[at - 1].kind,
        TokenKind::Word
            | TokenKind::String
            | TokenKind::Number
            | TokenKind::Rune
            | TokenKind::Punct(b')' | b']' | b'}')
    );
    let bare = view.is(at - 1, b'{') || view.is(at - 1, b';') || view.is(at - 1, b':');
    bare && view.is_first(at) || view.is(at - 1, b'{') || view.is(at - 1, b';') || view.is_first(at) && follows_value
}

/// Returns the tokens from one on to the end of its statement.
fn statement(view: &GoView<'_>, from: usize) -> Range<usize> {
    let mut at = from;
    // A single call is short; not looking further keeps the time linear.
    for _ in 0..LONGEST {
        if at >= view.tokens.len() {
            break;
        }
        let goes_on = at == from || !view.is_first(at) || continues(view, at - 1);
        match view.tokens[at].kind {
            _ if !goes_on => break,
            TokenKind::Punct(b';' | b')' | b']' | b'}') => break,
            TokenKind::Punct(b'(' | b'[' | b'{') => at = view.closing(at),
            _ => {}
        }
        at += 1;
    }
    from..at.min(view.tokens.len())
}

/// Whether a line may not end after this token.
fn continues(view: &GoView<'_>, at: usize) -> bool {
    match view.tokens[at].kind {
        TokenKind::Punct(byte) => !matches!(byte, b')' | b']' | b'}'),
        TokenKind::Word | TokenKind::String | TokenKind::Number | TokenKind::Rune => false,
        _ => true,
    }
}

/// Returns the name of the function if the tokens are a single call.
fn called<'a>(view: &GoView<'a>, tokens: Range<usize>) -> Option<&'a str> {
    let first = view.kind(tokens.start)?;
    if first == TokenKind::Arrow || view.is_word(tokens.start, "range") || !view.is(tokens.end.checked_sub(1)?, b')') {
        return None;
    }
    let mut open = None;
    let mut at = tokens.start;
    while at < tokens.end {
        match view.tokens[at].kind {
            TokenKind::Punct(b',') => return None,
            TokenKind::Punct(b'(' | b'[' | b'{') => {
                open = Some(at);
                at = view.closing(at);
            }
            TokenKind::Word | TokenKind::Punct(b'.') | TokenKind::String => {}
            // Any operator: the value is computed, and no error.
            _ => return None,
        }
        at += 1;
    }
    let name = open?.checked_sub(1)?;
    (view.kind(name) == Some(TokenKind::Word) && name >= tokens.start).then(|| view.token(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Text;

    fn dropped(body: &str) -> usize {
        let source = format!("package p\nimport (\n\"os\"\n\"encoding/json\"\n)\nfunc f() {{\n{body}\n}}\n");
        let text = Text::new("a.go", &source);
        discarded(&GoView::new(&text)).len()
    }

    #[test]
    fn dropped_errors() {
        for body in [
            "_ = conn.Close()",
            "n, _ := strconv.Atoi(s)",
            "a, b, _ = f(1,\n2)",
            "if x, _ := f(); x { }",
            "_, _ = w.Write(data)",
            "_ = os.\n\tRemove(x)",
            "os.Remove(x)",
            "for { json.Unmarshal(data, &v) }",
            "case 1:\n\t_ = x.Flush()",
        ] {
            assert_eq!(dropped(body), 1, "{body}");
        }
    }

    #[test]
    fn what_is_no_error() {
        for body in [
            "v, _ := m[k]",
            "v, _ := x.(T)",
            "v, _ := <-c",
            "for k, _ := range f() { }",
            "_ = x",
            "_ = len(x)",
            "before, _ := strings.Cut(s, x)",
            "v, _ := cache.Load(k)",
            "_, _ = fmt.Fprintf(w, x)",
            "_, err := f()",
            "defer os.Remove(x)",
            "err := os.Remove(x)",
            "return os.Remove(x)",
            "go func() { }()",
            "_ = a == b(c)",
            "_ = metrics.NewGauge(name, func() float64 {\n\treturn 1\n})",
            "span, _ := trace(ctx)",
            "x.y, z = 1, f()",
        ] {
            assert_eq!(dropped(body), 0, "{body}");
        }
    }
}
