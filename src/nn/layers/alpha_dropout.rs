//! Alpha dropout: dropout that keeps mean and variance, for [SELU](mod@super::selu).
//!
//! With `c = -lambda * alpha` of SELU, the value that it tends to, and `q = 1 - rate`, in training:
//!
//! ```text
//! a = 1 / sqrt(q + c^2 q (1 - q))      b = -a (1 - q) c
//! y = a x + b where a unit is kept, a c + b where it is dropped
//! dx = a dy where it is kept, 0 where it is dropped
//! ```
//!
//! Inputs with mean 0 and variance 1 give outputs with mean 0 and variance 1. Evaluation: `y = x`.
//!
//! The masks come from the stream (seed, "alpha_dropout", ordinal of the layer, step).
//!
//! # Shapes
//!
//! `x`, `y`, `dx`, `dy`: `(n, width)`.
//!
//! Source: Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks", 2017, section
//! "New dropout technique".

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::kernel;
use crate::kernel::real::Real;
use crate::nn::build::{Build, BuildContext};
use crate::nn::layers::dropout::Mask;
use crate::nn::layers::selu::{ALPHA, LAMBDA};
use crate::nn::{Layer, LayerSpec, PassContext};
use crate::settings::settings;

settings! {
    /// Dropout that keeps mean and variance, for `selu`.
    pub struct AlphaDropoutSpec {
        /// Probability that a unit is dropped.
        rate: f64 = 0.05, range(0.0..1.0);
    }
}

/// Dropout for networks with SELU: in training each unit is dropped with probability `rate`; `0 <= rate < 1`.
pub fn alpha_dropout(rate: f64) -> LayerSpec {
    AlphaDropoutSpec { rate }.into()
}

impl Build for AlphaDropoutSpec {
    fn build<F: Real>(&self, context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        let &BuildContext { seed, ordinal, inputs, .. } = context;
        let mask = Mask::new(self.rate, "alpha_dropout", seed, ordinal, inputs);
        Box::new(AlphaDropout { rate: self.rate, mask })
    }
}

/// See the [module](self).
pub struct AlphaDropout<F> {
    rate: f64,
    mask: Mask<F>, // 1 for a unit that is kept
}

/// `a` and `b`, and the value of a dropped unit before them.
fn constants(rate: f64) -> [f64; 3] {
    let (kept, dropped_value) = (1.0 - rate, -LAMBDA * ALPHA);
    let a = 1.0 / (kept + dropped_value * dropped_value * kept * rate).sqrt();
    [a, -a * rate * dropped_value, dropped_value]
}

impl<F: Real> Layer<F> for AlphaDropout<F> {
    fn allocate(&mut self, max_rows: usize) {
        self.mask.allocate(max_rows);
    }

    fn forward(&mut self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>) {
        let [a, b, dropped] = constants(self.rate).map(F::from_f64);
        let mask = self.mask.draw(pass, x.nrows(), F::one());
        kernel::map2(pass.pool, &x, &mask, &mut y, |x, m| a * if m > F::zero() { x } else { dropped } + b);
    }

    fn infer(&self, _pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>) {
        y.assign(&x);
    }

    fn backward(
        &mut self,
        pass: &PassContext<'_, F>,
        x: ArrayView2<'_, F>,
        _y: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    ) {
        let a = F::from_f64(constants(self.rate)[0]);
        if let Some(mut dx) = dx {
            kernel::map2(pass.pool, &dy, &self.mask.last(x.nrows()), &mut dx, |dy, m| a * dy * m);
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::kernel::ThreadPool;
    use crate::targets::TargetsView;

    /// The numbers of PyTorch for a rate of 0.1.
    #[test]
    fn the_constants_keep_mean_and_variance() {
        let [a, b, dropped] = constants(0.1);
        assert!((a - 0.921_284_516_149_711_4).abs() < 1e-15 && (b - 0.161_970_970_057_570_22).abs() < 1e-15);
        let mean = 0.9 * b + 0.1 * (a * dropped + b);
        let square = 0.9 * (a * a + b * b) + 0.1 * (a * dropped + b).powi(2);
        assert!(mean.abs() < 1e-15 && (square - 1.0).abs() < 1e-15, "{mean} {square}");
    }

    #[test]
    fn mean_and_variance_are_kept() {
        let (rate, rows, width) = (0.3, 200, 100);
        let mask = Mask::new(rate, "alpha_dropout", 1, 1, width);
        let mut layer = AlphaDropout::<f64> { rate, mask };
        layer.allocate(rows);
        let x = Array2::from_shape_fn((rows, width), |(row, _)| if row % 2 == 0 { 1.0 } else { -1.0 });
        let (pool, mut y) = (ThreadPool::single(), Array2::zeros(x.dim()));
        let pass = PassContext { step: 1, ..PassContext::new(&pool, TargetsView::none()) };
        layer.forward(&pass, x.view(), y.view_mut());
        // Five standard errors of 20,000 numbers.
        let (mean, variance) = (y.mean().expect("rows"), y.var(0.0));
        assert!(mean.abs() < 0.04 && (variance - 1.0).abs() < 0.06, "{mean} {variance}");
        layer.infer(&pass, x.view(), y.view_mut());
        assert_eq!(x, y);
    }
}
