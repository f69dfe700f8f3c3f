//! Well-known actions: what they build, pack, deploy to and upload.

use std::ops::Range;

use crate::detect::Facts;
use crate::detect::deploy::{commands, platforms};
use crate::fact::{Build, FactKind, Image, Workload};
use crate::parse::tree::Node;
use crate::path;

/// Returns where a step uploads to, and the key that holds its files.
pub(super) fn uploads(step: &Node) -> Option<(&'static str, &'static [&'static str])> {
    const FILES: &[&str] = &["files", "file", "asset_path", "artifacts", "path", "asset_paths", "subject-path", "bin"];
    let uses = step.str_at(&["uses"])?;
    let name = uses.split('@').next().unwrap_or(uses).to_ascii_lowercase();
    let argument = |key: &str| step.str_at(&["with", key]).unwrap_or("");
    let action = name.rsplit('/').next().unwrap_or("");
    let target = match (name.as_str(), action) {
        (
            _,
            "action-gh-release"
            | "upload-release-asset"
            | "upload-release-action"
            | "release-action"
            | "go-release-action",
        )
        | (_, "upload-rust-binary-action" | "upload-release-assets" | "actions-rust-release" | "rust-build.action")
        | (
            _,
            "upload-to-github-release" | "action-automatic-releases" | "upload-assets" | "actions-upload-release-asset",
        )
        | (_, "publish-release" | "gh-release" | "release-github") => "binary-release",
        (_, "goreleaser-action") if argument("args").contains("snapshot") => return None,
        (_, "goreleaser-action") if argument("args").contains("release") || argument("args").is_empty() => {
            "binary-release"
        }
        (_, "gh-action-pypi-publish") => "pypi",
        ("pyo3/maturin-action", _) if matches!(argument("command"), "publish" | "upload") => "pypi",
        (_, "winget-releaser" | "bump-homebrew-formula-action" | "action-homebrew-bump-formula" | "action-publish")
        | (_, "homebrew-bump-formula" | "homebrew-tap" | "update-homebrew-formula-action" | "winget-publish") => {
            "package"
        }
        _ => return None,
    };
    Some((target, FILES))
}

/// States what a step's action builds, pushes or uploads.
pub(super) fn action(step: &Node, steps: &[&Node], model: &Build, takes: bool, facts: &mut Facts<'_, '_>) {
    let Some(uses) = step.get("uses") else { return };
    if let Some(workload) = platforms::by_action(step) {
        facts.add(uses.range.clone(), FactKind::Workload(workload.into()));
    }
    let argument = |key: &str| step.path(&["with", key]).and_then(Node::written).map(str::to_owned);
    if let Some((target, keys)) = uploads(step) {
        let files = keys.iter().filter_map(|key| argument(key)).flat_map(|text| lines(&text)).collect();
        upload(target, files, takes, uses.range.clone(), facts);
    }
    let name = uses.as_str().unwrap_or("").split('@').next().unwrap_or("").to_ascii_lowercase();
    if matches!(name.rsplit('/').next(), Some("build-push-action")) {
        let mut image = pushed(step);
        resolve_names(&mut image, steps);
        if argument("outputs").is_some_and(|to| commands::writes_files(&to)) {
            image.writes = argument("outputs").unwrap_or_default();
            image.publishes = model.publishes.clone();
            image.kept = model.kept;
        }
        facts.add(uses.range.clone(), FactKind::Image(image.into()));
    }
    let tool = match name.as_str() {
        "taiki-e/upload-rust-binary-action" => "cargo",
        "goreleaser/goreleaser-action" => "goreleaser",
        "pyo3/maturin-action" => "maturin",
        "actions-rs/cargo" if argument("command").as_deref() == Some("build") => "cargo",
        "houseabsolute/actions-rust-cross" => "cross",
        "wangyoucao577/go-release-action" => "go",
        "ko-build/setup-ko" | "imjasonh/setup-ko" => return,
        _ => return,
    };
    let words: Vec<String> =
        argument("args").map(|args| args.split_whitespace().map(str::to_owned).collect()).unwrap_or_default();
    let after = |flag: &str| flag_value(&words, flag);
    let build = Build {
        tool: tool.to_owned(),
        directory: argument("working-directory").or_else(|| argument("workdir")).or_else(|| argument("project_path")),
        packages: argument("package")
            .or_else(|| argument("manifest-path"))
            .or_else(|| after("-p"))
            .into_iter()
            .collect(),
        bins: argument("bin").map(|text| lines(&text)).unwrap_or_default().into_iter().chain(after("--bin")).collect(),
        target: argument("target").or_else(|| after("--target")),
        ..model.clone()
    };
    facts.add(uses.range.clone(), FactKind::Build(build.into()));
}

/// Names that another step of the job makes: `${{ steps.meta.outputs.tags }}`.
fn resolve_names(image: &mut Image, steps: &[&Node]) {
    let Some(id) = image.names.iter().find_map(|name| name.split("steps.").nth(1)?.split(".outputs").next()) else {
        return;
    };
    let made = steps.iter().find(|step| step.str_at(&["id"]) == Some(id));
    if let Some(names) = made.and_then(|step| step.path(&["with", "images"])).and_then(Node::written) {
        // `name=r/web,enable=…` is the longer way of writing.
        let plain = lines(names).into_iter().filter(|name| !name.contains("enable="));
        image.names = plain.map(|name| name.trim_start_matches("name=").to_owned()).collect();
    }
}

fn flag_value(words: &[String], flag: &str) -> Option<String> {
    let at = words.iter().position(|word| word == flag)?;
    words.get(at + 1).cloned()
}

fn pushed(step: &Node) -> Image {
    let argument = |key: &str| step.path(&["with", key]).and_then(Node::written);
    let args = argument("build-args").map(lines).unwrap_or_default();
    Image {
        names: argument("tags").map(lines).unwrap_or_default(),
        context: argument("context").map(|path| path::normal(path).unwrap_or_else(|| path.to_owned())),
        dockerfile: argument("file").map(|path| path::normal(path).unwrap_or_else(|| path.to_owned())),
        stage: argument("target").map(str::to_owned),
        args: args.iter().filter_map(|pair| pair.split_once('=')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect(),
        ..Image::default()
    }
}

fn lines(text: impl AsRef<str>) -> Vec<String> {
    let parts = text.as_ref().split(['\n', ',']).map(str::trim).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

pub(super) fn upload(target: &str, files: Vec<String>, takes: bool, range: Range<usize>, facts: &mut Facts<'_, '_>) {
    let workload = Workload {
        target: target.to_owned(),
        kind: "release".to_owned(),
        artifacts: files,
        events: takes.then(|| "kept-artifacts".to_owned()).into_iter().collect(),
        ..Workload::default()
    };
    facts.add(range, FactKind::Workload(workload.into()));
}
