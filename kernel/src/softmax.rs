//! The exponentials of a softmax.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use crate::real::Real;
use crate::wide;

/// For each row of scores `e^(score - largest)`, the largest score being that of its row, and their
/// sum.
///
/// # Shapes
///
/// `scores`, `terms`: `n` rows of `classes`, one after the other; `sums`: `n`.
pub(crate) fn exponentials<F: Real>(scores: &[F], classes: usize, terms: &mut [F], sums: &mut [F]) {
    assert_eq!((scores.len(), sums.len() * classes), (terms.len(), terms.len()), "shapes of exponentials");
    wide(
        #[inline(always)]
        || {
            for (scores, terms) in scores.chunks_exact(classes).zip(terms.chunks_exact_mut(classes)) {
                let largest = largest(scores);
                terms.iter_mut().zip(scores).for_each(|(term, &score)| *term = score - largest);
            }
            // All rows at once: a row of ten scores fills no vector.
            for term in &mut *terms {
                *term = term.exp_of_nonpositive();
            }
            for (sum, terms) in sums.iter_mut().zip(terms.chunks_exact(classes)) {
                *sum = terms.iter().copied().sum();
            }
        },
    );
}

/// The largest of some scores; NaN where there is one, so that it reaches the loss.
#[inline(always)]
pub fn largest<F: Real>(scores: &[F]) -> F {
    scores.iter().fold(F::neg_infinity(), |max, &x| if x > max || x.is_nan() { x } else { max })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exp::Exponential;

    #[test]
    fn nan_and_infinite_logits_make_the_sum_nan() {
        let mut sums = [0.0; 3];
        exponentials(&[1.0, f32::NAN, 2.0, 1.0, f32::INFINITY, 0.0], 2, &mut [0.0; 6], &mut sums);
        assert!(sums[0].is_nan() && sums[1] > 1.0 && sums[2].is_nan(), "{sums:?}");
    }

    #[test]
    fn every_row_has_its_own_largest_score_and_sum() {
        for classes in [1, 2, 10, 16, 17, 40] {
            let scores: Vec<f32> =
                (0..5 * classes).map(|i| ((i * 7) % 11) as f32 - (i / classes) as f32 * 300.0).collect();
            let (mut terms, mut sums) = (vec![f32::NAN; scores.len()], [f32::NAN; 5]);
            exponentials(&scores, classes, &mut terms, &mut sums);
            for ((scores, terms), sum) in scores.chunks(classes).zip(terms.chunks(classes)).zip(sums) {
                let max = scores.iter().copied().fold(f32::MIN, f32::max);
                let expected: Vec<f32> =
                    scores.iter().map(|score| (score - max).exp_of_nonpositive()).collect();
                assert_eq!(terms, expected);
                assert_eq!(sum, expected.iter().sum::<f32>());
            }
        }
    }
}
