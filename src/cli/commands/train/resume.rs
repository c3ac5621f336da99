//! `bntrain resume DIR`: goes on with the runs of a directory that was interrupted, or for more epochs.

use std::path::PathBuf;

use clap::Args;

use crate::cli::args::ThreadArgs;
use crate::cli::commands::train::share::scheduler::ShareArg;
use crate::cli::commands::train::{self, CONFIG, TrainArgs, share};
use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::cli::session::ConfigArgs;
use crate::experiment::Requirement;
use crate::run_dir::{DirectoryState, RunDirectoryError, state_of};

#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    /// The run directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Number of epochs of every run, if more than before (training.epochs)
    #[arg(long, value_name = "N")]
    epochs: Option<u64>,
    /// The directory for event files, as in `bntrain train`
    #[arg(long, value_name = "DIR")]
    tensorboard: Option<PathBuf>,
    #[command(flatten)]
    threads: ThreadArgs,
    /// Also write report.html while training, every this many seconds; the page loads itself anew
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    report_every: Option<u64>,
    /// Exit with code 1 unless every run meets this condition, as in `bntrain train`; repeatable
    #[arg(long = "require", value_name = "CONDITION")]
    require: Vec<Requirement>,
}

pub(crate) fn run(args: &ResumeArgs, output: &Output) -> Result<(), CliError> {
    let ResumeArgs { directory, epochs, tensorboard, threads, report_every, require } = args;
    if !matches!(state_of(directory)?, DirectoryState::Finished | DirectoryState::Unfinished) {
        return Err(RunDirectoryError::NotARun { path: directory.clone() }.into());
    }
    let args = TrainArgs {
        config: ConfigArgs::of(directory.join(CONFIG), Vec::new(), *epochs),
        out: Some(directory.clone()),
        resume: true,
        force: false,
        tensorboard: tensorboard.clone(),
        share: share::of_directory(directory)?.map(ShareArg::Given),
        groups: None,
        threads: threads.clone(),
        dry_run: false,
        report_every: *report_every,
        require: require.clone(),
    };
    train::run(&args, output)
}
