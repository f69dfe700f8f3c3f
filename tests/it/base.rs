//! Pull-request mode on repositories made on the spot.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail loudly")]

use fitcheck::check::{Options, Tree, check};
use fitcheck::finding::{Report, Status, Verdict};
use fitcheck::policy::builtin;

use crate::git::Repo;

fn at(repo: &Repo, tree: Tree) -> Report {
    let mut options = Options::new(repo.path());
    options.tree = tree;
    check(&options).unwrap()
}

/// Everything in a report that does not say how it came about.
fn content(report: &Report) -> String {
    format!("{:#?}\n{:#?}\n{:#?}\n{:?}", report.services, report.findings, report.skipped, report.history)
}

fn service(repo: &Repo, name: &str, slo: &str, cgo: bool) {
    let import = if cgo { "/*\n#include <zlib.h>\n*/\nimport \"C\"\n" } else { "" };
    let go = format!(
        "package main\n\n{import}import \"net/http\"\n\nfunc main() {{\n\thttp.ListenAndServe(\":80\", nil)\n}}\n"
    );
    repo.write(&format!("cmd/{name}/main.go"), &go);
    repo.write(&format!("cmd/{name}/slo.yaml"), slo);
}

fn slo(name: &str, limit: &str) -> String {
    format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: {name}-latency\nspec:\n  service: {name}\n  indicator:\n    spec:\n      thresholdMetric:\n        metricSource:\n          type: Prometheus\n          spec:\n            query: histogram_quantile(0.999, sum(rate({name}_request_duration_seconds_bucket[5m])) by (le))\n  objectives:\n    - op: lt\n      value: {limit}\n      target: 0.999\n"
    )
}

#[test]
fn a_commit_is_judged_like_its_checkout() {
    let Some(repo) = Repo::new() else { return };
    repo.write("go.mod", "module example.com/m\n\ngo 1.24\n");
    let mut state = 7_u64;
    let mut next = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let mut commits = Vec::new();
    for step in 0..12_i64 {
        let name = ["ingest", "api", "worker"][next(3) as usize];
        match next(6) {
            0 => {
                let _ = std::fs::remove_dir_all(repo.path().join("cmd").join(name));
            }
            1 if repo.path().join("cmd").join(name).is_dir() && !repo.path().join("cmd/moved").exists() => {
                std::fs::rename(repo.path().join("cmd").join(name), repo.path().join("cmd/moved")).unwrap();
            }
            _ => service(&repo, name, &slo(name, ["0.0009", "0.02", "0.5"][next(3) as usize]), next(2) == 0),
        }
        repo.commit(step, ("Ann Lee", "ann@example.com"), "step");
        let head = repo.git(&["rev-parse", "HEAD"]).trim().to_owned();
        let checkout = at(&repo, Tree::Work);
        assert_eq!(content(&checkout), content(&at(&repo, Tree::At(head.clone()))), "step {step}");
        assert_eq!(content(&checkout), content(&at(&repo, Tree::Staged)), "step {step}");
        commits.push((head, checkout));
    }
    // `--base` is two full runs compared.
    let (_, mut head) = commits.pop().unwrap();
    for (base, full) in &commits {
        let mut options = Options::new(repo.path());
        options.base = Some(base.clone());
        let found = check(&options).unwrap();
        fitcheck::base::compare(full, &mut head, base, &builtin::shipped());
        assert_eq!(found.comparison, head.comparison);
        for finding in &mut head.findings {
            finding.status = Status::New;
        }
    }
}

