//! Softmax followed by the negative log likelihood of the right class, as one layer.
//!
//! Forward, per row: `y = log(sum over j of exp(x_j)) - x_label`, with the largest score taken
//! out of the exponentials first, so that no score is too large and no probability is rounded to
//! 0 before its logarithm. Backward: `dx = (p - onehot(label)) * dy`, `p = softmax(x)`.
//!
//! The trainer sets `dy = 1 / n` for the mean over a batch.
//!
//! # Shapes
//!
//! `x`, `dx`: `(n, classes)`; `y`, `dy`: `(n, 1)`, in nats; `pass.targets`: `n` classes in
//! `0..classes`.
//!
//! Source: Bridle, "Probabilistic interpretation of feedforward classification network outputs",
//! 1990.
//!
//! # Panics
//!
//! If the targets are no classes, there are fewer of them than rows, or one is not below `classes`.

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2};
use serde::{Deserialize, Serialize};

use super::{Layer, Pass};
use crate::real::Real;

/// `type = "softmax_loss"`; no keys. The last layer of every network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoftmaxLossSpec {}

/// See the [module](self).
pub struct SoftmaxLoss;

/// The largest score of a row; NaN where there is one, so that it reaches the loss.
fn largest<F: Real>(scores: ArrayView1<'_, F>) -> F {
    scores.iter().fold(F::neg_infinity(), |max, &x| if x > max || x.is_nan() { x } else { max })
}

impl<F: Real> Layer<F> for SoftmaxLoss {
    fn outputs(&self, _inputs: usize) -> usize {
        1
    }

    fn forward(&mut self, pass: &Pass<'_, F>, x: ArrayView2<'_, F>, y: ArrayViewMut2<'_, F>) {
        self.infer(pass, x, y);
    }

    fn infer(&self, pass: &Pass<'_, F>, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>) {
        for ((scores, loss), &label) in x.rows().into_iter().zip(&mut y).zip(pass.targets.classes()) {
            let max = largest(scores);
            let sum: F = scores.iter().map(|&score| (score - max).exp()).sum();
            *loss = sum.ln() + (max - scores[label as usize]);
        }
    }

    fn backward(
        &mut self,
        pass: &Pass<'_, F>,
        x: ArrayView2<'_, F>,
        _y: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    ) {
        let Some(mut dx) = dx else { return };
        let rows = x.rows().into_iter().zip(dx.rows_mut()).zip(&dy).zip(pass.targets.classes());
        for (((scores, mut d_scores), &d_loss), &label) in rows {
            let max = largest(scores);
            let mut sum = F::zero();
            for (d_score, &score) in d_scores.iter_mut().zip(scores) {
                *d_score = (score - max).exp();
                sum += *d_score;
            }
            let scale = d_loss / sum;
            d_scores.mapv_inplace(|e| e * scale);
            d_scores[label as usize] -= d_loss;
        }
    }
}
