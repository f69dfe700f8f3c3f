//! `policy`: the policies in force, and files that are to become some.

mod backtest;
mod fixture;
mod vendor;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use fitcheck::check::CheckError;
use fitcheck::cli::{ColorWhen, Configured, PolicyCommand};
use fitcheck::config::is_fatal;
use fitcheck::config::load::Loaded;
use fitcheck::exit::Exit;
use fitcheck::extract::{self, Extractor};
use fitcheck::policy::{Level, PolicySet, builtin, manual, trial};
use fitcheck::spanned::Mistake;
use fitcheck::{report, terminal};

pub(crate) fn policy(command: &PolicyCommand) -> anyhow::Result<Exit> {
    match command {
        PolicyCommand::List(configured) => list(configured),
        PolicyCommand::Show { policy, configured } => show(policy, configured),
        PolicyCommand::Check { files } => check(files),
        PolicyCommand::Test { directory } => test(directory),
        PolicyCommand::Backtest { policies, scan } => backtest::backtest(policies, scan),
        PolicyCommand::Vendor { source, path, into } => vendor::vendor(source, path.as_deref(), into.as_deref()),
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
        texts.push((file.display().to_string(), text(file)?));
    }
    let named = texts.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    let (to_extract, to_judge): (Vec<_>, Vec<_>) = named.partition(|(path, text)| extract::is_one(path, text));
    let (own, mut mistakes) = builtin::load(to_judge.into_iter(), false);
    let (extractors, found) = extract::load(to_extract.into_iter());
    mistakes.extend(found);
    let ids = own.policies.iter().map(|policy| policy.id.clone());
    let ids = ids.chain(extractors.iter().map(|extractor| extractor.id.clone())).collect();
    let policies = builtin::tried(base, own);
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

fn text(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))
}

/// What lies in a directory, by name.
fn entries(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(directory).with_context(|| format!("cannot read `{}`", directory.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    Ok(paths)
}

/// The TOML files of a directory, by name.
fn files(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let is_toml = |path: &PathBuf| path.is_file() && path.extension().is_some_and(|name| name == "toml");
    Ok(entries(directory)?.into_iter().filter(is_toml).collect())
}

/// Runs every case and every fixture beside the policies; one that is wrong makes the status 1.
fn test(directory: &Path) -> anyhow::Result<Exit> {
    let own = sound(&files(directory)?, builtin::shipped())?;
    let tests = directory.join("tests");
    let (mut cases, mut mistakes, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    for file in files(&tests)? {
        let (name, text) = (file.display().to_string(), text(&file)?);
        let (found, wrong) = trial::read(&name, &text, &own.policies);
        cases.extend(found);
        mistakes.extend(wrong);
        texts.push((name, text));
    }
    let folders = entries(&tests)?.into_iter().filter(|path| path.join("case.toml").is_file());
    let mut fixtures = Vec::new();
    for folder in folders {
        let (name, text) = (folder.join("case.toml").display().to_string(), text(&folder.join("case.toml"))?);
        let (expected, wrong) = fitcheck::policy::story::read(&name, &text, &own.policies);
        fixtures.push((folder, expected));
        mistakes.extend(wrong);
        texts.push((name, text));
    }
    refuse(mistakes, texts)?;
    anyhow::ensure!(cases.len() + fixtures.len() > 0, "`{}` holds no case", tests.display());
    let mut wrong: Vec<String> = cases.iter().filter_map(|case| case.run(&own.policies).err()).collect();
    for (folder, expected) in &fixtures {
        let differs = fixture::run(&folder.join("repo"), expected, &own)?;
        wrong.extend(differs.into_iter().map(|line| format!("{}: {line}", folder.display())));
    }
    crate::print(|out| {
        wrong.iter().try_for_each(|line| writeln!(out, "{}", report::inert::terminal(line)))?;
        if !fixtures.is_empty() {
            write!(out, "{} fixture(s), ", fixtures.len())?;
        }
        writeln!(out, "{} case(s), {} wrong", cases.len(), wrong.len())
    })?;
    Ok(if wrong.is_empty() { Exit::Clean } else { Exit::Findings })
}
