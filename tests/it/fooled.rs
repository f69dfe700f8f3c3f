//! T16: what a pull request may try so that its findings are not seen. Each trick is named, and must show.

mod vanishing;

use std::path::Path;
use std::process::Output;

use fitcheck::report::Format;

use crate::cli::alone;
use crate::fixtures::copy_tree;
use crate::git::Repo;

const WHO: (&str, &str) = ("A Person", "a@example.com");

/// A base with a calm service, and on the work tree one that is questioned.
fn with_new_service() -> Option<Repo> {
    let repo = Repo::new()?;
    calm(&repo);
    repo.commit(0, WHO, "base");
    questioned(repo.path(), "shop");
    Some(repo)
}

/// A base that has the questioned service already.
fn with_old_service() -> Option<Repo> {
    let repo = Repo::new()?;
    calm(&repo);
    questioned(repo.path(), "shop");
    repo.commit(0, WHO, "base");
    Some(repo)
}

fn calm(repo: &Repo) {
    repo.write("calm/go.mod", "module example.org/calm\n\ngo 1.24\n");
    repo.write(
        "calm/main.go",
        "package main\n\nimport \"net/http\"\n\nfunc main() { _ = http.ListenAndServe(\":8080\", nil) }\n",
    );
    repo.write("calm/Dockerfile", "FROM golang:1.24\nCOPY . .\nRUN go build -o /calm .\nENTRYPOINT [\"/calm\"]\n");
}

fn questioned(root: &Path, at: &str) {
    let place = root.join(at);
    std::fs::create_dir_all(&place).unwrap();
    copy_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/crud-service/flags"), &place);
}

/// Runs against the base as a CI job would, on the change as a commit.
fn judge(repo: &Repo, words: &[&str]) -> Output {
    repo.git(&["add", "-A", "-f"]);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "change"]);
    let mut command = alone();
    command.args(["--no-cache", "--color", "never", "--base", "HEAD~1"]).args(words).arg(repo.path());
    let output = command.env("CI", "true").output().unwrap();
    repo.git(&["reset", "-q", "--soft", "HEAD~1"]);
    output
}

fn exit(repo: &Repo, words: &[&str]) -> i32 {
    judge(repo, words).status.code().unwrap()
}

const JUDGED_BY_BASE: &[&str] = &["--policy-ref", "HEAD~1"];

/// Every format says what the change did to its judge.
fn all_formats_tell(repo: &Repo, ids: &[&str]) {
    let out = tempfile::tempdir().unwrap();
    let outputs: Vec<String> = Format::ALL
        .iter()
        .map(|format| format!("--output={}={}", format.name, out.path().join(format.name).display()))
        .collect();
    judge(repo, &[&["--all"], &outputs.iter().map(String::as_str).collect::<Vec<_>>()[..]].concat());
    for format in Format::ALL {
        // A table of services, and figures for scripts: neither has any finding in it.
        if ["csv", "outputs"].contains(&format.name) {
            continue;
        }
        let text = std::fs::read_to_string(out.path().join(format.name)).unwrap();
        for id in ids {
            assert!(text.contains(id), "{} does not tell {id}:\n{text}", format.name);
        }
    }
}

#[test]
fn without_a_trick_the_change_fails() {
    let Some(repo) = with_new_service() else { return };
    assert_eq!(exit(&repo, &[]), 1);
    assert_eq!(exit(&repo, JUDGED_BY_BASE), 1);
}

/// Name of the trick, the file it writes, what it holds, and the finding that tells.
const SETTINGS: &[(&str, &str, &str, &str)] = &[
    ("a policy is switched off", "fitcheck.toml", "[policy.crud-service]\nlevel = \"off\"\n", "configuration-changed"),
    ("findings never fail", "fitcheck.toml", "[policy.crud-service]\nlevel = \"note\"\n", "configuration-changed"),
    ("the service is excluded", "fitcheck.toml", "exclude = [\"shop/**\"]\n", "configuration-changed"),
    ("others alone are included", "fitcheck.toml", "include = [\"calm\"]\n", "configuration-changed"),
    (
        "another role is declared",
        "fitcheck.toml",
        "[[service]]\npath = \"shop\"\nrole = \"tool\"\n",
        "configuration-changed",
    ),
    ("another role is declared beside it", "shop/fitcheck.toml", "role = \"tool\"\n", "configuration-changed"),
    ("a baseline of its own", "fitcheck.toml", "baseline = \"fitcheck-baseline.json\"\n", "configuration-changed"),
    (
        "an exception",
        "fitcheck.toml",
        "[[allow]]\npolicy = \"crud-service\"\nservice = \"courier\"\nreason = \"r\"\nowner = \"o\"\n",
        "exception-added",
    ),
];

