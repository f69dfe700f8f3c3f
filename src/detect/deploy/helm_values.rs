//! Values of Helm charts that name images and programs, and the names of charts.
//!
//! *Looks for*: `values*.yaml`, `Chart.yaml` with its dependencies, and named templates called after an image.
//! *Emits*: `Mark{helm-image, "a.b.c=text"}` for scalars whose key or path speaks of images and names; `Mark{helm-chart}`,
//! `Mark{helm-dependency}`, `Mark{helm-define}`.
//! *Misses*: values set by other charts or on the command line.
//! *Example*: `web: {image: {repository: r/web}}` gives `web.image.repository=r/web`.

use super::shared::beginning;
use crate::detect::Facts;
use crate::fact::{Binding, FactKind};
use crate::parse::config::ConfigView;
use crate::parse::helm;
use crate::parse::tree::Node;

const KEYS: &[&str] = &[
    "image",
    "repository",
    "repo",
    "registry",
    "name",
    "imageName",
    "nameOverride",
    "fullnameOverride",
    "command",
    "tag",
    "kind",
    "type",
];
const MAX_MARKS: usize = 4000;

pub(crate) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let name = view.name();
    if view.templated {
        definitions(view, facts);
    }
    let Some(root) = view.root() else { return };
    if matches!(name, "Chart.yaml" | "requirements.yaml") {
        root.get("dependencies").map(Node::items).unwrap_or_default().iter().for_each(|one| dependency(one, facts));
        if let Some(chart) = root.get("name")
            && let Some(text) = chart.as_str()
        {
            facts.add_bound(chart.range.clone(), mark("helm-chart", text.to_owned()), Binding::Here);
        }
        return;
    }
    if !name.starts_with("values") && !name.ends_with("values.yaml") {
        return;
    }
    let mut found = 0;
    root.walk(&mut |path, node| {
        let Some(text) = node.as_str().filter(|text| !text.is_empty() && text.len() <= 200) else { return };
        let Some(key) = path.last() else { return };
        let is_named = KEYS.contains(key) || path.iter().any(|part| part.to_ascii_lowercase().contains("image"));
        found += usize::from(is_named);
        if found == MAX_MARKS + 1 && is_named {
            facts.cut(node.range.clone(), "names and images of a values file", MAX_MARKS);
        }
        if is_named && found <= MAX_MARKS {
            let detail = format!("{}={text}", path.join("."));
            facts.add_bound(node.range.clone(), mark("helm-image", detail), Binding::Here);
        }
    });
}

/// A chart that this one brings along, under its alias.
fn dependency(one: &Node, facts: &mut Facts<'_, '_>) {
    let Some(name) = one.str_at(&["name"]) else { return };
    let alias = one.str_at(&["alias"]).unwrap_or(name);
    let at = one.str_at(&["repository"]).unwrap_or("");
    facts.add_bound(one.range.clone(), mark("helm-dependency", format!("{name}|{alias}|{at}")), Binding::Here);
}

/// No definition of an image is longer.
const LONGEST: usize = 600;

/// Named templates that give an image: `{{ define "web.image" }}…{{ end }}`.
fn definitions(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let text = view.text.text;
    for (at, _) in text.match_indices("define \"").take(MAX_MARKS) {
        let after = &text[at + "define \"".len()..];
        let Some((name, rest)) = after.split_once('"') else { continue };
        if name.len() > 100 || !name.to_ascii_lowercase().contains("image") {
            continue;
        }
        let Some(start) = rest.find("}}").map(|end| end + 2) else { continue };
        let end = rest.find("define \"").unwrap_or(rest.len()).max(start);
        let body = beginning(&rest[start..end], LONGEST);
        let body = helm::with_locals(body, body);
        let body = body.split_whitespace().collect::<Vec<_>>().join(" ");
        facts.add_bound(at..at + 6, mark("helm-define", format!("{name}={body}")), Binding::Here);
    }
}

fn mark(name: &str, detail: String) -> FactKind {
    FactKind::Mark { name: name.to_owned(), detail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::deploy::tests::kinds;

    #[test]
    fn images_and_names_only() {
        let found =
            kinds(detect, "c/values.yaml", "web:\n  image: {repository: r/web, tag: v1}\n  port: 80\n  level: info\n");
        assert_eq!(
            found,
            [mark("helm-image", "web.image.repository=r/web".into()), mark("helm-image", "web.image.tag=v1".into())]
        );
        let source = "name: c\ndependencies:\n- {name: d, alias: e, repository: 'file://../d'}\n";
        assert_eq!(kinds(detect, "c/Chart.yaml", source)[0], mark("helm-dependency", "d|e|file://../d".into()));
        let source = "{{- define \"c.image\" -}}\n{{- $repo := .Values.image.repository -}}\n{{ $repo }}:{{ .Values.tag }}\n{{- end }}\n{{- define \"c.name\" }}x{{ end }}\n";
        let found = kinds(detect, "c/templates/_helpers.tpl", source);
        assert_eq!(found.len(), 1);
        assert!(
            matches!(&found[0], FactKind::Mark { detail, .. } if detail.contains("{{ (.Values.image.repository) }}:{{ .Values.tag }}")),
            "{found:?}"
        );
        assert_eq!(kinds(detect, "c/other.yaml", "image: x\n"), []);
        assert_eq!(kinds(detect, "c/Chart.yaml", "name: c\nversion: 1\n"), [mark("helm-chart", "c".into())]);
    }
}
