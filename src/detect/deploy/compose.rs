//! Services of compose files.
//!
//! *Looks for*: a top-level `services` map whose values have `image` or `build`.
//! *Emits*: `Workload` (target `compose`) with its image, build, command; `Memory`, `Replicas` and `Tuning` bound to it.
//! *Misses*: `extends` from other files, `include`, values that only `.env` or the shell know (kept as written).
//! *Example*: `services: {web: {build: ./web, deploy: {resources: {limits: {memory: 20M}}}}}`.

use std::collections::BTreeSet;

use super::shared::{self, Units};
use crate::detect::Facts;
use crate::fact::{Binding, FactKind, ImageBuild, MemoryWhat, Workload};
use crate::parse::config::ConfigView;
use crate::parse::shell::Variables;
use crate::parse::tree::Node;
use crate::path;

pub(crate) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    for document in &view.documents {
        let Some(services) = document.get("services").filter(|services| services.is_map()) else { continue };
        if document.get("apiVersion").is_some() || document.get("job").is_some() {
            continue;
        }
        let awaited = awaited(services);
        for (name, service) in services.entries() {
            if service.get("image").is_some() || service.get("build").is_some() {
                one(view, name, service, awaited.contains(name), facts);
            }
        }
    }
}

/// Services whose end others wait for: `depends_on: {migrate: {condition: service_completed_successfully}}`.
fn awaited(services: &Node) -> BTreeSet<&str> {
    let waits = services.entries().filter_map(|(_, service)| service.get("depends_on"));
    let ends = |how: &Node| how.str_at(&["condition"]) == Some("service_completed_successfully");
    waits.flat_map(Node::entries).filter(|(_, how)| ends(how)).map(|(name, _)| name).collect()
}

fn one(view: &ConfigView<'_>, name: &str, service: &Node, is_awaited: bool, facts: &mut Facts<'_, '_>) {
    let image = service.get("image");
    let build = service.get("build");
    let mut command = shared::command(service.get("entrypoint"));
    command.extend(shared::command(service.get("command")));
    let range = build.or(image).map_or(service.range.clone(), |node| node.range.clone());
    // A shell that is given nothing to do waits for a person, who starts the program by hand.
    let kind = match () {
        () if is_awaited => "oneshot",
        () if is_bare_shell(&command) => "shell",
        () => "service",
    };
    let workload = Workload {
        target: "compose".to_owned(),
        kind: kind.to_owned(),
        name: Some(name.to_owned()),
        aliases: service.str_at(&["container_name"]).map(defaults).into_iter().collect(),
        images: image.and_then(Node::written).map(defaults).into_iter().collect(),
        build: build.and_then(|build| image_build(view.text.path, build)),
        command,
        ..Workload::default()
    };
    let index = facts.add(range, FactKind::Workload(workload.into()));
    let resources = service.path(&["deploy", "resources"]);
    let limit = resources.and_then(|node| node.path(&["limits", "memory"])).or_else(|| service.get("mem_limit"));
    let request = resources.and_then(|node| node.path(&["reservations", "memory"]));
    shared::memory(limit, Units::Binary, MemoryWhat::Limit, index, facts);
    let request = request.or_else(|| service.get("mem_reservation"));
    shared::memory(request, Units::Binary, MemoryWhat::Request, index, facts);
    shared::tuning_in(service.get("environment"), index, facts);
    replicas(service, index, facts);
}

fn is_bare_shell(command: &[String]) -> bool {
    matches!(command, [shell] if matches!(path::base(shell), "sh" | "bash" | "ash"))
}

fn replicas(service: &Node, index: u32, facts: &mut Facts<'_, '_>) {
    let Some(node) = service.path(&["deploy", "replicas"]).or_else(|| service.get("scale")) else { return };
    if let Some(n) = node.as_u64().and_then(|n| u32::try_from(n).ok()) {
        facts.add_bound(node.range.clone(), FactKind::Replicas { min: n, max: n }, Binding::Workload(index));
    }
}

