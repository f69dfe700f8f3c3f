//! Pull-request mode: what a change did to the verdicts, judged against a base.
//!
//! In: the reports of a base and of the tree under review. Out: a [`Comparison`] in the latter, and each finding
//! marked as new or as known from the base. Facts and fingerprints are compared, never lines; a service or file that
//! only moved is the same service and the same finding.

pub mod hidden;
mod moved;
mod reasons;
pub mod revision;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::{Change, Comparison, Finding, Judged, Report, Resolved, Severity, Status, Verdict};
use crate::policy::PolicySet;
use crate::service::Language;
use moved::Moves;
use reasons::Reason;

/// The finding about an exception that was granted on other evidence.
const REOPENED: &str = "allow-reopened";
/// As many reasons as fit into a sentence; the first ones come from the strongest arguments.
const REASONS: usize = 6;

/// The root and language that a service of `newer` has in `older`; `None` where it is not there.
pub fn former(older: &Report, newer: &Report, key: &(Arc<str>, Language)) -> Option<(Arc<str>, Language)> {
    Moves::between(older, newer).to_base(key)
}

/// Marks in `head` what was there before, and tells what changed. `name` is the base as people call it; `policies`
/// are those that judged, to tell why.
pub fn compare(base: &Report, head: &mut Report, name: &str, policies: &PolicySet) {
    let moves = Moves::between(base, head);
    let mut known = Known::of(base, &moves);
    for finding in &mut head.findings {
        // What the team accepted stays accepted, also where a file moved and took the evidence's name with it.
        let Some(before) = known.take(finding) else { continue };
        // What was a remark and is a warning now has to be looked at again.
        if finding.status == Status::New && before.severity >= finding.severity {
            finding.status = if before.status == Status::Allowed { Status::Allowed } else { Status::Baseline };
        }
    }
    lower_reopened(head);
    let kept = head.findings.iter().filter(|finding| finding.status == Status::Baseline).count() as u64;
    let resolved = known.rest().map(|finding| resolved(finding, base)).collect();
    let changes = changes(base, head, &moves, policies);
    head.comparison = Some(Comparison { base: name.to_owned(), changes, resolved, kept });
}

/// An exception whose finding only moved needs its evidence written again, and fails nothing.
fn lower_reopened(head: &mut Report) {
    let accepted: Vec<Finding> =
        head.findings.iter().filter(|finding| finding.status == Status::Allowed).cloned().collect();
    for reopened in head.findings.iter_mut().filter(|finding| finding.policy == REOPENED) {
        let place = reopened.labels.last().map(|label| &label.location);
        let concerns = |finding: &Finding| {
            finding.service == reopened.service && finding.labels.first().map(|label| &label.location) == place
        };
        if accepted.iter().any(concerns) {
            reopened.severity = Severity::Note;
        }
    }
}

/// The findings of the base that the head has not met yet.
struct Known<'a> {
    by_fingerprint: BTreeMap<&'a str, Vec<usize>>,
    by_content: BTreeMap<Content, Vec<usize>>,
    /// By policy and service, with what each says.
    by_service: BTreeMap<About, Vec<(usize, Vec<String>)>>,
    findings: Vec<Option<&'a Finding>>,
}

/// Whom a finding is about: the policy, and the service as the head calls it.
type About = (String, Option<(String, Language)>);

/// What a finding says apart from names of files: the policy, the service as the head calls it, the labels.
type Content = (String, Option<(String, Language)>, Vec<String>);

fn content(finding: &Finding, root: impl Fn(&str, Language) -> String) -> Content {
    let service = finding.service.as_ref().map(|(at, language)| (root(at, *language), *language));
    let mut labels: Vec<String> = finding.labels.iter().map(|label| label.text.clone()).collect();
    labels.sort();
    (finding.policy.clone(), service, labels)
}

/// Whether each of `some` is among `all`, as often; both are sorted.
fn is_part(some: &[String], all: &[String]) -> bool {
    let mut rest = all.iter();
    some.iter().all(|one| rest.any(|other| other == one))
}

impl<'a> Known<'a> {
    fn of(base: &'a Report, moves: &Moves) -> Known<'a> {
        let mut known = Known {
            by_fingerprint: BTreeMap::new(),
            by_content: BTreeMap::new(),
            by_service: BTreeMap::new(),
            findings: Vec::new(),
        };
        for finding in &base.findings {
            let number = known.findings.len();
            known.by_fingerprint.entry(&finding.fingerprint).or_default().push(number);
            let content = content(finding, |root, language| moves.to_head(root, language).to_owned());
            let (policy, service, labels) = content.clone();
            known.by_service.entry((policy, service)).or_default().push((number, labels));
            known.by_content.entry(content).or_default().push(number);
            known.findings.push(Some(finding));
        }
        known
    }

    /// What the base had for this finding, if it had it; each of its findings answers for one.
    fn take(&mut self, finding: &Finding) -> Option<&'a Finding> {
        let same = self.by_fingerprint.get(finding.fingerprint.as_str());
        let said = content(finding, |root, _| root.to_owned());
        let alike = self.by_content.get(&said);
        // Less evidence of what was known is no news: two files that said the same became one.
        let (policy, service, labels) = said;
        let is_service = service.is_some();
        let others: Vec<(usize, bool)> = self.by_service.get(&(policy, service)).map_or(Vec::new(), |others| {
            others.iter().map(|(number, before)| (*number, is_part(&labels, before))).collect()
        });
        let more = others.iter().filter(|(_, less)| *less).map(|(number, _)| number);
        // Nor is more of it: the service was in that policy's situation before. An exception ends where its evidence
        // does.
        let open = |number: usize| self.findings[number].is_some_and(|one| one.status != Status::Allowed);
        let still = others.iter().map(|(number, _)| number).filter(|&&number| is_service && open(number));
        let numbers = same.into_iter().chain(alike).flatten().chain(more).chain(still);
        let number = numbers.copied().find(|&number| self.findings[number].is_some())?;
        self.findings[number].take()
    }

    fn rest(self) -> impl Iterator<Item = &'a Finding> {
        // What was accepted and is gone is told by the exception that is about nothing now.
        self.findings.into_iter().flatten().filter(|finding| finding.status != Status::Allowed)
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

fn changes(base: &Report, head: &Report, moves: &Moves, policies: &PolicySet) -> Vec<Change> {
    let mut changes = Vec::new();
    let judged = |one: &&Judged| one.verdict != Verdict::Unjudged;
    for after in &head.services {
        let before = moves.base_of(after).and_then(|key| find(base, &key));
        match before {
            Some(before) if before.verdict != after.verdict => {
                let reasons = reasons::between(before, after, moves, policies);
                changes.push(change(after, Some(before.verdict), Some(after.verdict), reasons));
            }
            Some(_) => {}
            None if judged(&after) => {
                changes.push(change(after, None, Some(after.verdict), reasons::first(after)));
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

fn change(of: &Judged, before: Option<Verdict>, after: Option<Verdict>, mut reasons: Vec<Reason>) -> Change {
    let service = &of.service;
    reasons.truncate(REASONS);
    Change {
        name: service.name.clone(),
        root: service.root.clone(),
        language: service.language,
        before,
        after,
        why: reasons::sentence(&reasons),
        because: reasons.into_iter().map(|reason| reason.label).collect(),
    }
}
