//! Pull-request mode: what a change did to the verdicts, judged against a base.
//!
//! In: the reports of a base and of the tree under review. Out: a [`Comparison`] in the latter, and each finding
//! marked as new or as known from the base. Facts and fingerprints are compared, never lines; a service or file that
//! only moved is the same service and the same finding.

pub mod hidden;
mod moved;
pub mod revision;

use std::collections::BTreeMap;

use crate::finding::{Argument, Change, Comparison, Finding, Judged, Label, Report, Resolved, Status, Verdict};
use crate::service::Language;
use crate::source::Location;
use moved::Moves;

/// As many reasons as fit into a sentence; the first ones come from the strongest arguments.
const REASONS: usize = 6;

/// Marks in `head` what was there before, and tells what changed. `name` is the base as people call it.
pub fn compare(base: &Report, head: &mut Report, name: &str) {
    let moves = Moves::between(base, head);
    let mut known = Known::of(base, &moves);
    for finding in &mut head.findings {
        // What the team accepted stays accepted.
        if known.take(finding) && finding.status == Status::New {
            finding.status = Status::Baseline;
        }
    }
    let kept = head.findings.iter().filter(|finding| finding.status == Status::Baseline).count() as u64;
    let resolved = known.rest().map(|finding| resolved(finding, base)).collect();
    let changes = changes(base, head, &moves);
    head.comparison = Some(Comparison { base: name.to_owned(), changes, resolved, kept });
}

/// The findings of the base that the head has not met yet.
struct Known<'a> {
    by_fingerprint: BTreeMap<&'a str, Vec<usize>>,
    by_content: BTreeMap<Content, Vec<usize>>,
    findings: Vec<Option<&'a Finding>>,
}

/// What a finding says apart from names of files: the policy, the service as the head calls it, the labels.
type Content = (String, Option<(String, Language)>, Vec<String>);

fn content(finding: &Finding, root: impl Fn(&str, Language) -> String) -> Content {
    let service = finding.service.as_ref().map(|(at, language)| (root(at, *language), *language));
    let mut labels: Vec<String> = finding.labels.iter().map(|label| label.text.clone()).collect();
    labels.sort();
    (finding.policy.clone(), service, labels)
}

impl<'a> Known<'a> {
    fn of(base: &'a Report, moves: &Moves) -> Known<'a> {
        let mut known = Known { by_fingerprint: BTreeMap::new(), by_content: BTreeMap::new(), findings: Vec::new() };
        for finding in base.findings.iter().filter(|finding| finding.status != Status::Allowed) {
            let number = known.findings.len();
            known.by_fingerprint.entry(&finding.fingerprint).or_default().push(number);
            let content = content(finding, |root, language| moves.to_head(root, language).to_owned());
            known.by_content.entry(content).or_default().push(number);
            known.findings.push(Some(finding));
        }
        known
    }

    /// Whether the base had this finding; each of its findings answers for one.
    fn take(&mut self, finding: &Finding) -> bool {
        let same = self.by_fingerprint.get(finding.fingerprint.as_str());
        let alike = self.by_content.get(&content(finding, |root, _| root.to_owned()));
        let numbers = same.into_iter().chain(alike).flatten();
        let Some(number) = numbers.copied().find(|&number| self.findings[number].is_some()) else { return false };
        self.findings[number] = None;
        true
    }

    fn rest(self) -> impl Iterator<Item = &'a Finding> {
        self.findings.into_iter().flatten()
    }
}

fn resolved(finding: &Finding, base: &Report) -> Resolved {
    let service = finding.service.as_ref().map(|(root, language)| {
        let name = base.services.iter().find(|one| one.service.root == *root && one.service.language == *language);
        (name.map_or_else(|| root.to_string(), |judged| judged.service.name.clone()), root.clone())
    });
    let (name, root) = service.unwrap_or_else(|| ("repository".to_owned(), ".".into()));
    Resolved { policy: finding.policy.clone(), name, root, message: finding.message.clone() }
}

fn changes(base: &Report, head: &Report, moves: &Moves) -> Vec<Change> {
    let mut changes = Vec::new();
    let judged = |one: &&Judged| one.verdict != Verdict::Unjudged;
    for after in &head.services {
        let before = moves.base_of(after).and_then(|key| find(base, &key));
        match before {
            Some(before) if before.verdict != after.verdict => {
                changes.push(change(after, Some(before.verdict), Some(after.verdict), reasons(before, after, moves)));
            }
            Some(_) => {}
            None if judged(&after) => {
                changes.push(change(after, None, Some(after.verdict), first_reasons(after)));
            }
            None => {}
        }
    }
    for before in base.services.iter().filter(judged) {
        if !moves.is_kept(before) {
            changes.push(change(before, Some(before.verdict), None, Vec::new()));
        }
    }
    changes.sort_by(|one, other| order(one).cmp(&order(other)));
    changes
}

