//! T17, T18: runs that are killed, that the disk refuses, that meet another run, or a cache gone bad.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use fitcheck::report::Format;

use crate::cli::alone;
use crate::fixtures::copy_tree;
use crate::steady::without_time;
use crate::traced;

/// What stands in every output's place before a run.
const OLD: &str = "what was there before\n";

/// A command that writes files, in a directory of its own.
struct Story {
    name: &'static str,
    /// Words of the command line, run in the directory; `@/` stands for it.
    words: Vec<String>,
    /// Brings a fresh directory to where the command is run.
    set_up: fn(&Path),
    /// Files that are written, relative to the directory.
    writes: Vec<String>,
    /// Exit statuses of a second run that finds its work done.
    again: &'static [i32],
}

fn shop(directory: &Path) {
    for name in ["crud-service", "embedded"] {
        let root = directory.join("root").join(name);
        std::fs::create_dir_all(&root).unwrap();
        copy_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name).join("flags"), &root);
    }
    std::fs::create_dir_all(directory.join("out")).unwrap();
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn stories() -> Vec<Story> {
    let report = |formats: &[&str]| {
        let outputs: Vec<String> = formats.iter().map(|name| format!("--output {name}=@/out/{name}")).collect();
        words(&format!("--exit-zero --threads 2 --cache-dir @/cache {} @/root", outputs.join(" ")))
    };
    let files = |formats: &[&str]| formats.iter().map(|name| format!("out/{name}")).collect::<Vec<_>>();
    let all: Vec<&str> = Format::ALL.iter().map(|format| format.name).collect();
    let over_old: fn(&Path) = |directory| {
        shop(directory);
        for format in Format::ALL {
            std::fs::write(directory.join("out").join(format.name), OLD).unwrap();
        }
    };
    let with_cache: fn(&Path) = |directory| {
        shop(directory);
        let text = "--exit-zero --cache-dir @/cache @/root";
        assert_eq!(run(directory, &words(text)).status.code(), Some(0));
        std::fs::write(directory.join("root/crud-service/src/more.rs"), "pub fn more() {}\n").unwrap();
    };
    let accept = "--no-cache --reason r --owner o crud-service/ crud-service @/root";
    vec![
        Story { name: "reports", words: report(&all), set_up: shop, writes: files(&all), again: &[0] },
        Story {
            name: "reports over old ones",
            words: report(&all),
            set_up: over_old,
            writes: files(&all),
            again: &[0],
        },
        Story {
            name: "a cache that grows",
            words: report(&["json"]),
            set_up: with_cache,
            writes: files(&["json"]),
            again: &[0],
        },
        Story {
            name: "baseline",
            words: words("baseline --no-cache @/root"),
            set_up: shop,
            writes: vec!["root/fitcheck-baseline.json".into()],
            again: &[0],
        },
        Story {
            name: "baseline that grows",
            words: words("baseline --grow --no-cache @/root"),
            set_up: |directory| {
                shop(directory);
                std::fs::write(directory.join("root/fitcheck-baseline.json"), "{\"version\": 1, \"findings\": []}\n")
                    .unwrap();
            },
            writes: vec!["root/fitcheck-baseline.json".into()],
            again: &[0],
        },
        Story {
            name: "allow",
            words: words(&format!("allow {}", accept.replace("crud-service/ ", "courier "))),
            set_up: |directory| {
                shop(directory);
                std::fs::remove_dir_all(directory.join("root/embedded")).unwrap();
                std::fs::write(directory.join("root/fitcheck.toml"), "# mine\n").unwrap();
            },
            writes: vec!["root/fitcheck.toml".into()],
            again: &[0, 2],
        },
        Story {
            name: "init",
            words: words("init @/root"),
            set_up: shop,
            writes: vec!["root/fitcheck.toml".into()],
            again: &[0, 2],
        },
        Story {
            name: "policy vendor",
            words: words("policy vendor @/org@main --into copy"),
            set_up: organisation,
            writes: VENDORED.map(|(path, _)| format!("copy/{path}")).to_vec(),
            again: &[0],
        },
        Story {
            name: "policy vendor over an older copy",
            words: words("policy vendor @/org@main --into copy"),
            set_up: |directory| {
                organisation(directory);
                let older = words("policy vendor @/org@main~1 --into copy");
                assert_eq!(run(directory, &older).status.code(), Some(0));
            },
            writes: VENDORED.map(|(path, _)| format!("copy/{path}")).to_vec(),
            again: &[0],
        },
    ]
}

