//! The view that all detectors of configuration files share: one parse, whatever the format.
//!
//! In: a [`Text`] of kind YAML, JSON, TOML or HCL. Out: [`ConfigView`] and what could not be read.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::tree::Node;
use super::{Kind, hcl, helm, json, toml_tree, yaml};
use crate::path;
use crate::problem::{Class, Flaw};
use crate::source::Text;

/// A configuration file as a tree.
#[derive(Debug)]
pub struct ConfigView<'a> {
    pub text: &'a Text<'a>,
    pub kind: Kind,
    /// The documents of the file in order; one for all formats but YAML.
    pub documents: Vec<Node>,
    /// The file is a template around YAML: scalars may be templated, whole parts may appear twice.
    pub templated: bool,
    /// Some of the file could not be read; line-wise looks may find more.
    pub broken: bool,
}

impl ConfigView<'_> {
    /// Returns the name of the file without directories.
    pub fn name(&self) -> &str {
        path::base(self.text.path)
    }

    /// Returns the first document; an empty file has none.
    pub fn root(&self) -> Option<&Node> {
        self.documents.first()
    }

    /// Returns the text of a node as it stands in the file.
    pub fn source(&self, node: &Node) -> &str {
        self.text.text.get(node.range.clone()).unwrap_or("")
    }
}

/// Reads a configuration file; `None` if the kind is none.
pub fn view<'a>(kind: Kind, text: &'a Text<'a>) -> Option<(ConfigView<'a>, Vec<Flaw>)> {
    let mut templated = false;
    let (documents, errors) = match kind {
        Kind::Yaml => {
            let (yaml, masked) = read_yaml(text);
            templated = masked;
            (yaml.documents, yaml.errors)
        }
        Kind::Json => match json::parse(text.text) {
            Ok(node) => (node.into_iter().collect(), Vec::new()),
            Err(error) => (Vec::new(), vec![error]),
        },
        Kind::Toml | Kind::CargoConfig | Kind::CargoToml => {
            let (node, errors) = toml_tree::parse(text.text);
            (vec![node], errors)
        }
        Kind::Hcl => {
            let (node, errors) = hcl::parse(text.text);
            (vec![node], errors)
        }
        _ => return None,
    };
    let broken = !errors.is_empty();
    let class = if broken { cost(kind, text, templated) } else { Class::LeftOut };
    let flaws =
        errors.into_iter().map(|(range, reason)| Flaw { reason, place: Some(text.place(range)), class }).collect();
    Some((ConfigView { text, kind, documents, templated, broken }, flaws))
}

/// What not reading a file whole may cost.
fn cost(kind: Kind, text: &Text<'_>, templated: bool) -> Class {
    // Only its own program can read a template whole: what does not parse around its actions is expected.
    let is_data = matches!(kind, Kind::Yaml | Kind::Json);
    let is_template = templated || text.path.ends_with(".tpl") || is_data && holds_statements(text.text);
    let says_nothing = is_data && !MARKS.is_match(text.text);
    if is_template || says_nothing { Class::Partial } else { Class::Lost }
}

/// Words of which at least one stands in every YAML or JSON file that any detector has something to say about, and the
/// beginning of an escape that could hide one. A file without them that is broken is samples, data or somebody's list.
static MARKS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let words = [
        "kind",
        "image",
        "service",
        "alert",
        "expr",
        "jobs",
        "steps",
        "build",
        "function",
        "resources",
        "deploy",
        "container",
        "latency",
        "p9",
        "p50",
        "percentile",
        "duration",
        "timeout",
        "slo",
        "objective",
        "threshold",
        "budget",
        "query",
        "linter",
        "rust",
        "cargo",
        "golang",
        "go ",
        "wasm",
        "crate",
        "memory",
        "docker",
        "helm",
        "chart",
        "repository",
        "openapi",
        "swagger",
        "pipeline",
        "task",
        "binar",
        "package",
        "lambda",
        "runtime",
        "toolchain",
        "napi",
        "maturin",
        "uniffi",
        "bindgen",
        "plugin",
        "record",
        "rules",
        "args",
        "command",
        "entrypoint",
        "\\u00",
        "\\x",
    ];
    // Asked of files that are broken, which are few: built for that alone, not for searching fast.
    let kind = Some(AhoCorasickKind::NoncontiguousNFA);
    let builder = AhoCorasick::builder().ascii_case_insensitive(true).kind(kind).build(words);
    builder.expect("because the words are constant")
});

