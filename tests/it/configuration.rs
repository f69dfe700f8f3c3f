//! Configuration, exceptions, baseline and policies through the program, with good input and bad.

use std::fs;
use std::path::Path;

use crate::cli::{run, shop_with};

#[test]
fn the_configuration_decides_and_flags_beat_it() {
    let root = shop_with(&[("fitcheck.toml", "fail-on = \"error\"\n"), ("other.toml", "fail-on = \"note\"\n")]);
    assert_eq!(run(root.path(), &[]).0, 0);
    assert_eq!(run(root.path(), &["--fail-on", "warning"]).0, 1);
    assert_eq!(run(root.path(), &["--config", "other.toml"]).0, 1);
    fs::write(root.path().join("fitcheck.toml"), "[policy.cloud-native-service]\nlevel = \"error\"\n").unwrap();
    assert_eq!(run(root.path(), &["--fail-on", "error"]).0, 1);
    fs::write(root.path().join("fitcheck.toml"), "exclude = [\"src/**\", \"Cargo.toml\"]\n").unwrap();
    assert!(!run(root.path(), &["services"]).1.contains("shop"));
}

#[test]
fn every_mistake_is_shown_where_it_stands_and_nothing_is_judged() {
    let config = "extends = [\"base.toml\"]\npolicies = [\"own\"]\nexcldue = []\n[[allow]]\npolicy = \"x\"\nservice = \"shop\"\n\
                  reason = \"r\"\nowner = \"o\"\nuntil = \"2027-13-99\"\n";
    let policy = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/wasm.toml")).unwrap();
    let root = shop_with(&[
        ("fitcheck.toml", config),
        ("base.toml", "extends = [\"fitcheck.toml\"]\n"),
        ("own/a.toml", &policy),
        ("own/b.toml", &policy.replace("signal = \"role\"", "signal = \"rle\"")),
        ("own/c.toml", &policy),
    ]);
    for arguments in [&[][..], &["services"], &["explain", "shop"], &["config"], &["policy", "list"], &["baseline"]] {
        let (status, out, error) = run(root.path(), arguments);
        assert_eq!((status, out.as_str()), (2, ""), "{arguments:?}");
        for wanted in [
            "unknown key `excldue`",
            "fitcheck.toml:3:1",
            "did you mean `exclude`?",
            "`extends` goes in a circle",
            "base.toml:1:",
            "duplicate id `wasm`",
            "own/c.toml:",
            "unknown policy `x`",
            "`until` must be a date",
            "nothing was judged",
        ] {
            assert!(error.contains(wanted), "{arguments:?}: {wanted}: {error}");
        }
    }
}

#[test]
fn the_starting_file_is_written_once_and_shows_nothing_new() {
    let root = shop_with(&[]);
    let before = run(root.path(), &["config"]).1;
    assert!(before.contains("fail-on = \"warning\"  # default"), "{before}");
    assert_eq!(run(root.path(), &["init"]).0, 0);
    assert_eq!(run(root.path(), &["config"]).1, before);
    fs::write(root.path().join("fitcheck.toml"), "exclude = [\"x\"]\n[policy.tail-latency]\nbudget = \"2ms\"\n")
        .unwrap();
    assert_eq!(run(root.path(), &["init"]).0, 2);
    let (status, text, _) = run(root.path(), &["config"]);
    assert_eq!(status, 0);
    assert!(text.contains("exclude = [\"x\"]  # fitcheck.toml:1"), "{text}");
    assert!(text.contains("budget = \"2 ms\"  # fitcheck.toml:3"), "{text}");
}

