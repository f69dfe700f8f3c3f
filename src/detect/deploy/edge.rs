//! Edge platforms, WebAssembly platforms and platforms as a service.
//!
//! *Looks for*: `wrangler.{toml,json,jsonc}`, `fastly.toml`, `spin.toml`, wadm manifests (`core.oam.dev`), `.wash/config`,
//! `fly.toml`, `app.yaml` of App Engine, `render.yaml`, `railway.*`, `heroku.yml`, Azure `host.json`, `project.toml`.
//! *Emits*: `Workload` (`edge`, `wasm-wasi`, `paas`, `cloud-function`), `Build` for build commands they hold.
//! *Misses*: the language of a project without a build command; dashboards.
//! *Example*: `[build]` / `command = "worker-build --release"` in `wrangler.toml`.

use super::script::emit_one;
use super::shared;
use crate::detect::Facts;
use crate::fact::{Build, FactKind, ImageBuild, Workload};
use crate::parse::config::ConfigView;
use crate::parse::shell::{self, Variables};
use crate::parse::tree::Node;

pub(crate) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let Some(root) = view.root() else { return };
    match view.name() {
        "wrangler.toml" | "wrangler.json" | "wrangler.jsonc" => wrangler(root, facts),
        "fastly.toml" => fastly(root, facts),
        "spin.toml" => spin(root, facts),
        "fly.toml" => fly(view.text.path, root, facts),
        "app.yaml" | "app.yml" => app_engine(view.text.path, root, facts),
        "host.json" => azure(root, facts),
        "render.yaml" | "render.yml" => render(root, facts),
        "project.toml" => buildpacks(root, facts),
        "railway.toml" | "railway.json" => {
            platform(view.text.path, root, &["build", "buildCommand"], &["deploy", "startCommand"], facts)
        }
        "heroku.yml" => platform(view.text.path, root, &["build"], &["run", "web"], facts),
        _ => view.documents.iter().for_each(|document| wadm(document, facts)),
    }
    if view.text.path.contains(".wash/config") {
        wash(root, facts);
    }
}

/// Adds the builds of a command line that stands in a scalar; returns whether there was one.
fn command(node: Option<&Node>, facts: &mut Facts<'_, '_>) -> Vec<String> {
    let Some((node, line)) = node.and_then(|node| Some((node, node.written()?))) else { return Vec::new() };
    for mut command in shell::commands(line, 0, &mut Variables::default()) {
        command.range = node.range.clone();
        emit_one(&command, "build-file", &[], facts);
    }
    line.split_whitespace().map(str::to_owned).collect()
}

struct Found<'a> {
    target: &'static str,
    kind: &'static str,
    name: Option<&'a Node>,
    command: Vec<String>,
    artifacts: Vec<Option<&'a Node>>,
    runtime: Option<&'a Node>,
    /// The platform builds what lies here: the Dockerfile, or whatever the place holds.
    build: Option<ImageBuild>,
}

/// The directory of a file as what a platform builds, with the Dockerfile that it names.
fn built_here(path: &str, dockerfile: Option<&Node>) -> Option<ImageBuild> {
    let context = shared::from_root(path, ".")?;
    let dockerfile = dockerfile.and_then(Node::written).map(str::to_owned);
    Some(ImageBuild { context, dockerfile, ..ImageBuild::default() })
}

fn workload(at: &Node, found: Found<'_>, facts: &mut Facts<'_, '_>) {
    let text = |node: Option<&Node>| node.and_then(Node::written).map(str::to_owned);
    let workload = Workload {
        target: found.target.to_owned(),
        kind: found.kind.to_owned(),
        name: text(found.name),
        command: found.command,
        artifacts: found.artifacts.into_iter().filter_map(text).collect(),
        runtime: text(found.runtime),
        build: found.build,
        ..Workload::default()
    };
    facts.add(at.range.start..at.range.start + 1, FactKind::Workload(workload.into()));
}

fn wrangler(root: &Node, facts: &mut Facts<'_, '_>) {
    let build = root.path(&["build", "command"]);
    // Sites without a program of their own (docs, static assets) have no worker.
    if root.get("main").is_none() && build.is_none() && root.str_at(&["type"]) != Some("rust") {
        return;
    }
    let command = command(build, facts);
    let artifacts = vec![root.get("main"), root.path(&["build", "cwd"])];
    let runtime = root.get("type");
    let found =
        Found { target: "edge", kind: "function", name: root.get("name"), command, artifacts, runtime, build: None };
    workload(build.or(root.get("main")).unwrap_or(root), found, facts);
}

