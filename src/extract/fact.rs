//! From a signal's name and fields to the kind of fact that the signal is made of.

use crate::fact::{Count, Direction, FactKind, LatencySource, MemoryWhat, Subject};
use crate::signal::Value;
use crate::signal::of_service::{count_word, source_word};

/// The signals an extractor can add to, each with the fields that it cannot do without.
pub const MAPPED: &[(&str, &[&str])] = &[
    ("trait", &["name"]),
    ("uses", &["capability"]),
    ("deploy", &["target"]),
    ("ffi", &["direction", "mechanism"]),
    ("latency", &["limit", "source"]),
    ("timeout", &["limit"]),
    ("tuning", &["what"]),
    ("memory", &["what", "bytes"]),
    ("replicas", &["max"]),
    ("counts", &["what", "n"]),
    ("check", &["what"]),
    ("contract", &["format"]),
    ("mark", &["name"]),
    ("artifact-budget", &["bytes"]),
];

/// Fields that follow from others, or that only the team itself can state.
pub fn is_derived(signal: &str, field: &str) -> bool {
    matches!((signal, field), ("ffi", "consumers") | ("counts", "per-kloc") | ("mark", "value"))
}

/// Builds the fact; `None` where a field that it needs is missing.
pub(super) fn kind(signal: &str, fields: &[(&str, Value)]) -> Option<FactKind> {
    let given = Fields(fields);
    Some(match signal {
        "trait" => FactKind::Trait { name: given.word("name")? },
        "uses" => {
            let capability = given.word("capability")?;
            FactKind::Uses { symbol: given.word("symbol").unwrap_or_else(|| capability.clone()), capability }
        }
        "deploy" => FactKind::Deploy { target: given.word("target")? },
        "ffi" => {
            let direction = if given.word("direction")? == "export" { Direction::Export } else { Direction::Import };
            FactKind::Ffi {
                direction,
                mechanism: given.word("mechanism")?,
                symbols: given.count("symbols").unwrap_or(1),
            }
        }
        "latency" => FactKind::Latency {
            limit_us: given.micros("limit")?,
            percentile: given.number("percentile"),
            source: source(&given.word("source")?)?,
            subject: Subject::Answering,
        },
        "timeout" => FactKind::Timeout { limit_us: given.micros("limit")? },
        "tuning" => FactKind::Tuning { what: given.word("what")?, value: None },
        "memory" => {
            let what = if given.word("what")? == "limit" { MemoryWhat::Limit } else { MemoryWhat::Request };
            FactKind::Memory { what, bytes: given.bytes("bytes")? }
        }
        "replicas" => {
            let max = given.count("max")?;
            FactKind::Replicas { min: given.count("min").unwrap_or(max), max }
        }
        "counts" => FactKind::Count { what: count(&given.word("what")?)?, n: given.count("n")? },
        "check" => FactKind::Check { what: given.word("what")? },
        "contract" => FactKind::Contract { format: given.word("format")? },
        "mark" => FactKind::Mark { name: given.word("name")?, detail: given.word("detail").unwrap_or_default() },
        "artifact-budget" => FactKind::ArtifactBudget { bytes: given.bytes("bytes")? },
        _ => return None,
    })
}

/// What a team declares, it declares in `fitcheck.toml`.
fn source(word: &str) -> Option<LatencySource> {
    use LatencySource::{Alert, Comment, Deadline, Derived, Doc, LoadTest, Slo};
    [Slo, Alert, LoadTest, Deadline, Derived, Doc, Comment].into_iter().find(|source| source_word(*source) == word)
}

fn count(word: &str) -> Option<Count> {
    use Count::{
        Benchmarks, CLines, Channels, DiscardedErrors, Goroutines, GrpcServices, Locks, Panics, Pools, Routes, Unsafe,
    };
    let all =
        [DiscardedErrors, Goroutines, Channels, Panics, Unsafe, Locks, Benchmarks, Pools, CLines, Routes, GrpcServices];
    all.into_iter().find(|count| count_word(*count) == word)
}

struct Fields<'a>(&'a [(&'a str, Value)]);

impl Fields<'_> {
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(field, _)| *field == name).map(|(_, value)| value)
    }

    fn word(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::Word(word) => Some(word.clone()),
            _ => None,
        }
    }

    fn number(&self, name: &str) -> Option<f64> {
        match self.get(name)? {
            Value::Number(number) | Value::Percent(number) => Some(*number),
            _ => None,
        }
    }

    fn count(&self, name: &str) -> Option<u32> {
        self.number(name).filter(|number| (0.0..=f64::from(u32::MAX)).contains(number)).map(|number| number as u32)
    }

    fn micros(&self, name: &str) -> Option<f64> {
        match self.get(name)? {
            Value::Duration(micros) => Some(*micros),
            _ => None,
        }
    }

    fn bytes(&self, name: &str) -> Option<u64> {
        match self.get(name)? {
            Value::Bytes(bytes) => Some(*bytes),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::{FieldSpec, ValueType, spec};

    /// A signal that is listed becomes a fact, and one that is not stays none: the two lists are one.
    #[test]
    fn every_mapped_signal_becomes_a_fact_from_its_required_fields() {
        let example = |field: &FieldSpec| match field.value {
            ValueType::Word => Value::Word((*field.words.first().unwrap_or(&"x")).to_owned()),
            ValueType::Number => Value::Number(3.0),
            ValueType::Duration => Value::Duration(3.0),
            ValueType::Bytes => Value::Bytes(3),
            ValueType::Percent => Value::Percent(99.0),
            ValueType::Version => Value::Version("1".to_owned()),
            ValueType::Flag => Value::Flag(true),
        };
        for (name, required) in MAPPED {
            let spec = spec(name).unwrap();
            let fields: Vec<(&str, Value)> =
                spec.fields.iter().filter(|f| required.contains(&f.name)).map(|f| (f.name, example(f))).collect();
            assert_eq!(fields.len(), required.len(), "{name}");
            assert!(kind(name, &fields).is_some(), "{name}");
            assert!(kind(name, &fields[1..]).is_none(), "{name}");
        }
    }
}
