//! Reading one table of a spanned TOML document; a value of another type than asked for reads as absent.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table with the range at which it stands.
pub(crate) struct Table<'d, 'i> {
    inner: &'d DeTable<'i>,
    pub(crate) span: Range<usize>,
}

impl<'d, 'i> Table<'d, 'i> {
    pub(crate) fn new(inner: &'d DeTable<'i>, span: Range<usize>) -> Table<'d, 'i> {
        Table { inner, span }
    }

    /// Returns keys with their range and value, in the order of the keys' names.
    pub(crate) fn entries(
        &self,
    ) -> impl Iterator<Item = (&'d str, Range<usize>, &'d Spanned<DeValue<'i>>)> + use<'d, 'i> {
        self.inner.iter().map(|(key, value)| (&**key.get_ref(), key.span(), value))
    }

    pub(crate) fn value(&self, key: &str) -> Option<&'d Spanned<DeValue<'i>>> {
        self.inner.get(key)
    }

    pub(crate) fn table(&self, key: &str) -> Option<Table<'d, 'i>> {
        let (name, value) = self.inner.get_key_value(key)?;
        // A header's table spans nothing useful where keys are dotted: the key's own name is shown then.
        let span = if value.span().is_empty() { name.span() } else { value.span() };
        Some(Table::new(value.get_ref().as_table()?, span))
    }

    /// Returns the entries that are tables themselves.
    pub(crate) fn subtables(&self) -> impl Iterator<Item = (&'d str, Table<'d, 'i>)> + use<'d, 'i> {
        self.entries().filter_map(|(key, span, value)| Some((key, Table::new(value.get_ref().as_table()?, span))))
    }

    /// Returns the tables of an array of tables.
    pub(crate) fn tables(&self, key: &str) -> Vec<Table<'d, 'i>> {
        let list = self.value(key).and_then(|value| value.get_ref().as_array());
        let tables = list.into_iter().flat_map(|list| list.iter());
        tables.filter_map(|item| Some(Table::new(item.get_ref().as_table()?, item.span()))).collect()
    }

    pub(crate) fn string(&self, key: &str) -> Option<String> {
        self.value(key)?.get_ref().as_str().map(str::to_owned)
    }

    pub(crate) fn boolean(&self, key: &str) -> Option<bool> {
        self.value(key)?.get_ref().as_bool()
    }

    pub(crate) fn strings(&self, key: &str) -> Vec<String> {
        let list = self.value(key).and_then(|value| value.get_ref().as_array());
        let items = list.into_iter().flat_map(|list| list.iter());
        items.filter_map(|item| item.get_ref().as_str().map(str::to_owned)).collect()
    }
}

/// Returns a string, number or flag as text.
pub(crate) fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Boolean(flag) => Some(flag.to_string()),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}
