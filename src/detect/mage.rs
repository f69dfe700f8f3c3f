//! Builds written in Go: magefiles.
//!
//! *Looks for*: `sh.Run` and its like of mage, and `exec.Command`, with literal words, in files that import mage or are
//! built for it only; lists of words that a variable of the same function holds.
//! *Emits*: `Build` (source `makefile`) and `Image`, as a Makefile's recipes would.
//! *Misses*: words that are computed, which stay out of the command.
//! *Example*: `sh.RunV("go", "build", "-o", "bin/web", "./cmd/web")`.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Facts;
use super::deploy::emit_a_command;
use crate::parse::go::GoView;
use crate::parse::go::lexer::TokenKind;
use crate::parse::shell::Command;
use crate::scope::Scope;

/// Functions that run a program, with the place of its name among the arguments.
const RUNNERS: &[(&str, &str, usize)] = &[
    ("github.com/magefile/mage/sh", "Run", 0),
    ("github.com/magefile/mage/sh", "RunV", 0),
    ("github.com/magefile/mage/sh", "RunWith", 1),
    ("github.com/magefile/mage/sh", "RunWithV", 1),
    ("github.com/magefile/mage/sh", "Output", 0),
    ("github.com/magefile/mage/sh", "OutputWith", 1),
    ("github.com/magefile/mage/sh", "Exec", 3),
    ("os/exec", "Command", 0),
    ("os/exec", "CommandContext", 1),
];

pub(super) fn detect(view: &GoView<'_>, facts: &mut Facts<'_, '_>) {
    if !matches!(view.scope, Scope::Shipped | Scope::Example) || view.generated || !is_magefile(view) {
        return;
    }
    for selector in &view.selectors {
        let (path, name) = (view.import_of(selector).path, view.token(selector.name()));
        let Some((.., first)) = RUNNERS.iter().find(|(p, n, _)| *p == path && *n == name) else { continue };
        let open = selector.name() + 1;
        if !view.is(open, b'(') {
            continue;
        }
        let arguments = arguments(view, open);
        let Some(start) = arguments.get(*first) else { continue };
        let Some(program) = literal(view, start) else { continue };
        let mut words = vec![program];
        for argument in &arguments[*first + 1..] {
            match literal(view, argument) {
                Some(word) => words.push(word),
                None if argument.len() == 2 => words.extend(list(view, argument.start, selector.token as usize)),
                None => {}
            }
        }
        let environment =
            arguments.first().filter(|_| *first == 1).map(|map| pairs(view, map)).unwrap_or_default().into();
        let command = Command { range: view.range(selector.tokens()), directory: None, environment, words };
        let recipe = view.function_at(selector.token as usize).map(|function| function.name(view));
        emit_a_command(&command, "makefile", &[], recipe, facts);
    }
}

fn is_magefile(view: &GoView<'_>) -> bool {
    let built_for_it = view.constraint.as_deref().is_some_and(|constraint| constraint.contains("mage"));
    built_for_it || view.imports.iter().any(|import| import.path.starts_with("github.com/magefile/mage/"))
}

/// The token ranges of a call's arguments.
fn arguments(view: &GoView<'_>, open: usize) -> Vec<Range<usize>> {
    let close = view.closing(open).min(view.tokens.len());
    let mut found = Vec::new();
    let (mut start, mut at) = (open + 1, open + 1);
    while at < close {
        if view.is(at, b',') {
            found.push(start..at);
            start = at + 1;
        } else if [b'(', b'[', b'{'].iter().any(|bracket| view.is(at, *bracket)) {
            at = view.closing(at).min(close);
        }
        at += 1;
    }
    if start < close {
        found.push(start..close);
    }
    // `args...` is one word and the dots; the lexer may give them as one token or as three.
    found.iter_mut().for_each(|argument| {
        if view.kind(argument.start) == Some(TokenKind::Word) && view.token(argument.start + 1).starts_with('.') {
            let spread = (argument.start + 1..argument.end).all(|at| view.token(at).bytes().all(|byte| byte == b'.'));
            if spread {
                argument.end = argument.start + 2;
            }
        }
    });
    found
}

