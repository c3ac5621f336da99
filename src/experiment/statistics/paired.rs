//! Two networks compared within pairs that share a seed.
//!
//! What the seed does to both runs of a pair drops out of their difference `d`. Losses differ by the
//! logarithm of their ratio, so that means and ends of intervals are ratios; shares and R2 by what is
//! between them.
//!
//! - *Mean* and *interval* are `m -+ t s / sqrt(n)` of the finite differences, `t` being the quantile of
//!   Student's t with `n - 1` degrees of freedom (NIST/SEMATECH e-Handbook of Statistical Methods, 7.3.1.1).
//! - The *simultaneous* interval takes the quantile `1 - 0.025 / k` for a family of `k` intervals
//!   (Bonferroni): all of them hold at once in at least 95 % of studies.
//! - *Effect size* is the mean difference in units of its standard deviation, times `1 - 3 / (4 (n - 1) - 1)`,
//!   which takes out the bias of few pairs (Hedges, "Distribution theory for Glass's estimator of effect
//!   size", 1981).
//! - *Wins* is the share of pairs in which the first network is better, ties counting half: an estimate of the
//!   probability that it is better with another seed.
//! - For *median* and its interval see [`signed_rank_interval`], for the p value [`sign_flip_p`], for the
//!   e-value [`e_value`].
//!
//! A pair in which one run is lost has an infinite difference. Order, median and wins take it as it is. The
//! p and e values take it for as large as the largest finite difference, which keeps the former exact,
//! because the two networks could still be exchanged. The mean is of the other pairs.

use serde::{Deserialize, Serialize};

use crate::experiment::statistics::e_value::{CLEAR_EVIDENCE, sequence_of};
use crate::experiment::statistics::estimate::{mean, standard_deviation};
use crate::experiment::statistics::{
    MAX_PAIRS, NoInterval, PairedForm, e_value, hodges_lehmann, sign_flip_p, signed_rank_interval,
    smallest_sign_flip_p,
};
use crate::metrics::{CONFIDENCE, Interval, student_t_quantile};

/// One number of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// As it was measured.
    Value(f64),
    /// Of a run that is lost: worse than any other.
    Lost,
    /// Not measured, or the run was interrupted.
    Missing,
}

/// An interval whose ends may be open.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenInterval {
    /// None where there is no lower bound: lost runs count as worse than any number.
    pub low: Option<f64>,
    /// None where there is no upper bound.
    pub high: Option<f64>,
}

/// One measure of two networks over several seeds. Ratios or differences, as `form` says, are of the
/// first and the second network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairedComparison {
    /// Ratio or difference.
    pub form: PairedForm,
    /// Pairs with both numbers, or with a lost run.
    pub n_pairs: usize,
    /// Pairs in which a number is missing; left out.
    pub n_incomplete: usize,
    /// Of `n_pairs`, those in which a run is lost, or a loss is 0: not in the mean.
    pub n_not_in_mean: usize,
    /// Of ratios the geometric mean. None without a pair.
    pub mean: Option<f64>,
    /// Of the differences, or of the natural logarithms of the ratios; none with fewer than two.
    pub standard_deviation: Option<f64>,
    /// Of the mean over all seeds, for this measure alone; `no_interval` says why there is none.
    pub interval: Option<Interval>,
    /// Why there is neither `interval` nor `simultaneous_interval`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_interval: Option<NoInterval>,
    /// How many comparisons are shown together with this one, itself included.
    pub family: usize,
    /// Of the mean over all seeds, so wide that all intervals of the family hold at once.
    pub simultaneous_interval: Option<Interval>,
    /// The estimate of Hodges and Lehmann; none where lost runs make it infinite, or are in every pair.
    pub median: Option<f64>,
    /// The signed-rank interval of the median; `no_median_interval` says why there is none.
    pub median_interval: Option<OpenInterval>,
    /// Why there is no `median_interval`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_median_interval: Option<NoInterval>,
    /// Hedges' estimate; none with fewer than two pairs in the mean, and where they do not differ.
    pub effect_size: Option<f64>,
    /// The share of pairs in which the first network is better; none without pairs.
    pub wins: Option<f64>,
    /// Pairs in which both are the same, or both lost.
    #[serde(default)]
    pub ties: usize,
    /// Of the sign-flip test, two-sided; none without pairs.
    pub p_value: Option<f64>,
    /// The least that this number of pairs can have.
    pub smallest_p_value: f64,
    /// Adjusted for the family.
    pub adjusted_p_value: Option<f64>,
    /// The evidence for a difference, which may be looked at after every seed; none where infinite.
    pub e_value: Option<f64>,
    /// Whether p values and intervals hold however often and whenever one looks at them.
    #[serde(default)]
    pub is_sequential: bool,
}

/// Means closer than this to no difference are rounding errors: no measure has differences as small.
const SAME: f64 = 1e-14;

