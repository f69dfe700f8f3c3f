//! Libraries that cgo links into Go programs.
//!
//! *Looks for*: `-lname`, paths of `libname.a`, `.so` and `.dylib`, and `pkg-config` names in `#cgo` lines of the comment above `import "C"`.
//! *Emits*: [`FactKind::Consumer`](crate::fact::FactKind::Consumer) `go` with the library's bare name, for the service that
//! builds a library of that name: a Rust core inside a Go program is the surest sign of two languages in one process.
//! *Misses*: flags from the environment (`CGO_LDFLAGS`); libraries of the system, which nobody's service is.
//! *Example*: `// #cgo LDFLAGS: -L${SRCDIR} -lcore` → Go loads `core`.

use super::{Facts, consumers};
use crate::parse::go::GoView;
use crate::parse::image_name;

pub(super) fn detect(view: &GoView<'_>, facts: &mut Facts<'_, '_>) {
    if !view.is_own_code() || view.imports_path("C").is_none() {
        return;
    }
    let mut seen: Vec<&str> = Vec::new();
    for comment in &view.comments {
        let (start, text) = (comment.start as usize, view.comment(comment));
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let from = start + at;
            at += line.len();
            let Some((packages, flags)) = flags(line) else { continue };
            for library in flags.split_whitespace().filter_map(|flag| library(flag, packages)) {
                if !seen.contains(&library) {
                    seen.push(library);
                    consumers::add("go", library, from..from + line.trim_end().len(), facts);
                }
            }
        }
    }
}

/// What a `#cgo` line hands to the linker, and whether these are names of packages.
fn flags(line: &str) -> Option<(bool, &str)> {
    let line = line.trim_start_matches(['/', '*', ' ', '\t']).strip_prefix("#cgo")?;
    let (names, flags) = line.split_once(':')?;
    let packages = names.contains("pkg-config");
    (packages || names.contains("LDFLAGS")).then_some((packages, flags))
}

fn library(flag: &str, packages: bool) -> Option<&str> {
    let (named, name) = match flag.strip_prefix("-l") {
        Some(name) => (true, name.strip_prefix(':').unwrap_or(name)),
        None if flag.starts_with('-') => return None,
        None => (packages, flag.rsplit('/').next()?),
    };
    let is_file = [".a", ".so", ".dylib"].iter().any(|ending| name.ends_with(ending));
    if !named && !is_file {
        return None;
    }
    let name = if is_file { name.split('.').next()? } else { name };
    let name = name.strip_prefix("lib").filter(|rest| is_file && !rest.is_empty()).unwrap_or(name);
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'.'));
    // One library is linked under a name for each platform.
    (plain && name.len() > 1).then(|| image_name::program(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::go_facts;
    use crate::fact::FactKind;

    fn libraries(path: &str, source: &str) -> Vec<String> {
        let found = go_facts(detect, path, source).into_iter().map(|fact| match fact.kind {
            FactKind::Consumer { language, library } => format!("{language} {library}"),
            other => panic!("{other:?}"),
        });
        found.collect()
    }

    #[test]
    fn linked_libraries_have_go_as_a_consumer() {
        let source = "package p\n\n// #cgo LDFLAGS: -L${SRCDIR} -lcore -ldl -framework Security\n// #cgo linux LDFLAGS: ${SRCDIR}/lib/libfast.a -lwide_muslc.x86_64 -static\n/*\n#cgo pkg-config: flux\n#cgo CFLAGS: -lno\n*/\nimport \"C\"\n";
        assert_eq!(libraries("a.go", source), ["go core", "go fast", "go wide", "go flux"]);
    }

    #[test]
    fn tests_strings_and_files_without_cgo_are_silent() {
        assert!(libraries("a.go", "package p\n// #cgo LDFLAGS: -lcore\n").is_empty());
        assert!(libraries("a_test.go", "package p\n// #cgo LDFLAGS: -lcore\nimport \"C\"\n").is_empty());
        assert!(libraries("a.go", "package p\nimport \"C\"\nvar s = `#cgo LDFLAGS: -lcore`\n").is_empty());
    }
}
