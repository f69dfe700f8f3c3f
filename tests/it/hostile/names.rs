//! T11, T12, T13, T19: payloads as names of files, directories, modules, packages and services, and in values.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::payloads::PAYLOADS;
use super::{Case, calm_service, put, run_all};

/// A service in a hostile directory that has findings: all its evidence lies under the hostile name.
fn in_directory(payload: &'static str) -> Case {
    let make = move |root: &Path| questioned(root, payload, "svc");
    Case::new("T11", format!("directory {payload:?}"), make).exits(&[1])
}

/// The shipped example of a service under tight latency that is written in Go, at a place and with a name.
fn questioned(root: &Path, directory: &str, module: &str) {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tail-latency/flags");
    let place = root.join(directory);
    std::fs::create_dir_all(&place).unwrap();
    crate::fixtures::copy_tree(&fixture, &place);
    put(root, &format!("{directory}/notes.md"), format!("# {module}\n\np99 must stay under 5 ms {module}\n"));
}

fn in_values(payload: &'static str) -> Case {
    let make = move |root: &Path| {
        questioned(root, "svc", payload);
        let quoted = serde_json::to_string(payload).unwrap();
        let line = payload.replace(['\n', '\r'], " ");
        put(root, "svc/deploy.yaml", deployment(&quoted));
        put(root, "a/go.mod", format!("module example.org/{line}\n\ngo 1.24\n\nrequire {line} v1.0.0\n"));
        put(
            root,
            "a/main.go",
            format!("package main // {line}\n\nimport {quoted}\n\n// p99 < 5 ms {line}\nfunc main() {{}}\n"),
        );
        put(
            root,
            "b/Cargo.toml",
            format!("[package]\nname = {quoted}\nversion = {quoted}\n\n[dependencies]\n{quoted} = {quoted}\n"),
        );
        put(root, "b/src/main.rs", format!("// SLO: p99 < 5 ms {line}\nfn main() {{ let _ = {quoted}; }}\n"));
        put(root, "Dockerfile", format!("FROM {line} AS {line}\nLABEL a={quoted}\nENTRYPOINT [{quoted}]\n"));
        put(
            root,
            "rules.yaml",
            format!(
                "groups: [{{name: {quoted}, rules: [{{alert: {quoted}, expr: 'a > 0.005', labels: {{a: {quoted}}}}}]}}]\n"
            ),
        );
        put(root, "main.tf", format!("resource {quoted} {quoted} {{\n  name = {quoted}\n}}\n"));
    };
    Case::new("T12", format!("values {payload:?}"), make).exits(&[1])
}

fn deployment(quoted: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {quoted}, labels: {{app: {quoted}}}}}\nspec:\n  template:\n    spec:\n      containers:\n      - name: {quoted}\n        image: {quoted}\n        resources: {{limits: {{memory: {quoted}, cpu: {quoted}}}}}\n        env: [{{name: GOGC, value: {quoted}}}, {{name: {quoted}, value: {quoted}}}]\n"
    )
}

/// Texts of the user's own files reach the report as well.
fn in_configuration(payload: &'static str) -> Case {
    let make = move |root: &Path| {
        calm_service(root);
        questioned(root, "svc", "svc");
        let quoted = toml::Value::String(payload.to_owned()).to_string();
        put(
            root,
            "fitcheck.toml",
            format!(
                "[[allow]]\npolicy = \"tail-latency\"\nservice = \"svc\"\nreason = {quoted}\nowner = {quoted}\nuntil = \"2999-01-01\"\n"
            ),
        );
    };
    Case::new("T13", format!("configuration {payload:?}"), make).exits(&[0])
}

fn mistaken_configuration(payload: &'static str) -> Case {
    let make = move |root: &Path| {
        calm_service(root);
        put(root, "fitcheck.toml", format!("{} = {payload}\n", toml::Value::String(payload.to_owned())));
    };
    Case::new("T13", format!("mistaken configuration {payload:?}"), make).exits(&[2])
}

#[test]
fn no_payload_in_a_name_or_value_gets_through() {
    let mut cases = Vec::new();
    for &payload in PAYLOADS {
        cases.push(in_directory(payload));
        cases.push(in_values(payload));
        cases.push(in_configuration(payload));
        cases.push(mistaken_configuration(payload));
    }
    run_all(&cases);
}

