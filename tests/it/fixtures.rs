//! Every policy against two tiny repositories: one that it speaks about, and a look-alike that it must leave alone.
//!
//! `fixtures/<policy>/case.toml` states the verdict of the first service of each. The trees are copied out of this
//! repository first: its own history is no part of the story.

use std::path::Path;

use fitcheck::check::{Options, check};
use fitcheck::config::Config;
use fitcheck::finding::Report;

/// Policies about git history, which a checked-in tree cannot have; their situations are in `policy/cases.rs`.
const HISTORY: &[&str] = &["agent-authored", "compile-velocity", "correctness-age"];

#[test]
fn every_policy_flags_its_fixture_and_passes_the_look_alike() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut wrong = Vec::new();
    for policy in Config::default().policies.policies {
        if HISTORY.contains(&policy.id.as_str()) {
            continue;
        }
        let folder = root.join(&policy.id);
        let case = std::fs::read_to_string(folder.join("case.toml")).unwrap_or_default();
        let Ok(case) = case.parse::<toml::Table>() else { panic!("{}: case.toml is no TOML", policy.id) };
        for (story, speaks) in [("flags", true), ("passes", false)] {
            let Some(verdict) = case.get(story).and_then(|story| story.get("verdict")?.as_str()) else {
                wrong.push(format!("{}/{story}: no verdict stated", policy.id));
                continue;
            };
            let report = scanned(&folder.join(story));
            let found = report.services.first().map_or("no service", |judged| judged.verdict.word());
            if found != verdict || speaks_about(&report, &policy.id) != speaks {
                wrong.push(format!("{}/{story}: {found}, expected {verdict}: {}", policy.id, told(&report)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn scanned(tree: &Path) -> Report {
    let copy = tempfile::tempdir().expect("a directory");
    copy_tree(tree, copy.path());
    check(&Options { threads: 1, ..Options::new(copy.path()) }).expect("a fixture can be checked")
}

pub(crate) fn copy_tree(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            std::fs::create_dir_all(&target).expect("a directory");
            copy_tree(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).expect("a copy");
        }
    }
}

/// Whether a policy had anything to say: an argument, an influence on one, a finding, or a shape of the advice.
fn speaks_about(report: &Report, policy: &str) -> bool {
    let argues = report.services.iter().flat_map(|judged| &judged.arguments).any(|argument| {
        argument.policy == policy && (argument.favors.is_some() || argument.contested || !argument.labels.is_empty())
            || argument.lowered_by.as_deref() == Some(policy)
    });
    let shapes = match policy {
        "hot-path-split" => report.findings.iter().any(|finding| finding.advice.text.contains("library or sidecar")),
        "rewrite-restraint" => report.findings.iter().any(|finding| finding.advice.cost.is_some()),
        _ => false,
    };
    argues || shapes || report.findings.iter().any(|finding| finding.policy == policy)
}

fn told(report: &Report) -> String {
    let line = |judged: &fitcheck::finding::Judged| {
        let arguments: Vec<&str> = judged.arguments.iter().map(|argument| argument.policy.as_str()).collect();
        format!("{} {} {:?}", judged.service.root, judged.service.role.word(), arguments)
    };
    report.services.iter().map(line).collect::<Vec<_>>().join("; ")
}