#[test]
fn an_exception_holds_until_its_evidence_changes() {
    let root = shop_with(&[("fitcheck.toml", "fail-on = \"note\"")]);
    let allow = |arguments: &[&str]| {
        let given = ["allow", "shop", "crud-service", "--reason", "they write Rust", "--owner", "payments"];
        run(root.path(), &[&given[..], arguments].concat())
    };
    assert!(allow(&["--until", "2020-01-01"]).2.contains("in the past"));
    let policy = run(root.path(), &["--format", "json"]).1;
    let policy: serde_json::Value = serde_json::from_str(&policy).unwrap();
    for finding in policy["findings"].as_array().unwrap() {
        let id = finding["policy"].as_str().unwrap();
        let service = if finding["service"].is_null() { "." } else { "shop" };
        let (status, text, error) = run(
            root.path(),
            &["allow", service, id, "--reason", "r", "--owner", "o", "--until", "2999-01-01", "--adr", "docs/1.md"],
        );
        assert_eq!(status, 0, "{id}: {error}");
        assert!(text.contains("evidence = "), "{text}");
        assert_eq!(run(root.path(), &["allow", service, id, "--reason", "r", "--owner", "o"]).0, 2, "twice");
    }
    assert_eq!(run(root.path(), &[]).0, 0, "{}", run(root.path(), &[]).1);
    assert_eq!(run(root.path(), &["--no-allow"]).0, 1);
    let path = root.path().join("fitcheck.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("evidence = \"", "evidence = \"0")).unwrap();
    let (status, text, _) = run(root.path(), &[]);
    assert!(status == 1 && text.contains("allow-reopened"), "{text}");
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("2999", "2020")).unwrap();
    assert!(run(root.path(), &[]).1.contains("allow-expired"));
    assert!(
        run(root.path(), &["allow", "shop", "crud-servce", "--reason", "r", "--owner", "o"]).2.contains("did you mean")
    );
}

#[test]
fn a_baseline_counts_and_only_grows_when_asked() {
    let root = shop_with(&[]);
    let (status, text, _) = run(root.path(), &["baseline"]);
    assert!(status == 0 && text.contains("baseline = \"fitcheck-baseline.json\""), "{text}");
    fs::write(root.path().join("fitcheck.toml"), "baseline = \"fitcheck-baseline.json\"\n").unwrap();
    assert_eq!(run(root.path(), &["--fail-on", "note"]).0, 0);
    assert_eq!(run(root.path(), &["--fail-on", "note", "--no-allow"]).0, 1);
    let empty = "{\"version\":1,\"findings\":[]}";
    fs::write(root.path().join("fitcheck-baseline.json"), empty).unwrap();
    let (status, _, error) = run(root.path(), &["baseline"]);
    assert!(status == 2 && error.contains("--grow"), "{error}");
    assert_eq!(fs::read_to_string(root.path().join("fitcheck-baseline.json")).unwrap(), empty);
    assert_eq!(run(root.path(), &["baseline", "--grow"]).0, 0);
    assert_eq!(run(root.path(), &["--fail-on", "note"]).0, 0);
    fs::write(root.path().join("fitcheck.toml"), "baseline = \"../b.json\"\n").unwrap();
    assert!(run(root.path(), &["baseline"]).2.contains("leads out of the repository"));
}

#[test]
fn picking_answers_from_flags_and_asks_nobody_in_a_pipe() {
    let root = tempfile::tempdir().unwrap();
    let (status, text, _) = run(root.path(), &["pick", "--role", "service", "--latency", "p99.9 <= 800us"]);
    assert!(status == 0 && text.starts_with("Rust: "), "{text}");
    assert!(run(root.path(), &["pick"]).1.starts_with("either: "));
    let (status, _, error) = run(root.path(), &["pick", "--role", "servce"]);
    assert!(status == 2 && error.contains("--role: unknown `servce`: did you mean `service`?"), "{error}");
}

#[test]
fn own_policies_are_listed_explained_and_checked() {
    let policy = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/wasm.toml")).unwrap();
    let own = policy.replace("id = \"wasm\"", "id = \"our-wasm\"");
    let root = shop_with(&[
        ("fitcheck.toml", "policies = [\"own\"]\n"),
        ("own/our-wasm.toml", &own),
        ("broken.toml", &own.replace("title", "titel")),
    ]);
    assert!(run(root.path(), &["policy", "list"]).1.contains("our-wasm"));
    for arguments in [&["explain", "our-wasm"][..], &["policy", "show", "our-wasm"]] {
        assert!(run(root.path(), arguments).1.starts_with("# our-wasm"), "{arguments:?}");
    }
    assert_eq!(run(root.path(), &["policy", "check", "own/our-wasm.toml"]).0, 0);
    let (status, _, error) = run(root.path(), &["policy", "check", "own/our-wasm.toml", "broken.toml"]);
    assert!(status == 2 && error.contains("did you mean `title`?") && error.contains("missing key `title`"), "{error}");
}

