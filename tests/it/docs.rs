//! The generated parts of the documentation are current: run the tests with `FITCHECK_BLESS=1` to write them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use fitcheck::finding::Lean;
use fitcheck::policy::{Favors, Policy, builtin, manual};
use fitcheck::signal::{SIGNALS, ValueType};

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src")
}

pub(crate) fn is_current(path: &Path, text: &str) {
    if std::env::var_os("FITCHECK_BLESS").is_some() {
        fs::write(path, text).unwrap();
    }
    let published = fs::read_to_string(path).unwrap_or_default();
    assert!(published == text, "{} is not current: run with FITCHECK_BLESS=1", path.display());
}

#[test]
fn every_policy_has_its_page() {
    let set = builtin::shipped();
    for policy in &set.policies {
        is_current(&source().join(format!("policies/{}.md", policy.id)), &manual::manual(policy));
    }
    let pages: BTreeSet<String> = fs::read_dir(source().join("policies"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let ids: BTreeSet<String> = set.policies.iter().map(|policy| policy.id.clone()).collect();
    assert_eq!(pages, ids, "a page without a policy");
}

#[test]
fn the_table_of_policies_is_current() {
    let set = builtin::shipped();
    let mut text = String::from(
        "# Policies\n\nEach states a situation, the language that the documents favour there, and how strong the \
         argument is.\n\n| policy | favours | strength | Rust | Go | undecided | situation |\n|---|---|---|---|---|---|---|\n",
    );
    for policy in &set.policies {
        let cites = |lean| documents(policy, lean);
        let favors = match policy.favors {
            Favors::Language(language) => language.name(),
            Favors::Contested => "contested",
            Favors::Context => "context",
        };
        writeln!(
            text,
            "| [{0}](policies/{0}.md) | {favors} | {1} | {2} | {3} | {4} | {5} |",
            policy.id,
            policy.strength.word(),
            cites(Lean::Rust),
            cites(Lean::Go),
            cites(Lean::Tie),
            policy.title.replace('|', "\\|")
        )
        .unwrap();
    }
    is_current(&source().join("policies.md"), &text);
}

/// The inventory of criteria that the documents give, one a line: id, direction, strength, and how each document leans.
const CRITERIA: &str = include_str!("criteria.txt");

/// Policies that take up a part of a criterion under a name of their own.
const PARTS: &[(&str, &str)] = &[
    ("memory-footprint", "memory-limit"),
    ("cloud-native-service", "devops-agent"),
    ("tail-latency", "tail-latency-advisory"),
    ("tuning-exhausted", "tuning-signs"),
    ("correctness-horizon", "correctness-age"),
];

/// Policies that differ from the inventory in direction or strength, and why.
const OTHERWISE: &[(&str, &str)] = &[(
    "upgrade-first",
    "The inventory leans to Go, weakly. As an argument of its own that would make every old toolchain a reason why a \
     service fits Go; so it is a counterweight instead: it takes one rank from the questions on grounds of speed, and the \
     advice begins with the upgrade.",
)];

#[test]
fn policies_stand_as_the_inventory_says() {
    let set = builtin::shipped();
    for line in CRITERIA.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [id, favors, strength, cites @ ..] = &words[..] else { panic!("no criterion: {line}") };
        let policy = set.get(id).unwrap_or_else(|| panic!("the criterion {id} has no policy"));
        let same = policy.favors.word() == *favors && policy.strength.word() == *strength;
        let known = OTHERWISE.iter().any(|(otherwise, _)| otherwise == id);
        assert!(
            same != known,
            "{id}: {} {}, expected {favors} {strength}",
            policy.favors.word(),
            policy.strength.word()
        );
        // What only shapes the advice leans neither way: the inventory calls that context.
        let leans = |cite: &fitcheck::finding::Cite| match cite.leans {
            Lean::Rust => "rust",
            Lean::Go => "go",
            Lean::Tie => "tie",
        };
        let found: BTreeSet<String> =
            policy.cites.iter().map(|cite| format!("{}:{}", cite.document, leans(cite))).collect();
        let expected: BTreeSet<String> = cites.iter().map(|cite| cite.replace("context", "tie")).collect();
        assert_eq!(found, expected, "{id}");
    }
}

/// Contested criteria weigh in, and question nothing alone.
#[test]
fn what_is_contested_questions_nothing() {
    let set = builtin::shipped();
    for line in CRITERIA.lines().filter(|line| line.split(' ').nth(1) == Some("contested")) {
        let id = line.split(' ').next().unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(id).join("case.toml");
        let case = fs::read_to_string(folder).unwrap_or_default();
        assert!(!case.contains("questioned"), "{id}");
        assert_eq!(set.get(id).map(|policy| policy.favors), Some(Favors::Contested), "{id}");
    }
}

#[test]
fn every_criterion_has_its_policy_in_the_table() {
    let set = builtin::shipped();
    let mut text = String::from(
        "# Criteria\n\nWhat the documents give as criteria, the policies that judge by them, the signals that these \
         ask for, and which documents lean which way.\n\n\
         | criterion | favours | policies | signals | Rust | Go | undecided |\n|---|---|---|---|---|---|---|\n",
    );
    let mut judged = BTreeSet::new();
    for line in CRITERIA.lines() {
        let (id, inventory) = line.split_once(' ').unwrap();
        let standing = inventory.split(' ').take(2).collect::<Vec<_>>().join(", ");
        let parts = PARTS.iter().filter(|(criterion, _)| *criterion == id).map(|(_, part)| *part);
        let policies: Vec<&Policy> = [id].into_iter().chain(parts).filter_map(|id| set.get(id)).collect();
        let own = policies.first().unwrap_or_else(|| panic!("the criterion {id} has no policy"));
        judged.extend(policies.iter().map(|policy| policy.id.as_str()));
        let links: Vec<String> = policies.iter().map(|policy| format!("[{0}](policies/{0}.md)", policy.id)).collect();
        let mut signals = BTreeSet::new();
        for policy in &policies {
            policy.when.visit(true, &mut |test, _| {
                signals.insert(format!("`{}`", test.signal.name));
            });
        }
        let signals = signals.into_iter().collect::<Vec<_>>().join(", ");
        let [rust, go, tie] = [Lean::Rust, Lean::Go, Lean::Tie].map(|lean| documents(own, lean));
        writeln!(text, "| {id} | {standing} | {} | {signals} | {rust} | {go} | {tie} |", links.join(", ")).unwrap();
    }
    let shipped: BTreeSet<&str> = set.policies.iter().map(|policy| policy.id.as_str()).collect();
    assert_eq!(judged, shipped, "a policy without a criterion");
    assert_eq!(CRITERIA.lines().count(), 42);
    text.push_str("\n## Where a policy stands otherwise\n\n");
    for (id, why) in OTHERWISE {
        writeln!(text, "- [{id}](policies/{id}.md): {why}").unwrap();
    }
    text.push_str("\n## Criteria in several policies\n\n");
    for (criterion, part) in PARTS {
        let policy = set.get(part).unwrap();
        writeln!(text, "- [{part}](policies/{part}.md) takes up a part of {criterion}: {}", policy.title).unwrap();
    }
    is_current(&source().join("criteria.md"), &text);
}

fn documents(policy: &Policy, lean: Lean) -> String {
    let cites: BTreeSet<&str> =
        policy.cites.iter().filter(|cite| cite.leans == lean).map(|cite| cite.document.as_str()).collect();
    cites.into_iter().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_list_of_signals_is_current() {
    let mut text = String::from("# Signals\n\nThe whole vocabulary that a policy has.\n");
    for signal in SIGNALS {
        writeln!(
            text,
            "\n## [{0}](signals/{0}.md)\n\n{1}.\n\n| field | type | what |\n|---|---|---|",
            signal.name, signal.about
        )
        .unwrap();
        for field in signal.fields {
            let words: Vec<String> = field.words.iter().map(|word| format!("`{word}`")).collect();
            let words = if words.is_empty() { String::new() } else { format!(": {}", words.join(", ")) };
            writeln!(text, "| `{}` | {} | {}{words} |", field.name, kind(field.value), field.about).unwrap();
        }
    }
    is_current(&source().join("signals.md"), &text);
}

fn kind(value: ValueType) -> &'static str {
    match value {
        ValueType::Word => "word",
        ValueType::Number => "number",
        ValueType::Duration => "duration",
        ValueType::Bytes => "bytes",
        ValueType::Percent => "percentage",
        ValueType::Version => "version",
        ValueType::Flag => "true or false",
    }
}

#[test]
fn the_table_of_contents_is_current() {
    let mut text = String::from(
        "# Summary\n\n[fitcheck](README.md)\n\n- [Quick start](quick-start.md)\n- [How it judges](how-it-judges.md)\n\
         - [Policies](policies.md)\n",
    );
    for policy in &builtin::shipped().policies {
        writeln!(text, "  - [{0}](policies/{0}.md)", policy.id).unwrap();
    }
    text.push_str("- [Criteria](criteria.md)\n- [Signals](signals.md)\n");
    for signal in SIGNALS {
        writeln!(text, "  - [{0}](signals/{0}.md)", signal.name).unwrap();
    }
    text.push_str(
        "- [History](history.md)\n- [Configuration](configuration.md)\n- [Extractors](extractors.md)\n- [In CI](ci.md)\n- [For organisations](organisations.md)\n- [Limitations](limitations.md)\n\
         - [Forms of latency figures](latency-forms.md)\n- [Forms not seen](forms-not-seen.md)\n- [Limits](limits.md)\n- [Performance](performance.md)\n- [Threat model](threat-model.md)\n- [For the owner of a questioned service](faq.md)\n",
    );
    is_current(&source().join("SUMMARY.md"), &text);
}

#[test]
fn links_between_pages_lead_somewhere() {
    for entry in fs::read_dir(source()).unwrap() {
        let path = entry.unwrap().path();
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for event in pulldown_cmark::Parser::new_ext(&text, pulldown_cmark::Options::all()) {
            let pulldown_cmark::Event::Start(pulldown_cmark::Tag::Link { dest_url, .. }) = event else { continue };
            let target = dest_url.split('#').next().unwrap();
            let outside = dest_url.starts_with("https://") || target.is_empty();
            assert!(outside || source().join(target).is_file(), "{dest_url} in {}", path.display());
        }
    }
}

#[test]
fn configuration_examples_are_accepted() {
    let text = fs::read_to_string(source().join("configuration.md")).unwrap();
    let blocks: Vec<&str> = text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() >= 4, "{}", blocks.len());
    for block in blocks {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("fitcheck.toml"), block).unwrap();
        for directory in ["policies", "conventions", "org"] {
            fs::create_dir(root.path().join(directory)).unwrap();
        }
        fs::write(root.path().join("org/base.toml"), "").unwrap();
        let loaded = fitcheck::config::load::load(root.path(), None);
        let mistakes: Vec<&str> = loaded.mistakes.iter().map(|mistake| mistake.message.as_str()).collect();
        assert!(mistakes.is_empty(), "{mistakes:?} in\n{block}");
    }
}

