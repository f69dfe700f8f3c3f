//! Builds, images and releases of CI workflows and task files.
//!
//! *Looks for*: files of GitHub, GitLab, CircleCI, Azure, Drone, Buildkite and the like, and Taskfiles: their commands;
//! well-known actions that build, push images or upload release assets.
//! *Emits*: `Build` (source `workflow`; `release` with `publishes` where the same file publishes), `Image`,
//! `Workload` (kind `release`) for what a step uploads, `Check`.
//! *Misses*: reusable workflows that publish what another file builds; actions written in JavaScript.
//! *Example*: `- run: cargo build --release --bin x` beside `- uses: softprops/action-gh-release@v2`.

use super::script::emit_one;
use super::{commands, matrix, platforms, shared};
use crate::detect::Facts;
use crate::fact::{Build, FactKind, Image, Workload};
use crate::parse::config::ConfigView;
use crate::parse::shell::{self, Command, Variables};
use crate::parse::tree::{Node, Value};
use crate::path;

/// Directories and names of files whose commands a CI system or task runner runs.
const PLACES: &[&str] = &[
    ".github/workflows/",
    ".github/actions/",
    ".gitea/workflows/",
    ".forgejo/workflows/",
    ".gitlab-ci",
    ".gitlab/",
    ".circleci/",
    "azure-pipelines",
    ".azure-pipelines",
    ".drone.",
    ".travis.",
    ".buildkite/",
    ".woodpecker",
    "cloudbuild",
    ".cirrus.",
    "appveyor",
    "buildspec",
    "taskfile.",
    "bitbucket-pipelines",
    "/action.y",
    ".tekton/",
    "netlify.toml",
    "amplify.yml",
];
const COMMAND_KEYS: &[&str] =
    &["run", "script", "before_script", "after_script", "command", "commands", "cmd", "cmds", "install", "bash"];

pub(crate) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let lower = format!("/{}", view.text.path.to_ascii_lowercase());
    if !PLACES.iter().any(|place| lower.contains(place)) {
        return;
    }
    if lower.contains("/taskfile.") {
        for document in &view.documents {
            let found = collect(view, document, &Variables::default());
            found.commands.iter().for_each(|command| emit_one(command, "makefile", &[], facts));
        }
        return;
    }
    for document in &view.documents {
        let jobs = jobs(view, document);
        // What one job keeps, another that takes it publishes.
        let passed: Vec<String> = jobs.iter().filter(|job| job.takes).flat_map(|job| job.publishes.clone()).collect();
        let is_called = is_called(document);
        for job in &jobs {
            state(job, &passed, is_called, facts);
        }
    }
}

/// A job with what it publishes, and whether it hands results on or takes them.
struct Job<'a> {
    node: &'a Node,
    found: Found<'a>,
    publishes: Vec<String>,
    keeps: bool,
    takes: bool,
}

/// The jobs of a GitHub workflow; the files of other systems count as one job.
fn jobs<'a>(view: &ConfigView<'_>, document: &'a Node) -> Vec<Job<'a>> {
    let mut variables = Variables::default();
    set_variables(document, &mut variables);
    let listed = document.get("jobs").filter(|jobs| jobs.is_map() && view.text.path.contains("workflows/"));
    let nodes = listed.map_or_else(|| vec![document], |jobs| jobs.pairs().iter().map(|(_, job)| job).collect());
    nodes.into_iter().map(|node| job(view, node, &variables)).collect()
}

