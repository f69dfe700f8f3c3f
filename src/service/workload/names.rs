//! Units by the words that name them, and what a name alone cannot tell.

use std::collections::BTreeSet;

use crate::path::base;

use super::super::repository::FileEntry;
use super::super::unit::Unit;

/// The only unit below a directory that is called like the image, or like its end: `org/x-driver` and `drivers/x-driver/cmd/plugin`.
pub(super) fn by_path_part(units: &[Unit], file: &FileEntry, name: &str) -> BTreeSet<usize> {
    if !name.contains('-') {
        return BTreeSet::new();
    }
    let holds = |part: &str| part == name || part.strip_suffix(name).is_some_and(|rest| rest.ends_with('-'));
    let near = |unit: &Unit| unit.root.split('/').any(|part| holds(&normal(part)));
    let found: Vec<usize> = (0..units.len()).filter(|&at| near(&units[at])).collect();
    let shared = |at: usize| units[at].root.split('/').next() == file.directory().split('/').next();
    if found.len() == 1 && shared(found[0]) { found.into_iter().collect() } else { BTreeSet::new() }
}

/// The only unit whose directory's name, of several words, ends the given name: `/usr/bin/k8s-node-cleaner` and `node-cleaner`.
pub(super) fn by_suffix(units: &[Unit], name: &str) -> BTreeSet<usize> {
    let ends = |unit: &Unit| {
        let directory = normal(base(&unit.root));
        directory.contains('-') && name.strip_suffix(&directory).is_some_and(|rest| rest.ends_with('-'))
    };
    let found: BTreeSet<usize> = (0..units.len()).filter(|&at| ends(&units[at])).collect();
    if found.len() == 1 { found } else { BTreeSet::new() }
}

/// Whether a word can only be a program. To an image that others build, `migrate` and `generate` are words of its own.
pub(super) fn is_distinctive(word: &str) -> bool {
    word.contains(['/', '-', '_']) && !word.starts_with('-')
}

/// Whether an image is one of a public library: a plain name with a version.
pub(super) fn is_public(image: &str) -> bool {
    !image.contains("{{") && !image.contains(['$', '/']) && image.contains(':')
}

/// The tag of an image that is known by its tag (`demo:1.2-checkout` → `checkout`).
pub(super) fn tag_of(image: &str) -> String {
    let tag = base(image).rsplit_once(':').map_or("", |(_, tag)| tag);
    tag.rsplit_once('-').map_or(String::new(), |(_, name)| name.to_ascii_lowercase())
}

/// Names are compared without case and without the difference of `-` and `_`.
pub(super) fn normal(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

pub(super) fn is_generic(name: &str) -> bool {
    let name = name.trim_end_matches(".sh");
    matches!(
        name,
        "" | "sh"
            | "bash"
            | "ash"
            | "main"
            | "app"
            | "server"
            | "run"
            | "start"
            | "entrypoint"
            | "exec"
            | "env"
            | "tini"
            | "dumb-init"
            | "make"
            | "sleep"
            | "web"
            | "worker"
            | "api"
            | "db"
            | "test"
            | "default"
            | "controller"
            | "manager"
            | "cmd"
    ) || name.contains("{{")
}
