//! The policies that ship inside the program, and how a set of files becomes a [`PolicySet`].

use std::sync::{Arc, LazyLock};

use crate::policy::{Policy, PolicySet, raw};
use crate::spanned::{Mistake, Reader, nearest};

macro_rules! shipped {
    ($($id:literal),* $(,)?) => {
        /// Every shipped policy: its file's name and its text.
        pub const FILES: &[(&str, &str)] = &[
            $((concat!("policies/", $id, ".toml"), include_str!(concat!("../../policies/", $id, ".toml")))),*
        ];

        /// Their trees, as the build script parsed them: doing so in each run would be a good part of what a run on few
        /// files takes.
        const TREES: &[&[u8]] = &[$(include_bytes!(concat!(env!("OUT_DIR"), "/policies/", $id, ".tree"))),*];
    };
}

shipped![
    "embedded",
    "wasm",
    "foreign-consumers",
    "tail-latency",
    "tail-latency-advisory",
    "realtime-domain",
    "memory-pressure",
    "tuning-exhausted",
    "tuning-signs",
    "memory-footprint",
    "memory-limit",
    "cpu-bound",
    "infrastructure-core",
    "hard-to-redeploy",
    "edge-runtime",
    "ffi-in-go",
    "c-replacement",
    "correctness-horizon",
    "correctness-age",
    "failure-cost",
    "unhandled-errors",
    "data-races",
    "scale-economics",
    "stable-maintainers",
    "artifact-size",
    "crud-service",
    "cloud-native-service",
    "operator",
    "serverless-function",
    "batch-pipeline",
    "devops-agent",
    "spec-churn",
    "team-churn",
    "unknown-maintainers",
    "queue-workers",
    "compile-velocity",
    "boring-glue",
    "cli-tool",
    "agent-authored",
    "io-bound-narrows",
    "gc-at-scale-is-fine",
    "upgrade-first",
    "hot-path-split",
    "rewrite-restraint",
    "ecosystem-domain",
    "identity-monoculture",
    "shared-contract",
];

/// Read once: a comparison and a timeline judge by them many times.
static SHIPPED: LazyLock<PolicySet> = LazyLock::new(|| {
    let trees = FILES.iter().zip(TREES).filter_map(|((path, text), tree)| {
        let tree = postcard::from_bytes(tree).expect("because the build script encoded it");
        raw::read_tree(Reader::of(path), text, &tree, true).0
    });
    PolicySet { policies: trees.map(Arc::new).collect() }
});

/// The shipped policies.
pub fn shipped() -> PolicySet {
    SHIPPED.clone()
}

/// Loads policy files; everything wrong in any of them comes back at once.
pub fn load<'a>(files: impl Iterator<Item = (&'a str, &'a str)>, shipped: bool) -> (PolicySet, Vec<Mistake>) {
    let mut set = PolicySet::default();
    let mut mistakes = Vec::new();
    for (path, text) in files {
        let (policy, found) = raw::read(path, text, shipped);
        mistakes.extend(found);
        let Some(policy) = policy else { continue };
        match set.get(&policy.id) {
            Some(first) => mistakes.push(duplicate(&policy, first, text)),
            None => set.policies.push(Arc::new(policy)),
        }
    }
    (set, mistakes)
}

/// Puts a user's policies beside the shipped ones; one with a shipped id replaces it.
pub fn overlay(mut set: PolicySet, own: PolicySet) -> PolicySet {
    for policy in own.policies {
        match set.policies.iter_mut().find(|shipped| shipped.id == policy.id) {
            Some(place) => *place = policy,
            None => set.policies.push(policy),
        }
    }
    set
}

/// Puts policies that are tried beside those in force: what the configuration set for one that is replaced stays set.
pub fn tried(set: PolicySet, mut own: PolicySet) -> PolicySet {
    for policy in &mut own.policies {
        let Some(before) = set.get(&policy.id) else { continue };
        let policy = Arc::make_mut(policy);
        policy.level = before.level;
        for parameter in &mut policy.parameters {
            let known = before.parameter(&parameter.name).filter(|known| known.origin.is_some());
            if let Some(known) = known.filter(|known| raw::in_range(parameter, &known.value).is_ok()) {
                parameter.value = known.value.clone();
                parameter.origin.clone_from(&known.origin);
            }
        }
    }
    overlay(set, own)
}

/// Finds `lowers` that name no policy; only the whole set can tell.
pub fn dangling(set: &PolicySet) -> Vec<Mistake> {
    let ids: Vec<&str> = set.policies.iter().map(|policy| policy.id.as_str()).collect();
    let lowered = set.policies.iter().flat_map(|policy| {
        let names = policy.lowers.iter().flat_map(|lowers| &lowers.policies);
        names.map(move |name| (policy, name))
    });
    lowered
        .filter(|(_, name)| !ids.contains(&name.as_str()))
        .map(|(policy, name)| Mistake {
            path: policy.path.clone(),
            start: 0,
            end: 0,
            message: format!("`lowers` names `{name}`, which is no policy"),
            hint: nearest(name, ids.iter().copied()).map(|near| format!("did you mean `{near}`?")),
            warning: false,
        })
        .collect()
}

fn duplicate(policy: &Policy, first: &Policy, text: &str) -> Mistake {
    let start = text.find(&policy.id).unwrap_or(0);
    Mistake {
        path: policy.path.clone(),
        start,
        end: start + policy.id.len(),
        message: format!("duplicate id `{}`: `{}` has it too", policy.id, first.path),
        hint: None,
        warning: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_policies_are_sound() {
        let (set, mistakes) = load(FILES.iter().copied(), true);
        assert_eq!(mistakes, Vec::new());
        assert_eq!(dangling(&set), Vec::new());
        assert_eq!(set.policies.len(), FILES.len());
        assert_eq!(format!("{set:?}"), format!("{:?}", shipped()), "the trees are those of the texts");
    }

    #[test]
    fn a_policy_has_the_name_of_its_file() {
        for policy in shipped().policies {
            assert_eq!(&*policy.path, format!("policies/{}.toml", policy.id));
        }
    }

    #[test]
    fn a_second_policy_with_the_same_id_is_a_mistake_and_an_overlay_is_not() {
        let (path, text) = FILES[0];
        let (set, mistakes) = load([(path, text), ("other.toml", text)].into_iter(), false);
        assert_eq!(set.policies.len(), 1);
        assert!(mistakes[0].message.starts_with("duplicate id"), "{mistakes:?}");
        let all = overlay(shipped(), set);
        assert_eq!(all.policies.len(), FILES.len());
        assert!(!all.policies[0].shipped);
    }
}