/// What a vendored copy holds; the last one is in the older copy alone.
const VENDORED: [(&str, &str); 4] = [
    ("fitcheck-vendor.toml", ""),
    ("fitcheck.toml", "exclude = [\"a/**\"]\n"),
    ("more/fitcheck.toml", "exclude = [\"b/**\"]\n"),
    ("gone/fitcheck.toml", "exclude = [\"c/**\"]\n"),
];

/// A repository of policies with two commits, beside the copy.
fn organisation(directory: &Path) {
    let repo = crate::git::Repo::new().expect("whoever has strace has git");
    repo.write(VENDORED[3].0, VENDORED[3].1);
    repo.write(VENDORED[1].0, "exclude = []\n");
    repo.commit(0, ("A Person", "a@example.com"), "one");
    std::fs::remove_file(repo.path().join(VENDORED[3].0)).unwrap();
    for (path, text) in &VENDORED[1..3] {
        repo.write(path, text);
    }
    repo.commit(1, ("A Person", "a@example.com"), "two");
    let place = directory.join("org");
    std::fs::create_dir(&place).unwrap();
    copy_tree(repo.path(), &place);
}

fn arguments(directory: &Path, words: &[String]) -> Vec<String> {
    words.iter().map(|word| word.replace("@/", &format!("{}/", directory.display()))).collect()
}

fn set(command: &mut Command, directory: &Path) {
    command.env_clear().env("HOME", directory.join("home")).stdin(Stdio::null()).current_dir(directory);
}

fn run(directory: &Path, words: &[String]) -> Output {
    let mut command = alone();
    command.args(arguments(directory, words));
    set(&mut command, directory);
    command.output().unwrap()
}

fn run_under(directory: &Path, words: &[String], calls: &str, more: &[&str]) -> Output {
    let log = directory.join("log");
    let mut command = traced::strace(&log, calls, more);
    command.args(arguments(directory, words));
    set(&mut command, directory);
    command.output().unwrap()
}

/// What lies in the written places, without what may differ between two runs.
fn written(directory: &Path, story: &Story) -> BTreeMap<String, Option<String>> {
    let read = |path: &String| {
        let bytes = std::fs::read(directory.join(path)).ok()?;
        Some(without_time(&bytes).replace(directory.to_str().unwrap(), "@"))
    };
    story.writes.iter().map(|path| (path.clone(), read(path))).collect()
}

/// Paths of the repository that could not be opened because strace said so.
fn unread(log: &str, directory: &Path) -> Vec<String> {
    let root = directory.join("root");
    let inside = |path: &PathBuf| Some(path.strip_prefix(&root).ok()?.to_string_lossy().into_owned());
    traced::refused(log).iter().filter_map(inside).collect()
}

/// Whether a JSON report lists a path, or what holds it, as not read.
fn skips(report: &str, path: &str) -> bool {
    let report: serde_json::Value = serde_json::from_str(report).unwrap();
    let listed = report["skipped"].as_array().unwrap().iter().filter_map(|entry| entry["path"].as_str());
    listed.into_iter().any(|listed| listed == path || listed == ".")
}

fn leftovers(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for place in ["out", "cache", "root", "copy", "copy/more", "copy/gone", "home/.local/state/fitcheck"] {
        let entries = std::fs::read_dir(directory.join(place)).into_iter().flatten().flatten();
        found.extend(
            entries
                .map(|entry| entry.path())
                .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".fitcheck-"))),
        );
    }
    found
}

struct Told<'a> {
    story: &'a Story,
    before: BTreeMap<String, Option<String>>,
    after: BTreeMap<String, Option<String>>,
    stdout: String,
    points: Vec<(String, usize)>,
}

/// A run that nothing disturbs.
fn told<'s>(story: &'s Story, calls: &str) -> Told<'s> {
    let directory = tempfile::tempdir().unwrap();
    (story.set_up)(directory.path());
    let before = written(directory.path(), story);
    let output = run_under(directory.path(), &story.words, calls, &[]);
    assert_eq!(output.status.code(), Some(0), "{}: {}", story.name, String::from_utf8_lossy(&output.stderr));
    let log = std::fs::read_to_string(directory.path().join("log")).unwrap();
    let stdout = without_time(&output.stdout).replace(directory.path().to_str().unwrap(), "@");
    Told { story, before, after: written(directory.path(), story), stdout, points: traced::points(&log) }
}

