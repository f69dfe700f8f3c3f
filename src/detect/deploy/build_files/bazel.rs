//! Bazel: rules that build programs, and rules that pack and push them.

use super::{build, places, quoted};
use crate::detect::Facts;
use crate::detect::deploy::calls::{Call, calls};
use crate::detect::deploy::shared;
use crate::fact::{Build, FactKind, Image};
use crate::source::Text;

pub(super) fn bazel(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    for (rule, tool, mode) in [
        ("go_binary(", "go-bazel", None),
        ("rust_binary(", "bazel", None),
        ("rust_shared_library(", "bazel", Some("cdylib")),
        ("rust_static_library(", "bazel", Some("staticlib")),
    ] {
        places(text, rule, |at, after| {
            let body = after.split("\n)").next().unwrap_or(after);
            let made = Build {
                packages: vec![".".to_owned()],
                output: quoted(body, "name").map(str::to_owned),
                mode: quoted(body, "linkmode").or(mode).map(str::to_owned),
                ..build(tool)
            };
            facts.add(at..at + rule.len() - 1, FactKind::Build(made.into()));
        });
    }
    for rule in ["oci_image", "container_image", "go_image", "rust_image", "docker_build"] {
        for call in calls(text.text, rule) {
            bazel_image(text, rule, &call, facts);
        }
    }
    for rule in ["oci_push", "container_push"] {
        for call in calls(text.text, rule) {
            let Some(name) = call.keyword("repository") else { continue };
            let context = shared::from_root(text.path, ".");
            let image = Image { names: vec![name.to_owned()], context, ..Image::default() };
            facts.add(call.at..call.at + rule.len(), FactKind::Image(image.into()));
        }
    }
}

/// An image by a rule: what it starts, or the binary that it is made of.
fn bazel_image(text: &Text<'_>, rule: &str, call: &Call<'_>, facts: &mut Facts<'_, '_>) {
    let mut command: Vec<String> = call.strings("entrypoint").into_iter().map(str::to_owned).collect();
    if command.is_empty() {
        command.extend(call.strings("cmd").into_iter().map(str::to_owned));
    }
    let copies = ["binary", "files", "tars", "layers"].iter().flat_map(|key| call.strings(key));
    let name = call.keyword("name").filter(|name| !matches!(*name, "image" | "docker" | "container" | "oci"));
    let image = Image {
        names: name
            .map(|name| name.trim_end_matches("_image").trim_end_matches("-image").to_owned())
            .into_iter()
            .collect(),
        command,
        copies: copies.map(|label| format!("/{}", label.rsplit([':', '/']).next().unwrap_or(label))).collect(),
        context: shared::from_root(text.path, "."),
        ..Image::default()
    };
    facts.add(call.at..call.at + rule.len(), FactKind::Image(image.into()));
}
