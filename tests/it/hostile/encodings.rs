//! T3, T5, T8: encodings, marks, endings, bombs and broken beginnings, for a file of every kind.

use std::path::Path;

use super::{Case, calm_service, put, run_all};

const FILES: &[(&str, &str)] = &[
    ("x.go", "package main\n\nimport \"unsafe\"\n\n// p99 < 5 ms\nvar x = unsafe.Pointer(nil)\n"),
    ("src/lib.rs", "//! p99 < 5 ms\n#[no_mangle]\npub extern \"C\" fn x() { unsafe {} }\n"),
    ("x/go.mod", "module example.org/x\n\ngo 1.24\n\nrequire a.b/c v1.0.0\n"),
    ("go.work", "go 1.24\n\nuse .\n"),
    ("x/Cargo.toml", "[package]\nname = \"x\"\nversion = \"1.0.0\"\n"),
    ("deploy.yaml", "kind: Deployment\nspec:\n  template: {spec: {containers: [{name: a, image: b}]}}\n"),
    ("a.json", "{\"a\": [1, \"b\", null]}\n"),
    ("a.toml", "a = 1\n[b]\nc = \"d\"\n"),
    ("a.tf", "resource \"a\" \"b\" {\n  c = [1, \"${d}\"]\n}\n"),
    ("Dockerfile", "FROM golang:1.24 AS b\nRUN go build -o /a .\nENTRYPOINT [\"/a\"]\n"),
    ("Makefile", "a:\n\tgo build -ldflags=\"-s -w\" ./...\n"),
    ("README.md", "# A\n\nThe p99 stays under 5 ms.\n"),
    ("load.js", "import http from 'k6/http';\nexport const options = { thresholds: { a: ['p(99)<5'] } };\n"),
    ("a.proto", "syntax = \"proto3\";\nservice A { rpc B (C) returns (D); }\n"),
    ("a.service", "[Service]\nExecStart=/a\nMemoryMax=64M\n"),
];

type Change = fn(&str) -> Vec<u8>;

const CHANGES: &[(&str, Change)] = &[
    ("with a mark", |text| ["\u{feff}", text].concat().into_bytes()),
    ("with two marks", |text| ["\u{feff}\u{feff}", text].concat().into_bytes()),
    ("with a shebang", |text| ["#!/usr/bin/env x\n", text].concat().into_bytes()),
    ("with CRLF", |text| text.replace('\n', "\r\n").into_bytes()),
    ("with CR", |text| text.replace('\n', "\r").into_bytes()),
    ("with LFCR", |text| text.replace('\n', "\n\r").into_bytes()),
    ("in UTF-16", |text| text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ("in UTF-16 with a mark", |text| ["\u{feff}", text].concat().encode_utf16().flat_map(u16::to_be_bytes).collect()),
    ("in Latin-1", |text| [text.as_bytes(), b"\xe4\xf6\xfc\n"].concat()),
    ("with a NUL", |text| ["\0", text].concat().into_bytes()),
    ("with a late NUL", |text| [&"\n".repeat(9_000), "\0", text].concat().into_bytes()),
    ("with controls", |text| text.replace(' ', "\u{1} \u{1b}").into_bytes()),
    ("with other blanks", |text| text.replace(' ', "\u{a0}").into_bytes()),
    ("with other lines", |text| text.replace('\n', "\u{2028}\u{85}").into_bytes()),
    ("in wide characters", |text| text.replace(['a', 'e', '1', '5'], "🦀").into_bytes()),
    ("cut in half", |text| text.as_bytes()[..text.len() / 2].to_vec()),
    ("cut before its end", |text| text.as_bytes()[..text.len() - 2].to_vec()),
    ("reversed", |text| text.chars().rev().collect::<String>().into_bytes()),
    ("a thousand times", |text| text.repeat(1_000).into_bytes()),
    ("on one line", |text| text.replace('\n', " ").repeat(500).into_bytes()),
    ("after a megabyte of blanks", |text| [&" ".repeat(1 << 18), text].concat().into_bytes()),
    ("before an open comment", |text| [text, "/*", &"x".repeat(1 << 18)].concat().into_bytes()),
    ("before open quotes", |text| [text, "\"", &"\\".repeat(1 << 18)].concat().into_bytes()),
    ("before a megabyte of brackets", |text| [text, &"}".repeat(1 << 18)].concat().into_bytes()),
    ("only blanks", |_| b" \t\r\n".repeat(1_000)),
    ("every byte", |_| (0..=255).collect()),
    ("every printable pair", |_| (32..127).flat_map(|a| (32..127).flat_map(move |b| [a, b, b'\n'])).collect()),
];

#[test]
fn every_encoding_is_read_or_refused_in_words() {
    let case = |&(name, change): &'static (&'static str, Change)| {
        let make = move |root: &Path| {
            calm_service(root);
            for (path, text) in FILES {
                put(root, path, change(text));
            }
        };
        // Where the program still reads the embedded crate among the files, it has its finding.
        let finds = [
            "a thousand times",
            "after a megabyte of blanks",
            "before a megabyte of brackets",
            "before an open comment",
            "before open quotes",
            "cut before its end",
            "with CRLF",
            "with LFCR",
            "with a mark",
            "with a shebang",
        ];
        Case::new("T8", name, make).exits(if finds.contains(&name) { &[1] } else { &[0] })
    };
    run_all(&CHANGES.iter().map(case).collect::<Vec<_>>());
}

