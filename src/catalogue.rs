//! The catalogue: which modules, crates and symbols stand for which capability.
//!
//! In: `go.toml` and `rust.toml`, compiled in; each row names an import path (or a crate), a capability of
//! `capabilities.toml` and, where the import alone does not tell, the symbols that do. Out: a [`Catalogue`] per
//! language, built once. The longest prefix that matches a path decides: rows of shorter ones do not count.

use std::sync::LazyLock;

/// One row.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// An import path without versions, or a crate's name.
    pub prefix: &'static str,
    pub capability: &'static str,
    /// Names of the package that must be used, a trailing or leading `*` standing for anything; empty where the
    /// import alone suffices.
    pub symbols: Vec<&'static str>,
    /// The row does not hold for packages below.
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

/// All rows of one language, sorted by prefix.
#[derive(Debug)]
pub struct Catalogue {
    rows: Vec<Entry>,
    separator: char,
}

impl Catalogue {
    fn load(text: &'static str, separator: char) -> Catalogue {
        Catalogue { rows: text.lines().filter_map(row).collect(), separator }
    }

    /// The rows of one prefix.
    fn of(&self, prefix: &str) -> &[Entry] {
        let start = self.rows.partition_point(|row| row.prefix < prefix);
        let rows = &self.rows[start..];
        &rows[..rows.iter().take_while(|row| row.prefix == prefix).count()]
    }

    /// Returns the rows of the longest prefix of a path, in the order of the catalogue.
    pub fn rows(&self, path: &str) -> impl Iterator<Item = &Entry> {
        let mut prefix = path;
        let rows = loop {
            let rows = self.of(prefix);
            if !rows.is_empty() {
                break rows;
            }
            match prefix.rsplit_once(self.separator) {
                Some((shorter, _)) => prefix = shorter.trim_end_matches(self.separator),
                None => break rows,
            }
        };
        let below = prefix.len() < path.len();
        rows.iter().filter(move |entry| !(below && entry.exact))
    }
}

/// Reads one row, which stands on a line of its own; tests hold that a reader of TOML says the same. Reading the
/// catalogue is a good part of what a run on few files takes, so it is read by no more than it needs.
fn row(line: &'static str) -> Option<Entry> {
    let mut rest = line.trim_start().strip_prefix('{')?;
    let mut entry = Entry::default();
    loop {
        // One character is found without anything being made ready for the search, which longer texts ask for.
        let (key, value) = rest.split_once('=')?;
        let (key, value) = (key.trim(), value.trim_start());
        rest = match value.split_at_checked(1)? {
            ("\"", text) => {
                let (text, after) = text.split_once('"')?;
                match key {
                    "capability" => entry.capability = text,
                    _ => entry.prefix = text,
                }
                after
            }
            ("[", list) => {
                let (list, after) = list.split_once(']')?;
                entry.symbols = list.split('"').skip(1).step_by(2).collect();
                after
            }
            _ => {
                entry.exact = value.starts_with("true");
                value.trim_start_matches(char::is_alphabetic)
            }
        };
        let Some(more) = rest.strip_prefix(',') else { return Some(entry) };
        rest = more;
    }
}

/// Go modules and packages; look up with [`without_versions`].
pub static GO: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::load(include_str!("catalogue/go.toml"), '/'));

#[cfg(test)]
impl Catalogue {
    /// All rows, for tests that use each of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Entry> {
        self.rows.iter()
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
static FAMILIES: LazyLock<Vec<&'static Entry>> =
    LazyLock::new(|| RUST.rows.iter().filter(|entry| entry.prefix.ends_with('*')).collect());

/// Returns the rows of a crate, those of its own name first.
pub fn crate_rows(name: &str) -> impl Iterator<Item = &'static Entry> {
    let families = FAMILIES.iter().copied().filter(move |entry| matches(entry.prefix, name));
    RUST.rows(name).chain(families)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Document {
        r#use: Vec<Row>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Row {
        #[serde(alias = "import", alias = "crate")]
        prefix: String,
        capability: String,
        #[serde(default)]
        symbols: Vec<String>,
        #[serde(default)]
        exact: bool,
    }

    impl PartialEq<Row> for Entry {
        fn eq(&self, row: &Row) -> bool {
            (self.prefix, self.capability, self.exact) == (&row.prefix, &row.capability, row.exact)
                && self.symbols == row.symbols
        }
    }

    #[test]
    fn the_longest_prefix_decides() {
        let catalogue = Catalogue::load(
            "{ import = \"a.org/b\", capability = \"x\" },\n{ import = \"a.org/b/c\", capability = \"y\", exact = true },",
            '/',
        );
        let found = |path: &str| catalogue.rows(path).map(|entry| entry.capability).collect::<Vec<_>>();
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
            assert!(text.lines().filter_map(row).collect::<Vec<_>>() == document.r#use, "{name} is read differently");
            let keys: Vec<_> = document.r#use.iter().map(|entry| (&entry.prefix, &entry.capability)).collect();
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
        let words = |name: &str| crate_rows(name).map(|entry| entry.capability).collect::<Vec<_>>();
        assert_eq!(words("rocksdb"), ["embedded-storage"]);
        assert_eq!(words("arrow_array"), ["columnar"]);
        assert!(words("rocksdb_tools").is_empty());
    }
}
