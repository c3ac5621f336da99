//! Probabilities from outputs: softmax, its logarithm, and the most probable class.
//!
//! The outputs of a row are a logit for each class, or before a [logistic loss](crate::nn::Loss::Logistic)
//! a single one: the log odds of class 1.

use ndarray::ArrayView1;

use crate::kernel::real::Real;
use crate::metrics::argmax;
use crate::nn::losses::logistic::logistic;

/// `x_j = exp(x_j - max) / sum over all of exp(x - max)`.
pub(crate) fn softmax<F: Real>(x: &mut [F]) {
    let max = x.iter().fold(F::neg_infinity(), |max, &x| max.max(x));
    let mut sum = F::zero();
    for x in &mut *x {
        *x = (*x - max).exp();
        sum += *x;
    }
    x.iter_mut().for_each(|x| *x /= sum);
}

/// `x_j = x_j - max - log(1 + sum over the others of exp(x - max))`: where a probability rounds to 0 or 1,
/// its logarithm still has all digits.
pub(crate) fn log_softmax(x: &mut [f64]) {
    let Some(largest) = argmax(x.iter().copied()) else { return };
    let max = x[largest];
    let others = x.iter().enumerate().filter(|&(class, _)| class != largest);
    let rest = others.map(|(_, x)| (x - max).exp()).sum::<f64>().ln_1p();
    x.iter_mut().for_each(|x| *x = *x - max - rest);
}

/// The most probable class of a row, the first of equals.
pub fn predicted_class<F: Real>(outputs: ArrayView1<'_, F>) -> usize {
    match outputs.as_slice().unwrap_or_default() {
        [logit] => usize::from(*logit > F::zero()),
        _ => argmax(outputs.iter().copied()).unwrap_or(0),
    }
}

/// Writes the probability of each class of a row to `probabilities`.
///
/// # Panics
///
/// If `probabilities` does not have an entry for each class.
pub fn class_probabilities<F: Real>(outputs: ArrayView1<'_, F>, probabilities: &mut [F]) {
    if outputs.len() == 1 {
        probabilities.copy_from_slice(&[logistic(-outputs[0]), logistic(outputs[0])]);
        return;
    }
    assert_eq!(outputs.len(), probabilities.len(), "an entry for each class");
    probabilities.iter_mut().zip(outputs).for_each(|(probability, &logit)| *probability = logit);
    softmax(probabilities);
}

/// The logarithm of the probability of each class of a row.
pub fn log_probabilities(mut outputs: Vec<f64>) -> Vec<f64> {
    if outputs.len() == 1 {
        outputs.insert(0, 0.0);
    }
    log_softmax(&mut outputs);
    outputs
}

/// Corrects probabilities for the weights that rows of each class had in the loss: divides them, and scales
/// them to the sum 1.
pub fn correct_probabilities<F: Real>(probabilities: &mut [F], weights: &[f64]) {
    for (probability, &weight) in probabilities.iter_mut().zip(weights) {
        *probability /= F::from_f64(weight);
    }
    let sum: F = probabilities.iter().copied().fold(F::zero(), |sum, probability| sum + probability);
    probabilities.iter_mut().for_each(|probability| *probability /= sum);
}

/// [`correct_probabilities`] on logarithms.
pub fn correct_log_probabilities(logarithms: &mut [f64], weights: &[f64]) {
    logarithms.iter_mut().zip(weights).for_each(|(logarithm, weight)| *logarithm -= weight.ln());
    log_softmax(logarithms);
}

#[cfg(test)]
mod tests {
    use ndarray::aview1;

    use super::*;

    fn probabilities(logits: &[f64]) -> Vec<f64> {
        let mut probabilities = vec![f64::NAN; logits.len().max(2)];
        class_probabilities(aview1(logits), &mut probabilities);
        probabilities
    }

    #[test]
    fn one_logit_means_the_same_as_two_with_that_difference() {
        for logit in [-800.0, -40.0, -0.5, 0.0, 1e-9, 3.0, 40.0, 800.0] {
            assert_eq!(predicted_class(aview1(&[logit])), predicted_class(aview1(&[0.0, logit])), "{logit}");
            for (one, two) in probabilities(&[logit]).iter().zip(probabilities(&[0.0, logit])) {
                assert!((one - two).abs() <= 1e-15 * two, "{logit}: {one} {two}");
            }
        }
        assert!(probabilities(&[f64::NAN]).iter().all(|p| p.is_nan()));
        assert!(probabilities(&[f64::NAN, 1.0, 2.0]).iter().all(|p| p.is_nan()));
    }

    #[test]
    fn probabilities_are_corrected_for_class_weights() {
        // Of 100 rows 10 are of the second class; with 9 times the weight it is as probable as the first.
        let mut probabilities = [0.5, 0.5];
        correct_probabilities(&mut probabilities, &[1.0, 9.0]);
        assert!((probabilities[1] - 0.1_f64).abs() < 1e-15, "{probabilities:?}");
        let mut logarithms = vec![0.5_f64.ln(), 0.2_f64.ln(), 0.3_f64.ln()];
        correct_log_probabilities(&mut logarithms, &[0.5, 0.25, 1.0]);
        // 1, 0.8 and 0.3 over 2.1.
        for (found, expected) in logarithms.iter().zip([1.0, 0.8, 0.3]) {
            assert!((found.exp() - expected / 2.1).abs() < 1e-15, "{logarithms:?}");
        }
    }

    #[test]
    fn softmax_survives_the_largest_logits() {
        assert_eq!(probabilities(&[1e308, -1e308, 0.0]), [1.0, 0.0, 0.0]);
        assert_eq!(probabilities(&[-1e308; 4]), [0.25; 4]);
        assert_eq!(predicted_class(aview1(&[1.0, 2.0, 2.0])), 1);
    }

    #[test]
    fn logarithms_keep_the_digits_that_probabilities_lose() {
        let mut logits = [800.0, 0.0, -800.0];
        log_softmax(&mut logits);
        assert_eq!(logits, [0.0, -800.0, -1600.0]);
        // 1 - p is 4e-18 here, far below the spacing of numbers near 1.
        let [no, yes] = log_probabilities(vec![40.0])[..] else { panic!("two classes") };
        assert!((yes + (-40.0_f64).exp()).abs() < 1e-33 && (no + 40.0).abs() < 1e-13, "{no} {yes}");
        let mut equal = [3.0; 4];
        log_softmax(&mut equal);
        assert!(equal.iter().all(|log_p| (log_p - 0.25_f64.ln()).abs() < 1e-15), "{equal:?}");
        let mut single = [5.0];
        log_softmax(&mut single);
        assert_eq!(single, [0.0]);
        log_softmax(&mut []);
    }
}
