//! One run: scan, ask the history, judge, and put the report together.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use crate::config::Config;
use crate::finding::Report;
use crate::git;
use crate::history::{self, Layout};
use crate::judge;
use crate::scan::{self, ScanError};
use crate::service::repository::Repository;
use crate::service::{Language, Service, assemble};
use crate::walk::Filter;

/// What one run is asked to do.
#[derive(Clone, Debug)]
pub struct Options {
    pub root: PathBuf,
    pub threads: usize,
    pub window_days: u32,
}

impl Options {
    /// The main job on a directory, without any configuration.
    pub fn new(root: impl Into<PathBuf>) -> Options {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Options { root: root.into(), threads, window_days: 365 }
    }
}

/// Finds and judges the services below the root.
pub fn check(options: &Options) -> Result<Report, ScanError> {
    let start = Instant::now();
    let pending = history::start(options.root.clone(), options.window_days, git::Options::default());
    let scanned = scan::scan(&options.root, options.threads, &Filter::default())?;
    let mut services = assemble::services(&scanned.repository);
    let told = pending.finish(&layout(&scanned.repository, &services), &[]);
    for (service, (team, spec)) in services.iter_mut().zip(told.units) {
        service.team = team;
        service.spec = spec;
    }
    let (judged, findings) = judge::judge(services, &Config::default());
    let mut report = Report {
        revision: told.revision,
        history: told.summary,
        services: judged,
        findings,
        skipped: scanned.problems,
        stats: scanned.stats,
        ..Report::default()
    };
    report.stats.elapsed_ms = start.elapsed().as_millis() as u64;
    Ok(report)
}

/// Tells the history where each service lies.
fn layout(repository: &Repository, services: &[Service]) -> Layout {
    let unit = |service: &Service| {
        let mut directories = vec![service.root.clone()];
        directories.extend(service.packages.iter().filter(|package| **package != service.root).cloned());
        let contracts: BTreeSet<Arc<str>> =
            service.contracts.iter().flat_map(|contract| &contract.evidence).map(|at| at.path.clone()).collect();
        history::Unit {
            directories,
            deep: service.language == Language::Rust,
            contracts: contracts.into_iter().collect(),
            root: service.root.clone(),
        }
    };
    Layout { units: services.iter().map(unit).collect(), packages: repository.cargo.packages.keys().cloned().collect() }
}
