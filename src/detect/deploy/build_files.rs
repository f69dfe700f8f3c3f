//! Build and packaging files that are read as text: Bazel, Nix, Procfiles, Debian, RPM, Arch, Homebrew, CocoaPods, gems,
//! Gradle, NuGet, installers, Zephyr, CMake and kernel build files, CDK programs; Earthfiles and Tiltfiles have their own.
//!
//! *Looks for*: the words each of these uses for a Go or Rust program (`go_binary`, `buildGoModule`, `%build`, …).
//! *Emits*: `Build` (source `build-file`), `Image` and `Workload` (`package`, `paas`, `gem`, `cocoapods`, `maven`, `nuget`,
//! `embedded`, `kernel-module`, `lambda`).
//! *Misses*: everything that needs evaluation.
//! *Example*: `go_binary(name = "web", embed = [":web_lib"])`.

use super::calls::{Call, calls};
use super::script::emit_one;
use super::shared;
use crate::detect::Facts;
use crate::fact::{Build, FactKind, Image, Workload};
use crate::parse::shell::{self, Variables};
use crate::path;
use crate::source::Text;

pub(crate) fn detect(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    let name = path::base(text.path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match (name, extension) {
        ("BUILD", _) | (_, "bazel" | "bzl") => bazel(text, facts),
        (_, "nix") => {
            nix(text, facts);
            nix_images(text, facts);
        }
        ("Earthfile", _) => super::earthfile::detect(text, facts),
        ("Tiltfile", _) => super::tilt::detect(text, facts),
        ("Procfile", _) => procfile(text, facts),
        ("control", _) if text.path.contains("debian") => fields(text, "Package:", "package", "deb", facts),
        ("rules", _) if text.path.contains("debian") => commands(text, "build-file", facts),
        (_, "spec") if text.text.contains("%install") => rpm(text, facts),
        ("PKGBUILD", _) => {
            commands(text, "build-file", facts);
            fields(text, "pkgname=", "package", "arch", facts);
        }
        (_, "podspec") => quoted_after(text, "vendored_frameworks", "cocoapods", facts),
        (_, "gemspec") => quoted_after(text, ".extensions", "gem", facts),
        (_, "rb") => formula(text, facts),
        (_, "gradle" | "kts") => gradle(text, facts),
        (_, "csproj") => nuget(text, facts),
        (_, "wxs") => installer(text, &["Source="], "msi", facts),
        (_, "nsi" | "iss") => installer(text, &["File ", "Source: ", "File /oname="], "setup", facts),
        ("prj.conf", _) => whole(text, "CONFIG_RUST=y", "embedded", "zephyr", facts),
        ("CMakeLists.txt", _) => cmake(text, facts),
        ("Kbuild" | "kbuild", _) => whole(text, "obj-m", "kernel-module", "kbuild", facts),
        (_, "ts" | "js" | "py" | "mts" | "cs" | "java") => cdk(text, facts),
        _ => {}
    }
}

/// Calls `each` for every place of a word, with what follows it.
fn places<'a>(text: &Text<'a>, word: &str, mut each: impl FnMut(usize, &'a str)) {
    for (at, _) in text.text.match_indices(word) {
        each(at, &text.text[at + word.len()..]);
    }
}

/// Returns the first quoted text after a key, within a few hundred bytes: `name = "web"`.
fn quoted<'a>(after: &'a str, key: &str) -> Option<&'a str> {
    let window = window(after, 600);
    let at = window.find(key)? + key.len();
    let rest = window[at..].trim_start_matches([' ', '=', ':', '\t', '\n', '[', '(']);
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    rest[1..].split(quote).next().filter(|text| text.len() < 200)
}

