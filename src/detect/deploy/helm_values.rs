//! Values of Helm charts that name images and programs, and the names of charts.
//!
//! *Looks for*: `values*.yaml` and `Chart.yaml`.
//! *Emits*: `Mark{helm-image, "a.b.c=text"}` for scalars whose key or path speaks of images and names; `Mark{helm-chart}`.
//! *Misses*: values set by other charts or on the command line.
//! *Example*: `web: {image: {repository: r/web}}` gives `web.image.repository=r/web`.

use crate::detect::Facts;
use crate::fact::{Binding, FactKind};
use crate::parse::config::ConfigView;

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
const MAX_MARKS: usize = 400;

pub(crate) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let name = view.name();
    let Some(root) = view.root() else { return };
    if name == "Chart.yaml" {
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
    let mut left = MAX_MARKS;
    root.walk(&mut |path, node| {
        let Some(text) = node.as_str().filter(|text| !text.is_empty() && text.len() <= 200) else { return };
        let Some(key) = path.last() else { return };
        let is_named = KEYS.contains(key) || path.iter().any(|part| part.to_ascii_lowercase().contains("image"));
        if is_named && left > 0 {
            left -= 1;
            let detail = format!("{}={text}", path.join("."));
            facts.add_bound(node.range.clone(), mark("helm-image", detail), Binding::Here);
        }
    });
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
        assert_eq!(kinds(detect, "c/other.yaml", "image: x\n"), []);
        assert_eq!(kinds(detect, "c/Chart.yaml", "name: c\nversion: 1\n"), [mark("helm-chart", "c".into())]);
    }
}
