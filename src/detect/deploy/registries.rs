//! Package indexes of other languages that a native library or a program is published to.
//!
//! *Looks for*: `pyproject.toml` built by maturin or setuptools-rust, `package.json` with a `napi` field or with one
//! optional dependency for each platform, `nfpm.yaml`, `snapcraft.yaml`, winget, scoop and Flatpak manifests, Tauri settings.
//! *Emits*: `Workload` (`pypi`, `npm`, `package`) with the manifest or files that are packed.
//! *Misses*: packages put together by scripts (see scripts and workflows).
//! *Example*: `[build-system] requires = ["maturin>=1"]`.

use crate::detect::Facts;
use crate::fact::{FactKind, Workload};
use crate::parse::config::ConfigView;
use crate::parse::tree::Node;

pub(crate) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let Some(root) = view.root() else { return };
    match view.name() {
        "pyproject.toml" => pyproject(root, facts),
        "package.json" => package_json(root, facts),
        "snapcraft.yaml" | "snapcraft.yml" => snapcraft(root, facts),
        "tauri.conf.json" | "tauri.conf.json5" | "Tauri.toml" => tauri(root, facts),
        name if name.contains("nfpm") => nfpm(root, facts),
        _ if root.get("runtime").is_some() && root.get("modules").is_some() && root.get("sdk").is_some() => {
            flatpak(root, facts);
        }
        _ if root.get("PackageIdentifier").is_some() && root.get("Installers").is_some() => {
            add(root, "package", "winget", root.get("PackageName"), Vec::new(), facts);
        }
        name if name.ends_with(".json") && root.get("bin").is_some() && root.get("architecture").is_some() => {
            add(root, "package", "scoop", None, strings(root.get("bin")), facts);
        }
        _ => {}
    }
}

fn strings(node: Option<&Node>) -> Vec<String> {
    node.map(Node::one_or_many).unwrap_or_default().iter().filter_map(Node::written).map(str::to_owned).collect()
}

fn add(at: &Node, target: &str, kind: &str, name: Option<&Node>, artifacts: Vec<String>, facts: &mut Facts<'_, '_>) {
    let workload = Workload {
        target: target.to_owned(),
        kind: kind.to_owned(),
        name: name.and_then(Node::written).map(str::to_owned),
        artifacts,
        ..Workload::default()
    };
    facts.add(at.range.start..at.range.start + 1, FactKind::Workload(workload.into()));
}

/// The kind tells a library (`extension`) from a program that pip only carries (`program`).
fn pyproject(root: &Node, facts: &mut Facts<'_, '_>) {
    let requires = strings(root.path(&["build-system", "requires"]));
    let needs = |tool: &str| requires.iter().any(|one| one.starts_with(tool));
    let name = root.path(&["project", "name"]);
    if needs("maturin") {
        let settings = root.path(&["tool", "maturin"]);
        let is_program = settings.and_then(|settings| settings.str_at(&["bindings"])) == Some("bin");
        let kind = if is_program { "program" } else { "extension" };
        let manifest = settings.and_then(|settings| settings.get("manifest-path"));
        let at = settings.or_else(|| root.get("build-system")).unwrap_or(root);
        let artifacts = vec![manifest.and_then(Node::as_str).unwrap_or("Cargo.toml").to_owned()];
        add(at, "pypi", kind, name, artifacts, facts);
    } else if needs("setuptools-rust") || needs("setuptools_rust") {
        let tools = root.path(&["tool", "setuptools-rust"]);
        let bins = tools.and_then(|tools| tools.get("bins"));
        let extensions = tools.and_then(|tools| tools.get("ext-modules")).or(bins);
        let paths = extensions.map(Node::items).unwrap_or_default().iter().filter_map(|one| one.str_at(&["path"]));
        let artifacts: Vec<String> = paths.map(str::to_owned).collect();
        let artifacts = if artifacts.is_empty() { vec!["Cargo.toml".to_owned()] } else { artifacts };
        add(
            extensions.unwrap_or(root),
            "pypi",
            if bins.is_some() { "program" } else { "extension" },
            name,
            artifacts,
            facts,
        );
    }
}

fn package_json(root: &Node, facts: &mut Facts<'_, '_>) {
    let name = root.get("name");
    if let Some(napi) = root.get("napi") {
        let library = napi.get("name").or_else(|| napi.get("binaryName"));
        add(napi, "npm", "extension", library.or(name), vec!["Cargo.toml".to_owned()], facts);
        return;
    }
    let optional = root.get("optionalDependencies");
    let own = own_names(root);
    let is_own =
        |dependency: &str| is_platform(dependency) && own.iter().any(|name| dependency.contains(name.as_str()));
    let platforms = optional.into_iter().flat_map(Node::entries).filter(|(name, _)| is_own(name)).count();
    if let (true, Some(optional)) = (platforms >= 3 && root.get("bin").is_some(), optional) {
        let bins = root.get("bin").into_iter().flat_map(Node::entries).map(|(name, _)| name.to_owned());
        add(optional, "npm", "program", name, bins.collect(), facts);
    }
}

/// Names such as `@x/linux-x64-gnu`, one for each platform of a native program.
fn is_platform(name: &str) -> bool {
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    has(&["linux", "darwin", "win32", "windows"]) && has(&["x64", "arm64", "x86_64", "aarch64", "amd64", "ia32"])
}

