//! `[limits]`: sizes and times with a unit, counts as whole numbers, each in its range.

use super::File;
use crate::limits::{self, Limit, Setting};
use crate::policy::{raw, unit};
use crate::signal::{Value, ValueType};
use crate::spanned::Table;

impl File<'_> {
    /// Sizes and times have a unit, counts are whole numbers; each has a range.
    pub(super) fn limits(&mut self, table: &Table) -> Vec<Setting> {
        let Some((table, _)) = self.reader.table(table, "limits") else { return Vec::new() };
        let names: Vec<&str> = limits::ALL.iter().map(|limit| limit.name).collect();
        self.reader.only_keys(table, &names);
        limits::ALL.iter().filter_map(|limit| Some((limit.name.to_owned(), self.limit(table, limit)?))).collect()
    }

    fn limit(&mut self, table: &Table, limit: &Limit) -> Option<u64> {
        let item = table.get(limit.name)?;
        let number = match raw::value(self.reader, item, limit.name)? {
            Value::Bytes(bytes) if limit.value == ValueType::Bytes => bytes,
            Value::Duration(micros) if limit.value == ValueType::Duration => (micros / 1e3) as u64,
            Value::Number(number) if limit.value == ValueType::Number && number >= 0.0 && number.fract() == 0.0 => {
                number as u64
            }
            _ => {
                let message = format!("`{}` must be {}", limit.name, unit::expected(limit.value));
                self.reader.wrong(item.range.clone(), message, None);
                return None;
            }
        };
        if (limit.least..=limit.most).contains(&number) {
            return Some(number);
        }
        let show = |number: u64| match limit.value {
            ValueType::Bytes => unit::show(&Value::Bytes(number)),
            ValueType::Duration => unit::show(&Value::Duration(number as f64 * 1e3)),
            _ => number.to_string(),
        };
        let message = format!("`{}` must lie between {} and {}", limit.name, show(limit.least), show(limit.most));
        self.reader.wrong(item.range.clone(), message, None);
        None
    }
}
