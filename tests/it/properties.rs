//! What holds for every text: facts lie inside it, on characters, whatever was put together.

use std::path::Path;

use fitcheck::check::{Options, check};
use fitcheck::parse::Kind;
use fitcheck::reader;
use fitcheck::source::{Place, Text};
use proptest::prelude::*;

use crate::fixtures::copy_tree;

/// Pieces of a language, out of which texts are put together in any order.
const GO: &[&str] = &[
    "package main\n",
    "import (\n",
    "\"unsafe\"\n",
    "\"net/http\"\n",
    "\"runtime/debug\"\n",
    "import \"C\"\n",
    ")",
    "(",
    "{",
    "}",
    "func main() ",
    "func (s *S) M",
    "[",
    "]",
    "// p99 < 5 ms\n",
    "/* ",
    "*/",
    "//export F\n",
    "//go:build linux\n",
    "unsafe.Pointer(x)",
    "debug.SetGCPercent(",
    "http.ListenAndServe(\":80\", nil)",
    "x, _ := f()",
    "_ = f()",
    "50",
    "\"",
    "`",
    "'",
    "\\",
    "\n",
    "\r\n",
    " ",
    "\t",
    "ä",
    "🦀",
    "\u{2028}",
    "\u{1}",
    ";",
    ".",
    ":=",
    "go func() ",
    "time.Millisecond",
    "*",
];
const RUST: &[&str] = &[
    "use axum::{",
    "}",
    "fn main() {",
    "#[no_mangle]\n",
    "#[unsafe(no_mangle)] ",
    "pub extern \"C\" fn f(",
    ")",
    "(",
    "{",
    "mod a;",
    "#![no_std]\n",
    "#[cfg(test)] ",
    "unsafe ",
    "r#\"",
    "\"#",
    "\"",
    "'a",
    "'",
    "/*",
    "*/",
    "// p99 < 5 ms\n",
    "/// x\n",
    "<",
    ">",
    "::",
    "Duration::from_millis(5)",
    "#[tokio::main] async ",
    "macro_rules! m {",
    "=> ",
    ";",
    "\n",
    "\r",
    " ",
    "ä",
    "🦀",
    "\u{2028}",
    "\\",
    "b\"",
    "c\"",
    "1.0e",
    "0x",
    "#",
    "!",
    "[",
    "]",
];
const YAML: &[&str] = &[
    "kind: Deployment\n",
    "apiVersion: apps/v1\n",
    "spec:\n",
    "  template:\n",
    "  - ",
    "containers:\n",
    "image: \"a:b\"\n",
    "limits: {memory: 64Mi}\n",
    "a: &a ",
    "*a",
    "<<: *a\n",
    "---\n",
    "...\n",
    "- ",
    "? ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "|\n",
    ">-\n",
    "'",
    "\"",
    "#",
    "{{ .Values.x }}",
    "{{- if a }}",
    "{{ end }}",
    "{{",
    "groups: [{rules: [{alert: a, expr: 'histogram_quantile(0.99, x_seconds_bucket) > 0.005'}]}]\n",
    "\n",
    "\r\n",
    " ",
    "    ",
    "\t",
    "ä",
    "🦀",
    "\u{85}",
    "!",
    "%",
    "@",
    "&",
    "x",
];
const DOCKERFILE: &[&str] = &[
    "FROM golang:1.24 AS b\n",
    "FROM ",
    "scratch\n",
    "AS ",
    "RUN go build -o /a ./cmd\n",
    "RUN ",
    "<<EOF\n",
    "EOF\n",
    "COPY --from=b /a /a\n",
    "ARG A=1\n",
    "ARG ",
    "${A:-",
    "}",
    "$A",
    "ENTRYPOINT [\"/a\"]\n",
    "ENTRYPOINT ",
    "[",
    "]",
    "ENV GOGC=off\n",
    "# escape=`\n",
    "\\\n",
    "\\",
    "`",
    "\"",
    "'",
    "\n",
    "\r\n",
    " ",
    "cargo build --release",
    "&& ",
    "; ",
    "$(",
    ")",
    "ä",
    "🦀",
    "=",
    "\t",
    "|",
];
const OTHER: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"a\"",
    ":",
    ",",
    "=",
    "1",
    "true",
    "[[a.b]]\n",
    "[package]\n",
    "name = \"x\"\n",
    "cfg(not(",
    "))",
    "<<A\n",
    "A\n",
    "${",
    "//",
    "/*",
    "*/",
    "#",
    "require (",
    "module a\n",
    "go 1.24\n",
    "p99 < 5 ms ",
    "http_req_duration",
    "thresholds",
    "import http from 'k6/http'",
    "resource \"a\" \"b\" ",
    "syntax = \"proto3\";",
    "\n",
    "\r\n",
    " ",
    "ä",
    "🦀",
    "\\",
    "'",
    "`",
    "|",
    "- ",
    "message A ",
    "[Service]\n",
    "MemoryMax=64M\n",
];

fn text_of(pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(pieces), 0..60).prop_map(|pieces| pieces.concat())
}

