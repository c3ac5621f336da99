//! Errors of configs.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::text::DisplayPath;

/// Why a config is not valid. The first line names the file, every further line is one problem.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file does not exist.
    #[error("{} not found", DisplayPath(path))]
    NotFound {
        /// As given.
        path: PathBuf,
    },
    /// The path is a directory.
    #[error("{} is a directory, not a config file", DisplayPath(path))]
    IsDirectory {
        /// As given.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("could not read {}: {source}", DisplayPath(path))]
    Read {
        /// As given.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The file is a table.
    #[error("{file} is a data file, not a config; `bntrain init {file}` writes a config for it", file = DisplayPath(path))]
    Data {
        /// As given.
        path: PathBuf,
    },
    /// The file is a model.
    #[error(
        "{} is a model file, not a config; predict, eval, export and inspect take it, and the config of its run is the \
         config.toml next to it or in a folder above",
        DisplayPath(path)
    )]
    Model {
        /// As given.
        path: PathBuf,
    },
    /// The file is too long for a config.
    #[error("{} is longer than {limit} bytes, the limit for a config", DisplayPath(path))]
    TooLong {
        /// As given.
        path: PathBuf,
        /// In bytes.
        limit: u64,
    },
    /// The file is not UTF-8.
    #[error("{} is not UTF-8, from byte offset {offset} on; save it as UTF-8", DisplayPath(path))]
    NotUtf8 {
        /// As given.
        path: PathBuf,
        /// Of the first bad byte, from 0.
        offset: usize,
    },
    /// The file is not TOML.
    #[error("{}:{fault}", DisplayPath(path))]
    Syntax {
        /// As given.
        path: PathBuf,
        /// The syntax error.
        fault: Box<SyntaxFault>,
    },
    /// Unknown keys, wrong values, contradictions: all problems at once.
    #[error("{} has {}", DisplayPath(path), listed(problems, *dropped))]
    Problems {
        /// As given.
        path: PathBuf,
        /// In the order of the file.
        problems: Vec<Problem>,
        /// Problems that were not kept.
        dropped: usize,
    },
    /// Seeds, norms and grid points multiply to more runs than the limit.
    #[error(
        "{} asks for {runs} runs, limit {limit} for a config of this length; use fewer seeds or grid points",
        DisplayPath(path)
    )]
    TooManyRuns {
        /// As given.
        path: PathBuf,
        /// Seeds times norms times grid points.
        runs: usize,
        /// The most that are allowed.
        limit: usize,
    },
    /// The network needs more memory than the limit.
    #[error("the network of {} needs {} bytes, limit {limit}; use fewer units", DisplayPath(path), byte_count(*needs))]
    TooLarge {
        /// The config file, absolute.
        path: PathBuf,
        /// In bytes.
        needs: u128,
        /// In bytes.
        limit: u128,
    },
    /// The network needs more memory than the system gives.
    #[error(
        "the training of {} needs {} bytes of memory, more than is free or `ulimit -v` allows; use fewer units, a \
         smaller training.batch_size, or --threads 1 for one run at a time", DisplayPath(path), byte_count(*needs)
    )]
    NoMemory {
        /// The config file, absolute.
        path: PathBuf,
        /// In bytes.
        needs: u128,
    },
}

impl ConfigError {
    /// The kind, for the exit code.
    pub fn kind(&self) -> ConfigErrorKind {
        match self {
            Self::NotFound { .. } | Self::IsDirectory { .. } | Self::Read { .. } => ConfigErrorKind::Io,
            Self::TooLong { .. }
            | Self::TooManyRuns { .. }
            | Self::TooLarge { .. }
            | Self::NoMemory { .. } => ConfigErrorKind::Limit,
            Self::Problems { problems, .. } if problems.iter().all(|problem| problem.is_limit) => {
                ConfigErrorKind::Limit
            }
            Self::Data { .. }
            | Self::Model { .. }
            | Self::NotUtf8 { .. }
            | Self::Syntax { .. }
            | Self::Problems { .. } => ConfigErrorKind::Config,
        }
    }
}

/// Category of a [`ConfigError`], for exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigErrorKind {
    /// The content of the config; exit code 2.
    Config,
    /// Reading the file; exit code 6.
    Io,
    /// A size limit; exit code 8.
    Limit,
}

/// One problem and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key with its line, such as `optimizer.learning_rate (line 31)`, or the `--set`.
    pub place: String,
    /// What is wrong and what is allowed; lowercase, no final period.
    pub message: String,
    /// Whether it is about a size limit.
    pub is_limit: bool,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// A syntax error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxFault {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// The message of the parser.
    pub message: String,
    /// The lines in question with their numbers, and a caret under the column.
    pub lines: String,
}

impl fmt::Display for SyntaxFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}\n{}", self.line, self.column, self.message, self.lines)
    }
}

/// Problems that are shown.
const MAX_SHOWN_PROBLEMS: usize = 50;

/// A number of bytes; a sum that saturated is only known to be large.
pub(crate) fn byte_count(bytes: u128) -> String {
    const MAX_SHOWN: u128 = 10_u128.pow(30);
    if bytes > MAX_SHOWN { "more than 10^30".to_owned() } else { bytes.to_string() }
}

fn listed(problems: &[Problem], dropped: usize) -> String {
    let count = problems.len() + dropped;
    let mut text = match count {
        1 => "1 problem".to_owned(),
        n => format!("{n} problems"),
    };
    for problem in problems.iter().take(MAX_SHOWN_PROBLEMS) {
        text.push_str(&format!("\n  {problem}"));
    }
    if count > MAX_SHOWN_PROBLEMS {
        text.push_str(&format!("\n  and {} more", count - MAX_SHOWN_PROBLEMS));
    }
    text
}
