//! The program under strace: what it asks of the system, and what happens when the system says no.
//!
//! Everything here says so and passes where strace is missing or may not trace.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Calls that leave something behind on a disk.
pub(crate) const WRITING: &str = "write,writev,pwrite64,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,\
                                  unlinkat,mkdir,mkdirat,fchmod,chmod,ftruncate,flock,openat";

/// Those, and what a run does between them.
pub(crate) const BETWEEN: &str = "write,writev,pwrite64,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,\
                                  unlinkat,mkdir,mkdirat,fchmod,chmod,ftruncate,flock,openat,close,getdents64,lseek,statx";

/// Calls by which a program reaches out: processes, sockets, files by name.
const REACHING: &str = "execve,execveat,fork,vfork,clone,clone3,socket,connect,bind,sendto,ptrace,open,openat,openat2,\
                        creat,readlink,mount,chdir,chroot,kill";

/// Whether strace can be used; says why not, once.
pub(crate) fn available() -> bool {
    static KNOWN: OnceLock<bool> = OnceLock::new();
    *KNOWN.get_or_init(|| {
        let mut probe = Command::new("strace");
        probe.args(["-f", "-qq", "-o", "/dev/null", "true"]).stdout(Stdio::null()).stderr(Stdio::null());
        let works = probe.status().is_ok_and(|status| status.success());
        if !works {
            let said = b"SKIPPED: strace is missing or may not trace: faults and system calls were not tested\n";
            let _ = std::io::Write::write_all(&mut std::io::stderr(), said);
        }
        works
    })
}

/// The program under strace, with a log and what else strace is to do.
pub(crate) fn strace(log: &Path, calls: &str, more: &[&str]) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-s", "4096", "-o"]).arg(log).args(["-e", &format!("trace={calls}")]).args(more);
    command.arg(env!("CARGO_BIN_EXE_fitcheck"));
    command
}

/// The program under strace, noting how it reaches out.
pub(crate) fn watched(log: &Path) -> Command {
    strace(log, REACHING, &[])
}

/// One call of the log: thread, name, the rest of the line.
fn calls(log: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    log.lines().filter_map(|line| {
        let (thread, rest) = line.split_once(char::is_whitespace)?;
        let (name, rest) = rest.trim_start().split_once('(')?;
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (is_name && !name.is_empty()).then_some((thread, name, rest))
    })
}

/// What any program of this system opens: its libraries, and what the standard library asks the kernel.
const SYSTEM: &[&str] = &[
    "/lib/",
    "/lib64/",
    "/usr/lib/",
    "/usr/lib64/",
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
    "/proc/self/",
    "/sys/fs/cgroup",
    "/sys/devices/system/cpu",
    "/dev/null",
    "/proc/meminfo",
    "/proc/sys/vm/overcommit_memory",
];

/// The first text among the arguments of a call.
fn named(rest: &str) -> Option<&str> {
    rest.split('"').nth(1)
}

/// What a run did that it must not do. It may open what lies below `places`.
pub(crate) fn trespasses(log: &str, places: &[&Path]) -> Vec<String> {
    let allowed: Vec<PathBuf> =
        places.iter().flat_map(|place| [place.to_path_buf(), place.canonicalize().unwrap_or_default()]).collect();
    let mut found = BTreeSet::new();
    let mut started = 0;
    for (_, name, rest) in calls(log) {
        match name {
            "execve" | "execveat" => {
                started += 1;
                if started > 1 {
                    found.insert(format!("another program: {name}({rest}"));
                }
            }
            "clone" | "clone3" if rest.contains("CLONE_THREAD") => {}
            // A path is made canonical from the top.
            "readlink" if named(rest).is_some_and(|path| allowed.iter().any(|place| place.starts_with(path))) => {}
            "openat" | "open" | "openat2" | "creat" | "readlink" => {
                let Some(path) = named(rest) else { continue };
                let relative = !path.starts_with('/');
                let ours =
                    allowed.iter().any(|place| !place.as_os_str().is_empty() && Path::new(path).starts_with(place));
                let climbs = path.split('/').any(|part| part == "..");
                // Relative names are those of directories already open: the walk's own.
                if climbs || !(relative || ours || SYSTEM.iter().any(|known| path.starts_with(known))) {
                    found.insert(format!("{name} of {path}"));
                }
            }
            _ => {
                found.insert(format!("{name}({rest}"));
            }
        }
    }
    found.into_iter().collect()
}

/// The places at which a run's main thread changes something: name of the call, and its number among calls of that name.
pub(crate) fn points(log: &str) -> Vec<(String, usize)> {
    let Some((main, _, _)) = calls(log).next() else { return Vec::new() };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for (thread, name, rest) in calls(log) {
        if thread != main {
            continue;
        }
        let count = counts.entry(name).or_default();
        *count += 1;
        if name != "openat" || rest.contains("O_CREAT") {
            found.push((name.to_owned(), *count));
        }
    }
    found
}