/// Disturbs one run at one point; returns what is wrong afterwards.
fn disturb(told: &Told<'_>, call: &str, nth: usize, how: &str) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    (told.story.set_up)(directory);
    let inject = format!("inject={call}:{how}:when={nth}");
    let output = run_under(directory, &told.story.words, call, &["-e", &inject]);
    let mut wrong = Vec::new();
    let now = written(directory, told.story);
    // What could not be opened may be a file of the repository: the report is whole then, and must list it as not read.
    let log = std::fs::read_to_string(directory.join("log")).unwrap_or_default();
    let unread = unread(&log, directory);
    let may_be_input = !unread.is_empty();
    for (path, text) in &now {
        if *text != told.before[path] && *text != told.after[path] && (!may_be_input || text.is_none()) {
            wrong.push(format!("{path} is neither old nor whole"));
        }
    }
    // What is opened again to show its lines was read before: the findings are all there.
    let is_whole = now.get("out/json") == told.after.get("out/json");
    if output.status.code() == Some(0)
        && !is_whole
        && let Ok(report) = std::fs::read_to_string(directory.join("out/json"))
    {
        let missing = unread.iter().filter(|path| !skips(&report, path));
        wrong.extend(missing.map(|path| format!("`{path}` could not be read and nothing says so")));
    }
    let killed = how.starts_with("signal");
    match output.status.code() {
        Some(0) => {
            let is_same = |path: &String| now[path].is_some() == told.after[path].is_some();
            if now != told.after && !(may_be_input && now.keys().all(is_same)) {
                wrong.push("exit 0 without all that was asked for".into());
            }
            let stdout = without_time(&output.stdout).replace(directory.to_str().unwrap(), "@");
            if stdout != told.stdout && !may_be_input {
                wrong.push("exit 0 with another standard output".into());
            }
        }
        Some(2) if !killed => {
            if !String::from_utf8_lossy(&output.stderr).contains("error") && call != "write" {
                wrong.push("exit 2 without a word".into());
            }
        }
        None if killed => {}
        // A shell's word for a signal, as strace passes it on.
        Some(137) if killed => {}
        other => wrong.push(format!("ended with {other:?}: {}", String::from_utf8_lossy(&output.stderr))),
    }
    if String::from_utf8_lossy(&output.stderr).contains("panicked") {
        wrong.push("a panic".into());
    }
    let again = run(directory, &told.story.words);
    if !told.story.again.contains(&again.status.code().unwrap_or(-1)) {
        wrong.push(format!("the next run ended with {:?}", again.status.code()));
    }
    if written(directory, told.story) != told.after {
        wrong.push("the next run is not right".into());
    }
    // The lock of a killed run may outlive it by a moment: then the run after the next one tidies.
    if !leftovers(directory).is_empty() {
        run(directory, &told.story.words);
    }
    if !leftovers(directory).is_empty() {
        wrong.push(format!("left behind: {:?}", leftovers(directory)));
    }
    wrong.into_iter().map(|what| format!("{} {call} {nth} {how}: {what}", told.story.name)).collect()
}

/// Whether every point is asked for (`FITCHECK_FAULTS=all`), and not one of a few.
fn everything() -> bool {
    std::env::var_os("FITCHECK_FAULTS").is_some_and(|value| value == "all")
}

