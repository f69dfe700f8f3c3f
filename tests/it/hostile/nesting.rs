//! T1, T2: every construct that a parser could recurse on, from 10 to 300,000 levels deep.

use super::{Case, calm_service, put, run_all};

const DEPTHS: &[usize] = &[10, 60, 130, 1_000, 10_000, 100_000, 300_000];
/// Keeps a debug build quick; far below the size at which a file is refused unread.
const ROOM: usize = 650_000;

/// Name, file, and what stands before, opens a level, stands inside, closes a level, stands after.
type Shape = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const GO: &str = "package main\n\nimport \"unsafe\"\n\n";
/// A hint of something exported, for which Rust files get a syntax tree.
const RS: &str = "#[unsafe(no_mangle)]\npub extern \"C\" fn x() {}\n";

const SHAPES: &[Shape] = &[
    ("go parentheses", "a.go", GO, "(", "1", ")", ""),
    ("go call in call", "a.go", "package main\n\nfunc a() {", "f(", "1", ")", "}"),
    ("go blocks", "a.go", "package main\n\nfunc a() ", "{", "", "}", ""),
    ("go open blocks", "a.go", "package main\n\nfunc a() ", "{", "", "", ""),
    ("go function literals", "a.go", "package main\n\nfunc a() { ", "func(){", "", "}", "}"),
    ("go composite literals", "a.go", "package main\n\nvar x = ", "[]T{", "", "}", ""),
    ("go generics", "a.go", "package main\n\ntype A ", "A[", "int", "]", ""),
    ("go index", "a.go", "package main\n\nvar x = a", "[a", "", "]", ""),
    ("go pointers", "a.go", "package main\n\nvar x ", "*", "int", "", ""),
    ("go unary", "a.go", "package main\n\nvar x = ", "!", "a", "", ""),
    ("go binary", "a.go", "package main\n\nvar x = 1", "+1", "", "", ""),
    ("go selectors", "a.go", "package main\n\nvar x = a", ".b", "", "", ""),
    ("go method chain", "a.go", "package main\n\nvar x = a", ".b()", "", "", ""),
    ("go else if", "a.go", "package main\n\nfunc a() { if a {}", " else if a {}", "", "", "}"),
    ("go conversions", "a.go", "package main\n\nimport \"unsafe\"\n\nvar x = ", "unsafe.Pointer(", "x", ")", ""),
    ("go closing only", "a.go", "package main\n", ")", "", "", ""),
    ("go quotes", "a.go", "package main\n", "\"", "", "", ""),
    ("go raw quotes", "a.go", "package main\n", "`", "", "", ""),
    ("go struct in struct", "a.go", "package main\n\ntype T ", "struct { a ", "int", "}", ""),
    ("go channels", "a.go", "package main\n\ntype T ", "chan ", "int", "", ""),
    ("go build constraint", "a.go", "//go:build ", "(", "linux", ")", "\n\npackage main\n"),
    ("go build constraint not", "a.go", "//go:build ", "!", "linux", "", "\n\npackage main\n"),
    ("go build constraint or", "a.go", "//go:build linux", " || linux", "", "", "\n\npackage main\n"),
    ("go cgo preamble", "a.go", "package main\n\n/*\n", "{", "", "}", "\n*/\nimport \"C\"\n"),
    (
        "go tuning arguments",
        "a.go",
        "package main\n\nimport \"runtime/debug\"\n\nvar x = debug.SetGCPercent(",
        "(",
        "1",
        ")",
        ")",
    ),
    ("rust generics", "src/lib.rs", RS, "A<", "A", ">", ""),
    ("rust type alias", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x() {}\ntype A=", "A<", "u8", ">", ";"),
    ("rust modules", "src/lib.rs", RS, "mod a {", "", "}", ""),
    ("rust blocks", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x() ", "{", "", "}", ""),
    ("rust parentheses", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x() { let a = ", "(", "1", ")", "; }"),
    ("rust lists", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x() { let a = ", "[", "1", "]", "; }"),
    ("rust closures", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x() { let a = ", "||", "1", "", "; }"),
    ("rust references", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x(a: ", "&", "u8", "", ") {}"),
    ("rust double references", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x(a: ", "&&", "u8", "", ") {}"),
    ("rust not", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x() { let a = ", "!", "1", "", "; }"),
    ("rust minus", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x() { let a = ", "- ", "1", "", "; }"),
    ("rust deref", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x() { let a = ", "*", "1", "", "; }"),
    ("rust return", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x() { ", "return ", "1", "", "; }"),
    ("rust assignment", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x() { ", "a=", "1", "", "; }"),
    ("rust uses", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x() {}\nuse ", "a::{", "b", "}", ";"),
    ("rust bare uses", "src/lib.rs", "use ", "{", "b", "}", ";"),
    ("rust macro tokens", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x() {}\nm!", "(", "", ")", ";"),
    ("rust sums", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x() { let a = 1", "+1", "", "", "; }"),
    ("rust method chain", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x() { a", ".b()", "", "", "; }"),
    ("rust question marks", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x() { a", "?", "", "", "; }"),
    ("rust casts", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x() { a", " as u8", "", "", "; }"),
    ("rust paths", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x() { a", "::b", "", "", "; }"),
    ("rust else if", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x() { if a {}", " else if a {}", "", "", "}"),
    ("rust comments", "src/lib.rs", "", "/*", "", "*/", ""),
    ("rust open comments", "src/lib.rs", "", "/*", "", "", ""),
    ("rust attributes", "src/lib.rs", "", "#[cfg(not(", "x", "))]", "fn a() {}"),
    ("rust condition", "src/lib.rs", "#[cfg(", "not(", "unix", ")", ")] fn a() {}"),
    ("rust raw strings", "src/lib.rs", "const A: &str = r", "#", "\"a\"", "#", ";"),
    ("rust never-ending string", "src/lib.rs", "", "\"", "", "", ""),
    ("rust lifetimes", "src/lib.rs", RS, "'", "", "", ""),
    ("rust function pointers", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x(a: ", "fn(", "u8", ")", ") {}"),
    ("rust extern functions", "src/lib.rs", "", "extern \"C\" { fn a(); } ", "", "", ""),
    ("rust impl traits", "src/lib.rs", "#[no_mangle] pub extern \"C\" fn x(a: ", "impl Fn(", "u8", ")", ") {}"),
    ("yaml flow lists", "a.yaml", "a: ", "[", "", "]", ""),
    ("yaml open flow lists", "a.yaml", "a: ", "[", "", "", ""),
    ("yaml flow maps", "a.yaml", "a: ", "{a: ", "1", "}", ""),
    ("yaml block lists", "a.yaml", "", "- ", "a", "", ""),
    ("yaml complex keys", "a.yaml", "", "? ", "a", "", ""),
    ("yaml anchors", "a.yaml", "", "&a ", "1", "", ""),
    ("yaml documents", "a.yaml", "", "---\na: 1\n", "", "", ""),
    ("yaml broken documents", "a.yaml", "", "--- ]\n", "", "", ""),
    ("yaml tags", "a.yaml", "a: ", "!a ", "1", "", ""),
    ("helm actions", "templates/a.yaml", "a: ", "{{ if a }}", "1", "{{ end }}", "\n"),
    ("helm open actions", "templates/a.yaml", "a: ", "{{", "", "", ""),
    ("helm action parentheses", "templates/a.yaml", "a: {{ ", "(", "1", ")", " }}\n"),
    ("helm comments", "templates/a.yaml", "", "{{/* ", "", "*/}}", "\n"),
    ("prometheus parentheses", "rules.yaml", "groups: [{name: a, rules: [{alert: a, expr: '", "(", "1", ")", "'}]}]"),
    ("prometheus calls", "rules.yaml", "groups: [{name: a, rules: [{alert: a, expr: '", "sum(", "a", ")", " > 1'}]}]"),
    ("prometheus minus", "rules.yaml", "groups: [{name: a, rules: [{alert: a, expr: '", "-", "1", "", " > 1'}]}]"),
    ("prometheus sums", "rules.yaml", "groups: [{name: a, rules: [{alert: a, expr: 'a", "+a", "", "", " > 1'}]}]"),
    ("json lists", "a.json", "", "[", "1", "]", ""),
    ("json objects", "a.json", "", "{\"a\":", "1", "}", ""),
    ("json open lists", "a.json", "", "[", "", "", ""),
    ("json comments", "a.json", "", "/*", "", "*/", "1"),
    ("toml lists", "a.toml", "a = ", "[", "", "]", ""),
    ("toml inline tables", "a.toml", "a = ", "{a=", "1", "}", ""),
    ("toml dotted keys", "a.toml", "a", ".a", "", "", " = 1"),
    ("toml headers", "a.toml", "[a", ".a", "", "", "]"),
    ("toml many headers", "a.toml", "", "[[a]]\n", "", "", ""),
    ("cargo manifest lists", "x/Cargo.toml", "[package]\nname = \"x\"\nversion = ", "[", "", "]", ""),
    (
        "cargo conditions",
        "x/Cargo.toml",
        "[package]\nname = \"x\"\n[target.'cfg(",
        "not(",
        "unix",
        ")",
        ")'.dependencies]\na = \"1\"\n",
    ),
    ("configuration lists", "fitcheck.toml", "a = ", "[", "", "]", ""),
    ("hcl blocks", "a.tf", "", "a {\n", "", "}\n", ""),
    ("hcl one-line blocks", "a.tf", "", "a {", "", "}", ""),
    ("hcl lists", "a.tf", "a = ", "[", "", "]", "\n"),
    ("hcl objects", "a.tf", "a = ", "{a = ", "1", "}", "\n"),
    ("hcl parentheses", "a.tf", "a = ", "(", "1", ")", "\n"),
    ("hcl interpolation", "a.tf", "a = \"", "${", "1", "}", "\"\n"),
    ("hcl quoted interpolation", "a.tf", "a = ", "\"${", "1", "}\"", "\n"),
    ("hcl heredocs", "a.tf", "a = ", "<<A\n", "", "", ""),
    ("hcl labels", "a.tf", "resource ", "\"a\" ", "{}", "", "\n"),
    ("hcl minus", "a.tf", "a = ", "-", "1", "", "\n"),
    ("hcl conditions", "a.tf", "a = ", "b ? c : ", "1", "", "\n"),
    ("dockerfile continuations", "Dockerfile", "FROM a\nRUN ", "\\\n", "a", "", "\n"),
    ("dockerfile stages", "Dockerfile", "", "FROM a AS a\n", "", "", ""),
    ("dockerfile stage chain", "Dockerfile", "FROM scratch AS a\n", "FROM a AS a\n", "", "", ""),
    ("dockerfile variables", "Dockerfile", "ARG a=", "${a:-", "1", "}", "\nFROM ${a}\n"),
    ("dockerfile heredocs", "Dockerfile", "FROM a\n", "RUN <<A\n", "", "A\n", ""),
    ("dockerfile open heredocs", "Dockerfile", "FROM a\n", "RUN <<A <<B\n", "", "", ""),
    ("dockerfile substitutions", "Dockerfile", "FROM a\nRUN ", "$(", "go build", ")", "\n"),
    ("dockerfile lists", "Dockerfile", "FROM a\nENTRYPOINT ", "[", "\"a\"", "]", "\n"),
    ("dockerfile onbuild", "Dockerfile", "FROM a\n", "ONBUILD ", "RUN a", "", "\n"),
    ("script substitutions", "a.sh", "", "$(", "go build", ")", "\n"),
    ("script backticks", "a.sh", "", "`", "a", "", "\n"),
    ("script subshells", "a.sh", "", "(", "a", ")", "\n"),
    ("script blocks", "a.sh", "", "if a; then\n", "a", "\nfi\n", ""),
    ("script pipes", "a.sh", "go build", " | a", "", "", "\n"),
    ("script variables", "a.sh", "A=", "${A:-", "1", "}", "\n"),
    ("script shell in shell", "a.sh", "", "sh -c '", "go build", "'", "\n"),
    ("script heredocs", "a.sh", "", "cat <<A\n", "", "", ""),
    ("make calls", "Makefile", "A := ", "$(shell ", "go build", ")", "\n"),
    ("make rules", "Makefile", "", "a: a\n\tgo build\n", "", "", ""),
    ("markdown quotes", "a.md", "", "> ", "p99 < 5 ms", "", "\n"),
    ("markdown lists", "a.md", "", "- ", "p99 < 5 ms", "", "\n"),
    ("markdown links", "a.md", "", "[", "a", "](b)", "\n"),
    ("markdown emphasis", "a.md", "", "*", "p99 < 5 ms", "*", "\n"),
    ("markdown fences", "a.md", "", "```\n", "", "", ""),
    ("markdown figures", "a.md", "", "p99 < 5 ms ", "", "", "\n"),
    ("javascript parentheses", "load.js", "import http from 'k6/http';\nexport const options = ", "(", "1", ")", ";"),
    ("javascript lists", "load.js", "import http from 'k6/http';\nexport const options = ", "[", "1", "]", ";"),
    ("javascript objects", "load.js", "import http from 'k6/http';\nexport const options = ", "{a:", "1", "}", ";"),
    (
        "javascript templates",
        "load.js",
        "import http from 'k6/http';\nexport const options = {a: ",
        "`${",
        "1",
        "}`",
        "};",
    ),
    (
        "javascript expressions",
        "load.js",
        "import http from 'k6/http';\nexport const options = {a: ",
        "/",
        "1",
        "",
        "};",
    ),
    ("protobuf messages", "a.proto", "syntax = \"proto3\";\n", "message A {", "", "}", ""),
    ("protobuf options", "a.proto", "syntax = \"proto3\";\noption (a) = ", "{a: ", "1", "}", ";"),
    ("graphql selections", "a.graphql", "", "{a", "", "}", ""),
    ("graphql lists", "a.graphql", "type Query { a: ", "[", "A", "]", "}"),
    ("go.mod blocks", "x/go.mod", "module a\n", "require (\n", "", ")\n", ""),
    ("go.mod quotes", "x/go.mod", "module ", "\"", "", "", "\n"),
    ("go.work blocks", "x/go.work", "go 1.24\n", "use (\n", "", ")\n", ""),
    ("unit sections", "a.service", "", "[Service]\nExecStart=/a\n", "", "", ""),
    ("unit continuations", "a.service", "[Service]\nExecStart=", "\\\n", "/a", "", "\n"),
    ("cargo configuration", ".cargo/config.toml", "[target.'cfg(", "any(", "unix", ")", ")']\nlinker = \"a\"\n"),
    ("python parentheses", "locustfile.py", "from locust import task\nx = ", "(", "1", ")", "\n"),
    ("c parentheses", "a.c", "int a = ", "(", "1", ")", ";"),
    ("jsonnet parentheses", "a.jsonnet", "", "(", "1", ")", ""),
    ("codeowners", "CODEOWNERS", "", "*", " @a", "", "\n"),
    ("gitignore braces", ".gitignore", "", "{a,", "b", "}", "\n"),
    ("configured globs", "fitcheck.toml", "exclude = [\"", "{a,", "b", "}", "\"]\n"),
    ("codeowner globs", "CODEOWNERS", "", "{a,", "b", "}", " @a\n"),
    ("gitignore stars", ".gitignore", "", "**/", "b", "", "\n"),
    ("mailmap", ".mailmap", "", "<", "a", ">", "\n"),
];

/// Writes one shape at every depth, each into a directory of its own.
fn deep(shape: &Shape) -> Case {
    let &(name, file, before, open, inside, close, after) = shape;
    // Where a name counts at the root alone, one depth has to do.
    let only = ["fitcheck.toml", ".gitignore", ".mailmap", "CODEOWNERS"].contains(&file);
    let exit: &[i32] = if file == "fitcheck.toml" { &[2] } else { &[0] };
    let make = move |root: &std::path::Path| {
        calm_service(root);
        let fits = |depth: &&usize| before.len() + after.len() + (open.len() + close.len()) * **depth < ROOM;
        let depths: Vec<usize> = DEPTHS.iter().filter(fits).copied().collect();
        for &depth in if only { &depths[depths.len() - 1..] } else { &depths[..] } {
            let text = [before, &open.repeat(depth), inside, &close.repeat(depth), after].concat();
            let path = if only { file.to_owned() } else { format!("d{depth}/{file}") };
            put(root, &path, text);
        }
    };
    Case::new("T1", name, make).exits(exit)
}

#[test]
fn no_depth_overflows_a_stack() {
    let cases: Vec<Case> = SHAPES.iter().map(deep).collect();
    assert!(cases.len() >= 100);
    run_all(&cases);
}
