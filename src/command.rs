//! The commands beside the main job: one function each, arguments in, exit status out.

pub(crate) mod accept;
pub(crate) mod config;
pub(crate) mod deliver;
pub(crate) mod facts;
pub(crate) mod history;
pub(crate) mod pick;
pub(crate) mod policy;

use std::path::Path;

use anyhow::Context as _;
use fitcheck::check::{self, Options};
use fitcheck::cli::Configured;
use fitcheck::draft::Draft;
use fitcheck::policy::PolicySet;
use fitcheck::report::inert;

/// The policies of a repository's configuration.
fn policies(args: &Configured) -> anyhow::Result<PolicySet> {
    let options = Options { config: args.config.clone(), ..Options::new(&args.path) };
    Ok(check::configuration(&options)?.config.policies)
}

/// Text of several lines, from files that may be anyone's, for a terminal.
pub(crate) fn lines(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", inert::terminal(line))).collect()
}

/// Writes a file as a whole or not at all; a link is not followed.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    let replace = || {
        let draft = Draft::public(path)?;
        draft.file().write_all(text.as_bytes())?;
        match path.symlink_metadata() {
            Ok(known) if known.is_file() => draft.file().set_permissions(known.permissions())?,
            Ok(_) => return Err(std::io::Error::other("it is no file")),
            Err(_) => {}
        }
        draft.publish()
    };
    replace().with_context(|| format!("cannot write `{}`", path.display()))
}
