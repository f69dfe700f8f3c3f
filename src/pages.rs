//! The policies' manual pages, in the shape that reports carry.

use crate::finding::{Severity, Strength};
use crate::policy::{Level, Policy, PolicySet, manual};
use crate::report::Page;

/// One page a policy, in the set's order.
pub fn of(set: &PolicySet) -> Vec<Page> {
    set.policies.iter().map(page).collect()
}

fn page(policy: &Policy) -> Page {
    let severity = match policy.level {
        Level::Error => Severity::Error,
        Level::Note | Level::Off => Severity::Note,
        Level::Warning => Severity::Warning,
        Level::Default if policy.strength == Strength::Weak => Severity::Note,
        Level::Default => Severity::Warning,
    };
    Page { id: policy.id.clone(), title: policy.title.clone(), severity, markdown: manual::manual(policy), url: None }
}
