//! Who made a commit: one person behind several names, programs told from people.
//!
//! In: the names and addresses that commits carry. Out: numbers. Nothing written here leaves `history`; a person is
//! an index that means nothing outside one run.
//!
//! Two identities are one person if, after `.mailmap`, they share an address, a GitHub login (from
//! `1+login@users.noreply.github.com`), or a full name of at least two words.

use std::collections::HashMap;

/// An identity as written, by its number.
pub(super) type Written = u32;

/// Who an identity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Person(u32),
    /// A program that merges, bumps and publishes: never counted.
    Bot,
    /// A coding agent: not a person, but its share is told.
    Agent,
}

type NameAndAddress = (Box<[u8]>, Box<[u8]>);

/// Every identity met, each once.
#[derive(Clone, Debug, Default)]
pub(super) struct Identities {
    numbers: HashMap<Box<[u8]>, Written>,
    list: Vec<NameAndAddress>,
    key: Vec<u8>,
}

impl Identities {
    pub(super) fn number(&mut self, name: &[u8], email: &[u8]) -> Written {
        self.key.clear();
        self.key.extend_from_slice(name);
        self.key.push(b'<');
        self.key.extend_from_slice(email);
        if let Some(&known) = self.numbers.get(self.key.as_slice()) {
            return known;
        }
        let number = self.list.len() as Written;
        self.numbers.insert(self.key.clone().into_boxed_slice(), number);
        self.list.push((name.into(), email.into()));
        number
    }

    /// Finds the person whom CODEOWNERS names: by address, or by the login in an address that GitHub makes up.
    /// A team cannot be found, nor can a login that never committed under such an address.
    pub(super) fn find(&self, owner: &str, who: &[Who]) -> Option<u32> {
        let owner = owner.to_lowercase();
        let login = owner.strip_prefix('@').filter(|login| !login.contains('/'));
        let is_owner = |email: &str| match login {
            Some(login) => login_of(email) == Some(login),
            None => email == owner,
        };
        let found = self
            .list
            .iter()
            .zip(who)
            .find(|((_, email), who)| matches!(who, Who::Person(_)) && is_owner(&lower(email)));
        found.and_then(|(_, who)| if let Who::Person(person) = who { Some(*person) } else { None })
    }

    pub(super) fn len(&self) -> Written {
        self.list.len() as Written
    }

    /// Says who each identity is, by number; those that were not met belong to nobody. `bots` are further names or addresses to leave out.
    pub(super) fn resolve(&self, met: &[bool], mailmap: Option<&[u8]>, bots: &[String]) -> Vec<Who> {
        let mailmap = mailmap.map(gix::mailmap::Snapshot::from_bytes).unwrap_or_default();
        let mut groups = Groups::default();
        self.list
            .iter()
            .zip(met)
            .map(|((name, email), met)| {
                if !met {
                    return Who::Bot;
                }
                let written = [lower(name), lower(email)];
                let (name, email) = through_mailmap(&mailmap, name, email);
                let listed = |bot: &String| [&name, &email].into_iter().chain(&written).any(|text| same(bot, text));
                if is_agent(&name, &email) {
                    Who::Agent
                } else if is_bot(&name, &email) || bots.iter().any(listed) {
                    Who::Bot
                } else {
                    Who::Person(groups.join(&name, &email))
                }
            })
            .collect::<Vec<_>>()
            .into_iter()
            .map(|who| if let Who::Person(group) = who { Who::Person(groups.root(group)) } else { who })
            .collect()
    }
}

fn same(listed: &str, written: &str) -> bool {
    listed.trim().eq_ignore_ascii_case(written)
}

fn through_mailmap(mailmap: &gix::mailmap::Snapshot, name: &[u8], email: &[u8]) -> (String, String) {
    let signature = gix::actor::SignatureRef { name: name.into(), email: email.into(), time: "0 +0000" };
    let resolved = mailmap.try_resolve_ref(signature);
    let new_name = resolved.as_ref().and_then(|to| to.name).map_or(name, |name| name.as_ref());
    let new_email = resolved.as_ref().and_then(|to| to.email).map_or(email, |email| email.as_ref());
    (lower(new_name), lower(new_email))
}

fn lower(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_lowercase()
}

/// Sets of identities that belong to one person (a union-find over what they share).
#[derive(Debug, Default)]
struct Groups {
    parents: Vec<u32>,
    by_key: HashMap<String, u32>,
}

impl Groups {
    fn join(&mut self, name: &str, email: &str) -> u32 {
        let own = self.parents.len() as u32;
        self.parents.push(own);
        let words = name.split_whitespace().count();
        let login = login_of(email);
        let keys = [
            (!email.is_empty() && login.is_none()).then(|| format!("e {email}")),
            login.map(|login| format!("l {login}")),
            (words >= 2).then(|| format!("n {name}")),
        ];
        for key in keys.into_iter().flatten() {
            let other = *self.by_key.entry(key).or_insert(own);
            let (a, b) = (self.root(own), self.root(other));
            // The lower number stays, so that the outcome does not depend on the order of joins.
            self.parents[a.max(b) as usize] = a.min(b);
        }
        own
    }

    /// Halves the way as it goes: names of strangers may be made to form one long chain.
    fn root(&mut self, mut of: u32) -> u32 {
        while self.parents[of as usize] != of {
            let above = self.parents[of as usize];
            self.parents[of as usize] = self.parents[above as usize];
            of = above;
        }
        of
    }
}

/// The login in an address that GitHub makes up: `1234+login@…` or, formerly, `login@…`.
fn login_of(email: &str) -> Option<&str> {
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
fn is_bot(name: &str, email: &str) -> bool {
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
fn is_agent(name: &str, email: &str) -> bool {
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
    use super::*;

    fn who(people: &[(&str, &str)], mailmap: Option<&str>) -> Vec<Who> {
        let mut identities = Identities::default();
        for (name, email) in people {
            identities.number(name.as_bytes(), email.as_bytes());
        }
        identities.resolve(&vec![true; people.len()], mailmap.map(str::as_bytes), &[])
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