fn job<'a>(view: &ConfigView<'_>, node: &'a Node, variables: &Variables) -> Job<'a> {
    let found = collect(view, node, variables);
    let uses = |action: &str| {
        found.steps.iter().any(|step| step.str_at(&["uses"]).is_some_and(|uses| uses.starts_with(action)))
    };
    let takes_run =
        |command: &Command| command.program() == "gh" && command.words.iter().any(|word| word == "download");
    let mut publishes: Vec<String> = found.commands.iter().filter_map(commands::publishes).map(str::to_owned).collect();
    publishes.extend(found.steps.iter().filter_map(|step| uploads(step)).map(|(target, _)| target.to_owned()));
    publishes.sort();
    publishes.dedup();
    let keeps = uses("actions/upload-artifact");
    let takes = uses("actions/download-artifact") || uses("dawidd6/action-download-artifact");
    let takes = takes || found.commands.iter().any(takes_run);
    Job { node, found, publishes, keeps, takes }
}

/// Tells whether other workflows or releases start this one.
fn is_called(document: &Node) -> bool {
    let Some(on) = document.get("on").or_else(|| document.get("true")) else { return false };
    let named = on.one_or_many().iter().filter_map(Node::as_str).chain(on.entries().map(|(name, _)| name));
    named.into_iter().any(|name| matches!(name, "workflow_call" | "release")) || on.path(&["push", "tags"]).is_some()
}

fn state(job: &Job<'_>, passed: &[String], is_called: bool, facts: &mut Facts<'_, '_>) {
    let mut publishes = job.publishes.clone();
    publishes.extend(passed.iter().filter(|target| job.keeps && !job.publishes.contains(target)).cloned());
    publishes.dedup();
    let source = if publishes.is_empty() { "workflow" } else { "release" };
    let model = Build {
        source: source.to_owned(),
        kept: job.keeps && is_called && publishes.is_empty(),
        publishes: publishes.clone(),
        ..Build::default()
    };
    let first = facts.list.len();
    for command in &job.found.commands {
        emit_one(command, source, &publishes, facts);
        if let Some(target) = commands::publishes(command) {
            upload(target, commands::files(command), job.takes, command.range.clone(), facts);
        }
    }
    for fact in &mut facts.list[first..] {
        if let FactKind::Build(build) = &mut fact.kind {
            build.kept = model.kept;
        }
    }
    // The names of a matrix that packs images are images: what the job hands on is no program to release.
    let uses_docker = |step: &&Node| step.str_at(&["uses"]).is_some_and(|uses| uses.starts_with("docker/setup-buildx"));
    let packs = job.found.commands.iter().any(packs_images)
        || job.found.steps.iter().any(uses_docker)
        || facts.list[first..].iter().any(|fact| matches!(fact.kind, FactKind::Image(_)));
    let compiles = |kind: &FactKind| matches!(kind, FactKind::Build(build) if !matches!(build.tool.as_str(), "make" | "docker" | "just" | "task" | "mage" | "tar" | "zip"));
    if packs && !facts.list[first..].iter().any(|fact| compiles(&fact.kind)) {
        let images = Build { kept: false, publishes: Vec::new(), source: "workflow".to_owned(), ..model.clone() };
        matrix::detect(job.node, &images, facts);
    } else {
        matrix::detect(job.node, &model, facts);
    }
    for step in &job.found.steps {
        action(step, &job.found.steps, &model, job.takes, facts);
    }
}

/// Whether a command packs container images, itself or by a recipe that is called so.
fn packs_images(command: &Command) -> bool {
    let says = |word: &String| word.contains("docker") || word.contains("image");
    match command.program() {
        "docker" | "podman" | "buildah" => {
            command.words.iter().any(|word| matches!(word.as_str(), "build" | "buildx" | "save"))
        }
        "make" | "just" | "task" | "mage" => command.words.iter().skip(1).any(says),
        _ => false,
    }
}

#[derive(Default)]
struct Found<'a> {
    commands: Vec<Command>,
    /// Steps that use an action.
    steps: Vec<&'a Node>,
}

fn set_variables(node: &Node, variables: &mut Variables) {
    for (name, value) in node.get("env").into_iter().flat_map(Node::entries) {
        if let Some(value) = value.as_str() {
            variables.set(name, value);
        }
    }
}

