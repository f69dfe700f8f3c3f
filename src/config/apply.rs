//! Brings what is declared to the services it is about: name, role, facts. Declared beats detected.

use crate::config::layer::{Budget, Said, ServiceRule};
use crate::config::{Config, matches_path};
use crate::fact::{LatencySource, Subject};
use crate::service::by_hand::Added;
use crate::service::{Declared, Evidenced, Latency, Owner, Role, Service};
use crate::signal::Value;
use crate::spanned::Mistake;

/// The role that is declared for a service; of several declarations the last counts.
pub fn role_of(config: &Config, root: &str, name: &str) -> Option<Role> {
    config
        .services
        .iter()
        .filter(|rule| is_about(rule, root, name))
        .filter_map(|rule| rule.role.as_ref())
        .next_back()
        .map(|role| role.value)
}

/// The services that are added by hand.
pub fn added(config: &Config) -> Vec<Added> {
    let by_hand = |rule: &ServiceRule| {
        let (language, root) = (rule.add.as_ref()?, rule.root.as_ref()?);
        let name = rule.rename.as_ref().map(|name| name.value.clone());
        Some(Added { root: root.as_str().into(), language: language.value, name, at: language.at.clone() })
    };
    config.services.iter().filter_map(by_hand).collect()
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
    if let Some(name) = &rule.rename {
        service.name = name.value.clone();
    }
    if let Some(role) = &rule.role {
        service.role = role.value;
        service.role_because.insert(0, (format!("declared to be a {}", role.value.word()), role.at.clone()));
    }
    if let Some(reason) = &rule.ignore {
        service.role = Role::Tool;
        service.role_because.insert(0, (format!("declared not to be judged: {}", reason.value), reason.at.clone()));
    }
    if let Some(owner) = &rule.owner {
        service.owner = Some(Owner { team: owner.value.clone(), at: owner.at.clone(), declared: true });
    }
    // What is judged again from a document has been declared before.
    service.latency.retain(|known| !rule.latency.iter().any(|budget| known.evidence.first() == Some(&budget.at)));
    for budget in &rule.latency {
        let Budget { limit_us, percentile } = budget.value;
        let value = Latency { limit_us, percentile, source: LatencySource::Declared, subject: Subject::Answering };
        service.latency.push(Evidenced { value, evidence: vec![budget.at.clone()] });
    }
    words(&rule.traits, "trait", service);
    words(&rule.deploy, "deploy", service);
    for fact in &rule.facts {
        let evidence = vec![fact.location.clone()];
        match (fact.key.as_str(), &fact.value) {
            ("artifact-budget", Value::Bytes(bytes)) => {
                service.artifact_budget = vec![Evidenced { value: *bytes, evidence }];
            }
            ("replicas", Value::Number(copies)) => {
                service.replicas = vec![Evidenced { value: (*copies as u32, *copies as u32), evidence }];
            }
            _ => {}
        }
        service.declared.retain(|known| known.key != fact.key);
        service.declared.push(fact.clone());
    }
}

/// Declared traits and targets stand beside the detected ones; the declaring line is their first evidence.
fn words(said: &[Said<String>], key: &str, service: &mut Service) {
    for word in said {
        let list = if key == "trait" { &mut service.traits } else { &mut service.deploy };
        match list.iter_mut().find(|known| known.value == word.value) {
            Some(known) if known.evidence.contains(&word.at) => {}
            Some(known) => known.evidence.insert(0, word.at.clone()),
            None => list.push(Evidenced { value: word.value.clone(), evidence: vec![word.at.clone()] }),
        }
        if !service.declares(key, &word.value) {
            let value = Value::Word(word.value.clone());
            service.declared.push(Declared { key: key.to_owned(), value, location: word.at.clone() });
        }
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
    use crate::source::Location;

    fn configured(text: &str) -> Config {
        let (layer, mistakes) = layer::read("fitcheck.toml", ".", text);
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
    fn declared_traits_targets_and_copies_are_evidence_of_their_own_line() {
        let config = configured(
            "[[service]]\npath = \"a\"\nowner = \"core\"\n[service.facts]\n\
             traits = [\"realtime\"]\ndeploy = [\"package\"]\nreplicas = 80\n",
        );
        let mut services = vec![Service::named("a", Language::Go)];
        assert_eq!(apply(&config, &mut services), Vec::new());
        assert_eq!(services[0].owner.as_ref().map(|owner| (owner.team.as_str(), owner.declared)), Some(("core", true)));
        let (judged, findings) = judge(services, &config);
        assert_eq!(judged[0].questions, ["realtime-domain", "scale-economics"]);
        let label = &findings.iter().find(|finding| finding.policy == "realtime-domain").unwrap().labels[0];
        assert_eq!((&*label.location.path, label.location.place.line), ("fitcheck.toml", 5));
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
