//! Packages that leeway builds.
//!
//! *Looks for*: `BUILD.yaml` with `packages`, each with a `type`.
//! *Emits*: `Build` for packages of type `go`, and for the commands of generic ones; `Image` for those of type `docker`.
//! *Misses*: scripts that run before; packages made by `BUILD.js`.
//! *Example*: `packages: [{name: app, type: go, config: {packaging: app}}]`.

use super::script::emit_one;
use super::shared;
use crate::detect::Facts;
use crate::fact::{Build, FactKind, Image};
use crate::parse::config::ConfigView;
use crate::parse::shell::{self, Variables};
use crate::parse::tree::Node;

pub(crate) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    if !matches!(view.name(), "BUILD.yaml" | "BUILD.yml") {
        return;
    }
    let Some(root) = view.root() else { return };
    for package in root.get("packages").map(Node::items).unwrap_or_default() {
        let Some(kind) = package.get("type") else { continue };
        match kind.as_str() {
            Some("go") => go(package, kind, facts),
            Some("docker") => docker(view, package, kind, facts),
            Some("generic") => generic(package, facts),
            _ => {}
        }
    }
}

/// Libraries are packages too; only programs are built to be shipped.
fn go(package: &Node, at: &Node, facts: &mut Facts<'_, '_>) {
    if package.str_at(&["config", "packaging"]) == Some("library") {
        return;
    }
    let directory = package.path(&["config", "buildCommand"]).map(Node::one_or_many).unwrap_or_default();
    let words: Vec<String> = directory.iter().filter_map(Node::written).map(str::to_owned).collect();
    let last = words.last().filter(|word| word.starts_with('.')).cloned();
    let build = Build {
        tool: "go".to_owned(),
        packages: vec![last.unwrap_or_else(|| ".".to_owned())],
        source: "build-file".to_owned(),
        ..Build::default()
    };
    facts.add(at.range.clone(), FactKind::Build(build.into()));
}

fn docker(view: &ConfigView<'_>, package: &Node, at: &Node, facts: &mut Facts<'_, '_>) {
    let config = package.get("config");
    let names = config.and_then(|config| config.get("image")).map(Node::one_or_many).unwrap_or_default();
    let dockerfile = config.and_then(|config| config.str_at(&["dockerfile"])).unwrap_or("Dockerfile");
    let args = config.and_then(|config| config.get("buildArgs")).into_iter().flat_map(Node::entries);
    let image = Image {
        // The repository's prefix is a variable; what follows is the name.
        names: names.iter().filter_map(Node::written).map(|name| name.replace("${version}", "v")).collect(),
        context: shared::from_root(view.text.path, "."),
        dockerfile: shared::from_root(view.text.path, dockerfile),
        args: args.filter_map(|(name, value)| Some((name.to_owned(), value.written()?.to_owned()))).collect(),
        ..Image::default()
    };
    facts.add(at.range.clone(), FactKind::Image(image.into()));
}

fn generic(package: &Node, facts: &mut Facts<'_, '_>) {
    for line in package.path(&["config", "commands"]).map(Node::items).unwrap_or_default() {
        let words: Vec<&str> = line.one_or_many().iter().filter_map(Node::written).collect();
        for mut command in shell::commands(&words.join(" "), 0, &mut Variables::default()) {
            command.range = line.range.clone();
            emit_one(&command, "build-file", &[], facts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::deploy::tests::kinds;

    const SOURCE: &str = "packages:\n  - name: app\n    type: go\n    config: {packaging: app}\n  - name: lib\n    type: go\n    config: {packaging: library}\n  - name: docker\n    type: docker\n    config:\n      dockerfile: leeway.Dockerfile\n      image: ['${imageRepoBase}/web:${version}']\n  - name: x\n    type: generic\n    config:\n      commands: [[cargo, build, -p, y]]\n";

    #[test]
    fn programs_images_and_commands() {
        let found = kinds(detect, "components/web/BUILD.yaml", SOURCE);
        assert_eq!(found.len(), 3);
        assert!(matches!(&found[0], FactKind::Build(build) if build.tool == "go" && build.packages == ["."]));
        let FactKind::Image(image) = &found[1] else { panic!("{found:?}") };
        assert_eq!(image.dockerfile.as_deref(), Some("components/web/leeway.Dockerfile"));
        assert!(matches!(&found[2], FactKind::Build(build) if build.packages == ["y"]));
    }

    #[test]
    fn other_files_are_silent() {
        assert_eq!(kinds(detect, "components/web/packages.yaml", SOURCE), []);
        assert_eq!(kinds(detect, "BUILD.yaml", "packages: [{name: a, type: yarn}]\n"), []);
    }
}
