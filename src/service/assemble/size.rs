//! How large a unit is, and the versions of its toolchain.

use crate::fact::Structure;
use crate::path::is_within;
use crate::scope::Scope;
use crate::service::repository::{FileEntry, Repository};
use crate::service::unit::Unit;
use crate::service::{Language, Size, Toolchain};
use crate::source::Location;

pub(super) fn size(repository: &Repository, unit: &Unit) -> Size {
    let mut size = Size { packages: unit.closure.len() as u64, ..Size::default() };
    for package in &unit.closure {
        match unit.language {
            Language::Go => {
                for &index in repository.go.packages.get(package).map_or(&[][..], |package| &package.files) {
                    add_size(&mut size, &repository.files[index]);
                }
            }
            Language::Rust => {
                let is_code = |file: &&FileEntry| matches!(file.facts.structure, Structure::Rust(_));
                for file in repository.files_of_crate(package).filter(is_code) {
                    if file.scope == Scope::Shipped || is_within(&file.path, &unit.root) {
                        add_size(&mut size, file);
                    }
                }
            }
        }
    }
    size
}

pub(super) fn add_size(size: &mut Size, file: &FileEntry) {
    if !file.is_generated() && file.scope != Scope::Test {
        size.lines += u64::from(file.facts.lines);
        size.files += 1;
    }
}

pub(super) fn toolchain(repository: &Repository, unit: &Unit) -> Toolchain {
    let mut toolchain = Toolchain::default();
    match unit.language {
        Language::Go => {
            if let Some((directory, _)) = repository.go.module_of(&unit.root)
                && let Some(file) = repository.files_in(directory).find(|file| file.path.ends_with("go.mod"))
                && let Structure::GoModule(module) = &file.facts.structure
            {
                toolchain.go = module.go.clone().map(|(version, place)| (version, file.at(place)));
            }
        }
        Language::Rust => {
            if let Some(package) = repository.cargo.packages.get(&unit.root) {
                let at = Location { path: package.manifest.clone(), place: package.place };
                toolchain.edition = package.edition.clone().map(|edition| (edition, at.clone()));
                toolchain.msrv = package.rust_version.clone().map(|version| (version, at));
            }
        }
    }
    toolchain
}
