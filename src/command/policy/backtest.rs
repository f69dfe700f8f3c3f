//! `policy backtest`: which verdicts a changed set of policies would flip, and why.

use std::io::{self, Write};
use std::path::Path;

use fitcheck::check::{self, Options};
use fitcheck::cli::Scan;
use fitcheck::exit::Exit;
use fitcheck::finding::{Argument, Judged};
use fitcheck::report::inert;

use super::{files, sound};

/// Judges the repository by both sets and prints where they part.
pub(super) fn backtest(policies: &Path, scan: &Scan) -> anyhow::Result<Exit> {
    let (before, loaded) = crate::scan(scan, false)?;
    let own = sound(&files(policies)?, loaded.config.policies.clone())?;
    let mut changed = loaded;
    changed.config.policies = own.policies;
    // Facts of new extractors change services, so the repository is read again; files are known already.
    let known = |id: &str| changed.config.extractors.iter().position(|one| one.id == id);
    let (again, new): (Vec<_>, Vec<_>) = own.extractors.into_iter().partition(|one| known(&one.id).is_some());
    for extractor in again {
        if let Some(at) = changed.config.extractors.iter().position(|one| one.id == extractor.id) {
            changed.config.extractors[at] = extractor;
        }
    }
    changed.config.extractors.extend(new);
    // What was kept of a run with the present policies is no answer for others.
    let options = Options { base: None, cache: None, ..crate::options(scan) };
    let after = check::check_with(&options, &mut changed)?;
    let twin = |judged: &&Judged| {
        let same = |other: &&Judged| {
            other.service.root == judged.service.root && other.service.language == judged.service.language
        };
        after.services.iter().find(same)
    };
    let pairs: Vec<(&Judged, &Judged)> =
        before.services.iter().filter_map(|judged| Some((judged, twin(&judged)?))).collect();
    let flipped: Vec<_> = pairs.iter().filter(|(before, after)| before.verdict != after.verdict).collect();
    crate::print(|out| {
        flipped.iter().try_for_each(|(before, after)| flip(before, after, out))?;
        writeln!(out, "{} of {} service(s) would change", flipped.len(), pairs.len())
    })
}

fn flip(before: &Judged, after: &Judged, out: &mut dyn Write) -> io::Result<()> {
    let line = |text: &str| inert::terminal(text).into_owned();
    let (name, root) = (line(&before.service.name), line(&before.service.root));
    writeln!(out, "{name} ({root}): {} → {}", before.verdict.word(), after.verdict.word())?;
    writeln!(out, "  before: {}\n  after:  {}", line(&before.reasoning), line(&after.reasoning))?;
    because(before, after).iter().try_for_each(|why| writeln!(out, "  because {}", line(why)))
}

/// What became of each argument that is not what it was.
fn because(before: &Judged, after: &Judged) -> Vec<String> {
    let find = |judged: &'_ Judged, id: &str| judged.arguments.iter().find(|one| one.policy == id).map(said);
    let mut ids: Vec<&str> =
        before.arguments.iter().chain(&after.arguments).map(|argument| argument.policy.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let changed = ids.into_iter().filter_map(|id| match (find(before, id), find(after, id)) {
        (Some(was), None) => Some(format!("{id} says nothing any more (it {was})")),
        (None, Some(is)) => Some(format!("{id} now {is}")),
        (Some(was), Some(is)) if was != is => Some(format!("{id} {was} and now {is}")),
        _ => None,
    });
    changed.collect()
}

fn said(argument: &Argument) -> String {
    let by = argument.lowered_by.as_ref().map_or(String::new(), |by| format!(", lowered by {by}"));
    match argument.favors {
        Some(language) => format!("favours {} ({}{by})", language.name(), argument.strength.word()),
        None if argument.contested => "is contested".to_owned(),
        None => format!("favours neither{by}"),
    }
}
