//! A service by what the user calls it: its name or its directory.

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
}

/// Finds the one service with this root or name.
pub fn service<'a>(report: &'a Report, wanted: &str) -> Result<&'a Judged, FindError> {
    let root = wanted.trim_start_matches("./").trim_end_matches('/');
    let by = |matches: &dyn Fn(&Judged) -> bool| -> Vec<&'a Judged> {
        report.services.iter().filter(|judged| matches(judged)).collect()
    };
    let roots = by(&|judged| *judged.service.root == *root || (root.is_empty() && *judged.service.root == *"."));
    let found = if roots.is_empty() { by(&|judged| judged.service.name == wanted) } else { roots };
    match found[..] {
        [judged] => Ok(judged),
        [] => Err(FindError::Unknown { name: wanted.to_owned(), hint: hint(report, wanted) }),
        _ => {
            let roots: Vec<String> = found.iter().map(|judged| format!("`{}`", judged.service.root)).collect();
            Err(FindError::Several { name: wanted.to_owned(), roots: roots.join(", ") })
        }
    }
}

fn hint(report: &Report, wanted: &str) -> String {
    let near = |judged: &&Judged| strsim::jaro_winkler(&judged.service.name, wanted);
    let nearest = report.services.iter().max_by(|a, b| near(a).total_cmp(&near(b))).filter(|judged| near(judged) > 0.8);
    nearest.map(|judged| format!("; did you mean `{}`?", judged.service.name)).unwrap_or_default()
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
        report.services[1].service.name = "ingest".to_owned();
        assert!(service(&report, "ingest").unwrap_err().to_string().contains("`cmd/ingest`, `cmd/gateway`"));
    }
}
