//! The command line: the only place that prints.
//!
//! Results go to standard output, progress and messages to standard error.

pub(crate) mod args;
pub(crate) mod commands;
pub(crate) mod condition;
pub(crate) mod csv_args;
pub(crate) mod error;
pub(crate) mod leaks;
pub(crate) mod model;
pub(crate) mod out_file;
pub(crate) mod output;
pub(crate) mod progress;
pub(crate) mod require;
pub(crate) mod session;
pub(crate) mod signals;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::args::{Cli, Command};
use crate::cli::error::Failure;
use crate::cli::output::Output;

/// Runs the program with `args`, the first of which is its name; the result is its exit code, see
/// [`exit_code`].
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return show_usage(&error),
    };
    let output = Output::new(&cli.global);
    let result = match cli.command.as_ref() {
        Some(Command::Train(args)) => crate::cli::commands::train::run(args, &output),
        Some(Command::Check(args)) => crate::cli::commands::check::run(args, &output),
        Some(Command::Gradcheck(args)) => crate::cli::commands::gradcheck::run(args, &output),
        Some(Command::Compare(args)) => crate::cli::commands::compare::run(args, &output),
        Some(Command::Init(args)) => crate::cli::commands::init::run(args, &output),
        Some(Command::Eval(args)) => crate::cli::commands::eval::run(args, &output),
        Some(Command::Predict(args)) => crate::cli::commands::predict::run(args, &output),
        Some(Command::Inspect(args)) => crate::cli::commands::inspect::run(args, &output),
        Some(Command::Export(args)) => crate::cli::commands::export::run(args, &output),
        Some(Command::Completions(args)) => crate::cli::commands::completions::run(args, &output),
        Some(Command::Man(args)) => crate::cli::commands::man::run(args, &output),
        None => crate::cli::commands::train::run(&cli.train, &output),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.error(&failure);
            ExitCode::from(failure.code)
        }
    }
}

/// Help and version go to standard output, usage errors to standard error.
fn show_usage(error: &clap::Error) -> ExitCode {
    // Nobody reads what could not be printed.
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { exit_code::USAGE } else { 0 })
}

/// What the program's exit codes mean; 0 is success.
pub mod exit_code {
    /// The answer is no: a `--require` is not met, a gradient check failed.
    pub const NO: u8 = 1;
    /// The command line or the config is wrong.
    pub const USAGE: u8 = 2;
    /// The data are wrong.
    pub const DATA: u8 = 3;
    /// A model file is damaged, foreign, or of a newer format.
    pub const MODEL: u8 = 4;
    /// A single run diverged; in a comparison that is a result.
    pub const DIVERGED: u8 = 5;
    /// A file could not be read or written.
    pub const IO: u8 = 6;
    /// Refused: something would be overwritten, or is in use by another run.
    pub const REFUSED: u8 = 7;
    /// A size limit would be exceeded.
    pub const LIMIT: u8 = 8;
    /// Stopped by Ctrl-C.
    pub const INTERRUPTED: u8 = 130;
    /// Whoever read standard output went away.
    pub const READER_GONE: u8 = 141;
    /// Stopped by SIGTERM or SIGHUP.
    pub const TERMINATED: u8 = 143;
}
