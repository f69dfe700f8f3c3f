//! One fixture repository, judged by the policies that lie beside it.

use std::path::Path;

use anyhow::Context as _;
use fitcheck::check::{self, Options};
use fitcheck::policy::builtin;
use fitcheck::policy::story::{self, Expected};

use super::Own;

/// Files and depth of a fixture; one that is larger is no fixture.
const FILES: usize = 2000;
const DEPTH: usize = 20;

/// Judges the tree and says how it differs from what is expected. The tree is copied out of its repository first, whose
/// history is no part of the story.
pub(super) fn run(tree: &Path, expected: &[Expected], own: &Own) -> anyhow::Result<Vec<String>> {
    let copy = tempfile::tempdir().context("cannot make a directory for the fixture")?;
    let mut files = 0;
    copy_tree(tree, copy.path(), DEPTH, &mut files).with_context(|| format!("cannot copy `{}`", tree.display()))?;
    let options = Options { threads: 1, ..Options::new(copy.path()) };
    let mut loaded = check::configuration(&options)?;
    loaded.config.policies = builtin::overlay(loaded.config.policies, own.policies.clone());
    loaded.config.extractors.extend(own.extractors.iter().cloned());
    Ok(story::compare(expected, &check::check_with(&options, &mut loaded)?))
}

/// Copies regular files; a link is no part of a fixture.
fn copy_tree(from: &Path, to: &Path, depth: usize, files: &mut usize) -> std::io::Result<()> {
    if depth == 0 {
        return Err(std::io::Error::other(format!("it is deeper than {DEPTH} directories")));
    }
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() && entry.file_name() != ".git" {
            std::fs::create_dir(&target)?;
            copy_tree(&entry.path(), &target, depth - 1, files)?;
        } else if kind.is_file() {
            *files += 1;
            if *files > FILES {
                return Err(std::io::Error::other(format!("it has more than {FILES} files")));
            }
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