#[test]
fn a_change_tells_which_verdicts_it_moved_and_why() {
    let Some(repo) = Repo::new() else { return };
    repo.write("go.mod", "module example.com/m\n\ngo 1.24\n");
    service(&repo, "ingest", &slo("ingest", "0.02"), false);
    repo.commit(0, ("Ann Lee", "ann@example.com"), "start");
    service(&repo, "ingest", &slo("ingest", "0.0009"), true);
    let mut options = Options::new(repo.path());
    options.base = Some("HEAD".into());
    let report = check(&options).unwrap();
    let comparison = report.comparison.as_ref().unwrap();
    let change = &comparison.changes[0];
    assert_eq!((&*change.root, change.before), ("cmd/ingest", Some(Verdict::Fits)), "{comparison:#?}");
    // Which of the two depends on the policies that speak for Go.
    assert!(matches!(change.after, Some(Verdict::Questioned | Verdict::Contested)), "{comparison:#?}");
    let reasons: Vec<&str> = change.because.iter().map(|label| &*label.location.path).collect();
    assert!(reasons.contains(&"cmd/ingest/slo.yaml"), "{comparison:#?}");
    assert!(report.findings.iter().all(|finding| finding.status == Status::New));

    // The same state as a base: all known, nothing changed. Then the whole service moves.
    repo.commit(1, ("Ann Lee", "ann@example.com"), "tighten");
    let report = check(&options).unwrap();
    assert!(report.comparison.as_ref().unwrap().changes.is_empty());
    assert!(!report.findings.is_empty() && report.findings.iter().all(|finding| finding.status == Status::Baseline));
    std::fs::create_dir_all(repo.path().join("services")).unwrap();
    std::fs::rename(repo.path().join("cmd/ingest"), repo.path().join("services/ingest")).unwrap();
    let report = check(&options).unwrap();
    let comparison = report.comparison.as_ref().unwrap();
    assert!(comparison.changes.is_empty() && comparison.resolved.is_empty(), "{comparison:#?}");
    assert!(report.findings.iter().all(|finding| finding.status == Status::Baseline), "{:#?}", report.findings);

    // And goes.
    std::fs::remove_dir_all(repo.path().join("services")).unwrap();
    let report = check(&options).unwrap();
    let comparison = report.comparison.as_ref().unwrap();
    assert_eq!(comparison.changes[0].after, None);
    assert!(!comparison.resolved.is_empty());
}

#[test]
fn a_missing_base_is_an_error_with_a_remedy() {
    let Some(repo) = Repo::new() else { return };
    repo.commit(0, ("Ann Lee", "ann@example.com"), "start");
    let mut options = Options::new(repo.path());
    options.base = Some("no-such-branch".into());
    let error = check(&options).unwrap_err().to_string();
    assert!(error.contains("no-such-branch") && error.contains("fetch-depth: 0"), "{error}");
}

#[test]
fn a_cache_changes_nothing_but_time() {
    let Some(repo) = Repo::new() else { return };
    repo.write("go.mod", "module example.com/m\n\ngo 1.24\n");
    service(&repo, "ingest", &slo("ingest", "0.0009"), true);
    service(&repo, "api", &slo("api", "0.5"), false);
    repo.commit(0, ("Ann Lee", "ann@example.com"), "start");
    let elsewhere = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| {
        let mut command = assert_cmd::Command::cargo_bin("fitcheck").unwrap();
        command.args(["--format", "json", "--exit-zero"]).args(words).arg(repo.path());
        command.env("FITCHECK_CACHE_KEY", "a test").env_remove("CI").env("HOME", elsewhere.path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        report["stats"]["elapsed_ms"] = 0.into();
        report.to_string()
    };
    let directory = elsewhere.path().join("cache").display().to_string();
    let cached = |words: &[&str]| run(&[&["--cache-dir", &directory], words].concat());
    let plain = run(&["--no-cache"]);
    for round in 0..3 {
        assert_eq!(cached(&[]), plain, "round {round}");
        assert_eq!(cached(&["--threads", "1"]), plain);
        assert_eq!(cached(&["--at", "HEAD"]), run(&["--no-cache", "--at", "HEAD"]));
    }
    // A change of the same length within the same second is seen.
    service(&repo, "ingest", &slo("ingest", "0.0008"), true);
    let changed = run(&["--no-cache"]);
    assert_ne!(changed, plain);
    assert_eq!(cached(&[]), changed);
    assert_eq!(cached(&["--base", "HEAD"]), run(&["--no-cache", "--base", "HEAD"]));
    // Nor does one that cannot be written, or is not ours.
    for entry in std::fs::read_dir(&directory).unwrap().flatten() {
        std::fs::write(entry.path(), "garbage").unwrap();
    }
    assert_eq!(cached(&[]), changed);
    assert_eq!(run(&["--cache-dir", "/dev/null/none"]), changed);
}

fn run(repo: &Repo, words: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
    let mut command = assert_cmd::Command::cargo_bin("fitcheck").unwrap();
    command.env_clear().env("PATH", "").envs(variables.iter().copied());
    let output = command.arg("--no-cache").args(words).arg(repo.path()).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8_lossy(&text).into_owned())
}

