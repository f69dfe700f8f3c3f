//! The catalogue: which modules, crates and symbols stand for which capability.
//!
//! In: `go.toml` and `rust.toml`, compiled in; each row names an import path (or a crate), a capability of
//! `capabilities.toml` and, where the import alone does not tell, the symbols that do. Out: a [`Catalogue`] per
//! language, split once. The longest prefix that matches a path decides: rows of shorter ones do not count.

use std::sync::{LazyLock, OnceLock};

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
    rows: Vec<Row>,
    separator: char,
}

/// A row as it is written, read when somebody first asks for it: a run on few files asks for few of the thousands.
#[derive(Debug)]
struct Row {
    prefix: &'static str,
    /// What follows the prefix.
    rest: &'static str,
    entry: OnceLock<Box<Entry>>,
}

impl Row {
    /// Splits a line after its prefix, which comes first; `None` for a line that is no row.
    fn of(line: &'static str) -> Option<Row> {
        let (_, text) = line.trim_ascii_start().strip_prefix('{')?.split_once('"')?;
        let (prefix, rest) = text.split_once('"')?;
        Some(Row { prefix, rest, entry: OnceLock::new() })
    }

    fn entry(&self) -> &Entry {
        self.entry.get_or_init(|| Box::new(read(self.prefix, self.rest)))
    }
}

impl Catalogue {
    fn load(text: &'static str, separator: char) -> Catalogue {
        Catalogue { rows: text.lines().filter_map(Row::of).collect(), separator }
    }

    /// The rows of one prefix.
    fn of(&self, prefix: &str) -> &[Row] {
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
        rows.iter().map(Row::entry).filter(move |entry| !(below && entry.exact))
    }
}

/// Reads what follows the prefix of a row; tests hold that a reader of TOML says the same.
fn read(prefix: &'static str, mut rest: &'static str) -> Entry {
    let mut entry = Entry { prefix, ..Entry::default() };
    while let Some((key, value)) = rest.strip_prefix(',').and_then(|rest| rest.split_once('=')) {
        let value = value.trim_start();
        rest = match (key.trim(), value.get(1..).unwrap_or_default()) {
            ("capability", text) => {
                let (word, after) = text.split_once('"').unwrap_or_default();
                entry.capability = word;
                after
            }
            ("symbols", list) => {
                let (list, after) = list.split_once(']').unwrap_or_default();
                entry.symbols = list.split('"').skip(1).step_by(2).collect();
                after
            }
            _ => {
                entry.exact = value.starts_with("true");
                value.trim_start_matches(char::is_alphabetic)
            }
        };
    }
    entry
}

/// Go modules and packages; look up with [`without_versions`].
pub static GO: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::load(include_str!("catalogue/go.toml"), '/'));

#[cfg(test)]
impl Catalogue {
    /// All rows, for tests that use each of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Entry> {
        self.rows.iter().map(Row::entry)
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
    LazyLock::new(|| RUST.rows.iter().filter(|row| row.prefix.ends_with('*')).map(Row::entry).collect());

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
        r#use: Vec<Written>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Written {
        #[serde(alias = "import", alias = "crate")]
        prefix: String,
        capability: String,
        #[serde(default)]
        symbols: Vec<String>,
        #[serde(default)]
        exact: bool,
    }

    impl PartialEq<Written> for Entry {
        fn eq(&self, row: &Written) -> bool {
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
            let rows: Vec<Entry> = Catalogue::load(text, '/').all().cloned().collect();
            assert!(rows == document.r#use, "{name} is read differently");
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