fn fastly(root: &Node, facts: &mut Facts<'_, '_>) {
    let language = root.get("language");
    let command = command(root.path(&["scripts", "build"]), facts);
    let found = Found {
        target: "edge",
        kind: "function",
        name: root.get("name"),
        command,
        artifacts: vec![],
        runtime: language,
        build: None,
    };
    workload(language.unwrap_or(root), found, facts);
}

fn spin(root: &Node, facts: &mut Facts<'_, '_>) {
    let Some(components) = root.get("component") else { return };
    let listed = components.items().iter().map(|one| (one.get("id"), one));
    let named = components.pairs().iter().map(|(name, one)| (Some(name), one));
    for (name, component) in listed.chain(named).collect::<Vec<_>>() {
        let build = component.path(&["build", "command"]);
        let command = command(build, facts);
        let source = component.get("source").or_else(|| component.path(&["source", "url"]));
        let artifacts = vec![source, component.path(&["build", "workdir"])];
        let found = Found { target: "edge", kind: "component", name, command, artifacts, runtime: None, build: None };
        workload(build.or(source).unwrap_or(component), found, facts);
    }
}

fn fly(path: &str, root: &Node, facts: &mut Facts<'_, '_>) {
    let dockerfile = root.path(&["build", "dockerfile"]);
    let build = built_here(path, dockerfile).filter(|_| root.path(&["build", "image"]).is_none());
    let artifacts = vec![dockerfile, root.path(&["build", "image"])];
    let name = root.get("app");
    let found = Found { target: "paas", kind: "service", name, command: vec![], artifacts, runtime: None, build };
    workload(root, found, facts);
}

fn app_engine(path: &str, root: &Node, facts: &mut Facts<'_, '_>) {
    let is_go =
        |runtime: &str| runtime.strip_prefix("go").is_some_and(|v| v.chars().all(|letter| letter.is_ascii_digit()));
    let runtime = root.get("runtime");
    let is_flexible = root.str_at(&["env"]) == Some("flex") || root.str_at(&["env"]) == Some("flexible");
    if !is_flexible && !runtime.and_then(Node::as_str).is_some_and(is_go) {
        return;
    }
    let command = command(root.get("entrypoint"), facts);
    let artifacts = vec![root.get("main")];
    let found = Found {
        target: "paas",
        kind: "service",
        name: root.get("service"),
        command,
        artifacts,
        runtime,
        build: built_here(path, None),
    };
    workload(runtime.unwrap_or(root), found, facts);
}

fn azure(root: &Node, facts: &mut Facts<'_, '_>) {
    let Some(path) = root.path(&["customHandler", "description", "defaultExecutablePath"]) else { return };
    let found = Found {
        target: "cloud-function",
        kind: "function",
        name: None,
        command: vec![],
        artifacts: vec![Some(path)],
        runtime: None,
        build: None,
    };
    workload(path, found, facts);
}

fn render(root: &Node, facts: &mut Facts<'_, '_>) {
    for service in root.get("services").map(Node::items).unwrap_or_default() {
        command(service.get("buildCommand"), facts);
        let start = shell_words(service.get("startCommand"));
        let artifacts = vec![service.get("rootDir"), service.get("dockerfilePath")];
        let runtime = service.get("env").or_else(|| service.get("runtime"));
        let found = Found {
            target: "paas",
            kind: "service",
            name: service.get("name"),
            command: start,
            artifacts,
            runtime,
            build: None,
        };
        workload(service, found, facts);
    }
}

/// Settings of Cloud Native Buildpacks: a variable says which Go program is built.
fn buildpacks(root: &Node, facts: &mut Facts<'_, '_>) {
    let old = root.path(&["build", "env"]).map(Node::items).unwrap_or_default();
    let new = root.path(&["io", "buildpacks", "build", "env"]).map(Node::items).unwrap_or_default();
    for variable in old.iter().chain(new) {
        let Some(value) = variable.get("value").filter(|_| variable.str_at(&["name"]) == Some("BP_GO_TARGETS")) else {
            continue;
        };
        let packages = value.written().unwrap_or("").split(':').map(str::to_owned).collect();
        let build = Build { tool: "go".to_owned(), packages, source: "build-file".to_owned(), ..Build::default() };
        facts.add(value.range.clone(), FactKind::Build(build.into()));
    }
}

fn shell_words(node: Option<&Node>) -> Vec<String> {
    node.and_then(Node::written).unwrap_or("").split_whitespace().map(str::to_owned).collect()
}

fn platform(path: &str, root: &Node, line: &[&str], start: &[&str], facts: &mut Facts<'_, '_>) {
    command(root.path(line), facts);
    let command = shell_words(root.path(start));
    let dockerfile = root.path(&["build", "dockerfilePath"]).or_else(|| root.path(&["build", "docker", "web"]));
    let build = built_here(path, dockerfile);
    let artifacts = vec![dockerfile];
    let found = Found { target: "paas", kind: "service", name: None, command, artifacts, runtime: None, build };
    workload(root, found, facts);
}

