//! One configuration file: its keys, with spans. Nothing here is merged, and no policy is known yet.

mod allow;
mod limits;
mod service;

use std::ops::Range;
use std::sync::Arc;

use crate::config::{Origin, glob_set};
use crate::finding::Severity;
use crate::limits::Setting;
use crate::policy::unit;
use crate::report::Format;
use crate::signal::Value;
use crate::source::{Location, Text};
use crate::spanned::{Item, Mistake, Node, Reader, Table};

pub use allow::Allow;
pub use service::{Budget, Said, ServiceRule};

/// What one file says.
#[derive(Clone, Debug, Default)]
pub struct Layer {
    pub extends: Vec<(String, Range<usize>)>,
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    pub window_days: Option<u32>,
    /// Names and addresses of programs whose commits count for nobody.
    pub bots: Vec<String>,
    /// Files of services in one commit above which it is an import.
    pub bulk_files: Option<u32>,
    pub format: Option<Format>,
    pub fail_on: Option<Severity>,
    pub baseline: Option<String>,
    pub limits: Vec<Setting>,
    /// Directories of own policies, relative to the file.
    pub policy_directories: Vec<(String, Range<usize>)>,
    /// Directories of extractors, relative to the file.
    pub extractor_directories: Vec<(String, Range<usize>)>,
    pub settings: Vec<PolicySetting>,
    pub services: Vec<ServiceRule>,
    pub allows: Vec<Allow>,
    pub origins: Vec<Origin>,
}

/// `[policy.ID]`: a level or a parameter, for the whole repository or for some paths.
#[derive(Clone, Debug)]
pub struct PolicySetting {
    /// Empty: everywhere.
    pub paths: Vec<String>,
    pub policy: String,
    pub policy_range: Range<usize>,
    pub key: String,
    pub key_range: Range<usize>,
    pub value: Item,
    pub file: Arc<str>,
    pub line: u32,
}

const KEYS: &[&str] = &[
    "extends",
    "include",
    "exclude",
    "history",
    "limits",
    "fail-on",
    "format",
    "baseline",
    "policies",
    "extractors",
    "policy",
    "override",
    "service",
    "allow",
    "name",
    "role",
    "owner",
    "ignore",
    "facts",
];

/// Keys that speak of the service in whose directory the file lies.
const OWN_KEYS: &[&str] = &["name", "role", "owner", "ignore", "facts"];

/// Reads one layer. `directory` is where it lies (`.` for the root): paths in it start there.
pub fn read(path: &str, directory: &str, text: &str) -> (Layer, Vec<Mistake>) {
    let (mut reader, document) = Reader::parse(path, text);
    let Node::Table(table) = &document.node else { return (Layer::default(), reader.mistakes) };
    reader.only_keys(table, KEYS);
    let text = Text::new(path, text);
    let mut file = File { reader: &mut reader, text: &text, directory };
    let layer = file.layer(table);
    (layer, reader.mistakes)
}

struct File<'a> {
    reader: &'a mut Reader,
    text: &'a Text<'a>,
    directory: &'a str,
}

