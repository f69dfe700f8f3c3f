"""Team figures from `git log`, written apart from the program, to compare with it.

usage: team.py REPOSITORY WINDOW_DAYS UNIT...     UNIT = [deep:]directory,directory...[;contract,...]
Prints one line a unit with the same keys as the example `history_figures`. Renames are not followed here: use directories that did not move.
"""
import re
import subprocess
import sys

BOT_NAMES = set("""allcontributors|bors|circleci|codecov|copybara|copybara-service|fossabot|github|github action|github actions|github-actions
gitlab ci|goreleaserbot|imgbot|istio automation|istio-testing|jenkins|mend renovate|mergify|numarybot|pre-commit-ci|pre-commit.ci|restyled.io
root|travis ci|travisci|weblate|whitesource renovate""".replace("\n", "|").split("|"))
AGENT_NAMES = {"claude code", "copilot", "copilot-swe-agent[bot]", "cursor agent", "devin ai", "devin-ai-integration[bot]", "gemini cli",
               "gemini-code-assist[bot]", "github copilot", "google-labs-jules[bot]", "openai codex", "openhands"}
AGENT_LOGINS = {"copilot", "copilot-swe-agent[bot]", "devin-ai-integration[bot]", "gemini-code-assist[bot]", "cursoragent"}
VENDORS = ("@anthropic.com", "@openai.com", "@cursor.com", "@cognition.ai", "@google.com")
MODELS = {"opus", "sonnet", "haiku", "fable", "agent", "ai", "cli", "code", "code-assist", "pro"}
VENDORED = {"vendor", "third_party", "third-party", "thirdparty", "node_modules", "external_vendor", "vendored", "bower_components", "godeps"}
GENERATED = re.compile(r"(\.pb\.go|\.pb\.gw\.go|\.pb\.validate\.go|_generated\.go|\.gen\.go|_generated\.rs|\.pb\.rs)$|^zz_generated|^(Cargo\.lock|go\.sum|bindata\.go)$")
DAY = 86400


def git(repo, *words):
    return subprocess.run(["git", "-C", repo, "-c", "mailmap.blob=HEAD:.mailmap", "-c", "log.showSignature=false", *words],
                          capture_output=True, check=True).stdout.decode("utf-8", "replace")


def login(email):
    m = re.fullmatch(r"(?:[^+]*\+)?([^@]*)@users\.noreply\.github\.com", email)
    return m and m.group(1)


def kind(name, email):
    first, words = re.split(r"[ (]", name)[0], name.split()
    named = first in {"claude", "codex", "cursor", "devin", "gemini"} and (len(words) < 2 or words[1] in MODELS)
    if email in {"noreply@anthropic.com", "cursoragent@cursor.com", "codex@openai.com"} or login(email) in AGENT_LOGINS or name in AGENT_NAMES \
            or first == "aider" or (named and (email.endswith(VENDORS) or email.startswith("noreply@"))):
        return "agent"
    local = login(email) or email.split("@")[0]
    for text in (name, local):
        if text.endswith("[bot]") or re.search(r"(^|[-_. ])(bot|robot)$", text) or text.startswith(("dependabot", "renovate")) or text in BOT_NAMES:
            return "bot"
    return "bot" if local.endswith("-automation") else "person"


class People:
    def __init__(self):
        self.up, self.keys = {}, {}

    def find(self, x):
        while self.up[x] != x:
            x = self.up[x]
        return x

    def add(self, name, email):
        me = (name, email)
        if me in self.up:
            return
        self.up[me] = me
        log = login(email)
        for key in [("l", log) if log else ("e", email) if email else None, ("n", name) if len(name.split()) > 1 else None]:
            if key:
                other = self.keys.setdefault(key, me)
                a, b = self.find(me), self.find(other)
                self.up[a] = b


def mailmapped(repo, pairs):
    pairs = sorted(pairs)
    if not pairs:
        return {}
    text = "".join(f"{n} <{e}>\n" for n, e in pairs)
    out = subprocess.run(["git", "-C", repo, "-c", "mailmap.blob=HEAD:.mailmap", "check-mailmap", "--stdin"], input=text.encode(), capture_output=True, check=True).stdout.decode("utf-8", "replace")
    res = {}
    for pair, line in zip(pairs, out.splitlines()):
        m = re.fullmatch(r"(.*?)\s*<(.*)>", line)
        res[pair] = (m.group(1).strip().lower(), m.group(2).strip().lower())
    return res


