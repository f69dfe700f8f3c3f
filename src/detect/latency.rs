//! What all latency detectors share: how a figure becomes a fact, whom it is about, and what it measures.
//!
//! In: a figure as read, and the names and labels beside it. Out: [`FactKind::Latency`] with its binding, or an entry
//! among what was not read where a figure cannot be (negative, zero, beyond a day) or where nothing tells its unit.

mod about;
mod queries;

use std::ops::Range;

use super::Facts;
use crate::fact::{Binding, FactKind, LatencySource, Subject};
use crate::parse::config::ConfigView;
use crate::parse::duration::NoDuration;
use crate::parse::tree::Node;

pub(super) use about::{binding, subject};
pub(super) use queries::{add_bucket, add_measured, add_thresholds, limit_of};

/// A figure on its way to a fact.
#[derive(Debug)]
pub(super) struct Budget {
    pub(super) limit: Result<f64, NoDuration>,
    pub(super) percentile: Option<f64>,
    pub(super) source: LatencySource,
    pub(super) subject: Subject,
    pub(super) binding: Binding,
}

/// Adds the fact, or says why a figure that is one of time gives none; what is none adds nothing.
pub(super) fn add(facts: &mut Facts<'_, '_>, range: Range<usize>, budget: Budget) {
    let Budget { limit, percentile, source, subject, binding } = budget;
    match limit {
        Ok(limit_us) => {
            facts.add_bound(range, FactKind::Latency { limit_us, percentile, source, subject }, binding);
        }
        Err(NoDuration::NotADuration) => {}
        // No verdict hangs on a figure that nobody can read.
        Err(reason) => facts.omission(range, format!("latency figure: {reason}")),
    }
}

/// Adds a ceiling for waiting.
pub(super) fn add_timeout(
    facts: &mut Facts<'_, '_>,
    range: Range<usize>,
    limit: Result<f64, NoDuration>,
    binding: Binding,
) {
    // Zero switches many timeouts off, and long ones are no slip: neither is a flaw.
    if let Ok(limit_us) = limit {
        facts.add_bound(range, FactKind::Timeout { limit_us }, binding);
    }
}

/// Finds a word in a range of the file: the line that says it, not the first line of the expression.
pub(super) fn place_of(text: &str, within: &Range<usize>, word: &str) -> Range<usize> {
    let part = text.get(within.clone()).unwrap_or("");
    match part.find(word) {
        Some(at) if !word.is_empty() => within.start + at..within.start + at + word.len(),
        _ => within.clone(),
    }
}

/// Walks the objects of a file: its documents, and the elements of documents that are lists.
pub(super) fn objects<'v>(view: &'v ConfigView<'_>) -> impl Iterator<Item = &'v Node> {
    view.documents.iter().flat_map(|document| document.one_or_many())
}

/// Walks the objects of one API and kind (`apiVersion` starts with `api`).
pub(super) fn objects_of<'v>(
    view: &'v ConfigView<'_>,
    api: &'static str,
    kind: &'static str,
) -> impl Iterator<Item = &'v Node> {
    objects(view).filter(move |object| {
        object.str_at(&["apiVersion"]).is_some_and(|version| version.starts_with(api))
            && object.str_at(&["kind"]) == Some(kind)
    })
}

/// Test helpers of the latency detectors: facts of one configuration file, in short.
#[cfg(test)]
pub(super) mod test {
    use super::*;
    use crate::parse::{Kind, config};
    use crate::source::Text;

    /// Writes a fact as `p99 250000us Slo Answering [names] @line`.
    pub(in crate::detect) fn brief(facts: &Facts<'_, '_>) -> Vec<String> {
        let mut lines = Vec::new();
        for fact in &facts.list {
            let who = match &fact.binding {
                Binding::Names(names) => names.join(","),
                other => format!("{other:?}"),
            };
            let line = fact.place.line;
            lines.push(match &fact.kind {
                FactKind::Latency { limit_us, percentile, source, subject } => {
                    let percentile = percentile.map_or("-".to_owned(), |p| format!("p{p}"));
                    let other = if *subject == Subject::Answering { "" } else { " other" };
                    format!("{percentile} {limit_us}us {source:?}{other} [{who}] @{line}")
                }
                FactKind::Timeout { limit_us } => format!("timeout {limit_us}us [{who}] @{line}"),
                other => format!("{other:?} [{who}] @{line}"),
            });
        }
        lines
    }

    pub(in crate::detect) fn config(
        detect: fn(&ConfigView<'_>, &mut Facts<'_, '_>),
        path: &str,
        source: &str,
    ) -> (Vec<String>, usize) {
        let text = Text::new(path, source);
        let kind = Kind::of(path).expect("a known kind");
        let (view, flaws) = config::view(kind, &text).expect("a configuration file");
        assert_eq!(flaws, [], "{path}");
        let mut facts = Facts::new(&text);
        detect(&view, &mut facts);
        (brief(&facts), facts.flaws.len())
    }

    pub(in crate::detect) fn text(detect: fn(&Text<'_>, &mut Facts<'_, '_>), path: &str, source: &str) -> Vec<String> {
        let text = Text::new(path, source);
        let mut facts = Facts::new(&text);
        detect(&text, &mut facts);
        brief(&facts)
    }
}
