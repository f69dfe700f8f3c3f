//! Exceptions: findings that are decisions, with a reason, an owner and an end.
//!
//! An exception is about a policy and a service. It may carry the fingerprint of the finding it was granted on;
//! when the evidence changes, the fingerprint does, and the finding is open again before its date. Evidence that says the
//! same in as many files under other names only moved: an exception that names its service follows it. What has expired, reopened or is about nothing becomes a finding of its own.

use crate::config::layer::Allow;
use crate::config::{Config, matches_path};
use crate::finding::{Advice, Finding, Judged, Label, Severity, Status, Strength};
use crate::judge::is_moved;
use crate::path::base;

/// Today in UTC, as exceptions write dates.
pub fn today() -> String {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

/// Findings about exceptions: neither allowed nor part of a baseline.
pub const ABOUT: &[&str] = &[
    "allow-unused",
    "allow-expired",
    "allow-reopened",
    "configuration-changed",
    "exception-added",
    "baseline-grown",
    "service-hidden",
];

/// Marks what is allowed and adds what is wrong with the exceptions.
pub fn settle(config: &Config, judged: &[Judged], findings: &mut Vec<Finding>, today: &str) {
    let mut about_exceptions = Vec::new();
    for allow in &config.allows {
        let expired = allow.until.as_deref().is_some_and(|until| until < today);
        let mut used = false;
        let granted_on = |finding: &Finding| {
            let was = || finding.former.iter().map(|(_, fingerprint)| fingerprint);
            allow.evidence.as_ref().is_some_and(|hash| *hash == finding.fingerprint || was().any(|was| was == hash))
        };
        // Where what it was granted on is still there, its neighbours are not meant.
        let exact = findings.iter().any(|finding| covers(allow, finding, judged) && granted_on(finding));
        let follows = !exact && !is_pattern(&allow.service);
        let moved = |finding: &Finding| {
            follows && allow.evidence.as_ref().is_some_and(|hash| is_moved(hash, &finding.fingerprint))
        };
        for finding in findings.iter_mut().filter(|finding| covers(allow, finding, judged)) {
            if exact && !granted_on(finding) {
                continue;
            }
            used = true;
            let reopened = allow.evidence.is_some() && !exact && !moved(finding);
            if expired {
                continue;
            }
            if reopened {
                about_exceptions.push(reopening(allow, finding));
                continue;
            }
            finding.status = Status::Allowed;
        }
        if !used {
            about_exceptions.push(about(
                allow,
                "allow-unused",
                Severity::Note,
                "is about no finding any more",
                "Remove it.",
            ));
        } else if expired {
            let until = allow.until.as_deref().unwrap_or_default();
            let what = format!("ended on {until}");
            about_exceptions.push(about(
                allow,
                "allow-expired",
                Severity::Warning,
                &what,
                "Decide again: fix it, or give a new date and reason.",
            ));
        }
    }
    findings.extend(about_exceptions);
}

/// Whether it may mean several services: then nothing tells which one's evidence moved.
fn is_pattern(service: &str) -> bool {
    service.contains(['*', '?', '[', '{'])
}

fn covers(allow: &Allow, finding: &Finding, judged: &[Judged]) -> bool {
    if allow.policy != finding.policy {
        return false;
    }
    let Some((root, language)) = &finding.service else { return allow.service == "." };
    let named = judged
        .iter()
        .any(|one| one.service.root == *root && one.service.language == *language && one.service.name == allow.service);
    let meant = std::slice::from_ref(&allow.service);
    // A Go service is called like its directory, so its name moved with it; unless somebody else has it now.
    let is_taken = || judged.iter().any(|one| one.service.name == allow.service);
    let was = |root: &str| matches_path(meant, root) || (base(root) == allow.service && !is_taken());
    named || matches_path(meant, root) || finding.former.iter().any(|(root, _)| was(root))
}

fn reopening(allow: &Allow, finding: &Finding) -> Finding {
    let mut found = about(
        allow,
        "allow-reopened",
        Severity::Warning,
        "was granted on other evidence",
        "Look at what changed and decide again; the entry's `evidence` is the finding's fingerprint.",
    );
    found.labels.extend(finding.labels.first().cloned());
    found.service = finding.service.clone();
    found
}

fn about(allow: &Allow, id: &str, severity: Severity, what: &str, advice: &str) -> Finding {
    let identity = format!("{id}\0{}\0{}", allow.policy, allow.service);
    Finding {
        policy: id.to_owned(),
        service: None,
        severity,
        strength: Strength::Weak,
        message: format!("the exception to {} for `{}` {what}", allow.policy, allow.service),
        labels: vec![Label { location: allow.location.clone(), text: format!("granted for: {}", allow.reason) }],
        cites: Vec::new(),
        advice: Advice { text: advice.to_owned(), cost: None },
        fingerprint: blake3::hash(identity.as_bytes()).to_hex()[..32].to_owned(),
        former: Vec::new(),
        status: Status::New,
    }
}

/// Why, by whom and for how long a finding is accepted.
#[derive(Clone, Copy, Debug)]
pub struct Granted<'a> {
    pub reason: &'a str,
    pub owner: &'a str,
    pub until: Option<jiff::civil::Date>,
    pub adr: Option<&'a str>,
}

