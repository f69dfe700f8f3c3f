//! What standard output can show: colour, width, links.
//!
//! In: the command line's wish, the environment, whether it is a terminal. Out: a [`Terminal`].

use std::io::IsTerminal;
use std::path::Path;

use crate::cli::ColorWhen;
use crate::report::{Links, Terminal, inert};

/// Width of text that is not written to a terminal.
const PLAIN_WIDTH: usize = 80;

/// Describes standard output; `root` is where files that are named can be opened.
pub fn of_stdout(when: ColorWhen, root: Option<&Path>) -> Terminal {
    of(when, root, std::io::stdout().is_terminal())
}

/// Describes standard error, where what stops a run is told.
pub fn of_stderr(when: ColorWhen, root: Option<&Path>) -> Terminal {
    of(when, root, std::io::stderr().is_terminal())
}

fn of(when: ColorWhen, root: Option<&Path>, is_terminal: bool) -> Terminal {
    let env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let color = color(when, &env, is_terminal);
    Terminal {
        width: width(&env, is_terminal),
        color,
        links: if links(&env, is_terminal) { opened(&env, root) } else { Links::default() },
    }
}

/// The flag wins, then `NO_COLOR`, then `FORCE_COLOR` and `CLICOLOR_FORCE`, then the terminal.
fn color(when: ColorWhen, env: &dyn Fn(&str) -> Option<String>, is_terminal: bool) -> bool {
    match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto if env("NO_COLOR").is_some() => false,
        ColorWhen::Auto if env("FORCE_COLOR").or(env("CLICOLOR_FORCE")).is_some_and(|value| value != "0") => true,
        ColorWhen::Auto => is_terminal && env("TERM").as_deref() != Some("dumb"),
    }
}

fn width(env: &dyn Fn(&str) -> Option<String>, is_terminal: bool) -> usize {
    let asked = env("COLUMNS").and_then(|text| text.parse().ok());
    let measured = || terminal_size::terminal_size().filter(|_| is_terminal).map(|(width, _)| usize::from(width.0));
    asked.or_else(measured).unwrap_or(PLAIN_WIDTH).clamp(40, 200)
}

/// Terminals that are known to show links; others would print the escape codes' text.
fn links(env: &dyn Fn(&str) -> Option<String>, is_terminal: bool) -> bool {
    if let Some(force) = env("FORCE_HYPERLINK") {
        return force != "0";
    }
    let program = env("TERM_PROGRAM").unwrap_or_default();
    let term = env("TERM").unwrap_or_default();
    is_terminal
        && env("CI").is_none()
        && (["iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper"].contains(&program.as_str())
            || term.contains("kitty")
            || term.contains("alacritty")
            || env("VTE_VERSION").and_then(|text| text.parse().ok()).is_some_and(|version: u32| version >= 5000)
            || ["WT_SESSION", "KONSOLE_VERSION", "DOMTERM"].iter().any(|name| env(name).is_some()))
}

/// Editors' terminals have addresses of their own, with a line; to others a file is a file.
fn opened(env: &dyn Fn(&str) -> Option<String>, root: Option<&Path>) -> Links {
    let scheme = match env("TERM_PROGRAM").as_deref() {
        Some("vscode") => "vscode://file",
        _ => "file://",
    };
    let path = root.and_then(|root| std::fs::canonicalize(root).ok());
    let root = path.and_then(|path| Some(format!("{scheme}{}", inert::uri(path.to_str()?))));
    Links { shown: true, root, positions: scheme != "file://" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_follows_the_conventions() {
        let none = |_: &str| None;
        let only = |wanted: &'static str| move |name: &str| (name == wanted).then(|| "1".to_owned());
        assert!(color(ColorWhen::Auto, &none, true));
        assert!(!color(ColorWhen::Auto, &none, false));
        assert!(!color(ColorWhen::Auto, &only("NO_COLOR"), true));
        assert!(color(ColorWhen::Always, &only("NO_COLOR"), false));
        assert!(color(ColorWhen::Auto, &only("CLICOLOR_FORCE"), false));
        assert!(!color(ColorWhen::Never, &only("FORCE_COLOR"), true));
        let dumb = |name: &str| (name == "TERM").then(|| "dumb".to_owned());
        assert!(!color(ColorWhen::Auto, &dumb, true));
    }

    #[test]
    fn an_editor_opens_files_at_their_line() {
        let editor = |name: &str| (name == "TERM_PROGRAM").then(|| "vscode".to_owned());
        let links = opened(&editor, Some(Path::new("/")));
        assert!(links.positions && links.root.as_deref() == Some("vscode://file/"), "{links:?}");
        assert!(!opened(&|_| None, Some(Path::new("."))).positions);
        assert_eq!(opened(&|_| None, None).root, None);
    }

    #[test]
    fn links_only_where_they_are_known_to_work() {
        let vte = |name: &str| (name == "VTE_VERSION").then(|| "6003".to_owned());
        assert!(links(&vte, true));
        assert!(!links(&vte, false));
        assert!(!links(&|_| None, true));
    }
}
