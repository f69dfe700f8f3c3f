//! Which units a workload runs.
//!
//! In: `Workload` facts, images and units. Out: [`Running`], a workload with its units. The chain is workload → build
//! or image → unit, else its command, its artefacts, or its own name; what cannot be tied stays untied.

mod artifacts;
mod names;

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue;
use crate::fact::{Fact, FactKind, Workload};
use crate::path::{base, is_within, join};
use crate::scope::Scope;

use super::Language;
use super::build::{self, Built};
use super::charts::Charts;
use super::image::{Packed, binary_name, closest, image_name};
use super::repository::{FileEntry, Repository};
use super::unit::Unit;
use artifacts::{of_artifacts, released};
use names::{by_path_part, by_suffix, is_distinctive, is_generic, is_public, normal, tag_of};

/// A workload with the units that it runs (indexes).
#[derive(Debug)]
pub struct Running<'r> {
    pub file: &'r FileEntry,
    pub fact: &'r Fact,
    /// Index of the fact in its file, for facts that are bound to it.
    pub index: u32,
    pub workload: &'r Workload,
    pub units: Vec<usize>,
}

/// Ties workloads to units.
pub fn resolve<'r>(
    repository: &'r Repository,
    units: &[Unit],
    builds: &[Built<'r>],
    images: &[Packed<'r>],
) -> Vec<Running<'r>> {
    let index = Index::new(repository, units, images);
    let mut all = Vec::new();
    for file in repository.files.iter().filter(|file| file.scope != Scope::Test) {
        for (at, fact) in file.facts.facts.iter().enumerate() {
            let FactKind::Workload(workload) = &fact.kind else { continue };
            let units = index.units_of(repository, units, builds, images, file, workload);
            all.push(Running { file, fact, index: at as u32, workload, units });
        }
    }
    all
}

/// What an image of some name holds.
#[derive(Default)]
struct Held {
    all: BTreeSet<usize>,
    started: BTreeSet<usize>,
}

