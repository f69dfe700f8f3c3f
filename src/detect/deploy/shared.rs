//! What several deploy detectors need: paths, sizes of memory, environment variables that tune a runtime.

use std::ops::Range;

use crate::detect::Facts;
use crate::fact::{Binding, FactKind, MemoryWhat};
use crate::parse::tree::Node;
use crate::path::{join, parent};

/// Puts a path that is relative to a file's directory on the repository's root and takes `.` and `..` out.
///
/// `None` for paths that lead out of the repository, absolute ones and addresses.
pub(crate) fn from_root(file: &str, path: &str) -> Option<String> {
    if path.starts_with(['/', '~']) || path.contains("://") || path.starts_with("git@") {
        return None;
    }
    join(parent(file), path)
}

/// The first bytes of a text, up to a whole character; carriage returns are not counted, so that a text says the same
/// however its lines end.
pub(crate) fn beginning(text: &str, most: usize) -> &str {
    let mut counted = 0;
    let is_over = |(_, letter): &(usize, char)| {
        counted += if *letter == '\r' { 0 } else { letter.len_utf8() };
        counted > most
    };
    text.char_indices().find(is_over).map_or(text, |(end, _)| &text[..end])
}

/// How a format counts: Kubernetes says `M` for 10^6, Docker and Go mean 2^20 by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Units {
    Decimal,
    Binary,
}

/// Reads a size of memory such as `128Mi`, `1.5g`, `20M`, `950MiB`, `1000000`.
pub(crate) fn bytes(text: &str, units: Units) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    let thousand = if units == Units::Binary { 1024.0 } else { 1000.0 };
    let factor: f64 = match text[end..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        // Milli-bytes exist in Kubernetes, where a lower-case `m` is thousandths.
        "m" if units == Units::Decimal && text.ends_with('m') => 0.001,
        "k" | "kb" => thousand,
        "m" | "mb" => thousand * thousand,
        "g" | "gb" => thousand * thousand * thousand,
        "t" | "tb" => thousand * thousand * thousand * thousand,
        "ki" | "kib" => 1024.0,
        "mi" | "mib" => 1024.0 * 1024.0,
        "gi" | "gib" => 1024.0 * 1024.0 * 1024.0,
        "ti" | "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    let size = number * factor;
    (1.0..1e15).contains(&size).then_some(size as u64)
}

/// States the memory of a workload where a node holds a size.
pub(crate) fn memory(node: Option<&Node>, units: Units, what: MemoryWhat, workload: u32, facts: &mut Facts<'_, '_>) {
    let Some(node) = node else { return };
    if let Some(bytes) = node.as_str().and_then(|text| bytes(text, units)) {
        facts.add_bound(node.range.clone(), FactKind::Memory { what, bytes }, Binding::Workload(workload));
    }
}

/// States the memory that a bare number of MiB gives a function.
pub(crate) fn memory_mib(node: Option<&Node>, workload: u32, facts: &mut Facts<'_, '_>) {
    let Some((node, size)) = node.and_then(|node| Some((node, node.as_u64()?))) else { return };
    let Some(bytes) = size.checked_mul(1024 * 1024).filter(|bytes| *bytes > 0) else { return };
    let kind = FactKind::Memory { what: MemoryWhat::Limit, bytes };
    facts.add_bound(node.range.clone(), kind, Binding::Workload(workload));
}

/// States that an environment variable adjusts Go's garbage collector, if it does.
pub(crate) fn tuning(name: &str, value: &str, range: Range<usize>, workload: u32, facts: &mut Facts<'_, '_>) {
    let what = match name {
        "GOGC" => "gogc",
        "GOMEMLIMIT" => "gomemlimit",
        // Other keys are for name resolution, certificates and the like.
        "GODEBUG" if ["gc", "madv", "scavtrace"].iter().any(|key| value.split(',').any(|one| one.starts_with(key))) => {
            "godebug"
        }
        "MALLOC_CONF" | "_RJEM_MALLOC_CONF" | "MALLOC_ARENA_MAX" => "allocator-settings",
        _ => return,
    };
    let value = (!value.is_empty()).then(|| value.to_owned());
    facts.add_bound(range, FactKind::Tuning { what: what.to_owned(), value }, Binding::Workload(workload));
}

