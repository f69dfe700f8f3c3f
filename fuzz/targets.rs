//! What is fuzzed: one [`Target`] for every reader, the policy loader, the configuration, the cache and whole trees.
//!
//! In: any bytes. Out: nothing, or a panic that names the broken promise. The fuzzer's programs and the test that
//! replays the corpus share this file, so it uses nothing but the library and `std`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use fitcheck::cache::{Cache, Key};
use fitcheck::config::baseline::Baseline;
use fitcheck::config::{Config, layer, load};
use fitcheck::fact::FileFacts;
use fitcheck::finding::Report;
use fitcheck::judge;
use fitcheck::parse::Kind;
use fitcheck::policy::{raw, trial};
use fitcheck::reader;
use fitcheck::report::{Context, Format, NoSources, Terminal};
use fitcheck::scan;
use fitcheck::service::assemble;
use fitcheck::service::repository::{FileEntry, Repository};
use fitcheck::source::{Place, Text};
use fitcheck::spanned::Mistake;

/// One thing that takes bytes of a stranger.
pub(crate) enum Target {
    /// A reader, with the paths under which it is asked: the first byte picks one.
    Reader(Kind, &'static [&'static str]),
    Other(fn(&[u8])),
}

/// Every target by name; the programs in `Cargo.toml` carry the same names.
pub(crate) const TARGETS: &[(&str, Target)] = &[
    ("go", Target::Reader(Kind::Go, &["cmd/a/main.go", "a/a_linux.go", "a/a_test.go"])),
    ("rust", Target::Reader(Kind::Rust, &["src/main.rs", "src/lib.rs", "build.rs", "benches/a.rs"])),
    ("go-mod", Target::Reader(Kind::GoMod, &["x/go.mod"])),
    ("go-work", Target::Reader(Kind::GoWork, &["go.work"])),
    ("cargo-toml", Target::Reader(Kind::CargoToml, &["x/Cargo.toml"])),
    ("cargo-config", Target::Reader(Kind::CargoConfig, &[".cargo/config.toml"])),
    (
        "toml",
        Target::Reader(Kind::Toml, &["a.toml", "fly.toml", "cbindgen.toml", "rust-toolchain.toml", ".goreleaser.toml"]),
    ),
    (
        "yaml",
        Target::Reader(
            Kind::Yaml,
            &["deploy/a.yaml", "docker-compose.yml", ".github/workflows/a.yml", "serverless.yml"],
        ),
    ),
    ("helm", Target::Reader(Kind::Yaml, &["chart/templates/a.yaml", "chart/values.yaml"])),
    ("json", Target::Reader(Kind::Json, &["a.json", "package.json", "openapi.json", "dashboards/a.json"])),
    ("dockerfile", Target::Reader(Kind::Dockerfile, &["Dockerfile", "a/b.dockerfile"])),
    ("script", Target::Reader(Kind::Script, &["a.sh", "Makefile", "justfile", "a.ps1"])),
    ("javascript", Target::Reader(Kind::JavaScript, &["load.js", "a.ts"])),
    ("hcl", Target::Reader(Kind::Hcl, &["main.tf", "a.nomad", "docker-bake.hcl", "a.tfvars"])),
    ("proto", Target::Reader(Kind::Proto, &["a.proto"])),
    ("graphql", Target::Reader(Kind::GraphQl, &["a.graphql"])),
    ("unit", Target::Reader(Kind::Unit, &["a.service", "a.ini", ".env"])),
    ("markdown", Target::Reader(Kind::Markdown, &["README.md", "docs/slo.rst", "AGENTS.md"])),
    (
        "text",
        Target::Reader(Kind::Text, &["BUILD", "flake.nix", "CODEOWNERS", "a.ld", "Procfile", "Earthfile", "a.csproj"]),
    ),
    ("foreign", Target::Reader(Kind::Foreign, &["locustfile.py", "A.java", "a.rb", "a.kt", "a.cs", "A.scala"])),
    ("c", Target::Reader(Kind::C, &["a.c", "a.h", "a_amd64.s"])),
    ("policy", Target::Other(policy)),
    ("configuration", Target::Other(configuration)),
    ("cache", Target::Other(cache)),
    ("tree", Target::Other(tree)),
];

/// Runs one target; `true` if there is one of that name.
pub(crate) fn run(name: &str, data: &[u8]) -> bool {
    match TARGETS.iter().find(|(known, _)| *known == name) {
        Some((_, Target::Reader(kind, paths))) => read(*kind, paths, data),
        Some((_, Target::Other(target))) => target(data),
        None => return false,
    }
    true
}

/// Any text as a file: no panic, every place inside it, and the same again.
fn read(kind: Kind, paths: &[&str], data: &[u8]) {
    let (pick, rest) = data.split_first().map_or((0, data), |(first, rest)| (usize::from(*first), rest));
    let path = paths[pick % paths.len()];
    let text = String::from_utf8_lossy(rest);
    let facts = reader::read(kind, &Text::new(path, &text));
    check_places(&text, &facts);
    // Half of the inputs are enough to see that nothing depends on anything else.
    if data.len().is_multiple_of(2) {
        assert_eq!(reader::read(kind, &Text::new(path, &text)), facts, "read twice");
    }
}

fn check_places(text: &str, facts: &FileFacts) {
    let lines = text.matches('\n').count() as u32 + 1;
    let places = facts.facts.iter().map(|fact| fact.place).chain(facts.flaws.iter().filter_map(|flaw| flaw.place));
    for place in places {
        assert!(lies_inside(text, lines, &place), "{place:?} lies outside");
    }
}

