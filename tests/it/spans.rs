//! Every fact's span, cut out of its file, shows what the fact says; however the file is encoded.
//!
//! In CI over the fixtures. `FITCHECK_SPANS=/a:/b` names folders of real repositories instead.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use fitcheck::fact::{Count, Fact, FactKind, FileFacts, LatencySource};
use fitcheck::parse::Kind;
use fitcheck::read;
use fitcheck::reader;
use fitcheck::source::{Place, Text};

/// How a file may be written without meaning anything else; `None` where that way does not exist for a text.
/// A name, and how a text of some kind is written so.
type Encoding = (&'static str, fn(Kind, &str) -> Option<String>);

const ENCODINGS: &[Encoding] = &[
    ("plain", |_, text| Some(text.to_owned())),
    ("a mark", |_, text| Some(format!("\u{feff}{text}"))),
    ("CRLF", |_, text| Some(text.replace("\r\n", "\n").replace('\n', "\r\n"))),
    ("blank lines before", |kind, text| (!is_head(kind, text)).then(|| format!("\n\n\n{text}"))),
    ("characters of several bytes", |kind, text| Some(format!("{}{text}", comment(kind, text, "ä漢🦀")?))),
    ("tabs", |kind, text| Some(format!("{}{text}", comment(kind, text, "\t\ta\tb")?))),
    ("line separators", |kind, text| Some(format!("{}{text}", comment(kind, text, "a\u{2028}b\u{2029}c")?))),
    ("a late NUL", |kind, text| Some(format!("{text}{}", comment(kind, text, &format!("{}\0", "x".repeat(9_000)))?))),
    ("no last line break", |_, text| Some(text.trim_end_matches(['\r', '\n']).to_owned())),
];

/// Text whose first line means something by standing first.
fn is_head(kind: Kind, text: &str) -> bool {
    text.starts_with("#!")
        || matches!(kind, Kind::Markdown | Kind::Dockerfile | Kind::C)
        || text.starts_with("//go:build")
}

/// A comment of one line in the file's language; `None` where there is none, or where it would change the text.
fn comment(kind: Kind, text: &str, what: &str) -> Option<String> {
    let sign = match kind {
        Kind::Go | Kind::Rust | Kind::GoMod | Kind::GoWork | Kind::Hcl | Kind::Proto | Kind::JavaScript => "//",
        Kind::CargoToml | Kind::CargoConfig | Kind::Toml | Kind::Yaml | Kind::Script | Kind::Unit | Kind::GraphQl => {
            "#"
        }
        _ => return None,
    };
    // Where templates open or a file speaks of itself, a first line is more than a comment.
    let is_plain = !is_head(kind, text) && !text.contains("{{") && !text.contains("enerated") && text.ends_with('\n');
    // YAML takes separators of lines for line breaks, TOML and YAML refuse controls.
    let breaks = what.contains(['\u{2028}', '\0'])
        && matches!(kind, Kind::Yaml | Kind::Toml | Kind::CargoToml | Kind::CargoConfig);
    (is_plain && !breaks && !text.contains('\r')).then(|| format!("{sign} {what}\n"))
}

fn slice<'t>(text: &'t str, place: &Place) -> &'t str {
    text.get(place.start as usize..place.end as usize).unwrap_or("?")
}

/// Whether lines and columns are those of the offsets, counted anew.
fn is_true(text: &str, place: &Place) -> bool {
    let Some(before) = text.get(..place.start as usize) else { return false };
    let Some(up_to) = text.get(..place.end as usize) else { return false };
    let line = |text: &str| text.matches('\n').count() as u32 + 1;
    let column = |text: &str| text.rsplit('\n').next().unwrap_or("").chars().count() as u32 + 1;
    place.start <= place.end
        && (place.line, place.column) == (line(before), column(before))
        && (place.end_line, place.end_column) == (line(up_to), column(up_to))
}

