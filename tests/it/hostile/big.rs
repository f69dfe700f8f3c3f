//! T3, T2: the few repositories that are large on purpose; together in one test, made sparse where that will do.

use std::fs;
use std::path::Path;

use super::{Case, calm_service, put, run_all};

fn sparse(path: &Path, bytes: u64) {
    fs::File::create(path).unwrap().set_len(bytes).unwrap();
}

/// As many repetitions as fit into the largest file that is read.
fn filled(piece: &str) -> String {
    piece.repeat(2_090_000 / piece.len())
}

#[test]
fn size_alone_costs_no_more_than_it_should() {
    let case = |threat, name: &'static str, make: fn(&Path)| {
        Case::new(threat, name, move |root| {
            calm_service(root);
            make(root);
        })
    };
    let cases = [
        case("T3", "sparse files of 10 GB", |root| {
            for name in ["x.go", "x.rs", "a.yaml", "a.json", "Dockerfile", "README.md"] {
                sparse(&root.join(name), 10 << 30);
            }
        })
        .skips("over the limit"),
        case("T3", "an ignore file of 10 GB", |root| {
            fs::create_dir(root.join("a")).unwrap();
            sparse(&root.join("a/.gitignore"), 10 << 30);
        })
        .skips("over the limit"),
        case("T3", "a configuration of 10 GB", |root| sparse(&root.join("fitcheck.toml"), 10 << 30)).exits(&[2]),
        case("T3", "one line of JSON", |root| put(root, "a.json", format!("[{}1]", filled("1, ")))),
        case("T2", "one line of facts in Go", |root| {
            let head = "package main\n\nimport \"unsafe\"\n\nfunc a() { ";
            put(root, "x.go", format!("{head}{}}}", filled("unsafe.Pointer(x); ")));
        }),
        case("T2", "one line of facts in Rust", |root| put(root, "src/lib.rs", filled("unsafe { a::b(); } "))),
        case("T2", "one line of exports in Rust", |root| {
            put(root, "src/lib.rs", filled("#[no_mangle] pub extern \"C\" fn a() {} "));
        }),
        case("T2", "one line of figures", |root| put(root, "README.md", filled("The p99 stays under 5 ms. "))),
        case("T2", "one line of comments", |root| {
            put(root, "x.go", format!("package main\n{}", filled("/* p99 < 5 ms */ ")));
        }),
        case("T2", "many lines of figures", |root| put(root, "README.md", filled("The p99 stays under 5 ms.\n"))),
        case("T2", "quotes", |root| {
            for name in ["x.go", "src/lib.rs", "a.tf", "a.js", "a.sh", "Dockerfile", "a.json", "a.toml"] {
                put(root, name, filled("\""));
            }
        }),
        case("T2", "open comments", |root| {
            for name in ["x.go", "src/lib.rs", "a.tf", "load.js", "a.json", "a.proto", "a.c"] {
                put(root, name, filled("/* "));
            }
        }),
        case("T2", "raw string starts", |root| put(root, "src/lib.rs", filled("r##\"a\"# "))),
        case("T2", "template starts", |root| put(root, "templates/a.yaml", filled("{{ "))),
        case("T2", "heredoc starts", |root| {
            for name in ["a.tf", "a.sh", "Dockerfile"] {
                put(root, name, filled("a = <<A\n"));
            }
        }),
        case("T2", "different heredoc starts", |root| {
            let text: String = (0..150_000).map(|n| format!("RUN <<A{n}\n")).collect();
            for name in ["a.tf", "a.sh", "Dockerfile"] {
                put(root, name, &text);
            }
        }),
        case("T2", "imports", |root| {
            let lines: String = (0..60_000).map(|n| format!("import a{n} \"example.org/a{n}\"\n")).collect();
            put(root, "x.go", format!("package main\n{lines}"));
        }),
        case("T2", "functions", |root| {
            let lines: String = (0..60_000).map(|n| format!("func a{n}() {{ a{n}() }}\n")).collect();
            put(root, "x.go", format!("package main\n{lines}"));
        }),
        case("T2", "stages", |root| {
            let lines: String =
                (1..40_000).map(|n| format!("FROM a{} AS a{n}\nCOPY --from=a{} /a /a\n", n - 1, n - 1)).collect();
            put(root, "Dockerfile", lines);
        }),
        case("T2", "variables", |root| {
            let lines: String = (1..30_000).map(|n| format!("A{n}=${{A{}}}${{A{}}}\n", n - 1, n - 1)).collect();
            put(root, "a.sh", format!("A0=go\n{lines}$A29999 build\n"));
            put(
                root,
                "Makefile",
                format!("A0=go\n{}\nx:\n\t$(A29999) build\n", lines.replace("${", "$(").replace('}', ")")),
            );
            let arguments: String = (1..20_000).map(|n| format!("ARG A{n}=${{A{}}}${{A{}}}\n", n - 1, n - 1)).collect();
            put(root, "Dockerfile", format!("ARG A0=golang\n{arguments}FROM $A19999\n"));
        }),
        case("T2", "requirements", |root| {
            let lines: String = (0..60_000).map(|n| format!("\ta.b/c{n} v1.0.0\n")).collect();
            put(root, "x/go.mod", format!("module x\n\nrequire (\n{lines})\n"));
        }),
        case("T2", "many small files", |root| {
            for n in 0..20_000 {
                let directory = root.join(format!("d{}", n / 500));
                if n % 500 == 0 {
                    fs::create_dir(&directory).unwrap();
                }
                fs::write(directory.join(format!("f{n}.go")), "").unwrap();
            }
        }),
        case("T2", "many services", |root| {
            for n in 0..300 {
                put(root, &format!("s{n}/main.go"), "package main\n\nfunc main() {}\n");
                put(root, &format!("s{n}/go.mod"), format!("module example.org/s{n}\n"));
            }
        }),
        case("T4", "a tree 1,500 directories deep", |root| {
            // No path may be longer than the system takes, so each step goes down from where it stands.
            let mut path = root.to_path_buf();
            for _ in 0..1_500 {
                path.push("a");
            }
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join("main.go"), "package main").unwrap();
        })
        .skips("deeper than"),
        case("T4", "a tree deeper than any path", deeper_than_a_path).skips("deeper than"),
    ];
    run_all(&cases);
}

/// A shell goes down step by step, which reaches deeper than one path can say.
fn deeper_than_a_path(root: &Path) {
    let script =
        "i=0; while [ $i -lt 3000 ]; do mkdir a && cd -P a || exit 1; i=$((i+1)); done 2>/dev/null; : > main.go";
    let made = std::process::Command::new("python3").current_dir(root).args(["-c", DEEPER]).status();
    if !made.is_ok_and(|status| status.success()) {
        // Without Python the shell goes as deep as it can.
        let _ = std::process::Command::new("sh").current_dir(root).args(["-c", script]).status();
    }
}

const DEEPER: &str =
    "import os\nfor _ in range(3000):\n os.mkdir('a'); os.chdir('a')\nopen('main.go','w').write('package main')\n";
