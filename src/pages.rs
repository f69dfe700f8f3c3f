//! The policies' manual pages, in the shape that reports carry.

use crate::finding::{Severity, Strength};
use crate::policy::{Level, Policy, PolicySet, manual};
use crate::report::Page;

/// One page a policy, in the set's order.
pub fn of(set: &PolicySet) -> Vec<Page> {
    set.policies.iter().map(|policy| page(policy)).collect()
}

/// Where the documentation of this build can be read: the release sets it, from the repository that it is built in.
const DOCS: Option<&str> = option_env!("FITCHECK_DOCS");

/// The address of a shipped policy's page; a policy of the user's own has none.
fn address(docs: Option<&str>, policy: &Policy) -> Option<String> {
    let docs = docs.map(|docs| docs.trim_end_matches('/')).filter(|docs| docs.starts_with("https://"))?;
    policy.shipped.then(|| format!("{docs}/policies/{}.md", policy.id))
}

fn page(policy: &Policy) -> Page {
    let severity = match policy.level {
        Level::Error => Severity::Error,
        Level::Note | Level::Off => Severity::Note,
        Level::Warning => Severity::Warning,
        Level::Default if policy.strength == Strength::Weak => Severity::Note,
        Level::Default => Severity::Warning,
    };
    Page {
        id: policy.id.clone(),
        title: policy.title.clone(),
        severity,
        markdown: manual::manual(policy),
        url: address(DOCS, policy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::builtin;

    #[test]
    fn a_shipped_page_has_the_address_that_the_release_gave() {
        let set = builtin::shipped();
        let mut policy = Policy::clone(&set.policies[0]);
        let wanted = format!("https://host.test/r/policies/{}.md", policy.id);
        assert_eq!(address(Some("https://host.test/r/"), &policy), Some(wanted));
        assert_eq!(address(None, &policy), None);
        assert_eq!(address(Some("javascript:alert(1)"), &policy), None);
        policy.shipped = false;
        assert_eq!(address(Some("https://host.test/r"), &policy), None);
    }
}
