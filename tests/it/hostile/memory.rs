//! T3: memory that many threads take at once, over files that each cost as much as a file may.

use std::fmt::Write as _;
use std::path::Path;

use super::{calm_service, finish_within, program, put, run};

/// As many repetitions as fit below what is read whole.
fn filled(bytes: usize, piece: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(bytes + 64);
    for n in 0.. {
        if text.len() >= bytes {
            break;
        }
        let _ = text.write_str(&piece(n));
    }
    text
}

/// Files of every kind that costs much, each just below the size at which its reader gives up.
fn costly(root: &Path, copies: usize) {
    let tree = (1 << 20) - 4_096;
    let whole = (2 << 20) - 4_096;
    let rust = filled(tree, |_| "#[no_mangle] pub extern \"C\" fn a(b: &[u8]) -> u8 { b[0] + c(1, 2) }\n".into());
    let head = "package a\n\nimport \"time\"\n\nconst p99LatencyBudget = 5 * time.Millisecond\n";
    let go = head.to_owned() + &filled(tree - head.len(), |_| "func a() { b.C(d, 1+2)[e]() }\n".into());
    let yaml = "a:\n".to_owned() + &filled(whole - 8, |_| "- {b: [c]}\n".into());
    let json = format!("[{}1]", filled(whole - 8, |_| "1,".into()));
    let toml = filled(whole, |n| format!("a{n}=[1,[2]]\n"));
    let hcl = filled(tree, |n| format!("a{n} = [1, {{ b = 2 }}]\n"));
    let docker = filled(whole, |_| "RUN go build -o /a ./cmd/a\n".into());
    let prose = filled(whole, |_| "The p99 stays under 5 ms.\n".into());
    for n in 0..copies {
        put(root, &format!("d{n}/src/lib.rs"), &rust);
        put(root, &format!("d{n}/x/a.go"), &go);
        put(root, &format!("d{n}/a.yaml"), &yaml);
        put(root, &format!("d{n}/a.json"), &json);
        put(root, &format!("d{n}/a.toml"), &toml);
        put(root, &format!("d{n}/a.tf"), &hcl);
        put(root, &format!("d{n}/Dockerfile"), &docker);
        put(root, &format!("d{n}/README.md"), &prose);
    }
}

#[test]
fn threads_do_not_multiply_memory() {
    let directory = tempfile::tempdir().unwrap();
    calm_service(directory.path());
    costly(directory.path(), 2);
    let ran = run(directory.path(), &["--threads", "32"]).unwrap();
    assert_eq!(ran.code, Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// A bar that nothing can hit proves nothing.
#[test]
fn the_bar_of_memory_is_one() {
    // What is watched then is the memory of strace.
    if std::env::var_os("FITCHECK_TRACE").is_some() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    costly(directory.path(), 1);
    let log = directory.path().join("trace");
    let mut command = program(&log);
    command.args(["--no-cache", "--threads", "2"]).arg(directory.path());
    let told = finish_within(12 << 10, command);
    assert!(told.as_ref().is_err_and(|told| told.contains("of memory")) || cfg!(not(target_os = "linux")), "{told:?}");
}
