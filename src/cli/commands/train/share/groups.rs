//! `mpirun -n 8 bntrain FILE.toml --groups 2`: the runs of a comparison shared out to groups of processes.
//!
//! Each group does a share, as if it were alone, in a separate directory beside `--out`. When all have ended, the first
//! process puts the shares together and removes these directories.

use std::fs;
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use crate::cli::commands::train::share::merge::{self, MergeArgs};
use crate::cli::commands::train::share::scheduler::ShareArg;
use crate::cli::commands::train::{TrainArgs, run_and_show};
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::cli::processes;
use crate::experiment::Share;
use crate::text::DisplayPath;

/// Trains the share of the group of this process, as its first one; the first of all then merges.
pub(crate) fn run(args: &TrainArgs, count: NonZeroUsize, output: &Output) -> Result<(), CliError> {
    let group = processes::group(count)?;
    let out = args.out.as_deref().unwrap_or(Path::new(""));
    let shares = place_of_shares(out);
    let directories: Vec<PathBuf> = (1..=count.get()).map(|number| shares.join(number.to_string())).collect();
    let ended = match fs::exists(out) {
        Ok(true) if !args.force => {
            let message =
                format!("{} exists; choose another --out, or replace it with --force", DisplayPath(out));
            Err(CliError::new(exit_code::REFUSED, message))
        }
        _ => train(args, group, &directories, output),
    };
    let mut errors = group.errors_of_all(ended.err());
    if !group.is_first() {
        // The first process says what is wrong.
        return Ok(());
    }
    if let Some(place) = errors.iter().position(Option::is_some) {
        let error = errors.swap_remove(place).unwrap_or_else(|| CliError::new(exit_code::IO, ""));
        let kept = match shares.exists() {
            true => format!(
                "\n  shares are kept in {}; the same command with --resume goes on",
                DisplayPath(&shares)
            ),
            false => String::new(),
        };
        let all_have_it =
            errors.iter().flatten().filter(|other| other.message == error.message).count() + 1 == count.get();
        let of_group = if all_have_it { String::new() } else { format!("group {} of {count}: ", place + 1) };
        return Err(CliError::new(error.code, format!("{of_group}{error}{kept}")));
    }
    let merged = MergeArgs { directories: directories.clone(), out: out.to_owned(), force: args.force };
    merge::run(&merged, output)?;
    for directory in &directories {
        fs::remove_dir_all(directory).map_err(|error| CliError::io("remove", directory, &error))?;
    }
    // What else is in there is not of this command, and stays.
    match fs::remove_dir(&shares) {
        Err(error) if error.kind() != ErrorKind::DirectoryNotEmpty => {
            Err(CliError::io("remove", &shares, &error))
        }
        _ => Ok(()),
    }
}

/// Trains a share in its directory.
fn train(
    args: &TrainArgs,
    group: processes::Group,
    directories: &[PathBuf],
    output: &Output,
) -> Result<(), CliError> {
    let output = match group.is_first() {
        true => output.without_results(),
        false => output.without_results().without_notes(),
    };
    let index = group.index();
    let share = Share::new(index as u64 + 1, directories.len() as u64);
    let own = TrainArgs {
        out: Some(directories[index].clone()),
        share: share.map(ShareArg::Given),
        groups: None,
        force: false,
        ..args.clone()
    };
    run_and_show(&own, &output, &|| Ok(()))
}

/// Where the directories of the shares are: `OUT.groups`.
fn place_of_shares(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".groups");
    out.with_file_name(name)
}
