//! Mistakes in configuration and policies, with the lines they stand in.
//!
//! In: mistakes and the texts they point into. Out: one diagnostic each, fit for a terminal.

use std::io::{self, Write};

use codespan_reporting::diagnostic::{self, Diagnostic};

use super::excerpt::Excerpts;
use super::{Context, Pages, Sources, Terminal, human, inert};
use crate::finding::Label;
use crate::source::{Location, Text};
use crate::spanned::Mistake;

/// The files that were read, as they were read.
struct Read<'a>(&'a [(String, String)]);

impl Sources for Read<'_> {
    fn read(&self, path: &str) -> Option<String> {
        self.0.iter().find(|(known, _)| known == path).map(|(_, text)| text.clone())
    }
}

/// Writes every mistake: file, line, what is wrong, what may have been meant.
pub fn write(
    mistakes: &[Mistake],
    texts: &[(String, String)],
    terminal: Terminal,
    out: &mut dyn Write,
) -> io::Result<()> {
    let sources = Read(texts);
    let context = Context { sources: &sources, policies: Pages::none(), all: false, verbosity: 0, terminal };
    mistakes.iter().try_for_each(|mistake| one(mistake, &context, out))
}

fn one(mistake: &Mistake, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let text = context.sources.read(&mistake.path).unwrap_or_default();
    let place = Text::new(&mistake.path, &text).place(mistake.range());
    let location = Location { path: mistake.path.clone(), place };
    let label = Label { location, text: mistake.hint.clone().unwrap_or_default() };
    let (excerpts, spots) = Excerpts::of(std::slice::from_ref(&label), context);
    let message = inert::terminal(&mistake.message).into_owned();
    let severity = if mistake.warning { diagnostic::Severity::Warning } else { diagnostic::Severity::Error };
    let mut shown = Diagnostic::new(severity).with_message(message);
    match spots.into_iter().flatten().next() {
        // An empty range would be a caret in the void: the file is named instead.
        Some(spot) if mistake.end > mistake.start => {
            let label = diagnostic::Label::primary(spot.file, spot.range).with_message(inert::terminal(&label.text));
            shown.labels.push(label);
        }
        _ => {
            shown.notes.push(format!("in {}", inert::terminal(&mistake.path)));
            shown.notes.extend(mistake.hint.as_deref().map(|hint| inert::terminal(hint).into_owned()));
        }
    }
    human::emit(&excerpts, &shown, context, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_shows_its_line_and_its_hint_and_never_a_control_character() {
        let text = "exclude = []\nexcldue\u{1b} = []\n".to_owned();
        let mistake = |start, end| Mistake {
            path: "fitcheck.toml".into(),
            start,
            end,
            message: "unknown key `excldue\u{1b}[31m`".to_owned(),
            hint: Some("did you mean `exclude`?".to_owned()),
            warning: false,
        };
        let mut out = Vec::new();
        let texts = [("fitcheck.toml".to_owned(), text)];
        write(&[mistake(13, 20), mistake(0, 0)], &texts, Terminal::default(), &mut out).unwrap();
        let shown = String::from_utf8(out).unwrap();
        assert!(shown.contains("fitcheck.toml:2:1"), "{shown}");
        assert_eq!(shown.matches("did you mean `exclude`?").count(), 2);
        assert!(!shown.contains('\u{1b}'));
    }
}
