//! From bytes to typed views, one module a language or format; the only place that names a parser library.
//!
//! [`Kind`] says from its path alone which reader a file gets, and so whether it is opened at all.

pub(crate) mod any_of;
pub mod cargo;
pub mod config;
pub(crate) mod cut;
pub mod dockerfile;
pub mod duration;
pub mod go;
pub mod gomod;
pub mod hcl;
pub mod helm;
pub mod image_name;
pub mod js;
pub mod json;
pub mod jsonpath;
pub mod percentile;
pub mod promql;
pub mod rust;
pub mod shell;
pub mod toml_tree;
pub mod tree;
pub mod yaml;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::path::{base, parent};

/// Which reader a file gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    Go,
    Rust,
    GoMod,
    GoWork,
    CargoToml,
    /// `.cargo/config.toml` and `.cargo/config`.
    CargoConfig,
    Toml,
    Yaml,
    Json,
    Dockerfile,
    /// Shell, Makefile, justfile, Taskfile-like and other files whose lines are commands.
    Script,
    /// JavaScript and TypeScript.
    JavaScript,
    Hcl,
    Proto,
    GraphQl,
    /// systemd units, `.ini`, `.cfg`, `.env`.
    Unit,
    Markdown,
    /// jsonnet, libsonnet, Starlark (Bazel), Nix, Earthfile, Tiltfile, Procfile, linker scripts: read as text.
    Text,
    /// Sources of languages that may load ours: Python, Ruby, Java, Kotlin, Swift, C#, Scala.
    Foreign,
    /// C, C++ and assembly sources and headers.
    C,
    /// Opened for extractors of the user's alone.
    Asked,
}

impl Kind {
    /// Decides by the file's name; `None` for files that are never opened.
    pub fn of(path: &str) -> Option<Kind> {
        let name = base(path);
        // Most files are sources, whatever they are called: `dockerfile.go` is none to build an image by.
        match name.rsplit_once('.') {
            Some((_, "go")) => return Some(Kind::Go),
            Some((_, "rs")) => return Some(Kind::Rust),
            _ => {}
        }
        let has_capitals = name.bytes().any(|byte| byte.is_ascii_uppercase());
        let lower = if has_capitals { Cow::Owned(name.to_ascii_lowercase()) } else { Cow::Borrowed(name) };
        let extension = lower.rsplit_once('.').map_or("", |(_, extension)| extension);
        if let Some(kind) = by_name(path, &lower) {
            return Some(kind);
        }
        Some(match extension {
            "go" => Kind::Go,
            "rs" => Kind::Rust,
            "toml" => Kind::Toml,
            "yaml" | "yml" | "tpl" | "rules" => Kind::Yaml,
            "json" | "jsonc" | "json5" | "avsc" => Kind::Json,
            "dockerfile" | "containerfile" => Kind::Dockerfile,
            "sh" | "bash" | "mk" | "make" | "just" | "ps1" | "bat" | "cmd" => Kind::Script,
            "js" | "mjs" | "cjs" | "ts" | "mts" | "cts" | "jsx" | "tsx" => Kind::JavaScript,
            "tf" | "hcl" | "nomad" | "tfvars" => Kind::Hcl,
            "proto" => Kind::Proto,
            "graphql" | "graphqls" | "gql" => Kind::GraphQl,
            "service" | "socket" | "timer" | "in" if lower.contains(".service") || extension != "in" => Kind::Unit,
            "ini" | "cfg" | "env" => Kind::Unit,
            "md" | "markdown" | "rst" | "adoc" => Kind::Markdown,
            "jsonnet" | "libsonnet" | "bzl" | "bazel" | "nix" | "x" | "ld" | "modulemap" | "gyp" | "thrift" | "wit"
            | "udl" | "spec" | "wxs" | "nsi" | "iss" | "rb" | "gemspec" | "podspec" | "csproj" | "gradle" | "xml"
            | "mod" | "pbxproj" | "syso" | "pgo" | "smithy" | "fbs" | "capnp" => return text_kind(extension),
            "py" | "java" | "kt" | "kts" | "swift" | "cs" | "scala" | "dart" | "ex" | "exs" | "php" => Kind::Foreign,
            "c" | "cc" | "cpp" | "cxx" | "h" | "hh" | "hpp" | "s" | "m" | "mm" => Kind::C,
            _ => return None,
        })
    }
}

fn text_kind(extension: &str) -> Option<Kind> {
    match extension {
        "rb" => Some(Kind::Foreign),
        // Binary, or decided by name alone.
        "syso" | "pgo" | "xml" | "mod" => None,
        _ => Some(Kind::Text),
    }
}

fn by_name(path: &str, lower: &str) -> Option<Kind> {
    Some(match lower {
        "go.mod" => Kind::GoMod,
        "go.work" => Kind::GoWork,
        "cargo.toml" => Kind::CargoToml,
        "makefile" | "gnumakefile" | "justfile" | ".justfile" => Kind::Script,
        "earthfile" | "tiltfile" | "procfile" | "build" | "workspace" | "jenkinsfile" | "snapcraft" | "project"
        | "meson.build" | "cmakelists.txt" | "rakefile" | "gemfile" | "pom.xml" | "prj.conf" | "kconfig" | "kbuild"
        | "codeowners" | "pkgbuild" | ".golangci" | "requirements.txt" | "rust-toolchain" => Kind::Text,
        ".env" | ".env.example" | ".env.override" => Kind::Unit,
        "config.toml" | "config" if path.ends_with(".cargo/config.toml") || path.ends_with(".cargo/config") => {
            Kind::CargoConfig
        }
        "control" | "rules" if path.contains("debian/") => Kind::Text,
        _ if !lower.contains('.') && is_script_place(path) => Kind::Script,
        _ if lower.starts_with("dockerfile") || lower.starts_with("containerfile") => Kind::Dockerfile,
        _ if lower.starts_with("makefile") => Kind::Script,
        _ => return None,
    })
}

/// Scripts without an extension live in a few well-known directories.
fn is_script_place(path: &str) -> bool {
    let directory = base(parent(path));
    matches!(directory, "bin" | "script" | "scripts" | "hack" | "ci")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_one_whatever_it_is_called() {
        let kinds = [
            ("build/dockerfile.go", Kind::Go),
            ("src/makefile.rs", Kind::Rust),
            ("Dockerfile.dev", Kind::Dockerfile),
            ("Makefile.common", Kind::Script),
            ("hack/release", Kind::Script),
            ("deploy/api.service.in", Kind::Unit),
        ];
        for (path, kind) in kinds {
            assert_eq!(Kind::of(path), Some(kind), "{path}");
        }
    }
}
