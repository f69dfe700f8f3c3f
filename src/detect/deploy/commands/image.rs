//! Images that a command packs.

use super::words::{Words, owned, owned_pair};
use crate::fact::Image;
use crate::parse::shell::{Command, join};

/// Returns how a command builds an image: `docker build -t name -f Dockerfile context`.
pub(crate) fn image(command: &Command) -> Option<Image> {
    if !matches!(command.program(), "docker" | "podman" | "nerdctl" | "buildah" | "depot") {
        return None;
    }
    let words = Words::new(command);
    let verb = words.all.iter().position(|word| matches!(*word, "build" | "bud"))?;
    if words.all[..verb].iter().any(|word| !matches!(*word, "buildx" | "image" | "builder") && !word.starts_with('-')) {
        return None;
    }
    let valued = [
        "-t",
        "--tag",
        "-f",
        "--file",
        "--target",
        "--build-arg",
        "--platform",
        "--label",
        "--cache-from",
        "--cache-to",
        "--output",
        "-o",
        "--builder",
        "--network",
        "--progress",
        "--secret",
        "--ssh",
        "--iidfile",
        "--metadata-file",
        "--build-context",
        "--annotation",
    ];
    let context = words.positionals(verb + 1, &valued).into_iter().next();
    let args = words.values(&["--build-arg"]).into_iter().filter_map(|pair| pair.split_once('='));
    Some(Image {
        names: owned(words.values(&["-t", "--tag"])),
        context: context.filter(|context| context != "-").map(|context| join(command.directory.as_deref(), &context)),
        dockerfile: words.value(&["-f", "--file"]).map(|file| join(command.directory.as_deref(), file)),
        stage: words.value(&["--target"]).map(str::to_owned),
        args: args.map(owned_pair).collect(),
        writes: words.value(&["-o", "--output"]).filter(|to| writes_files(to)).unwrap_or_default().to_owned(),
        ..Image::default()
    })
}

/// Whether an output of a build is files, not an image.
pub(crate) fn writes_files(output: &str) -> bool {
    output.contains("type=local") || output.contains("type=tar") || !output.contains("type=") && !output.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::shell::{Variables, commands};

    #[test]
    fn images_by_command() {
        let text = "docker buildx build --platform linux/amd64 -t r/app:v1 -f cmd/app/Dockerfile --build-arg A=b .";
        let command = &commands(text, 0, &mut Variables::default())[0];
        let image = image(command).unwrap();
        assert_eq!((image.names[0].as_str(), image.context.as_deref()), ("r/app:v1", Some(".")));
        assert_eq!(image.dockerfile.as_deref(), Some("cmd/app/Dockerfile"));
        assert_eq!(super::image(&commands("docker compose build", 0, &mut Variables::default())[0]), None);
    }
}