/// Whether the text at a fact's place says what the fact says; `None` for facts about a place as a whole.
fn shows(fact: &Fact, path: &str, text: &str) -> Option<bool> {
    let said = slice(text, &fact.place);
    let has = |word: &str| said.contains(word);
    let line = || text.get(fact.place.start as usize..).and_then(|rest| rest.lines().next()).unwrap_or("");
    let number = |value: f64| figures(said).iter().chain(&products(said)).any(|figure| same(*figure, value));
    // A figure that a name stands for is written elsewhere: a word with digits in it, a factor that is a name.
    let has_figure = words(said).iter().any(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let has_named_factor = said.split('*').skip(1).any(|factor| {
        let word = words(factor).first().copied().unwrap_or("");
        word.starts_with(|c: char| c.is_ascii_alphabetic()) && !word.starts_with("time.")
    });
    Some(match &fact.kind {
        // A variable stands for a version that is given elsewhere.
        FactKind::Toolchain { version, .. } if said.contains('$') => text.contains(version.as_str()),
        FactKind::Toolchain { version, .. } if !said.is_empty() => has(version.split(['-', '+']).next().unwrap_or("")),
        // Where the name is in a variable, the place is the call that loads it.
        FactKind::Consumer { library, .. } if said.contains(['"', '\'']) && !said.starts_with("extern") => {
            has(library.trim_start_matches("lib"))
        }
        // Of an autoscaler's bounds the upper one is marked.
        FactKind::Replicas { max, .. } => number(f64::from(*max)),
        FactKind::Memory { bytes, .. } => {
            let sizes = [1.0, 1e3, 1e6, 1e9, 1024.0, 1_048_576.0, 1_073_741_824.0];
            sizes.iter().any(|size| number(*bytes as f64 / size))
        }
        // A call that sets something is marked by its name; what it sets stands behind.
        FactKind::Tuning { value: Some(value), .. } => {
            has(value.trim_matches(['"', '\''])) || line().contains(value.as_str())
        }
        FactKind::Uses { symbol, .. } if !symbol.contains(' ') => {
            has(symbol.rsplit(['/', ':', '.']).next().unwrap_or(""))
        }
        // A name stands for a figure that is written elsewhere.
        FactKind::Latency { limit_us, .. } | FactKind::Timeout { limit_us } if has_figure && !has_named_factor => {
            let units = [1e-3, 1.0, 1e3, 1e6, 6e7, 3.6e9, 8.64e10];
            // An expression of several lines begins at its place.
            let joined = text[fact.place.start as usize..].lines().take(8).collect::<Vec<_>>().concat();
            // What an alert compares may be recorded by a rule that stands elsewhere in its file.
            let is_alert = matches!(fact.kind, FactKind::Latency { source: LatencySource::Alert, .. });
            let known = figures(if is_alert { text } else { &joined });
            let holds = |value: f64| number(value) || known.iter().any(|figure| same(*figure, value));
            units.iter().any(|unit| holds(limit_us / unit))
                || same(together(said), *limit_us)
                || products(&joined).iter().any(|product| same(*product, *limit_us))
                // So many a second, and the bucket of a histogram whose bounds grow by the root of two.
                || has("hz") && figures(said).iter().any(|hz| same(1e6 / hz, *limit_us))
                || figures(said).iter().any(|bucket| same((bucket / 2.0).exp2().floor() * 1e3, *limit_us))
        }
        FactKind::ArtifactBudget { bytes } => {
            let sizes = [1.0, 1e3, 1e6, 1e9, 1024.0, 1_048_576.0, 1_073_741_824.0];
            sizes.iter().any(|size| number(*bytes as f64 / size))
        }
        // The place is where the first begins.
        FactKind::Count { what, .. } => {
            let lines: Vec<&str> = text[fact.place.start as usize..].lines().take(3).collect();
            signs(*what).iter().any(|sign| lines.concat().contains(sign))
        }
        // A name that arguments of a script make up stands nowhere as it is told.
        FactKind::Workload(workload)
            if !said.is_empty() && workload.name.as_ref().is_some_and(|name| !name.contains('$')) =>
        {
            let name = workload.name.as_deref().unwrap_or_default();
            // A unit is called like its file.
            text.contains(name) || path.contains(name)
        }
        // What a build file settles without naming the tool says nothing here.
        FactKind::Build(build)
            if matches!(build.tool.as_str(), "go" | "cargo" | "tinygo" | "maturin") && build.source != "build-file"
                // An action builds with a tool that it does not name.
                && !said.contains('@') =>
        {
            text.contains(&build.tool)
        }
        _ => return None,
    })
}

/// What counted things begin with, or hold.
fn signs(what: Count) -> &'static [&'static str] {
    match what {
        Count::DiscardedErrors => &["_", "("],
        Count::Goroutines => &["go"],
        Count::Channels => &["chan"],
        Count::Panics => &["panic", "unwrap", "expect", "unreachable", "todo", "unimplemented", "Fatal", "Exit"],
        Count::Unsafe => &["unsafe"],
        Count::Locks => &["Mutex", "RwLock", "Lock"],
        Count::Benchmarks => &["ench", "riterion", "divan"],
        Count::Pools => &["Pool"],
        // Of a file, and of calls whose names the catalogue knows.
        Count::CLines | Count::Routes | Count::GrpcServices => &[""],
    }
}

