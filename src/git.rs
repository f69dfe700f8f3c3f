//! The repository around the scanned root: found, looked over, and opened read-only.
//!
//! In: a directory. Out: [`Git`], from which history, trees and the index are read. Nothing of the repository is
//! run, no configuration outside its own is read, and every file that the library will open by name is looked at
//! first (see `guard`): a repository is input like any other.

mod deltas;
pub mod guard;
pub mod index;
pub mod line;
pub mod packs;
pub mod snapshot;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use gix::ObjectId;

/// How to open a repository.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Follow `objects/info/alternates` to directories outside the repository.
    pub foreign_alternates: bool,
}

/// Why there is no usable repository. The words say what to do; they never quote content.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum GitProblem {
    /// Nobody's fault: the root is not under version control.
    #[error("no git repository holds this directory")]
    Absent,
    /// The repository holds something that no git writes, or points outside itself.
    #[error("`{file}` of the git repository was not read: {why}")]
    Refused { file: String, why: String },
    /// A format that we do not read.
    #[error("the git repository uses {0}, which fitcheck does not read")]
    Unsupported(String),
    /// The library could not open it or find an object.
    #[error("could not read the git repository: {0}")]
    Broken(String),
}

/// An opened repository, to be shared between threads.
#[derive(Clone)]
pub struct Git {
    shared: gix::ThreadSafeRepository,
    packs: Arc<OnceLock<Arc<Vec<packs::Pack>>>>,
    git_dir: PathBuf,
    common_dir: PathBuf,
    /// Where the scanned root lies in the work tree: empty, or `a/b/`.
    pub prefix: String,
    /// The filter of a partial clone (`blob:none`, `tree:0`), empty where it names none; `None` for a full clone.
    pub partial: Option<String>,
    pub grafted: bool,
}

impl std::fmt::Debug for Git {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Git").field("prefix", &self.prefix).field("partial", &self.partial).finish_non_exhaustive()
    }
}

impl Git {
    /// Opens the repository whose work tree holds `root`, or the bare repository at `root`.
    pub fn open(root: &Path, options: Options) -> Result<Git, GitProblem> {
        let found = guard::locate(root)?;
        let looked_over = guard::look_over(&found, options)?;
        Ok(Git {
            shared: open(&found.git_dir)?,
            packs: Arc::default(),
            git_dir: found.git_dir,
            common_dir: found.common_dir,
            prefix: found.prefix,
            partial: looked_over.partial,
            grafted: looked_over.grafted,
        })
    }

    /// Returns a handle for the calling thread.
    pub fn handle(&self) -> gix::Repository {
        let mut repository = self.shared.to_thread_local();
        repository.objects.set_pack_cache(|| Box::new(deltas::Deltas::default()));
        repository
    }

    /// Returns a reader of objects for the calling thread, quicker than a handle where much is read.
    pub fn objects(&self) -> packs::Objects {
        let repository = self.handle();
        let packs = self.packs.get_or_init(|| {
            let replaced = repository.objects.store_ref().replacements().next().is_some();
            let directory = self.common_dir.join("objects/pack");
            Arc::new(if replaced { Vec::new() } else { packs::open(&directory, repository.object_hash()) })
        });
        packs::Objects::new(Arc::clone(packs), repository)
    }

    /// Returns the commit that `HEAD` names; `None` while it is unborn.
    pub fn head(&self) -> Result<Option<ObjectId>, GitProblem> {
        let repository = self.handle();
        let mut head = repository.head().map_err(broken)?;
        if head.is_unborn() {
            return Ok(None);
        }
        if let Some(id) = head.id().map(gix::Id::detach).filter(|&id| self.is_commit(id)) {
            return Ok(Some(id));
        }
        head.peel_to_commit().map(|commit| Some(commit.id)).map_err(broken)
    }

    /// Returns what `HEAD` names without looking at the object; `None` while it is unborn.
    pub fn head_id(&self) -> Result<Option<ObjectId>, GitProblem> {
        let repository = self.handle();
        let head = repository.head().map_err(broken)?;
        Ok(head.id().map(gix::Id::detach))
    }

    /// Resolves a revision to a commit; `None` where nothing has that name.
    ///
    /// The files that a name can stand for are looked over first, like the rest of the repository.
    pub fn commit(&self, revision: &str) -> Result<Option<ObjectId>, GitProblem> {
        guard::check_revision(&self.git_dir, &self.common_dir, revision)?;
        let repository = self.handle();
        // A whole name is what it says; the library would look for others that begin like it.
        let whole = (revision.len() == repository.object_hash().len_in_hex())
            .then(|| ObjectId::from_hex(revision.as_bytes()).ok());
        if let Some(id) = whole.flatten().filter(|&id| self.is_commit(id)) {
            return Ok(Some(id));
        }
        let Ok(id) = repository.rev_parse_single(revision) else { return Ok(None) };
        let Ok(object) = id.object() else { return Ok(None) };
        Ok(object.peel_to_commit().ok().map(|commit| commit.id))
    }

    fn is_commit(&self, id: ObjectId) -> bool {
        self.objects().commit(id).is_some()
    }

    /// Returns the reference that the current branch follows, if its configuration names one.
    ///
    /// Read by hand: of a repository that is not trusted the library takes no remotes, and a name does no harm.
    pub fn upstream(&self) -> Option<String> {
        let repository = self.handle();
        let branch = repository.head_name().ok()??;
        let config = repository.config_snapshot();
        let value = |key: &str| {
            let value = config.plumbing().raw_value_by("branch", Some(branch.shorten()), key).ok()?;
            Some(value.to_string())
        };
        let (remote, merge) = (value("remote")?, value("merge")?);
        match remote.as_str() {
            "." => Some(merge),
            remote => Some(format!("refs/remotes/{remote}/{}", merge.strip_prefix("refs/heads/")?)),
        }
    }

    /// Returns the directory that holds `index` and `HEAD`.
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// Returns the directory that holds objects and references: the same, but for a linked work tree.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }
}

fn open(git_dir: &Path) -> Result<gix::ThreadSafeRepository, GitProblem> {
    let how = gix::open::Options::isolated().with(gix::sec::Trust::Reduced).open_path_as_is(true);
    gix::ThreadSafeRepository::open_opts(git_dir, how).map_err(broken)
}

fn broken(problem: impl std::fmt::Display) -> GitProblem {
    GitProblem::Broken(first_line(&problem.to_string()))
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// Runs git for tests that need what it writes.
#[cfg(test)]
fn run(directory: &Path, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
    let git = std::process::Command::new("git").arg("-C").arg(directory).args(identity).args(arguments).output();
    let output = git.expect("because the tests have git");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
