//! Every row of the page about limits: an input just over it is listed in its words.

use std::fs;
use std::path::Path;

use super::{calm_service, put, run};

/// First cell of a row, what makes an input over the limit, and what the report says of it.
type Row = (&'static str, fn(&Path), &'static [&'static str], &'static str);

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

fn nested(before: &str, open: &str, inside: &str, close: &str, depth: usize) -> String {
    [before, &open.repeat(depth), inside, &close.repeat(depth), "\n"].concat()
}

fn limit(root: &Path, setting: &str) {
    put(root, "fitcheck.toml", format!("[limits]\n{setting}\n"));
}

fn rule(expression: &str) -> String {
    format!("groups: [{{name: a, rules: [{{alert: a, expr: '{expression}'}}]}}]\n")
}

const EXPORT: &str = "#[unsafe(no_mangle)]\npub extern \"C\" fn x() {}\n";
const TIMEOUT: &str = "package a\n\nimport \"time\"\n\nconst p99LatencyBudget = 5 * time.Millisecond\n";

const ROWS: &[Row] = &[
    (
        "`file-size`",
        |root| {
            limit(root, "file-size = \"100B\"");
            put(root, "a/a.go", format!("package a // {}\n", "x".repeat(100)));
        },
        &[],
        "over the limit `file-size` of 100 bytes",
    ),
    (
        "`file-time`",
        |root| {
            limit(root, "file-time = \"1ms\"");
            put(root, "a/a.go", format!("package a\n{}", lines(60_000, |n| format!("var a{n} = {n}\n"))));
        },
        &[],
        "over the limit `file-time`",
    ),
    (
        "`file-facts`",
        |root| {
            limit(root, "file-facts = 3");
            put(
                root,
                "a/a.go",
                format!("package a\n\nimport \"unsafe\"\n\nfunc a() {{ {} }}\n", "_ = unsafe.Pointer(nil); ".repeat(9)),
            );
            put(root, "b.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 2, template: {spec: {containers: [{name: a, image: b, resources: {limits: {memory: 1Gi}}}, {name: c, image: b, resources: {limits: {memory: 1Gi}}}]}}}\n---\n".repeat(4));
        },
        &[],
        "over the limit `file-facts` of 3 facts",
    ),
    ("`files`", |root| limit(root, "files = 1"), &[], "over the budget of 1 files"),
    ("`bytes`", |root| limit(root, "bytes = \"10B\""), &[], "and 10 bytes a run"),
    ("`facts`", |root| limit(root, "facts = 1"), &[], "over the limit `facts` of 1 facts"),
    (
        "`memory`",
        |root| {
            limit(root, "memory = \"1MiB\"");
            for n in 0..300 {
                put(root, &format!("m/a{n}.go"), "package m\n");
            }
        },
        &[],
        "over the limit `memory` of 1048576 bytes",
    ),
    (
        "Directories below one another",
        |root| {
            fs::create_dir_all(root.join(vec!["d"; 210].join("/"))).unwrap();
        },
        &[],
        "deeper than 200",
    ),
    ("An ignore file", |root| put(root, "a/.gitignore", "# x\n".repeat(300_000)), &[], "over the limit of 1048576"),
    (
        "A pattern of an ignore file or CODEOWNERS",
        |root| {
            put(root, "CODEOWNERS", format!("{} @a\n", "a".repeat(1_025)));
        },
        &[],
        "its owners are not counted",
    ),
    (
        "A pattern of an ignore file or CODEOWNERS",
        |root| {
            put(root, "a/.gitignore", "{".repeat(17));
        },
        &[],
        "too long or nested",
    ),
    ("Text", |root| put(root, "a/a.go", b"package a\n\0"), &[], "NUL"),
    (
        "Rust: groups of a syntax tree",
        |root| {
            put(root, "a/src/lib.rs", nested(EXPORT, "mod a {", "", "}", 129));
        },
        &[],
        "128 groups inside each other",
    ),
    (
        "Rust: prefix operators in a row",
        |root| {
            put(root, "a/src/lib.rs", nested(&format!("{EXPORT}const A: bool = "), "!", "true;", "", 129));
        },
        &[],
        "128 prefix operators",
    ),
    (
        "Rust: one statement",
        |root| {
            put(root, "a/src/lib.rs", nested(&format!("{EXPORT}const A: u8 = 1"), "+1", ";", "", 10_001));
        },
        &[],
        "20000 tokens in one statement",
    ),
    (
        "Rust: a file with a syntax tree",
        |root| {
            put(root, "a/src/lib.rs", format!("{EXPORT}{}", "// x\n".repeat(220_000)));
        },
        &[],
        "larger than 1 MiB",
    ),
    (
        "Rust: conditions",
        |root| {
            put(root, "a/src/lib.rs", "#[cfg(unix)] fn a() {}\n".repeat(1_001));
        },
        &[],
        "over the limit of 1000 `cfg`",
    ),
    (
        "Rust: conditions",
        |root| {
            put(root, "a/src/lib.rs", nested("#[cfg(", "all(", "test", ")", 20) + ")] mod a {}");
        },
        &[],
        "over the limit of 16 levels",
    ),
    (
        "Go: imports",
        |root| {
            let imports = lines(4_097, |n| format!("import _ \"a.b/c{n}\"\n"));
            put(root, "a/a.go", format!("package a\n\n{imports}"));
        },
        &[],
        "4096 imports or more",
    ),
    (
        "Go: a file with a syntax tree",
        |root| {
            put(root, "a/a.go", format!("{TIMEOUT}{}", "// x\n".repeat(220_000)));
        },
        &[],
        "over the limit of 1048576 bytes of a Go file",
    ),
    (
        "Go: adjustments of the runtime",
        |root| {
            let calls = "\tdebug.SetGCPercent(50)\n".repeat(65);
            put(root, "a/a.go", format!("package a\n\nimport \"runtime/debug\"\n\nfunc a() {{\n{calls}}}\n"));
        },
        &[],
        "over the limit of 64 adjustments",
    ),
    ("YAML: nesting", |root| put(root, "a.yaml", nested("a: ", "[", "", "]", 300)), &[], "a.yaml"),
    ("YAML: values", |root| put(root, "a.yaml", "- a\n".repeat(200_001)), &[], "more than 200000 values"),
    ("YAML: broken documents", |root| put(root, "a.yaml", "--- ]\n".repeat(300)), &[], "a.yaml"),
    (
        "YAML: merge keys",
        |root| {
            let anchors = lines(40, |n| format!("a{n}: &a{n} {{k{n}: v}}\n"));
            let all = (0..40).map(|n| format!("*a{n}")).collect::<Vec<_>>().join(", ");
            put(
                root,
                "a.yaml",
                format!(
                    "{anchors}apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec: {{<<: [{all}]}}\n"
                ),
            );
        },
        &[],
        "over the limit of 32 maps merged",
    ),
    ("JSON: nesting", |root| put(root, "a.json", nested("", "[", "1", "]", 600)), &[], "a.json"),
    ("TOML: nesting", |root| put(root, "a.toml", nested("a = ", "[", "1", "]", 100)), &[], "a.toml"),
    ("HCL: a file", |root| put(root, "a.tf", "# x\n".repeat(300_000)), &[], "1 MiB a file of HCL"),
    ("HCL: nesting", |root| put(root, "a.tf", nested("", "a {\n", "", "}\n", 65)), &[], "nested deeper than 64"),
    ("HCL: nesting", |root| put(root, "a.tf", nested("a = ", "[", "1", "]", 65)), &[], "nested deeper than 64"),
    ("HCL: labels", |root| put(root, "a.tf", nested("resource ", "\"a\" ", "{}", "", 9)), &[], "8 labels a block"),
    (
        "Dockerfile: stages",
        |root| {
            put(root, "a/Dockerfile", lines(130, |n| format!("FROM golang AS a{n}\n")));
        },
        &[],
        "128 stages",
    ),
    (
        "Dockerfile: copies",
        |root| {
            put(root, "a/Dockerfile", format!("FROM golang\n{}", lines(501, |n| format!("COPY a{n} /\n"))));
        },
        &[],
        "over the limit of 500 paths",
    ),
    (
        "PromQL: nesting",
        |root| {
            put(root, "rules.yaml", rule(&nested("", "(", "a > 1", ")", 65)));
        },
        &[],
        "64 levels of a PromQL",
    ),
    (
        "PromQL: operators",
        |root| {
            put(root, "rules.yaml", rule(&nested("a", " + a", " > 1", "", 257)));
        },
        &[],
        "256 operators of a PromQL",
    ),
    (
        "JavaScript: values",
        |root| {
            put(
                root,
                "load.js",
                nested(
                    "import http from 'k6/http'; // p(99)<5\nexport const options = { thresholds: ",
                    "[",
                    "1",
                    "]",
                    41,
                ) + "};",
            );
        },
        &[],
        "40 levels of a JavaScript value",
    ),
    (
        "A load test",
        |root| {
            put(
                root,
                "load.js",
                format!("import http from 'k6/http'; // thresholds p(99)<5\n{}", "// x\n".repeat(110_000)),
            );
        },
        &[],
        "524288 bytes a load test",
    ),
    ("Scripts: variables", |root| put(root, "a.sh", lines(2_001, |n| format!("A{n}=a\n"))), &[], "2000 variables"),
    (
        "Scripts: variables",
        |root| put(root, "a.sh", format!("A={}\n", "a".repeat(4_097))),
        &[],
        "4096 bytes of a variable",
    ),
    (
        "Scripts: packed files",
        |root| {
            put(
                root,
                "a.sh",
                lines(501, |n| format!("cp bin/a{n} out/\n")) + "tar czf a.deb out\ndpkg-deb --build out\n",
            );
        },
        &[],
        "500 files that a script packs",
    ),
    (
        "A matrix of a workflow",
        |root| {
            let names = (0..501).map(|n| format!("a{n}")).collect::<Vec<_>>().join(", ");
            put(
                root,
                ".github/workflows/a.yml",
                format!(
                    "on: push\njobs:\n  a:\n    runs-on: x\n    strategy:\n      matrix:\n        service: [{names}]\n    steps:\n    - run: go build ./cmd/${{{{ matrix.service }}}}\n"
                ),
            );
        },
        &[],
        "500 names of a matrix",
    ),
    (
        "An environment file",
        |root| {
            put(root, ".env", lines(2_001, |n| format!("A_IMAGE{n}=a\n")));
        },
        &[],
        "2000 values of an environment",
    ),
    (
        "A values file of Helm",
        |root| {
            put(root, "chart/values.yaml", lines(4_001, |n| format!("a{n}: {{image: a{n}}}\n")));
        },
        &[],
        "4000 names and images",
    ),
];

/// Rows whose limit ends the run, or that other tests are about.
const ELSEWHERE: &[&str] = &[
    "A glob of the configuration",
    "Configuration, policies, baseline",
    "Git: `config`, `HEAD`, `shallow`, alternates",
    "Git: `packed-refs`, `index`",
];

#[test]
fn what_is_over_a_limit_is_listed_in_its_words() {
    let wrong: Vec<String> = ROWS
        .iter()
        .filter_map(|&(row, make, words, told)| {
            let directory = tempfile::tempdir().unwrap();
            calm_service(directory.path());
            make(directory.path());
            let ran = match run(directory.path(), words) {
                Ok(ran) => ran,
                Err(reason) => return Some(format!("{row}: {reason}")),
            };
            let json = ran.outputs.iter().find(|(name, _)| *name == "json").map(|(_, bytes)| bytes.as_slice());
            let report: serde_json::Value = serde_json::from_slice(json.unwrap_or(b"{}")).unwrap();
            let skipped = report["skipped"].as_array().cloned().unwrap_or_default();
            let said = skipped.iter().any(|entry| entry.to_string().contains(told));
            (!said).then(|| {
                format!(
                    "{row} (exit {:?}): nothing says `{told}` in {skipped:?} {}",
                    ran.code,
                    String::from_utf8_lossy(&ran.stderr)
                )
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_of_the_page_has_its_case() {
    let page = include_str!("../../../docs/src/limits.md");
    let rows = page.lines().filter_map(|line| Some(line.strip_prefix("| ")?.split_once(" |")?.0));
    for row in rows.filter(|row| !matches!(*row, "`[limits]`" | "What")) {
        let known = ROWS.iter().any(|(known, ..)| *known == row) || ELSEWHERE.contains(&row);
        assert!(known, "no case is over the limit `{row}`");
    }
}

#[test]
fn the_page_tells_the_limits_that_are() {
    let page = include_str!("../../../docs/src/limits.md");
    for limit in fitcheck::limits::ALL {
        let row = format!("| `{}` | {} |", limit.name, limit.about);
        assert!(page.contains(&row), "no row starts with {row}");
    }
}

#[test]
fn a_limit_out_of_its_range_is_a_mistake() {
    for setting in ["file-size = \"1GiB\"", "files = -1", "files = 1.5", "bytes = 7", "file-time = \"0ms\"", "fils = 1"]
    {
        let directory = tempfile::tempdir().unwrap();
        calm_service(directory.path());
        limit(directory.path(), setting);
        assert_eq!(run(directory.path(), &[]).unwrap().code, Some(2), "{setting}");
    }
}
