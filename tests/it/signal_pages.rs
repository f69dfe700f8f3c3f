//! One page per signal, made of the heads of the detectors that state its facts: what a reader of the code is told is
//! what a user is told. Run with `FITCHECK_BLESS=1` to write them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use fitcheck::signal::SIGNALS;

use super::docs::is_current;

/// The parts of a detector's head, in order.
const PARTS: &[&str] = &["Looks for", "Emits", "Misses", "Example"];

/// Files beside the detectors that detect nothing by themselves.
const SHARED: &[&str] = &[
    "deploy.rs",
    "deploy/calls.rs",
    "deploy/commands.rs",
    "deploy/shared.rs",
    "go_errors.rs",
    "latency.rs",
    "prose.rs",
];

/// Each signal with the facts that it is made of, and what to know beside the detectors.
const SOURCES: &[(&str, &[&str], &str)] = &[
    ("language", &[], "Given by the unit: a Go main package or a Cargo package."),
    (
        "role",
        &[],
        "Decided from what builds, ships, runs and imports a program, in a fixed order of questions; the first that \
         answers wins. Folder names speak only where nothing ships the program. `fitcheck explain` says which question \
         answered.",
    ),
    (
        "trait",
        &["Uses", "Routes", "GrpcServices"],
        "Made of what the code uses, how near to the service it stands and how often it is seen: an import alone says \
         little. A use in a package that most services reach counts for none of them by itself.",
    ),
    ("uses", &["Uses"], "The words are those of the catalogue of modules and crates."),
    (
        "deploy",
        &["Workload", "Build", "Image", "Mark"],
        "A target is claimed for a service where a chain is proven: workload, image or build, Dockerfile, build command \
         or entry point, main package. A link that cannot be proven is not claimed.",
    ),
    ("ffi", &["Ffi", "Consumer"], "Code that is switched by build constraints is read as if it were built."),
    (
        "latency",
        &["Latency"],
        "A figure is bound to a service by label, selector, job, name, path or import; one that binds to none is \
         reported as unbound and judges nobody.",
    ),
    ("timeout", &["Timeout"], "A ceiling can contradict a budget; it never makes one."),
    ("tuning", &["Tuning"], ""),
    ("memory", &["Memory"], "Read with the workload that they stand in."),
    ("replicas", &["Replicas"], "Read with the workload that they stand in."),
    ("counts", &["Count"], "Tests, examples, generated and vendored code are not counted."),
    ("check", &["Check"], ""),
    ("contract", &["Contract", "Generates"], ""),
    ("mark", &["Mark"], ""),
    ("artifact-budget", &["ArtifactBudget"], ""),
    ("toolchain", &["Toolchain"], ""),
    ("size", &[], "Counted over the import closure while its files are read."),
    (
        "team",
        &["Flaw"],
        "Read from git history: see [History](../history.md) for the definition of each figure and its source.",
    ),
    ("spec", &[], "Read from git history: see [History](../history.md)."),
    (
        "declared",
        &[],
        "Stated by the team: see [Configuration](../configuration.md). What is declared beats what is detected.",
    ),
    ("repository", &[], "Taken over all services together."),
];

/// A detector's file, the text of each part of its head, and the facts that it emits.
struct Detector {
    file: String,
    title: String,
    parts: Vec<String>,
    facts: BTreeSet<String>,
}

fn detectors() -> Vec<Detector> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/detect");
    let mut files: Vec<PathBuf> = [root.clone(), root.join("deploy")]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .collect();
    files.sort();
    let name = |path: &Path| path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
    let own = files.iter().filter(|path| !SHARED.contains(&name(path).as_str()));
    own.map(|path| read(&name(path), &fs::read_to_string(path).unwrap())).collect()
}

fn read(file: &str, source: &str) -> Detector {
    let lines: Vec<&str> =
        source.lines().take_while(|line| line.starts_with("//!")).map(|line| line[3..].trim()).collect();
    let (title, head) = (lines[0].to_owned(), lines.join(" "));
    let starts: Vec<usize> = PARTS
        .iter()
        .map(|part| head.find(&format!("*{part}*")).unwrap_or_else(|| panic!("{file} does not say what it {part}")))
        .collect();
    assert!(starts.is_sorted(), "the head of {file} is out of order");
    let end = |at: usize| starts.get(at + 1).copied().unwrap_or(head.len());
    let parts: Vec<String> = PARTS
        .iter()
        .enumerate()
        .map(|(at, part)| plain(head[starts[at] + part.len() + 2..end(at)].trim_start_matches(':').trim()))
        .collect();
    let emitted = parts[1].split(|letter: char| !letter.is_alphanumeric());
    Detector { file: file.to_owned(), title, facts: emitted.map(str::to_owned).collect(), parts }
}

/// The text without links into the code: `[`FactKind::Ffi`](crate::…)` becomes `Ffi`.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("[`") {
        let Some(close) = rest[at..].find("`]").map(|end| at + end) else { break };
        out.push_str(&rest[..at]);
        let name = rest[at + 2..close].rsplit("::").next().unwrap_or_default();
        write!(out, "`{name}`").unwrap();
        rest = &rest[close + 2..];
        if rest.starts_with('(') {
            rest = rest.find(')').map_or("", |end| &rest[end + 1..]);
        }
    }
    out.push_str(rest);
    // In a page, angle brackets outside code would be tags.
    out
}

#[test]
fn every_signal_has_its_page() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/signals");
    let detectors = detectors();
    let listed: Vec<&str> = SOURCES.iter().map(|(signal, ..)| *signal).collect();
    assert_eq!(listed, SIGNALS.iter().map(|signal| signal.name).collect::<Vec<_>>());
    let mut told = BTreeSet::new();
    for ((name, facts, about), signal) in SOURCES.iter().zip(SIGNALS) {
        let mut text = format!("# {name}\n\nWhat it is: {}.\n", signal.about);
        if !about.is_empty() {
            write!(text, "\n{about}\n").unwrap();
        }
        let own = |detector: &&Detector| facts.iter().any(|fact| detector.facts.contains(*fact));
        for detector in detectors.iter().filter(own) {
            told.insert(detector.file.as_str());
            write!(text, "\n## {}\n", detector.title.trim_end_matches('.')).unwrap();
            for (part, said) in PARTS.iter().zip(&detector.parts) {
                write!(text, "\n- **{part}**: {said}").unwrap();
            }
            write!(text, "\n\nSource: `src/detect/{}`\n", detector.file).unwrap();
        }
        is_current(&folder.join(format!("{name}.md")), &text);
    }
    let silent: Vec<&str> =
        detectors.iter().map(|detector| detector.file.as_str()).filter(|file| !told.contains(file)).collect();
    assert!(silent.is_empty(), "no page tells of {silent:?}");
}
