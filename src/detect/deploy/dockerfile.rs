//! Container images and what is built in them.
//!
//! *Looks for*: Dockerfiles: the last stage's `ENTRYPOINT` and `CMD`, what is copied into it and from where, base
//! images, build commands in `RUN`, `ENV GOGC` and `GOMEMLIMIT` of the stage that runs.
//! *Emits*: `Image` (one for the last stage, one for each other stage that nothing else uses and that has a command),
//! `Build`, `Tuning` bound to the image, `Toolchain`, `Check`.
//! *Misses*: what a script called by `RUN` builds (the script is read on its own); `ONBUILD`.
//! *Example*: `FROM golang:1.24 AS b` / `RUN go build -o /web ./cmd/web` / `FROM scratch` / `COPY --from=b /web /`.

use super::commands;
use crate::detect::Facts;
use crate::fact::{Binding, FactKind, Image};
use crate::parse::cut;
use crate::parse::dockerfile::{Dockerfile, Instruction, MAX_STAGES, pairs, parse, words};
use crate::parse::image_name;
use crate::parse::shell::{self, Variables};
use crate::problem::Class;
use crate::source::Text;

/// Reads one Dockerfile.
pub(crate) fn detect(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    let file = parse(text.text);
    if let Some(range) = file.left_out.clone() {
        facts.flaw(range, format!("more than {MAX_STAGES} stages: the rest is not read"));
    }
    for stage in shipped_stages(&file) {
        image(text, &file, stage, facts);
    }
    let mut variables = Variables::default();
    for (name, value) in &file.args {
        variables.set(name, value);
    }
    for stage in 0..file.stages.len() {
        toolchain(&file, stage, facts);
        builds(text, &file, stage, &variables, facts);
    }
}

/// The last stage, and those before it that run something and that no other stage is made of.
fn shipped_stages(file: &Dockerfile) -> Vec<usize> {
    let Some(last) = file.stages.len().checked_sub(1) else { return Vec::new() };
    let mut used = vec![false; file.stages.len()];
    for (at, stage) in file.stages.iter().enumerate() {
        for other in file.stage(&stage.base).into_iter().filter(|other| *other < at) {
            used[other] = true;
        }
    }
    (0..=last).filter(|at| *at == last || !used[*at] && runs_something(file, *at)).collect()
}

fn runs_something(file: &Dockerfile, stage: usize) -> bool {
    file.stages[stage].instructions.iter().any(|one| matches!(one.keyword.as_str(), "ENTRYPOINT" | "CMD"))
}

fn image(text: &Text<'_>, file: &Dockerfile, stage: usize, facts: &mut Facts<'_, '_>) {
    let lineage = file.lineage(stage);
    let mut image = Image {
        bases: file.stages.iter().map(|stage| stage.base.clone()).collect(),
        args: file.args.clone(),
        stage: file.stages[stage].name.clone(),
        ..Image::default()
    };
    let entrypoint = last_words(text, file, &lineage, "ENTRYPOINT");
    let command = last_words(text, file, &lineage, "CMD");
    image.command = entrypoint.iter().chain(command.iter()).flat_map(|(words, _)| words.clone()).collect();
    copies(text, file, &lineage, &mut Vec::new(), &mut image.copies);
    image.exposes = lineage.iter().any(|at| file.stages[*at].instructions.iter().any(|one| one.keyword == "EXPOSE"));
    let range = entrypoint.or(command).map_or(file.stages[stage].from.clone(), |(_, range)| range);
    let index = facts.add(range, FactKind::Image(image.into()));
    for member in lineage {
        for one in file.stages[member].instructions.iter().filter(|one| one.keyword == "ENV") {
            tuning(text, one, index, facts);
        }
    }
}

/// The nearest stage of the lineage that has such an instruction decides; its last one counts.
fn last_words(
    text: &Text<'_>,
    file: &Dockerfile,
    lineage: &[usize],
    keyword: &str,
) -> Option<(Vec<String>, std::ops::Range<usize>)> {
    let found =
        lineage.iter().find_map(|at| file.stages[*at].instructions.iter().rfind(|one| one.keyword == keyword))?;
    Some((words(&text.text[found.arguments.clone()]), found.range.clone()))
}

const MAX_COPIES: usize = 500;

/// Collects what is copied into a stage, then what is copied into the stages it copies from.
fn copies(text: &Text<'_>, file: &Dockerfile, lineage: &[usize], seen: &mut Vec<usize>, out: &mut Vec<String>) {
    let mut sources = Vec::new();
    for at in lineage {
        if seen.contains(at) {
            continue;
        }
        seen.push(*at);
        for one in file.stages[*at].instructions.iter().filter(|one| matches!(one.keyword.as_str(), "COPY" | "ADD")) {
            let words = words(&text.text[one.arguments.clone()]);
            let from = words.iter().find_map(|word| word.strip_prefix("--from="));
            sources.extend(from.and_then(|name| file.stage(name)).filter(|other| other < at));
            let mut paths: Vec<String> = words.into_iter().filter(|word| !word.starts_with("--")).collect();
            paths.pop();
            let known = paths.into_iter().filter(|path| !path.starts_with("<<"));
            for path in known.collect::<Vec<_>>() {
                if out.len() == MAX_COPIES {
                    cut::met("paths copied into an image", MAX_COPIES, Class::Lost);
                } else if !out.contains(&path) {
                    out.push(path);
                }
            }
        }
    }
    for source in sources {
        copies(text, file, &file.lineage(source), seen, out);
    }
}

