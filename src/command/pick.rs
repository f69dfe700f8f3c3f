//! `pick`: the documents' question for a service to be, by flags or in a short conversation.

use std::io::{self, BufRead, IsTerminal, Write};

use fitcheck::cli::Pick;
use fitcheck::exit::Exit;
use fitcheck::finding::{Argument, Lean};
use fitcheck::pick::{self, Answers, QUESTIONS, Question};

/// Answers with a language, the arguments on both sides, and an entry to start from.
pub(crate) fn pick(args: &Pick) -> anyhow::Result<Exit> {
    let policies = super::policies(&args.configured)?;
    let mut answers = Answers::default();
    for (key, text) in args.given() {
        answers.answer(key, text).map_err(|reason| anyhow::anyhow!("--{key}: {reason}"))?;
    }
    if args.given().next().is_none() && io::stdin().is_terminal() && io::stdout().is_terminal() {
        ask(&mut answers, &mut io::stdin().lock(), &mut io::stdout().lock())?;
    }
    let pick = pick::pick(&answers, &policies);
    crate::print(|out| {
        writeln!(out, "{}: {}", pick.language.map_or("either", |language| language.name()), pick.reasoning)?;
        side("Rust", &pick.for_rust, Lean::Rust, out)?;
        side("Go", &pick.for_go, Lean::Go, out)?;
        write!(out, "\nAn entry for fitcheck.toml:\n\n{}", pick.entry)
    })
}

fn side(name: &str, arguments: &[Argument], lean: Lean, out: &mut dyn Write) -> io::Result<()> {
    if arguments.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nfor {name}")?;
    arguments.iter().try_for_each(|argument| {
        let documents = argument.cites.iter().filter(|cite| cite.leans == lean).map(|cite| cite.document.as_str());
        let documents = documents.collect::<Vec<_>>().join(", ");
        writeln!(out, "  {:24} {:9} {documents}", argument.policy, argument.strength.word())
    })
}

/// Asks every question; an empty line skips one, the end of input the rest.
fn ask(answers: &mut Answers, input: &mut dyn BufRead, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Every question can be skipped with an empty line.")?;
    for question in QUESTIONS {
        loop {
            let Some(line) = line(question, input, out)? else { return writeln!(out) };
            match answers.answer(question.key, &line) {
                Ok(()) => break,
                Err(reason) => writeln!(out, "  {reason}")?,
            }
        }
    }
    Ok(())
}

fn line(question: &Question, input: &mut dyn BufRead, out: &mut dyn Write) -> io::Result<Option<String>> {
    let several = if question.several { ", several with commas" } else { "" };
    write!(out, "{} ({}{several})\n> ", question.text, question.answers.join(", "))?;
    out.flush()?;
    let mut line = String::new();
    Ok((input.read_line(&mut line)? > 0).then_some(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_asks_again_and_can_end_early() {
        let mut answers = Answers::default();
        let mut out = Vec::new();
        ask(&mut answers, &mut &b"servce\nservice\n\nkubernetes\n"[..], &mut out).unwrap();
        let said = String::from_utf8(out).unwrap();
        assert!(said.contains("did you mean `service`?"), "{said}");
        assert_eq!((answers.role.is_some(), answers.traits.len(), answers.deploy.len()), (true, 0, 1));
    }
}
