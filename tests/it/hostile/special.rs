//! T4: what is no regular file, at every name that is read.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use super::{Case, calm_service, put, run_all};

/// Names that some stage opens by itself, and one of every kind of reader.
const NAMES: &[&str] = &[
    ".gitignore",
    ".ignore",
    ".mailmap",
    "CODEOWNERS",
    "fitcheck.toml",
    "go.mod",
    "go.work",
    "Cargo.toml",
    ".cargo/config.toml",
    "x.go",
    "x.rs",
    "deploy.yaml",
    "x.json",
    "x.tf",
    "Dockerfile",
    "Makefile",
    "README.md",
    "svc/fitcheck.toml",
    "svc/.gitignore",
];

type Put = fn(&Path);

const KINDS: &[(&str, Put)] = &[
    ("pipe", |path| assert!(Command::new("mkfifo").arg(path).status().is_ok_and(|status| status.success()))),
    ("socket", |path| drop(UnixListener::bind(path).unwrap())),
    ("link to an endless device", |path| symlink("/dev/zero", path).unwrap()),
    ("link to a file outside", |path| symlink("/etc/passwd", path).unwrap()),
    ("link to itself", |path| symlink(path.file_name().unwrap(), path).unwrap()),
    ("link to nothing", |path| symlink("no-such-file", path).unwrap()),
    ("link to the directory above", |path| symlink("..", path).unwrap()),
    ("directory", |path| fs::create_dir(path).unwrap()),
    ("unreadable", |path| {
        fs::write(path, "x").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o0)).unwrap();
    }),
    ("empty", |path| fs::write(path, "").unwrap()),
    ("zeroes", |path| fs::write(path, [0; 4096]).unwrap()),
];

fn special(name: &'static str, kind: &'static str, place: Put) -> Case {
    // What stands where the configuration should and is none is refused.
    let exit: &[i32] = if name.ends_with("fitcheck.toml") && kind != "empty" { &[2] } else { &[0] };
    let make = move |root: &Path| {
        calm_service(root);
        put(root, "svc/go.mod", "module example.org/svc\n");
        put(
            root,
            "svc/main.go",
            "package main\n\nimport \"net/http\"\n\nfunc main() { http.ListenAndServe(\"\", nil) }\n",
        );
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path);
        place(&path);
    };
    Case::new("T4", format!("{name} is a {kind}"), make).exits(exit)
}

#[test]
fn nothing_but_regular_files_is_opened() {
    let mut cases = Vec::new();
    for &name in NAMES {
        cases.extend(KINDS.iter().map(|&(kind, place)| special(name, kind, place)));
    }
    cases.push(Case::new("T4", "a locked directory", |root| {
        calm_service(root);
        put(root, "locked/main.go", "package main");
        fs::set_permissions(root.join("locked"), fs::Permissions::from_mode(0o0)).unwrap();
    }));
    cases.push(Case::new("T4", "links between directories", |root| {
        calm_service(root);
        for name in ["a", "b"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        symlink("../b", root.join("a/b")).unwrap();
        symlink("../a", root.join("b/a")).unwrap();
        symlink(root, root.join("b/all")).unwrap();
        symlink("/proc/self", root.join("b/proc")).unwrap();
        symlink("/", root.join("b/slash")).unwrap();
    }));
    run_all(&cases);
}
