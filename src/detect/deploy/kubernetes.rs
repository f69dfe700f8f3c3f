//! Kubernetes objects that run containers, plain and in Helm templates.
//!
//! *Looks for*: any object with a list of `containers` somewhere below (so also custom resources), autoscalers,
//! custom resource definitions, kustomize images; in templates that cannot be read whole, lines with `image:`.
//! *Emits*: one `Workload` a container (kind of the object; `InitContainer` for those that run before), with `Memory`,
//! `Replicas`, `Tuning` bound to it; `Contract{crd}`; `Mark{kustomize-image}`.
//! *Misses*: objects built in code; containers that a template inserts from elsewhere (their own template is read).
//! *Example*: `kind: Deployment` … `containers: [{name: web, image: r/web:v1}]`.

use super::shared::{self, Units};
use crate::detect::Facts;
use crate::fact::{Binding, FactKind, MemoryWhat, Workload};
use crate::parse::config::ConfigView;
use crate::parse::helm;
use crate::parse::tree::Node;

pub(crate) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    for document in &view.documents {
        object(view, document, facts);
        // A `List` holds objects, and so do the objects a template inserts under another.
        for item in document.get("items").map(Node::items).unwrap_or_default() {
            object(view, item, facts);
        }
    }
    if view.templated {
        lines(view, facts);
    }
}

fn object(view: &ConfigView<'_>, object: &Node, facts: &mut Facts<'_, '_>) {
    let kind = object.get("kind").and_then(Node::written).unwrap_or("");
    let is_object = object.get("apiVersion").is_some() && !kind.is_empty();
    match kind {
        "CustomResourceDefinition" => {
            facts.add_bound(object.range.start..object.range.start + 1, contract("crd"), Binding::Here);
        }
        "HorizontalPodAutoscaler" => autoscaler(object, facts),
        "Kustomization" => kustomize(object, facts),
        _ if is_object || view.templated => containers(view, object, facts),
        _ if view.name().starts_with("kustomization.") => kustomize(object, facts),
        _ => {}
    }
}

fn contract(format: &str) -> FactKind {
    FactKind::Contract { format: format.to_owned() }
}

/// What all containers of an object share.
struct Frame<'a> {
    target: &'static str,
    kind: String,
    name: Option<String>,
    replicas: Option<&'a Node>,
}

fn containers(view: &ConfigView<'_>, object: &Node, facts: &mut Facts<'_, '_>) {
    let kind = object.get("kind").and_then(Node::as_str).unwrap_or("template").to_owned();
    let name = object.path(&["metadata", "name"]).and_then(Node::written).map(str::to_owned);
    let frame = Frame { target: target(view, object), kind, name, replicas: object.path(&["spec", "replicas"]) };
    let mut found: Vec<(&str, &Node)> = Vec::new();
    object.walk(&mut |path, node| {
        let key = path.last().copied().unwrap_or("");
        if matches!(key, "containers" | "initContainers") {
            found.extend(node.items().iter().filter(|item| item.is_map()).map(|item| (key, item)));
        } else if key == "container" && node.get("image").is_some() {
            found.push((key, node));
        }
    });
    // A named template may hold the inside of one container.
    if found.is_empty() && view.templated && object.get("kind").is_none() {
        let inside = object.one_or_many().iter().filter(|node| node.get("image").is_some_and(|image| !image.is_map()));
        found.extend(inside.map(|node| ("containers", node)));
    }
    for (key, container) in found {
        one(&frame, key, container, facts);
    }
}

