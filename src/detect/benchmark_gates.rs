//! Gates that compare a benchmark with an earlier run: they say that speed is watched, not how fast is fast enough.
//!
//! *Looks for*: workflows with `github-action-benchmark` that fails on an alert, CodSpeed, and commands that compare
//! with a baseline and can fail: `bencher run --err`, `critcmp`, `cargo bench … --baseline`, `benchstat`.
//! *Emits*: [`FactKind::Mark`] `benchmark-gate`. A relative gate has no absolute figure,
//! so it becomes no latency figure, and no shipped policy rests on it.
//! *Misses*: gates of home-made scripts; benchmarks that run without a comparison, on purpose.
//! *Example*: `uses: benchmark-action/github-action-benchmark@v1` with `alert-threshold: '150%'`, `fail-on-alert: true`.

use super::Facts;
use crate::fact::{Binding, FactKind};
use crate::parse::config::ConfigView;
use crate::parse::tree::Node;

pub(super) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let Some(jobs) = view.root().and_then(|root| root.get("jobs")) else { return };
    for (_, job) in jobs.entries() {
        for step in job.get("steps").map(Node::items).unwrap_or_default() {
            if let Some((node, detail)) = action(step).or_else(|| command(step)) {
                let kind = FactKind::Mark { name: "benchmark-gate".to_owned(), detail };
                facts.add_bound(node.range.clone(), kind, Binding::Repository);
            }
        }
    }
}

fn action(step: &Node) -> Option<(&Node, String)> {
    let uses = step.get("uses")?;
    let name = uses.as_str()?;
    if name.starts_with("benchmark-action/github-action-benchmark@") {
        let fails = step.path(&["with", "fail-on-alert"]).and_then(Node::as_bool) == Some(true);
        let threshold = step.str_at(&["with", "alert-threshold"]).unwrap_or("200%");
        return fails.then(|| (uses, format!("fails beyond {threshold} of the last run")));
    }
    name.starts_with("CodSpeedHQ/action@").then(|| (uses, "CodSpeed compares with the base".to_owned()))
}

/// Commands that compare, with the word that makes them one.
const COMMANDS: &[(&str, &str)] =
    &[("bencher run", "--err"), ("critcmp", ""), ("cargo bench", "--baseline"), ("benchstat", "")];

fn command(step: &Node) -> Option<(&Node, String)> {
    let run = step.get("run")?;
    let lines = run.written()?.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let compares = |line: &str| COMMANDS.iter().find(|(command, with)| line.contains(command) && line.contains(with));
    let (command, _) = lines.filter(|line| !line.contains("install")).find_map(compares)?;
    Some((run, format!("{command} compares with a baseline")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::latency::test::config;

    fn check(step: &str) -> usize {
        config(detect, ".github/workflows/a.yml", &format!("jobs:\n  a:\n    steps:\n    - {step}\n")).0.len()
    }

    #[test]
    fn comparisons_that_can_fail() {
        for step in [
            "uses: benchmark-action/github-action-benchmark@v1\n      with: {alert-threshold: '150%', fail-on-alert: true}",
            "uses: CodSpeedHQ/action@v3",
            "run: bencher run --err cargo bench",
            "run: cargo bench -- --baseline main",
        ] {
            assert_eq!(check(step), 1, "{step}");
        }
    }

    #[test]
    fn runs_without_a_comparison_are_none() {
        for step in [
            "uses: benchmark-action/github-action-benchmark@v1\n      with: {alert-threshold: '150%'}",
            "run: cargo bench",
            "run: cargo install critcmp",
            "run: '# critcmp a b'",
        ] {
            assert_eq!(check(step), 0, "{step}");
        }
    }
}
