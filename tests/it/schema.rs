//! The published schemas are the ones that the program prints, and what is sound is sound to them.

use std::fs;
use std::path::Path;

use fitcheck::config::print::INIT;
use fitcheck::policy::builtin;
use fitcheck::schema;

#[test]
fn published_schemas_are_current() {
    let all = [
        ("config-v1", schema::configuration()),
        ("policy-v1", schema::policy()),
        ("extractor-v1", schema::extractor()),
    ];
    for (name, schema) in all {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schema/{name}.json"));
        crate::docs::is_current(&path, &format!("{schema:#}\n"));
    }
}

fn value(text: &str) -> serde_json::Value {
    serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap()
}

#[test]
fn every_shipped_policy_is_valid_and_a_mistyped_key_is_not() {
    let validator = jsonschema::validator_for(&schema::policy()).unwrap();
    for (path, text) in builtin::FILES {
        let errors: Vec<String> = validator.iter_errors(&value(text)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{path}: {errors:?}");
        assert!(!validator.is_valid(&value(&text.replacen("title", "titel", 1))));
    }
}

#[test]
fn examples_of_configuration_are_valid() {
    let validator = jsonschema::validator_for(&schema::configuration()).unwrap();
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/configuration.md")).unwrap();
    let blocks = page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    for block in blocks.chain([INIT]) {
        let errors: Vec<String> = validator.iter_errors(&value(block)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?} in {block}");
    }
    for wrong in ["excldue = []", "[policy.tail-latency]\nbugdet = \"1ms\"", "[[service]]\nrole = \"job\""] {
        assert!(!validator.is_valid(&value(wrong)), "{wrong}");
    }
}

#[test]
fn examples_of_extractors_are_valid_and_read() {
    let validator = jsonschema::validator_for(&schema::extractor()).unwrap();
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/extractors.md")).unwrap();
    let blocks: Vec<&str> = page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() >= 3);
    for block in blocks.into_iter().filter(|block| block.contains("[fact]")) {
        let errors: Vec<String> = validator.iter_errors(&value(block)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?} in {block}");
        assert_eq!(fitcheck::extract::raw::read("e.toml", block).1, Vec::new(), "{block}");
        assert!(!validator.is_valid(&value(&block.replacen("about", "abuot", 1))));
        assert!(!validator.is_valid(&value(&block.replacen("signal = \"", "signal = \"x", 1))));
    }
}
