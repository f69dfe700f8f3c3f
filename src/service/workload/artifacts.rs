//! Units by the files that a workload carries: results of builds, files of a release, directories, sources.

use std::collections::BTreeSet;

use crate::fact::Workload;
use crate::parse::image_name;
use crate::path::{base, is_within, join, parent};

use super::super::build::Built;
use super::super::image::closest;
use super::super::repository::{FileEntry, Repository};
use super::super::unit::Unit;

/// Files of a release are called after their program, with system and processor behind.
pub(super) fn released(units: &[Unit], workload: &Workload) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    for artifact in workload.artifacts.iter().filter(|artifact| !is_paper(artifact)) {
        let program = image_name::library(artifact).unwrap_or_else(|| image_name::program(artifact));
        let matches: Vec<usize> = (0..units.len()).filter(|&at| units[at].binaries.contains(program)).collect();
        if let [only] = matches[..] {
            found.insert(only);
        }
    }
    found
}

/// Artefacts name the result of a build, a directory, or a source file.
pub(super) fn of_artifacts(
    repository: &Repository,
    units: &[Unit],
    builds: &[Built<'_>],
    file: &FileEntry,
    workload: &Workload,
) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    for artifact in &workload.artifacts {
        let trimmed = artifact.trim_start_matches("./");
        let by_build = builds.iter().filter(|built| {
            built.units.len() == 1 && built.build.output.as_deref().is_some_and(|output| same_output(output, trimmed))
        });
        let by_build = by_build.filter(|built| {
            is_within(built.file.directory(), file.directory()) || is_within(file.directory(), built.file.directory())
        });
        found.extend(by_build.flat_map(|built| built.units.iter().copied()));
        let Some(path) = join(file.directory(), trimmed) else { continue };
        let mut candidates = vec![path.clone()];
        if repository.has_name(&path) || path.contains('.') {
            candidates.push(parent(&path).to_owned());
        }
        if let Some(at) = candidates.iter().find_map(|path| units.iter().position(|unit| *unit.root == **path)) {
            found.insert(at);
            continue;
        }
        let trimmed = trimmed.trim_end_matches('/');
        let name = image_name::library(trimmed).unwrap_or_else(|| base(trimmed));
        let named: Vec<usize> = (0..units.len())
            .filter(|&at| units[at].binaries.contains(name) && is_within(&units[at].root, file.directory()))
            .collect();
        if let Some(only) = closest(units, &named, file.directory()).filter(|_| named.len() == 1) {
            found.insert(only);
        }
    }
    if found.is_empty() && !workload.artifacts.is_empty() {
        let below: Vec<usize> = (0..units.len()).filter(|&at| is_within(&units[at].root, file.directory())).collect();
        if file.directory() != "." && below.len() == 1 {
            found.extend(below);
        }
    }
    found
}

fn same_output(output: &str, artifact: &str) -> bool {
    let output = output.trim_start_matches("./");
    output == artifact || (artifact.contains('/') && output.ends_with(&format!("/{artifact}")))
}

/// Whether a file comes along with programs: sums, signatures, lists of parts, manifests.
fn is_paper(artifact: &str) -> bool {
    const ENDINGS: &[&str] = &[
        ".json", ".jsonl", ".yaml", ".yml", ".txt", ".md", ".sha256", ".sha512", ".sig", ".asc", ".pem", ".sum",
        ".spdx", ".cdx", ".sbom", ".xml", ".crt", ".pub", ".bundle",
    ];
    let artifact = artifact.trim_matches(['"', '\'']).to_ascii_lowercase();
    // A chart deploys programs, it is none; `cr` releases charts.
    ENDINGS.iter().any(|ending| artifact.ends_with(ending))
        || artifact.split(['/', '-', '_', '{', '}', '.']).any(|word| word == "chart")
        || artifact.contains(".cr-release-packages")
}
