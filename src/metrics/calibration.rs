//! Calibration: whether 80 of 100 predictions with a probability of 0.8 are right.

use ndarray::{ArrayView1, ArrayView2};

use crate::metrics::interval::{IntervalScale, by_influence};
use crate::metrics::{Measure, UndefinedReason};

/// Bins of equal width in `0..=1`, by the probability of the predicted class.
pub const CALIBRATION_BINS: usize = 15;

/// A predicted class and whether it is right.
#[derive(Clone, Copy)]
pub(crate) struct PredictedClass {
    pub(crate) probability: f64,
    pub(crate) is_right: bool,
    pub(crate) weight: f64,
}

/// The expected calibration error: over the bins, the mean of `|share that is right - mean
/// probability|`, weighted by rows.
///
/// Noise makes it greater than 0 even for perfect probabilities. The second number is its expected value if
/// every probability were exactly right: `sum over bins of sqrt(2 / pi) * s_b`,
/// `s_b^2 = sum of w^2 p (1 - p) / (sum of w)^2`.
///
/// Influence of a row in a bin whose signed gap is `g_b`: `w (sign(g_b) ([right] - p) - ece)`, over
/// the sum of all weights. Where the gap is near 0 its sign is uncertain, and the standard error is
/// rather too large than too small.
///
/// Source: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", 2017.
pub(crate) fn calibration_error(
    predicted: impl Iterator<Item = PredictedClass> + Clone,
) -> (Measure, Option<f64>) {
    let mut gaps = [0.0; CALIBRATION_BINS];
    let mut chance = [0.0; CALIBRATION_BINS];
    let (mut n, mut weight) = (0, 0.0);
    let counted = predicted.filter(|row| row.weight > 0.0);
    for row in counted.clone() {
        let PredictedClass { probability: p, weight: w, .. } = row;
        gaps[bin(p)] += w * gap(row);
        chance[bin(p)] += w * w * p * (1.0 - p);
        weight += w;
        n += 1;
    }
    if n == 0 {
        return (Measure::undefined(UndefinedReason::NoRows), None);
    }
    let error = gaps.iter().map(|gap: &f64| gap.abs()).sum::<f64>() / weight;
    let squares = counted.map(|row| {
        let signed = gap(row) * gaps[bin(row.probability)].signum();
        (row.weight * (signed - error) / weight).powi(2)
    });
    let by_chance = chance.iter().map(|square| square.max(0.0).sqrt()).sum::<f64>() / weight;
    let by_chance = std::f64::consts::FRAC_2_PI.sqrt() * by_chance;
    (by_influence(error, squares.sum(), n, IntervalScale::Share), Some(by_chance))
}

/// How probable a class is on average, and how frequent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassShare {
    /// The mean of its probability.
    pub mean_probability: f64,
    /// The share of the rows that are of it.
    pub share: f64,
    /// The standard error of the difference of the two.
    pub standard_error: f64,
}

impl ClassShare {
    /// Whether the two differ by more than chance and than a twentieth.
    pub fn is_off(&self) -> bool {
        let gap = (self.mean_probability - self.share).abs();
        gap > 0.05 && gap > 4.0 * self.standard_error
    }
}

/// The share of each class, weighted by rows; none without rows.
pub(crate) fn class_shares(
    truth: &[u32],
    log_probabilities: ArrayView2<'_, f64>,
    weights: &[f64],
) -> Vec<ClassShare> {
    let total: f64 = weights.iter().sum();
    if total <= 0.0 {
        return Vec::new();
    }
    let share = |(class, logarithms): (usize, ArrayView1<'_, f64>)| {
        let (mut probabilities, mut rows, mut squares) = (0.0, 0.0, 0.0);
        for ((&logarithm, &truth), &weight) in logarithms.iter().zip(truth).zip(weights) {
            let (p, is_it) = (logarithm.exp(), f64::from(u8::from(truth as usize == class)));
            probabilities += weight * p;
            rows += weight * is_it;
            squares += (weight * (is_it - p)).powi(2);
        }
        let (mean_probability, share) = (probabilities / total, rows / total);
        ClassShare { mean_probability, share, standard_error: squares.sqrt() / total }
    };
    log_probabilities.columns().into_iter().enumerate().map(share).collect()
}

