//! What a unit mainly is, decided from what builds, ships, runs and imports it.
//!
//! In: everything tied to the unit. Out: a role and the reasons, strongest first. Folder names speak only where
//! nothing ships the unit.

use crate::fact::FactKind;
use crate::scope::Scope;
use crate::source::Location;

use super::attribute::{Collected, Ties};
use super::repository::Repository;
use super::traits::Uses;
use super::unit::{Shape, Unit};
use super::{Language, Role};

/// A role with one clause and one place for each reason.
pub type Reasoned = (Role, Vec<(String, Location)>);

pub struct Context<'a, 'r> {
    pub repository: &'a Repository,
    pub unit: &'a Unit,
    /// Its place among all units.
    pub index: usize,
    pub uses: &'a Uses<'r>,
    pub collected: &'a Collected<'r>,
    pub ties: &'a Ties<'r>,
    pub judges_examples: bool,
}

/// Decides the role. The order of the questions is the procedure: the first that answers wins.
pub fn role(context: &Context<'_, '_>) -> Reasoned {
    let questions: [fn(&Context<'_, '_>) -> Option<Reasoned>; 13] = [
        by_place,
        by_firmware,
        by_wasm,
        by_function,
        by_library,
        by_tool,
        by_job,
        by_command_line,
        by_service,
        by_cli,
        by_helper,
        by_server_code,
        by_nothing,
    ];
    let fallback = || {
        let why = "a program that nothing here runs as a service".to_owned();
        (Role::Cli, vec![(why, context.unit.at.clone())])
    };
    questions.iter().find_map(|question| question(context)).unwrap_or_else(fallback)
}

impl Context<'_, '_> {
    fn reason(&self, role: Role, why: &str, at: Location) -> Option<Reasoned> {
        Some((role, vec![(why.to_owned(), at)]))
    }

    fn scope(&self) -> Scope {
        let scope = Scope::of(&format!("{}/x", self.unit.root));
        if scope == Scope::Example && self.judges_examples { Scope::Shipped } else { scope }
    }

    /// The first fact of the unit for which the test holds.
    fn fact(&self, test: impl Fn(&FactKind) -> bool) -> Option<Location> {
        self.collected.facts.iter().find(|seen| test(&seen.fact.kind)).map(|seen| seen.file.at(seen.fact.place))
    }

    /// Routes that the unit's own code registers.
    fn routes(&self) -> u32 {
        let near = self.collected.facts.iter().filter(|seen| seen.near);
        near.map(|seen| match &seen.fact.kind {
            FactKind::Count { what: crate::fact::Count::Routes, n } => *n,
            _ => 0,
        })
        .sum()
    }

    fn mark(&self, name: &str) -> Option<Location> {
        self.fact(|kind| matches!(kind, FactKind::Mark { name: found, .. } if found == name))
    }

    fn target(&self, test: impl Fn(&str) -> bool) -> Option<Location> {
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

    fn workload(&self, test: impl Fn(&crate::fact::Workload) -> bool) -> Option<Location> {
        let running = self.collected.workloads.iter().map(|&index| &self.ties.workloads[index]);
        running.filter(|running| test(running.workload)).map(|running| running.file.at(running.fact.place)).next()
    }

    fn published(&self) -> Option<Location> {
        let built = self.collected.builds.iter().map(|&index| &self.ties.builds[index]);
        let released = built.filter(|built| !built.build.publishes.is_empty());
        released
            .map(|built| built.file.at(built.fact.place))
            .next()
            .or_else(|| self.workload(|workload| matches!(workload.target.as_str(), "package" | "binary-release")))
    }

    /// Whether an image runs this unit as a server: it names a port, or asks the program to serve.
    fn image_serves(&self) -> bool {
        let asks = |word: &String| {
            matches!(word.as_str(), "serve" | "server" | "start" | "run" | "daemon" | "run-server" | "api")
        };
        self.running_images().any(|image| image.image.exposes || image.image.command.iter().skip(1).any(asks))
    }

    /// Images that are shipped to run this unit: a companion that lies beside what the image starts is not.
    fn running_images(&self) -> impl Iterator<Item = &super::image::Packed<'_>> {
        let images = self.collected.images.iter().map(|&index| &self.ties.images[index]).filter(|image| image.ships);
        images.filter(|image| image.units.len() == 1 || image.started.is_empty() || image.started.contains(&self.index))
    }