#[test]
fn bombs_cost_what_they_are_long() {
    let laughs = |width: usize, levels: usize| {
        let mut text = "a0: &a0 [x, x]\n".to_owned();
        for level in 1..levels {
            let list = vec![format!("*a{}", level - 1); width].join(", ");
            text += &format!("a{level}: &a{level} [{list}]\n");
        }
        text
    };
    let merges = |count: usize| {
        let maps = (1..count).map(|n| format!("a{n}: &a{n}\n  <<: *a{}\n  k{n}: {n}\n", n - 1));
        format!("a0: &a0 {{k: v}}\n{}kind: Deployment\nspec:\n  <<: *a{}\n", maps.collect::<String>(), count - 1)
    };
    let yaml: Vec<(&str, String)> = vec![
        ("billion laughs", laughs(9, 12)),
        ("laughs in a deployment", format!("{}kind: Deployment\nspec: *a11\n", laughs(9, 12))),
        ("wide aliases", laughs(4_000, 3)),
        ("tall aliases", laughs(2, 4_000)),
        ("merge chain", merges(4_000)),
        ("merges of many", format!("a: &a {{k: v}}\nb: {{<<: [{}]}}\n", vec!["*a"; 20_000].join(", "))),
        ("many merges", format!("a: &a {{k: v}}\nkind: Deployment\n{}", "<<: *a\n".repeat(20_000))),
        ("self-reference", "a: &a [*a, *a]\nb: &b {c: *b, <<: *b}\n".into()),
        ("alias as key", "a: &a x\n? *a\n: 1\n? [*a, {*a : *a}]\n: 2\n".into()),
        ("unknown alias", "a: *b\n".into()),
        ("many anchors", (0..30_000).map(|n| format!("a{n}: &a{n} x\n")).collect()),
        ("many aliases of many anchors", {
            let anchors: String = (0..20_000).map(|n| format!("a{n}: &a{n} x\n")).collect();
            anchors + &(0..20_000).map(|n| format!("b{n}: *a{n}\n")).collect::<String>()
        }),
        ("many keys", (0..30_000).map(|n| format!("a{n}: x\n")).collect()),
        ("one key", "a: x\n".repeat(30_000)),
        ("many containers", {
            let container = "      - {name: a, image: 'b:1', resources: {limits: {memory: 64Mi}}}\n".repeat(10_000);
            format!("kind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n{container}")
        }),
        ("many deployments", "kind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: a, image: b}]}}}\n---\n".repeat(2_000)),
    ];
    let cases = yaml.into_iter().map(|(name, text)| {
        Case::new("T5", name, move |root| {
            calm_service(root);
            put(root, "deploy.yaml", &text);
        })
    });
    run_all(&cases.collect::<Vec<_>>());
}
