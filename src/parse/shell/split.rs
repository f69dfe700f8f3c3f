//! Splits shell text into simple commands: words, quotes, redirections, heredocs, and the directory that `cd`s lead to.

use std::sync::Arc;

use super::head::{assignment, strip_head};
use super::variables::{Variables, split_reference};
use super::{Command, join};

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
    /// Most commands have these and no more, so they share them.
    exports: Arc<Vec<(String, String)>>,
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

/// Which bytes end the plain part of a word.
const IS_END: [bool; 256] = {
    let (mut ends, mut at) = ([false; 256], 0);
    let bytes = b" \t\r\n;|&()<>'\"`\\$";
    while at < bytes.len() {
        ends[bytes[at] as usize] = true;
        at += 1;
    }
    ends
};

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
                _ => self.plain(&mut word, |byte| IS_END[usize::from(byte)]),
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

    /// Takes everything up to a byte that ends it, which is none of a longer letter.
    fn plain(&mut self, word: &mut String, ends: impl Fn(u8) -> bool) {
        let end = self.bytes[self.at..].iter().position(|&byte| ends(byte));
        let end = end.map_or(self.bytes.len(), |length| self.at + length);
        word.push_str(&self.text[self.at..end]);
        self.at = end;
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
                _ => self.plain(word, |byte| matches!(byte, b'"' | b'\\' | b'$')),
            }
        }
    }

    fn end_command(&mut self) {
        self.state.skip_word = false;
        let mut words = std::mem::take(&mut self.state.words);
        let Some(start) = self.state.start.take() else { return };
        let leading = strip_head(&mut words);
        if words.is_empty() {
            for (name, value) in leading {
                self.variables.set(&name, &value);
            }
            return;
        }
        let mut environment = Arc::clone(&self.state.exports);
        if !leading.is_empty() {
            Arc::make_mut(&mut environment).extend(leading);
        }
        let range = self.offset + start..self.offset + self.at;
        let command = Command { range, directory: self.state.directory.clone(), environment, words };
        match command.program() {
            "cd" | "pushd" => self.change_directory(&command),
            "popd" => self.state.directory = self.state.saved.pop().flatten(),
            "export" | "declare" | "local" | "readonly" => {
                let Command { words, environment, .. } = command;
                // Nobody else may hold it, or all of it is copied for each name.
                drop(environment);
                self.export(&words[1..]);
            }
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

    fn export(&mut self, words: &[String]) {
        for word in words {
            if let Some((name, value)) = assignment(word) {
                self.variables.set(name, value);
                if self.state.exports.len() < 64 {
                    Arc::make_mut(&mut self.state.exports).push((name.to_owned(), value.to_owned()));
                }
            }
        }
    }
}