/// Disturbs every run at every point; returns the number of disturbances.
fn disturb_all(calls: &str, hows: &[&str]) -> usize {
    let stories = stories();
    let told: Vec<Told<'_>> = stories.iter().map(|story| told(story, calls)).collect();
    let mut work = Vec::new();
    // What lies between two changes is sampled; the changes themselves are not, where all is asked for.
    let is_change = |call: &str| traced::WRITING.split(',').any(|one| one == call);
    for one in &told {
        for (call, nth) in &one.points {
            // A lock that cannot be had is no fault of the disk.
            let fails = |how: &&&str| how.starts_with("signal") || call != "flock";
            work.extend(hows.iter().filter(fails).map(|how| (one, call.as_str(), *nth, *how)));
        }
    }
    let mut counts = [0, 0];
    let (change, between) = if everything() { (1, 6) } else { (4, 40) };
    work.retain(|(_, call, _, _)| {
        let (at, step) = if is_change(call) { (0, change) } else { (1, between) };
        counts[at] += 1;
        counts[at] % step == 0
    });
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((told, call, nth, how)) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                    wrong.lock().unwrap().extend(disturb(told, call, *nth, how));
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), work.len(), wrong.join("\n"));
    let said = format!("{} runs disturbed by {hows:?}\n", work.len());
    let _ = std::io::Write::write_all(&mut std::io::stderr(), said.as_bytes());
    work.len()
}

#[test]
fn a_run_may_be_killed_anywhere() {
    if !traced::available() {
        return;
    }
    let killed = disturb_all(traced::BETWEEN, &["signal=KILL"]);
    assert!(killed >= if everything() { 500 } else { 50 }, "only {killed} kills");
}

#[test]
fn a_disk_may_refuse_anything() {
    if !traced::available() {
        return;
    }
    let refused = disturb_all(traced::WRITING, &["error=ENOSPC", "error=EIO"]);
    assert!(refused >= if everything() { 300 } else { 50 }, "only {refused} refusals");
}

/// A repository with a history, a configuration and owners.
fn with_history(directory: &Path) {
    shop(directory);
    let repo = crate::git::Repo::new().expect("whoever has strace has git");
    copy_tree(&directory.join("root"), repo.path());
    repo.write("CODEOWNERS", "* @org/team\n");
    repo.write(".gitignore", "target\n");
    repo.write("fitcheck.toml", "exclude = [\"docs/**\"]\n");
    repo.commit(0, ("A Person", "a@example.com"), "one");
    std::fs::remove_dir_all(directory.join("root")).unwrap();
    std::fs::create_dir(directory.join("root")).unwrap();
    copy_tree(repo.path(), &directory.join("root"));
}

/// Whatever cannot be opened: the run says so and does not pass, or it never needed it.
#[test]
fn what_cannot_be_opened_is_told() {
    if !traced::available() {
        return;
    }
    let text = words("--strict --no-cache --exit-zero --threads 1 --format json @/root");
    let told = |more: &[&str]| {
        let directory = tempfile::tempdir().unwrap();
        with_history(directory.path());
        let output = run_under(directory.path(), &text, "openat", more);
        let log = std::fs::read_to_string(directory.path().join("log")).unwrap();
        let stdout = without_time(&output.stdout).replace(directory.path().to_str().unwrap(), "@");
        (output, stdout, log, directory)
    };
    let (whole, expected, log, _kept) = told(&[]);
    assert_eq!(whole.status.code(), Some(0), "{}", String::from_utf8_lossy(&whole.stderr));
    let (mut wrong, mut seen) = (Vec::new(), std::collections::BTreeSet::new());
    for nth in 1..=traced::most_opened(&log) {
        let (output, stdout, log, directory) = told(&["-e", &format!("inject=openat:error=EIO:when={nth}")]);
        let unread = unread(&log, directory.path());
        let said = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            // What is opened again to show its lines was read before; what is read of `.git` makes the history known.
            Some(0) if stdout != expected => {
                let report = String::from_utf8_lossy(&output.stdout);
                let is_partial = !stdout.contains("\"status\": \"full\"");
                let is_told = |path: &&String| path.starts_with(".git/") && is_partial || skips(&report, path);
                let missed = unread.iter().filter(|path| !is_told(path));
                wrong.extend(missed.map(|path| format!("{nth}: exit 0 without `{path}`")));
                if unread.is_empty() {
                    wrong.push(format!("{nth}: another report"));
                }
            }
            Some(0) => {}
            Some(2) if said.contains("error") => {
                let report = String::from_utf8_lossy(&output.stdout);
                let is_report = report.starts_with('{');
                // Ignore rules that are not read hide nothing.
                let costs = |path: &&String| !path.starts_with(".git/") && !path.ends_with(".gitignore");
                let missed = unread.iter().filter(|path| is_report && costs(path) && !skips(&report, path));
                wrong.extend(missed.map(|path| format!("{nth}: `{path}` is not listed")));
            }
            // The system's loader has not got as far as to us.
            Some(127) if unread.is_empty() => {}
            other => wrong.push(format!("{nth}: ended with {other:?}: {said}")),
        }
        seen.extend(unread);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for path in ["fitcheck.toml", "CODEOWNERS", "crud-service/src/main.rs", "crud-service", ".git/HEAD"] {
        assert!(seen.contains(path), "`{path}` was never refused: {seen:?}");
    }
}

