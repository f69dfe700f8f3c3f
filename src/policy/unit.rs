//! Values with units: `"1ms"`, `"64MiB"`, `"99.9%"`, `"1.24"`, and how people read them.

use crate::signal::{Value, ValueType};

/// Reads a value of the wanted type; `Err` says what was expected.
pub fn read(text: &str, wanted: ValueType) -> Result<Value, String> {
    let text = text.trim();
    let value = match wanted {
        ValueType::Word => Some(Value::Word(text.to_owned())),
        ValueType::Number => text.replace('_', "").parse().ok().map(Value::Number),
        ValueType::Duration => with_unit(text, DURATIONS).map(Value::Duration),
        ValueType::Bytes => with_unit(text, BYTES).map(|bytes| Value::Bytes(bytes as u64)),
        ValueType::Percent => text.trim_end_matches('%').trim_end().parse().ok().map(Value::Percent),
        ValueType::Version => is_version(text).then(|| Value::Version(text.to_owned())),
        ValueType::Flag => text.parse().ok().map(Value::Flag),
    };
    value.filter(is_finite).ok_or_else(|| expected(wanted).to_owned())
}

/// Says what a value of this type looks like.
pub fn expected(wanted: ValueType) -> &'static str {
    match wanted {
        ValueType::Word => "a word",
        ValueType::Number => "a number",
        ValueType::Duration => "a duration such as \"1ms\", \"900us\" or \"2s\"",
        ValueType::Bytes => "a size such as \"64MiB\" or \"5MB\"",
        ValueType::Percent => "a percentage such as \"99.9%\"",
        ValueType::Version => "a version such as \"1.24\"",
        ValueType::Flag => "true or false",
    }
}

pub fn type_of(value: &Value) -> ValueType {
    match value {
        Value::Word(_) => ValueType::Word,
        Value::Number(_) => ValueType::Number,
        Value::Duration(_) => ValueType::Duration,
        Value::Bytes(_) => ValueType::Bytes,
        Value::Percent(_) => ValueType::Percent,
        Value::Version(_) => ValueType::Version,
        Value::Flag(_) => ValueType::Flag,
    }
}

/// Writes a value as people read it: `900 µs`, `64 MiB`, `p99.9`.
pub fn show(value: &Value) -> String {
    match value {
        Value::Word(word) | Value::Version(word) => word.clone(),
        Value::Number(number) => plain(*number),
        Value::Duration(micros) => show_duration(*micros),
        Value::Bytes(bytes) => show_bytes(*bytes),
        Value::Percent(percent) => format!("p{}", plain(*percent)),
        Value::Flag(flag) => flag.to_string(),
    }
}

/// Orders two values of one type; `None` where they cannot be ordered.
pub fn compare(left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right))
        | (Value::Duration(left), Value::Duration(right))
        | (Value::Percent(left), Value::Percent(right)) => left.partial_cmp(right),
        (Value::Bytes(left), Value::Bytes(right)) => Some(left.cmp(right)),
        (Value::Version(left), Value::Version(right)) => Some(parts(left).cmp(&parts(right))),
        (Value::Word(left), Value::Word(right)) => Some(left.cmp(right)),
        (Value::Flag(left), Value::Flag(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

pub(crate) const DURATIONS: &[(&str, f64)] = &[
    ("ns", 0.001),
    ("us", 1.0),
    ("µs", 1.0),
    ("μs", 1.0),
    ("ms", 1e3),
    ("s", 1e6),
    ("min", 60e6),
    ("m", 60e6),
    ("h", 3600e6),
];

pub(crate) const BYTES: &[(&str, f64)] = &[
    ("B", 1.0),
    ("kB", 1e3),
    ("KB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
];

fn with_unit(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let split = text.find(|c: char| c.is_alphabetic())?;
    let (number, unit) = text.split_at(split);
    let factor = units.iter().find(|(name, _)| *name == unit)?.1;
    let number: f64 = number.trim().replace('_', "").parse().ok()?;
    (number >= 0.0).then_some(number * factor)
}

fn is_version(text: &str) -> bool {
    !text.is_empty() && text.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

fn parts(version: &str) -> Vec<u64> {
    let numbers = version.split(['.', '-', '+']).map_while(|part| {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    });
    let mut parts: Vec<u64> = numbers.collect();
    while parts.last() == Some(&0) {
        parts.pop();
    }
    parts
}

fn is_finite(value: &Value) -> bool {
    match value {
        Value::Number(number) | Value::Duration(number) => number.is_finite(),
        Value::Percent(percent) => (0.0..=100.0).contains(percent),
        _ => true,
    }
}

fn plain(number: f64) -> String {
    let rounded = (number * 1000.0).round() / 1000.0;
    format!("{rounded}")
}

fn show_duration(micros: f64) -> String {
    let (factor, unit) = match micros {
        m if m < 1.0 => (0.001, "ns"),
        m if m < 1e3 => (1.0, "µs"),
        m if m < 1e6 => (1e3, "ms"),
        m if m < 3600e6 => (1e6, "s"),
        _ => (3600e6, "h"),
    };
    format!("{} {unit}", plain(micros / factor))
}

fn show_bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut number = bytes as f64;
    let mut unit = 0;
    while number >= 1024.0 && unit + 1 < UNITS.len() {
        number /= 1024.0;
        unit += 1;
    }
    format!("{} {}", (number * 10.0).round() / 10.0, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_and_shown() {
        let cases = [
            ("1ms", ValueType::Duration, "1 ms"),
            ("0.9 ms", ValueType::Duration, "900 µs"),
            ("64MiB", ValueType::Bytes, "64 MiB"),
            ("99.9%", ValueType::Percent, "p99.9"),
            ("1.24", ValueType::Version, "1.24"),
            ("1_000", ValueType::Number, "1000"),
        ];
        for (text, wanted, shown) in cases {
            assert_eq!(read(text, wanted).map(|value| show(&value)), Ok(shown.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for (text, wanted) in [
            ("1", ValueType::Duration),
            ("1 parsec", ValueType::Duration),
            ("-3ms", ValueType::Duration),
            ("64", ValueType::Bytes),
            ("101%", ValueType::Percent),
            ("1.x", ValueType::Version),
            ("inf", ValueType::Number),
        ] {
            assert!(read(text, wanted).is_err(), "{text}");
        }
    }

    #[test]
    fn versions_are_ordered_by_their_numbers() {
        let version = |text: &str| Value::Version(text.to_owned());
        assert_eq!(compare(&version("1.9"), &version("1.24")), Some(std::cmp::Ordering::Less));
        assert_eq!(compare(&version("1.24.0"), &version("1.24")), Some(std::cmp::Ordering::Equal));
        assert_eq!(compare(&version("1.24rc1"), &version("1.24")), Some(std::cmp::Ordering::Equal));
    }
}
