//! What batch norm may normalise rows by.

use std::fmt;

use serde::Serialize;

/// The mean and variance that batch norm normalises by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistics {
    /// The running ones, followed in training and stored with the weights: what prediction uses.
    Running,
    /// Those of each layer's input over all the rows that are evaluated, layer by layer.
    Recomputed,
    /// Those of each batch, as in training: what a row gets depends on its neighbours.
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
    /// Nothing to normalise by.
    #[error("a batch needs at least 2 rows to be normalised by its own statistics, but there is only 1 row")]
    BatchOfOneRow,
    /// EvalRows far beyond those of the training rows can do that.
    #[error(
        "the prediction for row {row} is not finite under {statistics} statistics; are its values far from those that it was trained on?"
    )]
    NotFinite {
        /// The choice under which it happens.
        statistics: Statistics,
        /// Of those that are evaluated, from 1.
        row: usize,
    },
}
