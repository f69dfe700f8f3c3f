//! Facts that are written, read and judged again lead to the report of a direct run; of many repositories, to one report.

use std::fs;
use std::path::{Path, PathBuf};

use fitcheck::check::{self, Options};
use fitcheck::facts::Facts;
use fitcheck::finding::Report;

use crate::cli::put;
use crate::fixtures::copy_tree;

/// Everything of a report but how long it took.
fn all(mut report: Report) -> String {
    report.stats.elapsed_ms = 0;
    format!("{report:#?}")
}

fn direct(options: &Options) -> Report {
    check::check(options).expect("a fixture can be checked")
}

fn by_facts(options: &Options) -> Report {
    let mut loaded = check::configuration(options).expect("a configuration");
    let facts = check::facts(options, &mut loaded).expect("facts");
    let facts = Facts::read(&facts.write()).expect("what was written is read");
    let loaded = facts.configuration(None).expect("the configuration comes along");
    facts.judge(&loaded, true, true)
}

fn fixtures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(root).unwrap() {
        let folder = entry.unwrap().path();
        found.extend(["flags", "passes"].map(|story| folder.join(story)).into_iter().filter(|path| path.is_dir()));
    }
    found.sort();
    found
}

#[test]
fn every_fixture_gets_the_report_of_a_direct_run() {
    let fixtures = fixtures();
    assert!(fixtures.len() > 80, "{}", fixtures.len());
    for fixture in fixtures {
        let copy = tempfile::tempdir().unwrap();
        copy_tree(&fixture, copy.path());
        let options = Options { threads: 1, ..Options::new(copy.path()) };
        assert_eq!(all(by_facts(&options)), all(direct(&options)), "{}", fixture.display());
    }
}

/// A repository whose configuration has every part that judging asks for: layers, own policies, exceptions, a
/// baseline, a service's own file, and a comment in the code.
fn configured() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for (policy, directory) in [("crud-service", "shop"), ("operator", "keeper"), ("wasm", "page")] {
        fs::create_dir(root.path().join(directory)).unwrap();
        copy_tree(&fixtures.join(policy).join("flags"), &root.path().join(directory));
    }
    let own = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/crud-service.toml")).unwrap();
    let write = |path: &str, text: &str| put(root.path(), path, text);
    write("org/own/shop-rule.toml", &own.replacen("\"crud-service\"", "\"shop-rule\"", 1));
    write("org/base.toml", "policies = [\"own\"]\n[policy.cloud-native-service]\nlevel = \"note\"\n");
    write(
        "fitcheck.toml",
        "extends = [\"org/base.toml\"]\nbaseline = \"line.json\"\nfail-on = \"error\"\n\
         [[allow]]\npolicy = \"operator\"\nservice = \"keeper\"\nreason = \"decided\"\nowner = \"team\"\n",
    );
    write("shop/fitcheck.toml", "name = \"store\"\n[policy.crud-service]\nlevel = \"off\"\n");
    let report = direct(&Options::new(root.path()));
    let baseline = fitcheck::config::baseline::Baseline::of(&report.findings[..1]);
    write("line.json", &baseline.write());
    root
}

#[test]
fn the_whole_configuration_comes_along() {
    let root = configured();
    let options = Options { threads: 1, ..Options::new(root.path()) };
    let expected = direct(&options);
    let statuses: Vec<&str> = expected.findings.iter().map(|finding| finding.status.word()).collect();
    assert!(statuses.contains(&"baseline") && statuses.contains(&"allowed"), "{statuses:?}");
    assert!(expected.services.iter().any(|judged| judged.service.name == "store"));
    assert_eq!(all(by_facts(&options)), all(expected));
}

#[test]
fn a_comment_in_the_code_still_accepts() {
    let root = configured();
    let open = direct(&Options::new(root.path()));
    let finding = open.findings.iter().find(|one| one.status.word() == "new" && one.service.is_some()).unwrap();
    let place = &finding.labels[0].location;
    let path = root.path().join(&*place.path);
    let mut lines: Vec<String> = fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
    let mark = if place.path.ends_with(".rs") || place.path.ends_with(".go") { "//" } else { "#" };
    lines[place.place.line as usize - 1] += &format!(" {mark} fitcheck:allow {} decided in spring", finding.policy);
    fs::write(&path, lines.join("\n")).unwrap();
    let options = Options { threads: 1, ..Options::new(root.path()) };
    let expected = direct(&options);
    let before = open.findings.iter().filter(|one| one.status.word() == "allowed").count();
    let after = expected.findings.iter().filter(|one| one.status.word() == "allowed").count();
    assert!(after > before, "{before} {after}");
    assert_eq!(all(by_facts(&options)), all(expected));
}