#[test]
fn odd_names_are_told_apart() {
    let odd = |name: &'static str, make: fn(&Path)| {
        Case::new("T19", name, move |root| {
            calm_service(root);
            make(root);
        })
    };
    let bytes = |bytes: &'static [u8]| Path::new(OsStr::from_bytes(bytes));
    let raw = move |root: &Path, name: &'static [u8]| {
        std::fs::create_dir_all(root.join(bytes(name))).unwrap();
        std::fs::write(root.join(bytes(name)).join("main.go"), "package main\n\nfunc main() {}\n").unwrap();
        std::fs::write(root.join(bytes(name)).join("go.mod"), "module example.org/raw\n").unwrap();
    };
    let cases = vec![
        odd("case twins", |root| {
            for name in ["Svc", "svc", "SVC"] {
                put(root, &format!("{name}/go.mod"), "module example.org/svc\n");
                put(root, &format!("{name}/main.go"), "package main\n\nfunc main() {}\n");
            }
        }),
        odd("normalisation twins", |root| {
            for name in ["\u{e9}", "e\u{301}"] {
                put(root, &format!("{name}/go.mod"), "module example.org/e\n");
                put(root, &format!("{name}/main.go"), "package main\n\nfunc main() {}\n");
            }
        }),
        Case::new("T19", "names that are not UTF-8", move |root| {
            raw(root, b"a\xff\xfe");
            raw(root, b"\xe9");
            raw(root, b"a\xff\xfd\n::error::x");
        }),
        odd("the longest name", |root| put(root, &format!("{}/main.go", "a".repeat(250)), "package main")),
        odd("a repository in the repository", |root| {
            put(root, "inner/.git/HEAD", "ref: refs/heads/main\n");
            put(root, "inner/.git/config", "[core]\n\tfsmonitor = touch /tmp/x\n");
            put(root, "inner/main.go", "package main\n\nfunc main() {}\n");
        }),
        odd("a submodule file", |root| {
            put(root, "sub/.git", "gitdir: ../../../../etc\n");
            put(root, ".gitmodules", "[submodule \"x\"]\n\tpath = ../..\n\turl = ext::sh -c x\n");
        }),
        odd("parts that lead elsewhere", |root| {
            put(
                root,
                "w/Cargo.toml",
                "[workspace]\nmembers = [\"../../../etc\", \"/etc\", \"**/**\", \"..\", \"*/../*\"]\n",
            );
            put(root, "w/go.work", "go 1.24\n\nuse (\n\t../../..\n\t/etc\n)\n");
            put(root, "w/go.mod", "module a\n\nreplace b => ../../../../etc\n");
            put(
                root,
                "w/x/Cargo.toml",
                "[package]\nname = \"x\"\nbuild = \"../../../../etc/passwd\"\n[[bin]]\nname = \"x\"\npath = \"/etc/passwd\"\n[dependencies]\ny = { path = \"../../../..\" }\n",
            );
            put(
                root,
                "w/x/src/main.rs",
                "#[path = \"/etc/passwd\"] mod a; #[path = \"../../../../x.rs\"] mod b; fn main() { include!(\"/etc/passwd\") }",
            );
            put(
                root,
                "w/Dockerfile",
                "FROM golang\nCOPY ../../.. /\nRUN go build -o /a ../../../cmd\nENTRYPOINT [\"/../../a\"]\n",
            );
        })
        .exits(&[1]),
        odd("modules that name each other", |root| {
            put(root, "src/main.rs", "mod a; fn main() {}");
            put(root, "src/a.rs", "#[path = \"main.rs\"] mod m; #[path = \"a.rs\"] mod a;");
            put(
                root,
                "Cargo.toml",
                "[package]\nname = \"a\"\n[dependencies]\na = { path = \".\" }\nb = { path = \"b\" }\n",
            );
            put(root, "b/Cargo.toml", "[package]\nname = \"b\"\n[dependencies]\na = { path = \"..\" }\n");
            put(root, "b/src/lib.rs", "pub mod lib;");
        }),
        odd("packages that import each other", |root| {
            put(root, "x/x.go", "package x\n\nimport (\n\t_ \"example.org/calm/y\"\n\t_ \"example.org/calm/x\"\n)\n");
            put(root, "y/y.go", "package y\n\nimport _ \"example.org/calm/x\"\n");
            put(root, "z.go", "package main\n\nimport _ \"example.org/calm/x\"\n");
        }),
    ];
    run_all(&cases);
}
