//! Builds by the go command and its stand-ins, and by TinyGo.

use super::words::{Words, tags};
use crate::fact::Build;
use crate::parse::shell::Command;

const GO_VALUED: &[&str] = &[
    "-o",
    "-p",
    "-asmflags",
    "-buildmode",
    "-compiler",
    "-gccgoflags",
    "-gcflags",
    "-installsuffix",
    "-ldflags",
    "-mod",
    "-modfile",
    "-overlay",
    "-pgo",
    "-pkgdir",
    "-tags",
    "-toolexec",
    "-C",
    "--tags",
    "--ldflags",
    "-covermode",
    "-coverpkg",
];

pub(super) fn go(words: &Words<'_>) -> Option<Build> {
    let verb = words.all.iter().position(|word| matches!(*word, "build" | "install"))?;
    // `garble -tiny build`, `go -C dir build`; but `go tool x build` is another program's business.
    if words.all[..verb].iter().any(|word| !word.starts_with('-') && words.all[0] != "-C") {
        return None;
    }
    let mut packages = words.positionals(verb + 1, GO_VALUED);
    if packages.iter().any(|package| package.contains('@') && !package.contains("[@]")) {
        return None;
    }
    if packages.is_empty() {
        packages.push(".".to_owned());
    }
    Some(Build {
        tool: "go".to_owned(),
        directory: words.value(&["-C"]).map(str::to_owned),
        packages,
        output: words.value(&["-o"]).map(str::to_owned),
        mode: words.value(&["-buildmode", "--buildmode"]).map(str::to_owned),
        profile: words.value(&["-pgo", "--pgo"]).filter(|file| !matches!(*file, "off" | "auto")).map(str::to_owned),
        features: words.value(&["-tags", "--tags"]).map(tags).unwrap_or_default(),
        ..Build::default()
    })
}

/// `GOOS/GOARCH`, as far as they are set for the command.
pub(super) fn platform(command: &Command) -> Option<String> {
    let system = command.variable("GOOS");
    let processor = command.variable("GOARCH");
    match (system, processor) {
        (None, None) => None,
        (system, processor) => Some(format!("{}/{}", system.unwrap_or(""), processor.unwrap_or(""))),
    }
}

const TINYGO_VALUED: &[&str] = &[
    "-o",
    "-target",
    "--target",
    "-opt",
    "-gc",
    "-scheduler",
    "-panic",
    "-tags",
    "--tags",
    "-ldflags",
    "-size",
    "-port",
    "-programmer",
    "-stack-size",
    "-buildmode",
    "-serial",
    "-llvm-features",
    "-monitor",
    "-baudrate",
];

pub(super) fn tinygo(words: &Words<'_>) -> Option<Build> {
    let verb = words.all.iter().position(|word| matches!(*word, "build" | "flash" | "build-library"))?;
    let mut packages = words.positionals(verb + 1, TINYGO_VALUED);
    if packages.is_empty() {
        packages.push(".".to_owned());
    }
    Some(Build {
        tool: "tinygo".to_owned(),
        packages,
        output: words.value(&["-o"]).map(str::to_owned),
        mode: words.value(&["-buildmode"]).map(str::to_owned),
        target: words.value(&["-target", "--target"]).map(str::to_owned),
        features: words.value(&["-tags", "--tags"]).map(tags).unwrap_or_default(),
        ..Build::default()
    })
}
