//! `policy`: the policies in force, and files that are to become some.

use anyhow::Context as _;
use fitcheck::check::CheckError;
use fitcheck::cli::{ColorWhen, Configured, PolicyCommand};
use fitcheck::config::is_fatal;
use fitcheck::config::load::Loaded;
use fitcheck::exit::Exit;
use fitcheck::policy::{Level, builtin, manual};
use fitcheck::{report, terminal};

pub(crate) fn policy(command: &PolicyCommand) -> anyhow::Result<Exit> {
    match command {
        PolicyCommand::List(configured) => list(configured),
        PolicyCommand::Show { policy, configured } => show(policy, configured),
        PolicyCommand::Check { files } => check(files),
    }
}

fn list(configured: &Configured) -> anyhow::Result<Exit> {
    let set = super::policies(configured)?;
    crate::print(|out| {
        set.policies.iter().try_for_each(|policy| {
            let off = if policy.level == Level::Off { " (off)" } else { "" };
            let own = if policy.shipped { String::new() } else { format!(" [{}]", policy.path) };
            let title = report::inert::terminal(&policy.title);
            writeln!(out, "{:24} {:9} {title}{off}{}", policy.id, policy.favors.word(), report::inert::terminal(&own))
        })
    })
}

fn show(id: &str, configured: &Configured) -> anyhow::Result<Exit> {
    let set = super::policies(configured)?;
    let known = set.policies.iter().map(|policy| policy.id.as_str());
    let hint = fitcheck::spanned::nearest(id, known).map_or(String::new(), |near| format!(": did you mean `{near}`?"));
    let policy = set.get(id).with_context(|| format!("no policy is called `{id}`{hint}"))?;
    crate::print(|out| out.write_all(super::lines(&manual::manual(policy)).as_bytes()))
}

/// Reports everything wrong in the files, in one go.
fn check(files: &[std::path::PathBuf]) -> anyhow::Result<Exit> {
    let mut texts = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))?;
        texts.push((file.display().to_string(), text));
    }
    let (own, mut mistakes) = builtin::load(texts.iter().map(|(path, text)| (path.as_str(), text.as_str())), false);
    let policies = builtin::overlay(builtin::shipped(), own.clone());
    mistakes.extend(builtin::dangling(&policies));
    mistakes.sort();
    if is_fatal(&mistakes) {
        let loaded = Loaded { mistakes, texts, ..Loaded::default() };
        return Err(CheckError::Configuration(Box::new(loaded)).into());
    }
    let terminal = terminal::of_stderr(ColorWhen::Auto, ".".as_ref());
    report::mistakes::write(&mistakes, &texts, terminal, &mut std::io::stderr())?;
    let ids: Vec<&str> = own.policies.iter().map(|policy| policy.id.as_str()).collect();
    crate::print(|out| writeln!(out, "sound: {}", ids.join(", ")))
}
