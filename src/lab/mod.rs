//! Published findings about normalization as experiments: `configs/lab/*.toml`, each with what is expected.
//!
//! A [`Claim`] is a config, a [`Measurement`] and an interval in which the measure is if the claim holds. It is tried
//! over several seeds; the [`ClaimVerdict`] goes by the 95 % interval of the mean over them.

pub(crate) mod along_training;
pub(crate) mod at_start;
pub(crate) mod bundled;
pub(crate) mod catalog;
pub(crate) mod claim;
pub(crate) mod error;
pub(crate) mod findings;
pub(crate) mod landscape;
pub(crate) mod measurement;
pub(crate) mod runs;
#[cfg(test)]
mod tests;
pub(crate) mod trial;
pub(crate) mod verdict;

pub(crate) use crate::lab::bundled::BundledData;
pub(crate) use crate::lab::catalog::catalog;
pub(crate) use crate::lab::claim::{Claim, OtherData, Statement};
pub(crate) use crate::lab::error::LabError;
pub(crate) use crate::lab::findings::{ClaimFinding, ClaimValues, finding, measure_claim, try_claim};
pub(crate) use crate::lab::measurement::{Measurement, NetworkBuilder};
pub(crate) use crate::lab::trial::ClaimTrial;
pub(crate) use crate::lab::verdict::{ClaimVerdict, OverSeeds};
