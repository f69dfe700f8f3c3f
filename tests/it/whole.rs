//! What holds for whole repositories, put together from the fixtures: neighbours, names, order and further evidence.
//!
//! A *story* is one side of one fixture. Each gets a directory and a word for its services, so that the same story can be told
//! in other places, under other names and beside others; what is said of it must stay the same.
//! `FITCHECK_STORIES` asks for more repositories than CI builds.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fitcheck::check::{Options, check};
use fitcheck::finding::{Finding, Judged, Verdict};
use fitcheck::service::Role;

use crate::fuzz::Numbers;

/// The word that every fixture calls its services by.
const NAME: &str = "courier";
/// Words for services and their directories that mean nothing.
const WORDS: &[&str] = &["apple", "birch", "cedar", "damson", "elder", "fig", "grape", "hazel"];

/// Repositories of each property, where nobody asks for another number.
fn rounds(default: usize) -> usize {
    std::env::var("FITCHECK_STORIES").ok().and_then(|count| count.parse().ok()).unwrap_or(default)
}

/// Files of one side of a fixture, by path.
#[derive(Clone, Debug, Default)]
struct Story {
    /// `tail-latency/flags`.
    id: String,
    files: Vec<(String, String)>,
}

fn stories() -> Vec<Story> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut stories = Vec::new();
    let mut names: Vec<PathBuf> = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    for side in names.iter().flat_map(|fixture| [fixture.join("flags"), fixture.join("passes")]) {
        let mut story = Story { id: side.strip_prefix(&root).unwrap().display().to_string(), files: Vec::new() };
        gather(&side, &side, &mut story.files);
        // About a repository as a whole: what several services share, and what its CI and linters check.
        let is_of_all = ["shared-contract", "identity-monoculture"].iter().any(|one| story.id.starts_with(one))
            || story.files.iter().any(|(path, _)| path.starts_with('.'));
        if !story.files.is_empty() && !is_of_all {
            stories.push(story);
        }
    }
    assert!(stories.len() > 60);
    stories
}

fn gather(root: &Path, directory: &Path, files: &mut Vec<(String, String)>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            gather(root, &path, files);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            files.push((path.strip_prefix(root).unwrap().display().to_string(), text));
        }
    }
}

impl Story {
    /// The same story in a directory, about services of another name.
    fn told_in(&self, directory: &str, name: &str) -> Vec<(String, String)> {
        let file = |(path, text): &(String, String)| {
            (format!("{directory}/{}", path.replace(NAME, name)), text.replace(NAME, name))
        };
        self.files.iter().map(file).collect()
    }
}

/// Writes a repository, its files in the order given, and checks it.
fn checked(files: &[(String, String)]) -> (Vec<Judged>, Vec<Finding>) {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let place = root.path().join(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(place, text).unwrap();
    }
    let report = check(&Options { threads: 1, ..Options::new(root.path()) }).unwrap();
    (report.services, report.findings)
}

/// Everything known of the services below a directory, with the words of this telling taken out.
fn known_of(directory: &str, name: &str, judged: &[Judged]) -> Vec<String> {
    let is_below = |judged: &&Judged| {
        let root = &*judged.service.root;
        root == directory || root.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
    };
    let plain = |judged: &Judged| format!("{judged:?}").replace(directory, "D").replace(name, "N");
    judged.iter().filter(is_below).map(plain).collect()
}

/// A story and where it is told: number of the story, directory, name.
type Telling = (usize, &'static str, &'static str);

fn repository(stories: &[Story], tellings: &[Telling]) -> Vec<(String, String)> {
    tellings.iter().flat_map(|(story, directory, name)| stories[*story].told_in(directory, name)).collect()
}

