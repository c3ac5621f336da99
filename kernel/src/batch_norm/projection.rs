//! From the gradient of what is normalized to that of what it was before, element by element.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;

use crate::batch_norm::backward::BatchNormGrads;
use crate::batch_norm::forward::ROWS;
use crate::batch_norm::state::BatchNormState;
use crate::matrix_view::{MatrixView, MatrixViewMut};
use crate::real::Real;
use crate::simd::strips::{ColumnKernel, WIDE, for_each_strip_once, put, take};

/// `dx = scale * (dy - constant - (x - mean) * slope)`, with numbers of each column: what is subtracted is the mean of `dy`
/// and its projection on `x_hat`.
#[derive(Clone, Copy)]
pub(crate) struct Projection<'a, F> {
    pub(crate) x: MatrixView<'a, F>,
    pub(crate) mean: &'a [F],
    pub(crate) scale: &'a [F],
    pub(crate) constant: &'a [F],
    pub(crate) slope: &'a [F],
}

impl<'a, F: Real> Projection<'a, F> {
    /// For the columns of `x`, which are these of the state.
    #[inline(always)]
    pub(crate) fn new(
        x: MatrixView<'a, F>,
        state: &'a BatchNormState<F>,
        grads: &'a BatchNormGrads<F>,
        columns: Range<usize>,
    ) -> Self {
        let BatchNormState { mean, scale, .. } = state;
        let BatchNormGrads { constant, slope, .. } = grads;
        let [mean, scale, constant, slope] = [mean, scale, constant, slope].map(|all| &all[columns.clone()]);
        Self { x, mean, scale, constant, slope }
    }

    /// What a strip of columns has.
    #[inline(always)]
    pub(crate) fn strip<const LEN: usize>(self, start: usize) -> ProjectionStrip<F, LEN> {
        let [mean, scale, constant, slope] =
            [self.mean, self.scale, self.constant, self.slope].map(|all| take::<F, LEN>(all, start));
        ProjectionStrip { mean, scale, constant, slope }
    }
}

/// A block in which `dx` is made of `dy`.
pub(crate) struct InPlace<'a, F> {
    projection: Projection<'a, F>,
    rows: Range<usize>,
    dx: MatrixViewMut<'a, F>,
    /// 0 for each column of a strip, or NaN if a number is not finite.
    poison: [F; WIDE],
}

impl<'a, F: Real> InPlace<'a, F> {
    /// For `dx`, of as many rows and columns as the projection.
    pub(crate) fn new(projection: Projection<'a, F>, dx: MatrixViewMut<'a, F>) -> Self {
        Self { projection, rows: 0..0, dx, poison: [F::zero(); WIDE] }
    }

    /// All rows. Returns whether all of `dx` is finite.
    #[inline(always)]
    pub(crate) fn all_rows(&mut self) -> bool {
        let (rows, width) = (self.dx.count(), self.dx.width());
        for first in (0..rows).step_by(ROWS) {
            self.rows = first..rows.min(first + ROWS);
            for_each_strip_once(width, self);
        }
        self.poison.iter().all(|lane| *lane == F::zero())
    }
}

impl<F: Real> ColumnKernel for InPlace<'_, F> {
    #[inline(always)]
    fn strip<const LEN: usize>(&mut self, start: usize) {
        let (strip, x, mut dx) = (self.projection.strip::<LEN>(start), self.projection.x, self.dx.reborrow());
        let mut poison = take::<F, LEN>(&self.poison, 0);
        for row in self.rows.clone() {
            let dx = dx.strip::<LEN>(row, start);
            *dx = strip.apply(dx, x.strip::<LEN>(row, start));
            for lane in 0..LEN {
                // x * 0 is 0 for finite x and NaN otherwise.
                poison[lane] += dx[lane] * F::zero();
            }
        }
        put(&mut self.poison, 0, poison);
    }
}

/// The numbers of neighboring columns of a [`Projection`].
pub(crate) struct ProjectionStrip<F, const LEN: usize> {
    mean: [F; LEN],
    scale: [F; LEN],
    constant: [F; LEN],
    slope: [F; LEN],
}

impl<F: Real, const LEN: usize> ProjectionStrip<F, LEN> {
    /// `dx` of the strip in one row.
    #[inline(always)]
    pub(crate) fn apply(&self, dy: &[F; LEN], x: &[F; LEN]) -> [F; LEN] {
        let mut dx = [F::zero(); LEN];
        for lane in 0..LEN {
            let of_column = [self.mean[lane], self.scale[lane], self.constant[lane], self.slope[lane]];
            dx[lane] = project(dy[lane], x[lane], of_column);
        }
        dx
    }
}

#[inline(always)]
fn project<F: Real>(dy: F, x: F, [mean, scale, constant, slope]: [F; 4]) -> F {
    scale * (dy - constant - (x - mean) * slope)
}
