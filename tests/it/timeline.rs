//! `fitcheck history` on repositories made on the spot.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail loudly")]

use std::path::Path;

use serde_json::Value;

use crate::git::Repo;

const ANN: (&str, &str) = ("Ann Lee", "ann@example.com");

fn run(root: &Path, words: &[&str]) -> (i32, String, String) {
    let mut command = assert_cmd::Command::cargo_bin("fitcheck").unwrap();
    let output = command.env_clear().args(["history", "--no-cache"]).args(words).arg(root).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn json(root: &Path, words: &[&str]) -> Value {
    let (status, out, err) = run(root, &[&["--format", "json"], words].concat());
    assert_eq!(status, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

fn slo(limit: &str) -> String {
    format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: door}}\nspec:\n  service: door\n  indicator:\n    spec:\n      thresholdMetric:\n        metricSource:\n          type: Prometheus\n          spec:\n            query: histogram_quantile(0.999, sum(rate(door_request_duration_seconds_bucket[5m])) by (le))\n  objectives:\n    - op: lt\n      value: {limit}\n      target: 0.999\n"
    )
}

/// A service that comes on day 40, is tightened on day 77, moves on day 100 and is loosened on day 130.
fn story(repo: &Repo) {
    repo.write("go.mod", "module example.com/m\n\ngo 1.24\n");
    repo.write("lib/lib.go", "package lib\n");
    repo.commit(0, ANN, "start");
    repo.git(&["tag", "v0.1.0"]);
    let main = "package main\n\nimport \"net/http\"\n\nfunc main() {\n\thttp.ListenAndServe(\":80\", nil)\n}\n";
    repo.write("cmd/door/main.go", main);
    repo.write("cmd/door/slo.yaml", &slo("0.02"));
    repo.commit(40, ANN, "a door");
    repo.git(&["tag", "-a", "-m", "one", "v1.0.0"]);
    for day in 50..=90 {
        if day == 77 {
            repo.write("cmd/door/slo.yaml", &slo("0.0009"));
        }
        repo.write("lib/lib.go", &format!("package lib // {day}\n"));
        repo.commit(day, ANN, "SECRET work");
    }
    repo.git(&["tag", "v1.1.0"]);
    std::fs::create_dir(repo.path().join("services")).unwrap();
    repo.git(&["mv", "cmd/door", "services/door"]);
    repo.commit(100, ANN, "move");
    repo.write("services/door/slo.yaml", &slo("0.02"));
    repo.commit(130, ANN, "loosen");
    repo.git(&["tag", "v2.0.0"]);
}

fn verdicts(told: &Value) -> Vec<String> {
    let word = |point: &Value| {
        let verdict = point["verdict"].as_str().unwrap_or(point["state"].as_str().unwrap());
        format!("{} {verdict}", point["at"].as_str().unwrap())
    };
    told["points"].as_array().unwrap().iter().map(word).collect()
}

#[test]
fn points_and_the_commits_that_turned_the_verdict() {
    let Some(repo) = Repo::new() else { return };
    story(&repo);
    let commit = |day: i64| {
        let until = format!("--until={}", 1_700_000_000 + day * 86_400);
        repo.git(&["log", "-1", "--format=%H", &until]).trim().to_owned()
    };
    // Day 0 is 2023-11-14.
    let told = json(repo.path(), &["door"]);
    assert_eq!(told["service"]["root"], "services/door");
    assert_eq!(
        verdicts(&told),
        ["2023-11 absent", "2023-12 fits", "2024-01 questioned", "2024-02 questioned", "2024-03 fits"],
        "{told:#}"
    );
    assert_eq!(told["points"][3]["root"], "services/door");
    assert_eq!(told["points"][2]["root"], "cmd/door");
    let turns = told["turns"].as_array().unwrap();
    let expected = [(40, Value::Null, "fits"), (77, "fits".into(), "questioned"), (130, "questioned".into(), "fits")];
    assert_eq!(turns.len(), expected.len(), "{told:#}");
    for (turn, (day, before, after)) in turns.iter().zip(expected) {
        assert_eq!((&turn["commit"], &turn["before"], &turn["after"]), (&commit(day).into(), &before, &after.into()));
    }
    assert!(turns[1]["why"].as_str().unwrap().contains("the budget in cmd/door/slo.yaml:15 went from 20 ms to 900 µs"));

    let tags = json(repo.path(), &["services/door", "--by", "tag"]);
    assert_eq!(verdicts(&tags), ["v0.1.0 absent", "v1.0.0 fits", "v1.1.0 questioned", "v2.0.0 fits"]);
    assert_eq!(tags["turns"], told["turns"].as_array().map(|turns| retold(turns, &tags)).unwrap());
    assert_eq!(verdicts(&json(repo.path(), &["door", "--by", "tag", "--count", "1"])), ["v2.0.0 fits"]);
    assert_eq!(verdicts(&json(repo.path(), &["door", "--since", "2024-02-01"])).len(), 2);
    // As it stood at a commit, under the name it had.
    let then = json(repo.path(), &["cmd/door", "--at", "v1.1.0"]);
    assert_eq!(verdicts(&then).last().unwrap(), "2024-02 questioned");
}

