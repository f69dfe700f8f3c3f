//! The configuration as text: what is in force and where it comes from, and a file to start with.

use std::fmt::Write as _;

use crate::config::Config;
use crate::config::layer::{self, Allow, Budget, Said, ServiceRule};
use crate::finding::Severity;
use crate::history::BULK;
use crate::limits::{self, Limits};
use crate::policy::manual::strength_word;
use crate::policy::{Level, unit};
use crate::report::Format;
use crate::signal::{Value, ValueType};
use crate::source::Location;

/// Writes the effective configuration, each value with its origin, as TOML with comments.
pub fn effective(config: &Config) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(config, &mut text);
    text
}

fn write(config: &Config, text: &mut String) -> std::fmt::Result {
    head(config, text)?;
    for policy in &config.policies.policies {
        let from = if policy.shipped { "shipped" } else { &policy.path };
        writeln!(
            text,
            "\n[policy.{}]  # {}, {}, {from}",
            policy.id,
            policy.favors.word(),
            strength_word(policy.strength)
        )?;
        let origin = |key: &str| {
            let key = format!("policy.{}.{key}", policy.id);
            config.origins.iter().rev().find(|origin| origin.key == key).map(|origin| origin.place.as_str())
        };
        writeln!(text, "level = \"{}\"  # {}", level_word(policy.level), origin("level").unwrap_or("default"))?;
        for parameter in &policy.parameters {
            let default = match &parameter.document {
                Some(document) => format!("default, document {document}"),
                None => "default".to_owned(),
            };
            let place = parameter.origin.as_deref().unwrap_or(&default);
            writeln!(text, "{} = {}  # {place}", parameter.name, written(&parameter.value))?;
        }
    }
    config.narrowed.iter().try_for_each(|setting| {
        let value = quoted(&layer::shown(&setting.value.node));
        write!(text, "\n[[override]]  # {}:{}\npaths = {}\n", setting.file, setting.line, list(&setting.paths))?;
        writeln!(text, "policy.{}.{} = {value}", setting.policy, setting.key)
    })?;
    config.extractors.iter().try_for_each(|extractor| {
        let (id, files) = (&extractor.id, list(&extractor.files));
        writeln!(
            text,
            "\n# the extractor {id} reads {files} for the signal {}  # {}",
            extractor.signal.name, extractor.path
        )
    })?;
    config.services.iter().try_for_each(|rule| service(rule, text))?;
    config.allows.iter().try_for_each(|entry| allow(entry, text))
}

/// A parameter's value as a configuration takes it, exactly.
fn written(value: &Value) -> String {
    match value {
        Value::Number(_) | Value::Flag(_) => unit::show(value),
        Value::Percent(percent) => quoted(&format!("{percent}%")),
        Value::Bytes(bytes) if bytes % 1_048_576 == 0 => quoted(&format!("{}MiB", bytes / 1_048_576)),
        Value::Bytes(bytes) if bytes % 1_000_000 == 0 => quoted(&format!("{}MB", bytes / 1_000_000)),
        Value::Bytes(bytes) => quoted(&format!("{bytes}B")),
        Value::Word(_) | Value::Duration(_) | Value::Version(_) => quoted(&unit::show(value)),
    }
}

/// The values that stand alone, each with the file and line that set it last.
fn head(config: &Config, text: &mut String) -> std::fmt::Result {
    let origin = |key: &str| {
        let set = config.origins.iter().filter(|origin| origin.key == key);
        let places: Vec<&str> = set.map(|origin| origin.place.as_str()).collect();
        if places.is_empty() { "default".to_owned() } else { places.join(", ") }
    };
    let fail_on = config.fail_on.map_or("warning", Severity::word);
    writeln!(text, "fail-on = \"{fail_on}\"  # {}", origin("fail-on"))?;
    let format = config.format.unwrap_or(Format::ALL[0]).name;
    writeln!(text, "format = \"{format}\"  # {}", origin("format"))?;
    writeln!(text, "include = {}  # {}", list(&config.include), origin("include"))?;
    writeln!(text, "exclude = {}  # {}", list(&config.exclude), origin("exclude"))?;
    let days = config.window_days.unwrap_or(365);
    writeln!(text, "history.window-days = {days}  # {}", origin("history.window-days"))?;
    writeln!(text, "history.bots = {}  # {}", list(&config.bots), origin("history.bots"))?;
    let bulk = config.bulk_files.unwrap_or(BULK);
    writeln!(text, "history.bulk-files = {bulk}  # {}", origin("history.bulk-files"))?;
    let limits = Limits::default().with(&config.limits);
    limits::ALL.iter().try_for_each(|limit| {
        let key = format!("limits.{}", limit.name);
        let value = match limit.value {
            ValueType::Bytes => quoted(&unit::show(&Value::Bytes(limits.get(limit)))),
            ValueType::Duration => quoted(&unit::show(&Value::Duration(limits.get(limit) as f64 * 1e3))),
            _ => limits.get(limit).to_string(),
        };
        writeln!(text, "{key} = {value}  # {}", origin(&key))
    })?;
    match &config.baseline {
        Some(baseline) => writeln!(text, "baseline = {}  # {}", quoted(baseline), origin("baseline")),
        None => Ok(()),
    }
}

fn place(location: &Location) -> String {
    format!("{}:{}", location.path, location.place.line)
}