/// Units that lie in shipped images beside what these start, and that no image starts.
fn beside(images: &[Packed<'_>]) -> BTreeMap<usize, BTreeSet<usize>> {
    let shipped = || images.iter().filter(|image| image.ships && !image.started.is_empty());
    let started: BTreeSet<usize> = shipped().flat_map(|image| image.started.iter().copied()).collect();
    let mut found: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for image in shipped() {
        for &unit in image.units.iter().filter(|unit| !started.contains(unit)) {
            found.entry(unit).or_default().extend(&image.started);
        }
    }
    found
}

struct Index {
    /// Image name → units in it, and those of them that it starts by itself.
    by_image: BTreeMap<String, Held>,
    /// Binary name → units.
    by_binary: BTreeMap<String, BTreeSet<usize>>,
    charts: Charts,
    /// What the products of the repository are called together: its modules and charts.
    projects: BTreeSet<String>,
    /// Units that a shipped image holds.
    packed: BTreeSet<usize>,
    /// Units that lie in shipped images and are started by none → what those images start.
    beside: BTreeMap<usize, BTreeSet<usize>>,
    /// Name of a Go module → those of its own.
    packed_of: BTreeMap<String, BTreeSet<usize>>,
    /// `.env` variables by name.
    environment: BTreeMap<String, String>,
}

impl Index {
    fn new(repository: &Repository, units: &[Unit], images: &[Packed<'_>]) -> Index {
        let mut by_image: BTreeMap<String, Held> = BTreeMap::new();
        // What ships decides what a name means; a build for development may bear the same one.
        let known: BTreeSet<String> =
            images.iter().filter(|image| image.ships).flat_map(|image| &image.names).map(|name| normal(name)).collect();
        for image in images {
            for name in image.names.iter().filter(|name| image.ships || !known.contains(&normal(name))) {
                let held = by_image.entry(normal(name)).or_default();
                held.all.extend(&image.units);
                held.started.extend(if image.started.is_empty() { &image.units } else { &image.started });
            }
        }
        let mut by_binary: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for (at, unit) in units.iter().enumerate() {
            for name in &unit.binaries {
                by_binary.entry(normal(name)).or_default().insert(at);
            }
        }
        let mut environment = BTreeMap::new();
        for (_, fact) in repository.facts() {
            if let FactKind::Mark { name, detail } = &fact.kind
                && name == "env"
                && let Some((variable, value)) = detail.split_once('=')
            {
                environment.entry(variable.to_owned()).or_insert_with(|| value.to_owned());
            }
        }
        let charts = Charts::new(repository);
        let modules =
            repository.go.modules.values().map(|module| base(&catalogue::without_versions(module)).to_owned());
        let projects = modules.chain(charts.names().map(str::to_owned)).map(|name| normal(&name)).collect();
        let packed: BTreeSet<usize> =
            images.iter().filter(|image| image.ships).flat_map(|image| image.units.iter().copied()).collect();
        let mut packed_of: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for &at in &packed {
            if let (Language::Go, Some((_, module))) = (units[at].language, repository.go.module_of(&units[at].root)) {
                packed_of.entry(normal(base(&catalogue::without_versions(module)))).or_default().insert(at);
            }
        }
        let beside = beside(images);
        Index { by_image, by_binary, charts, projects, packed, packed_of, beside, environment }
    }

    fn units_of(
        &self,
        repository: &Repository,
        units: &[Unit],
        builds: &[Built<'_>],
        images: &[Packed<'_>],
        file: &FileEntry,
        workload: &Workload,
    ) -> Vec<usize> {
        let by_build = self.of_build(units, images, file, workload);
        if !by_build.is_empty() {
            return by_build.into_iter().collect();
        }
        if workload.kind == "release" {
            return released(units, workload).into_iter().collect();
        }
        let by_artifact = of_artifacts(repository, units, builds, file, workload);
        if !by_artifact.is_empty() {
            return by_artifact.into_iter().collect();
        }
        let mut found = BTreeSet::new();
        let by_command = self.of_command(units, file, workload, |_| true);
        for image in &workload.images {
            let held = self.of_image(repository, units, file, image);
            // One image can hold several programs: the command then says which one runs, else the image itself.
            let both: BTreeSet<usize> = held.all.intersection(&by_command).copied().collect();
            // A program of ours that the command of an image of ours names is in it, whatever else is called like the image.
            let named_alone = !self.by_image.contains_key(&normal(&image_name(image))) && !by_command.is_empty();
            found.extend(match () {
                () if !both.is_empty() => both,
                () if named_alone && !held.all.is_empty() => by_command.clone(),
                () => held.started,
            });
        }
        let foreign =
            !workload.images.is_empty() && workload.images.iter().all(|image| self.is_foreign_image(file, image));
        if found.is_empty() {
            found = if foreign { self.of_command(units, file, workload, is_distinctive) } else { by_command };
        }
        if found.is_empty() {
            found = self.of_placeholder(workload);
        }
        if found.is_empty() && !foreign && workload.target != "package" {
            found = self.of_name(units, file, workload);
            // Functions are called `hello` everywhere: only one beside its description is meant.
            if workload.kind == "function" {
                found.retain(|&at| is_within(&units[at].root, file.directory()));
            }
        }
        found.into_iter().collect()
    }

    fn of_build(
        &self,
        units: &[Unit],
        images: &[Packed<'_>],
        file: &FileEntry,
        workload: &Workload,
    ) -> BTreeSet<usize> {
        let Some(build) = &workload.build else { return BTreeSet::new() };
        let context = join(".", &self.expand(&build.context)).unwrap_or_default();
        let dockerfile =
            build.dockerfile.as_deref().map(|path| self.expand(path)).unwrap_or_else(|| "Dockerfile".into());
        let places = [join(&context, &dockerfile), join(file.directory(), &dockerfile), join(".", &dockerfile)];
        let image = places.iter().flatten().find_map(|path| images.iter().find(|image| *image.file.path == **path));
        let mut found: BTreeSet<usize> = image.map(|image| image.units.iter().copied().collect()).unwrap_or_default();
        if image.is_none() && context != "." {
            let below: Vec<usize> = (0..units.len()).filter(|&at| is_within(&units[at].root, &context)).collect();
            // What stands in the directory itself is what is built there.
            match below.iter().find(|&&at| *units[at].root == *context) {
                Some(&here) if below.len() > 1 => found.extend([here]),
                _ if below.len() == 1 => found.extend(below),
                _ => {}
            }
        }
        // A Dockerfile for many services is told by its arguments which one it builds.
        if found.len() > 1 {
            let named: BTreeSet<usize> =
                build.args.iter().flat_map(|(_, value)| self.named(units, file, value)).collect();
            let both: BTreeSet<usize> = found.intersection(&named).copied().collect();
            if !both.is_empty() {
                return both;
            }
            // Else its command tells, else the image itself.
            let asked: BTreeSet<usize> =
                self.of_command(units, file, workload, |_| true).intersection(&found).copied().collect();
            let started: BTreeSet<usize> = image.into_iter().flat_map(|image| image.started.iter().copied()).collect();
            if let Some(told) = [asked, started].into_iter().find(|told| !told.is_empty()) {
                return told;
            }
        }
        found
    }

    fn of_image(&self, repository: &Repository, units: &[Unit], file: &FileEntry, image: &str) -> Held {
        let same = |found: BTreeSet<usize>| Held { all: found.clone(), started: found };
        // ko builds what a manifest names by its import path.
        if let Some(path) = image.strip_prefix("ko://") {
            let local = path.strip_prefix("./").and_then(|path| join(".", path));
            let directory = repository.go.directory_of(path).map(|found| found.to_string()).or(local);
            return same(directory.and_then(|at| build::find(units, &at, Language::Go)).into_iter().collect());
        }
        let written = self.charts.expand(file, &self.expand(image));
        for name in [image_name(&written), tag_of(&written)] {
            let name = normal(&name);
            if name.is_empty() {
                continue;
            }
            if let Some(found) = self.by_image.get(&name).filter(|found| !found.all.is_empty()) {
                return Held { all: found.all.clone(), started: found.started.clone() };
            }
            // A plain name that no file here builds is an image of a public library: `cassandra:4` is no tool of ours.
            if is_public(image) {
                continue;
            }
            let found = self.named(units, file, &name);
            if !found.is_empty() {
                // An image that bears the name of the whole is what the whole starts, not the tool that is called so.
                let whole = self.projects.contains(&name);
                let started = found.iter().filter_map(|at| self.beside.get(at)).flatten().copied();
                let started: BTreeSet<usize> = started.filter(|_| whole).collect();
                return match started.is_empty() {
                    true => same(found),
                    false => Held { all: found.union(&started).copied().collect(), started },
                };
            }
        }
        let name = normal(&image_name(&written));
        let found = by_path_part(units, file, &name);
        if !found.is_empty() || is_public(image) || name.is_empty() {
            return same(found);
        }
        same(self.kin(units, &name))
    }

    /// The only unit that an image's name means without being it: `shop-cart` of the project `shop` is `cart`, and
    /// `limiter` may be what holds `limiter-server`.
    fn kin(&self, units: &[Unit], name: &str) -> BTreeSet<usize> {
        // A module's own name means the only program that it packs: a controller in the folder `cmd`.
        if let Some(own) = self.packed_of.get(name).filter(|own| own.len() == 1) {
            return own.clone();
        }
        let is_product = |at: &usize| Scope::of(&format!("{}/x", units[*at].root)) == Scope::Shipped;
        let only = |found: BTreeSet<usize>| if found.len() == 1 { found } else { BTreeSet::new() };
        let of = |name: &str| self.by_binary.get(name).into_iter().flatten().copied().filter(is_product);
        let bare = self.projects.iter().filter_map(|project| name.strip_prefix(project.as_str())?.strip_prefix('-'));
        let in_project = only(bare.flat_map(of).collect());
        if !in_project.is_empty() {
            return in_project;
        }
        let packed = |at: &usize| self.packed.contains(at);
        let served = ["-server", "-service", "-daemon", "d"].iter().flat_map(|end| of(&format!("{name}{end}")));
        // A name of several words says which family is meant: its server needs no image of its own here.
        let family = ["-handler", "-server", "-service", "-daemon"].iter().filter(|_| name.contains('-'));
        let family = only(family.flat_map(|end| of(&format!("{name}{end}"))).collect());
        if !family.is_empty() {
            return family;
        }
        let longer = format!("-{name}");
        let ending = self.by_binary.iter().filter(|(binary, _)| name.contains('-') && binary.ends_with(&longer));
        let ending = ending.flat_map(|(_, found)| found.iter().copied()).filter(is_product);
        only(served.chain(ending).filter(packed).collect())
    }

    fn of_command(
        &self,
        units: &[Unit],
        file: &FileEntry,
        workload: &Workload,
        may_be_program: fn(&str) -> bool,
    ) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        for word in workload.command.iter().take(4).filter(|word| may_be_program(word)) {
            let name = binary_name(base(word));
            if word.starts_with('-') || is_generic(&name) {
                continue;
            }
            found.extend(self.named(units, file, &name));
            if found.is_empty() {
                found.extend(by_suffix(units, &normal(&name)));
            }
        }
        found
    }

    fn of_name(&self, units: &[Unit], file: &FileEntry, workload: &Workload) -> BTreeSet<usize> {
        let names = workload.name.iter().chain(&workload.aliases).map(|name| self.charts.expand(file, name));
        for name in names.filter(|name| !is_generic(name)) {
            let mut found = self.named(units, file, &name);
            // Functions have everyday names: another project's `hello` is not this one's.
            if matches!(workload.target.as_str(), "lambda" | "cloud-function" | "edge") {
                found.retain(|&at| is_within(&units[at].root, file.directory()));
            }
            if !found.is_empty() {
                return found;
            }
        }
        BTreeSet::new()
    }

    /// `controller:latest` stands for the image of the operator at hand until a build puts its name in: its command tells.
    fn of_placeholder(&self, workload: &Workload) -> BTreeSet<usize> {
        let stands = workload.images.iter().any(|image| image == "controller:latest");
        let Some(program) = workload.command.first().filter(|_| stands) else { return BTreeSet::new() };
        let called = self.by_binary.get(&normal(base(program))).into_iter().flatten().copied();
        let found: BTreeSet<usize> = called.filter(|at| self.packed.contains(at)).collect();
        if found.len() == 1 { found } else { BTreeSet::new() }
    }

    /// Whether an image's name is known in full: then a name beside it proves nothing.
    fn is_foreign_image(&self, file: &FileEntry, image: &str) -> bool {
        let written = self.charts.expand(file, &self.expand(image));
        is_public(image) || (!image.contains("{{") && written.contains('/') && !image_name(&written).is_empty())
    }

    /// The unit of this name, the nearest to the file where several have it.
    fn named(&self, units: &[Unit], file: &FileEntry, name: &str) -> BTreeSet<usize> {
        let Some(found) = self.by_binary.get(&normal(name)) else { return BTreeSet::new() };
        let candidates: Vec<usize> = found.iter().copied().collect();
        closest(units, &candidates, file.directory()).into_iter().collect()
    }

    /// Puts in `${X}` from `.env` files.
    fn expand(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            out.push_str(&rest[..at]);
            let Some(end) = rest[at..].find('}') else { break };
            let inner = &rest[at + 2..at + end];
            let name = inner.split([':', '-', '?']).next().unwrap_or(inner);
            match (self.environment.get(name), inner.split_once(":-")) {
                (Some(value), _) => out.push_str(value),
                (None, Some((_, default))) => out.push_str(default),
                _ => out.push_str(&rest[at..=at + end]),
            }
            rest = &rest[at + end + 1..];
        }
        out.push_str(rest);
        out
    }
}
