//! Words and figures that several formats share: durations, sizes, who argues which way.

use crate::fact::{Count, Direction, LatencySource, MemoryWhat, Subject};
use crate::finding::{Change, Cite, Cost, Finding, Judged, Lean, Report, Verdict};
use crate::service::{Language, Role};

pub(crate) const VERDICTS: [Verdict; 4] = [Verdict::Questioned, Verdict::Contested, Verdict::Fits, Verdict::Unjudged];

pub(crate) fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Export => "export",
        Direction::Import => "import",
    }
}

/// A latency figure: `900 µs at p99.9, slo`.
pub(crate) fn latency(latency: &crate::service::Latency) -> String {
    let percentile = latency.percentile.map(|p| format!(" at p{}", figure(p))).unwrap_or_default();
    let measures = match &latency.subject {
        Subject::Answering => String::new(),
        Subject::Other(what) => format!(", measures {what}: not judged"),
    };
    format!("{}{percentile}, {}{measures}", duration(latency.limit_us), latency_source(latency.source))
}

pub(crate) fn latency_source(source: LatencySource) -> &'static str {
    match source {
        LatencySource::Slo => "slo",
        LatencySource::Alert => "alert",
        LatencySource::LoadTest => "load-test",
        LatencySource::Deadline => "deadline",
        LatencySource::Derived => "derived",
        LatencySource::Doc => "doc",
        LatencySource::Comment => "comment",
        LatencySource::Declared => "declared",
    }
}

pub(crate) fn memory(what: MemoryWhat) -> &'static str {
    match what {
        MemoryWhat::Limit => "limit",
        MemoryWhat::Request => "request",
    }
}

pub(crate) fn count(what: Count) -> &'static str {
    match what {
        Count::DiscardedErrors => "discarded errors",
        Count::Goroutines => "goroutines",
        Count::Channels => "channels",
        Count::Panics => "panics",
        Count::Unsafe => "unsafe blocks",
        Count::Locks => "locks",
        Count::Benchmarks => "benchmarks",
        Count::Pools => "pools",
        Count::CLines => "lines of C",
        Count::Routes => "routes",
        Count::GrpcServices => "gRPC services",
    }
}

/// `900 µs`, `20 ms`, `1.5 s`, `10 min`.
pub(crate) fn duration(micros: f64) -> String {
    let (value, unit) = match micros {
        m if m < 1.0 => (m * 1e3, "ns"),
        m if m < 1e3 => (m, "µs"),
        m if m < 1e6 => (m / 1e3, "ms"),
        m if m < 120e6 => (m / 1e6, "s"),
        m => (m / 60e6, "min"),
    };
    format!("{} {unit}", figure(value))
}

