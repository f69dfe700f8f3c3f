//! Arguments in, exit status out.

mod command;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{CommandFactory, Parser};
use fitcheck::check::{self, CheckError, Options, Tree};
use fitcheck::cli::{Check, Cli, ColorWhen, Command, Explain, Scan, SchemaOf, Services, View};
use fitcheck::config::load::Loaded;
use fitcheck::exit::Exit;
use fitcheck::finding::Report;
use fitcheck::policy::manual;
use fitcheck::report::{self, Context, Pages, Sources};
use fitcheck::{cache, disk, facts, find, heap, pages, panics, progress, schema, terminal};

/// musl's own allocator takes most of a run.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    panics::silence();
    heap::keep();
    let cli = Cli::parse();
    let done = panics::caught(|| run(&cli)).unwrap_or_else(|place| Err(Bug { place }.into()));
    match done {
        Ok(exit) => exit.into(),
        Err(error) => {
            // Nothing is left to do where even this cannot be written.
            let _ = tell(&error);
            Exit::Failed.into()
        }
    }
}

/// Ours: a panic that no reader's guard caught.
#[derive(Debug, thiserror::Error)]
#[error("fitcheck itself failed ({place}): please report it as a bug")]
struct Bug {
    place: String,
}

fn run(cli: &Cli) -> anyhow::Result<Exit> {
    match &cli.command {
        None => check(&cli.check),
        Some(Command::Services(services)) => list_services(services),
        Some(Command::Explain(explain)) => explain_one(explain),
        Some(Command::History(history)) => command::history::history(history),
        Some(Command::Facts(facts)) => command::facts::write(facts),
        Some(Command::Judge(judge)) => command::facts::judge(judge),
        Some(Command::Merge(merge)) => command::facts::merge(merge),
        Some(Command::Pick(pick)) => command::pick::pick(pick),
        Some(Command::Config(config)) => command::config::run(config),
        Some(Command::Init { path }) => command::config::init(path),
        Some(Command::Allow(allow)) => command::accept::allow(allow),
        Some(Command::Baseline(baseline)) => command::accept::baseline(baseline),
        Some(Command::Policy { command }) => command::policy::policy(command),
        Some(Command::Schema { file }) => {
            let schema = match file {
                SchemaOf::Config => schema::configuration(),
                SchemaOf::Policy => schema::policy(),
                SchemaOf::Facts => facts::schema(),
                SchemaOf::Report => report::json::schema(),
                SchemaOf::Extractor => schema::extractor(),
            };
            print(|out| writeln!(out, "{schema:#}"))
        }
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "fitcheck", &mut script);
            print(|out| out.write_all(&script))
        }
        Some(Command::Man { into: None }) => print(|out| clap_mangen::Man::new(Cli::command()).render(&mut { out })),
        Some(Command::Man { into: Some(directory) }) => clap_mangen::generate_to(Cli::command(), directory)
            .with_context(|| format!("cannot write to `{}`", directory.display()))
            .map(|()| Exit::Clean),
    }
}

/// Says why a run failed; mistakes in configuration are shown where they stand.
fn tell(error: &anyhow::Error) -> io::Result<()> {
    let mut out = io::stderr();
    match error.downcast_ref::<CheckError>() {
        Some(CheckError::Configuration(loaded)) => {
            let terminal = terminal::of_stderr(ColorWhen::Auto, Some(".".as_ref()));
            report::mistakes::write(&loaded.mistakes, &loaded.texts, terminal, &mut out)?;
            writeln!(out, "error: nothing was judged: the configuration has mistakes")
        }
        _ => writeln!(out, "error: {}", report::inert::terminal(&message(error))),
    }
}

/// The chain of causes; one that the line before already names is not said again.
fn message(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |said, cause| match cause.to_string() {
        cause if said.is_empty() => cause,
        cause if said.contains(&cause) => said,
        cause => format!("{said}: {cause}"),
    })
}

fn check(args: &Check) -> anyhow::Result<Exit> {
    let (report, loaded) = scan(&args.scan, args.delivery.view.quiet)?;
    let (sources, policies) = (disk::sources(&options(&args.scan)), &loaded.config.policies);
    let pages = Pages::new(|| pages::of(policies));
    let context = context(&args.delivery.view, Some(&args.scan), &*sources, pages);
    command::deliver::deliver(&args.delivery, &report, &context, command::deliver::Configured::of(&loaded.config))
}

fn list_services(args: &Services) -> anyhow::Result<Exit> {
    let (report, _) = scan(&args.scan, args.view.quiet)?;
    let sources = disk::sources(&options(&args.scan));
    print(|out| report::services::write(&report, &context(&args.view, Some(&args.scan), &*sources, Pages::none()), out))
}

fn explain_one(args: &Explain) -> anyhow::Result<Exit> {
    let configured = check::configuration(&options(&args.scan))?;
    if let Some(policy) = configured.config.policies.get(&args.subject) {
        return print(|out| out.write_all(command::lines(&manual::manual(policy)).as_bytes()));
    }
    let (report, _) = scan(&args.scan, args.view.quiet)?;
    let judged = find::service(&report, &args.subject)?;
    let sources = disk::sources(&options(&args.scan));
    print(|out| report::explain::write(judged, &context(&args.view, Some(&args.scan), &*sources, Pages::none()), out))
}

/// The report, and the configuration it was made by.
fn scan(args: &Scan, quiet: bool) -> anyhow::Result<(Report, Loaded)> {
    let options = options(args);
    let _shown = progress::show(&options.progress, quiet);
    let mut loaded = check::configuration(&options)?;
    let report = check::check_with(&options, &mut loaded)?;
    Ok((report, loaded))
}

fn options(args: &Scan) -> Options {
    let mut options = Options::new(&args.path);
    options.config.clone_from(&args.config);
    options.policy_ref.clone_from(&args.policy_ref);
    options.exceptions = !args.no_allow;
    options.threads = args.threads.map_or(options.threads, usize::from);
    options.base.clone_from(&args.base);
    options.tree = match (&args.at, args.staged) {
        (Some(revision), _) => Tree::At(revision.clone()),
        (None, true) => Tree::Staged,
        (None, false) => Tree::Work,
    };
    if !args.no_cache {
        let default = || cache::default_directory(&args.path).filter(|_| !cache::is_ci());
        options.cache = args.cache_dir.clone().or_else(default);
    }
    let given = [("files", args.max_files), ("bytes", args.max_bytes)];
    options.limits = given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    options.git.foreign_alternates = args.trust_alternates;
    options.is_last = true;
    options
}

/// Without a scan there are no files that a terminal could open.
fn context<'a>(view: &View, scan: Option<&Scan>, sources: &'a dyn Sources, pages: Pages<'a>) -> Context<'a> {
    Context {
        sources,
        policies: pages,
        all: view.all,
        verbosity: i8::from(view.verbose) - i8::from(view.quiet),
        terminal: terminal::of_stdout(view.color, scan.map(|scan| scan.path.as_path())),
    }
}

/// Writes to standard output; a reader that has seen enough is no error.
fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<Exit> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => {
            // What a closed pipe did not take must not be tried again when the buffer is dropped.
            let _ = out.into_parts();
            Ok(Exit::Clean)
        }
    }
}
