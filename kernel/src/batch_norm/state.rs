//! What batch norm computes for each column of a batch.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use crate::batch_norm::column_sums::Add;
use crate::batch_norm::infer::RunningStats;
use crate::batch_norm::moments::{BatchMoments, Differences, rounded_mean};
use crate::matrix_view::MatrixView;
use crate::real::Real;
use crate::simd::strips::for_each_strip;

/// The parameters of batch norm.
#[derive(Clone, Copy, Debug)]
pub struct BatchNormParams<'a, F> {
    /// Added to the variance.
    pub eps: f64,
    /// The scale of each column, `width`.
    pub gamma: &'a [F],
    /// The shift of each column, `width`.
    pub beta: &'a [F],
    /// What becomes of `x_hat` before that.
    pub form: BatchNormForm<'a, F>,
}

/// What becomes of `x_hat = (x - mean) * inv_std` before gamma and beta: `r * x_hat + d`.
#[derive(Clone, Copy, Debug)]
pub enum BatchNormForm<'a, F> {
    /// Batch norm: `r` is 1 and `d` 0.
    Standard,
    /// Variance only: `x * inv_std`, which is `r` 1 and `d = mean * inv_std`.
    Uncentered,
    /// The root of the mean square in place of the deviation: `mean` is 0 and `var` the mean square.
    MeanSquare,
    /// Batch renorm: with the standard deviations `sd = sqrt(var + eps)` of the batch and `sd'` of the
    /// running statistics, `r = sd / sd'` and `d = (mean - mean') / sd'`, clipped and constant for the
    /// gradient. Without clipping `r * x_hat + d` is `(x - mean') / sd'`.
    Renormalized {
        /// The running statistics.
        stats: RunningStats<'a, F>,
        /// `r` is between `1 / max_ratio` and this, which is at least 1.
        max_ratio: f64,
        /// `d` is between `-max_offset` and this, which is at least 0.
        max_offset: f64,
    },
}

/// What the forward pass computes for each column, which the backward pass uses again.
#[derive(Clone, Debug, Default)]
pub struct BatchNormState<F> {
    /// Mean and variance of the batch.
    pub moments: BatchMoments,
    /// `1 / sqrt(var + eps)`, `width`.
    pub inv_std: Vec<f64>,
    /// The mean, rounded to an `F`, `width`.
    pub(crate) mean: Vec<F>,
    /// The mean minus the rounded mean, `width`.
    pub(crate) mean_residual: Vec<f64>,
    /// `r` of the [form](BatchNormForm), `width`.
    pub(crate) ratio: Vec<f64>,
    /// `d` of the form, `width`.
    pub(crate) offset: Vec<f64>,
    /// Whether the gradient is centered, because a mean is subtracted and `d` is constant for it.
    pub(crate) is_centered: bool,
    /// `gamma * r * inv_std`, `width`.
    pub(crate) scale: Vec<F>,
    /// `beta + gamma * d - mean_residual * scale`, `width`.
    pub(crate) shift: Vec<F>,
}

impl<F: Real> BatchNormState<F> {
    /// The state of a layer with `width` columns, before its first batch.
    pub fn new(width: usize) -> Self {
        let [inv_std, mean_residual, ratio, offset] = std::array::from_fn(|_| vec![0.0; width]);
        let [mean, scale, shift] = std::array::from_fn(|_| vec![F::zero(); width]);
        let moments = BatchMoments::new(width);
        Self { moments, inv_std, mean, mean_residual, ratio, offset, is_centered: true, scale, shift }
    }

    /// Computes everything else from the moments.
    #[inline(always)]
    pub(crate) fn update(&mut self, BatchNormParams { eps, gamma, beta, form }: BatchNormParams<'_, F>) {
        let Self { moments, inv_std, mean, mean_residual, ratio, offset, is_centered, scale, shift } = self;
        inv_std.iter_mut().zip(&moments.var).for_each(|(inv_std, var)| *inv_std = 1.0 / (var + eps).sqrt());
        let means = moments.origin.iter().zip(&moments.shift);
        for ((mean, residual), (origin, shift)) in mean.iter_mut().zip(&mut *mean_residual).zip(means) {
            (*mean, *residual) = rounded_mean(*origin, *shift);
        }
        *is_centered = matches!(form, BatchNormForm::Standard | BatchNormForm::Renormalized { .. });
        ratio.fill(1.0);
        offset.fill(0.0);
        let means = || moments.origin.iter().zip(&moments.shift);
        match form {
            BatchNormForm::Standard => {}
            BatchNormForm::Uncentered => {
                for ((offset, inv_std), (origin, shift)) in offset.iter_mut().zip(&*inv_std).zip(means()) {
                    *offset = (origin + shift) * inv_std;
                }
            }
            BatchNormForm::MeanSquare => {
                mean.fill(F::zero());
                mean_residual.fill(0.0);
                for ((inv_std, var), (origin, shift)) in inv_std.iter_mut().zip(&moments.var).zip(means()) {
                    *inv_std = 1.0 / (var + (origin + shift) * (origin + shift) + eps).sqrt();
                }
            }
            BatchNormForm::Renormalized { stats, max_ratio, max_offset } => {
                let running = stats.mean.iter().zip(stats.var).zip(means());
                let corrections = ratio.iter_mut().zip(&mut *offset).zip(&*inv_std);
                for (((ratio, offset), inv_std), ((&mean, &var), (origin, shift))) in corrections.zip(running)
                {
                    let inv_running = 1.0 / (var.to_f64() + eps).sqrt();
                    let distance = (origin - mean.to_f64()) + shift;
                    *ratio = (inv_running / inv_std).clamp(1.0 / max_ratio, max_ratio);
                    *offset = (distance * inv_running).clamp(-max_offset, max_offset);
                }
            }
        }
        let columns = gamma.iter().zip(beta).zip(inv_std.iter().zip(&*mean_residual));
        let columns = columns.zip(ratio.iter().zip(&*offset));
        for ((scale, shift), (((&gamma, &beta), (inv_std, residual)), (ratio, offset))) in
            scale.iter_mut().zip(shift).zip(columns)
        {
            let exact = gamma.to_f64() * ratio * inv_std;
            *scale = F::from_f64(exact);
            *shift = F::from_f64(beta.to_f64() + gamma.to_f64() * offset - residual * exact);
        }
    }

    /// Computes everything from the first `rows` rows of `x`, by the thread that calls.
    #[inline(always)]
    pub(crate) fn update_to(&mut self, x: MatrixView<'_, F>, rows: usize, params: BatchNormParams<'_, F>) {
        let width = params.gamma.len();
        let BatchMoments { shift, var, .. } = &mut self.moments;
        let sums = [&mut shift[..], &mut var[..]];
        for_each_strip(width, &mut Add { summed: Differences(x), rows: 0..rows, before: 0, sums });
        self.moments.update(x.row(0, width), rows as f64);
        self.update(params);
    }
}
