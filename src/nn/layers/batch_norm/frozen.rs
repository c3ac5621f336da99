//! Batch norm that normalizes by frozen running statistics in training, as PyTorch's does after `eval()`.
//!
//! Mean and variance do not depend on the batch, so the layer is affine:
//!
//! ```text
//! x_hat = (x - running_mean) * inv_std        dbeta  = sum dy
//! y     = gamma * x_hat + beta                dgamma = sum dy * x_hat
//!                                             dx     = gamma * inv_std * dy
//! ```

use ndarray::{ArrayView2, ArrayViewMut2, Zip, s};

use crate::kernel;
use crate::kernel::real::Real;
use crate::nn::PassContext;
use crate::nn::layers::batch_norm::BatchNorm;

impl<F: Real> BatchNorm<F> {
    pub(crate) fn forward_frozen(
        &mut self,
        pass: &PassContext<'_, F>,
        x: ArrayView2<'_, F>,
        mut y: ArrayViewMut2<'_, F>,
    ) {
        kernel::batch_norm_infer(pass.pool, &x, self.running(), self.kernel_params(pass), &mut y);
        if self.fused.relu_after {
            y.mapv_inplace(|y| if y < F::zero() { F::zero() } else { y });
        }
    }

    pub(crate) fn backward_frozen(
        &mut self,
        pass: &PassContext<'_, F>,
        x: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    ) {
        let mut scratch = std::mem::take(&mut self.scratch);
        let mut inv_std = std::mem::take(&mut self.states[0].inv_std);
        let running = self.running();
        for (inv_std, &var) in inv_std.iter_mut().zip(running.var) {
            *inv_std = 1.0 / (var.to_f64() + self.spec.eps).sqrt();
        }
        let sums = &mut scratch.columns[..2 * x.ncols()];
        pass.sum(x.nrows(), sums, |rows, sums| {
            sums.fill(0.0);
            let (dbeta, dgamma) = sums.split_at_mut(x.ncols());
            let [x, dy] = [x, dy].map(|all| all.slice_move(s![rows.clone(), ..]));
            for (x, dy) in x.rows().into_iter().zip(dy.rows()) {
                for (column, (&x, &dy)) in x.iter().zip(dy).enumerate() {
                    let x_hat = (x.to_f64() - running.mean[column].to_f64()) * inv_std[column];
                    dbeta[column] += dy.to_f64();
                    dgamma[column] += dy.to_f64() * x_hat;
                }
            }
        });
        scratch.sums[0].set(sums);
        if let Some(mut dx) = dx {
            let gamma = self.tensors.gamma();
            for (mut dx, dy) in dx.rows_mut().into_iter().zip(dy.rows()) {
                Zip::indexed(&mut dx).and(dy).for_each(|column, dx, &dy| {
                    *dx = F::from_f64(gamma[column].to_f64() * inv_std[column] * dy.to_f64());
                });
            }
        }
        self.states[0].inv_std = inv_std;
        self.keep_gradients(&scratch);
        self.scratch = scratch;
    }
}
