//! Any text as a policy file: a policy or mistakes, and each mistake inside the text.
#![no_main]

use fitcheck::policy::raw;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (policy, mistakes) = raw::read("policies/a.toml", text, false);
    assert!(policy.is_some() || !mistakes.is_empty(), "neither a policy nor a reason");
    for mistake in &mistakes {
        assert!(mistake.range().end <= text.len() && mistake.range().start <= mistake.range().end);
    }
});
