//! Who made a commit: one person behind several names, programs told from people.
//!
//! In: a name and an address as commits carry them. Out: what they tell by themselves; `identities` puts them together.
//! Nothing written here leaves `history`; a person is an index that means nothing outside one run.
//!
//! Two identities are one person if, after `.mailmap`, they share an address, a GitHub login (from
//! `1+login@users.noreply.github.com`), or a full name of at least two words.

/// Who an identity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Person(u32),
    /// A program that merges, bumps and publishes: never counted.
    Bot,
    /// A coding agent: not a person, but its share is told.
    Agent,
}

pub(super) fn through_mailmap(mailmap: &gix::mailmap::Snapshot, name: &[u8], email: &[u8]) -> (String, String) {
    let signature = gix::actor::SignatureRef { name: name.into(), email: email.into(), time: "0 +0000" };
    let resolved = mailmap.try_resolve_ref(signature);
    let new_name = resolved.as_ref().and_then(|to| to.name).map_or(name, |name| name.as_ref());
    let new_email = resolved.as_ref().and_then(|to| to.email).map_or(email, |email| email.as_ref());
    (lower(new_name), lower(new_email))
}

pub(super) fn lower(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_lowercase()
}

/// The login in an address that GitHub makes up: `1234+login@…` or, formerly, `login@…`.
pub(super) fn login_of(email: &str) -> Option<&str> {
    let local = email.strip_suffix("@users.noreply.github.com")?;
    Some(local.split_once('+').map_or(local, |(_, login)| login))
}

/// Names of programs that no pattern below covers, in lower case.
const BOTS: &[&str] = &[
    "allcontributors",
    "bors",
    "circleci",
    "codecov",
    "copybara",
    "copybara-service",
    "fossabot",
    "github",
    "github action",
    "github actions",
    "github-actions",
    "gitlab ci",
    "goreleaserbot",
    "imgbot",
    "istio automation",
    "istio-testing",
    "jenkins",
    "mend renovate",
    "mergify",
    "numarybot",
    "pre-commit-ci",
    "pre-commit.ci",
    "restyled.io",
    "root",
    "travis ci",
    "travisci",
    "weblate",
    "whitesource renovate",
];

/// Tells programs by whole words, never by a part of one: people are called Cabot and Talbot.
pub(super) fn is_bot(name: &str, email: &str) -> bool {
    let local = login_of(email).unwrap_or_else(|| email.split('@').next().unwrap_or_default());
    [name, local].into_iter().any(|text| {
        let last = text.rsplit(['-', '_', '.', ' ']).next().unwrap_or_default();
        text.ends_with("[bot]")
            || matches!(last, "bot" | "robot")
            || text.starts_with("dependabot")
            || text.starts_with("renovate")
            || BOTS.contains(&text)
    }) || local.ends_with("-automation")
}

/// Coding agents: by the addresses they sign with, and by names that no person has.
pub(super) fn is_agent(name: &str, email: &str) -> bool {
    const ADDRESSES: &[&str] = &["noreply@anthropic.com", "cursoragent@cursor.com", "codex@openai.com"];
    const LOGINS: &[&str] =
        &["copilot", "copilot-swe-agent[bot]", "devin-ai-integration[bot]", "gemini-code-assist[bot]", "cursoragent"];
    const NAMES: &[&str] = &[
        "claude code",
        "copilot",
        "copilot-swe-agent[bot]",
        "cursor agent",
        "devin ai",
        "devin-ai-integration[bot]",
        "gemini cli",
        "gemini-code-assist[bot]",
        "github copilot",
        "google-labs-jules[bot]",
        "openai codex",
        "openhands",
    ];
    let vendor = ["@anthropic.com", "@openai.com", "@cursor.com", "@cognition.ai", "@google.com"];
    let first = name.split([' ', '(']).next().unwrap_or_default();
    // A first name alone is a person's unless the address is the maker's own.
    let by_first = matches!(first, "claude" | "codex" | "cursor" | "devin" | "gemini")
        && name.split_whitespace().nth(1).is_none_or(|word| AGENT_MODELS.contains(&word))
        && (vendor.iter().any(|domain| email.ends_with(domain)) || email.starts_with("noreply@"));
    ADDRESSES.contains(&email)
        || login_of(email).is_some_and(|login| LOGINS.contains(&login))
        || NAMES.contains(&name)
        || first == "aider"
        || by_first
}

const AGENT_MODELS: &[&str] = &["opus", "sonnet", "haiku", "fable", "agent", "ai", "cli", "code", "code-assist", "pro"];

