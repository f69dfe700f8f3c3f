//! How much one run takes in at most. What is over a limit becomes a skipped entry that names it.
//!
//! [`ALL`] is the one list: the configuration, its schema and the documentation are made from it. What a limit is
//! set to is bounded too, so that no file of a repository can lift the protection as a whole.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::parse::cut;
use crate::signal::ValueType;

/// What one run is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file; of several thousand real source files none was larger than 1.7 MB.
    pub file_size: u64,
    /// Milliseconds for one file.
    pub file_time: u64,
    /// Facts of one file.
    pub file_facts: u64,
    pub files: u64,
    pub bytes: u64,
    pub facts: u64,
    /// Bytes of resident memory.
    pub memory: u64,
}

impl Default for Limits {
    /// Several times the largest public repositories.
    fn default() -> Limits {
        Limits {
            file_size: 2 << 20,
            file_time: 10_000,
            file_facts: 50_000,
            files: 500_000,
            bytes: 4 << 30,
            facts: 5_000_000,
            memory: 1 << 30,
        }
    }
}

/// One limit: its name in `[limits]`, what it bounds, and what it can be set to.
pub struct Limit {
    pub name: &'static str,
    pub about: &'static str,
    /// `Bytes`, `Duration` or `Number`.
    pub value: ValueType,
    pub least: u64,
    pub most: u64,
    field: fn(&mut Limits) -> &mut u64,
}

/// Every limit that can be set.
pub const ALL: &[Limit] = &[
    limit("file-size", "bytes of a file", ValueType::Bytes, (1, 8 << 20), |limits| &mut limits.file_size),
    limit("file-time", "time for a file", ValueType::Duration, (1, 600_000), |limits| &mut limits.file_time),
    limit("file-facts", "facts of a file", ValueType::Number, (1, 1_000_000), |limits| &mut limits.file_facts),
    limit("files", "files of a run", ValueType::Number, (0, 50_000_000), |limits| &mut limits.files),
    limit("bytes", "bytes of a run", ValueType::Bytes, (0, 1 << 40), |limits| &mut limits.bytes),
    limit("facts", "facts of a run", ValueType::Number, (0, 100_000_000), |limits| &mut limits.facts),
    limit("memory", "resident memory of a run", ValueType::Bytes, (1 << 20, 1 << 40), |limits| &mut limits.memory),
];

const fn limit(
    name: &'static str,
    about: &'static str,
    value: ValueType,
    (least, most): (u64, u64),
    field: fn(&mut Limits) -> &mut u64,
) -> Limit {
    Limit { name, about, value, least, most, field }
}

/// Whether another run may read what this one has left out for this reason: a machine was slow, or short of memory.
pub(crate) fn may_pass(reason: &str) -> bool {
    ["over the limit `memory`", "over the limit `file-time`", cut::TIME].iter().any(|part| reason.contains(part))
}

/// A limit by name and what it is set to.
pub type Setting = (String, u64);

impl Limits {
    /// These limits with some of them set; of two settings of one limit the later one counts.
    pub fn with(mut self, settings: &[Setting]) -> Limits {
        for (name, value) in settings {
            if let Some(limit) = ALL.iter().find(|limit| limit.name == name) {
                *(limit.field)(&mut self) = (*value).clamp(limit.least, limit.most);
            }
        }
        self
    }

    /// Returns what a limit is set to.
    pub fn get(mut self, limit: &Limit) -> u64 {
        *(limit.field)(&mut self)
    }

    pub fn file_time(&self) -> Duration {
        Duration::from_millis(self.file_time)
    }
}

/// Watches how much memory the process holds; looked at now and then, because asking costs a system call.
#[derive(Debug)]
pub struct Watch {
    most: u64,
    unseen: AtomicU64,
    over: AtomicBool,
}

/// Work between two looks, in bytes of files.
const STRIDE: u64 = 4 << 20;
/// What a file costs whatever its size.
const FILE: u64 = 16 << 10;

impl Watch {
    pub fn new(limits: &Limits) -> Watch {
        // What comes after reading needs room as well.
        Watch { most: limits.memory / 4 * 3, unseen: AtomicU64::new(0), over: AtomicBool::new(false) }
    }

    /// Whether a file of this size has no room left. Where the system does not tell, there always is.
    pub fn is_full(&self, size: u64) -> bool {
        if self.unseen.fetch_add(size + FILE, Ordering::Relaxed) + size + FILE >= STRIDE {
            self.unseen.store(0, Ordering::Relaxed);
            if resident().is_some_and(|resident| resident > self.most) {
                self.over.store(true, Ordering::Relaxed);
            }
        }
        self.over.load(Ordering::Relaxed)
    }
}

/// Bytes of memory that the process holds.
#[cfg(target_os = "linux")]
fn resident() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = told.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}

#[cfg(not(target_os = "linux"))]
fn resident() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_bounded_and_the_later_one_counts() {
        let settings = [("files".to_owned(), 7), ("file-size".to_owned(), u64::MAX), ("files".to_owned(), 9)];
        let limits = Limits::default().with(&settings);
        assert_eq!((limits.files, limits.file_size, limits.bytes), (9, 8 << 20, 4 << 30));
    }

    #[test]
    fn every_default_is_within_what_can_be_set() {
        for limit in ALL {
            assert!((limit.least..=limit.most).contains(&Limits::default().get(limit)), "{}", limit.name);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_over_its_memory_is_full() {
        let watch = |memory| Watch::new(&Limits { memory, ..Limits::default() }).is_full(STRIDE);
        assert!(watch(1 << 20));
        assert!(!watch(1 << 40));
    }
}