/// One string, or the parts of `filepath.Join`.
fn literal(view: &GoView<'_>, argument: &Range<usize>) -> Option<String> {
    if argument.len() == 1 {
        return string(view, argument.start);
    }
    let joins = view.is_word(argument.start, "filepath") || view.is_word(argument.start, "path");
    if joins && view.is_word(argument.start + 2, "Join") {
        let parts: Vec<String> = (argument.start + 3..argument.end).filter_map(|at| string(view, at)).collect();
        return (!parts.is_empty()).then(|| parts.join("/"));
    }
    None
}

fn string(view: &GoView<'_>, at: usize) -> Option<String> {
    let token = view.token(at);
    let quoted = token.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let raw = token.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
    quoted.or(raw).map(str::to_owned)
}

/// The literal words of `name := []string{…}` above a place.
fn list(view: &GoView<'_>, name: usize, before: usize) -> Vec<String> {
    let name = view.token(name);
    let from = view.function_at(before).and_then(|function| function.body.clone()).map_or(0, |body| body.start);
    let Some(at) = (from..before)
        .rev()
        .find(|&at| view.is_word(at, name) && view.kind(at + 1) == Some(TokenKind::Define) && view.is(at + 2, b'['))
    else {
        return Vec::new();
    };
    let Some(open) = (at + 2..at + 8).find(|&at| view.is(at, b'{')) else { return Vec::new() };
    arguments(view, open).iter().filter_map(|argument| literal(view, argument)).collect()
}

/// The literal pairs of `map[string]string{"GOOS": "js"}`.
fn pairs(view: &GoView<'_>, map: &Range<usize>) -> Vec<(String, String)> {
    let mut found = BTreeMap::new();
    for at in map.clone() {
        if view.is(at + 1, b':')
            && let (Some(name), Some(value)) = (string(view, at), string(view, at + 2))
        {
            found.insert(name, value);
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::go_facts;
    use crate::fact::FactKind;

    fn builds(source: &str) -> Vec<String> {
        let facts = go_facts(detect, "magefiles/magefile.go", source);
        let words = facts.into_iter().filter_map(|fact| match fact.kind {
            FactKind::Build(build) => Some(format!(
                "{} {} {} {}",
                build.tool,
                build.packages.join(","),
                build.output.unwrap_or_default(),
                build.target.unwrap_or_default()
            )),
            FactKind::Image(image) => Some(format!("image {}", image.names.join(","))),
            _ => None,
        });
        words.collect()
    }

    #[test]
    fn commands_with_literal_words() {
        let head = "//go:build mage\n\npackage main\n\nimport (\n\"github.com/magefile/mage/sh\"\n\"path/filepath\"\n\"os/exec\"\n)\n";
        for (body, expected) in [
            (
                "func A() error { return sh.RunV(\"go\", \"build\", \"-o\", \"bin/web\", \"./cmd/web\") }",
                "go ./cmd/web bin/web ",
            ),
            (
                "func A() { sh.RunWith(map[string]string{\"GOOS\": \"js\", \"GOARCH\": \"wasm\"}, \"go\", \"build\", \"./w\") }",
                "go ./w  js/wasm",
            ),
            (
                "func A() error { args := []string{\"build\", \"-o\", filepath.Join(\"build\", \"m.wasm\"), \"-target=wasip1\", tags}; return sh.RunV(\"tinygo\", args...) }",
                "tinygo . build/m.wasm wasip1",
            ),
            ("func A() { exec.Command(\"docker\", \"build\", \"-t\", \"r/web\", \".\").Run() }", "image r/web"),
        ] {
            assert_eq!(builds(&format!("{head}{body}\n")), [expected], "{body}");
        }
    }

    #[test]
    fn other_programs_that_run_programs_are_silent() {
        let source =
            "package main\nimport \"os/exec\"\nfunc main() { exec.Command(\"go\", \"build\", \"./x\").Run() }\n";
        assert!(builds(source).is_empty());
        let source = "package main\nimport \"github.com/magefile/mage/sh\"\n// sh.RunV(\"go\", \"build\")\nfunc A() { sh.RunV(\"go\", \"test\") }\n";
        assert!(builds(source).is_empty());
    }
}
