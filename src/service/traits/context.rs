//! Everything that a rule looks at.

use std::cell::OnceCell;

use crate::fact::{Count, FactKind};
use crate::path::{base, parent};
use crate::source::Location;

use super::super::attribute::{Collected, Ties};
use super::super::repository::{FileEntry, Repository};
use super::super::unit::Unit;
use super::super::workload::Running;
use super::super::{Language, Role};
use super::Uses;

/// Everything a trait rule looks at.
pub struct Context<'a, 'r> {
    pub repository: &'a Repository,
    pub unit: &'a Unit,
    pub uses: &'a Uses<'r>,
    pub collected: &'a Collected<'r>,
    pub ties: &'a Ties<'r>,
    pub role: Role,
    /// Places of exchangeable inputs and outputs, for which several rules ask.
    pub ends: OnceCell<Vec<Location>>,
    /// Places that show a storage engine: two rules ask.
    pub stores: OnceCell<Vec<Location>>,
}

impl Context<'_, '_> {
    pub(super) fn count(&self, what: Count) -> (u32, Vec<Location>) {
        let mut total = 0;
        let mut places = Vec::new();
        for seen in &self.collected.facts {
            if let FactKind::Count { what: counted, n } = &seen.fact.kind
                && *counted == what
            {
                total += n;
                places.push(seen.file.at(seen.fact.place));
            }
        }
        (total, places)
    }

    pub(super) fn events(&self, kinds: &[&str]) -> Vec<Location> {
        self.workloads()
            .filter(|(running, _)| running.workload.events.iter().any(|event| kinds.contains(&event_kind(event))))
            .map(|(_, location)| location)
            .collect()
    }

    pub(super) fn workloads(&self) -> impl Iterator<Item = (&Running<'_>, Location)> {
        self.collected.workloads.iter().map(|&index| {
            let running = &self.ties.workloads[index];
            (running, running.file.at(running.fact.place))
        })
    }

    pub(super) fn workload_kind(&self, kind: &str) -> Vec<Location> {
        self.workloads().filter(|(running, _)| running.workload.kind == kind).map(|(_, location)| location).collect()
    }

    /// Details and places of near marks of this name.
    pub(super) fn marked(&self, name: &str) -> Vec<(&str, Location)> {
        let near = self.collected.facts.iter().filter(|seen| seen.near);
        near.filter_map(|seen| match &seen.fact.kind {
            FactKind::Mark { name: found, detail } if found == name => {
                Some((detail.as_str(), seen.file.at(seen.fact.place)))
            }
            _ => None,
        })
        .collect()
    }

    /// Places for which the unit itself answers: a tool is not about everything that its libraries can do.
    pub(super) fn own_if_tool(&self, places: Vec<Location>) -> Vec<Location> {
        if self.role != Role::Cli || self.unit.language != Language::Rust {
            return places;
        }
        let cargo = &self.repository.cargo;
        let own =
            |place: &Location| cargo.package_of(&place.path).is_none_or(|package| package.directory == self.unit.root);
        places.into_iter().filter(own).collect()
    }

    /// Places in both folders of a program that joins exchangeable inputs to exchangeable outputs.
    pub(super) fn exchangeable_ends(&self) -> &[Location] {
        self.ends.get_or_init(|| self.find_exchangeable_ends())
    }

    fn find_exchangeable_ends(&self) -> Vec<Location> {
        let end = |words: &[&str]| {
            let near = self.collected.facts.iter().filter(|seen| seen.near);
            let mut last: Option<(&FileEntry, bool)> = None;
            near.filter(|seen| matches!(seen.fact.kind, FactKind::Uses { .. }))
                .filter(|seen| match last {
                    Some((file, is_end)) if std::ptr::eq(file, seen.file) => is_end,
                    _ => {
                        let is_end = parent(&seen.file.path).split('/').any(|part| words.contains(&part));
                        last = Some((seen.file, is_end));
                        is_end
                    }
                })
                .map(|seen| seen.file.at(seen.fact.place))
                .collect::<Vec<_>>()
        };
        let (inputs, outputs) = (end(INPUTS), end(OUTPUTS));
        if inputs.len() < 3 || outputs.len() < 3 { Vec::new() } else { [inputs, outputs].concat() }
    }

    pub(super) fn named(&self, words: &[&str]) -> bool {
        let name = format!("{} {}", self.unit.name, base(&self.unit.root)).to_ascii_lowercase();
        name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| words.contains(&word))
    }

    /// Packages of the closure, its own module's, whose last part is one of these words.
    pub(super) fn packages_named(&self, words: &[&str]) -> usize {
        self.unit.closure.iter().filter(|package| words.contains(&base(package))).count()
    }
}

impl Context<'_, '_> {
    /// Whether other code of the closure opens what a package of such a name keeps. Rust has no record of such calls.
    pub(super) fn opens_packages_named(&self, words: &[&str]) -> bool {
        self.unit.language == Language::Rust || self.opens_one_of(&|package| words.contains(&base(package)))
    }

    /// Whether Go code of the closure that is none of these packages opens what one of them keeps.
    pub(super) fn opens_one_of(&self, keeps: &dyn Fn(&str) -> bool) -> bool {
        let opens = |name: &str| {
            name.contains("Open") || ["NewDB", "NewStorage", "NewStore", "NewEngine", "NewTable"].contains(&name)
        };
        let (graph, files) = (&self.repository.go, &self.repository.files);
        let callers = self.unit.closure.iter().filter(|package| !keeps(package));
        let callers = callers.filter_map(|package| graph.packages.get(package));
        let mut calls = callers.flat_map(|package| graph.selected(files, package, keeps));
        calls.any(opens)
    }
}

/// Folders of exchangeable inputs, and of outputs.
const INPUTS: &[&str] = &["sources", "inputs", "receivers"];

const OUTPUTS: &[&str] = &["sinks", "outputs", "exporters"];

/// What a platform calls its events, by what they are for a service.
fn event_kind(event: &str) -> &str {
    match event {
        "http" | "httpApi" | "alb" | "url" | "Api" | "HttpApi" | "apigw" => "http",
        "stream" | "kinesis" | "dynamodb" | "Kinesis" | "DynamoDB" | "kafka" | "msk" | "MSK" | "eventHub" => "stream",
        "sqs" | "sns" | "SQS" | "SNS" | "queue" | "pubsub" | "activemq" | "rabbitmq" | "serviceBus" => "queue",
        other => other,
    }
}
