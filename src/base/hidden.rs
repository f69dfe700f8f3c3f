//! Services that got a better verdict because their code is no longer looked at.
//!
//! In: both reports and lists of both trees' files. Out: a finding for each service that the base questioned and whose
//! evidence now lies where no facts are taken from (vendored, test data, tests, examples) or claims to be generated.
//! Deleting a service is no trick; moving its files out of sight is.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;

use crate::finding::{Change, Finding, Judged, Label, Report, Verdict};
use crate::scope::Scope;
use crate::source::Location;

/// Path → object, of every file of a tree.
pub type Listing = BTreeMap<String, ObjectId>;

/// Why a file of the base gives no facts any more, with the place where it now lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hidden {
    pub at: String,
    pub why: String,
}

/// Returns the changes for the better that rest on files out of sight. `marked` tells whether a file of the head calls
/// itself generated and the base's did not; `edited` whether a file of the base, by its path, lives on in one of the head.
pub fn hidden<'a>(
    base: &Report,
    head: &'a Report,
    files: (&Listing, &Listing),
    marked: &dyn Fn(&str) -> bool,
    edited: &dyn Fn(&str, &str) -> bool,
) -> Vec<(&'a Change, Vec<Hidden>)> {
    let changes = head.comparison.iter().flat_map(|comparison| &comparison.changes);
    let mut found = Vec::new();
    for change in changes.filter(|change| is_better(change)) {
        let Some(before) = find(base, head, change) else { continue };
        let hidden: BTreeSet<Hidden> =
            evidence(before).iter().filter_map(|path| of_file(path, files, marked, edited)).collect();
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

/// Every file that the verdict of the base rests on, and where the service's code begins.
fn evidence(judged: &Judged) -> BTreeSet<String> {
    let arguments = judged.arguments.iter().flat_map(|argument| &argument.labels).map(|label| &label.location);
    let role = judged.service.role_because.iter().map(|(_, location)| location);
    arguments.chain(role).map(|location| location.path.to_string()).collect()
}

fn of_file(
    path: &str,
    (old, new): (&Listing, &Listing),
    marked: &dyn Fn(&str) -> bool,
    edited: &dyn Fn(&str, &str) -> bool,
) -> Option<Hidden> {
    let object = old.get(path)?;
    if new.contains_key(path) {
        let why = "it now calls itself generated";
        return marked(path).then(|| Hidden { at: path.to_owned(), why: why.into() });
    }
    let came = new.iter().filter(|(now, _)| !old.contains_key(*now) && unseen(now).is_some());
    let moved = came.filter(|(now, id)| *id == object || tail(now) == tail(path) && edited(path, now));
    let moved = moved.map(|(now, _)| now);
    let at = moved.min_by_key(|now| (new.get(*now) != Some(object), now.len()))?;
    Some(Hidden { at: at.clone(), why: format!("`{path}` now lies among {}", unseen(at)?) })
}

/// What a file is taken for, where its code gives no facts about a service.
fn unseen(path: &str) -> Option<&'static str> {
    match Scope::of(path) {
        Scope::Shipped => None,
        Scope::Vendored => Some("vendored code"),
        Scope::Fixture => Some("test data"),
        Scope::Test => Some("tests"),
        Scope::Example => Some("examples"),
        Scope::Docs => Some("documentation"),
    }
}

/// Whether at least half of a file's lines are in another: it was moved and edited, or copied.
pub fn lives_on(old: &str, new: &str) -> bool {
    let lines = |text: &str| -> BTreeSet<String> {
        // Brackets and blanks are in every file.
        text.lines().map(|line| line.trim().to_owned()).filter(|line| line.len() > 3).collect()
    };
    let (old, new) = (lines(old), lines(new));
    2 * old.intersection(&new).count() >= old.len()
}

/// The last two parts: what a moved and edited file keeps.
fn tail(path: &str) -> &str {
    path.rmatch_indices('/').nth(1).map_or(path, |(at, _)| &path[at + 1..])
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
    format!("`{}` was {was} and {now}, because its files are no longer looked at", change.name)
}

/// Makes the finding out of its parts.
pub fn finding(change: &Change, hidden: &[Hidden], about: impl FnOnce(String, &str) -> Finding) -> Finding {
    let mut finding = about(message(change), &change.root);
    finding.labels = labels(hidden, 20);
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(files: &[(&str, u8)]) -> Listing {
        let id = |byte: &u8| ObjectId::from_bytes_or_panic(&[*byte; 20]);
        files.iter().map(|(path, byte)| ((*path).to_owned(), id(byte))).collect()
    }

    #[test]
    fn what_moves_out_of_sight_is_found_by_content_or_name() {
        let old = listing(&[("shop/src/main.rs", 1), ("go.mod", 2)]);
        let hidden = |new: &[(&str, u8)]| {
            of_file("shop/src/main.rs", (&old, &listing(new)), &|_| false, &|_, now| !now.contains("other"))
                .map(|one| one.at)
        };
        assert_eq!(hidden(&[("vendor/a.rs", 1)]).as_deref(), Some("vendor/a.rs"));
        assert_eq!(hidden(&[("testdata/shop/src/main.rs", 9)]).as_deref(), Some("testdata/shop/src/main.rs"));
        assert_eq!(hidden(&[("examples/x/src/main.rs", 9)]).as_deref(), Some("examples/x/src/main.rs"));
        assert_eq!(hidden(&[("services/shop/src/main.rs", 1)]), None, "a move in sight is none");
        assert_eq!(hidden(&[("vendor/other/lib.rs", 9)]), None);
        assert_eq!(hidden(&[("tests/other/src/main.rs", 9)]), None, "another file of the same name");
        assert_eq!(hidden(&[]), None, "deleting is no trick");
        assert_eq!(hidden(&[("shop/src/main.rs", 9)]), None, "nor is editing");
    }

    #[test]
    fn a_file_that_begins_to_call_itself_generated_is_told() {
        let files = listing(&[("main.go", 1)]);
        assert!(of_file("main.go", (&files, &files), &|_| true, &|_, _| true).is_some());
        assert!(of_file("main.go", (&files, &files), &|_| false, &|_, _| true).is_none());
    }

    #[test]
    fn half_of_the_lines_tell_a_file_that_was_edited() {
        let old = "package sentry\n\nfunc Serve() {\n\tlisten()\n\tanswer()\n}\n";
        assert!(lives_on(old, &old.replace("answer", "reply")));
        assert!(!lives_on(old, "package sentry\n\nfunc Fake() {\n\tpretend()\n}\n"));
    }
}
