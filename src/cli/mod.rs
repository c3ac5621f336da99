//! The command line: the only place that prints.
//!
//! Results go to standard output, progress and messages to standard error.

mod args;
mod check;
mod compare;
mod completions;
mod condition;
mod eval;
mod export;
mod failure;
mod gradcheck;
mod init;
mod inspect;
mod leaks;
mod man;
mod model;
mod out_file;
mod output;
mod plan;
mod predict;
mod progress;
mod reading;
mod require;
mod results;
mod signals;
mod train;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use self::args::{Cli, Command};
use self::failure::Failure;
use self::output::Output;

/// Runs the program with `args`, the first of which is its name; the result is its exit code, see
/// [`exit_code`].
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return show_usage(&error),
    };
    let output = Output::new(&cli.global);
    let result = match cli.command.as_ref() {
        Some(Command::Train(args)) => train::run(args, &output),
        Some(Command::Check(args)) => check::run(args, &output),
        Some(Command::Gradcheck(args)) => gradcheck::run(args, &output),
        Some(Command::Compare(args)) => compare::run(args, &output),
        Some(Command::Init(args)) => init::run(args, &output),
        Some(Command::Eval(args)) => eval::run(args, &output),
        Some(Command::Predict(args)) => predict::run(args, &output),
        Some(Command::Inspect(args)) => inspect::run(args, &output),
        Some(Command::Export(args)) => export::run(args, &output),
        Some(Command::Completions(args)) => completions::run(args, &output),
        Some(Command::Man(args)) => man::run(args, &output),
        None => train::run(&cli.train, &output),
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
