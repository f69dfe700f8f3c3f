//! Arguments in, exit status out.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{CommandFactory, Parser};
use fitcheck::check::{self, Options, Tree};
use fitcheck::cli::{Check, Cli, Command, Explain, PolicyCommand, Scan, Services, View};
use fitcheck::exit::Exit;
use fitcheck::finding::Report;
use fitcheck::policy::{builtin, manual};
use fitcheck::report::{self, Context, Page, Sources};
use fitcheck::{cache, disk, find, output, pages, terminal};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            // Nothing is left to do where even this cannot be written.
            let _ = writeln!(io::stderr(), "error: {}", report::inert::terminal(&message(&error)));
            Exit::Failed.into()
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<Exit> {
    match &cli.command {
        None => check(&cli.check),
        Some(Command::Services(services)) => list_services(services),
        Some(Command::Explain(explain)) => explain_one(explain),
        Some(Command::Policy { command }) => policy(command),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "fitcheck", &mut script);
            print(|out| out.write_all(&script))
        }
        Some(Command::Man) => print(|out| clap_mangen::Man::new(Cli::command()).render(&mut { out })),
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
    let report = scan(&args.scan)?;
    let (sources, pages) = (disk::sources(&options(&args.scan)), pages::of(&builtin::shipped()));
    let context = context(&args.view, &args.scan, &*sources, &pages);
    let outputs: Vec<_> = args.output.iter().map(|output| (output.format, output.path.clone())).collect();
    output::write_all(&report, &context, &outputs)?;
    print(|out| args.format.write(&report, &context, out))?;
    let threshold = if args.exit_zero { None } else { args.fail_on.threshold() };
    Ok(Exit::of(&report, threshold, args.strict))
}

fn list_services(args: &Services) -> anyhow::Result<Exit> {
    let report = scan(&args.scan)?;
    let sources = disk::sources(&options(&args.scan));
    print(|out| report::services::write(&report, &context(&args.view, &args.scan, &*sources, &[]), out))
}

fn explain_one(args: &Explain) -> anyhow::Result<Exit> {
    if let Some(policy) = builtin::shipped().get(&args.subject) {
        return print(|out| out.write_all(manual::manual(policy).as_bytes()));
    }
    let report = scan(&args.scan)?;
    let judged = find::service(&report, &args.subject)?;
    let sources = disk::sources(&options(&args.scan));
    print(|out| report::explain::write(judged, &context(&args.view, &args.scan, &*sources, &[]), out))
}

fn policy(command: &PolicyCommand) -> anyhow::Result<Exit> {
    let set = builtin::shipped();
    match command {
        PolicyCommand::List => print(|out| {
            let mut policies = set.policies.iter();
            policies
                .try_for_each(|policy| writeln!(out, "{:24} {:9} {}", policy.id, policy.favors.word(), policy.title))
        }),
        PolicyCommand::Show { policy: id } => {
            let policy = set.get(id).with_context(|| format!("no policy is called `{id}`"))?;
            print(|out| out.write_all(manual::manual(policy).as_bytes()))
        }
    }
}

fn scan(args: &Scan) -> anyhow::Result<Report> {
    Ok(check::check(&options(args))?)
}

fn options(args: &Scan) -> Options {
    let mut options = Options::new(&args.path);
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
    options.git.foreign_alternates = args.trust_alternates;
    options
}

fn context<'a>(view: &View, scan: &Scan, sources: &'a dyn Sources, pages: &'a [Page]) -> Context<'a> {
    Context {
        sources,
        policies: pages,
        all: view.all,
        verbosity: i8::from(view.verbose) - i8::from(view.quiet),
        terminal: terminal::of_stdout(view.color, &scan.path),
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
