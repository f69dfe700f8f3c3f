//! The TOML files of a tar archive, compressed or not.
//!
//! In: the path of an archive. Out: its TOML files by path. The few fields of the format that matter are read by hand;
//! links, devices and paths that lead out of the archive are passed over, and what is unpacked is bounded.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::read;

/// Bytes of an archive, unpacked.
const LIMIT: u64 = 64 << 20;
const BLOCK: usize = 512;

/// Whether a name is that of an archive which is read here.
pub(super) fn is_one(name: &str) -> bool {
    [".tar", ".tar.gz", ".tgz"].iter().any(|end| name.ends_with(end))
}

/// Reads up to `files` TOML files with up to `bytes` bytes in all.
pub(super) fn read(path: &Path, files: usize, bytes: usize) -> Result<BTreeMap<String, String>, String> {
    let metadata = path.symlink_metadata().map_err(|error| format!("cannot be read: {error}"))?;
    if !metadata.is_file() {
        return Err("not a regular file".into());
    }
    let packed = read::bytes(path, LIMIT + 1).map_err(|error| format!("cannot be read: {error}"))?;
    let unpacked = if packed.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = Vec::new();
        let mut decoder = MultiGzDecoder::new(&*packed).take(LIMIT + 1);
        decoder.read_to_end(&mut unpacked).map_err(|error| format!("cannot be unpacked: {error}"))?;
        unpacked
    } else {
        packed
    };
    if unpacked.len() as u64 > LIMIT {
        return Err(format!("over the limit of {LIMIT} bytes"));
    }
    entries(&unpacked, files, bytes)
}

/// The files of an archive that is unpacked.
pub fn entries(archive: &[u8], files: usize, bytes: usize) -> Result<BTreeMap<String, String>, String> {
    let mut found = BTreeMap::new();
    let (mut at, mut total) = (0, 0);
    let mut long_name = None;
    while let Some(header) = archive.get(at..at + BLOCK) {
        if header.iter().all(|byte| *byte == 0) {
            break;
        }
        let size = number(&header[124..136]).filter(|_| is_sound(header)).ok_or("it is no tar archive")?;
        let start = at + BLOCK;
        let data = start.checked_add(size).and_then(|end| archive.get(start..end)).ok_or("it is cut short")?;
        at = start + size.div_ceil(BLOCK) * BLOCK;
        match header[156] {
            b'L' => long_name = Some(text(data).to_owned()),
            b'x' => long_name = pax_path(data).or(long_name),
            b'0' | 0 => {
                let name = long_name.take().unwrap_or_else(|| name(header));
                let Some(name) = inner(&name).filter(|name| name.ends_with(".toml")) else { continue };
                total += data.len();
                if found.len() == files || total > bytes {
                    return Err(format!("it holds more than {files} TOML files or {bytes} bytes of them"));
                }
                read::check_size(data.len() as u64, read::FILE_LIMIT)?;
                let data = read::text(data).map_err(|reason| format!("`{name}`: {reason}"))?;
                found.insert(name, data.to_owned());
            }
            _ => long_name = None,
        }
    }
    Ok(found)
}

/// The checksum counts its own field as blanks.
fn is_sound(header: &[u8]) -> bool {
    let sum =
        |total: usize, (at, byte): (usize, &u8)| total + if (148..156).contains(&at) { 32 } else { *byte as usize };
    number(&header[148..156]) == Some(header.iter().enumerate().fold(0, sum))
}

fn number(field: &[u8]) -> Option<usize> {
    usize::from_str_radix(text(field).trim(), 8).ok()
}

/// The text before the first NUL; what is no text is nothing.
fn text(field: &[u8]) -> &str {
    let end = memchr::memchr(0, field).unwrap_or(field.len());
    std::str::from_utf8(&field[..end]).unwrap_or_default()
}

fn name(header: &[u8]) -> String {
    let (prefix, name) = (text(&header[345..500]), text(&header[..100]));
    if header[257..262] == *b"ustar" && !prefix.is_empty() { format!("{prefix}/{name}") } else { name.to_owned() }
}

/// `27 path=a/long/name.toml`, among other records.
fn pax_path(data: &[u8]) -> Option<String> {
    let records = std::str::from_utf8(data).ok()?.lines();
    records.filter_map(|record| record.split_once(" path=")).map(|(_, path)| path.to_owned()).next_back()
}

/// A path below the archive's top; `None` where it leads out.
fn inner(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let leads_out = name.starts_with('/') || parts.contains(&"..");
    (!leads_out && !parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn entry(name: &str, kind: u8, data: &[u8]) -> Vec<u8> {
        let mut header = [0_u8; BLOCK];
        header[..name.len().min(100)].copy_from_slice(&name.as_bytes()[..name.len().min(100)]);
        header[124..135].copy_from_slice(format!("{:011o}", data.len()).as_bytes());
        header[156] = kind;
        header[257..262].copy_from_slice(b"ustar");
        header[148..156].copy_from_slice(b"        ");
        let sum: usize = header.iter().map(|byte| *byte as usize).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        let mut all = header.to_vec();
        all.extend(data);
        all.resize(BLOCK + data.len().div_ceil(BLOCK) * BLOCK, 0);
        all
    }

    #[test]
    fn toml_files_are_read_and_what_leads_out_is_not() {
        let long = format!("{}/long.toml", "d".repeat(120));
        let archive = [
            entry("./org/base.toml", b'0', b"exclude = []\n"),
            entry("../up.toml", b'0', b"x"),
            entry("/etc/abs.toml", b'0', b"x"),
            entry("link.toml", b'2', b""),
            entry("readme.md", b'0', b"\xff"),
            entry("name", b'L', long.as_bytes()),
            entry("d.toml", b'0', b"a = 1\n"),
            vec![0; 1024],
        ]
        .concat();
        let found = entries(&archive, 10, 1000).unwrap();
        assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), [long.as_str(), "org/base.toml"]);
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(&archive).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), packed.finish().unwrap()).unwrap();
        assert_eq!(read(file.path(), 10, 1000).unwrap(), found);
        assert!(read(file.path(), 1, 1000).unwrap_err().contains("more than 1"));
    }

    #[test]
    fn what_is_no_archive_says_so() {
        let good = entry("a.toml", b'0', b"a = 1\n");
        for broken in [vec![b'x'; 600], good[..515].to_vec(), [&good[..100], &b"1"[..], &good[101..]].concat()] {
            assert!(entries(&broken, 10, 1000).is_err());
        }
        for end in 0..good.len() {
            let _ = entries(&good[..end], 10, 1000);
        }
    }
}
