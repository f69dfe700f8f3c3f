//! The baseline: today's findings as the starting line, which only ever shrinks.

use serde::{Deserialize, Serialize};

use crate::config::allow::ABOUT;
use crate::finding::{Finding, Status};
use crate::judge::is_moved;

/// Findings that were there when the line was drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    pub version: u32,
    pub findings: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub policy: String,
    /// Root of the service; `.` also for the repository.
    pub service: String,
    pub fingerprint: String,
}

impl Baseline {
    /// Reads a baseline file; `Err` says why it is none.
    pub fn read(text: &str) -> Result<Baseline, String> {
        let baseline: Baseline = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match baseline.version {
            1 => Ok(baseline),
            other => Err(format!("version {other} is not known here")),
        }
    }

    /// Draws the line at these findings; what is allowed needs no line.
    pub fn of(findings: &[Finding]) -> Baseline {
        let mut entries: Vec<Entry> = findings.iter().filter(|finding| is_open(finding)).map(entry).collect();
        entries.sort();
        entries.dedup();
        Baseline { version: 1, findings: entries }
    }

    /// The next baseline: only what is still found. New findings come in only where `grow` is asked for; without
    /// it they are returned as refused.
    pub fn next(&self, findings: &[Finding], grow: bool) -> (Baseline, Vec<Entry>) {
        let now = Baseline::of(findings);
        let moved: Vec<Entry> = findings.iter().filter(|finding| self.has(finding)).map(entry).collect();
        let (kept, new): (Vec<Entry>, Vec<Entry>) =
            now.findings.into_iter().partition(|entry| grow || moved.contains(entry));
        (Baseline { version: 1, findings: kept }, new)
    }

    /// Marks the findings of the baseline and returns its entries that are found no more.
    pub fn settle(&self, findings: &mut [Finding]) -> Vec<Entry> {
        for finding in findings.iter_mut().filter(|finding| finding.status == Status::New) {
            if self.has(finding) {
                finding.status = Status::Baseline;
            }
        }
        let now: Vec<Entry> = findings.iter().flat_map(entries).collect();
        self.findings.iter().filter(|entry| !now.iter().any(|now| is_same(entry, now))).cloned().collect()
    }

    fn has(&self, finding: &Finding) -> bool {
        entries(finding).any(|now| self.findings.iter().any(|entry| is_same(entry, &now)))
    }

    /// Writes the file: sorted, one entry a line or more, ending in a newline.
    pub fn write(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("because strings and numbers serialise");
        text.push('\n');
        text
    }
}

/// Whether a finding can be part of a baseline: an exception that ended is to be decided again, not kept.
fn is_open(finding: &Finding) -> bool {
    finding.status != Status::Allowed && !ABOUT.contains(&finding.policy.as_str())
}

/// The same finding, or the same evidence of the same service in files of other names.
fn is_same(one: &Entry, other: &Entry) -> bool {
    one == other
        || one.policy == other.policy && one.service == other.service && is_moved(&one.fingerprint, &other.fingerprint)
}

/// The finding as it is called now, and as it was where its service lay before.
fn entries(finding: &Finding) -> impl Iterator<Item = Entry> {
    let was = finding.former.iter().map(|(root, fingerprint)| Entry {
        policy: finding.policy.clone(),
        service: root.clone(),
        fingerprint: fingerprint.clone(),
    });
    std::iter::once(entry(finding)).chain(was)
}

fn entry(finding: &Finding) -> Entry {
    let service = finding.service.as_ref().map_or(".", |(root, _)| root).to_owned();
    Entry { policy: finding.policy.clone(), service, fingerprint: finding.fingerprint.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::judge::judge;
    use crate::service::{Evidenced, Language, Service};
    use crate::source::Location;

    fn findings(traits: &[&str]) -> Vec<Finding> {
        let mut service = Service::named("svc", Language::Rust);
        let shown =
            |name: &&str| Evidenced { value: (*name).to_owned(), evidence: vec![Location::of_file("svc/a.rs")] };
        service.traits = traits.iter().map(shown).collect();
        judge(vec![service], &Config::default()).1
    }

    #[test]
    fn a_baseline_only_shrinks() {
        let baseline = Baseline::of(&findings(&["crud", "operator"]));
        assert_eq!(baseline.findings.len(), 2);
        assert_eq!(Baseline::read(&baseline.write()), Ok(baseline.clone()));
        let mut less = findings(&["crud"]);
        assert_eq!(baseline.settle(&mut less).len(), 1);
        assert!(less.iter().all(|finding| finding.status == Status::Baseline));
        let (next, refused) = baseline.next(&less, false);
        assert_eq!((next.findings.len(), refused.len()), (1, 0));
        let more = findings(&["crud", "operator"]);
        assert_eq!(next.next(&more, false).1.len(), 1);
        assert_eq!(next.next(&more, true).0.findings.len(), 2);
    }

    #[test]
    fn what_is_no_baseline_is_refused() {
        for text in ["", "{}", "{\"version\":2,\"findings\":[]}", "{\"version\":1,\"findings\":[],\"x\":1}"] {
            assert!(Baseline::read(text).is_err(), "{text}");
        }
    }
}