fn find<'a>(report: &'a Report, key: &(std::sync::Arc<str>, Language)) -> Option<&'a Judged> {
    report.services.iter().find(|one| one.service.root == key.0 && one.service.language == key.1)
}

/// Questioned first; then by place.
fn order(change: &Change) -> (Option<Verdict>, &str, Language) {
    (change.after.or(Some(Verdict::Unjudged)), &change.root, change.language)
}

fn change(of: &Judged, before: Option<Verdict>, after: Option<Verdict>, because: Vec<Label>) -> Change {
    let service = &of.service;
    Change {
        name: service.name.clone(),
        root: service.root.clone(),
        language: service.language,
        before,
        after,
        because,
    }
}

/// Why a new service is judged as it is.
fn first_reasons(judged: &Judged) -> Vec<Label> {
    let questions = judged.arguments.iter().filter(|argument| judged.questions.contains(&argument.policy));
    questions.flat_map(|argument| argument.labels.iter().cloned()).take(REASONS).collect()
}

/// The evidence that appeared, vanished or changed between two judgements of one service.
fn reasons(before: &Judged, after: &Judged, moves: &Moves) -> Vec<Label> {
    let mut found: Vec<Label> = Vec::new();
    let mut add = |label: Label| {
        if !found.iter().any(|other| other.location.path == label.location.path && other.text == label.text) {
            found.push(label);
        }
    };
    let decides = |argument: &&Argument| argument.favors.is_some() || argument.contested;
    let mut policies: Vec<&str> = Vec::new();
    for argument in after.arguments.iter().chain(&before.arguments).filter(decides) {
        if !policies.contains(&argument.policy.as_str()) {
            policies.push(&argument.policy);
        }
    }
    for policy in policies {
        let of = |judged: &'_ Judged| judged.arguments.iter().find(|argument| argument.policy == policy).cloned();
        evidence(of(before), of(after), moves, after).into_iter().for_each(&mut add);
    }
    if found.is_empty() {
        found.extend(role(before, after));
    }
    found.truncate(REASONS);
    found
}

fn evidence(before: Option<Argument>, after: Option<Argument>, moves: &Moves, service: &Judged) -> Vec<Label> {
    let labels = |argument: &Option<Argument>| argument.as_ref().map_or(Vec::new(), |one| one.labels.clone());
    let (mut gone, mut new) = (labels(&before), labels(&after));
    let same = |a: &Label, b: &Label| moves.same_path(&a.location.path, &b.location.path) && a.text == b.text;
    let all_new = new.clone();
    new.retain(|label| !gone.iter().any(|old| same(old, label)));
    gone.retain(|label| !all_new.iter().any(|now| same(label, now)));
    let mut found = Vec::new();
    for label in new {
        // The same place saying something else is one change, not two.
        let was = gone.iter().position(|old| moves.same_path(&old.location.path, &label.location.path));
        let text = match was {
            Some(at) => format!("{} → {}", gone.remove(at).text, label.text),
            None => label.text,
        };
        found.push(Label { location: label.location, text });
    }
    found
        .extend(gone.into_iter().map(|old| Label { text: format!("no longer: {}", old.text), location: old.location }));
    if found.is_empty() {
        found.extend(weight(before.as_ref(), after.as_ref(), service));
    }
    found
}

/// An argument whose evidence stayed may still have come, gone, or changed its weight.
fn weight(before: Option<&Argument>, after: Option<&Argument>, service: &Judged) -> Option<Label> {
    let at = |argument: &Argument| {
        argument.labels.first().map_or_else(|| Location::of_file(&service.service.root), |label| label.location.clone())
    };
    match (before, after) {
        (None, Some(now)) => Some(Label { location: at(now), text: now.statement.clone() }),
        (Some(old), None) => Some(Label { location: at(old), text: format!("no longer: {}", old.statement) }),
        (Some(old), Some(now)) if old.strength != now.strength => {
            let text = format!("`{}` weighs {} → {}", now.policy, old.strength.word(), now.strength.word());
            Some(Label { location: at(now), text })
        }
        _ => None,
    }
}

fn role(before: &Judged, after: &Judged) -> Option<Label> {
    let (old, new) = (before.service.role, after.service.role);
    let (reason, location) = after.service.role_because.first()?;
    (old != new)
        .then(|| Label {
            location: location.clone(), text: format!("role {} → {}: {reason}", old.word(), new.word())
        })
}
