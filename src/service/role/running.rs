//! How a unit runs: once, at a terminal, or until it is told to stop.

use crate::source::Location;

use super::super::Role;
use super::names::{is_called_a_daemon, is_called_a_step, is_called_a_tool};
use super::{Context, Reasoned};

pub(super) fn by_job(context: &Context<'_, '_>) -> Option<Reasoned> {
    let once = |workload: &crate::fact::Workload| {
        matches!(workload.kind.as_str(), "Job" | "CronJob" | "InitContainer" | "timer" | "oneshot")
    };
    let long = |workload: &crate::fact::Workload| {
        matches!(workload.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet" | "service")
    };
    // It prepares what others work on: a compose file starts it as it starts the rest.
    let composed = |workload: &crate::fact::Workload| workload.target == "compose";
    let step = is_called_a_step(&context.unit.name) && serving(context).is_none() && context.published().is_none();
    let cluster = |workload: &crate::fact::Workload| long(workload) && !composed(workload);
    if step
        && context.workload(cluster).is_none()
        && let Some(at) = context.workload(composed).or_else(|| context.shipped_image())
    {
        return context.reason(Role::Job, "is called something that is done once", at);
    }
    if context.workload(long).is_some() {
        return None;
    }
    if let Some(at) = context.workload(once) {
        return context.reason(Role::Job, "is run once or on a timetable", at);
    }
    // It replaces itself by another program: what it does, it does once.
    let mut wrapper = context
        .uses
        .near_symbol("process-exec", "syscall.Exec")
        .into_iter()
        .chain(context.uses.near_symbol("process-exec", "unix.Exec"));
    let lonely = serving(context).is_none() && context.shipped_image().is_some();
    let at = wrapper.next().filter(|_| lonely)?;
    context.reason(Role::Job, "starts another program in its place", at)
}

/// Programs for people, whatever they can serve beside: called so, or drawing on a terminal and published.
pub(super) fn by_command_line(context: &Context<'_, '_>) -> Option<Reasoned> {
    let long =
        |workload: &crate::fact::Workload| matches!(workload.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet");
    let parser = context.uses.near("cli-parser").into_iter().next();
    // The package of a server's command line is called so too: the server is what its image runs.
    let is_kept = |workload: &crate::fact::Workload| {
        workload.kind != "shell" && matches!(workload.target.as_str(), "compose" | "systemd")
    };
    let serves = !context.uses.near("grpc-server").is_empty() || context.workload(is_kept).is_some();
    let server =
        serves && context.shipped_image().is_some() && !context.unit.binaries.iter().all(|name| is_called_a_tool(name));
    // A plugin of kubectl is a command, whatever else runs it.
    let plugin = context.unit.name.starts_with("kubectl-");
    if plugin || is_called_a_tool(&context.unit.name) && context.workload(long).is_none() && !server {
        return context.reason(Role::Cli, "is called a command-line tool", parser.unwrap_or(context.unit.at.clone()));
    }
    if let Some(at) = context.workload(|workload| workload.target == "npm" && workload.kind == "program")
        && context.workload(long).is_none()
        && !is_called_a_daemon(&context.unit.name)
    {
        return context.reason(Role::Cli, "is installed from a package index as a command", at);
    }
    // An image that opens a port for it is there for what it answers; what it draws is for its operators.
    if context.image_serves() && context.routes() >= 2 && serving(context).is_some() {
        return None;
    }
    let draws = context.uses.near("terminal-ui").into_iter().next()?;
    let kept = |workload: &crate::fact::Workload| long(workload) || is_kept(workload);
    // What people install from an index of commands stays one where a cluster runs it as well.
    let installed = || {
        let own = context.collected.builds.iter().map(|&index| &context.ties.builds[index]);
        own.into_iter().any(|built| built.build.tool == "cargo-binstall")
    };
    (parser.is_some() && context.published().is_some() && (context.workload(kept).is_none() || installed()))
        .then(|| context.reason(Role::Cli, "talks to a person at a terminal, and is published", draws))
        .flatten()
}

fn serving(context: &Context<'_, '_>) -> Option<Location> {
    [
        "grpc-server",
        "http-server",
        "openapi-server",
        "rpc-server",
        "k8s-controller",
        "queue-consumer",
        "workflow-worker",
        "dns-server",
        "websocket",
    ]
    .iter()
    .find_map(|capability| context.uses.near(capability).into_iter().next())
}

pub(super) fn by_service(context: &Context<'_, '_>) -> Option<Reasoned> {
    let runs = |workload: &crate::fact::Workload| {
        !matches!(workload.kind.as_str(), "template" | "shell")
            && matches!(
                workload.target.as_str(),
                "kubernetes" | "helm" | "compose" | "systemd" | "nomad" | "paas" | "cloud-run"
            )
    };
    if let Some(at) = context.workload(runs) {
        return context.reason(Role::Service, "is deployed to keep running", at);
    }
    if let Some(at) = context.uses.near("os-service").into_iter().next() {
        return context.reason(Role::Service, "runs as a service of the operating system", at);
    }
    let at = serving(context)?;
    let called = is_called_a_daemon(&context.unit.name);
    // Servers read their settings from a command line too: own routes and nothing published tell them from tools.
    let routes = || context.routes() >= 2 && context.published().is_none();
    // Only servers forward for others.
    let forwards = || !context.uses.near("reverse-proxy").is_empty() && !context.uses.near("http-server").is_empty();
    // An image of a program that answers gRPC is there to answer.
    let answers = || context.shipped_image().is_some() && !context.uses.near("grpc-server").is_empty();
    let plain = context.uses.near("cli-parser").is_empty() || context.image_serves();
    let listens = plain || called || routes() || forwards() || answers();
    listens.then(|| context.reason(Role::Service, "listens for work", at)).flatten()
}

pub(super) fn by_cli(context: &Context<'_, '_>) -> Option<Reasoned> {
    // A name alone says little: something ships it, or it waits to be told to stop.
    let kept = context.shipped_image().is_some()
        || context.published().is_some()
        || !context.uses.near("shutdown-signal").is_empty()
        || !context.uses.near("socket-server").is_empty()
        || !context.uses.near("container-runtime").is_empty();
    // `bookd` of the package `book-rs` is its daemon.
    let stem = context.unit.name.split(['-', '_']).next().unwrap_or("");
    let daemon = stem.len() > 2 && context.unit.binaries.contains(&format!("{stem}d"));
    let called = daemon || is_called_a_daemon(&context.unit.name);
    if kept && called && context.uses.near("terminal-ui").is_empty() {
        return context.reason(Role::Service, "is called something that keeps running", context.unit.at.clone());
    }
    // An image starts it, nobody installs it, and it waits to be told to stop: its command line is its settings.
    let started = context.shipped_image().filter(|_| context.published().is_none());
    if let (Some(_), Some(waits)) = (started, context.uses.near("shutdown-signal").into_iter().next())
        && context.uses.near("terminal-ui").is_empty()
    {
        return context.reason(Role::Service, "keeps running until it is told to stop", waits);
    }
    let at =
        ["cli-parser", "terminal-ui"].iter().find_map(|capability| context.uses.near(capability).into_iter().next())?;
    context.reason(Role::Cli, "reads a command line and listens for nothing", at)
}

pub(super) fn by_helper(context: &Context<'_, '_>) -> Option<Reasoned> {
    let at = context.shipped_image()?;
    if let Some(waits) = context.uses.near("shutdown-signal").into_iter().next() {
        return context.reason(Role::Service, "keeps running until it is told to stop", waits);
    }
    context.reason(Role::Job, "is shipped in an image and listens for nothing", at)
}

pub(super) fn by_server_code(context: &Context<'_, '_>) -> Option<Reasoned> {
    let at = context.uses.all("http-server").into_iter().chain(context.uses.all("grpc-server")).next()?;
    context.reason(Role::Service, "reaches code that listens", at)
}
