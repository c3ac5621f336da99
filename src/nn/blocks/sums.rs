//! Sums over all rows of the batch, for layers.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::kernel;
use crate::kernel::real::Real;
use crate::kernel::{BatchMoments, BatchNormGrads};
use crate::nn::PassContext;

impl<F: Real> PassContext<'_, F> {
    /// The number of rows of the batch, of which `here` are in this pass.
    pub fn batch_rows(&self, here: usize) -> usize {
        self.blocks.map_or(here, |blocks| blocks.here().batch_rows())
    }

    /// The rows of the batch that come before those in this pass.
    pub fn rows_before(&self) -> usize {
        self.blocks.map_or(0, |blocks| blocks.here().rows().start)
    }

    /// The sum of each column over the rows of the batch, of which `x` has those in this pass.
    ///
    /// # Shapes
    ///
    /// `x`: `(n, width)`; `sums`: `width`.
    pub fn sum_rows(&self, x: &ArrayView2<'_, F>, sums: &mut [F]) {
        match self.blocks {
            None => kernel::sum_rows(self.pool, x, sums),
            Some(blocks) => blocks.total(
                sums.len(),
                |parts| kernel::block_sum_rows(self.pool, x, blocks.here(), parts),
                |total| sums.iter_mut().zip(total).for_each(|(sum, &total)| *sum = F::from_f64(total)),
            ),
        }
    }

    /// Sums over the rows of the batch, of which `here` are in this pass: `of_rows` overwrites numbers with the sums
    /// over a range of those.
    pub fn sum(&self, here: usize, sums: &mut [f64], mut of_rows: impl FnMut(Range<usize>, &mut [f64])) {
        match self.blocks {
            None => of_rows(0..here, sums),
            Some(blocks) => {
                let size = sums.len();
                let fill = |parts: &mut [f64]| {
                    for (rows, part) in blocks.here().each().zip(parts.chunks_exact_mut(size)) {
                        of_rows(rows, part);
                    }
                };
                blocks.total(size, fill, |total| sums.copy_from_slice(total));
            }
        }
    }

    /// The gradient of weights, `dw = x' dy` over the rows of the batch, and whether all of it is finite.
    pub(crate) fn weight_gradient(
        &self,
        x: &ArrayView2<'_, F>,
        dy: &ArrayView2<'_, F>,
        dw: &mut ArrayViewMut2<'_, F>,
    ) -> bool {
        match self.blocks {
            None => kernel::weight_gradient(self.pool, x, dy, None, dw),
            Some(blocks) => blocks.weight_gradient(self.pool, x, dy, dw),
        }
    }

    /// The sums of `dy` and of `dy * z` over the rows of the batch, as `dbeta` and `dgamma`.
    pub(crate) fn unit_products(
        &self,
        dy: &ArrayView2<'_, F>,
        z: &ArrayView2<'_, F>,
        grads: &mut BatchNormGrads<F>,
    ) {
        match self.blocks {
            None => kernel::unit_products(self.pool, dy, z, grads),
            Some(blocks) => blocks.total(
                2 * z.ncols(),
                |sums| kernel::block_unit_products(self.pool, dy, z, blocks.here(), sums),
                |sums| grads.set(sums),
            ),
        }
    }

    /// The mean and variance of each column of the batch, of which `x` has the rows in this pass.
    pub(crate) fn moments(&self, x: &ArrayView2<'_, F>, moments: &mut BatchMoments) {
        match self.blocks {
            None => kernel::batch_moments(self.pool, x, moments),
            Some(blocks) => blocks.gathered(
                3 * x.ncols(),
                |sums| kernel::block_moments(self.pool, x, blocks.here(), sums),
                |sums| moments.set_from_blocks(blocks.all(), sums),
            ),
        }
    }
}
