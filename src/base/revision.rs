//! Which commit is the base.
//!
//! `auto` asks, in this order: the event file of GitHub Actions, the variables of GitLab CI, the upstream of the
//! current branch, and the usual main branches. A base that cannot be found is an error with a remedy, never "no
//! changes".

use std::fs::File;
use std::io::Read;
use std::path::Path;

use gix::ObjectId;

use crate::git::{Git, GitProblem};

/// GitHub caps event payloads at 25 MB.
const EVENT: u64 = 25 << 20;

/// Why there is no base; always exit status 2.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum BaseError {
    /// The user's or the CI configuration's.
    #[error("cannot find base `{revision}` in this clone: {remedy}")]
    Missing { revision: String, remedy: String },
    /// The user's: nothing says what to compare with.
    #[error("cannot tell the base: no CI event, no upstream and no main branch; name it with `--base REV`")]
    Unknown,
    #[error(transparent)]
    Git(#[from] GitProblem),
}

/// A base, found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    pub commit: ObjectId,
    /// As it was asked for, or where it comes from.
    pub name: String,
}

/// Finds the base; `variable` reads the environment.
pub fn find(git: &Git, asked: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Base, BaseError> {
    if asked != "auto" {
        let commit = git.commit(asked)?.ok_or_else(|| missing(asked))?;
        return Ok(Base { commit, name: asked.to_owned() });
    }
    if let Some(named) = from_environment(variable) {
        let commit = git.commit(&named)?.ok_or_else(|| missing(&named))?;
        // Where both histories are there, what others merged since the branch began is not this change's doing.
        let commit = merge_base(git, commit)?.unwrap_or(commit);
        return Ok(Base { commit, name: short(commit) });
    }
    let upstream = git.upstream();
    let usual = ["origin/HEAD", "origin/main", "origin/master", "main", "master"];
    for name in upstream.as_deref().into_iter().chain(usual) {
        if let Some(commit) = git.commit(name)?
            && let Some(base) = merge_base(git, commit)?
        {
            let name = name.trim_start_matches("refs/remotes/").trim_start_matches("refs/heads/");
            return Ok(Base { commit: base, name: format!("{} ({name})", short(base)) });
        }
    }
    Err(BaseError::Unknown)
}

fn short(commit: ObjectId) -> String {
    commit.to_hex_with_len(10).to_string()
}

fn missing(revision: &str) -> BaseError {
    let remedy = "fetch it first; with actions/checkout set `fetch-depth: 0` (and `filter: blob:none` to keep it small), \
                  in GitLab CI set `GIT_DEPTH: 0`, elsewhere run `git fetch origin` with the branch or commit";
    BaseError::Missing { revision: revision.to_owned(), remedy: remedy.to_owned() }
}

fn merge_base(git: &Git, commit: ObjectId) -> Result<Option<ObjectId>, GitProblem> {
    let Some(head) = git.head()? else { return Ok(None) };
    Ok(git.handle().merge_base(head, commit).ok().flatten().map(|id| id.detach()))
}

fn from_environment(variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let event = set("GITHUB_EVENT_PATH").and_then(|path| from_event(Path::new(&path)));
    let gitlab = || set("CI_MERGE_REQUEST_DIFF_BASE_SHA");
    let branch = || set("GITHUB_BASE_REF").map(|name| format!("origin/{name}"));
    event.or_else(gitlab).or_else(branch)
}

/// The commit that a GitHub event says the change goes onto.
fn from_event(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(EVENT).read_to_string(&mut text).ok()?;
    let event: serde_json::Value = serde_json::from_str(&text).ok()?;
    let found = ["/pull_request/base/sha", "/merge_group/base_sha", "/before"].iter().find_map(|at| event.pointer(at));
    let sha = found?.as_str()?;
    let is_commit = matches!(sha.len(), 40 | 64) && sha.bytes().all(|byte| byte.is_ascii_hexdigit());
    // The first push of a branch has nothing before it.
    (is_commit && sha.bytes().any(|byte| byte != b'0')).then(|| sha.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &str) -> Option<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        from_event(file.path())
    }

    #[test]
    fn events_name_the_base() {
        let sha = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(event(&format!(r#"{{"pull_request":{{"base":{{"sha":"{sha}"}}}}}}"#)).as_deref(), Some(sha));
        assert_eq!(event(&format!(r#"{{"merge_group":{{"base_sha":"{sha}"}}}}"#)).as_deref(), Some(sha));
        assert_eq!(event(&format!(r#"{{"before":"{}"}}"#, "0".repeat(40))), None);
        assert_eq!(event(r#"{"before":"--upload-pack=x"}"#), None);
        assert_eq!(event("not json"), None);
    }

    #[test]
    fn gitlab_names_it_in_a_variable() {
        let set = |name: &str| (name == "CI_MERGE_REQUEST_DIFF_BASE_SHA").then(|| "abc".to_owned());
        assert_eq!(from_environment(&set).as_deref(), Some("abc"));
        assert_eq!(from_environment(&|_| Some(String::new())), None);
    }
}