fn lies_inside(text: &str, place: &Place) -> bool {
    let (start, end) = (place.start as usize, place.end as usize);
    let lines = text.matches('\n').count() as u32 + 1;
    start <= end
        && text.get(start..end).is_some()
        && (1..=lines).contains(&place.line)
        && place.line <= place.end_line
        && place.end_line <= lines
        && place.column >= 1
}

fn holds(path: &str, kind: Kind, text: &str) -> Result<(), TestCaseError> {
    let facts = reader::read(kind, &Text::new(path, text));
    for fact in &facts.facts {
        prop_assert!(lies_inside(text, &fact.place), "{path}: {:?} lies outside", fact);
    }
    for place in facts.flaws.iter().filter_map(|flaw| flaw.place.as_ref()) {
        prop_assert!(lies_inside(text, place), "{path}: {place:?} lies outside");
    }
    prop_assert_eq!(reader::read(kind, &Text::new(path, text)), facts);
    Ok(())
}

const KINDS: &[(&str, Kind)] = &[
    ("x/go.mod", Kind::GoMod),
    ("go.work", Kind::GoWork),
    ("x/Cargo.toml", Kind::CargoToml),
    (".cargo/config.toml", Kind::CargoConfig),
    ("a.toml", Kind::Toml),
    ("a.json", Kind::Json),
    ("deploy.sh", Kind::Script),
    ("Makefile", Kind::Script),
    ("load.js", Kind::JavaScript),
    ("main.tf", Kind::Hcl),
    ("a.proto", Kind::Proto),
    ("a.graphql", Kind::GraphQl),
    ("a.service", Kind::Unit),
    ("README.md", Kind::Markdown),
    ("BUILD", Kind::Text),
    ("locustfile.py", Kind::Foreign),
    ("a.c", Kind::C),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn facts_of_go_lie_in_their_file(text in text_of(GO)) {
        holds("cmd/main.go", Kind::Go, &text)?;
        holds("cmd/main.go", Kind::Go, &format!("package main\n{text}"))?;
    }

    #[test]
    fn facts_of_rust_lie_in_their_file(text in text_of(RUST)) {
        holds("src/main.rs", Kind::Rust, &text)?;
    }

    #[test]
    fn facts_of_yaml_lie_in_their_file(text in text_of(YAML)) {
        holds("deploy/a.yaml", Kind::Yaml, &text)?;
        holds("chart/templates/a.yaml", Kind::Yaml, &text)?;
    }

    #[test]
    fn facts_of_dockerfiles_lie_in_their_file(text in text_of(DOCKERFILE)) {
        holds("Dockerfile", Kind::Dockerfile, &text)?;
        holds("build.sh", Kind::Script, &text)?;
    }

    #[test]
    fn facts_of_other_kinds_lie_in_their_file(text in text_of(OTHER)) {
        for (path, kind) in KINDS {
            holds(path, *kind, &text)?;
        }
    }

    #[test]
    fn any_text_is_read_by_any_reader(text in "\\PC{0,80}|[ -~\n]{0,200}") {
        for (path, kind) in KINDS {
            holds(path, *kind, &text)?;
        }
        holds("a.go", Kind::Go, &text)?;
        holds("a.rs", Kind::Rust, &text)?;
        holds("a.yaml", Kind::Yaml, &text)?;
        holds("Dockerfile", Kind::Dockerfile, &text)?;
    }
}

fn told(root: &Path) -> (String, Vec<String>) {
    let report = check(&Options { threads: 2, ..Options::new(root) }).unwrap();
    let prints = report.findings.iter().map(|finding| finding.fingerprint.clone()).collect();
    (format!("{:#?}", report.services), prints)
}

fn fixture(name: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name).join("flags"), copy.path());
    copy
}

#[test]
fn an_unrelated_file_changes_no_service() {
    for name in ["tail-latency", "embedded", "unhandled-errors", "memory-pressure"] {
        let tree = fixture(name);
        let before = told(tree.path());
        for (path, text) in [
            ("zz-unrelated/notes.txt", "p99 < 1 ms"),
            ("zz-unrelated/picture.svg", "<svg/>"),
            ("zz-unrelated/empty.json", "{}"),
            ("zz-unrelated/broken.yaml", "a: [1\n"),
            ("zz-unrelated/binary.go", "\0\0\0"),
        ] {
            let file = tree.path().join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        assert_eq!(told(tree.path()), before, "{name}");
    }
}

#[test]
fn line_endings_change_no_fingerprint() {
    for name in ["tail-latency", "unhandled-errors", "tuning-exhausted"] {
        let tree = fixture(name);
        let (_, before) = told(tree.path());
        rewrite(tree.path());
        assert_eq!(told(tree.path()).1, before, "{name}");
    }
}

fn rewrite(directory: &Path) {
    for entry in std::fs::read_dir(directory).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            rewrite(&entry.path());
        } else {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            std::fs::write(entry.path(), text.replace("\r\n", "\n").replace('\n', "\r\n")).unwrap();
        }
    }
}