/// What the last lines of a message say about who else made the commit.
#[derive(Debug, Default)]
pub(super) struct Trailers<'a> {
    pub(super) co_authors: Vec<(&'a [u8], &'a [u8])>,
    /// A trailer names a tool that wrote code.
    pub(super) assisted: bool,
}

/// Reads `Co-authored-by:` and tool trailers; `Signed-off-by` is not authorship.
pub(super) fn trailers(message: &[u8]) -> Trailers<'_> {
    let mut found = Trailers::default();
    let mut lines = message.split(|&byte| byte == b'\n');
    lines.next();
    for line in lines {
        let Some(colon) = memchr::memchr(b':', line) else { continue };
        let (key, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if key.eq_ignore_ascii_case(b"co-authored-by") {
            if let Some(person) = name_and_address(value) {
                found.co_authors.push(person);
            }
        } else if key.eq_ignore_ascii_case(b"assisted-by") || key.eq_ignore_ascii_case(b"generated-by") {
            found.assisted = true;
        }
    }
    found
}

/// Splits `Name <address>`.
pub(super) fn name_and_address(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let open = memchr::memrchr(b'<', text)?;
    let close = memchr::memchr(b'>', &text[open..])? + open;
    Some((text[..open].trim_ascii(), text[open + 1..close].trim_ascii()))
}

#[cfg(test)]
mod tests {
    use super::super::identities::{Identities, Names};
    use super::*;

    fn who(people: &[(&str, &str)], mailmap: Option<&str>) -> Vec<Who> {
        let mut identities = Identities::default();
        for (name, email) in people {
            identities.number(name.as_bytes(), email.as_bytes());
        }
        let mut names = Names::new(&identities, None);
        identities.resolve(&vec![true; people.len()], mailmap.map(str::as_bytes), &[], &mut names).unwrap().0
    }

    #[test]
    fn programs_are_told_by_whole_words() {
        for (name, email) in [
            ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com"),
            ("l5d-bot", "l5d@example.com"),
            ("Kubernetes Prow Robot", "k8s@example.com"),
            ("Renovate", "bot@renovateapp.com"),
            ("Release", "release-automation@example.com"),
            ("GitHub Actions", "actions@github.com"),
            ("root", "root@host"),
        ] {
            assert_eq!(who(&[(name, email)], None), [Who::Bot], "{name}");
        }
        for (name, email) in [
            ("Ann Cabot", "ann.cabot@example.com"),
            ("V. Skrobotov", "skrobotov@example.com"),
            ("Two", "me@zerotwo.bot"),
            ("Lee", "lee@lagrange-automation.io"),
            ("Claude Perrin", "claude@example.com"),
            ("Devin", "devin@example.org"),
        ] {
            assert_eq!(who(&[(name, email)], None), [Who::Person(0)], "{name}");
        }
    }

    #[test]
    fn the_documentation_lists_every_program() {
        let page = include_str!("../../docs/src/history.md");
        for name in BOTS {
            assert!(page.contains(&format!("`{name}`")), "{name}");
        }
    }

    #[test]
    fn agents_are_neither_people_nor_bots() {
        for (name, email) in [
            ("Claude", "noreply@anthropic.com"),
            ("Claude Opus 4", "noreply@anthropic.com"),
            ("Copilot", "198982749+Copilot@users.noreply.github.com"),
            ("Cursor Agent", "cursoragent@cursor.com"),
            ("devin-ai-integration[bot]", "1+devin-ai-integration[bot]@users.noreply.github.com"),
        ] {
            assert_eq!(who(&[(name, email)], None), [Who::Agent], "{name}");
        }
    }

    #[test]
    fn one_person_may_have_several_identities() {
        let people = [
            ("Ann Lee", "ann@a.example"),
            ("ann", "7+annlee@users.noreply.github.com"),
            ("Ann Lee", "7+annlee@users.noreply.github.com"),
            ("ann", "other@c.example"),
        ];
        let found = who(&people, None);
        assert_eq!(found[0], found[1]);
        assert_eq!(found[0], found[2]);
        assert_ne!(found[0], found[3], "a single word is not a full name");
        let mapped = who(&people, Some("Ann Lee <ann@a.example> <other@c.example>\n"));
        assert!(mapped.iter().all(|&who| who == mapped[0]));
    }

    #[test]
    fn trailers_name_co_authors_and_tools() {
        let found = trailers(b"fix\n\nSigned-off-by: X <x@e>\nCo-authored-by: Bo Li <bo@e>\nAssisted-by: some model\n");
        assert_eq!(found.co_authors, [(b"Bo Li".as_slice(), b"bo@e".as_slice())]);
        assert!(found.assisted);
        assert!(trailers(b"Co-authored-by: in the subject <x@e>\n").co_authors.is_empty());
    }
}
