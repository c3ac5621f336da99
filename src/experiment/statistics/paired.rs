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
    PairedForm, e_value, hodges_lehmann, sign_flip_p, signed_rank_interval, smallest_sign_flip_p,
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
    /// Of the mean over all seeds, for this measure alone; none with fewer than two.
    pub interval: Option<Interval>,
    /// How many comparisons are shown together with this one, itself included.
    pub family: usize,
    /// Of the mean over all seeds, so wide that all intervals of the family hold at once.
    pub simultaneous_interval: Option<Interval>,
    /// The estimate of Hodges and Lehmann; none where lost runs make it infinite.
    pub median: Option<f64>,
    /// The signed-rank interval of the median; from 6 pairs on.
    pub median_interval: Option<OpenInterval>,
    /// Hedges' estimate; none with fewer than two pairs in the mean, and where they do not differ.
    pub effect_size: Option<f64>,
    /// The share of pairs in which the first network is better; none without pairs.
    pub wins: Option<f64>,
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
        let deviation = mean.and_then(|mean| standard_deviation(&finite, mean));
        let ends = signed_rank_interval(&ranked, CONFIDENCE);
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
            family: 1,
            simultaneous_interval: None,
            median: hodges_lehmann(&ranked).map(|median| form.back(median)).filter(|value| value.is_finite()),
            median_interval: ends.map(|(low, high)| form.open_interval(low, high)),
            effect_size: mean.zip(deviation).and_then(|(mean, deviation)| {
                let bias = 1.0 - 3.0 / (4.0 * (finite.len() as f64 - 1.0) - 1.0);
                Some(bias * mean / deviation).filter(|size| size.is_finite())
            }),
            wins: has_pairs.then(|| ranked.iter().map(wins).sum::<f64>() / ranked.len() as f64),
            p_value,
            smallest_p_value: smallest_sign_flip_p(differences.len()),
            adjusted_p_value: p_value,
            e_value: Some(e_value(&signed)).filter(|value| value.is_finite()),
            is_sequential: false,
        };
        comparison.interval = comparison.interval_among(1);
        comparison.simultaneous_interval = comparison.interval;
        comparison
    }

    /// The same for a number of seeds that was not fixed before: the p value is the inverse of the e-value, and the
    /// intervals are confidence sequences.
    #[must_use]
    pub fn sequential(self) -> Self {
        let p_value = self.p_value.map(|_| self.e_value.map_or(0.0, |evidence| (1.0 / evidence).min(1.0)));
        let sequential = Self { p_value, adjusted_p_value: p_value, is_sequential: true, ..self };
        let interval = sequential.interval_among(1);
        Self { interval, simultaneous_interval: interval, ..sequential }
    }

    /// The same as one of a family of `family` comparisons.
    #[must_use]
    pub fn in_family(self, family: usize, adjusted_p_value: Option<f64>) -> Self {
        Self { family, simultaneous_interval: self.interval_among(family), adjusted_p_value, ..self }
    }

    /// Whether the first network is better in the mean, or, where it has none, in most pairs.
    pub fn favors_first(&self) -> bool {
        match (self.n_not_in_mean, self.mean) {
            (0, Some(mean)) => self.form.is_better(self.form.forth(mean)),
            _ => self.wins.is_some_and(|wins| 0.5 < wins),
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
        1 < self.n_pairs && (self.is_cut() || excludes != self.is_clear())
    }

    fn interval_among(&self, family: usize) -> Option<Interval> {
        let n_pairs = self.n_pairs - self.n_not_in_mean;
        let n = n_pairs as f64;
        let (mean, deviation) = self.mean.zip(self.standard_deviation)?;
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
mod tests {
    use super::Reading::{Lost, Missing, Value};
    use super::*;
    use crate::experiment::statistics::{confidence_sequence, example};

    /// A day with nine small differences and a large one; and the same number of symmetric ones.
    #[test]
    fn a_mean_far_from_the_median_is_skewed() {
        let compare = |differences: [f64; 10]| {
            let pairs = differences.map(|difference| (Value(difference), Value(0.0)));
            PairedComparison::of(PairedForm::Difference, pairs)
        };
        let symmetric = compare([-0.4, -0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5]);
        let skewed = compare([0.01, 0.02, 0.03, 0.01, 0.02, 0.04, 0.02, 0.01, 0.03, 3.0]);
        assert!(!symmetric.is_skewed() && skewed.is_skewed());
        // The test takes the signs, the interval the size: all are positive, but the mean is that of one.
        assert!(skewed.needs_explanation() && !symmetric.needs_explanation());
        let few = [(Value(0.9), Value(0.1)), (Value(0.2), Value(0.1))];
        assert!(PairedComparison::of(PairedForm::ShareDifference, few).needs_explanation(), "it is cut");
        assert!(shares(&[1.0, 0.9, 0.5, 1.0], &[0.0; 4]).is_cut(), "at one end");
    }

    fn assert_close(actual: Option<f64>, expected: f64, tolerance: f64) {
        assert!((actual.unwrap() - expected).abs() <= tolerance, "{actual:?} is not {expected}");
    }

    fn shares(first: &[f64], second: &[f64]) -> PairedComparison {
        let pairs = first.iter().zip(second).map(|(&first, &second)| (Value(first), Value(second)));
        PairedComparison::of(PairedForm::ShareDifference, pairs)
    }

    #[test]
    fn the_example_over_eight_seeds() {
        let found = shares(&example::A, &example::B);
        assert_eq!((found.n_pairs, found.n_incomplete, found.n_not_in_mean), (8, 0, 0));
        let interval = found.interval.unwrap();
        assert_close(Some(interval.low), 0.001_611_323_730_50, 1e-12);
        assert_close(Some(interval.high), 0.011_863_676_269_50, 1e-12);
        assert_close(found.effect_size, 1.098_809_456_293_9 * 0.888_888_888_888_9, 1e-10);
        assert_eq!((found.wins, found.p_value), (Some(7.0 / 8.0), Some(0.015_625)));
        assert_eq!((found.smallest_p_value, found.adjusted_p_value), (0.007_812_5, Some(0.015_625)));
        assert_close(found.median, 0.00595, 1e-12);
        assert!(found.is_clear() && found.favors_first());
        let swapped = shares(&example::B, &example::A);
        assert_eq!((swapped.wins, swapped.p_value), (Some(1.0 / 8.0), found.p_value));
        assert!(!swapped.favors_first());
    }

    /// t(1 - 0.025 / 5, 4) = 4.6041, t(1 - 0.025 / 20, 4) = 6.7583.
    #[test]
    fn a_family_has_wider_intervals() {
        let found = shares(&[0.1, 0.2, 0.3, 0.4, 0.5], &[0.0; 5]);
        let standard_error = found.standard_deviation.unwrap() / 5f64.sqrt();
        for (family, quantile) in [(1, 2.776_445_1), (5, 4.604_094_9), (20, 6.758_3)] {
            let found = found.in_family(family, None);
            let interval = found.simultaneous_interval.unwrap();
            let half = 0.5 * (interval.high - interval.low);
            assert!((half / standard_error - quantile).abs() < 1e-4, "{family}: {}", half / standard_error);
            assert_eq!(
                (found.family, found.interval),
                (family, shares(&[0.1, 0.2, 0.3, 0.4, 0.5], &[0.0; 5]).interval)
            );
        }
    }

    #[test]
    fn sequential_intervals_are_confidence_sequences() {
        let found = shares(&example::A, &example::B).sequential();
        for (family, bound) in [(1, CLEAR_EVIDENCE), (5, 5.0 * CLEAR_EVIDENCE)] {
            let sequence = confidence_sequence(&example::differences(), bound).unwrap();
            let high = found.in_family(family, None).simultaneous_interval.map(|interval| interval.high);
            assert_close(high, sequence.high, 1e-12);
        }
    }

    #[test]
    fn losses_are_compared_as_ratios() {
        let pairs = [(1.0, 2.0), (10.0, 20.0), (0.1, 0.4)].map(|(a, b)| (Value(a), Value(b)));
        let found = PairedComparison::of(PairedForm::Ratio, pairs);
        assert_close(found.mean, 0.0625f64.cbrt(), 1e-15);
        let log_deviation = 2f64.ln() / 3f64.sqrt();
        assert_close(found.standard_deviation, log_deviation, 1e-15);
        let half = 4.302_652_7 * log_deviation / 3f64.sqrt();
        assert_close(found.interval.map(|interval| interval.low), 0.0625f64.cbrt() * (-half).exp(), 1e-7);
        assert_close(found.interval.map(|interval| interval.high), 0.0625f64.cbrt() * half.exp(), 1e-7);
        assert_eq!((found.wins, found.p_value, found.median_interval), (Some(1.0), Some(0.25), None));
        assert!(found.favors_first());
    }

    #[test]
    fn a_lost_run_is_worse_than_any_other() {
        let pairs = [
            (Value(1.0), Lost),
            (Value(1.0), Value(2.0)),
            (Lost, Lost),
            (Value(1.0), Value(4.0)),
            (Missing, Lost),
            (Value(3.0), Value(3.0)),
            (Value(1.0), Lost),
            (Value(2.0), Lost),
        ];
        let found = PairedComparison::of(PairedForm::Ratio, pairs);
        assert_eq!((found.n_pairs, found.n_incomplete, found.n_not_in_mean), (7, 1, 4));
        assert_close(found.mean, 0.5, 1e-15);
        assert_eq!(found.wins, Some(6.0 / 7.0));
        // Two ties, whose signs do not matter, and five on one side.
        assert_eq!(found.p_value, Some(0.0625));
        assert_eq!(found.median_interval, Some(OpenInterval { low: Some(0.0), high: Some(1.0) }));
        assert!(found.favors_first());
        let swapped = PairedComparison::of(PairedForm::Ratio, pairs.map(|(first, second)| (second, first)));
        assert_eq!(swapped.median_interval, Some(OpenInterval { low: Some(1.0), high: None }));
        assert!(!swapped.favors_first());
        let gains = PairedComparison::of(PairedForm::ShareDifference, [(Value(0.1), Lost); 6]);
        assert_eq!((gains.wins, gains.mean, gains.p_value), (Some(1.0), None, Some(0.03125)));
        assert_eq!(gains.median_interval, Some(OpenInterval { low: Some(1.0), high: Some(1.0) }));
    }

    #[test]
    fn a_loss_of_zero_is_infinitely_better_than_one_above() {
        let pairs = [(Value(0.0), Value(0.5)), (Value(0.0), Value(0.0)), (Value(1.0), Value(2.0))];
        let found = PairedComparison::of(PairedForm::Ratio, pairs);
        assert_eq!((found.n_pairs, found.n_not_in_mean, found.wins), (3, 1, Some(2.5 / 3.0)));
    }

    #[test]
    fn no_interval_leaves_the_range() {
        let found = shares(&[0.0, 1.0], &[0.9, 0.1]);
        assert_eq!(found.interval, Some(Interval { low: -1.0, high: 1.0 }));
    }

    #[test]
    fn one_pair_or_none() {
        let one = shares(&[0.5], &[0.25]);
        assert_eq!(
            (one.mean, one.interval, one.p_value, one.e_value),
            (Some(0.25), None, Some(1.0), Some(1.0))
        );
        let none = PairedComparison::of(PairedForm::Ratio, [(Missing, Value(1.0))]);
        assert_eq!(
            (none.n_pairs, none.n_incomplete, none.mean, none.wins, none.p_value),
            (0, 1, None, None, None)
        );
        assert!(!none.is_clear());
    }
}
