//! What the configuration changes in one run: what is scanned, what is declared, what is excepted.

mod owners;

use crate::check::{CheckError, Gathered, Options, changed};
use crate::config::Config;
use crate::config::allow::{settle, today};
use crate::config::apply::{added, apply, role_of};
use crate::config::baseline::Baseline;
use crate::config::inline::{self, Comment};
use crate::config::load::{Loaded, load_services};
use crate::config::{glob_set, is_fatal, matches_path};
use crate::detect::Facts;
use crate::disk;
use crate::extract::{self, Extractor};
use crate::fact::{Fact, FactKind};
use crate::finding::{Finding, Report};
use crate::history::{BULK, LeftOut};
use crate::judge;
use crate::limits::Limits;
use crate::parse::Kind;
use crate::problem::{Class, Flaw, Problem};
use crate::scan::Scanned;
use crate::scope::Scope;
use crate::service::assemble::{self, Found};
use crate::service::repository::{FileEntry, Repository};
use crate::source::Text;
use crate::spanned::Mistake;
use crate::walk::Filter;

/// One line for each mistake, for where no source excerpt can be shown.
pub(super) fn listed(loaded: &Loaded) -> String {
    let line = |mistake: &Mistake| {
        let text = loaded.texts.iter().find(|(path, _)| **path == *mistake.path).map_or("", |(_, text)| text);
        let place = Text::new(&mistake.path, text).place(mistake.range());
        let hint = mistake.hint.as_ref().map_or(String::new(), |hint| format!(" ({hint})"));
        format!("{}:{}:{}: {}{hint}", mistake.path, place.line, place.column, mistake.message)
    };
    let fatal = loaded.mistakes.iter().filter(|mistake| !mistake.warning);
    fatal.map(line).collect::<Vec<_>>().join("\n")
}

pub(super) fn window(options: &Options, loaded: &Loaded) -> u32 {
    loaded.config.window_days.unwrap_or(options.window_days)
}

pub(super) fn left_out(loaded: &Loaded) -> LeftOut {
    LeftOut {
        bots: loaded.config.bots.clone(),
        bulk_files: loaded.config.bulk_files.unwrap_or(BULK),
        older_days: if loaded.config.all_ages { u32::MAX } else { loaded.config.age_days() },
    }
}

pub(super) fn filter(options: &Options, loaded: &Loaded) -> Filter {
    // The globs were checked one by one when they were read.
    let exclude = (!loaded.config.exclude.is_empty()).then(|| glob_set(&loaded.config.exclude).ok()).flatten();
    let extractors = &loaded.config.extractors;
    let globs: Vec<String> = extractors.iter().flat_map(|extractor| extractor.files.iter().cloned()).collect();
    let also = (!globs.is_empty()).then(|| glob_set(&globs).ok()).flatten();
    let limits = Limits::default().with(&loaded.config.limits).with(&options.limits);
    Filter { exclude, also, limits, ..Filter::default() }
}

/// The comments that accept findings. Documentation shows how they are written, and test data is nobody's decision.
pub(super) fn comments(repository: &Repository) -> Vec<Comment> {
    let shows = |path: &str| Kind::of(path) == Some(Kind::Markdown);
    let files = repository.files.iter().filter(|file| file.scope != Scope::Fixture && !shows(&file.path));
    let comment = |(file, fact): (&FileEntry, &Fact)| match &fact.kind {
        FactKind::Mark { name, detail } if name == inline::NOTED => Some(Comment::of(detail, file.at(fact.place))),
        _ => None,
    };
    files.flat_map(|file| file.facts.facts.iter().map(move |fact| (file, fact))).filter_map(comment).collect()
}

/// Files that extractors read at most in one run.
const EXTRACTED: usize = 20_000;

