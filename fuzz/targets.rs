//! What is fuzzed: one [`Target`] for every reader, for what a team writes (policies, configuration, extractors), for what
//! git and the cache hold, and for whole trees.
//!
//! In: any bytes. Out: nothing, or a panic that names the broken promise. The fuzzer's programs and the test that
//! replays the corpus share this file, so it uses nothing but the library and `std`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use fitcheck::cache::stamp::Stamps;
use fitcheck::cache::{Cache, Key};
use fitcheck::config::baseline::Baseline;
use fitcheck::config::vendored::Lock;
use fitcheck::config::{Config, files_of_archive, layer, load};
use fitcheck::detect::Facts;
use fitcheck::extract::{self, Extractor};
use fitcheck::fact::FileFacts;
use fitcheck::facts;
use fitcheck::finding::Report;
use fitcheck::history::probe;
use fitcheck::judge;
use fitcheck::parse::jsonpath::{Datum, Path};
use fitcheck::parse::{Kind, config as tree_of};
use fitcheck::policy::{raw, trial};
use fitcheck::reader;
use fitcheck::report::{Context, Format, NoSources, Pages, Terminal};
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
    ("extractor", Target::Other(extractor)),
    ("jsonpath", Target::Other(jsonpath)),
    ("pattern", Target::Other(pattern)),
    ("go-query", Target::Other(go_query)),
    ("archive", Target::Other(archive)),
    ("facts", Target::Other(facts_document)),
    ("owners", Target::Other(owners)),
    ("people", Target::Other(people)),
    ("git-tree", Target::Other(git_tree)),
    ("cache", Target::Other(cache)),
    ("kept", Target::Other(kept)),
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
    // Some of the inputs are enough to see that nothing depends on anything else.
    if sum(data).is_multiple_of(8) {
        assert_eq!(reader::read(kind, &Text::new(path, &text)), facts, "read twice");
    }
}

