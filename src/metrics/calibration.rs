//! Calibration: whether 80 of 100 predictions with a probability of 0.8 are right.

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
    (by_influence(error, squares.sum(), n, IntervalScale::Logit), Some(by_chance))
}

/// 1 if it is right, else 0, minus its predicted probability.
fn gap(row: PredictedClass) -> f64 {
    f64::from(u8::from(row.is_right)) - row.probability
}

fn bin(probability: f64) -> usize {
    // The cast saturates, so that NaN is in a bin; its gap makes the error undefined.
    ((probability * CALIBRATION_BINS as f64) as usize).min(CALIBRATION_BINS - 1)
}