fn lies_inside(text: &str, lines: u32, place: &Place) -> bool {
    let line_of = |at: u32| text[..at as usize].matches('\n').count() as u32 + 1;
    let inside = text.get(place.start as usize..place.end as usize).is_some();
    inside
        && place.line <= lines
        && place.column >= 1
        && line_of(place.start) == place.line
        && line_of(place.end) == place.end_line
}

/// Any text as a policy file: a policy or mistakes, and as the cases that try policies.
fn policy(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (policy, mistakes) = raw::read("policies/a.toml", &text, false);
    assert!(policy.is_some() || !mistakes.is_empty(), "neither a policy nor a reason");
    check_mistakes(&text, &mistakes);
    let (_, mistakes) = trial::read("a.toml", &text, &config().policies);
    check_mistakes(&text, &mistakes);
}

fn check_mistakes(text: &str, mistakes: &[Mistake]) {
    for mistake in mistakes {
        assert!(text.get(mistake.range()).is_some(), "{mistake:?} lies outside");
    }
}

/// Any text as `fitcheck.toml` and as a baseline; now and then through the disk, where layers meet.
fn configuration(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (_, mistakes) = layer::read("fitcheck.toml", "", &text);
    check_mistakes(&text, &mistakes);
    let _ = Baseline::read(&text);
    if data.iter().fold(0u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte)) == 0 {
        static ROOT: OnceLock<tempfile::TempDir> = OnceLock::new();
        let root = ROOT.get_or_init(|| tempfile::tempdir().expect("because the temporary directory can be written to"));
        std::fs::write(root.path().join("fitcheck.toml"), data).expect("because the directory was just made");
        let loaded = load::load(root.path(), None);
        let of = |path: &str| loaded.texts.iter().find(|(known, _)| known == path).map(|(_, text)| text.as_str());
        for mistake in loaded.mistakes.iter().filter(|mistake| !mistake.path.is_empty()) {
            check_mistakes(of(&mistake.path).unwrap_or(""), std::slice::from_ref(mistake));
        }
    }
}

/// Any bytes as a cache file and as one entry of it: what comes out was put in, or nothing does.
fn cache(data: &[u8]) {
    let key = Key::of_text("a.go", Kind::Go, "x");
    let secret = [7; 32];
    assert_eq!(Cache::of_bytes(data, secret).lookup(&key, 1), None, "nobody can make a seal");
    let entry = Cache::in_memory();
    entry.note(key, data.to_vec());
    let size = postcard_size(data);
    if let Some(facts) = entry.lookup(&key, size) {
        entry.store(key, size, &facts);
        assert_eq!(entry.lookup(&key, size).as_ref().map(|again| format!("{again:?}")), Some(format!("{facts:?}")));
    }
}

/// The number that an entry begins with.
fn postcard_size(data: &[u8]) -> u64 {
    let mut size = 0u64;
    for (nth, byte) in data.iter().take(10).enumerate() {
        size |= u64::from(byte & 0x7f).checked_shl(7 * nth as u32).unwrap_or(0);
        if byte & 0x80 == 0 {
            break;
        }
    }
    size
}

/// Shipped policies, nothing else: made once, because that reads every one of them.
fn config() -> &'static Config {
    static CONFIG: OnceLock<Config> = OnceLock::new();
    CONFIG.get_or_init(Config::default)
}

/// A small repository: files apart by NUL, each its path, a line break, its text.
fn tree(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let files: BTreeMap<&str, &str> = text
        .split('\0')
        .take(24)
        .map(|file| file.split_once('\n').unwrap_or((file, "")))
        .filter(|(path, _)| is_path(path))
        .collect();
    let report = judged(&files);
    check_report(&files, &report);
    write_all(&report, data.first().copied().unwrap_or(0));
    let mut more = files.clone();
    more.insert("zz-unrelated/notes.txt", "p99 < 1 ms");
    let again = judged(&more);
    assert_eq!(told(&again), told(&report), "an unrelated file counts");
}

/// What a walk can give: relative, no empty or dotted part.
fn is_path(path: &str) -> bool {
    path.len() < 200 && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn judged(files: &BTreeMap<&str, &str>) -> Report {
    let mut entries: Vec<FileEntry> = Vec::new();
    let mut report = Report::default();
    for (path, text) in files {
        let Some(kind) = Kind::of(path) else { continue };
        let (entry, problems) = scan::read_text(path, kind, text);
        assert!(!problems.iter().any(|problem| problem.reason.contains("please report")), "a reader failed on {path}");
        report.skipped.extend(problems);
        entries.push(entry);
    }
    let names = files.keys().map(|path| (*path).into()).collect();
    let services = assemble::services(&Repository::new(entries, names));
    (report.services, report.findings) = judge::judge(services, config());
    report
}

fn told(report: &Report) -> String {
    format!("{:?} {:?}", report.services, report.findings)
}

fn check_report(files: &BTreeMap<&str, &str>, report: &Report) {
    let labels = report.findings.iter().flat_map(|finding| &finding.labels);
    for location in labels.map(|label| &label.location) {
        let Some(text) = files.get(&*location.path) else { panic!("{} is no file", location.path) };
        assert!(
            text.get(location.place.start as usize..location.place.end as usize).is_some(),
            "{location:?} lies outside"
        );
    }
}

fn write_all(report: &Report, pick: u8) {
    let context = Context {
        sources: &NoSources,
        policies: &[],
        all: pick & 1 == 0,
        verbosity: 1,
        terminal: Terminal { width: usize::from(pick), color: pick & 2 == 0, ..Terminal::default() },
    };
    let format = &Format::ALL[usize::from(pick) % Format::ALL.len()];
    format.write(report, &context, &mut Vec::new()).expect("because memory takes everything");
}
