//! T9, T10: repositories whose `.git` is broken or an attack; nothing of it may hang, run or lead outside.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::{Case, calm_service, put, run_all};
use crate::cli::alone;
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
    for &(name, change) in STRUCTURES {
        cases.push(case(name.into(), Box::new(change)));
    }
    run_all(&cases);
}

/// Runs git in the work tree above a git directory, with something on its standard input.
fn git_with(git: &Path, words: &[&str], input: &[u8]) -> String {
    use std::io::Write;
    let mut command = Command::new("git");
    command.arg("-C").arg(git.parent().unwrap()).args(words).env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", git);
    for name in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{name}_NAME"), "a").env(format!("GIT_{name}_EMAIL"), "a@example.com");
    }
    command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // What git does not want to read, it refuses by closing the pipe.
    let _ = stdin.write_all(input);
    drop(stdin);
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap().trim().to_owned()
}

/// Writes an object, whatever it says, and makes it the head of the branch.
fn head_is(git: &Path, kind: &str, content: &[u8]) {
    let id = git_with(git, &["hash-object", "-w", "-t", kind, "--literally", "--stdin"], content);
    assert_eq!(id.len(), 40);
    put(git, "refs/heads/main", id);
}

fn commit_text(git: &Path, parents: &str, message: &str) -> Vec<u8> {
    let tree = git_with(git, &["rev-parse", "HEAD^{tree}"], b"");
    let person = "a <a@example.com> 1700000000 +0000";
    format!("tree {tree}\n{parents}author {person}\ncommitter {person}\n\n{message}\n").into_bytes()
}

