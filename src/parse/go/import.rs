//! Package clause, import declarations, and what the file uses of each import.

use std::ops::Range;

use super::GoView;
use super::lexer::TokenKind;

/// One import as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Import<'a> {
    pub path: &'a str,
    /// The name in front of the path, also `.` and `_`.
    pub alias: Option<&'a str>,
    /// Index of the path's token.
    pub token: usize,
}

/// `package.Name` where `package` is an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selector {
    /// Index of the token of the package's name; the dot and the name follow.
    pub token: u32,
    /// Index into the file's imports.
    pub import: u16,
}

impl Selector {
    /// Index of the token of the selected name.
    pub fn name(&self) -> usize {
        self.token as usize + 2
    }

    /// Tokens of the whole selector.
    pub fn tokens(&self) -> Range<usize> {
        self.token as usize..self.token as usize + 3
    }
}

/// Imports kept of one file; generated ones have some hundreds.
pub const MAX_IMPORTS: usize = 4_096;

/// Returns the index of the `package` keyword.
pub(super) fn package_clause(view: &GoView<'_>) -> Option<usize> {
    let named = view.is_word(0, "package") && view.kind(1) == Some(TokenKind::Word);
    named.then_some(0)
}

/// Reads the import declarations from a token on; returns them and the index of the first token after them.
pub(super) fn imports<'a>(view: &GoView<'a>, from: usize) -> (Vec<Import<'a>>, usize) {
    let mut found = Vec::new();
    let mut at = from;
    loop {
        while view.is(at, b';') {
            at += 1;
        }
        if !view.is_word(at, "import") {
            return (found, at);
        }
        at += 1;
        if !view.is(at, b'(') {
            at = import(view, at, &mut found);
            continue;
        }
        at += 1;
        while at < view.tokens.len() && !view.is(at, b')') {
            at = import(view, at, &mut found);
        }
        at += 1;
    }
}

fn import<'a>(view: &GoView<'a>, at: usize, found: &mut Vec<Import<'a>>) -> usize {
    let aliased = matches!(view.kind(at), Some(TokenKind::Word | TokenKind::Punct(b'.')));
    let token = at + usize::from(aliased);
    if view.kind(token) != Some(TokenKind::String) {
        return at + 1;
    }
    if found.len() >= MAX_IMPORTS {
        return token + 1;
    }
    let path = view.token(token).trim_matches(['"', '`']);
    found.push(Import { path, alias: aliased.then(|| view.token(at)), token });
    token + 1
}

/// Finds all uses of imported packages from a token on.
pub(super) fn selectors(view: &GoView<'_>, from: usize) -> Vec<Selector> {
    let names = Names::new(&view.imports);
    let mut found = Vec::new();
    // From the dot on: a word before it may end an import.
    for token in view.shape.selections.iter().map(|&at| at as usize).filter(|&at| at + 1 >= from) {
        if let Some(import) = names.get(view.token(token)) {
            found.push(Selector { token: token as u32, import });
        }
    }
    found
}

/// Names by which a file's imports are known, in buckets by first byte and length.
struct Names<'a> {
    buckets: Vec<Vec<(&'a str, u16)>>,
}

impl<'a> Names<'a> {
    fn new(imports: &[Import<'a>]) -> Names<'a> {
        let mut names = Names { buckets: vec![Vec::new(); 64] };
        for sure in [true, false] {
            for (index, import) in imports.iter().enumerate().take(usize::from(u16::MAX)) {
                match import.alias {
                    Some("_" | ".") => {}
                    Some(alias) if sure => names.add(alias, index as u16),
                    Some(_) => {}
                    None => names.add_guesses(import.path, sure, index as u16),
                }
            }
        }
        names
    }

    /// The name of a package is not in its path; the last part tells it (`sure`), or almost does.
    fn add_guesses(&mut self, path: &'a str, sure: bool, index: u16) {
        let last = last_part(path);
        if sure != last.contains(['-', '.']) {
            self.add(last, index);
        }
        if sure {
            return;
        }
        // `…/core/v1` is named `core` or `v1`.
        self.add(path.rsplit('/').next().unwrap_or(path), index);
        self.add(package_name(path), index);
        for part in last.split(['-', '.']) {
            self.add(part, index);
        }
    }

    fn add(&mut self, name: &'a str, index: u16) {
        if name.is_empty() || name.contains(['-', '.']) || matches!(name, "go" | "sdk") || self.get(name).is_some() {
            return;
        }
        self.buckets[bucket(name)].push((name, index));
    }

    fn get(&self, name: &str) -> Option<u16> {
        self.buckets[bucket(name)].iter().find(|(known, _)| *known == name).map(|(_, index)| *index)
    }
}

fn bucket(name: &str) -> usize {
    let first = name.bytes().next().unwrap_or_default() as usize;
    (first.wrapping_mul(5) ^ name.len()) & 63
}

/// Returns the name that a package most likely has: the last part of its path without what is not in names.
pub fn package_name(path: &str) -> &str {
    let last = last_part(path);
    let trimmed = last.strip_prefix("go-").or_else(|| last.strip_prefix("go.")).unwrap_or(last);
    let ends = ["-go", ".go", "-golang", "-sdk"];
    ends.iter().find_map(|end| trimmed.strip_suffix(end)).unwrap_or(trimmed)
}

/// Returns the part of an import path that usually holds the package's name: no `/v2`, no `.v3`.
fn last_part(path: &str) -> &str {
    let mut parts = path.rsplit('/');
    let mut last = parts.next().unwrap_or(path);
    if is_version(last) {
        last = parts.next().unwrap_or(last);
    }
    match last.rsplit_once('.') {
        Some((name, version)) if is_version(version) => name,
        _ => last,
    }
}

fn is_version(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Text;

    #[test]
    fn forms_of_imports() {
        let source = "package p; import `a/b`; import . \"c\"\nimport (\n _ \"d\" // no\n /* x */ e \"f\"; \"g.v3\"\n)\nvar s = `import \"C\"`";
        let text = Text::new("a.go", source);
        let view = GoView::new(&text);
        let found: Vec<_> = view.imports.iter().map(|import| (import.alias, import.path)).collect();
        assert_eq!(found, [(None, "a/b"), (Some("."), "c"), (Some("_"), "d"), (Some("e"), "f"), (None, "g.v3")]);
    }

    #[test]
    fn package_names_are_guessed_from_paths() {
        for (path, name) in [
            ("gopkg.in/yaml.v3", "yaml"),
            ("example.org/x/go-redis/v9", "redis"),
            ("example.org/x/nats.go", "nats"),
            ("example.org/x/kafka-go", "kafka"),
            ("example.org/x/amqp091-go", "amqp091"),
            ("example.org/x/sdk-go/v2", ""),
            ("k8s.io/api/core/v1", "core"),
        ] {
            let source = format!("package p\nimport \"{path}\"\nvar _ = {name}.X");
            let text = Text::new("a.go", &source);
            assert_eq!(GoView::new(&text).selectors.len(), usize::from(!name.is_empty()), "{path}");
        }
    }

    #[test]
    fn a_version_directory_may_be_the_package() {
        // k8s.io/api/core/v1 is named `v1`, and most often renamed.
        let text = Text::new("a.go", "package p\nimport \"k8s.io/api/core/v1\"\nvar _ = v1.Pod{}");
        assert_eq!(GoView::new(&text).selectors.len(), 1);
    }
}
