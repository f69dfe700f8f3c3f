//! Services of compose files.
//!
//! *Looks for*: a top-level `services` map whose values have `image` or `build`.
//! *Emits*: `Workload` (target `compose`) with its image, build, command; `Memory`, `Replicas` and `Tuning` bound to it.
//! *Misses*: `extends` from other files, `include`, values that only `.env` or the shell know (kept as written).
//! *Example*: `services: {web: {build: ./web, deploy: {resources: {limits: {memory: 20M}}}}}`.

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
        for (name, service) in services.entries() {
            if service.get("image").is_some() || service.get("build").is_some() {
                one(view, name, service, facts);
            }
        }
    }
}

fn one(view: &ConfigView<'_>, name: &str, service: &Node, facts: &mut Facts<'_, '_>) {
    let image = service.get("image");
    let build = service.get("build");
    let mut command = shared::command(service.get("entrypoint"));
    command.extend(shared::command(service.get("command")));
    let range = build.or(image).map_or(service.range.clone(), |node| node.range.clone());
    let workload = Workload {
        target: "compose".to_owned(),
        kind: "service".to_owned(),
        name: Some(name.to_owned()),
        aliases: service.str_at(&["container_name"]).map(defaults).into_iter().collect(),
        images: image.and_then(Node::written).map(defaults).into_iter().collect(),
        build: build.and_then(|build| image_build(view.text.path, build)),
        command,
        ..Workload::default()
    };
    let index = facts.add(range, FactKind::Workload(workload));
    let resources = service.path(&["deploy", "resources"]);
    let limit = resources.and_then(|node| node.path(&["limits", "memory"])).or_else(|| service.get("mem_limit"));
    let request = resources.and_then(|node| node.path(&["reservations", "memory"]));
    shared::memory(limit, Units::Binary, MemoryWhat::Limit, index, facts);
    let request = request.or_else(|| service.get("mem_reservation"));
    shared::memory(request, Units::Binary, MemoryWhat::Request, index, facts);
    shared::tuning_in(service.get("environment"), index, facts);
    replicas(service, index, facts);
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
    fn other_maps_named_services_are_silent() {
        assert_eq!(kinds(detect, "a.yaml", "services:\n  web: {url: http://x}\n  list: [a]\n"), []);
        assert_eq!(kinds(detect, "a.yaml", "apiVersion: v1\nservices:\n  web: {image: x}\n"), []);
    }
}
