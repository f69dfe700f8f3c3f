//! What to do about a question, in the documents' order: upgrade, split off the hot path, change the language last.
//!
//! In: the service, the policy that questions it and what matched. Out: an [`Advice`] with a cost from the
//! service's own size and the ranges of document 002, and the basis in words. The context policies upgrade-first,
//! hot-path-split and rewrite-restraint switch their step on; without them it is not said.

use std::collections::BTreeMap;

use crate::finding::{Advice, Cost};
use crate::path::parent;
use crate::policy::{Policy, PolicySet, Remedy, Shape};
use crate::service::{Language, Service};
use crate::signal::Signal;

/// Document 002: engineer-months for one hot path, and for 30,000 lines from Rust to Go.
const HOT_PATH: (f64, f64) = (1.0, 3.0);
const RUST_TO_GO: (f64, f64) = (3.0, 9.0);
const RUST_TO_GO_LINES: f64 = 30_000.0;
const SOURCE: &str = "002";

/// A Go program up to this size is moved as a whole, like one hot path.
const SMALL: u64 = 10_000;

/// Packages named as the split point.
const NAMED: usize = 3;

/// Advises on one question. `context` are the ids of the context policies that matched the service.
pub fn advise(set: &PolicySet, service: &Service, policy: &Policy, matched: &[Signal], context: &[&str]) -> Advice {
    let active = |shape| set.shapes(shape).filter(|shaping| context.contains(&shaping.id.as_str()));
    let mut steps: Vec<String> = Vec::new();
    if service.language == Language::Go && active(Shape::Upgrade).is_some() {
        steps.extend(upgrade(service));
    }
    let split = policy.remedy == Remedy::Split && service.language == Language::Go && active(Shape::Split).is_some();
    let packages = holding(service, matched);
    steps.push(if split { split_point(&packages) } else { policy.fix.clone() });
    let cost = active(Shape::Cost).map(|_| cost(service, split, packages.len()));
    Advice { text: steps.join(" "), cost }
}

fn upgrade(service: &Service) -> Option<String> {
    let (version, _) = service.toolchain.go.as_ref()?;
    Some(format!(
        "First raise Go {version} to the current release and measure again: maps alone are 15–40 % faster (001)."
    ))
}

fn split_point(packages: &[String]) -> String {
    let what = match packages {
        [] => "its hot path".to_owned(),
        [one] => format!("the hot path in {one}"),
        [first, second] => format!("the hot paths in {first} and {second}"),
        many if many.len() <= NAMED => format!("the hot paths in {}", many.join(", ")),
        many => format!("the hot paths in {} and {} more", many[..NAMED].join(", "), many.len() - NAMED),
    };
    format!(
        "Move {what} into a Rust library or sidecar behind a schema and keep the service around it in Go. \
         Change the language of the whole service only last."
    )
}

/// The packages of the closure, other than the main one, in which the evidence lies: those with the most of it first.
fn holding(service: &Service, matched: &[Signal]) -> Vec<String> {
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for location in matched.iter().flat_map(|signal| &signal.evidence) {
        let directory = parent(&location.path);
        if directory != &*service.root && service.packages.iter().any(|package| &**package == directory) {
            *found.entry(directory).or_default() += 1;
        }
    }
    let mut ranked: Vec<(&str, usize)> = found.into_iter().collect();
    // Stable: of equals the first by name.
    ranked.sort_by_key(|&(_, places)| std::cmp::Reverse(places));
    ranked.into_iter().map(|(directory, _)| directory.to_owned()).collect()
}

fn cost(service: &Service, split: bool, packages: usize) -> Cost {
    let lines = service.size.lines;
    let (engineer_months, basis) = match service.language {
        Language::Rust => {
            let share = (lines.max(300) as f64) / RUST_TO_GO_LINES;
            let months = (round(RUST_TO_GO.0 * share), round(RUST_TO_GO.1 * share));
            (months, format!("3–9 engineer-months for 30,000 lines from Rust to Go, and it has {lines} lines"))
        }
        Language::Go if split => {
            let paths = packages.clamp(1, NAMED);
            let months = (HOT_PATH.0 * paths as f64, HOT_PATH.1 * paths as f64);
            let where_ = match packages {
                0 => "no package alone holds the evidence, so one is taken".to_owned(),
                1 => "the evidence lies in one package".to_owned(),
                few if few <= NAMED => format!("the evidence lies in {few} packages"),
                many => format!("the evidence lies in {many} packages, taken for {NAMED} hot paths"),
            };
            (months, format!("1–3 engineer-months for each hot path, and {where_}"))
        }
        Language::Go if lines <= SMALL => {
            (HOT_PATH, format!("1–3 engineer-months for a hot path, taken for all of its {lines} lines"))
        }
        // No document gives a range for moving a large Go program as a whole.
        Language::Go => {
            let basis = "1–3 engineer-months for one hot path or part that moves";
            (HOT_PATH, format!("{basis}; no document has a figure for moving all of its {lines} lines"))
        }
    };
    Cost { engineer_months, basis, document: SOURCE.to_owned() }
}

fn round(months: f64) -> f64 {
    (months * 10.0).round().max(1.0) / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_grows_with_the_size_from_rust_to_go() {
        let mut service = crate::service::Service::named("a", Language::Rust);
        service.size.lines = 60_000;
        assert_eq!(cost(&service, false, 0).engineer_months, (6.0, 18.0));
        service.size.lines = 10;
        assert_eq!(cost(&service, false, 0).engineer_months, (0.1, 0.1));
    }

    #[test]
    fn a_split_costs_by_the_hot_paths_and_a_large_move_is_priced_by_its_part() {
        let mut service = crate::service::Service::named("a", Language::Go);
        service.size.lines = 60_000;
        assert_eq!(cost(&service, true, 2).engineer_months, (2.0, 6.0));
        let many = cost(&service, true, 9);
        assert_eq!(many.engineer_months, (3.0, 9.0));
        assert!(many.basis.ends_with("9 packages, taken for 3 hot paths"), "{}", many.basis);
        let whole = cost(&service, false, 2);
        assert_eq!(whole.engineer_months, (1.0, 3.0));
        assert!(whole.basis.contains("no document has a figure for moving all of its 60000 lines"), "{}", whole.basis);
    }

    #[test]
    fn the_packages_with_the_most_evidence_are_named_first() {
        let mut service = crate::service::Service::named("cmd/a", Language::Go);
        service.packages = ["cmd/a", "lib/a", "lib/b", "lib/c", "lib/d"].map(Into::into).to_vec();
        let places =
            ["cmd/a/main.go", "lib/a/x.go", "lib/b/x.go", "lib/c/x.go", "lib/c/y.go", "lib/d/x.go", "far/x.go"];
        let evidence: Vec<_> = places.iter().map(|path| crate::source::Location::of_file(path)).collect();
        let found = holding(&service, &[crate::signal::of_service::signal("trait", Vec::new(), &evidence)]);
        assert_eq!(found, ["lib/c", "lib/a", "lib/b", "lib/d"]);
        assert!(split_point(&found).starts_with("Move the hot paths in lib/c, lib/a, lib/b and 1 more into"));
        assert!(split_point(&found[..2]).starts_with("Move the hot paths in lib/c and lib/a into"));
    }
}
