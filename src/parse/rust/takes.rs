//! What a file takes in from places whose names say that nothing is read there.
//!
//! Looks for `#[path = "…"] mod a;` and `include!("…")` of other endings or foreign folders, and for `mod fixtures;`; the
//! rest of the modules needs no word, since every file that ends in `.rs` is read.

use super::lex::Kind;
use super::structure::unquote;
use super::tokens::Tokens;
use crate::fact::Taken;
use crate::scope::Scope;
use crate::source::Text;

/// Reads them from the tokens without tests.
pub(crate) fn takes(tokens: &Tokens<'_>, text: &Text<'_>) -> Vec<Taken> {
    let mut found = Vec::new();
    let (mut path, mut is_test, mut at) = (None, false, 0);
    while at < tokens.len() {
        if tokens.is(at, b'#') && tokens.is(at + 1, b'[') {
            let close = tokens.close(at + 1);
            let named = (at + 2..close).find(|&word| tokens.reads(word, &["path", "="]));
            path = named.map(|word| unquote(tokens.at(word + 2))).or(path);
            is_test |= tokens.at(at + 2) == "cfg" && (at + 2..close).any(|word| tokens.at(word) == "test");
            at = close + 1;
            continue;
        }
        let place = || text.place(tokens.range(at, at + 1));
        match tokens.at(at) {
            "mod" if tokens.is_ident(at + 1) && tokens.is(at + 2, b';') && !is_test => {
                let name = tokens.at(at + 1);
                match path {
                    Some(path) if is_odd(path) => {
                        found.push(Taken { what: path.to_owned(), named: true, place: place() })
                    }
                    None if Scope::of(&format!("{name}/x.rs")).is_foreign() => {
                        found.push(Taken { what: name.to_owned(), named: false, place: place() });
                    }
                    _ => {}
                }
            }
            "include" if tokens.is(at + 1, b'!') && !is_test => {
                if let Some(what) = written(tokens, at + 3).filter(|path| is_odd(path)) {
                    found.push(Taken { what, named: true, place: place() });
                }
            }
            "pub" | "crate" | "(" | ")" | "in" => {
                at += 1;
                continue;
            }
            _ => {}
        }
        (path, is_test) = (None, false);
        at += 1;
    }
    found
}

/// The path that a text or a `concat!` of texts makes. One below the package's own directory starts with `/`; what is made
/// by a build is nobody's file.
fn written(tokens: &Tokens<'_>, at: usize) -> Option<String> {
    let text = |at: usize| (tokens.kind(at) == Some(Kind::Str)).then(|| unquote(tokens.at(at)));
    if !tokens.reads(at, &["concat", "!"]) {
        return text(at).map(str::to_owned);
    }
    let (mut path, mut at) = (String::new(), at + 3);
    loop {
        if tokens.reads(at, &["env", "!"]) && text(at + 3) == Some("CARGO_MANIFEST_DIR") && path.is_empty() {
            at = tokens.close(at + 2) + 1;
        } else {
            path.push_str(text(at)?);
            at += 1;
        }
        match tokens.at(at) {
            "," if !tokens.is(at + 1, b')') => at += 1,
            _ => return Some(path),
        }
    }
}

fn is_odd(path: &str) -> bool {
    !path.ends_with(".rs") || Scope::of(path).is_foreign()
}
