//! Programs that forward for others.

use crate::fact::Count;
use crate::source::Location;

use super::super::Role;
use super::Context;

/// Names of things that forward.
const FORWARDERS: &[&str] =
    &["proxy", "gateway", "gw", "lb", "balancer", "loadbalancer", "ingress", "router", "edge", "relay", "auth"];

pub(super) fn proxy(context: &Context<'_, '_>) -> Vec<Location> {
    if context.role != Role::Service {
        return Vec::new();
    }
    let mut core = context.uses.any_near(&["proxy-core"]);
    if !context.exchangeable_ends().is_empty() {
        core.clear();
    }
    // Carrying packets for others is a gateway's work; a client carries its own.
    if context.named(FORWARDERS) {
        core.extend(context.uses.all("tunnel"));
    }
    let forwards = context.uses.any_near(&["reverse-proxy"]);
    // One forwarding handler among many routes makes an API with a convenience.
    let (routes, _) = context.count(Count::Routes);
    let name = context.unit.name.to_ascii_lowercase();
    let named = context.named(FORWARDERS) || FORWARDERS.iter().any(|word| word.len() > 3 && name.ends_with(word));
    if forwards.is_empty() || named || routes < 3 { [forwards, core].concat() } else { core }
}

pub(super) fn gateway(context: &Context<'_, '_>) -> Vec<Location> {
    let own = context.uses.near("api-gateway");
    if !own.is_empty() && context.role == Role::Service {
        return own;
    }
    if context.named(&["gateway", "gw", "apigateway"]) { proxy(context) } else { Vec::new() }
}
