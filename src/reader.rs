//! Readers: the pure function from a file's name and text to its facts, one arm per kind of file.
//!
//! Nothing here touches the disk, so a result can be cached by content and tested from a string.

use std::time::Instant;

use crate::config::inline;
use crate::detect::{self, Facts};
use crate::fact::{Binding, Count, FactKind, FileFacts, Structure};
use crate::limits::Limits;
use crate::parse::{self, Kind, config, cut, go, gomod, rust};
use crate::problem::{Class, Flaw};
use crate::source::Text;

/// Reads one file, however long it takes.
pub fn read(kind: Kind, text: &Text<'_>) -> FileFacts {
    read_until(kind, text, None, usize::MAX)
}

/// Reads one file within its limits; the second part says whether none of them cut it short.
pub fn read_within(kind: Kind, text: &Text<'_>, limits: &Limits) -> (FileFacts, bool) {
    let end = Instant::now().checked_add(limits.file_time());
    let most = usize::try_from(limits.file_facts).unwrap_or(usize::MAX);
    let mut facts = read_until(kind, text, end, most);
    let is_late = end.is_some_and(|end| Instant::now() > end);
    if is_late {
        let reason = format!("over the limit `file-time` of {:?} a file: the rest is not read", limits.file_time());
        facts.flaws.push(Flaw { reason, place: None, class: Class::Lost });
    }
    let is_whole =
        !is_late && !facts.flaws.iter().any(|flaw| flaw.reason.contains(cut::TIME)) && facts.facts.len() <= most;
    (facts, is_whole)
}

/// Reads one file; between two detectors, gives up what has too much of anything.
fn read_until(kind: Kind, text: &Text<'_>, end: Option<Instant>, most: usize) -> FileFacts {
    // What a reader that failed has left behind is about another file.
    cut::take();
    let mut facts = Facts::new(text);
    facts.end = end;
    facts.most = most;
    let structure = match kind {
        // Each reader: `fn(&Text, &mut Facts) -> Structure`.
        Kind::CargoToml => parse::cargo::read(text, &mut facts),
        Kind::Rust => read_rust(text, &mut facts),
        Kind::Yaml | Kind::Json | Kind::Toml | Kind::Hcl | Kind::CargoConfig => read_config(kind, text, &mut facts),
        Kind::Go => read_go(text, &mut facts),
        Kind::GoMod => read_go_module(text, &mut facts),
        Kind::Dockerfile => {
            detect::deploy::dockerfile(text, &mut facts);
            Structure::None
        }
        Kind::Script => {
            detect::deploy::script(text, &mut facts);
            Structure::None
        }
        _ => Structure::None,
    };
    for (_, _, detect) in detect::TEXT.iter().chain(detect::deploy::TEXT).filter(|(_, kinds, _)| kinds.contains(&kind))
    {
        if facts.is_over() {
            break;
        }
        detect(text, &mut facts);
    }
    for (range, policy) in inline::noted(text) {
        // About no service: it is compared with findings.
        let comment = FactKind::Mark { name: inline::NOTED.to_owned(), detail: policy };
        facts.add_bound(range, comment, Binding::Names(Vec::new()));
    }
    let Facts { list, mut flaws, .. } = facts;
    flaws.extend(cut::take());
    FileFacts { structure, facts: list, flaws, lines: text.line_count() }
}

/// Runs every detector of Rust over one reading.
fn read_rust(text: &Text<'_>, facts: &mut Facts<'_, '_>) -> Structure {
    let Some(view) = rust::view(text, facts) else { return Structure::None };
    let code = detect::RUST.iter().filter(|_| view.is_code());
    for (_, detect) in code.chain(detect::RUST_EVERYWHERE) {
        if facts.is_over() {
            break;
        }
        detect(&view, facts);
    }
    rust::structure(&view)
}

/// Runs every detector of configuration files over one parse.
fn read_config(kind: Kind, text: &Text<'_>, facts: &mut Facts<'_, '_>) -> Structure {
    let Some((view, flaws)) = config::view(kind, text) else { return Structure::None };
    facts.flaws.extend(flaws);
    for (_, detect) in detect::CONFIG.iter().chain(detect::deploy::CONFIG) {
        if facts.is_over() {
            break;
        }
        detect(&view, facts);
    }
    Structure::None
}

/// Runs every detector of Go over one view; what they find counts under the file's build constraint.
fn read_go(text: &Text<'_>, facts: &mut Facts<'_, '_>) -> Structure {
    let view = go::GoView::new(text);
    if let Some((range, why)) = view.broken() {
        facts.flaw(range, format!("not Go: {why}"));
    }
    if let Some(last) = view.imports.get(go::MAX_IMPORTS - 1) {
        let reason = format!("{} imports or more: the rest is not read", go::MAX_IMPORTS);
        facts.flaw(view.range(last.token..last.token + 1), reason);
    }
    for (_, detect) in detect::GO {
        if facts.is_over() {
            break;
        }
        detect(&view, facts);
    }
    for fact in &mut facts.list {
        fact.constraint.clone_from(&view.constraint);
        if needs_caller(&fact.kind) && fact.binding == Binding::Package {
            let token = view.tokens.partition_point(|token| token.start < fact.place.start);
            fact.binding = detect::go_tuning::binding(&view, token);
        }
    }
    Structure::Go(go::structure(&view, text))
}

/// Whether a fact says something about a service only if the service calls the function that holds it: a package of
/// helpers can do much that most of its importers never ask for.
fn needs_caller(kind: &FactKind) -> bool {
    match kind {
        FactKind::Count { what, .. } => matches!(what, Count::Routes | Count::GrpcServices),
        FactKind::Uses { capability, .. } => capability.ends_with("-server") || capability == "reverse-proxy",
        _ => false,
    }
}

fn read_go_module(text: &Text<'_>, facts: &mut Facts<'_, '_>) -> Structure {
    let module = gomod::module(text);
    detect::go_toolchain::detect(&module, facts);
    Structure::GoModule(module)
}
