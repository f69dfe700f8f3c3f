//! Builds by tools that call the compiler themselves: for the web, for other languages, for phones, for images.

use super::words::{Words, owned};
use crate::fact::Build;

pub(super) fn phone(words: &Words<'_>) -> Option<Build> {
    let valued = ["-o", "-target", "-ldflags", "-tags", "-javapkg", "-prefix", "-androidapi", "-iosversion"];
    let build = positional_tool(words, "gomobile", &["bind", "build"], &valued)?;
    Some(Build { mode: words.has(&["bind"]).then(|| "gomobile".to_owned()), ..build })
}

/// Buildpacks are told by a variable what to build.
pub(super) fn buildpack(words: &Words<'_>) -> Option<Build> {
    let valued = ["--env", "-e", "--builder", "-B", "--path", "-p", "--buildpack", "-b"];
    Some(Build {
        tool: "go".to_owned(),
        packages: vec![buildpack_target(words)?.to_owned()],
        output: words.positionals(1, &valued).into_iter().next(),
        ..Build::default()
    })
}

fn buildpack_target<'a>(words: &Words<'a>) -> Option<&'a str> {
    let given = words.values(&["--env", "-e"]);
    given.into_iter().find_map(|pair| pair.trim_matches('"').strip_prefix("BP_GO_TARGETS="))
}

pub(super) fn wasm_pack(words: &Words<'_>) -> Option<Build> {
    let valued = ["--target", "-t", "--out-dir", "-d", "--out-name", "--scope", "-s", "--mode", "--features"];
    let build = positional_tool(words, "wasm-pack", &["build", "pack", "publish"], &valued)?;
    let directory = build.packages.first().cloned();
    Some(Build {
        directory,
        packages: Vec::new(),
        target: words.value(&["--target", "-t"]).map(str::to_owned),
        ..build
    })
}

pub(super) fn maturin(words: &Words<'_>) -> Option<Build> {
    let publishes = words.has(&["publish", "upload"]);
    let build = whole_tool(words, "maturin", &["build", "publish", "develop"])?;
    Some(Build {
        packages: owned(words.values(&["-m", "--manifest-path"])),
        target: words.value(&["--target"]).map(str::to_owned),
        publishes: if publishes { vec!["pypi".to_owned()] } else { Vec::new() },
        ..build
    })
}

pub(super) fn napi(words: &Words<'_>) -> Option<Build> {
    let build = whole_tool(words, "napi", &["build", "prepublish", "pre-publish"])?;
    let publishes = words.has(&["prepublish", "pre-publish"]);
    Some(Build {
        packages: owned(words.values(&["-p", "--manifest-path", "--package", "--cargo-cwd"])),
        target: words.value(&["--target"]).map(str::to_owned),
        publishes: if publishes { vec!["npm".to_owned()] } else { Vec::new() },
        ..build
    })
}

pub(super) fn trunk(words: &Words<'_>) -> Option<Build> {
    let build = whole_tool(words, "trunk", &["build", "serve"])?;
    Some(Build { target: Some("wasm32-unknown-unknown".to_owned()), ..build })
}

pub(super) fn positional_tool(words: &Words<'_>, tool: &str, verbs: &[&str], valued: &[&str]) -> Option<Build> {
    let verb = words.all.iter().position(|word| verbs.contains(word))?;
    Some(Build {
        tool: tool.to_owned(),
        packages: words.positionals(verb + 1, valued),
        output: words.value(&["-o", "--output"]).map(str::to_owned),
        target: words.value(&["-target", "--target"]).map(str::to_owned),
        ..Build::default()
    })
}

pub(super) fn whole_tool(words: &Words<'_>, tool: &str, verbs: &[&str]) -> Option<Build> {
    words.all.iter().any(|word| verbs.contains(word)).then(|| Build { tool: tool.to_owned(), ..Build::default() })
}
