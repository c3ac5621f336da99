//! The exponentials of a softmax.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use crate::real::Real;
use crate::simd::with_simd;

/// `e^(logit - max)` for each logit, where `max` is the largest of its row, and their sum for each row.
///
/// # Shapes
///
/// `logits`, `terms`: `n` rows of `classes`, one after the other; `sums`: `n`.
pub(crate) fn softmax_exp<F: Real>(logits: &[F], classes: usize, terms: &mut [F], sums: &mut [F]) {
    assert_eq!((logits.len(), sums.len() * classes), (terms.len(), terms.len()), "shapes of softmax_exp");
    with_simd(
        #[inline(always)]
        || {
            for (logits, terms) in logits.chunks_exact(classes).zip(terms.chunks_exact_mut(classes)) {
                let max = max_or_nan(logits);
                terms.iter_mut().zip(logits).for_each(|(term, &logit)| *term = logit - max);
            }
            // All rows at once: a row of ten logits does not fill a vector.
            for term in &mut *terms {
                *term = term.exp_of_nonpositive();
            }
            for (sum, terms) in sums.iter_mut().zip(terms.chunks_exact(classes)) {
                *sum = terms.iter().copied().sum();
            }
        },
    );
}

/// The largest of some logits; NaN if one is NaN, so that it reaches the loss.
#[inline(always)]
pub fn max_or_nan<F: Real>(logits: &[F]) -> F {
    logits.iter().fold(F::neg_infinity(), |max, &x| if x > max || x.is_nan() { x } else { max })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exp::Exponential;

    #[test]
    fn nan_and_infinite_logits_make_the_sum_nan() {
        let mut sums = [0.0; 3];
        softmax_exp(&[1.0, f32::NAN, 2.0, 1.0, f32::INFINITY, 0.0], 2, &mut [0.0; 6], &mut sums);
        assert!(sums[0].is_nan() && sums[1] > 1.0 && sums[2].is_nan(), "{sums:?}");
    }

    #[test]
    fn each_row_is_shifted_by_its_own_maximum() {
        for classes in [1, 2, 10, 16, 17, 40] {
            let logits: Vec<f32> =
                (0..5 * classes).map(|i| ((i * 7) % 11) as f32 - (i / classes) as f32 * 300.0).collect();
            let (mut terms, mut sums) = (vec![f32::NAN; logits.len()], [f32::NAN; 5]);
            softmax_exp(&logits, classes, &mut terms, &mut sums);
            for ((logits, terms), sum) in logits.chunks(classes).zip(terms.chunks(classes)).zip(sums) {
                let max = logits.iter().copied().fold(f32::MIN, f32::max);
                let expected: Vec<f32> =
                    logits.iter().map(|logit| (logit - max).exp_of_nonpositive()).collect();
                assert_eq!(terms, expected);
                assert_eq!(sum, expected.iter().sum::<f32>());
            }
        }
    }
}
