//! Code of other languages that loads a native library.
//!
//! *Looks for*: ctypes and cffi (Python), koffi, ffi-napi, Deno and Bun `dlopen`, `.node` files (Node), Fiddle and the
//! ffi gem (Ruby), `DllImport` and `LibraryImport` (C#), `System.loadLibrary` and JNA (Java, Kotlin, Scala),
//! `import XFFI` and module maps (Swift), `import uniffi.x` (Kotlin), `binding.gyp`, `DynamicLibrary.open` (Dart), Rustler
//! (Elixir), `FFI` (PHP), `#include "libx.h"` (C, C++).
//! *Emits*: [`FactKind::Consumer`] with the library's bare name, for the service of that name.
//! *Misses*: names put together at run time without any literal that looks like a library.
//! *Example*: `ctypes.CDLL("./libcore.so")`: Python loads `core`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::Facts;
use super::gatling::is_commented;
use crate::fact::{Binding, FactKind};
use crate::source::Text;

/// A call that loads a library, by language; its argument follows.
struct Loader {
    language: &'static str,
    extensions: &'static [&'static str],
    /// One of these must be in the file before anything else is looked at.
    marks: &'static [&'static str],
    /// Whether the name must look like a library (`libx`, `x.so`) even as a plain literal.
    shaped: bool,
}

const LOADERS: &[Loader] = &[
    Loader {
        language: "python",
        extensions: &["py"],
        marks: &["CDLL(", "cdll.LoadLibrary(", "WinDLL(", "ffi.dlopen("],
        shaped: false,
    },
    Loader {
        language: "node",
        extensions: &["js", "mjs", "cjs", "ts", "mts", "cts"],
        marks: &["koffi.load(", "ffi.Library(", "Deno.dlopen(", "dlopen("],
        shaped: true,
    },
    Loader {
        language: "ruby",
        extensions: &["rb"],
        marks: &["Fiddle.dlopen(", "ffi_lib ", "ffi_lib(", "dlload ", "dlload("],
        shaped: false,
    },
    Loader {
        language: "csharp",
        extensions: &["cs"],
        marks: &["DllImport(", "LibraryImport(", "NativeLibrary.Load("],
        shaped: false,
    },
    Loader {
        language: "java",
        extensions: &["java", "scala"],
        marks: &["System.loadLibrary(", "System.load(", "Native.load(", "Native.loadLibrary(", "Native.register("],
        shaped: false,
    },
    Loader {
        language: "kotlin",
        extensions: &["kt", "kts"],
        marks: &["System.loadLibrary(", "System.load(", "Native.load(", "Native.loadLibrary(", "Native.register("],
        shaped: false,
    },
    Loader { language: "dart", extensions: &["dart"], marks: &["DynamicLibrary.open("], shaped: false },
    Loader { language: "php", extensions: &["php"], marks: &["FFI::cdef(", "FFI::load("], shaped: true },
    Loader { language: "elixir", extensions: &["ex", "exs"], marks: &["use Rustler"], shaped: false },
];

pub(super) fn detect(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    let extension = text.path.rsplit('.').next().unwrap_or("");
    for loader in LOADERS.iter().filter(|loader| loader.extensions.contains(&extension)) {
        for mark in loader.marks {
            for (at, _) in text.text.match_indices(mark) {
                if !is_commented(text.text, at) && starts_word(text.text, at) {
                    add_load(loader, text, at, mark.len(), facts);
                }
            }
        }
    }
    match extension {
        "swift" => by_pattern(&SWIFT, "swift", text, facts),
        "c" | "cc" | "cpp" | "cxx" | "m" | "mm" | "h" | "hpp" => by_pattern(&INCLUDE, "c", text, facts),
        "js" | "mjs" | "cjs" | "ts" | "mts" | "cts" if text.text.contains(".node") => {
            by_pattern(&NODE, "node", text, facts);
        }
        "kt" | "kts" => by_pattern(&UNIFFI, "kotlin", text, facts),
        "modulemap" => by_pattern(&MODULE, "swift", text, facts),
        "gyp" => by_pattern(&GYP, "node", text, facts),
        _ => {}
    }
}

fn starts_word(text: &str, at: usize) -> bool {
    !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("because the pattern is a constant that the tests compile")
}

