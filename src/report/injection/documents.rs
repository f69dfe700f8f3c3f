//! What `history` prints, and reports made from a facts document that somebody else wrote.

use std::path::Path;

use serde_json::Value;

use super::{PLAIN, all_payloads, got_through, nothing_got_through, parts, write};
use crate::check::{self, Options};
use crate::facts::Facts;
use crate::finding::{Report, Verdict};
use crate::fleet;
use crate::git::line::Dated;
use crate::report::{Format, sample, timeline};
use crate::service::Language;
use crate::timeline::{By, Point, State, Timeline, Turn};

fn poisoned_timeline(text: &str) -> Timeline {
    let commit = Dated { commit: gix::ObjectId::null(gix::hash::Kind::Sha1), time: 1_700_000_000 };
    let words = || text.to_owned();
    let judged = |root: &str| State::Judged {
        verdict: Verdict::Questioned,
        name: words(),
        root: root.into(),
        questions: vec![words(), words()],
    };
    let states = [judged(text), judged("elsewhere"), State::Absent, State::Unknown(words())];
    let turn = |commit| Turn {
        between: (words(), words()),
        before: Some(Verdict::Fits),
        after: Some(Verdict::Questioned),
        commit,
        why: words(),
    };
    Timeline {
        name: words(),
        root: text.into(),
        language: Language::Go,
        by: By::Tag,
        points: states.into_iter().map(|state| Point { at: words(), commit, state }).collect(),
        turns: vec![turn(Some(commit)), turn(None)],
        notes: vec![words(), words()],
    }
}

#[test]
fn no_word_of_a_history_is_more_than_text() {
    let human = |text: &str| {
        let mut bytes = Vec::new();
        timeline::write(&poisoned_timeline(text), &sample::context(), &mut bytes).unwrap();
        bytes
    };
    let json = |text: &str| {
        let mut bytes = Vec::new();
        timeline::write_json(&poisoned_timeline(text), &mut bytes).unwrap();
        bytes
    };
    let payloads = all_payloads();
    nothing_got_through(
        &[got_through("history", &payloads, &human), got_through("history json", &payloads, &json)].concat(),
    );
}

/// The facts of a repository with findings, latency figures, exceptions and files that were not read.
fn document() -> Value {
    let root = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| {
        let file = root.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for (story, files) in [
        ("crud-service", &["Cargo.toml", "Dockerfile", "compose.yaml", "src/main.rs"][..]),
        ("ffi-in-go", &["go.mod", "main.go", "fitcheck.toml"]),
        ("tail-latency", &["go.mod", "main.go", "fitcheck.toml"]),
    ] {
        for file in files {
            let text = std::fs::read_to_string(fixtures.join(story).join("flags").join(file)).unwrap();
            put(&format!("{story}/{file}"), &text);
        }
    }
    put("broken.yaml", "kind: [\n");
    put("slo.md", "# Targets\n\nThe p99 latency of the courier-gateway is below 20 ms.\n");
    put("CODEOWNERS", "* @org/team\n");
    let allow = "policy = \"crud-service\"\nservice = \"courier\"\nreason = \"r\"\nowner = \"o\"\n";
    put("fitcheck.toml", &format!("[[allow]]\n{allow}"));
    let options = Options { threads: 1, ..Options::new(root.path()) };
    let mut loaded = check::configuration(&options).unwrap();
    let facts = check::facts(&options, &mut loaded).unwrap();
    serde_json::from_str(&facts.write()).unwrap()
}

/// The places of all texts, each list's first element standing for the others.
fn texts(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at.to_owned()),
        Value::Array(items) => items.iter().take(1).for_each(|item| texts(item, &format!("{at}/0"), found)),
        Value::Object(map) => {
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                texts(value, &format!("{at}/{key}"), found);
            }
        }
        _ => {}
    }
}

/// The report of the document with a text at a place; `None` where no such document is taken.
fn report_of(document: &Value, at: &str, text: &str) -> Option<Report> {
    let mut document = document.clone();
    *document.pointer_mut(at)? = Value::String(text.to_owned());
    let facts = Facts::read(&document.to_string()).ok()?;
    let loaded = facts.configuration(None).ok()?;
    let report = facts.judge(&loaded, true, true);
    Some(fleet::merge(vec![(facts.repository, report)]))
}

#[test]
fn no_word_of_a_facts_document_is_more_than_text() {
    let document = document();
    let mut places = Vec::new();
    texts(&document, "", &mut places);
    for service in 1..3 {
        let mut more = Vec::new();
        texts(&document["services"][service], "", &mut more);
        more.retain(|at| !places.contains(&format!("/services/0{at}")));
        places.extend(more.into_iter().map(|at| format!("/services/{service}{at}")));
    }
    // Words of the vocabulary are none of the writer's: where another is not taken, there is nothing to try.
    places.retain(|at| report_of(&document, at, PLAIN).is_some());
    assert!(places.len() >= 27, "{}: {places:?}", places.len());
    // All payloads go through every field of a report elsewhere; what is new here is that a document may put them there.
    let payloads: Vec<String> = all_payloads().into_iter().step_by(47).collect();
    let mut wrong = Vec::new();
    for at in &places {
        let report = |text: &str| report_of(&document, at, text);
        let plain = report(PLAIN).unwrap();
        for (payload, report) in payloads.iter().filter_map(|text| Some((text, report(text)?))) {
            // Names and paths are sorted by: the parts are the same, in another order.
            let sorted = |format: &Format, report: &Report, text: &str| {
                let mut parts = parts(format.name, &write(format, report, text));
                parts.sort();
                parts
            };
            let differs = |format: &&Format| sorted(format, &report, payload) != sorted(format, &plain, PLAIN);
            wrong.extend(Format::ALL.iter().filter(differs).map(|format| format!("{} {at}: {payload:?}", format.name)));
        }
    }
    nothing_got_through(&wrong);
}
