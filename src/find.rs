//! A service by what the user calls it: its name, its directory, or a program built from it.

use crate::finding::{Judged, Report};

/// The user's: a name that means no service, or several.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    #[error("no service or policy is called `{name}`{hint}")]
    Unknown { name: String, hint: String },
    #[error("several services are called `{name}`: give one of the directories {roots}")]
    Several { name: String, roots: String },
}

impl FindError {
    pub fn unknown(name: &str) -> FindError {
        FindError::Unknown { name: name.to_owned(), hint: String::new() }
    }

    /// What may have been meant instead, to follow a sentence; empty where nothing comes near.
    pub fn hint(&self) -> &str {
        match self {
            FindError::Unknown { hint, .. } => hint,
            FindError::Several { .. } => "",
        }
    }
}

/// Finds the one service with this root or name, or else with a program of this name.
pub fn service<'a>(report: &'a Report, wanted: &str) -> Result<&'a Judged, FindError> {
    let root = wanted.trim_start_matches("./").trim_end_matches('/');
    let by = |matches: &dyn Fn(&Judged) -> bool| -> Vec<&'a Judged> {
        report.services.iter().filter(|judged| matches(judged)).collect()
    };
    let roots = by(&|judged| *judged.service.root == *root || (root.is_empty() && *judged.service.root == *"."));
    let named = by(&|judged| judged.service.name == wanted);
    let builds = |judged: &Judged| judged.service.binaries.iter().any(|binary| binary == wanted);
    let found = [roots, named, by(&builds)].into_iter().find(|found| !found.is_empty()).unwrap_or_default();
    match found[..] {
        [judged] => Ok(judged),
        [] => Err(FindError::Unknown { name: wanted.to_owned(), hint: hint(report, wanted) }),
        _ => {
            let roots: Vec<String> = found.iter().map(|judged| format!("`{}`", judged.service.root)).collect();
            Err(FindError::Several { name: wanted.to_owned(), roots: roots.join(", ") })
        }
    }
}

/// So few services are named where none comes near what was typed.
const NAMED: usize = 8;

fn hint(report: &Report, wanted: &str) -> String {
    let near = |judged: &&Judged| strsim::jaro_winkler(&judged.service.name, wanted);
    let nearest = report.services.iter().max_by(|a, b| near(a).total_cmp(&near(b))).filter(|judged| near(judged) > 0.8);
    if let Some(judged) = nearest {
        return format!("; did you mean `{}`?", judged.service.name);
    }
    let mut names: Vec<String> = report.services.iter().map(|judged| format!("`{}`", judged.service.name)).collect();
    names.dedup();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    match (names.is_empty(), more) {
        (true, _) => "; there is no service".to_owned(),
        (false, 0) => format!("; there are {}", names.join(", ")),
        (false, more) => format!("; there are {} and {more} more", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn by_name_or_directory() {
        let mut report = sample::report();
        assert_eq!(service(&report, "ingest").unwrap().service.name, "ingest");
        assert_eq!(service(&report, "./cmd/ingest/").unwrap().service.name, "ingest");
        assert!(service(&report, "ingst").unwrap_err().to_string().contains("did you mean `ingest`?"));
        let none = service(&report, "zzz").unwrap_err().to_string();
        assert!(none.contains("there are `ingest`, `gateway`"), "{none}");
        report.services[1].service.binaries = vec!["gw".to_owned()];
        assert_eq!(service(&report, "gw").unwrap().service.name, "gateway");
        report.services[1].service.name = "ingest".to_owned();
        assert!(service(&report, "ingest").unwrap_err().to_string().contains("`cmd/ingest`, `cmd/gateway`"));
    }
}