    fn shipped_image(&self) -> Option<Location> {
        self.running_images().map(|image| image.file.at(image.fact.place)).next()
    }
}

fn by_place(context: &Context<'_, '_>) -> Option<Reasoned> {
    let why = match context.scope() {
        Scope::Test => "lies among tests",
        Scope::Example => "lies among examples",
        Scope::Docs => "lies in the documentation",
        Scope::Fixture | Scope::Vendored => "is not the repository's own",
        Scope::Shipped if is_called_a_test(super::repository::base(&context.unit.root)) => "is called a test",
        Scope::Shipped => return None,
    };
    // What something shipped runs is no test, whatever its folder is called; a compose file stages tests as well.
    let ships = |running: &super::workload::Running<'_>| {
        running.file.scope == Scope::Shipped
            // A test brings its own stage.
            && (context.scope() != Scope::Shipped || !super::repository::is_within(&running.file.path, &context.unit.root))
            && (running.workload.target != "compose" || !matches!(context.scope(), Scope::Test | Scope::Fixture))
    };
    let runs = context.collected.workloads.iter().any(|&index| ships(&context.ties.workloads[index]));
    (!runs).then(|| context.reason(Role::Tool, why, context.unit.at.clone())).flatten()
}

/// Whether a folder's name says that it tests the rest: `integration-tests`, `lambda_tests`.
fn is_called_a_test(folder: &str) -> bool {
    ["-tests", "_tests", "-test", "_test"].iter().any(|end| folder.ends_with(end))
}

