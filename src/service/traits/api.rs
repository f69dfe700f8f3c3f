//! Programs that answer others: HTTP, gRPC, and what lies in a database.

use crate::fact::Count;
use crate::source::Location;

use super::super::Role;
use super::Context;
use super::forward::proxy;
use super::storage::storage_engine;
use super::work::{node_agent, operator};

fn serves(context: &Context<'_, '_>) -> bool {
    matches!(context.role, Role::Service | Role::Function | Role::Library)
}

pub(super) fn http_api(context: &Context<'_, '_>) -> Vec<Location> {
    let asked = context.events(&["http"]);
    let events = [asked.clone(), context.uses.near("http-event")].concat();
    // Where the deployment says what calls the function, code that it shares with others says nothing more.
    let told = context.workloads().any(|(running, _)| !running.workload.events.is_empty());
    if context.role == Role::Function && !events.is_empty() && (!told || !asked.is_empty()) {
        return events;
    }
    if context.role != Role::Service {
        return Vec::new();
    }
    let generated = context.uses.near("openapi-server");
    if !generated.is_empty() {
        return generated;
    }
    let (routes, places) = context.count(Count::Routes);
    let servers = context.uses.any(&["http-server", "graphql-server"]);
    let forwards = !proxy(context).is_empty();
    if servers.is_empty() || (forwards && routes < 3) {
        return Vec::new();
    }
    if routes >= 2 || (!context.uses.near("http-server").is_empty() && routes >= 1) {
        return [servers, places].concat();
    }
    Vec::new()
}

pub(super) fn grpc_api(context: &Context<'_, '_>) -> Vec<Location> {
    if !serves(context) {
        return Vec::new();
    }
    let (services, places) = context.count(Count::GrpcServices);
    let servers = context.uses.all("grpc-server");
    if services == 0 || servers.is_empty() { Vec::new() } else { [servers, places].concat() }
}

pub(super) fn crud(context: &Context<'_, '_>) -> Vec<Location> {
    let data = context.uses.any_near(&["sql", "document-db"]);
    let answers = !http_api(context).is_empty() || !grpc_api(context).is_empty();
    // What drives a host or a cluster may ask a database on the way.
    let drives = !node_agent(context).is_empty() || !operator(context).is_empty();
    if drives || !context.exchangeable_ends().is_empty() {
        return Vec::new();
    }
    // One file of many that asks a database is a corner of something else.
    let kinds = ["sql", "document-db"];
    let own_files = context.repository.files_below(&context.unit.root).take(CORNER_OF).count();
    let corner = own_files == CORNER_OF && context.uses.files(&kinds) < 3;
    if answers && !corner && storage_engine(context).is_empty() { data } else { Vec::new() }
}

/// So many files make a program big.
const CORNER_OF: usize = 150;
