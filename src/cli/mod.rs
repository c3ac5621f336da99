//! Arguments, output and one file per command. The only module that prints.
//!
//! Results go to standard output, progress, notes and errors to standard error.

pub(crate) mod args;
pub(crate) mod commands;
pub(crate) mod csv_args;
pub(crate) mod error;
pub(crate) mod model_arg;
pub(crate) mod out_file;
pub(crate) mod output;
pub(crate) mod processes;
pub(crate) mod progress;
pub(crate) mod reading_args;
pub(crate) mod session;
pub(crate) mod signals;
pub(crate) mod terminal_text;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::args::{Cli, Command};
use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::cli::processes::Begun;
use crate::output_file::is_unsynced;

/// Runs the program with `args`, the first of which is its name. Returns its exit code, see
/// [`exit_code`].
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let parsed = Cli::try_parse_from(args);
    let groups = parsed.as_ref().ok().and_then(Cli::groups);
    // They end together, after everything else.
    let (_together, refused) = match processes::begin(groups) {
        Begun::First(together) => (Some(together), None),
        Begun::Other(code) => return code,
        Begun::Refused(error) => (None, Some(error)),
    };
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return show_usage(&error),
    };
    let output = Output::new(&cli.global);
    let ended = refused.map_or_else(|| run_command(&cli, &output), Err);
    if is_unsynced() {
        output.note("note: the file system cannot sync files; a power cut may lose what was just written");
    }
    match ended.and_then(|()| output.reported()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.error(&error);
            ExitCode::from(error.code)
        }
    }
}

fn run_command(cli: &Cli, output: &Output) -> Result<(), CliError> {
    // Hash tables and the names of temporary files need random numbers, and panic without. To ask once is enough: a
    // system that gave them once gives them as long as the program runs.
    getrandom::fill(&mut [0; 16]).map_err(|error| CliError::random(&error))?;
    match cli.command.as_ref() {
        Some(Command::Train(args)) => commands::train::run(args, output),
        Some(Command::Resume(args)) => commands::train::resume::run(args, output),
        Some(Command::Reproduce(args)) => commands::reproduce::run(args, output),
        Some(Command::Fork(args)) => commands::train::fork::run(args, output),
        Some(Command::Tune(args)) => commands::tune::run(args, output),
        Some(Command::Merge(args)) => commands::train::share::merge::run(args, output),
        Some(Command::Watch(args)) => commands::watch::run(args, output),
        Some(Command::Check(args)) => commands::check::run(args, output),
        Some(Command::Gradcheck(args)) => commands::gradcheck::run(args, output),
        Some(Command::Probe(args)) => commands::probe::run(args, output),
        Some(Command::Compare(args)) => commands::compare::run(args, output),
        Some(Command::Report(args)) => commands::report::run(args, output),
        Some(Command::Init(args)) => commands::init::run(args, output),
        Some(Command::Eval(args)) => commands::model::eval::run(args, output),
        Some(Command::Explain(args)) => commands::model::explain::run(args, output),
        Some(Command::Predict(args)) => commands::model::predict::run(args, output),
        Some(Command::Threshold(args)) => commands::model::threshold::run(args, output),
        Some(Command::Inspect(args)) => commands::inspect::run(args, output),
        Some(Command::Export(args)) => commands::model::export::run(args, output),
        Some(Command::Completions(args)) => commands::manual::completions::run(args, output),
        Some(Command::Help(args)) => commands::manual::help::run(args, output),
        Some(Command::Man(args)) => commands::manual::man::run(args, output),
        None => commands::train::run(&cli.train, output),
    }
}

/// Help and version go to standard output, usage errors to standard error.
fn show_usage(error: &clap::Error) -> ExitCode {
    // There is nowhere to report that this failed.
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { exit_code::USAGE } else { 0 })
}

/// The exit codes of the program; 0 is success.
pub mod exit_code {
    /// A check failed: a `--require` is not met, or a gradient check failed.
    pub const CHECK_FAILED: u8 = 1;
    /// The command line or the config is wrong.
    pub const USAGE: u8 = 2;
    /// The data are wrong.
    pub const DATA: u8 = 3;
    /// A model file is damaged, not a model, or of a newer format.
    pub const MODEL: u8 = 4;
    /// A single run diverged; in a comparison that is a result.
    pub const DIVERGED: u8 = 5;
    /// A file could not be read or written.
    pub const IO: u8 = 6;
    /// Refused: something would be overwritten, another process is writing it, or shares do not belong together.
    pub const REFUSED: u8 = 7;
    /// A size limit is exceeded.
    pub const LIMIT: u8 = 8;
    /// Stopped by Ctrl-C.
    pub const INTERRUPTED: u8 = 130;
    /// Broken pipe: the reader of standard output has gone.
    pub const BROKEN_PIPE: u8 = 141;
    /// Stopped by SIGTERM or SIGHUP.
    pub const TERMINATED: u8 = 143;

    /// All exit codes with their meanings, for the man pages.
    pub(crate) const EXIT_CODES: &[(u8, &str)] = &[
        (0, "Success."),
        (
            CHECK_FAILED,
            "A check failed: a --require is not met, a gradient check failed, or an export differs.",
        ),
        (USAGE, "The command line or the config is wrong."),
        (DATA, "The data are wrong."),
        (MODEL, "A model file is damaged, not a model, or of a newer format."),
        (DIVERGED, "A single run diverged; in a comparison that is a result."),
        (IO, "A file could not be read or written."),
        (
            REFUSED,
            "Refused: something would be overwritten, another process is writing it, it would go on with another \
             config or other data, or shares are missing or do not belong together.",
        ),
        (LIMIT, "A size limit is exceeded."),
        (INTERRUPTED, "Stopped by Ctrl-C."),
        (BROKEN_PIPE, "Broken pipe: the reader of standard output has gone."),
        (TERMINATED, "Stopped by SIGTERM or SIGHUP."),
    ];
}
