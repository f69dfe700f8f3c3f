//! Programs that must not go wrong.

use std::collections::BTreeSet;

use crate::path::parent;
use crate::source::Location;

use super::super::{Language, Role};
use super::Context;
use super::work::{node_agent, operator};

/// Words for what must not go wrong; each alone is enough when the unit's own code uses it.
const CRITICAL: &[&str] = &[
    "crypto-primitive",
    "key-store",
    "certificate-authority",
    "password-hash",
    "token-issue",
    "identity-server",
    "authorization",
    "waf",
    "payments",
    "blockchain",
];

/// So few packages hold nothing but what the service is about.
const SMALL: usize = 8;

/// Names of things that vouch for others.
const AUTHORITIES: &[&str] =
    &["ca", "cert", "certs", "certificate", "certificates", "pki", "issuer", "identity", "acme"];

pub(super) fn security_critical(context: &Context<'_, '_>) -> Vec<Location> {
    // A command-line program touches keys in passing; only one that does little else is about them.
    if context.role == Role::Cli {
        let own = context.own_if_tool(context.uses.any_near(&["crypto-primitive", "key-store", "blockchain"]));
        return if own.len() >= 3 && context.unit.closure.len() <= 20 { own } else { Vec::new() };
    }
    let mut direct = context.uses.any_near(CRITICAL);
    // Controllers, and agents of clusters on hosts, make certificates for their own doors.
    let is_agent = context.unit.language == Language::Go && !node_agent(context).is_empty();
    let keeps_house = is_agent || !operator(context).is_empty();
    if keeps_house && !context.named(AUTHORITIES) {
        let issued = context.uses.near("certificate-authority");
        let beside = |at: &Location| issued.iter().any(|other| parent(&other.path) == parent(&at.path));
        direct.retain(|at| !beside(at));
        // One file of many that signs something is a corner.
        let files: BTreeSet<_> = direct.iter().map(|at| &at.path).collect();
        if files.len() < 2 && context.unit.closure.len() > SMALL {
            direct.clear();
        }
    }
    if !context.exchangeable_ends().is_empty() {
        // Whoever moves money does so whatever it can be connected to.
        direct = context.uses.any_near(&["payments", "blockchain"]);
    }
    if !direct.is_empty() {
        return direct;
    }
    // One such word is everywhere; three different ones are a business with money.
    let money = context.marked("money-type");
    if money.iter().map(|(detail, _)| detail).collect::<std::collections::BTreeSet<_>>().len() >= 3 {
        return money.into_iter().map(|(_, at)| at).collect();
    }
    // Who is called after it, and holds the code for it, lets people in or keeps them out.
    let name = context.unit.name.to_ascii_lowercase();
    let gate = ["auth", "authn", "authz", "oauth", "oidc", "sso", "iam"].iter().any(|word| name.ends_with(word));
    let code = ["jwt", "oidc", "oauth", "oauth2", "auth", "authn", "authz"];
    if gate && context.packages_named(&code) > 0 { vec![context.unit.at.clone()] } else { Vec::new() }
}
