//! Build and packaging files that are read as text: Bazel, Nix, Procfiles, Debian, RPM, Arch, Homebrew, CocoaPods, gems,
//! Gradle, NuGet, installers, Zephyr, CMake and kernel build files, CDK programs; Earthfiles and Tiltfiles have their own.
//!
//! *Looks for*: the words each of these uses for a Go or Rust program (`go_binary`, `buildGoModule`, `%build`, …).
//! *Emits*: `Build` (source `build-file`), `Image` and `Workload` (`package`, `paas`, `gem`, `cocoapods`, `maven`, `nuget`,
//! `embedded`, `kernel-module`, `lambda`).
//! *Misses*: everything that needs evaluation.
//! *Example*: `go_binary(name = "web", embed = [":web_lib"])`.

mod bazel;
mod nix;
mod packages;

use super::script::emit_one;
use super::shared::beginning;
use crate::detect::Facts;
use crate::fact::{Build, FactKind, Workload};
use crate::parse::shell::{self, Variables};
use crate::path;
use crate::source::Text;

pub(crate) fn detect(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    let name = path::base(text.path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match (name, extension) {
        ("BUILD", _) | (_, "bazel" | "bzl") => bazel::bazel(text, facts),
        (_, "nix") => {
            nix::nix(text, facts);
            nix::nix_images(text, facts);
        }
        ("Earthfile", _) => super::earthfile::detect(text, facts),
        ("Tiltfile", _) => super::tilt::detect(text, facts),
        ("Procfile", _) => procfile(text, facts),
        ("control", _) if text.path.contains("debian") => packages::fields(text, "Package:", "package", "deb", facts),
        ("rules", _) if text.path.contains("debian") => commands(text, "build-file", facts),
        (_, "spec") if text.text.contains("%install") => packages::rpm(text, facts),
        ("PKGBUILD", _) => {
            commands(text, "build-file", facts);
            packages::fields(text, "pkgname=", "package", "arch", facts);
        }
        (_, "podspec") => packages::quoted_after(text, "vendored_frameworks", "cocoapods", facts),
        (_, "gemspec") => packages::quoted_after(text, ".extensions", "gem", facts),
        (_, "rb") => packages::formula(text, facts),
        (_, "gradle" | "kts") => gradle(text, facts),
        (_, "csproj") => packages::nuget(text, facts),
        (_, "wxs") => packages::installer(text, &["Source="], "msi", facts),
        (_, "nsi" | "iss") => packages::installer(text, &["File ", "Source: ", "File /oname="], "setup", facts),
        ("prj.conf", _) => whole(text, "CONFIG_RUST=y", "embedded", "zephyr", facts),
        ("CMakeLists.txt", _) => cmake(text, facts),
        ("Kbuild" | "kbuild", _) => whole(text, "obj-m", "kernel-module", "kbuild", facts),
        (_, "ts" | "js" | "py" | "mts" | "cs" | "java") => cdk(text, facts),
        _ => {}
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
        facts.add(start..start + line.len(), FactKind::Workload(one.into()));
    }
}

/// Reads the lines as commands.
fn commands(text: &Text<'_>, source: &str, facts: &mut Facts<'_, '_>) {
    for command in shell::commands(text.text, 0, &mut Variables::default()) {
        emit_one(&command, source, &[], facts);
    }
}

fn whole(text: &Text<'_>, word: &str, target: &str, kind: &str, facts: &mut Facts<'_, '_>) {
    if let Some(at) = text.text.find(word) {
        // What lies beside the file is meant.
        let one = Workload { artifacts: vec![".".to_owned()], ..workload(target, kind) };
        facts.add(at..at + word.len(), FactKind::Workload(one.into()));
    }
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
            facts.add(at..at + word.len(), FactKind::Build(made.into()));
            return;
        }
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
            facts.add(at..at + "corrosion_import_crate".len(), FactKind::Build(made.into()));
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
            facts.add(at..at + word.len() - 1, FactKind::Workload(one.into()));
        });
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
    let window = beginning(after, 600);
    let at = window.find(key)? + key.len();
    let rest = window[at..].trim_start_matches([' ', '=', ':', '\t', '\r', '\n', '[', '(']);
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    rest[1..].split(quote).next().filter(|text| text.len() < 200)
}

fn lines<'a>(text: &Text<'a>) -> impl Iterator<Item = (&'a str, usize)> {
    let mut at = 0;
    text.text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (line.trim_end(), start)
    })
}

fn build(tool: &str) -> Build {
    Build { tool: tool.to_owned(), source: "build-file".to_owned(), ..Build::default() }
}

fn workload(target: &str, kind: &str) -> Workload {
    Workload { target: target.to_owned(), kind: kind.to_owned(), ..Workload::default() }
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
    fn a_list_on_the_next_line_is_read_however_lines_end() {
        let text = "pkgs.buildRustPackage {\n  cargoBuildFlags =\n    [ \"shop\" ];\n}\n";
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            assert_eq!(quoted(&text, "cargoBuildFlags"), Some("shop"), "{text:?}");
        }
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
