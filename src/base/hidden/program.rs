//! What became of the program of a service that is gone, and of the names by which its code was known.

use super::{Hidden, Trees, file};
use crate::fact::{CargoManifest, GoModule, Structure};
use crate::finding::{Judged, Report};
use crate::parse::Kind;
use crate::path::{is_within, join, parent};
use crate::service::Language;
use crate::service::repository::FileEntry;

/// How many files are asked whether they hold the program.
const ASKED: usize = 100;

/// A service is gone and the file with its `main` is not: nothing that is read makes a program of it.
pub(super) fn of(before: &Judged, head: &Report, trees: Trees<'_>) -> Vec<Hidden> {
    let service = &before.service;
    let is_still = |root: &str| {
        head.services.iter().any(|now| now.service.language == service.language && *now.service.root == *root)
    };
    if is_still(&service.root) {
        return Vec::new();
    }
    let mains = mains(before, trees);
    let mut found = Vec::new();
    for (path, text) in mains.iter().take(ASKED) {
        let at = if trees.new.contains_key(path) {
            (trees.now)(path).is_some_and(|now| has_main(path, &now, trees)).then(|| path.clone())
        } else {
            lies_now(path, text, head, before, trees)
        };
        found.extend(
            at.map(|at| Hidden { at, why: "it still holds the program, which nothing that is read makes".into() }),
        );
    }
    found
}

/// The files of the base from which the service's programs are made.
fn mains(before: &Judged, trees: Trees<'_>) -> Vec<(String, String)> {
    let root = &*before.service.root;
    let below = trees.old.keys().filter(|path| is_within(path, root));
    let may: Vec<&String> = match before.service.language {
        Language::Go => below.filter(|path| parent(path) == root && path.ends_with(".go")).collect(),
        Language::Rust => {
            let named = declared(root, trees);
            let main = join(root, "src/main.rs");
            let others = join(root, "src/bin").unwrap_or_default();
            let is_one = |path: &&String| {
                Some(*path) == main.as_ref()
                    || named.contains(path)
                    || path.ends_with(".rs") && is_within(path, &others)
            };
            below.filter(is_one).collect()
        }
    };
    let texts = may.into_iter().take(ASKED).filter_map(|path| Some((path.clone(), (trees.before)(path)?)));
    texts.filter(|(path, text)| has_main(path, text, trees)).collect()
}

/// The paths that the base's manifest names for programs.
fn declared(root: &str, trees: Trees<'_>) -> Vec<String> {
    let manifest = manifest(root, trees.before, trees);
    let bins = manifest.map(|manifest| manifest.bins).unwrap_or_default();
    bins.into_iter().filter_map(|bin| join(root, &bin.path?)).collect()
}

fn manifest(root: &str, texts: super::Texts<'_>, trees: Trees<'_>) -> Option<CargoManifest> {
    let path = join(root, "Cargo.toml")?;
    match (trees.read)(&path, &texts(&path)?)?.facts.structure {
        Structure::Cargo(manifest) => Some(*manifest),
        _ => None,
    }
}

fn has_main(path: &str, text: &str, trees: Trees<'_>) -> bool {
    let main = |file: FileEntry| match file.facts.structure {
        Structure::Go(go) => go.main.is_some(),
        Structure::Rust(rust) => rust.main.is_some(),
        _ => false,
    };
    (trees.read)(path, text).is_some_and(main)
}

/// Where the program lies that was in a file which is gone: in one that came, below no service of the same language.
fn lies_now(path: &str, text: &str, head: &Report, before: &Judged, trees: Trees<'_>) -> Option<String> {
    let is_taken = |now: &str| {
        head.services
            .iter()
            .any(|one| one.service.language == before.service.language && is_within(now, &one.service.root))
    };
    let came = trees.new.iter().filter(|(now, _)| !trees.old.contains_key(*now) && Kind::of(now) == Kind::of(path));
    let came = came.filter(|(now, _)| !is_taken(now)).take(ASKED);
    let holds = |now: &str| {
        let now_text = (trees.now)(now);
        now_text.is_some_and(|new| file::lives_on(text, &new, false) && has_main(now, &new, trees))
    };
    came.map(|(now, _)| now).find(|now| trees.new.get(*now) == trees.old.get(path) || holds(now)).cloned()
}

/// A manifest that gives known packages other names, or a module that no longer is what its code imports.
pub(super) fn renamed(before: &Judged, trees: Trees<'_>) -> Vec<Hidden> {
    let root = &*before.service.root;
    match before.service.language {
        Language::Rust => renamed_packages(root, trees),
        Language::Go => renamed_module(root, trees).into_iter().collect(),
    }
}

fn renamed_packages(root: &str, trees: Trees<'_>) -> Vec<Hidden> {
    let manifests = manifest(root, trees.before, trees).zip(manifest(root, trees.now, trees));
    let (Some((old, new)), Some(at)) = (manifests, join(root, "Cargo.toml")) else { return Vec::new() };
    let disguised = new.dependencies.iter().filter_map(|dependency| {
        let package = dependency.package.as_ref()?;
        let was_plain = old.dependencies.iter().any(|one| one.name == *package && one.package.is_none());
        was_plain.then_some((package, &dependency.name))
    });
    let hidden = |(package, name)| Hidden {
        at: at.clone(),
        why: format!("`{package}` is now called `{name}`, by which its uses are not known"),
    };
    disguised.map(hidden).collect()
}

fn renamed_module(root: &str, trees: Trees<'_>) -> Option<Hidden> {
    let at = above(root).find(|path| trees.old.contains_key(path))?;
    let (old, new) = trees.both(&at)?;
    let (old, new) = (module(old)?, module(new)?);
    let still = |path: &String| imports(path, &old.module, trees);
    let code = trees.new.keys().filter(|path| path.ends_with(".go") && parent(path) == root).take(ASKED);
    let says = old.module != new.module && !old.module.is_empty() && code.into_iter().any(still);
    says.then(|| Hidden { at, why: format!("the module was `{}`, by which its code is still imported", old.module) })
}

/// Paths of the go.mod that may hold for a directory, nearest first.
fn above(root: &str) -> impl Iterator<Item = String> {
    let directories = std::iter::successors(Some(root), |&at| (at != ".").then(|| parent(at)));
    directories.filter_map(|directory| join(directory, "go.mod"))
}

fn module(file: FileEntry) -> Option<GoModule> {
    match file.facts.structure {
        Structure::GoModule(module) => Some(module),
        _ => None,
    }
}

fn imports(path: &str, module: &str, trees: Trees<'_>) -> bool {
    let file = (trees.now)(path).and_then(|text| (trees.read)(path, &text));
    let Some(Structure::Go(go)) = file.map(|file| file.facts.structure) else { return false };
    go.imports.iter().any(|import| import.path.strip_prefix(module).is_some_and(|rest| rest.starts_with('/')))
}