/// What the parts of a duration make up: `1m30s`.
fn together(said: &str) -> f64 {
    let mut sum = 0.0;
    let mut rest = said;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        rest = &rest[at..];
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let (figure, after) = rest.split_at(end);
        let unit: String = after.trim_start().chars().take_while(|c| c.is_alphabetic()).collect();
        let unit = match unit.as_str() {
            "ns" => 1e-3,
            "us" | "µs" => 1.0,
            "ms" => 1e3,
            "s" => 1e6,
            "m" => 6e7,
            "h" => 3.6e9,
            _ => 0.0,
        };
        sum += figure.parse::<f64>().unwrap_or(0.0) * unit;
        rest = after;
    }
    sum
}

fn same(one: f64, other: f64) -> bool {
    (one - other).abs() <= one.abs().max(other.abs()) * 1e-6
}

fn figures(text: &str) -> Vec<f64> {
    let parts = text.split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '_')));
    let decimal = parts.filter_map(|part| part.replace('_', "").trim_matches('.').parse().ok());
    decimal.chain(words(text).iter().filter_map(|word| hexadecimal(word))).collect()
}

/// `0x8_0000`, with or without a type behind it.
fn hexadecimal(word: &str) -> Option<f64> {
    let digits = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X"))?.replace('_', "");
    let digits = digits.trim_end_matches("usize").trim_end_matches("u32").trim_end_matches("u64");
    u64::from_str_radix(digits, 16).ok().map(|value| value as f64)
}

