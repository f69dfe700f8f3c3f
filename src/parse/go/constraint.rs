//! Build constraints: from `//go:build`, the older `// +build` and the file's name, as one expression.

use crate::path::base;

const SYSTEMS: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "windows",
    "zos",
];

const ARCHITECTURES: &[&str] = &[
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "arm64",
    "arm64be",
    "armbe",
    "loong64",
    "mips",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "mipsle",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
];

/// Combines what the name implies with the comments before the package clause; `None` if neither constrains.
pub(super) fn of_file<'a>(path: &str, comments: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut parts: Vec<String> = of_name(path).into_iter().map(str::to_owned).collect();
    let mut old = Vec::new();
    let mut new = None;
    for comment in comments {
        let Some(text) = comment.strip_prefix("//") else { continue };
        if let Some(expression) = text.strip_prefix("go:build ") {
            new = new.or(Some(expression.trim()));
        } else if let Some(options) = text.trim_start().strip_prefix("+build ") {
            old.push(options.trim());
        }
    }
    match new {
        Some(expression) => parts.push(expression.to_owned()),
        // The older form counts only where the newer is missing.
        None => parts.extend(old.into_iter().map(from_old)),
    }
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(parts.into_iter().map(parenthesised).collect::<Vec<_>>().join(" && ")),
    }
}

fn parenthesised(expression: String) -> String {
    if expression.contains("||") { format!("({expression})") } else { expression }
}

/// Space means or, comma means and.
fn from_old(options: &str) -> String {
    let options: Vec<String> = options.split_whitespace().map(|option| option.replace(',', " && ")).collect();
    options.join(" || ")
}

/// Follows the go command: only what comes after the first `_` counts, and `_test` is dropped first.
fn of_name(path: &str) -> Vec<&str> {
    let file = base(path);
    let stem = file.split('.').next().unwrap_or(file);
    let Some((_, rest)) = stem.split_once('_') else { return Vec::new() };
    let mut parts: Vec<&str> = rest.split('_').collect();
    if parts.last() == Some(&"test") {
        parts.pop();
    }
    match parts.as_slice() {
        [.., system, architecture] if SYSTEMS.contains(system) && ARCHITECTURES.contains(architecture) => {
            vec![system, architecture]
        }
        [.., last] if SYSTEMS.contains(last) || ARCHITECTURES.contains(last) => vec![last],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_comments_are_combined() {
        for (path, comments, expected) in [
            ("x/a_linux.go", &[][..], Some("linux")),
            ("a_windows_amd64_test.go", &[], Some("windows && amd64")),
            ("linux.go", &[], None),
            ("linux_x.go", &[], None),
            ("a_linux.pb.go", &[], Some("linux")),
            ("a.go", &["//go:build ignore"], Some("ignore")),
            (
                "a_arm64.go",
                &["//go:build linux || darwin", "// +build linux darwin"],
                Some("arm64 && (linux || darwin)"),
            ),
            ("a.go", &["// +build linux,cgo !x", "// +build y"], Some("(linux && cgo || !x) && y")),
            ("a.go", &["// go:build no", "// text"], None),
        ] {
            assert_eq!(of_file(path, comments.iter().copied()).as_deref(), expected, "{path}");
        }
    }
}
