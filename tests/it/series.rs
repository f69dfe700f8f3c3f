//! Series of commits put together at random: a comparison with a base is two full runs compared.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail loudly")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use fitcheck::check::{Options, Tree, check};
use fitcheck::finding::{Finding, Report, Status};
use fitcheck::policy::builtin;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::git::Repo;

/// What one commit does to one of three services.
#[derive(Clone, Debug)]
enum Step {
    Write {
        limit: usize,
        cgo: bool,
    },
    RenameDirectory,
    RenameFile,
    Delete,
    /// Back to how everything stood so many commits ago.
    Revert(usize),
    Executable,
    /// A file becomes a link to another, or a file again.
    Link,
    Elsewhere,
}

const LIMITS: [&str; 3] = ["0.0009", "0.02", "0.5"];
const NAMES: [&str; 3] = ["door", "api", "worker"];

fn step() -> impl Strategy<Value = (usize, Step)> {
    let step = prop_oneof![
        4 => (0..LIMITS.len(), any::<bool>()).prop_map(|(limit, cgo)| Step::Write { limit, cgo }),
        2 => Just(Step::RenameDirectory),
        2 => Just(Step::RenameFile),
        1 => Just(Step::Delete),
        2 => (1..4_usize).prop_map(Step::Revert),
        1 => Just(Step::Executable),
        1 => Just(Step::Link),
        1 => Just(Step::Elsewhere),
    ];
    (0..NAMES.len(), step)
}

/// Where a service lies at the moment; directories are renamed to and fro.
fn directory(repo: &Repo, name: &str) -> String {
    let other = format!("services/{name}-moved");
    if repo.path().join(&other).is_dir() { other } else { format!("cmd/{name}") }
}

fn write(repo: &Repo, name: &str, limit: &str, cgo: bool) {
    let at = directory(repo, name);
    let import = if cgo { "import \"C\"\n" } else { "" };
    let main = format!(
        "package main\n\n{import}import \"net/http\"\n\nfunc main() {{\n\thttp.ListenAndServe(\":80\", nil)\n}}\n"
    );
    // A link is replaced, not written through.
    for file in ["main.go", "slo.yaml"] {
        let _ = std::fs::remove_file(repo.path().join(format!("{at}/{file}")));
    }
    repo.write(&format!("{at}/main.go"), &main);
    repo.write(
        &format!("{at}/slo.yaml"),
        &format!(
            "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: {name}}}\nspec:\n  service: {name}\n  indicator:\n    spec:\n      thresholdMetric:\n        metricSource:\n          type: Prometheus\n          spec:\n            query: histogram_quantile(0.999, sum(rate({name}_request_duration_seconds_bucket[5m])) by (le))\n  objectives:\n    - op: lt\n      value: {limit}\n      target: 0.999\n"
        ),
    );
}

fn rename(repo: &Repo, from: &str, to: &str) {
    let to = repo.path().join(to);
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    // What is not there is not renamed.
    let _ = std::fs::rename(repo.path().join(from), to);
}

fn apply(repo: &Repo, name: &str, step: &Step, commits: &[String]) {
    let at = directory(repo, name);
    let inside = |file: &str| repo.path().join(&at).join(file);
    match step {
        Step::Write { limit, cgo } => write(repo, name, LIMITS[*limit], *cgo),
        Step::RenameDirectory if at.starts_with("cmd") => rename(repo, &at, &format!("services/{name}-moved")),
        Step::RenameDirectory => rename(repo, &at, &format!("cmd/{name}")),
        Step::RenameFile if inside("slo.yaml").exists() => {
            rename(repo, &format!("{at}/slo.yaml"), &format!("{at}/goal.yaml"))
        }
        Step::RenameFile => rename(repo, &format!("{at}/goal.yaml"), &format!("{at}/slo.yaml")),
        Step::Delete => {
            let _ = std::fs::remove_dir_all(repo.path().join(&at));
        }
        Step::Revert(back) => {
            let to = &commits[commits.len().saturating_sub(*back + 1)];
            repo.git(&["read-tree", "-u", "--reset", to]);
        }
        Step::Executable => executable(inside("main.go")),
        Step::Link => link(inside("slo.yaml")),
        Step::Elsewhere => repo.write("notes.txt", &format!("{}", commits.len())),
    }
}

#[cfg(unix)]
fn executable(path: PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755));
}

#[cfg(unix)]
fn link(path: PathBuf) {
    if path.is_file() && std::fs::remove_file(&path).is_ok() {
        std::os::unix::fs::symlink("../door/slo.yaml", path).unwrap();
    }
}

#[cfg(not(unix))]
fn executable(_: PathBuf) {}

#[cfg(not(unix))]
fn link(_: PathBuf) {}

fn options(repo: &Repo) -> Options {
    Options { threads: 1, ..Options::new(repo.path()) }
}

fn findings(report: &Report) -> Vec<(&str, &str, Status)> {
    report.findings.iter().map(|one| (one.policy.as_str(), one.fingerprint.as_str(), one.status)).collect()
}

fn verdicts(report: &Report) -> Vec<String> {
    report.services.iter().map(|one| format!("{} {:?} {:?}", one.service.root, one.verdict, one.questions)).collect()
}

