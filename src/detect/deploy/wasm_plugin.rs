//! WebAssembly modules that a proxy loads.
//!
//! *Looks for*: Envoy configurations with a `envoy.wasm` filter, Istio `EnvoyFilter` and `WasmPlugin`, Extism manifests.
//! *Emits*: `Workload` (target `wasm-plugin`) with the files and images of the module.
//! *Misses*: modules that are only named in prose.
//! *Example*: `vm_config: {runtime: envoy.wasm.runtime.v8, code: {local: {filename: /plugin.wasm}}}`.

use crate::detect::Facts;
use crate::fact::{FactKind, Workload};
use crate::parse::config::ConfigView;
use crate::parse::tree::Node;

pub(crate) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    // Asked once: a file may hold as many documents as lines.
    let loads_modules = memchr::memmem::find(view.text.text.as_bytes(), b"envoy.wasm.runtime").is_some();
    for document in &view.documents {
        if document.str_at(&["kind"]) == Some("WasmPlugin") {
            if let Some(url) = document.path(&["spec", "url"]) {
                add(document, url, facts);
            }
        } else if loads_modules {
            envoy(document, facts);
        }
    }
}

fn envoy(document: &Node, facts: &mut Facts<'_, '_>) {
    let mut found = Vec::new();
    document.walk(&mut |path, node| {
        if path.last() == Some(&"vm_config") {
            let code = |keys: &[&str]| node.path(&["code"]).and_then(|code| code.path(keys));
            found.extend(code(&["local", "filename"]).or_else(|| code(&["remote", "http_uri", "uri"])));
        }
    });
    for file in found {
        add(document, file, facts);
    }
}

fn add(document: &Node, file: &Node, facts: &mut Facts<'_, '_>) {
    let Some(text) = file.written() else { return };
    let is_image = text.starts_with("oci://");
    let workload = Workload {
        target: "wasm-plugin".to_owned(),
        kind: "plugin".to_owned(),
        name: document.path(&["metadata", "name"]).and_then(Node::written).map(str::to_owned),
        images: is_image.then(|| text.trim_start_matches("oci://").to_owned()).into_iter().collect(),
        artifacts: (!is_image).then(|| text.to_owned()).into_iter().collect(),
        ..Workload::default()
    };
    facts.add(file.range.clone(), FactKind::Workload(workload.into()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::deploy::tests::kinds;

    #[test]
    fn modules_of_proxies() {
        let source = "a:\n  - vm_config:\n      runtime: envoy.wasm.runtime.v8\n      code: {local: {filename: /build/main.wasm}}\n";
        let found = kinds(detect, "envoy.yaml", source);
        assert!(matches!(&found[..], [FactKind::Workload(one)] if one.artifacts == ["/build/main.wasm"]));
        let found = kinds(detect, "p.yaml", "kind: WasmPlugin\nspec: {url: oci://r/p:1}\n");
        assert!(matches!(&found[..], [FactKind::Workload(one)] if one.images == ["r/p:1"]));
        assert_eq!(kinds(detect, "x.yaml", "code: {local: {filename: /a.wasm}}\n"), []);
    }
}
