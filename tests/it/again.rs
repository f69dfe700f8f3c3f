//! Runs that are told again: the same bytes as a run that reads everything, whatever changed in between.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail loudly")]
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::time::Duration;

use fitcheck::git::Options;
use fitcheck::history::{self, Layout, LeftOut, Unit};

use crate::git::Repo;

struct Runs<'r> {
    repo: &'r Repo,
    /// Whether a machine checks every commit.
    ci: bool,
    elsewhere: tempfile::TempDir,
}

impl<'r> Runs<'r> {
    fn of(repo: &'r Repo) -> Runs<'r> {
        Runs { repo, ci: false, elsewhere: tempfile::tempdir().unwrap() }
    }

    fn run(&self, words: &[&str]) -> String {
        let mut command = assert_cmd::Command::cargo_bin("fitcheck").unwrap();
        command.args(["--format", "json", "--exit-zero", "--all"]).args(words).arg(self.repo.path());
        command.env("FITCHECK_CACHE_KEY", "a test").env_remove("CI").env("HOME", self.elsewhere.path());
        if self.ci {
            command.env("CI", "true");
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        report["stats"]["elapsed_ms"] = 0.into();
        report.to_string()
    }

    fn cached(&self, words: &[&str]) -> String {
        let directory = self.elsewhere.path().join("cache").display().to_string();
        self.run(&[&["--cache-dir", &directory], words].concat())
    }

    fn plain(&self, words: &[&str]) -> String {
        self.run(&[&["--no-cache"], words].concat())
    }

    /// Lets everything that was written become old enough to be told apart from what comes.
    fn settle(&self) {
        std::thread::sleep(Duration::from_millis(80));
    }

    /// Forgets the facts of files: a run that reads any makes them anew.
    fn forget_facts(&self) {
        for entry in fs::read_dir(self.elsewhere.path().join("cache")).unwrap().flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "facts") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
    }

    fn has_facts(&self) -> bool {
        let mut entries = fs::read_dir(self.elsewhere.path().join("cache")).unwrap().flatten();
        entries.any(|entry| entry.path().extension().is_some_and(|extension| extension == "facts"))
    }
}

fn main_go(extra: &str) -> String {
    format!("package main\n\nimport \"net/http\"\n\n{extra}func main() {{\n\thttp.ListenAndServe(\":80\", nil)\n}}\n")
}

fn start() -> Option<Repo> {
    let repo = Repo::new()?;
    repo.write("go.mod", "module example.com/m\n\ngo 1.24\n");
    repo.write("cmd/api/main.go", &main_go(""));
    repo.write("cmd/api/slo.yaml", "latency_budget: 5ms\n");
    repo.write("README.md", "Answers within 900 µs.\n");
    repo.commit(0, ("Ann Lee", "ann@example.com"), "start");
    Some(repo)
}

#[test]
fn an_unchanged_tree_is_not_read_again() {
    let Some(repo) = start() else { return };
    let runs = Runs::of(&repo);
    runs.settle();
    let plain = runs.plain(&[]);
    assert_eq!(runs.cached(&[]), plain);
    runs.forget_facts();
    assert_eq!(runs.cached(&[]), plain);
    assert!(!runs.has_facts(), "it was read again");
    // Another question is another run, and a comparison is made because something has changed.
    for words in [&["--no-allow"][..], &["--base", "HEAD"]] {
        assert_eq!(runs.cached(words), runs.plain(words));
        assert!(runs.has_facts(), "{words:?}");
        runs.forget_facts();
    }
}

#[test]
fn whatever_changes_is_seen() {
    let Some(repo) = start() else { return };
    let runs = Runs::of(&repo);
    let at = |path: &str| repo.path().join(path);
    let changes: &[(&str, &dyn Fn())] = &[
        ("nothing", &|| ()),
        ("content of the same length and age", &|| {
            let old = fs::metadata(at("go.mod")).unwrap().modified().unwrap();
            repo.write("go.mod", "module example.com/m\n\ngo 1.23\n");
            fs::File::options().write(true).open(at("go.mod")).unwrap().set_modified(old).unwrap();
        }),
        ("an untracked file", &|| repo.write("cmd/api/extra.go", &main_go("import \"C\"\n"))),
        ("a new service in new directories", &|| repo.write("cmd/new/deep/main.go", &main_go(""))),
        ("a rename", &|| fs::rename(at("cmd/new"), at("cmd/other")).unwrap()),
        ("ignore rules", &|| repo.write(".gitignore", "cmd/other\n")),
        ("changed ignore rules", &|| repo.write(".gitignore", "cmd/extra\n")),
        ("ignore rules that ignore themselves", &|| repo.write("cmd/other/.ignore", "*\n")),
        ("a change of those", &|| repo.write("cmd/other/.ignore", "x\n")),
        ("git's own list", &|| {
            fs::create_dir_all(at(".git/info")).unwrap();
            fs::write(at(".git/info/exclude"), "deep\n").unwrap();
        }),
        ("a file becomes a link", &|| {
            fs::remove_file(at("README.md")).unwrap();
            std::os::unix::fs::symlink("go.mod", at("README.md")).unwrap();
        }),
        ("vendored code", &|| repo.write("vendor/x/x.go", "package x\n")),
        ("more of it", &|| repo.write("vendor/x/y.go", "package x\n")),
        ("a commit", &|| repo.commit(3, ("Bo Ek", "bo@example.com"), "more")),
        ("configuration", &|| repo.write("fitcheck.toml", "[policy.tail-latency]\nlevel = \"off\"\n")),
        ("a service's own", &|| {
            repo.write("cmd/api/fitcheck.toml", "[[service]]\npath = \"cmd/api\"\nrole = \"job\"\n");
        }),
        ("a removal", &|| fs::remove_file(at("cmd/api/slo.yaml")).unwrap()),
    ];
    for (nth, (what, change)) in changes.iter().enumerate() {
        change();
        // Once right away, when everything is young, and twice later, when it is told again.
        let words = if nth % 3 == 2 { &["--base", "HEAD"][..] } else { &[] };
        let plain = runs.plain(words);
        assert_eq!(runs.cached(words), plain, "after {what}");
        runs.settle();
        assert_eq!(runs.cached(words), plain, "later after {what}");
        assert_eq!(runs.cached(words), plain, "again after {what}");
    }
}

#[test]
fn many_at_once_and_broken_files_change_nothing() {
    let Some(repo) = start() else { return };
    let runs = Runs::of(&repo);
    runs.settle();
    let plain = runs.plain(&[]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(runs.cached(&[]), plain));
        }
    });
    let cache = runs.elsewhere.path().join("cache");
    let garble = |path: &Path| {
        let mut bytes = fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        if let Some(byte) = bytes.get_mut(middle) {
            *byte ^= 1;
        }
        fs::write(path, bytes).unwrap();
    };
    for entry in fs::read_dir(&cache).unwrap().flatten() {
        garble(&entry.path());
    }
    assert_eq!(runs.cached(&[]), plain);
    let mut locked = fs::metadata(&cache).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut locked, 0o500);
    fs::set_permissions(&cache, locked.clone()).unwrap();
    repo.write("cmd/api/main.go", &main_go("import \"C\"\n"));
    assert_eq!(runs.cached(&[]), runs.plain(&[]));
    std::os::unix::fs::PermissionsExt::set_mode(&mut locked, 0o700);
    fs::set_permissions(&cache, locked).unwrap();
}

