//! Inverted dropout.
//!
//! Training: `y = x * m`, where each `m` is 0 with probability `rate` and `1 / (1 - rate)`
//! otherwise; `dx = dy * m`. Evaluation: `y = x`.
//!
//! The masks come from the stream (seed, "dropout", ordinal of the layer, step): they depend on
//! no other layer, and the same step always drops the same units.
//!
//! # Shapes
//!
//! `x`, `y`, `dx`, `dy`: `(n, width)`.
//!
//! Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from
//! overfitting", 2014, section 10 (the inverted form).

use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use rand::Rng;

use crate::kernel;
use crate::kernel::real::Real;
use crate::nn::build::{Build, BuildContext};
use crate::nn::{Layer, LayerSpec, PassContext};
use crate::random::stream;
use crate::settings::settings;

settings! {
    /// Inverted dropout.
    pub struct DropoutSpec {
        /// Probability that a unit is dropped.
        rate: f64 = 0.5, range(0.0..1.0);
    }
}

/// Inverted dropout: in training each unit is dropped with probability `rate`; `0 <= rate < 1`.
pub fn dropout(rate: f64) -> LayerSpec {
    DropoutSpec { rate }.into()
}

impl Build for DropoutSpec {
    fn build<F: Real>(&self, context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        Box::new(Dropout::new(self, context.seed, context.ordinal, context.inputs))
    }
}

/// See the [module](self).
pub struct Dropout<F> {
    rate: f64,
    seed: u64,
    ordinal: u64,
    width: usize,
    mask: Array2<F>, // (max_rows, width), rows beyond the batch are stale
}

impl<F: Real> Dropout<F> {
    /// The `ordinal`-th dropout layer (from 1) of a network with `seed`, over `width` features.
    pub fn new(spec: &DropoutSpec, seed: u64, ordinal: usize, width: usize) -> Self {
        Self { rate: spec.rate, seed, ordinal: ordinal as u64, width, mask: Array2::zeros((0, width)) }
    }
}

impl<F: Real> Layer<F> for Dropout<F> {
    fn allocate(&mut self, max_rows: usize) {
        self.mask = kernel::zeros(max_rows, self.width);
    }

    fn forward(&mut self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>) {
        let mut random = stream(self.seed, "dropout", &[self.ordinal, pass.step]);
        let scale = F::from_f64(1.0 / (1.0 - self.rate));
        let mut mask = self.mask.slice_mut(s![..x.nrows(), ..]);
        mask.map_inplace(|m| *m = if random.random::<f64>() < self.rate { F::zero() } else { scale });
        kernel::map2(pass.pool, &x, &mask.view(), &mut y, |x, m| x * m);
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
        if let Some(mut dx) = dx {
            kernel::map2(pass.pool, &dy, &self.mask.slice(s![..x.nrows(), ..]), &mut dx, |dy, m| dy * m);
        }
    }
}
