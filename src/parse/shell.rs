//! Command lines to simple commands: enough of a shell to see what is built, not a shell.
//!
//! In: a stretch of text (a script, a recipe line, a `RUN`, a workflow step) and the variables known there.
//! Out: [`Command`]s with their words, environment prefixes and the directory that earlier `cd`s lead to.
//! Unknown variables stay as written; nothing is ever run.

mod head;
mod split;
mod variables;

use std::ops::Range;
use std::sync::Arc;

use crate::path::base;

pub use split::commands;
pub use variables::Variables;

/// One simple command.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Command {
    pub range: Range<usize>,
    /// Where `cd`s before it lead, relative to where the text starts.
    pub directory: Option<String>,
    /// `A=b` before the command, and `export`s before it.
    pub environment: Arc<Vec<(String, String)>>,
    /// The program and its arguments, quotes gone, known variables put in.
    pub words: Vec<String>,
}

impl Command {
    /// Returns the program's name without directories.
    pub fn program(&self) -> &str {
        self.words.first().map_or("", |word| base(word))
    }

    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Joins a directory to another; absolute ones stand for themselves.
pub fn join(base: Option<&str>, to: &str) -> String {
    match base {
        Some(base) if !to.starts_with('/') && !to.starts_with('$') => {
            let to = to.trim_start_matches("./");
            format!("{}/{to}", base.trim_end_matches('/'))
        }
        _ => to.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        commands(text, 0, &mut Variables::default()).iter().map(|command| command.words.join(" ")).collect()
    }

    #[test]
    fn separators_quotes_and_continuations() {
        assert_eq!(words("a && b; c | d || e & f"), ["a", "b", "c", "d", "e", "f"]);
        assert_eq!(words("go build \\\n  # why\n  -o 'x y' \"z\" \\\n ./cmd"), ["go build -o x y z ./cmd"]);
        assert_eq!(words("a > out 2>&1\nb # c && d\n"), ["a", "b"]);
        assert_eq!(words("@$(ENV) X=y cargo build\n$(GO) build"), ["cargo build", "$(GO) build"]);
        assert_eq!(words("run env \"${X[@]}\" go build -o=\"../${out}/a\" ."), ["go build -o=../${out}/a ."]);
        assert_eq!(words("P=web\n${{env.P}} a -p ${{ env.P }} ${{ env.NO }}"), ["web a -p web ${{ env.NO }}"]);
        assert_eq!(words("run tests"), ["run tests"]);
        assert_eq!(words("$Q go test -race\n$(Q)go vet\n$GO build"), ["go test -race", "go vet", "$GO build"]);
        assert_eq!(words("if ! a; then\n  b\nfi"), ["a", "b", "fi"]);
        assert_eq!(words("cat <<EOF\ngo build ./no\nEOF\ngo build ./yes"), ["cat", "go build ./yes"]);
    }

    #[test]
    fn environments_directories_and_variables() {
        let mut variables = Variables::default();
        let text =
            "APP=web\nexport CGO_ENABLED=0\n(cd sub && GOOS=js go build -o $APP ./${DIR:-cmd}/${NO})\n$UNKNOWN x";
        let found = commands(text, 10, &mut variables);
        assert_eq!(found[0].words, ["go", "build", "-o", "web", "./cmd/${NO}"]);
        assert_eq!(found[0].directory.as_deref(), Some("sub"));
        assert_eq!(found[0].variable("GOOS"), Some("js"));
        assert_eq!(found[0].variable("CGO_ENABLED"), Some("0"));
        assert_eq!(
            &text[found[0].range.start - 10..found[0].range.end - 10],
            "GOOS=js go build -o $APP ./${DIR:-cmd}/${NO}"
        );
        assert_eq!(found[1].directory, None);
        assert_eq!(found[1].words, ["$UNKNOWN", "x"]);
    }

    #[test]
    fn a_bare_variable_may_hold_a_command() {
        let mut variables = Variables::default();
        variables.set("GOBUILD", "CGO_ENABLED=0 go build -trimpath");
        let found = commands("@$(GOBUILD) -o x .", 0, &mut variables);
        assert_eq!(found[0].words, ["go", "build", "-trimpath", "-o", "x", "."]);
        assert_eq!(found[0].variable("CGO_ENABLED"), Some("0"));
    }

    #[test]
    fn junk_ends() {
        for junk in ["\\", "'", "\"", "`", "$(", "${", "<<", "a\\", "\\\r", "$", "(", ")", "é\\é", "\\\n#", "<<X\n"] {
            words(junk);
            words(&junk.repeat(3000));
        }
    }
}