/// Packages that nothing is said of: whether a program is all there is in a repository counts, who is beside it does not.
fn libraries() -> Vec<(String, String)> {
    let files = [
        ("zz-lib/Cargo.toml", "[package]\nname = \"zz-lib\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
        ("zz-lib/src/lib.rs", "pub fn one() -> u8 { 1 }\n"),
        ("zz-mod/go.mod", "module example.com/zz-mod\n\ngo 1.25\n"),
        ("zz-mod/one.go", "package one\n\nfunc One() int { return 1 }\n"),
    ];
    files.map(|(path, text)| (path.to_owned(), text.to_owned())).to_vec()
}

/// Several stories, each in a directory of its own.
fn tellings(stories: &[Story], numbers: &mut Numbers) -> Vec<Telling> {
    let count = 2 + numbers.below(3);
    let turn = numbers.below(WORDS.len());
    let word = |at: usize| WORDS[(turn + at) % WORDS.len()];
    (0..count).map(|at| (numbers.below(stories.len()), word(at), word(at))).collect()
}

#[test]
fn neighbours_change_nothing_that_is_said_of_a_service() {
    let stories = stories();
    let mut numbers = Numbers(0x5eed_0001);
    for _ in 0..rounds(25) {
        let tellings = tellings(&stories, &mut numbers);
        let (all, _) = checked(&[repository(&stories, &tellings), libraries()].concat());
        for telling in &tellings {
            let (alone, _) = checked(&[repository(&stories, std::slice::from_ref(telling)), libraries()].concat());
            let (story, directory, name) = *telling;
            assert_eq!(
                known_of(directory, name, &all),
                known_of(directory, name, &alone),
                "{} beside {:?}",
                stories[story].id,
                tellings.iter().map(|(other, ..)| &stories[*other].id).collect::<Vec<_>>()
            );
        }
    }
}

#[test]
fn other_names_and_another_order_change_no_verdict() {
    let stories = stories();
    let mut numbers = Numbers(0x5eed_0002);
    for _ in 0..rounds(25) {
        let first = tellings(&stories, &mut numbers);
        // The same stories, the last now first in the alphabet, and called something else.
        let mut second: Vec<Telling> = first.clone();
        let words: Vec<&str> = first.iter().rev().map(|(_, word, _)| *word).collect();
        for (telling, word) in second.iter_mut().zip(words) {
            (telling.1, telling.2) = (word, word);
        }
        let (one, found) = checked(&repository(&stories, &first));
        let mut files = repository(&stories, &second);
        files.reverse();
        let (other, found_again) = checked(&files);
        for ((story, directory, name), (_, moved, renamed)) in first.iter().zip(&second) {
            let told = |directory: &str, name: &str, judged: &[Judged]| outcome(directory, name, judged);
            assert_eq!(told(directory, name, &one), told(moved, renamed, &other), "{}", stories[*story].id);
        }
        assert_eq!(policies(&found), policies(&found_again));
    }
}

fn policies(findings: &[Finding]) -> Vec<&str> {
    let mut policies: Vec<&str> = findings.iter().map(|finding| finding.policy.as_str()).collect();
    policies.sort_unstable();
    policies
}

/// What is decided about the services below a directory.
fn outcome(directory: &str, name: &str, judged: &[Judged]) -> Vec<String> {
    let below = judged.iter().filter(|judged| judged.service.root.starts_with(directory));
    let line = |judged: &Judged| {
        format!(
            "{} {:?} {:?} {:?} {:?} {:?}",
            judged.service.root,
            judged.service.role,
            judged.verdict,
            judged.questions,
            judged.supports,
            judged.reasoning
        )
    };
    below.map(line).map(|line| line.replace(directory, "D").replace(name, "N")).collect()
}

/// From the best to the worst: that nothing is decided is no better than that it fits.
fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Fits => 0,
        Verdict::Unjudged => 1,
        Verdict::Contested => 2,
        Verdict::Questioned => 3,
    }
}

/// Adds what one story's program does to another's: its code beside, what it declares as well.
fn with_evidence(base: &Story, evidence: &Story) -> Option<Story> {
    let mut both = base.clone();
    both.id = format!("{} with {}", base.id, evidence.id);
    for (path, text) in &evidence.files {
        let known = both.files.iter().position(|(known, _)| known == path);
        match (path.as_str(), known) {
            ("go.mod", Some(_)) => {}
            ("main.go", Some(_)) => both.files.push(("further.go".to_owned(), beside_go(text))),
            ("src/main.rs", Some(at)) => {
                both.files[at].1.push_str("\nmod further;\n");
                both.files.push(("src/further.rs".to_owned(), text.replace("fn main(", "pub fn further(")));
            }
            ("Cargo.toml", Some(at)) => both.files[at].1 = with_dependencies(&both.files[at].1, text),
            ("fitcheck.toml", Some(at)) => both.files[at].1 = declared(&both.files[at].1, text)?,
            // How it is built and run is not only evidence: it may take some away.
            _ => return None,
        }
    }
    Some(both)
}

