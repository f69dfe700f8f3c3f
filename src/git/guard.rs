//! Looks over a repository before the git library opens it.
//!
//! A library that opens `config` or `HEAD` by name waits for ever on a FIFO and swallows a device. So each file that
//! will be opened has to be a regular file of a sane size, and every pointer (`.git` file, `commondir`, alternates)
//! has to stay inside the repository. What git itself never writes is refused, with the name of the file.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use super::{GitProblem, Options};

const SMALL: u64 = 1 << 20;
const REFERENCES: u64 = 64 << 20;
const INDEX: u64 = 512 << 20;
const PACK: u64 = 1 << 40;

/// Where a repository lies.
#[derive(Debug)]
pub struct Found {
    pub git_dir: PathBuf,
    pub common_dir: PathBuf,
    pub prefix: String,
}

/// What the files say that the library will not tell.
#[derive(Debug, Default)]
pub struct LookedOver {
    pub partial: Option<String>,
    pub grafted: bool,
}

/// Finds the repository at `root` or around it.
pub fn locate(root: &Path) -> Result<Found, GitProblem> {
    let root = root.canonicalize().map_err(|_| GitProblem::Absent)?;
    for directory in root.ancestors() {
        let entry = directory.join(".git");
        let Ok(meta) = entry.symlink_metadata() else { continue };
        let prefix = prefix_of(&root, directory);
        if meta.is_dir() {
            // Git writes it for linked work trees alone; the library would follow it to wherever it leads.
            if entry.join("commondir").symlink_metadata().is_ok() {
                return Err(refused("commondir", "it is no part of a repository's own directory"));
            }
            let common_dir = entry.clone();
            return Ok(Found { git_dir: entry, common_dir, prefix });
        }
        if meta.is_file() {
            let (git_dir, common_dir) = follow_git_file(directory, &entry)?;
            return Ok(Found { git_dir, common_dir, prefix });
        }
        return Err(refused(".git", "it is neither a directory nor a regular file"));
    }
    let bare = ["HEAD", "objects", "refs", "config"].iter().all(|name| root.join(name).symlink_metadata().is_ok());
    if bare {
        return Ok(Found { git_dir: root.clone(), common_dir: root, prefix: String::new() });
    }
    Err(GitProblem::Absent)
}

fn prefix_of(root: &Path, work_tree: &Path) -> String {
    let Ok(below) = root.strip_prefix(work_tree) else { return String::new() };
    let mut prefix = String::new();
    for part in below.components() {
        if let Component::Normal(name) = part {
            prefix.push_str(&name.to_string_lossy());
            prefix.push('/');
        }
    }
    prefix
}

/// Follows the `.git` file of a linked work tree or a submodule, where the other end points back.
fn follow_git_file(directory: &Path, file: &Path) -> Result<(PathBuf, PathBuf), GitProblem> {
    let text = read_small(file, ".git")?;
    let target = text.strip_prefix("gitdir:").map(str::trim).ok_or_else(|| refused(".git", "it names no directory"))?;
    // Git keeps what belongs to another work tree under these names: nothing else outside is even looked at.
    let is_kept = Path::new(target).iter().any(|part| part == "worktrees" || part == "modules");
    if !is_kept && !directory.join(target).starts_with(directory) {
        return Err(stranger());
    }
    let git_dir = directory.join(target).canonicalize().map_err(|_| refused(".git", "it names a missing directory"))?;
    let common_dir = match git_dir.join("commondir").symlink_metadata() {
        Ok(_) => {
            let text = read_small(&git_dir.join("commondir"), "commondir")?;
            git_dir
                .join(text.trim())
                .canonicalize()
                .map_err(|_| refused("commondir", "it names a missing directory"))?
        }
        Err(_) => git_dir.clone(),
    };
    let inside = git_dir.starts_with(directory) && common_dir.starts_with(directory);
    let linked = git_dir.starts_with(common_dir.join("worktrees")) && points_back(&git_dir, file);
    // `<super>/.git/modules/<name>` of a project that holds this directory.
    let submodule = common_dir == git_dir
        && directory.ancestors().skip(1).any(|above| git_dir.starts_with(above.join(".git").join("modules")));
    if inside || linked || submodule {
        return Ok((git_dir, common_dir));
    }
    Err(stranger())
}

fn stranger() -> GitProblem {
    refused(".git", "it points outside, to a repository that does not know this work tree")
}

fn points_back(git_dir: &Path, file: &Path) -> bool {
    let Ok(text) = read_small(&git_dir.join("gitdir"), "gitdir") else { return false };
    let back = git_dir.join(text.trim());
    back.canonicalize().is_ok_and(|back| file.canonicalize().is_ok_and(|file| back == file))
}