/// The classwise expected calibration error: the mean over the classes of
/// `sum over bins of |share of the rows that are of the class - mean probability of the class| * share of the rows`.
/// The second number is its expected value if every probability were exactly right.
///
/// Influence of a row of weight `w`, with `g` the signed gap of the bin of its probability for a class:
/// `w (mean over classes of sign(g) ([it is of the class] - p) - error)`, over the sum of all weights.
///
/// Source: Kull et al., "Beyond temperature scaling: obtaining well-calibrated multi-class probabilities with
/// Dirichlet calibration", 2019.
pub(crate) fn classwise_ece(
    truth: &[u32],
    log_probabilities: ArrayView2<'_, f64>,
    weights: &[f64],
) -> (Measure, Option<f64>) {
    let classes = log_probabilities.ncols();
    let total: f64 = weights.iter().sum();
    let n = weights.iter().filter(|weight| **weight > 0.0).count() as u64;
    if n == 0 || classes == 0 {
        return (Measure::undefined(UndefinedReason::NoRows), None);
    }
    let mut gaps = vec![[0.0; CALIBRATION_BINS]; classes];
    let mut chance = vec![[0.0; CALIBRATION_BINS]; classes];
    let cells = || {
        let rows = log_probabilities.rows().into_iter().zip(truth).zip(weights);
        rows.filter(|(_, weight)| **weight > 0.0).map(|((row, &truth), &weight)| {
            let gap = move |(class, &logarithm): (usize, &f64)| {
                let p = logarithm.exp();
                (class, p, f64::from(u8::from(truth as usize == class)) - p)
            };
            (weight, row.into_iter().enumerate().map(gap))
        })
    };
    for (weight, cells) in cells() {
        for (class, p, gap) in cells {
            gaps[class][bin(p)] += weight * gap;
            chance[class][bin(p)] += weight * weight * p * (1.0 - p);
        }
    }
    let whole = total * classes as f64;
    let error = gaps.iter().flatten().map(|gap| gap.abs()).sum::<f64>() / whole;
    let squares = cells().map(|(weight, cells)| {
        let signed = cells.map(|(class, p, gap)| gap * gaps[class][bin(p)].signum()).sum::<f64>();
        (weight * (signed / classes as f64 - error) / total).powi(2)
    });
    let by_chance = chance.iter().flatten().map(|square| square.max(0.0).sqrt()).sum::<f64>() / whole;
    let by_chance = std::f64::consts::FRAC_2_PI.sqrt() * by_chance;
    (by_influence(error, squares.sum(), n, IntervalScale::Share), Some(by_chance))
}

/// 1 if it is right, else 0, minus its predicted probability.
fn gap(row: PredictedClass) -> f64 {
    f64::from(u8::from(row.is_right)) - row.probability
}

pub(crate) fn bin(probability: f64) -> usize {
    // The cast saturates, so that NaN is in a bin; its gap makes the error undefined.
    ((probability * CALIBRATION_BINS as f64) as usize).min(CALIBRATION_BINS - 1)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_classwise_error_is_the_mean_gap_of_all_bins() {
        // Each of the four probabilities is alone in its bin: gaps of 0.2, 0.7, 0.2 and 0.7, over two rows and
        // two classes.
        let probabilities = array![[0.8_f64, 0.2], [0.7, 0.3]].mapv(f64::ln);
        let (error, _) = classwise_ece(&[0, 1], probabilities.view(), &[1.0, 1.0]);
        assert!((error.value.expect("rows") - 0.45).abs() < 1e-15, "{error:?}");
        // A row of weight 3 counts three times.
        let (error, _) = classwise_ece(&[0, 1], probabilities.view(), &[3.0, 1.0]);
        assert!((error.value.expect("rows") - (3.0 * 0.4 + 1.4) / 8.0).abs() < 1e-15, "{error:?}");
    }

    #[test]
    fn the_spread_of_the_classwise_error_is_that_of_its_rows() {
        let probabilities = array![[0.8_f64, 0.2], [0.7, 0.3]].mapv(f64::ln);
        // Mean distances of 0.2 and 0.7; an exact probability p is off by sqrt(p (1 - p)) in the root mean square.
        for (weights, error, influences) in
            [([1.0, 1.0], 0.45, [-0.125, 0.125]), ([3.0, 1.0], 0.325, [-0.093_75, 0.093_75])]
        {
            let (found, by_chance) = classwise_ece(&[0, 1], probabilities.view(), &weights);
            let squares = influences.iter().map(|influence: &f64| influence.powi(2)).sum::<f64>();
            let expected = by_influence(error, squares, 2, IntervalScale::Share).interval.expect("a spread");
            let interval = found.interval.expect("a spread");
            assert!((interval.low - expected.low).abs() < 1e-12, "{interval:?} {expected:?}");
            assert!((interval.high - expected.high).abs() < 1e-12, "{interval:?} {expected:?}");
            let [first, second] = weights;
            let sizes = first * 2.0 * 0.4 + second * 2.0 * 0.21_f64.sqrt();
            let expected = (2.0 / std::f64::consts::PI).sqrt() * sizes / (2.0 * (first + second));
            assert!((by_chance.expect("rows") - expected).abs() < 1e-12, "{by_chance:?} {expected}");
        }
    }

    #[test]
    fn shares_of_classes_are_compared_with_their_probabilities() {
        let probabilities = array![[0.8_f64, 0.2], [0.7, 0.3]].mapv(f64::ln);
        let shares = class_shares(&[0, 1], probabilities.view(), &[3.0, 1.0]);
        let expected = [(3.1 / 4.0, 0.75), (0.9 / 4.0, 0.25)];
        for (found, (mean_probability, share)) in shares.iter().zip(expected) {
            assert!((found.mean_probability - mean_probability).abs() < 1e-15, "{found:?}");
            assert_eq!(found.share, share);
            // Residuals of 3 times 0.2 and of 0.7.
            assert!((found.standard_error - 0.85_f64.sqrt() / 4.0).abs() < 1e-15, "{found:?}");
        }
        assert_eq!(shares.len(), 2);
        assert!(class_shares(&[0, 1], probabilities.view(), &[0.0, 0.0]).is_empty());
        let is_off = |mean_probability, standard_error| {
            ClassShare { mean_probability, share: 0.5, standard_error }.is_off()
        };
        assert!(is_off(0.6, 0.02) && is_off(0.4, 0.02));
        assert!(!is_off(0.54, 0.001) && !is_off(0.6, 0.03));
    }
}
