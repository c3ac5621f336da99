//! Errors that end the program, with their exit codes.

use std::fmt;
use std::io;
use std::path::Path;

use crate::cli::exit_code;
use crate::config::{ConfigError, ConfigErrorKind};
use crate::data::{DataError, ErrorCategory};
use crate::experiment::RunError;
use crate::model::{ModelError, ModelErrorKind};
use crate::text::shortened;

/// Why the program ends, in one line or more, and its exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: u8,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// A file or directory that could not be read or written.
    pub(crate) fn io(doing: &str, path: &Path, error: &io::Error) -> Self {
        Self::new(exit_code::IO, format!("could not {doing} {}: {error}", shortened(&path.to_string_lossy())))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let code = match error.kind() {
            ConfigErrorKind::Config => exit_code::USAGE,
            ConfigErrorKind::Io => exit_code::IO,
            ConfigErrorKind::Limit => exit_code::LIMIT,
        };
        Self::new(code, error.to_string())
    }
}

impl From<DataError> for Failure {
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

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        let code = match error.kind() {
            ModelErrorKind::Model => exit_code::MODEL,
            ModelErrorKind::Io => exit_code::IO,
            ModelErrorKind::Limit => exit_code::LIMIT,
        };
        Self::new(code, error.to_string())
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Data(error) => error.into(),
            RunError::Model(_) => Self::new(exit_code::IO, error.to_string()),
        }
    }
}

/// Errors of standard output; files are reported with their path, see [`Failure::io`].
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::new(exit_code::READER_GONE, ""),
            _ => Self::new(exit_code::IO, format!("could not write to standard output: {error}")),
        }
    }
}
