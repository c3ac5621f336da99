//! Why an interval of pairs is missing.

use serde::{Deserialize, Serialize};

/// Why a comparison has no interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoInterval {
    /// There are too few pairs, or too little evidence.
    TooFewPairs,
    /// More pairs than it is computed for.
    TooManyPairs,
    /// In too many pairs a run is lost.
    LostRuns,
    /// All differences are equal, or enough of them that both ends are the same: how far the next one may be is not known.
    EqualDifferences,
    /// It holds for a number of seeds that is fixed before only.
    SeedsWereAdded,
}
