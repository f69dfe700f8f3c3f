//! Builds: which tool's reader a command goes to, and what all builds have in common.

use super::words::Words;
use super::{cargo, go, packers, recipes};
use crate::fact::Build;
use crate::parse::shell::{Command, join};

/// Returns what a command builds. `source` is the word for the kind of file it stands in.
pub(crate) fn build(command: &Command, source: &str) -> Option<Build> {
    let words = Words::new(command);
    let mut build = match command.program() {
        "go" | "garble" | "go1" | "xgo" | "xx-go" => go::go(&words)?,
        "tinygo" => go::tinygo(&words)?,
        "cargo" | "cross" => cargo::cargo(command.program(), &words)?,
        "xx-cargo" => cargo::cargo("cargo", &words)?,
        "gomobile" | "ebitenmobile" => packers::phone(&words)?,
        "pack" => packers::buildpack(&words)?,
        "wasm-pack" => packers::wasm_pack(&words)?,
        "maturin" => packers::maturin(&words)?,
        "napi" => packers::napi(&words)?,
        "trunk" => packers::trunk(&words)?,
        "ko" => {
            packers::positional_tool(&words, "ko", &["build", "publish"], &["-t", "--tags", "--platform", "--sbom"])?
        }
        "xcaddy" => packers::positional_tool(&words, "xcaddy", &["build"], &["--output", "--with", "--replace"])?,
        "goreleaser" => packers::whole_tool(&words, "goreleaser", &["release", "build"])?,
        "dist" => packers::whole_tool(&words, "cargo-dist", &["build"])?,
        "worker-build" => Build { tool: "worker-build".to_owned(), ..Build::default() },
        "npx" | "pnpm" | "yarn" | "bunx" | "uvx" => return build(&inner(command)?, source),
        "make" | "gmake" | "$(MAKE)" | "${MAKE}" | "mage" | "just" | "task" => {
            recipes::make(command.program(), &words)?
        }
        _ => recipes::script(command)?,
    };
    build.source = source.to_owned();
    build.directory = match (build.directory.take(), &command.directory) {
        (Some(own), base) => Some(join(base.as_deref(), &own)),
        (None, base) => base.clone(),
    };
    if build.target.is_none() {
        build.target = go::platform(command);
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
}
