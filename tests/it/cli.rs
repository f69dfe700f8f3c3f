//! The command line as a user meets it: exit statuses, streams, files.

use std::fs;
use std::path::Path;

use assert_cmd::Command;

pub(crate) fn fitcheck() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fitcheck"));
    // Where the suite itself runs must not decide: a test that plays CI says so.
    const OUTSIDE: &[&str] = &[
        "NO_COLOR",
        "FORCE_COLOR",
        "CLICOLOR_FORCE",
        "COLUMNS",
        "CI",
        "GITHUB_ACTIONS",
        "GITHUB_EVENT_PATH",
        "GITLAB_CI",
        "JENKINS_URL",
        "TF_BUILD",
    ];
    for name in OUTSIDE {
        command.env_remove(name);
    }
    command
}

/// The program with nothing of the suite's environment, not even a place to look for programs.
pub(crate) fn alone() -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_fitcheck"));
    command.env_clear();
    command
}

/// Writes a file, with its directories.
pub(crate) fn put(root: &Path, path: &str, bytes: impl AsRef<[u8]>) {
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, bytes).unwrap();
}

/// Writes files over what is there.
pub(crate) fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        put(root, path, text);
    }
}

/// A directory that holds these files.
pub(crate) fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), files);
    root
}

/// The [`shop`] with these files in it.
pub(crate) fn shop_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    shop(root.path());
    write(root.path(), files);
    root
}

/// Runs in a directory; returns status, standard output and standard error.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = fitcheck().current_dir(root).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// What a run over all units tells of each service.
pub(crate) fn services(root: &Path) -> Vec<serde_json::Value> {
    let run = fitcheck().arg(root).args(["--all", "--no-cache", "--format", "json"]).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    report["services"].as_array().unwrap().clone()
}

/// The words that a list of a service holds under `key`, in their order.
pub(crate) fn words(list: &serde_json::Value, key: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one[key].as_str().unwrap().to_owned()).collect()
}

/// A Rust service that moves rows, on a container platform.
pub(crate) fn shop(root: &Path) {
    fs::create_dir_all(root.join("src")).unwrap();
    let manifest = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\naxum = \"0.8\"\nsqlx = \"0.8\"\n";
    fs::write(root.join("Cargo.toml"), manifest).unwrap();
    let code = "use axum::{Router, routing::get};\n\n#[tokio::main]\nasync fn main() {\n    \
                let pool = sqlx::PgPool::connect(\"\").await.unwrap();\n    \
                let app = Router::new().route(\"/orders\", get(list).post(create)).with_state(pool);\n    \
                axum::serve(tokio::net::TcpListener::bind(\"0.0.0.0:80\").await.unwrap(), app).await.unwrap();\n}\n";
    fs::write(root.join("src/main.rs"), code).unwrap();
    let image = "FROM rust:1\nCOPY . .\nRUN cargo build --release\nENTRYPOINT [\"/target/release/shop\"]\n";
    fs::write(root.join("Dockerfile"), image).unwrap();
    fs::write(root.join("compose.yaml"), "services:\n  shop:\n    build: .\n").unwrap();
}

#[test]
fn findings_are_one_and_a_failed_run_is_two() {
    let root = tempfile::tempdir().unwrap();
    fitcheck().arg(root.path()).assert().code(0);
    shop(root.path());
    let output = fitcheck().arg(root.path()).assert().code(1);
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    assert!(text.contains("shop") && text.contains("questioned"), "{text}");
    assert!(!text.contains('\u{1b}'), "colour without a terminal");
    for arguments in [&["--exit-zero"][..], &["--fail-on", "never"]] {
        fitcheck().args(arguments).arg(root.path()).assert().code(0);
    }
    fitcheck().arg(root.path().join("nowhere")).assert().code(2).stdout("");
    fitcheck().args(["--format", "yaml"]).assert().code(2).stdout("");
    fitcheck().args(["explain", "nothing"]).arg(root.path()).assert().code(2);
    fitcheck().args(["explain", "shop"]).arg(root.path()).assert().code(0);
}

