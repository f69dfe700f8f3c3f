//! Exceptions written where the evidence is: `fitcheck:allow POLICY reason` in a comment.
//!
//! In: findings and the texts of the judged tree. A finding is allowed where a line that it points at, or the comment
//! line right above, names its policy and gives a reason; without a reason it stays open.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{Finding, Status};
use crate::report::Sources;
use crate::source::{Location, Text};

const MARK: &str = "fitcheck:allow ";
const COMMENTS: &[&str] = &["//", "#", "--", "/*", "<!--"];

/// A place at which a comment accepts the findings of a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Accepted {
    pub path: String,
    pub line: u32,
    pub policy: String,
}

/// Marks the findings that a comment accepts.
pub fn settle(sources: &dyn Sources, findings: &mut [Finding]) {
    let open = findings.iter().filter(|finding| finding.status == Status::New);
    let places: Vec<Location> = open.flat_map(|finding| &finding.labels).map(|label| label.location.clone()).collect();
    settle_accepted(&accepted(sources, &places), findings);
}

/// Marks the findings that point at a place where their policy is accepted.
pub fn settle_accepted(accepted: &[Accepted], findings: &mut [Finding]) {
    for finding in findings.iter_mut().filter(|finding| finding.status == Status::New) {
        let is_accepted = |location: &Location| {
            accepted.iter().any(|one| {
                one.policy == finding.policy && one.line == location.place.line && *one.path == *location.path
            })
        };
        if finding.labels.iter().any(|label| is_accepted(&label.location)) {
            finding.status = Status::Allowed;
        }
    }
}

/// What comments accept at these places: sorted, each once.
pub fn accepted(sources: &dyn Sources, places: &[Location]) -> Vec<Accepted> {
    let mut lines: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for location in places {
        lines.entry(&location.path).or_default().insert(location.place.line);
    }
    let mut found = Vec::new();
    for (path, lines) in lines {
        let Some(text) = sources.read(path).filter(|text| text.contains(MARK)) else { continue };
        let text = Text::new(path, &text);
        for line in lines {
            let policies = accepted_at(&text, line).into_iter();
            found.extend(policies.map(|policy| Accepted { path: path.to_owned(), line, policy: policy.to_owned() }));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The policies that a comment accepts on a line, or on a line of its own right above.
fn accepted_at<'a>(text: &Text<'a>, line: u32) -> Vec<&'a str> {
    if line == 0 {
        return Vec::new();
    }
    let above = Some(text.line(line - 1)).filter(|above| line > 1 && is_comment(above));
    above.into_iter().chain([text.line(line)]).filter_map(accepts).collect()
}

/// The comment lines of a text that grant what is accepted.
pub fn granting<'a>(text: &Text<'a>, accepted: &Accepted) -> Vec<&'a str> {
    let lines = [accepted.line.saturating_sub(1), accepted.line].into_iter().filter(|line| *line > 0);
    lines.map(|line| text.line(line)).filter(|line| accepts(line) == Some(&accepted.policy)).collect()
}

fn is_comment(line: &str) -> bool {
    COMMENTS.iter().any(|comment| line.trim_start().starts_with(comment))
}

fn accepts(line: &str) -> Option<&str> {
    let (code, said) = line.split_once(MARK)?;
    let (named, reason) = said.trim_start().split_once(char::is_whitespace)?;
    let code = code.trim_end();
    let is_granted =
        COMMENTS.iter().any(|comment| code.ends_with(comment)) && reason.chars().any(char::is_alphanumeric);
    is_granted.then_some(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_with_a_reason_allows_its_policy_on_its_line_or_the_next() {
        for (text, line, allowed) in [
            ("x() // fitcheck:allow tail-latency measured\n", 1, true),
            ("# fitcheck:allow tail-latency measured\nthreshold: 1\n", 2, true),
            ("<!-- fitcheck:allow tail-latency measured -->\nx\n", 2, true),
            ("a\n# fitcheck:allow tail-latency measured\nb\nc\n", 4, false),
            ("x() // fitcheck:allow tail-latency measured\ny()\n", 2, false),
            ("x() // fitcheck:allow tail-latency\n", 1, false),
            ("<!-- fitcheck:allow tail-latency -->\n", 1, false),
            ("x() // fitcheck:allow crud-service measured\n", 1, false),
            ("x(\"fitcheck:allow tail-latency measured\")\n", 1, false),
            ("", 0, false),
            ("", 7, false),
        ] {
            let text = Text::new("a", text);
            assert_eq!(accepted_at(&text, line).contains(&"tail-latency"), allowed, "{text:?}");
        }
    }
}