fn fitcheck(words: &[&str], directory: &Path) -> assert_cmd::assert::Assert {
    assert_cmd::Command::cargo_bin("fitcheck")
        .unwrap()
        .current_dir(directory)
        .env_remove("CI")
        .env_remove("GITHUB_ACTIONS")
        .args(words)
        .assert()
}

fn text(output: &[u8]) -> String {
    String::from_utf8(output.to_vec()).unwrap()
}

#[test]
fn the_commands_work_together() {
    let root = configured();
    let out = tempfile::tempdir().unwrap();
    let path = root.path().to_str().unwrap();
    for name in ["org/one", "org/two"] {
        let file = format!("{}.json", name.replace('/', "-"));
        fitcheck(&["facts", path, "--no-cache", "--name", name, "--output", &file], out.path()).success();
    }
    // By the repository's own threshold, which is `error`.
    fitcheck(&["judge", "org-one.json", "--format", "json"], out.path()).success();
    fitcheck(&["judge", "org-one.json", "--fail-on", "note"], out.path()).code(1);
    let merged = fitcheck(
        &["merge", "org-one.json", "org-two.json", "--exit-zero", "--output", "json=f.json", "--output", "html=f.html"],
        out.path(),
    )
    .success();
    let human = text(&merged.get_output().stdout);
    assert!(human.contains("org/one") && human.contains("2 repositories"), "{human}");
    let json: serde_json::Value = serde_json::from_slice(&fs::read(out.path().join("f.json")).unwrap()).unwrap();
    assert_eq!(json["repositories"][1]["name"], "org/two");
    assert!(fs::read_to_string(out.path().join("f.html")).unwrap().contains("org/two/shop"));
    // One that is broken hides none of the others, and the run is not complete.
    fs::write(out.path().join("broken.json"), "{").unwrap();
    let partly =
        fitcheck(&["merge", "org-one.json", "broken.json", "org-one.json", "--format", "json"], out.path()).code(2);
    let json: serde_json::Value = serde_json::from_slice(&partly.get_output().stdout).unwrap();
    assert_eq!(json["repositories"].as_array().unwrap().len(), 1);
    let errors = text(&partly.get_output().stderr);
    assert!(errors.contains("broken.json") && errors.contains("give each its own `--name`"), "{errors}");
    fitcheck(&["judge", "broken.json"], out.path()).code(2);
    fitcheck(&["judge", "absent.json"], out.path()).code(2);
}

#[test]
fn a_configuration_given_judges_instead_of_the_own() {
    let root = configured();
    let out = tempfile::tempdir().unwrap();
    let path = root.path().to_str().unwrap();
    fitcheck(&["facts", path, "--no-cache", "--output", "f.json"], out.path()).success();
    fs::write(out.path().join("central.toml"), "fail-on = \"note\"\n[policy.operator]\nlevel = \"error\"\n").unwrap();
    let judged = fitcheck(&["judge", "f.json", "--config", "central.toml", "--format", "json"], out.path()).code(1);
    let json: serde_json::Value = serde_json::from_slice(&judged.get_output().stdout).unwrap();
    let operator = json["findings"].as_array().unwrap().iter().find(|one| one["policy"] == "operator").unwrap();
    assert_eq!((operator["severity"].as_str(), operator["status"].as_str()), (Some("error"), Some("new")));
    // Facts of before and after tell what changed.
    fs::remove_dir_all(root.path().join("keeper/deploy")).unwrap();
    fitcheck(&["facts", path, "--no-cache", "--output", "g.json"], out.path()).success();
    let compared =
        fitcheck(&["judge", "g.json", "--base", "f.json", "--format", "json", "--exit-zero"], out.path()).success();
    let json: serde_json::Value = serde_json::from_slice(&compared.get_output().stdout).unwrap();
    assert!(json["comparison"]["resolved"].as_array().is_some());
}
