//! One finding as a row: what was found, where, whose argument it is and what to do.

use schemars::JsonSchema;
use serde::Serialize;

use super::location::{Location, location};
use crate::finding::{Advice, Cite, Finding};
use crate::report::words;

/// A policy that matched and speaks against a service's language.
#[derive(Serialize, JsonSchema)]
pub(crate) struct FindingRow {
    policy: String,
    /// The service's root; null where the finding is about the repository.
    service: Option<String>,
    language: Option<&'static str>,
    /// `error`, `warning` or `note`.
    severity: &'static str,
    /// `decisive`, `strong` or `weak`.
    strength: &'static str,
    message: String,
    /// Never empty; the strongest first.
    evidence: Vec<Location>,
    cites: Vec<CiteRow>,
    advice: AdviceRow,
    /// Unchanged when lines move.
    fingerprint: String,
    /// `new`, `baseline` or `allowed`.
    status: &'static str,
}

impl FindingRow {
    pub(crate) fn new(finding: &Finding) -> FindingRow {
        FindingRow {
            policy: finding.policy.clone(),
            service: finding.service.as_ref().map(|(root, _)| root.to_string()),
            language: words::language_of(finding).map(|language| language.word()),
            severity: finding.severity.word(),
            strength: finding.strength.word(),
            message: finding.message.clone(),
            evidence: finding.labels.iter().map(|label| location(&label.location)).collect(),
            cites: finding.cites.iter().map(cite).collect(),
            advice: advice(&finding.advice),
            fingerprint: finding.fingerprint.clone(),
            status: finding.status.word(),
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct CiteRow {
    /// `000` to `004`.
    document: String,
    /// `rust`, `go` or `tie`.
    leans: &'static str,
    at: String,
}

fn cite(cite: &Cite) -> CiteRow {
    CiteRow { document: cite.document.clone(), leans: cite.leans.word(), at: cite.at.clone() }
}

#[derive(Serialize, JsonSchema)]
struct AdviceRow {
    text: String,
    cost: Option<CostRow>,
}

#[derive(Serialize, JsonSchema)]
struct CostRow {
    engineer_months: [f64; 2],
    basis: String,
    document: String,
}

fn advice(advice: &Advice) -> AdviceRow {
    let cost = advice.cost.as_ref().map(|cost| CostRow {
        engineer_months: [cost.engineer_months.0, cost.engineer_months.1],
        basis: cost.basis.clone(),
        document: cost.document.clone(),
    });
    AdviceRow { text: advice.text.clone(), cost }
}