/// Every format that speaks of a change.
const TELLING: &[&str] = &["human", "markdown", "summary", "comment", "json", "ndjson", "html"];

#[test]
fn the_sentence_names_what_changed_and_where() {
    let Some(repo) = Repo::new() else { return };
    repo.write("go.mod", "module example.com/frontdoor\n\ngo 1.24\n");
    let main = "package main\n\nimport \"net/http\"\n\nfunc main() {\n\thttp.HandleFunc(\"/\", serve)\n\thttp.ListenAndServe(\":80\", nil)\n}\n\nfunc serve(w http.ResponseWriter, r *http.Request) {}\n";
    repo.write("main.go", main);
    let written = |limit: &str| slo("frontdoor", limit);
    repo.write("fitcheck.toml", "name = \"ingest\"\n");
    repo.write("slo.yaml", &written("0.02"));
    repo.commit(0, ("Ann Lee", "ann@example.com"), "start");
    let (_, before) = run(&repo, &["--format", "human"], &[]);
    assert!(before.contains("fits"), "{before}");
    repo.write("slo.yaml", &written("0.0009"));
    repo.write("codec.go", "package main\n\nimport \"C\"\n");
    let sentence = "the budget in slo.yaml:16 went from 20 ms to 900 µs and codec.go:3 imports C";
    for format in TELLING {
        let (status, text) = run(&repo, &["--base", "HEAD", "--format", format], &[]);
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").replace('\\', "");
        assert!(words(&text).contains(sentence), "{format}: {text}");
        assert_eq!(status, 1, "{format}");
    }
    let (_, text) = run(&repo, &["--base", "HEAD"], &[]);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(&format!("`ingest`: fits → questioned, because {sentence}")), "{text}");

    // What is there stays, counted; what goes is listed.
    repo.commit(1, ("Ann Lee", "ann@example.com"), "tighten");
    repo.write("README.md", "unrelated");
    for format in TELLING {
        let (status, text) = run(&repo, &["--base", "HEAD", "--format", format], &[]);
        let kept = ["1 finding was there before", "1 finding is from before", "\"kept\": 1", "\"kept\":1"];
        assert!(kept.iter().any(|kept| text.contains(kept)), "{format}: {text}");
        assert_eq!(status, 0, "{format}");
    }
    repo.write("slo.yaml", &written("0.02"));
    for format in TELLING {
        let (status, text) = run(&repo, &["--base", "HEAD", "--format", format], &[]);
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        assert!(["resolved", "no longer"].iter().any(|word| words.contains(word)), "{format}: {text}");
        assert!(words.contains("tail-latency"), "{format}: {text}");
        assert_eq!(status, 0, "{format}");
    }
}

