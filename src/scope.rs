//! What a path says about the code in it: shipped, vendored, generated, test, example, documentation.

use crate::marked::Words;
use crate::path::base;

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
        let directories = path.strip_suffix(name).unwrap_or("").as_bytes();
        let (mut below_source, is_rust) = (false, name.ends_with(".rs"));
        let mut start = 0;
        for at in memchr::memchr_iter(b'/', directories) {
            let part = &directories[start..at];
            start = at + 1;
            // Among its sources a crate's modules have such names: what is data there does not end in `.rs`.
            let is_module = below_source && is_rust && MODULES.contains(&part);
            below_source |= part == b"src";
            // At the root these are tests; deeper down it may be what the product integrates.
            let integrates = part == b"integration" && directories.starts_with(b"integration/");
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
const MODULES: &[&[u8]] = &[b"snapshots", b"golden", b"vendored"];

macro_rules! folders {
    ($($scope:ident: $($name:literal)*;)*) => {
        const FOLDERS: &[(&str, Scope)] = &[$($(($name, Scope::$scope)),*),*];

        static NAMES: Words = Words::new(&[$($($name),*),*]);
    };
}

// Names of folders that tell what lies in them, in small letters.
folders! {
    Vendored:
        "vendor" "third_party" "third-party" "thirdparty" "node_modules" "external_vendor" "vendored"
        "bower_components" "godeps" ".yarn";
    Fixture:
        "testdata" "test_data" "test-data" "fixtures" "fixture" "golden" "snapshots" "__snapshots__" "goldens";
    Test:
        "fake" "fakes" "mock" "mocks" "test" "tests" "e2e" "__tests__" "benches" "bench" "benchmarks" "benchmark"
        "integration-tests" "integration_tests" "integrationtest" "integrationtests" "testing" "testutil"
        "testutils" "test-utils" "it" "fuzz" "acceptance" "bdd" "perf-tests" "loadtest" "loadtests" "e2e-tests"
        "conformance" "playwright" "cypress" "testcases" "test-cases" "test_cases";
    Example:
        "example" "examples" "_examples" "demo" "demos" "sample" "samples" "tutorial" "tutorials" "templates"
        "playground" "quickstart" "cookbook";
    Docs:
        "docs" "doc" "website" "documentation";
}

/// No name of a folder is longer.
const LONGEST: usize = 24;

/// For each length the first letters, a bit each, of names that are so long: asked of every folder of every file, several
/// times, and true of few.
const FIRST: [u32; LONGEST + 1] = {
    let mut first = [0; LONGEST + 1];
    let mut nth = 0;
    while nth < FOLDERS.len() {
        let name = FOLDERS[nth].0.as_bytes();
        first[name.len()] |= bit(name[0]);
        nth += 1;
    }
    first
};

/// The same for a letter whether it is small or not.
const fn bit(letter: u8) -> u32 {
    1 << (letter & 0x1f)
}

fn of_directory(name: &[u8]) -> Scope {
    let may_be = |first: &u8| FIRST.get(name.len()).is_some_and(|letters| letters & bit(*first) != 0);
    if !name.first().is_some_and(may_be) {
        return Scope::Shipped;
    }
    let mut lower = [0; LONGEST];
    let lower = &mut lower[..name.len()];
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    let nth = usize::from(NAMES.number(lower)).checked_sub(1);
    nth.map_or(Scope::Shipped, |nth| FOLDERS[nth].1)
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
    // Asked of every file, and true of few: the ends come first.
    if !matches!(name.as_bytes().last().map(u8::to_ascii_lowercase), Some(b't' | b's' | b'e' | b'l')) {
        return false;
    }
    let stem = without_end(without_end(name, ".yml"), ".yaml");
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
