//! Releases by GoReleaser, dist and promu, images by ko.
//!
//! *Looks for*: `.goreleaser.yml` and variants, `dist-workspace.toml`, `.promu.yml`, `.ko.yaml`.
//! *Emits*: `Build` (source `release`) for each build, with what it publishes; `Image` for `dockers` and `kos`.
//! *Misses*: builds in included files; Pro-only keys.
//! *Example*: `builds: [{id: x, main: ./cmd/x, binary: x}]`, `nfpms: [{formats: [deb]}]`.

use crate::detect::Facts;
use crate::fact::{Build, FactKind, Image};
use crate::parse::config::ConfigView;
use crate::parse::tree::Node;

pub(crate) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let name = view.name().to_ascii_lowercase();
    let Some(root) = view.root() else { return };
    if name.contains("goreleaser") && (name.ends_with(".yml") || name.ends_with(".yaml")) {
        goreleaser(root, facts);
    } else if matches!(name.as_str(), "dist-workspace.toml" | "dist.toml") {
        dist(root, facts);
    } else if matches!(name.as_str(), ".promu.yml" | ".promu.yaml") {
        promu(root, facts);
    } else if matches!(name.as_str(), ".ko.yaml" | ".ko.yml") {
        ko(root, facts);
    }
}

/// Keys of GoReleaser that make packages, with the target they stand for.
const PACKAGERS: &[(&str, &str)] = &[
    ("brews", "package"),
    ("homebrew_casks", "package"),
    ("nfpms", "package"),
    ("snapcrafts", "package"),
    ("scoops", "package"),
    ("scoop", "package"),
    ("winget", "package"),
    ("aurs", "package"),
    ("aur_sources", "package"),
    ("chocolateys", "package"),
    ("krews", "package"),
    ("nix", "package"),
    ("npms", "npm"),
];

fn goreleaser(root: &Node, facts: &mut Facts<'_, '_>) {
    let project = root.get("project_name").and_then(Node::written);
    for build in root.get("builds").map(Node::items).unwrap_or_default() {
        if build.get("skip").and_then(Node::as_bool) != Some(true) {
            one_build(root, build, project, facts);
        }
    }
    if root.get("builds").is_none() && (root.get("archives").is_some() || root.get("version").is_some()) {
        one_build(root, root, project, facts);
    }
    for docker in ["dockers", "dockers_v2"].iter().filter_map(|key| root.get(key)).flat_map(Node::items) {
        image(docker, facts);
    }
    for ko in root.get("kos").map(Node::items).unwrap_or_default() {
        let named = ko.get("main").or_else(|| ko.get("build")).and_then(Node::written).map(str::to_owned);
        let build = Build { tool: "ko".to_owned(), packages: named.into_iter().collect(), ..release() };
        facts.add(ko.range.clone(), FactKind::Build(build.into()));
    }
}

fn release() -> Build {
    Build { source: "release".to_owned(), ..Build::default() }
}

fn one_build(root: &Node, build: &Node, project: Option<&str>, facts: &mut Facts<'_, '_>) {
    let text = |key: &str| build.get(key).and_then(Node::written).map(str::to_owned);
    let id = text("id");
    let is_rust = build.str_at(&["builder"]) == Some("rust");
    let words = build.get("flags").map(Node::one_or_many).unwrap_or_default().iter().filter_map(Node::written);
    let mode = words.clone().find_map(|word| word.strip_prefix("-buildmode=")).map(str::to_owned);
    let systems = build.get("goos").map(Node::one_or_many).unwrap_or_default();
    let rust_package = words.clone().find_map(|word| word.strip_prefix("--package=")).map(str::to_owned);
    let made = Build {
        tool: "goreleaser".to_owned(),
        directory: text("dir"),
        packages: if is_rust {
            rust_package.into_iter().collect()
        } else {
            vec![text("main").unwrap_or_else(|| ".".into())]
        },
        output: text("binary").or_else(|| id.clone()).or_else(|| project.map(str::to_owned)),
        mode: text("buildmode").or(mode),
        target: systems
            .first()
            .and_then(Node::as_str)
            .filter(|_| systems.len() == 1)
            .map(|system| format!("{system}/")),
        publishes: publishes(root, id.as_deref()),
        ..release()
    };
    let at = build.get("main").or_else(|| build.get("binary")).unwrap_or(build);
    facts.add(at.range.clone(), FactKind::Build(made.into()));
}

/// What happens to a build: archives of the release, and packages that take all builds or name this one.
fn publishes(root: &Node, id: Option<&str>) -> Vec<String> {
    let mut found = Vec::new();
    let is_off = root.path(&["release", "disable"]).and_then(Node::as_bool) == Some(true);
    if !is_off && takes(root.get("archives"), id) {
        found.push("binary-release".to_owned());
    }
    for (key, target) in PACKAGERS {
        let target = (*target).to_owned();
        // All but these are made of an archive.
        let from_archive = !matches!(*key, "nfpms" | "snapcrafts") && !takes(root.get("archives"), id);
        if root.get(key).is_some() && takes(root.get(key), id) && !from_archive && !found.contains(&target) {
            found.push(target);
        }
    }
    found
}

