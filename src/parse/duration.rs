//! Durations as people and tools write them, to microseconds.
//!
//! In: the text of a figure (`1h2m3.5s`, `800µs`, `"0.5s"`, `5 * time.Millisecond`, `Duration::from_micros(800)`,
//! `PT0.5S`), or a bare number with the [`Unit`] that its key, its metric's suffix or a comment gives. Out:
//! microseconds, or the reason why there are none. A number without a unit is never guessed at.

use std::fmt;

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Nanos,
    Micros,
    Millis,
    Seconds,
    Minutes,
    Hours,
    Days,
}

impl Unit {
    /// Returns how many microseconds one of it has.
    pub fn micros(self) -> f64 {
        match self {
            Unit::Nanos => 1e-3,
            Unit::Micros => 1.0,
            Unit::Millis => 1e3,
            Unit::Seconds => 1e6,
            Unit::Minutes => 60e6,
            Unit::Hours => 3600e6,
            Unit::Days => DAY,
        }
    }

    /// Reads the word or symbol of a unit, in any case but for the one-letter and two-letter symbols.
    pub fn of_word(word: &str) -> Option<Unit> {
        Some(match word {
            "ns" => Unit::Nanos,
            // The micro sign and the Greek letter are two code points.
            "us" | "\u{b5}s" | "\u{3bc}s" => Unit::Micros,
            "ms" => Unit::Millis,
            "s" => Unit::Seconds,
            "m" => Unit::Minutes,
            "h" => Unit::Hours,
            "d" => Unit::Days,
            _ => return Unit::of_long_word(&word.to_ascii_lowercase()),
        })
    }

    fn of_long_word(word: &str) -> Option<Unit> {
        Some(match word {
            "nanos" | "nano" | "nanosecond" | "nanoseconds" | "nsec" | "nsecs" => Unit::Nanos,
            "micros" | "micro" | "microsecond" | "microseconds" | "usec" | "usecs" => Unit::Micros,
            "millis" | "milli" | "millisecond" | "milliseconds" | "msec" | "msecs" => Unit::Millis,
            "sec" | "secs" | "second" | "seconds" => Unit::Seconds,
            "min" | "mins" | "minute" | "minutes" => Unit::Minutes,
            "hr" | "hrs" | "hour" | "hours" => Unit::Hours,
            "day" | "days" => Unit::Days,
            _ => return None,
        })
    }

    /// Finds the unit in the last words of a name: `x_duration_seconds_bucket`, `threshold_ms`, `latencyMs`.
    pub fn of_name(name: &str) -> Option<Unit> {
        let words = words(name);
        // Behind the unit only words that say what is done with the value may stand.
        for word in words.iter().rev() {
            match word.as_str() {
                "bucket" | "sum" | "count" | "total" | "threshold" | "limit" | "max" | "min" | "histogram"
                | "quantile" | "summary" => {}
                "ns" => return Some(Unit::Nanos),
                "us" => return Some(Unit::Micros),
                "ms" => return Some(Unit::Millis),
                "s" => return Some(Unit::Seconds),
                long if long.len() > 2 => return Unit::of_long_word(long),
                _ => return None,
            }
        }
        None
    }
}

const DAY: f64 = 86_400e6;

/// Splits a name at `_`, `-`, `.`, `:` and before capitals, in lower case.
pub fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut lower_before = false;
    for c in name.chars() {
        let separator = matches!(c, '_' | '-' | '.' | ':' | '/' | ' ');
        if (separator || (c.is_uppercase() && lower_before)) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if !separator {
            word.extend(c.to_lowercase());
        }
        lower_before = c.is_lowercase() || c.is_ascii_digit();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Why a text gives no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoDuration {
    NotADuration,
    NoUnit,
    NotPositive,
    BeyondADay,
}

impl fmt::Display for NoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoDuration::NotADuration => "not a duration",
            NoDuration::NoUnit => "a number without a unit of time",
            NoDuration::NotPositive => "a duration that is not above zero",
            NoDuration::BeyondADay => "a duration beyond a day",
        })
    }
}