/// Letters, digits and what stands between them in names and numbers; each other sign by itself.
fn words(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        let end = if is_part(first) { rest.find(|c| !is_part(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (word, after) = rest.split_at(end);
        if !word.trim().is_empty() {
            found.push(word);
        }
        rest = after;
    }
    found
}

/// Products that are written out, in microseconds where a unit is one of the factors: `2 * 60 * time.Second`.
fn products(text: &str) -> Vec<f64> {
    let factor = |word: &str| {
        let unit = match word.rsplit('.').next().unwrap_or("") {
            "Nanosecond" => 1e-3,
            "Microsecond" => 1.0,
            "Millisecond" => 1e3,
            "Second" => 1e6,
            "Minute" => 6e7,
            "Hour" => 3.6e9,
            _ => return hexadecimal(word).or_else(|| word.replace('_', "").parse().ok()),
        };
        Some(unit)
    };
    let (mut found, mut product, mut factors, mut is_next) = (Vec::new(), 1.0, 0, true);
    for word in words(text).into_iter().chain([";"]) {
        match (factor(word), word) {
            (Some(value), _) if is_next || factors == 0 => {
                (product, factors, is_next) = (product * value, factors + 1, false);
            }
            (None, "*") => is_next = true,
            (None, "(" | ")") => {}
            (value, _) => {
                if factors > 1 {
                    found.push(product);
                }
                (product, factors, is_next) = (value.unwrap_or(1.0), usize::from(value.is_some()), value.is_none());
            }
        }
    }
    found
}

#[test]
fn numbers_are_read_as_code_writes_them() {
    assert_eq!(products("x(2 * 60 * time.Second, 3)"), [1.2e8]);
    assert_eq!(products("time.Duration(5) * time.Minute"), [3e8]);
    assert_eq!(products("4 * 1024 * 1024; 7"), [4_194_304.0]);
    assert_eq!(products("5 + 7 time.Second"), [0.0; 0]);
    assert!(figures("0x8_0000").contains(&524_288.0));
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(directory).into_iter().flatten().flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && entry.file_name() != ".git" => files(&entry.path(), found),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
}

#[derive(Default)]
struct Tally {
    files: usize,
    with_facts: usize,
    facts: usize,
    shown: usize,
    variants: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn add(&mut self, root: &Path, other: Tally) {
        self.files += other.files;
        self.with_facts += other.with_facts;
        self.facts += other.facts;
        self.shown += other.shown;
        self.variants += other.variants;
        let name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.wrong.extend(other.wrong.into_iter().map(|wrong| format!("{name}: {wrong}")));
    }
}

fn look_at(root: &Path, path: &Path, tally: &mut Tally) {
    let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
    let Some(kind) = Kind::of(&name) else { return };
    let bytes = fs::read(path).unwrap_or_default();
    let Ok(text) = read::text(&bytes) else { return };
    if text.len() > 200_000 {
        return;
    }
    let plain = reader::read(kind, &Text::new(&name, text));
    tally.files += 1;
    if plain.facts.is_empty() {
        return;
    }
    tally.with_facts += 1;
    for fact in &plain.facts {
        tally.facts += 1;
        if !is_true(text, &fact.place) {
            tally.wrong.push(format!("{name}: {fact:?} has no true place"));
        }
        match shows(fact, &name, text) {
            Some(true) => tally.shown += 1,
            Some(false) => {
                tally.wrong.push(format!("{name}: {:?} is not in `{}`", fact.kind, slice(text, &fact.place)))
            }
            None => {}
        }
    }
    for (encoding, change) in ENCODINGS {
        let Some(changed) = change(kind, text) else { continue };
        tally.variants += 1;
        let bytes = changed.into_bytes();
        let read = read::text(&bytes).map(|text| (text, reader::read(kind, &Text::new(&name, text))));
        let Ok((changed, facts)) = read else {
            tally.wrong.push(format!("{name} with {encoding}: refused"));
            continue;
        };
        compare((text, &plain), (changed, &facts), &format!("{name} with {encoding}"), tally);
    }
}

fn compare((text, plain): (&str, &FileFacts), (changed, facts): (&str, &FileFacts), what: &str, tally: &mut Tally) {
    let one_line = |text: &str| text.replace('\r', "").trim_end().to_owned();
    let shown = |fact: Option<&Fact>, text: &str, says: bool| {
        let fact = fact?;
        let said = if says { slice(text, &fact.place) } else { "" };
        Some(format!("{:?} `{}`", fact.kind, one_line(said)).replace("\\r", ""))
    };
    let told = |facts: &FileFacts| -> Vec<Fact> {
        facts.facts.iter().filter(|fact| !matches!(fact.kind, FactKind::Check { .. })).cloned().collect()
    };
    let (before, after) = (told(plain), told(facts));
    for at in 0..before.len().max(after.len()) {
        let (one, other) = (before.get(at), after.get(at));
        // A fact about a file as a whole points at its beginning, whatever stands there.
        let says = [one, other].into_iter().flatten().all(|fact| fact.place.start > 0);
        let (one, other) = (shown(one, text, says), shown(other, changed, says));
        if one != other {
            tally.wrong.push(format!("{what}: {other:?} instead of {one:?}"));
            break;
        }
    }
    if let Some(fact) = facts.facts.iter().find(|fact| !is_true(changed, &fact.place)) {
        tally.wrong.push(format!("{what}: {fact:?} has no true place"));
    }
}

#[test]
fn every_span_shows_what_its_fact_says() {
    let given = std::env::var_os("FITCHECK_SPANS");
    let roots: Vec<PathBuf> = match &given {
        Some(given) => std::env::split_paths(given).collect(),
        None => vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")],
    };
    let (next, all) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(root) = roots.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut found = Vec::new();
                    files(root, &mut found);
                    let mut tally = Tally::default();
                    found.iter().for_each(|path| look_at(root, path, &mut tally));
                    all.lock().unwrap().add(root, tally);
                }
            });
        }
    });
    let mut tally = all.into_inner().unwrap();
    tally.wrong.sort();
    let Tally { files, with_facts, facts, shown, variants, wrong } = tally;
    let figures =
        format!("{files} files, {with_facts} with facts, {facts} facts, {shown} with a value, {variants} variants");
    if let Some(path) = std::env::var_os("FITCHECK_SPANS_TO") {
        fs::write(path, format!("{figures}\n{} wrong\n{}\n", wrong.len(), wrong.join("\n"))).unwrap();
    }
    assert!(facts > 100, "{figures}");
    assert!(wrong.is_empty(), "{figures}; {} wrong:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}
