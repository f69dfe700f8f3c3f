//! Command lines to simple commands: enough of a shell to see what is built, not a shell.
//!
//! In: a stretch of text (a script, a recipe line, a `RUN`, a workflow step) and the variables known there.
//! Out: [`Command`]s with their words, environment prefixes and the directory that earlier `cd`s lead to.
//! Unknown variables stay as written; nothing is ever run.

use std::collections::BTreeMap;

use crate::parse::cut;
use crate::path::base;
use crate::problem::Class;
use std::ops::Range;

/// One simple command.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Command {
    pub range: Range<usize>,
    /// Where `cd`s before it lead, relative to where the text starts.
    pub directory: Option<String>,
    /// `A=b` before the command, and `export`s before it.
    pub environment: Vec<(String, String)>,
    /// The program and its arguments, quotes gone, known variables put in.
    pub words: Vec<String>,
}

impl Command {
    /// Returns the program's name without directories.
    pub fn program(&self) -> &str {
        self.words.first().map_or("", |word| base(word))
    }

    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Variables of a file, later definitions winning.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    map: BTreeMap<String, String>,
}

/// Values longer than this are not put in, and no more variables than that are kept.
const MAX_VALUE: usize = 4096;
const MAX_VARIABLES: usize = 2000;
/// A reference is not followed further than this to its closing bracket.
const MAX_REFERENCE: usize = 512;

impl Variables {
    pub fn set(&mut self, name: &str, value: &str) {
        if value.len() > MAX_VALUE {
            cut::met("bytes of a variable's value", MAX_VALUE, Class::Partial);
        } else if self.map.len() >= MAX_VARIABLES {
            cut::met("variables of a script", MAX_VARIABLES, Class::Lost);
        } else {
            self.map.insert(name.to_owned(), value.to_owned());
        }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.map.get(name).map(String::as_str)
    }

