//! Programs that take from one side and give to another: streams and queues.

use crate::source::Location;

use super::super::Role;
use super::Context;
use super::work::operator;

pub(super) fn stream_pipeline(context: &Context<'_, '_>) -> Vec<Location> {
    let events = context.events(&["stream"]);
    if !events.is_empty() {
        return events;
    }
    if !matches!(context.role, Role::Service | Role::Job) {
        return Vec::new();
    }
    let engine = context.uses.any_near(&["stream-engine"]);
    if !engine.is_empty() {
        return engine;
    }
    let ends = context.exchangeable_ends();
    if !ends.is_empty() {
        return ends.to_vec();
    }
    let (reads, writes) = (context.uses.any_near(&["queue-consumer"]), context.uses.any_near(&["queue-producer"]));
    if !reads.is_empty() && !writes.is_empty() {
        return [reads, writes].concat();
    }
    let words = [
        "ingest",
        "ingestion",
        "remotewrite",
        "protoparser",
        "pipeline",
        "pipelines",
        "streamaggr",
        "stream",
        "promscrape",
        "scrape",
        "forwarder",
    ];
    let named = context.named(&["forwarder", "shipper", "ingester", "ingest", "pipeline", "collector"]);
    if context.packages_named(&words) >= 2 || named {
        return vec![context.unit.at.clone()];
    }
    Vec::new()
}

pub(super) fn queue_worker(context: &Context<'_, '_>) -> Vec<Location> {
    let events = context.events(&["queue"]);
    if !events.is_empty() {
        return events;
    }
    let carries = operator(context).is_empty() && context.exchangeable_ends().is_empty();
    if matches!(context.role, Role::Service | Role::Job) && carries {
        context.uses.any_near(&["queue-consumer", "workflow-worker"])
    } else {
        Vec::new()
    }
}