/// At most two decimals, none that say nothing.
pub(crate) fn figure(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `64 MiB`, `1.5 GiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    let (mut value, mut unit) = (bytes as f64, "B");
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 1024.0 {
            break;
        }
        (value, unit) = (value / 1024.0, next);
    }
    format!("{} {unit}", figure(value))
}

/// `61 files`, `1 file`.
pub(crate) fn counted(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

/// Documents that lean a way, by number.
pub(crate) fn documents(cites: &[Cite], leans: Lean) -> Vec<&str> {
    let mut numbers: Vec<&str> = cites.iter().filter(|c| c.leans == leans).map(|c| c.document.as_str()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// `favours Rust: 000, 001 · favours Go: none on this point`.
pub(crate) fn leanings(cites: &[Cite]) -> String {
    let mut sides: Vec<(Lean, &str)> = vec![(Lean::Rust, "favours Rust"), (Lean::Go, "favours Go")];
    if documents(cites, Lean::Go).len() > documents(cites, Lean::Rust).len() {
        sides.reverse();
    }
    if !documents(cites, Lean::Tie).is_empty() {
        // Where all that speak are undecided, the empty sides say nothing.
        sides.retain(|_| cites.iter().any(|cite| cite.leans != Lean::Tie));
        sides.push((Lean::Tie, "undecided"));
    }
    let side = |(lean, words): (Lean, &str)| {
        let numbers = documents(cites, lean);
        let said = if numbers.is_empty() { "none on this point".to_owned() } else { numbers.join(", ") };
        format!("{words}: {said}")
    };
    sides.into_iter().map(side).collect::<Vec<_>>().join(" · ")
}

/// `about 1–3 engineer-months (002)`.
pub(crate) fn cost(cost: &Cost) -> String {
    let (from, to) = cost.engineer_months;
    let range = if from == to { figure(from) } else { format!("{}–{}", figure(from), figure(to)) };
    let source = if cost.document.is_empty() { String::new() } else { format!(" ({})", cost.document) };
    format!("about {range} engineer-months{source}")
}

/// The judged service that a finding is about.
pub(crate) fn judged<'a>(report: &'a Report, finding: &Finding) -> Option<&'a Judged> {
    let (root, language) = finding.service.as_ref()?;
    report.services.iter().find(|judged| judged.service.root == *root && judged.service.language == *language)
}

/// The name of the service that a finding is about, or of the repository.
pub(crate) fn subject<'a>(report: &'a Report, finding: &'a Finding) -> &'a str {
    match (judged(report, finding), &finding.service) {
        (Some(judged), _) => &judged.service.name,
        (None, Some((root, _))) => root,
        (None, None) => "repository",
    }
}

/// The name of a service, with its root where another has the same name or another repository may.
pub(crate) fn told_apart(report: &Report, judged: &Judged) -> String {
    let name = &judged.service.name;
    let is_shared = || report.services.iter().filter(|other| other.service.name == *name).nth(1).is_some();
    if report.repositories.is_empty() && !is_shared() {
        name.clone()
    } else {
        format!("{name} ({})", judged.service.root)
    }
}

/// Services that are judged: everything but tools, unless all are wanted.
pub(crate) fn shown(report: &Report, all: bool) -> impl Iterator<Item = &Judged> {
    report.services.iter().filter(move |judged| all || judged.service.role != Role::Tool)
}

/// Number of judged services with this verdict.
pub(crate) fn verdict_count(report: &Report, verdict: Verdict) -> usize {
    shown(report, false).filter(|judged| judged.verdict == verdict).count()
}

/// `1 fits`, `2 fit`.
pub(crate) fn verdicts_of(verdict: Verdict, n: usize) -> String {
    let word = if verdict == Verdict::Fits && n != 1 { "fit" } else { verdict.word() };
    format!("{n} {word}")
}

/// `1 questioned, 1 contested, 2 fit`.
pub(crate) fn verdicts(report: &Report) -> String {
    let part = |verdict: Verdict| {
        let n = verdict_count(report, verdict);
        (n > 0).then(|| verdicts_of(verdict, n))
    };
    let parts: Vec<String> = VERDICTS.into_iter().filter_map(part).collect();
    if parts.is_empty() { "no Go or Rust services found".to_owned() } else { parts.join(", ") }
}

/// `fits → questioned`, `new, questioned`, `fits → gone`.
pub(crate) fn change(before: Option<Verdict>, after: Option<Verdict>) -> String {
    match (before, after) {
        (Some(before), Some(after)) => format!("{} → {}", before.word(), after.word()),
        (None, Some(after)) => format!("new, {}", after.word()),
        (Some(before), None) => format!("{} → gone", before.word()),
        (None, None) => "unchanged".to_owned(),
    }
}

/// `, because the budget went from 20 ms to 900 µs`; nothing for a service that was not there before, whose every fact is
/// new and stands in its findings.
pub(crate) fn because(change: &Change) -> String {
    if change.why.is_empty() || change.before.is_none() { String::new() } else { format!(", because {}", change.why) }
}

pub(crate) fn language_of(finding: &Finding) -> Option<Language> {
    finding.service.as_ref().map(|(_, language)| *language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!(duration(900.0), "900 µs");
        assert_eq!(duration(20_000.0), "20 ms");
        assert_eq!(duration(1_500_000.0), "1.5 s");
        assert_eq!(duration(0.25), "250 ns");
        assert_eq!(duration(600e6), "10 min");
        assert_eq!(bytes(67_108_864), "64 MiB");
        assert_eq!(bytes(10), "10 B");
        assert_eq!(figure(2.0), "2");
        assert_eq!(counted(1, "file", "files"), "1 file");
    }
}
