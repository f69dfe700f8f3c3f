//! What names say: of programs for people, of programs that keep running, of helpers of development.

use crate::path::is_within;

/// Whether a folder's name says that it tests the rest: `integration-tests`, `lambda_tests`, `test-plugin`.
pub(super) fn is_called_a_test(folder: &str) -> bool {
    ["test-", "test_"].iter().any(|start| folder.starts_with(start))
        || ["-tests", "_tests", "-test", "_test"].iter().any(|end| folder.ends_with(end))
}

/// Whether a name ends like those of command-line tools.
pub fn is_called_a_tool(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let last = name.rsplit(['-', '_']).next().unwrap_or(&name);
    name.starts_with("kubectl-")
        || matches!(last, "cli" | "ctl" | "tool")
        || (name.len() > 4 && (name.ends_with("ctl") || name.ends_with("cli")))
}

/// Whether a name says that the program does one thing and ends: a step before others start.
pub(super) fn is_called_a_step(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let last = name.rsplit(['-', '_']).next().unwrap_or(&name);
    matches!(last, "migrate" | "migrator" | "migration" | "migrations" | "init" | "bootstrap" | "seeder")
}

/// Whether a folder or name says that a program makes load for others, which is development wherever it runs.
pub(super) fn makes_load(part: &str) -> bool {
    let plain = part.to_ascii_lowercase().replace(['-', '_'], "");
    ["loadgen", "loadgenerator", "loadtest", "loadtester", "loadsimulator"].iter().any(|end| plain.ends_with(end))
}

/// Whether a name says that the program keeps running.
pub(super) fn is_called_a_daemon(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "server",
        "daemon",
        "agent",
        "controller",
        "operator",
        "proxy",
        "gateway",
        "forwarder",
        "monitor",
        "exporter",
        "collector",
        "worker",
        "scheduler",
        "manager",
        "node",
        "broker",
        "shim",
        "api",
        "driver",
        "webhook",
        "relay",
        "service",
        "svc",
        "backend",
        "listener",
        "watcher",
        "bot",
        "apiserver",
    ];
    // `worker-build` builds workers.
    const OF_SOMETHING: &[&str] = &["build", "builder", "client", "sdk", "helper", "bench", "gen", "test", "tests"];
    let name = name.to_ascii_lowercase();
    let last = name.rsplit(['-', '_']).next().unwrap_or(&name);
    if OF_SOMETHING.contains(&last) {
        return false;
    }
    name.split(['-', '_']).any(|word| WORDS.contains(&word))
        || ["server", "agent", "service"].iter().any(|word| name.ends_with(word))
}

/// Whether some folder on a path says that what lies there serves the development of others.
pub fn is_for_development(path: &str) -> bool {
    path.split('/').any(|part| serves_development(&part.to_ascii_lowercase())) || is_within(path, "build")
}

/// Words in a path or name of things that serve the development of others.
const TOOL_WORDS: &[&str] = &[
    "hack",
    "scripts",
    "script",
    "xtask",
    "mock",
    "mocks",
    "mockhook",
    "fake",
    "loadgen",
    "loadgenerator",
    "generator",
    "gen",
    "codegen",
    "bench",
    "benchmark",
    "fuzz",
    "e2e",
    "demo",
    "devtools",
    "dev",
    "magefiles",
    "bindgen",
    "lint",
    "checker",
    "testclient",
    "testserver",
    "smoke",
    "sanity",
    "testutil",
    "seed",
    "stress",
    "tutorial",
    "magefile",
    "docgen",
    "gendocs",
    "doc",
    "docs",
    "clippy",
    "probe",
    "test",
    "tests",
];

/// Whether a part of a path or name says that something serves the development of others.
pub(super) fn serves_development(part: &str) -> bool {
    TOOL_WORDS.contains(&part)
        || part.split(['-', '_']).any(|word| TOOL_WORDS.contains(&word))
        || part.starts_with("gen-")
        || part.ends_with("-gen")
        || part.starts_with("test-")
        // `.build-tools`, `.ci`: folders that hide from people serve the repository, not its users.
        || (part.len() > 1 && part.starts_with('.'))
        // Go's tools pass over folders with such a name.
        || (part.len() > 1 && part.starts_with('_'))
        || ["testfiles", "test", "tests", "clidoc", "docs", "bench", "generator", "simulator"]
            .iter()
            .any(|end| part.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_steps_and_of_load() {
        assert!(is_called_a_step("shop-migrate") && is_called_a_step("db_migrator"));
        assert!(!is_called_a_step("migrate-controller") && !is_called_a_step("initd"));
        assert!(makes_load("load-generator") && makes_load("shop-loadtest") && makes_load("LoadGen"));
        assert!(!makes_load("loader") && !makes_load("load-balancer") && !makes_load("payload"));
    }

    #[test]
    fn names_of_daemons_and_of_what_builds_them() {
        for (name, keeps_running) in [
            ("payment-server", true),
            ("node-agent", true),
            ("worker-build", false),
            ("server-client", false),
            ("fd", false),
        ] {
            assert_eq!(is_called_a_daemon(name), keeps_running, "{name}");
        }
    }

    #[test]
    fn folders_that_are_called_tests() {
        for (folder, test) in [("integration-tests", true), ("x_test", true), ("contest", false), ("testing", false)] {
            assert_eq!(is_called_a_test(folder), test, "{folder}");
        }
    }

    #[test]
    fn names_of_command_line_tools() {
        for (name, tool) in
            [("x-ctl", true), ("kubectl", true), ("x-cli", true), ("click", false), ("ctl-server", false)]
        {
            assert_eq!(is_called_a_tool(name), tool, "{name}");
        }
    }

    #[test]
    fn parts_of_paths_that_serve_development() {
        for (part, development) in [
            ("xtask", true),
            ("test-runner", true),
            ("policy-test-x", true),
            (".build-tools", true),
            ("docs", true),
            ("gen-crd", true),
            ("generic", false),
            ("contest-api", false),
            (".", false),
        ] {
            assert_eq!(serves_development(part), development, "{part}");
        }
    }
}