/// Objects and layouts that git could write but hardly does.
const STRUCTURES: &[(&str, Put)] = &[
    ("a commit of 256 MB", |git| {
        let text = commit_text(git, "", &"a".repeat(256 << 20));
        head_is(git, "commit", &text);
    }),
    ("a commit of 50,000 parents", |git| {
        let head = git_with(git, &["rev-parse", "HEAD"], b"");
        let text = commit_text(git, &format!("parent {head}\n").repeat(50_000), "x");
        head_is(git, "commit", &text);
    }),
    ("a commit of parents that are not there", |git| {
        let text = commit_text(git, &format!("parent {}\n", "12".repeat(20)), "x");
        head_is(git, "commit", &text);
    }),
    ("a commit without a tree", |git| head_is(git, "commit", b"author a <a> 1 +0000\n\nx\n")),
    ("a commit from the end of time", |git| {
        let tree = git_with(git, &["rev-parse", "HEAD^{tree}"], b"");
        for time in ["99999999999999999999", "-1", "9223372036854775807", "0"] {
            let person = format!("\u{1b}]0;x <\u{202e}@\0> {time} +9999");
            head_is(git, "commit", format!("tree {tree}\nauthor {person}\ncommitter {person}\n\nx\n").as_bytes());
        }
    }),
    ("a head that is a blob", |git| head_is(git, "blob", b"x")),
    ("a head that is a chain of tags", |git| {
        for _ in 0..40 {
            let head = git_with(git, &["rev-parse", "refs/heads/main"], b"");
            let kind = git_with(git, &["cat-file", "-t", &head], b"");
            head_is(git, "tag", format!("object {head}\ntype {kind}\ntag x\ntagger a <a> 1 +0000\n\nx\n").as_bytes());
        }
    }),
    ("a tree that holds itself in names", |git| {
        let blob = git_with(git, &["hash-object", "-w", "--stdin"], b"x");
        let raw: Vec<u8> = (0..40).step_by(2).map(|at| u8::from_str_radix(&blob[at..at + 2], 16).unwrap()).collect();
        let mut tree = Vec::new();
        for name in ["..", ".", ".git", "a/b", "/etc/passwd", "", "a\\b", "CON", "x.go", "x.go"] {
            tree.extend([b"100644 ", name.as_bytes(), b"\0", raw.as_slice()].concat());
        }
        let id = git_with(git, &["hash-object", "-w", "-t", "tree", "--literally", "--stdin"], &tree);
        let person = "a <a@example.com> 1700000000 +0000";
        head_is(git, "commit", format!("tree {id}\nauthor {person}\ncommitter {person}\n\nx\n").as_bytes());
    }),
    ("an index whose paths lead outside", |git| {
        put(git.parent().unwrap(), "aa/aaa/hosts.go", "package x\n");
        git_with(git, &["add", "-f", "aa/aaa/hosts.go"], b"");
        let mut index = fs::read(git.join("index")).unwrap();
        let name = b"aa/aaa/hosts.go";
        let at = index.windows(name.len()).position(|part| part == name).unwrap();
        index[at..at + name.len()].copy_from_slice(b"../../xhosts.go");
        // No checksum is a checksum that nobody computes.
        let end = index.len() - 20;
        index[end..].fill(0);
        put(git, "index", index);
        put(git.parent().unwrap().parent().unwrap(), "xhosts.go", "package outside\n");
    }),
    ("another object format", |git| {
        put(git, "config", "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha256\n");
    }),
    ("an object format that nobody knows", |git| {
        put(git, "config", "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = md5\n");
    }),
    ("references in tables", |git| {
        put(git, "config", "[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefStorage = reftable\n");
        put(git, "reftable/tables.list", "0x1-0x2-x.ref\n");
    }),
    ("configuration of the work tree", |git| {
        put(git, "config", "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tworktreeConfig = true\n");
        symlink("/dev/zero", git.join("config.worktree")).unwrap();
    }),
    ("includes of everything", |git| {
        put(
            git,
            "config",
            configured(
                "[include]\n\tpath = /etc/passwd\n[includeIf \"gitdir:/\"]\n\tpath = ../../../etc/hosts\n[include]\n\tpath = ~/x",
            ),
        );
    }),
    ("filters named by attributes", |git| {
        put(
            git,
            "config",
            configured(
                "[filter \"x\"]\n\tclean = touch ran\n\tsmudge = touch ran\n\tprocess = touch ran\n\trequired = true",
            ),
        );
        put(
            git.parent().unwrap(),
            ".gitattributes",
            "* filter=x diff=x merge=x text eol=crlf working-tree-encoding=UTF-16\n",
        );
        put(git, "info/attributes", "* filter=x\n");
    }),
    ("alternates by network", |git| put(git, "objects/info/http-alternates", "http://127.0.0.1:1/\n")),
    ("a chain of alternates", |git| {
        let mut from = git.join("objects");
        for nth in 0..12 {
            let next = git.join(format!("o{nth}"));
            fs::create_dir_all(next.join("info")).unwrap();
            put(&from, "info/alternates", format!("{}\n", next.display()));
            from = next;
        }
    }),
    ("a submodule whose work tree is elsewhere", |git| {
        let root = git.parent().unwrap();
        put(git, "modules/x/config", configured("[core]\n\tworktree = /etc"));
        put(git, "modules/x/HEAD", "ref: refs/heads/main\n");
        fs::create_dir_all(git.join("modules/x/objects")).unwrap();
        fs::create_dir_all(git.join("modules/x/refs")).unwrap();
        put(root, "x/.git", "gitdir: ../.git/modules/x\n");
        put(
            root,
            ".gitmodules",
            "[submodule \"x\"]\n\tpath = ../../etc\n\turl = ext::sh -c 'touch ran'\n\tupdate = !touch ran\n",
        );
    }),
    ("a work tree that another repository does not know", |git| {
        put(git, "worktrees/w/gitdir", "/etc/.git\n");
        put(git, "worktrees/w/commondir", "/etc\n");
        put(git, "worktrees/w/HEAD", "ref: refs/heads/main\n");
        put(git.parent().unwrap(), "w/.git", "gitdir: ../.git/worktrees/w\n");
    }),
    ("a repository of somebody else", |git| {
        // Only a privileged user can give files away; for others this is the template as it is.
        let _ = Command::new("chown").args(["-R", "65534:65534"]).arg(git).status();
    }),
    ("replaced and grafted commits", |git| {
        let head = git_with(git, &["rev-parse", "HEAD"], b"");
        put(git, &format!("refs/replace/{head}"), &head);
        put(git, "info/grafts", format!("{head} {head}\n"));
    }),
    ("a hundred thousand references", |git| {
        let head = git_with(git, &["rev-parse", "HEAD"], b"");
        let lines: String = (0..100_000).map(|nth| format!("{head} refs/tags/t{nth:06}\n")).collect();
        put(git, "packed-refs", format!("# pack-refs with: peeled fully-peeled sorted \n{lines}"));
    }),
    ("packed references that are not sorted", |git| {
        put(git, "packed-refs", "# pack-refs with: sorted \nzz refs/heads/z\n^^\n\u{1b} refs/heads/../../a\n");
    }),
];