/// Converts a number in a known unit.
pub fn in_unit(value: f64, unit: Unit) -> Result<f64, NoDuration> {
    checked(value * unit.micros())
}

fn checked(micros: f64) -> Result<f64, NoDuration> {
    if micros.is_nan() || micros <= 0.0 {
        return Err(NoDuration::NotPositive);
    }
    if micros > DAY {
        return Err(NoDuration::BeyondADay);
    }
    // Decimal figures of other units leave crumbs of the binary fraction.
    let rounded = (micros * 1e6).round() / 1e6;
    Ok(if rounded > 0.0 { rounded } else { micros })
}

/// Reads a duration that carries its unit.
pub fn read(text: &str) -> Result<f64, NoDuration> {
    let text = text.trim().trim_matches(['"', '\'', '`']).trim();
    if text.is_empty() {
        return Err(NoDuration::NotADuration);
    }
    if number(text).is_some() {
        return Err(NoDuration::NoUnit);
    }
    if let Some(micros) = rust_call(text).or_else(|| go_product(text)) {
        return checked(micros);
    }
    if let Some(rest) = text.strip_prefix('-') {
        return if compound(rest).is_some() { Err(NoDuration::NotPositive) } else { Err(NoDuration::NotADuration) };
    }
    if let Some(micros) = compound(text) {
        return checked(micros);
    }
    match text.strip_prefix(['P', 'p']).and_then(|_| text.parse::<jiff::SignedDuration>().ok()) {
        Some(duration) => checked(duration.as_secs_f64() * 1e6),
        None => Err(NoDuration::NotADuration),
    }
}

/// Reads a duration, or a bare number in the unit given.
pub fn read_in(text: &str, unit: Option<Unit>) -> Result<f64, NoDuration> {
    match (read(text), unit) {
        (Err(NoDuration::NoUnit), Some(unit)) => {
            let bare = text.trim().trim_matches(['"', '\'', '`']).trim();
            number(bare).map_or(Err(NoDuration::NotADuration), |value| in_unit(value, unit))
        }
        (result, _) => result,
    }
}

/// Reads a plain number: digits with `_` between, a fraction, an exponent, a sign.
pub fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let plain: String = text.chars().filter(|&c| c != '_').collect();
    plain.parse().ok().filter(|value: &f64| value.is_finite())
}

/// `1h2m3.5s`, `1h30m`, `10 ms`: numbers each followed by a unit.
fn compound(text: &str) -> Option<f64> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(rest.len());
        let value = number(&rest[..digits])?;
        let behind = rest[digits..].trim_start();
        let length = behind.find(|c: char| !c.is_alphabetic()).unwrap_or(behind.len());
        total += value * Unit::of_word(&behind[..length])?.micros();
        rest = behind[length..].trim_start();
    }
    (!text.is_empty()).then_some(total)
}

/// `Duration::from_micros(800)`, `Duration::new(1, 0)`, `from_secs_f64(0.5)`.
fn rust_call(text: &str) -> Option<f64> {
    let text = text.trim_end_matches([';', ',']).trim();
    let (head, arguments) = text.strip_suffix(')')?.split_once('(')?;
    let function = head.rsplit("::").next()?.trim();
    let numeral = |text: &str| {
        let text = text.trim();
        let bare = text.find(['u', 'f']).map_or(text, |at| text[..at].trim_end_matches('_'));
        number(bare)
    };
    if function == "new" && head.trim_end().ends_with("Duration::new") {
        let (seconds, nanos) = arguments.split_once(',')?;
        return Some(numeral(seconds)? * 1e6 + numeral(nanos)? * 1e-3);
    }
    let unit = match function.strip_prefix("from_")? {
        "nanos" => Unit::Nanos,
        "micros" => Unit::Micros,
        "millis" => Unit::Millis,
        "secs" | "secs_f64" | "secs_f32" => Unit::Seconds,
        "mins" => Unit::Minutes,
        "hours" => Unit::Hours,
        _ => return None,
    };
    Some(numeral(arguments)? * unit.micros())
}