/// Checks every file that opening and reading will touch.
pub fn look_over(found: &Found, options: Options) -> Result<LookedOver, GitProblem> {
    for (name, cap) in [("HEAD", SMALL), ("config.worktree", SMALL), ("commondir", SMALL), ("index", INDEX)] {
        check(&found.git_dir, name, cap)?;
    }
    for (name, cap) in [
        ("config", SMALL),
        ("packed-refs", REFERENCES),
        ("shallow", SMALL),
        ("info/grafts", SMALL),
        ("objects/info/commit-graph", PACK),
        ("objects/info/commit-graphs/commit-graph-chain", SMALL),
    ] {
        check(&found.common_dir, name, cap)?;
    }
    check_head_target(found)?;
    check_objects(&found.common_dir.join("objects"), &found.common_dir, options, 0)?;
    let config = read_small(&found.common_dir.join("config"), "config").unwrap_or_default();
    if lists_reftable(&config) {
        return Err(GitProblem::Unsupported("the reftable format for references".into()));
    }
    let grafts = found.common_dir.join("info/grafts");
    let grafted = grafts.symlink_metadata().is_ok_and(|meta| meta.len() > 0);
    Ok(LookedOver { partial: partial_filter(&config), grafted })
}

/// Checks the files that a revision's name can stand for.
pub fn check_revision(git_dir: &Path, common_dir: &Path, revision: &str) -> Result<(), GitProblem> {
    let name = revision.split(['~', '^', '@', ':']).next().unwrap_or_default();
    let escapes = name.starts_with('/') || name.contains('\\') || name.split('/').any(|part| part == "..");
    if escapes {
        return Err(refused("refs", "a revision's name leaves the repository"));
    }
    for place in ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"] {
        for directory in [git_dir, common_dir] {
            let path = format!("{place}{name}");
            if directory.join(&path).symlink_metadata().is_ok_and(|meta| !meta.is_dir()) {
                check(directory, &path, SMALL)?;
            }
        }
    }
    Ok(())
}

fn check_head_target(found: &Found) -> Result<(), GitProblem> {
    let head = read_small(&found.git_dir.join("HEAD"), "HEAD")?;
    match head.trim().strip_prefix("ref:") {
        Some(target) => check_revision(&found.git_dir, &found.common_dir, target.trim()),
        None => Ok(()),
    }
}

/// Objects are opened by their names: nothing among them may be a FIFO, a device or a link.
fn check_objects(objects: &Path, common: &Path, options: Options, depth: u32) -> Result<(), GitProblem> {
    let Ok(entries) = fs::read_dir(objects) else { return Err(refused("objects", "the directory is missing")) };
    for entry in entries.flatten() {
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let name = entry.file_name();
        let holds_objects = name.len() == 2 || name == "pack";
        let Ok(files) = fs::read_dir(entry.path()) else { continue };
        if holds_objects && files.flatten().any(|file| !file.file_type().is_ok_and(|kind| kind.is_file())) {
            return Err(refused("objects", "it holds something other than regular files"));
        }
    }
    check(objects, "info/alternates", SMALL)?;
    let Ok(text) = read_small(&objects.join("info/alternates"), "alternates") else { return Ok(()) };
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let target = objects.join(line).canonicalize().map_err(|_| refused("alternates", "a directory is missing"))?;
        if !options.foreign_alternates && !target.starts_with(common) {
            return Err(refused("objects/info/alternates", "it points outside the repository"));
        }
        if depth >= 5 {
            return Err(refused("objects/info/alternates", "it is nested too deeply"));
        }
        check_objects(&target, common, options, depth + 1)?;
    }
    Ok(())
}

fn check(directory: &Path, name: &str, cap: u64) -> Result<(), GitProblem> {
    let Ok(meta) = directory.join(name).symlink_metadata() else { return Ok(()) };
    if !meta.is_file() {
        return Err(refused(name, "it is not a regular file"));
    }
    if meta.len() > cap {
        return Err(refused(name, "it is too large"));
    }
    Ok(())
}

