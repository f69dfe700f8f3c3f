//! `history`: how a service's verdict moved, and which commit turned it.

use anyhow::bail;
use fitcheck::check;
use fitcheck::cli::{History, HistoryFormat, Points};
use fitcheck::exit::Exit;
use fitcheck::report::{NoSources, Pages, timeline as report};
use fitcheck::timeline::{By, Wish, timeline};

/// Judges the points and writes what they say.
pub(crate) fn history(args: &History) -> anyhow::Result<Exit> {
    if args.scan.base.is_some() || args.scan.staged {
        bail!("`history` compares commits with each other: leave out `--base` and `--staged`");
    }
    let options = crate::options(&args.scan);
    let mut loaded = check::configuration(&options)?;
    let by = match args.by {
        Points::Tag => By::Tag,
        Points::Month => By::Month,
    };
    let wish = Wish { service: args.service.clone(), by, since: args.since, count: args.count.get() };
    let told = timeline(&options, &mut loaded, &wish)?;
    crate::print(|out| match args.format {
        HistoryFormat::Human => {
            report::write(&told, &crate::context(&args.view, Some(&args.scan), &NoSources, Pages::none()), out)
        }
        HistoryFormat::Json => report::write_json(&told, out),
    })
}
