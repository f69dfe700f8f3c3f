//! Images and programs that a Tiltfile builds for a cluster.
//!
//! *Looks for*: `docker_build`, `docker_build_with_restart`, `custom_build`, `custom_build_with_restart`, `ko_build` and
//! the commands of `local_resource`, with literal arguments.
//! *Emits*: `Image` with its name, context, Dockerfile, stage and arguments; `Build` for commands.
//! *Misses*: names and paths that the Tiltfile computes.
//! *Example*: `docker_build('r/web', '.', dockerfile='web/Dockerfile')`.

use super::calls::{Call, calls};
use super::script::emit_one;
use super::shared;
use crate::detect::Facts;
use crate::fact::{Build, FactKind, Image};
use crate::parse::shell::{self, Variables};
use crate::path;
use crate::source::Text;

pub(crate) fn detect(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    for name in ["docker_build", "docker_build_with_restart"] {
        for call in calls(text.text, name) {
            docker(text, &call, name.len(), facts);
        }
    }
    for name in ["custom_build", "custom_build_with_restart"] {
        for call in calls(text.text, name) {
            let range = call.at..call.at + name.len();
            let names = call.positional(0).or(call.keyword("ref")).map(str::to_owned).into_iter().collect();
            let command = call.positional(1).or(call.keyword("command"));
            let from = facts.list.len();
            commands(command, range.clone(), facts);
            let image = facts.list[from..].iter().find_map(|fact| match &fact.kind {
                FactKind::Image(image) => Some(image.clone()),
                _ => None,
            });
            facts.add(range, FactKind::Image(Image { names, ..*image.unwrap_or_default() }.into()));
        }
    }
    for call in calls(text.text, "ko_build") {
        if let (Some(name), Some(path)) = (call.positional(0), call.positional(1)) {
            let range = call.at..call.at + "ko_build".len();
            let build = Build {
                tool: "ko".to_owned(),
                packages: vec![path.to_owned()],
                output: name.rsplit('/').next().map(str::to_owned),
                source: "build-file".to_owned(),
                ..Build::default()
            };
            facts.add(range, FactKind::Build(build.into()));
        }
    }
    for call in calls(text.text, "local_resource") {
        let range = call.at..call.at + "local_resource".len();
        commands(call.positional(1).or(call.keyword("cmd")), range.clone(), facts);
        commands(call.keyword("serve_cmd"), range, facts);
    }
}

fn commands(line: Option<&str>, range: std::ops::Range<usize>, facts: &mut Facts<'_, '_>) {
    for mut command in shell::commands(line.unwrap_or(""), 0, &mut Variables::default()) {
        command.range = range.clone();
        emit_one(&command, "build-file", &[], facts);
    }
}

fn docker(text: &Text<'_>, call: &Call<'_>, length: usize, facts: &mut Facts<'_, '_>) {
    let Some(name) = call.positional(0).or(call.keyword("ref")) else { return };
    let context = call.positional(1).or(call.keyword("context")).unwrap_or(".");
    let context = shared::from_root(text.path, context);
    let dockerfile = match call.keyword("dockerfile") {
        Some(path) => shared::from_root(text.path, path),
        None => path::normal(&format!("{}/Dockerfile", context.as_deref().unwrap_or("."))),
    };
    let args = call.strings("build_args");
    let image = Image {
        names: vec![name.to_owned()],
        context,
        dockerfile,
        stage: call.keyword("target").map(str::to_owned),
        args: args.chunks_exact(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect(),
        ..Image::default()
    };
    facts.add(call.at..call.at + length, FactKind::Image(image.into()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> Vec<FactKind> {
        let text = Text::new("dev/Tiltfile", source);
        let mut facts = Facts::new(&text);
        detect(&text, &mut facts);
        facts.list.into_iter().map(|fact| fact.kind).collect()
    }

    #[test]
    fn images_and_commands() {
        let found = read("docker_build('r/web', '../web', target='run', build_args={'BIN': 'web'})\n");
        let FactKind::Image(image) = &found[0] else { panic!("{found:?}") };
        assert_eq!((image.context.as_deref(), image.dockerfile.as_deref()), (Some("web"), Some("web/Dockerfile")));
        assert_eq!((image.stage.as_deref(), image.args.len()), (Some("run"), 1));
        let found = read(
            "custom_build('r/api', 'go build -o bin/api ./cmd/api', deps=['.'])\nlocal_resource('x', 'cargo build -p y')\n",
        );
        assert!(matches!(&found[0], FactKind::Build(build) if build.packages == ["./cmd/api"]));
        assert!(matches!(&found[1], FactKind::Image(image) if image.names == ["r/api"]));
        assert!(matches!(&found[2], FactKind::Build(build) if build.packages == ["y"]));
    }

    #[test]
    fn comments_and_computed_names_are_silent() {
        assert_eq!(read("# docker_build('r/web', '.')\ndocker_build(name, '.')\nmy_docker_build('a', 'b')\n"), []);
    }
}
