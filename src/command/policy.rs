//! `policy`: the policies in force, and files that are to become some.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use fitcheck::check::CheckError;
use fitcheck::cli::{ColorWhen, Configured, PolicyCommand, Scan};
use fitcheck::config::is_fatal;
use fitcheck::config::load::Loaded;
use fitcheck::exit::Exit;
use fitcheck::extract::{self, Extractor};
use fitcheck::policy::{Level, PolicySet, builtin, manual, trial};
use fitcheck::spanned::Mistake;
use fitcheck::{judge, report, terminal};

pub(crate) fn policy(command: &PolicyCommand) -> anyhow::Result<Exit> {
    match command {
        PolicyCommand::List(configured) => list(configured),
        PolicyCommand::Show { policy, configured } => show(policy, configured),
        PolicyCommand::Check { files } => check(files),
        PolicyCommand::Test { directory } => test(directory),
        PolicyCommand::Backtest { policies, scan } => backtest(policies, scan),
    }
}

fn list(configured: &Configured) -> anyhow::Result<Exit> {
    let set = super::policies(configured)?;
    crate::print(|out| {
        set.policies.iter().try_for_each(|policy| {
            let off = if policy.level == Level::Off { " (off)" } else { "" };
            let own = if policy.shipped { String::new() } else { format!(" [{}]", policy.path) };
            let title = report::inert::terminal(&policy.title);
            writeln!(out, "{:24} {:9} {title}{off}{}", policy.id, policy.favors.word(), report::inert::terminal(&own))
        })
    })
}

fn show(id: &str, configured: &Configured) -> anyhow::Result<Exit> {
    let set = super::policies(configured)?;
    let known = set.policies.iter().map(|policy| policy.id.as_str());
    let hint = fitcheck::spanned::nearest(id, known).map_or(String::new(), |near| format!(": did you mean `{near}`?"));
    let policy = set.get(id).with_context(|| format!("no policy is called `{id}`{hint}"))?;
    crate::print(|out| out.write_all(super::lines(&manual::manual(policy)).as_bytes()))
}

/// Reports everything wrong in the files, in one go; a directory stands for the TOML files in it.
fn check(named: &[PathBuf]) -> anyhow::Result<Exit> {
    let mut all = Vec::new();
    for path in named {
        if path.is_dir() { all.extend(files(path)?) } else { all.push(path.clone()) }
    }
    let own = sound(&all, builtin::shipped())?;
    crate::print(|out| writeln!(out, "sound: {}", own.ids.join(", ")))
}

/// Files that are to become policies and extractors, laid over a set.
struct Own {
    policies: PolicySet,
    extractors: Vec<Extractor>,
    ids: Vec<String>,
}

/// Reads policies and extractors; a mistake in any is an error with all of them.
fn sound(files: &[PathBuf], base: PolicySet) -> anyhow::Result<Own> {
    let mut texts = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))?;
        texts.push((file.display().to_string(), text));
    }
    let named = texts.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    let (to_extract, to_judge): (Vec<_>, Vec<_>) = named.partition(|(path, text)| extract::is_one(path, text));
    let (own, mut mistakes) = builtin::load(to_judge.into_iter(), false);
    let (extractors, found) = extract::load(to_extract.into_iter());
    mistakes.extend(found);
    let ids = own.policies.iter().map(|policy| policy.id.clone());
    let ids = ids.chain(extractors.iter().map(|extractor| extractor.id.clone())).collect();
    let policies = builtin::overlay(base, own);
    // What a broken policy would have been called is not known: a name that leads nowhere may be its.
    if !is_fatal(&mistakes) {
        mistakes.extend(builtin::dangling(&policies));
    }
    mistakes.sort();
    refuse(mistakes, texts)?;
    Ok(Own { policies, extractors, ids })
}

/// Says what is worth saying; fails where it stops the run.
fn refuse(mistakes: Vec<Mistake>, texts: Vec<(String, String)>) -> anyhow::Result<()> {
    if is_fatal(&mistakes) {
        return Err(CheckError::Configuration(Box::new(Loaded { mistakes, texts, ..Loaded::default() })).into());
    }
    let terminal = terminal::of_stderr(ColorWhen::Auto, Some(".".as_ref()));
    Ok(report::mistakes::write(&mistakes, &texts, terminal, &mut std::io::stderr())?)
}

/// The TOML files of a directory, by name.
fn files(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(directory).with_context(|| format!("cannot read `{}`", directory.display()))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|name| name == "toml")).collect();
    files.sort();
    Ok(files)
}

/// Runs every case beside the policies; one that is wrong makes the status 1.
fn test(directory: &Path) -> anyhow::Result<Exit> {
    let set = sound(&files(directory)?, builtin::shipped())?.policies;
    let (mut cases, mut mistakes, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    for file in files(&directory.join("tests"))? {
        let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read `{}`", file.display()))?;
        let name = file.display().to_string();
        let (found, wrong) = trial::read(&name, &text, &set);
        cases.extend(found);
        mistakes.extend(wrong);
        texts.push((name, text));
    }
    refuse(mistakes, texts)?;
    anyhow::ensure!(!cases.is_empty(), "`{}` holds no case", directory.join("tests").display());
    let wrong: Vec<String> = cases.iter().filter_map(|case| case.run(&set).err()).collect();
    crate::print(|out| {
        wrong.iter().try_for_each(|line| writeln!(out, "{}", report::inert::terminal(line)))?;
        writeln!(out, "{} case(s), {} wrong", cases.len(), wrong.len())
    })?;
    Ok(if wrong.is_empty() { Exit::Clean } else { Exit::Findings })
}

/// Judges the same services by both sets and prints where they part.
fn backtest(policies: &Path, scan: &Scan) -> anyhow::Result<Exit> {
    let (report, loaded) = crate::scan(scan)?;
    let mut changed = loaded.config.clone();
    changed.policies = sound(&files(policies)?, changed.policies)?.policies;
    let services = report.services.iter().map(|judged| judged.service.clone()).collect();
    let (after, _) = judge::judge(services, &changed);
    let pairs = report.services.iter().zip(&after);
    let flipped: Vec<_> = pairs.filter(|(before, after)| before.verdict != after.verdict).collect();
    crate::print(|out| {
        flipped.iter().try_for_each(|(before, after)| {
            let line = |text: &str| report::inert::terminal(text).into_owned();
            let (name, root) = (line(&before.service.name), line(&before.service.root));
            writeln!(out, "{name} ({root}): {} → {}", before.verdict.word(), after.verdict.word())?;
            writeln!(out, "  before: {}\n  after:  {}", line(&before.reasoning), line(&after.reasoning))
        })?;
        writeln!(out, "{} of {} service(s) would change", flipped.len(), after.len())
    })
}
