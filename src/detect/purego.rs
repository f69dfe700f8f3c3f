//! Native libraries that Go loads without cgo.
//!
//! *Looks for*: purego's loading and registering functions, and DLLs loaded by name, but not Windows' own.
//! *Emits*: [`FactKind::Ffi`] import `purego` at the first of them, with their number.
//! *Misses*: hand-written trampolines in assembly.
//! *Example*: `purego.RegisterLibFunc(&puts, library, "puts")`

use crate::detect::Facts;
use crate::fact::{Direction, FactKind};
use crate::parse::go::{GoView, Selector};
use crate::path;

const LOADERS: &[(&str, &[&str])] = &[
    ("github.com/ebitengine/purego", &["Dlopen", "RegisterLibFunc", "RegisterFunc", "SyscallN", "NewCallback"]),
    ("golang.org/x/sys/windows", &["NewLazyDLL", "NewLazySystemDLL", "LoadDLL", "MustLoadDLL", "LoadLibrary"]),
    ("syscall", &["NewLazyDLL", "LoadDLL", "MustLoadDLL", "LoadLibrary"]),
];

/// Libraries that every Windows has.
const SYSTEM: &[&str] = &[
    "advapi32",
    "bcrypt",
    "comctl32",
    "crypt32",
    "d2d1",
    "d3d11",
    "d3d12",
    "dbghelp",
    "dnsapi",
    "dwmapi",
    "dxgi",
    "fwpuclnt",
    "gdi32",
    "iphlpapi",
    "kernel32",
    "kernelbase",
    "mpr",
    "mswsock",
    "ncrypt",
    "netapi32",
    "ntdll",
    "ole32",
    "oleaut32",
    "opengl32",
    "pdh",
    "powrprof",
    "psapi",
    "rstrtmgr",
    "secur32",
    "setupapi",
    "shcore",
    "shell32",
    "shlwapi",
    "user32",
    "userenv",
    "uxtheme",
    "version",
    "wevtapi",
    "winhttp",
    "wininet",
    "winmm",
    "winspool.drv",
    "winsta",
    "wintrust",
    "wldap32",
    "ws2_32",
    "wtsapi32",
    "xinput1_4",
];

pub(super) fn detect(view: &GoView<'_>, facts: &mut Facts<'_, '_>) {
    // Bindings to the system's own calls are generated into files of this name.
    let file = path::base(view.path);
    if !view.is_own_code() || file.starts_with("zsyscall") {
        return;
    }
    let loads = |path: &str, name: &str| LOADERS.iter().any(|(module, names)| *module == path && names.contains(&name));
    let mut found = view.selectors.iter().filter(|selector| {
        loads(view.import_of(selector).path, view.token(selector.name())) && !is_system(view, selector)
    });
    let Some(first) = found.next() else { return };
    let symbols = 1 + found.count() as u32;
    let kind = FactKind::Ffi { direction: Direction::Import, mechanism: "purego".into(), symbols };
    facts.add(view.range(first.tokens()), kind);
}

/// Whether a call loads a part of the operating system: that is how Windows is called, not another language.
fn is_system(view: &GoView<'_>, selector: &Selector) -> bool {
    let library = view.token(selector.name() + 2).trim_matches(['"', '`']).to_ascii_lowercase();
    let known = SYSTEM.contains(&library.strip_suffix(".dll").unwrap_or(&library));
    view.is(selector.name() + 1, b'(') && known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::go_facts;

    #[test]
    fn loading_counts_and_generated_bindings_do_not() {
        let source = "package p\nimport \"golang.org/x/sys/windows\"\nvar d = windows.NewLazyDLL(\"a.dll\")\nvar e = windows.NewLazyDLL(\"b.dll\")\n";
        let facts = go_facts(detect, "a.go", source);
        assert!(matches!(facts[..], [crate::fact::Fact { kind: FactKind::Ffi { symbols: 2, .. }, .. }]));
        assert!(
            go_facts(detect, "a.go", &source.replace("a.dll", "Kernel32.dll").replace("b.dll", "ntdll")).is_empty()
        );
        assert!(go_facts(detect, "zsyscall_windows.go", source).is_empty());
        assert!(
            go_facts(detect, "a.go", "package p\nimport \"golang.org/x/sys/windows\"\nvar d = windows.Handle(0)")
                .is_empty()
        );
    }
}