impl PairedComparison {
    /// Compares the readings of each pair. Family and adjusted values are those of a single comparison, until
    /// [`in_family`](Self::in_family).
    pub fn of(form: PairedForm, pairs: impl IntoIterator<Item = (Reading, Reading)>) -> Self {
        let mut n_incomplete = 0;
        let mut differences = Vec::new();
        for pair in pairs {
            match form.difference(pair) {
                Some(difference) => differences.push(difference),
                None => n_incomplete += 1,
            }
        }
        let finite: Vec<f64> = differences.iter().copied().filter(|value| value.is_finite()).collect();
        // Two lost runs are a tie, but no number.
        let n_not_in_mean = differences.iter().filter(|difference| !difference.is_finite()).count();
        let ranked = ranked(&differences);
        let signed = with_finite_ends(&ranked);
        let mean = mean(&finite);
        let deviation = mean.and_then(|mean| {
            let deviation = standard_deviation(&finite, mean)?;
            // What rounding leaves of equal differences is not a spread.
            Some(if deviation < SAME * mean.abs().max(1.0) { 0.0 } else { deviation })
        });
        let has_pairs = !differences.is_empty();
        let wins = |difference: &f64| match form.is_better(*difference) {
            _ if *difference == 0.0 => 0.5,
            true => 1.0,
            false => 0.0,
        };
        let p_value = has_pairs.then(|| sign_flip_p(&signed));
        let mut comparison = Self {
            form,
            n_pairs: differences.len(),
            n_incomplete,
            n_not_in_mean,
            mean: mean.map(|mean| form.back(mean)),
            standard_deviation: deviation,
            interval: None,
            no_interval: None,
            family: 1,
            simultaneous_interval: None,
            // Of lost runs there is none, although a ratio of infinitely better is 0.
            median: hodges_lehmann(&ranked)
                .filter(|median| median.is_finite() && !finite.is_empty())
                .map(|median| form.back(median)),
            median_interval: None,
            no_median_interval: None,
            effect_size: mean.zip(deviation).and_then(|(mean, deviation)| {
                let bias = 1.0 - 3.0 / (4.0 * (finite.len() as f64 - 1.0) - 1.0);
                Some(bias * mean / deviation).filter(|size| size.is_finite())
            }),
            wins: has_pairs.then(|| ranked.iter().map(wins).sum::<f64>() / ranked.len() as f64),
            ties: ranked.iter().filter(|difference| **difference == 0.0).count(),
            p_value,
            smallest_p_value: smallest_sign_flip_p(differences.len()),
            adjusted_p_value: p_value,
            e_value: Some(e_value(&signed)).filter(|value| value.is_finite()),
            is_sequential: false,
        };
        match median_interval(form, &ranked, !finite.is_empty()) {
            Ok(found) => comparison.median_interval = Some(found),
            Err(why) => comparison.no_median_interval = Some(why),
        }
        comparison.with_interval()
    }

    /// The same for a number of seeds that was not fixed before: the p value is the inverse of the e-value, and the
    /// intervals are confidence sequences.
    #[must_use]
    pub fn sequential(self) -> Self {
        let p_value = self.p_value.map(|_| self.e_value.map_or(0.0, |evidence| (1.0 / evidence).min(1.0)));
        let sequential = Self {
            p_value,
            adjusted_p_value: p_value,
            // No number of seeds limits the evidence, and this interval is for a fixed one.
            smallest_p_value: 0.0,
            median_interval: None,
            no_median_interval: Some(NoInterval::SeedsWereAdded),
            is_sequential: true,
            ..self
        };
        sequential.with_interval()
    }

    /// The same with the interval of a comparison by itself, or the reason why there is none.
    fn with_interval(self) -> Self {
        let interval = self.interval_among(1);
        let n_in_mean = self.n_pairs - self.n_not_in_mean;
        let why = match self.standard_deviation {
            _ if interval.is_some() => None,
            Some(0.0) => Some(NoInterval::EqualDifferences),
            None if n_in_mean < self.n_pairs && 1 < self.n_pairs => Some(NoInterval::LostRuns),
            _ => Some(NoInterval::TooFewPairs),
        };
        Self { interval, simultaneous_interval: interval, no_interval: why, ..self }
    }

    /// The same as one of a family of `family` comparisons.
    #[must_use]
    pub fn in_family(self, family: usize, adjusted_p_value: Option<f64>) -> Self {
        Self { family, simultaneous_interval: self.interval_among(family), adjusted_p_value, ..self }
    }

    /// Whether the first network is better in the mean, or, where it has none, in most pairs.
    pub fn favors_first(&self) -> bool {
        match (self.n_not_in_mean, self.mean) {
            // A mean of rounding errors favors neither.
            (0, Some(mean)) if self.form.forth(mean).abs() < SAME => false,
            (0, Some(mean)) => self.form.is_better(self.form.forth(mean)),
            _ => self.wins.is_some_and(|wins| 0.5 < wins),
        }
    }

    /// Whether the second network is better in the mean, or, where it has none, in most pairs.
    pub fn favors_second(&self) -> bool {
        match (self.n_not_in_mean, self.mean.map(|mean| self.form.forth(mean))) {
            (0, Some(difference)) => SAME <= difference.abs() && !self.form.is_better(difference),
            _ => self.wins.is_some_and(|wins| wins < 0.5),
        }
    }