fn collect<'a>(view: &ConfigView<'_>, document: &'a Node, known: &Variables) -> Found<'a> {
    let mut found = Found::default();
    let mut variables = known.clone();
    document.walk(&mut |_, node| {
        if !node.is_map() {
            return;
        }
        set_variables(node, &mut variables);
        if node.get("uses").is_some() {
            found.steps.push(node);
        }
        found.commands.extend(cloud_step(node));
        let directory = ["working-directory", "workingDirectory", "working_directory", "dir"];
        let directory = directory.iter().find_map(|key| node.get(key)).and_then(Node::as_str);
        for (_, value) in node.entries().filter(|(key, _)| COMMAND_KEYS.contains(key)) {
            for line in value.one_or_many().iter().filter(|line| line.written().is_some()) {
                read_commands(view, line, directory, &variables, &mut found.commands);
            }
        }
    });
    found
}

/// A step of Cloud Build: an image whose entry point is the program, and its arguments.
fn cloud_step(node: &Node) -> Option<Command> {
    let (image, args) = (node.str_at(&["name"])?, node.get("args").filter(|args| !args.items().is_empty())?);
    let name = image.rsplit('/').next()?.split([':', '@']).next()?;
    let program =
        match node.str_at(&["entrypoint"]) {
            Some(program) => program,
            None if image.contains("cloud-builders/") || image.contains("cloud-sdk") => {
                if name.starts_with("cloud-sdk") { "gcloud" } else { name }
            }
            None if matches!(name, "docker" | "golang" | "go" | "cargo") => name,
            None => return None,
        };
    let words = std::iter::once(program).chain(args.items().iter().filter_map(Node::written));
    let directory = node.str_at(&["dir"]).map(str::to_owned);
    Some(Command {
        range: args.range.clone(),
        directory,
        words: words.map(str::to_owned).collect(),
        ..Command::default()
    })
}

fn read_commands(
    view: &ConfigView<'_>,
    line: &Node,
    directory: Option<&str>,
    variables: &Variables,
    out: &mut Vec<Command>,
) {
    let mut own = variables.clone();
    let source = view.source(line);
    let is_block = source.starts_with(['|', '>']);
    let mut commands = match (&line.resolved().value, source.find('\n')) {
        // The text of a block is read where it stands, so that each command keeps its place.
        (_, Some(header)) if is_block => shell::commands(&source[header..], line.range.start + header, &mut own),
        (Value::Plain(_), _) if line.resolved().range == line.range => {
            shell::commands(source, line.range.start, &mut own)
        }
        _ => {
            let mut commands = shell::commands(line.written().unwrap_or(""), 0, &mut own);
            commands.iter_mut().for_each(|command| command.range = line.range.clone());
            commands
        }
    };
    if let Some(directory) = directory {
        for command in &mut commands {
            command.directory = Some(match &command.directory {
                Some(inner) => shell::join(Some(directory), inner),
                None => directory.to_owned(),
            });
        }
    }
    out.append(&mut commands);
}

