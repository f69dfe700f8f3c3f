//! What Helm templates put in: values of the chart, of the charts that use it, and named templates.
//!
//! In: marks of values, charts, dependencies and definitions. Out: the text of an image with what is known put in;
//! what nothing gives becomes empty.

use std::collections::{BTreeMap, BTreeSet};

use crate::fact::FactKind;
use crate::path::{join, parent};

use super::repository::{FileEntry, Repository};

/// All charts of a repository.
#[derive(Debug, Default)]
pub struct Charts {
    /// Chart directory and dotted path of a value → the value.
    values: BTreeMap<(String, String), String>,
    /// Name of a template → directory of the file that defines it, and its body.
    defines: BTreeMap<String, Vec<(String, String)>>,
    /// Chart directory → charts that depend on it, with the key under which they give it values.
    users: BTreeMap<String, Vec<(String, String)>>,
    /// Chart directory → its name.
    names: BTreeMap<String, String>,
}

/// Charts that use charts that use charts; and templates that include templates.
const DEEPEST: usize = 4;

impl Charts {
    pub fn new(repository: &Repository) -> Charts {
        let mut charts = Charts::default();
        let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut dependencies: Vec<(String, &str)> = Vec::new();
        for (file, fact) in repository.facts() {
            let FactKind::Mark { name, detail } = &fact.kind else { continue };
            let directory = file.directory().to_owned();
            match (name.as_str(), detail.split_once('=')) {
                ("helm-image", Some((path, value))) => {
                    charts.values.insert((directory, path.to_owned()), value.to_owned());
                }
                ("helm-define", Some((name, body))) => {
                    charts.defines.entry(name.to_owned()).or_default().push((directory, body.to_owned()));
                }
                ("helm-chart", _) => {
                    charts.names.insert(directory.clone(), detail.clone());
                    named.entry(detail.clone()).or_default().insert(directory);
                }
                ("helm-dependency", _) => dependencies.push((directory, detail)),
                _ => {}
            }
        }
        for (user, detail) in dependencies {
            let mut parts = detail.split('|');
            let (name, key, at) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
            let given = at.strip_prefix("file://").and_then(|path| join(&user, path));
            let inside = join(&user, &format!("charts/{name}")).filter(|path| repository.has_directory(path));
            let only = named.get(name).filter(|found| found.len() == 1).and_then(|found| found.first().cloned());
            if let Some(used) = given.or(inside).or(only).filter(|used| *used != user) {
                charts.users.entry(used).or_default().push((user, key.to_owned()));
            }
        }
        charts
    }

    /// What the charts are called.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.values().map(String::as_str)
    }

    /// The name of the chart that holds a directory.
    fn name_of(&self, directory: &str) -> Option<&String> {
        let mut at = directory;
        loop {
            match self.names.get(at) {
                Some(name) => return Some(name),
                None if at == "." => return None,
                None => at = parent(at),
            }
        }
    }

    /// Puts in the chart's values for `{{ … .Values.a.b … }}` and the bodies of templates that an action includes.
    pub fn expand(&self, file: &FileEntry, text: &str) -> String {
        self.expand_at(file.directory(), text, 0)
    }

    fn expand_at(&self, directory: &str, text: &str, depth: usize) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("{{") {
            out.push_str(&rest[..at]);
            let Some(end) = rest[at..].find("}}") else { return out };
            let action = &rest[at + 2..at + end];
            if !steers(action) {
                let included = self.included(directory, action, depth);
                out.push_str(&included.or_else(|| self.value(directory, action)).unwrap_or_default());
            }
            rest = &rest[at + end + 2..];
        }
        out.push_str(rest);
        out
    }

    /// The body of `include "name" .`, where it gives a text by itself.
    fn included(&self, directory: &str, action: &str, depth: usize) -> Option<String> {
        let at = ["include ", "template "].iter().find_map(|word| Some(action.find(word)? + word.len()))?;
        let name = action[at..].trim_start().strip_prefix('"')?.split('"').next()?;
        let known = self.defines.get(name).filter(|_| depth < DEEPEST)?;
        let shared = |other: &str| other.split('/').zip(directory.split('/')).take_while(|(a, b)| a == b).count();
        let (_, body) = known.iter().max_by_key(|(other, _)| shared(other))?;
        Some(self.expand_at(directory, body, depth + 1)).filter(|text| text.chars().any(char::is_alphanumeric))
    }

    /// The value of an action: of several that it names, the one that is a name and no registry or tag.
    fn value(&self, directory: &str, action: &str) -> Option<String> {
        // `printf "%s/%s:%s" .Values.registry .Chart.Name …`: what stands behind the slash is the name.
        if action.contains(".Chart.Name") && (action.contains("/%s") || !action.contains(".Values.")) {
            return self.name_of(directory).cloned();
        }
        let mut first = None;
        for (at, _) in action.match_indices(".Values.") {
            let path: String =
                action[at + 8..].chars().take_while(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-')).collect();
            let Some(found) = self.given(directory, path.trim_end_matches('.'), 0) else { continue };
            if !is_address(&path) {
                return Some(found);
            }
            first = first.or(Some(found));
        }
        first
    }

    /// Looks up a value in the chart, in those that use it, then in what stands above.
    fn given(&self, directory: &str, path: &str, depth: usize) -> Option<String> {
        let mut chart = directory;
        loop {
            for candidate in [path.to_owned(), format!("{path}.repository"), format!("{path}.name")] {
                if let Some(found) = self.values.get(&(chart.to_owned(), candidate)) {
                    return Some(found.clone());
                }
            }
            for (user, key) in self.users.get(chart).into_iter().flatten().filter(|_| depth < DEEPEST) {
                let own = self.given(user, &format!("{key}.{path}"), depth + 1);
                if let Some(found) = own.or_else(|| self.given(user, path, depth + 1)) {
                    return Some(found);
                }
            }
            if chart == "." {
                return None;
            }
            chart = parent(chart);
        }
    }
}

