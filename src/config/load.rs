//! Finds configuration files, follows `extends`, and merges the layers: the nearer one wins.
//!
//! Files are opened through a [`Shelf`] alone. Paths in a file of the repository stay inside it: the repository may
//! be hostile, and an error message would show what was read.

use std::path::Path;

use crate::config::layer::{self, Layer};
use crate::config::place::{Places, inside};
use crate::config::shelf::{Disk, Shelf};
use crate::config::{Config, FILE, Origin, resolve};
use crate::extract;
use crate::policy::builtin;
use crate::spanned::{Mistake, Reader, nearest};

/// The deepest chain of `extends`.
const DEPTH: usize = 16;

/// A configuration with everything that is wrong with it, and the texts that the mistakes point into.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    pub config: Config,
    pub mistakes: Vec<Mistake>,
    /// Path and text of every file read.
    pub texts: Vec<(String, String)>,
    /// The file that all began with, where there is one.
    pub entry: Option<String>,
    /// Directories of services whose own file was laid over.
    pub laid: Vec<String>,
    /// Directories of services that were looked into, one list for each call of [`load_services`].
    pub asked: Vec<Vec<String>>,
}

/// Loads `fitcheck.toml` of the root, or the file given on the command line, with all it extends.
pub fn load(root: &Path, given: Option<&Path>) -> Loaded {
    // A file that the user names on the command line may lie anywhere; what it extends lies beside it.
    if let Some(path) = given {
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        return load_from(&Disk(directory), Some(&name));
    }
    let disk = Disk(root);
    load_from(&disk, disk.has(FILE).then_some(FILE))
}

/// Loads a file of a shelf with all it extends; without one, what holds where nothing is configured.
pub fn load_from(shelf: &dyn Shelf, entry: Option<&str>) -> Loaded {
    let mut files = Files::on(shelf);
    if let Some(entry) = entry {
        files.layer(entry, ".", &mut Vec::new());
    }
    Loaded { entry: entry.map(str::to_owned), ..files.finish() }
}

/// Adds the files in the services' own directories; called when the services are known.
pub fn load_services<'a>(loaded: &mut Loaded, shelf: &dyn Shelf, services: impl Iterator<Item = &'a str>) {
    let mut directories: Vec<&str> = services.filter(|directory| *directory != ".").collect();
    directories.sort_unstable();
    directories.dedup();
    loaded.asked.push(directories.iter().map(|&directory| directory.to_owned()).collect());
    for directory in directories {
        let path = format!("{directory}/{FILE}");
        // A second call, for the base of a comparison, finds the files already laid over.
        let known = loaded.texts.iter().any(|(read, _)| *read == path);
        if known || !shelf.has(&path) {
            continue;
        }
        loaded.laid.push(directory.to_owned());
        let mut files = Files::on(shelf);
        files.layer(&path, directory, &mut Vec::new());
        loaded.mistakes.append(&mut files.mistakes);
        loaded.texts.append(&mut files.texts);
        for (layer, path) in files.layers {
            loaded.mistakes.extend(at_the_root(&layer, &path));
            merge(&mut loaded.config, layer, &mut loaded.mistakes);
        }
        let standing = loaded.mistakes.clone();
        let unknown = unknown_exceptions(&loaded.config).into_iter().filter(|mistake| !standing.contains(mistake));
        loaded.mistakes.extend(unknown);
    }
}

struct Files<'a> {
    places: Places<'a>,
    layers: Vec<(Layer, String)>,
    own: Vec<(String, String)>,
    extractors: Vec<(String, String)>,
    mistakes: Vec<Mistake>,
    texts: Vec<(String, String)>,
}

