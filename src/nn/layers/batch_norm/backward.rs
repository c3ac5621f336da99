//! Three implementations of the backward pass of batch normalization.
//!
//! The post calls the layer's input `h`; here it is `x`. All three write the gradients of gamma and beta if
//! those are trained, and `dx` if it is given.
//!
//! The closed form and the graph compute in double precision throughout: some of their intermediate
//! results are squares and sums that overflow an `f32` even if the gradient itself does not.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Zip, s};

use crate::kernel;
use crate::kernel::real::Real;
use crate::kernel::{BatchNormGrads, BatchNormState};
use crate::nn::PassContext;
use crate::nn::layers::batch_norm::form::BatchForm;
use crate::nn::layers::batch_norm::{Backward, BatchNorm};

/// Buffers for intermediate results.
#[derive(Default)]
pub(crate) struct Scratch<F> {
    pub(crate) sums: Vec<BatchNormGrads<F>>, // of each ghost batch
    nodes: [Array2<f64>; 2],                 // (max_rows, width) each: two nodes of the graph
    pub(crate) columns: Vec<f64>,            // 3 width: sums over rows
}

impl<F: Real> Scratch<F> {
    pub(crate) fn new(backward: Backward, max_rows: usize, ghosts: usize, width: usize) -> Self {
        let nodes = if backward == Backward::Graph { max_rows } else { 0 };
        Self {
            sums: vec![BatchNormGrads::new(width); ghosts],
            nodes: std::array::from_fn(|_| Array2::zeros((nodes, width))),
            columns: vec![0.0; 3 * width],
        }
    }
}

impl<F: Real> BatchNorm<F> {
    /// ```text
    /// dx = gamma inv_std (dy - dbeta/n - x_hat dgamma/n)
    /// ```
    pub(crate) fn backward_fused(
        &mut self,
        pass: &PassContext<'_, F>,
        x: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    ) {
        let mut scratch = std::mem::take(&mut self.scratch);
        match pass.blocks {
            Some(_) if matches!(self.form, BatchForm::Ghost { .. }) => {
                self.backward_ghosts(pass, x, dy, &mut scratch, dx);
            }
            Some(blocks) => {
                let (state, sums, here) = (&self.states[0], &mut scratch.sums[0], blocks.here());
                let fill = |parts: &mut [f64]| kernel::block_products(pass.pool, &dy, &x, state, here, parts);
                blocks.total(2 * x.ncols(), fill, |total| sums.set(total));
                kernel::batch_norm_project(pass.pool, &dy, &x, state, self.batch_rows, sums, dx);
            }
            None => {
                let states = self.states();
                let sums = &mut scratch.sums[..states.len()];
                kernel::batch_norm_backward(pass.pool, &dy, &x, states, sums, dx);
                // The gradients of gamma and beta are sums over the ghost batches.
                add_to_first(sums);
            }
        }
        self.keep_gradients(&scratch);
        self.scratch = scratch;
    }

    /// The boxed equation of the post:
    ///
    /// ```text
    /// dx = gamma / (n sqrt(var + eps))
    ///      (n dy - sum dy - (x - mean) / (var + eps) sum dy (x - mean))
    /// ```
    pub(crate) fn backward_closed_form(
        &mut self,
        pass: &PassContext<'_, F>,
        x: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    ) {
        let (n, width) = (self.batch_rows as f64, self.width());
        let mut scratch = std::mem::take(&mut self.scratch);
        let mut dx = dx;
        let sums = &mut scratch.columns[..2 * width];
        pass.sum(self.rows, sums, |rows, sums| {
            for column in 0..width {
                let (x, dy) = (x.slice(s![rows.clone(), column]), dy.slice(s![rows.clone(), column]));
                let centred = |x: F| self.states[0].moments.centred(column, x.to_f64());
                sums[column] = dy.iter().map(|&dy| dy.to_f64()).sum();
                sums[width + column] = dy.iter().zip(x).map(|(&dy, &x)| dy.to_f64() * centred(x)).sum();
            }
        });
        for column in 0..width {
            let (x, dy) = (x.column(column), dy.column(column));
            let centred = |x: F| self.states[0].moments.centred(column, x.to_f64());
            let inv_std = self.states[0].inv_std[column];
            let [sum_dy, sum_dy_centred] = [0, width].map(|first| scratch.columns[first + column]);
            scratch.sums[0].dbeta[column] = sum_dy;
            scratch.sums[0].dgamma[column] = sum_dy_centred * inv_std;
            if let Some(dx) = &mut dx {
                let factor = self.tensors.gamma()[column].to_f64() * inv_std / n;
                let slope = inv_std * inv_std * sum_dy_centred;
                Zip::from(dx.column_mut(column)).and(x).and(dy).for_each(|dx, &x, &dy| {
                    *dx = F::from_f64(factor * (n * dy.to_f64() - sum_dy - centred(x) * slope));
                });
            }
        }
        self.keep_gradients(&scratch);
        self.scratch = scratch;
    }

