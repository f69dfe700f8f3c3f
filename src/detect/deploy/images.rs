//! Files that tell how images are built and what they are called: bake, Skaffold, Tilt-like build lists, `ko://`.
//!
//! *Looks for*: `docker-bake.{hcl,json}`, `skaffold.yaml`.
//! *Emits*: `Image` with names, context, Dockerfile, stage and arguments.
//! *Misses*: bake functions and matrices; values kept in variables of other files.
//! *Example*: `target "web" { context = "." dockerfile = "web/Dockerfile" tags = ["r/web"] }`.

use super::shared;
use crate::detect::Facts;
use crate::fact::{FactKind, Image};
use crate::parse::config::ConfigView;
use crate::parse::tree::Node;
use crate::path;

pub(crate) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let name = view.name().to_ascii_lowercase();
    if name.contains("bake") {
        view.documents.iter().for_each(|root| bake(view, root, facts));
    } else if name.starts_with("skaffold") {
        view.documents.iter().for_each(|root| skaffold(view, root, facts));
    }
}

fn strings(node: Option<&Node>) -> Vec<String> {
    node.map(Node::one_or_many).unwrap_or_default().iter().filter_map(Node::written).map(str::to_owned).collect()
}

fn pairs(node: Option<&Node>) -> Vec<(String, String)> {
    let entries = node.into_iter().flat_map(Node::entries);
    entries.filter_map(|(name, value)| Some((name.to_owned(), value.written()?.to_owned()))).collect()
}

/// Puts a Dockerfile into its context, and both on the root.
fn placed(file: &str, context: &str, dockerfile: Option<&str>) -> (Option<String>, Option<String>) {
    let context = shared::from_root(file, context);
    let dockerfile = dockerfile.and_then(|path| path::normal(&format!("{}/{path}", context.as_deref().unwrap_or("."))));
    (context, dockerfile)
}

fn bake(view: &ConfigView<'_>, root: &Node, facts: &mut Facts<'_, '_>) {
    for (_, targets) in root.entries().filter(|(key, _)| *key == "target") {
        for (name, target) in targets.entries().filter(|(name, _)| !name.starts_with('_')) {
            let text = |key: &str| target.get(key).and_then(Node::written);
            let (context, dockerfile) = placed(view.text.path, text("context").unwrap_or("."), text("dockerfile"));
            let mut names = strings(target.get("tags"));
            names.push(name.to_owned());
            let image = Image {
                names,
                context,
                dockerfile,
                stage: text("target").map(str::to_owned),
                args: pairs(target.get("args")),
                ..Image::default()
            };
            facts.add(target.range.clone(), FactKind::Image(image.into()));
        }
    }
}

fn skaffold(view: &ConfigView<'_>, root: &Node, facts: &mut Facts<'_, '_>) {
    let profiles = root.get("profiles").map(Node::items).unwrap_or_default();
    for holder in std::iter::once(root).chain(profiles) {
        for artifact in holder.path(&["build", "artifacts"]).map(Node::items).unwrap_or_default() {
            let Some(name) = artifact.get("image").and_then(Node::written) else { continue };
            let context = artifact.get("context").and_then(Node::written).unwrap_or(".");
            let dockerfile = artifact.path(&["docker", "dockerfile"]).and_then(Node::written);
            let (context, dockerfile) = placed(view.text.path, context, dockerfile.or(Some("Dockerfile")));
            let main = artifact.path(&["ko", "main"]).and_then(Node::written).map(str::to_owned);
            let image = Image {
                names: vec![name.to_owned()],
                context,
                dockerfile,
                stage: artifact.path(&["docker", "target"]).and_then(Node::written).map(str::to_owned),
                copies: main.into_iter().collect(),
                args: pairs(artifact.path(&["docker", "buildArgs"])),
                ..Image::default()
            };
            facts.add(artifact.range.clone(), FactKind::Image(image.into()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::deploy::tests::kinds;

    fn image(kind: &FactKind) -> &Image {
        let FactKind::Image(image) = kind else { panic!("{kind:?}") };
        image
    }

    #[test]
    fn bake_and_skaffold() {
        let source = "target \"web\" {\n  context = \"..\"\n  dockerfile = \"web/Dockerfile\"\n  tags = [\"r/web:1\"]\n  args = { BIN = \"web\" }\n}\ntarget \"_base\" {}\n";
        let found = kinds(detect, "deploy/docker-bake.hcl", source);
        assert_eq!((found.len(), image(&found[0]).context.as_deref()), (1, Some(".")));
        assert_eq!(image(&found[0]).dockerfile.as_deref(), Some("web/Dockerfile"));
        let source = "build:\n  artifacts:\n  - image: web\n    context: src/web\n";
        let found = kinds(detect, "skaffold.yaml", source);
        assert_eq!(image(&found[0]).dockerfile.as_deref(), Some("src/web/Dockerfile"));
        assert_eq!(kinds(detect, "other.yaml", source), []);
    }
}