/// Writes the entry that allows a finding, for `fitcheck allow`.
pub fn entry(finding: &Finding, service: &str, granted: &Granted<'_>) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut entry = format!(
        "[[allow]]\npolicy = {}\nservice = {}\nreason = {}\nowner = {}\n",
        quoted(&finding.policy),
        quoted(service),
        quoted(granted.reason),
        quoted(granted.owner)
    );
    if let Some(until) = granted.until {
        entry.push_str(&format!("until = {until}\n"));
    }
    if let Some(adr) = granted.adr {
        entry.push_str(&format!("adr = {}\n", quoted(adr)));
    }
    entry.push_str(&format!("evidence = {}\n", quoted(&finding.fingerprint)));
    entry
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::layer;
    use crate::judge::judge;
    use crate::service::{Evidenced, Language, Service};
    use crate::source::Location;

    fn settled(allow: &str) -> Vec<(String, Status)> {
        let (layer, mistakes) = layer::read("fitcheck.toml", ".", allow);
        assert_eq!(mistakes, Vec::new());
        let config = Config { allows: layer.allows, ..Config::default() };
        let mut service = Service::named("svc", Language::Rust);
        service.traits.push(Evidenced { value: "crud".to_owned(), evidence: vec![Location::of_file("svc/main.rs")] });
        let (judged, mut findings) = judge(vec![service], &config);
        settle(&config, &judged, &mut findings, "2026-11-20");
        findings.into_iter().map(|finding| (finding.policy, finding.status)).collect()
    }

    const ENTRY: &str = "[[allow]]\npolicy = \"crud-service\"\nservice = \"svc\"\nreason = \"r\"\nowner = \"o\"\n";

    #[test]
    fn an_exception_allows_until_its_day_is_over() {
        let crud = |status| ("crud-service".to_owned(), status);
        assert_eq!(settled(ENTRY), [crud(Status::Allowed)]);
        assert_eq!(settled(&format!("{ENTRY}until = 2026-11-20\n")), [crud(Status::Allowed)]);
        let expired = settled(&format!("{ENTRY}until = 2026-11-19\n"));
        assert_eq!(expired, [crud(Status::New), ("allow-expired".to_owned(), Status::New)]);
    }

    #[test]
    fn changed_evidence_reopens_and_no_finding_leaves_it_unused() {
        let reopened = settled(&format!("{ENTRY}evidence = \"00\"\n"));
        assert_eq!(
            reopened.iter().map(|(policy, _)| policy.as_str()).collect::<Vec<_>>(),
            ["crud-service", "allow-reopened"]
        );
        let unused = settled(&ENTRY.replace("svc", "other"));
        assert_eq!(unused[1].0, "allow-unused");
    }

    #[test]
    fn evidence_that_only_moved_is_followed() {
        let prints: Vec<String> = [&["svc/old.rs"][..], &["svc/old.rs", "svc/more.rs"]]
            .map(|paths| {
                let mut service = Service::named("svc", Language::Rust);
                let evidence = paths.iter().map(|path| Location::of_file(path)).collect();
                service.traits.push(Evidenced { value: "crud".to_owned(), evidence });
                judge(vec![service], &Config::default()).1[0].fingerprint.clone()
            })
            .into();
        let with = |evidence: &str, service: &str| {
            settled(&format!("{}evidence = \"{evidence}\"\n", ENTRY.replace("\"svc\"", service)))
        };
        assert_eq!(with(&prints[0], "\"svc\""), [("crud-service".to_owned(), Status::Allowed)]);
        assert_eq!(with(&prints[1], "\"svc\"").len(), 2, "two files said it then, and one does now");
        assert_eq!(with(&prints[0], "\"s*\"").len(), 2, "a pattern may mean any of several");
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut service = Service::named("svc", Language::Rust);
        service.traits.push(Evidenced { value: "crud".to_owned(), evidence: vec![Location::of_file("svc/main.rs")] });
        let (_, findings) = judge(vec![service], &Config::default());
        let text = entry(
            &findings[0],
            "svc",
            &Granted {
                reason: "a \"good\" reason",
                owner: "team",
                until: Some(jiff::civil::date(2027, 1, 31)),
                adr: Some("https://example.com/adr/1"),
            },
        );
        assert_eq!(settled(&text), [("crud-service".to_owned(), Status::Allowed)]);
    }
}