#[test]
fn the_base_comes_from_the_event_or_from_upstream() {
    let Some(repo) = Repo::new() else { return };
    repo.write("go.mod", "module example.com/m\n\ngo 1.24\n");
    service(&repo, "ingest", &slo("ingest", "0.02"), false);
    repo.commit(0, ("Ann Lee", "ann@example.com"), "start");
    let start = repo.git(&["rev-parse", "HEAD"]).trim().to_owned();
    // Somebody else's change on the main branch is not this branch's doing.
    repo.git(&["checkout", "-q", "-b", "topic"]);
    service(&repo, "ingest", &slo("ingest", "0.0009"), true);
    repo.commit(1, ("Ann Lee", "ann@example.com"), "tighten");
    repo.git(&["checkout", "-q", "main"]);
    repo.write("docs.md", "x");
    repo.commit(2, ("Bo Ray", "bo@example.com"), "elsewhere");
    let main = repo.git(&["rev-parse", "HEAD"]).trim().to_owned();
    repo.git(&["checkout", "-q", "topic"]);
    let events = tempfile::tempdir().unwrap();
    let event = |text: &str| {
        let path = events.path().join("event.json");
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let base = |variables: &[(&str, &str)]| {
        let (status, text) = run(&repo, &["--base", "auto", "--format", "json", "--exit-zero"], variables);
        assert_eq!(status, 0, "{text}");
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(report["comparison"]["changes"][0]["service"], "cmd/ingest", "{text}");
        report["comparison"]["base"].as_str().unwrap().to_owned()
    };
    let short = &start[..10];
    let pull = event(&format!(r#"{{"pull_request":{{"base":{{"sha":"{main}"}}}}}}"#));
    assert_eq!(base(&[("GITHUB_EVENT_PATH", &pull), ("GITHUB_ACTIONS", "true")]), short);
    let queue = event(&format!(r#"{{"merge_group":{{"base_sha":"{start}"}}}}"#));
    assert_eq!(base(&[("GITHUB_EVENT_PATH", &queue)]), short);
    let push = event(&format!(r#"{{"before":"{start}"}}"#));
    assert_eq!(base(&[("GITHUB_EVENT_PATH", &push)]), short);
    assert_eq!(base(&[("CI_MERGE_REQUEST_DIFF_BASE_SHA", &main), ("GITLAB_CI", "true")]), short);
    repo.git(&["update-ref", "refs/remotes/origin/main", &main]);
    let other = event("{}");
    assert_eq!(base(&[("GITHUB_EVENT_PATH", &other), ("GITHUB_BASE_REF", "main")]), short);
    assert_eq!(base(&[]), format!("{short} (origin/main)"));
    repo.git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    for (key, value) in [
        ("remote.fork.url", "."),
        ("remote.fork.fetch", "+refs/heads/*:refs/remotes/fork/*"),
        ("branch.topic.remote", "fork"),
        ("branch.topic.merge", "refs/heads/trunk"),
    ] {
        repo.git(&["config", key, value]);
    }
    repo.git(&["update-ref", "refs/remotes/fork/trunk", &main]);
    assert_eq!(base(&[]), format!("{short} (fork/trunk)"));

    // What cannot be found is no "no changes".
    let gone = "0123456789abcdef0123456789abcdef01234567";
    let lost = event(&format!(r#"{{"pull_request":{{"base":{{"sha":"{gone}"}}}}}}"#));
    for (words, variables) in [
        (["--base", "auto"], vec![("GITHUB_EVENT_PATH", lost.as_str())]),
        (["--base", "auto"], vec![("CI_MERGE_REQUEST_DIFF_BASE_SHA", gone)]),
        (["--base", "no-such-branch"], vec![]),
    ] {
        let (status, text) = run(&repo, &words, &variables);
        assert_eq!(status, 2, "{text}");
        assert!(text.contains("fetch-depth: 0") && text.contains("GIT_DEPTH: 0"), "{text}");
    }
    repo.git(&["branch", "-q", "-D", "main"]);
    repo.git(&["update-ref", "-d", "refs/remotes/fork/trunk"]);
    let (status, text) = run(&repo, &["--base", "auto"], &[]);
    assert!(status == 2 && text.contains("--base REV"), "{status} {text}");
}

#[test]
fn what_was_accepted_stays_accepted_where_a_file_moves() {
    let Some(repo) = Repo::new() else { return };
    repo.write("go.mod", "module example.com/m\n\ngo 1.24\n");
    service(&repo, "door", &slo("door", "0.0009"), false);
    let print = at(&repo, Tree::Work).findings[0].fingerprint.clone();
    let allow = format!(
        "[[allow]]\npolicy = \"tail-latency\"\nservice = \"door\"\nreason = \"measured\"\nowner = \"team\"\nevidence = \"{print}\"\n"
    );
    repo.write("fitcheck.toml", &allow);
    repo.commit(0, ("Ann Lee", "ann@example.com"), "start");
    repo.git(&["mv", "cmd/door/slo.yaml", "cmd/door/goal.yaml"]);
    let (status, text) = run(&repo, &["--base", "HEAD", "--all"], &[]);
    assert_eq!(status, 0, "{text}");
    // A full run has nothing to compare with, and follows all the same: a file, and the service with it.
    assert!(!run(&repo, &[], &[]).1.contains("allow-"), "{:?}", run(&repo, &[], &[]));
    repo.git(&["mv", "cmd/door", "cmd/portal"]);
    let (_, text) = run(&repo, &[], &[]);
    assert!(text.contains("allow-unused"), "its name was how the exception knew it, until history does: {text}");
    repo.git(&["add", "-A"]);
    repo.git(&["-c", "user.name=Ann Lee", "-c", "user.email=ann@example.com", "commit", "-q", "-m", "move"]);
    let (status, text) = run(&repo, &[], &[]);
    assert!(status == 0 && !text.contains("allow-"), "{text}");
    repo.git(&["mv", "cmd/portal", "cmd/door"]);
    // Other evidence is another finding.
    repo.write("cmd/door/goal.yaml", &slo("door", "0.0002"));
    let (status, text) = run(&repo, &["--base", "HEAD"], &[]);
    assert!(status == 1 && text.contains("allow-reopened"), "{text}");
}

/// Five years of history, told on either side of what `correctness-age` asks for.
#[test]
fn age_and_calm_are_told_by_history_and_never_guessed() {
    let Some(repo) = Repo::new() else { return };
    let ann = ("Ann Lee", "ann@example.com");
    repo.write("Cargo.toml", "[package]\nname = \"ledger\"\nversion = \"1.0.0\"\nedition = \"2021\"\n");
    repo.write("src/main.rs", "fn main() {}\n");
    repo.write("ledger.proto", "syntax = \"proto3\";\nmessage Entry {\n  int64 cents = 1;\n}\n");
    repo.commit(0, ann, "start");
    // Six years of four changes each, and a seventh that is busy.
    for n in 1..=24_i64 {
        repo.write("src/main.rs", &format!("fn main() {{\n    let _ = {n};\n}}\n"));
        repo.commit(n * 90, ann, "keep");
    }
    let calm = at(&repo, Tree::Work);
    for n in 0..30_i64 {
        repo.write("src/main.rs", &format!("fn main() {{\n    let _ = {n}u8;\n}}\n"));
        repo.commit(24 * 90 + 1 + n, ann, "hurry");
    }
    let busy = at(&repo, Tree::Work);
    let young = at(&repo, Tree::At("HEAD~35".to_owned()));
    let speaks = |report: &Report| {
        report.services[0]
            .arguments
            .iter()
            .any(|argument| argument.policy == "correctness-age" && argument.favors.is_some())
    };
    assert!(speaks(&calm), "{:#?}", calm.services[0].service.team);
    assert!(!speaks(&busy), "thirty changes in a month are no calm");
    assert!(!speaks(&young), "{:#?}", young.services[0].service.team);
    // A clone that ends early cannot tell: unknown, and never the one or the other.
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("shallow").display().to_string();
    repo.git(&["clone", "-q", "--depth=3", &format!("file://{}", repo.path().display()), &to]);
    let shallow = check(&Options::new(&to)).unwrap();
    assert!(!speaks(&shallow));
    let unknown = &shallow.services[0].unknown;
    assert!(unknown.iter().any(|(policy, _)| policy == "correctness-age"), "{unknown:?}");
}

/// A year of weekly changes to a contract: what they look like is told by contents, and unknown without them.
#[test]
fn changes_to_a_contract_are_told_apart_by_what_they_say() {
    let Some(repo) = Repo::new() else { return };
    let ann = ("Ann Lee", "ann@example.com");
    repo.write("Cargo.toml", "[workspace]\nmembers = [\"door\", \"api\"]\n");
    repo.write("door/Cargo.toml", "[package]\nname = \"door\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[dependencies]\napi = { path = \"../api\" }\n");
    repo.write("door/src/main.rs", "fn main() {\n    loop {\n        std::thread::park();\n    }\n}\n");
    let image = "FROM rust AS b\nRUN cargo build --release -p door\nFROM scratch\nCOPY --from=b target/release/door /door\nENTRYPOINT [\"/door\"]\n";
    repo.write("Dockerfile", image);
    repo.write("api/Cargo.toml", "[package]\nname = \"api\"\nversion = \"1.0.0\"\nedition = \"2021\"\n");
    repo.write("api/src/lib.rs", "\n");
    let contract = |fields: &[String]| {
        repo.write(
            "api/proto/api.proto",
            &format!("syntax = \"proto3\";\npackage api;\n\nmessage Order {{\n{}}}\n", fields.concat()),
        );
    };
    let field = |n: i64| format!("  string field{n} = {n};\n");
    let mut fields = vec![field(1)];
    contract(&fields);
    repo.commit(0, ann, "start");
    for week in 1..=48_i64 {
        fields.push(field(week + 1));
        contract(&fields);
        repo.commit(week * 7, ann, "one more");
    }
    let share = |report: &Report| report.services[0].service.spec.as_ref().unwrap().breaking_share;
    let questions = |report: &Report| report.services[0].questions.contains(&"spec-churn".to_owned());
    let calm = at(&repo, Tree::Work);
    assert_eq!(&*calm.services[0].service.root, "door", "a contract belongs to whoever builds the crate around it");
    assert_eq!(calm.services[0].service.spec.as_ref().unwrap().active_weeks, 49);
    assert!(share(&calm).is_some_and(|share| share < 0.05) && !questions(&calm), "{:?}", calm.services[0].service.spec);
    for week in 0..20_i64 {
        fields.remove(0);
        contract(&fields);
        repo.commit(48 * 7 + 1 + week, ann, "one less");
    }
    let stormy = at(&repo, Tree::Work);
    assert!(
        share(&stormy).is_some_and(|share| (0.25..0.35).contains(&share)) && questions(&stormy),
        "{:?}",
        share(&stormy)
    );
    // Without the contents nobody knows, and it is said what brings them.
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("blobless").display().to_string();
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    repo.git(&["clone", "-q", "--filter=blob:none", &format!("file://{}", repo.path().display()), &to]);
    let blobless = check(&Options::new(&to)).unwrap();
    assert_eq!((share(&blobless), questions(&blobless)), (None, false));
    assert!(blobless.services[0].unknown.iter().any(|(policy, _)| policy == "spec-churn"));
    assert!(
        blobless.history.remedy.as_ref().is_some_and(|remedy| remedy.contains("--no-filter")),
        "{:?}",
        blobless.history
    );
    for (root, says) in [(std::path::Path::new(&to), true), (repo.path(), false)] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_fitcheck"));
        let output = command.args(["--format", "json", "--exit-zero", "--no-cache"]).arg(root).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.contains("\"contract_contents\": \"missing\""), says, "{text}");
    }
}

/// A Rust service on a container platform that may run WebAssembly modules as well.
fn product(repo: &Repo, is_host: bool, memory: &str) {
    repo.write("Cargo.toml", "[package]\nname = \"product\"\nversion = \"1.0.0\"\nedition = \"2024\"\n[dependencies]\nactix-web = \"4\"\nwasmtime = \"30\"\n");
    let host = if is_host { "use wasmtime::Engine;\n" } else { "" };
    repo.write("src/main.rs", &format!("{host}use actix_web::{{App, HttpServer, web}};\n\n#[actix_web::main]\nasync fn main() -> std::io::Result<()> {{\n    HttpServer::new(|| App::new().route(\"/items\", web::get().to(items))).bind((\"0.0.0.0\", 80))?.run().await\n}}\n"));
    let container = format!(
        "        - name: product\n          image: example.com/product\n          resources: {{ limits: {{ memory: {memory} }} }}\n"
    );
    repo.write("deploy.yaml", &format!("apiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: product }}\nspec:\n  template:\n    spec:\n      containers:\n{container}"));
    repo.write("Dockerfile", "FROM rust AS b\nRUN cargo build --release\nFROM scratch\nCOPY --from=b target/release/product /product\nENTRYPOINT [\"/product\"]\n");
}

#[test]
fn what_weighs_more_is_new_and_what_weighs_as_before_is_no_reason() {
    let Some(repo) = Repo::new() else { return };
    product(&repo, true, "10Mi");
    repo.commit(0, ("Ann Lee", "ann@example.com"), "start");
    product(&repo, false, "20Mi");
    let (status, text) = run(&repo, &["--base", "HEAD"], &[]);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("`product`: contested → questioned, because src/main.rs no longer uses wasmtime"), "{text}");
    assert!(status == 1 && !text.contains("20 MiB,"), "a remark became a warning: {text}");
    assert!(text.contains("warning[cloud-native-service]"), "{text}");

    // More of what was there is no news: the same finding, with one more place.
    repo.commit(1, ("Ann Lee", "ann@example.com"), "no modules");
    repo.write("deploy/compose.yaml", "services:\n  product:\n    build: ..\n    restart: always\n");
    let (status, text) = run(&repo, &["--base", "HEAD", "--format", "json"], &[]);
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let finding = &report["findings"][0];
    assert!(text.contains("deploy/compose.yaml") && status == 0, "{text}");
    assert_eq!(
        (&finding["policy"], &finding["status"]),
        (&"cloud-native-service".into(), &"baseline".into()),
        "{text}"
    );
}

#[test]
fn a_role_that_changed_is_told_as_one_thing() {
    let Some(repo) = Repo::new() else { return };
    repo.write("go.mod", "module example.com/door\n\ngo 1.24\n\nrequire github.com/spf13/cobra v1.8.0\n");
    let main = "package main\n\nimport \"net/http\"\n\nfunc main() {\n\thttp.HandleFunc(\"/items\", items)\n\thttp.ListenAndServe(\":80\", nil)\n}\n\nfunc items(w http.ResponseWriter, r *http.Request) {}\n";
    repo.write("main.go", main);
    repo.write("compose.yaml", "services:\n  door:\n    build: .\n    restart: always\n");
    repo.write(
        "Dockerfile",
        "FROM golang AS b\nRUN go build -o /door .\nFROM scratch\nCOPY --from=b /door /door\nENTRYPOINT [\"/door\"]\n",
    );
    repo.commit(0, ("Ann Lee", "ann@example.com"), "start");
    repo.write("main.go", "package main\n\nimport \"github.com/spf13/cobra\"\n\nfunc main() {\n\tcommand := &cobra.Command{Use: \"door\"}\n\tcommand.Execute()\n}\n");
    for gone in ["Dockerfile", "compose.yaml"] {
        std::fs::remove_file(repo.path().join(gone)).unwrap();
    }
    let (_, text) = run(&repo, &["--base", "HEAD"], &[]);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("because its role went from service to cli (") && !text.contains("brings role"), "{text}");
}
