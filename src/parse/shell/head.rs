//! What stands before the program of a command: keywords, wrappers that run another command, assignments.

use super::variables::is_name;

/// Takes keywords, wrappers and assignments off the front; returns the assignments.
pub(super) fn strip_head(words: &mut Vec<String>) -> Vec<(String, String)> {
    unveil(words);
    let mut assignments = Vec::new();
    let mut taken = 0;
    let mut wrapped = false;
    for (at, word) in words.iter().enumerate() {
        let bare = word.trim_start_matches(['@', '+', '-']);
        // `$(BUILD_ENV) X=y cargo build`: a variable before assignments can only hold more of them.
        if bare.starts_with("$(") && words.get(at + 1).is_some_and(|next| assignment(next).is_some()) {
            taken += 1;
            continue;
        }
        let is_keyword = matches!(
            bare,
            "" | "if"
                | "then"
                | "else"
                | "elif"
                | "do"
                | "while"
                | "until"
                | "!"
                | "{"
                | "}"
                | "time"
                | "sudo"
                | "exec"
                | "command"
                | "nice"
                | "env"
                | "nohup"
                | "eval"
                | "retry"
                | "RUN"
                | "call"
                | "set"
                | "&"
        );
        if let Some((name, value)) = assignment(bare) {
            assignments.push((name.to_owned(), value.to_owned()));
        } else if is_keyword {
            wrapped |= matches!(bare, "env" | "sudo");
        } else if at == 0 && words.len() > 2 && matches!(bare, "run" | "maybe_run" | "run_cmd" | "dry_run" | "xtrace") {
            // Functions of scripts that show what they run.
        } else if !(wrapped && (word.starts_with('-') || word.starts_with("${"))) {
            break;
        }
        taken += 1;
    }
    words.drain(..taken);
    if let Some(first) = words.first_mut() {
        *first = first.trim_start_matches(['@', '+']).trim_start_matches('-').to_owned();
    }
    assignments
}

/// Takes off the variable by which Makefiles hide or show a command: `$Q go test`, `$(Q)go test`.
fn unveil(words: &mut Vec<String>) {
    const NAMES: &[&str] = &["Q", "V", "AT", "QUIET", "SILENT"];
    let Some(first) = words.first() else { return };
    let word = first.trim_start_matches('@');
    let closed = word.strip_prefix("$(").and_then(|rest| rest.split_once(')'));
    let closed = closed.or_else(|| word.strip_prefix("${").and_then(|rest| rest.split_once('}')));
    let Some((name, rest)) = closed.or_else(|| Some((word.strip_prefix('$')?, ""))) else { return };
    if !NAMES.contains(&name) {
        return;
    }
    match rest {
        "" => drop(words.remove(0)),
        _ => words[0] = rest.to_owned(),
    }
}

pub(super) fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let name = name.strip_suffix('+').unwrap_or(name);
    let is_valid =
        name.chars().all(is_name) && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    is_valid.then_some((name, value))
}