def main():
    repo, window, units = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    head = int(git(repo, "log", "-1", "--format=%ct"))
    since = head - 2 * window * DAY
    text = git(repo, "log", "--no-merges", "--no-renames", "--raw", "-z", f"--since-as-filter={since}", "--format=%x01%H%x02%ct%x02%an%x02%ae%x02%B%x03")
    commits, pairs = [], set()
    for block in text.split("\x01")[1:]:
        header, _, raw = block.partition("\x03")
        oid, when, name, email, body = header.split("\x02", 4)
        made = [(name.strip(), email.strip())]
        assisted = False
        for line in body.split("\n")[1:]:
            m = re.match(r"co-authored-by:\s*(.*?)\s*<([^>]*)>", line, re.I)
            if m:
                made.append((m.group(1).strip(), m.group(2).strip()))
            assisted |= bool(re.match(r"(assisted|generated)-by:", line, re.I))
        pairs.update(p for p in made)
        fields = [f.strip("\n") for f in raw.split("\0")]
        files = []
        for at, field in enumerate(fields):
            if field.startswith(":"):
                files.append((field.split(" ")[-1][0], fields[at + 1]))
        commits.append((oid, int(when), made, assisted, files))
    names = mailmapped(repo, pairs)
    people = People()
    for _, _, made, _, _ in commits:
        for p in made:
            n = names[p]
            if kind(*n) == "person":
                people.add(*n)
    try:
        ignored = {l.split()[0] for l in git(repo, "show", "HEAD:.git-blame-ignore-revs").splitlines() if l.strip()}
    except subprocess.CalledProcessError:
        ignored = set()
    specs = []
    for unit in units:
        deep = unit.startswith("deep:")
        dirs, _, contracts = unit.removeprefix("deep:").partition(";")
        specs.append((deep, [d for d in dirs.split(",") if d], {c for c in contracts.split(",") if c}))

    def belongs(spec, path):
        deep, dirs, _ = spec
        above, _, name = path.rpartition("/")
        if GENERATED.search(name):
            return False
        for d in dirs:
            d = "" if d == "." else d
            if above == d:
                return True
            if deep and (not d or above.startswith(d + "/")):
                rest = above[len(d):].strip("/").split("/")
                if not any(part.lower() in VENDORED for part in rest):
                    return True
        return False

    stats = [dict(now={}, before={}, commits=0, any=0, agents=0, weeks=set(), changes=[]) for _ in specs]
    for oid, when, made, assisted, files in commits:
        ago = head - when
        if ago > 2 * window * DAY:
            continue
        touched = [any(belongs(spec, path) for _, path in files) for spec in specs]
        union = sum(any(belongs(spec, path) for spec in specs) for _, path in files)
        if union > 300 or oid in ignored:
            continue
        kinds = [kind(*names[p]) for p in made]
        who = {people.find(names[p]) for p, k in zip(made, kinds) if k == "person"}
        agent = assisted or "agent" in kinds
        if not who and not agent:
            continue
        for spec, hit, s in zip(specs, touched, stats):
            contracts = [st for st, path in files if path in spec[2]]
            if contracts and ago < 52 * 7 * DAY:
                s["weeks"].add(ago // (7 * DAY))
                s["changes"] += contracts
            if not hit:
                continue
            if ago < window * DAY:
                s["any"] += 1
                s["agents"] += agent
                s["commits"] += bool(who)
            counts = s["now"] if ago < window * DAY else s["before"]
            for p in who:
                counts[p] = counts.get(p, 0) + 1
    for unit, spec, s in zip(units, specs, stats):
        now, before = s["now"], s["before"]
        total, earlier = sum(now.values()), sum(before.values())
        new = [p for p in now if p not in before]
        regular = [p for p in before if before[p] * 365 >= 12 * window]
        gone = [p for p in regular if p not in now]
        rotation = 1 - sum(min(now[p] / total, before[p] / earlier) for p in now if p in before) if total and earlier else 0
        bus, made = 0, 0
        for n in sorted(now.values(), reverse=True):
            if 2 * made >= total:
                break
            bus, made = bus + 1, made + n
        line = f"{spec[1][0]} contributors={len(now)} newcomers={len(new)} departed={len(gone)} rotation={abs(rotation):.6f} bus_factor={bus}" \
            f" newcomer_share={(sum(now[p] for p in new) / total if total and earlier else 0):.6f} attrition={(len(gone) / len(regular) if regular else 0):.6f}" \
            f" ownership={(max(now.values()) / total if total else 0):.6f} commits={s['commits']} agent_share={(s['agents'] / s['any'] if s['any'] else 0):.6f}"
        if spec[2]:
            line += f" weeks={len(s['weeks'])}"
        print(line)


main()
