//! Brings what is declared to the services it is about: name, role, facts. Declared beats detected.

use crate::config::layer::ServiceRule;
use crate::config::{Config, matches_path};
use crate::fact::{LatencySource, Subject};
use crate::service::{Evidenced, Latency, Role, Service};
use crate::signal::Value;
use crate::source::Location;
use crate::spanned::Mistake;

/// The role that is declared for a service; of several declarations the last counts.
pub fn role_of(config: &Config, root: &str, name: &str) -> Option<Role> {
    config.services.iter().filter(|rule| is_about(rule, root, name)).filter_map(|rule| rule.role).next_back()
}

/// Changes the services as declared; a declaration that is about none of them comes back as a warning.
pub fn apply(config: &Config, services: &mut [Service]) -> Vec<Mistake> {
    let mut unmatched = Vec::new();
    for rule in &config.services {
        let mut matched = false;
        for service in services.iter_mut().filter(|service| is_about(rule, &service.root, &service.name)) {
            declare(rule, service);
            matched = true;
        }
        if !matched {
            unmatched.extend(nothing_meant(rule));
        }
    }
    unmatched
}

fn is_about(rule: &ServiceRule, root: &str, name: &str) -> bool {
    rule.root.as_ref().is_none_or(|wanted| matches_exactly(wanted, root))
        && rule.matches_name.as_ref().is_none_or(|wanted| wanted == name)
}

/// A plain path means the service of that directory alone; a glob all that it matches.
fn matches_exactly(root: &str, service: &str) -> bool {
    root == service || (root.contains('*') && matches_path(&[root.to_owned()], service))
}

fn declare(rule: &ServiceRule, service: &mut Service) {
    let here = rule.location.clone().unwrap_or_else(|| Location::of_file(super::FILE));
    if let Some(name) = &rule.rename {
        service.name = name.clone();
    }
    if let Some(role) = rule.role {
        service.role = role;
        service.role_because.insert(0, (format!("declared to be a {}", role.word()), here.clone()));
    }
    if let Some(reason) = &rule.ignore {
        service.role = Role::Tool;
        service.role_because.insert(0, (format!("declared not to be judged: {reason}"), here.clone()));
    }
    if rule.owner.is_some()
        && let Some(team) = &mut service.team
    {
        team.owners = team.owners.max(1);
    }
    for &(limit_us, percentile) in &rule.latency {
        let value = Latency { limit_us, percentile, source: LatencySource::Declared, subject: Subject::Answering };
        service.latency.push(Evidenced { value, evidence: vec![here.clone()] });
    }
    for fact in &rule.facts {
        if let ("artifact-budget", Value::Bytes(bytes)) = (fact.key.as_str(), &fact.value) {
            service.artifact_budget = vec![Evidenced { value: *bytes, evidence: vec![fact.location.clone()] }];
            continue;
        }
        service.declared.retain(|known| known.key != fact.key);
        service.declared.push(fact.clone());
    }
}

fn nothing_meant(rule: &ServiceRule) -> Option<Mistake> {
    let location = rule.location.as_ref()?;
    let meant = rule.root.as_ref().or(rule.matches_name.as_ref())?;
    Some(Mistake {
        path: location.path.clone(),
        start: location.place.start as usize,
        end: location.place.end as usize,
        message: format!("no service is at or named `{meant}`"),
        hint: Some("`fitcheck services --all` lists what was found".to_owned()),
        warning: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::layer;
    use crate::finding::Verdict;
    use crate::judge::judge;
    use crate::service::Language;

    fn configured(text: &str) -> Config {
        let (layer, mistakes) = layer::read("fitcheck.toml", "", text);
        assert_eq!(mistakes, Vec::new());
        Config { services: layer.services, ..Config::default() }
    }

    #[test]
    fn declared_facts_judge_and_beat_what_was_detected() {
        let config = configured(
            "[[service]]\npath = \"a\"\nname = \"ledger\"\n[service.facts]\n\
             latency = { limit = \"20ms\", percentile = \"99.9%\" }\nhorizon-years = 7\n",
        );
        let mut service = Service::named("a", Language::Go);
        let detected = Latency {
            limit_us: 500.0,
            percentile: Some(99.9),
            source: LatencySource::Slo,
            subject: Subject::Answering,
        };
        service.latency.push(Evidenced { value: detected, evidence: vec![Location::of_file("slo.yaml")] });
        let mut services = vec![service];
        assert_eq!(apply(&config, &mut services), Vec::new());
        let (judged, _) = judge(services, &config);
        assert_eq!(judged[0].service.name, "ledger");
        assert_eq!(judged[0].questions, ["correctness-horizon"]);
    }

    #[test]
    fn an_ignored_service_is_not_judged_and_says_why() {
        let config = configured("[[service]]\nservice = \"a\"\nignore = \"goes away in May\"\n");
        let mut service = Service::named("a", Language::Rust);
        service.traits.push(Evidenced { value: "crud".to_owned(), evidence: Vec::new() });
        let mut services = vec![service];
        apply(&config, &mut services);
        let (judged, findings) = judge(services, &config);
        assert_eq!((judged[0].verdict, findings.len()), (Verdict::Unjudged, 0));
        assert!(judged[0].reasoning.contains("goes away in May"), "{}", judged[0].reasoning);
    }

    #[test]
    fn a_rule_about_nothing_is_a_warning() {
        let config = configured("[[service]]\npath = \"gone\"\nrole = \"job\"\n");
        let warnings = apply(&config, &mut [Service::named("a", Language::Go)]);
        assert!(warnings[0].warning && warnings[0].message.contains("gone"));
    }
}
