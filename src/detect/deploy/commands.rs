//! What a command line builds, publishes or checks; shared by all detectors of files that hold commands.
//!
//! In: one [`Command`]. Out: at most one [`Build`], [`Image`], deploy target or name of a check. Commands that only
//! fetch somebody else's tool (`go install x@v1`, `cargo install ripgrep`) are nothing.

use crate::fact::{Build, Image};
use crate::parse::shell::{Command, join};

/// Returns what a command builds. `source` is the word for the kind of file it stands in.
pub(crate) fn build(command: &Command, source: &str) -> Option<Build> {
    let words = Words::new(command);
    let mut build = match command.program() {
        "go" | "garble" | "go1" | "xgo" | "xx-go" => go(&words)?,
        "tinygo" => tinygo(&words)?,
        "cargo" | "cross" => cargo(command.program(), &words)?,
        "xx-cargo" => cargo("cargo", &words)?,
        "gomobile" | "ebitenmobile" => {
            let valued = ["-o", "-target", "-ldflags", "-tags", "-javapkg", "-prefix", "-androidapi", "-iosversion"];
            let build = positional_tool(&words, "gomobile", &["bind", "build"], &valued)?;
            Build { mode: words.has(&["bind"]).then(|| "gomobile".to_owned()), ..build }
        }
        // Buildpacks are told by a variable what to build.
        "pack" => Build {
            tool: "go".to_owned(),
            packages: vec![buildpack_target(&words)?.to_owned()],
            output: words
                .positionals(1, &["--env", "-e", "--builder", "-B", "--path", "-p", "--buildpack", "-b"])
                .into_iter()
                .next(),
            ..Build::default()
        },
        "wasm-pack" => wasm_pack(&words)?,
        "maturin" => maturin(&words)?,
        "napi" => napi(&words)?,
        "trunk" => trunk(&words)?,
        "ko" => positional_tool(&words, "ko", &["build", "publish"], &["-t", "--tags", "--platform", "--sbom"])?,
        "xcaddy" => positional_tool(&words, "xcaddy", &["build"], &["--output", "--with", "--replace"])?,
        "goreleaser" => whole_tool(&words, "goreleaser", &["release", "build"])?,
        "dist" => whole_tool(&words, "cargo-dist", &["build"])?,
        "worker-build" => Build { tool: "worker-build".to_owned(), ..Build::default() },
        "npx" | "pnpm" | "yarn" | "bunx" | "uvx" => return build(&inner(command)?, source),
        "make" | "gmake" | "$(MAKE)" | "${MAKE}" | "mage" | "just" | "task" => make(command.program(), &words)?,
        _ => script(command)?,
    };
    build.source = source.to_owned();
    build.directory = match (build.directory.take(), &command.directory) {
        (Some(own), base) => Some(join(base.as_deref(), &own)),
        (None, base) => base.clone(),
    };
    if build.target.is_none() {
        build.target = platform(command);
    }
    // Beside a real package, an unknown variable is a flag that is sometimes empty.
    if build.packages.iter().any(|package| !is_reference(package)) {
        build.packages.retain(|package| !is_reference(package));
    }
    // An array of flags leaves the package unsaid: what lies here is meant.
    if build.tool == "go" && !build.packages.is_empty() && build.packages.iter().all(|word| is_flags(word)) {
        build.packages = vec![".".to_owned()];
    }
    build.variables.extend(command.environment.iter().filter(|(name, _)| is_own(name)).cloned());
    Some(build)
}

fn buildpack_target<'a>(words: &Words<'a>) -> Option<&'a str> {
    let given = words.values(&["--env", "-e"]);
    given.into_iter().find_map(|pair| pair.trim_matches('"').strip_prefix("BP_GO_TARGETS="))
}

/// `${BUILD_ARGS[@]}` and its like.
fn is_flags(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    is_reference(word) && lower.contains('[') && ["args", "flags", "opts"].iter().any(|name| lower.contains(name))
}

