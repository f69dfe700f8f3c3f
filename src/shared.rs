//! Stored forms of shared strings, for the cache: serde's own need a feature that half of all crates would be built again for.
//!
//! A path stands beside itself a hundred times in a row in the evidence of a report: a string that equals the one
//! before becomes the same allocation.

use std::cell::RefCell;
use std::sync::Arc;

use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

thread_local! {
    static LAST: RefCell<Option<Arc<str>>> = const { RefCell::new(None) };
}

fn shared(text: &str) -> Arc<str> {
    LAST.with_borrow_mut(|last| match last {
        Some(known) if **known == *text => known.clone(),
        _ => last.insert(text.into()).clone(),
    })
}

struct Text;

impl Visitor<'_> for Text {
    type Value = Arc<str>;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Arc<str>, E> {
        Ok(shared(text))
    }
}

pub(crate) fn serialize<S: Serializer>(text: &Arc<str>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(text)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<str>, D::Error> {
    from.deserialize_str(Text)
}

/// A string as the part of something bigger.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
struct Part(#[serde(with = "crate::shared")] Arc<str>);

/// Lists of shared strings.
pub(crate) mod list {
    use super::{Arc, Deserializer, Part, Serializer};
    use serde::Deserialize;

    pub(crate) fn serialize<S: Serializer>(list: &[Arc<str>], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(list.iter().map(|text| Part(text.clone())))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Arc<str>>, D::Error> {
        Ok(Vec::<Part>::deserialize(from)?.into_iter().map(|part| part.0).collect())
    }
}

/// The root and language of a service.
pub(crate) mod place {
    use super::{Arc, Deserializer, Part, Serializer};
    use crate::service::Language;
    use serde::{Deserialize, Serialize};

    type Place = Option<(Arc<str>, Language)>;

    pub(crate) fn serialize<S: Serializer>(place: &Place, to: S) -> Result<S::Ok, S::Error> {
        place.as_ref().map(|(root, language)| (Part(root.clone()), *language)).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Place, D::Error> {
        Ok(Option::<(Part, Language)>::deserialize(from)?.map(|(root, language)| (root.0, language)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Finding;
    use crate::report::sample;

    #[test]
    fn a_report_comes_back_as_it_was() {
        let report = sample::report();
        let bytes = postcard::to_stdvec(&report.findings).unwrap();
        let back: Vec<Finding> = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(back, report.findings);
        for (service, other) in report.services.iter().zip(&report.services) {
            let bytes = postcard::to_stdvec(service).unwrap();
            let back: crate::finding::Judged = postcard::from_bytes(&bytes).unwrap();
            assert_eq!(format!("{back:?}"), format!("{other:?}"));
        }
    }

    #[test]
    fn equal_neighbours_are_one_allocation() {
        let bytes = postcard::to_stdvec(&[Part("a".into()), Part("a".into()), Part("b".into())]).unwrap();
        let [one, two, other]: [Part; 3] = postcard::from_bytes(&bytes).unwrap();
        assert!(Arc::ptr_eq(&one.0, &two.0) && *other.0 == *"b");
    }
}