    /// Puts in what is known of `$X`, `${X}`, `${X:-default}` and `$(X)`; the rest stays as written.
    pub fn expand(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let (reference, after) = split_reference(&rest[at..]);
            match self.value(reference) {
                Some(value) if out.len() + value.len() <= MAX_VALUE => out.push_str(value),
                found => {
                    if found.is_some() {
                        cut::met("bytes of a variable's value", MAX_VALUE, Class::Partial);
                    }
                    out.push_str(reference);
                }
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn value<'a>(&'a self, reference: &'a str) -> Option<&'a str> {
        let inner = reference.strip_prefix('$')?;
        let inner = inner
            .strip_prefix('{')
            .and_then(|inner| inner.strip_suffix('}'))
            .or_else(|| inner.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')))
            .unwrap_or(inner);
        let end = inner.find(|letter: char| !is_name(letter)).unwrap_or(inner.len());
        let (name, operator) = inner.split_at(end);
        match self.get(name) {
            Some(value) if operator.is_empty() || operator.starts_with(":-") || operator.starts_with('-') => {
                Some(value)
            }
            None => {
                operator.strip_prefix(":-").or_else(|| operator.strip_prefix(":=")).filter(|text| !text.contains('$'))
            }
            Some(_) => None,
        }
    }
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Splits `$X…`, `${…}…`, `$(…)…` after the reference; `text` starts with `$`.
fn split_reference(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let end = match bytes.get(1) {
        Some(b'{') => closing(bytes, 1, b'{', b'}'),
        Some(b'(') => closing(bytes, 1, b'(', b')'),
        Some(b'$') => 2,
        Some(byte) if byte.is_ascii_alphabetic() || *byte == b'_' => {
            1 + text[1..].find(|letter: char| !is_name(letter)).unwrap_or(text.len() - 1)
        }
        Some(b'@' | b'<' | b'*' | b'^') => 2,
        _ => 1,
    };
    text.split_at(end)
}

/// Returns the end of a bracketed reference, or just after the opening bracket where it never closes.
fn closing(bytes: &[u8], start: usize, open: u8, close: u8) -> usize {
    let mut depth = 0usize;
    for (offset, byte) in bytes[start..].iter().enumerate().take(MAX_REFERENCE) {
        if *byte == open {
            depth += 1;
        } else if *byte == close {
            depth -= 1;
            if depth == 0 {
                return start + offset + 1;
            }
        }
    }
    start + 1
}

/// Splits a stretch of shell text into simple commands and notes the variables it sets.
///
/// `offset` is where `text` starts in its file.
pub fn commands(text: &str, offset: usize, variables: &mut Variables) -> Vec<Command> {
    let mut splitter =
        Splitter { text, bytes: text.as_bytes(), at: 0, offset, variables, state: State::default(), out: Vec::new() };
    splitter.run();
    splitter.out
}

#[derive(Default)]
struct State {
    words: Vec<String>,
    start: Option<usize>,
    directory: Option<String>,
    /// Directories to go back to at `)`.
    saved: Vec<Option<String>>,
    exports: Vec<(String, String)>,
    heredocs: Vec<String>,
    /// A heredoc without an end was met: looking for the end of each would take quadratic time.
    open_heredoc: bool,
    /// The next word is the target of a redirection.
    skip_word: bool,
}

struct Splitter<'a, 'v> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    offset: usize,
    variables: &'v mut Variables,
    state: State,
    out: Vec<Command>,
}

impl Splitter<'_, '_> {
    fn run(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\\' if self.continues() => {}
                b'\n' => {
                    self.end_command();
                    self.at += 1;
                    self.skip_heredocs();
                }
                b'#' => self.skip_comment(),
                b';' | b'|' | b'&' => {
                    self.end_command();
                    self.at += 1;
                }
                b'(' => {
                    self.end_command();
                    self.state.saved.push(self.state.directory.clone());
                    self.at += 1;
                }
                b')' => {
                    self.end_command();
                    if let Some(directory) = self.state.saved.pop() {
                        self.state.directory = directory;
                    }
                    self.at += 1;
                }
                b'<' | b'>' => self.redirection(),
                _ => self.word(),
            }
        }
        self.end_command();
    }

    /// Steps over a backslash at the end of a line, and over comment lines after it.
    fn continues(&mut self) -> bool {
        let after = self.at + 1 + usize::from(self.bytes.get(self.at + 1) == Some(&b'\r'));
        if self.bytes.get(after) != Some(&b'\n') {
            if self.bytes.get(self.at + 1).is_none() {
                self.at += 1;
                return true;
            }
            self.word();
            return true;
        }
        self.at = after + 1;
        loop {
            let blank = self.bytes[self.at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            if self.bytes.get(self.at + blank) != Some(&b'#') {
                return true;
            }
            self.skip_comment();
            self.at = (self.at + 1).min(self.bytes.len());
        }
    }

    fn skip_comment(&mut self) {
        self.at = memchr::memchr(b'\n', &self.bytes[self.at..]).map_or(self.bytes.len(), |offset| self.at + offset);
    }

    fn redirection(&mut self) {
        let is_heredoc = self.bytes[self.at..].starts_with(b"<<") && !self.bytes[self.at..].starts_with(b"<<<");
        // A file descriptor number before it is no argument.
        if self.at > 0
            && self.bytes[self.at - 1].is_ascii_digit()
            && self.state.words.last().is_some_and(|w| w.len() == 1)
        {
            self.state.words.pop();
        }
        while matches!(self.bytes.get(self.at), Some(b'<' | b'>' | b'&' | b'-')) {
            self.at += 1;
        }
        if is_heredoc {
            let rest = self.text[self.at..].trim_start_matches([' ', '\t']);
            let word = rest.split(|letter: char| letter.is_whitespace() || letter == ';' || letter == ')').next();
            let marker = word.unwrap_or("").trim_matches(['"', '\'', '\\']);
            if !marker.is_empty() && !self.state.open_heredoc {
                self.state.heredocs.push(marker.to_owned());
            }
        }
        self.state.skip_word = true;
    }

    fn skip_heredocs(&mut self) {
        for marker in std::mem::take(&mut self.state.heredocs) {
            let mut at = self.at;
            loop {
                // An end that is missing leaves the text to be read as commands.
                let Some(end) = memchr::memchr(b'\n', &self.bytes[at..]).map(|offset| at + offset) else {
                    if self.text[at..].trim() == marker {
                        self.at = self.bytes.len();
                    }
                    self.state.open_heredoc = true;
                    return;
                };
                if self.text[at..end].trim() == marker {
                    self.at = end + 1;
                    break;
                }
                at = end + 1;
            }
        }
    }

    /// Reads one word with its quotes and references.
    fn word(&mut self) {
        let start = self.at;
        let mut word = String::new();
        // Bare references may hold several words, quoted ones may not.
        let mut bare_reference = false;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'|' | b'&' | b'(' | b')' | b'<' | b'>' => break,
                b'\'' => self.single_quoted(&mut word),
                b'"' => self.double_quoted(&mut word),
                b'`' => self.until(b'`', &mut word),
                b'\\' => {
                    let is_end = matches!(self.bytes.get(self.at + 1), None | Some(b'\n' | b'\r'));
                    self.at += 1;
                    if is_end {
                        self.at -= 1;
                        break;
                    }
                    self.letter(&mut word);
                }
                b'$' => {
                    bare_reference = true;
                    let (reference, _) = split_reference(&self.text[self.at..]);
                    word.push_str(&self.variables.expand(reference));
                    self.at += reference.len();
                }
                _ => self.letter(&mut word),
            }
        }
        if self.at == start {
            // A backslash before the end of the line, not seen as a continuation.
            self.at += 1;
            return;
        }
        if std::mem::take(&mut self.state.skip_word) {
            return;
        }
        self.state.start.get_or_insert(start);
        if bare_reference && !word.contains('$') && word.contains(' ') {
            self.state.words.extend(word.split_whitespace().map(str::to_owned));
        } else {
            self.state.words.push(word);
        }
    }