/// wasmCloud applications in the Open Application Model.
fn wadm(document: &Node, facts: &mut Facts<'_, '_>) {
    if !document.str_at(&["apiVersion"]).is_some_and(|version| version.starts_with("core.oam.dev")) {
        return;
    }
    for component in document.path(&["spec", "components"]).map(Node::items).unwrap_or_default() {
        if component.str_at(&["type"]) != Some("component") {
            continue;
        }
        let image = component.path(&["properties", "image"]);
        let found = Found {
            target: "wasm-wasi",
            kind: "component",
            name: component.get("name"),
            command: vec![],
            artifacts: vec![image],
            runtime: None,
            build: None,
        };
        workload(image.unwrap_or(component), found, facts);
    }
}

fn wash(root: &Node, facts: &mut Facts<'_, '_>) {
    let build = root.path(&["build", "command"]).or_else(|| root.path(&["build", "custom_command"]));
    let artifact = root.path(&["build", "component_path"]).or_else(|| root.path(&["build", "artifact_path"]));
    let command = command(build, facts);
    if build.is_none() && artifact.is_none() {
        return;
    }
    let artifacts = vec![artifact];
    let found =
        Found { target: "wasm-wasi", kind: "component", name: None, command, artifacts, runtime: None, build: None };
    workload(build.or(artifact).unwrap_or(root), found, facts);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::deploy::tests::kinds;

    fn targets(path: &str, source: &str) -> Vec<String> {
        let one = |kind: FactKind| match kind {
            FactKind::Workload(one) => Some(one.target),
            FactKind::Build(build) => Some(build.tool),
            _ => None,
        };
        kinds(detect, path, source).into_iter().filter_map(one).collect()
    }

    #[test]
    fn platforms_and_their_builds() {
        for (path, source, expected) in [
            (
                "wrangler.toml",
                "name = \"a\"\nmain = \"build/worker/shim.mjs\"\n[build]\ncommand = \"worker-build --release\"\n",
                vec!["worker-build", "edge"],
            ),
            ("wrangler.toml", "name = \"docs\"\n[assets]\ndirectory = \"dist\"\n", vec![]),
            (
                "fastly.toml",
                "language = \"go\"\n[scripts]\nbuild = \"GOARCH=wasm GOOS=wasip1 go build -o bin/main.wasm .\"\n",
                vec!["go", "edge"],
            ),
            (
                "spin.toml",
                "[component.a]\nsource = \"a.wasm\"\n[component.a.build]\ncommand = \"cargo build --target wasm32-wasip1\"\n",
                vec!["cargo", "edge"],
            ),
            (
                "wadm.yaml",
                "apiVersion: core.oam.dev/v1beta1\nkind: Application\nspec:\n  components:\n    - {name: a, type: component, properties: {image: x}}\n    - {name: b, type: capability}\n",
                vec!["wasm-wasi"],
            ),
            ("app.yaml", "runtime: go122\n", vec!["paas"]),
            ("app.yaml", "apiVersion: v1\nkind: Pod\nruntime: x\n", vec![]),
            (
                "host.json",
                "{\"customHandler\": {\"description\": {\"defaultExecutablePath\": \"handler\"}}}",
                vec!["cloud-function"],
            ),
            ("fly.toml", "app = \"a\"\n", vec!["paas"]),
            (
                "railway.toml",
                "[build]\nbuildCommand = \"cargo build -p a\"\n[deploy]\nstartCommand = \"./target/release/a\"\n",
                vec!["cargo", "paas"],
            ),
            ("railway.json", "{\"build\": {\"dockerfilePath\": \"Dockerfile\"}}", vec!["paas"]),
            ("heroku.yml", "build:\n  docker: {web: Dockerfile}\nrun: {web: ./a}\n", vec!["paas"]),
            (
                "render.yaml",
                "services:\n- {type: web, name: a, buildCommand: go build -o a ./cmd/a, startCommand: ./a}\n",
                vec!["go", "paas"],
            ),
            ("render.yaml", "databases:\n- name: db\n", vec![]),
            ("app.yaml", "runtime: custom\nenv: flex\n", vec!["paas"]),
            ("app.yaml", "runtime: python312\n", vec![]),
            ("host.json", "{\"version\": \"2.0\"}", vec![]),
            ("project.toml", "[[build.env]]\nname = \"BP_GO_TARGETS\"\nvalue = \"./cmd/a\"\n", vec!["go"]),
            ("project.toml", "[project]\nname = \"x\"\n", vec![]),
            ("spin.toml", "spin_version = \"1\"\n", vec![]),
        ] {
            assert_eq!(targets(path, source), expected, "{path}");
        }
    }
}