fn tuning(text: &Text<'_>, instruction: &Instruction, image: u32, facts: &mut Facts<'_, '_>) {
    for (name, value) in pairs(&text.text[instruction.arguments.clone()]) {
        let what = match name.as_str() {
            "GOGC" => "gogc",
            "GOMEMLIMIT" => "gomemlimit",
            _ => continue,
        };
        let kind = FactKind::Tuning { what: what.to_owned(), value: Some(value) };
        facts.add_bound(instruction.range.clone(), kind, Binding::Workload(image));
    }
}

fn toolchain(file: &Dockerfile, stage: usize, facts: &mut Facts<'_, '_>) {
    let stage = &file.stages[stage];
    let what = match image_name::basename(&stage.base) {
        "golang" => "go-image",
        "rust" => "rust-image",
        _ => return,
    };
    let tag = image_name::tag(&stage.base).unwrap_or("");
    let version: String = tag.chars().take_while(|letter| letter.is_ascii_digit() || *letter == '.').collect();
    if !version.is_empty() {
        facts.add(stage.from.clone(), FactKind::Toolchain { what: what.to_owned(), version });
    }
}

fn builds(text: &Text<'_>, file: &Dockerfile, stage: usize, known: &Variables, facts: &mut Facts<'_, '_>) {
    let mut variables = known.clone();
    let mut directory: Option<String> = None;
    for one in &file.stages[stage].instructions {
        let arguments = &text.text[one.arguments.clone()];
        match one.keyword.as_str() {
            "WORKDIR" => {
                let to = variables.expand(arguments.trim().trim_matches('"'));
                directory = Some(shell::join(directory.as_deref(), &to));
            }
            "ENV" => pairs(arguments).iter().for_each(|(name, value)| variables.set(name, value)),
            "RUN" => run(one, arguments, directory.as_deref(), &mut variables, facts),
            _ => {}
        }
    }
}

fn run(
    instruction: &Instruction,
    arguments: &str,
    directory: Option<&str>,
    variables: &mut Variables,
    facts: &mut Facts<'_, '_>,
) {
    let skipped = flags_length(arguments);
    let text = &arguments[skipped..];
    let commands = if text.trim_start().starts_with('[') {
        vec![shell::Command { range: instruction.range.clone(), words: words(text), ..shell::Command::default() }]
    } else {
        // A heredoc's body is a script.
        let body =
            if text.trim_start().starts_with("<<") { text.find('\n').map_or("", |at| &text[at..]) } else { text };
        shell::commands(body, instruction.arguments.end - body.len(), variables)
    };
    for command in commands {
        for check in commands::checks(&command) {
            facts.add_bound(command.range.clone(), FactKind::Check { what: check.to_owned() }, Binding::Repository);
        }
        let Some(mut build) = commands::build(&command, "dockerfile") else { continue };
        build.directory = match build.directory {
            Some(own) => Some(shell::join(directory, &own)),
            None => directory.map(str::to_owned),
        };
        facts.add(command.range, FactKind::Build(build.into()));
    }
}

/// Returns the length of `--mount=… --network=…` before the command.
fn flags_length(arguments: &str) -> usize {
    let mut at = 0;
    loop {
        let rest = &arguments[at..];
        let word_start = rest.len() - rest.trim_start_matches([' ', '\t', '\\', '\n', '\r']).len();
        if !rest[word_start..].starts_with("--") {
            return at;
        }
        let word = &rest[word_start..];
        at += word_start + word.find(char::is_whitespace).unwrap_or(word.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> Vec<FactKind> {
        let text = Text::new("Dockerfile", source);
        let mut facts = Facts::new(&text);
        detect(&text, &mut facts);
        facts.list.into_iter().map(|fact| fact.kind).collect()
    }

    const SOURCE: &str = "FROM golang:1.24-alpine@sha256:ab AS b\nARG TARGETARCH\nENV GOGC=10\nWORKDIR /src\nCOPY cmd/ ./cmd/\nRUN --mount=type=cache,target=/root \\\n  CGO_ENABLED=0 go build -o /out/web ./cmd/web\nFROM scratch\nENV GOMEMLIMIT=100MiB\nCOPY --from=b /out/web /server\nENTRYPOINT [\"/server\"]\nCMD [\"-x\"]\n";

    #[test]
    fn an_image_its_build_and_its_tuning() {
        let kinds = read(SOURCE);
        let FactKind::Image(image) = &kinds[0] else { panic!("{kinds:?}") };
        assert_eq!(image.command, ["/server", "-x"]);
        assert_eq!(image.copies, ["/out/web", "cmd/"]);
        // The build stage's own GOGC tunes the compiler, not the service.
        assert_eq!(kinds[1], FactKind::Tuning { what: "gomemlimit".into(), value: Some("100MiB".into()) });
        assert_eq!(kinds[2], FactKind::Toolchain { what: "go-image".into(), version: "1.24".into() });
        let FactKind::Build(build) = &kinds[3] else { panic!("{kinds:?}") };
        assert_eq!((build.directory.as_deref(), build.output.as_deref()), (Some("/src"), Some("/out/web")));
        assert_eq!(kinds.len(), 4);
    }

    #[test]
    fn stages_chosen_by_target_are_images_of_their_own() {
        let kinds = read("FROM a AS one\nENTRYPOINT /one\nFROM a AS two\nENTRYPOINT /two\nFROM two\n");
        let names: Vec<_> = kinds
            .iter()
            .filter_map(|kind| if let FactKind::Image(image) = kind { Some(image.command.clone()) } else { None })
            .collect();
        assert_eq!(names, [["/one"], ["/two"]]);
    }

    #[test]
    fn lint_commands_tune_nothing() {
        let kinds = read("FROM golang:1\nRUN GOGC=50 golangci-lint run && cargo chef cook\n");
        assert!(!kinds.iter().any(|kind| matches!(kind, FactKind::Tuning { .. } | FactKind::Build(_))));
    }
}