    fn letter(&mut self, word: &mut String) {
        if let Some(letter) = self.text[self.at..].chars().next() {
            word.push(letter);
            self.at += letter.len_utf8();
        }
    }

    fn single_quoted(&mut self, word: &mut String) {
        self.until(b'\'', word);
    }

    /// Takes everything up to the next `quote`; to the end of the text where there is none.
    fn until(&mut self, quote: u8, word: &mut String) {
        let start = self.at + 1;
        let close = memchr::memchr(quote, &self.bytes[start..]).map_or(self.bytes.len(), |offset| start + offset);
        word.push_str(&self.text[start..close]);
        self.at = (close + 1).min(self.bytes.len());
    }

    fn double_quoted(&mut self, word: &mut String) {
        self.at += 1;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'"' => {
                    self.at += 1;
                    return;
                }
                b'\\' => {
                    self.at += 1;
                    self.letter(word);
                }
                b'$' => {
                    let (reference, _) = split_reference(&self.text[self.at..]);
                    word.push_str(&self.variables.expand(reference));
                    self.at += reference.len();
                }
                _ => self.letter(word),
            }
        }
    }

    fn end_command(&mut self) {
        self.state.skip_word = false;
        let mut words = std::mem::take(&mut self.state.words);
        let Some(start) = self.state.start.take() else { return };
        let mut environment = self.state.exports.clone();
        let leading = strip_head(&mut words, &mut environment);
        if words.is_empty() {
            for (name, value) in leading {
                self.variables.set(&name, &value);
            }
            return;
        }
        environment.extend(leading);
        let range = self.offset + start..self.offset + self.at;
        let command = Command { range, directory: self.state.directory.clone(), environment, words };
        match command.program() {
            "cd" | "pushd" => self.change_directory(&command),
            "popd" => self.state.directory = self.state.saved.pop().flatten(),
            "export" | "declare" | "local" | "readonly" => self.export(&command),
            _ => self.out.push(command),
        }
    }

    fn change_directory(&mut self, command: &Command) {
        let Some(to) = command.words.iter().skip(1).find(|word| !word.starts_with('-')) else { return };
        if command.program() == "pushd" {
            self.state.saved.push(self.state.directory.clone());
        }
        self.state.directory = Some(join(self.state.directory.as_deref(), to));
    }

    fn export(&mut self, command: &Command) {
        for word in &command.words[1..] {
            if let Some((name, value)) = assignment(word) {
                self.variables.set(name, value);
                if self.state.exports.len() < 64 {
                    self.state.exports.push((name.to_owned(), value.to_owned()));
                }
            }
        }
    }
}

/// Joins a directory to another; absolute ones stand for themselves.
pub fn join(base: Option<&str>, to: &str) -> String {
    match base {
        Some(base) if !to.starts_with('/') && !to.starts_with('$') => {
            let to = to.trim_start_matches("./");
            format!("{}/{to}", base.trim_end_matches('/'))
        }
        _ => to.to_owned(),
    }
}

