//! The three ways back through batch normalization.
//!
//! `h` is the post's name for the layer's input; here it is `x`. All three write the gradients of
//! gamma and beta where those are trained, and `dx` where it is wanted.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Zip, s};

use super::{Backward, BatchNorm};
use crate::kernel;
use crate::nn::Pass;
use crate::real::Real;

/// Room for intermediate results, sized once.
#[derive(Default)]
pub(super) struct Scratch<F> {
    dbeta: Vec<f64>,       // width
    dgamma: Vec<f64>,      // width
    columns: [Vec<F>; 3],  // width each: what is constant along a column
    nodes: [Array2<F>; 2], // (max_rows, width) each: gradients at nodes of the graph
}

impl<F: Real> Scratch<F> {
    pub(super) fn new(backward: Backward, max_rows: usize, width: usize) -> Self {
        let nodes = if backward == Backward::Graph { max_rows } else { 0 };
        Self {
            dbeta: vec![0.0; width],
            dgamma: vec![0.0; width],
            columns: std::array::from_fn(|_| vec![F::zero(); width]),
            nodes: std::array::from_fn(|_| Array2::zeros((nodes, width))),
        }
    }
}

impl<F: Real> BatchNorm<F> {
    /// ```text
    /// dx = gamma inv_std (dy - dbeta/n - x_hat dgamma/n)
    /// ```
    pub(super) fn backward_fused(
        &mut self,
        pass: &Pass<'_>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    ) {
        let n = self.rows as f64;
        let x_hat = self.x_hat.slice(s![..self.rows, ..]);
        let mut scratch = std::mem::take(&mut self.scratch);
        kernel::sum_rows_and_products(pass.team, &dy, &x_hat, &mut scratch.dbeta, &mut scratch.dgamma);
        if let Some(mut dx) = dx {
            let [factor, mean, slope] = &mut scratch.columns;
            for (column, &gamma) in self.gamma().iter().enumerate() {
                factor[column] = gamma * F::from_f64(self.inv_std[column]);
                mean[column] = F::from_f64(scratch.dbeta[column] / n);
                slope[column] = F::from_f64(scratch.dgamma[column] / n);
            }
            kernel::centre_and_project(pass.team, &dy, &x_hat, [factor, mean, slope], &mut dx);
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
    pub(super) fn backward_closed_form(
        &mut self,
        x: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    ) {
        let n = F::from_f64(self.rows as f64);
        let mut scratch = std::mem::take(&mut self.scratch);
        let mut dx = dx;
        for column in 0..self.width() {
            let (x, dy) = (x.column(column), dy.column(column));
            let centred = |x: F| F::from_f64(self.moments.centred(column, x.to_f64()));
            let inv_std = F::from_f64(self.inv_std[column]);
            let sum_dy: F = dy.sum();
            let sum_dy_centred: F = dy.iter().zip(x).map(|(&dy, &x)| dy * centred(x)).sum();
            scratch.dbeta[column] = sum_dy.to_f64();
            scratch.dgamma[column] = (sum_dy_centred * inv_std).to_f64();
            if let Some(dx) = &mut dx {
                let factor = self.gamma()[column] * inv_std / n;
                Zip::from(dx.column_mut(column)).and(x).and(dy).for_each(|dx, &x, &dy| {
                    *dx = factor * (n * dy - sum_dy - centred(x) * inv_std * inv_std * sum_dy_centred);
                });
            }
        }
        self.keep_gradients(&scratch);
        self.scratch = scratch;
    }

    /// The ten nodes of the forward pass, left by the chain rule one after the other:
    ///
    /// ```text
    /// 0 mean   = 1/n sum x        5 inv_std = 1 / std
    /// 1 xmu    = x - mean         6 x_hat   = xmu * inv_std
    /// 2 sq     = xmu^2            7 scaled  = gamma * x_hat
    /// 3 var    = 1/n sum sq       8 y       = scaled + beta
    /// 4 std    = sqrt(var + eps)
    /// ```
    pub(super) fn backward_graph(
        &mut self,
        x: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    ) {
        let n = F::from_f64(self.rows as f64);
        let two = F::from_f64(2.0);
        let mut scratch = std::mem::take(&mut self.scratch);
        let x_hat = self.x_hat.slice(s![..self.rows, ..]);
        let [xmu, dxmu] = &mut scratch.nodes;
        let mut xmu = xmu.slice_mut(s![..self.rows, ..]);
        let mut dxmu = dxmu.slice_mut(s![..self.rows, ..]);
        let mut dx = dx;
        for column in 0..self.width() {
            let (dy, x_hat) = (dy.column(column), x_hat.column(column));
            let (mut xmu, mut dxmu) = (xmu.column_mut(column), dxmu.column_mut(column));
            Zip::from(&mut xmu)
                .and(x.column(column))
                .for_each(|xmu, &x| *xmu = F::from_f64(self.moments.centred(column, x.to_f64())));
            let inv_std = F::from_f64(self.inv_std[column]);
            let std = F::one() / inv_std;
            // 8: beta is added to every row.
            let dbeta = dy.sum();
            // 7: gamma multiplies every row.
            let gamma = self.gamma()[column];
            let dgamma: F = dy.iter().zip(x_hat).map(|(&dy, &x_hat)| dy * x_hat).sum();
            // 6: x_hat has two factors; the first one's share is started here and finished at 2.
            let dinv_std: F = dy.iter().zip(&xmu).map(|(&dy, &xmu)| gamma * dy * xmu).sum();
            Zip::from(&mut dxmu).and(dy).for_each(|dxmu, &dy| *dxmu = gamma * dy * inv_std);
            // 5: d(1 / std) = -dstd / std^2.
            let dstd = -dinv_std / (std * std);
            // 4: d sqrt(v) = dv / (2 sqrt(v)).
            let dvar = dstd / (two * std);
            // 3: every square has the same share in the mean.
            let dsq = dvar / n;
            // 2: d xmu^2 = 2 xmu dxmu, added to the share from 6.
            Zip::from(&mut dxmu).and(&xmu).for_each(|dxmu, &xmu| *dxmu += two * xmu * dsq);
            // 1 and 0: x acts directly and through the mean.
            let dmean = -dxmu.sum();
            if let Some(dx) = &mut dx {
                Zip::from(dx.column_mut(column)).and(&dxmu).for_each(|dx, &dxmu| *dx = dxmu + dmean / n);
            }
            scratch.dbeta[column] = dbeta.to_f64();
            scratch.dgamma[column] = dgamma.to_f64();
        }
        self.keep_gradients(&scratch);
        self.scratch = scratch;
    }

    /// Writes the gradients of gamma and beta where those are trained.
    fn keep_gradients(&mut self, scratch: &Scratch<F>) {
        let (scale, shift) = (self.spec.scale, self.spec.shift);
        let sums = [scale.then_some(&scratch.dgamma), shift.then_some(&scratch.dbeta)];
        for (param, sum) in self.params.iter_mut().zip(sums.into_iter().flatten()) {
            for (grad, &sum) in param.grad.iter_mut().zip(sum) {
                *grad = F::from_f64(sum);
            }
        }
    }
}