fn beside_go(text: &str) -> String {
    text.replace("func main(", "func further(")
}

fn with_dependencies(base: &str, more: &str) -> String {
    let mut table: toml::Table = base.parse().unwrap();
    let more: toml::Table = more.parse().unwrap();
    let Some(more) = more.get("dependencies").and_then(toml::Value::as_table) else { return base.to_owned() };
    let known = table.entry("dependencies").or_insert_with(|| toml::Value::Table(toml::Table::new()));
    for (name, version) in more {
        known.as_table_mut().unwrap().entry(name.clone()).or_insert_with(|| version.clone());
    }
    toml::to_string(&table).unwrap()
}

/// What both declare; `None` where they declare different things of the same kind.
fn declared(base: &str, more: &str) -> Option<String> {
    let mut table: toml::Table = base.parse().unwrap();
    let more: toml::Table = more.parse().unwrap();
    for (key, value) in more {
        match (table.get_mut(&key), value) {
            (Some(toml::Value::Table(known)), toml::Value::Table(facts)) => {
                for (name, fact) in facts {
                    if known.insert(name, fact).is_some() {
                        return None;
                    }
                }
            }
            (Some(known), value) if *known != value => return None,
            (_, value) => drop(table.insert(key, value)),
        }
    }
    Some(toml::to_string(&table).unwrap())
}

/// One program's outcome: role, verdict, what questions it, what supports it, what is disputed.
#[derive(Clone, Debug)]
struct Heard {
    role: Role,
    verdict: Verdict,
    questions: BTreeSet<String>,
    supports: BTreeSet<String>,
    disputed: BTreeSet<String>,
}

fn heard(story: &Story) -> Option<Heard> {
    let (judged, _) = checked(&story.told_in("here", NAME));
    let [only] = &judged[..] else { return None };
    let set = |ids: &[String]| ids.iter().cloned().collect();
    let disputed = only.arguments.iter().filter(|argument| argument.contested || argument.lowered_by.is_some());
    let disputed = disputed.map(|argument| argument.policy.clone()).collect();
    let (questions, supports) = (set(&only.questions), set(&only.supports));
    Some(Heard { role: only.service.role, verdict: only.verdict, questions, supports, disputed })
}

/// More that questions a service and nothing more that supports it: its verdict is no better than before, and nothing that
/// questioned it falls silent.
#[test]
fn more_questioning_evidence_makes_no_verdict_of_a_repository_better() {
    let stories = stories();
    let heard_alone: Vec<Option<Heard>> = stories.iter().map(heard).collect();
    let known = || stories.iter().zip(&heard_alone).filter_map(|(story, heard)| Some((story, heard.as_ref()?)));
    let questioning: Vec<&Story> =
        known().filter(|(_, heard)| !heard.questions.is_empty()).map(|(story, _)| story).collect();
    let pairs: Vec<(&Story, &Heard, &Story)> = known()
        .flat_map(|(base, before)| questioning.iter().map(move |evidence| (base, before, *evidence)))
        .filter(|(base, _, evidence)| base.id != evidence.id)
        .collect();
    let (mut compared, mut questioned, mut better) = (0, 0, Vec::new());
    let step = (pairs.len() / rounds(150)).max(1);
    for (base, before, evidence) in pairs.into_iter().step_by(step) {
        let Some(both) = with_evidence(base, evidence) else { continue };
        let Some(after) = heard(&both) else { continue };
        let adds_only_questions =
            after.supports.is_subset(&before.supports) && after.disputed.is_subset(&before.disputed);
        if after.role != before.role || !adds_only_questions {
            continue;
        }
        compared += 1;
        questioned += usize::from(rank(after.verdict) > rank(before.verdict));
        if rank(after.verdict) < rank(before.verdict) || !before.questions.is_subset(&after.questions) {
            better.push(format!("{}: {before:?} became {after:?}", both.id));
        }
    }
    let figures = format!("{compared} compared, {questioned} questioned more");
    assert!(better.is_empty(), "{figures}:\n{}", better.join("\n"));
    assert!(compared > 10 && questioned > 5, "{figures}");
}
