//! Histories put together at random, asked about under one layout and then, with what that left in the cache, under another.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use fitcheck::cache::Cache;
use fitcheck::git::{Git, Options};
use fitcheck::history::{self, Layout, LeftOut, Unit};
use gix::ObjectId;

const PLACES: [&str; 12] = [
    "a",
    "a/b",
    "a/b/c",
    "cmd/x",
    "cmd/y",
    "lib/p",
    "lib/p/q",
    "lib/r",
    "new/m",
    "new/m/n",
    "third_party/z",
    "a/vendor/v",
];

/// Numbers that are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % count
    }

    fn one<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

type Files = BTreeMap<String, usize>;

/// Edits, adds, removes or moves something.
fn step(files: &mut Files, dice: &mut Dice) {
    let place = *dice.one(&PLACES);
    let below = |files: &Files, place: &str| -> Vec<String> {
        files.keys().filter(|path| path.starts_with(&format!("{place}/"))).cloned().collect()
    };
    match dice.below(8) {
        0 => below(files, place).iter().for_each(|path| {
            files.remove(path);
        }),
        1 | 2 => {
            let to = *dice.one(&PLACES);
            if to.starts_with(place) || place.starts_with(to) || !below(files, to).is_empty() {
                return;
            }
            for path in below(files, place) {
                if let Some(content) = files.remove(&path) {
                    files.insert(format!("{to}{}", &path[place.len()..]), content);
                }
            }
        }
        _ => {
            let name = *dice.one(&["main.go", "b.go", "x.proto", "c.pb.go"]);
            files.insert(format!("{place}/{name}"), dice.below(1000));
        }
    }
}

/// Makes a repository of so many commits, oldest first.
fn repository(root: &Path, dice: &mut Dice, count: usize) -> Option<Vec<ObjectId>> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(root).args(arguments).output().ok()?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    git(&["init", "-q", "-b", "main"])?;
    let mut files = Files::new();
    let mut stream = String::new();
    for nth in 0..count {
        (0..=dice.below(3)).for_each(|_| step(&mut files, dice));
        let (who, time) = (dice.below(4), 1_700_000_000 + nth * 86_400 * 9);
        stream += &format!(
            "commit refs/heads/main\ncommitter P{who} <p{who}@example.org> {time} +0000\ndata 1\nc\ndeleteall\n"
        );
        for (path, content) in &files {
            let content = format!("package x // {content}\n");
            stream += &format!("M 100644 inline {path}\ndata {}\n{content}\n", content.len());
        }
    }
    let import = Command::new("git").arg("-C").arg(root).args(["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn();
    let mut import = import.ok()?;
    import.stdin.take()?.write_all(stream.as_bytes()).ok()?;
    assert!(import.wait().ok()?.success());
    let ids = git(&["rev-list", "--reverse", "main"])?;
    Some(ids.lines().filter_map(|id| ObjectId::from_hex(id.as_bytes()).ok()).collect())
}

fn some(dice: &mut Dice, most: usize) -> Vec<Arc<str>> {
    let mut list: Vec<Arc<str>> = (0..=dice.below(most)).map(|_| Arc::from(*dice.one(&PLACES))).collect();
    list.sort();
    list.dedup();
    list
}

fn layout(dice: &mut Dice) -> Layout {
    let unit = |dice: &mut Dice| {
        let directories = some(dice, 4);
        let contracts = if dice.below(3) == 0 { vec![Arc::from("lib/p/x.proto")] } else { Vec::new() };
        Unit { root: Arc::clone(&directories[0]), deep: dice.below(2) == 0, directories, contracts }
    };
    Layout { units: (0..3).map(|_| unit(dice)).collect(), packages: some(dice, 2) }
}

/// As a change would: another directory, or one less; now and then the root, another package or another contract.
fn changed(layout: &Layout, dice: &mut Dice) -> Layout {
    let mut layout = layout.clone();
    for _ in 0..=dice.below(2) {
        let unit = dice.below(layout.units.len());
        let directories = &mut layout.units[unit].directories;
        match dice.below(12) {
            0 => directories.push(".".into()),
            1 => layout.packages = some(dice, 3),
            2 => layout.units[unit].contracts = vec!["a/x.proto".into()],
            3..6 if directories.len() > 1 => drop(directories.remove(dice.below(directories.len()))),
            _ => directories.push(Arc::from(*dice.one(&PLACES))),
        }
    }
    layout
}

#[test]
fn what_is_known_under_one_layout_tells_the_same_under_another() {
    let histories = std::env::var("FITCHECK_LAYOUTS").ok().and_then(|count| count.parse().ok()).unwrap_or(25);
    for seed in 0..histories {
        let mut dice = Dice(seed);
        let root = tempfile::tempdir().unwrap();
        let Some(commits) = repository(root.path(), &mut dice, 40) else { return };
        let git = Git::open(root.path(), Options::default()).unwrap();
        let told = |commit: ObjectId, layout: &Layout, cache: Option<&Cache>| {
            let walk = history::start_from(&git, commit, 365, cache).on(1 + seed as usize % 2);
            let told = walk.finish(layout, &LeftOut::default());
            format!("{told:#?}")
        };
        let cache = Cache::in_memory();
        let mut layout = layout(&mut dice);
        let mut at = commits.len() - 1 - dice.below(8);
        for _ in 0..4 {
            assert_eq!(told(commits[at], &layout, Some(&cache)), told(commits[at], &layout, None), "seed {seed}");
            layout = changed(&layout, &mut dice);
            at = (at + dice.below(3)).min(commits.len() - 1);
        }
    }
}
