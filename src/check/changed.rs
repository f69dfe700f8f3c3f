//! What a change does to what judges it: settings, policies, exceptions and the baseline that it brings along.
//!
//! In: the configuration as the base has it and as the judged tree has it. Out: findings that no exception and no
//! baseline takes in, so that every format shows them: nothing turns green unseen.

use std::collections::BTreeMap;
use std::sync::Arc;

use gix::ObjectId;

use crate::base::{hidden, revision};
use crate::check::{CheckError, Options, Tree};
use crate::config::baseline::{Baseline, Entry};
use crate::config::inline::{self, Accepted};
use crate::config::layer::Allow;
use crate::config::load::{Loaded, load_from, load_services};
use crate::config::shelf::{Disk, Shelf};
use crate::config::{Config, FILE};
use crate::disk;
use crate::finding::{Advice, Finding, Label, Report, Severity, Status, Strength};
use crate::git::snapshot::{self, Snapshot};
use crate::git::{Git, GitProblem};
use crate::parse::Kind;
use crate::problem::{Class, Problem};
use crate::scan;
use crate::source::{Location, Text};

/// Labels of one finding; a new configuration may set a hundred keys.
const LABELS: usize = 20;

/// Where the configuration in force is read from; `git` is the repository, where somebody has opened it already.
pub(super) fn shelf<'o>(options: &'o Options, git: Option<&Git>) -> Result<Box<dyn Shelf + 'o>, CheckError> {
    match (&options.policy_ref, &options.tree) {
        (Some(asked), _) => Ok(Box::new(snapshot(options, git, asked)?)),
        (None, Tree::At(revision)) => Ok(Box::new(snapshot(options, git, revision)?)),
        (None, Tree::Work | Tree::Staged) => Ok(Box::new(Disk(&options.root))),
    }
}

fn snapshot(options: &Options, git: Option<&Git>, asked: &str) -> Result<Snapshot, CheckError> {
    let git = opened(options, git)?;
    let found = revision::find(&git, asked, &super::environment)?;
    Ok(Snapshot::of(&git, found.commit)?)
}

fn opened(options: &Options, git: Option<&Git>) -> Result<Git, GitProblem> {
    git.map_or_else(|| Git::open(&options.root, options.git), |git| Ok(git.clone()))
}

/// What the change under review cannot edit: the tree of `--policy-ref`, or else of `--base`.
pub(super) fn reference(options: &Options, git: Option<&Git>) -> Result<Option<Snapshot>, CheckError> {
    let Some(asked) = options.policy_ref.as_ref().or(options.base.as_ref()) else { return Ok(None) };
    let unborn = || Ok::<_, CheckError>(opened(options, git)?.head()?.is_none());
    if asked == "HEAD" && unborn()? { Ok(None) } else { snapshot(options, git, asked).map(Some) }
}

/// Tells what differs between the reference and what the judged tree brings along.
pub(super) fn findings(options: &Options, before: &dyn Shelf, report: &Report) -> Result<Vec<Finding>, CheckError> {
    if options.config.is_some() {
        // Named on the command line: nothing of the tree is in force.
        return Ok(Vec::new());
    }
    let own = Options { policy_ref: None, ..options.clone() };
    let now = shelf(&own, None)?;
    let (old, new) = (loaded(before, report), loaded(&*now, report));
    let in_force = options.policy_ref.is_none();
    let mut found = files(&old, &new, in_force);
    let known = |allow: &&Allow| !old.config.allows.iter().any(|one| same(one, allow));
    found.extend(new.config.allows.iter().filter(known).map(|allow| exception(allow, in_force)));
    found.extend(baseline(&entries(before, &old.config), &*now, &new.config, in_force));
    Ok(found)
}

/// Settles findings by comments; returns what is to be said about comments that the reference does not have. Where the
/// configuration of another revision judges, those do not count.
pub(super) fn accept_comments(
    options: &Options,
    reference: Option<&Snapshot>,
    findings: &mut [Finding],
) -> Vec<Finding> {
    let sources = disk::sources(options);
    let open = findings.iter().filter(|finding| finding.status == Status::New);
    let places: Vec<Location> = open.flat_map(|finding| &finding.labels).map(|label| label.location.clone()).collect();
    let (known, new): (Vec<Accepted>, Vec<Accepted>) =
        inline::accepted(&*sources, &places).into_iter().partition(|accepted| {
            let Some(reference) = reference else { return true };
            let Some(text) = sources.read(&accepted.path) else { return false };
            let granted = inline::granting(&Text::new(&accepted.path, &text), accepted);
            let before = reference.text(&accepted.path).unwrap_or_default();
            before.lines().any(|line| granted.iter().any(|granted| granted.trim() == line.trim()))
        });
    inline::settle_accepted(&known, findings);
    let in_force = options.policy_ref.is_none();
    if in_force {
        inline::settle_accepted(&new, findings);
    }
    new.iter().map(|accepted| comment(accepted, in_force)).collect()
}

