//! The configuration as text: what is in force and where it comes from, and a file to start with.

use std::fmt::Write as _;

use crate::config::Config;
use crate::policy::manual::strength_word;
use crate::policy::{Level, unit};

/// Writes the effective configuration, each value with its origin, as TOML with comments.
pub fn effective(config: &Config) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(config, &mut text);
    text
}

fn write(config: &Config, text: &mut String) -> std::fmt::Result {
    writeln!(text, "include = {}", list(&config.include))?;
    writeln!(text, "exclude = {}", list(&config.exclude))?;
    writeln!(text, "history.window-days = {}", config.window_days.unwrap_or(365))?;
    if let Some(baseline) = &config.baseline {
        writeln!(text, "baseline = {}", quoted(baseline))?;
    }
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
            writeln!(text, "{} = \"{}\"  # {place}", parameter.name, unit::show(&parameter.value))?;
        }
    }
    for allow in &config.allows {
        let until = allow.until.as_deref().map_or(String::new(), |until| format!(" until {until}"));
        let place = format!("{}:{}", allow.location.path, allow.location.place.line);
        writeln!(text, "\n# allowed{until}: {} for {} ({place})", allow.policy, allow.service)?;
    }
    Ok(())
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
pub const INIT: &str = r#"# fitcheck: what no scan can see, and what this team decided.
# `fitcheck config` prints what is in force and where each value comes from.

# Paths that are not scanned, beside what git ignores.
# exclude = ["experiments/**"]

# [history]
# window-days = 365

# What the team knows about a service; declared beats detected.
# [[service]]
# path = "services/ledger"
# owner = "payments"
# [service.facts]
# latency = { limit = "5ms", percentile = "99.9%" }
# panic-cost = "money"          # none, low, money, trust, safety
# horizon-years = 5
# spec-stability = "rarely"     # weekly, monthly, rarely, frozen
# team-plan = "same-people"     # same-people, rotating, contractors, unknown

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
    use crate::config::layer;

    #[test]
    fn the_effective_configuration_is_toml_again() {
        let text = effective(&Config::default());
        assert!(text.contains("budget = \"1 ms\"  # default, document 000"), "{text}");
        assert!(text.parse::<toml::Table>().is_ok());
    }

    #[test]
    fn the_starting_file_is_sound_with_and_without_its_comments() {
        let bare: String = INIT.lines().skip(2).map(|line| line.strip_prefix("# ").unwrap_or(line)).fold(
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
            assert_eq!(layer::read("fitcheck.toml", "", text).1, Vec::new(), "{text}");
        }
    }
}