fn window(text: &str, length: usize) -> &str {
    let mut end = length.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn build(tool: &str) -> Build {
    Build { tool: tool.to_owned(), source: "build-file".to_owned(), ..Build::default() }
}

fn workload(target: &str, kind: &str) -> Workload {
    Workload { target: target.to_owned(), kind: kind.to_owned(), ..Workload::default() }
}

fn bazel(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
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
            facts.add(at..at + rule.len() - 1, FactKind::Build(made));
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
            facts.add(call.at..call.at + rule.len(), FactKind::Image(image));
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
    facts.add(call.at..call.at + rule.len(), FactKind::Image(image));
}

fn nix(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    for (word, is_go) in
        [("buildGoModule", true), ("buildGoApplication", true), ("buildRustPackage", false), ("crane", false)]
    {
        places(text, word, |at, after| {
            // An argument of the function (`{ buildGoModule, … }:`) is no use of it.
            let Some(body) =
                after.trim_start().strip_prefix(['{', '(', 'r']).or_else(|| after.strip_prefix("Lib.buildPackage"))
            else {
                return;
            };
            let packages = if is_go { quoted(body, "subPackages") } else { quoted(body, "cargoBuildFlags") };
            let made = Build {
                packages: packages.map(str::to_owned).into_iter().collect(),
                output: quoted(body, "mainProgram").or_else(|| quoted(body, "pname")).map(str::to_owned),
                ..build(if is_go { "go-nix" } else { "nix" })
            };
            facts.add(at..at + word.len(), FactKind::Build(made));
        });
    }
}

/// Images that Nix builds: `dockerTools.buildLayeredImage { name = "web"; config.Cmd = [ "${web}/bin/web" ]; }`.
fn nix_images(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    for word in ["buildLayeredImage", "buildImage", "streamLayeredImage"] {
        places(text, word, |at, after| {
            if !after.trim_start().starts_with(['{', '(']) {
                return;
            }
            let command = ["Entrypoint", "entrypoint", "Cmd"].iter().find_map(|key| quoted(after, key));
            let image = Image {
                names: quoted(after, "name").map(str::to_owned).into_iter().collect(),
                command: command.map(|path| path.replace("${", "").replace('}', "")).into_iter().collect(),
                ..Image::default()
            };
            facts.add(at..at + word.len(), FactKind::Image(image));
        });
    }
}

/// Reads the lines as commands.
fn commands(text: &Text<'_>, source: &str, facts: &mut Facts<'_, '_>) {
    for command in shell::commands(text.text, 0, &mut Variables::default()) {
        emit_one(&command, source, &[], facts);
    }
}

/// A platform starts `web` and `worker`; a Procfile of other names alone starts a cluster on a developer's machine.
fn procfile(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    let is_platform = |line: &str| line.starts_with("web:") || line.starts_with("worker:");
    if !lines(text).any(|(line, _)| is_platform(line)) {
        return;
    }
    for (line, start) in lines(text) {
        let Some((process, command)) = line.split_once(':').filter(|(process, _)| !process.contains([' ', '#'])) else {
            continue;
        };
        let one = Workload {
            name: Some(process.to_owned()),
            command: command.split_whitespace().map(str::to_owned).collect(),
            ..workload("paas", if process == "release" { "release" } else { "service" })
        };
        facts.add(start..start + line.len(), FactKind::Workload(one));
    }
}

fn lines<'a>(text: &Text<'a>) -> impl Iterator<Item = (&'a str, usize)> {
    let mut at = 0;
    text.text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (line.trim_end(), start)
    })
}

/// Lines that begin with a key, each naming a package.
fn fields(text: &Text<'_>, key: &str, target: &str, kind: &str, facts: &mut Facts<'_, '_>) {
    for (line, start) in lines(text) {
        let Some(name) = line.strip_prefix(key).map(|name| name.trim().trim_matches(['"', '\'', '(', ')'])) else {
            continue;
        };
        let one = Workload { name: Some(name.to_owned()), ..workload(target, kind) };
        facts.add(start..start + line.len(), FactKind::Workload(one));
    }
}

fn rpm(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    fields(text, "Name:", "package", "rpm", facts);
    let body = text.text.find("\n%build").map(|at| (at + 7, &text.text[at + 7..]));
    if let Some((start, after)) = body {
        let end = after.find("\n%install").unwrap_or(after.len());
        for command in shell::commands(&after[..end], start, &mut Variables::default()) {
            emit_one(&command, "build-file", &[], facts);
        }
    }
}

fn quoted_after(text: &Text<'_>, word: &str, target: &str, facts: &mut Facts<'_, '_>) {
    let mut first = true;
    places(text, word, |at, after| {
        if std::mem::take(&mut first) {
            let held = window(after, 200).split(['"', '\'']).nth(1).map(str::to_owned);
            let one = Workload { artifacts: held.into_iter().collect(), ..workload(target, "extension") };
            facts.add(at..at + word.len(), FactKind::Workload(one));
        }
    });
}

