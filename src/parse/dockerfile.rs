//! Dockerfiles to instructions and stages, refusing nothing.
//!
//! In: text (a BOM is already gone). Out: [`Dockerfile`] with every instruction's place. Continued lines, comments
//! between them, the `escape` directive and heredocs are known; a line that is no instruction is skipped.
//! Own code, because a library that stops at the first mistake would need this reader beside it anyway.

use std::ops::Range;

use super::shell::Variables;

/// One instruction.
#[derive(Clone, Debug, PartialEq)]
pub struct Instruction {
    /// In capitals.
    pub keyword: String,
    pub range: Range<usize>,
    /// The arguments after the keyword, continuations and all.
    pub arguments: Range<usize>,
}

/// A build stage: `FROM` and what follows.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// The image, or the name of an earlier stage, with known arguments put in.
    pub base: String,
    pub name: Option<String>,
    pub from: Range<usize>,
    pub instructions: Vec<Instruction>,
}

#[derive(Clone, Debug, Default)]
pub struct Dockerfile {
    /// `ARG`s with a default, of the file and of stages, in order.
    pub args: Vec<(String, String)>,
    pub stages: Vec<Stage>,
    /// The first stage that was left out because there are more than [`MAX_STAGES`].
    pub left_out: Option<Range<usize>>,
}

/// Stages kept of one file: each may name all others, and each that ships repeats them.
pub const MAX_STAGES: usize = 128;

impl Dockerfile {
    /// Finds a stage by name or number.
    pub fn stage(&self, name: &str) -> Option<usize> {
        let by_name = |stage: &Stage| stage.name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name));
        self.stages.iter().position(by_name).or_else(|| name.parse().ok().filter(|at| *at < self.stages.len()))
    }

    /// Returns the stages that a stage is built on, itself first (`FROM` another stage, not `COPY --from`).
    pub fn lineage(&self, stage: usize) -> Vec<usize> {
        let mut chain = vec![stage];
        let mut at = stage;
        while let Some(next) = self.stages.get(at).and_then(|stage| self.stage(&stage.base)) {
            // Only earlier stages can be named, so that this ends.
            if next >= at {
                break;
            }
            chain.push(next);
            at = next;
        }
        chain
    }
}

/// Reads a Dockerfile.
pub fn parse(text: &str) -> Dockerfile {
    let mut file = Dockerfile::default();
    let mut variables = Variables::default();
    for instruction in instructions(text) {
        let arguments = &text[instruction.arguments.clone()];
        match instruction.keyword.as_str() {
            "ARG" => {
                for (name, value) in pairs(arguments) {
                    let value = variables.expand(&value);
                    variables.set(&name, &value);
                    file.args.push((name, value));
                }
            }
            "FROM" if file.stages.len() >= MAX_STAGES => {
                file.left_out = Some(instruction.range);
                break;
            }
            "FROM" => {
                file.stages.extend(from(arguments, &variables, instruction.range));
                continue;
            }
            _ => {}
        }
        if let Some(stage) = file.stages.last_mut() {
            stage.instructions.push(instruction);
        }
    }
    file
}

fn from(arguments: &str, variables: &Variables, range: Range<usize>) -> Option<Stage> {
    let mut words = arguments.split_whitespace().filter(|word| !word.starts_with("--") && *word != "\\");
    let base = variables.expand(words.next()?.trim_matches('"'));
    let name = match words.next() {
        Some(word) if word.eq_ignore_ascii_case("as") => words.next().map(str::to_owned),
        _ => None,
    };
    Some(Stage { base, name, from: range, instructions: Vec::new() })
}

/// Reads `A=b C="d e"` of `ARG` and `ENV`; the old `ENV A b` too.
pub fn pairs(arguments: &str) -> Vec<(String, String)> {
    let words = words(arguments);
    let Some(first) = words.first() else { return Vec::new() };
    if !first.contains('=') {
        return if words.len() > 1 { vec![(first.clone(), words[1..].join(" "))] } else { Vec::new() };
    }
    let pair = |word: &String| word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    words.iter().filter_map(pair).collect()
}

/// Splits arguments into words: the exec form (a JSON array) or plain words with quotes.
pub fn words(arguments: &str) -> Vec<String> {
    let trimmed = arguments.trim();
    if trimmed.starts_with('[')
        && let Ok(Some(array)) = super::json::parse(&trimmed.replace("\\\n", " \n").replace("\\\r\n", " \n"))
    {
        return array.items().iter().filter_map(|item| item.as_str().map(str::to_owned)).collect();
    }
    let mut out = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut letters = trimmed.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (_, '\\') => match letters.next() {
                Some('\n' | '\r') | None => {}
                Some(next) => word.push(next),
            },
            (None, _) if letter.is_whitespace() => {
                if !word.is_empty() {
                    out.push(std::mem::take(&mut word));
                }
            }
            _ => word.push(letter),
        }
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
}

