//! Services that a change lets vanish, or look better, with their code still there: told, whatever the trick.

use super::{WHO, judge, questioned};
use crate::cli::write;
use crate::git::Repo;

/// A base with a Go service that calls C and a Rust service that moves rows, each with a verdict that a change may want
/// to be rid of.
fn base() -> Option<Repo> {
    let repo = Repo::new()?;
    let calls: String = (0..24).map(|nth| format!("\tC.abs({nth})\n")).collect();
    let codec = format!(
        "package codec\n\n// #include <stdlib.h>\nimport \"C\"\n\nimport \"net/http\"\n\n\
         func Answer(w http.ResponseWriter, r *http.Request) {{\n{calls}}}\n"
    );
    write(
        repo.path(),
        &[
            ("relay/go.mod", "module example.org/relay\n\ngo 1.25\n"),
            (
                "relay/main.go",
                "package main\n\nimport (\n\t\"net/http\"\n\n\t\"example.org/relay/codec\"\n)\n\nfunc main() {\n\t\
                 http.HandleFunc(\"/a\", codec.Answer)\n\t_ = http.ListenAndServe(\":8080\", nil)\n}\n",
            ),
            ("relay/codec/codec.go", &codec),
            ("relay/Dockerfile", "FROM golang:1.25\nCOPY . .\nRUN go build -o /relay .\nENTRYPOINT [\"/relay\"]\n"),
        ],
    );
    questioned(repo.path(), "shop");
    repo.commit(0, WHO, "base");
    Some(repo)
}

fn text(repo: &Repo, path: &str) -> String {
    std::fs::read_to_string(repo.path().join(path)).unwrap()
}

fn before(repo: &Repo, path: &str, line: &str) {
    repo.write(path, &format!("{line}\n{}", text(repo, path)));
}

fn replace(repo: &Repo, path: &str, from: &str, to: &str) {
    let old = text(repo, path);
    assert!(old.contains(from), "{path}");
    repo.write(path, &old.replace(from, to));
}

/// Moves a file, and leaves another text in its place where there is one.
pub(super) fn moved(repo: &Repo, from: &str, to: &str, instead: Option<&str>) {
    let old = text(repo, from);
    std::fs::remove_file(repo.path().join(from)).unwrap();
    if let Some(instead) = instead {
        repo.write(from, instead);
    }
    repo.write(to, &old);
}

const MAIN: &str = "shop/src/main.rs";
const MANIFEST: &str = "shop/Cargo.toml";
const PLAIN: &str = "package codec\n\nimport \"net/http\"\n\nfunc Answer(w http.ResponseWriter, r *http.Request) {}\n";

/// The main function called from a module of this name.
fn through(repo: &Repo, path: &str, module: &str) {
    moved(repo, MAIN, path, Some(&format!("mod {module};\nfn main() {{ {module}::main() }}\n")));
}

/// The main function in a package of its own.
fn in_package(repo: &Repo, directory: &str, relative: &str) {
    let manifest = text(repo, MANIFEST);
    repo.write(&format!("{directory}/Cargo.toml"), &manifest.replace("courier", "real"));
    let place = format!("{directory}/src/lib.rs");
    moved(repo, MAIN, &place, Some("fn main() { real::main(); }\n"));
    replace(repo, &place, "#[tokio::main]\nasync fn main", "pub async fn main");
    let (head, _) = manifest.split_once("[dependencies]").unwrap();
    repo.write(MANIFEST, &format!("{head}[dependencies]\nreal = {{ path = \"{relative}\" }}\n"));
}

fn target(repo: &Repo, kind: &str, path: &str) {
    let table = format!("[[{kind}]]\nname = \"courier\"\npath = \"{path}\"\n\n[dependencies]");
    replace(repo, MANIFEST, "[dependencies]", &table);
}