static SWIFT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^\s*import\s+(\w+?)_?FFI\s*$"));
static UNIFFI: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?m)^\s*import\s+(?:uniffi\.(\w+)\.|[\w.]+\.(\w+)\.uniffi\.[A-Z*])"));
static MODULE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^\s*(?:framework\s+)?module\s+(\w+?)_?FFI\b"));
static GYP: LazyLock<Regex> = LazyLock::new(|| pattern(r#"(?:['"]-l|/lib)([\w-]+?)(?:\.(?:a|so|dylib|lib))?['"]"#));
static INCLUDE: LazyLock<Regex> = LazyLock::new(|| pattern(r#"(?m)^\s*#\s*include\s+"lib([\w-]+)\.h""#));
static NODE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"(?:require\(|from\s+|import\()\s*['"`](?:\.{1,2}/[^'"`]*?)?([\w-]+)(?:\.[\w-]+)*\.node['"`]"#)
});
static LITERAL: LazyLock<Regex> = LazyLock::new(|| pattern(r#""([^"\n]{2,200})"|'([^'\n]{2,200})'|`([^`\n]{2,200})`"#));
static CONSTANT: LazyLock<Regex> = LazyLock::new(|| pattern(r#"\b(\w+)\s*(?::\s*\w+)?=\s*@?['"]([^'"\n]{1,100})['"]"#));

fn by_pattern(pattern: &Regex, language: &str, text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    for found in pattern.captures_iter(text.text) {
        let (Some(whole), Some(name)) = (found.get(0), found.iter().skip(1).flatten().next()) else { continue };
        if !is_commented(text.text, whole.start()) {
            add(language, name.as_str(), whole.range(), facts);
        }
    }
}

/// Reads the argument of a loading call: a literal, a constant of the file, or any literal shaped like a library.
fn add_load(loader: &Loader, text: &Text<'_>, at: usize, length: usize, facts: &mut Facts<'_, '_>) {
    let rest = text.text[at + length..].lines().next().unwrap_or("");
    let range = at..at + length + rest.len().min(rest.find(')').map_or(rest.len(), |close| close + 1));
    // Rustler names the crate by keyword.
    let rest = rest.split_once("crate:").map_or(rest, |(_, behind)| behind);
    let argument = rest.trim_start_matches([' ', ',', '(']);
    let unprefixed = argument.trim_start_matches(['f', 'r', 'b', '@', 'u']);
    let literal = if unprefixed.starts_with(['"', '\'', '`']) { LITERAL.captures(unprefixed) } else { None };
    if let Some(name) = literal.as_ref().and_then(first_group) {
        let wanted = if loader.shaped { shaped(name) } else { bare(name) };
        if let Some(library) = wanted {
            add(loader.language, &library, range.clone(), facts);
            return;
        }
    }
    let variable: String = argument.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let constant = CONSTANT.captures_iter(text.text).find(|found| &found[1] == variable.as_str());
    if let Some(library) = constant.and_then(|found| bare(&found[2])) {
        add(loader.language, &library, range, facts);
        return;
    }
    let mut libraries: Vec<String> =
        LITERAL.captures_iter(text.text).filter_map(|found| shaped(first_group(&found)?)).collect();
    libraries.sort();
    libraries.dedup();
    for library in libraries {
        add(loader.language, &library, range.clone(), facts);
    }
}

fn first_group<'t>(found: &regex::Captures<'t>) -> Option<&'t str> {
    found.iter().skip(1).flatten().next().map(|group| group.as_str())
}

/// The library that a file name stands for, if it looks like one: `libx.so`, `x.dll`, `libx.${ext}`.
fn shaped(name: &str) -> Option<String> {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let extension = [".so", ".dylib", ".dll", ".node", ".{", ".${", ".$", ".#{", "{"].iter().any(|e| file.contains(e));
    let looks =
        (file.starts_with("lib") && extension) || [".so", ".dylib", ".dll"].iter().any(|ending| file.ends_with(ending));
    looks.then(|| bare(name)).flatten()
}

/// Strips directories, `lib`, extensions and what a template puts in.
fn bare(name: &str) -> Option<String> {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let file = file.strip_prefix("lib").filter(|rest| rest.len() > 1).unwrap_or(file);
    let end = file.find(['.', '$', '{', '#', '%']).unwrap_or(file.len());
    let library = file[..end].trim_end_matches(['-', '_']);
    let plain = library.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+'));
    (library.len() > 1 && plain && !library.bytes().all(|b| b.is_ascii_digit())).then(|| library.to_owned())
}

/// Libraries of the system and of the world, which nobody's service is.
const SYSTEM: &[&str] = &[
    "c",
    "libc",
    "m",
    "dl",
    "rt",
    "pthread",
    "util",
    "stdc++",
    "gcc_s",
    "kernel32",
    "user32",
    "advapi32",
    "ntdll",
    "ws2_32",
    "shell32",
    "gdi32",
    "ole32",
    "oleaut32",
    "msvcrt",
    "ucrtbase",
    "crypt32",
    "secur32",
    "psapi",
    "winmm",
    "shcore",
    "dwmapi",
    "setupapi",
    "iphlpapi",
    "bcrypt",
    "ncrypt",
    "objc",
    "System",
    "SystemConfiguration",
    "X11",
    "ssl",
    "crypto",
    "z",
    "sqlite3",
    "cuda",
    "cudart",
    "nvcuda",
    "GL",
    "opengl32",
    "gtk-3",
    "glib-2",
    "gobject-2",
    "systemd",
    "udev",
    "usb",
    "usb-1",
    "avcodec",
    "png",
    "jpeg",
    "curl",
    "xml2",
    "iconv",
    "intl",
    "java",
    "jvm",
    "System.Native",
    "comctl32",
    "comdlg32",
    "version",
    "wtsapi32",
    "netapi32",
    "userenv",
    "powrprof",
];

pub(super) fn add(language: &str, library: &str, range: Range<usize>, facts: &mut Facts<'_, '_>) {
    if SYSTEM.iter().any(|system| system.eq_ignore_ascii_case(library)) {
        return;
    }
    // Cargo and linkers change one into the other.
    let mut names = vec![library.replace('_', "-"), library.replace('-', "_")];
    names.dedup();
    if !names.iter().any(|name| name == library) {
        names.push(library.to_owned());
    }
    let kind = FactKind::Consumer { language: language.to_owned(), library: library.to_owned() };
    facts.add_bound(range, kind, Binding::Names(names));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, source: &str) -> Vec<String> {
        let text = Text::new(path, source);
        let mut facts = Facts::new(&text);
        detect(&text, &mut facts);
        let consumer = |fact: &crate::fact::Fact| match &fact.kind {
            FactKind::Consumer { language, library } => format!("{language} {library}"),
            other => format!("{other:?}"),
        };
        facts.list.iter().map(consumer).collect()
    }

    #[test]
    fn each_language_has_its_way() {
        for (path, source, wanted) in [
            ("a.py", "lib = ctypes.CDLL(\"./libcore.so\")", "python core"),
            ("a.py", "lib = ffi.dlopen(f'target/libcore.{ext}')", "python core"),
            ("a.py", "p = os.path.join(here, f\"libcore_x.{ext}\")\nlib = ctypes.CDLL(p)", "python core_x"),
            ("a.ts", "const p = `lib/libcore.${ext}`;\nconst lib = koffi.load(p);", "node core"),
            ("a.js", "const b = require('./core.linux-x64-gnu.node')", "node core"),
            ("a.rb", "  ffi_lib 'core'", "ruby core"),
            ("a.rb", "Fiddle.dlopen('libcore.dylib')", "ruby core"),
            ("A.cs", "[DllImport(\"core\")]", "csharp core"),
            ("A.cs", "const string Lib = \"core\";\n[LibraryImport(Lib, EntryPoint = \"f\")]", "csharp core"),
            ("A.java", "System.loadLibrary(\"core\");", "java core"),
            ("A.kt", "Native.load(\"core\", Api::class.java)", "kotlin core"),
            ("A.swift", "import coreFFI\n", "swift core"),
            ("A.kt", "import uniffi.core.Client\n", "kotlin core"),
            ("A.kt", "import org.x.core.uniffi.Client\n", "kotlin core"),
            ("module.modulemap", "module coreFFI {\n  header \"coreFFI.h\"\n}\n", "swift core"),
            ("binding.gyp", "{'libraries': ['-lcore']}", "node core"),
            ("binding.gyp", "{'libraries': ['<(module_root_dir)/libcore.a']}", "node core"),
            ("a.dart", "DynamicLibrary.open('libcore.so')", "dart core"),
            ("a.ex", "use Rustler, otp_app: :x, crate: \"core\"", "elixir core"),
            ("a.c", "#include \"libcore.h\"\n", "c core"),
        ] {
            let found = check(path, source);
            assert_eq!(found, [wanted], "{source}");
        }
    }

    #[test]
    fn system_libraries_and_look_alikes_are_none() {
        for (path, source) in [
            ("a.py", "ctypes.CDLL(\"libc.so.6\")"),
            ("a.py", "# ctypes.CDLL(\"libcore.so\")"),
            ("a.py", "ctypes.CDLL(None)"),
            ("A.cs", "[DllImport(\"kernel32.dll\")]"),
            ("A.java", "loader.loadLibrary(name);"),
            ("a.js", "import x from 'node:fs'; const a = 'x.node.y'"),
            ("a.c", "#include <libcore.h>\n#include \"lib/core.h\"\n"),
            ("A.swift", "import Foundation\n"),
            ("A.kt", "import uniffix.core.Client\n"),
            ("module.modulemap", "module Core { header \"core.h\" }\n"),
        ] {
            assert_eq!(check(path, source), [] as [&str; 0], "{source}");
        }
    }
}
