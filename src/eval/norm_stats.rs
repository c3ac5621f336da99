//! The choice of batch-norm statistics.

use std::fmt;

use serde::Serialize;

/// The mean and variance that batch norm normalises by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistics {
    /// The running statistics, which prediction uses.
    Running,
    /// The statistics of each layer's input over all evaluated rows, computed layer by layer.
    Recomputed,
    /// The statistics of each batch, as in training: a prediction depends on the other rows of the batch.
    Batch,
}

impl Statistics {
    /// The name in tables and options.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Recomputed => "recomputed",
            Self::Batch => "batch",
        }
    }
}

impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why rows cannot be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// A single row has no batch statistics.
    #[error("a batch needs at least 2 rows to be normalised by its own statistics, but there is only 1 row")]
    BatchOfOneRow,
    /// A prediction overflowed, usually since values are far from those of the training rows.
    #[error(
        "the prediction for row {row} is not finite under {statistics} statistics; are its values far from those of the training rows?"
    )]
    NotFinite {
        /// The choice of statistics.
        statistics: Statistics,
        /// Among the evaluated rows, from 1.
        row: usize,
    },
}
