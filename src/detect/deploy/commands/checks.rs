//! Checks that a command runs: races, undefined behaviour, unhandled errors, known faults of dependencies.

use crate::parse::shell::Command;

/// Returns the names of the checks that a command runs.
pub(crate) fn checks(command: &Command) -> Vec<&'static str> {
    let has = |word: &str| command.words.iter().any(|own| own == word);
    let mut found = Vec::new();
    match command.program() {
        "go" | "gotestsum" if has("-race") || has("--race") => found.push("race-detector"),
        "go" if has("vet") => found.push("go-vet"),
        "go" if command.words.iter().any(|word| word.starts_with("-fuzz=")) || has("-fuzz") => found.push("fuzzing"),
        "errcheck" => found.push("errcheck"),
        "gosec" => found.push("gosec"),
        "staticcheck" => found.push("staticcheck"),
        "govulncheck" => found.push("govulncheck"),
        "golangci-lint" => found.push("golangci-lint"),
        "cargo" if has("clippy") => found.push("clippy"),
        "cargo" if has("miri") => found.push("miri"),
        "cargo" if has("fuzz") => found.push("fuzzing"),
        "cargo" if has("deny") => found.push("cargo-deny"),
        "cargo" if has("audit") => found.push("cargo-audit"),
        "cargo" if has("geiger") => found.push("cargo-geiger"),
        _ => {}
    }
    if command.environment.iter().any(|(name, value)| name == "RUSTFLAGS" && value.contains("--cfg loom")) {
        found.push("loom");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::shell::{Variables, commands};

    #[test]
    fn checks_by_command() {
        let of = |text: &str| checks(&commands(text, 0, &mut Variables::default())[0]);
        assert_eq!(of("go test -race ./..."), ["race-detector"]);
        assert_eq!(of("RUSTFLAGS='--cfg loom' cargo test"), ["loom"]);
        assert_eq!(of("GOGC=50 golangci-lint run"), ["golangci-lint"]);
    }
}
