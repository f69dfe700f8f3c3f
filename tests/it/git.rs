//! Repositories made on the spot: history against an independent script, stored trees against a walk.
//!
//! They need the programs `git` and, for one test, `python3`; where one is missing the test says so and passes.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail loudly")]

use std::path::Path;
use std::process::{Command, Stdio};

use fitcheck::finding::HistoryStatus;
use fitcheck::git::{Git, Options};
use fitcheck::history::{Layout, LeftOut, Unit, start};
use fitcheck::service::Team;
use fitcheck::tree::StoredTree;
use fitcheck::walk::{self, Filter};

/// A repository in a temporary directory, whose clock is set by hand.
pub(crate) struct Repo {
    root: tempfile::TempDir,
}

fn has(program: &str) -> bool {
    let found =
        Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success());
    if !found {
        let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("SKIPPED: no `{program}` here\n").as_bytes());
    }
    found
}

impl Repo {
    pub(crate) fn new() -> Option<Repo> {
        has("git").then(|| {
            let repo = Repo { root: tempfile::tempdir().unwrap() };
            repo.git(&["init", "-q", "-b", "main"]);
            repo
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn git(&self, words: &[&str]) -> String {
        self.git_at(0, ("A Person", "a@example.com"), words)
    }

    fn git_at(&self, time: i64, who: (&str, &str), words: &[&str]) -> String {
        let date = format!("{} +0000", 1_700_000_000 + time);
        let mut command = Command::new("git");
        command.arg("-C").arg(self.path()).args(words).env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", self.path());
        for (name, value) in [("NAME", who.0), ("EMAIL", who.1), ("DATE", &date)] {
            command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let file = self.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    pub(crate) fn commit(&self, day: i64, who: (&str, &str), message: &str) {
        self.git(&["add", "-A"]);
        self.git_at(day * 86_400, who, &["commit", "-q", "--allow-empty", "-m", message]);
    }

    fn team(&self, directories: &[&str], deep: bool) -> Option<Team> {
        let unit = Unit {
            directories: directories.iter().map(|&path| path.into()).collect(),
            deep,
            contracts: Vec::new(),
            root: directories[0].into(),
        };
        let layout = Layout { units: vec![unit], packages: Vec::new() };
        start(self.path().into(), 365, Options::default()).finish(&layout, &LeftOut::default()).units.remove(0).0
    }
}

const ANN: (&str, &str) = ("Ann Lee", "ann@example.com");
const BO: (&str, &str) = ("Bo Ray", "bo@example.com");
const BOT: (&str, &str) = ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com");

#[test]
fn a_moved_directory_keeps_its_people() {
    let Some(repo) = Repo::new() else { return };
    for n in 0..3 {
        repo.write("old/place/main.go", &format!("package main // {n}"));
        repo.write("old/place/util.go", "package main");
        repo.commit(n, ANN, "work");
    }
    repo.git(&["mv", "old/place", "new"]);
    repo.commit(400, BO, "move");
    repo.write("new/main.go", "package main // again");
    repo.commit(401, BO, "work");
    let team = repo.team(&["new"], false).unwrap();
    assert_eq!((team.contributors, team.newcomers, team.rotation, team.age_days), (1, 1, 1.0, 401));
}

#[test]
fn merges_programs_and_bulk_do_not_count() {
    let Some(repo) = Repo::new() else { return };
    repo.write("svc/main.go", "package main");
    repo.commit(0, ANN, "start");
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.write("svc/side.go", "package main");
    repo.commit(
        10,
        BO,
        "side\n\nCo-authored-by: Ann Lee <ann@example.com>\nCo-authored-by: Claude <noreply@anthropic.com>",
    );
    repo.git(&["checkout", "-q", "main"]);
    repo.write("svc/main.go", "package main // 2");
    repo.commit(11, ANN, "main");
    repo.git_at(12 * 86_400, ANN, &["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    repo.write("svc/go.sum", "x");
    repo.commit(13, BO, "a lock file alone");
    repo.write("svc/main.go", "package main // 3");
    repo.commit(14, BOT, "bump");
    for n in 0..301 {
        repo.write(&format!("svc/f{n}.go"), "package main");
    }
    repo.commit(15, BO, "import");
    let team = repo.team(&["svc"], false).unwrap();
    assert_eq!((team.commits, team.contributors), (3, 2));
    assert_eq!(team.agent_share, 0.333333);
    assert_eq!(team.ownership, 0.75);
}

#[test]
fn a_clone_that_cannot_tell_says_so() {
    let Some(repo) = Repo::new() else { return };
    for day in 0..3 {
        repo.write("a/main.go", &format!("package main // {day}"));
        repo.commit(day, ANN, "work");
    }
    let told = |root: &Path| {
        let layout =
            Layout { units: vec![Unit { directories: vec!["a".into()], ..Unit::default() }], packages: vec![] };
        start(root.into(), 365, Options::default()).finish(&layout, &LeftOut::default())
    };
    let young = told(repo.path());
    assert_eq!(young.summary.status, HistoryStatus::Full);
    assert!(young.summary.remedy.unwrap().contains("younger than the window"));
    let clone = tempfile::tempdir().unwrap();
    let url = format!("file://{}", repo.path().display());
    let to = |name: &str| clone.path().join(name).display().to_string();
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    repo.git(&["clone", "-q", "--depth", "1", &url, &to("shallow")]);
    let shallow = told(&clone.path().join("shallow"));
    assert_eq!(shallow.summary.status, HistoryStatus::Shallow);
    assert!(shallow.summary.remedy.unwrap().contains("fetch-depth: 0"));
    assert_eq!(shallow.units, [(None, None)]);
    repo.git(&["clone", "-q", "--filter=blob:none", &url, &to("blobless")]);
    let blobless = told(&clone.path().join("blobless"));
    assert_eq!((blobless.summary.status, blobless.units), (HistoryStatus::Full, young.units));
    repo.git(&["clone", "-q", "--filter=tree:0", &url, &to("treeless")]);
    let treeless = told(&clone.path().join("treeless"));
    assert_eq!(treeless.summary.status, HistoryStatus::Partial);
    assert!(treeless.summary.remedy.unwrap().contains("blob:none"));
    assert_eq!(told(clone.path()).summary.status, HistoryStatus::Absent);
}

#[test]
fn sha256_repositories_and_linked_work_trees_are_read() {
    if !has("git") {
        return;
    }
    let repo = Repo { root: tempfile::tempdir().unwrap() };
    repo.git(&["init", "-q", "--object-format=sha256", "-b", "main", "main"]);
    repo.git(&["-C", "main", "commit", "-q", "--allow-empty", "-m", "one"]);
    repo.write("main/a/main.go", "package main");
    repo.git(&["-C", "main", "add", "-A"]);
    repo.git(&["-C", "main", "commit", "-q", "-m", "two"]);
    repo.git(&["-C", "main", "worktree", "add", "-q", "../other"]);
    for root in ["main", "other"] {
        let layout =
            Layout { units: vec![Unit { directories: vec!["a".into()], ..Unit::default() }], packages: vec![] };
        let told = start(repo.path().join(root), 365, Options::default()).finish(&layout, &LeftOut::default());
        assert_eq!(told.units[0].0.as_ref().unwrap().commits, 1, "{root}");
        assert_eq!(told.revision.unwrap().len(), 64);
    }
}

#[test]
fn figures_equal_those_of_an_independent_script() {
    let Some(repo) = Repo::new() else { return };
    if !has("python3") {
        return;
    }
    let people = [
        ANN,
        BO,
        ("Cy Dow", "cy@example.com"),
        ("cy", "9+cydow@users.noreply.github.com"),
        ("Cy Dow", "9+cydow@users.noreply.github.com"),
        BOT,
        ("Claude", "noreply@anthropic.com"),
        ("D Eve", "eve@example.com"),
    ];
    repo.write(".mailmap", "Ann Lee <ann@example.com> <eve@example.com>\n");
    // A generator with a fixed seed: the same repository every time.
    let mut state = 42_u64;
    let mut next = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let places =
        ["a/x.go", "a/b/y.go", "c/lib.rs", "c/src/z.rs", "c/vendor/v.rs", "c/gen.pb.rs", "api/v1.proto", "d/w.go"];
    for step in 0..120_i64 {
        for _ in 0..1 + next(3) {
            let place = places[next(places.len() as u64) as usize];
            if next(6) == 0 {
                let _ = std::fs::remove_file(repo.path().join(place));
            } else {
                repo.write(place, &format!("{}", next(1 << 30)));
            }
        }
        let message = match next(5) {
            0 => "work\n\nCo-authored-by: Bo Ray <bo@example.com>\nCo-authored-by: x[bot] <x@y>",
            1 => "work\n\nAssisted-by: a model",
            _ => "work",
        };
        repo.commit(step * 7, people[next(people.len() as u64) as usize], message);
    }
    let units = ["a", "a,a/b", "deep:c;api/v1.proto", "d,a"];
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/team.py");
    let told = Command::new("python3").arg(script).arg(repo.path()).arg("365").args(units).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let expected = String::from_utf8(told.stdout).unwrap();
    assert_eq!(figures(repo.path(), &units), expected);
}

fn figures(root: &Path, units: &[&str]) -> String {
    let list = |text: &str| {
        text.split(',').filter(|part| !part.is_empty()).map(std::sync::Arc::<str>::from).collect::<Vec<_>>()
    };
    let units: Vec<Unit> = units
        .iter()
        .map(|word| {
            let (directories, contracts) = word.split_once(';').unwrap_or((word, ""));
            let directories = list(directories.trim_start_matches("deep:"));
            let root = directories[0].clone();
            Unit { directories, deep: word.starts_with("deep:"), contracts: list(contracts), root }
        })
        .collect();
    let layout = Layout { units, packages: Vec::new() };
    let told = start(root.into(), 365, Options::default()).finish(&layout, &LeftOut::default());
    let mut lines = String::new();
    for (unit, (team, spec)) in layout.units.iter().zip(told.units) {
        let team = team.unwrap();
        lines.push_str(&format!(
            "{} contributors={} newcomers={} departed={} rotation={:.6} bus_factor={} newcomer_share={:.6} attrition={:.6} ownership={:.6} commits={} agent_share={:.6}",
            unit.directories[0], team.contributors, team.newcomers, team.departed, team.rotation, team.bus_factor,
            team.newcomer_share, team.attrition, team.ownership, team.commits, team.agent_share
        ));
        if let Some(spec) = spec {
            lines.push_str(&format!(" weeks={}", spec.active_weeks));
        }
        lines.push('\n');
    }
    lines
}

#[test]
fn a_stored_tree_lists_what_a_walk_of_its_checkout_lists() {
    let Some(repo) = Repo::new() else { return };
    for path in
        ["main.go", "a/b.go", "a/c/d.rs", "vendor/x/y.go", "testdata/z.go", "keep/log.yaml", "docs/ä.md", "odd.bin"]
    {
        repo.write(path, path);
    }
    repo.write(".gitignore", "*.yaml\n!keep/*.yaml\n/gone/\n");
    repo.write("a/.gitignore", "c/\n");
    repo.write("a/.ignore", "!c/\n");
    for path in ["gone/x.go", "top.yaml", "a/e.yaml"] {
        repo.write(path, path);
    }
    repo.git(&["add", "-f", "."]);
    repo.git(&["commit", "-q", "-m", "all"]);
    let git = Git::open(repo.path(), Options::default()).unwrap();
    let head = git.commit("HEAD").unwrap().unwrap();
    let filter = Filter { tracked: fitcheck::git::index::Index::open(&git), ..Filter::default() };
    let walked = walk::walk(repo.path(), 1, &filter);
    for tree in [StoredTree::of_commit(&git, head, &filter).unwrap(), StoredTree::of_index(&git, &filter).unwrap()] {
        assert_eq!(tree.walked.entries, walked.entries);
        assert_eq!(tree.walked.names, walked.names);
        assert_eq!(tree.walked.problems, walked.problems);
        let mut buffer = Vec::new();
        let nth = tree.walked.entries.iter().position(|entry| &*entry.path == "a/b.go").unwrap();
        assert_eq!(tree.contents().load(tree.id(nth), 1 << 20, &mut buffer), Ok("a/b.go"));
    }
    assert_eq!(git.commit("no-such-thing").unwrap(), None);
    let below = Git::open(&repo.path().join("a"), Options::default()).unwrap();
    let tree = StoredTree::of_commit(&below, head, &filter).unwrap();
    assert_eq!(
        tree.walked.entries,
        walk::walk(
            &repo.path().join("a"),
            1,
            &Filter { tracked: fitcheck::git::index::Index::open(&below), ..Filter::default() }
        )
        .entries
    );
    assert_eq!(tree.walked.entries.len(), 3);
}

#[test]
fn age_goes_back_behind_the_windows_and_through_moves() {
    let Some(repo) = Repo::new() else { return };
    repo.write("README.md", "x");
    repo.commit(0, ANN, "start");
    for name in ["main.go", "a.go", "b.go"] {
        repo.write(&format!("first/{name}"), name);
    }
    repo.write("api/v1.proto", "syntax = \"proto3\";");
    repo.commit(100, ANN, "a service");
    repo.git(&["mv", "first", "second"]);
    repo.git(&["mv", "api/v1.proto", "api.proto"]);
    repo.commit(500, ANN, "move");
    for day in [600, 900, 1500, 2000] {
        repo.write("second/main.go", &format!("{day}"));
        repo.commit(day, ANN, "work");
    }
    let unit = Unit {
        directories: vec!["second".into()],
        contracts: vec!["api.proto".into()],
        root: "second".into(),
        ..Unit::default()
    };
    let layout = Layout { units: vec![unit], packages: vec![] };
    let up_to = |root: &Path, older_days: u32| {
        let left_out = LeftOut { older_days, ..LeftOut::default() };
        start(root.into(), 365, Options::default()).finish(&layout, &left_out)
    };
    let told = |root: &Path| up_to(root, 3650);
    let (team, spec) = told(repo.path()).units.remove(0);
    let (team, spec) = (team.unwrap(), spec.unwrap());
    assert_eq!((team.age_days, team.age_at_least), (1900, false));
    assert_eq!((spec.age_days, spec.age_at_least), (1900, false));
    // Nobody asks further than five years, unless a policy does.
    for (days, expected) in [(1826, (1826, true)), (1899, (1899, true)), (1900, (1900, false))] {
        let (team, spec) = up_to(repo.path(), days).units.remove(0);
        let (team, spec) = (team.unwrap(), spec.unwrap());
        assert_eq!((team.age_days, team.age_at_least), expected);
        assert_eq!((spec.age_days, spec.age_at_least), expected);
    }
    // A clone that ends before the start says so.
    let clone = tempfile::tempdir().unwrap();
    let to = clone.path().join("deep");
    let url = format!("file://{}", repo.path().display());
    repo.git(&["clone", "-q", "--depth", "4", &url, &to.display().to_string()]);
    let deep = told(&to);
    let team = deep.units[0].0.as_ref().unwrap();
    assert_eq!((deep.summary.status, team.age_days, team.age_at_least), (HistoryStatus::Full, 1400, true));
}

#[test]
fn owners_are_active_gone_or_unknown() {
    let Some(repo) = Repo::new() else { return };
    repo.write("svc/main.go", "1");
    repo.write("CODEOWNERS", "/svc/ @annlee bo@example.com @org/team @nobody-knows never@example.com\n");
    repo.commit(0, BO, "start");
    repo.write("svc/main.go", "2");
    repo.commit(300, BO, "work");
    repo.write("elsewhere/x.go", "3");
    repo.commit(700, ("Ann Lee", "7+annlee@users.noreply.github.com"), "elsewhere");
    let team = repo.team(&["svc"], false).unwrap();
    assert_eq!((team.owners, team.owners_active, team.owners_gone), (5, 1, 1));
}

#[test]
fn a_team_names_its_own_programs_and_imports() {
    let Some(repo) = Repo::new() else { return };
    repo.write("svc/main.go", "1");
    repo.commit(0, ANN, "start");
    repo.write("svc/main.go", "2");
    repo.commit(1, ("Release Train", "train@example.com"), "release");
    for n in 0..20 {
        repo.write(&format!("svc/f{n}.go"), "x");
    }
    repo.commit(2, BO, "import");
    let unit = Unit { directories: vec!["svc".into()], root: "svc".into(), ..Unit::default() };
    let layout = Layout { units: vec![unit], packages: vec![] };
    let contributors = |left_out: LeftOut| {
        let told = start(repo.path().into(), 365, Options::default()).finish(&layout, &left_out);
        told.units[0].0.as_ref().unwrap().contributors
    };
    assert_eq!(contributors(LeftOut::default()), 3);
    assert_eq!(contributors(LeftOut { bots: vec!["TRAIN@example.com".into()], ..LeftOut::default() }), 2);
    assert_eq!(contributors(LeftOut { bots: vec!["release train".into()], bulk_files: 19, ..LeftOut::default() }), 1);
    // The same through the configuration.
    repo.write("go.mod", "module example.com/m\n\ngo 1.24\n");
    repo.write("svc/main.go", "package main\n\nfunc main() {}\n");
    repo.write("fitcheck.toml", "[history]\nbots = [\"Release Train\"]\nbulk-files = 19\n");
    repo.commit(3, ANN, "a module");
    let mut options = fitcheck::check::Options::new(repo.path());
    let contributors = |options: &fitcheck::check::Options| {
        fitcheck::check::check(options).unwrap().services[0].service.team.as_ref().unwrap().contributors
    };
    assert_eq!(contributors(&options), 1);
    let plain = tempfile::NamedTempFile::new().unwrap();
    options.config = Some(plain.path().into());
    assert_eq!(contributors(&options), 3);
}
