//! Builds in Makefiles, shell scripts and their like.
//!
//! *Looks for*: commands of scripts, recipes of Makefiles and justfiles, with the variables the same file sets.
//! *Emits*: `Build` (source `makefile` or `script`; with `publishes` where the same file uploads a release or makes a
//! package), `Image` for `docker build`, `Check`.
//! *Misses*: variables of included files, functions called with arguments, recipes put together at run time.
//! *Example*: `build:` / `→ CGO_ENABLED=0 go build -o bin/web ./cmd/web`.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{commands, platforms};
use crate::detect::Facts;
use crate::fact::{Binding, Build, FactKind, Workload};
use crate::parse::cut;
use crate::parse::shell::{self, Command, Variables};
use crate::path;
use crate::problem::Class;
use crate::source::Text;

/// Reads one file of commands.
pub(crate) fn detect(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    let name = path::base(text.path).to_ascii_lowercase();
    let is_makefile = name.contains("makefile") || name.ends_with(".mk") || name.ends_with(".make");
    let is_just = name.contains("justfile") || name.ends_with(".just");
    let mut variables = Variables::default();
    if is_makefile || is_just {
        let found = recipes(text.text, &mut variables);
        let (commands, targets): (Vec<Command>, Vec<String>) = found.into_iter().unzip();
        archives(&commands, &targets, facts);
        let from = facts.list.len();
        emit_recipes(&commands, &targets, facts);
        prerequisites(text.text, facts);
        add_features(&collected_features(text.text), &mut facts.list[from..]);
    } else {
        let found = shell::commands(text.text, 0, &mut variables);
        emit(&found, "script", facts);
    }
}

/// Words that variables called after features collect, whatever condition stands around: `EXTRA_FEATURES += tls`.
fn collected_features(text: &str) -> Vec<String> {
    let plain =
        |word: &&str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/'));
    let added = text.lines().filter_map(|line| line.split_once("+="));
    let ours = added.filter(|(name, _)| name.trim().to_ascii_lowercase().ends_with("features"));
    ours.flat_map(|(_, words)| words.split([' ', ',']).map(str::trim))
        .filter(|word| !word.is_empty())
        .filter(plain)
        .map(str::to_owned)
        .collect()
}

/// Gives collected features to the file's builds; a package takes of them what it declares.
fn add_features(features: &[String], found: &mut [crate::fact::Fact]) {
    for fact in found {
        if let FactKind::Build(build) = &mut fact.kind
            && build.tool == "cargo"
        {
            build.features.extend(features.iter().cloned());
        }
    }
}

/// Adds what a file's commands say; what a script publishes is said of all it builds.
pub(crate) fn emit(found: &[Command], source: &str, facts: &mut Facts<'_, '_>) {
    let mut published: Vec<String> = found.iter().filter_map(published_by).map(str::to_owned).collect();
    published.sort();
    published.dedup();
    for command in found {
        emit_one(command, source, &published, facts);
    }
    if let Some(command) = found.iter().find(|command| published_by(command).is_some()) {
        for target in &published {
            release(target, carried(found), command.range.clone(), facts);
        }
    }
}

/// Adds what the recipes of a Makefile say. It has targets for everything, so what one publishes says nothing of others.
fn emit_recipes(found: &[Command], targets: &[String], facts: &mut Facts<'_, '_>) {
    for (command, target) in found.iter().zip(targets) {
        emit_in(command, "makefile", &[], Some(target.as_str()), facts);
    }
    let mut published: Vec<String> = found.iter().filter_map(published_by).map(str::to_owned).collect();
    published.sort();
    published.dedup();
    if let Some(command) = found.iter().find(|command| published_by(command).is_some()) {
        for target in &published {
            release(target, commands::files(command), command.range.clone(), facts);
        }
    }
}

/// No Makefile has more rules that matter.
const MOST_RULES: usize = 500;

/// States which targets call which others: `release: build-a build-b`.
fn prerequisites(text: &str, facts: &mut Facts<'_, '_>) {
    let rules: Vec<(&str, &str, usize)> = lines(text)
        .filter_map(|(line, start)| rule(line).map(|(names, rest)| (names, rest, start)))
        .take(MOST_RULES)
        .collect();
    let known: BTreeSet<&str> = rules.iter().flat_map(|(names, ..)| names.split_whitespace()).collect();
    for (names, rest, start) in &rules {
        let rest = rest.trim_start_matches(':').split(['#', ';']).next().unwrap_or("");
        let called: Vec<String> =
            rest.split_whitespace().filter(|word| known.contains(word)).map(str::to_owned).collect();
        let Some(name) = names.split_whitespace().next().filter(|name| !called.is_empty() && !name.starts_with('.'))
        else {
            continue;
        };
        let build = Build {
            tool: "make".to_owned(),
            packages: called,
            source: "makefile".to_owned(),
            recipe: Some(name.to_owned()),
            ..Build::default()
        };
        facts.add(*start..*start + names.trim_end().len(), FactKind::Build(build.into()));
    }
}

