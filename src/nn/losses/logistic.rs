//! The negative log likelihood of the right one of two classes, from one logit, as one layer.
//!
//! The logit `x` is the log odds of class 1, whose probability is `1 / (1 + exp(-x))`.
//! Forward, per row, with `z = x` for class 1 and `z = -x` for class 0:
//!
//! ```text
//! y = log(1 + exp(-z)) = max(-z, 0) + log(1 + exp(-|z|))
//! ```
//!
//! The second form is computed: no exponential overflows and no probability is rounded to 0 before its
//! logarithm. Backward: `dx = (p - class) * dy`, with `p - class` computed as `-1 / (1 + exp(z))` for class 1
//! and its negative for class 0, which has all digits even if `p` rounds to the class.
//!
//! It equals the [softmax loss](crate::nn::losses::softmax) of the logits `(0, x)`.
//!
//! # Shapes
//!
//! `x`, `dx`: `(n, 1)`; `y`, `dy`: `(n, 1)`, in nats; `pass.targets`: `n` classes, 0 or 1.
//!
//! Source: Cox, "The regression analysis of binary sequences", 1958.
//!
//! # Panics
//!
//! If the targets are values.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::kernel::real::Real;
use crate::nn::build::{Build, BuildContext};
use crate::nn::{Layer, LayerSpec, Loss, PassContext};
use crate::settings::settings;

settings! {
    /// Last layer for two classes with one logit, the log odds of the second class: the same likelihood as
    /// `softmax_loss`.
    pub struct LogisticLossSpec {}
}

/// The negative log likelihood of the right one of two classes, from a single logit.
pub fn logistic_loss() -> LayerSpec {
    LogisticLossSpec {}.into()
}

impl Build for LogisticLossSpec {
    const LOSS: Option<Loss> = Some(Loss::Logistic);

    fn build<F: Real>(&self, _context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        Box::new(LogisticLoss)
    }
}

/// See the [module](self).
pub struct LogisticLoss;

/// 1 for class 1 and -1 for class 0.
fn sign<F: Real>(class: u32) -> F {
    if class == 0 { -F::one() } else { F::one() }
}

/// `1 / (1 + exp(-x))`, without overflow.
pub(crate) fn logistic<F: Real>(x: F) -> F {
    let e = (-x.abs()).exp();
    let small = e / (F::one() + e);
    if x < F::zero() { small } else { F::one() / (F::one() + e) }
}

impl<F: Real> Layer<F> for LogisticLoss {
    fn output_width(&self, _inputs: usize) -> usize {
        1
    }

    fn forward(&mut self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, y: ArrayViewMut2<'_, F>) {
        self.infer(pass, x, y);
    }

    fn infer(&self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>) {
        for ((&logit, loss), &class) in x.iter().zip(&mut y).zip(pass.targets.classes()) {
            let z = sign::<F>(class) * logit;
            let hinge = if z < F::zero() { -z } else { F::zero() };
            *loss = hinge + (-z.abs()).exp().ln_1p();
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
        let rows = x.iter().zip(&mut dx).zip(&dy).zip(pass.targets.classes());
        for (((&logit, d_logit), &d_loss), &class) in rows {
            let sign = sign::<F>(class);
            *d_logit = -sign * logistic(-sign * logit) * d_loss;
        }
    }
}
