//! Names of container images and of built files, reduced to the part that names a program.

/// Returns the last part of an image reference without tag and digest.
pub fn basename(reference: &str) -> &str {
    let without_digest = reference.split('@').next().unwrap_or(reference);
    let last = without_digest.rsplit('/').next().unwrap_or(without_digest);
    last.split(':').next().unwrap_or(last)
}

/// Returns the tag of an image reference.
pub fn tag(reference: &str) -> Option<&str> {
    let without_digest = reference.split('@').next().unwrap_or(reference);
    let last = without_digest.rsplit('/').next().unwrap_or(without_digest);
    last.split_once(':').map(|(_, tag)| tag)
}

/// Words that say for which machine or how a file was built, never what it is.
const SUFFIXES: &[&str] = &[
    "linux", "darwin", "windows", "freebsd", "openbsd", "netbsd", "android", "amd64", "arm64", "arm", "386", "x86_64",
    "aarch64", "armv7", "armv6", "arm32v7", "ppc64le", "s390x", "riscv64", "i386", "musl", "muslc", "gnu", "static",
    "prod", "pure", "race", "debug", "release", "unknown", "local", "apple", "pc",
];

/// Returns the program's name in the name of a built file: directories, `.exe`, systems, processors and `-prod` gone.
///
/// Variables that stand for such a suffix (`-${TARGETARCH}`, `_$(GOOS)`) go too.
pub fn program(path: &str) -> &str {
    let mut name = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
    name = name.strip_suffix(".exe").or_else(|| name.strip_suffix(".wasm")).unwrap_or(name);
    while let Some(at) = name.rfind(['-', '_', '.']) {
        if at == 0 {
            break;
        }
        let suffix = &name[at + 1..];
        // `x86_64` and variables hold a separator themselves.
        if let Some(shorter) = name.strip_suffix("x86_64").and_then(|rest| rest.strip_suffix(['-', '_', '.'])) {
            name = shorter;
        } else if let Some(dollar) =
            name.find('$').filter(|dollar| *dollar > 0 && is_platform_variable(&name[*dollar..]))
        {
            name = name[..dollar].trim_end_matches(['-', '_', '.']);
        } else if SUFFIXES.contains(&suffix.to_ascii_lowercase().as_str()) {
            name = &name[..at];
        } else {
            break;
        }
    }
    name
}

/// Returns the bare name in the name of a library's file: `libcore.so.1` → `core`; `None` for other files.
pub fn library(path: &str) -> Option<&str> {
    const ENDINGS: &[&str] = &[".so", ".dylib", ".dll", ".a", ".lib", ".xcframework", ".framework", ".aar"];
    let file = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
    let at = ENDINGS.iter().filter_map(|ending| {
        let at = file.find(ending)?;
        let rest = &file[at + ending.len()..];
        (rest.is_empty() || rest.starts_with('.')).then_some(at)
    });
    let name = &file[..at.min()?];
    let name = name.strip_prefix("lib").filter(|rest| !rest.is_empty()).unwrap_or(name);
    (!name.is_empty() && !name.contains(['$', '{', '*'])).then_some(name)
}

fn is_platform_variable(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    ["ARCH", "OS", "PLATFORM", "VARIANT", "SUFFIX", "EXT", "EXE", "VERSION", "TRIPLE", "TAG"]
        .iter()
        .any(|word| upper.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        for (reference, name, expected_tag) in [
            ("gcr.io/x/y/checkout:v1", "checkout", Some("v1")),
            ("localhost:5000/app", "app", None),
            ("app@sha256:abc", "app", None),
            ("${IMAGE}:${V}-cart", "${IMAGE}", Some("${V}-cart")),
        ] {
            assert_eq!(basename(reference), name);
            assert_eq!(tag(reference), expected_tag);
        }
    }

    #[test]
    fn libraries() {
        for (path, name) in [
            ("out/libcore.so", Some("core")),
            ("libcore.so.1.2", Some("core")),
            ("core.dll", Some("core")),
            ("Core.xcframework", Some("Core")),
            ("core", None),
            ("web.alpha", None),
            ("lib${X}.a", None),
        ] {
            assert_eq!(library(path), name, "{path}");
        }
    }

    #[test]
    fn programs() {
        for (path, name) in [
            ("bin/linux/x-${TARGETARCH}", "x"),
            ("bin/app-linux-amd64-prod", "app"),
            ("app_darwin_arm64", "app"),
            ("app.exe", "app"),
            ("target/x86_64-unknown-linux-musl/release/app", "app"),
            ("app-x86_64", "app"),
            ("proxy-wasm", "proxy-wasm"),
            ("linux", "linux"),
            ("./bin/web$(EXT)", "web$(EXT)"),
            ("x-${tag}.zip", "x"),
        ] {
            assert_eq!(program(path), name);
        }
    }
}
