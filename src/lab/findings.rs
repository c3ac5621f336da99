//! A claim that was tried.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::lab::claim::ClaimPlan;
use crate::lab::trial::seeds_of;
use crate::lab::{
    Claim, ClaimTrial, ClaimVerdict, LabError, NetworkBuilder, OtherData, OverSeeds, Statement,
};

/// What came of a claim.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ClaimFinding {
    pub(crate) claim: String,
    #[serde(flatten)]
    pub(crate) statement: Statement,
    /// The bounds within which the measure is if the claim holds.
    pub(crate) at_least: Option<f64>,
    pub(crate) at_most: Option<f64>,
    pub(crate) seeds: Vec<u64>,
    #[serde(flatten)]
    pub(crate) measured: OverSeeds,
    pub(crate) verdict: ClaimVerdict,
    /// The verdict that is known for the bundled data; none for others.
    pub(crate) expected: Option<ClaimVerdict>,
    /// Whether it was tried in the paper's own trial.
    pub(crate) is_original: bool,
    /// Whether it is a claim of the user's own.
    #[serde(skip)]
    pub(crate) is_own: bool,
    /// How long it took. Not part of the result.
    #[serde(skip)]
    pub(crate) seconds: f64,
}

impl ClaimFinding {
    /// Whether it is what is known for the bundled data, if these are them.
    pub(crate) fn is_as_expected(&self) -> bool {
        self.expected.is_none_or(|expected| expected == self.verdict)
    }
}

/// Tries `claim` on the data in `folder`, or on others.
///
/// # Errors
///
/// If the config does not suit the data, or they cannot be read.
pub(crate) fn try_claim(
    claim: &Claim,
    folder: &Path,
    other: Option<&OtherData>,
    threads: NonZeroUsize,
    build: NetworkBuilder<'_>,
) -> Result<ClaimFinding, LabError> {
    finding(claim, folder, other, measure_claim(claim, folder, other, threads, build)?)
}

/// What the measure of a claim gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ClaimValues {
    /// By seed; none where it has no value.
    values: Vec<Option<f64>>,
    /// How long it took.
    seconds: f64,
}

/// Measures what a claim is about, as [`try_claim`] does.
///
/// # Errors
///
/// As [`try_claim`].
pub(crate) fn measure_claim(
    claim: &Claim,
    folder: &Path,
    other: Option<&OtherData>,
    threads: NonZeroUsize,
    build: NetworkBuilder<'_>,
) -> Result<ClaimValues, LabError> {
    let begin = Instant::now();
    let trial = ClaimTrial::open(claim.plan(folder, other)?.plan, threads, build)?;
    let values = claim.expectation.measure.by_seed(&trial)?;
    let values = values.into_iter().map(|value| Some(value).filter(|value| value.is_finite())).collect();
    Ok(ClaimValues { values, seconds: begin.elapsed().as_secs_f64() })
}

/// What the values of a claim say.
///
/// # Errors
///
/// If the config does not suit the data.
pub(crate) fn finding(
    claim: &Claim,
    folder: &Path,
    other: Option<&OtherData>,
    ClaimValues { values, seconds }: ClaimValues,
) -> Result<ClaimFinding, LabError> {
    let ClaimPlan { plan, at_least, at_most, is_original } = claim.plan(folder, other)?;
    let is_bundled = !is_original && !matches!(other, Some(OtherData::Table { .. }));
    let values = values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect();
    let measure = &claim.expectation.measure;
    let measured = OverSeeds::of(values, measure.is_positive()).within(measure.limits());
    Ok(ClaimFinding {
        claim: claim.name.clone(),
        statement: claim.statement.clone(),
        at_least,
        at_most,
        seeds: seeds_of(&plan),
        verdict: measured.verdict(at_least, at_most),
        measured,
        expected: claim.known().filter(|_| is_bundled),
        is_original,
        is_own: claim.is_own(),
        seconds,
    })
}
