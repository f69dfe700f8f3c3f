//! Exceptions written where the evidence is: `fitcheck:allow POLICY reason` in a comment.
//!
//! In: findings and the texts of the judged tree. A finding is allowed where a line that it points at, or the comment
//! line right above, names its policy and gives a reason; without a reason it stays open.

use std::collections::BTreeMap;

use crate::finding::{Finding, Status};
use crate::report::Sources;

const MARK: &str = "fitcheck:allow ";
const COMMENTS: &[&str] = &["//", "#", "--", "/*", "<!--"];

/// Marks the findings that a comment accepts.
pub fn settle(sources: &dyn Sources, findings: &mut [Finding]) {
    let mut texts: BTreeMap<String, Option<String>> = BTreeMap::new();
    for finding in findings.iter_mut().filter(|finding| finding.status == Status::New) {
        let allowed = finding.labels.iter().any(|label| {
            let path = label.location.path.to_string();
            let text = texts.entry(path).or_insert_with_key(|path| sources.read(path));
            text.as_deref().is_some_and(|text| is_allowed(text, label.location.place.line, &finding.policy))
        });
        if allowed {
            finding.status = Status::Allowed;
        }
    }
}

fn is_allowed(text: &str, line: u32, policy: &str) -> bool {
    let Some(index) = (line as usize).checked_sub(1) else { return false };
    let above = index.checked_sub(1);
    let mut lines = text.lines().skip(above.unwrap_or(0));
    let before = above.and_then(|_| lines.next()).filter(|line| is_comment(line));
    before.into_iter().chain(lines.next()).any(|line| allows(line, policy))
}

fn is_comment(line: &str) -> bool {
    COMMENTS.iter().any(|comment| line.trim_start().starts_with(comment))
}

fn allows(line: &str, policy: &str) -> bool {
    let Some((code, said)) = line.split_once(MARK) else { return false };
    let Some((named, reason)) = said.trim_start().split_once(char::is_whitespace) else { return false };
    let code = code.trim_end();
    COMMENTS.iter().any(|comment| code.ends_with(comment))
        && named == policy
        && reason.chars().any(char::is_alphanumeric)
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
            assert_eq!(is_allowed(text, line, "tail-latency"), allowed, "{text}");
        }
    }
}
