//! `config` and `init`: what is in force, and a file to start from.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use fitcheck::cli::Scan;
use fitcheck::config::{FILE, print};
use fitcheck::exit::Exit;

/// Prints the effective configuration. The services are looked for as well: their directories may have files.
pub(crate) fn show(args: &Scan) -> anyhow::Result<Exit> {
    let (_, loaded) = crate::scan(args)?;
    let text = super::lines(&print::effective(&loaded.config));
    crate::print(|out| out.write_all(text.as_bytes()))
}

/// Writes the starting file; never over one that is there.
pub(crate) fn init(directory: &Path) -> anyhow::Result<Exit> {
    let path = directory.join(FILE);
    std::fs::File::create_new(&path)
        .and_then(|mut file| file.write_all(print::INIT.as_bytes()))
        .with_context(|| format!("cannot create `{}`", path.display()))?;
    crate::print(|out| writeln!(out, "wrote {}: everything in it is commented out", path.display()))
}
