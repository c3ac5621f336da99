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

/// Words of the stream for a number.
const WORDS: u128 = 2;

/// The random mask of a layer: 0 for a unit that is dropped, another number for one that is kept.
pub(crate) struct Mask<F> {
    rate: f64,
    /// Names the stream, with the seed of the network and the number of the layer among those of its kind.
    purpose: &'static str,
    seed: u64,
    ordinal: u64,
    width: usize,
    values: Array2<F>, // (max_rows, width), rows beyond the batch are stale
}

impl<F: Real> Mask<F> {
    pub(crate) fn new(rate: f64, purpose: &'static str, seed: u64, ordinal: usize, width: usize) -> Self {
        Self { rate, purpose, seed, ordinal: ordinal as u64, width, values: Array2::zeros((0, width)) }
    }

    pub(crate) fn allocate(&mut self, max_rows: usize) {
        self.values = kernel::zeros(max_rows, self.width);
    }

    /// Draws the mask of `rows` rows for a training pass.
    pub(crate) fn draw(&mut self, pass: &PassContext<'_, F>, rows: usize, kept: F) -> ArrayView2<'_, F> {
        let mut random = stream(self.seed, self.purpose, &[self.ordinal, pass.step]);
        random.set_word_pos((pass.rows_before() * self.width) as u128 * WORDS);
        let mut values = self.values.slice_mut(s![..rows, ..]);
        values.map_inplace(|m| *m = if random.random::<f64>() < self.rate { F::zero() } else { kept });
        self.last(rows)
    }

    /// The mask that was drawn last, for as many rows.
    pub(crate) fn last(&self, rows: usize) -> ArrayView2<'_, F> {
        self.values.slice(s![..rows, ..])
    }
}

/// See the [module](self).
pub struct Dropout<F> {
    rate: f64,
    mask: Mask<F>, // 1 / (1 - rate) for a unit that is kept
}

impl<F: Real> Dropout<F> {
    /// The `ordinal`-th dropout layer (from 1) of a network with `seed`, over `width` features.
    pub fn new(spec: &DropoutSpec, seed: u64, ordinal: usize, width: usize) -> Self {
        Self { rate: spec.rate, mask: Mask::new(spec.rate, "dropout", seed, ordinal, width) }
    }
}

impl<F: Real> Layer<F> for Dropout<F> {
    fn allocate(&mut self, max_rows: usize) {
        self.mask.allocate(max_rows);
    }

    fn forward(&mut self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>) {
        let mask = self.mask.draw(pass, x.nrows(), F::from_f64(1.0 / (1.0 - self.rate)));
        kernel::map2(pass.pool, &x, &mask, &mut y, |x, m| x * m);
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
            kernel::map2(pass.pool, &dy, &self.mask.last(x.nrows()), &mut dx, |dy, m| dy * m);
        }
    }
}
