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

/// Moves everything into a directory of another name.
#[test]
fn another_name_above_changes_no_verdict() {
    for name in ["tail-latency", "embedded", "unhandled-errors", "memory-pressure", "queue-workers"] {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name).join("flags");
        for (root, directory) in [(&one, "apple"), (&other, "quince")] {
            let place = root.path().join(directory);
            std::fs::create_dir(&place).unwrap();
            copy_tree(&fixture, &place);
        }
        let judged = |root: &Path, word: &str| {
            let report = check(&Options { threads: 2, ..Options::new(root) }).unwrap();
            let services = report.services.iter().map(|judged| {
                let service = &judged.service;
                format!(
                    "{} {:?} {:?} {:?} {:?}",
                    service.root, service.role, judged.verdict, judged.questions, judged.supports
                )
            });
            services.map(|line| line.replace(word, "X")).collect::<Vec<_>>()
        };
        assert_eq!(judged(one.path(), "apple"), judged(other.path(), "quince"), "{name}");
    }
}

/// Documents of a file, and files that are made in another order, are a set.
#[test]
fn no_order_changes_a_verdict() {
    let first = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3, template: {spec: {containers: [{name: web, image: web, resources: {limits: {memory: 64Mi}}}]}}}\n";
    let second = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n";
    let third = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\nspec: {schedule: '@daily'}\n";
    let files = [
        ("go.mod", "module example.org/web\n\ngo 1.24\n".to_owned()),
        (
            "main.go",
            "package main\n\nimport \"net/http\"\n\nfunc main() { http.ListenAndServe(\":80\", nil) }\n".to_owned(),
        ),
        (
            "Dockerfile",
            "FROM golang AS b\nRUN go build -o /web .\nFROM scratch\nCOPY --from=b /web /web\nENTRYPOINT [\"/web\"]\n"
                .to_owned(),
        ),
        ("README.md", "The p99 stays under 2 ms.\n".to_owned()),
    ];
    let mut told = Vec::new();
    for (backwards, documents) in [(false, [first, second, third]), (true, [third, first, second])] {
        let root = tempfile::tempdir().unwrap();
        let mut files = files.to_vec();
        files.push(("deploy.yaml", documents.join("---\n")));
        if backwards {
            files.reverse();
        }
        for (path, text) in files {
            std::fs::write(root.path().join(path), text).unwrap();
        }
        let report = check(&Options { threads: 2, ..Options::new(root.path()) }).unwrap();
        let verdicts = report.services.iter().map(|judged| {
            let facts = (judged.service.deploy.len(), judged.service.memory.len(), judged.service.latency.len());
            format!(
                "{} {:?} {:?} {:?} {:?} {facts:?}",
                judged.service.root, judged.service.role, judged.verdict, judged.questions, judged.supports
            )
        });
        told.push(verdicts.collect::<Vec<_>>());
    }
    assert!(!told[0].is_empty());
    assert_eq!(told[0], told[1]);
}

/// More evidence against a language never makes its verdict better.
#[test]
fn more_questioning_evidence_makes_no_verdict_better() {
    use fitcheck::finding::{Argument, Strength, Verdict};
    use fitcheck::service::Language;
    use fitcheck::verdict::decide;
    let rank = |verdict: Verdict| match verdict {
        Verdict::Unjudged => 0,
        Verdict::Fits => 1,
        Verdict::Contested => 2,
        Verdict::Questioned => 3,
    };
    let argument = |favors: Language, strength: Strength| Argument {
        policy: "a".to_owned(),
        favors: Some(favors),
        contested: false,
        strength,
        lowered_by: None,
        statement: String::new(),
        labels: Vec::new(),
        cites: Vec::new(),
    };
    let strengths = [Strength::Weak, Strength::Strong, Strength::Decisive];
    let all: Vec<Argument> = [Language::Go, Language::Rust]
        .into_iter()
        .flat_map(|favors| strengths.map(|strength| argument(favors, strength)))
        .collect();
    // Every set of up to two of each kind, and each of them with one more question.
    for set in 0..3usize.pow(6) {
        let count = |kind: usize| set / 3usize.pow(kind as u32) % 3;
        let arguments: Vec<Argument> =
            all.iter().enumerate().flat_map(|(kind, one)| vec![one.clone(); count(kind)]).collect();
        let strongest_first = |mut arguments: Vec<Argument>| {
            arguments.sort_by_key(|one| std::cmp::Reverse(one.strength));
            decide(arguments.iter(), Language::Go).verdict
        };
        let before = strongest_first(arguments.clone());
        for more in &all[3..] {
            let after = strongest_first([&arguments[..], std::slice::from_ref(more)].concat());
            let unjudged = before == Verdict::Unjudged;
            assert!(unjudged || rank(after) >= rank(before), "{before:?} became {after:?} by {:?}", more.strength);
        }
    }
}
