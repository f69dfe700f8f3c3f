//! What a path says about the code in it: shipped, vendored, generated, test, example, documentation.

use crate::path::{base, parts};

/// The standing of a file in its repository, from its path alone.
///
/// Only `Shipped` code gives facts about a service. The others are still walked: imports of vendored packages
/// are never followed, load tests live in test folders, and a repository of examples has nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    Shipped,
    Vendored,
    /// `testdata`, fixtures, golden files: never anything.
    Fixture,
    Test,
    Example,
    Docs,
}

impl Scope {
    pub fn of(path: &str) -> Scope {
        let mut scope = Scope::Shipped;
        let name = base(path);
        let directories = path.strip_suffix(name).unwrap_or("");
        let mut below_source = false;
        for part in parts(directories) {
            // Among its sources a crate's modules have such names: what is data there does not end in `.rs`.
            let is_module = below_source && name.ends_with(".rs") && MODULES.contains(&part);
            below_source |= part == "src";
            // At the root these are tests; deeper down it may be what the product integrates.
            let integrates = part == "integration" && directories.starts_with("integration/");
            let found = match () {
                () if is_module => Scope::Shipped,
                () if integrates => Scope::Test,
                () => of_directory(part),
            };
            // The first directory that is never shipped decides; a test folder inside an example stays an example.
            if found != Scope::Shipped && (scope == Scope::Shipped || found < scope || found == Scope::Fixture) {
                scope = found;
            }
        }
        if scope == Scope::Shipped && is_test_file(name) { Scope::Test } else { scope }
    }

    /// Whether code here is nobody's own: copied in, or data for tests.
    pub fn is_foreign(self) -> bool {
        matches!(self, Scope::Vendored | Scope::Fixture)
    }
}

/// Names of folders that hold code where they lie among the sources of a crate.
const MODULES: &[&str] = &["snapshots", "golden", "vendored"];

/// No name below is longer.
const LONGEST: usize = 24;

fn of_directory(part: &str) -> Scope {
    let mut lower = [0; LONGEST];
    let Some(lower) = lower.get_mut(..part.len()) else { return Scope::Shipped };
    lower.copy_from_slice(part.as_bytes());
    lower.make_ascii_lowercase();
    match std::str::from_utf8(lower).unwrap_or_default() {
        "vendor" | "third_party" | "third-party" | "thirdparty" | "node_modules" | "external_vendor" | "vendored"
        | "bower_components" | "godeps" | ".yarn" => Scope::Vendored,
        "testdata" | "test_data" | "test-data" | "fixtures" | "fixture" | "golden" | "snapshots" | "__snapshots__"
        | "goldens" => Scope::Fixture,
        "fake" | "fakes" | "mock" | "mocks" | "test" | "tests" | "e2e" | "__tests__" | "benches" | "bench"
        | "benchmarks" | "benchmark" | "integration-tests" | "integration_tests" | "integrationtest"
        | "integrationtests" | "testing" | "testutil" | "testutils" | "test-utils" | "it" | "fuzz" | "acceptance"
        | "bdd" | "perf-tests" | "loadtest" | "loadtests" | "e2e-tests" | "conformance" | "playwright" | "cypress"
        | "testcases" | "test-cases" | "test_cases" => Scope::Test,
        "example" | "examples" | "_examples" | "demo" | "demos" | "sample" | "samples" | "tutorial" | "tutorials"
        | "templates" | "playground" | "quickstart" | "cookbook" => Scope::Example,
        "docs" | "doc" | "website" | "documentation" => Scope::Docs,
        _ => Scope::Shipped,
    }
}

fn is_test_file(name: &str) -> bool {
    name.ends_with("_test.go")
        || name == "tests.rs"
        || name.ends_with("_test.rs")
        || name.ends_with("_tests.rs")
        || name.ends_with(".test.ts")
        || name.ends_with(".test.js")
        || (name.ends_with(".go") && is_stand_in(name))
        || (name.starts_with("test_") && name.ends_with(".py"))
        || is_test_stage(name)
}

/// `compose.test.yml`, `Dockerfile.test`: what only tests are run in.
fn is_test_stage(name: &str) -> bool {
    let stem = without_end(without_end(name, ".yml"), ".yaml");
    // Asked of every file, and true of few: the ends come first.
    let ends = [".test", "-test", ".tests", "-tests", ".e2e", "-e2e"];
    if !ends.iter().any(|end| without_end(stem, end).len() < stem.len()) {
        return false;
    }
    let name = name.to_ascii_lowercase();
    name.contains("compose") || name.contains("dockerfile")
}

/// Takes an end off, in whatever case it is written.
fn without_end<'a>(name: &'a str, end: &str) -> &'a str {
    match name.split_at_checked(name.len().saturating_sub(end.len())) {
        Some((stem, last)) if last.eq_ignore_ascii_case(end) => stem,
        _ => name,
    }
}

/// Go files that stand in for something in tests, and so cannot be named `_test.go`.
fn is_stand_in(name: &str) -> bool {
    let stem = name.strip_suffix(".go").unwrap_or(name);
    let words =
        ["fake", "mock", "mocks", "test_helper", "test_helpers", "testing", "testutil", "test_util", "testutils"];
    words.contains(&stem)
        || ["mock_", "fake_"].iter().any(|prefix| stem.starts_with(prefix))
        || ["_mock", "_fake", "_mocks"].iter().any(|suffix| stem.ends_with(suffix))
}
