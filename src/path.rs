//! Paths of files in the repository: `/` between parts, relative to the root, the root itself `.`.
//!
//! In: paths as the walk found them and as files of the repository write them. Out: names, directories and joined
//! paths with `.` and `..` taken out. Nothing here asks the disk.

/// The directory that holds a path; `.` for the root.
pub fn parent(path: &str) -> &str {
    last_slash(path).map_or(".", |at| &path[..at])
}

/// The last part of a path.
pub fn base(path: &str) -> &str {
    last_slash(path).map_or(path, |at| &path[at + 1..])
}

/// The names in a path, without empty ones.
pub fn parts(path: &str) -> impl Iterator<Item = &str> {
    let (bytes, mut at) = (path.as_bytes(), 0);
    std::iter::from_fn(move || {
        while *bytes.get(at)? == b'/' {
            at += 1;
        }
        let start = at;
        while at < bytes.len() && bytes[at] != b'/' {
            at += 1;
        }
        Some(&path[start..at])
    })
}

/// Names are short: looking at the bytes one after another is quicker than any search that is made for long texts.
fn last_slash(path: &str) -> Option<usize> {
    path.bytes().rposition(|byte| byte == b'/')
}

/// Joins a path to a directory and takes `.` and `..` out; one that starts with `/` starts at the root.
///
/// `None` where it leaves the root.
pub fn join(directory: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    let head = if relative.starts_with('/') { "" } else { directory };
    for part in head.split('/').chain(relative.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}

/// Takes `.` and `..` out of a path; `None` where it leaves the root.
pub fn normal(path: &str) -> Option<String> {
    join(".", path)
}

/// Whether `path` is `directory` or lies below it.
pub fn is_within(path: &str, directory: &str) -> bool {
    directory == "." || path == directory || path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

/// What all names begin with; nothing where there are none.
pub fn common_start<'a>(mut names: impl Iterator<Item = &'a str>) -> &'a str {
    let Some(first) = names.next() else { return "" };
    names.fold(first, |start, name| {
        let same = start.char_indices().zip(name.chars()).find(|((_, one), other)| one != other);
        &start[..same.map_or(start.len().min(name.len()), |((at, _), _)| at)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_inside_the_root_only() {
        assert_eq!(join("a/b", "../c").as_deref(), Some("a/c"));
        assert_eq!(join("a/b", "/c").as_deref(), Some("c"));
        assert_eq!(join(".", "./x/").as_deref(), Some("x"));
        assert_eq!(join("a", "..").as_deref(), Some("."));
        assert_eq!(join("a", "../.."), None);
        assert_eq!(normal("a//./b/../c").as_deref(), Some("a/c"));
        assert_eq!(normal("").as_deref(), Some("."));
        assert_eq!(normal("a/../.."), None);
    }

    #[test]
    fn what_names_have_in_common() {
        for (names, start) in
            [(&["a/b", "a/bc", "a/bd/e"][..], "a/b"), (&["ä", "äb"], "ä"), (&["ä", "å"], ""), (&["a"], "a"), (&[], "")]
        {
            assert_eq!(common_start(names.iter().copied()), start, "{names:?}");
        }
    }

    #[test]
    fn directories_and_names() {
        assert_eq!((parent("a/b/c.go"), base("a/b/c.go")), ("a/b", "c.go"));
        assert_eq!((parent("c.go"), base("c.go")), (".", "c.go"));
        assert!(is_within("a/b", "a") && !is_within("ab", "a") && is_within("x", "."));
    }
}
