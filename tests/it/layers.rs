//! Layers, vendored copies, services by hand and every mistake of a configuration, through the program.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::cli::{run, shop, shop_with, write};

fn git(root: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let status = Command::new("git").current_dir(root).args(identity).args(arguments).status().unwrap();
    assert!(status.success(), "{arguments:?}");
}

fn policy(id: &str) -> String {
    let wasm = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/wasm.toml")).unwrap();
    wasm.replace("id = \"wasm\"", &format!("id = \"{id}\""))
}

/// An organisation's policies, in a git repository of their own.
fn organisation(root: &Path) {
    write(
        root,
        &[
            ("fitcheck.toml", "policies = [\"policies\"]\n[policy.tail-latency]\nbudget = \"2ms\"\n"),
            ("policies/our-wasm.toml", &policy("our-wasm")),
            ("Cargo.toml", "[package]\nname = \"x\"\n"),
        ],
    );
    git(root, &["init", "--quiet", "--initial-branch=main", "."]);
    git(root, &["add", "."]);
    git(root, &["commit", "--quiet", "-m", "a"]);
    git(root, &["tag", "v1"]);
}

#[test]
fn layers_come_from_a_git_repository_and_from_an_archive() {
    let root = shop_with(&[]);
    let org = root.path().join("org.git");
    fs::create_dir(&org).unwrap();
    organisation(&org);
    git(&org, &["archive", "--format=tar.gz", "--prefix=org/", "--output=../org.tar.gz", "v1"]);
    for (extends, place) in [
        ("org.git@v1//fitcheck.toml", "org.git@v1//fitcheck.toml:3"),
        ("org.tar.gz//org/fitcheck.toml", "org.tar.gz//org/fitcheck.toml:3"),
    ] {
        write(root.path(), &[("fitcheck.toml", &format!("extends = [\"{extends}\"]\n"))]);
        let (status, text, error) = run(root.path(), &["config"]);
        assert!(status == 0 && text.contains(&format!("budget = \"2 ms\"  # {place}")), "{extends}: {text}{error}");
        assert!(text.contains("[policy.our-wasm]"), "{text}");
    }
    for (extends, why) in [
        ("org.git@v2//fitcheck.toml", "it has no revision `v2`"),
        ("org.git@v1//none.toml", "it is not there"),
        ("org.tar.gz//../up.toml", "leads out of the repository"),
        ("../org.git@v1//fitcheck.toml", "leads out of the repository"),
        ("Cargo.toml//fitcheck.toml", "a git repository with `@revision`, or an archive"),
        ("none.tar//fitcheck.toml", "cannot be read"),
    ] {
        write(root.path(), &[("fitcheck.toml", &format!("extends = [\"{extends}\"]\n"))]);
        let (status, out, error) = run(root.path(), &[]);
        assert!((status, out.as_str()) == (2, "") && error.contains(why), "{extends}: {error}");
    }
}

