//! Builds, images and releases of CI workflows and task files.
//!
//! *Looks for*: files of GitHub, GitLab, CircleCI, Azure, Drone, Buildkite and the like, and Taskfiles: their commands;
//! well-known actions that build, push images or upload release assets.
//! *Emits*: `Build` (source `workflow`; `release` with `publishes` where the same file publishes), `Image`,
//! `Workload` (kind `release`) for what a step uploads, `Check`.
//! *Misses*: reusable workflows that publish what another file builds; actions written in JavaScript.
//! *Example*: `- run: cargo build --release --bin x` beside `- uses: softprops/action-gh-release@v2`.

mod action;
mod steps;

use self::action::{action, upload, uploads};
use self::steps::{Found, collect, set_variables};
use super::script::{emit_one, packed};
use super::{commands, matrix};
use crate::detect::Facts;
use crate::fact::{Build, FactKind};
use crate::parse::config::ConfigView;
use crate::parse::shell::{Command, Variables};
use crate::parse::tree::Node;

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
        if publishes.iter().any(|target| target == "binary-release") {
            packed(command, &publishes, facts);
        }
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
        if publishes.iter().any(|target| target == "binary-release") {
            handed_on(step, &model, facts);
        }
        action(step, &job.found.steps, &model, job.takes, facts);
    }
}

/// Programs that a job hands on by their names, to the one that releases them.
fn handed_on(step: &Node, model: &Build, facts: &mut Facts<'_, '_>) {
    let is_kept = step.str_at(&["uses"]).is_some_and(|uses| uses.starts_with("actions/upload-artifact"));
    let Some(paths) = step.path(&["with", "path"]).filter(|_| is_kept) else { return };
    let text = paths.written().unwrap_or("");
    for name in text.split_whitespace().filter(|name| !name.contains(['*', '$', '.', '!', '|', '>'])) {
        let build = Build { tool: "tar".to_owned(), output: Some(name.to_owned()), ..model.clone() };
        facts.add(paths.range.clone(), FactKind::Build(build.into()));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::deploy::tests::kinds;
    use crate::fact::Image;

    const RELEASE: &str = "on: push\njobs:\n  a:\n    steps:\n      - run: |\n          cd sub\n          cargo build --release --bin x --target ${{ matrix.target }}\n        working-directory: dir\n      - uses: softprops/action-gh-release@v2\n        with:\n          files: |\n            out/x.tgz\n      - uses: docker/build-push-action@v6\n        with: {context: ., file: ./x/Dockerfile, tags: \"r/x:1,r/x:2\", build-args: A=b}\n";

    fn builds(found: &[FactKind]) -> Vec<&Build> {
        found.iter().filter_map(|kind| if let FactKind::Build(build) = kind { Some(&**build) } else { None }).collect()
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
        let image = |kind: &FactKind| if let FactKind::Image(image) = kind { Some(*image.clone()) } else { None };
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