fn image_build(file: &str, build: &Node) -> Option<ImageBuild> {
    if let Some(context) = build.written() {
        return Some(ImageBuild { context: shared::from_root(file, &defaults(context))?, ..ImageBuild::default() });
    }
    let written = |key: &str| build.get(key).and_then(Node::written).map(defaults);
    let context = shared::from_root(file, &written("context").unwrap_or_else(|| ".".to_owned()))?;
    let dockerfile = written("dockerfile").and_then(|path| path::normal(&format!("{context}/{path}")));
    let mut args: Vec<(String, String)> = Vec::new();
    if let Some(node) = build.get("args") {
        let pairs = node.entries().filter_map(|(name, value)| Some((name.to_owned(), defaults(value.written()?))));
        args.extend(pairs);
        let lines = node.items().iter().filter_map(Node::written).filter_map(|line| line.split_once('='));
        args.extend(lines.map(|(name, value)| (name.to_owned(), defaults(value))));
    }
    Some(ImageBuild { context, dockerfile, stage: written("target"), args })
}

/// Puts `${X:-default}` right; what only the environment knows stays as written.
fn defaults(text: &str) -> String {
    Variables::default().expand(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::deploy::tests::kinds;

    #[test]
    fn a_service_with_build_memory_and_tuning() {
        let source = "x-d: &d\n  deploy: {replicas: 2}\nservices:\n  web:\n    <<: *d\n    image: ${IMAGE}:${TAG:-v1}-web\n    build:\n      context: ./\n      dockerfile: ${WEB_DOCKERFILE}\n    environment:\n      - GOMEMLIMIT=16MiB\n      - X\n    mem_limit: 20M\n";
        let found = kinds(detect, "deploy/compose.yaml", source);
        let FactKind::Workload(web) = &found[0] else { panic!("{found:?}") };
        assert_eq!((web.name.as_deref(), web.images[0].as_str()), (Some("web"), "${IMAGE}:v1-web"));
        let build = web.build.as_ref().unwrap();
        assert_eq!((build.context.as_str(), build.dockerfile.as_deref()), ("deploy", Some("deploy/${WEB_DOCKERFILE}")));
        assert!(found.contains(&FactKind::Memory { what: MemoryWhat::Limit, bytes: 20 * 1024 * 1024 }));
        assert!(found.contains(&FactKind::Tuning { what: "gomemlimit".into(), value: Some("16MiB".into()) }));
        assert!(found.contains(&FactKind::Replicas { min: 2, max: 2 }));
    }

    #[test]
    fn a_shell_without_work_runs_no_service() {
        let kind =
            |command: &str| match &kinds(detect, "compose.yaml", &format!("services: {{x: {{image: x{command}}}}}"))[0]
            {
                FactKind::Workload(one) => one.kind.clone(),
                other => panic!("{other:?}"),
            };
        assert_eq!(kind(", command: /bin/sh"), "shell");
        assert_eq!([kind(""), kind(", command: sh -c ./run"), kind(", command: ./bash-server")], ["service"; 3]);
    }

    #[test]
    fn what_others_wait_for_ends() {
        let source = "services:\n  step: {image: a}\n  db: {image: b}\n  web:\n    image: c\n    depends_on:\n      step: {condition: service_completed_successfully}\n      db: {condition: service_healthy}\n";
        let found = kinds(detect, "compose.yaml", source);
        let told = found.iter().map(|fact| match fact {
            FactKind::Workload(one) => (one.name.as_deref().unwrap(), one.kind.as_str()),
            other => panic!("{other:?}"),
        });
        assert_eq!(told.collect::<Vec<_>>(), [("step", "oneshot"), ("db", "service"), ("web", "service")]);
    }

    #[test]
    fn other_maps_named_services_are_silent() {
        assert_eq!(kinds(detect, "a.yaml", "services:\n  web: {url: http://x}\n  list: [a]\n"), []);
        assert_eq!(kinds(detect, "a.yaml", "apiVersion: v1\nservices:\n  web: {image: x}\n"), []);
    }
}
