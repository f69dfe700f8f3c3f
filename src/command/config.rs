//! `config` and `init`: what is in force, and a file to start from.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use fitcheck::check::{self, CheckError};
use fitcheck::cli::{self, Scan};
use fitcheck::config::load::load_services;
use fitcheck::config::shelf::Disk;
use fitcheck::config::{FILE, is_fatal, print};
use fitcheck::draft::Draft;
use fitcheck::exit::Exit;
use fitcheck::walk::{self, Filter};

/// Prints the effective configuration, or only says what is wrong with it.
pub(crate) fn run(args: &cli::Config) -> anyhow::Result<Exit> {
    if args.verify { verify(&args.scan) } else { show(&args.scan) }
}

/// Reads every configuration file and the policies they name, and judges nothing: for hooks, which have no time.
fn verify(args: &Scan) -> anyhow::Result<Exit> {
    let options = crate::options(args);
    let mut loaded = check::configuration(&options)?;
    let walked = walk::walk(&options.root, options.threads, &Filter::default());
    let directories = walked.entries.iter().filter_map(|entry| entry.path.strip_suffix(FILE)?.strip_suffix('/'));
    load_services(&mut loaded, &Disk(&options.root), directories);
    if is_fatal(&loaded.mistakes) { Err(CheckError::Configuration(Box::new(loaded)).into()) } else { Ok(Exit::Clean) }
}

/// The services are looked for as well: their directories may have files.
fn show(args: &Scan) -> anyhow::Result<Exit> {
    let (_, loaded) = crate::scan(args, false)?;
    let text = super::lines(&print::effective(&loaded.config));
    crate::print(|out| out.write_all(text.as_bytes()))
}

/// Writes the starting file; never over one that is there.
pub(crate) fn init(directory: &Path) -> anyhow::Result<Exit> {
    let path = directory.join(FILE);
    Draft::public(&path)
        .and_then(|draft| draft.file().write_all(print::INIT.as_bytes()).and_then(|()| draft.publish_new()))
        .with_context(|| format!("cannot create `{}`", path.display()))?;
    crate::print(|out| writeln!(out, "wrote {}: everything in it is commented out", path.display()))
}