fn by_firmware(context: &Context<'_, '_>) -> Option<Reasoned> {
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
    let linker = context.mark("linker-memory").or_else(|| context.mark("probe-rs"));
    let signs =
        [target.is_some(), !hal.is_empty(), no_std.is_some() && no_main_at(context).is_some(), linker.is_some()];
    if signs.iter().filter(|sign| **sign).count() >= 2 && context.unit.shape != Shape::Library {
        let at = target.or(linker).or(hal.into_iter().next()).or(no_std)?;
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

fn by_wasm(context: &Context<'_, '_>) -> Option<Reasoned> {
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

fn by_function(context: &Context<'_, '_>) -> Option<Reasoned> {
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

fn by_library(context: &Context<'_, '_>) -> Option<Reasoned> {
    if context.unit.language == Language::Go {
        let built = context.collected.builds.iter().map(|&index| &context.ties.builds[index]);
        let shared = built.filter(|built| matches!(built.build.mode.as_deref(), Some("c-shared" | "c-archive")));
        let at = shared.map(|built| built.file.at(built.fact.place)).next()?;
        return context.reason(Role::Library, "is built as a C library", at);
    }
    match context.unit.shape {
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

/// Words in a path or name of things that serve the development of others.
const TOOL_WORDS: &[&str] = &[
    "hack",
    "scripts",
    "script",
    "xtask",
    "mock",
    "mocks",
    "mockhook",
    "fake",
    "loadgen",
    "loadgenerator",
    "generator",
    "gen",
    "codegen",
    "bench",
    "benchmark",
    "fuzz",
    "e2e",
    "demo",
    "devtools",
    "dev",
    "magefiles",
    "bindgen",
    "lint",
    "checker",
    "testclient",
    "testserver",
    "smoke",
    "sanity",
    "testutil",
    "seed",
    "stress",
    "tutorial",
    "magefile",
    "docgen",
    "gendocs",
    "doc",
    "docs",
    "clippy",
    "probe",
    "test",
    "tests",
];

fn by_tool(context: &Context<'_, '_>) -> Option<Reasoned> {
    // What only other helpers of development run is one of them.
    let kept = |path: &str| KEPT_FOR_DEVELOPMENT.iter().any(|folder| super::repository::is_within(path, folder));
    let mut running = context.collected.workloads.iter().map(|&index| &context.ties.workloads[index]);
    let run = running.any(|running| !kept(&running.file.path));
    if run || context.shipped_image().is_some() {
        return None;
    }
    let path = format!("{}/{}", context.unit.root, context.unit.name).to_ascii_lowercase();
    let parts: Vec<&str> = path.split('/').collect();
    let word = parts.iter().find(|part| {
        TOOL_WORDS.contains(part)
            || part.split(['-', '_']).any(|word| TOOL_WORDS.contains(&word))
            || part.starts_with("gen-")
            || part.ends_with("-gen")
            || part.starts_with("test-")
            // `.build-tools`, `.ci`: folders that hide from people serve the repository, not its users.
            || (part.len() > 1 && part.starts_with('.'))
            || ["testfiles", "test", "tests", "clidoc", "docs"].iter().any(|end| part.ends_with(end))
    });
    if (word.is_some() || lies_among_tools(context)) && context.published().is_none() {
        return context.reason(
            Role::Tool,
            "serves the development of the others: nothing ships it",
            context.unit.at.clone(),
        );
    }
    if let Some(package) = context.repository.cargo.packages.get(&context.unit.root)
        && package.lib.is_some()
        && context.published().is_none()
        && package.bins.iter().all(|bin| bin.path.contains("/bin/") && !bin.path.ends_with("/main.rs"))
        // A program that bears the package's name is what the package is for.
        && !package.bins.iter().any(|bin| bin.name.replace('-', "_") == package.name.replace('-', "_"))
    {
        return context.reason(Role::Tool, "a helper program beside a library", context.unit.at.clone());
    }
    None
}

/// Folders of a workspace, a module or the repository in which development keeps its helpers.
const KEPT_FOR_DEVELOPMENT: &[&str] =
    &["tools", "cmd/tools", "contrib", "integration", "internal/tools", "internal/cmd"];

/// Whether the unit lies in the folder `tools` of a workspace, a module or the repository, where development keeps its helpers.
fn lies_among_tools(context: &Context<'_, '_>) -> bool {
    let (cargo, go) = (&context.repository.cargo, &context.repository.go);
    let home = match context.unit.language {
        Language::Rust => cargo.packages.get(&context.unit.root).and_then(|package| package.workspace.as_deref()),
        Language::Go => go.module_of(&context.unit.root).map(|(directory, _)| &**directory),
    };
    [home.unwrap_or("."), "."]
        .iter()
        .flat_map(|home| KEPT_FOR_DEVELOPMENT.iter().filter_map(move |folder| super::repository::join(home, folder)))
        .any(|tools| super::repository::is_within(&context.unit.root, &tools))
}

fn by_job(context: &Context<'_, '_>) -> Option<Reasoned> {
    let once = |workload: &crate::fact::Workload| {
        matches!(workload.kind.as_str(), "Job" | "CronJob" | "init-container" | "timer")
    };
    let long = |workload: &crate::fact::Workload| {
        matches!(workload.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet" | "service")
    };
    if context.workload(long).is_some() {
        return None;
    }
    if let Some(at) = context.workload(once) {
        return context.reason(Role::Job, "is run once or on a timetable", at);
    }
    // It replaces itself by another program: what it does, it does once.
    let mut wrapper = context
        .uses
        .near_symbol("process-exec", "syscall.Exec")
        .into_iter()
        .chain(context.uses.near_symbol("process-exec", "unix.Exec"));
    let lonely = serving(context).is_none() && context.shipped_image().is_some();
    let at = wrapper.next().filter(|_| lonely)?;
    context.reason(Role::Job, "starts another program in its place", at)
}

/// Whether a name ends like those of command-line tools.
pub(super) fn is_called_a_tool(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let last = name.rsplit(['-', '_']).next().unwrap_or(&name);
    name.starts_with("kubectl-")
        || matches!(last, "cli" | "ctl" | "tool")
        || (name.len() > 4 && (name.ends_with("ctl") || name.ends_with("cli")))
}

/// Programs for people, whatever they can serve beside: called so, or drawing on a terminal and published.
fn by_command_line(context: &Context<'_, '_>) -> Option<Reasoned> {
    let long =
        |workload: &crate::fact::Workload| matches!(workload.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet");
    let parser = context.uses.near("cli-parser").into_iter().next();
    // The package of a server's command line is called so too: the server is what its image runs.
    let server = !context.uses.near("grpc-server").is_empty()
        && context.shipped_image().is_some()
        && !context.unit.binaries.iter().all(|name| is_called_a_tool(name));
    // A plugin of kubectl is a command, whatever else runs it.
    let plugin = context.unit.name.starts_with("kubectl-");
    if plugin || is_called_a_tool(&context.unit.name) && context.workload(long).is_none() && !server {
        return context.reason(Role::Cli, "is called a command-line tool", parser.unwrap_or(context.unit.at.clone()));
    }
    if let Some(at) = context.workload(|workload| workload.target == "npm" && workload.kind == "program")
        && context.workload(long).is_none()
        && !is_called_a_daemon(&context.unit.name)
    {
        return context.reason(Role::Cli, "is installed from a package index as a command", at);
    }
    let draws = context.uses.near("terminal-ui").into_iter().next()?;
    let kept = |workload: &crate::fact::Workload| long(workload) || workload.target == "systemd";
    // What people install from an index of commands stays one where a cluster runs it as well.
    let installed = || {
        let own = context.collected.builds.iter().map(|&index| &context.ties.builds[index]);
        own.into_iter().any(|built| built.build.tool == "cargo-binstall")
    };
    (parser.is_some() && context.published().is_some() && (context.workload(kept).is_none() || installed()))
        .then(|| context.reason(Role::Cli, "talks to a person at a terminal, and is published", draws))
        .flatten()
}

/// Nothing ships it, it reads no command line and it listens for nothing: something for developers, unless it is all there is.
fn by_nothing(context: &Context<'_, '_>) -> Option<Reasoned> {
    let shipped = context.shipped_image().is_some() || context.published().is_some();
    let others = context.repository.cargo.packages.len() + context.repository.go.modules.len() > 1;
    (!shipped && others && context.unit.language == Language::Rust)
        .then(|| context.reason(Role::Tool, "nothing ships it, and it listens for nothing", context.unit.at.clone()))
        .flatten()
}

fn serving(context: &Context<'_, '_>) -> Option<Location> {
    [
        "grpc-server",
        "http-server",
        "openapi-server",
        "rpc-server",
        "k8s-controller",
        "queue-consumer",
        "workflow-worker",
        "dns-server",
        "websocket",
    ]
    .iter()
    .find_map(|capability| context.uses.near(capability).into_iter().next())
}

fn by_service(context: &Context<'_, '_>) -> Option<Reasoned> {
    let runs = |workload: &crate::fact::Workload| {
        workload.kind != "template"
            && matches!(
                workload.target.as_str(),
                "kubernetes" | "helm" | "compose" | "systemd" | "nomad" | "paas" | "cloud-run"
            )
    };
    if let Some(at) = context.workload(runs) {
        return context.reason(Role::Service, "is deployed to keep running", at);
    }
    if let Some(at) = context.uses.near("os-service").into_iter().next() {
        return context.reason(Role::Service, "runs as a service of the operating system", at);
    }
    let at = serving(context)?;
    let called = is_called_a_daemon(&context.unit.name);
    // Servers read their settings from a command line too: own routes and nothing published tell them from tools.
    let routes = || context.routes() >= 2 && context.published().is_none();
    // Only servers forward for others.
    let forwards = || !context.uses.near("reverse-proxy").is_empty() && !context.uses.near("http-server").is_empty();
    let listens =
        context.uses.near("cli-parser").is_empty() || context.image_serves() || called || routes() || forwards();
    listens.then(|| context.reason(Role::Service, "listens for work", at)).flatten()
}

/// Whether a name says that the program keeps running.
fn is_called_a_daemon(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "server",
        "daemon",
        "agent",
        "controller",
        "operator",
        "proxy",
        "gateway",
        "forwarder",
        "monitor",
        "exporter",
        "collector",
        "worker",
        "scheduler",
        "manager",
        "node",
        "broker",
        "shim",
        "api",
        "driver",
        "webhook",
        "relay",
        "service",
        "svc",
        "backend",
        "listener",
        "watcher",
        "bot",
        "apiserver",
    ];
    // `worker-build` builds workers.
    const OF_SOMETHING: &[&str] = &["build", "builder", "client", "sdk", "helper", "bench", "gen", "test", "tests"];
    let name = name.to_ascii_lowercase();
    let last = name.rsplit(['-', '_']).next().unwrap_or(&name);
    if OF_SOMETHING.contains(&last) {
        return false;
    }
    name.split(['-', '_']).any(|word| WORDS.contains(&word))
        || ["server", "agent", "service"].iter().any(|word| name.ends_with(word))
}

fn by_cli(context: &Context<'_, '_>) -> Option<Reasoned> {
    // A name alone says little: something ships it, or it waits to be told to stop.
    let kept = context.shipped_image().is_some()
        || context.published().is_some()
        || !context.uses.near("shutdown-signal").is_empty()
        || !context.uses.near("socket-server").is_empty()
        || !context.uses.near("container-runtime").is_empty();
    if kept && is_called_a_daemon(&context.unit.name) && context.uses.near("terminal-ui").is_empty() {
        return context.reason(Role::Service, "is called something that keeps running", context.unit.at.clone());
    }
    let at =
        ["cli-parser", "terminal-ui"].iter().find_map(|capability| context.uses.near(capability).into_iter().next())?;
    context.reason(Role::Cli, "reads a command line and listens for nothing", at)
}

fn by_helper(context: &Context<'_, '_>) -> Option<Reasoned> {
    let at = context.shipped_image()?;
    if let Some(waits) = context.uses.near("shutdown-signal").into_iter().next() {
        return context.reason(Role::Service, "keeps running until it is told to stop", waits);
    }
    context.reason(Role::Job, "is shipped in an image and listens for nothing", at)
}

fn by_server_code(context: &Context<'_, '_>) -> Option<Reasoned> {
    let at = context.uses.all("http-server").into_iter().chain(context.uses.all("grpc-server")).next()?;
    context.reason(Role::Service, "reaches code that listens", at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_daemons_and_of_what_builds_them() {
        for (name, keeps_running) in [
            ("payment-server", true),
            ("node-agent", true),
            ("worker-build", false),
            ("server-client", false),
            ("fd", false),
        ] {
            assert_eq!(is_called_a_daemon(name), keeps_running, "{name}");
        }
    }

    #[test]
    fn folders_that_are_called_tests() {
        for (folder, test) in [("integration-tests", true), ("x_test", true), ("contest", false), ("testing", false)] {
            assert_eq!(is_called_a_test(folder), test, "{folder}");
        }
    }

    #[test]
    fn names_of_command_line_tools() {
        for (name, tool) in
            [("x-ctl", true), ("kubectl", true), ("x-cli", true), ("click", false), ("ctl-server", false)]
        {
            assert_eq!(is_called_a_tool(name), tool, "{name}");
        }
    }
}
