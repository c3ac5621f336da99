//! What can be wrong with a config.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::config::size::shown_bytes;
use crate::text::DisplayPath;

/// Why a config gives no plan. The first line names the file, every further line one problem.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// There is no such file.
    #[error("{} not found", DisplayPath(path))]
    NotFound {
        /// As given.
        path: PathBuf,
    },
    /// A directory stands where the file should be.
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
        /// What the system says.
        source: io::Error,
    },
    /// The file is too long for a config.
    #[error("{} is longer than {limit} bytes, the limit for a config", DisplayPath(path))]
    TooLong {
        /// As given.
        path: PathBuf,
        /// In bytes.
        limit: u64,
    },
    /// The file is no text.
    #[error("{} is not UTF-8, from byte offset {offset} on; save it as UTF-8", DisplayPath(path))]
    NotUtf8 {
        /// As given.
        path: PathBuf,
        /// Of the first bad byte, from 0.
        offset: usize,
    },
    /// The file is no TOML.
    #[error("{}:{fault}", DisplayPath(path))]
    Syntax {
        /// As given.
        path: PathBuf,
        /// What and where.
        fault: Box<SyntaxFault>,
    },
    /// Everything else: unknown keys, wrong values, contradictions; all of them at once.
    #[error("{} has {}", DisplayPath(path), listed(problems, *dropped))]
    Problems {
        /// As given.
        path: PathBuf,
        /// In the order of the file.
        problems: Vec<Problem>,
        /// How many more there are.
        dropped: usize,
    },
    /// The network is larger than any that this program takes on.
    #[error("the network of {} needs {} bytes, limit {limit}; use fewer units", DisplayPath(path), shown_bytes(*needs))]
    TooLarge {
        /// The config file, absolute.
        path: PathBuf,
        /// In bytes.
        needs: u128,
        /// In bytes.
        limit: u128,
    },
}

impl ConfigError {
    /// The kind, for the exit code.
    pub fn kind(&self) -> ConfigErrorKind {
        match self {
            Self::NotFound { .. } | Self::IsDirectory { .. } | Self::Read { .. } => ConfigErrorKind::Io,
            Self::TooLong { .. } | Self::TooLarge { .. } => ConfigErrorKind::Limit,
            Self::Problems { problems, .. } if problems.iter().all(|problem| problem.is_limit) => {
                ConfigErrorKind::Limit
            }
            Self::NotUtf8 { .. } | Self::Syntax { .. } | Self::Problems { .. } => ConfigErrorKind::Config,
        }
    }
}

/// What a [`ConfigError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigErrorKind {
    /// What the config says; exit code 2.
    Config,
    /// Reading the file; exit code 6.
    Io,
    /// A size limit; exit code 8.
    Limit,
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key with its line, such as `optimizer.learning_rate (line 31)`, or the `--set` that
    /// brought it in.
    pub place: String,
    /// What is wrong and what would be right; lowercase, no final period.
    pub message: String,
    /// Whether a size limit is exceeded, and nothing else is wrong.
    pub is_limit: bool,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Where a text stops being TOML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxFault {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What the parser says.
    pub message: String,
    /// The lines in question with their numbers, and a caret under the column.
    pub lines: String,
}

impl fmt::Display for SyntaxFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}\n{}", self.line, self.column, self.message, self.lines)
    }
}

/// How many problems are worth reading.
const MOST_SHOWN: usize = 50;

fn listed(problems: &[Problem], dropped: usize) -> String {
    let count = problems.len() + dropped;
    let mut text = match count {
        1 => "1 problem".to_owned(),
        n => format!("{n} problems"),
    };
    for problem in problems.iter().take(MOST_SHOWN) {
        text.push_str(&format!("\n  {problem}"));
    }
    if count > MOST_SHOWN {
        text.push_str(&format!("\n  and {} more", count - MOST_SHOWN));
    }
    text
}