/// States that files are released.
fn release(target: &str, artifacts: Vec<String>, range: Range<usize>, facts: &mut Facts<'_, '_>) {
    let workload = Workload { target: target.to_owned(), kind: "release".to_owned(), artifacts, ..Workload::default() };
    facts.add(range, FactKind::Workload(workload.into()));
}

/// A command that publishes, or one that writes a file that can only be a package.
fn published_by(command: &Command) -> Option<&'static str> {
    const PACKERS: &[&str] =
        &["ar", "cp", "mv", "wix", "light", "makensis", "pkgbuild", "productbuild", "appimagetool"];
    const PACKAGES: &[&str] = &[".deb", ".rpm", ".msi", ".pkg", ".AppImage", ".apk"];
    if command.program() == "xcodebuild" && command.words.iter().any(|word| word == "-create-xcframework") {
        return Some("mobile");
    }
    commands::publishes(command).or_else(|| {
        let packs = PACKERS.contains(&command.program())
            && command.words.iter().skip(1).any(|word| PACKAGES.iter().any(|suffix| word.ends_with(suffix)));
        packs.then_some("package")
    })
}

const MAX_CARRIED: usize = 500;

/// Files that a script copies or names while it packs: what the package may hold.
fn carried(found: &[Command]) -> Vec<String> {
    // A chart that is packed is no program.
    let packs_charts =
        found.iter().any(|command| command.program() == "helm" && command.words.iter().any(|w| w == "package"));
    let moves = found.iter().filter(|command| {
        matches!(command.program(), "cp" | "install" | "mv" | "tar" | "zip" | "strip" | "7z")
            || published_by(command).is_some()
    });
    let mut files: Vec<String> = moves.flat_map(commands::files).collect();
    files.retain(|file| !(packs_charts && file.trim_matches('"').ends_with(".tgz")));
    files.dedup();
    if files.len() > MAX_CARRIED {
        cut::met("files that a script packs", MAX_CARRIED, Class::Lost);
    }
    files.truncate(MAX_CARRIED);
    files
}

/// Adds what one command says.
pub(crate) fn emit_one(command: &Command, source: &str, published: &[String], facts: &mut Facts<'_, '_>) {
    emit_in(command, source, published, None, facts);
}

/// Adds what one command says, in the recipe in which it stands.
pub(crate) fn emit_in(
    command: &Command,
    source: &str,
    published: &[String],
    recipe: Option<&str>,
    facts: &mut Facts<'_, '_>,
) {
    for check in commands::checks(command) {
        facts.add_bound(command.range.clone(), FactKind::Check { what: check.to_owned() }, Binding::Repository);
    }
    if let Some(mut build) = commands::build(command, source) {
        build.recipe = recipe.map(str::to_owned);
        for target in published {
            if !build.publishes.contains(target) {
                build.publishes.push(target.clone());
            }
        }
        // A Makefile repeats a command for each platform; one of a kind says as much.
        let kind = FactKind::Build(build.into());
        if !facts.list.iter().rev().take(100).any(|fact| fact.kind == kind) {
            facts.add(command.range.clone(), kind);
        }
    }
    if let Some(mut image) = commands::image(command) {
        // Files that a build of an image writes are released with the rest.
        if !image.writes.is_empty() {
            image.publishes = published.to_vec();
        }
        facts.add(command.range.clone(), FactKind::Image(image.into()));
    }
    if let Some(workload) = platforms::deployed(command) {
        facts.add(command.range.clone(), FactKind::Workload(workload.into()));
    }
}

/// States what a target called `release…` or `dist…` puts into an archive: one build for each member.
fn archives(found: &[Command], targets: &[String], facts: &mut Facts<'_, '_>) {
    for (command, target) in found.iter().zip(targets) {
        let is_release = ["release", "dist", "package"].iter().any(|word| target.starts_with(word));
        if is_release {
            packed(command, &["binary-release".to_owned()], facts);
        }
    }
}

/// States what `tar` or `zip` puts into an archive that is published.
pub(crate) fn packed(command: &Command, publishes: &[String], facts: &mut Facts<'_, '_>) {
    if !matches!(command.program(), "tar" | "zip") {
        return;
    }
    for member in members(command) {
        let build = Build {
            tool: command.program().to_owned(),
            output: Some(member),
            source: "release".to_owned(),
            publishes: publishes.to_vec(),
            ..Build::default()
        };
        facts.add(command.range.clone(), FactKind::Build(build.into()));
    }
}

