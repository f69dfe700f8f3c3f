//! Hostile repositories, made on the spot, against the real program.
//!
//! Each [`Case`] names the threat it serves and says how to make a small repository. The program judges it once and
//! writes every format; [`consumers`] then looks at each output with the eyes of its reader. Whatever the input, the
//! program ends by itself with the expected status, in bounded time and memory, and never by a signal or a panic.

mod big;
mod consumers;
mod encodings;
mod found;
mod git_directories;
mod limits;
mod memory;
mod names;
mod nesting;
mod payloads;
mod special;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) use crate::cli::put;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fitcheck::report::Format;

/// Resident memory of one run at its highest, in KiB; whoever takes more is stopped.
const MEMORY: u64 = 1 << 20;
/// Address space of one run with two threads, in KiB: what grows without end meets it at once.
const ADDRESSES: u64 = 2 << 20;
/// CPU seconds of one run, which no busy machine can lengthen; a debug build takes ten times as long as a release.
/// `.ci/heavy` measures a release to the hundredth.
const CPU: u64 = 40;
/// What hangs without work, hangs for ever.
const DEADLINE: Duration = Duration::from_secs(180);

/// One hostile repository.
pub(crate) struct Case {
    /// Number in the threat model, as `T1`.
    pub(crate) threat: &'static str,
    pub(crate) name: String,
    pub(crate) make: Box<dyn Fn(&Path) + Send + Sync>,
    pub(crate) exit: &'static [i32],
    /// Text that the list of skipped inputs must hold: nothing is left out in silence.
    pub(crate) skipped: Option<&'static str>,
}

impl Case {
    pub(crate) fn new(
        threat: &'static str,
        name: impl Into<String>,
        make: impl Fn(&Path) + Send + Sync + 'static,
    ) -> Case {
        Case { threat, name: name.into(), make: Box::new(make), exit: &[0], skipped: None }
    }

    pub(crate) fn exits(mut self, exit: &'static [i32]) -> Case {
        self.exit = exit;
        self
    }

    pub(crate) fn skips(mut self, reason: &'static str) -> Case {
        self.skipped = Some(reason);
        self
    }
}

/// What one run gave.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    /// Name of a format and what was written; empty where the run could not be completed.
    pub(crate) outputs: Vec<(&'static str, Vec<u8>)>,
}

/// A Go service that nothing is to be said about.
pub(crate) fn calm_service(root: &Path) {
    put(root, "go.mod", "module example.org/calm\n\ngo 1.24\n");
    put(
        root,
        "main.go",
        "package main\n\nimport \"net/http\"\n\nfunc main() { _ = http.ListenAndServe(\":8080\", nil) }\n",
    );
    put(
        root,
        "Dockerfile",
        "FROM golang:1.24 AS b\nRUN go build -o /a .\nFROM scratch\nCOPY --from=b /a /a\nENTRYPOINT [\"/a\"]\n",
    );
}

