//! systemd units and files of environment variables.
//!
//! *Looks for*: `ExecStart=` of `*.service` and `*.service.in`, `Environment=`, `MemoryMax=`; `KEY=value` of `.env` files.
//! *Emits*: `Workload` (target `systemd`) with the command, `Tuning` and `Memory` bound to it; `Mark{env, "KEY=value"}`.
//! *Misses*: drop-ins (`*.conf`), values that only `EnvironmentFile` knows.
//! *Example*: `ExecStart=/usr/bin/web --port 80`.

use super::shared::{self, Units};
use crate::detect::Facts;
use crate::fact::{Binding, FactKind, MemoryWhat, Workload};
use crate::path;
use crate::source::Text;

const MAX_VALUES: usize = 2000;

pub(crate) fn detect(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    let name = path::base(text.path);
    if name.contains(".service") {
        service(text, name, facts);
    } else if name.starts_with(".env") || name.ends_with(".env") {
        environment(text, facts);
    }
}

/// Lines as key and value, with the place of the line.
fn settings<'a>(text: &Text<'a>) -> impl Iterator<Item = (&'a str, &'a str, std::ops::Range<usize>)> {
    let mut at = 0;
    text.text.split_inclusive('\n').filter_map(move |line| {
        let start = at;
        at += line.len();
        let body = line.trim();
        let (key, value) = body.split_once('=').filter(|_| !body.starts_with(['#', ';', '[']))?;
        let indent = line.len() - line.trim_start().len();
        Some((key.trim(), value.trim(), start + indent..start + indent + body.len()))
    })
}

fn service(text: &Text<'_>, file: &str, facts: &mut Facts<'_, '_>) {
    let Some((_, line, range)) = settings(text).find(|(key, ..)| *key == "ExecStart") else { return };
    // Prefixes such as `-` and `@` change how systemd runs it, not what.
    let line = line.trim_start_matches(['-', '@', ':', '+', '!']);
    let kind =
        if settings(text).any(|(key, value, _)| key == "Type" && value == "oneshot") { "oneshot" } else { "service" };
    let name = file.split(".service").next().unwrap_or(file).trim_end_matches('@');
    let workload = Workload {
        target: "systemd".to_owned(),
        kind: kind.to_owned(),
        name: Some(name.to_owned()),
        command: line.split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned()).collect(),
        ..Workload::default()
    };
    let index = facts.add(range, FactKind::Workload(workload.into()));
    for (key, value, range) in settings(text) {
        match key {
            "Environment" => {
                for pair in value.split_whitespace() {
                    if let Some((name, value)) = pair.trim_matches(['"', '\'']).split_once('=') {
                        shared::tuning(name, value, range.clone(), index, facts);
                    }
                }
            }
            "MemoryMax" | "MemoryLimit" => {
                if let Some(bytes) = shared::bytes(value, Units::Binary) {
                    let kind = FactKind::Memory { what: MemoryWhat::Limit, bytes };
                    facts.add_bound(range, kind, Binding::Workload(index));
                }
            }
            _ => {}
        }
    }
}

fn environment(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    let values = settings(text).filter(|(key, value, _)| {
        !value.is_empty() && value.len() <= 200 && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            // Only what names an image or a file can matter; secrets must not travel.
            && ["IMAGE", "DOCKERFILE", "CONTEXT", "REPO", "NAME", "REGISTRY"].iter().any(|word| key.contains(word))
            && !["SECRET", "TOKEN", "PASSWORD", "KEY", "USER"].iter().any(|word| key.contains(word))
    });
    for (nth, (key, value, range)) in values.enumerate() {
        if nth == MAX_VALUES {
            facts.cut(range, "values of an environment", MAX_VALUES);
            break;
        }
        let detail = format!("{key}={}", value.trim_matches(['"', '\'']));
        facts.add_bound(range, FactKind::Mark { name: "env".to_owned(), detail }, Binding::Here);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str, source: &str) -> Vec<FactKind> {
        let text = Text::new(path, source);
        let mut facts = Facts::new(&text);
        detect(&text, &mut facts);
        facts.list.into_iter().map(|fact| fact.kind).collect()
    }

    #[test]
    fn a_unit_with_limits() {
        let found = read(
            "pkg/web.service",
            "[Service]\nEnvironment=\"GOGC=50\" A=b\nExecStart=-/usr/bin/web -x\nMemoryMax=64M\n",
        );
        let FactKind::Workload(web) = &found[0] else { panic!("{found:?}") };
        assert_eq!((web.name.as_deref(), web.command[0].as_str()), (Some("web"), "/usr/bin/web"));
        assert_eq!(found[1], FactKind::Tuning { what: "gogc".into(), value: Some("50".into()) });
        assert_eq!(found[2], FactKind::Memory { what: MemoryWhat::Limit, bytes: 64 << 20 });
    }

    #[test]
    fn environments_tell_images_and_no_secrets() {
        let found = read(".env", "IMAGE_NAME=r/x\nDB_PASSWORD_NAME=p\nPORT=80\n# IMAGE=y\n");
        assert_eq!(found, [FactKind::Mark { name: "env".into(), detail: "IMAGE_NAME=r/x".into() }]);
        assert_eq!(read("a.socket", "ListenStream=1\n"), []);
    }
}
