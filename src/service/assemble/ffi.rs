//! Surfaces to other languages: which of them something can load, and what loads them.

use super::gathered::{Gathered, tidy};
use crate::fact::Direction;
use crate::service::attribute::{Collected, Ties};
use crate::service::unit::{Shape, Unit};
use crate::service::{Evidenced, Ffi, Language, Role};
use crate::source::Location;

/// A Go library built for C exports by the way it is built; its `//export` lines say what.
pub(super) fn c_library(unit: &Unit, role: Role, collected: &Collected<'_>, ties: &Ties<'_>, gathered: &mut Gathered) {
    if unit.language != Language::Go || role != Role::Library {
        return;
    }
    for built in collected.builds.iter().map(|&index| &ties.builds[index]) {
        let mechanism = match built.build.mode.as_deref() {
            Some("c-shared") => "go-c-shared",
            Some("c-archive") => "go-c-archive",
            Some("gomobile") => "gomobile",
            _ => continue,
        };
        let key = (Direction::Export, mechanism.to_owned());
        let exports: Vec<Location> = gathered
            .marks
            .iter()
            .filter(|((name, _), _)| name == "cgo-export")
            .flat_map(|(_, at)| at.clone())
            .collect();
        gathered.ffi_symbols.insert(key.clone(), exports.len() as u32);
        let places = gathered.ffi.entry(key).or_default();
        places.extend(exports);
        places.push(built.file.at(built.fact.place));
    }
}

pub(super) fn ffi(unit: &Unit, role: Role, gathered: &Gathered) -> Vec<Evidenced<Ffi>> {
    let mut all = Vec::new();
    for (key @ (direction, mechanism), places) in &gathered.ffi {
        let Some(mechanism) = in_force(unit, role, *direction, mechanism) else { continue };
        let consumers: Vec<String> =
            if *direction == Direction::Export { consumers_of(&mechanism, gathered) } else { Vec::new() };
        let symbols = gathered.ffi_symbols.get(key).copied().unwrap_or_default();
        let value = Ffi { direction: *direction, mechanism, consumers, symbols };
        all.push(Evidenced { value, evidence: tidy(places.clone()) });
    }
    all
}

/// The languages that load an export: the one that the mechanism is made for, or those whose code was seen loading it.
fn consumers_of(mechanism: &str, gathered: &Gathered) -> Vec<String> {
    let made_for = match mechanism {
        "pyo3" => Some("python"),
        "napi" | "neon" => Some("node"),
        "magnus" => Some("ruby"),
        "extendr" => Some("r"),
        "rustler" => Some("elixir"),
        "ext-php-rs" => Some("php"),
        "flutter-rust-bridge" => Some("dart"),
        "swift-bridge" => Some("swift"),
        "jni" => Some("java"),
        _ => None,
    };
    if let Some(language) = made_for {
        // Kotlin and Scala load what is made for Java.
        let others = gathered.consumers.keys().map(|(seen, _)| seen.as_str());
        let mut all: Vec<String> = vec![language.to_owned()];
        all.extend(others.filter(|seen| language == "java" && matches!(*seen, "kotlin" | "scala")).map(str::to_owned));
        all.sort();
        all.dedup();
        return all;
    }
    let mut seen: Vec<String> = gathered.consumers.keys().map(|(language, _)| language.clone()).collect();
    seen.dedup();
    seen
}

/// The mechanism that a surface really is in this unit, or none: exports count only where something can load them.
fn in_force(unit: &Unit, role: Role, direction: Direction, mechanism: &str) -> Option<String> {
    if direction == Direction::Import {
        return Some(mechanism.to_owned());
    }
    let loadable = unit.language == Language::Go || unit.shape != Shape::Main;
    match (mechanism, role) {
        ("extern-c", Role::Wasm) => Some("wasm-export".to_owned()),
        // A program that merely links a crate with exports is loaded by nobody.
        (_, role) if !loadable && role != Role::Wasm => None,
        _ => Some(mechanism.to_owned()),
    }
}
