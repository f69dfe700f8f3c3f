//! Any text as `fitcheck.toml`: mistakes are values, each inside the text.
#![no_main]

use std::path::PathBuf;
use std::sync::OnceLock;

use fitcheck::config::load::load;
use libfuzzer_sys::fuzz_target;

static ROOT: OnceLock<PathBuf> = OnceLock::new();

fuzz_target!(|data: &[u8]| {
    let root = ROOT.get_or_init(|| {
        let root = std::env::temp_dir().join(format!("fitcheck-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&root).expect("because the temporary directory can be written to");
        root
    });
    std::fs::write(root.join("fitcheck.toml"), data).expect("because the directory was just made");
    let loaded = load(root, None);
    for mistake in &loaded.mistakes {
        if let Some((_, text)) = loaded.texts.iter().find(|(path, _)| **path == *mistake.path) {
            assert!(mistake.range().end <= text.len() && mistake.range().start <= mistake.range().end);
        }
    }
});