/// Whether a renamed file would take the place of one that says something else: that one is gone then.
fn replaces(repo: &Repo, name: &str) -> bool {
    let at = repo.path().join(directory(repo, name));
    let text = |file: &str| std::fs::read(at.join(file)).ok();
    matches!((text("slo.yaml"), text("goal.yaml")), (Some(moved), Some(there)) if moved != there)
}

/// Makes the commits and compares each with earlier ones; stops early where time is up.
fn holds(series: &[(usize, Step)], until: Instant) -> Result<(), TestCaseError> {
    let Some(repo) = Repo::new() else { return Ok(()) };
    repo.write("go.mod", "module example.com/m\n\ngo 1.24\n");
    write(&repo, "door", LIMITS[1], false);
    write(&repo, "api", LIMITS[0], false);
    repo.commit(0, ("Ann Lee", "ann@example.com"), "start");
    let mut commits = vec![repo.git(&["rev-parse", "HEAD"]).trim().to_owned()];
    let mut full = vec![check(&options(&repo)).unwrap()];
    for (day, (name, step)) in series.iter().enumerate() {
        if Instant::now() > until {
            return Ok(());
        }
        let replaces = matches!(step, Step::RenameFile) && replaces(&repo, NAMES[*name]);
        apply(&repo, NAMES[*name], step, &commits);
        repo.commit(day as i64 + 1, ("Bo Ray", "bo@example.com"), "step");
        let head = repo.git(&["rev-parse", "HEAD"]).trim().to_owned();
        let alone = check(&options(&repo)).unwrap();
        for at in [commits.len() - 1, commits.len() / 2] {
            let with_base = Options { base: Some(commits[at].clone()), ..options(&repo) };
            let stored = Options { tree: Tree::At(head.clone()), ..with_base.clone() };
            let mut expected = alone.clone();
            fitcheck::base::compare(&full[at], &mut expected, &commits[at], &builtin::shipped());
            for options in [with_base, stored] {
                let found = check(&options).unwrap();
                prop_assert_eq!(&found.comparison, &expected.comparison);
                prop_assert_eq!(findings(&found), findings(&expected));
                prop_assert_eq!(verdicts(&found), verdicts(&expected));
            }
        }
        // Nothing is new against itself, and what only moved is not new.
        let moves = matches!(step, Step::RenameDirectory | Step::RenameFile | Step::Executable | Step::Elsewhere);
        if moves && !replaces {
            let mut moved = alone.clone();
            fitcheck::base::compare(full.last().unwrap(), &mut moved, "before", &builtin::shipped());
            let new: Vec<&Finding> = moved.findings.iter().filter(|finding| finding.status == Status::New).collect();
            prop_assert!(new.is_empty(), "{step:?} made {new:#?} new");
            let resolved = moved.comparison.map(|comparison| comparison.resolved).unwrap_or_default();
            prop_assert!(resolved.is_empty(), "{step:?} resolved {resolved:#?}");
        }
        commits.push(head);
        full.push(alone);
    }
    Ok(())
}

/// An objective names its service; the directory, and with it the service, is called otherwise and then as before.
#[test]
fn a_service_renamed_to_and_fro_keeps_its_findings() {
    let series = [(1, Step::RenameDirectory), (1, Step::RenameDirectory), (0, Step::Write { limit: 0, cgo: false })];
    holds(&series, Instant::now() + Duration::from_secs(60)).unwrap();
}

/// Two files of one service that say the same become one: nothing was said that had not been.
#[test]
fn evidence_that_becomes_less_is_nothing_new() {
    let series = [(1, Step::RenameFile), (1, Step::Write { limit: 0, cgo: false }), (1, Step::RenameFile)];
    holds(&series, Instant::now() + Duration::from_secs(60)).unwrap();
}

/// One objective takes the place of another file's, which is kept no longer: what it promised is resolved, by all ways alike.
#[test]
fn a_file_that_replaces_another_resolves_what_that_said() {
    let series = [(1, Step::RenameFile), (1, Step::Write { limit: 1, cgo: false }), (1, Step::RenameFile)];
    holds(&series, Instant::now() + Duration::from_secs(60)).unwrap();
}

/// `FITCHECK_SERIES=2000` or `FITCHECK_SERIES=2000@7` runs so many other series, from that seed on.
fn asked() -> Option<(u32, u64)> {
    let asked = std::env::var("FITCHECK_SERIES").ok()?;
    let (count, seed) = asked.split_once('@').unwrap_or((&asked, "1"));
    Some((count.parse().ok()?, seed.parse().ok()?))
}

#[test]
fn a_comparison_with_a_base_is_two_full_runs_compared() {
    let (asked, day) = (asked(), Duration::from_secs(24 * 3600));
    let until = Instant::now() + if asked.is_some() { day } else { Duration::from_secs(12) };
    let (cases, shrinks) = asked.map_or((12, 12), |(count, _)| (count, 400));
    let config = Config { cases, failure_persistence: None, max_shrink_iters: shrinks, ..Config::default() };
    // The same series on every run: what CI says of one commit it says again.
    let rng = match asked {
        None => TestRng::deterministic_rng(RngAlgorithm::ChaCha),
        Some((_, seed)) => TestRng::from_seed(RngAlgorithm::ChaCha, &[seed.to_le_bytes(); 4].concat()),
    };
    let mut runner = TestRunner::new_with_rng(config, rng);
    runner.run(&prop::collection::vec(step(), 3..8), |series| holds(&series, until)).unwrap();
}