/// The older half of many commits is compared on a second thread, as if nothing had moved in the newer one.
#[test]
fn two_threads_tell_the_history_that_one_tells() {
    for moves in [vec![30], vec![5], vec![5, 30]] {
        let Some(repo) = Repo::new() else { return };
        let place = |day: i64| format!("s{}", moves.iter().filter(|&&moved| moved <= day).count());
        for day in 0..36 {
            if moves.contains(&day) {
                fs::rename(repo.path().join(place(day - 1)), repo.path().join(place(day))).unwrap();
            }
            for file in 0..4 {
                let age = if file == 0 { day } else { 0 };
                repo.write(&format!("{}/f{file}.go", place(day)), &format!("package s // {file} {age}\n"));
            }
            repo.commit(day, [("Ann Lee", "ann@example.com"), ("Bo Ek", "bo@example.com")][day as usize % 2], "work");
        }
        let unit = Unit { directories: vec![place(35).into()], root: place(35).into(), ..Unit::default() };
        let layout = Layout { units: vec![unit], packages: Vec::new() };
        let told = |threads| {
            let pending = history::start(repo.path().into(), 365, Options::default()).on(threads);
            pending.finish(&layout, &LeftOut::default()).units
        };
        let one = told(1);
        assert_eq!(one, told(2), "moved at {moves:?}");
        assert_eq!(one[0].0.as_ref().map(|team| team.commits), Some(36), "moved at {moves:?}");
    }
}

#[test]
fn commits_and_bases_that_were_read_before_are_told_the_same() {
    let Some(repo) = start() else { return };
    let runs = Runs { ci: true, ..Runs::of(&repo) };
    let people = [
        ("Ann Lee", "ann@example.com"),
        ("Bo Ek", "bo@example.com"),
        ("Cy Oh", "cy@example.com"),
        // Later some of them come under other names and addresses, and one is somebody else.
        ("ann", "7+annlee@users.noreply.github.com"),
        ("Ann Lee", "7+annlee@users.noreply.github.com"),
        ("Cy Oh", "cyoh@elsewhere.example"),
        ("bo", "bo@elsewhere.example"),
    ];
    let mut home = "cmd/api";
    for day in 1..=48_u32 {
        let moved = [(14, "services/api"), (30, "apps/api"), (31, "cmd/api")].iter().find(|(at, _)| *at == day);
        if let Some((_, to)) = moved {
            fs::create_dir_all(repo.path().join(to).parent().unwrap()).unwrap();
            fs::rename(repo.path().join(home), repo.path().join(to)).unwrap();
            home = to;
        }
        repo.write(&format!("{home}/day.go"), &format!("package main\n\n// {day}\n"));
        let message = if day % 4 == 0 { "More\n\nCo-authored-by: Di Po <di@example.com>\n" } else { "Work" };
        repo.commit(day.into(), people[day as usize % if day < 21 { 3 } else { 7 }], message);
        match day {
            10 => repo.write("CODEOWNERS", "* @annlee bo@example.com cy@example.com @example/team\n"),
            40 => repo.write(".mailmap", "Ann Lee <ann@example.com> Bo Ek <bo@example.com>\n"),
            _ => {}
        }
        if day % 6 == 0 {
            let words = if day % 4 == 0 { &["--base", "HEAD~2"][..] } else { &[] };
            runs.settle();
            assert_eq!(runs.cached(words), runs.plain(words), "on day {day}");
            assert_eq!(runs.cached(&["--base", "HEAD~1"]), runs.plain(&["--base", "HEAD~1"]), "on day {day}");
        }
    }
}