/// Arguments of `tar` or `zip` that are neither flags nor archives, nor papers that come along.
fn members(command: &Command) -> Vec<String> {
    let papers = ["license", "readme", "changelog", "notice", ".md", ".txt", ".tar", ".tgz", ".zip", ".gz", "$(tar"];
    let words = command.words.iter().skip(1).filter(|word| !word.starts_with('-'));
    let programs = words.filter(|word| {
        let lower = word.to_ascii_lowercase();
        lower.len() > 2 && !papers.iter().any(|paper| lower.contains(paper)) && !lower.ends_with(['/', '*'])
    });
    programs.cloned().collect()
}

/// Splits a Makefile into the commands of its recipes, noting variables on the way.
///
/// Variables may be set below their use, so a first pass collects them.
fn recipes(text: &str, variables: &mut Variables) -> Vec<(Command, String)> {
    for (line, _) in lines(text) {
        set_variable(line, variables);
    }
    let mut found = Vec::new();
    let mut target = String::new();
    for (line, start) in lines(text) {
        if line.starts_with(['\t', ' ']) && !target.is_empty() {
            let body = line.replace("$@", &target).replace("$$", "$");
            // Replacing moves offsets only inside the line; the line itself is the evidence then.
            let moved = body.len() != line.len() || body != line;
            let mut commands = shell::commands(if moved { &body } else { line }, start, variables);
            if moved {
                let range = trimmed(line, start);
                commands.iter_mut().for_each(|command| command.range = range.clone());
            }
            found.extend(commands.into_iter().map(|command| (command, target.clone())));
        } else if let Some((names, _)) = rule(line) {
            target = names.split_whitespace().next().unwrap_or("").to_owned();
        }
    }
    found
}

fn trimmed(line: &str, start: usize) -> Range<usize> {
    let blank = line.len() - line.trim_start().len();
    start + blank..start + line.trim_end().len()
}

/// Joins continued lines; each with the offset at which it starts.
fn lines(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= text.len() {
            return None;
        }
        let start = at;
        loop {
            let end = memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |offset| at + offset);
            let line = text[at..end].trim_end_matches('\r');
            at = (end + 1).min(text.len());
            if end == text.len() || !line.ends_with('\\') {
                return Some((&text[start..end], start));
            }
        }
    })
}

fn set_variable(line: &str, variables: &mut Variables) {
    if line.starts_with('\t') {
        return;
    }
    let line = line.trim().trim_start_matches("export ").trim_start_matches("override ");
    let Some((name, value)) = line.split_once('=') else { return };
    let name = name.trim_end_matches([':', '?', '+', '!']).trim();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let value = value.split(" #").next().unwrap_or(value).replace("\\\r\n", " ").replace("\\\n", " ");
    // `$(shell which go)` is where `go` lies.
    let looked_up = ["$(shell which ", "$(shell command -v "].iter().find_map(|call| value.trim().strip_prefix(call));
    if let Some(program) = looked_up.and_then(|rest| rest.split([' ', ')']).next()).filter(|_| is_name) {
        variables.set(name, program);
        return;
    }
    // Functions and shell calls are not run; a variable that holds one stays as written.
    if is_name && !value.contains("$(shell") {
        let value = variables.expand(value.trim());
        variables.set(name, value.trim_matches('"'));
    }
}

