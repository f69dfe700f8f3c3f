//! T9, T10: repositories whose `.git` is broken or an attack; nothing of it may hang, run or lead outside.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::{Case, calm_service, put, run_all};
use crate::git::Repo;

/// Files of a git directory that something opens by name.
const FILES: &[&str] = &[
    "HEAD",
    "config",
    "packed-refs",
    "index",
    "shallow",
    "refs/heads/main",
    "objects/info/alternates",
    "objects/info/commit-graph",
    "info/grafts",
    "info/exclude",
    "info/attributes",
    "commondir",
];

type Put = fn(&Path);

const KINDS: &[(&str, Put)] = &[
    ("a pipe", |path| assert!(Command::new("mkfifo").arg(path).status().is_ok_and(|status| status.success()))),
    ("an endless device", |path| symlink("/dev/zero", path).unwrap()),
    ("a link outside", |path| symlink("/etc/passwd", path).unwrap()),
    ("a link to itself", |path| symlink(path.file_name().unwrap(), path).unwrap()),
    ("a directory", |path| fs::create_dir(path).unwrap()),
    ("missing", |_| ()),
    ("empty", |path| fs::write(path, "").unwrap()),
    ("zeroes", |path| fs::write(path, [0; 4096]).unwrap()),
    ("noise", |path| {
        fs::write(path, (0..9_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<_>>())
            .unwrap()
    }),
    ("a long line", |path| fs::write(path, "ref: refs/heads/".repeat(50_000)).unwrap()),
    ("sparse and huge", |path| fs::File::create(path).unwrap().set_len(8 << 30).unwrap()),
];

/// A repository with two commits, copied into every case.
fn template() -> Option<Repo> {
    let repo = Repo::new()?;
    calm_service(repo.path());
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-q", "-m", "one"]);
    repo.write("main.go", "package main\n\nfunc main() { println() }\n");
    repo.git(&["commit", "-q", "-a", "-m", "two"]);
    Some(repo)
}

fn configured(text: &str) -> String {
    format!("[core]\n\trepositoryformatversion = 0\n\tbare = false\n{text}\n")
}

/// Configuration that would make git run or read something; the marker file must never appear.
fn commands() -> Vec<(&'static str, String)> {
    let run = "touch ran";
    let one = |name, section: &str, key: &str| (name, configured(&format!("[{section}]\n\t{key} = {run}")));
    vec![
        one("fsmonitor", "core", "fsmonitor"),
        one("pager", "core", "pager"),
        one("editor", "core", "editor"),
        one("ssh command", "core", "sshCommand"),
        one("hooks path", "core", "hooksPath"),
        one("askpass", "core", "askPass"),
        one("alternate references", "core", "alternateRefsCommand"),
        one("filter", "filter \"x\"", "process"),
        one("text conversion", "diff \"x\"", "textconv"),
        one("external diff", "diff", "external"),
        one("credential helper", "credential", "helper"),
        one("alias", "alias", "log"),
        one("signing program", "gpg", "program"),
        ("mailmap elsewhere", configured("[mailmap]\n\tfile = /etc/passwd")),
        ("attributes elsewhere", configured("[core]\n\tattributesFile = /dev/zero\n\texcludesFile = /dev/zero")),
        ("work tree elsewhere", configured("[core]\n\tworktree = /etc")),
        ("include of a device", configured("[include]\n\tpath = /dev/zero")),
        ("include of itself", configured("[include]\n\tpath = config")),
        ("unknown format", "[core]\n\trepositoryformatversion = 99\n".into()),
        ("unknown extension", "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tx = y\n".into()),
        ("broken configuration", "[core\n\tbare".into()),
        ("many sections", "[a]\n\tb = c\n".repeat(50_000)),
        (
            "promisor",
            configured(
                "[remote \"origin\"]\n\tpromisor = true\n\turl = ext::sh -c 'touch ran'\n\tpartialclonefilter = blob:none",
            ),
        ),
    ]
}

#[test]
fn no_git_directory_hangs_runs_or_leads_outside() {
    let Some(repo) = template() else { return };
    let template = repo.path().to_path_buf();
    let case = |name: String, change: Box<dyn Fn(&Path) + Send + Sync>| {
        let template = template.clone();
        Case::new("T9", name, move |root| {
            crate::fixtures::copy_tree(&template, root);
            change(&root.join(".git"));
        })
        .exits(&[0])
    };
    let mut cases = Vec::new();
    for &file in FILES {
        for &(kind, place) in KINDS {
            let change = move |git: &Path| {
                let path = git.join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                let _ = fs::remove_file(&path);
                place(&path);
            };
            cases.push(case(format!("{file} is {kind}"), Box::new(change)));
        }
    }
    for (name, text) in commands() {
        cases.push(case(name.into(), Box::new(move |git| put(git, "config", &text))));
    }
    for &(name, text) in GIT_FILES {
        let change = move |git: &Path| {
            fs::rename(git, git.with_file_name("elsewhere")).unwrap();
            fs::write(git, text).unwrap();
        };
        cases.push(case(name.into(), Box::new(change)));
    }
    cases.push(case(
        "`.git` is a pipe".into(),
        Box::new(|git| {
            fs::remove_dir_all(git).unwrap();
            assert!(Command::new("mkfifo").arg(git).status().is_ok_and(|status| status.success()));
        }),
    ));
    cases.push(case(
        "`.git` is a link".into(),
        Box::new(|git| {
            fs::rename(git, git.with_file_name("real")).unwrap();
            symlink("real", git).unwrap();
        }),
    ));
    for &(name, change) in OBJECTS {
        cases.push(case(name.into(), Box::new(change)));
    }
    run_all(&cases);
}

const GIT_FILES: &[(&str, &str)] = &[
    ("a git file outside", "gitdir: /etc\n"),
    ("a git file to itself", "gitdir: .git\n"),
    ("a git file to a device", "gitdir: /dev/zero\n"),
    ("a git file without a name", "gitdir:\n"),
    ("a git file of noise", "\u{1b}[31m::error::x\n"),
    ("a git file to escapes", "gitdir: \u{1b}]8;;\n"),
    ("a git file inside", "gitdir: elsewhere\n"),
];

/// Every loose object, with what to do to it.
fn each_object(git: &Path, act: &dyn Fn(&Path)) {
    for directory in fs::read_dir(git.join("objects")).unwrap().flatten() {
        if directory.file_name().len() == 2 {
            fs::read_dir(directory.path()).unwrap().flatten().for_each(|object| act(&object.path()));
        }
    }
}

fn replace(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

const OBJECTS: &[(&str, Put)] = &[
    ("no objects", |git| fs::remove_dir_all(git.join("objects")).unwrap()),
    ("empty objects", |git| each_object(git, &|path| replace(path, b""))),
    ("objects of noise", |git| each_object(git, &|path| replace(path, b"\x78\x9c\xff\xff\xff\xff noise"))),
    ("objects cut short", |git| {
        each_object(git, &|path| {
            let bytes = fs::read(path).unwrap();
            replace(path, &bytes[..bytes.len() / 2]);
        });
    }),
    ("objects that are pipes", |git| {
        each_object(git, &|path| {
            fs::remove_file(path).unwrap();
            assert!(Command::new("mkfifo").arg(path).status().is_ok_and(|status| status.success()));
        });
    }),
    ("objects that are devices", |git| {
        each_object(git, &|path| {
            fs::remove_file(path).unwrap();
            symlink("/dev/zero", path).unwrap();
        });
    }),
    ("every second object", |git| {
        let count = std::cell::Cell::new(0);
        each_object(git, &|path| {
            count.set(count.get() + 1);
            if count.get() % 2 == 0 {
                fs::remove_file(path).unwrap();
            }
        });
    }),
    ("a pack of noise", |git| {
        put(
            git,
            "objects/pack/pack-1234567890123456789012345678901234567890.pack",
            "PACK\0\0\0\x02\u{7f}\u{7f}\u{7f}\u{7f}noise",
        );
        put(git, "objects/pack/pack-1234567890123456789012345678901234567890.idx", b"\xfftOc\0\0\0\x02".repeat(200));
    }),
    ("a multi-pack index of noise", |git| put(git, "objects/pack/multi-pack-index", "MIDX\u{1}\u{1}\u{4}\0noise")),
    ("alternates outside", |git| put(git, "objects/info/alternates", "/\n/etc\n../../../..\n")),
    ("alternates to itself", |git| put(git, "objects/info/alternates", ".\n../objects\n")),
    ("an unborn branch", |git| put(git, "HEAD", "ref: refs/heads/none\n")),
    ("a detached head of zeroes", |git| put(git, "HEAD", "0".repeat(40))),
    ("a head outside", |git| put(git, "HEAD", "ref: ../../../../etc/passwd\n")),
    ("a head to itself", |git| put(git, "HEAD", "ref: HEAD\n")),
    ("references in a circle", |git| {
        put(git, "refs/heads/main", "ref: refs/heads/b\n");
        put(git, "refs/heads/b", "ref: refs/heads/main\n");
    }),
    ("a shallow list of its own head", |git| {
        let head = fs::read(git.join("refs/heads/main")).unwrap();
        put(git, "shallow", head);
    }),
    ("hooks", |git| {
        use std::os::unix::fs::PermissionsExt;
        for name in ["post-checkout", "fsmonitor-watchman", "post-index-change", "reference-transaction"] {
            put(git, &format!("hooks/{name}"), "#!/bin/sh\ntouch ran\n");
            fs::set_permissions(git.join("hooks").join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
    }),
];
