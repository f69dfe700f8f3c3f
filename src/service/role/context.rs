//! What the questions may look at.

use crate::fact::{Count, FactKind};
use crate::path::base;
use crate::scope::Scope;
use crate::source::Location;

use super::super::Role;
use super::super::attribute::{Collected, Ties};
use super::super::image::Packed;
use super::super::repository::Repository;
use super::super::traits::Uses;
use super::super::unit::Unit;
use super::Reasoned;

pub struct Context<'a, 'r> {
    pub repository: &'a Repository,
    pub units: &'a [Unit],
    pub unit: &'a Unit,
    /// Its place among all units.
    pub index: usize,
    pub uses: &'a Uses<'r>,
    pub collected: &'a Collected<'r>,
    pub ties: &'a Ties<'r>,
    pub judges_examples: bool,
}

impl Context<'_, '_> {
    pub(super) fn reason(&self, role: Role, why: &str, at: Location) -> Option<Reasoned> {
        Some((role, vec![(why.to_owned(), at)]))
    }

    pub(super) fn scope(&self) -> Scope {
        let scope = Scope::of(&format!("{}/x", self.unit.root));
        if scope == Scope::Example && self.judges_examples { Scope::Shipped } else { scope }
    }

    /// The first fact of the unit for which the test holds.
    pub(super) fn fact(&self, test: impl Fn(&FactKind) -> bool) -> Option<Location> {
        self.collected.facts.iter().find(|seen| test(&seen.fact.kind)).map(|seen| seen.file.at(seen.fact.place))
    }

    /// Routes that the unit's own code registers.
    pub(super) fn routes(&self) -> u32 {
        let near = self.collected.facts.iter().filter(|seen| seen.near);
        near.map(|seen| match &seen.fact.kind {
            FactKind::Count { what: Count::Routes, n } => *n,
            _ => 0,
        })
        .sum()
    }

    pub(super) fn mark(&self, name: &str) -> Option<Location> {
        self.fact(|kind| matches!(kind, FactKind::Mark { name: found, .. } if found == name))
    }

    pub(super) fn target(&self, test: impl Fn(&str) -> bool) -> Option<Location> {
        let marked =
            self.fact(|kind| matches!(kind, FactKind::Mark { name, detail } if name == "cargo-target" && test(detail)));
        marked.or_else(|| {
            let built = self.collected.builds.iter().map(|&index| &self.ties.builds[index]);
            built
                .filter(|built| built.build.target.as_deref().is_some_and(&test))
                .map(|built| built.file.at(built.fact.place))
                .next()
        })
    }

    pub(super) fn workload(&self, test: impl Fn(&crate::fact::Workload) -> bool) -> Option<Location> {
        let running = self.collected.workloads.iter().map(|&index| &self.ties.workloads[index]);
        running
            .filter(|running| !is_looped(running.workload) && test(running.workload))
            .map(|running| running.file.at(running.fact.place))
            .next()
    }

    pub(super) fn published(&self) -> Option<Location> {
        let built = self.collected.builds.iter().map(|&index| &self.ties.builds[index]);
        let released = built.filter(|built| !built.build.publishes.is_empty());
        released
            .map(|built| built.file.at(built.fact.place))
            .next()
            .or_else(|| self.workload(|workload| matches!(workload.target.as_str(), "package" | "binary-release")))
    }

    /// Whether an image runs this unit as a server: it names a port, or asks the program to serve.
    pub(super) fn image_serves(&self) -> bool {
        let asks = |word: &String| {
            matches!(word.as_str(), "serve" | "server" | "start" | "run" | "daemon" | "run-server" | "api")
        };
        self.running_images().any(|image| image.image.exposes || image.image.command.iter().skip(1).any(asks))
    }

    /// Images that are shipped to run this unit: a companion that lies beside what the image starts is not.
    pub(super) fn running_images(&self) -> impl Iterator<Item = &Packed<'_>> {
        let images = self.collected.images.iter().map(|&index| &self.ties.images[index]).filter(|image| image.ships);
        images.filter(|image| image.units.len() == 1 || image.started.is_empty() || image.started.contains(&self.index))
    }

    /// Whether a shipped image starts the unit, or is there for it alone and starts something.
    pub(super) fn started_by_image(&self) -> bool {
        self.running_images().any(|image| {
            image.started.contains(&self.index) || image.units.len() == 1 && !image.image.command.is_empty()
        })
    }

    pub(super) fn shipped_image(&self) -> Option<Location> {
        self.running_images().map(|image| image.file.at(image.fact.place)).next()
    }
}

/// Whether a shell starts the program again and again: then the shell keeps running, not the program.
fn is_looped(workload: &crate::fact::Workload) -> bool {
    let shell = workload.command.first().is_some_and(|word| matches!(base(word), "sh" | "bash" | "ash"));
    shell && workload.command.iter().any(|word| word.contains("while ") && word.contains("sleep "))
}
