//! A short run of every fuzz target without a fuzzer: its corpus, and mutations of it that are the same on every machine.

#[path = "../../fuzz/targets.rs"]
mod targets;

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Mutations of each target; `FITCHECK_FUZZ` asks for another number.
const MUTATIONS: usize = 600;
/// Bytes of a mutated input at most, so that a debug build stays quick.
const LONGEST: usize = 1_500;

/// What no input of this size may take, even in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A generator that needs no library and gives the same numbers everywhere.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

fn inputs(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let entries = fs::read_dir(&directory).unwrap_or_else(|_| panic!("{} has no corpus", directory.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// What fuzzers do first: flips, cuts, repeats, and pieces of one input in another.
fn mutate(corpus: &[(PathBuf, Vec<u8>)], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = corpus[numbers.below(corpus.len())].1.clone();
    bytes.truncate(LONGEST);
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        let end = (at + 1 + numbers.below(20)).min(bytes.len());
        match numbers.below(6) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << numbers.below(8),
            1 => drop(bytes.drain(at.min(end)..end)),
            2 => {
                let piece = bytes[at.min(end)..end].repeat(1 + numbers.below(30));
                bytes.splice(at..at, piece);
            }
            3 => {
                let other = &corpus[numbers.below(corpus.len())].1;
                let from = numbers.below(other.len());
                let to = (from + 1 + numbers.below(60)).min(other.len());
                bytes.splice(at..at, other[from.min(to)..to].iter().copied());
            }
            4 => bytes.truncate(at),
            _ => bytes.insert(at, *b"\n\0\"'`{}[]()<>:=#$\\/*-|\t \xc3\xff".get(numbers.below(27)).unwrap_or(&b' ')),
        }
    }
    bytes.truncate(LONGEST);
    bytes
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
            let bytes = mutate(&corpus, &mut numbers);
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
