//! What is said about the repository as a whole, from its judged services.

use crate::finding::{Advice, Finding, Judged, Label, Severity, Status, Verdict};
use crate::policy::eval::{Heard, evaluate};
use crate::policy::{Level, PolicySet, Scope};
use crate::service::{Language, Role};
use crate::signal::of_service::signal;
use crate::signal::{Signal, Value};
use crate::source::Location;

/// Services whose evidence stands for the repository's.
const SHOWN: usize = 6;

/// Evaluates the repository-level policies. Their findings are notes, unless the configuration says more.
pub(super) fn judge(judged: &[Judged], set: &PolicySet) -> Vec<Finding> {
    let real: Vec<&Judged> = judged.iter().filter(|judged| judged.service.role != Role::Tool).collect();
    let Some(first) = real.first() else { return Vec::new() };
    let signal = repository(&real);
    let hearing =
        evaluate(set, Scope::Repository, std::slice::from_ref(&signal), "the repository", first.service.language);
    hearing.heard.into_iter().filter_map(|heard| finding(heard, set)).collect()
}

fn repository(real: &[&Judged]) -> Signal {
    let of = |language: Language| real.iter().filter(|judged| judged.service.language == language).count();
    let (go, rust) = (of(Language::Go), of(Language::Rust));
    let questioned = real.iter().filter(|judged| judged.verdict == Verdict::Questioned).count();
    let apis = |language: Language| real.iter().filter(|j| j.service.language == language && answers(j)).count();
    let contracts: usize = real.iter().map(|judged| judged.service.contracts.len()).sum();
    let number = |n: usize| Value::Number(n as f64);
    let fields = vec![
        ("go-services", number(go)),
        ("rust-services", number(rust)),
        ("languages", number(usize::from(go > 0) + usize::from(rust > 0))),
        ("questioned", number(questioned)),
        ("go-apis", number(apis(Language::Go))),
        ("rust-apis", number(apis(Language::Rust))),
        ("contracts", number(contracts)),
    ];
    signal("repository", fields, &evidence(real, questioned > 0))
}

fn answers(judged: &Judged) -> bool {
    judged.service.traits.iter().any(|one| matches!(one.value.as_str(), "http-api" | "grpc-api"))
}

/// The first place of each service that the statement rests on.
fn evidence(real: &[&Judged], questioned: bool) -> Vec<Location> {
    let relevant = real.iter().filter(|judged| !questioned || judged.verdict == Verdict::Questioned);
    let shown = relevant.filter_map(|judged| {
        let trait_place = judged.service.traits.first().and_then(|one| one.evidence.first());
        trait_place.or_else(|| judged.service.role_because.first().map(|(_, location)| location)).cloned()
    });
    shown.take(SHOWN).collect()
}

fn finding(heard: Heard, set: &PolicySet) -> Option<Finding> {
    let policy = set.get(&heard.argument.policy)?;
    let mut labels = heard.argument.labels;
    if labels.is_empty() {
        labels.push(Label { location: Location::of_file("."), text: "the repository".to_owned() });
    }
    let severity = match policy.level {
        Level::Warning => Severity::Warning,
        Level::Error => Severity::Error,
        Level::Default | Level::Off | Level::Note => Severity::Note,
    };
    Some(Finding {
        policy: policy.id.clone(),
        service: None,
        severity,
        strength: policy.strength,
        message: heard.message,
        labels,
        cites: policy.cites.clone(),
        advice: Advice { text: policy.fix.clone(), cost: None },
        // Counts change with every service; the policy alone identifies what is said about the repository.
        fingerprint: super::fingerprint(&policy.id, &".".into(), &[]),
        former: Vec::new(),
        status: Status::New,
    })
}
