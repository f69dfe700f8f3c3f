//! Extractors through the program: facts of a team's own conventions decide, are explained, and never fail in silence.

use std::fs;

use crate::cli::{run, tree};

const OBJECTIVE: &str = r#"
id = "objective"
about = "the objective in our own slo.conf.yaml"
files = ["**/slo.conf.yaml"]
jsonpath = "$.objectives[?@.kind == 'latency']"
of = { from = "$.service" }

[fact]
signal = "latency"
source = "slo"
limit = { from = "$.target", unit = "ms" }
percentile = { from = "$.quantile", unit = "ratio" }
"#;

const HEAP: &str = r#"
id = "heap"
about = "the heap in settings of our own"
files = ["**/*.settings"]
regex = '^heap_mb\s*=\s*(?<mb>\d+)'

[fact]
signal = "memory"
what = "limit"
bytes = { from = "mb", unit = "MiB" }
"#;

const SCOPE: &str = r#"
id = "scope"
about = "audit.Scope names what the auditors look at"
files = ["**/*.go"]
go-query = '''
(call_expression
  function: (selector_expression field: (field_identifier) @function)
  arguments: (argument_list . (interpreted_string_literal) @scope)
  (#eq? @function "Scope"))'''

[fact]
signal = "mark"
name = "audit-scope"
detail = { from = "scope" }
"#;

const AUDITED: &str = r#"
id = "audited"
title = "What the auditors look at"
favors = "rust"
strength = "strong"
statement = "s"
why = "w"
fix = "f"
message = "`{service}` is in the scope {mark.detail}"
[[cites]]
document = "000"
leans = "rust"
at = "case 1"
[when]
all = [{ signal = "mark", name = "audit-scope", label = "in the scope {detail}" }]
"#;

fn repository() -> tempfile::TempDir {
    let main = "package main\n\nimport (\n\t\"example.com/pay/audit\"\n\t\"net/http\"\n)\n\nfunc main() {\n\taudit.Scope(\"cards\")\n\thttp.ListenAndServe(\":80\", nil)\n}\n";
    tree(&[
        ("go.mod", "module example.com/pay\n\ngo 1.24\n"),
        ("main.go", main),
        ("audit/audit.go", "package audit\n\nfunc Scope(name string) {}\n"),
        (
            "ops/slo.conf.yaml",
            "objectives:\n  - kind: latency\n    service: pay\n    target: 0.5\n    quantile: 0.999\n",
        ),
        ("app.settings", "heap_mb = 32\n"),
        ("fitcheck.toml", "extractors = [\"conventions\"]\npolicies = [\"own\"]\n"),
        ("conventions/objective.toml", OBJECTIVE),
        ("conventions/heap.toml", HEAP),
        ("conventions/scope.toml", SCOPE),
        ("own/audited.toml", AUDITED),
    ])
}

#[test]
fn what_they_find_is_explained_and_judged_like_any_other_signal() {
    let root = repository();
    let (status, text, error) = run(root.path(), &["explain", "pay"]);
    assert_eq!(status, 0, "{error}");
    for wanted in ["ops/slo.conf.yaml:4", "app.settings:1", "main.go:9", "tail-latency", "audited"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let report = run(root.path(), &["--format", "json"]).1;
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let service = &report["services"][0];
    assert_eq!(
        (service["latency"][0]["limit_us"].as_f64(), service["memory"][0]["bytes"].as_u64()),
        (Some(500.0), Some(32 << 20))
    );
    assert_eq!(service["latency"][0]["source"], "slo");
    assert_eq!(service["verdict"], "questioned");
    assert!(
        run(root.path(), &["config"]).1.contains("the extractor heap reads"),
        "{}",
        run(root.path(), &["config"]).1
    );
    fs::write(root.path().join("fitcheck.toml"), "policies = [\"own\"]\n").unwrap();
    let without = run(root.path(), &["explain", "pay"]).1;
    assert!(!without.contains("audited") && !without.contains("slo.conf"), "{without}");
}

#[test]
fn a_value_that_cannot_be_read_is_told_with_its_place() {
    let root = repository();
    fs::write(root.path().join("ops/slo.conf.yaml"), "objectives: [{kind: latency, service: pay, target: soon}]\n")
        .unwrap();
    let report = run(root.path(), &["--format", "json"]).1;
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let told = report["skipped"].as_array().unwrap().iter().find(|one| one["path"] == "ops/slo.conf.yaml").unwrap();
    assert!(
        told["reason"].as_str().unwrap().contains("extractor objective: `limit`: `soon` is not a duration"),
        "{told}"
    );
}

#[test]
fn mistakes_stop_the_run_and_policy_check_shows_them_all() {
    let root = repository();
    fs::write(root.path().join("conventions/heap.toml"), HEAP.replace("(?<mb>", "(?=x)(?<mb>").replace("MiB", "MIB"))
        .unwrap();
    fs::write(root.path().join("conventions/again.toml"), OBJECTIVE).unwrap();
    for arguments in [&[][..], &["policy", "check", "conventions", "own/audited.toml"]] {
        let (status, out, error) = run(root.path(), arguments);
        assert_eq!((status, out.as_str()), (2, ""), "{arguments:?}");
        for wanted in [
            "look-around",
            "unknown unit `MIB`",
            "unknown unit `MIB`",
            "duplicate id `objective`",
            "conventions/heap.toml:5:",
        ] {
            assert!(error.contains(wanted), "{arguments:?}: {wanted}: {error}");
        }
    }
    let root = repository();
    let (status, text, error) = run(root.path(), &["policy", "check", "conventions", "own"]);
    assert_eq!((status, text.as_str()), (0, "sound: audited, heap, objective, scope\n"), "{error}");
}

/// A link out of the repository, and files that no reader knows: the one is refused, the others are opened.
#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let root = repository();
    fs::remove_file(root.path().join("app.settings")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", root.path().join("app.settings")).unwrap();
    let (status, text, error) = run(root.path(), &["--format", "json"]);
    assert!(status < 2 && !text.contains("root:x"), "{error}");
    assert!(text.contains("\"app.settings\""), "{text}");
}

/// The same facts come out of the work tree, the index and a commit, in files that no reader knows as well.
#[test]
fn stored_trees_are_read_like_the_work_tree() {
    let root = repository();
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
        let mut command = std::process::Command::new("git");
        assert!(command.current_dir(root.path()).args(identity).args(arguments).status().unwrap().success());
    };
    git(&["init", "--quiet", "--initial-branch=main", "."]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "a"]);
    let service = |arguments: &[&str]| {
        let (status, text, error) = run(root.path(), &[arguments, &["--format", "json"]].concat());
        assert!(status < 2, "{error}");
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        let service = report["services"][0].clone();
        (service["latency"].clone(), service["memory"].clone(), service["questions"].clone())
    };
    let work = service(&[]);
    assert_eq!(work.0[0]["limit_us"], 500.0);
    assert_eq!(service(&["--staged"]), work);
    assert_eq!(service(&["--at", "HEAD"]), work);
    // A change that loosens the objective is compared with what the base promised.
    let looser = "objectives:\n  - kind: latency\n    service: pay\n    target: 500\n    quantile: 0.999\n";
    fs::write(root.path().join("ops/slo.conf.yaml"), looser).unwrap();
    let (_, text, error) = run(root.path(), &["--base", "HEAD", "--format", "json"]);
    assert!(text.contains("tail-latency"), "{text}{error}");
}