/// Paths that could not be opened because strace said so.
pub(crate) fn refused(log: &str) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut begun: BTreeMap<&str, &str> = BTreeMap::new();
    for line in log.lines() {
        let thread = line.split_whitespace().next().unwrap_or("");
        let is_refused = line.ends_with("(INJECTED)");
        if line.contains("openat(") {
            match named(line) {
                Some(path) if is_refused => drop(found.insert(PathBuf::from(path))),
                // Its end comes on a line of its own.
                Some(path) if line.ends_with("<unfinished ...>") => drop(begun.insert(thread, path)),
                _ => {}
            }
        } else if is_refused && line.contains("openat resumed") {
            found.extend(begun.get(thread).map(PathBuf::from));
        }
    }
    found
}

/// How many files the thread opens that opens most.
pub(crate) fn most_opened(log: &str) -> usize {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (thread, _, _) in calls(log).filter(|(_, name, _)| *name == "openat") {
        *counts.entry(thread).or_default() += 1;
    }
    counts.into_values().max().unwrap_or(0)
}

#[test]
fn a_log_is_read_as_strace_writes_it() {
    let log = "7 execve(\"/x/fitcheck\", [\"fitcheck\"], 0x1) = 0\n\
               7 openat(AT_FDCWD, \"/etc/ld.so.cache\", O_RDONLY|O_CLOEXEC) = 3\n\
               8 openat(AT_FDCWD, \"/root/a.go\", O_RDONLY <unfinished ...>\n\
               7 openat(AT_FDCWD, \"/root/../etc/passwd\", O_RDONLY) = 3\n\
               7 clone3({flags=CLONE_VM|CLONE_THREAD}, 88) = 9\n\
               8 <... openat resumed>) = 4\n\
               7 openat(AT_FDCWD, \"/out/b\", O_RDWR|O_CREAT, 0666) = 4\n\
               7 socket(AF_INET, SOCK_STREAM, 0) = 5\n\
               7 +++ exited with 0 +++\n";
    let wrong = trespasses(log, &[Path::new("/root")]);
    assert_eq!(wrong.len(), 3, "{wrong:?}");
    let points: Vec<_> = points(log).into_iter().filter(|(name, _)| name == "openat").collect();
    assert_eq!(points, [("openat".to_owned(), 3)]);
    let log = "7 openat(AT_FDCWD, \"/a\", O_RDONLY) = -1 EIO (Input/output error) (INJECTED)\n\
               8 openat(AT_FDCWD, \"/b\", O_RDONLY <unfinished ...>\n\
               7 openat(AT_FDCWD, \"/c\", O_RDONLY) = -1 ENOENT (No such file or directory)\n\
               8 <... openat resumed>)             = -1 EIO (Input/output error) (INJECTED)\n";
    assert_eq!(refused(log).into_iter().collect::<Vec<_>>(), [Path::new("/a"), Path::new("/b")]);
    assert_eq!(most_opened(log), 2);
}

/// Fixtures of every policy as one repository with a history.
fn repository() -> Option<crate::git::Repo> {
    let repo = crate::git::Repo::new()?;
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for entry in std::fs::read_dir(&fixtures).unwrap().flatten() {
        for case in ["flags", "passes"] {
            let from = entry.path().join(case);
            if from.is_dir() {
                let to = repo.path().join(entry.file_name()).join(case);
                std::fs::create_dir_all(&to).unwrap();
                crate::fixtures::copy_tree(&from, &to);
            }
        }
    }
    repo.commit(0, ("A Person", "a@example.com"), "all");
    repo.write("notes.md", "changed\n");
    repo.commit(1, ("A Person", "a@example.com"), "more");
    Some(repo)
}

#[test]
fn no_program_is_started_no_socket_opened_and_nothing_read_elsewhere() {
    if !available() {
        return;
    }
    let Some(repo) = repository() else { return };
    let elsewhere = tempfile::tempdir().unwrap();
    let (cache, out) = (elsewhere.path().join("cache"), elsewhere.path().join("out"));
    std::fs::create_dir(&out).unwrap();
    let root = repo.path().to_str().unwrap();
    let (cached, saved) = (format!("--cache-dir={}", cache.display()), out.join("facts.json"));
    let outputs: Vec<String> = fitcheck::report::Format::ALL
        .iter()
        .map(|format| format!("--output={}={}", format.name, out.join(format.name).display()))
        .collect();
    let mut all = vec!["--exit-zero", "--base", "HEAD~1", "--policy-ref", "HEAD~1", &cached];
    all.extend(outputs.iter().map(String::as_str));
    let runs: Vec<Vec<&str>> = vec![
        [&all[..], &[root]].concat(),
        vec!["--exit-zero", &cached, root],
        vec!["--exit-zero", "--no-cache", "--staged", root],
        vec!["--exit-zero", "--no-cache", "--at", "HEAD", root],
        vec!["services", "--no-cache", root],
        vec!["config", "--no-cache", root],
        vec!["policy", "list", root],
        vec!["pick", "--role", "service", root],
        vec!["baseline", "--no-cache", root],
    ];
    let _ = saved;
    for (nth, words) in runs.iter().enumerate() {
        let log = elsewhere.path().join(format!("{nth}.log"));
        let output = watched(&log).args(words).env_clear().env("HOME", elsewhere.path()).output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        let log = std::fs::read_to_string(&log).unwrap();
        assert!(log.lines().count() > 5, "nothing was traced");
        let wrong = trespasses(&log, &[repo.path(), elsewhere.path()]);
        assert!(wrong.is_empty(), "{words:?}:\n{}", wrong.join("\n"));
    }
}