impl<'a> Files<'a> {
    fn on(shelf: &'a dyn Shelf) -> Files<'a> {
        Files {
            places: Places::new(shelf),
            layers: Vec::new(),
            own: Vec::new(),
            extractors: Vec::new(),
            mistakes: Vec::new(),
            texts: Vec::new(),
        }
    }

    /// Reads one file and, before it, what it extends. `open` is the chain that led here.
    fn layer(&mut self, path: &str, directory: &str, open: &mut Vec<String>) {
        let Some(text) = self.text(path) else { return };
        let (layer, mistakes) = layer::read(path, directory, &text);
        self.mistakes.extend(mistakes);
        self.texts.push((path.to_owned(), text));
        open.push(path.to_owned());
        for (extended, range) in &layer.extends {
            let mut reader = Reader { path: path.into(), mistakes: Vec::new() };
            match inside(path, extended) {
                None => reader.wrong(
                    range.clone(),
                    format!("`{extended}` leads out of the repository"),
                    Some("`--config` may name any file".to_owned()),
                ),
                Some(target) if open.contains(&target) => {
                    reader.wrong(
                        range.clone(),
                        format!("`extends` goes in a circle: {} → {target}", open.join(" → ")),
                        None,
                    );
                }
                Some(_) if open.len() >= DEPTH => reader.wrong(range.clone(), "`extends` goes too deep", None),
                Some(target) if !self.places.exists(&target) => {
                    reader.wrong(range.clone(), format!("cannot read `{target}`: it is not there"), None);
                }
                // A layer's paths are the repository's, wherever the layer lies.
                Some(target) => self.layer(&target, directory, open),
            }
            self.mistakes.append(&mut reader.mistakes);
        }
        open.pop();
        let policies = layer.policy_directories.iter().map(|named| ("policies", named));
        let extractors = layer.extractor_directories.iter().map(|named| ("extractors", named));
        for (what, (named, range)) in policies.chain(extractors) {
            let Some(files) = inside(path, named).and_then(|directory| self.directory(&directory)) else {
                let mut reader = Reader { path: path.into(), mistakes: Vec::new() };
                reader.wrong(range.clone(), format!("cannot read {what} from `{named}`"), None);
                self.mistakes.append(&mut reader.mistakes);
                continue;
            };
            if what == "policies" { self.own.extend(files) } else { self.extractors.extend(files) }
        }
        self.layers.push((layer, path.to_owned()));
    }

    /// Reads the TOML files of a directory, by name.
    fn directory(&mut self, directory: &str) -> Option<Vec<(String, String)>> {
        let names = self.places.list(directory)?;
        let mut files = Vec::new();
        for name in names {
            let path = match directory {
                "." => name,
                top if top.ends_with('/') => format!("{top}{name}"),
                directory => format!("{directory}/{name}"),
            };
            let Some(text) = self.text(&path) else { continue };
            self.texts.push((path.clone(), text.clone()));
            files.push((path, text));
        }
        Some(files)
    }

    fn text(&mut self, path: &str) -> Option<String> {
        match self.places.text(path) {
            Ok(text) => Some(text),
            Err(reason) => {
                self.mistakes.push(Mistake {
                    path: path.into(),
                    start: 0,
                    end: 0,
                    message: format!("cannot read `{path}`: {reason}"),
                    hint: None,
                    warning: false,
                });
                None
            }
        }
    }

    fn finish(self) -> Loaded {
        let mut mistakes = self.mistakes;
        let own = self.own.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        let (own, found) = builtin::load(own, false);
        mistakes.extend(found);
        let extractors = self.extractors.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        let (extractors, found) = extract::load(extractors);
        mistakes.extend(found);
        let policies = builtin::overlay(builtin::shipped(), own);
        let mut config = Config { policies, extractors, ..Config::default() };
        mistakes.extend(builtin::dangling(&config.policies));
        for (layer, _) in self.layers {
            merge(&mut config, layer, &mut mistakes);
        }
        mistakes.extend(unknown_exceptions(&config));
        mistakes.sort();
        Loaded { config, mistakes, texts: self.texts, ..Loaded::default() }
    }
}

/// Policies and extractors judge the whole repository: a service's own file names none.
fn at_the_root(layer: &Layer, path: &str) -> Vec<Mistake> {
    let mut reader = Reader { path: path.into(), mistakes: Vec::new() };
    let policies = layer.policy_directories.iter().map(|(_, range)| ("policies", range));
    let extractors = layer.extractor_directories.iter().map(|(_, range)| ("extractors", range));
    for (key, range) in policies.chain(extractors) {
        let hint = Some("its levels and parameters can be set here".to_owned());
        reader.wrong(range.clone(), format!("`{key}` is named at the root of the repository"), hint);
    }
    reader.mistakes
}

/// Finds exceptions to policies that there are not.
fn unknown_exceptions(config: &Config) -> Vec<Mistake> {
    let ids = || config.policies.policies.iter().map(|policy| policy.id.as_str());
    let unknown = config.allows.iter().filter(|allow| !ids().any(|id| id == allow.policy));
    unknown
        .map(|allow| Mistake {
            path: allow.location.path.clone(),
            start: allow.location.place.start as usize,
            end: allow.location.place.end as usize,
            message: format!("unknown policy `{}`", allow.policy),
            hint: nearest(&allow.policy, ids()).map(|near| format!("did you mean `{near}`?")),
            warning: false,
        })
        .collect()
}

/// Lays one layer over the configuration.
fn merge(config: &mut Config, layer: Layer, mistakes: &mut Vec<Mistake>) {
    config.include.extend(layer.include);
    config.exclude.extend(layer.exclude);
    config.window_days = layer.window_days.or(config.window_days);
    config.bots.extend(layer.bots);
    config.bulk_files = layer.bulk_files.or(config.bulk_files);
    config.format = layer.format.or(config.format);
    config.fail_on = layer.fail_on.or(config.fail_on);
    config.limits.extend(layer.limits);
    config.baseline = layer.baseline.or(config.baseline.take());
    config.services.extend(layer.services);
    config.allows.extend(layer.allows);
    config.origins.extend(layer.origins);
    for setting in layer.settings {
        let mut reader = Reader { path: setting.file.clone(), mistakes: Vec::new() };
        if setting.paths.is_empty() {
            resolve::set(&mut reader, &mut config.policies, &setting);
        } else {
            // Tried on a copy, so that mistakes are reported now and nothing is left to say later.
            resolve::set(&mut reader, &mut config.policies.clone(), &setting);
        }
        config.origins.push(Origin {
            key: format!("{}policy.{}.{}", narrowed(&setting.paths), setting.policy, setting.key),
            value: layer::shown(&setting.value.node),
            place: format!("{}:{}", setting.file, setting.line),
        });
        if !setting.paths.is_empty() && reader.mistakes.is_empty() {
            config.narrowed.push(setting);
        }
        mistakes.append(&mut reader.mistakes);
    }
}

/// What a key of some paths alone begins with.
fn narrowed(paths: &[String]) -> String {
    if paths.is_empty() { String::new() } else { format!("{}: ", paths.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::is_fatal;
    use crate::policy::unit;

    fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a directory");
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
            std::fs::write(path, text).expect("a file");
        }
        root
    }

    #[test]
    fn layers_merge_and_the_nearer_wins() {
        let root = repository(&[
            ("fitcheck.toml", "extends = [\"org/base.toml\"]\n[policy.tail-latency]\nbudget = \"2ms\"\n"),
            ("org/base.toml", "exclude = [\"third\"]\n[policy.tail-latency]\nbudget = \"500us\"\ntail = \"95%\"\n"),
            ("a/fitcheck.toml", "role = \"job\"\n[policy.crud-service]\nlevel = \"off\"\n"),
        ]);
        let mut loaded = load(root.path(), None);
        assert_eq!(loaded.mistakes, Vec::new());
        let policy = loaded.config.policies.get("tail-latency").expect("shipped");
        let budget = policy.parameter("budget").expect("a parameter");
        assert_eq!((unit::show(&budget.value), budget.origin.as_deref()), ("2 ms".into(), Some("fitcheck.toml:3")));
        assert_eq!(policy.parameter("tail").map(|tail| unit::show(&tail.value)), Some("p95".into()));
        load_services(&mut loaded, &Disk(root.path()), ["a", "."].into_iter());
        assert_eq!(loaded.mistakes, Vec::new());
        let mut service = crate::service::Service::named("a", crate::service::Language::Rust);
        let off = |config: &Config, service: &crate::service::Service| {
            config.policies_for(service).get("crud-service").map(|policy| policy.level)
                == Some(crate::policy::Level::Off)
        };
        assert!(off(&loaded.config, &service));
        service.root = "ab".into();
        assert!(!off(&loaded.config, &service));
    }

    #[test]
    fn mistakes_of_all_files_come_at_once() {
        let root = repository(&[
            (
                "fitcheck.toml",
                "extends = [\"b.toml\", \"../up.toml\", \"none.toml\"]\npolicies = [\"own\"]\nexcldue = []\n\
                 [policy.tail-latncy]\nlevel = \"off\"\n[policy.tail-latency]\nbugdet = \"1ms\"\nbudget = \"9s\"\n\
                 [[allow]]\npolicy = \"x\"\nreason = \"r\"\nuntil = \"soon\"\n\
                 [[service]]\npath = \"a\"\nrole = \"servce\"\n[service.facts]\npanic-cost = \"mony\"\nlatency = \"1 parsec\"\n",
            ),
            ("b.toml", "extends = [\"fitcheck.toml\"]\nexclude = [\"a[\"]\n"),
            ("own/one.toml", "id = \"one\"\n"),
        ]);
        let loaded = load(root.path(), None);
        assert!(is_fatal(&loaded.mistakes));
        let messages: Vec<&str> = loaded.mistakes.iter().map(|mistake| mistake.message.as_str()).collect();
        for wanted in [
            "`extends` goes in a circle",
            "`../up.toml` leads out of the repository",
            "cannot read `none.toml`: it is not there",
            "unknown key `excldue`",
            "unknown policy `tail-latncy`",
            "`tail-latency` has no parameter `bugdet`",
            "`budget` is out of range",
            "missing key `owner`",
            "`allow` needs `service` or `path`",
            "unknown role `servce`",
            "unknown panic-cost `mony`",
            "`1 parsec` is not a duration",
            "`a[` is no glob",
            "missing key `title`",
        ] {
            assert!(messages.iter().any(|message| message.starts_with(wanted)), "{wanted}: {messages:#?}");
        }
    }

    #[test]
    fn ages_are_told_up_to_what_a_policy_asks_for() {
        let days = |text: &str| {
            let root = repository(&[("fitcheck.toml", text)]);
            let loaded = load(root.path(), None);
            assert_eq!(loaded.mistakes, Vec::new());
            loaded.config.age_days()
        };
        assert_eq!(days(""), 1826);
        assert_eq!(days("[policy.correctness-age]\nage = 3650\n"), 3651);
        let narrowed = "[[override]]\npaths = [\"a/**\"]\n[override.policy.stable-maintainers]\nage = 2000\n";
        assert_eq!(days(narrowed), 2001);
    }

    #[test]
    fn own_policies_stand_beside_the_shipped_and_replace_them() {
        let own = builtin::FILES[0].1.replacen("strength = \"decisive\"", "strength = \"weak\"", 1);
        let root = repository(&[("fitcheck.toml", "policies = [\"own\"]\n"), ("own/embedded.toml", &own)]);
        let loaded = load(root.path(), None);
        assert_eq!(loaded.mistakes, Vec::new());
        let policy = loaded.config.policies.get("embedded").expect("replaced");
        assert_eq!((policy.strength, policy.shipped), (crate::finding::Strength::Weak, false));
        assert_eq!(loaded.config.policies.policies.len(), builtin::FILES.len());
    }
}
