//! Functions and containers of clouds: SAM and CloudFormation, Terraform, Nomad.
//!
//! *Looks for*: resources of type `AWS::Serverless::Function`, `AWS::Lambda::Function`, `AWS::ECS::TaskDefinition`;
//! Terraform resources for functions, Cloud Run, ECS and Kubernetes; Nomad jobs.
//! *Emits*: `Workload` (`lambda`, `cloud-function`, `cloud-run`, `ecs`, `kubernetes`, `nomad`), `Memory`, `Tuning`, `Replicas`.
//! *Misses*: Terraform modules, values of variables, tasks written as JSON strings.
//! *Example*: `Type: AWS::Serverless::Function`, `Properties: {CodeUri: hello/, Handler: bootstrap}`.

use super::shared::{self, Units};
use crate::detect::Facts;
use crate::fact::{Binding, FactKind, ImageBuild, MemoryWhat, Workload};
use crate::parse::Kind;
use crate::parse::config::ConfigView;
use crate::parse::tree::Node;
use crate::path;

pub(crate) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let Some(root) = view.root() else { return };
    if view.kind == Kind::Hcl {
        terraform(root, facts);
        for (_, jobs) in root.entries().filter(|(key, _)| *key == "job") {
            jobs.entries().for_each(|(name, job)| nomad(name, job, facts));
        }
    } else if let Some(resources) = root.get("Resources").filter(|resources| resources.is_map()) {
        let globals = root.path(&["Globals", "Function"]);
        for (name, resource) in resources.entries() {
            cloudformation(view, name, resource, globals, facts);
        }
    } else if let Some(containers) = root.get("containerDefinitions").filter(|_| root.get("family").is_some()) {
        containers.items().iter().for_each(|container| task(container, facts));
    }
}

fn text(node: Option<&Node>) -> Option<String> {
    node.and_then(Node::written).map(str::to_owned)
}

/// A container of an ECS task definition that stands in a file of its own.
fn task(container: &Node, facts: &mut Facts<'_, '_>) {
    let workload = Workload {
        target: "ecs".to_owned(),
        kind: "service".to_owned(),
        name: text(container.get("name")),
        images: text(container.get("image")).into_iter().collect(),
        command: shared::command(container.get("command")),
        ..Workload::default()
    };
    let index = facts.add(container.range.clone(), FactKind::Workload(workload.into()));
    shared::memory_mib(container.get("memory"), index, facts);
    shared::tuning_in(container.get("environment"), index, facts);
}

fn cloudformation(
    view: &ConfigView<'_>,
    name: &str,
    resource: &Node,
    globals: Option<&Node>,
    facts: &mut Facts<'_, '_>,
) {
    let Some(properties) = resource.get("Properties") else { return };
    match resource.str_at(&["Type"]) {
        Some("AWS::Serverless::Function" | "AWS::Lambda::Function") => {
            lambda(view, name, resource, properties, globals, facts);
        }
        Some("AWS::ECS::TaskDefinition") => {
            for container in properties.get("ContainerDefinitions").map(Node::items).unwrap_or_default() {
                let workload = Workload {
                    target: "ecs".to_owned(),
                    kind: "service".to_owned(),
                    name: text(container.get("Name")),
                    images: text(container.get("Image")).into_iter().collect(),
                    command: shared::command(container.get("Command")),
                    ..Workload::default()
                };
                let index = facts.add(container.range.clone(), FactKind::Workload(workload.into()));
                shared::memory_mib(container.get("Memory"), index, facts);
            }
        }
        _ => {}
    }
}

fn lambda(
    view: &ConfigView<'_>,
    name: &str,
    resource: &Node,
    properties: &Node,
    globals: Option<&Node>,
    facts: &mut Facts<'_, '_>,
) {
    let own = |key: &str| properties.get(key).or_else(|| globals.and_then(|globals| globals.get(key)));
    let metadata = |key: &str| resource.path(&["Metadata", key]).and_then(Node::written);
    if own("Runtime").and_then(Node::as_str).is_some_and(shared::is_foreign_runtime) {
        return;
    }
    let artifacts = [own("CodeUri"), own("Handler"), own("Code").and_then(|code| code.get("ZipFile"))];
    let events = properties.get("Events").into_iter().flat_map(Node::entries);
    let build = metadata("DockerContext").and_then(|context| {
        let context = shared::from_root(view.text.path, context)?;
        let dockerfile = metadata("Dockerfile").map(|file| format!("{context}/{file}"));
        Some(ImageBuild {
            dockerfile: dockerfile.and_then(|path| path::normal(&path)),
            context,
            ..ImageBuild::default()
        })
    });
    let method = metadata("BuildMethod").filter(|method| method.contains("rust"));
    let workload = Workload {
        target: "lambda".to_owned(),
        kind: "function".to_owned(),
        name: Some(name.to_owned()),
        aliases: text(own("FunctionName")).into_iter().collect(),
        images: text(own("ImageUri")).into_iter().collect(),
        build,
        artifacts: artifacts.into_iter().filter_map(text).collect(),
        events: events.filter_map(|(_, event)| event.str_at(&["Type"]).map(str::to_owned)).collect(),
        runtime: method.map(|_| "rust".to_owned()).or_else(|| text(own("Runtime"))),
        ..Workload::default()
    };
    let at = properties.get("CodeUri").or_else(|| properties.get("Handler")).unwrap_or(properties);
    let index = facts.add(at.range.clone(), FactKind::Workload(workload.into()));
    shared::memory_mib(own("MemorySize"), index, facts);
    shared::tuning_in(properties.path(&["Environment", "Variables"]), index, facts);
}

