//! The stages of a run, one by one: readers, walk, evaluation, history. `cargo bench`; sizes are in the output.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up fails loudly")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use fitcheck::check::{Options, check};
use fitcheck::config::Config;
use fitcheck::git;
use fitcheck::history::{self, Layout, LeftOut, Unit};
use fitcheck::judge;
use fitcheck::parse::Kind;
use fitcheck::reader;
use fitcheck::service::Service;
use fitcheck::source::Text;
use fitcheck::walk::{self, Filter};

fn main() {
    divan::main();
}

/// A stretch of code that is repeated until a file is as large as many are.
const GO: &str = "
func handle(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(ctx, 2*wait+time.Second)
	defer cancel()
	for _, item := range items { // every item, \"quoted\"
		if err := store.Put(ctx, item.Key, `raw`, item.Value[0], 'x'); err != nil {
			return fmt.Errorf(\"put %s: %w\", item.Key, err)
		}
	}
	return nil
}
";
const RUST: &str = "
/// Stores an item.
pub async fn store<'a>(client: &'a Client, item: Item) -> Result<(), Error> {
    let mut buffer = Vec::with_capacity(item.len() * 2);
    for part in item.parts().filter(|part| !part.is_empty()) {
        buffer.extend_from_slice(part.as_bytes()); // \"quoted\"
    }
    tokio::time::timeout(Duration::from_millis(250), client.put(&item.key, buffer)).await??;
    Ok(())
}
";
const YAML: &str = "
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: api, labels: { app: api } }
spec:
  replicas: 3
  template:
    spec:
      containers:
        - name: api
          image: example.com/api:1.2
          env: [{ name: GOGC, value: \"50\" }]
          resources: { limits: { memory: 256Mi, cpu: 500m } }
";

fn text_of(kind: Kind) -> (&'static str, String) {
    let go = "package main\n\nimport (\n\t\"context\"\n\t\"fmt\"\n\t\"net/http\"\n\t\"time\"\n)\n\nconst wait = time.Second\n";
    match kind {
        Kind::Go => ("cmd/api/main.go", format!("{go}{}", GO.repeat(100))),
        Kind::Rust => ("src/lib.rs", format!("use std::time::Duration;\n{}", RUST.repeat(100))),
        _ => ("deploy/api.yaml", YAML.repeat(50)),
    }
}

/// From text to facts.
#[divan::bench(args = [Kind::Go, Kind::Rust, Kind::Yaml])]
fn read(bencher: Bencher<'_, '_>, kind: Kind) {
    let (path, text) = text_of(kind);
    let bytes = BytesCount::of_str(&text);
    bencher.counter(bytes).bench(|| reader::read(kind, &Text::new(path, &text)));
}

/// A repository of two hundred packages and fifty commits; `None` without git.
fn repository() -> Option<&'static Path> {
    static REPOSITORY: OnceLock<Option<tempfile::TempDir>> = OnceLock::new();
    REPOSITORY.get_or_init(|| generated(200, 50)).as_ref().map(tempfile::TempDir::path)
}

fn generated(packages: usize, commits: usize) -> Option<tempfile::TempDir> {
    let root = tempfile::tempdir().unwrap();
    let write = |path: String, text: &str| {
        let path: PathBuf = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let git = |words: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(root.path()).args(["-c", "user.name=A", "-c", "user.email=a@example.com"]).args(words);
        command.output().is_ok_and(|output| output.status.success())
    };
    if !git(&["init", "-q"]) {
        return None;
    }
    write("go.mod".into(), "module example.com/m\n\ngo 1.24\n");
    let (_, go) = text_of(Kind::Go);
    for package in 0..packages {
        write(format!("cmd/s{package}/main.go"), &format!("{go}func main() {{ http.ListenAndServe(\":80\", nil) }}\n"));
        write(format!("cmd/s{package}/deploy.yaml"), YAML);
    }
    for commit in 0..commits {
        write(format!("cmd/s{}/change.go", commit % packages), &format!("package main\n\n// {commit}\n"));
        if !(git(&["add", "-A"]) && git(&["commit", "-qm", "change"])) {
            return None;
        }
    }
    Some(root)
}

/// From a root to the list of files.
#[divan::bench(args = [1, 2])]
fn walk_tree(bencher: Bencher<'_, '_>, threads: usize) {
    let Some(root) = repository() else { return };
    let files = walk::walk(root, threads, &Filter::default()).names.len();
    bencher.counter(ItemsCount::new(files)).bench(|| walk::walk(root, threads, &Filter::default()));
}

/// From services to verdicts.
#[divan::bench]
fn evaluate(bencher: Bencher<'_, '_>) {
    let Some(root) = repository() else { return };
    let judged = check(&Options::new(root)).unwrap().services;
    let services: Vec<Service> = judged.into_iter().map(|judged| judged.service).collect();
    let config = Config::default();
    let counter = ItemsCount::new(services.len());
    bencher.counter(counter).with_inputs(|| services.clone()).bench_values(|services| judge::judge(services, &config));
}

/// From commits to the figures of every service.
#[divan::bench(args = [1, 2])]
fn tell_history(bencher: Bencher<'_, '_>, threads: usize) {
    let Some(root) = repository() else { return };
    let unit = |package: usize| Unit {
        directories: vec![format!("cmd/s{package}").into()],
        root: format!("cmd/s{package}").into(),
        ..Unit::default()
    };
    let layout = Layout { units: (0..200).map(unit).collect(), packages: Vec::new() };
    bencher.bench(|| {
        let pending = history::start(root.into(), 365, git::Options::default()).on(threads);
        pending.finish(&layout, &LeftOut::default())
    });
}

/// Everything, without a cache.
#[divan::bench(args = [1, 2])]
fn whole_run(bencher: Bencher<'_, '_>, threads: usize) {
    let Some(root) = repository() else { return };
    let options = Options { threads, ..Options::new(root) };
    bencher.bench(|| check(&options).unwrap());
}