/// The same turns between other points.
fn retold(turns: &[Value], other: &Value) -> Value {
    let mut turns = turns.to_vec();
    for (turn, as_told) in turns.iter_mut().zip(other["turns"].as_array().unwrap()) {
        turn["between"] = as_told["between"].clone();
    }
    turns.into()
}

#[test]
fn a_page_of_eighty_columns_without_a_name_or_a_word_of_a_commit() {
    let Some(repo) = Repo::new() else { return };
    story(&repo);
    let (status, text, _) = run(repo.path(), &["door"]);
    assert_eq!(status, 0);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    for piece in
        ["door: Go service in services/door", "2024-02", "questioned", "not there", "fits → questioned, because the"]
    {
        assert!(text.contains(piece), "no {piece} in {text}");
    }
    for word in ["Ann", "SECRET", "example.com", "loosen"] {
        assert!(!text.contains(word), "{word} in {text}");
    }
}

#[test]
fn what_a_clone_or_a_question_lacks_is_said() {
    let Some(repo) = Repo::new() else { return };
    story(&repo);
    let (status, _, error) = run(repo.path(), &["dor"]);
    assert!(status == 2 && error.contains("did you mean `door`?"), "{error}");
    // Nothing near: what there is.
    let (status, _, error) = run(repo.path(), &["zzz"]);
    assert!(
        status == 2 && error.contains("called `zzz`, now or at any of the") && error.contains("there are `door`"),
        "{error}"
    );
    assert_eq!(run(repo.path(), &["door", "--base", "HEAD"]).0, 2);
    let (status, _, error) = run(repo.path(), &["door", "--since", "2030-01-01"]);
    assert!(status == 2 && error.contains("--since"), "{error}");
    let place = tempfile::tempdir().unwrap();
    let clone = |name: &str, flag: &str| {
        let to = place.path().join(name);
        let url = format!("file://{}", repo.path().display());
        repo.git(&["config", "uploadpack.allowFilter", "true"]);
        repo.git(&["clone", "-q", "--no-tags", flag, &url, &to.display().to_string()]);
        to
    };
    let shallow = json(&clone("shallow", "--depth=3"), &["door"]);
    assert!(shallow["notes"][0].as_str().unwrap().contains("--unshallow"), "{shallow:#}");
    let (status, _, error) = run(&place.path().join("shallow"), &["door", "--by", "tag"]);
    assert!(status == 2 && error.contains("git fetch --tags"), "{error}");
    // The tree of the newest commit is checked out; of the others some files are not there.
    let blobless = json(&clone("blobless", "--filter=blob:none"), &["door"]);
    let states: Vec<&str> =
        blobless["points"].as_array().unwrap().iter().map(|p| p["state"].as_str().unwrap()).collect();
    assert_eq!(states.last(), Some(&"judged"), "{blobless:#}");
    assert!(states.contains(&"unknown"), "{blobless:#}");
    assert!(blobless["notes"].as_array().unwrap().iter().any(|note| note.as_str().unwrap().contains("blob:none")));
}

/// A clone without its large files, as `--filter=blob:limit=1m` makes one, still tells of services that have none.
#[test]
fn a_file_that_is_not_here_matters_where_it_may_have_said_something() {
    let Some(repo) = Repo::new() else { return };
    repo.write("go.mod", "module example.com/m\n\ngo 1.24\n");
    repo.write(
        "cmd/door/main.go",
        "package main\n\nimport \"net/http\"\n\nfunc main() { http.ListenAndServe(\":80\", nil) }\n",
    );
    repo.write(
        "cmd/api/main.go",
        "package main\n\nimport \"net/http\"\n\nfunc main() { http.ListenAndServe(\":81\", nil) }\n",
    );
    repo.write("cmd/api/table.go", &format!("package main\n\n// {}\n", "x".repeat(90_000)));
    repo.commit(0, ANN, "start");
    repo.write("cmd/api/table.go", "package main\n");
    repo.commit(40, ANN, "less");
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("limited");
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", repo.path().display());
    repo.git(&["clone", "-q", "--filter=blob:limit=10k", &url, &to.display().to_string()]);
    let states = |service: &str| {
        let told = json(&to, &[service, "--count", "2"]);
        told["points"].as_array().unwrap().iter().map(|p| p["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(states("cmd/door"), ["judged", "judged"]);
    assert_eq!(states("cmd/api"), ["unknown", "judged"]);
}
