//! Services that got a better verdict because their code is no longer looked at.
//!
//! In: both reports and what lies in both trees. Out: a finding for each service that the base questioned and whose
//! evidence now lies where no facts are taken from, or still stands where it stood and no longer counts, or whose program
//! is still there and is made by nothing that is read. Deleting a service is no trick; moving its files out of sight is.

mod file;
mod program;

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;

use crate::finding::{Change, Finding, Judged, Label, Report, Verdict};
use crate::service::repository::FileEntry;
use crate::source::Location;

/// Path → object, of every file of a tree; of links and of submodules too, which are opened by nobody.
pub type Listing = BTreeMap<String, ObjectId>;

/// A reader of one tree's files.
pub type Texts<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Both trees.
#[derive(Clone, Copy)]
pub struct Trees<'a> {
    pub old: &'a Listing,
    pub new: &'a Listing,
    pub before: Texts<'a>,
    pub now: Texts<'a>,
    /// What a text of this path says.
    pub read: &'a dyn Fn(&str, &str) -> Option<FileEntry>,
}

impl Trees<'_> {
    /// What a file said in the base and says now, where it can be read in both.
    fn both(&self, path: &str) -> Option<(FileEntry, FileEntry)> {
        Some(((self.read)(path, &(self.before)(path)?)?, (self.read)(path, &(self.now)(path)?)?))
    }
}

/// Why a file of the base gives no facts any more, with the place where it now lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hidden {
    pub at: String,
    pub why: String,
}

/// Returns the changes for the better that rest on what is out of sight.
pub fn hidden<'a>(base: &Report, head: &'a Report, trees: Trees<'_>) -> Vec<(&'a Change, Vec<Hidden>)> {
    let changes = head.comparison.iter().flat_map(|comparison| &comparison.changes);
    let mut found = Vec::new();
    for change in changes.filter(|change| is_better(change)) {
        let Some(before) = find(base, head, change) else { continue };
        let rests_on = evidence(before);
        let mut hidden: BTreeSet<Hidden> =
            rests_on.iter().filter_map(|(path, lines)| file::of(path, lines, trees)).collect();
        hidden.extend(program::renamed(before, trees));
        if hidden.is_empty() && change.after.is_none() {
            hidden.extend(program::of(before, head, trees));
        }
        if !hidden.is_empty() {
            found.push((change, hidden.into_iter().collect()));
        }
    }
    found
}

/// The labels of a finding about hidden files.
pub fn labels(hidden: &[Hidden], most: usize) -> Vec<Label> {
    let label = |one: &Hidden| Label { location: Location::of_file(&one.at), text: one.why.clone() };
    hidden.iter().take(most).map(label).collect()
}

fn is_better(change: &Change) -> bool {
    let bad = |verdict: Option<Verdict>| matches!(verdict, Some(Verdict::Questioned | Verdict::Contested));
    bad(change.before) && change.after != Some(Verdict::Questioned)
}

/// The service as the base had it: by place, or by name where it moved.
fn find<'b>(base: &'b Report, head: &Report, change: &Change) -> Option<&'b Judged> {
    let alike = |one: &&Judged| one.service.language == change.language && Some(one.verdict) == change.before;
    let mut candidates = base.services.iter().filter(alike);
    let at_place = candidates.clone().find(|one| one.service.root == change.root);
    let is_gone = |one: &&Judged| {
        !head
            .services
            .iter()
            .any(|now| now.service.root == one.service.root && now.service.language == one.service.language)
    };
    at_place.or_else(|| candidates.find(|one| one.service.name == change.name && is_gone(one)))
}

/// Every file that the verdict of the base rests on, with the lines, and where the service's code begins.
fn evidence(judged: &Judged) -> BTreeMap<String, BTreeSet<u32>> {
    let arguments = judged.arguments.iter().flat_map(|argument| &argument.labels).map(|label| &label.location);
    let role = judged.service.role_because.iter().map(|(_, location)| location);
    let mut found: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    for location in arguments.chain(role) {
        found.entry(location.path.to_string()).or_default().insert(location.place.line);
    }
    found
}

/// Says it in one sentence.
pub fn message(change: &Change) -> String {
    let now = change.after.map_or("is gone", |after| match after {
        Verdict::Questioned => "is questioned",
        Verdict::Contested => "is contested",
        Verdict::Fits => "fits",
        Verdict::Unjudged => "is not judged",
    });
    let was = change.before.map_or("", Verdict::word);
    format!("`{}` was {was} and {now}, because its code is no longer looked at", change.name)
}

/// Makes the finding out of its parts.
pub fn finding(change: &Change, hidden: &[Hidden], about: impl FnOnce(String, &str) -> Finding) -> Finding {
    let mut finding = about(message(change), &change.root);
    finding.labels = labels(hidden, 20);
    finding
}
