//! What serves the development of others: tests, examples, helpers that nothing ships.

use crate::path::{base, is_within, join};
use crate::scope::Scope;

use super::super::{Language, Role};
use super::names::{is_called_a_daemon, is_called_a_test, makes_load, serves_development};
use super::{Context, Reasoned};

pub(super) fn by_place(context: &Context<'_, '_>) -> Option<Reasoned> {
    if context.unit.root.split('/').any(makes_load) {
        return context.reason(Role::Tool, "makes load for others", context.unit.at.clone());
    }
    // What the repository's own release is made of is no example, wherever it lies.
    let mut built = context.collected.builds.iter().map(|&index| &context.ties.builds[index]);
    if context.scope() == Scope::Example
        && built.any(|built| !built.build.publishes.is_empty() && built.file.scope == Scope::Shipped)
    {
        return None;
    }
    let why = match context.scope() {
        Scope::Test => "lies among tests",
        Scope::Example => "lies among examples",
        Scope::Docs => "lies in the documentation",
        Scope::Fixture | Scope::Vendored => "is not the repository's own",
        Scope::Shipped if is_called_a_test(base(&context.unit.root)) => "is called a test",
        Scope::Shipped => return None,
    };
    // What something shipped runs is no test, whatever its folder is called; a compose file stages tests as well.
    let ships = |running: &crate::service::workload::Running<'_>| {
        running.file.scope == Scope::Shipped
            // A test brings its own stage.
            && (context.scope() != Scope::Shipped || !is_within(&running.file.path, &context.unit.root))
            && (running.workload.target != "compose" || !matches!(context.scope(), Scope::Test | Scope::Fixture))
    };
    let runs = context.collected.workloads.iter().any(|&index| ships(&context.ties.workloads[index]));
    (!runs).then(|| context.reason(Role::Tool, why, context.unit.at.clone())).flatten()
}

pub(super) fn by_tool(context: &Context<'_, '_>) -> Option<Reasoned> {
    // What only other helpers of development run is one of them.
    let kept = |path: &str| KEPT_FOR_DEVELOPMENT.iter().any(|folder| is_within(path, folder));
    let mut running = context.collected.workloads.iter().map(|&index| &context.ties.workloads[index]);
    let run = running.any(|running| !kept(&running.file.path));
    if run {
        return None;
    }
    let path = format!("{}/{}", context.unit.root, context.unit.name).to_ascii_lowercase();
    let parts: Vec<&str> = path.split('/').collect();
    let word = parts.iter().find(|part| serves_development(part));
    let (called, kept) = (word.is_some(), lies_among_tools(context));
    // A generator may read the packages of the server for which it writes; nobody can install it from outside.
    let hidden = is_passed_over(context) && context.unit.root.split('/').any(|part| part == "internal");
    let helps = called || kept || hidden;
    // An image may bring helpers along, or be the stage on which others are built: what it starts, it ships. One
    // beside a generator among the tools is there to try things out.
    let imaged = if helps { context.started_by_image() } else { context.shipped_image().is_some() };
    if imaged && !(called && kept) {
        return None;
    }
    if helps && context.published().is_none() {
        return context.reason(
            Role::Tool,
            "serves the development of the others: nothing ships it",
            context.unit.at.clone(),
        );
    }
    if let Some(package) = context.repository.cargo.packages.get(&context.unit.root)
        && package.lib.is_some()
        && context.published().is_none()
        && package.bins.iter().all(|bin| !bin.path.ends_with("main.rs"))
        && (package.bins.iter().all(|bin| bin.path.contains("/bin/")) || is_depended_on(context))
        // A program that bears the package's name is what the package is for.
        && !package.bins.iter().any(|bin| bin.name.replace('-', "_") == package.name.replace('-', "_"))
    {
        return context.reason(Role::Tool, "a helper program beside a library", context.unit.at.clone());
    }
    None
}

/// Whether another package of the repository builds on the unit's.
fn is_depended_on(context: &Context<'_, '_>) -> bool {
    let others = context.repository.cargo.packages.values().filter(|package| package.directory != context.unit.root);
    others.flat_map(|package| &package.dependencies).any(|one| one.directory.as_ref() == Some(&context.unit.root))
}

/// Folders of a workspace, a module or the repository in which development keeps its helpers.
const KEPT_FOR_DEVELOPMENT: &[&str] =
    &["tools", "utils", "build", "cmd/tools", "contrib", "integration", "internal/tools", "internal/cmd"];

/// Whether the unit lies in the folder `tools` of a workspace, a module or the repository, where development keeps its helpers.
fn lies_among_tools(context: &Context<'_, '_>) -> bool {
    let (cargo, go) = (&context.repository.cargo, &context.repository.go);
    let home = match context.unit.language {
        Language::Rust => cargo.packages.get(&context.unit.root).and_then(|package| package.workspace.as_deref()),
        Language::Go => go.module_of(&context.unit.root).map(|(directory, _)| &**directory),
    };
    [home.unwrap_or("."), "."]
        .iter()
        .flat_map(|home| KEPT_FOR_DEVELOPMENT.iter().filter_map(move |folder| join(home, folder)))
        .any(|tools| is_within(&context.unit.root, &tools))
}

/// Nothing ships it, it reads no command line and it listens for nothing: something for developers, unless it is all
/// there is. A Go program is also installed from its source, so something else has to be what is shipped.
pub(super) fn by_nothing(context: &Context<'_, '_>) -> Option<Reasoned> {
    let shipped = context.shipped_image().is_some() || context.published().is_some();
    let aside = match context.unit.language {
        Language::Rust => context.repository.cargo.packages.len() + context.repository.go.modules.len() > 1,
        Language::Go => is_passed_over(context),
    };
    (!shipped && aside)
        .then(|| context.reason(Role::Tool, "nothing ships it, and it listens for nothing", context.unit.at.clone()))
        .flatten()
}

/// Whether a Go program is one that its module does not ship, unlike others.
fn is_passed_over(context: &Context<'_, '_>) -> bool {
    context.unit.language == Language::Go && !is_called_a_daemon(&context.unit.name) && ships_others(context)
}

/// Whether an image, a release or a deployment of the repository's own is there for another Go program of the same
/// module, and none for this one: a module of its own stands for itself.
fn ships_others(context: &Context<'_, '_>) -> bool {
    let ties = context.ties;
    let module = |root: &str| context.repository.go.module_of(root).map(|(directory, _)| directory.clone());
    let own_module = module(&context.unit.root);
    let is_sibling = |unit: usize| unit != context.index && module(&context.units[unit].root) == own_module;
    let other = |units: &[usize]| units.iter().any(|&unit| is_sibling(unit));
    let own = |units: &[usize]| units.contains(&context.index);
    let images = || ties.images.iter().filter(|image| image.ships).map(|image| &image.units[..]);
    let released =
        || ties.builds.iter().filter(|built| !built.build.publishes.is_empty()).map(|built| &built.units[..]);
    let run = || ties.workloads.iter().map(|running| &running.units[..]);
    let all = || images().chain(released()).chain(run());
    all().any(other) && !all().any(own)
}