    /// Whether the networks differ, at an adjusted p value of at most 0.05.
    pub fn is_clear(&self) -> bool {
        self.adjusted_p_value.is_some_and(|p| p <= 1.0 - CONFIDENCE + 1e-12)
    }

    /// Whether the mean is farther from the median than it would be by chance if the differences were symmetric: by
    /// twice the standard error of that distance for normal ones (their efficiency is 3 / pi). Only where the median
    /// has an interval, and no run is lost.
    pub fn is_skewed(&self) -> bool {
        let Some(((mean, median), deviation)) = self.mean.zip(self.median).zip(self.standard_deviation)
        else {
            return false;
        };
        let distance = (self.form.forth(mean) - self.form.forth(median)).abs();
        let standard_error = deviation * ((std::f64::consts::FRAC_PI_3 - 1.0) / self.n_pairs as f64).sqrt();
        self.n_not_in_mean == 0
            && self.median_interval.is_some()
            && 0.0 < deviation
            && 2.0 * standard_error < distance
    }

    /// Whether the simultaneous interval ends where the measure does.
    pub fn is_cut(&self) -> bool {
        let ends_at_a_limit = |Interval { low, high }: Interval| low <= -1.0 || 1.0 <= high;
        self.form == PairedForm::ShareDifference && self.simultaneous_interval.is_some_and(ends_at_a_limit)
    }

    /// Whether the simultaneous interval and the adjusted p value disagree on whether there is a difference, or the
    /// interval was [cut](Self::is_cut). They come from different methods.
    pub fn needs_explanation(&self) -> bool {
        let Some(Interval { low, high }) =
            self.simultaneous_interval.filter(|_| self.adjusted_p_value.is_some())
        else {
            return false;
        };
        let same = self.form.back(0.0);
        let excludes = same < low || high < same;
        self.is_cut() || excludes != self.is_clear()
    }

    fn interval_among(&self, family: usize) -> Option<Interval> {
        let n_pairs = self.n_pairs - self.n_not_in_mean;
        let n = n_pairs as f64;
        let (mean, deviation) =
            self.mean.zip(self.standard_deviation.filter(|deviation| 0.0 < *deviation))?;
        let mean = self.form.forth(mean);
        let Interval { low, high } = match self.is_sequential {
            true => {
                sequence_of(n_pairs, mean, deviation.powi(2) * (n - 1.0), CLEAR_EVIDENCE * family as f64)?
            }
            false => {
                let tail = 0.5 * (1.0 - CONFIDENCE) / family as f64;
                let half = student_t_quantile(1.0 - tail, n - 1.0) * deviation / n.sqrt();
                Interval { low: mean - half, high: mean + half }
            }
        };
        let OpenInterval { low, high } = self.form.open_interval(low, high);
        Some(Interval { low: low?, high: high? })
    }
}

/// The signed-rank interval; `has_numbers` says that some pair has no lost run.
fn median_interval(form: PairedForm, ranked: &[f64], has_numbers: bool) -> Result<OpenInterval, NoInterval> {
    match signed_rank_interval(ranked, CONFIDENCE) {
        None if MAX_PAIRS < ranked.len() => Err(NoInterval::TooManyPairs),
        None => Err(NoInterval::TooFewPairs),
        Some((low, high)) if !has_numbers || low == high && low.is_infinite() => Err(NoInterval::LostRuns),
        Some((low, high)) if high - low < SAME * low.abs().max(1.0) => Err(NoInterval::EqualDifferences),
        Some((low, high)) => Ok(form.open_interval(low, high)),
    }
}

/// What is compared in each pair with both numbers, lost runs standing for the largest difference of the others; and
/// whether there are any.
pub(crate) fn signed_differences(
    form: PairedForm,
    pairs: impl IntoIterator<Item = (Reading, Reading)>,
) -> (Vec<f64>, bool) {
    let differences: Vec<f64> = pairs.into_iter().filter_map(|pair| form.difference(pair)).collect();
    let has_lost = differences.iter().any(|difference| !difference.is_finite());
    (with_finite_ends(&ranked(&differences)), has_lost)
}

/// The differences with 0 for those of two lost runs, which are a tie.
fn ranked(differences: &[f64]) -> Vec<f64> {
    let number = |&difference: &f64| if difference.is_nan() { 0.0 } else { difference };
    differences.iter().map(number).collect()
}

/// Infinite differences as large as the largest finite one.
fn with_finite_ends(differences: &[f64]) -> Vec<f64> {
    let sizes = differences.iter().map(|difference| difference.abs()).filter(|size| size.is_finite());
    let largest = Some(sizes.fold(0.0, f64::max)).filter(|largest| 0.0 < *largest).unwrap_or(1.0);
    differences.iter().map(|difference| difference.clamp(-largest, largest)).collect()
}

#[cfg(test)]
mod tests;
