//! The same bytes for the same input, and no person in any of them.

use std::process::Command;

use fitcheck::report::Format;

use crate::fixtures::copy_tree;
use crate::git::Repo;

/// Several services with findings, and a history of people with telling names.
pub(crate) fn repository() -> Option<Repo> {
    let repo = Repo::new()?;
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for name in ["tail-latency", "embedded", "unhandled-errors", "queue-workers"] {
        let place = repo.path().join(name);
        std::fs::create_dir_all(&place).unwrap();
        copy_tree(&fixtures.join(name).join("flags"), &place);
    }
    repo.write(".mailmap", "Zacharias Zweistein <zach@planted.example> <zz@planted.example>\n");
    for day in 0..6 {
        repo.write("tail-latency/notes.txt", &format!("{day}"));
        let who = PEOPLE[day as usize % PEOPLE.len()];
        repo.commit(
            day * 40,
            who,
            "plantedsubject\n\nplantedbody\n\nCo-authored-by: Quincy Quux <quincy@planted.example>",
        );
    }
    Some(repo)
}

const PEOPLE: &[(&str, &str)] = &[
    ("Xaveria Xylander", "xaveria@planted.example"),
    ("Yvo Ypsilon", "yvo@planted.example"),
    ("Zed", "zz@planted.example"),
];

pub(crate) const PLANTED: &[&str] =
    &["Xaveria", "Xylander", "Yvo", "Ypsilon", "Zacharias", "Zweistein", "Quincy", "Quux", "planted"];

fn output(repo: &Repo, format: &str, words: &[&str], environment: &[(&str, &str)]) -> Vec<u8> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fitcheck"));
    command.args(["--no-cache", "--color", "never", "--format", format, "--all", "--verbose"]).args(words);
    command.arg(repo.path()).env_clear().envs(environment.iter().copied());
    let output = command.output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stderr));
    [output.stdout, output.stderr].concat()
}

/// How long the run took is the one thing that may differ.
pub(crate) fn without_time(bytes: &[u8]) -> String {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let mut out = String::new();
    for line in text.lines() {
        let mut rest = line;
        while let Some((before, after)) = rest.split_once("\"elapsed_ms\":") {
            out.push_str(before);
            rest = after.trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
        }
        let is_timed = |word: &&str| !(word.ends_with("ms") || word.ends_with('s')) || word.parse::<f64>().is_err();
        out.push_str(&rest.split(' ').filter(is_timed).collect::<Vec<_>>().join(" "));
        out.push('\n');
    }
    out
}

#[test]
fn threads_zones_and_languages_change_no_byte() {
    let Some(repo) = repository() else { return };
    type Variant = (&'static [&'static str], &'static [(&'static str, &'static str)]);
    let variants: [Variant; 5] = [
        (&["--threads", "1"], &[]),
        (&["--threads", "2"], &[("TZ", "Asia/Kathmandu"), ("LANG", "de_DE.UTF-8")]),
        (&["--threads", "8"], &[("TZ", "America/St_Johns"), ("LC_ALL", "tr_TR.UTF-8")]),
        (&["--threads", "8"], &[("LC_ALL", "C"), ("TZ", "no such zone")]),
        (&["--threads", "3"], &[("RUST_BACKTRACE", "full"), ("RUST_LOG", "trace"), ("HOME", "/nonexistent")]),
    ];
    for format in ["json", "sarif", "markdown", "csv"] {
        let first = without_time(&output(&repo, format, variants[0].0, variants[0].1));
        for (words, environment) in &variants[1..] {
            let again = without_time(&output(&repo, format, words, environment));
            assert!(first == again, "{format} with {words:?} and {environment:?} differs");
        }
    }
}

/// Every mix of threads, cache, languages and zones. `FITCHECK_RUNS` asks for more runs, `FITCHECK_REPOSITORY` for
/// another repository, `FITCHECK_BINARY` for another build.
#[test]
fn every_run_writes_the_same_bytes() {
    let Some(repo) = repository() else { return };
    let root = std::env::var_os("FITCHECK_REPOSITORY").map_or(repo.path().to_path_buf(), std::path::PathBuf::from);
    let runs = std::env::var("FITCHECK_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(18);
    let cache = tempfile::tempdir().unwrap();
    let places = [("C", "UTC"), ("de_DE.UTF-8", "Asia/Kathmandu"), ("tr_TR.UTF-8", "America/St_Johns")];
    let program = std::env::var_os("FITCHECK_BINARY").unwrap_or(env!("CARGO_BIN_EXE_fitcheck").into());
    let run = |nth: usize| {
        let (language, zone) = places[nth / 6 % 3];
        let mut command = Command::new(&program);
        command.args(["--format", "json", "--threads", ["1", "2", "8"][nth % 3], "--no-strict"]).env_clear();
        command.envs([("LC_ALL", language), ("TZ", zone), ("FITCHECK_CACHE_KEY", "steady")]);
        match nth / 3 % 2 {
            0 => command.arg("--no-cache"),
            _ => command.arg("--cache-dir").arg(cache.path()),
        };
        let output = command.arg(&root).output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stderr));
        without_time(&output.stdout)
    };
    let first = run(0);
    for nth in 1..runs {
        assert!(run(nth) == first, "run {nth} differs");
    }
}

/// A file system tells names in any order: trees that were made forwards and backwards.
#[test]
fn the_order_of_a_directory_changes_no_byte() {
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut files = Vec::new();
    for name in ["tail-latency", "embedded", "unhandled-errors", "queue-workers"] {
        let mut open = vec![fixtures.join(name).join("flags")];
        while let Some(directory) = open.pop() {
            for entry in std::fs::read_dir(directory).unwrap().flatten() {
                match entry.file_type().unwrap().is_dir() {
                    true => open.push(entry.path()),
                    false => files.push(entry.path()),
                }
            }
        }
    }
    let mut told = Vec::new();
    for _ in 0..2 {
        files.reverse();
        let root = tempfile::tempdir().unwrap();
        for file in &files {
            let place = root.path().join(file.strip_prefix(&fixtures).unwrap());
            std::fs::create_dir_all(place.parent().unwrap()).unwrap();
            std::fs::copy(file, place).unwrap();
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_fitcheck"));
        command.args(["--no-cache", "--format", "json", "--no-strict"]).arg(root.path()).env_clear();
        told.push(without_time(&command.output().unwrap().stdout));
    }
    assert!(told[0] == told[1] && told[0].len() > 1_000);
}

#[test]
fn no_person_is_in_any_output() {
    let Some(repo) = repository() else { return };
    for format in Format::ALL {
        let text = String::from_utf8_lossy(&output(&repo, format.name, &[], &[])).into_owned();
        for word in PLANTED {
            assert!(!text.contains(word), "{} holds {word}", format.name);
        }
    }
    for command in [&["services"][..], &["explain", "tail-latency"]] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_fitcheck"));
        let output = program.args(command).arg("--no-cache").arg(repo.path()).env_clear().output().unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        for word in PLANTED {
            assert!(!text.contains(word), "{command:?} tells {word}");
        }
    }
}