fn rule(line: &str) -> Option<(&str, &str)> {
    if line.starts_with(['#', '\t', ' ']) {
        return None;
    }
    let (names, rest) = line.split_once(':')?;
    (!rest.starts_with('=') && !names.contains('=')).then_some((names, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::Build;

    fn builds(path: &str, source: &str) -> Vec<(Build, u32)> {
        let text = Text::new(path, source);
        let mut facts = Facts::new(&text);
        detect(&text, &mut facts);
        let build = |fact: crate::fact::Fact| match fact.kind {
            FactKind::Build(build) => Some((*build, fact.place.line)),
            _ => None,
        };
        facts.list.into_iter().filter_map(build).collect()
    }

    #[test]
    fn recipes_with_variables_of_the_file() {
        let source = "PKG = example.org/x\nGO := go\nAPP ?= web # name\n\nbuild: deps\n\tcd sub && $(GO) build \\\n\t\t-o bin/$(APP) $(PKG)/app/$(APP)\nlint:\n\tGOGC=50 golangci-lint run\nfw:\n\ttinygo build -o ./out/a.uf2 --target xiao ./targets/a\n";
        let found = builds("Makefile", source);
        assert_eq!(found.len(), 2);
        let (build, line) = &found[0];
        assert_eq!((build.packages[0].as_str(), build.output.as_deref()), ("example.org/x/app/web", Some("bin/web")));
        assert_eq!((build.directory.as_deref(), *line), (Some("sub"), 6));
        assert_eq!(found[1].0.target.as_deref(), Some("xiao"));
    }

    #[test]
    fn a_program_that_is_looked_up_is_itself() {
        let found = builds(
            "Makefile",
            "CARGO ?= $(shell which cargo)\nV := $(shell date)\na:\n\t${CARGO} build --bin x\n\t$(V) build\n",
        );
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].0.tool.as_str(), found[0].0.bins[0].as_str()), ("cargo", "x"));
    }

    #[test]
    fn features_that_a_variable_collects_reach_the_builds() {
        let source = "EXTRA_FEATURES :=\nifeq ($(TLS),yes)\n    EXTRA_FEATURES += tls\nendif\nFLAGS += x\na:\n\t@$(ENV) RUSTFLAGS=\"-C a\" cargo build -p a $(EXTRA_FEATURES)\n";
        let found = builds("Makefile", source);
        assert_eq!((found[0].0.packages[0].as_str(), &found[0].0.features[..]), ("a", &["tls".to_owned()][..]));
    }

    #[test]
    fn the_target_names_what_it_builds() {
        assert_eq!(builds("Makefile", "web:\n\tgo build -o $@ ./cmd/$@\n")[0].0.packages, ["./cmd/web"]);
    }

    #[test]
    fn archives_of_release_targets() {
        let source =
            "release-x: x-prod\n\tcd bin && tar -czf x-$(GOOS).tar.gz x-$(GOOS)-prod\nother:\n\ttar -czf a.tgz src\n";
        let found = builds("Makefile", source);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].0.output.as_deref(), found[0].0.publishes.len()), (Some("x-$(GOOS)-prod"), 1));
    }

    #[test]
    fn a_script_that_packs_carries_what_it_copies() {
        let text = Text::new("pack.sh", "OUT=x_$V.deb\ncp bin/x tmp/\nfakeroot ar -cr a\nar -cr \"$OUT\" data\n");
        let mut facts = Facts::new(&text);
        detect(&text, &mut facts);
        let found =
            facts.list.iter().find_map(|fact| if let FactKind::Workload(one) = &fact.kind { Some(one) } else { None });
        let found = found.unwrap();
        assert_eq!((found.target.as_str(), found.artifacts[0].as_str()), ("package", "bin/x"));
    }

    #[test]
    fn frameworks_for_phones_and_charts() {
        let read = |source: &str| {
            let text = Text::new("x.sh", source);
            let mut facts = Facts::new(&text);
            detect(&text, &mut facts);
            let one = |fact: crate::fact::Fact| if let FactKind::Workload(one) = fact.kind { Some(one) } else { None };
            facts.list.into_iter().filter_map(one).collect::<Vec<_>>()
        };
        let found = read(
            "xcodebuild -create-xcframework -library target/aarch64-apple-ios/release/libcore.a -output Core.xcframework\n",
        );
        assert_eq!(
            (found[0].target.as_str(), found[0].artifacts[0].as_str()),
            ("mobile", "target/aarch64-apple-ios/release/libcore.a")
        );
        assert!(read("xcodebuild -scheme App build\n").is_empty());
        let found = read("helm package charts/web\ngh release upload v1 web-1.tgz\n");
        assert!(found[0].artifacts.is_empty());
    }

    #[test]
    fn installing_a_package_publishes_nothing() {
        let text = Text::new("setup.sh", "curl -LO https://x/y.deb\ndpkg -i y.deb\napt install ./y.deb\n");
        let mut facts = Facts::new(&text);
        detect(&text, &mut facts);
        assert_eq!(facts.list, []);
    }

    #[test]
    fn a_continued_variable_is_the_same_however_lines_end() {
        let source = "PARTS = \\\n\tone \\\n\ttwo\nall:\n\tgo build -o bin/$(PARTS) ./cmd\n";
        let plain = builds("Makefile", source);
        assert_eq!(plain.len(), 1);
        assert_eq!(builds("Makefile", &source.replace('\n', "\r\n")), plain);
    }

    #[test]
    fn a_script_that_uploads_publishes_what_it_builds() {
        let found = builds("release.sh", "cargo build --release --bin x\ngh release upload v1 target/release/x\n");
        assert_eq!(found[0].0.publishes, ["binary-release"]);
        assert!(builds("Makefile", "a:\n\tcargo build\nb:\n\tgh release create v1\n")[0].0.publishes.is_empty());
    }
}
