//! Linters that a repository has switched on.
//!
//! *Looks for*: `.golangci.{yml,yaml,toml,json}`: enabled linters.
//! *Emits*: `Check` for those that speak of dropped errors, security, leaks and data races.
//! *Misses*: presets; linters that are on by default in a version (errcheck is taken as on unless disabled).
//! *Example*: `linters: {enable: [gosec, errorlint]}`.

use crate::detect::Facts;
use crate::fact::{Binding, FactKind};
use crate::parse::config::ConfigView;
use crate::parse::tree::Node;

const LINTERS: &[&str] = &[
    "errcheck",
    "gosec",
    "errorlint",
    "nilerr",
    "bodyclose",
    "staticcheck",
    "govet",
    "exhaustive",
    "contextcheck",
    "noctx",
    "sqlclosecheck",
    "rowserrcheck",
    "wrapcheck",
    "prealloc",
    "perfsprint",
    "revive",
    "nilaway",
    "containedctx",
    "makezero",
];

pub(crate) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    let Some(root) = view.root().filter(|_| view.name().contains("golangci")) else { return };
    let listed = |key: &str| root.path(&["linters", key]).map(Node::items).unwrap_or_default();
    let all = root.path(&["linters", "enable-all"]).and_then(Node::as_bool) == Some(true)
        || root.str_at(&["linters", "default"]) == Some("all");
    let none = root.path(&["linters", "disable-all"]).and_then(Node::as_bool) == Some(true)
        || root.str_at(&["linters", "default"]) == Some("none");
    let is_off = |name: &str| listed("disable").iter().any(|own| own.as_str() == Some(name));
    for name in LINTERS {
        let enabled = listed("enable").iter().find(|own| own.as_str() == Some(name));
        let by_default = all || !none && *name == "errcheck";
        if is_off(name) || enabled.is_none() && !by_default {
            continue;
        }
        let range = enabled.map_or(0..1, |own| own.range.clone());
        facts.add_bound(range, FactKind::Check { what: (*name).to_owned() }, Binding::Repository);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::deploy::tests::kinds;

    fn names(source: &str) -> Vec<String> {
        let one = |kind| if let FactKind::Check { what } = kind { Some(what) } else { None };
        kinds(detect, ".golangci.yml", source).into_iter().filter_map(one).collect()
    }

    #[test]
    fn enabled_and_disabled() {
        assert_eq!(names("linters:\n  enable: [gosec]\n"), ["errcheck", "gosec"]);
        assert_eq!(names("linters:\n  disable-all: true\n  enable: [govet]\n"), ["govet"]);
        assert_eq!(names("linters:\n  disable: [errcheck]\n"), Vec::<String>::new());
        assert_eq!(kinds(detect, "other.yml", "linters: {enable: [gosec]}\n"), []);
    }
}