#[test]
fn a_vendored_copy_is_what_it_was_or_nothing_is_judged() {
    let org = tempfile::tempdir().unwrap();
    organisation(org.path());
    let root = shop_with(&[]);
    let url = format!("file://{}@v1", org.path().display());
    let path = format!("{}@v1", org.path().display());
    let copy = root.path().join("fitcheck-vendor/org");
    for source in [&url, &path] {
        let (status, text, error) = run(root.path(), &["policy", "vendor", source, "--into", "fitcheck-vendor/org"]);
        assert_eq!(status, 0, "{source}: {error}");
        assert!(text.contains("extends = [\"fitcheck-vendor/org/fitcheck.toml\"]"), "{text}");
        assert!(!copy.join("Cargo.toml").exists(), "manifests of others are no policies");
    }
    write(root.path(), &[("fitcheck.toml", "extends = [\"fitcheck-vendor/org/fitcheck.toml\"]\n")]);
    assert!(run(root.path(), &["config"]).1.contains("[policy.our-wasm]"));
    let edited = policy("our-wasm").replace("strength = \"decisive\"", "strength = \"weak\"");
    let cases: [(&str, Option<&str>, &str); 4] = [
        ("policies/our-wasm.toml", Some(&edited), "is not as it was vendored"),
        ("policies/our-wasm.toml", None, "was vendored and cannot be read"),
        ("policies/more.toml", Some(&policy("more")), "is not among the files that were vendored"),
        ("fitcheck-vendor.toml", Some("x = 1\n"), "unknown field `x`"),
    ];
    for (file, text, why) in cases {
        let path = copy.join(file);
        let before = fs::read_to_string(&path).ok();
        match text {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let (status, out, error) = run(root.path(), &[]);
        assert!((status, out.as_str()) == (2, "") && error.contains(why), "{file}: {error}");
        match before {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
    }
    // A newer revision takes the place of the older one, files that are gone included.
    fs::remove_file(org.path().join("policies/our-wasm.toml")).unwrap();
    write(org.path(), &[("policies/second.toml", &policy("second"))]);
    git(org.path(), &["add", "."]);
    git(org.path(), &["commit", "--quiet", "-m", "b"]);
    let head = format!("{}@main", org.path().display());
    assert_eq!(run(root.path(), &["policy", "vendor", &head, "--into", "fitcheck-vendor/org"]).0, 0);
    let text = run(root.path(), &["config"]).1;
    assert!(text.contains("[policy.second]") && !text.contains("[policy.our-wasm]"), "{text}");
    for (arguments, why) in [
        (&["policy", "vendor", "https://example.com/org"][..], "names no revision"),
        (&["policy", "vendor", &path, "--into", "src"], "was not vendored"),
        (&["policy", "vendor", &path, "--into", "../out"], "leads out of this directory"),
        (&["policy", "vendor", &path, "--path", "none"], "holds no policies"),
        (&["policy", "vendor", "--", "--upload-pack=touch x@v1"], "is an option"),
        (&["policy", "vendor", &format!("{}@v9", org.path().display())], "it has no revision `v9`"),
    ] {
        let (status, _, error) = run(root.path(), arguments);
        assert!(status == 2 && error.contains(why), "{arguments:?}: {error}");
    }
}

/// Every mistake of a policy and of a configuration that there is a word for, one at a time and then all at once.
#[test]
fn every_mistake_is_found_with_its_place_and_stops_the_run() {
    let good = "id = \"ours\"\ntitle = \"t\"\nfavors = \"rust\"\nstrength = \"weak\"\nstatement = \"s\"\nwhy = \"w\"\nfix = \"f\"\n\
                message = \"`{service}`\"\n[[cites]]\ndocument = \"000\"\nleans = \"rust\"\nat = \"a\"\n[parameters.most]\n\
                default = \"1ms\"\nabout = \"a\"\nmin = \"1us\"\nmax = \"1s\"\n[when]\n\
                all = [{ signal = \"latency\", limit = \"<= $most\" }]\n";
    let broken = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    let own = "policies = [\"own\"]\n";
    let cases: Vec<(&str, String, String, &str, &str)> = vec![
        (
            "unknown signal",
            own.into(),
            broken("\"latency\"", "\"latancy\""),
            "unknown signal `latancy`",
            "did you mean `latency`?",
        ),
        ("impossible unit", own.into(), broken("$most", "3 parsec"), "`3 parsec` is not a duration", "ours.toml:19:"),
        (
            "empty condition",
            own.into(),
            broken("[{ signal = \"latency\", limit = \"<= $most\" }]", "[]"),
            "`all` is empty",
            "ours.toml:19:7",
        ),
        (
            "missing cites",
            own.into(),
            broken("[[cites]]\ndocument = \"000\"\nleans = \"rust\"\nat = \"a\"\n", ""),
            "missing `cites`",
            "ours.toml:1:1",
        ),
        (
            "default out of range",
            own.into(),
            broken("default = \"1ms\"", "default = \"2s\""),
            "`most` is out of range",
            "ours.toml:14:11",
        ),
        (
            "parameter out of range",
            format!("{own}[policy.ours]\nmost = \"2s\"\n"),
            good.into(),
            "`most` is out of range",
            "fitcheck.toml:3:8",
        ),
        (
            "parameter of another kind",
            format!("{own}[policy.ours]\nmost = \"2MiB\"\n"),
            good.into(),
            "`most`",
            "fitcheck.toml:3:8",
        ),
        (
            "cyclic extends",
            "extends = [\"fitcheck.toml\"]\n".into(),
            good.into(),
            "`extends` goes in a circle",
            "fitcheck.toml:1:12",
        ),
        (
            "until that is no date",
            "[[allow]]\npolicy = \"wasm\"\nservice = \"shop\"\nreason = \"r\"\nowner = \"o\"\nuntil = \"someday\"\n"
                .into(),
            good.into(),
            "`until` must be a date",
            "fitcheck.toml:6:9",
        ),
        (
            "exception without reason",
            "[[allow]]\npolicy = \"wasm\"\nservice = \"shop\"\nowner = \"o\"\n".into(),
            good.into(),
            "missing key `reason`",
            "fitcheck.toml:1:1",
        ),
        (
            "exception without owner",
            "[[allow]]\npolicy = \"wasm\"\nservice = \"shop\"\nreason = \"r\"\n".into(),
            good.into(),
            "missing key `owner`",
            "fitcheck.toml:1:1",
        ),
        (
            "unknown policy",
            "[policy.tail-latncy]\nlevel = \"off\"\n".into(),
            good.into(),
            "unknown policy `tail-latncy`",
            "did you mean `tail-latency`?",
        ),
        (
            "unknown level",
            "[policy.tail-latency]\nlevel = \"of\"\n".into(),
            good.into(),
            "unknown level `of`",
            "did you mean `off`?",
        ),
        ("unknown format", "format = \"jsn\"\n".into(), good.into(), "unknown format `jsn`", "did you mean `json`?"),
        ("broken TOML", "exclude = [\n".into(), good.into(), "", "fitcheck.toml:"),
    ];
    let root = shop_with(&[]);
    for (what, config, policy, wanted, place) in &cases {
        write(root.path(), &[("fitcheck.toml", config), ("own/ours.toml", policy)]);
        let (status, out, error) = run(root.path(), &[]);
        assert_eq!((status, out.as_str()), (2, ""), "{what}");
        assert!(error.contains(wanted) && error.contains(place), "{what}: {wanted} at {place}: {error}");
        assert!(error.contains("nothing was judged"), "{what}");
    }
    // Of a duplicate the second place is named, and the first is said.
    write(root.path(), &[("fitcheck.toml", own), ("own/ours.toml", good), ("own/other.toml", good)]);
    let (status, _, error) = run(root.path(), &[]);
    assert!(status == 2 && error.contains("duplicate id `ours`: `own/other.toml` has it too"), "{error}");
    // What can never match is worth a word, and stops nothing.
    let never = broken("limit = \"<= $most\"", "limit = \"< 1us, > $most\"");
    write(root.path(), &[("own/ours.toml", &never)]);
    fs::remove_file(root.path().join("own/other.toml")).unwrap();
    let (status, _, error) = run(root.path(), &["policy", "check", "own/ours.toml"]);
    assert!(status == 0 && error.contains("this policy can never match") && error.contains("ours.toml:19:"), "{error}");
    let report: serde_json::Value = serde_json::from_str(&run(root.path(), &["--format", "json"]).1).unwrap();
    let told =
        report["skipped"].as_array().unwrap().iter().any(|one| one["reason"].as_str().unwrap().contains("never match"));
    assert!(told, "{}", report["skipped"]);
}

#[test]
fn an_exception_in_the_past_is_refused_where_it_is_written_and_a_finding_where_it_stands() {
    let root = shop_with(&[]);
    let report: serde_json::Value = serde_json::from_str(&run(root.path(), &["--format", "json"]).1).unwrap();
    let id = report["findings"][0]["policy"].as_str().unwrap().to_owned();
    let grant = ["allow", "shop", &id, "--reason", "r", "--owner", "o", "--until", "2020-01-01"];
    let (status, _, error) = run(root.path(), &grant);
    assert!(status == 2 && error.contains("in the past"), "{error}");
    let entry = format!(
        "[[allow]]\npolicy = \"{id}\"\nservice = \"shop\"\nreason = \"r\"\nowner = \"o\"\nuntil = 2020-01-01\n"
    );
    write(root.path(), &[("fitcheck.toml", &entry)]);
    let (status, text, _) = run(root.path(), &["--format", "json"]);
    assert!(status == 1 && text.contains("ended on 2020-01-01") && text.contains("allow-expired"), "{text}");
}

#[test]
fn services_are_added_renamed_and_ignored_by_hand() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        &[
            ("go.mod", "module example.com/a\n\ngo 1.24\n"),
            (
                "plugin/plugin.go",
                "package plugin\n\nimport \"net/http\"\n\nfunc Serve() { http.ListenAndServe(\":80\", nil) }\n",
            ),
            ("cmd/old/main.go", "package main\n\nfunc main() {}\n"),
            ("CODEOWNERS", "* @someone\n/plugin/ @org/gateway @someone\n"),
            (
                "cmd/old/catalog-info.yaml",
                "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: old\nspec:\n  type: service\n  lifecycle: deprecated\n  owner: group:default/platform\n",
            ),
        ],
    );
    assert!(!run(root.path(), &["services", "--all"]).1.contains("plugin"));
    let config = "[[service]]\npath = \"plugin\"\nlanguage = \"go\"\nname = \"gateway\"\nrole = \"service\"\n[service.facts]\n\
                  latency = { limit = \"900us\", percentile = \"99.9%\" }\ntraits = [\"proxy\"]\n\
                  [[service]]\npath = \"cmd/old\"\nignore = \"goes away in May\"\n\
                  [[service]]\npath = \"gone\"\nlanguage = \"rust\"\n";
    write(root.path(), &[("fitcheck.toml", config)]);
    let (status, text, error) = run(root.path(), &["explain", "gateway"]);
    assert_eq!(status, 0, "{error}");
    for wanted in [
        "gateway: questioned",
        "Go service in plugin",
        "declared",
        "fitcheck.toml:7",
        "fitcheck.toml:8",
        "http-server",
        "CODEOWNERS:2",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert!(!text.contains("someone"), "people are named nowhere: {text}");
    let report: serde_json::Value = serde_json::from_str(&run(root.path(), &["--all", "--format", "json"]).1).unwrap();
    let service = |name: &str| {
        report["services"]
            .as_array()
            .unwrap()
            .iter()
            .find(|service| service["name"] == name)
            .unwrap_or_else(|| panic!("{name}"))
    };
    assert_eq!(
        (service("gateway")["owner"]["team"].as_str(), service("gateway")["owner"]["declared"].as_bool()),
        (Some("gateway"), Some(false))
    );
    assert_eq!(service("gateway")["latency"][0]["evidence"][0]["line"], 7);
    assert_eq!(
        (service("old")["owner"]["team"].as_str(), service("old")["verdict"].as_str()),
        (Some("platform"), Some("unjudged"))
    );
    assert!(service("old")["reasoning"].as_str().unwrap().contains("goes away in May"));
    let told =
        report["skipped"].as_array().unwrap().iter().any(|one| one["reason"].as_str().unwrap().contains("`gone`"));
    assert!(told, "{}", report["skipped"]);
}

#[test]
fn a_comment_that_accepts_nothing_and_a_service_that_moved() {
    let root = shop_with(&[("src/lib.rs", "// fitcheck:allow tial-latency measured last week\npub fn a() {}\n")]);
    let text = run(root.path(), &["--fail-on", "never", "--format", "json"]).1;
    assert!(text.contains("is about no finding here") && text.contains("did you mean `tail-latency`?"), "{text}");
    assert!(
        !run(root.path(), &["--no-allow", "--fail-on", "never", "--format", "json"])
            .1
            .contains("is about no finding here")
    );
    fs::remove_file(root.path().join("src/lib.rs")).unwrap();
    // A service in a directory, with an exception tied to its evidence, moves.
    let moved = tempfile::tempdir().unwrap();
    fs::create_dir(moved.path().join("shop")).unwrap();
    shop(&moved.path().join("shop"));
    git(moved.path(), &["init", "--quiet", "--initial-branch=main", "."]);
    git(moved.path(), &["add", "."]);
    git(moved.path(), &["commit", "--quiet", "-m", "a"]);
    let report: serde_json::Value = serde_json::from_str(&run(moved.path(), &["--format", "json"]).1).unwrap();
    let ids: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| !one["service"].is_null())
        .map(|one| one["policy"].as_str().unwrap().to_owned())
        .collect();
    assert!(!ids.is_empty());
    for id in &ids {
        assert_eq!(run(moved.path(), &["allow", "shop", id, "--reason", "r", "--owner", "o"]).0, 0);
    }
    git(moved.path(), &["add", "."]);
    git(moved.path(), &["commit", "--quiet", "-m", "b"]);
    fs::create_dir(moved.path().join("services")).unwrap();
    git(moved.path(), &["mv", "shop", "services/shop"]);
    git(moved.path(), &["commit", "--quiet", "-m", "c"]);
    let report: serde_json::Value = serde_json::from_str(&run(moved.path(), &["--format", "json"]).1).unwrap();
    for finding in report["findings"].as_array().unwrap().iter().filter(|one| !one["service"].is_null()) {
        assert_eq!(
            (finding["service"].as_str(), finding["status"].as_str()),
            (Some("services/shop"), Some("allowed")),
            "{finding}"
        );
    }
    let text = run(moved.path(), &["--format", "json"]).1;
    assert!(!text.contains("allow-reopened") && !text.contains("allow-unused"), "{text}");
}

