//! What a unit is built as: firmware, a WebAssembly module, a function, a library for other languages.

use crate::fact::FactKind;
use crate::path::base;
use crate::source::Location;

use super::super::unit::Shape;
use super::super::{Language, Role};
use super::{Context, Reasoned};

pub(super) fn by_firmware(context: &Context<'_, '_>) -> Option<Reasoned> {
    let bare = |target: &str| is_bare_metal(target);
    let target = context.target(bare);
    let board = context.collected.builds.iter().map(|&index| &context.ties.builds[index]).find(|built| {
        built.build.tool == "tinygo"
            && built
                .build
                .target
                .as_deref()
                .is_some_and(|target| !target.starts_with("wasm") && !target.starts_with("wasi"))
    });
    if let Some(built) = board {
        return context.reason(Role::Firmware, "TinyGo builds it for a board", built.file.at(built.fact.place));
    }
    if let Some(at) = no_main_at(context).filter(|_| !context.uses.near("ebpf").is_empty()) {
        return context.reason(Role::Firmware, "is loaded into the kernel, without an operating system beneath", at);
    }
    let hal = context.uses.near("embedded-hal");
    if context.unit.language == Language::Go {
        // The `machine` package exists on microcontrollers alone.
        return hal.into_iter().next().and_then(|at| context.reason(Role::Firmware, "programs a microcontroller", at));
    }
    let no_std = context.fact(|kind| matches!(kind, FactKind::Tuning { what, .. } if what == "no-std"));
    // A task of an operating system of its own names no chip: what the toolchain is installed for tells.
    let installed = context.fact(
        |kind| matches!(kind, FactKind::Mark { name, detail } if name == "toolchain-target" && is_bare_metal(detail)),
    );
    let linker = context.mark("linker-memory").or_else(|| context.mark("probe-rs"));
    let bare = no_std.is_some() && no_main_at(context).is_some();
    let signs = [target.is_some(), !hal.is_empty(), bare, linker.is_some(), bare && installed.is_some()];
    if signs.iter().filter(|sign| **sign).count() >= 2 && context.unit.shape != Shape::Library {
        let at = target.or(linker).or(hal.into_iter().next()).or(installed).or(no_std)?;
        return context.reason(Role::Firmware, "is built for bare metal", at);
    }
    None
}

/// Where a Rust program says that it has no ordinary `main`.
fn no_main_at(context: &Context<'_, '_>) -> Option<Location> {
    context.repository.files_below(&context.unit.root).find_map(|file| match &file.facts.structure {
        crate::fact::Structure::Rust(rust) => rust.no_main.map(|place| file.at(place)),
        _ => None,
    })
}

/// Triples and targets without an operating system.
pub fn is_bare_metal(target: &str) -> bool {
    let none = ["-none", "thumbv", "xtensa-", "avr-"];
    none.iter().any(|word| target.contains(word)) && !target.contains("bpf") && !target.contains("uefi")
}

pub(super) fn by_wasm(context: &Context<'_, '_>) -> Option<Reasoned> {
    let guest = [
        ("browser-wasm", "calls the browser"),
        ("proxy-wasm", "is a proxy-wasm filter"),
        ("wasm-guest", "is written against a WebAssembly host"),
        ("edge-sdk", "is written against an edge platform"),
    ];
    let exports = context.fact(|kind| matches!(kind, FactKind::Ffi { mechanism, .. } if mechanism == "wasm-bindgen" || mechanism == "wasm-export"));
    let target =
        context.target(|target| target.contains("wasm") || target.contains("js/wasm") || target.contains("wasi"));
    let edge = context
        .workload(|workload| matches!(workload.target.as_str(), "edge" | "wasm-plugin" | "wasm-browser" | "wasm-wasi"));
    let library = matches!(context.unit.shape, Shape::Library | Shape::LibraryWithBins);
    for (capability, why) in guest {
        if let Some(at) = context.uses.near(capability).into_iter().next()
            && (library || context.unit.language == Language::Go || target.is_some() || edge.is_some())
        {
            return context.reason(Role::Wasm, why, at);
        }
    }
    if let Some(at) = exports.filter(|_| library || target.is_some() || edge.is_some()) {
        return context.reason(Role::Wasm, "exports functions to WebAssembly's host", at);
    }
    let only_target = target.or(edge)?;
    let elsewhere = context.shipped_image().is_some() || context.published().is_some();
    (!elsewhere || library).then(|| context.reason(Role::Wasm, "is built for WebAssembly", only_target)).flatten()
}

pub(super) fn by_function(context: &Context<'_, '_>) -> Option<Reasoned> {
    let run = context.workload(|workload| matches!(workload.target.as_str(), "lambda" | "cloud-function"));
    if let Some(at) = run {
        return context.reason(Role::Function, "is deployed as a function", at);
    }
    for capability in ["lambda", "cloud-function"] {
        // Who links a crate with a handler in it calls the function, or deploys it: the handler's own program is it.
        let own = |at: &Location| {
            let owner = context.repository.cargo.package_of(&at.path);
            context.unit.language == Language::Go || owner.is_none_or(|owner| owner.directory == context.unit.root)
        };
        if let Some(at) = context.uses.near(capability).into_iter().find(own) {
            return context.reason(Role::Function, "registers a function handler", at);
        }
    }
    (context.unit.shape == Shape::Package && context.unit.language == Language::Go && !is_c_library(context))
        .then(|| context.reason(Role::Function, "registers a function handler", context.unit.at.clone()))
        .flatten()
}

fn is_c_library(context: &Context<'_, '_>) -> bool {
    context
        .collected
        .builds
        .iter()
        .any(|&index| matches!(context.ties.builds[index].build.mode.as_deref(), Some("c-shared" | "c-archive")))
}

pub(super) fn by_library(context: &Context<'_, '_>) -> Option<Reasoned> {
    if context.unit.language == Language::Go {
        let built = context.collected.builds.iter().map(|&index| &context.ties.builds[index]);
        let shared = built.filter(|built| matches!(built.build.mode.as_deref(), Some("c-shared" | "c-archive")));
        let at = shared.map(|built| built.file.at(built.fact.place)).next()?;
        return context.reason(Role::Library, "is built as a C library", at);
    }
    let stands_in = |part: &str| part.split(['-', '_']).any(|word| matches!(word, "test" | "tests" | "example"));
    match context.unit.shape {
        Shape::Library if stands_in(base(&context.unit.root)) && context.published().is_none() => {
            context.reason(Role::Tool, "is called a test or an example", context.unit.at.clone())
        }
        Shape::Library => {
            context.reason(Role::Library, "is a library that other languages load", context.unit.at.clone())
        }
        // A program beside the library is a helper of it, unless something ships the program.
        Shape::LibraryWithBins if context.shipped_image().is_none() && context.published().is_none() => {
            context.reason(Role::Library, "is a library that other languages load", context.unit.at.clone())
        }
        _ => None,
    }
}
