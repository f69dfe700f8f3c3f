//! Sets levels and parameters of policies, once the policies are known.

use std::sync::Arc;

use crate::config::layer::PolicySetting;
use crate::policy::raw::{in_range, value};
use crate::policy::unit;
use crate::policy::{Level, PolicySet};
use crate::spanned::{Node, Reader, nearest};

/// Applies one setting to the set; what is wrong with it goes to the reader.
pub(super) fn set(reader: &mut Reader, set: &mut PolicySet, setting: &PolicySetting) {
    let ids: Vec<String> = set.policies.iter().map(|policy| policy.id.clone()).collect();
    let Some(policy) = set.policies.iter_mut().find(|policy| policy.id == setting.policy) else {
        let hint =
            nearest(&setting.policy, ids.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
        reader.wrong(setting.policy_range.clone(), format!("unknown policy `{}`", setting.policy), hint);
        return;
    };
    let policy = Arc::make_mut(policy);
    if setting.key == "level" {
        if let Some(level) = level(reader, setting) {
            policy.level = level;
        }
        return;
    }
    let names: Vec<String> = policy.parameters.iter().map(|parameter| parameter.name.clone()).collect();
    let Some(parameter) = policy.parameters.iter_mut().find(|parameter| parameter.name == setting.key) else {
        let known = names.iter().map(String::as_str).chain(["level"]);
        let hint = nearest(&setting.key, known.clone()).map(|near| format!("did you mean `{near}`?"));
        let hint = hint.or_else(|| Some(format!("it has: {}", known.collect::<Vec<_>>().join(", "))));
        let message = format!("`{}` has no parameter `{}`", setting.policy, setting.key);
        reader.wrong(setting.key_range.clone(), message, hint);
        return;
    };
    let Some(value) = value(reader, &setting.value, &setting.key) else { return };
    match in_range(parameter, &value) {
        Ok(()) => {
            parameter.value = value;
            parameter.origin = Some(format!("{}:{}", setting.file, setting.line));
        }
        Err(reason) => {
            let hint = Some(format!("the default is {}", unit::show(&parameter.default)));
            reader.wrong(setting.value.range.clone(), reason, hint);
        }
    }
}

fn level(reader: &mut Reader, setting: &PolicySetting) -> Option<Level> {
    let Node::Text(word) = &setting.value.node else {
        reader.wrong(setting.value.range.clone(), "`level` must be a string", None);
        return None;
    };
    reader.one_of("level", word, &setting.value.range, &["off", "note", "warning", "error", "default"]);
    match word.as_str() {
        "off" => Some(Level::Off),
        "note" => Some(Level::Note),
        "warning" => Some(Level::Warning),
        "error" => Some(Level::Error),
        "default" => Some(Level::Default),
        _ => None,
    }
}
