//! Reports into files: each is written beside its place and renamed, all of them or none.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::draft;
use crate::finding::Report;
use crate::report::{Context, Format};

/// A report that could not be written: the system's fault, or that of the path given.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`: {source}", path.display())]
pub struct OutputError {
    pub path: PathBuf,
    pub source: io::Error,
}

/// Writes every report; where one fails, none of the files is touched.
pub fn write_all(report: &Report, context: &Context, outputs: &[(Format, PathBuf)]) -> Result<(), OutputError> {
    let mut written = Vec::new();
    for (format, path) in outputs {
        let fail = |source| OutputError { path: path.clone(), source };
        written.push((path, Draft::write(*format, path, report, context).map_err(fail)?));
    }
    for (path, draft) in written {
        draft.publish().map_err(|source| OutputError { path: path.clone(), source })?;
    }
    Ok(())
}

/// A report written in full, not yet in its place.
enum Draft {
    Beside(draft::Draft),
    /// A pipe or a device cannot be replaced; it is written last.
    Direct(Vec<u8>, PathBuf),
}

impl Draft {
    fn write(format: Format, path: &Path, report: &Report, context: &Context) -> io::Result<Draft> {
        let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let existing = fs::metadata(&place).ok();
        if existing.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
        }
        if existing.is_some_and(|metadata| !metadata.is_file()) {
            let mut bytes = Vec::new();
            format.write(report, context, &mut bytes)?;
            return Ok(Draft::Direct(bytes, place));
        }
        let draft = draft::Draft::public(&place)?;
        let mut out = BufWriter::new(draft.file());
        format.write(report, context, &mut out)?;
        out.flush()?;
        drop(out);
        // Before any of them is published, all have to be on the disk.
        draft.file().sync_all()?;
        Ok(Draft::Beside(draft))
    }

    fn publish(self) -> io::Result<()> {
        match self {
            Draft::Beside(draft) => draft.publish_unsynced(),
            Draft::Direct(bytes, place) => File::options().write(true).open(place)?.write_all(&bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn outputs(paths: &[&Path]) -> Vec<(Format, PathBuf)> {
        paths.iter().map(|path| (Format::named("json").unwrap(), path.to_path_buf())).collect()
    }

    #[test]
    fn all_or_none() {
        let directory = tempfile::tempdir().unwrap();
        let (good, bad) = (directory.path().join("a.json"), directory.path().join("no/such/b.json"));
        fs::write(&good, "old").unwrap();
        let error = write_all(&sample::report(), &sample::context(), &outputs(&[&good, &bad])).unwrap_err();
        assert_eq!(error.path, bad);
        assert_eq!(fs::read_to_string(&good).unwrap(), "old");
        write_all(&sample::report(), &sample::context(), &outputs(&[&good])).unwrap();
        assert!(fs::read_to_string(&good).unwrap().starts_with("{\n"));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "a draft was left");
        assert!(write_all(&sample::report(), &sample::context(), &outputs(&[directory.path()])).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_device_is_an_error_and_stays_a_device() {
        let full = Path::new("/dev/full");
        assert!(write_all(&sample::report(), &sample::context(), &outputs(&[full])).is_err());
        assert!(!fs::metadata(full).unwrap().is_file());
    }
}