fn is_reference(word: &str) -> bool {
    (word.starts_with("$(") && word.ends_with(')') || word.starts_with("${") && word.ends_with('}'))
        && !word[2..word.len() - 1].contains(['$', '/', ' '])
}

/// Tells whether a variable is the repository's own, not one of a toolchain.
fn is_own(name: &str) -> bool {
    !["GO", "CGO", "RUST", "CARGO", "CC", "CXX", "LD", "PATH", "DOCKER", "CI"]
        .iter()
        .any(|known| name.starts_with(known))
}

/// Looks through a runner of packages (`npx napi build`).
fn inner(command: &Command) -> Option<Command> {
    let rest = command
        .words
        .iter()
        .skip(1)
        .skip_while(|word| word.starts_with('-') || matches!(word.as_str(), "exec" | "run"));
    let words: Vec<String> = rest.cloned().collect();
    let is_known = matches!(words.first().map(String::as_str), Some("napi" | "wasm-pack" | "maturin"));
    is_known.then(|| Command { words, ..command.clone() })
}

/// Arguments split into flags with their values and the rest.
struct Words<'a> {
    all: Vec<&'a str>,
}

impl<'a> Words<'a> {
    fn new(command: &'a Command) -> Words<'a> {
        Words { all: command.words.iter().skip(1).map(String::as_str).collect() }
    }

    /// Returns the value of the last of these flags: `-o x`, `-o=x`, `--output=x`.
    fn value(&self, names: &[&str]) -> Option<&'a str> {
        self.values(names).pop()
    }

    fn values(&self, names: &[&str]) -> Vec<&'a str> {
        let mut found = Vec::new();
        for (at, word) in self.all.iter().enumerate() {
            if is_named(names, word) {
                found.extend(self.all.get(at + 1).filter(|value| !value.is_empty()));
            } else if let Some((name, value)) = word.split_once('=')
                && is_named(names, name)
            {
                found.push(value);
            }
        }
        found
    }

    fn has(&self, names: &[&str]) -> bool {
        self.all.iter().any(|word| names.contains(word))
    }

    /// Returns the arguments that are neither flags nor values of `valued` flags, from index `from` on.
    fn positionals(&self, from: usize, valued: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        let mut skip = false;
        for word in self.all.iter().skip(from) {
            if std::mem::take(&mut skip) {
                continue;
            }
            if *word == "--" {
                break;
            }
            if word.starts_with('-') {
                skip = is_named(valued, word);
            } else if !word.is_empty() {
                found.push((*word).to_owned());
            }
        }
        found
    }
}

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