/// States tuning in an `environment` that is a map (`A: b`), a list of `A=b` or a list of `{name, value}`.
pub(crate) fn tuning_in(environment: Option<&Node>, workload: u32, facts: &mut Facts<'_, '_>) {
    let Some(environment) = environment else { return };
    for (name, value) in environment.entries() {
        tuning(name, value.written().unwrap_or(""), value.range.clone(), workload, facts);
    }
    for item in environment.items() {
        if let Some((name, value)) = item.written().and_then(|text| text.split_once('=')) {
            tuning(name, value, item.range.clone(), workload, facts);
        } else if let Some(name) = item.str_at(&["name"]) {
            let value = item.get("value").and_then(Node::written).unwrap_or("");
            tuning(name, value, item.range.clone(), workload, facts);
        }
    }
}

/// Tells whether a function's runtime cannot be one for a Go or Rust program.
pub(crate) fn is_foreign_runtime(runtime: &str) -> bool {
    let lower = runtime.to_ascii_lowercase();
    let foreign =
        ["node", "python", "ruby", "java", "dotnet", "php", "swift", "powershell", "haskell", "perl", "ballerina"];
    foreign.iter().any(|word| lower.starts_with(word))
}

/// Returns the words of a command that is a list, or a line of words.
pub(crate) fn command(node: Option<&Node>) -> Vec<String> {
    let Some(node) = node else { return Vec::new() };
    match node.written() {
        Some(line) => line.split_whitespace().map(str::to_owned).collect(),
        None => node.items().iter().filter_map(Node::written).map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_memory() {
        for (text, units, expected) in [
            ("128Mi", Units::Decimal, Some(134_217_728)),
            ("20M", Units::Binary, Some(20_971_520)),
            ("20M", Units::Decimal, Some(20_000_000)),
            ("1.5g", Units::Binary, Some(1_610_612_736)),
            ("500m", Units::Decimal, None),
            ("64000000", Units::Decimal, Some(64_000_000)),
            ("${LIMIT}", Units::Binary, None),
            ("", Units::Binary, None),
        ] {
            assert_eq!(bytes(text, units), expected, "{text}");
        }
    }

    #[test]
    fn variables_that_tune_a_runtime() {
        let text = crate::source::Text::new("a.yaml", "x");
        let what = |name: &str, value: &str| {
            let mut facts = Facts::new(&text);
            tuning(name, value, 0..1, 0, &mut facts);
            facts.list.into_iter().find_map(|fact| match fact.kind {
                FactKind::Tuning { what, .. } => Some(what),
                _ => None,
            })
        };
        for (name, value, expected) in [
            ("GOGC", "50", Some("gogc")),
            ("GOMEMLIMIT", "1GiB", Some("gomemlimit")),
            ("GODEBUG", "netdns=go,madvdontneed=1", Some("godebug")),
            ("GODEBUG", "netdns=go", None),
            ("GODEBUG", "fips140=on", None),
            ("_RJEM_MALLOC_CONF", "prof:true", Some("allocator-settings")),
            ("GOMAXPROCS", "4", None),
        ] {
            assert_eq!(what(name, value).as_deref(), expected, "{name}={value}");
        }
    }

    #[test]
    fn paths_stay_in_the_repository() {
        assert_eq!(from_root("deploy/a/compose.yml", "../../src").as_deref(), Some("src"));
        assert_eq!(from_root("compose.yml", ".").as_deref(), Some("."));
        assert_eq!(from_root("compose.yml", "../x"), None);
        assert_eq!(from_root("compose.yml", "https://example.org/x.git"), None);
    }
}
