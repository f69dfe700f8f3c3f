//! `[[allow]]`: a finding that is a decision, with who made it, why and for how long.

use super::File;
use crate::source::Location;
use crate::spanned::{Item, Node, Table};

/// `[[allow]]`: a finding that is a decision.
#[derive(Clone, Debug)]
pub struct Allow {
    pub policy: String,
    /// Root, name or glob of the services meant.
    pub service: String,
    pub reason: String,
    pub owner: String,
    /// `2027-06-30`
    pub until: Option<String>,
    pub adr: Option<String>,
    /// The fingerprint of the finding it was granted on; another one reopens it.
    pub evidence: Option<String>,
    pub location: Location,
}

impl File<'_> {
    pub(super) fn allow(&mut self, item: &Item) -> Option<Allow> {
        let table = self.reader.as_table(item, "allow")?;
        self.reader.only_keys(table, &["policy", "service", "path", "reason", "owner", "until", "adr", "evidence"]);
        let mut required = |key: &str| self.reader.required(table, &item.range, key).map(|(text, _)| text.to_owned());
        let (policy, reason, owner) = (required("policy"), required("reason"), required("owner"));
        let path = self.reader.text(table, "path").map(|(path, _)| self.below(path));
        let named = self.reader.text(table, "service").map(|(service, _)| service.to_owned());
        let own = (self.directory != ".").then(|| self.directory.to_owned());
        let Some(service) = path.or(named).or(own) else {
            self.reader.wrong(item.range.clone(), "`allow` needs `service` or `path`", None);
            return None;
        };
        let until = self.until(table);
        let adr = self.reader.text(table, "adr").map(|(adr, _)| adr.to_owned());
        let evidence = self.reader.text(table, "evidence").map(|(hash, _)| hash.to_owned());
        let location = self.location(item.range.clone());
        Some(Allow { policy: policy?, service, reason: reason?, owner: owner?, until, adr, evidence, location })
    }

    fn until(&mut self, table: &Table) -> Option<String> {
        let item = table.get("until")?;
        let date = match &item.node {
            Node::Date(date) | Node::Text(date) => {
                date.get(..10).and_then(|date| date.parse::<jiff::civil::Date>().ok())
            }
            _ => None,
        };
        if date.is_none() {
            self.reader.wrong(item.range.clone(), "`until` must be a date such as 2027-06-30", None);
        }
        date.map(|date| date.to_string())
    }
}