fn service(rule: &ServiceRule, text: &mut String) -> std::fmt::Result {
    let at = rule.location.as_ref().map(place).unwrap_or_default();
    writeln!(text, "\n[[service]]  # {at}")?;
    fn said(said: &Option<Said<String>>) -> Option<(&str, &Location)> {
        said.as_ref().map(|said| (said.value.as_str(), &said.at))
    }
    for (key, word) in [("path", &rule.root), ("service", &rule.matches_name)] {
        if let Some(word) = word {
            writeln!(text, "{key} = {}", quoted(word))?;
        }
    }
    let words = [
        ("language", rule.add.as_ref().map(|add| (add.value.word(), &add.at))),
        ("name", said(&rule.rename)),
        ("role", rule.role.as_ref().map(|role| (role.value.word(), &role.at))),
        ("owner", said(&rule.owner)),
        ("ignore", said(&rule.ignore)),
    ];
    for (key, word) in words {
        if let Some((word, at)) = word {
            writeln!(text, "{key} = {}  # {}", quoted(word), place(at))?;
        }
    }
    for budget in &rule.latency {
        let Budget { limit_us, percentile } = budget.value;
        let percentile = percentile.map_or(String::new(), |percentile| format!(", percentile = \"{percentile}%\""));
        writeln!(text, "facts.latency = {{ limit = \"{limit_us}us\"{percentile} }}  # {}", place(&budget.at))?;
    }
    for (key, words) in [("traits", &rule.traits), ("deploy", &rule.deploy)] {
        if let Some(first) = words.first() {
            let words: Vec<String> = words.iter().map(|word| word.value.clone()).collect();
            writeln!(text, "facts.{key} = {}  # {}", list(&words), place(&first.at))?;
        }
    }
    for fact in &rule.facts {
        let value = match &fact.value {
            Value::Number(_) | Value::Flag(_) => unit::show(&fact.value),
            other => quoted(&unit::show(other)),
        };
        writeln!(text, "facts.{} = {value}  # {}", fact.key, place(&fact.location))?;
    }
    Ok(())
}

fn allow(allow: &Allow, text: &mut String) -> std::fmt::Result {
    writeln!(text, "\n[[allow]]  # {}", place(&allow.location))?;
    writeln!(text, "policy = {}\nservice = {}", quoted(&allow.policy), quoted(&allow.service))?;
    writeln!(text, "reason = {}\nowner = {}", quoted(&allow.reason), quoted(&allow.owner))?;
    match &allow.until {
        Some(until) => writeln!(text, "until = {until}"),
        None => Ok(()),
    }
}

fn list(items: &[String]) -> String {
    format!("[{}]", items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", "))
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The word for a level.
pub fn level_word(level: Level) -> &'static str {
    match level {
        Level::Default => "default",
        Level::Off => "off",
        Level::Note => "note",
        Level::Warning => "warning",
        Level::Error => "error",
    }
}

/// What `fitcheck init` writes: everything commented out, so that it changes nothing until someone decides.
pub const INIT: &str = r#"#:schema ./fitcheck.schema.json
# `fitcheck schema config > fitcheck.schema.json` writes the schema that the first line names, for editors.

# fitcheck: what no scan can see, and what this team decided.
# `fitcheck config` prints what is in force and where each value comes from.

# Layers, policies and signals of your own. `fitcheck policy vendor URL@REV` writes a pinned copy of an organisation's.
# extends = ["org/base.toml"]
# policies = ["policies"]
# extractors = ["conventions"]

# Paths that are not scanned, beside what git ignores.
# exclude = ["experiments/**"]

# [history]
# window-days = 365
# bots = ["release-train", "sync@ci.example.com"]   # programs that commit, beside those that are known
# bulk-files = 300              # a commit that changes more files of services is an import

# What the team knows about a service; declared beats detected.
# [[service]]
# path = "services/ledger"
# owner = "payments"
# [service.facts]
# latency = { limit = "5ms", percentile = "99.9%" }
# panic-cost = "money"          # none, low, money, trust, safety
# horizon-years = 5
# spec-stability = "rarely"     # weekly, monthly, rarely, frozen
# team-plan = "same-people"     # same-people, rotating, contractors, hiring, unknown

# A policy's level and figures; `fitcheck explain tail-latency` lists them.
# [policy.tail-latency]
# level = "warning"             # off, note, warning, error
# budget = "1ms"

# A finding that is a decision; `fitcheck allow` writes the entry.
# [[allow]]
# policy = "cloud-native-service"
# service = "services/ledger"
# reason = "the people who maintain it write Rust"
# owner = "payments"
# until = 2027-06-30
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{layer, resolve};
    use crate::spanned::Reader;

    #[test]
    fn the_effective_configuration_is_toml_again() {
        let text = effective(&Config::default());
        assert!(text.contains("budget = \"1 ms\"  # default, document 000"), "{text}");
        let (layer, mistakes) = layer::read("fitcheck.toml", ".", &text);
        assert_eq!(mistakes, Vec::new());
        let mut config = Config::default();
        let mut reader = Reader { path: "fitcheck.toml".into(), mistakes: Vec::new() };
        for setting in &layer.settings {
            resolve::set(&mut reader, &mut config.policies, setting);
        }
        assert_eq!(reader.mistakes, Vec::new());
        let values = |config: &Config| -> Vec<Value> {
            let policies = &config.policies.policies;
            policies.iter().flat_map(|policy| &policy.parameters).map(|parameter| parameter.value.clone()).collect()
        };
        assert_eq!(values(&config), values(&Config::default()));
    }

    #[test]
    fn the_starting_file_is_sound_with_and_without_its_comments() {
        let bare: String = INIT.lines().skip(5).map(|line| line.strip_prefix("# ").unwrap_or(line)).fold(
            String::new(),
            |mut text, line| {
                // Sentences stay comments; they are the lines that are no TOML.
                if line.is_empty() || line.contains(" = ") || line.starts_with('[') {
                    text.push_str(line);
                    text.push('\n');
                }
                text
            },
        );
        for text in [INIT, &bare] {
            assert_eq!(layer::read("fitcheck.toml", ".", text).1, Vec::new(), "{text}");
        }
    }
}