/// Returns where a step uploads to, and the key that holds its files.
fn uploads(step: &Node) -> Option<(&'static str, &'static [&'static str])> {
    const FILES: &[&str] = &["files", "file", "asset_path", "artifacts", "path", "asset_paths", "subject-path", "bin"];
    let uses = step.str_at(&["uses"])?;
    let name = uses.split('@').next().unwrap_or(uses).to_ascii_lowercase();
    let argument = |key: &str| step.str_at(&["with", key]).unwrap_or("");
    let action = name.rsplit('/').next().unwrap_or("");
    let target = match (name.as_str(), action) {
        (
            _,
            "action-gh-release"
            | "upload-release-asset"
            | "upload-release-action"
            | "release-action"
            | "go-release-action",
        )
        | (_, "upload-rust-binary-action" | "upload-release-assets" | "actions-rust-release" | "rust-build.action")
        | (
            _,
            "upload-to-github-release" | "action-automatic-releases" | "upload-assets" | "actions-upload-release-asset",
        )
        | (_, "publish-release" | "gh-release" | "release-github") => "binary-release",
        (_, "goreleaser-action") if argument("args").contains("snapshot") => return None,
        (_, "goreleaser-action") if argument("args").contains("release") || argument("args").is_empty() => {
            "binary-release"
        }
        (_, "gh-action-pypi-publish") => "pypi",
        ("pyo3/maturin-action", _) if matches!(argument("command"), "publish" | "upload") => "pypi",
        (_, "winget-releaser" | "bump-homebrew-formula-action" | "action-homebrew-bump-formula" | "action-publish")
        | (_, "homebrew-bump-formula" | "homebrew-tap" | "update-homebrew-formula-action" | "winget-publish") => {
            "package"
        }
        _ => return None,
    };
    Some((target, FILES))
}

/// States what a step's action builds, pushes or uploads.
fn action(step: &Node, steps: &[&Node], model: &Build, takes: bool, facts: &mut Facts<'_, '_>) {
    let Some(uses) = step.get("uses") else { return };
    if let Some(workload) = platforms::by_action(step) {
        facts.add(uses.range.clone(), FactKind::Workload(workload));
    }
    let argument = |key: &str| step.path(&["with", key]).and_then(Node::written).map(str::to_owned);
    if let Some((target, keys)) = uploads(step) {
        let files = keys.iter().filter_map(|key| argument(key)).flat_map(|text| lines(&text)).collect();
        upload(target, files, takes, uses.range.clone(), facts);
    }
    let name = uses.as_str().unwrap_or("").split('@').next().unwrap_or("").to_ascii_lowercase();
    if matches!(name.rsplit('/').next(), Some("build-push-action")) {
        let mut image = pushed(step);
        resolve_names(&mut image, steps);
        if argument("outputs").is_some_and(|to| commands::writes_files(&to)) {
            image.writes = argument("outputs").unwrap_or_default();
            image.publishes = model.publishes.clone();
            image.kept = model.kept;
        }
        facts.add(uses.range.clone(), FactKind::Image(image));
    }
    let tool = match name.as_str() {
        "taiki-e/upload-rust-binary-action" => "cargo",
        "goreleaser/goreleaser-action" => "goreleaser",
        "pyo3/maturin-action" => "maturin",
        "actions-rs/cargo" if argument("command").as_deref() == Some("build") => "cargo",
        "houseabsolute/actions-rust-cross" => "cross",
        "wangyoucao577/go-release-action" => "go",
        "ko-build/setup-ko" | "imjasonh/setup-ko" => return,
        _ => return,
    };
    let words: Vec<String> =
        argument("args").map(|args| args.split_whitespace().map(str::to_owned).collect()).unwrap_or_default();
    let after = |flag: &str| flag_value(&words, flag);
    let build = Build {
        tool: tool.to_owned(),
        directory: argument("working-directory").or_else(|| argument("workdir")).or_else(|| argument("project_path")),
        packages: argument("package")
            .or_else(|| argument("manifest-path"))
            .or_else(|| after("-p"))
            .into_iter()
            .collect(),
        bins: argument("bin").map(|text| lines(&text)).unwrap_or_default().into_iter().chain(after("--bin")).collect(),
        target: argument("target").or_else(|| after("--target")),
        ..model.clone()
    };
    facts.add(uses.range.clone(), FactKind::Build(build));
}

/// Names that another step of the job makes: `${{ steps.meta.outputs.tags }}`.
fn resolve_names(image: &mut Image, steps: &[&Node]) {
    let Some(id) = image.names.iter().find_map(|name| name.split("steps.").nth(1)?.split(".outputs").next()) else {
        return;
    };
    let made = steps.iter().find(|step| step.str_at(&["id"]) == Some(id));
    if let Some(names) = made.and_then(|step| step.path(&["with", "images"])).and_then(Node::written) {
        // `name=r/web,enable=…` is the longer way of writing.
        let plain = lines(names).into_iter().filter(|name| !name.contains("enable="));
        image.names = plain.map(|name| name.trim_start_matches("name=").to_owned()).collect();
    }
}

fn flag_value(words: &[String], flag: &str) -> Option<String> {
    let at = words.iter().position(|word| word == flag)?;
    words.get(at + 1).cloned()
}

fn pushed(step: &Node) -> Image {
    let argument = |key: &str| step.path(&["with", key]).and_then(Node::written);
    let args = argument("build-args").map(lines).unwrap_or_default();
    Image {
        names: argument("tags").map(lines).unwrap_or_default(),
        context: argument("context").map(|path| path::normal(path).unwrap_or_else(|| path.to_owned())),
        dockerfile: argument("file").map(|path| path::normal(path).unwrap_or_else(|| path.to_owned())),
        stage: argument("target").map(str::to_owned),
        args: args.iter().filter_map(|pair| pair.split_once('=')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect(),
        ..Image::default()
    }
}

fn lines(text: impl AsRef<str>) -> Vec<String> {
    let parts = text.as_ref().split(['\n', ',']).map(str::trim).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

fn upload(target: &str, files: Vec<String>, takes: bool, range: std::ops::Range<usize>, facts: &mut Facts<'_, '_>) {
    let workload = Workload {
        target: target.to_owned(),
        kind: "release".to_owned(),
        artifacts: files,
        events: takes.then(|| "kept-artifacts".to_owned()).into_iter().collect(),
        ..Workload::default()
    };
    facts.add(range, FactKind::Workload(workload));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::deploy::tests::kinds;

    const RELEASE: &str = "on: push\njobs:\n  a:\n    steps:\n      - run: |\n          cd sub\n          cargo build --release --bin x --target ${{ matrix.target }}\n        working-directory: dir\n      - uses: softprops/action-gh-release@v2\n        with:\n          files: |\n            out/x.tgz\n      - uses: docker/build-push-action@v6\n        with: {context: ., file: ./x/Dockerfile, tags: \"r/x:1,r/x:2\", build-args: A=b}\n";

    fn builds(found: &[FactKind]) -> Vec<&Build> {
        found.iter().filter_map(|kind| if let FactKind::Build(build) = kind { Some(build) } else { None }).collect()
    }

    #[test]
    fn a_release_publishes_what_it_builds() {
        let found = kinds(detect, ".github/workflows/release.yml", RELEASE);
        let all = builds(&found);
        assert_eq!((all[0].bins[0].as_str(), all[0].directory.as_deref()), ("x", Some("dir/sub")));
        assert_eq!(all[0].target.as_deref(), Some("${{ matrix.target }}"));
        assert_eq!((all[0].source.as_str(), all[0].publishes[0].as_str()), ("release", "binary-release"));
        assert!(found.iter().any(|kind| matches!(kind, FactKind::Workload(one) if one.artifacts == ["out/x.tgz"])));
        assert!(found.iter().any(|kind| matches!(kind, FactKind::Image(one) if one.names.len() == 2 && one.dockerfile.as_deref() == Some("x/Dockerfile"))));
    }

    #[test]
    fn a_job_publishes_what_it_hands_on() {
        let source = "on: {push: {tags: ['v*']}}\njobs:\n  bin:\n    strategy: {matrix: {bin: [x]}}\n    steps:\n      - run: cargo build --bin x\n      - uses: actions/upload-artifact@v4\n  image:\n    strategy: {matrix: {component: [y]}}\n    steps:\n      - run: cargo build --bin y\n  publish:\n    steps:\n      - uses: actions/download-artifact@v4\n      - run: gh release upload v1 x.tgz\n";
        let found = kinds(detect, ".github/workflows/release.yml", source);
        for build in builds(&found) {
            let is_x = build.bins.iter().chain(&build.packages).any(|name| name == "x");
            assert_eq!(!build.publishes.is_empty(), is_x, "{build:?}");
        }
        let kept = "on: {workflow_call: {}}\njobs:\n  a:\n    steps:\n      - run: cargo build --bin x\n      - uses: actions/upload-artifact@v4\n";
        assert!(builds(&kinds(detect, ".github/workflows/b.yml", kept))[0].kept);
    }

    #[test]
    fn files_of_an_image_are_kept_and_names_come_from_a_step() {
        let source = "on: {workflow_call: {}}\njobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with: {file: cli/Dockerfile, outputs: 'type=local,dest=.'}\n      - uses: actions/upload-artifact@v4\n";
        let image = |kind: &FactKind| if let FactKind::Image(image) = kind { Some(image.clone()) } else { None };
        let found: Vec<Image> = kinds(detect, ".github/workflows/b.yml", source).iter().filter_map(image).collect();
        assert!(found[0].kept && !found[0].writes.is_empty());
        let source = "jobs:\n  a:\n    steps:\n      - {id: meta, uses: docker/metadata-action@v5, with: {images: r/web}}\n      - uses: docker/build-push-action@v6\n        with: {context: ., tags: '${{ steps.meta.outputs.tags }}'}\n";
        let found: Vec<Image> = kinds(detect, ".github/workflows/b.yml", source).iter().filter_map(image).collect();
        assert_eq!(found[0].names, ["r/web"]);
    }

    #[test]
    fn platforms_are_deployed_to_by_steps() {
        let source = "steps:\n- name: gcr.io/google.com/cloudsdktool/cloud-sdk\n  args: [gcloud, run]\n- name: gcr.io/cloud-builders/gcloud\n  args: [run, deploy, web, --image, r/web]\n- name: gcr.io/cloud-builders/docker\n  args: [build, -t, r/web, -f, web/Dockerfile, .]\n- name: python\n  args: [deploy]\n";
        let found = kinds(detect, "cloudbuild.yaml", source);
        assert!(found.iter().any(|kind| matches!(kind, FactKind::Workload(one) if one.images == ["r/web"])));
        assert!(found.iter().any(|kind| matches!(kind, FactKind::Image(one) if one.names == ["r/web"])));
        assert_eq!(found.len(), 2);
        let source = "jobs:\n  a:\n    steps:\n      - uses: google-github-actions/deploy-cloudrun@v2\n        with: {service: web, image: r/web}\n";
        let found = kinds(detect, ".github/workflows/d.yml", source);
        assert!(matches!(&found[0], FactKind::Workload(one) if one.target == "cloud-run"));
    }

    #[test]
    fn a_compile_check_publishes_nothing() {
        let source = "jobs:\n  a:\n    steps:\n      - run: GOOS=js GOARCH=wasm go build ./lib\n      - run: GOGC=50 golangci-lint run\n      - uses: goreleaser/goreleaser-action@v6\n        with: {args: release --snapshot}\n";
        let found = kinds(detect, ".github/workflows/ci.yml", source);
        assert!(builds(&found).iter().all(|build| build.source == "workflow" && build.publishes.is_empty()));
        assert!(!found.iter().any(|kind| matches!(kind, FactKind::Tuning { .. } | FactKind::Workload(_))));
    }

    #[test]
    fn other_yaml_with_commands_is_silent() {
        assert_eq!(kinds(detect, "config/a.yml", "run: go build ./x\n"), []);
    }

    #[test]
    fn task_files_are_like_makefiles() {
        let found =
            kinds(detect, "Taskfile.yml", "tasks:\n  b:\n    dir: svc\n    cmds:\n      - go build -o bin/x ./cmd/x\n");
        assert_eq!(
            (builds(&found)[0].source.as_str(), builds(&found)[0].directory.as_deref()),
            ("makefile", Some("svc"))
        );
    }
}
