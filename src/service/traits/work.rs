//! What takes the time: computing, waiting, deadlines, controllers and hosts.

use std::collections::BTreeSet;

use crate::source::Location;

use super::super::{Language, Role};
use super::Context;
use super::api::{grpc_api, http_api};
use super::forward::proxy;
use super::storage::storage_engine;

/// Where the unit works on pictures, sound or film: one file of a big program draws an icon.
fn media(context: &Context<'_, '_>) -> Vec<Location> {
    let kinds = ["media-codec", "image-codec"];
    let big = context.unit.closure.len() > 4;
    if big && context.uses.files(&kinds) < 2 { Vec::new() } else { context.own_if_tool(context.uses.any_near(&kinds)) }
}

pub(super) fn codec(context: &Context<'_, '_>) -> Vec<Location> {
    let media = media(context);
    if !media.is_empty() {
        return media;
    }
    let words = ["codec", "codecs", "encoder", "decoder", "lexer", "parser"];
    if context.role == Role::Library && context.packages_named(&words) > 0 {
        context.uses.near("parser-kit")
    } else {
        Vec::new()
    }
}

pub(super) fn operator(context: &Context<'_, '_>) -> Vec<Location> {
    if context.role != Role::Service {
        return Vec::new();
    }
    let loops = context.uses.all("k8s-controller");
    // Who is called a controller and watches the cluster is one, whatever library its loop is made of.
    let watches =
        || if context.named(&["controller", "operator"]) { context.uses.near("k8s-client") } else { Vec::new() };
    if loops.is_empty() { watches() } else { loops }
}

pub(super) fn node_agent(context: &Context<'_, '_>) -> Vec<Location> {
    if !matches!(context.role, Role::Service | Role::Job) {
        return Vec::new();
    }
    let sets = context.workload_kind("DaemonSet");
    // A controller that a Deployment runs drives machines from afar.
    if sets.is_empty() && !operator(context).is_empty() && !context.workload_kind("Deployment").is_empty() {
        return Vec::new();
    }
    let node = context.uses.any_near(&["container-runtime", "ebpf", "vmm"]);
    if !sets.is_empty() || !node.is_empty() {
        return [sets, node].concat();
    }
    Vec::new()
}

pub(super) fn cpu_bound(context: &Context<'_, '_>) -> Vec<Location> {
    // A microcontroller that draws or calculates is no reason of its own.
    if context.role == Role::Firmware {
        return Vec::new();
    }
    let mut computing = context.uses.any_near(&["numeric", "ml-inference"]);
    // In Go it is a library's business: a fast hash of somebody else.
    if context.unit.language == Language::Rust {
        computing.extend(context.uses.near("simd"));
    }
    let places = [context.own_if_tool(computing), media(context)].concat();
    // A statistic in one corner of a big program does not make it compute.
    let files: BTreeSet<_> = places.iter().map(|at| &at.path).collect();
    if files.len() >= 2 || context.unit.closure.len() <= 8 { places } else { Vec::new() }
}

pub(super) fn io_bound(context: &Context<'_, '_>) -> Vec<Location> {
    if !matches!(context.role, Role::Service | Role::Job | Role::Function) {
        return Vec::new();
    }
    if !cpu_bound(context).is_empty() || !storage_engine(context).is_empty() {
        return Vec::new();
    }
    // What drives containers or devices on a host waits for the kernel, not for other services; controllers reconcile.
    let elsewhere = !context.uses.near("container-runtime").is_empty()
        && http_api(context).is_empty()
        && grpc_api(context).is_empty();
    if elsewhere || (!operator(context).is_empty() && proxy(context).is_empty()) {
        return Vec::new();
    }
    let waits = ["http-client", "grpc-client", "sql", "document-db", "kv-client", "object-storage", "search-client"];
    let mut places = context.uses.any_near(&waits);
    if operator(context).is_empty() {
        places.extend(context.uses.near("k8s-client"));
    }
    places
}

pub(super) fn realtime(context: &Context<'_, '_>) -> Vec<Location> {
    let direct = context.own_if_tool(context.uses.any_near(&["audio-realtime", "game-loop", "market-data"]));
    let pinned = context.uses.near("realtime-scheduling");
    // A pinned thread alone is housekeeping; on a microcontroller one word for priorities of interrupts is enough.
    let scheduled = context.role == Role::Firmware || context.uses.near_symbols("realtime-scheduling") >= 2;
    if scheduled { [direct, pinned].concat() } else { direct }
}
