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
use crate::cli::session::Session;
use crate::experiment::Share;
use crate::run_dir::{DirectoryState, RunDirectory, is_in, state_of, waiting_place};
use crate::text::DisplayPath;

/// Trains the share of the group of this process, as its first one; the first of all then merges.
pub(crate) fn run(args: &TrainArgs, count: NonZeroUsize, output: &Output) -> Result<(), CliError> {
    let group = processes::group(count)?;
    // Clap requires it.
    let out = args.out.as_deref().unwrap_or(Path::new(""));
    let shares = place_of_shares(out);
    let is_finished = args.resume && matches!(state_of(out), Ok(DirectoryState::Finished));
    // What the first process finds is known to all before any of them begins.
    let refused = match group.is_first() && !is_finished {
        true => refuse(args, out, &shares, output).err(),
        false => None,
    };
    if let Some(error) = group.errors_of_all(refused).into_iter().next().flatten() {
        return if group.is_first() { Err(error) } else { Ok(()) };
    }
    if is_finished {
        // Nothing is left to train.
        let own = TrainArgs { groups: None, ..args.clone() };
        return if group.is_first() { run_and_show(&own, output, &|| Ok(())) } else { Ok(()) };
    }
    let directories: Vec<PathBuf> = (1..=count.get()).map(|number| shares.join(number.to_string())).collect();
    let errors = group.errors_of_all(train(args, group, &directories, output).err());
    if !group.is_first() {
        // The first process says what is wrong.
        return Ok(());
    }
    let kept = |error: CliError| {
        // What is at --out is shown by --resume, so that cannot go on where it is to be replaced.
        let next = match args.force {
            true => how_to_finish(&directories, out),
            false => "the same command with --resume goes on".to_owned(),
        };
        let kept = format!("{error}\n  shares are kept in {}; {next}", DisplayPath(&shares));
        CliError::new(error.code, if shares.exists() { kept } else { error.to_string() })
    };
    if let Some(error) = error_of(errors) {
        return Err(kept(error));
    }
    let merged = MergeArgs { directories: directories.clone(), out: out.to_owned(), force: args.force };
    merge::run(&merged, output).map_err(kept)?;
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

/// What finishes shares and puts them in place of what is at `out`.
fn how_to_finish(directories: &[PathBuf], out: &Path) -> String {
    let mut steps = Vec::new();
    for directory in directories {
        let waiting = waiting_place(directory);
        let is_unfinished = |place: &&Path| matches!(state_of(place), Ok(DirectoryState::Unfinished));
        match [&waiting, directory.as_path()].into_iter().find(is_unfinished) {
            Some(place) => steps.push(format!("`bntrain resume {}`, ", DisplayPath(place))),
            None if matches!(state_of(directory), Ok(DirectoryState::Finished)) => {}
            None => return "the same command trains all of them anew".to_owned(),
        }
    }
    let parts: Vec<String> = directories.iter().map(|path| DisplayPath(path).to_string()).collect();
    format!(
        "go on with {}`bntrain merge {} --out {} --force`",
        steps.concat(),
        parts.join(" "),
        DisplayPath(out)
    )
}

/// The first error, with the group that has it unless all have it.
fn error_of(errors: Vec<Option<CliError>>) -> Option<CliError> {
    let count = errors.len();
    let (place, error) =
        errors.iter().enumerate().find_map(|(place, error)| Some((place, error.as_ref()?)))?;
    let all_have_it =
        errors.iter().all(|other| other.as_ref().is_some_and(|other| other.message == error.message));
    let of_group = if all_have_it { String::new() } else { format!("group {} of {count}: ", place + 1) };
    Some(CliError::new(error.code, format!("{of_group}{error}")))
}

/// Refuses before training what would be refused when the shares are put together, or written.
fn refuse(args: &TrainArgs, out: &Path, shares: &Path, output: &Output) -> Result<(), CliError> {
    if let Some(path) = &args.tensorboard
        && [out, shares].into_iter().any(|directory| is_in(path, directory))
    {
        let message = format!(
            "--tensorboard {} is in the run directory or in that of its shares; name one next to them",
            DisplayPath(path)
        );
        return Err(CliError::new(exit_code::USAGE, message));
    }
    if shares.exists() && !args.resume && !args.force {
        let message = format!(
            "{} has shares of another training; go on with --resume, replace them with --force, or choose another --out",
            DisplayPath(shares)
        );
        return Err(CliError::new(exit_code::REFUSED, message));
    }
    // What it reads matters only where something is replaced.
    let session = match args.force && out.exists() {
        true => Some(Session::open(&args.config, args.threads.count(), &output.without_notes())?),
        false => None,
    };
    let sources = session.as_ref().map(Session::sources).unwrap_or_default();
    Ok(RunDirectory::check(out, args.force, &sources)?)
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