fn target(view: &ConfigView<'_>, object: &Node) -> &'static str {
    let version = object.get("apiVersion").and_then(Node::as_str).unwrap_or("");
    if version.starts_with("serving.knative.dev") && view.text.text.contains("run.googleapis.com") {
        return "cloud-run";
    }
    if view.templated { "helm" } else { "kubernetes" }
}

fn one(frame: &Frame<'_>, key: &str, container: &Node, facts: &mut Facts<'_, '_>) {
    let image = container.get("image");
    let mut command = shared::command(container.get("command"));
    command.extend(shared::command(container.get("args")));
    let workload = Workload {
        target: frame.target.to_owned(),
        kind: if key == "initContainers" && !keeps_running(container) {
            "InitContainer".to_owned()
        } else {
            frame.kind.clone()
        },
        name: frame.name.clone(),
        aliases: container.get("name").and_then(Node::written).map(str::to_owned).into_iter().collect(),
        images: image.and_then(|image| written_image(image, facts)).into_iter().collect(),
        command,
        ..Workload::default()
    };
    if workload.images.is_empty() && workload.command.is_empty() && workload.aliases.is_empty() {
        return;
    }
    let range = image.unwrap_or(container).range.clone();
    let index = facts.add(range, FactKind::Workload(workload.into()));
    let memory = |what: &str| container.path(&["resources", what, "memory"]);
    shared::memory(memory("limits"), Units::Decimal, MemoryWhat::Limit, index, facts);
    shared::memory(memory("requests"), Units::Decimal, MemoryWhat::Request, index, facts);
    shared::tuning_in(container.get("env"), index, facts);
    if let Some((node, n)) = frame.replicas.and_then(|node| Some((node, u32::try_from(node.as_u64()?).ok()?))) {
        facts.add_bound(node.range.clone(), FactKind::Replicas { min: n, max: n }, Binding::Workload(index));
    }
}

/// A container that is started before the others and stays beside them.
fn keeps_running(container: &Node) -> bool {
    container.str_at(&["restartPolicy"]) == Some("Always")
}

/// An image as written, with what the template's own variables stand for.
fn written_image(image: &Node, facts: &Facts<'_, '_>) -> Option<String> {
    Some(helm::with_locals(facts.text.text.get(..image.range.start).unwrap_or(""), image.written()?))
}

fn autoscaler(object: &Node, facts: &mut Facts<'_, '_>) {
    let number = |key: &str| object.path(&["spec", key]).and_then(Node::as_u64).and_then(|n| u32::try_from(n).ok());
    let Some(name) = object.path(&["spec", "scaleTargetRef", "name"]).and_then(Node::written) else { return };
    let (Some(most), Some(max)) = (object.path(&["spec", "maxReplicas"]), number("maxReplicas")) else { return };
    let kind = FactKind::Replicas { min: number("minReplicas").unwrap_or(1), max };
    facts.add_bound(most.range.clone(), kind, Binding::Names(vec![name.to_owned()]));
}

fn kustomize(object: &Node, facts: &mut Facts<'_, '_>) {
    for image in object.get("images").map(Node::items).unwrap_or_default() {
        if let (Some(name), Some(new)) = (image.str_at(&["name"]), image.str_at(&["newName"])) {
            let kind = FactKind::Mark { name: "kustomize-image".to_owned(), detail: format!("{name}={new}") };
            facts.add_bound(image.range.clone(), kind, Binding::Here);
        }
    }
}

/// Finds `image:` lines that no tree reached: templates whose pieces are no YAML on their own.
fn lines(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let known: Vec<u32> = facts
        .list
        .iter()
        .filter(|fact| matches!(fact.kind, FactKind::Workload(_)))
        .map(|fact| fact.place.line)
        .collect();
    let mut at = 0;
    for (line, number) in view.text.text.split_inclusive('\n').zip(1u32..) {
        let body = line.trim().trim_start_matches("- ");
        let image = body.strip_prefix("image:").map(str::trim).filter(|image| is_image(image));
        if let Some(image) = image.filter(|_| !known.contains(&number)) {
            let start = at + line.find(image).unwrap_or(0);
            let workload = Workload {
                target: "helm".to_owned(),
                kind: "template".to_owned(),
                images: vec![helm::with_locals(&view.text.text[..start], image.trim_matches(['"', '\'']))],
                ..Workload::default()
            };
            facts.add(start..start + image.len(), FactKind::Workload(workload.into()));
        }
        at += line.len();
    }
}

fn is_image(text: &str) -> bool {
    !text.is_empty() && !text.starts_with(['#', '{', '[', '|', '>']) || text.starts_with("{{")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::deploy::tests::kinds;

    const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 3\n  template:\n    spec:\n      initContainers:\n        - {name: wait, image: busybox}\n      containers:\n        - name: server\n          image: registry.example/team/web:v1\n          args: [serve, -v]\n          env:\n            - name: GOMEMLIMIT\n              value: 950MiB\n          resources:\n            limits: {memory: 1Gi, cpu: 500m}\n---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nspec: {scaleTargetRef: {name: web}, minReplicas: 2, maxReplicas: 9}\n";

    fn workloads(found: &[FactKind]) -> Vec<&Workload> {
        found.iter().filter_map(|kind| if let FactKind::Workload(one) = kind { Some(&**one) } else { None }).collect()
    }

    #[test]
    fn a_deployment_and_its_autoscaler() {
        let found = kinds(detect, "k8s/web.yaml", DEPLOYMENT);
        let all = workloads(&found);
        let web = all.iter().find(|one| one.kind == "Deployment").unwrap();
        assert_eq!((web.target.as_str(), web.name.as_deref()), ("kubernetes", Some("web")));
        assert_eq!((web.images[0].as_str(), web.command.len()), ("registry.example/team/web:v1", 2));
        assert!(all.iter().any(|one| one.kind == "InitContainer"));
        assert!(found.contains(&FactKind::Memory { what: MemoryWhat::Limit, bytes: 1 << 30 }));
        assert!(found.contains(&FactKind::Tuning { what: "gomemlimit".into(), value: Some("950MiB".into()) }));
        assert!(found.contains(&FactKind::Replicas { min: 2, max: 9 }));
    }

    #[test]
    fn an_autoscalers_bounds_are_shown_where_the_upper_one_is_written() {
        let facts =
            crate::reader::read(crate::parse::Kind::Yaml, &crate::source::Text::new("k8s/web.yaml", DEPLOYMENT));
        let bounds = facts.facts.iter().find(|fact| matches!(fact.kind, FactKind::Replicas { min: 2, .. })).unwrap();
        assert_eq!(&DEPLOYMENT[bounds.place.start as usize..bounds.place.end as usize], "9");
    }

    #[test]
    fn a_template_keeps_what_its_values_are_called() {
        let source = "{{- if .Values.web.create }}\napiVersion: apps/v1\nkind: {{ .Values.kind }}\nmetadata:\n  name: {{ .Values.web.name }}\nspec:\n  template:\n    spec:\n      containers:\n      - name: server\n        image: {{ .Values.repo }}/{{ .Values.web.name }}:{{ .Chart.AppVersion }}\n{{- end }}\n";
        let found = kinds(detect, "chart/templates/web.yaml", source);
        let web = workloads(&found)[0];
        assert_eq!(web.target, "helm");
        assert_eq!(web.images, ["{{ .Values.repo }}/{{ .Values.web.name }}:{{ .Chart.AppVersion }}"]);
        assert_eq!(web.name.as_deref(), Some("{{ .Values.web.name }}"));
    }

    #[test]
    fn a_template_that_is_no_yaml_still_names_its_images() {
        let source = "{{- define \"x\" }}\n  a: [\n   image: {{ .Values.image }}\n{{- end }}\n";
        let found = kinds(detect, "chart/templates/_x.tpl", source);
        assert_eq!(workloads(&found)[0].images, ["{{ .Values.image }}"]);
    }

    #[test]
    fn operators_in_a_bundle_run_their_deployments() {
        let source = "apiVersion: operators.coreos.com/v1alpha1\nkind: ClusterServiceVersion\nmetadata: {name: op.v1}\nspec:\n  install:\n    spec:\n      deployments:\n      - name: op\n        spec:\n          template:\n            spec:\n              containers: [{name: manager, image: r/op:v1}]\n";
        let found = kinds(detect, "bundle/manifests/op.clusterserviceversion.yaml", source);
        assert_eq!(workloads(&found)[0].images, ["r/op:v1"]);
        assert_eq!(kinds(detect, "a.yaml", &source.replace("containers", "owned")), []);
    }

    #[test]
    fn other_files_with_containers_are_silent() {
        assert_eq!(kinds(detect, "a.yaml", "containers:\n  - name: x\n    image: y\n"), []);
        assert_eq!(kinds(detect, "a.yaml", "kind: gate\nimage: x\n"), []);
    }

    #[test]
    fn definitions_and_kustomize_images() {
        let source = "apiVersion: v1\nkind: CustomResourceDefinition\nspec: {containers: [{image: no}]}\n";
        assert_eq!(kinds(detect, "crd.yaml", source), [contract("crd")]);
        let found = kinds(detect, "kustomization.yaml", "images:\n- name: controller\n  newName: r/op\n");
        assert_eq!(found, [FactKind::Mark { name: "kustomize-image".into(), detail: "controller=r/op".into() }]);
    }
}