/// Where a test of this name stands: `file::name` below `tests/it`, or `module::name` below `src`.
fn stands(test: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some((module, name)) = test.rsplit_once("::") else { return root.join(test).is_file() };
    let file = format!("{}.rs", module.replace("::", "/"));
    let holds = |place: &str| {
        let text = fs::read_to_string(root.join(place).join(&file)).unwrap_or_default();
        text.contains(&format!("fn {name}("))
    };
    holds("tests/it") || holds("src")
}

#[test]
fn every_threat_has_tests_that_are_there() {
    let page = fs::read_to_string(source().join("threat-model.md")).unwrap();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| T")).collect();
    let numbers: Vec<&str> = rows.iter().filter_map(|row| row.split(' ').nth(1)).collect();
    assert_eq!(numbers, (1..=20).map(|number| format!("T{number}")).collect::<Vec<_>>());
    for row in page.lines().filter(|line| line.starts_with("| T") || line.starts_with("| | people")) {
        let tests: Vec<&str> = row.rsplit('|').nth(1).unwrap().split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty(), "{row}");
        for test in tests {
            assert!(stands(test), "no test is called {test}");
        }
    }
}

/// What the front page shows is what comes out, with lines left out and none made up.
#[test]
fn the_readme_shows_what_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let shown = readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    // Away from the history of this repository, which differs from clone to clone.
    let copy = tempfile::tempdir().unwrap();
    crate::fixtures::copy_tree(&root.join("examples/exchange"), copy.path());
    let output =
        assert_cmd::Command::new(env!("CARGO_BIN_EXE_fitcheck")).arg("--no-cache").arg(copy.path()).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let mut lines = printed.lines();
    for line in shown.lines() {
        assert!(lines.any(|printed| printed == line), "{line:?} is not printed, or not there:\n{printed}");
    }
}
