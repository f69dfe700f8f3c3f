//! `facts`, `judge` and `merge`: what is known before judgement as a document, and reports from such documents.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use fitcheck::base;
use fitcheck::cli::{self, By};
use fitcheck::exit::Exit;
use fitcheck::facts::Facts;
use fitcheck::finding::{Report, Severity};
use fitcheck::problem::{Class, Problem};
use fitcheck::report::{NoSources, Pages, inert};
use fitcheck::{check, fleet, pages, progress};

use super::deliver::{Configured, deliver};

/// Larger documents are refused; the facts of a repository with 300 services take some 10 MB.
const LIMIT: u64 = 512 << 20;

/// Gathers and writes the document.
pub(crate) fn write(args: &cli::Facts) -> anyhow::Result<Exit> {
    let options = crate::options(&args.scan);
    let mut loaded = check::configuration(&options)?;
    let shown = progress::show(&options.progress, false);
    let mut facts = check::facts(&options, &mut loaded)?;
    drop(shown);
    facts.repository = args.name.clone().unwrap_or_else(|| directory_name(&args.scan.path));
    match &args.output {
        None => crate::print(|out| out.write_all(facts.write().as_bytes())),
        Some(path) => super::write(path, &facts.write()).map(|()| Exit::Clean),
    }
}

fn directory_name(path: &Path) -> String {
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    path.file_name().map_or_else(|| "repository".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Judges one document, and compares it with another where one is given.
pub(crate) fn judge(args: &cli::Judge) -> anyhow::Result<Exit> {
    let facts = read(&args.facts)?;
    let is_own = args.by.config.is_none();
    let loaded = facts.configuration(args.by.config.as_deref())?;
    let mut report = facts.judge(&loaded, is_own, !args.by.no_allow);
    if let Some(path) = &args.base {
        let before = read(path)?.judge(&loaded, is_own, !args.by.no_allow);
        base::compare(&before, &mut report, before.revision.as_deref().unwrap_or("the base"), &loaded.config.policies);
    }
    let pages = Pages::new(|| pages::of(&loaded.config.policies));
    let context = crate::context(&args.delivery.view, None, &NoSources, pages);
    deliver(&args.delivery, &report, &context, Configured::of(&loaded.config))
}

/// Judges every document and reports on all; one that cannot be judged hides none of the others.
pub(crate) fn merge(args: &cli::Merge) -> anyhow::Result<Exit> {
    let mut reports: BTreeMap<String, Report> = BTreeMap::new();
    let mut lost: Vec<Problem> = Vec::new();
    let mut policies = BTreeMap::new();
    let mut fail_on: Option<Severity> = None;
    for path in &args.facts {
        let judged = judged(path, &args.by).and_then(|(name, report, loaded)| {
            anyhow::ensure!(!reports.contains_key(&name), "`{name}` is there already: give each its own `--name`");
            Ok((name, report, loaded))
        });
        match judged {
            Ok((name, report, loaded)) => {
                fail_on = loaded.config.fail_on.into_iter().chain(fail_on).min();
                policies.extend(pages::of(&loaded.config.policies).into_iter().map(|page| (page.id.clone(), page)));
                reports.insert(name, report);
            }
            Err(error) => lost.push(Problem::new(&*path.to_string_lossy(), crate::message(&error), Class::Lost)),
        }
    }
    let mut report = fleet::merge(reports.into_iter().collect());
    report.skipped.extend(lost.iter().cloned());
    report.skipped.sort();
    let pages = Pages::new(|| policies.into_values().collect());
    let context = crate::context(&args.delivery.view, None, &NoSources, pages);
    let exit = deliver(&args.delivery, &report, &context, Configured { format: None, fail_on })?;
    for problem in &lost {
        writeln!(io::stderr(), "error: {}", inert::terminal(&format!("`{}`: {}", problem.path, problem.reason)))?;
    }
    Ok(if lost.is_empty() { exit } else { Exit::Failed })
}

fn judged(path: &Path, by: &By) -> anyhow::Result<(String, Report, fitcheck::config::load::Loaded)> {
    let facts = read(path)?;
    let loaded = facts.configuration(by.config.as_deref())?;
    let report = facts.judge(&loaded, by.config.is_none(), !by.no_allow);
    Ok((facts.repository, report, loaded))
}

fn read(path: &Path) -> anyhow::Result<Facts> {
    let mut text = String::new();
    let read = match path.to_str() {
        Some("-") => io::stdin().lock().take(LIMIT).read_to_string(&mut text),
        _ => File::open(path).and_then(|file| file.take(LIMIT).read_to_string(&mut text)),
    };
    let failed = || format!("cannot judge `{}`", path.display());
    read.with_context(failed)?;
    Facts::read(&text).with_context(failed)
}
