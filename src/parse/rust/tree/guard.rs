//! What syn must not be given: text whose tree would be deeper than any person writes.
//!
//! syn parses by recursion and so uses stack for each level. Real code nests 27 groups at most and puts 11 prefix
//! operators or `<` in a row; each limit leaves a wide margin above that, and the stack of the parser a wide one above
//! the limits.

use crate::parse::rust::lex::{Kind, Token, lex};

/// Groups inside groups.
const NESTING: usize = 128;
/// Prefix operators, `<` or prefix keywords in a row.
const RUN: usize = 128;
/// Tokens of one statement at one level: `a = a = …`, `else if …` recurse too.
const STATEMENT: usize = 20_000;

/// Says why a text is refused, and where; `None` for all code that is meant to be read.
pub(super) fn refusal(text: &str) -> Option<(usize, String)> {
    let tokens = lex(text);
    let mut statements = vec![0usize];
    let mut run = 0;
    for (index, token) in tokens.iter().enumerate() {
        let at = token.start as usize;
        let word = &text[at..token.end as usize];
        run = if is_prefix(token, word) { run + 1 } else { 0 };
        match token.kind {
            Kind::Open => statements.push(0),
            Kind::Close => {
                statements.pop();
                if statements.is_empty() {
                    statements.push(0);
                }
                let goes_on =
                    tokens.get(index + 1).is_some_and(|next| &text[next.start as usize..next.end as usize] == "else");
                if word == "}" && !goes_on {
                    reset(&mut statements);
                }
            }
            _ if word == ";" || word == "," => reset(&mut statements),
            _ => {}
        }
        let length = statements.last_mut()?;
        *length += 1;
        let (limit, what) = match () {
            () if run > RUN => (RUN, "prefix operators in a row"),
            () if *length > STATEMENT => (STATEMENT, "tokens in one statement"),
            () if statements.len() > NESTING + 1 => (NESTING, "groups inside each other"),
            () => continue,
        };
        return Some((at, format!("more than {limit} {what}: items with a foreign side are not looked for")));
    }
    None
}

fn reset(statements: &mut [usize]) {
    if let Some(length) = statements.last_mut() {
        *length = 0;
    }
}

fn is_prefix(token: &Token, word: &str) -> bool {
    match token.kind {
        Kind::Punct => matches!(word, "!" | "-" | "*" | "&" | "<" | "|" | "." | "?" | ":" | "=" | "#"),
        Kind::Ident => matches!(
            word,
            "return"
                | "break"
                | "move"
                | "async"
                | "unsafe"
                | "const"
                | "mut"
                | "dyn"
                | "impl"
                | "ref"
                | "box"
                | "yield"
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absurd_code_is_refused() {
        let cases = [
            ("fn f() { ((((a)))) }".to_owned(), false),
            (format!("fn f() {{ {}a{} }}", "(".repeat(200), ")".repeat(200)), true),
            (format!("fn f() {{ {}a }}", "!".repeat(200)), true),
            (format!("type T = {}a;", "Vec<".repeat(60)), false),
            (format!("type T = {}a;", "<".repeat(200)), true),
            (format!("fn f() {{ {} }}", "a = ".repeat(20_000)), true),
            (format!("fn f() {{ {} }}", "if a {} else ".repeat(20_000)), true),
            ("fn f() {}\n".repeat(20_000), false),
            ("f(a, b);\n".repeat(20_000), false),
            (")]}".to_owned(), false),
        ];
        for (text, refused) in cases {
            assert_eq!(refusal(&text).is_some(), refused, "{}", &text[..text.len().min(60)]);
        }
    }
}