#[test]
fn messages_and_pages_name_only_commands_that_exist() {
    use clap::CommandFactory;
    let command = fitcheck::cli::Cli::command();
    let known: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src"), root.join("docs/src"), root.join("policies")];
    let mut files = vec![root.join("action.yml"), root.join("README.md")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let list = if entry.file_type().unwrap().is_dir() { &mut folders } else { &mut files };
            list.push(entry.path());
        }
    }
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        for rest in text.split("`fitcheck ").skip(1) {
            let word: String = rest.chars().take_while(char::is_ascii_lowercase).collect();
            // What follows may be a flag or a path instead.
            let named = !word.is_empty() && rest[word.len()..].starts_with([' ', '`']);
            assert!(!named || known.contains(&word.as_str()), "`fitcheck {word}` in {}", file.display());
        }
    }
}

#[test]
fn a_declared_role_decides_what_depends_on_roles() {
    let root = shop_with(&[]);
    assert!(run(root.path(), &["explain", "shop"]).1.contains("cloud-native-service"));
    fs::write(root.path().join("src/fitcheck.toml"), "role = \"tool\"\n").unwrap();
    fs::write(root.path().join("fitcheck.toml"), "[[service]]\npath = \".\"\nrole = \"job\"\n").unwrap();
    let text = run(root.path(), &["explain", "shop"]).1;
    assert!(text.contains("declared to be a job") && !text.contains("http-api"), "{text}");
}

#[test]
fn cases_are_run_and_a_changed_set_is_tried_on_the_repository() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let crud = fs::read_to_string(shipped.join("cloud-native-service.toml")).unwrap();
    let weaker = crud.replace("strength = \"strong\"", "strength = \"weak\"");
    let case = "[[case]]\nname = \"a\"\nlanguage = \"rust\"\nverdict = \"fits\"\nsupports = [\"wasm\"]\n\
                signals = [{ signal = \"role\", name = \"wasm\" }, { signal = \"deploy\", target = \"wasm-browser\" }]\n";
    let root = shop_with(&[("try/cloud-native-service.toml", &weaker), ("try/tests/a.toml", case)]);
    let (status, text, error) = run(root.path(), &["policy", "test", "try"]);
    assert!(status == 0 && text == "1 case(s), 0 wrong\n", "{text}{error}");
    fs::write(root.path().join("try/tests/a.toml"), case.replace("\"fits\"", "\"contested\"")).unwrap();
    assert_eq!(run(root.path(), &["policy", "test", "try"]).0, 1);
    fs::write(root.path().join("try/tests/a.toml"), case.replace("\"role\"", "\"rle\"")).unwrap();
    let (status, _, error) = run(root.path(), &["policy", "test", "try"]);
    assert!(status == 2 && error.contains("unknown signal `rle`"), "{error}");
    let (status, text, _) = run(root.path(), &["policy", "backtest", "--policies", "try"]);
    assert!(status == 0 && text.contains("of 1 service(s) would change"), "{text}");
    fs::write(root.path().join("fitcheck.toml"), "[policy.crud-service]\nlevel = \"off\"\n").unwrap();
    let (_, text, _) = run(root.path(), &["policy", "backtest", "--policies", "try"]);
    assert!(text.contains("shop (.): questioned → "), "{text}");
}

#[test]
fn a_comment_at_the_evidence_accepts_the_finding() {
    let root = shop_with(&[]);
    let open = |text: &str| {
        let report: serde_json::Value = serde_json::from_str(text).unwrap();
        let findings = report["findings"].as_array().unwrap().clone();
        findings.into_iter().filter(|finding| finding["status"] == "new").collect::<Vec<_>>()
    };
    let before = open(&run(root.path(), &["--format", "json"]).1);
    let finding = &before[0];
    let (policy, label) = (finding["policy"].as_str().unwrap(), &finding["evidence"][0]);
    let path = root.path().join(label["path"].as_str().unwrap());
    let text = fs::read_to_string(&path).unwrap();
    let line = label["line"].as_u64().unwrap() as usize - 1;
    let comment = if path.extension().is_some_and(|name| name == "rs") { "//" } else { "#" };
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.insert(line, format!("{comment} fitcheck:allow {policy} the team decided so"));
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    assert_eq!(open(&run(root.path(), &["--format", "json"]).1).len(), before.len() - 1);
    assert_eq!(open(&run(root.path(), &["--format", "json", "--no-allow"]).1).len(), before.len());
}