/// Names of the package, its scope and its commands: native parts of other people's tools come the same way as its own.
fn own_names(root: &Node) -> Vec<String> {
    let name = root.get("name").and_then(Node::written).unwrap_or("").trim_start_matches('@');
    let commands = root.get("bin").into_iter().flat_map(Node::entries).map(|(name, _)| name);
    name.split('/').chain(commands).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// A desktop application whose program is the Cargo package beside the settings.
fn tauri(root: &Node, facts: &mut Facts<'_, '_>) {
    let bundle = root.get("bundle").or_else(|| root.path(&["tauri", "bundle"]));
    if bundle.and_then(|bundle| bundle.get("active")).and_then(Node::as_bool) == Some(false) {
        return;
    }
    let name = root.get("productName").or_else(|| root.path(&["package", "productName"]));
    add(bundle.unwrap_or(root), "package", "desktop", name, vec!["Cargo.toml".to_owned()], facts);
}

/// A Flatpak manifest starts the program that it names.
fn flatpak(root: &Node, facts: &mut Facts<'_, '_>) {
    if root.get("app-id").or_else(|| root.get("id")).is_some() {
        add(root.get("command").unwrap_or(root), "package", "flatpak", None, strings(root.get("command")), facts);
    }
}

fn nfpm(root: &Node, facts: &mut Facts<'_, '_>) {
    let Some(contents) = root.get("contents") else { return };
    let sources = contents.items().iter().filter_map(|one| one.get("src").and_then(Node::written)).map(str::to_owned);
    add(root.get("name").unwrap_or(root), "package", "nfpm", root.get("name"), sources.collect(), facts);
}

fn snapcraft(root: &Node, facts: &mut Facts<'_, '_>) {
    let Some(parts) = root.get("parts") else { return };
    let mut artifacts: Vec<String> = Vec::new();
    for (_, app) in root.get("apps").into_iter().flat_map(Node::entries) {
        artifacts.extend(app.get("command").and_then(Node::written).map(str::to_owned));
    }
    for (_, part) in parts.entries().filter(|(_, part)| matches!(part.str_at(&["plugin"]), Some("go" | "rust"))) {
        artifacts.extend(part.get("source").and_then(Node::written).map(str::to_owned));
    }
    add(parts, "package", "snap", root.get("name"), artifacts, facts);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::deploy::tests::kinds;

    fn found(path: &str, source: &str) -> Vec<(String, String)> {
        let one = |kind| if let FactKind::Workload(one) = kind { Some((one.target, one.kind)) } else { None };
        kinds(detect, path, source).into_iter().filter_map(one).collect()
    }

    #[test]
    fn indexes_and_packages() {
        for (path, source, expected) in [
            ("pyproject.toml", "[build-system]\nrequires = [\"maturin>=1\"]\n", Some(("pypi", "extension"))),
            (
                "pyproject.toml",
                "[build-system]\nrequires = [\"maturin\"]\n[tool.maturin]\nbindings = \"bin\"\n",
                Some(("pypi", "program")),
            ),
            ("pyproject.toml", "[build-system]\nrequires = [\"hatchling\"]\n", None),
            ("package.json", "{\"name\": \"a\", \"napi\": {\"name\": \"a\"}}", Some(("npm", "extension"))),
            (
                "package.json",
                "{\"bin\": {\"a\": \"x\"}, \"optionalDependencies\": {\"@a/linux-x64\": \"1\", \"@a/darwin-arm64\": \"1\", \"@a/win32-x64\": \"1\"}}",
                Some(("npm", "program")),
            ),
            ("package.json", "{\"bin\": {\"a\": \"x\"}, \"optionalDependencies\": {\"fsevents\": \"1\"}}", None),
            (
                "package.json",
                "{\"name\": \"web\", \"bin\": {\"web\": \"x\"}, \"optionalDependencies\": {\"@tool/linux-x64\": \"1\", \"@tool/darwin-arm64\": \"1\", \"@tool/win32-x64\": \"1\"}}",
                None,
            ),
            (
                "snapcraft.yaml",
                "name: a\napps: {a: {command: bin/a}}\nparts: {a: {plugin: go, source: .}}\n",
                Some(("package", "snap")),
            ),
            ("snapcraft.yaml", "name: a\n", None),
            (
                "o.a.yaml",
                "PackageIdentifier: o.a\nPackageName: a\nInstallers: [{Architecture: x64}]\n",
                Some(("package", "winget")),
            ),
            ("o.a.yaml", "PackageIdentifier: o.a\n", None),
            (
                "src-tauri/tauri.conf.json",
                "{\"productName\": \"a\", \"bundle\": {\"active\": true}}",
                Some(("package", "desktop")),
            ),
            ("src-tauri/tauri.conf.json", "{\"bundle\": {\"active\": false}}", None),
            (
                "o.a.yml",
                "app-id: o.a\nruntime: org.freedesktop.Platform\nsdk: org.freedesktop.Sdk\ncommand: a\nmodules: []\n",
                Some(("package", "flatpak")),
            ),
            ("o.a.yml", "runtime: x\nmodules: []\n", None),
            ("nfpm.yaml", "name: a\ncontents:\n  - {src: ./bin/a, dst: /usr/bin/a}\n", Some(("package", "nfpm"))),
        ] {
            let expected: Vec<_> = expected.map(|(a, b)| (a.to_owned(), b.to_owned())).into_iter().collect();
            assert_eq!(found(path, source), expected, "{path}: {source}");
        }
    }
}