type Trick = (&'static str, fn(&Repo));

const TRICKS: &[Trick] = &[
    ("a main that is never built", |repo| before(repo, "relay/main.go", "//go:build ignore\n")),
    ("the same in the old words", |repo| before(repo, "relay/main.go", "// +build ignore\n")),
    ("a main in a comment", |repo| replace(repo, "relay/main.go", "func main", "/*/\nfunc main")),
    ("a file that is called a test", |repo| {
        moved(repo, "relay/codec/codec.go", "relay/codec/codec_test.go", None);
        repo.write("relay/codec/other.go", PLAIN);
    }),
    ("a package among mocks", |repo| {
        moved(repo, "relay/codec/codec.go", "relay/mocks/codec/codec.go", None);
        replace(repo, "relay/main.go", "relay/codec", "relay/mocks/codec");
    }),
    ("a module of another name", |repo| replace(repo, "relay/go.mod", "relay", "other")),
    ("a submodule", |repo| {
        let head = repo.git(&["rev-parse", "HEAD"]);
        std::fs::remove_dir_all(repo.path().join("relay")).unwrap();
        repo.git(&["rm", "-r", "-q", "--cached", "relay"]);
        repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{},relay", head.trim())]);
        std::fs::create_dir(repo.path().join("relay")).unwrap();
    }),
    #[cfg(unix)]
    ("a link to what is called a text", |repo| {
        moved(repo, "relay/codec/codec.go", "relay/codec/codec.txt", None);
        std::os::unix::fs::symlink("codec.txt", repo.path().join("relay/codec/codec.go")).unwrap();
    }),
    ("no programs by their place", |repo| replace(repo, MANIFEST, "edition", "autobins = false\nedition")),
    ("no manifest", |repo| std::fs::remove_file(repo.path().join(MANIFEST)).unwrap()),
    ("a program that is called a text", |repo| {
        moved(repo, MAIN, "shop/src/real.txt", None);
        target(repo, "bin", "src/real.txt");
    }),
    ("a program that is called an example", |repo| {
        moved(repo, MAIN, "shop/src/courier.rs", None);
        repo.write("shop/src/lib.rs", "");
        target(repo, "example", "src/courier.rs");
    }),
    ("a program that is called a test", |repo| {
        moved(repo, MAIN, "shop/src/courier.rs", None);
        repo.write("shop/src/lib.rs", "");
        target(repo, "test", "src/courier.rs");
    }),
    ("code for tests alone", |repo| before(repo, MAIN, "#![cfg(test)]")),
    ("a module that is called tests", |repo| through(repo, "shop/src/tests.rs", "tests")),
    ("a module in a folder for benchmarks", |repo| through(repo, "shop/src/bench/mod.rs", "bench")),
    ("an include of two words", |repo| {
        moved(repo, MAIN, "shop/src/real.txt", Some("include!(concat!(\"real\", \".txt\"));\n"));
    }),
    ("an include by a macro", |repo| {
        let text = "macro_rules! a { ($x:literal) => { include!($x); } }\na!(\"real.txt\");\n";
        moved(repo, MAIN, "shop/src/real.txt", Some(text));
    }),
    ("a package that is called vendored", |repo| in_package(repo, "vendor/real", "../vendor/real")),
    ("a package among test data", |repo| in_package(repo, "shop/testdata/real", "testdata/real")),
    ("a package among examples", |repo| in_package(repo, "shop/examples/real", "examples/real")),
    ("crates of other names", |repo| {
        replace(repo, MANIFEST, "axum = \"0.8\"", "a = { package = \"axum\", version = \"0.8\" }");
        replace(repo, MANIFEST, "sqlx = \"0.8\"", "s = { package = \"sqlx\", version = \"0.8\" }");
        replace(repo, MAIN, "axum::", "a::");
        replace(repo, MAIN, "sqlx::", "s::");
    }),
];

#[test]
fn what_vanishes_with_its_code_still_there_is_told_and_fails() {
    for (name, play) in TRICKS {
        let Some(repo) = base() else { return };
        play(&repo);
        let output = judge(&repo, &["--format", "json"]);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(told.contains("service-hidden"), "{name}: {told}");
        assert!(matches!(output.status.code(), Some(1 | 2)), "{name}");
    }
}

#[test]
fn honest_work_is_no_trick() {
    let honest: &[Trick] = &[
        ("a service is deleted", |repo| std::fs::remove_dir_all(repo.path().join("shop")).unwrap()),
        ("a program becomes a library", |repo| {
            moved(repo, MAIN, "shop/src/lib.rs", None);
            replace(repo, "shop/src/lib.rs", "#[tokio::main]\nasync fn main", "pub async fn serve");
        }),
        ("the calls are taken out", |repo| repo.write("relay/codec/codec.go", PLAIN)),
        ("a module and all that imports it get another name", |repo| {
            replace(repo, "relay/go.mod", "relay", "other");
            replace(repo, "relay/main.go", "example.org/relay", "example.org/other");
            repo.write("relay/codec/codec.go", PLAIN);
        }),
        ("a main goes and its packages stay", |repo| {
            std::fs::remove_file(repo.path().join("relay/main.go")).unwrap();
        }),
        ("a service moves and loses its rows", |repo| {
            moved(repo, MAIN, "services/shop/src/main.rs", None);
            moved(repo, MANIFEST, "services/shop/Cargo.toml", None);
            replace(repo, "services/shop/src/main.rs", "sqlx::PgPool::connect(\"postgres://db\")", "open()");
        }),
    ];
    for (name, work) in honest {
        let Some(repo) = base() else { return };
        work(&repo);
        let output = judge(&repo, &["--format", "json"]);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!told.contains("service-hidden"), "{name}: {told}");
    }
}