/// A comment that accepts a finding and that the reference does not have.
fn comment(accepted: &Accepted, in_force: bool) -> Finding {
    let what = format!("the change accepts {} in a comment", accepted.policy);
    let identity = format!("{}\0{}\0{}", accepted.path, accepted.line, accepted.policy);
    let mut about = about("exception-added", Severity::Note, what, in_force, &identity);
    about.labels.push(label(&accepted.path, accepted.line, "accepted here".to_owned()));
    about
}

fn loaded(shelf: &dyn Shelf, report: &Report) -> Loaded {
    let mut loaded = load_from(shelf, shelf.has(FILE).then_some(FILE));
    load_services(&mut loaded, shelf, report.services.iter().map(|judged| &*judged.service.root));
    loaded
}

/// Weighs what was not read against the base: what the base could not read either is no loss of this change, and what
/// the change made unreadable is one, templates included.
pub(super) fn weigh(before: &[Problem], now: &mut [Problem], base: &Snapshot) {
    let count = |problems: &[Problem]| {
        let mut counts: BTreeMap<Arc<str>, usize> = BTreeMap::new();
        for problem in problems.iter().filter(|problem| problem.class > Class::LeftOut) {
            *counts.entry(problem.path.clone()).or_default() += 1;
        }
        counts
    };
    let (old, new) = (count(before), count(now));
    for problem in now.iter_mut().filter(|problem| problem.class > Class::LeftOut) {
        let path = &problem.path;
        if new.get(path) <= old.get(path) {
            problem.class = Class::Partial;
        } else if base.has(path) && decides(path) {
            problem.class = Class::Lost;
        }
    }
}

/// Whether verdicts may hang on a file: templates of manifests do, though nobody demands that they can be read.
fn decides(path: &str) -> bool {
    Class::of_file(path) == Class::Lost || path.contains("templates/") && Kind::of(path) == Some(Kind::Yaml)
}

/// Finds services whose verdict got better because their files are out of sight.
pub(super) fn hidden(
    options: &Options,
    git: &Git,
    (commit, base): (ObjectId, &Snapshot),
    before: &Report,
    report: &Report,
) -> Result<Vec<Finding>, CheckError> {
    if report.comparison.as_ref().is_none_or(|comparison| comparison.changes.is_empty()) {
        return Ok(Vec::new());
    }
    let now = match &options.tree {
        Tree::At(revision) => snapshot::files(git, revision::find(git, revision, &super::environment)?.commit)?,
        Tree::Work | Tree::Staged => snapshot::indexed(git)?,
    };
    let sources = disk::sources(options);
    let trees = hidden::Trees {
        old: &snapshot::files(git, commit)?,
        new: &now,
        before: &|path| base.text(path).ok(),
        now: &|path| sources.read(path),
        read: &|path, text| Some(scan::read_text(path, Kind::of(path)?, text).0),
    };
    let found = hidden::hidden(before, report, trees);
    let about = |what: String, root: &str| about("service-hidden", Severity::Warning, what, true, root);
    Ok(found.iter().map(|(change, files)| hidden::finding(change, files, about)).collect())
}

/// One finding for each file of the configuration that came, went or differs.
fn files(old: &Loaded, new: &Loaded, in_force: bool) -> Vec<Finding> {
    let texts = |loaded: &'_ Loaded| loaded.texts.iter().cloned().collect::<BTreeMap<String, String>>();
    let (before, now) = (texts(old), texts(new));
    let mut paths: Vec<&String> = before.keys().chain(now.keys()).collect();
    paths.sort();
    paths.dedup();
    let differs = paths.into_iter().filter(|&path| before.get(path) != now.get(path));
    differs
        .map(|path| {
            let verb = match (before.contains_key(path), now.contains_key(path)) {
                (false, _) => "adds",
                (true, false) => "removes",
                (true, true) => "edits",
            };
            let what = format!("the change {verb} `{path}`, which decides how it is judged");
            let mut about = about("configuration-changed", Severity::Note, what, in_force, path);
            about.labels = settings(path, &old.config, &new.config);
            if about.labels.is_empty() {
                about.labels.push(Label { location: Location::of_file(path), text: format!("the change {verb} it") });
            }
            about
        })
        .collect()
}

