//! From what a unit uses to what kind of work it does.
//!
//! In: the facts of one unit. Out: traits with their evidence. An import alone says little (a client is no server,
//! a library reached by way of a helper is no trade), so each rule says how near and how often it must be seen.

mod api;
mod context;
mod flow;
mod forward;
mod security;
mod storage;
mod uses;
mod work;

pub use context::Context;
pub use uses::Uses;

use crate::source::Location;

use super::Evidenced;
use api::{crud, grpc_api, http_api};
use flow::{queue_worker, stream_pipeline};
use forward::{gateway, proxy};
use security::security_critical;
use storage::storage_engine;
use work::{codec, cpu_bound, io_bound, node_agent, operator, realtime};

type Rule = fn(&Context<'_, '_>) -> Vec<Location>;

/// One rule a trait, in the order of the contract. A rule returns the places that show the trait, none if it is not shown.
const RULES: &[(&str, Rule)] = &[
    ("http-api", http_api),
    ("grpc-api", grpc_api),
    ("crud", crud),
    ("proxy", proxy),
    ("gateway", gateway),
    ("storage-engine", storage_engine),
    ("stream-pipeline", stream_pipeline),
    ("queue-worker", queue_worker),
    ("codec", codec),
    ("operator", operator),
    ("node-agent", node_agent),
    ("security-critical", security_critical),
    ("cpu-bound", cpu_bound),
    ("io-bound", io_bound),
    ("realtime", realtime),
];

/// Applies all rules.
pub fn traits(context: &Context<'_, '_>) -> Vec<Evidenced<String>> {
    RULES
        .iter()
        .filter_map(|(name, rule)| {
            let evidence = super::assemble::tidy(rule(context));
            (!evidence.is_empty()).then(|| Evidenced { value: (*name).to_owned(), evidence })
        })
        .collect()
}
