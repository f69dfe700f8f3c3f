//! The words of one command: flags with their values, and the rest.
//!
//! In: one [`Command`]. Out: what its flags are set to and its plain arguments; which flags take a value, each tool's
//! reader says.

use crate::parse::shell::Command;

/// Arguments split into flags with their values and the rest.
pub(super) struct Words<'a> {
    pub(super) all: Vec<&'a str>,
}

impl<'a> Words<'a> {
    pub(super) fn new(command: &'a Command) -> Words<'a> {
        Words { all: command.words.iter().skip(1).map(String::as_str).collect() }
    }

    /// Returns the value of the last of these flags: `-o x`, `-o=x`, `--output=x`.
    pub(super) fn value(&self, names: &[&str]) -> Option<&'a str> {
        self.values(names).pop()
    }

    pub(super) fn values(&self, names: &[&str]) -> Vec<&'a str> {
        let mut found = Vec::new();
        for (at, word) in self.all.iter().enumerate() {
            if is_named(names, word) {
                found.extend(self.all.get(at + 1).filter(|value| !value.is_empty()));
            } else if let Some((name, value)) = word.split_once('=')
                && is_named(names, name)
            {
                found.push(value);
            }
        }
        found
    }

    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.all.iter().any(|word| names.contains(word))
    }

    /// Returns the arguments that are neither flags nor values of `valued` flags, from index `from` on.
    pub(super) fn positionals(&self, from: usize, valued: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        let mut skip = false;
        for word in self.all.iter().skip(from) {
            if std::mem::take(&mut skip) {
                continue;
            }
            if *word == "--" {
                break;
            }
            if word.starts_with('-') {
                skip = is_named(valued, word);
            } else if !word.is_empty() {
                found.push((*word).to_owned());
            }
        }
        found
    }
}

/// Flags of Go programs are the same with one dash and with two.
fn is_named(names: &[&str], word: &str) -> bool {
    names.contains(&word) || word.strip_prefix('-').is_some_and(|single| single.len() > 2 && names.contains(&single))
}

pub(super) fn owned(values: Vec<&str>) -> Vec<String> {
    values.into_iter().map(str::to_owned).collect()
}

pub(super) fn owned_pair((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

pub(super) fn tags(text: &str) -> Vec<String> {
    if text.contains("${{") {
        return vec![text.to_owned()];
    }
    text.split([',', ' ']).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}
