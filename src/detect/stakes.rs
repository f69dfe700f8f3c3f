//! What is at stake: money in the domain, compliance and tiers in catalogues, instructions for coding agents.
//!
//! *Looks for*: domain types, messages and their like named after ledgers, payments, payouts, refunds, settlements,
//! invoices and wallets; catalogue files (Backstage, Cortex, OpsLevel, Datadog) with tier, lifecycle, type and
//! compliance words; instruction files of coding agents.
//! *Emits*: [`FactKind::Mark`]: `money-type` (the detail is the domain word: three distinct ones make a domain),
//! `tier`, `lifecycle`, `component-type`, `owner` (teams only), `compliance`, `agent-instructions`.
//! *Misses*: tables in migrations; words like transfer, posting, charge or balance, which mean too much else.
//! *Example*: `message Refund { … }`.

use std::ops::Range;
use std::sync::LazyLock;

use super::Facts;
use crate::fact::{Binding, FactKind};
use crate::parse::any_of::AnyOf;
use crate::parse::config::ConfigView;
use crate::parse::duration::words;
use crate::parse::tree::Node;
use crate::source::Text;

/// What stands before the name of a type.
const TYPES: &[&str] = &["type", "struct", "enum", "message", "input", "service"];
const MONEY: &[&str] = &["ledger", "payment", "payout", "refund", "settlement", "invoice", "wallet"];

/// The words without their first letters, which may be upper or lower case.
static HINTS: LazyLock<AnyOf> = LazyLock::new(|| {
    let ends: Vec<&str> = MONEY.iter().map(|word| &word[1..]).collect();
    AnyOf::new(&ends)
});

/// Reads types of Go, Rust, protobuf and GraphQL.
pub(super) fn detect_types(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    if !HINTS.is_in(text.text) {
        return;
    }
    let code = text.path.ends_with(".go") || text.path.ends_with(".rs");
    let mut seen = Vec::new();
    let mut at = 0;
    for line in text.text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let Some(name) = declared(line) else { continue };
        let Some(word) = money_word(&line[name.clone()]).filter(|word| !seen.contains(word)) else { continue };
        seen.push(word);
        let binding = if code { Binding::Package } else { Binding::Here };
        let kind = FactKind::Mark { name: "money-type".into(), detail: word.to_owned() };
        facts.add_bound(start + name.start..start + name.end, kind, binding);
    }
}

/// The name of the type that a line declares: `pub(crate) struct Ledger {`.
fn declared(line: &str) -> Option<Range<usize>> {
    let mut rest = line.trim_start_matches([' ', '\t']);
    if let Some(public) = rest.strip_prefix("pub") {
        let within = public.strip_prefix('(').map_or(Some(public), |within| {
            let (place, rest) = within.split_once(')')?;
            (!place.is_empty() && place.bytes().all(|byte| byte.is_ascii_lowercase())).then_some(rest)
        });
        rest = within?.strip_prefix(' ')?;
    }
    let (_, rest) = rest.split_once(' ').filter(|(word, _)| TYPES.contains(word))?;
    let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80).count();
    let start = line.len() - rest.len();
    (length > 0).then(|| start..start + length)
}

fn money_word(name: &str) -> Option<&'static str> {
    let words = words(name);
    MONEY.iter().find(|money| words.iter().any(|word| word.trim_end_matches('s') == **money)).copied()
}

/// Reads the names of instruction files.
pub(super) fn detect_agents(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    let (directory, name) = text.path.rsplit_once('/').unwrap_or(("", text.path));
    if !matches!(name, "AGENTS.md" | "CLAUDE.md" | "GEMINI.md" | "copilot-instructions.md") || text.text.is_empty() {
        return;
    }
    let binding = if matches!(directory, "" | ".github") { Binding::Repository } else { Binding::Here };
    let line = text.text.find('\n').unwrap_or(text.text.len());
    facts.add_bound(0..line, FactKind::Mark { name: "agent-instructions".into(), detail: name.to_owned() }, binding);
}

/// Reads catalogue files.
pub(super) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let several = view.documents.len() > 1;
    for object in &view.documents {
        let backstage = object.str_at(&["apiVersion"]).is_some_and(|version| version.starts_with("backstage.io/"));
        let catalogue: &[(&[&str], &str)] = if backstage && object.str_at(&["kind"]) == Some("Component") {
            owner(object.path(&["spec", "owner"]), object, several, facts);
            &[(&["spec", "lifecycle"], "lifecycle"), (&["spec", "type"], "component-type")]
        } else if object.get("dd-service").is_some() {
            owner(object.get("team"), object, several, facts);
            &[(&["tier"], "tier"), (&["lifecycle"], "lifecycle")]
        } else if matches!(view.name(), "opslevel.yml" | "opslevel.yaml") {
            &[(&["service", "tier"], "tier"), (&["service", "lifecycle"], "lifecycle")]
        } else if object.get("info").is_some_and(|info| info.get("x-cortex-tag").is_some()) {
            cortex(object, facts);
            &[]
        } else {
            continue;
        };
        let binding = binding(object, several);
        for (path, mark) in catalogue {
            if let Some(node) = object.path(path) {
                add(mark, node, &binding, facts);
            }
        }
        compliance(object, &binding, facts);
    }
}