fn read_small(path: &Path, name: &str) -> Result<String, GitProblem> {
    let meta = path.symlink_metadata().map_err(|_| refused(name, "it is missing"))?;
    if !meta.is_file() || meta.len() > SMALL {
        return Err(refused(name, "it is not a small regular file"));
    }
    let mut text = Vec::new();
    let file = File::open(path).map_err(|_| refused(name, "it cannot be opened"))?;
    file.take(SMALL).read_to_end(&mut text).map_err(|_| refused(name, "it cannot be read"))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn lists_reftable(config: &str) -> bool {
    values(config, "refstorage").any(|value| value.eq_ignore_ascii_case("reftable"))
}

/// The filter of a partial clone, from the lines git writes; an exact reading of the format is not needed for that.
fn partial_filter(config: &str) -> Option<String> {
    let promisor = values(config, "promisor").any(|value| value.eq_ignore_ascii_case("true"));
    let extension = values(config, "partialclone").next().is_some();
    let filter = values(config, "partialclonefilter").next();
    (promisor || extension || filter.is_some()).then(|| filter.unwrap_or_default().to_owned())
}

fn values<'a>(config: &'a str, key: &'a str) -> impl Iterator<Item = &'a str> {
    config.lines().filter_map(move |line| {
        let (name, value) = line.split_once('=')?;
        name.trim().eq_ignore_ascii_case(key).then(|| value.trim())
    })
}

fn refused(file: &str, why: &str) -> GitProblem {
    GitProblem::Refused { file: file.into(), why: why.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(config: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let git = root.path().join(".git");
        for directory in ["objects/info", "objects/pack", "refs/heads", "info"] {
            fs::create_dir_all(git.join(directory)).unwrap();
        }
        fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        fs::write(git.join("config"), config).unwrap();
        root
    }

    fn looked_over(root: &Path) -> Result<LookedOver, GitProblem> {
        look_over(&locate(root)?, Options::default())
    }

    #[test]
    fn a_directory_inside_a_repository_knows_its_prefix() {
        let root = repository("");
        fs::create_dir_all(root.path().join("a/b")).unwrap();
        assert_eq!(locate(&root.path().join("a/b")).unwrap().prefix, "a/b/");
        assert_eq!(locate(root.path()).unwrap().prefix, "");
        assert!(matches!(locate(tempfile::tempdir().unwrap().path()), Err(GitProblem::Absent)));
    }

    #[test]
    fn partial_clones_and_formats_are_told_from_the_configuration() {
        let root = repository("[remote \"origin\"]\n\tpromisor = true\n\tpartialclonefilter = blob:none\n");
        assert_eq!(looked_over(root.path()).unwrap().partial.as_deref(), Some("blob:none"));
        let root = repository("[extensions]\n\trefStorage = reftable\n");
        assert!(matches!(looked_over(root.path()), Err(GitProblem::Unsupported(_))));
        assert_eq!(looked_over(repository("").path()).unwrap().partial, None);
    }

    #[test]
    fn alternates_outside_are_refused_unless_asked_for() {
        let root = repository("");
        let other = repository("");
        let objects = other.path().join(".git/objects");
        fs::write(root.path().join(".git/objects/info/alternates"), format!("{}\n", objects.display())).unwrap();
        assert!(matches!(looked_over(root.path()), Err(GitProblem::Refused { .. })));
        let found = locate(root.path()).unwrap();
        assert!(look_over(&found, Options { foreign_alternates: true }).is_ok());
    }

    #[test]
    fn a_git_file_must_be_known_at_the_other_end() {
        let victim = repository("");
        let root = tempfile::tempdir().unwrap();
        let target = victim.path().join(".git");
        fs::write(root.path().join(".git"), format!("gitdir: {}\n", target.display())).unwrap();
        assert!(matches!(locate(root.path()), Err(GitProblem::Refused { .. })));
        let worktree = target.join("worktrees/one");
        fs::create_dir_all(&worktree).unwrap();
        fs::write(worktree.join("commondir"), "../..\n").unwrap();
        fs::write(worktree.join("gitdir"), format!("{}\n", root.path().join(".git").display())).unwrap();
        fs::write(root.path().join(".git"), format!("gitdir: {}\n", worktree.display())).unwrap();
        assert_eq!(locate(root.path()).unwrap().common_dir, target.canonicalize().unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn links_and_giants_are_refused_before_they_are_opened() {
        for name in ["config", "packed-refs", "shallow", "HEAD", "objects/info/alternates", "refs/heads/main"] {
            let root = repository("");
            let file = root.path().join(".git").join(name);
            let _ = fs::remove_file(&file);
            std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
            assert!(matches!(looked_over(root.path()), Err(GitProblem::Refused { .. })), "{name}");
        }
        let root = repository("");
        File::create(root.path().join(".git/config")).unwrap().set_len(SMALL + 1).unwrap();
        assert!(matches!(looked_over(root.path()), Err(GitProblem::Refused { .. })));
    }

    #[test]
    fn a_revision_cannot_name_a_file_elsewhere() {
        let root = repository("");
        let git = root.path().join(".git");
        assert!(check_revision(&git, &git, "../../etc/passwd").is_err());
        assert!(check_revision(&git, &git, "main~3").is_ok());
    }
}