fn go(words: &Words<'_>) -> Option<Build> {
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

fn tags(text: &str) -> Vec<String> {
    if text.contains("${{") {
        return vec![text.to_owned()];
    }
    text.split([',', ' ']).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

/// Flags of Go programs are the same with one dash and with two.
fn is_named(names: &[&str], word: &str) -> bool {
    names.contains(&word) || word.strip_prefix('-').is_some_and(|single| single.len() > 2 && names.contains(&single))
}

/// `GOOS/GOARCH`, as far as they are set for the command.
fn platform(command: &Command) -> Option<String> {
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

fn tinygo(words: &Words<'_>) -> Option<Build> {
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

const CARGO_VERBS: &[&str] =
    &["build", "b", "install", "rustc", "zigbuild", "deb", "generate-rpm", "bundle", "flash", "objcopy"];
/// Subcommands that wrap `build`: (name, tool).
const CARGO_WRAPPERS: &[(&str, &str)] = &[
    ("lambda", "cargo-lambda"),
    ("ndk", "cargo-ndk"),
    ("xwin", "cargo"),
    ("auditable", "cargo"),
    ("component", "cargo-component"),
    ("wasi", "cargo"),
    ("xtask", "cargo-xtask"),
    ("contract", "cargo-contract"),
    ("swift", "cargo-swift"),
    ("leptos", "cargo-leptos"),
    ("dist", "cargo-dist"),
    ("pgo", "cargo"),
];
fn cargo(program: &str, words: &Words<'_>) -> Option<Build> {
    let mut verbs = words.all.iter().filter(|word| !word.starts_with('-') && !word.starts_with('+'));
    let first = *verbs.next()?;
    let (tool, verb) = match CARGO_WRAPPERS.iter().find(|(name, _)| *name == first) {
        Some((_, tool)) => (*tool, words.all.iter().copied().find(|word| CARGO_VERBS.contains(word))?),
        None => (program, first),
    };
    if !CARGO_VERBS.contains(&verb) {
        return None;
    }
    let mut packages = owned(words.values(&["-p", "--package", "--manifest-path", "--path"]));
    let names_a_package = !packages.is_empty();
    // `cargo install name` fetches a published tool; only paths are this repository's.
    if verb == "install" && words.value(&["--path"]).is_none() {
        return None;
    }
    if words.has(&["--workspace", "--all"]) && !names_a_package {
        packages.push("--workspace".to_owned());
    }
    if words.has(&["--example", "--examples", "--tests", "--benches", "--all-targets", "--test", "--bench"])
        && !words.has(&["--bin", "--bins"])
    {
        return None;
    }
    let features = words.values(&["--features", "-F"]).into_iter().flat_map(tags).collect();
    Some(Build {
        tool: tool.to_owned(),
        packages,
        bins: owned(words.values(&["--bin"])),
        mode: words.value(&["--crate-type"]).map(str::to_owned),
        target: words.value(&["--target"]).map(str::to_owned),
        profile: (first == "pgo").then(|| "cargo-pgo".to_owned()),
        features,
        publishes: if matches!(verb, "deb" | "generate-rpm" | "bundle") {
            vec!["package".to_owned()]
        } else {
            Vec::new()
        },
        ..Build::default()
    })
}

fn owned(values: Vec<&str>) -> Vec<String> {
    values.into_iter().map(str::to_owned).collect()
}

fn positional_tool(words: &Words<'_>, tool: &str, verbs: &[&str], valued: &[&str]) -> Option<Build> {
    let verb = words.all.iter().position(|word| verbs.contains(word))?;
    Some(Build {
        tool: tool.to_owned(),
        packages: words.positionals(verb + 1, valued),
        output: words.value(&["-o", "--output"]).map(str::to_owned),
        target: words.value(&["-target", "--target"]).map(str::to_owned),
        ..Build::default()
    })
}

fn whole_tool(words: &Words<'_>, tool: &str, verbs: &[&str]) -> Option<Build> {
    words.all.iter().any(|word| verbs.contains(word)).then(|| Build { tool: tool.to_owned(), ..Build::default() })
}

fn wasm_pack(words: &Words<'_>) -> Option<Build> {
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

fn maturin(words: &Words<'_>) -> Option<Build> {
    let publishes = words.has(&["publish", "upload"]);
    let build = whole_tool(words, "maturin", &["build", "publish", "develop"])?;
    Some(Build {
        packages: owned(words.values(&["-m", "--manifest-path"])),
        target: words.value(&["--target"]).map(str::to_owned),
        publishes: if publishes { vec!["pypi".to_owned()] } else { Vec::new() },
        ..build
    })
}

fn napi(words: &Words<'_>) -> Option<Build> {
    let build = whole_tool(words, "napi", &["build", "prepublish", "pre-publish"])?;
    let publishes = words.has(&["prepublish", "pre-publish"]);
    Some(Build {
        packages: owned(words.values(&["-p", "--manifest-path", "--package", "--cargo-cwd"])),
        target: words.value(&["--target"]).map(str::to_owned),
        publishes: if publishes { vec!["npm".to_owned()] } else { Vec::new() },
        ..build
    })
}

fn trunk(words: &Words<'_>) -> Option<Build> {
    let build = whole_tool(words, "trunk", &["build", "serve"])?;
    Some(Build { target: Some("wasm32-unknown-unknown".to_owned()), ..build })
}

/// `make target VAR=x`: what it builds is told by the Makefile; the variables may name the service.
fn make(program: &str, words: &Words<'_>) -> Option<Build> {
    let positionals = words.positionals(0, &["-C", "-f", "-j", "--directory", "--file", "--justfile", "-d"]);
    let (variables, targets): (Vec<String>, Vec<String>) = positionals.into_iter().partition(|word| word.contains('='));
    if targets.is_empty() && variables.is_empty() && program != "make" {
        return None;
    }
    Some(Build {
        tool: if program.starts_with('$') || program == "gmake" { "make" } else { program }.to_owned(),
        directory: words.value(&["-C", "--directory"]).map(str::to_owned),
        packages: targets,
        variables: variables.iter().filter_map(|pair| pair.split_once('=')).map(owned_pair).collect(),
        ..Build::default()
    })
}

/// A script of the repository: what it builds, its own lines tell.
fn script(command: &Command) -> Option<Build> {
    const PLACES: [&str; 9] = ["./", "../", "scripts/", "script/", "hack/", "build/", "ci/", "tools/", ".github/"];
    let first = command.words.first()?;
    let is_shell = matches!(command.program(), "bash" | "sh");
    let path = if is_shell { command.words.iter().skip(1).find(|word| !word.starts_with('-'))? } else { first };
    let named = path.ends_with(".sh") || path.ends_with(".bash");
    let placed = !is_shell && PLACES.iter().any(|place| path.starts_with(place));
    if !(named || placed) || path.contains(['$', '*', ' ']) {
        return None;
    }
    Some(Build { tool: "script".to_owned(), packages: vec![path.clone()], ..Build::default() })
}

fn owned_pair((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

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

/// Returns the deploy target that a command publishes built files to.
pub(crate) fn publishes(command: &Command) -> Option<&'static str> {
    let has = |word: &str| command.words.iter().any(|own| own == word);
    match command.program() {
        "gh" if has("release") && (has("create") || has("upload")) => Some("binary-release"),
        "hub" if has("release") => Some("binary-release"),
        "ghr" | "github-release" | "glab" if has("release") || command.program() != "glab" => Some("binary-release"),
        "goreleaser" if has("release") && !has("--snapshot") => Some("binary-release"),
        "dpkg-deb" | "rpmbuild" | "fpm" | "nfpm" | "dpkg-buildpackage" | "debuild" | "snapcraft" | "makepkg"
        | "abuild" | "alien" | "checkinstall" => Some("package"),
        // A script of the repository's own that says what it does.
        _ if command.words[0].contains('/')
            && command.program().contains("release")
            && has_prefix(command, "upload") =>
        {
            Some("binary-release")
        }
        "twine" if has("upload") => Some("pypi"),
        "maturin" if has("publish") || has("upload") => Some("pypi"),
        "npm" | "pnpm" | "yarn" if has("publish") => Some("npm"),
        "gem" if has("push") => Some("gem"),
        "mvn" if has("deploy") => Some("maven"),
        "pod" if has("push") => Some("cocoapods"),
        "dotnet" if has("push") => Some("nuget"),
        // Another repository's formulas and manifests are told of a release.
        "gh" if has("api") && command.words.iter().any(|word| is_tap(word)) => Some("package"),
        "wingetcreate" | "komac" if has("update") || has("submit") => Some("package"),
        "brew" if has("bump-formula-pr") || has("bump-cask-pr") => Some("package"),
        "choco" if has("push") => Some("package"),
        _ => None,
    }
}

/// The address at which a repository of packages takes notice of something.
fn is_tap(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    lower.contains("dispatches") && ["homebrew", "scoop", "winget", "-tap"].iter().any(|kind| lower.contains(kind))
}

fn has_prefix(command: &Command, prefix: &str) -> bool {
    command.words.iter().skip(1).any(|word| word.starts_with(prefix))
}

/// Returns the arguments of a command that look like files.
pub(crate) fn files(command: &Command) -> Vec<String> {
    let words = command.words.iter().skip(1);
    words.filter(|word| word.contains(['/', '.', '*', '$']) && !word.starts_with('-')).cloned().collect()
}

/// Returns the names of the checks that a command runs.
pub(crate) fn checks(command: &Command) -> Vec<&'static str> {
    let has = |word: &str| command.words.iter().any(|own| own == word);
    let mut found = Vec::new();
    match command.program() {
        "go" | "gotestsum" if has("-race") || has("--race") => found.push("race-detector"),
        "go" if has("vet") => found.push("go-vet"),
        "go" if command.words.iter().any(|word| word.starts_with("-fuzz=")) || has("-fuzz") => found.push("fuzzing"),
        "errcheck" => found.push("errcheck"),
        "gosec" => found.push("gosec"),
        "staticcheck" => found.push("staticcheck"),
        "govulncheck" => found.push("govulncheck"),
        "golangci-lint" => found.push("golangci-lint"),
        "cargo" if has("clippy") => found.push("clippy"),
        "cargo" if has("miri") => found.push("miri"),
        "cargo" if has("fuzz") => found.push("fuzzing"),
        "cargo" if has("deny") => found.push("cargo-deny"),
        "cargo" if has("audit") => found.push("cargo-audit"),
        "cargo" if has("geiger") => found.push("cargo-geiger"),
        _ => {}
    }
    if command.environment.iter().any(|(name, value)| name == "RUSTFLAGS" && value.contains("--cfg loom")) {
        found.push("loom");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::shell::{Variables, commands};

    fn first(text: &str) -> Option<Build> {
        commands(text, 0, &mut Variables::default()).iter().find_map(|command| build(command, "script"))
    }

    #[test]
    fn go_builds() {
        let build =
            first("cd sub && CGO_ENABLED=0 GOOS=js GOARCH=wasm go build -tags a,b -ldflags '-s -w' -o=bin/x ./cmd/x")
                .unwrap();
        assert_eq!((build.tool.as_str(), build.directory.as_deref()), ("go", Some("sub")));
        assert_eq!((build.packages[0].as_str(), build.output.as_deref()), ("./cmd/x", Some("bin/x")));
        assert_eq!((build.target.as_deref(), build.features.len()), (Some("js/wasm"), 2));
        assert_eq!(first("go build").unwrap().packages, ["."]);
        assert_eq!(first("go build \"${BUILD_ARGS[@]}\"").unwrap().packages, ["."]);
        assert_eq!(first("go build \"${TARGETS[@]}\"").unwrap().packages, ["${TARGETS[@]}"]);
        assert_eq!(first("go build -buildmode=c-shared -o lib.so .").unwrap().mode.as_deref(), Some("c-shared"));
        assert_eq!(first("tinygo build -o a.uf2 --target x --size short ./t").unwrap().packages, ["./t"]);
        assert_eq!(first("tinygo build -target=xiao -o x.uf2 ./t").unwrap().target.as_deref(), Some("xiao"));
    }

    #[test]
    fn cargo_builds() {
        let build =
            first("cargo +nightly build --release -p web --bin webd --target wasm32-wasip1 --features a").unwrap();
        assert_eq!((build.packages, build.bins), (vec!["web".to_owned()], vec!["webd".to_owned()]));
        assert_eq!(build.target.as_deref(), Some("wasm32-wasip1"));
        assert_eq!(first("cargo install --locked --path crates/x").unwrap().packages, ["crates/x"]);
        assert_eq!(first("cargo lambda build --release").unwrap().tool, "cargo-lambda");
        assert_eq!(first("cargo ndk -t arm64-v8a build").unwrap().tool, "cargo-ndk");
    }

    #[test]
    fn phones_buildpacks_and_profiles() {
        let build = first("gomobile bind -target=ios -o Core.xcframework ./mobile").unwrap();
        assert_eq!((build.mode.as_deref(), build.packages[0].as_str()), (Some("gomobile"), "./mobile"));
        assert_eq!(first("gomobile build ./app").unwrap().mode, None);
        assert_eq!(first("gomobile init"), None);
        assert_eq!(first("pack build web --env BP_GO_TARGETS=./cmd/web").unwrap().packages, ["./cmd/web"]);
        assert_eq!(first("pack build web --builder x"), None);
        assert_eq!(first("go build -pgo=cpu.pprof ./a").unwrap().profile.as_deref(), Some("cpu.pprof"));
        assert_eq!(first("go build -pgo=off ./a").unwrap().profile, None);
    }

    #[test]
    fn packages_elsewhere_are_told_of_a_release() {
        let of = |text: &str| publishes(&commands(text, 0, &mut Variables::default())[0]);
        assert_eq!(of("gh api repos/o/homebrew-x/dispatches -f event_type=y"), Some("package"));
        assert_eq!(of("gh api repos/o/docs/dispatches"), None);
        assert_eq!(of("wingetcreate update x --submit"), Some("package"));
    }

    #[test]
    fn fetched_tools_and_other_verbs_are_silent() {
        for text in [
            "go install example.org/x/tool@latest",
            "cargo install cargo-chef",
            "cargo chef cook --release",
            "cargo test",
            "go test ./...",
            "go tool compile build",
            "echo go build",
            "cargo build --examples",
            "go generate ./...",
            "# go build .",
        ] {
            assert_eq!(first(text), None, "{text}");
        }
    }

    #[test]
    fn make_keeps_targets_and_variables() {
        let build = first("APP=1 $(MAKE) -C sub app-local APP_NAME=web").unwrap();
        assert_eq!((build.tool.as_str(), build.directory.as_deref()), ("make", Some("sub")));
        assert_eq!(build.packages, ["app-local"]);
        assert_eq!(build.variables, [("APP_NAME".to_owned(), "web".to_owned()), ("APP".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn scripts_of_the_repository_are_called() {
        assert_eq!(first("./build-release.sh dist v1").unwrap().packages, ["./build-release.sh"]);
        assert_eq!(first("bash -e scripts/build.sh").unwrap().packages, ["scripts/build.sh"]);
        for text in ["bash -c 'echo x'", "$DIR/x.sh", "curl -sSL https://x/y | sh", "app.sh.d"] {
            assert_eq!(first(text), None, "{text}");
        }
        assert_eq!(first("xx-go build -o web ./cmd/web").unwrap().tool, "go");
    }

    #[test]
    fn images_by_command() {
        let text = "docker buildx build --platform linux/amd64 -t r/app:v1 -f cmd/app/Dockerfile --build-arg A=b .";
        let command = &commands(text, 0, &mut Variables::default())[0];
        let image = image(command).unwrap();
        assert_eq!((image.names[0].as_str(), image.context.as_deref()), ("r/app:v1", Some(".")));
        assert_eq!(image.dockerfile.as_deref(), Some("cmd/app/Dockerfile"));
        assert_eq!(super::image(&commands("docker compose build", 0, &mut Variables::default())[0]), None);
    }

    #[test]
    fn checks_by_command() {
        let of = |text: &str| checks(&commands(text, 0, &mut Variables::default())[0]);
        assert_eq!(of("go test -race ./..."), ["race-detector"]);
        assert_eq!(of("RUSTFLAGS='--cfg loom' cargo test"), ["loom"]);
        assert_eq!(of("GOGC=50 golangci-lint run"), ["golangci-lint"]);
    }
}