#[test]
fn fixtures_beside_policies_are_judged_by_them() {
    let ours = policy("our-crud")
        .replace("favors = \"rust\"", "favors = \"go\"")
        .replace("signal = \"role\", name = [\"wasm\"", "signal = \"role\", name = [\"service\"");
    let root = shop_with(&[]);
    write(
        root.path(),
        &[
            ("try/our-crud.toml", &ours),
            ("try/tests/a/case.toml", "[[service]]\nservice = \"shop\"\nverdict = \"questioned\"\n"),
        ],
    );
    let tree = root.path().join("try/tests/a/repo");
    fs::create_dir(&tree).unwrap();
    shop(&tree);
    let (status, text, error) = run(root.path(), &["policy", "test", "try"]);
    assert!(status == 0 && text == "1 fixture(s), 0 case(s), 0 wrong\n", "{text}{error}");
    write(root.path(), &[("try/tests/a/case.toml", "[[service]]\nservice = \"shop\"\nverdict = \"fits\"\n")]);
    let (status, text, _) = run(root.path(), &["policy", "test", "try"]);
    assert!(status == 1 && text.contains("shop: expected fits, found questioned"), "{text}");
    write(root.path(), &[("try/tests/a/case.toml", "[[service]]\nservice = \"shop\"\nverdict = \"fist\"\n")]);
    let (status, _, error) = run(root.path(), &["policy", "test", "try"]);
    assert!(
        status == 2 && error.contains("unknown verdict `fist`") && error.contains("did you mean `fits`?"),
        "{error}"
    );
}

/// What a link leads to would be shown by the mistakes in it.
#[cfg(unix)]
#[test]
fn links_lead_no_layer_out_of_the_repository() {
    let outside = tempfile::tempdir().unwrap();
    write(outside.path(), &[("secret.toml", "password = \"hunter2\"\n"), ("base.toml", "exclude = [\"x\"]\n")]);
    let root = shop_with(&[]);
    std::os::unix::fs::symlink(outside.path(), root.path().join("own")).unwrap();
    for config in ["policies = [\"own\"]\n", "extractors = [\"own\"]\n", "extends = [\"own/base.toml\"]\n"] {
        write(root.path(), &[("fitcheck.toml", config)]);
        let (status, out, error) = run(root.path(), &[]);
        assert_eq!((status, out.as_str()), (2, ""), "{config}");
        assert!(!error.contains("hunter2") && !error.contains("password"), "{config}: {error}");
    }
}