/// Variables by which git can be told to look elsewhere or to run something.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("GIT_DIR", "/etc"),
    ("GIT_WORK_TREE", "/etc"),
    ("GIT_COMMON_DIR", "/etc"),
    ("GIT_INDEX_FILE", "/dev/zero"),
    ("GIT_OBJECT_DIRECTORY", "/dev"),
    ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "/dev:/etc"),
    ("GIT_CONFIG", "/dev/zero"),
    ("GIT_CONFIG_GLOBAL", "/dev/zero"),
    ("GIT_CONFIG_SYSTEM", "/dev/zero"),
    ("GIT_CONFIG_PARAMETERS", "'core.fsmonitor=touch ran'"),
    ("GIT_CONFIG_COUNT", "1"),
    ("GIT_CONFIG_KEY_0", "core.fsmonitor"),
    ("GIT_CONFIG_VALUE_0", "touch ran"),
    ("GIT_SHALLOW_FILE", "/dev/zero"),
    ("GIT_GRAFT_FILE", "/dev/zero"),
    ("GIT_NAMESPACE", "x"),
    ("GIT_REPLACE_REF_BASE", "refs/x"),
    ("GIT_EXTERNAL_DIFF", "touch ran"),
    ("GIT_SSH_COMMAND", "touch ran"),
    ("GIT_ASKPASS", "touch ran"),
    ("GIT_PAGER", "touch ran"),
    ("GIT_EDITOR", "touch ran"),
    ("GIT_TRACE", "/dev/stdout"),
    ("GIT_CEILING_DIRECTORIES", "/"),
    ("GIT_ATTR_SOURCE", "HEAD"),
    ("GIT_DEFAULT_HASH", "sha256"),
    ("XDG_CONFIG_HOME", "/dev"),
];

#[test]
fn the_environment_of_git_is_not_ours() {
    let Some(repo) = template() else { return };
    let told = |environment: &[(&str, &str)]| {
        let mut command = alone();
        command.args(["--no-cache", "--format", "json", "--base", "HEAD~1"]).arg(repo.path());
        command.envs(environment.iter().copied());
        let (code, stdout, stderr) = super::finish(command).unwrap();
        assert_eq!(code, Some(0), "{environment:?}: {}", String::from_utf8_lossy(&stderr));
        crate::steady::without_time(&stdout)
    };
    let plain = told(&[]);
    for &variable in ENVIRONMENT {
        assert_eq!(told(&[variable]), plain, "{variable:?}");
    }
    assert_eq!(told(ENVIRONMENT), plain);
    assert!(!repo.path().join("ran").exists());
}

/// Roots that are no work tree of git's, or one of its rarer ones: right, or a clear word.
#[test]
fn rare_repositories_are_right_or_refused() {
    let Some(repo) = template() else { return };
    let elsewhere = tempfile::tempdir().unwrap();
    let at = |name: &str| elsewhere.path().join(name).display().to_string();
    let url = format!("file://{}", repo.path().display());
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    repo.git(&["clone", "-q", "--bare", &url, &at("bare")]);
    repo.git(&["clone", "-q", "--mirror", &url, &at("mirror")]);
    repo.git(&["clone", "-q", "--depth", "1", &url, &at("shallow")]);
    repo.git(&["clone", "-q", "--filter=blob:none", "--no-checkout", &url, &at("blobless")]);
    repo.git(&["clone", "-q", "--filter=tree:0", "--no-checkout", &url, &at("treeless")]);
    repo.git(&["clone", "-q", "--sparse", &url, &at("sparse")]);
    repo.git(&["worktree", "add", "-q", &at("linked")]);
    repo.git(&["init", "-q", &at("unborn")]);
    // Name, words, expected status, and text that one of the outputs holds.
    let cases: &[(&str, &[&str], i32, &str)] = &[
        ("bare", &[], 0, "\"services\""),
        ("bare", &["--at", "HEAD"], 0, "\"calm\""),
        ("mirror", &["--at", "HEAD", "--base", "HEAD~1"], 0, "\"calm\""),
        ("shallow", &["--at", "HEAD"], 0, "shallow"),
        ("shallow", &["--base", "HEAD~1"], 2, "cannot find base"),
        ("blobless", &["--at", "HEAD"], 0, "its content is not in this clone"),
        ("blobless", &["--at", "HEAD", "--strict"], 2, "its content is not in this clone"),
        ("treeless", &["--at", "HEAD"], 2, "is not in this clone"),
        ("sparse", &["--staged"], 0, "\"calm\""),
        ("linked", &["--base", "HEAD~1"], 0, "\"calm\""),
        ("unborn", &[], 0, "\"services\""),
        ("unborn", &["--base", "HEAD"], 0, "\"services\""),
        ("unborn", &["--at", "HEAD"], 2, "cannot find base"),
        ("unborn", &["--policy-ref", "HEAD~1"], 2, "cannot find base"),
        ("unborn", &["--base", "--upload-pack=x"], 2, "--upload-pack"),
        ("linked", &["--base=/etc/passwd"], 2, "leaves the repository"),
    ];
    for (name, words, status, text) in cases {
        let mut command = alone();
        command.args(["--no-cache", "--format", "json"]).args(*words).arg(at(name));
        let (code, stdout, stderr) = super::finish(command).unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        assert_eq!(code, Some(*status), "{name} {words:?}: {said}");
        assert!(said.contains(text), "{name} {words:?}: {said}");
    }
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