#[test]
fn every_format_is_written_and_the_status_is_the_same() {
    let root = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    shop(root.path());
    for format in fitcheck::report::Format::ALL {
        let file = out.path().join(format.name);
        let output = format!("{}={}", format.name, file.display());
        fitcheck().args(["--format", format.name, "--output", &output]).arg(root.path()).assert().code(1);
        assert!(fs::metadata(&file).unwrap().len() > 0, "{}", format.name);
    }
    fitcheck().args(["--output", "json=/no/such/place.json"]).arg(root.path()).assert().code(2).stdout("");
}

#[test]
fn two_runs_and_any_number_of_threads_give_the_same_bytes() {
    let root = tempfile::tempdir().unwrap();
    shop(root.path());
    let run = |threads: &str| {
        fitcheck().args(["--threads", threads]).arg(root.path()).assert().code(1).get_output().stdout.clone()
    };
    let first = run("1");
    assert_eq!(first, run("1"));
    assert_eq!(first, run("4"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_two_and_a_closed_pipe_is_quiet() {
    let root = tempfile::tempdir().unwrap();
    shop(root.path());
    let shell = |script: &str| {
        std::process::Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_fitcheck")])
            .arg(root.path())
            .output()
            .unwrap()
    };
    for format in fitcheck::report::Format::ALL {
        let name = format.name;
        let full = shell(&format!("\"$0\" --format {name} \"$1\" >/dev/full"));
        let told = String::from_utf8_lossy(&full.stderr).into_owned();
        assert_eq!(full.status.code(), Some(2), "{name}");
        assert!(told.starts_with("error: cannot write to standard output: "), "{name}: {told}");
        let file = shell(&format!("\"$0\" --quiet --output {name}=/dev/full \"$1\""));
        let told = String::from_utf8_lossy(&file.stderr).into_owned();
        assert_eq!(file.status.code(), Some(2), "{name}");
        assert!(told.starts_with("error: cannot write `/dev/full`: ") && file.stdout.is_empty(), "{name}: {told}");
        let closed = shell(&format!("\"$0\" --format {name} \"$1\" | true"));
        assert!(closed.stderr.is_empty(), "{name}: {}", String::from_utf8_lossy(&closed.stderr));
    }
}

#[test]
fn facts_go_to_a_file_whole_or_not_at_all() {
    let root = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    shop(root.path());
    let to = |path: &std::path::Path| {
        fitcheck().args(["facts", "--no-cache", "--output"]).arg(path).arg(root.path()).assert()
    };
    let good = out.path().join("facts.json");
    to(&good).code(0).stdout("");
    fs::write(&good, "old").unwrap();
    to(&good).code(0);
    assert!(fs::read_to_string(&good).unwrap().starts_with('{'), "what was there is replaced");
    fs::create_dir(out.path().join("folder")).unwrap();
    for bad in ["no/such/facts.json", "folder", "facts.json/below"] {
        let told = to(&out.path().join(bad)).code(2).stdout("").get_output().stderr.clone();
        let told = String::from_utf8(told).unwrap();
        assert!(told.starts_with("error: cannot write `") && told.lines().count() == 1, "{bad}: {told}");
    }
    #[cfg(target_os = "linux")]
    to(std::path::Path::new("/dev/full")).code(2).stdout("");
    let mut left: Vec<_> = fs::read_dir(out.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["facts.json", "folder"], "a draft was left");
}

#[test]
fn what_git_exports_to_hooks_is_not_used() {
    let root = tempfile::tempdir().unwrap();
    shop(root.path());
    fitcheck().env("GIT_DIR", "/nowhere").env("GIT_INDEX_FILE", "/nowhere/index").arg(root.path()).assert().code(1);
}
