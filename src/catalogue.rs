//! The catalogue: which modules, crates and symbols stand for which capability.
//!
//! In: `go.toml` and `rust.toml`, compiled in; each row names an import path (or a crate), a capability of
//! `capabilities.toml` and, where the import alone does not tell, the symbols that do. Out: a [`Catalogue`] per
//! language, built once. The longest prefix that matches a path decides: rows of shorter ones do not count.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// An import path without versions, or a crate's name.
    #[serde(alias = "import", alias = "crate")]
    pub prefix: String,
    pub capability: String,
    /// Names of the package that must be used, a trailing or leading `*` standing for anything; empty where the
    /// import alone suffices.
    #[serde(default)]
    pub symbols: Vec<String>,
    /// The row does not hold for packages below.
    #[serde(default)]
    pub exact: bool,
}

impl Entry {
    /// Whether the use of one name makes the row hold; never for rows without symbols.
    pub fn has_symbol(&self, name: &str) -> bool {
        self.symbols.iter().any(|symbol| matches(symbol, name))
    }
}

pub(crate) fn matches(symbol: &str, name: &str) -> bool {
    match symbol.split_once('*') {
        Some((start, end)) => name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end),
        None => symbol == name,
    }
}

/// All rows of one language, by prefix.
#[derive(Debug)]
pub struct Catalogue {
    rows: BTreeMap<String, Vec<Entry>>,
    separator: char,
}

#[derive(Deserialize)]
struct Document {
    r#use: Vec<Entry>,
}

impl Catalogue {
    fn load(text: &str, separator: char) -> Catalogue {
        let document: Document = toml::from_str(text).expect("because the catalogue is compiled in and tested");
        let mut rows = BTreeMap::<String, Vec<Entry>>::new();
        for entry in document.r#use {
            rows.entry(entry.prefix.clone()).or_default().push(entry);
        }
        Catalogue { rows, separator }
    }

    /// Returns the rows of the longest prefix of a path, in the order of the catalogue.
    pub fn rows(&self, path: &str) -> impl Iterator<Item = &Entry> {
        let mut prefix = path;
        let rows = loop {
            if let Some(rows) = self.rows.get(prefix) {
                break rows.as_slice();
            }
            match prefix.rsplit_once(self.separator) {
                Some((shorter, _)) => prefix = shorter.trim_end_matches(self.separator),
                None => break &[],
            }
        };
        let below = prefix.len() < path.len();
        rows.iter().filter(move |entry| !(below && entry.exact))
    }
}

/// Go modules and packages; look up with [`without_versions`].
pub static GO: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::load(include_str!("catalogue/go.toml"), '/'));

#[cfg(test)]
impl Catalogue {
    /// All rows, for tests that use each of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Entry> {
        self.rows.values().flatten()
    }
}

/// Removes what tells major versions from an import path: `/v2`, `.v3`.
pub fn without_versions(path: &str) -> String {
    let parts = path.split('/').filter(|part| !is_version(part)).map(|part| match part.rsplit_once('.') {
        Some((name, version)) if is_version(version) => name,
        _ => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

fn is_version(part: &str) -> bool {
    let digits = part.strip_prefix('v').unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Crates by their name in code; a name with `*` at its end stands for a family.
pub static RUST: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::load(include_str!("catalogue/rust.toml"), ':'));

/// Rows of crate families, whose names end in `*`.
static FAMILIES: LazyLock<Vec<&'static Entry>> = LazyLock::new(|| {
    let rows = RUST.rows.values().flatten();
    rows.filter(|entry| entry.prefix.ends_with('*')).collect()
});

/// Returns the rows of a crate, those of its own name first.
pub fn crate_rows(name: &str) -> impl Iterator<Item = &'static Entry> {
    let families = FAMILIES.iter().copied().filter(move |entry| matches(&entry.prefix, name));
    RUST.rows(name).chain(families)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_decides() {
        let catalogue = Catalogue::load(
            "use = [{ import = 'a.org/b', capability = 'x' }, { import = 'a.org/b/c', capability = 'y', exact = true }]",
            '/',
        );
        let found = |path: &str| catalogue.rows(path).map(|entry| entry.capability.clone()).collect::<Vec<_>>();
        assert_eq!(found("a.org/b/z"), ["x"]);
        assert_eq!(found("a.org/b/c"), ["y"]);
        assert!(found("a.org/b/c/d").is_empty());
        assert!(found("a.org/bc").is_empty());
        assert_eq!(without_versions("gopkg.in/a/v2/yaml.v3"), "gopkg.in/a/yaml");
    }

    #[test]
    fn rows_are_sorted_and_their_words_known() {
        let capabilities: toml::Table = toml::from_str(include_str!("catalogue/capabilities.toml")).unwrap();
        for (name, text) in
            [("go.toml", include_str!("catalogue/go.toml")), ("rust.toml", include_str!("catalogue/rust.toml"))]
        {
            let document: Document = toml::from_str(text).unwrap();
            let keys: Vec<_> =
                document.r#use.iter().map(|entry| (entry.prefix.as_str(), entry.capability.as_str())).collect();
            for pair in keys.windows(2) {
                assert!(pair[0] < pair[1], "{name}: {pair:?} is out of order or twice");
            }
            for entry in &document.r#use {
                assert!(capabilities.contains_key(&entry.capability), "{name}: {entry:?}");
            }
        }
    }

    #[test]
    fn crates_are_found_by_name_and_by_family() {
        let words = |name: &str| crate_rows(name).map(|entry| entry.capability.as_str()).collect::<Vec<_>>();
        assert_eq!(words("rocksdb"), ["embedded-storage"]);
        assert_eq!(words("arrow_array"), ["columnar"]);
        assert!(words("rocksdb_tools").is_empty());
    }
}