    /// The nine nodes of the forward pass, differentiated in reverse order:
    ///
    /// ```text
    /// 0 mean   = 1/n sum x        5 inv_std = 1 / std
    /// 1 xmu    = x - mean         6 x_hat   = xmu * inv_std
    /// 2 sq     = xmu^2            7 scaled  = gamma * x_hat
    /// 3 var    = 1/n sum sq       8 y       = scaled + beta
    /// 4 std    = sqrt(var + eps)
    /// ```
    pub(crate) fn backward_graph(
        &mut self,
        pass: &PassContext<'_, F>,
        x: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    ) {
        let (n, width) = (self.batch_rows as f64, self.width());
        let mut scratch = std::mem::take(&mut self.scratch);
        let Scratch { sums, nodes: [xmu, dxmu], columns } = &mut scratch;
        let mut xmu = xmu.slice_mut(s![..self.rows, ..]);
        let mut dxmu = dxmu.slice_mut(s![..self.rows, ..]);
        let BatchNormState { moments, inv_std, .. } = &self.states[0];
        let gamma = |column: usize| self.tensors.gamma()[column].to_f64();
        for column in 0..width {
            Zip::from(xmu.column_mut(column))
                .and(x.column(column))
                .for_each(|xmu, &x| *xmu = moments.centred(column, x.to_f64()));
        }
        pass.sum(self.rows, columns, |rows, sums| {
            for column in 0..width {
                let (dy, xmu) = (dy.slice(s![rows.clone(), column]), xmu.slice(s![rows.clone(), column]));
                let (inv_std, gamma) = (inv_std[column], gamma(column));
                // 8: beta is added to every row.
                sums[column] = dy.iter().map(|&dy| dy.to_f64()).sum();
                // 7: gamma multiplies every row.
                sums[width + column] =
                    dy.iter().zip(&xmu).map(|(&dy, &xmu)| dy.to_f64() * (xmu * inv_std)).sum();
                // 6: x_hat has two factors; the first one's share is started below and finished at 2.
                sums[2 * width + column] =
                    dy.iter().zip(&xmu).map(|(&dy, &xmu)| gamma * dy.to_f64() * xmu).sum();
            }
        });
        sums[0].dbeta.copy_from_slice(&columns[..width]);
        sums[0].dgamma.copy_from_slice(&columns[width..2 * width]);
        for column in 0..width {
            let (inv_std, gamma, dinv_std) = (inv_std[column], gamma(column), columns[2 * width + column]);
            let std = 1.0 / inv_std;
            let mut dxmu = dxmu.column_mut(column);
            Zip::from(&mut dxmu)
                .and(dy.column(column))
                .for_each(|dxmu, &dy| *dxmu = gamma * dy.to_f64() * inv_std);
            // 5: d(1 / std) = -dstd / std^2.
            let dstd = -dinv_std / (std * std);
            // 4: d sqrt(v) = dv / (2 sqrt(v)).
            let dvar = dstd / (2.0 * std);
            // 3: every square has the same share in the mean.
            let dsq = dvar / n;
            // 2: d xmu^2 = 2 xmu dxmu, added to the share from 6.
            Zip::from(&mut dxmu).and(xmu.column(column)).for_each(|dxmu, &xmu| *dxmu += 2.0 * xmu * dsq);
        }
        // 1 and 0: x acts directly and through the mean.
        let sums = &mut columns[..width];
        pass.sum(self.rows, sums, |rows, sums| {
            sums.iter_mut()
                .enumerate()
                .for_each(|(column, sum)| *sum = dxmu.slice(s![rows.clone(), column]).sum());
        });
        if let Some(mut dx) = dx {
            for (column, sum) in sums.iter().enumerate() {
                let dmean = -sum;
                Zip::from(dx.column_mut(column))
                    .and(dxmu.column(column))
                    .for_each(|dx, &dxmu| *dx = F::from_f64(dxmu + dmean / n));
            }
        }
        self.keep_gradients(&scratch);
        self.scratch = scratch;
    }

    /// Keeps the gradients of gamma and beta where those are trained.
    pub(crate) fn keep_gradients(&mut self, scratch: &Scratch<F>) {
        let sums = &scratch.sums[0];
        self.tensors.set_gradients(&sums.dgamma, &sums.dbeta);
    }
}

/// Adds the sums of each part after the first to those of the first.
pub(crate) fn add_to_first<F>(sums: &mut [BatchNormGrads<F>]) {
    let [total, others @ ..] = sums else { return };
    for part in others {
        total.dbeta.iter_mut().zip(&part.dbeta).for_each(|(total, part)| *total += part);
        total.dgamma.iter_mut().zip(&part.dgamma).for_each(|(total, part)| *total += part);
    }
}
