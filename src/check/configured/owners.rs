//! Who owns a service, where the configuration does not say: a catalogue beside it, else CODEOWNERS.
//!
//! Teams alone: a person is counted in the figures of the history and named nowhere.

use crate::check::Options;
use crate::disk;
use crate::history::owners::{Owners, PLACES};
use crate::service::repository::Repository;
use crate::service::{Owner, Service};
use crate::source::{Location, Text};

/// Names the owners of services that have none declared; `Err` names the file of owners that cannot be read.
pub(super) fn find(options: &Options, repository: &Repository, services: &mut [Service]) -> Result<(), &'static str> {
    for service in services.iter_mut().filter(|service| service.owner.is_none()) {
        let named = service.marks.iter().find(|mark| mark.value.0 == "owner");
        service.owner = named.and_then(|mark| {
            Some(Owner { team: mark.value.1.clone(), at: mark.evidence.first()?.clone(), declared: false })
        });
    }
    if services.iter().all(|service| service.owner.is_some()) {
        return Ok(());
    }
    let sources = disk::sources(options);
    let Some((path, source)) = PLACES.iter().find_map(|path| Some((*path, sources.read(path)?))) else {
        return PLACES.iter().find(|path| repository.has_name(path)).map_or(Ok(()), |path| Err(path));
    };
    let (owners, text) = (Owners::read(&source), Text::new(path, &source));
    for service in services.iter_mut().filter(|service| service.owner.is_none()) {
        service.owner = owners.team_of(&service.root).map(|(team, line)| {
            let start = text.line_start(line);
            let place = text.place(start..start + text.line(line).len());
            Owner { team: team.to_owned(), at: Location { path: path.into(), place }, declared: false }
        });
    }
    Ok(())
}