#[test]
fn settings_of_the_change_are_told_and_do_not_count_where_the_base_judges() {
    for (name, path, text, id) in SETTINGS {
        let Some(repo) = with_new_service() else { return };
        repo.write(path, text);
        assert_eq!(exit(&repo, JUDGED_BY_BASE), 1, "{name}");
        let told = String::from_utf8(judge(&repo, &["--format", "json"]).stdout).unwrap();
        assert!(told.contains(id), "{name}: {told}");
    }
}

#[test]
fn every_format_tells_what_a_change_does_to_its_judge() {
    let Some(repo) = with_new_service() else { return };
    let allow = SETTINGS.last().unwrap();
    repo.write(allow.1, allow.2);
    all_formats_tell(&repo, &["configuration-changed", "exception-added"]);
}

#[test]
fn a_policy_of_the_change_does_not_replace_the_bases() {
    let Some(repo) = with_new_service() else { return };
    let shipped = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/policies/crud-service.toml")).unwrap();
    repo.write("fitcheck.toml", "policies = [\"own\"]\n");
    repo.write(
        "own/crud-service.toml",
        &shipped.replacen("\"http-api\"", "\"never\"", 9).replace("severity = \"warning\"", "severity = \"note\""),
    );
    let output = judge(&repo, &["--format", "json"]);
    // A policy that is no policy stops the run; one that is, is told.
    let told = String::from_utf8_lossy(&output.stdout).contains("own/crud-service.toml");
    assert!(output.status.code() != Some(0) || told);
    assert_eq!(exit(&repo, JUDGED_BY_BASE), 1);
}

