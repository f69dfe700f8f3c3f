//! What differs from the base: verdicts that moved and why, findings that are gone.

use schemars::JsonSchema;
use serde::Serialize;

use super::location::{Location, location};
use crate::finding::{Comparison, Label};

#[derive(Serialize, JsonSchema)]
pub(crate) struct ComparisonRow {
    base: String,
    changes: Vec<ChangeRow>,
    /// Findings of the base that are gone.
    resolved: Vec<ResolvedRow>,
    /// Findings that were there before and still are.
    kept: u64,
}

#[derive(Serialize, JsonSchema)]
struct ResolvedRow {
    policy: String,
    name: String,
    service: String,
    message: String,
}

#[derive(Serialize, JsonSchema)]
struct ChangeRow {
    name: String,
    service: String,
    language: &'static str,
    /// Null where the service is new.
    before: Option<&'static str>,
    /// Null where the service is gone.
    after: Option<&'static str>,
    /// The reasons in one sentence, to follow "because".
    why: String,
    because: Vec<Reason>,
}

#[derive(Serialize, JsonSchema)]
struct Reason {
    text: String,
    evidence: Location,
}

pub(crate) fn comparison(comparison: &Comparison) -> ComparisonRow {
    let reason = |label: &Label| Reason { text: label.text.clone(), evidence: location(&label.location) };
    let changes = comparison.changes.iter().map(|change| ChangeRow {
        name: change.name.clone(),
        service: change.root.to_string(),
        language: change.language.word(),
        before: change.before.map(|verdict| verdict.word()),
        after: change.after.map(|verdict| verdict.word()),
        why: change.why.clone(),
        because: change.because.iter().map(reason).collect(),
    });
    let resolved = comparison.resolved.iter().map(|finding| ResolvedRow {
        policy: finding.policy.clone(),
        name: finding.name.clone(),
        service: finding.root.to_string(),
        message: finding.message.clone(),
    });
    ComparisonRow {
        base: comparison.base.clone(),
        changes: changes.collect(),
        resolved: resolved.collect(),
        kept: comparison.kept,
    }
}