/// Several components in one file are told apart by name; one stands for its folder.
fn binding(object: &Node, several: bool) -> Binding {
    let name = object.str_at(&["metadata", "name"]).or_else(|| object.str_at(&["dd-service"]));
    match name.filter(|_| several) {
        Some(name) => Binding::Names(vec![name.to_owned()]),
        None => Binding::Here,
    }
}

/// The owning team: `group:default/payments` and `payments` are one; a user or an address is nobody to name.
fn owner(node: Option<&Node>, object: &Node, several: bool, facts: &mut Facts<'_, '_>) {
    let Some((node, written)) = node.and_then(|node| Some((node, node.as_str()?))) else { return };
    let (kind, team) = written.split_once(':').unwrap_or(("group", written));
    let team = team.rsplit('/').next().unwrap_or(team).trim();
    if !kind.eq_ignore_ascii_case("group") || team.is_empty() || team.contains('@') {
        return;
    }
    let fact = FactKind::Mark { name: "owner".into(), detail: team.to_owned() };
    facts.add_bound(node.range.clone(), fact, binding(object, several));
}

fn cortex(object: &Node, facts: &mut Facts<'_, '_>) {
    let groups =
        object.path(&["info", "x-cortex-service-groups"]).or_else(|| object.path(&["info", "x-cortex-groups"]));
    for group in groups.map(Node::items).unwrap_or_default() {
        if group.as_str().is_some_and(|group| group.starts_with("tier")) {
            add("tier", group, &Binding::Here, facts);
        }
    }
}

const COMPLIANCE: &[(&str, &str)] = &[
    ("fips", "FIPS 140"),
    ("fedramp", "FedRAMP"),
    ("pci dss", "PCI DSS"),
    ("pci-dss", "PCI DSS"),
    ("soc 2", "SOC 2"),
    ("soc2", "SOC 2"),
    ("hipaa", "HIPAA"),
    ("iso 26262", "ISO 26262"),
    ("do-178", "DO-178"),
    ("iec 61508", "IEC 61508"),
];

fn compliance(object: &Node, binding: &Binding, facts: &mut Facts<'_, '_>) {
    object.walk(&mut |path, node| {
        let Some(text) = node.as_str() else { return };
        if matches!(text, "false" | "no" | "none" | "not-required") {
            return;
        }
        let key = path.last().map(|key| key.to_ascii_lowercase()).unwrap_or_default();
        let text = text.to_ascii_lowercase();
        if let Some((_, name)) = COMPLIANCE.iter().find(|(word, _)| text.contains(word) || key == *word) {
            let kind = FactKind::Mark { name: "compliance".into(), detail: (*name).to_owned() };
            facts.add_bound(node.range.clone(), kind, binding.clone());
        }
    });
}

fn add(mark: &str, node: &Node, binding: &Binding, facts: &mut Facts<'_, '_>) {
    if let Some(detail) = node.as_str() {
        let kind = FactKind::Mark { name: mark.to_owned(), detail: detail.to_owned() };
        facts.add_bound(node.range.clone(), kind, binding.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::super::latency::test;
    use super::*;

    fn details(found: Vec<String>) -> Vec<String> {
        let detail = |line: &String| line.split('"').nth(3).unwrap_or("").to_owned();
        found.iter().map(detail).collect()
    }

    #[test]
    fn money_is_in_the_names_of_types() {
        let go = "type PaymentIntent struct {\n}\ntype Ledger interface{}\ntype payment int\n";
        assert_eq!(details(test::text(detect_types, "a.go", go)), ["payment", "ledger"]);
        let proto = "message RefundRequest {\n}\n";
        assert_eq!(details(test::text(detect_types, "a.proto", proto)), ["refund"]);
        let rust = "\tpub(crate) struct Wallet;\r\n  pub enum Payout {}\npub(in crate::x) struct Refund;\n";
        assert_eq!(details(test::text(detect_types, "a.rs", rust)), ["wallet", "payout"]);
    }

    #[test]
    fn look_alikes_of_money_are_none() {
        let go = "type Transfer struct{}\ntype Postings struct{}\ntype LoadBalancer struct{}\ntype ChargeState int\ntype Journal struct{}\nvar payment Payment\n";
        assert!(test::text(detect_types, "a.go", go).is_empty());
    }

    #[test]
    fn catalogues_and_agents() {
        let backstage = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: shop\n  annotations:\n    FIPS: required\nspec:\n  type: service\n  lifecycle: production\n  owner: user:someone\n";
        assert_eq!(
            details(test::config(detect, "catalog-info.yaml", backstage).0),
            ["production", "service", "FIPS 140"]
        );
        let cortex = "openapi: 3.0.1\ninfo:\n  x-cortex-tag: a\n  x-cortex-groups: [tier-1, other]\n";
        assert_eq!(details(test::config(detect, "cortex.yaml", cortex).0), ["tier-1"]);
        let datadog = "schema-version: v2.2\ndd-service: shop\ntier: '0'\n";
        assert_eq!(details(test::config(detect, "service.datadog.yaml", datadog).0), ["0"]);
        assert_eq!(details(test::text(detect_agents, "AGENTS.md", "# Rules\n")), ["AGENTS.md"]);
    }

    #[test]
    fn other_files_are_none() {
        assert!(test::config(detect, "rules.yaml", "policies:\n- PCI DSS\n- HIPAA\n").0.is_empty());
        assert!(test::text(detect_agents, "docs/agents.md", "# Agents\n").is_empty());
    }
}
