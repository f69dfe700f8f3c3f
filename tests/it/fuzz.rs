//! A short run of every fuzz target without a fuzzer: its corpus, and mutations of it that are the same on every machine.

#[path = "../../fuzz/targets.rs"]
mod targets;

#[path = "../../fuzz/mutate.rs"]
mod mutate;

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub(crate) use mutate::Numbers;
use mutate::mutate;

/// Mutations of each target; `FITCHECK_FUZZ` asks for another number.
const MUTATIONS: usize = 600;
/// Bytes of a mutated input at most, so that a debug build stays quick.
const LONGEST: usize = 1_500;

/// What no input of this size may take, even in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn inputs(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let entries = fs::read_dir(&directory).unwrap_or_else(|_| panic!("{} has no corpus", directory.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn no_target_breaks_on_its_corpus_or_on_mutations_of_it() {
    let mutations = std::env::var("FITCHECK_FUZZ").ok().and_then(|count| count.parse().ok()).unwrap_or(MUTATIONS);
    for (number, (target, _)) in targets::TARGETS.iter().enumerate() {
        let corpus = inputs(target);
        assert!(!corpus.is_empty(), "{target} has no corpus");
        for (path, bytes) in &corpus {
            let broken = catch_unwind(|| targets::run(target, bytes)).is_err();
            assert!(!broken, "{target} breaks on {}", path.display());
        }
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15 ^ (number as u64 + 1));
        for _ in 0..mutations {
            let mut any = || &*corpus[numbers.below(corpus.len())].1;
            let (input, other) = (any(), any());
            let bytes = mutate(input, other, LONGEST, &mut numbers);
            let start = Instant::now();
            let broken = catch_unwind(|| targets::run(target, &bytes)).is_err();
            assert!(!broken, "{target} breaks on {:?}", String::from_utf8_lossy(&bytes));
            assert!(start.elapsed() < PATIENCE, "{target} takes long for {:?}", String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn every_target_is_a_program_for_the_fuzzer() {
    let manifest = include_str!("../../fuzz/Cargo.toml");
    for (target, _) in targets::TARGETS {
        assert!(manifest.contains(&format!("name = \"{target}\"")), "{target} is not in fuzz/Cargo.toml");
    }
}
