//! Functions of the Serverless Framework.
//!
//! *Looks for*: `serverless.yml` and the like: a `provider` and `functions`.
//! *Emits*: `Workload` (target `lambda`, `cloud-function` or `edge` by provider) with handler, artefacts, events,
//! runtime; `Memory` and `Tuning` bound to it.
//! *Misses*: functions in other files (`${file(…)}`), `serverless.ts`.
//! *Example*: `functions: {web: {handler: bin/web, events: [{http: {path: /, method: get}}]}}`.

use super::shared;
use crate::detect::Facts;
use crate::fact::{FactKind, Workload};
use crate::parse::config::ConfigView;
use crate::parse::tree::Node;

pub(crate) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let Some(root) = view.root() else { return };
    let (Some(provider), Some(functions)) = (root.get("provider"), root.get("functions")) else { return };
    let name = provider.as_str().or_else(|| provider.str_at(&["name"])).unwrap_or("");
    let Some(target) = target(name) else { return };
    let frame =
        Frame { target, root, provider, is_rust: plugins(root).any(|plugin| plugin.contains("serverless-rust")) };
    for group in functions.one_or_many() {
        for (key, function) in group.entries().filter(|(_, function)| function.is_map()) {
            one(&frame, key, function, facts);
        }
    }
}

struct Frame<'a> {
    target: &'static str,
    root: &'a Node,
    provider: &'a Node,
    is_rust: bool,
}

fn target(provider: &str) -> Option<&'static str> {
    Some(match provider {
        "aws" => "lambda",
        "cloudflare" | "cloudflare-workers" => "edge",
        "google" | "azure" | "openwhisk" | "fn" | "tencent" | "aliyun" | "kubeless" | "knative" | "spotinst"
        | "scaleway" | "ovh" | "yandex-cloud" | "stackpath" => "cloud-function",
        _ => return None,
    })
}

fn plugins(root: &Node) -> impl Iterator<Item = &str> {
    let listed = root.get("plugins").map(|plugins| plugins.get("modules").unwrap_or(plugins));
    listed.map(Node::one_or_many).unwrap_or_default().iter().filter_map(Node::as_str)
}

fn one(frame: &Frame<'_>, key: &str, function: &Node, facts: &mut Facts<'_, '_>) {
    let own = |name: &str| function.get(name).or_else(|| frame.provider.get(name));
    let image = function.get("image").and_then(|image| image.get("uri").or_else(|| image.get("name")).or(Some(image)));
    let runtime = own("runtime").and_then(Node::written).map(str::to_owned);
    if runtime.as_deref().is_some_and(shared::is_foreign_runtime) && !frame.is_rust {
        return;
    }
    let workload = Workload {
        target: frame.target.to_owned(),
        kind: "function".to_owned(),
        name: Some(key.to_owned()),
        aliases: function.get("name").and_then(Node::written).map(str::to_owned).into_iter().collect(),
        images: image.and_then(Node::written).map(str::to_owned).into_iter().collect(),
        artifacts: artifacts(frame.root, function),
        events: events(function),
        runtime: if frame.is_rust { Some("rust".to_owned()) } else { runtime },
        ..Workload::default()
    };
    let range = function.get("handler").or(image).unwrap_or(function).range.clone();
    let index = facts.add(range, FactKind::Workload(workload.into()));
    shared::memory_mib(own("memorySize"), index, facts);
    shared::tuning_in(frame.provider.get("environment"), index, facts);
    shared::tuning_in(function.get("environment"), index, facts);
}

/// The handler first; then what the package holds, the function's own or the service's.
fn artifacts(root: &Node, function: &Node) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let handler = ["handler", "script", "worker", "entryPoint"].iter().find_map(|key| function.get(key));
    found.extend(handler.and_then(Node::written).map(str::to_owned));
    let package = function.get("package").or_else(|| root.get("package"));
    for key in ["artifact", "include", "patterns", "path"] {
        let listed = package.and_then(|package| package.get(key)).map(Node::one_or_many).unwrap_or_default();
        let kept = listed.iter().filter_map(Node::written).filter(|path| !path.starts_with('!'));
        found.extend(kept.map(str::to_owned));
    }
    found
}

fn events(function: &Node) -> Vec<String> {
    let listed = function.get("events").map(Node::items).unwrap_or_default();
    let names =
        listed.iter().filter_map(|event| event.as_str().or_else(|| event.entries().next().map(|(name, _)| name)));
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::deploy::tests::kinds;
    use crate::fact::MemoryWhat;

    #[test]
    fn functions_by_provider() {
        let source = "service: s\nprovider:\n  name: aws\n  runtime: go1.x\n  memorySize: 128\npackage:\n  patterns: ['!./**', ./bin/**]\nfunctions:\n  hello:\n    handler: bin/hello\n    events:\n      - httpApi: {path: /, method: get}\n      - schedule: rate(1 day)\n";
        let found = kinds(detect, "serverless.yml", source);
        let FactKind::Workload(hello) = &found[0] else { panic!("{found:?}") };
        assert_eq!((hello.target.as_str(), hello.runtime.as_deref()), ("lambda", Some("go1.x")));
        assert_eq!(hello.artifacts, ["bin/hello", "./bin/**"]);
        assert_eq!(hello.events, ["httpApi", "schedule"]);
        assert_eq!(found[1], FactKind::Memory { what: MemoryWhat::Limit, bytes: 128 << 20 });
    }

    #[test]
    fn look_alikes_are_silent() {
        let script = "provider: {name: aws, runtime: nodejs20.x}\nfunctions: {hello: {handler: handler.hello}}\n";
        assert_eq!(kinds(detect, "serverless.yml", script), []);
        assert_eq!(kinds(detect, "a.yml", "provider: mysql\nfunctions: {x: {handler: y}}\n"), []);
        assert_eq!(kinds(detect, "a.yml", "functions: {x: {handler: y}}\n"), []);
    }
}