/// Whether an action only decides or sets, and prints nothing.
fn steers(action: &str) -> bool {
    let body = action.trim_start_matches('-').trim_start();
    let word = body.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or("");
    matches!(word, "if" | "else" | "end" | "range" | "with" | "define" | "block")
        || body.starts_with('$') && body.contains(":=")
}

/// Whether a value says where an image lies or which version it has, not what it is called.
fn is_address(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path).to_ascii_lowercase();
    ["registry", "tag", "version", "digest", "policy", "hub"].iter().any(|word| last.ends_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::{Binding, Fact, FileFacts};
    use crate::scope::Scope;
    use crate::source::Place;

    fn file(path: &str, marks: &[(&str, &str)]) -> FileEntry {
        let facts = marks.iter().map(|(name, detail)| Fact {
            kind: FactKind::Mark { name: (*name).to_owned(), detail: (*detail).to_owned() },
            place: Place::default(),
            binding: Binding::Here,
            constraint: None,
        });
        FileEntry {
            path: path.into(),
            scope: Scope::Shipped,
            krate: None,
            facts: Box::new(FileFacts { facts: facts.collect(), ..FileFacts::default() }),
        }
    }

    fn charts() -> (Repository, Charts) {
        let files = vec![
            file(
                "c/app/Chart.yaml",
                &[
                    ("helm-chart", "app"),
                    ("helm-dependency", "shared|shared|file://../shared"),
                    ("helm-dependency", "sub|worker|"),
                ],
            ),
            file("c/app/charts/sub/Chart.yaml", &[("helm-chart", "sub")]),
            file("c/app/charts/sub/templates/d.yaml", &[]),
            file(
                "c/app/templates/_h.tpl",
                &[(
                    "helm-define",
                    "app.image={{ .Values.image.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag }}",
                )],
            ),
            file("c/app/templates/d.yaml", &[]),
            file(
                "c/app/values.yaml",
                &[
                    ("helm-image", "image.registry=r.io"),
                    ("helm-image", "image.repository=org/web"),
                    ("helm-image", "worker.image=org/worker"),
                    ("helm-image", "proxy.image.name=org/proxy"),
                ],
            ),
            file("c/shared/Chart.yaml", &[("helm-chart", "shared")]),
            file("c/shared/templates/_p.tpl", &[]),
        ];
        let repository = Repository::new(files, Vec::new());
        let charts = Charts::new(&repository);
        (repository, charts)
    }

    #[test]
    fn values_of_the_chart_of_its_users_and_of_templates() {
        let (repository, charts) = charts();
        let at = |path: &str, text: &str| charts.expand(repository.file(path).unwrap(), text);
        let own = "c/app/templates/d.yaml";
        assert_eq!(at(own, "{{ .Values.image.repository }}:{{ .Chart.Version }}"), "org/web:");
        assert_eq!(at(own, "{{ printf \"%s/%s\" .Values.image.registry .Values.image.repository }}"), "org/web");
        assert_eq!(at(own, "{{ include \"app.image\" . }}"), "r.io/org/web:");
        assert_eq!(at(own, "{{ include \"other.image\" (dict \"imageRoot\" .Values.image) }}"), "org/web");
        assert_eq!(at("c/app/charts/sub/templates/d.yaml", "{{ .Values.image }}"), "org/worker");
        assert_eq!(at("c/shared/templates/_p.tpl", "{{.Values.proxy.image.name}}:x"), "org/proxy:x");
        assert_eq!(at(own, "{{ if .Values.image.tag }}{{ .Values.image.repository }}{{ end }}"), "org/web");
        assert_eq!(at(own, "{{ printf \"%s/%s\" .Values.image.registry .Chart.Name }}"), "app");
        assert_eq!(at(own, "{{ .Values.none }}"), "");
        assert_eq!(at(own, "{{ open"), "");
    }
}
