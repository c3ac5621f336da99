//! Softmax followed by the negative log likelihood of the right class, as one layer.
//!
//! Forward, per row: `y = log(sum over j of exp(x_j)) - x_label`. The largest logit is subtracted first, so
//! that no exponential overflows and no probability is rounded to 0 before its logarithm. Backward:
//! `dx = (p - onehot(label)) * dy`, `p = softmax(x)`.
//!
//! [`Network::backward`](crate::nn::Network::backward) sets `dy = 1 / n` for the mean over a batch.
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
//! If the targets are values, there are fewer of them than rows, or one is not below `classes`.

use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::kernel;
use crate::kernel::real::Real;
use crate::nn::build::{Build, BuildContext};
use crate::nn::network::workspace::head_mut;
use crate::nn::{Layer, LayerSpec, Loss, PassContext};
use crate::settings::settings;

settings! {
    /// Last layer for classes: cross-entropy of the softmax, in nats.
    pub struct SoftmaxLossSpec {}
}

/// The negative log likelihood of the right class, from one logit for each class.
pub fn softmax_loss() -> LayerSpec {
    SoftmaxLossSpec {}.into()
}

impl Build for SoftmaxLossSpec {
    const LOSS: Option<Loss> = Some(Loss::Softmax);

    fn build<F: Real>(&self, context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        Box::new(SoftmaxLoss::new(context.inputs))
    }
}

/// See the [module](self).
pub struct SoftmaxLoss<F> {
    terms: Array2<F>, // (max_rows, classes): exponentials of the last batch, rows beyond it are stale
    sums: Vec<F>,     // max_rows: of each row of them
}

const ROW_MAJOR: &str = "logits are in row-major layout";

impl<F: Real> SoftmaxLoss<F> {
    /// The loss for `classes` logits.
    pub fn new(classes: usize) -> Self {
        Self { terms: Array2::zeros((0, classes)), sums: Vec::new() }
    }
}

/// The loss of each row, from the sum of its exponentials.
fn losses<F: Real>(
    pass: &PassContext<'_, F>,
    x: &ArrayView2<'_, F>,
    sums: impl Iterator<Item = F>,
    mut y: ArrayViewMut2<'_, F>,
) {
    let rows = x.as_slice().expect(ROW_MAJOR).chunks_exact(x.ncols());
    for (((loss, logits), sum), &label) in y.iter_mut().zip(rows).zip(sums).zip(pass.targets.classes()) {
        *loss = sum.ln() + (kernel::max_or_nan(logits) - logits[label as usize]);
    }
}

impl<F: Real> Layer<F> for SoftmaxLoss<F> {
    fn output_width(&self, _inputs: usize) -> usize {
        1
    }

    fn allocate(&mut self, max_rows: usize) {
        self.terms = kernel::zeros(max_rows, self.terms.ncols());
        self.sums = vec![F::zero(); max_rows];
    }

    fn forward(&mut self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, y: ArrayViewMut2<'_, F>) {
        let (rows, classes) = x.dim();
        let mut terms = head_mut(&mut self.terms, rows);
        let terms = terms.as_slice_mut().expect(ROW_MAJOR);
        kernel::softmax_exp(x.as_slice().expect(ROW_MAJOR), classes, terms, &mut self.sums[..rows]);
        losses(pass, &x, self.sums.iter().copied(), y);
    }

    /// One exponential at a time: evaluation has no buffer for all of them.
    fn infer(&self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, y: ArrayViewMut2<'_, F>) {
        let sum = |logits: &[F]| {
            let largest = kernel::max_or_nan(logits);
            logits.iter().map(|&logit| (logit - largest).exp()).sum()
        };
        let rows = x.as_slice().expect(ROW_MAJOR).chunks_exact(x.ncols());
        losses(pass, &x, rows.map(sum), y);
    }

    fn backward(
        &mut self,
        pass: &PassContext<'_, F>,
        _x: ArrayView2<'_, F>,
        _y: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    ) {
        let Some(mut dx) = dx else { return };
        let classes = dx.ncols();
        let d_rows = dx.as_slice_mut().expect(ROW_MAJOR).chunks_exact_mut(classes);
        let terms = self.terms.as_slice().expect(ROW_MAJOR).chunks_exact(classes);
        let rows = d_rows.zip(terms).zip(&self.sums).zip(&dy).zip(pass.targets.classes());
        for ((((d_logits, terms), &sum), &d_loss), &label) in rows {
            let scale = d_loss / sum;
            d_logits.iter_mut().zip(terms).for_each(|(d_logit, &term)| *d_logit = term * scale);
            d_logits[label as usize] -= d_loss;
        }
    }
}