/// Splits a text into instructions.
fn instructions(text: &str) -> Vec<Instruction> {
    let escape = if escape_directive(text) { b'`' } else { b'\\' };
    let mut out = Vec::new();
    let mut at = 0;
    // One heredoc without an end is enough: looking for the end of each would take quadratic time.
    let mut open_heredoc = false;
    while at < text.len() {
        let line_end = end_of_line(text, at);
        let line = &text[at..line_end];
        let start = at + (line.len() - line.trim_start().len());
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            at = line_end + 1;
            continue;
        }
        let (end, next) = continued(text, at, escape);
        let body = &text[start..end];
        let keyword_end = body.find(char::is_whitespace).unwrap_or(body.len());
        let keyword = body[..keyword_end].to_ascii_uppercase();
        let is_keyword = keyword.bytes().all(|byte| byte.is_ascii_uppercase()) && !keyword.is_empty();
        let (end, next) = match is_keyword && !open_heredoc {
            true => with_heredocs(text, body, end, next, &mut open_heredoc),
            false => (end, next),
        };
        if is_keyword {
            out.push(Instruction { keyword, range: start..end, arguments: start + keyword_end..end });
        }
        at = next;
    }
    out
}

fn escape_directive(text: &str) -> bool {
    let head = text.lines().take_while(|line| line.trim_start().starts_with('#'));
    head.take(5).any(|line| line.replace(' ', "").eq_ignore_ascii_case("#escape=`"))
}

fn end_of_line(text: &str, at: usize) -> usize {
    memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |offset| at + offset)
}

/// Returns the end of an instruction's lines, and where the next one may start.
fn continued(text: &str, mut at: usize, escape: u8) -> (usize, usize) {
    loop {
        let end = end_of_line(text, at);
        let line = text[at..end].trim_end();
        let continues = line.as_bytes().last() == Some(&escape);
        // Comments and blank lines between continued lines do not end the instruction.
        let is_filler = line.is_empty() || line.trim_start().starts_with('#');
        if end >= text.len() || !(continues || is_filler) {
            return (at + line.len(), (end + 1).min(text.len()));
        }
        at = end + 1;
    }
}

/// Adds the bodies of heredocs (`RUN <<EOF`) to an instruction.
fn with_heredocs(text: &str, body: &str, mut end: usize, mut next: usize, open: &mut bool) -> (usize, usize) {
    for (at, _) in body.match_indices("<<") {
        let marker = body[at + 2..].trim_start_matches('-');
        let marker: String = marker
            .trim_start_matches(['"', '\''])
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
            .collect();
        if marker.is_empty() || !marker.starts_with(|first: char| first.is_alphabetic()) {
            continue;
        }
        let mut line = next;
        *open = true;
        while line < text.len() {
            let line_end = end_of_line(text, line);
            if text[line..line_end].trim() == marker {
                end = line_end;
                next = (line_end + 1).min(text.len());
                *open = false;
                break;
            }
            line = line_end + 1;
        }
        if *open {
            break;
        }
    }
    (end, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "# syntax=x\nARG GO=1.24\nFROM --platform=$BUILDPLATFORM golang:${GO}-alpine AS build\nRUN a \\\n  # note\n\n  && b\nRUN <<EOF\nFROM no\nEOF\nfrom scratch\nCOPY --from=build /x /y\nENTRYPOINT [\"/y\", \\\n \"-a\"]\n";

    #[test]
    fn stages_instructions_and_places() {
        let file = parse(SOURCE);
        assert_eq!(file.stages.len(), 2);
        assert_eq!(file.stages[0].base, "golang:1.24-alpine");
        assert_eq!(file.stage("build"), Some(0));
        let run = &file.stages[0].instructions[0];
        assert_eq!(&SOURCE[run.arguments.clone()], " a \\\n  # note\n\n  && b");
        let entrypoint = file.stages[1].instructions.last().unwrap();
        assert_eq!(words(&SOURCE[entrypoint.arguments.clone()]), ["/y", "-a"]);
    }

    #[test]
    fn pairs_in_both_styles() {
        assert_eq!(pairs("A=b C=\"d e\""), [("A".into(), "b".into()), ("C".into(), "d e".into())]);
        assert_eq!(pairs("A b c"), [("A".into(), "b c".into())]);
        assert_eq!(pairs("A"), []);
    }

    #[test]
    fn junk_is_skipped() {
        for junk in
            ["", "\\", "FROM", "COPY --from=", "{{ x }}", "RUN <<", "RUN <<E\n", "é", "FROM a AS", "ENTRYPOINT ["]
        {
            parse(junk);
            parse(&format!("{junk}\n").repeat(2000));
        }
        assert_eq!(parse("FROM a as b\nFROM b AS b\n").lineage(1), [1, 0]);
    }
}