/// Runs the cases on a few threads and fails with everything that went wrong.
pub(crate) fn run_all(cases: &[Case]) {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let worker = || {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut mistakes = judge(case);
            let told = |mistake: String| format!("{} {}: {mistake}", case.threat, case.name);
            wrong.lock().unwrap().extend(mistakes.drain(..).map(told));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(worker);
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn judge(case: &Case) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    fs::create_dir(&root).unwrap();
    (case.make)(&root);
    let mut mistakes = Vec::new();
    match run(&root, &[]) {
        Ok(ran) => {
            if !ran.code.is_some_and(|code| case.exit.contains(&code)) {
                mistakes.push(format!("exit {:?}, expected {:?}: {}", ran.code, case.exit, end_of(&ran.stderr)));
            }
            mistakes.extend(consumers::look(&ran));
            let json = ran.outputs.iter().find(|(name, _)| *name == "json").map(|(_, bytes)| bytes.as_slice());
            if let (Some(reason), Some(json)) = (case.skipped, json)
                && !String::from_utf8_lossy(json).contains(reason)
            {
                mistakes.push(format!("nothing skipped says `{reason}`"));
            }
        }
        Err(reason) => mistakes.push(reason),
    }
    unlock(&root);
    mistakes
}

fn end_of(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    text.chars().rev().take(400).collect::<Vec<_>>().into_iter().rev().collect()
}

/// Runs the program on a root: one run writes all formats.
pub(crate) fn run(root: &Path, words: &[&str]) -> Result<Ran, String> {
    let out = tempfile::tempdir().unwrap();
    let place = |format: &Format| -> PathBuf { out.path().join(format.name) };
    let log = out.path().join("trace");
    // Each thread may reserve much of what it never touches.
    let threads =
        words.iter().skip_while(|word| **word != "--threads").nth(1).map_or(2, |count| count.parse().unwrap());
    let mut command = within(ADDRESSES / 2 * threads, &log);
    command.args(["--no-cache", "--all", "--verbose", "--color", "never", "--no-strict"]).args(words);
    if !words.contains(&"--threads") {
        command.args(["--threads", "2"]);
    }
    for format in Format::ALL {
        command.arg("--output").arg(format!("{}={}", format.name, place(format).display()));
    }
    command.arg("--").arg(root);
    let (code, stdout, stderr) = finish(command)?;
    trespassed(&log, &[root, out.path()])?;
    let outputs = Format::ALL.iter().filter_map(|format| Some((format.name, fs::read(place(format)).ok()?))).collect();
    Ok(Ran { code, stdout, stderr, outputs })
}

/// The program under its bars of memory and time, with an environment of its own.
///
/// Where `FITCHECK_TRACE` is set, strace notes how it reaches out; `FITCHECK_PROGRAM` names another build, or a program
/// that measures one.
pub(crate) fn program(log: &Path) -> Command {
    within(ADDRESSES, log)
}

/// The program with so much address space, in KiB.
fn within(addresses: u64, log: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    let script = format!("ulimit -v {addresses} && ulimit -t {CPU} && ulimit -c 0 || exit 99; exec \"$0\" \"$@\"");
    command.args(["-c", &script]);
    if std::env::var_os("FITCHECK_TRACE").is_some() {
        let watched = crate::traced::watched(log);
        command.arg(watched.get_program()).args(watched.get_args());
    } else {
        let other = std::env::var_os("FITCHECK_PROGRAM");
        command.arg(other.unwrap_or_else(|| env!("CARGO_BIN_EXE_fitcheck").into()));
    }
    command.env_clear();
    command.envs(
        std::env::var_os("PATH").filter(|_| std::env::var_os("FITCHECK_PROGRAM").is_some()).map(|path| ("PATH", path)),
    );
    command.env("GITHUB_ACTIONS", "true").env("RUST_BACKTRACE", "full").env("HOME", "/nonexistent");
    command
}

/// Fails where a run that was traced reached out.
fn trespassed(log: &Path, places: &[&Path]) -> Result<(), String> {
    let Ok(log) = fs::read(log) else { return Ok(()) };
    let wrong = crate::traced::trespasses(&String::from_utf8_lossy(&log), places);
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

/// Exit status, standard output and standard error.
pub(crate) type Ended = (Option<i32>, Vec<u8>, Vec<u8>);

/// Waits for the program, within its time and memory; stdout and stderr go to files, so that no pipe can fill up.
pub(crate) fn finish(command: Command) -> Result<Ended, String> {
    finish_within(MEMORY, command)
}

fn finish_within(memory: u64, mut command: Command) -> Result<Ended, String> {
    let (mut stdout, mut stderr) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    command.stdin(Stdio::null()).stdout(stdout.try_clone().unwrap()).stderr(stderr.try_clone().unwrap());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        let peak = peak(child.id());
        let wrong = if start.elapsed() > DEADLINE {
            format!("still running after {DEADLINE:?}")
        } else {
            format!("{peak} KiB of memory")
        };
        if start.elapsed() > DEADLINE || peak > memory {
            let _ = child.kill();
            let _ = child.wait();
            return Err(wrong);
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    Ok((status.code(), contents(&mut stdout), contents(&mut stderr)))
}

/// The most memory that a process has held, in KiB, where the system tells.
fn peak(process: u32) -> u64 {
    let told = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = told.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn contents(file: &mut fs::File) -> Vec<u8> {
    use std::io::Seek;
    let mut bytes = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut bytes)).unwrap();
    bytes
}

/// Gives directories back their permissions, so that the temporary tree can be removed.
fn unlock(root: &Path) {
    use std::os::unix::fs::PermissionsExt;
    for path in ["locked", "svc"] {
        let path = root.join(path);
        if path.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
            let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o755));
        }
    }
}