/// `5 * time.Millisecond`, `time.Second * 2`, `time.Minute`.
fn go_product(text: &str) -> Option<f64> {
    let mut total = 1.0;
    let mut units = 0;
    for factor in text.split('*') {
        let factor = factor.trim();
        if let Some(value) = number(factor) {
            total *= value;
        } else {
            total *= Unit::of_long_word(&factor.strip_prefix("time.")?.to_ascii_lowercase())?.micros();
            units += 1;
        }
    }
    (units == 1).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_notation() {
        for (text, micros) in [
            ("10ms", 10_000.0),
            ("1h2m3.5s", 3_723_500_000.0),
            ("800\u{b5}s", 800.0),
            ("800\u{3bc}s", 800.0),
            ("800us", 800.0),
            ("250ns", 0.25),
            ("1h30m", 5_400_000_000.0),
            ("\"0.5s\"", 500_000.0),
            ("300s500ms", 300_500_000.0),
            ("1.5 seconds", 1_500_000.0),
            ("5 * time.Millisecond", 5_000.0),
            ("time.Second", 1_000_000.0),
            ("Duration::from_micros(800)", 800.0),
            ("std::time::Duration::from_millis(2_500)", 2_500_000.0),
            ("Duration::from_secs_f64(0.25)", 250_000.0),
            ("Duration::new(0, 500)", 0.5),
            ("from_micros(50u64)", 50.0),
            ("PT0.5S", 500_000.0),
            ("1m", 60_000_000.0),
        ] {
            assert_eq!(read(text), Ok(micros), "{text}");
        }
    }

    #[test]
    fn refuses_what_has_no_unit_or_cannot_be() {
        for (text, reason) in [
            ("500", NoDuration::NoUnit),
            ("0.25", NoDuration::NoUnit),
            ("", NoDuration::NotADuration),
            ("${var.x}", NoDuration::NotADuration),
            ("10 apples", NoDuration::NotADuration),
            ("last_10m", NoDuration::NotADuration),
            ("0s", NoDuration::NotPositive),
            ("-5ms", NoDuration::NotPositive),
            ("25h", NoDuration::BeyondADay),
            ("5 * time.Millisecond * time.Second", NoDuration::NotADuration),
            ("1..2s", NoDuration::NotADuration),
        ] {
            assert_eq!(read(text), Err(reason), "{text}");
        }
        assert_eq!(in_unit(f64::NAN, Unit::Seconds), Err(NoDuration::NotPositive));
    }

    #[test]
    fn a_bare_number_takes_the_unit_of_its_key() {
        assert_eq!(read_in("250", Some(Unit::Millis)), Ok(250_000.0));
        assert_eq!(read_in("250us", Some(Unit::Millis)), Ok(250.0));
        assert_eq!(read_in("0.4", None), Err(NoDuration::NoUnit));
    }

    #[test]
    fn names_tell_their_unit() {
        for (name, unit) in [
            ("http_request_duration_seconds_bucket", Some(Unit::Seconds)),
            ("flow.latency_ms", Some(Unit::Millis)),
            ("latencyMs", Some(Unit::Millis)),
            ("threshold_us", Some(Unit::Micros)),
            ("connect_nanos", Some(Unit::Nanos)),
            ("p99_request_threshold_seconds", Some(Unit::Seconds)),
            ("request_latency_microseconds", Some(Unit::Micros)),
            ("region_size_bucket", None),
            ("queue_m", None),
            ("requests_total", None),
            ("seconds_behind_master", None),
        ] {
            assert_eq!(Unit::of_name(name), unit, "{name}");
        }
    }
}
