//! Nix: builders of programs and of images.

use super::{build, places, quoted};
use crate::detect::Facts;
use crate::fact::{Build, FactKind, Image};
use crate::source::Text;

pub(super) fn nix(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    for (word, is_go) in
        [("buildGoModule", true), ("buildGoApplication", true), ("buildRustPackage", false), ("crane", false)]
    {
        places(text, word, |at, after| {
            // An argument of the function (`{ buildGoModule, … }:`) is no use of it.
            let Some(body) =
                after.trim_start().strip_prefix(['{', '(', 'r']).or_else(|| after.strip_prefix("Lib.buildPackage"))
            else {
                return;
            };
            let packages = if is_go { quoted(body, "subPackages") } else { quoted(body, "cargoBuildFlags") };
            let made = Build {
                packages: packages.map(str::to_owned).into_iter().collect(),
                output: quoted(body, "mainProgram").or_else(|| quoted(body, "pname")).map(str::to_owned),
                ..build(if is_go { "go-nix" } else { "nix" })
            };
            facts.add(at..at + word.len(), FactKind::Build(made.into()));
        });
    }
}

/// Images that Nix builds: `dockerTools.buildLayeredImage { name = "web"; config.Cmd = [ "${web}/bin/web" ]; }`.
pub(super) fn nix_images(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    for word in ["buildLayeredImage", "buildImage", "streamLayeredImage"] {
        places(text, word, |at, after| {
            if !after.trim_start().starts_with(['{', '(']) {
                return;
            }
            let command = ["Entrypoint", "entrypoint", "Cmd"].iter().find_map(|key| quoted(after, key));
            let image = Image {
                names: quoted(after, "name").map(str::to_owned).into_iter().collect(),
                command: command.map(|path| path.replace("${", "").replace('}', "")).into_iter().collect(),
                ..Image::default()
            };
            facts.add(at..at + word.len(), FactKind::Image(image.into()));
        });
    }
}
