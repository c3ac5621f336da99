//! Errors that end the program, with their exit codes.

use std::fmt;
use std::io;
use std::path::Path;

use crate::cli::exit_code;
use crate::config::{ConfigError, ConfigErrorKind};
use crate::data::{DataError, ErrorCategory};
use crate::experiment::RunError;
use crate::model::export::ExportError;
use crate::model::{ModelError, ModelErrorKind};
use crate::run_dir::RunDirectoryError;
use crate::text::shortened;

/// The message and the exit code of an error that ends the program.
///
/// There is no conversion from [`io::Error`]: each use says what could not be done.
#[derive(Debug)]
pub(crate) struct CliError {
    pub(crate) code: u8,
    /// One line or more; empty if nothing is to be printed.
    pub(crate) message: String,
}

impl CliError {
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// A file or directory that could not be accessed; `action` is a verb such as `read`.
    pub(crate) fn io(action: &str, path: &Path, error: &io::Error) -> Self {
        Self::new(
            exit_code::IO,
            format!("could not {action} {}: {error}", shortened(&path.to_string_lossy())),
        )
    }

    /// Standard output could not be written. A broken pipe has no message: its reader, such as
    /// `head`, has seen enough.
    pub(crate) fn stdout(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::new(exit_code::BROKEN_PIPE, ""),
            _ => Self::new(exit_code::IO, format!("could not write to standard output: {error}")),
        }
    }

    /// The system gives no random numbers.
    pub(crate) fn random(error: &getrandom::Error) -> Self {
        Self::new(exit_code::IO, format!("could not get random numbers from the system: {error}"))
    }

    /// The system refused a signal handler.
    pub(crate) fn signals(error: &io::Error) -> Self {
        Self::new(exit_code::IO, format!("could not install signal handlers: {error}"))
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        let code = match error.kind() {
            ConfigErrorKind::Config => exit_code::USAGE,
            ConfigErrorKind::Io => exit_code::IO,
            ConfigErrorKind::Limit => exit_code::LIMIT,
        };
        Self::new(code, error.to_string())
    }
}

impl From<DataError> for CliError {
    fn from(error: DataError) -> Self {
        let code = match error.category() {
            ErrorCategory::Config => exit_code::USAGE,
            ErrorCategory::Data => exit_code::DATA,
            ErrorCategory::Io => exit_code::IO,
            ErrorCategory::Limit => exit_code::LIMIT,
        };
        Self::new(code, error.to_string())
    }
}

impl From<ModelError> for CliError {
    fn from(error: ModelError) -> Self {
        let code = match error.kind() {
            ModelErrorKind::Model => exit_code::MODEL,
            ModelErrorKind::Io => exit_code::IO,
            ModelErrorKind::Limit => exit_code::LIMIT,
        };
        Self::new(code, error.to_string())
    }
}

impl From<ExportError> for CliError {
    fn from(error: ExportError) -> Self {
        let code = match error {
            ExportError::TooLarge { .. } => exit_code::LIMIT,
            ExportError::Container(_) => exit_code::IO,
        };
        Self::new(code, error.to_string())
    }
}

impl From<RunError> for CliError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Data(error) => error.into(),
            RunError::Memory(error) => error.into(),
            RunError::Initial(error) => {
                let message = format!("training.init_from: {error}");
                Self { message, ..error.into() }
            }
            RunError::Peers(_) => Self::new(exit_code::REFUSED, error.to_string()),
            RunError::TooLarge(_) => Self::new(exit_code::LIMIT, error.to_string()),
            RunError::Model(_) => Self::new(exit_code::IO, error.to_string()),
            RunError::State { .. } => Self::new(exit_code::MODEL, error.to_string()),
        }
    }
}

impl From<RunDirectoryError> for CliError {
    fn from(error: RunDirectoryError) -> Self {
        let code = match error {
            RunDirectoryError::Exists { .. }
            | RunDirectoryError::Unfinished { .. }
            | RunDirectoryError::Link { .. }
            | RunDirectoryError::Foreign { .. }
            | RunDirectoryError::InUse { .. }
            | RunDirectoryError::Held { .. } => exit_code::REFUSED,
            RunDirectoryError::NotARun { .. } => exit_code::DATA,
            RunDirectoryError::Removed { .. }
            | RunDirectoryError::NoSpace { .. }
            | RunDirectoryError::Moved { .. }
            | RunDirectoryError::NotInPlace { .. }
            | RunDirectoryError::Read { .. }
            | RunDirectoryError::Write { .. } => exit_code::IO,
        };
        Self::new(code, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(error: &CliError) -> (u8, &str) {
        (error.code, &error.message)
    }

    #[test]
    fn each_io_error_says_what_could_not_be_done() {
        let denied = io::Error::other("denied");
        let message = "could not write to standard output: denied";
        assert_eq!(shown(&CliError::stdout(&denied)), (exit_code::IO, message));
        let message = "could not install signal handlers: denied";
        assert_eq!(shown(&CliError::signals(&denied)), (exit_code::IO, message));
        let message = "could not read a.csv: denied";
        assert_eq!(shown(&CliError::io("read", Path::new("a.csv"), &denied)), (exit_code::IO, message));
        let message = "could not create the model file: denied";
        assert_eq!(shown(&RunError::Model(denied).into()), (exit_code::IO, message));
    }

    #[test]
    fn a_broken_pipe_ends_the_program_in_silence() {
        let error = io::Error::from(io::ErrorKind::BrokenPipe);
        assert_eq!(shown(&CliError::stdout(&error)), (exit_code::BROKEN_PIPE, ""));
        // Not so where another file is meant.
        assert_eq!(CliError::signals(&error).code, exit_code::IO);
    }
}
