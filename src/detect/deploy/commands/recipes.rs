//! Commands that run what the repository keeps elsewhere: recipes of task runners, and scripts.

use super::words::{Words, owned_pair};
use crate::fact::Build;
use crate::parse::shell::Command;

/// `make target VAR=x`: what it builds is told by the Makefile; the variables may name the service.
pub(super) fn make(program: &str, words: &Words<'_>) -> Option<Build> {
    let positionals = words.positionals(0, &["-C", "-f", "-j", "--directory", "--file", "--justfile", "-d"]);
    let (variables, targets): (Vec<String>, Vec<String>) = positionals.into_iter().partition(|word| word.contains('='));
    if targets.is_empty() && variables.is_empty() && program != "make" {
        return None;
    }
    Some(Build {
        tool: if program.starts_with('$') || program == "gmake" { "make" } else { program }.to_owned(),
        directory: words.value(&["-C", "--directory"]).map(str::to_owned),
        packages: targets,
        variables: variables.iter().filter_map(|pair| pair.split_once('=')).map(owned_pair).collect(),
        ..Build::default()
    })
}

/// A script of the repository: what it builds, its own lines tell.
pub(super) fn script(command: &Command) -> Option<Build> {
    const PLACES: [&str; 9] = ["./", "../", "scripts/", "script/", "hack/", "build/", "ci/", "tools/", ".github/"];
    let first = command.words.first()?;
    let is_shell = matches!(command.program(), "bash" | "sh");
    let path = if is_shell { command.words.iter().skip(1).find(|word| !word.starts_with('-'))? } else { first };
    let named = path.ends_with(".sh") || path.ends_with(".bash");
    let placed = !is_shell && PLACES.iter().any(|place| path.starts_with(place));
    if !(named || placed) || path.contains(['$', '*', ' ']) {
        return None;
    }
    Some(Build { tool: "script".to_owned(), packages: vec![path.clone()], ..Build::default() })
}