fn terraform(root: &Node, facts: &mut Facts<'_, '_>) {
    for (_, types) in root.entries().filter(|(key, _)| *key == "resource") {
        for (kind, resources) in types.entries() {
            for (name, resource) in resources.entries() {
                terraform_resource(kind, name, resource, facts);
            }
        }
    }
}

fn terraform_resource(kind: &str, name: &str, resource: &Node, facts: &mut Facts<'_, '_>) {
    let target = match kind {
        "aws_lambda_function" => "lambda",
        "google_cloud_run_service" | "google_cloud_run_v2_service" | "google_cloud_run_v2_job" => "cloud-run",
        "aws_ecs_task_definition" => "ecs",
        "azurerm_container_app" => "cloud-run",
        "google_cloudfunctions_function"
        | "google_cloudfunctions2_function"
        | "azurerm_linux_function_app"
        | "azurerm_function_app"
        | "alicloud_fc_function"
        | "digitalocean_app"
        | "scaleway_function" => "cloud-function",
        _ if kind.starts_with("kubernetes_")
            && ["deployment", "daemonset", "daemon_set", "stateful_set", "job", "cron_job", "pod"]
                .iter()
                .any(|word| kind.contains(word)) =>
        {
            "kubernetes"
        }
        _ => return,
    };
    let mut images = Vec::new();
    let mut command = Vec::new();
    resource.walk(&mut |path, node| match path.last() {
        Some(&("image" | "image_uri")) => images.extend(text(Some(node))),
        Some(&("command" | "args")) if command.len() < 50 => command.extend(shared::command(Some(node))),
        _ => {}
    });
    let own = |key: &str| resource.get(key);
    let build = resource.path(&["build_config", "runtime"]);
    if own("runtime").or(build).and_then(Node::as_str).is_some_and(shared::is_foreign_runtime) {
        return;
    }
    let artifacts = [own("filename"), own("handler"), own("entry_point"), own("s3_key"), own("source_dir")];
    let workload = Workload {
        target: target.to_owned(),
        kind: if matches!(target, "lambda" | "cloud-function") { "function" } else { "service" }.to_owned(),
        name: Some(name.to_owned()),
        aliases: [own("function_name"), own("name"), own("family")].into_iter().filter_map(text).collect(),
        images,
        command,
        artifacts: artifacts.into_iter().filter_map(text).collect(),
        runtime: text(own("runtime").or(build)),
        ..Workload::default()
    };
    let at = own("filename").or_else(|| own("handler")).or_else(|| own("image_uri")).unwrap_or(resource);
    let index = facts.add(at.range.start..at.range.start + 1, FactKind::Workload(workload.into()));
    shared::memory_mib(own("memory_size").or_else(|| own("available_memory_mb")), index, facts);
    shared::tuning_in(resource.path(&["environment", "variables"]), index, facts);
}

fn nomad(name: &str, job: &Node, facts: &mut Facts<'_, '_>) {
    let kind = match job.str_at(&["type"]) {
        Some("batch" | "sysbatch") => "batch",
        Some("system") => "system",
        _ => "service",
    };
    for (_, groups) in job.entries().filter(|(key, _)| *key == "group") {
        for (_, group) in groups.entries() {
            let count = group.get("count");
            for (_, tasks) in group.entries().filter(|(key, _)| *key == "task") {
                tasks.entries().for_each(|(task_name, task)| nomad_task(name, kind, count, task_name, task, facts));
            }
        }
    }
}