/// Tells whether any of the entries takes the build: those without a list of ids take all.
fn takes(entries: Option<&Node>, id: Option<&str>) -> bool {
    let Some(entries) = entries else { return true };
    let entries = entries.one_or_many();
    entries.is_empty()
        || entries.iter().any(|entry| {
            let ids = entry.get("ids").or_else(|| entry.get("builds"));
            ids.is_none_or(|ids| ids.one_or_many().iter().any(|own| own.as_str() == id))
        })
}

fn image(docker: &Node, facts: &mut Facts<'_, '_>) {
    let list = |key: &str| {
        let nodes = docker.get(key).map(Node::one_or_many).unwrap_or_default();
        nodes.iter().filter_map(Node::written).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut names = list("image_templates");
    names.extend(list("images"));
    let image = Image {
        names,
        copies: list("ids"),
        dockerfile: docker.get("dockerfile").and_then(Node::written).map(str::to_owned),
        ..Image::default()
    };
    facts.add(docker.range.clone(), FactKind::Image(image.into()));
}

fn dist(root: &Node, facts: &mut Facts<'_, '_>) {
    let Some(dist) = root.get("dist") else { return };
    let mut publishes = vec!["binary-release".to_owned()];
    for installer in dist.get("installers").map(Node::items).unwrap_or_default().iter().filter_map(Node::as_str) {
        let target = match installer {
            "homebrew" | "msi" => "package",
            "npm" => "npm",
            _ => continue,
        };
        if !publishes.iter().any(|own| own == target) {
            publishes.push(target.to_owned());
        }
    }
    let build = Build { tool: "cargo-dist".to_owned(), publishes, ..release() };
    facts.add(dist.range.start..dist.range.start + 1, FactKind::Build(build.into()));
}

/// Programs that promu builds for many systems and packs into archives.
fn promu(root: &Node, facts: &mut Facts<'_, '_>) {
    let packs = root.get("crossbuild").is_some() || root.get("tarball").is_some();
    for binary in root.path(&["build", "binaries"]).map(Node::items).unwrap_or_default() {
        let text = |key: &str| binary.get(key).and_then(Node::written).map(str::to_owned);
        let made = Build {
            tool: "go".to_owned(),
            packages: vec![text("path").unwrap_or_else(|| ".".to_owned())],
            output: text("name"),
            publishes: packs.then(|| "binary-release".to_owned()).into_iter().collect(),
            ..release()
        };
        facts.add(binary.range.clone(), FactKind::Build(made.into()));
    }
}

fn ko(root: &Node, facts: &mut Facts<'_, '_>) {
    for build in root.get("builds").map(Node::items).unwrap_or_default() {
        let text = |key: &str| build.get(key).and_then(Node::written).map(str::to_owned);
        let made = Build {
            tool: "ko".to_owned(),
            directory: text("dir"),
            packages: vec![text("main").unwrap_or_else(|| ".".to_owned())],
            source: "build-file".to_owned(),
            ..Build::default()
        };
        facts.add(build.range.clone(), FactKind::Build(made.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::deploy::tests::kinds;

    fn builds(path: &str, source: &str) -> Vec<Build> {
        let only = |kind| if let FactKind::Build(build) = kind { Some(*build) } else { None };
        kinds(detect, path, source).into_iter().filter_map(only).collect()
    }

    #[test]
    fn promu_packs_what_it_builds_for_many_systems() {
        let binaries = "build:\n  binaries:\n    - {name: web, path: ./cmd/web}\n";
        let found = builds(".promu.yml", &format!("{binaries}crossbuild: {{platforms: [linux]}}\n"));
        assert_eq!((found[0].packages[0].as_str(), found[0].publishes[0].as_str()), ("./cmd/web", "binary-release"));
        assert!(builds(".promu.yml", binaries)[0].publishes.is_empty());
    }

    #[test]
    fn packages_of_archives_hold_what_the_archives_hold() {
        let source = "builds:\n  - {id: a, main: ./a}\n  - {id: b, main: ./b}\narchives:\n  - {ids: [b]}\nkrews:\n  - {name: b}\n";
        let found = builds(".goreleaser.yaml", source);
        assert!(found[0].publishes.is_empty());
        assert_eq!(found[1].publishes, ["binary-release", "package"]);
    }

    #[test]
    fn builds_know_what_takes_them() {
        let source = "builds:\n  - id: server\n    main: ./cmd/server\n    binary: srv\n    ldflags: -X main.v={{.Version}}\n  - id: bench\n    dir: test/bench\n    skip: true\n  - id: ctl\n    main: ./ctl\narchives:\n  - {ids: [server]}\nnfpms:\n  - {formats: [deb], ids: [ctl]}\n";
        let found = builds(".goreleaser.yaml", source);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].packages[0].as_str(), found[0].output.as_deref()), ("./cmd/server", Some("srv")));
        assert_eq!(found[0].publishes, ["binary-release"]);
        assert_eq!(found[1].publishes, ["package"]);
    }

    #[test]
    fn dist_and_ko() {
        let found = builds("dist-workspace.toml", "[dist]\ninstallers = [\"shell\", \"homebrew\", \"npm\"]\n");
        assert_eq!(found[0].publishes, ["binary-release", "package", "npm"]);
        assert_eq!(builds(".ko.yaml", "builds:\n- main: ./cmd/x\n")[0].packages, ["./cmd/x"]);
        assert_eq!(builds("values.yaml", "builds:\n- main: ./cmd/x\n"), []);
    }
}
