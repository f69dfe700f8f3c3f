//! Any text, read as a file of every kind: no panic, every fact inside its file, the same facts again.
#![no_main]

use fitcheck::parse::Kind;
use fitcheck::reader;
use fitcheck::source::Text;
use libfuzzer_sys::fuzz_target;

const KINDS: &[(&str, Kind)] = &[
    ("cmd/main.go", Kind::Go),
    ("src/main.rs", Kind::Rust),
    ("x/go.mod", Kind::GoMod),
    ("go.work", Kind::GoWork),
    ("x/Cargo.toml", Kind::CargoToml),
    (".cargo/config.toml", Kind::CargoConfig),
    ("a.toml", Kind::Toml),
    ("deploy/a.yaml", Kind::Yaml),
    ("chart/templates/a.yaml", Kind::Yaml),
    ("a.json", Kind::Json),
    ("Dockerfile", Kind::Dockerfile),
    ("Makefile", Kind::Script),
    ("load.js", Kind::JavaScript),
    ("main.tf", Kind::Hcl),
    ("a.proto", Kind::Proto),
    ("a.graphql", Kind::GraphQl),
    ("a.service", Kind::Unit),
    ("README.md", Kind::Markdown),
    ("BUILD", Kind::Text),
    ("locustfile.py", Kind::Foreign),
    ("a.c", Kind::C),
];

fuzz_target!(|data: &[u8]| {
    let Some((&pick, rest)) = data.split_first() else { return };
    let Ok(text) = fitcheck::read::text(rest) else { return };
    let (path, kind) = KINDS[usize::from(pick) % KINDS.len()];
    let facts = reader::read(kind, &Text::new(path, text));
    for fact in &facts.facts {
        assert!(text.get(fact.place.start as usize..fact.place.end as usize).is_some(), "{fact:?}");
    }
    assert_eq!(reader::read(kind, &Text::new(path, text)), facts);
});