/// A number to pick some of the inputs by.
fn sum(data: &[u8]) -> u8 {
    data.iter().fold(0u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte))
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
    if let Ok(baseline) = Baseline::read(&text) {
        assert_eq!(
            Baseline::read(&baseline.write()).map(|again| again.write()),
            Ok(baseline.write()),
            "another baseline"
        );
    }
    if let Ok(lock) = Lock::read(&text) {
        assert_eq!(Lock::read(&lock.write()), Ok(lock), "another lock");
    }
    if sum(data) == 0 && data.len().is_multiple_of(8) {
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

/// Any text as an extractor; behind a NUL, what it is run on: a path, a line break, a text.
fn extractor(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (toml, file) = text.split_once('\0').unwrap_or((&text, ""));
    let (extractor, mistakes) = extract::raw::read("e.toml", toml);
    check_mistakes(toml, &mistakes);
    assert!(extractor.is_some() || !mistakes.is_empty(), "neither an extractor nor a reason");
    if let Some(extractor) = extractor {
        let (path, text) = file.split_once('\n').unwrap_or(("a.yaml", file));
        extract(&extractor, path, text);
    }
}

fn extract(extractor: &Extractor, path: &str, source: &str) {
    let text = Text::new(path, source);
    let mut facts = Facts::new(&text);
    extract::run::run(&[extractor], &text, &mut facts);
    let Facts { list, flaws, .. } = facts;
    check_places(source, &FileFacts { facts: list, flaws, ..FileFacts::default() });
}

/// A JSONPath, a line break, and what it is asked of; the first byte picks the format.
fn jsonpath(data: &[u8]) {
    let Some((pick, rest)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    let (query, text) = text.split_once('\n').unwrap_or((&text, "{\"a\": [{\"b\": 1}, \"x\", {\"b\": [true]}]}"));
    let Some(path) = once(&PATHS, query, |query| Path::parse(query).ok()) else { return };
    let (name, kind) = [("a.json", Kind::Json), ("a.yaml", Kind::Yaml), ("a.toml", Kind::Toml)][usize::from(*pick) % 3];
    let text = Text::new(name, text);
    let Some((view, _)) = tree_of::view(kind, &text) else { return };
    for datum in view.documents.iter().filter_map(Datum::of) {
        for found in path.find(&datum).0 {
            assert!(text.text.get(found.range.clone()).is_some(), "{:?} lies outside", found.range);
        }
    }
}

thread_local! {
    static PATHS: RefCell<BTreeMap<String, Option<Arc<Path>>>> = RefCell::default();
    static EXTRACTORS: RefCell<BTreeMap<String, Option<Arc<Extractor>>>> = RefCell::default();
}

type Made<T> = RefCell<BTreeMap<String, Option<Arc<T>>>>;

/// What was made of a text before, or now: inputs that differ in the rest only need not wait for a compiler.
fn once<T>(
    made: &'static std::thread::LocalKey<Made<T>>,
    text: &str,
    make: impl FnOnce(&str) -> Option<T>,
) -> Option<Arc<T>> {
    made.with_borrow_mut(|made| {
        if made.len() > 300 {
            made.clear();
        }
        if !made.contains_key(text) {
            made.insert(text.to_owned(), make(text).map(Arc::new));
        }
        made[text].clone()
    })
}

/// A pattern of an extractor, a line break, and the lines it is tried on.
fn pattern(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (pattern, lines) = text.split_once('\n').unwrap_or((&text, "heap_mb = 32\np99: 5ms\n"));
    let made = once(&EXTRACTORS, pattern, |pattern| made("regex", pattern));
    made.into_iter().for_each(|extractor| extract(&extractor, "a.conf", lines));
}

/// Queries that the whole of a file is asked, before the one that an input brings.
const QUERIES: &[&str] = &[
    "(call_expression arguments: (argument_list . (_) @x))",
    "(const_spec name: (identifier) @name value: (expression_list (_) @x))",
    "(keyed_element (literal_element) @name (literal_element) @x (#match? @name \"^T\"))",
    "[(int_literal) (interpreted_string_literal)] @x",
    "(_ (_) @x (_) @y)",
    "(comment)+ @x",
    "(ERROR) @x",
    "((identifier) @x (#eq? @x \"a\"))",
];

/// Go that is asked by a query: one of those above, or, where the first byte says so, the input's own first line.
fn go_query(data: &[u8]) {
    let Some((pick, rest)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    let (query, source) = match (QUERIES.get(usize::from(*pick) % (QUERIES.len() + 1)), text.split_once('\n')) {
        (Some(query), _) => (*query, &*text),
        (None, Some((query, source))) => (query, source),
        (None, None) => return,
    };
    let made = once(&EXTRACTORS, query, |query| made("go-query", query));
    made.into_iter().for_each(|extractor| extract(&extractor, "pkg/a.go", source));
}

/// An extractor that finds something in one way and takes the part `x` for a latency.
fn made(finder: &str, how: &str) -> Option<Extractor> {
    let toml = format!(
        "id = \"x\"\nabout = \"x\"\nfiles = [\"**\"]\n{finder} = '''\n{how}'''\n[fact]\nsignal = \"latency\"\nsource = \"slo\"\nlimit = {{ from = \"x\", unit = \"ms\" }}\n"
    );
    extract::raw::read("e.toml", &toml).0
}

/// Any bytes as an archive of TOML files; where it is sound, what comes out lies below its top.
fn archive(data: &[u8]) {
    if let Ok(files) = files_of_archive(data, 8, 4096) {
        for path in files.keys() {
            assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")), "{path} leads out");
        }
    }
    // A fuzzer finds no checksum: the same bytes in headers that are sound.
    let mut sound = Vec::new();
    for (nth, piece) in data.chunks(60).enumerate() {
        let (head, body) = piece.split_at(piece.len().min(20));
        sound.extend(header(nth, head, body.len()));
        sound.extend_from_slice(body);
        sound.resize(sound.len().next_multiple_of(512), 0);
    }
    let files = files_of_archive(&sound, 8, 4096);
    for path in files.iter().flatten().map(|(path, _)| path) {
        assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")), "{path} leads out");
    }
}

fn header(nth: usize, head: &[u8], size: usize) -> [u8; 512] {
    let mut header = [0; 512];
    let kind = head.first().copied().unwrap_or(b'0');
    header[..head.len().saturating_sub(1)].copy_from_slice(head.get(1..).unwrap_or_default());
    header[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    header[156] = if nth.is_multiple_of(2) { b"0xLg52"[usize::from(kind) % 6] } else { b'0' };
    header[257..262].copy_from_slice(b"ustar");
    header[148..156].copy_from_slice(b"        ");
    let sum: usize = header.iter().map(|byte| usize::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    header
}

/// Any text as a facts document: what is read is written and read the same, and can be judged.
fn facts_document(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(document) = facts::Facts::read(&text) else { return };
    let written = document.write();
    let again = facts::Facts::read(&written).expect("because it was just written");
    assert!(again.write() == written, "another document");
    let loaded = load::Loaded { config: config().clone(), ..document.configuration(None).unwrap_or_default() };
    write_all(&document.judge(&loaded, false, true), sum(data));
}

/// Any text as CODEOWNERS: the same owners however the file ends, and a team only where there are owners.
fn owners(data: &[u8]) {
    const DIRECTORIES: &[&str] = &[".", "cmd", "cmd/a", "docs", "a b", "ä"];
    let text = String::from_utf8_lossy(data);
    let found = probe::owners(&text, DIRECTORIES);
    let lines = text.lines().count() as u32;
    for (owners, line) in &found {
        assert!(line.is_none_or(|line| *owners > 0 && (1..=lines).contains(&line)), "a team without owners");
    }
    if sum(data).is_multiple_of(4) {
        assert_eq!(probe::owners(&format!("{text}\n# end\n"), DIRECTORIES), found, "a comment counts");
    }
}

/// A `.mailmap`, a NUL, a message, a NUL, and identities by line: `name <address>`, as commits carry them.
fn people(data: &[u8]) {
    let mut parts = data.splitn(3, |byte| *byte == 0);
    let (mailmap, message) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let identities = parts.next().unwrap_or(b"A B <a@b>\na <a@b>\nA B <1+c@users.noreply.github.com>\nx[bot] <x@y>");
    let (authors, _) = probe::message(message);
    assert!(authors <= message.len());
    let split = |line| match memchr_of(b'<', line) {
        Some(at) => (&line[..at], &line[at + 1..]),
        None => (line, &b""[..]),
    };
    let mut written: Vec<(&[u8], &[u8])> = identities.split(|byte| *byte == b'\n').map(split).collect();
    let bots = vec!["listed".to_owned()];
    let found = probe::people(mailmap, &written, &bots);
    // Whoever is met twice is the same, and nobody becomes another by being met later.
    written.push(written[0]);
    let again = probe::people(mailmap, &written, &bots);
    assert_eq!((&again[..found.len()], again[found.len()]), (&found[..], found[0]), "met twice");
}

fn memchr_of(byte: u8, line: &[u8]) -> Option<usize> {
    line.iter().position(|other| *other == byte)
}

/// Two trees as git stores them, apart by the first four 0xFF bytes.
fn git_tree(data: &[u8]) {
    let at = data.windows(4).position(|four| four == [0xff; 4]);
    let (before, after) = at.map_or((data, &data[..0]), |at| (&data[..at], &data[at + 4..]));
    for hash_len in [20, 32] {
        let (counts, differ) = probe::trees(before, after, hash_len);
        assert!(differ[0] <= counts[0] && differ[1] <= counts[1], "more differ than there are");
        let (back, again) = probe::trees(after, before, hash_len);
        assert_eq!((back, again), ([counts[1], counts[0]], [differ[1], differ[0]]), "the way back differs");
        assert_eq!(probe::trees(before, before, hash_len).1, [0, 0], "a tree differs from itself");
    }
}

/// Any bytes as what a run left in the cache: stamps and figures.
fn kept(data: &[u8]) {
    if let Some((stamps, rest)) = Stamps::decode(data) {
        let mut again = Vec::new();
        stamps.encode(&mut again);
        assert_eq!([&again, rest].concat(), data, "other stamps");
    }
    if let Some(written) = probe::figures(data) {
        assert_eq!(probe::figures(&written).as_ref(), Some(&written), "other figures");
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
    if sum(data).is_multiple_of(4) {
        let mut more = files.clone();
        more.insert("zz-unrelated/notes.txt", "p99 < 1 ms");
        let again = judged(&more);
        assert_eq!(told(&again), told(&report), "an unrelated file counts");
    }
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
        policies: Pages::none(),
        all: pick & 1 == 0,
        verbosity: 1,
        terminal: Terminal { width: usize::from(pick), color: pick & 2 == 0, ..Terminal::default() },
    };
    let format = &Format::ALL[usize::from(pick) % Format::ALL.len()];
    format.write(report, &context, &mut Vec::new()).expect("because memory takes everything");
}
