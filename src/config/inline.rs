//! Exceptions written where the evidence is: `fitcheck:allow POLICY reason` in a comment.
//!
//! In: findings and the texts of the judged tree. A finding is allowed where a line that it points at, or the comment
//! line right above, names its policy and gives a reason; without a reason it stays open.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{Advice, Finding, Label, Severity, Status, Strength};
use crate::policy::PolicySet;
use crate::report::Sources;
use crate::source::{Location, Text};
use crate::spanned::nearest;

const MARK: &str = "fitcheck:allow ";
/// More in one file accept nothing that a person has looked at.
const COMMENTS_OF_A_FILE: usize = 200;
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

/// A comment that would accept findings of a policy, wherever it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Comment {
    pub policy: String,
    pub at: Location,
    /// It stands alone on its line, and so is about the line below as well.
    pub alone: bool,
}

/// The name under which the scan notes such comments.
pub const NOTED: &str = "allow-comment";

/// Finds the comments of a text: the policy each names, and its place. One that stands alone has a mark before the policy.
pub fn noted(text: &Text<'_>) -> Vec<(Range<usize>, String)> {
    let found = memchr::memmem::find_iter(text.text.as_bytes(), MARK.as_bytes()).take(COMMENTS_OF_A_FILE);
    let comment = |at: usize| {
        let number = text.place(at..at).line;
        let line = text.line(number);
        let policy = accepts(line)?;
        let alone = if is_comment(line) { "above:" } else { "" };
        Some((at..at + MARK.trim_end().len(), format!("{alone}{policy}")))
    };
    found.filter_map(comment).collect()
}

impl Comment {
    /// Reads what [`noted`] wrote.
    pub fn of(noted: &str, at: Location) -> Comment {
        let alone = noted.strip_prefix("above:");
        Comment { policy: alone.unwrap_or(noted).to_owned(), alone: alone.is_some(), at }
    }

    fn is_about(&self, finding: &Finding) -> bool {
        let line = self.at.place.line;
        let here = |at: &Location| {
            at.path == self.at.path && (at.place.line == line || self.alone && at.place.line == line + 1)
        };
        finding.policy == self.policy && finding.labels.iter().any(|label| here(&label.location))
    }
}

/// Findings about comments that accept nothing.
pub fn unused(comments: &[Comment], findings: &[Finding], policies: &PolicySet) -> Vec<Finding> {
    let idle = comments.iter().filter(|comment| !findings.iter().any(|finding| comment.is_about(finding)));
    idle.map(|comment| {
        let known = policies.policies.iter().map(|policy| policy.id.as_str());
        let advice = match policies.get(&comment.policy) {
            Some(_) => "Remove it.".to_owned(),
            None => match nearest(&comment.policy, known) {
                Some(near) => format!("No policy is called that: did you mean `{near}`?"),
                None => "No policy is called that: remove it.".to_owned(),
            },
        };
        let message = format!("the comment that accepts {} is about no finding here", comment.policy);
        idle_finding(comment, message, advice)
    })
    .collect()
}

fn idle_finding(comment: &Comment, message: String, advice: String) -> Finding {
    let identity = format!("allow-unused\0{}\0{}", comment.policy, comment.at.path);
    Finding {
        policy: "allow-unused".to_owned(),
        service: None,
        severity: Severity::Note,
        strength: Strength::Weak,
        message,
        labels: vec![Label { location: comment.at.clone(), text: "accepted here".to_owned() }],
        cites: Vec::new(),
        advice: Advice { text: advice, cost: None },
        fingerprint: blake3::hash(identity.as_bytes()).to_hex()[..32].to_owned(),
        former: Vec::new(),
        status: Status::New,
    }
}

fn is_comment(line: &str) -> bool {
    COMMENTS.iter().any(|comment| line.trim_start().starts_with(comment))
}

fn accepts(line: &str) -> Option<&str> {
    let (code, said) = line.split_once(MARK)?;
    let (named, reason) = said.trim_start().split_once(char::is_whitespace)?;
    // Inside a string nothing is a comment: blanks or nothing stand before one, and no string is open there.
    let starts = |code: &str| (code.is_empty() || code.ends_with(char::is_whitespace)) && !in_string(code);
    let code = code.trim_end();
    let is_granted = COMMENTS.iter().any(|comment| code.strip_suffix(comment).is_some_and(starts))
        && reason.chars().any(char::is_alphanumeric);
    is_granted.then_some(named)
}

/// Whether a string of this line is open behind this part of it.
fn in_string(code: &str) -> bool {
    let (mut open, mut bytes) = (None, code.bytes().peekable());
    let mut before = b' ';
    while let Some(byte) = bytes.next() {
        match (open, byte) {
            (Some(b'"'), b'\\') => drop(bytes.next()),
            (Some(quote), _) if byte == quote => open = None,
            // The letter `'"'` of Go and Rust opens nothing.
            (None, b'"') if before == b'\'' && bytes.peek() == Some(&b'\'') => {}
            (None, b'"' | b'`') => open = Some(byte),
            _ => {}
        }
        before = byte;
    }
    open.is_some()
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
            ("x(\"# fitcheck:allow tail-latency measured\")\n", 1, false),
            ("x(\"y() // fitcheck:allow tail-latency measured\")\n", 1, false),
            ("x(`y() // fitcheck:allow tail-latency measured`)\n", 1, false),
            (r#"x("\" // fitcheck:allow tail-latency measured")"#, 1, false),
            (r#"x("y\\") // fitcheck:allow tail-latency measured"#, 1, true),
            ("x('\"') // fitcheck:allow tail-latency measured\n", 1, true),
            ("http://fitcheck:allow tail-latency measured\n", 1, false),
            ("", 0, false),
            ("", 7, false),
        ] {
            let text = Text::new("a", text);
            assert_eq!(accepted_at(&text, line).contains(&"tail-latency"), allowed, "{text:?}");
        }
    }

    #[test]
    fn a_comment_that_accepts_nothing_is_a_finding() {
        let source = "// fitcheck:allow tail-latency measured\nx()\ny() // fitcheck:allow tial-latency measured\n";
        let text = Text::new("a.go", source);
        let comments: Vec<Comment> = noted(&text)
            .into_iter()
            .map(|(range, said)| Comment::of(&said, Location { path: "a.go".into(), place: text.place(range) }))
            .collect();
        assert_eq!((comments.len(), comments[0].alone, comments[1].alone), (2, true, false));
        let set = crate::policy::builtin::shipped();
        let idle = unused(&comments, &[], &set);
        assert!(idle[0].advice.text == "Remove it." && idle[1].advice.text.contains("did you mean `tail-latency`?"));
        let mut finding = idle[0].clone();
        finding.policy = "tail-latency".to_owned();
        finding.labels[0].location.place.line = 2;
        assert_eq!(unused(&comments, &[finding], &set).len(), 1);
    }
}