/// The settings of one file that differ, each with its value before and after.
fn settings(path: &str, old: &Config, new: &Config) -> Vec<Label> {
    type Settings<'a> = BTreeMap<&'a str, (&'a str, u32)>;
    fn of<'a>(config: &'a Config, path: &str) -> Settings<'a> {
        let mine = config.origins.iter().filter_map(|origin| {
            let (file, line) = origin.place.rsplit_once(':')?;
            (file == path).then_some((origin.key.as_str(), (origin.value.as_str(), line.parse().unwrap_or(1))))
        });
        mine.collect()
    }
    let (before, now) = (of(old, path), of(new, path));
    let mut labels = Vec::new();
    for (key, (value, line)) in &now {
        match before.get(key) {
            Some((was, _)) if was == value => {}
            Some((was, _)) => labels.push(label(path, *line, format!("{key}: {was} → {value}"))),
            None => labels.push(label(path, *line, format!("{key}: {value}"))),
        }
    }
    for (key, (was, _)) in before.iter().filter(|(key, _)| !now.contains_key(**key)) {
        labels.push(label(path, 1, format!("no longer: {key}: {was}")));
    }
    labels.truncate(LABELS);
    labels
}

fn label(path: &str, line: u32, text: String) -> Label {
    let mut location = Location::of_file(path);
    (location.place.line, location.place.end_line) = (line, line);
    Label { location, text }
}

fn same(one: &Allow, other: &Allow) -> bool {
    let said =
        |allow: &Allow| (allow.policy.clone(), allow.service.clone(), allow.until.clone(), allow.evidence.clone());
    said(one) == said(other)
}

fn exception(allow: &Allow, in_force: bool) -> Finding {
    let what = format!("the change accepts {} for `{}`", allow.policy, allow.service);
    let mut about =
        about("exception-added", Severity::Note, what, in_force, &format!("{}\0{}", allow.policy, allow.service));
    about.labels.push(Label { location: allow.location.clone(), text: format!("granted for: {}", allow.reason) });
    about
}

fn entries(shelf: &dyn Shelf, config: &Config) -> Vec<Entry> {
    let text = config.baseline.as_ref().and_then(|path| shelf.text(path).ok());
    text.and_then(|text| Baseline::read(&text).ok()).map_or(Vec::new(), |baseline| baseline.findings)
}

fn baseline(known: &[Entry], now: &dyn Shelf, config: &Config, in_force: bool) -> Option<Finding> {
    let path = config.baseline.as_deref()?;
    let new: Vec<Entry> = entries(now, config).into_iter().filter(|entry| !known.contains(entry)).collect();
    let what = match new.len() {
        0 => return None,
        1 => "the change adds a finding to the baseline".to_owned(),
        more => format!("the change adds {more} findings to the baseline"),
    };
    let mut about = about("baseline-grown", Severity::Note, what, in_force, path);
    let told = |entry: &Entry| Label {
        location: Location::of_file(path),
        text: format!("{} of `{}`", entry.policy, entry.service),
    };
    about.labels = new.iter().take(LABELS).map(told).collect();
    Some(about)
}

pub(super) fn about(id: &str, severity: Severity, what: String, in_force: bool, identity: &str) -> Finding {
    let advice = if in_force {
        "Review it as you review code; `--policy-ref` judges by the base's configuration instead."
    } else {
        "It has no effect on this run, which is judged by the configuration of `--policy-ref`."
    };
    Finding {
        policy: id.to_owned(),
        service: None,
        severity,
        strength: Strength::Weak,
        message: what,
        labels: Vec::new(),
        cites: Vec::new(),
        advice: Advice { text: advice.to_owned(), cost: None },
        fingerprint: blake3::hash(format!("{id}\0{identity}").as_bytes()).to_hex()[..32].to_owned(),
        former: Vec::new(),
        status: Status::New,
    }
}