/// Native libraries that a NuGet package carries, one for each platform.
fn nuget(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    let mut first = None;
    places(text, "runtimes/", |at, after| {
        let file = after.split(['"', ';', '<']).next().unwrap_or("");
        if first.is_none() && crate::parse::image_name::library(file).is_some() {
            first = Some((at, file.to_owned()));
        }
    });
    if let Some((at, file)) = first {
        let one = Workload { artifacts: vec![file], ..workload("nuget", "release") };
        facts.add(at..at + "runtimes/".len(), FactKind::Workload(one));
    }
}

fn whole(text: &Text<'_>, word: &str, target: &str, kind: &str, facts: &mut Facts<'_, '_>) {
    if let Some(at) = text.text.find(word) {
        // What lies beside the file is meant.
        let one = Workload { artifacts: vec![".".to_owned()], ..workload(target, kind) };
        facts.add(at..at + word.len(), FactKind::Workload(one));
    }
}

/// Homebrew formulas build or unpack a program and install it.
fn formula(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    let Some(at) = text.text.find("< Formula") else { return };
    let mut artifacts = Vec::new();
    places(text, "bin.install ", |_, after| artifacts.extend(after.split(['"', '\'']).nth(1).map(str::to_owned)));
    facts.add(at..at + 9, FactKind::Workload(Workload { artifacts, ..workload("package", "brew") }));
}

/// Android libraries that carry native code built by cargo-ndk or gomobile.
fn gradle(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    for (word, tool) in [
        ("cargo-ndk", "cargo-ndk"),
        ("cargo\", \"ndk", "cargo-ndk"),
        ("rust-android", "cargo-ndk"),
        ("gomobile", "gomobile"),
    ] {
        if let Some(at) = text.text.find(word) {
            let made = Build { output: quoted(text.text, "libname").map(str::to_owned), ..build(tool) };
            facts.add(at..at + word.len(), FactKind::Build(made));
            return;
        }
    }
}

/// Programs that an installer packs, after any of these words.
fn installer(text: &Text<'_>, words: &[&str], kind: &str, facts: &mut Facts<'_, '_>) {
    let mut artifacts: Vec<String> = Vec::new();
    let mut first = None;
    for word in words {
        places(text, word, |at, after| {
            let line = after.lines().next().unwrap_or("");
            let file = line.split(['"', '\'']).nth(1).unwrap_or("").replace('\\', "/");
            if file.ends_with(".exe") && artifacts.len() < 50 && !artifacts.contains(&file) {
                artifacts.push(file);
                first.get_or_insert(at..at + word.len());
            }
        });
    }
    if let Some(range) = first {
        facts.add(
            range,
            FactKind::Workload(Workload { artifacts, kind: "release".to_owned(), ..workload("package", kind) }),
        );
    }
}

/// CMake projects that build a crate: Zephyr's applications, and Corrosion.
fn cmake(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    whole(text, "\nrust_cargo_application()", "embedded", "zephyr", facts);
    places(text, "corrosion_import_crate(", |at, after| {
        let body = after.split(')').next().unwrap_or("");
        let manifest = body.split_once("MANIFEST_PATH").and_then(|(_, rest)| rest.split_whitespace().next());
        let line = text.text[..at].rsplit('\n').next().unwrap_or("");
        if let Some(manifest) = manifest.filter(|_| !line.contains('#')) {
            let made = Build { packages: vec![manifest.trim_matches('"').to_owned()], ..build("cargo") };
            facts.add(at..at + "corrosion_import_crate".len(), FactKind::Build(made));
        }
    });
}