/// Takes keywords, wrappers and assignments off the front; returns the assignments.
fn strip_head(words: &mut Vec<String>, environment: &mut Vec<(String, String)>) -> Vec<(String, String)> {
    let mut assignments = Vec::new();
    let mut taken = 0;
    let mut wrapped = false;
    for (at, word) in words.iter().enumerate() {
        let bare = word.trim_start_matches(['@', '+', '-']);
        // `$(BUILD_ENV) X=y cargo build`: a variable before assignments can only hold more of them.
        if bare.starts_with("$(") && words.get(at + 1).is_some_and(|next| assignment(next).is_some()) {
            taken += 1;
            continue;
        }
        let is_keyword = matches!(
            bare,
            "" | "if"
                | "then"
                | "else"
                | "elif"
                | "do"
                | "while"
                | "until"
                | "!"
                | "{"
                | "}"
                | "time"
                | "sudo"
                | "exec"
                | "command"
                | "nice"
                | "env"
                | "nohup"
                | "eval"
                | "retry"
                | "RUN"
                | "call"
                | "set"
                | "&"
        );
        if let Some((name, value)) = assignment(bare) {
            assignments.push((name.to_owned(), value.to_owned()));
        } else if is_keyword {
            wrapped |= matches!(bare, "env" | "sudo");
        } else if at == 0 && words.len() > 2 && matches!(bare, "run" | "maybe_run" | "run_cmd" | "dry_run" | "xtrace") {
            // Functions of scripts that show what they run.
        } else if !(wrapped && (word.starts_with('-') || word.starts_with("${"))) {
            break;
        }
        taken += 1;
    }
    words.drain(..taken);
    if let Some(first) = words.first_mut() {
        *first = first.trim_start_matches(['@', '+']).trim_start_matches('-').to_owned();
    }
    environment.reserve(assignments.len());
    assignments
}

fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let name = name.strip_suffix('+').unwrap_or(name);
    let is_valid =
        name.chars().all(is_name) && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    is_valid.then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        commands(text, 0, &mut Variables::default()).iter().map(|command| command.words.join(" ")).collect()
    }

    #[test]
    fn separators_quotes_and_continuations() {
        assert_eq!(words("a && b; c | d || e & f"), ["a", "b", "c", "d", "e", "f"]);
        assert_eq!(words("go build \\\n  # why\n  -o 'x y' \"z\" \\\n ./cmd"), ["go build -o x y z ./cmd"]);
        assert_eq!(words("a > out 2>&1\nb # c && d\n"), ["a", "b"]);
        assert_eq!(words("@$(ENV) X=y cargo build\n$(GO) build"), ["cargo build", "$(GO) build"]);
        assert_eq!(words("run env \"${X[@]}\" go build -o=\"../${out}/a\" ."), ["go build -o=../${out}/a ."]);
        assert_eq!(words("run tests"), ["run tests"]);
        assert_eq!(words("if ! a; then\n  b\nfi"), ["a", "b", "fi"]);
        assert_eq!(words("cat <<EOF\ngo build ./no\nEOF\ngo build ./yes"), ["cat", "go build ./yes"]);
    }

    #[test]
    fn environments_directories_and_variables() {
        let mut variables = Variables::default();
        let text =
            "APP=web\nexport CGO_ENABLED=0\n(cd sub && GOOS=js go build -o $APP ./${DIR:-cmd}/${NO})\n$UNKNOWN x";
        let found = commands(text, 10, &mut variables);
        assert_eq!(found[0].words, ["go", "build", "-o", "web", "./cmd/${NO}"]);
        assert_eq!(found[0].directory.as_deref(), Some("sub"));
        assert_eq!(found[0].variable("GOOS"), Some("js"));
        assert_eq!(found[0].variable("CGO_ENABLED"), Some("0"));
        assert_eq!(
            &text[found[0].range.start - 10..found[0].range.end - 10],
            "GOOS=js go build -o $APP ./${DIR:-cmd}/${NO}"
        );
        assert_eq!(found[1].directory, None);
        assert_eq!(found[1].words, ["$UNKNOWN", "x"]);
    }

    #[test]
    fn a_bare_variable_may_hold_a_command() {
        let mut variables = Variables::default();
        variables.set("GOBUILD", "CGO_ENABLED=0 go build -trimpath");
        let found = commands("@$(GOBUILD) -o x .", 0, &mut variables);
        assert_eq!(found[0].words, ["go", "build", "-trimpath", "-o", "x", "."]);
        assert_eq!(found[0].variable("CGO_ENABLED"), Some("0"));
    }

    #[test]
    fn junk_ends() {
        for junk in ["\\", "'", "\"", "`", "$(", "${", "<<", "a\\", "\\\r", "$", "(", ")", "é\\é", "\\\n#", "<<X\n"] {
            words(junk);
            words(&junk.repeat(3000));
        }
    }
}