fn nomad_task(job: &str, kind: &str, count: Option<&Node>, name: &str, task: &Node, facts: &mut Facts<'_, '_>) {
    let mut command = shared::command(task.path(&["config", "command"]));
    command.extend(shared::command(task.path(&["config", "args"])));
    let workload = Workload {
        target: "nomad".to_owned(),
        kind: kind.to_owned(),
        name: Some(job.to_owned()),
        aliases: vec![name.to_owned()],
        images: text(task.path(&["config", "image"])).into_iter().collect(),
        command,
        ..Workload::default()
    };
    let at = task.path(&["config", "image"]).or_else(|| task.path(&["config", "command"])).unwrap_or(task);
    let index = facts.add(at.range.clone(), FactKind::Workload(workload.into()));
    shared::memory_mib(task.path(&["resources", "memory"]), index, facts);
    shared::tuning_in(task.get("env"), index, facts);
    if let Some((node, n)) = count.and_then(|node| Some((node, u32::try_from(node.as_u64()?).ok()?))) {
        facts.add_bound(node.range.clone(), FactKind::Replicas { min: n, max: n }, Binding::Workload(index));
    }
    if let Some(maximum) = task.path(&["resources", "memory_max"])
        && let Some(bytes) = maximum.as_str().and_then(|text| shared::bytes(&format!("{text}Mi"), Units::Binary))
    {
        let kind = FactKind::Memory { what: MemoryWhat::Limit, bytes };
        facts.add_bound(maximum.range.clone(), kind, Binding::Workload(index));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::deploy::tests::kinds;

    fn workload(kind: &FactKind) -> &Workload {
        let FactKind::Workload(one) = kind else { panic!("{kind:?}") };
        one
    }

    #[test]
    fn sam_functions() {
        let source = "Globals: {Function: {MemorySize: 256, Runtime: provided.al2023}}\nResources:\n  Hello:\n    Type: AWS::Serverless::Function\n    Metadata: {BuildMethod: rust-cargolambda}\n    Properties:\n      CodeUri: ./hello/\n      Handler: bootstrap\n      Events: {A: {Type: Api}}\n  Bucket: {Type: AWS::S3::Bucket, Properties: {}}\n";
        let found = kinds(detect, "template.yaml", source);
        assert_eq!((workload(&found[0]).artifacts.len(), workload(&found[0]).runtime.as_deref()), (2, Some("rust")));
        assert_eq!(workload(&found[0]).events, ["Api"]);
        assert_eq!(found[1], FactKind::Memory { what: MemoryWhat::Limit, bytes: 256 << 20 });
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn task_definitions() {
        let source = "{\"family\": \"web\", \"containerDefinitions\": [{\"name\": \"web\", \"image\": \"r/web:1\", \"memory\": 64}]}";
        let found = kinds(detect, "task-definition.json", source);
        assert_eq!((workload(&found[0]).images.len(), found.len()), (1, 2));
        assert_eq!(kinds(detect, "a.json", "{\"containerDefinitions\": [{\"name\": \"x\"}]}"), []);
    }

    #[test]
    fn the_most_memory_of_a_task_is_shown_where_it_is_written() {
        let source = "job \"web\" {\n  group \"g\" {\n    task \"server\" {\n      config { image = \"r/web:1\" }\n      resources {\n        memory = 64\n        memory_max = 1024\n      }\n    }\n  }\n}\n";
        let facts = crate::reader::read(crate::parse::Kind::Hcl, &crate::source::Text::new("web.nomad", source)).facts;
        let memory = facts.iter().filter(|fact| matches!(fact.kind, FactKind::Memory { .. }));
        let shown: Vec<&str> = memory.map(|fact| &source[fact.place.start as usize..fact.place.end as usize]).collect();
        assert_eq!(shown, ["64", "1024"]);
    }

    #[test]
    fn terraform_and_nomad() {
        let source = "resource \"aws_lambda_function\" \"a\" {\n  function_name = \"api\"\n  filename = \"bin/api.zip\"\n  handler = \"bootstrap\"\n  runtime = \"provided.al2\"\n}\nresource \"aws_s3_bucket\" \"b\" {}\n";
        let found = kinds(detect, "main.tf", source);
        assert_eq!((found.len(), workload(&found[0]).artifacts[0].as_str()), (1, "bin/api.zip"));
        let source = "job \"web\" {\n  group \"g\" {\n    count = 3\n    task \"server\" {\n      driver = \"docker\"\n      config { image = \"r/web:1\" }\n      resources { memory = 64 }\n    }\n  }\n}\n";
        let found = kinds(detect, "web.nomad", source);
        assert_eq!(workload(&found[0]).images, ["r/web:1"]);
        assert!(found.contains(&FactKind::Replicas { min: 3, max: 3 }));
    }
}