/// Whether a text holds statements of a template, which only its own program can follow: of Jinja and its like, or the
/// end of one as Go, Handlebars or Mustache write it.
fn holds_statements(text: &str) -> bool {
    let is_end = |at: usize| {
        let action = text[at + 2..].trim_start_matches(['-', '~']).trim_start();
        let rest = action.strip_prefix("end").map(|rest| rest.trim_start().trim_start_matches('-'));
        action.starts_with('/') && !action.starts_with("/*") || rest.is_some_and(|rest| rest.starts_with("}}"))
    };
    text.contains("{%") && text.contains("%}") || memchr::memmem::find_iter(text.as_bytes(), b"{{").any(is_end)
}

/// Masks what is a template by its place, and what does not parse without.
fn read_yaml(text: &Text<'_>) -> (yaml::Yaml, bool) {
    let has_actions = memchr::memmem::find(text.text.as_bytes(), b"{{").is_some();
    if has_actions && is_template_path(text.path) {
        return (yaml::parse_masked(text.text, &helm::mask(text.text)), true);
    }
    let plain = yaml::parse(text.text);
    if plain.errors.is_empty() || !(has_actions || text.text.contains(['%', '@'])) {
        return (plain, false);
    }
    let masked = yaml::parse_masked(text.text, &helm::mask_with_words(text.text));
    if masked.errors.len() < plain.errors.len() { (masked, true) } else { (plain, false) }
}

fn is_template_path(path: &str) -> bool {
    path.ends_with(".tpl") || path.contains("/templates/") || path.starts_with("templates/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workflow_and_alert_expressions_are_not_masked() {
        let text =
            Text::new(".github/workflows/a.yml", "name: a\nenv:\n  X: ${{ github.sha }}\n  Y: 'at {{ $labels.x }}'\n");
        let (view, flaws) = view(Kind::Yaml, &text).unwrap();
        assert!(flaws.is_empty() && !view.templated);
        assert_eq!(view.root().unwrap().str_at(&["env", "X"]), Some("${{ github.sha }}"));
    }

    #[test]
    fn what_breaks_costs_what_it_could_hold() {
        let class = |kind, path, source| view(kind, &Text::new(path, source)).unwrap().1.first().map(|flaw| flaw.class);
        for (path, source, cost) in [
            ("a.yaml", "kind: [\n", Some(Class::Lost)),
            ("a.yaml", "title: [\n", Some(Class::Partial)),
            ("a.yaml", "\"k\\x69nd\": [\n", Some(Class::Lost)),
            ("a.yaml", "{% if a %}\nkind: %KIND%\n{% endif %}\n", None),
            ("a.yaml", "kind: %KIND\n", Some(Class::Lost)),
        ] {
            assert_eq!(class(Kind::Yaml, path, source), cost, "{source}");
        }
        for (source, cost) in [
            ("{\"a\": 1}\n{\"a\": 2}\n", Some(Class::Partial)),
            ("{\"image\": }", Some(Class::Lost)),
            ("{\"image\": {% for x in y %}1{% endfor %}", Some(Class::Partial)),
            ("{\"IMAGE\": {{- if .tag }} \"{{ .tag }}\" {{- end -}} }", Some(Class::Partial)),
            ("{\"image\": [{{#tags}}\"{{.}}\"{{/tags}}]}", Some(Class::Partial)),
            ("{\"image\": {{ tag }}}", Some(Class::Lost)),
            ("{\"IMAGE\": ", Some(Class::Lost)),
        ] {
            assert_eq!(class(Kind::Json, "a.json", source), cost, "{source}");
        }
    }

    #[test]
    fn templates_are_masked_by_place_or_need() {
        let source = "{{- if .Values.on }}\nkind: Deployment\n{{- end }}\n";
        for path in ["chart/templates/d.yaml", "x/d.yaml"] {
            let text = Text::new(path, source);
            let (view, flaws) = view(Kind::Yaml, &text).unwrap();
            assert!(view.templated && flaws.is_empty());
            assert_eq!(view.root().unwrap().str_at(&["kind"]), Some("Deployment"));
        }
    }
}