#[test]
fn a_comment_of_the_change_is_told_and_does_not_count_where_the_base_judges() {
    let Some(repo) = with_new_service() else { return };
    let report: serde_json::Value = serde_json::from_slice(&judge(&repo, &["--format", "json"]).stdout).unwrap();
    // A comment above every line that a finding points at.
    let mut edits: std::collections::BTreeMap<String, Vec<(usize, String)>> = Default::default();
    for finding in report["findings"].as_array().unwrap() {
        let at = &finding["evidence"][0];
        let edit = (at["line"].as_u64().unwrap() as usize, finding["policy"].as_str().unwrap().to_owned());
        edits.entry(at["path"].as_str().unwrap().to_owned()).or_default().push(edit);
    }
    for (path, mut lines) in edits {
        lines.sort();
        let text = std::fs::read_to_string(repo.path().join(&path)).unwrap();
        let mark = if path.ends_with(".rs") { "//" } else { "#" };
        let mut out: Vec<String> = text.lines().map(str::to_owned).collect();
        for (line, policy) in lines.into_iter().rev() {
            out[line - 1].push_str(&format!(" {mark} fitcheck:allow {policy} because"));
        }
        repo.write(&path, &(out.join("\n") + "\n"));
    }
    let output = judge(&repo, &["--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("exception-added"));
    assert_eq!(exit(&repo, JUDGED_BY_BASE), 1);
}

#[test]
fn a_baseline_that_grows_is_told_and_does_not_count_where_the_base_judges() {
    let Some(repo) = with_old_service() else { return };
    repo.write("fitcheck.toml", "baseline = \"fitcheck-baseline.json\"\n");
    repo.write("fitcheck-baseline.json", "{\"version\": 1, \"findings\": []}\n");
    repo.commit(1, WHO, "an empty baseline");
    questioned(repo.path(), "second");
    let grown = alone().args(["baseline", "--no-cache", "--grow"]).arg(repo.path()).output().unwrap();
    assert!(grown.status.success(), "{}", String::from_utf8_lossy(&grown.stderr));
    let output = judge(&repo, &["--format", "json"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stdout).contains("baseline-grown"));
    all_formats_tell(&repo, &["baseline-grown"]);
    assert_eq!(exit(&repo, JUDGED_BY_BASE), 1);
}

#[test]
fn ignore_rules_hide_nothing_that_is_tracked() {
    for (path, rule) in [
        (".gitignore", "shop/\n"),
        (".ignore", "shop\n"),
        ("shop/.gitignore", "*\n"),
        (".gitattributes", "* linguist-generated linguist-vendored -diff\n"),
    ] {
        let Some(repo) = with_new_service() else { return };
        repo.write(path, rule);
        for words in [&[][..], JUDGED_BY_BASE, &["--at", "HEAD"], &["--staged"]] {
            assert_eq!(exit(&repo, words), 1, "{path} {words:?}");
        }
    }
}

#[test]
fn what_moves_out_of_sight_is_told_and_fails() {
    for place in [
        "vendor/shop",
        "shop/vendor",
        "testdata/shop",
        "examples/shop",
        "tests/shop",
        "docs/shop",
        "third_party/a/b/shop",
    ] {
        let Some(repo) = with_old_service() else { return };
        std::fs::rename(repo.path().join("shop"), repo.path().join("moving")).unwrap();
        std::fs::create_dir_all(repo.path().join(place).parent().unwrap()).unwrap();
        std::fs::rename(repo.path().join("moving"), repo.path().join(place)).unwrap();
        for words in [&[][..], &["--at", "HEAD"]] {
            let output = judge(&repo, &[words, &["--format", "json"]].concat());
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_eq!(output.status.code(), Some(1), "{place}: {told}");
            assert!(told.contains("service-hidden"), "{place}: {told}");
        }
    }
}

#[test]
fn code_that_begins_to_call_itself_generated_is_told_and_fails() {
    let Some(repo) = with_old_service() else { return };
    let text = std::fs::read_to_string(repo.path().join("shop/src/main.rs")).unwrap();
    repo.write("shop/src/main.rs", &format!("// Code generated by hand. DO NOT EDIT.\n// @generated\n{text}"));
    let output = judge(&repo, &["--format", "json"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let verdict_stays = told.contains("\"verdict\": \"questioned\"");
    assert!(verdict_stays || told.contains("service-hidden"), "{told}");
    assert!(verdict_stays || output.status.code() == Some(1), "{told}");
    all_formats_tell(&repo, &[if verdict_stays { "crud-service" } else { "service-hidden" }]);
}

/// What a change can do to a file of its own so that less is read.
/// A file, its content, and what breaks it.
type Breaking = (&'static str, &'static str, fn(&str) -> String);

const BROKEN: &[Breaking] = &[
    ("Rust that does not end", "shop/src/main.rs", |text| format!("{text}\nfn x() {{ (\n")),
    ("Rust in a comment that never ends", "shop/src/main.rs", |text| format!("/* {text}")),
    ("a manifest that is no TOML", "shop/Cargo.toml", |text| format!("= = =\n{text}")),
    ("a compose file that is no YAML", "shop/compose.yaml", |text| format!("a: [\n{text}")),
    ("Latin-1", "shop/src/main.rs", |text| text.replace("courier", "\u{0}courier")),
    ("over the limit", "shop/src/main.rs", |text| format!("// {}\n{text}", "x".repeat(2 << 20))),
    ("Go in a comment that never ends", "calm/main.go", |text| format!("package main\n/*\n{text}")),
    ("Go in a string that never ends", "calm/main.go", |text| text.replace("func main", "var x = `\nfunc main")),
];

#[test]
fn what_a_change_makes_unreadable_does_not_pass() {
    for (name, path, make) in BROKEN {
        let Some(repo) = with_new_service() else { return };
        let text = std::fs::read_to_string(repo.path().join(path)).unwrap();
        repo.write(path, &make(&text));
        let output = judge(&repo, &["--exit-zero"]);
        assert_eq!(output.status.code(), Some(2), "{name}: {}", String::from_utf8_lossy(&output.stdout));
        assert!(String::from_utf8_lossy(&output.stderr).contains(path), "{name}");
        assert_eq!(exit(&repo, &["--exit-zero", "--no-strict"]), 0, "{name}");
    }
}

#[test]
fn what_no_verdict_hangs_on_passes() {
    let Some(repo) = with_new_service() else { return };
    repo.write("shop/vmlinux.h", &"#define A 1\n".repeat(200_000));
    repo.write("shop/agent.yaml", "{{- define \"image\" }}\n  {{- if .x }}\n image: [{{ .x }}\n{{- end }}\n");
    let output = judge(&repo, &["--exit-zero", "--format", "json"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("shop/vmlinux.h") && told.contains("shop/agent.yaml"), "{told}");
}

/// What a change does to the shop so that its code is built from where nothing is read.
type Hiding = (&'static str, fn(&Repo));

fn moved(repo: &Repo, to: &str, main: &str) {
    vanishing::moved(repo, "shop/src/main.rs", &format!("shop/src/{to}"), Some(main));
}

const HIDING: &[Hiding] = &[
    ("a module among test data", |repo| {
        moved(repo, "testdata/real.rs", "#[path = \"testdata/real.rs\"]\nmod real;\nfn main() { real::main() }\n");
    }),
    ("a module in a folder called fixtures", |repo| {
        moved(repo, "fixtures/mod.rs", "mod fixtures;\nfn main() { fixtures::main() }\n");
    }),
    ("a module that is called a text", |repo| {
        moved(repo, "real.txt", "#[path = \"real.txt\"]\nmod real;\nfn main() { real::main() }\n");
    }),
    ("code that is included", |repo| moved(repo, "real.inc", "include!(\"real.inc\");\n")),
    ("a package among test data", |repo| {
        repo.write("calm/testdata/real/real.go", "package real\n\nfunc Main() {}\n");
        repo.write(
            "calm/main.go",
            "package main\n\nimport \"example.org/calm/testdata/real\"\n\nfunc main() { real.Main() }\n",
        );
    }),
    #[cfg(unix)]
    ("a folder that is a link to vendored code", |repo| {
        std::fs::create_dir(repo.path().join("vendor")).unwrap();
        std::fs::rename(repo.path().join("shop/src"), repo.path().join("vendor/src")).unwrap();
        std::os::unix::fs::symlink("../vendor/src", repo.path().join("shop/src")).unwrap();
    }),
    ("another alphabet", |repo| {
        let path = repo.path().join("shop/src/main.rs");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()).unwrap();
    }),
];

#[test]
fn code_that_is_built_from_where_nothing_is_read_does_not_pass() {
    for (name, hide) in HIDING {
        for base in [with_new_service, with_old_service] {
            let Some(repo) = base() else { return };
            hide(&repo);
            for words in [&[][..], JUDGED_BY_BASE, &["--at", "HEAD"]] {
                assert_eq!(exit(&repo, &[words, &["--exit-zero"]].concat()), 2, "{name} {words:?}");
            }
        }
    }
}

#[test]
fn names_and_folders_of_their_own_hide_nothing() {
    let tricks: [Hiding; 6] = [
        ("a folder that begins with a dot", |repo| {
            std::fs::rename(repo.path().join("shop"), repo.path().join(".shop")).unwrap();
        }),
        ("a folder that Go passes over", |repo| {
            std::fs::rename(repo.path().join("shop"), repo.path().join("_shop")).unwrap();
        }),
        ("a repository in the repository", |repo| {
            repo.write("shop/.git/HEAD", "ref: refs/heads/main\n");
            repo.write("shop/.git/objects/x", "");
            repo.write("shop/.git/refs/x", "");
        }),
        ("a workspace that leaves it out", |repo| {
            repo.write("Cargo.toml", "[workspace]\nmembers = []\nexclude = [\"shop\"]\n");
        }),
        ("a twin in other letters", |repo| {
            repo.write("Shop/Cargo.toml", "[package]\nname = \"x\"\nversion = \"1.0.0\"\n");
            repo.write("Shop/src/main.rs", "fn main() {}\n");
        }),
        ("a condition that never holds", |repo| {
            let text = std::fs::read_to_string(repo.path().join("shop/src/main.rs")).unwrap();
            let long = "x".repeat(1_900_000);
            repo.write("shop/src/main.rs", &format!("#![cfg(not(any()))]\n/* {long} */\n{text}"));
        }),
    ];
    for (name, hide) in tricks {
        let Some(repo) = with_new_service() else { return };
        hide(&repo);
        // What git takes for a repository of its own is not committed: such a tree comes out of an archive.
        let output = alone().arg("--no-cache").arg(repo.path()).env("CI", "true").output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn links_and_depths_hide_nothing() {
    let Some(repo) = with_old_service() else { return };
    std::fs::remove_file(repo.path().join("shop/Cargo.toml")).unwrap();
    std::os::unix::fs::symlink("../../outside/Cargo.toml", repo.path().join("shop/Cargo.toml")).unwrap();
    assert_eq!(exit(&repo, &["--exit-zero"]), 2, "a link to what is not read");
    let Some(repo) = with_new_service() else { return };
    let deep = "d/".repeat(210);
    questioned(repo.path(), &deep);
    assert_eq!(exit(&repo, &["--exit-zero"]), 2, "deeper than is entered");
}

#[test]
fn what_the_base_could_not_read_either_is_not_the_changes_doing() {
    let Some(repo) = with_old_service() else { return };
    repo.write("broken.yaml", "kind: [\n");
    repo.commit(1, WHO, "broken");
    repo.write("calm/notes.txt", "a change\n");
    assert_eq!(exit(&repo, &[]), 0);
    let output = alone().args(["--no-cache", "--exit-zero"]).arg(repo.path()).env("CI", "1").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_template_that_the_base_could_read_must_stay_readable() {
    let Some(repo) = with_old_service() else { return };
    repo.write("chart/templates/d.yaml", "kind: Deployment\nmetadata:\n  name: {{ .Values.name }}\n");
    repo.commit(1, WHO, "chart");
    repo.write("chart/templates/d.yaml", "kind: [\nmetadata:\n  name: {{ .Values.name }}\n");
    assert_eq!(exit(&repo, &["--exit-zero"]), 2);
    repo.commit(2, WHO, "broken");
    repo.write("chart/templates/e.yaml", "kind: [\nmetadata:\n  name: {{ .Values.name }}\n");
    assert_eq!(exit(&repo, &["--exit-zero"]), 0, "a template may be beyond reading");
}
