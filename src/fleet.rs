//! Many repositories in one report.
//!
//! In: the judged reports of repositories, each with a name. Out: one report whose services' roots and places begin
//! with their repository's name, so that every format shows it, and a list of the repositories.

use crate::finding::{Finding, Judged, Label, Member, Report, Status, Verdict};
use crate::service::{Language, Role};
use crate::source::Location;

/// Merges reports; names must differ.
pub fn merge(mut reports: Vec<(String, Report)>) -> Report {
    reports.sort_by(|one, other| one.0.cmp(&other.0));
    let mut fleet = Report::default();
    for (name, report) in reports {
        fleet.repositories.push(member(&name, &report));
        fleet.history.window_days = fleet.history.window_days.max(report.history.window_days);
        fleet.history.commits += report.history.commits;
        fleet.stats.files += report.stats.files;
        fleet.stats.bytes += report.stats.bytes;
        fleet.stats.elapsed_ms += report.stats.elapsed_ms;
        fleet.services.extend(report.services.into_iter().map(|judged| moved(&name, judged)));
        fleet.findings.extend(report.findings.into_iter().map(|finding| placed(&name, finding)));
        fleet.skipped.extend(report.skipped.into_iter().map(|mut problem| {
            problem.path = below(&name, &problem.path).into();
            problem
        }));
    }
    // The same order as in a report about one: the gravest first, then by place.
    fleet.findings.sort_by(|one, other| {
        let key = |finding: &Finding| (std::cmp::Reverse(finding.severity), std::cmp::Reverse(finding.strength));
        key(one).cmp(&key(other)).then_with(|| one.labels[0].location.cmp(&other.labels[0].location))
    });
    fleet.skipped.sort();
    fleet
}

fn member(name: &str, report: &Report) -> Member {
    let judged: Vec<&Judged> = report.services.iter().filter(|judged| judged.service.role != Role::Tool).collect();
    let written = |language| judged.iter().filter(|one| one.service.language == language).count();
    let decided = |verdict| judged.iter().filter(|one| one.verdict == verdict).count();
    Member {
        name: name.to_owned(),
        revision: report.revision.clone(),
        history: report.history.clone(),
        go: written(Language::Go),
        rust: written(Language::Rust),
        questioned: decided(Verdict::Questioned),
        contested: decided(Verdict::Contested),
        fits: decided(Verdict::Fits),
        unjudged: decided(Verdict::Unjudged),
        open: report.findings.iter().filter(|finding| finding.status == Status::New).count(),
    }
}

/// `org/shop` and `cmd/api` make `org/shop/cmd/api`.
fn below(name: &str, path: &str) -> String {
    if path == "." { name.to_owned() } else { format!("{name}/{path}") }
}

fn at(name: &str, location: &mut Location) {
    location.path = below(name, &location.path).into();
}

fn labels(name: &str, labels: &mut [Label]) {
    labels.iter_mut().for_each(|label| at(name, &mut label.location));
}

fn moved(name: &str, mut judged: Judged) -> Judged {
    judged.service.root = below(name, &judged.service.root).into();
    judged.service.locations_mut().into_iter().for_each(|location| at(name, location));
    judged.service.packages.iter_mut().for_each(|package| *package = below(name, package).into());
    judged.arguments.iter_mut().for_each(|argument| labels(name, &mut argument.labels));
    judged
}

fn placed(name: &str, mut finding: Finding) -> Finding {
    match &mut finding.service {
        Some((root, _)) => *root = below(name, root).into(),
        None => finding.message = format!("`{name}`: {}", finding.message),
    }
    labels(name, &mut finding.labels);
    // Repositories made from one template have the same findings; here each is its own.
    let identity = format!("{name}\0{}", finding.fingerprint);
    finding.fingerprint = blake3::hash(identity.as_bytes()).to_hex()[..32].to_owned();
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn places_and_identities_are_told_apart() {
        let reports = vec![("org/b".to_owned(), sample::report()), ("org/a".to_owned(), sample::report())];
        let fleet = merge(reports);
        let names: Vec<&str> = fleet.repositories.iter().map(|member| member.name.as_str()).collect();
        assert_eq!(names, ["org/a", "org/b"]);
        let a = &fleet.repositories[0];
        assert_eq!((a.go, a.rust, a.questioned, a.contested, a.fits, a.unjudged), (2, 2, 1, 1, 1, 1));
        assert_eq!(&*fleet.services[0].service.root, "org/a/cmd/ingest");
        assert_eq!(&*fleet.services[0].service.latency[0].evidence[0].path, "org/a/ops/slo.yaml");
        assert_eq!(&*fleet.services[0].arguments[0].labels[0].location.path, "org/a/ops/slo.yaml");
        let mut prints: Vec<&str> = fleet.findings.iter().map(|finding| finding.fingerprint.as_str()).collect();
        prints.sort_unstable();
        prints.dedup();
        assert_eq!(prints.len(), fleet.findings.len());
        assert!(fleet.findings.iter().any(|finding| finding.message.starts_with("`org/a`: ")));
    }
}
