//! Descriptions of packages and installers: Debian, RPM, Arch, Homebrew, CocoaPods, gems, NuGet, Windows.

use super::super::shared::beginning;
use super::{lines, places, workload};
use crate::detect::Facts;
use crate::detect::deploy::script::emit_one;
use crate::fact::{FactKind, Workload};
use crate::parse::image_name;
use crate::parse::shell::{self, Variables};
use crate::source::Text;

/// Lines that begin with a key, each naming a package.
pub(super) fn fields(text: &Text<'_>, key: &str, target: &str, kind: &str, facts: &mut Facts<'_, '_>) {
    for (line, start) in lines(text) {
        let Some(name) = line.strip_prefix(key).map(|name| name.trim().trim_matches(['"', '\'', '(', ')'])) else {
            continue;
        };
        let one = Workload { name: Some(name.to_owned()), ..workload(target, kind) };
        facts.add(start..start + line.len(), FactKind::Workload(one.into()));
    }
}

pub(super) fn rpm(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    fields(text, "Name:", "package", "rpm", facts);
    let body = text.text.find("\n%build").map(|at| (at + 7, &text.text[at + 7..]));
    if let Some((start, after)) = body {
        let end = after.find("\n%install").unwrap_or(after.len());
        for command in shell::commands(&after[..end], start, &mut Variables::default()) {
            emit_one(&command, "build-file", &[], facts);
        }
    }
}

pub(super) fn quoted_after(text: &Text<'_>, word: &str, target: &str, facts: &mut Facts<'_, '_>) {
    let mut first = true;
    places(text, word, |at, after| {
        if std::mem::take(&mut first) {
            let held = beginning(after, 200).split(['"', '\'']).nth(1).map(str::to_owned);
            let one = Workload { artifacts: held.into_iter().collect(), ..workload(target, "extension") };
            facts.add(at..at + word.len(), FactKind::Workload(one.into()));
        }
    });
}

/// Native libraries that a NuGet package carries, one for each platform.
pub(super) fn nuget(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    let mut first = None;
    places(text, "runtimes/", |at, after| {
        let file = after.split(['"', ';', '<']).next().unwrap_or("");
        if first.is_none() && image_name::library(file).is_some() {
            first = Some((at, file.to_owned()));
        }
    });
    if let Some((at, file)) = first {
        let one = Workload { artifacts: vec![file], ..workload("nuget", "release") };
        facts.add(at..at + "runtimes/".len(), FactKind::Workload(one.into()));
    }
}

/// Homebrew formulas build or unpack a program and install it.
pub(super) fn formula(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    let Some(at) = text.text.find("< Formula") else { return };
    let mut artifacts = Vec::new();
    places(text, "bin.install ", |_, after| artifacts.extend(after.split(['"', '\'']).nth(1).map(str::to_owned)));
    facts.add(at..at + 9, FactKind::Workload(Workload { artifacts, ..workload("package", "brew") }.into()));
}

/// Programs that an installer packs, after any of these words.
pub(super) fn installer(text: &Text<'_>, words: &[&str], kind: &str, facts: &mut Facts<'_, '_>) {
    let mut artifacts: Vec<String> = Vec::new();
    let mut first = None;
    for word in words {
        places(text, word, |at, after| {
            let line = after.lines().next().unwrap_or("");
            let file = line.split(['"', '\'']).nth(1).unwrap_or("").replace('\\', "/");
            if file.ends_with(".exe") && artifacts.len() < 50 && !artifacts.contains(&file) {
                artifacts.push(file);
                first.get_or_insert(at..at + word.len());
            }
        });
    }
    if let Some(range) = first {
        facts.add(
            range,
            FactKind::Workload(Workload { artifacts, kind: "release".to_owned(), ..workload("package", kind) }.into()),
        );
    }
}