/// Adds what the configuration's extractors find in the judged tree. Facts of theirs are not cached: they depend on
/// more than the file.
pub(super) fn extract(options: &Options, loaded: &Loaded, scanned: Scanned) -> Scanned {
    let extractors = &loaded.config.extractors;
    if extractors.is_empty() {
        return scanned;
    }
    let Scanned { mut repository, mut problems, stats, stamps } = scanned;
    let sources = disk::sources_of(options, &filter(options, loaded));
    let mut read = 0;
    for file in &mut repository.files {
        let meant: Vec<&Extractor> = extractors.iter().filter(|one| one.matcher.is_match(&*file.path)).collect();
        if meant.is_empty() {
            continue;
        }
        read += 1;
        if read > EXTRACTED {
            let reason = format!("more than {EXTRACTED} files for extractors: the rest is not looked at");
            problems.push(Problem::new(".", reason, Class::Lost));
            break;
        }
        // What could not be read is among the problems already.
        let Some(source) = sources.read(&file.path) else { continue };
        let text = Text::new(&file.path, &source);
        let mut facts = Facts::new(&text);
        extract::run::run(&meant, &text, &mut facts);
        let told =
            |flaw: Flaw| Problem { path: file.path.clone(), reason: flaw.reason, place: flaw.place, class: flaw.class };
        problems.extend(facts.flaws.into_iter().map(told));
        file.facts.facts.extend(facts.list);
    }
    problems.sort();
    Scanned { repository, problems, stats, stamps }
}

/// Brings what is declared to the services, with the files in their own directories; returns what is about none.
pub(super) fn declare(
    options: &Options,
    loaded: &mut Loaded,
    repository: &Repository,
    found: &mut Found,
) -> Result<Vec<Mistake>, CheckError> {
    let services = &found.services;
    load_services(loaded, &*changed::shelf(options, None)?, services.iter().map(|service| &*service.root));
    if is_fatal(&loaded.mistakes) {
        return Err(CheckError::Configuration(Box::new(std::mem::take(loaded))));
    }
    let role = |root: &str, name: &str| role_of(&loaded.config, root, name);
    let added = added(&loaded.config);
    // What a service is decides what its traits, targets and exports mean: another role is another service.
    if !added.is_empty()
        || services.iter().any(|service| role(&service.root, &service.name).is_some_and(|role| role != service.role))
    {
        *found = assemble::found_as(repository, &role, &added);
    }
    let services = &mut found.services;
    if !loaded.config.include.is_empty() {
        services.retain(|service| matches_path(&loaded.config.include, &service.root));
    }
    let mut unmatched = apply(&loaded.config, services);
    if let Err(path) = owners::find(options, repository, services) {
        let message = "cannot be read: owners of services are not known".to_owned();
        unmatched.push(Mistake { path: path.into(), start: 0, end: 0, message, hint: None, warning: true });
    }
    Ok(unmatched)
}

/// Mistakes that stop nothing are told with what was not read.
pub(super) fn warnings(loaded: &Loaded, unmatched: &[Mistake]) -> Vec<Problem> {
    let told = |mistake: &Mistake| Problem::new(mistake.path.clone(), mistake.message.clone(), Class::LeftOut);
    loaded.mistakes.iter().chain(unmatched).map(told).collect()
}

/// Judges what was gathered, and settles the findings against exceptions and the baseline; `baseline` gives its text.
pub(crate) fn judged(
    gathered: Gathered,
    loaded: &Loaded,
    exceptions: bool,
    baseline: &dyn Fn(&str) -> Result<String, String>,
) -> Report {
    let (services, mut findings) = judge::judge(gathered.services, &loaded.config);
    let mut skipped = gathered.skipped;
    if exceptions {
        settle(&loaded.config, &services, &mut findings, &today());
        skipped.extend(settle_baseline(&loaded.config, &mut findings, baseline));
    }
    Report {
        revision: gathered.revision,
        history: gathered.history,
        services,
        findings,
        unbound: gathered.unbound,
        skipped,
        stats: gathered.stats,
        ..Report::default()
    }
}

/// The text of the baseline in force.
pub(crate) fn baseline(options: &Options, path: &str) -> Result<String, String> {
    changed::shelf(options, None).map_err(|error| error.to_string())?.text(path)
}

fn settle_baseline(
    config: &Config,
    findings: &mut [Finding],
    text: &dyn Fn(&str) -> Result<String, String>,
) -> Vec<Problem> {
    let Some(path) = &config.baseline else { return Vec::new() };
    let told = |reason: String, class| Problem::new(path.as_str(), reason, class);
    match text(path).and_then(|text| Baseline::read(&text)) {
        Ok(baseline) => {
            let stale = baseline.settle(findings);
            let stale = stale.iter().map(|entry| {
                let reason =
                    format!("the baseline's {} of `{}` is found no more: remove it", entry.policy, entry.service);
                told(reason, Class::LeftOut)
            });
            stale.collect()
        }
        Err(reason) => vec![told(format!("cannot read the baseline: {reason}"), Class::Lost)],
    }
}
