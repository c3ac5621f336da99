//! `bntrain train --share I/K`: one share of the runs of a comparison, in a run directory that says which; and
//! `bntrain merge`, which puts shares together; and `--groups N`, which does both.

pub(crate) mod groups;
pub(crate) mod merge;
pub(crate) mod parts;
pub(crate) mod scheduler;

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::cli::session::Session;
use crate::config::Plan;
use crate::experiment::{Share, dealt_out, undivided};
use crate::run_dir::{RunDirectory, SHARE_JSON};
use crate::text::{Count, DisplayPath};

/// The content of `share.json`.
#[derive(Serialize, Deserialize)]
struct ShareFile {
    format_version: u64,
    share: u64,
    shares: u64,
}

/// The version of `share.json`, recorded in it.
const FORMAT_VERSION: u64 = 1;

/// Refuses a comparison whose runs cannot be dealt out.
pub(crate) fn refuse_undivided(plan: &Plan, option: &str) -> Result<(), CliError> {
    match undivided(plan) {
        None => Ok(()),
        Some(reason) => Err(CliError::new(exit_code::USAGE, format!("{option}: {reason}"))),
    }
}

/// Leaves in `session` the jobs of `share` to be done.
pub(crate) fn restrict(session: &mut Session, share: Share, output: &Output) -> Result<(), CliError> {
    refuse_undivided(&session.plan, "--share")?;
    let shares = dealt_out(&session.jobs, share.count());
    let all = session.jobs.len();
    let mine: Vec<_> = session.jobs.iter().zip(shares).filter(|(_, of)| *of == share).collect();
    let mine: Vec<_> = mine.into_iter().map(|(job, _)| job.id.clone()).collect();
    output.note(&match mine.len() {
        0 => format!("share {share}: none of the {}: there are more shares than runs", Count(all, "run")),
        n => format!(
            "share {share}: {n} of {}; `bntrain merge` puts finished shares together",
            Count(all, "run")
        ),
    });
    session.share = Some(mine);
    Ok(())
}

/// Writes which share the directory has.
pub(crate) fn write(directory: &RunDirectory, share: Share) -> Result<(), CliError> {
    let file = ShareFile { format_version: FORMAT_VERSION, share: share.index(), shares: share.count() };
    let text = serde_json::to_string_pretty(&file).map_err(io::Error::other);
    let text = text.map_err(|error| CliError::io("write", directory.path(), &error))?;
    Ok(directory.write(SHARE_JSON, format!("{text}\n").as_bytes())?)
}

/// Which share the run directory `path` has; none if it has all runs.
pub(crate) fn of_directory(path: &Path) -> Result<Option<Share>, CliError> {
    let path = path.join(SHARE_JSON);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text.map_err(|error| CliError::io("read", &path, &error))?,
    };
    let file: Option<ShareFile> = serde_json::from_str(&text).ok();
    let share = file
        .filter(|file| file.format_version == FORMAT_VERSION)
        .and_then(|file| Share::new(file.share, file.shares));
    match share {
        Some(share) => Ok(Some(share)),
        None => {
            let message = format!(
                "{} does not say which share of the runs is there; it is damaged or of a newer version",
                DisplayPath(&path)
            );
            Err(CliError::new(exit_code::DATA, message))
        }
    }
}

/// Refuses to go on in `path` with another share than the one that is there.
pub(crate) fn refuse_other(path: &Path, asked: Option<Share>) -> Result<(), CliError> {
    let there = of_directory(path)?;
    if there == asked {
        return Ok(());
    }
    let shown = DisplayPath(path);
    let of =
        |share: Option<Share>| share.map_or_else(|| "all runs".to_owned(), |share| format!("share {share}"));
    let message = format!(
        "{shown} holds {}, and {} was asked for; go on with `bntrain resume {shown}`, or choose another --out",
        of(there),
        of(asked)
    );
    Err(CliError::new(exit_code::REFUSED, message))
}
