//! Where a command publishes built files to, and which.

use crate::parse::shell::Command;

/// Returns the deploy target that a command publishes built files to.
pub(crate) fn publishes(command: &Command) -> Option<&'static str> {
    let has = |word: &str| command.words.iter().any(|own| own == word);
    match command.program() {
        "gh" if has("release") && (has("create") || has("upload")) => Some("binary-release"),
        "hub" if has("release") => Some("binary-release"),
        "ghr" | "github-release" | "glab" if has("release") || command.program() != "glab" => Some("binary-release"),
        "goreleaser" if has("release") && !has("--snapshot") => Some("binary-release"),
        "dpkg-deb" | "rpmbuild" | "fpm" | "nfpm" | "dpkg-buildpackage" | "debuild" | "snapcraft" | "makepkg"
        | "abuild" | "alien" | "checkinstall" => Some("package"),
        // A script of the repository's own that says what it does.
        _ if command.words[0].contains('/')
            && command.program().contains("release")
            && has_prefix(command, "upload") =>
        {
            Some("binary-release")
        }
        "twine" if has("upload") => Some("pypi"),
        "maturin" if has("publish") || has("upload") => Some("pypi"),
        "npm" | "pnpm" | "yarn" if has("publish") => Some("npm"),
        "gem" if has("push") => Some("gem"),
        "mvn" if has("deploy") => Some("maven"),
        "pod" if has("push") => Some("cocoapods"),
        "dotnet" if has("push") => Some("nuget"),
        // Another repository's formulas and manifests are told of a release.
        "gh" if has("api") && command.words.iter().any(|word| is_tap(word)) => Some("package"),
        "wingetcreate" | "komac" if has("update") || has("submit") => Some("package"),
        "brew" if has("bump-formula-pr") || has("bump-cask-pr") => Some("package"),
        "choco" if has("push") => Some("package"),
        _ => None,
    }
}

/// Returns the arguments of a command that look like files.
pub(crate) fn files(command: &Command) -> Vec<String> {
    let words = command.words.windows(2).filter(|pair| !SAYS.contains(&pair[0].as_str())).map(|pair| &pair[1]);
    words
        .filter(|word| word.contains(['/', '.', '*', '$']) && !word.starts_with('-') && !word.contains("://"))
        .cloned()
        .collect()
}

/// Options whose value tells about a release and is no file of it.
const SAYS: &[&str] = &[
    "--repo",
    "-R",
    "--title",
    "--notes",
    "--notes-file",
    "-F",
    "--target",
    "--url",
    "--description",
    "--maintainer",
    "--vendor",
    "--license",
    "--category",
];

/// The address at which a repository of packages takes notice of something.
fn is_tap(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    lower.contains("dispatches") && ["homebrew", "scoop", "winget", "-tap"].iter().any(|kind| lower.contains(kind))
}

fn has_prefix(command: &Command, prefix: &str) -> bool {
    command.words.iter().skip(1).any(|word| word.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::shell::{Variables, commands};

    #[test]
    fn what_is_said_of_a_release_is_no_file_of_it() {
        let of = |text: &str| files(&commands(text, 0, &mut Variables::default())[0]);
        let told = of("fpm -n shop --url https://example.com/o/shop --description 'a shop.' -p out/shop.rpm .");
        assert_eq!(told, ["out/shop.rpm", "."]);
        assert_eq!(of("gh release upload v1.0 --repo o/shop --notes-file notes.md dist/shop"), ["v1.0", "dist/shop"]);
    }

    #[test]
    fn packages_elsewhere_are_told_of_a_release() {
        let of = |text: &str| publishes(&commands(text, 0, &mut Variables::default())[0]);
        assert_eq!(of("gh api repos/o/homebrew-x/dispatches -f event_type=y"), Some("package"));
        assert_eq!(of("gh api repos/o/docs/dispatches"), None);
        assert_eq!(of("wingetcreate update x --submit"), Some("package"));
    }
}
