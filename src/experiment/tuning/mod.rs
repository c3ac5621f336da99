//! Settings that are chosen for each norm by trying points: which is best, how sure that is, and how wide the range
//! of usable settings is.
//!
//! A point is judged by the mean curve over its seeds on the validation rows: its last value, or its best. A point at
//! which a run is lost is worse than any at which fewer are.

pub(crate) mod choice;
pub(crate) mod collect;
pub(crate) mod edges;
pub(crate) mod ratio;
#[cfg(test)]
mod tests;
pub(crate) mod trials;
pub(crate) mod types;

pub(crate) use crate::experiment::tuning::choice::chosen;
pub use crate::experiment::tuning::choice::tuned_settings;
pub(crate) use crate::experiment::tuning::collect::tuning;
pub(crate) use crate::experiment::tuning::ratio::MIN_SEEDS;
pub use crate::experiment::tuning::types::{
    BestRatio, Edge, EdgeWarning, TunedNorm, TunedPoint, Tuning, UsableRange,
};
