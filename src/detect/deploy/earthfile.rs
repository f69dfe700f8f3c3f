//! Builds and images of Earthfiles.
//!
//! *Looks for*: the `RUN` lines of all targets; `SAVE IMAGE` with the entry point and the copies of its target.
//! *Emits*: `Build` (source `dockerfile`), `Image` with its names.
//! *Misses*: user-defined commands, targets of other Earthfiles, loops.
//! *Example*: `image:` / `COPY +build/web .` / `ENTRYPOINT ["/web"]` / `SAVE IMAGE r/web:latest`.

use super::script::emit_one;
use crate::detect::Facts;
use crate::fact::{FactKind, Image};
use crate::parse::shell::{self, Variables};
use crate::source::Text;

pub(crate) fn detect(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    let mut variables = Variables::default();
    let mut image = Image::default();
    for (line, start) in lines(text.text) {
        let body = line.trim();
        if !line.starts_with([' ', '\t']) && body.ends_with(':') {
            image = Image::default();
        }
        let Some((keyword, rest)) = body.split_once(char::is_whitespace) else { continue };
        let rest = rest.trim();
        match keyword {
            "RUN" => {
                let from = start + (line.len() - line.trim_start().len()) + body.find(rest).unwrap_or(0);
                for command in shell::commands(unflagged(rest), from, &mut variables) {
                    emit_one(&command, "dockerfile", &[], facts);
                }
            }
            "ARG" | "ENV" | "LET" | "SET" => set(rest, &mut variables),
            "FROM" => {
                image.bases.extend(rest.split_whitespace().find(|word| !word.starts_with('-')).map(str::to_owned))
            }
            "COPY" => image.copies.extend(copied(rest)),
            "EXPOSE" => image.exposes = true,
            "ENTRYPOINT" => image.command = words(rest),
            "CMD" if image.command.is_empty() => image.command = words(rest),
            "SAVE" if rest.starts_with("IMAGE") => {
                image.names =
                    rest.split_whitespace().skip(1).filter(|word| !word.starts_with('-')).map(str::to_owned).collect();
                if !image.names.is_empty() {
                    facts.add(start..start + line.trim_end().len(), FactKind::Image(image.clone().into()));
                }
            }
            _ => {}
        }
    }
}

/// `--mount` and `--push` are Earthly's, not the command's.
fn unflagged(rest: &str) -> &str {
    let mut rest = rest;
    while rest.starts_with("--") {
        let Some((_, after)) = rest.split_once(char::is_whitespace) else { return "" };
        rest = after.trim_start();
    }
    rest
}

fn set(rest: &str, variables: &mut Variables) {
    let assignment = unflagged(rest);
    if let Some((name, value)) = assignment.split_once('=') {
        variables.set(name.trim(), value.trim().trim_matches('"'));
    }
}

/// The files of `COPY +target/file .`; what is copied from the context is source.
fn copied(rest: &str) -> Vec<String> {
    let words: Vec<&str> = rest.split_whitespace().filter(|word| !word.starts_with('-')).collect();
    let sources = words.split_last().map_or(&[][..], |(_, sources)| sources);
    let built = sources.iter().filter(|source| source.contains('+'));
    built.map(|source| format!("/{}", source.rsplit('/').next().unwrap_or(source).trim_matches(['(', ')']))).collect()
}

fn words(rest: &str) -> Vec<String> {
    let inner = rest.trim_matches(['[', ']']);
    inner
        .split([',', ' '])
        .map(|word| word.trim_matches(['"', '\'', ' ']))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Lines with their continuations, each with its start.
fn lines(text: &str) -> Vec<(&str, usize)> {
    let mut found = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        at += line.len();
        if !line.trim_end().ends_with('\\') {
            found.push((&text[start..at], start));
            start = at;
        }
    }
    if start < at {
        found.push((&text[start..at], start));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> Vec<FactKind> {
        let text = Text::new("Earthfile", source);
        let mut facts = Facts::new(&text);
        detect(&text, &mut facts);
        facts.list.into_iter().map(|fact| fact.kind).collect()
    }

    #[test]
    fn builds_and_saved_images() {
        let source = "VERSION 0.8\nbuild:\n    FROM golang:1.24\n    ARG OUT=web\n    RUN --mount=type=cache,target=/c \\\n        go build -o $OUT ./cmd/web\n    SAVE ARTIFACT web\nimage:\n    FROM scratch\n    COPY +build/web /bin/\n    ENTRYPOINT [\"/bin/web\", \"serve\"]\n    SAVE IMAGE --push r/web:latest\n";
        let found = read(source);
        assert!(
            matches!(&found[0], FactKind::Build(build) if build.packages == ["./cmd/web"] && build.output.as_deref() == Some("web"))
        );
        let FactKind::Image(image) = &found[1] else { panic!("{found:?}") };
        assert_eq!((image.names[0].as_str(), image.command[0].as_str()), ("r/web:latest", "/bin/web"));
        assert_eq!((image.copies.as_slice(), found.len()), (&["/web".to_owned()][..], 2));
    }

    #[test]
    fn comments_and_unsaved_targets_are_silent() {
        assert_eq!(read("lint:\n    FROM golang\n    # RUN go build ./x\n    RUN golint ./...\n"), []);
    }
}