/// Constructs of the Cloud Development Kit that compile Go or Rust.
fn cdk(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    for (word, key, runtime) in [
        ("GoFunction(", "entry", "go"),
        ("RustFunction(", "manifestPath", "rust"),
        ("RustFunction(", "manifest_path", "rust"),
    ] {
        places(text, word, |at, after| {
            let Some(path) = quoted(after, key) else { return };
            let bin = quoted(after, "binaryName").map(str::to_owned);
            let one = Workload {
                name: after.split(['"', '\'', '`']).nth(1).map(str::to_owned),
                aliases: bin.into_iter().collect(),
                artifacts: vec![path.to_owned()],
                runtime: Some(runtime.to_owned()),
                ..workload("lambda", "function")
            };
            facts.add(at..at + word.len() - 1, FactKind::Workload(one));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str, source: &str) -> Vec<String> {
        let text = Text::new(path, source);
        let mut facts = Facts::new(&text);
        detect(&text, &mut facts);
        let one = |kind| match kind {
            FactKind::Build(build) => {
                format!("{} {} {}", build.tool, build.packages.join(","), build.output.unwrap_or_default())
            }
            FactKind::Image(image) => format!("image {} {}", image.names.join(","), image.command.join(",")),
            FactKind::Workload(one) => {
                format!("{} {} {}", one.target, one.name.unwrap_or_default(), one.artifacts.join(","))
            }
            other => format!("{other:?}"),
        };
        facts.list.into_iter().map(|fact| one(fact.kind)).collect()
    }

    #[test]
    fn each_file_in_its_words() {
        for (path, source, expected) in [
            ("a/BUILD.bazel", "go_binary(\n    name = \"web\",\n    embed = [\":lib\"],\n)\n", vec!["go-bazel . web"]),
            (
                "default.nix",
                "{ buildGoModule }:\nbuildGoModule {\n  pname = \"web\";\n  subPackages = [ \"cmd/web\" ];\n}\n",
                vec!["go-nix cmd/web web"],
            ),
            ("Procfile", "web: bin/web -p 80\n", vec!["paas web "]),
            ("Procfile", "node1: bin/web -p 80\nnode2: bin/web -p 81\n", vec![]),
            (
                "Earthfile",
                "build:\n    RUN go build -o web ./cmd/web\n    SAVE ARTIFACT web\n",
                vec!["go ./cmd/web web"],
            ),
            ("debian/control", "Source: x\nPackage: webd\n", vec!["package webd "]),
            ("F/web.rb", "class Web < Formula\n  bin.install \"web\"\n", vec!["package  web"]),
            ("lib/x.rb", "class Web < Base\n", vec![]),
            ("stack.ts", "new GoFunction(this, 'Api', { entry: 'cmd/api' });", vec!["lambda Api cmd/api"]),
            ("Kbuild", "obj-m := a.o\n", vec!["kernel-module  ."]),
            ("Kbuild", "obj-y := a.o\n", vec![]),
            ("prj.conf", "CONFIG_RUST=y\n", vec!["embedded  ."]),
            ("prj.conf", "CONFIG_GPIO=y\n", vec![]),
            ("CMakeLists.txt", "project(x)\nrust_cargo_application()\n", vec!["embedded  ."]),
            (
                "CMakeLists.txt",
                "corrosion_import_crate(MANIFEST_PATH rust/Cargo.toml)\n",
                vec!["cargo rust/Cargo.toml "],
            ),
            ("CMakeLists.txt", "# corrosion_import_crate(MANIFEST_PATH rust/Cargo.toml)\nadd_library(x)\n", vec![]),
            (
                "i.nsi",
                "Section\n  File \"target\\release\\web.exe\"\n  File \"readme.txt\"\n",
                vec!["package  target/release/web.exe"],
            ),
            ("i.iss", "[Files]\nSource: \"bin\\web.exe\"; DestDir: x\n", vec!["package  bin/web.exe"]),
            (
                "cmd/web/BUILD.bazel",
                "oci_image(\n  name = \"image\",\n  entrypoint = [\"/web\"],\n  tars = [\":web_layer\"],\n)\noci_push(name = \"push\", repository = \"r.io/o/web\")\n",
                vec!["image  /web", "image r.io/o/web "],
            ),
            (
                "image.nix",
                "dockerTools.buildLayeredImage {\n  name = \"web\";\n  config.Cmd = [ \"${web}/bin/web\" ];\n}\n",
                vec!["image web web/bin/web"],
            ),
            (
                "stack.py",
                "RustFunction(self, \"Api\", manifest_path=\"api/Cargo.toml\")",
                vec!["lambda Api api/Cargo.toml"],
            ),
            ("stack.ts", "new NodejsFunction(this, 'Api', { entry: 'a.ts' });", vec![]),
            ("a.podspec", "s.vendored_frameworks = 'Core.xcframework'\n", vec!["cocoapods  Core.xcframework"]),
            ("a.gemspec", "spec.extensions = [\"ext/core/extconf.rb\"]\n", vec!["gem  ext/core/extconf.rb"]),
            (
                "a.csproj",
                "<Content Include=\"runtimes/linux-x64/native/libcore.so\" />",
                vec!["nuget  linux-x64/native/libcore.so"],
            ),
            ("x.spec", "describe('x')", vec![]),
            ("i.wxs", "<File Source='target\\release\\web.exe' />", vec!["package  target/release/web.exe"]),
        ] {
            assert_eq!(read(path, source), expected, "{path}");
        }
    }
}