fn cached(root: &Path, home: &Path, words: &[&str]) -> Command {
    let mut command = alone();
    command.args(["--exit-zero", "--format", "json", "--threads", "2"]).args(words).arg(root);
    command.env("HOME", home).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn finished(child: std::process::Child) -> String {
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    without_time(&output.stdout)
}

#[test]
fn runs_at_once_over_one_cache_agree() {
    let directory = tempfile::tempdir().unwrap();
    shop(directory.path());
    let (root, cache) =
        (directory.path().join("root"), format!("--cache-dir={}", directory.path().join("cache").display()));
    let start = |words: &[&str]| cached(&root, directory.path(), words).spawn().unwrap();
    for round in 0..50 {
        std::fs::write(root.join("crud-service/src/round.rs"), format!("pub const ROUND: u32 = {round};\n")).unwrap();
        let pair = [start(&[&cache]), start(&[&cache])];
        let expected = finished(start(&["--no-cache"]));
        for child in pair {
            assert_eq!(finished(child), expected, "round {round}");
        }
    }
    std::fs::remove_dir_all(directory.path().join("cache")).unwrap();
    let expected = finished(start(&["--no-cache"]));
    let crowd: Vec<_> = (0..32).map(|_| start(&[&cache])).collect();
    for child in crowd {
        assert_eq!(finished(child), expected);
    }
    assert_eq!(finished(start(&[&cache])), expected);
    assert_eq!(leftovers(directory.path()), Vec::<PathBuf>::new());
}

/// The next of a fixed sequence of numbers.
fn next(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    ((*state >> 33) as usize) % below.max(1)
}

/// Damages a file in one of the ways of disks and of people.
fn damage(bytes: &mut Vec<u8>, state: &mut u64) {
    let at = next(state, bytes.len());
    match next(state, 6) {
        0 => bytes[at] ^= 1 << next(state, 8),
        1 => bytes.truncate(at),
        2 => bytes[at..].fill(0),
        3 => {
            let other = next(state, bytes.len());
            bytes.swap(at, other);
        }
        4 => bytes[..16.min(at)].fill(0xff),
        _ => bytes.extend(vec![0xa5; at]),
    }
}

#[test]
fn a_damaged_cache_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    shop(directory.path());
    let (root, cache) = (directory.path().join("root"), directory.path().join("cache"));
    let with = format!("--cache-dir={}", cache.display());
    let start = |words: &[&str]| finished(cached(&root, directory.path(), words).spawn().unwrap());
    let expected = start(&["--no-cache"]);
    let mut state = 7;
    for round in 0..60 {
        assert_eq!(start(&[&with]), expected, "round {round}");
        let files = std::fs::read_dir(&cache).unwrap().flatten().map(|entry| entry.path());
        for file in files.filter(|file| file.is_file()) {
            let mut bytes = std::fs::read(&file).unwrap();
            if !bytes.is_empty() {
                damage(&mut bytes, &mut state);
                std::fs::write(&file, bytes).unwrap();
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn clocks_may_jump() {
    use std::time::{Duration, SystemTime};
    let directory = tempfile::tempdir().unwrap();
    shop(directory.path());
    let (root, cache) = (directory.path().join("root"), directory.path().join("cache"));
    let with = format!("--cache-dir={}", cache.display());
    let start = |words: &[&str]| finished(cached(&root, directory.path(), words).spawn().unwrap());
    let expected = start(&["--no-cache"]);
    assert_eq!(start(&[&with]), expected);
    let file = root.join("crud-service/src/main.rs");
    let times = [Duration::ZERO, Duration::from_secs(4_000_000_000), Duration::from_secs(1)];
    for (nth, since) in times.into_iter().enumerate() {
        let when = SystemTime::UNIX_EPOCH + since;
        for path in walk(&cache).into_iter().chain([file.clone()]) {
            let _ = std::fs::File::options().write(true).open(path).unwrap().set_modified(when);
        }
        assert_eq!(start(&[&with]), expected, "time {nth}");
    }
    // Another content of the same length at the same moment.
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("sqlx", "xlqs")).unwrap();
    std::fs::File::options().write(true).open(&file).unwrap().set_modified(SystemTime::UNIX_EPOCH + times[2]).unwrap();
    assert_eq!(start(&[&with]), start(&["--no-cache"]));
}

fn walk(directory: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(directory).unwrap().flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect()
}

/// What the system may say about one file while the tree is being read.
const TROUBLES: &[(&str, &str, &str)] = &[
    ("it vanished", "inject=openat:error=ENOENT", "cannot be read"),
    ("it may not be read", "inject=openat:error=EACCES", "cannot be read"),
    ("it has become a link", "inject=openat:error=ELOOP", "cannot be read"),
    ("the disk fails", "inject=read:error=EIO", "cannot be read"),
];

#[test]
fn trouble_with_one_file_is_told_and_costs_that_file_alone() {
    if !traced::available() {
        return;
    }
    for (name, inject, reason) in TROUBLES {
        let directory = tempfile::tempdir().unwrap();
        shop(directory.path());
        let file = directory.path().join("root/crud-service/src/main.rs");
        let text = words("--strict --no-cache --format json @/root");
        let output = run_under(directory.path(), &text, "openat,read", &["-P", file.to_str().unwrap(), "-e", inject]);
        assert_eq!(output.status.code(), Some(2), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let skipped = &report["skipped"][0];
        assert_eq!(skipped["path"], "crud-service/src/main.rs", "{name}");
        assert!(skipped["reason"].as_str().unwrap().contains(reason), "{name}: {skipped}");
        assert_eq!(report["skipped"].as_array().unwrap().len(), 1, "{name}");
    }
}

#[test]
fn a_file_that_changes_while_it_is_read_is_told() {
    if !traced::available() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    shop(directory.path());
    let file = directory.path().join("root/crud-service/src/main.rs");
    let text = words("--no-cache --exit-zero --format json @/root");
    let log = directory.path().join("log");
    let slow = ["-P", file.to_str().unwrap(), "-e", "inject=read:delay_exit=1500000"];
    let mut command = traced::strace(&log, "openat,read", &slow);
    command.args(arguments(directory.path(), &text)).stdout(Stdio::piped()).stderr(Stdio::null());
    set(&mut command, directory.path());
    let child = command.spawn().unwrap();
    // The log names the file once it is open; then its content changes under the reader.
    for _ in 0..200 {
        std::thread::sleep(std::time::Duration::from_millis(20));
        if std::fs::read_to_string(&log).is_ok_and(|log| log.contains("main.rs")) {
            break;
        }
    }
    std::fs::write(&file, "fn main() {}\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["skipped"].to_string().contains("it changed while it was read"), "{}", report["skipped"]);
}

/// A cache on a full disk, and one that cannot be written at all, in a mount namespace of our own.
#[test]
fn a_cache_without_room_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    shop(directory.path());
    let (root, cache) = (directory.path().join("root"), directory.path().join("cache"));
    std::fs::create_dir(&cache).unwrap();
    let expected = finished(cached(&root, directory.path(), &["--no-cache"]).spawn().unwrap());
    for options in ["size=4k,nr_inodes=2", "size=4k,nr_inodes=20", "ro"] {
        let script = format!("mount -t tmpfs -o {options} none \"$1\" && shift && exec \"$@\"");
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", &script, "sh"]).arg(&cache);
        let inner = cached(&root, directory.path(), &[]);
        command.arg(inner.get_program()).arg(format!("--cache-dir={}", cache.display())).args(inner.get_args());
        command.env("HOME", directory.path()).env_remove("CI");
        let Ok(output) = command.output() else { return };
        if output.status.code() != Some(0) && !output.stdout.starts_with(b"{") {
            let said = format!("SKIPPED: no mount namespace here: {}", String::from_utf8_lossy(&output.stderr));
            let _ = std::io::Write::write_all(&mut std::io::stderr(), said.as_bytes());
            return;
        }
        assert_eq!(output.status.code(), Some(0), "{options}");
        assert_eq!(without_time(&output.stdout), expected, "{options}");
    }
}