impl File<'_> {
    fn layer(&mut self, table: &Table) -> Layer {
        let mut layer = Layer {
            extends: self.strings(table, "extends"),
            include: self.globs(table, "include"),
            exclude: self.globs(table, "exclude"),
            format: self.format(table),
            fail_on: self.fail_on(table),
            baseline: self.baseline(table),
            limits: self.limits(table),
            policy_directories: self.strings(table, "policies"),
            extractor_directories: self.strings(table, "extractors"),
            origins: self.origins(table, ""),
            ..Layer::default()
        };
        self.history(table, &mut layer);
        let here = if self.directory == "." { Vec::new() } else { vec![self.directory.to_owned()] };
        layer.settings = self.settings(table, &here);
        for item in self.items(table, "override") {
            layer.settings.extend(self.override_table(&item));
        }
        for item in self.items(table, "service") {
            layer.services.extend(self.service(&item));
        }
        if OWN_KEYS.iter().any(|key| table.get(key).is_some()) {
            layer.services.push(self.about(table, ServiceRule::of(self.directory)));
        }
        for item in self.items(table, "allow") {
            layer.allows.extend(self.allow(&item));
        }
        layer
    }

    /// The baseline is read and written: it must lie in the repository.
    fn baseline(&mut self, table: &Table) -> Option<String> {
        let (path, range) = self.reader.text(table, "baseline")?;
        if path.starts_with('/') || path.contains(['\\', ':']) || path.split('/').any(|part| part == "..") {
            self.reader.wrong(range, format!("`{path}` leads out of the repository"), None);
            return None;
        }
        Some(path.to_owned())
    }

    /// Single values of this file, for people who ask where one comes from.
    fn origins(&self, table: &Table, prefix: &str) -> Vec<Origin> {
        let mut origins = Vec::new();
        for entry in &table.entries {
            let key = format!("{prefix}{}", entry.key);
            if let Node::Table(table) = &entry.item.node
                && matches!(key.as_str(), "history" | "limits")
            {
                origins.extend(self.origins(table, &format!("{key}.")));
            } else if !matches!(key.as_str(), "policy" | "override" | "service" | "allow" | "facts") {
                let place = format!("{}:{}", self.reader.path, self.text.place(entry.key_range.clone()).line);
                origins.push(Origin { key, value: shown(&entry.item.node), place });
            }
        }
        origins
    }

    fn items(&mut self, table: &Table, key: &str) -> Vec<Item> {
        self.reader.list(table, key).map(|(items, _)| items.to_vec()).unwrap_or_default()
    }

    fn strings(&mut self, table: &Table, key: &str) -> Vec<(String, Range<usize>)> {
        table.get(key).map(|item| self.reader.texts(item, key)).unwrap_or_default()
    }

    fn globs(&mut self, table: &Table, key: &str) -> Vec<String> {
        let globs = self.strings(table, key);
        for (glob, range) in &globs {
            if let Err(reason) = glob_set(std::slice::from_ref(glob)) {
                self.reader.wrong(range.clone(), format!("`{glob}` is no glob: {reason}"), None);
            }
        }
        globs.into_iter().map(|(glob, _)| self.below(&glob)).collect()
    }

    /// A path as written in this file, from the repository's root.
    fn below(&self, path: &str) -> String {
        match (self.directory, path) {
            (".", path) => path.to_owned(),
            (directory, ".") => directory.to_owned(),
            (directory, path) => format!("{directory}/{path}"),
        }
    }

    fn history(&mut self, table: &Table, layer: &mut Layer) {
        let Some((history, _)) = self.reader.table(table, "history") else { return };
        self.reader.only_keys(history, &["window-days", "bots", "bulk-files"]);
        layer.window_days = self.whole_number(history, "window-days", 7, 36_500);
        layer.bulk_files = self.whole_number(history, "bulk-files", 1, 1_000_000);
        for (bot, range) in self.strings(history, "bots") {
            if bot.trim().is_empty() {
                self.reader.wrong(
                    range,
                    "`bots` lists names or addresses as commits carry them; this one is empty",
                    None,
                );
            } else {
                layer.bots.push(bot.trim().to_owned());
            }
        }
    }

    fn whole_number(&mut self, table: &Table, key: &str, least: u32, most: u32) -> Option<u32> {
        let (number, range) = self.reader.number(table, key)?;
        if !(f64::from(least)..=f64::from(most)).contains(&number) || number.fract() != 0.0 {
            self.reader.wrong(range, format!("`{key}` must be a whole number between {least} and {most}"), None);
            return None;
        }
        Some(number as u32)
    }

    fn format(&mut self, table: &Table) -> Option<Format> {
        let (word, range) = self.reader.text(table, "format")?;
        let names: Vec<&str> = Format::ALL.iter().map(|format| format.name).collect();
        self.reader.one_of("format", word, &range, &names);
        Format::ALL.iter().copied().find(|format| format.name == word)
    }

    fn fail_on(&mut self, table: &Table) -> Option<Severity> {
        let (word, range) = self.reader.text(table, "fail-on")?;
        self.reader.one_of("severity", word, &range, &["note", "warning", "error"]);
        match word {
            "note" => Some(Severity::Note),
            "warning" => Some(Severity::Warning),
            "error" => Some(Severity::Error),
            _ => None,
        }
    }

    fn override_table(&mut self, item: &Item) -> Vec<PolicySetting> {
        let Some(table) = self.reader.as_table(item, "override") else { return Vec::new() };
        self.reader.only_keys(table, &["paths", "policy"]);
        let paths = self.globs(table, "paths");
        if paths.is_empty() {
            self.reader.wrong(item.range.clone(), "`override` needs `paths`", None);
        }
        self.settings(table, &paths)
    }

    fn settings(&mut self, table: &Table, paths: &[String]) -> Vec<PolicySetting> {
        let Some((policies, _)) = self.reader.table(table, "policy") else { return Vec::new() };
        let mut settings = Vec::new();
        for policy in &policies.entries {
            let Some(keys) = self.reader.as_table(&policy.item, &policy.key) else { continue };
            settings.extend(keys.entries.iter().map(|entry| PolicySetting {
                paths: paths.to_vec(),
                policy: policy.key.clone(),
                policy_range: policy.key_range.clone(),
                key: entry.key.clone(),
                key_range: entry.key_range.clone(),
                value: entry.item.clone(),
                file: self.reader.path.clone(),
                line: self.text.place(entry.key_range.clone()).line,
            }));
        }
        settings
    }

    fn location(&self, range: Range<usize>) -> Location {
        Location { path: self.reader.path.clone(), place: self.text.place(range) }
    }
}

/// A value as people write it.
pub(super) fn shown(node: &Node) -> String {
    match node {
        Node::Text(text) | Node::Date(text) => text.clone(),
        Node::Number(number) => unit::show(&Value::Number(*number)),
        Node::Flag(flag) => flag.to_string(),
        Node::List(items) => items.iter().map(|item| shown(&item.node)).collect::<Vec<_>>().join(", "),
        Node::Table(_) => "…".to_owned(),
    }
}
