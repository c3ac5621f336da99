//! Losses for values: a function of each error, and its mean over the outputs.
//!
//! Forward, per row: `y = 1/k sum over the k outputs of f(x - target)`. Backward:
//! `dx = f'(x - target) * dy / k`.
//!
//! # Shapes
//!
//! `x`, `dx`: `(n, k)`; `y`, `dy`: `(n, 1)`; `pass.targets`: `(n, k)` values.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::kernel::real::Real;
use crate::nn::{Layer, PassContext};

/// A function of the error of one output, and its derivative.
pub(crate) trait ErrorFunction<F: Real>: Send + Sync {
    fn value(&self, error: F) -> F;
    fn derivative(&self, error: F) -> F;
}

/// The mean of an [`ErrorFunction`] as a layer.
pub(crate) struct RegressionLoss<E>(pub(crate) E);

impl<F: Real, E: ErrorFunction<F>> Layer<F> for RegressionLoss<E> {
    fn output_width(&self, _inputs: usize) -> usize {
        1
    }

    fn forward(&mut self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, y: ArrayViewMut2<'_, F>) {
        self.infer(pass, x, y);
    }

    fn infer(&self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>) {
        let outputs = F::from_f64(x.ncols() as f64);
        let targets = pass.targets.values();
        for ((x, loss), target) in x.rows().into_iter().zip(&mut y).zip(targets.rows()) {
            let sum: F = x.iter().zip(target).map(|(&x, &target)| self.0.value(x - target)).sum();
            *loss = sum / outputs;
        }
    }

    fn backward(
        &mut self,
        pass: &PassContext<'_, F>,
        x: ArrayView2<'_, F>,
        _y: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    ) {
        let Some(mut dx) = dx else { return };
        let outputs = F::from_f64(x.ncols() as f64);
        let targets = pass.targets.values();
        let rows = x.rows().into_iter().zip(dx.rows_mut()).zip(&dy).zip(targets.rows());
        for (((x, mut dx), &d_loss), target) in rows {
            let share = d_loss / outputs;
            for ((dx, &x), &target) in dx.iter_mut().zip(x).zip(target) {
                *dx = self.0.derivative(x - target) * share;
            }
        }
    }
}
