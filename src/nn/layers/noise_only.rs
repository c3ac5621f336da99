//! The noise of batch statistics alone.
//!
//! In training, batch norm uses the mean and deviation of a random batch where it means those of all rows, so its
//! outputs are noisy. This layer has that noise and nothing else: it gives the values of each unit the mean and
//! deviation that a random batch of `n` Gaussian values would have, if all rows had the mean and deviation of
//! the batch.
//!
//! Training, per feature over the rows of the batch:
//!
//! ```text
//! mean = 1/rows sum x         z   ~ N(0, 1)               u = z / sqrt(n)
//! std  = sqrt(1/rows sum (x - mean)^2)    chi ~ chi^2(n - 1)    v = sqrt(chi / (n - 1))
//!
//! y  = mean + u std + v (x - mean)
//! dx = v dy + ((1 - v) + u x_hat) mean(dy)      x_hat = (x - mean) / std, 0 where std is 0
//! ```
//!
//! `u` and `v` are drawn for each unit and step. Over draws, `y` has the mean of `x`, and `v^2` the mean 1: the
//! noise has deviations of about `1 / sqrt(n)` and `1 / sqrt(2 n)`, those of a batch mean and a batch deviation, in
//! units of `std`. Batch norm divides by what this layer multiplies with, which is the same in first order.
//! Nothing is normalized: `y` is as large as `x`. There is nothing to train.
//!
//! `n` is the number of rows of the batch, or `rows`. Evaluation: `y = x`.
//!
//! The draws come from the stream (seed, "noise_only", ordinal of the layer, step).
//!
//! # Shapes
//!
//! `x`, `y`, `dx`, `dy`: `(rows, width)`; moments and draws: `width`.
//!
//! Source: the distributions of mean and variance of Gaussian samples (Cochran's theorem). The noise as a
//! part of batch norm by itself: after Santurkar et al. 2018, section 2.2, who add noise *after* batch norm.

use ndarray::{ArrayView2, ArrayViewMut2, Axis};
use ndarray_rand::rand_distr::{ChiSquared, Distribution, StandardNormal};

use crate::kernel::real::Real;
use crate::kernel::{BatchMoments, par_rows, with_simd};
use crate::nn::build::{Build, BuildContext};
use crate::nn::{Layer, LayerSpec, PassContext};
use crate::random::stream;
use crate::settings::settings;

settings! {
    /// The noise of batch statistics alone: nothing is normalized.
    pub struct NoiseOnlySpec {
        /// How many rows the statistics are of, whose noise is added.
        rows: Option<usize>, absent("those of the batch"), range(2..);
    }
}

/// The noise of batch statistics alone, with its defaults; see [`NoiseOnlySpec`] for others.
pub fn noise_only() -> LayerSpec {
    NoiseOnlySpec::default().into()
}

impl Build for NoiseOnlySpec {
    const IS_NORM: bool = true;
    const NEEDS_BATCH: bool = true;

    fn build<F: Real>(&self, context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        let &BuildContext { seed, ordinal, inputs, .. } = context;
        Box::new(NoiseOnly::<F>::new(self, seed, ordinal, inputs))
    }
}

const ROW_MAJOR: &str = "passes are in row-major layout";

/// See the [module](self).
pub struct NoiseOnly<F> {
    spec: NoiseOnlySpec,
    seed: u64,
    ordinal: u64,
    moments: BatchMoments, // of the last batch
    noise: Vec<[f64; 2]>,  // width: `u` and `v` of the last batch
    sums: Vec<F>,          // width: of dy
    /// What an entry is multiplied by, and what is added.
    factors: Vec<F>, // width
    terms: Vec<F>,         // width
    /// In the backward pass, what is added per unit of `x` above the rounded mean.
    slopes: Vec<F>, // width
    means: Vec<F>,         // width: rounded
}

impl<F: Real> NoiseOnly<F> {
    /// The `ordinal`-th layer of its kind (from 1) of a network with `seed`, over `width` features.
    pub fn new(spec: &NoiseOnlySpec, seed: u64, ordinal: usize, width: usize) -> Self {
        let zeros = || vec![F::zero(); width];
        Self {
            spec: spec.clone(),
            seed,
            ordinal: ordinal as u64,
            moments: BatchMoments::new(width),
            noise: vec![[0.0, 1.0]; width],
            sums: zeros(),
            factors: zeros(),
            terms: zeros(),
            slopes: zeros(),
            means: zeros(),
        }
    }

    /// Draws `u` and `v` of each unit for a training step on `rows` rows.
    fn draw(&mut self, step: u64, rows: usize) {
        // A single row has no deviation that could be noisy.
        let rows = self.spec.rows.unwrap_or(rows).max(2) as f64;
        let mut random = stream(self.seed, "noise_only", &[self.ordinal, step]);
        let chi_squared = ChiSquared::new(rows - 1.0).expect("the degrees of freedom are positive");
        for [u, v] in &mut self.noise {
            let z: f64 = StandardNormal.sample(&mut random);
            *u = z / rows.sqrt();
            *v = (chi_squared.sample(&mut random) / (rows - 1.0)).sqrt();
        }
    }
}

impl<F: Real> Layer<F> for NoiseOnly<F> {
    fn forward(&mut self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, y: ArrayViewMut2<'_, F>) {
        pass.moments(&x, &mut self.moments);
        self.draw(pass.step, pass.batch_rows(x.nrows()));
        let Self { moments, noise, factors, terms, .. } = self;
        for (column, &[u, v]) in noise.iter().enumerate() {
            factors[column] = F::from_f64(v);
            // With the rounded factor, so that an offset is not scaled by what rounding took from it.
            let rest = 1.0 - factors[column].to_f64();
            terms[column] = F::from_f64(rest * moments.mean(column) + u * moments.var[column].sqrt());
        }
        let (factors, terms) = (&factors[..], &terms[..]);
        par_rows(pass.pool, y, |rows, mut y| {
            with_simd(
                #[inline(always)]
                || {
                    for (mut y, row) in y.rows_mut().into_iter().zip(rows) {
                        let x = x.index_axis_move(Axis(0), row).to_slice().expect(ROW_MAJOR);
                        let y = y.as_slice_mut().expect(ROW_MAJOR);
                        for (((y, &x), &factor), &term) in y.iter_mut().zip(x).zip(factors).zip(terms) {
                            *y = factor * x + term;
                        }
                    }
                },
            );
        });
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
        let Some(dx) = dx else { return };
        pass.sum_rows(&dy, &mut self.sums);
        let Self { moments, noise, sums, factors, terms, slopes, means, .. } = self;
        let n = pass.batch_rows(x.nrows()) as f64;
        for (column, &[u, v]) in noise.iter().enumerate() {
            let (mean, std) = (moments.mean(column), moments.var[column].sqrt());
            let mean_dy = sums[column].to_f64() / n;
            let slope = if std > 0.0 { u * mean_dy / std } else { 0.0 };
            (factors[column], means[column], slopes[column]) =
                (F::from_f64(v), F::from_f64(mean), F::from_f64(slope));
            terms[column] = F::from_f64((1.0 - v) * mean_dy + slope * (means[column].to_f64() - mean));
        }
        let (factors, terms, slopes, means) = (&factors[..], &terms[..], &slopes[..], &means[..]);
        par_rows(pass.pool, dx, |rows, mut dx| {
            with_simd(
                #[inline(always)]
                || {
                    for (mut dx, row) in dx.rows_mut().into_iter().zip(rows) {
                        let [x, dy] =
                            [x, dy].map(|all| all.index_axis_move(Axis(0), row).to_slice().expect(ROW_MAJOR));
                        let dx = dx.as_slice_mut().expect(ROW_MAJOR);
                        let columns = factors.iter().zip(terms).zip(slopes.iter().zip(means));
                        let entries = dx.iter_mut().zip(dy).zip(x);
                        for (((dx, &dy), &x), ((factor, term), (slope, mean))) in entries.zip(columns) {
                            *dx = *factor * dy + (x - *mean) * *slope + *term;
                        }
                    }
                },
            );
        });
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::kernel::ThreadPool;
    use crate::targets::TargetsView;

    /// Mean and deviation of `numbers`.
    fn moments(numbers: impl Iterator<Item = f64> + Clone) -> [f64; 2] {
        let n = numbers.clone().count() as f64;
        let mean = numbers.clone().sum::<f64>() / n;
        [mean, (numbers.map(|number| (number - mean).powi(2)).sum::<f64>() / n).sqrt()]
    }

    /// The moments of the outputs of each step, in units of those of the inputs.
    fn noise(spec: &NoiseOnlySpec, rows: usize) -> Vec<[f64; 2]> {
        let width = 50;
        let x = Array2::from_shape_fn((rows, width), |(row, column)| {
            ((row * 37 + column * 11) % 101) as f64 / 10.0 + 3.0 * column as f64
        });
        let (mean, std) = (x.mean_axis(Axis(0)).expect("rows"), x.std_axis(Axis(0), 0.0));
        let mut layer = NoiseOnly::<f64>::new(spec, 1, 1, width);
        let (pool, mut y) = (ThreadPool::single(), Array2::zeros(x.dim()));
        let mut noise = Vec::new();
        for step in 1..=400 {
            let pass = PassContext { step, ..PassContext::new(&pool, TargetsView::none()) };
            layer.forward(&pass, x.view(), y.view_mut());
            for (column, y) in y.columns().into_iter().enumerate() {
                let [y_mean, y_std] = moments(y.iter().copied());
                noise.push([(y_mean - mean[column]) / std[column], y_std / std[column]]);
            }
        }
        noise
    }

    /// Of 20,000 draws: a mean of them is known to 0.7 % of their deviation, a deviation to 0.5 % of it.
    #[test]
    fn outputs_have_the_moments_of_random_batches() {
        for (rows, batch) in [(None, 8), (None, 32), (Some(8), 32)] {
            let noise = noise(&NoiseOnlySpec { rows }, batch);
            let n = rows.unwrap_or(batch) as f64;
            let [mean_of_means, std_of_means] = moments(noise.iter().map(|[mean, _]| *mean));
            assert!(mean_of_means.abs() < 0.03 / n.sqrt(), "{rows:?} of {batch}: {mean_of_means}");
            assert!((std_of_means * n.sqrt() - 1.0).abs() < 0.02, "{rows:?} of {batch}: {std_of_means}");
            let [mean_square, _] = moments(noise.iter().map(|[_, std]| std * std));
            assert!((mean_square - 1.0).abs() < 0.02, "{rows:?} of {batch}: {mean_square}");
            // That of a deviation with n - 1 degrees of freedom: 1 - c4^2, of a series in 1 / n.
            let exact = (1.0 / (2.0 * (n - 1.0)) - 1.0 / (8.0 * (n - 1.0).powi(2))).sqrt();
            let [_, std_of_stds] = moments(noise.iter().map(|[_, std]| *std));
            assert!((std_of_stds / exact - 1.0).abs() < 0.03, "{rows:?} of {batch}: {std_of_stds} {exact}");
        }
    }

    #[test]
    fn evaluation_is_the_identity_and_so_is_training_on_a_constant_column() {
        let x = Array2::from_shape_fn((6, 2), |(row, column)| if column == 0 { 4.0 } else { row as f64 });
        let mut layer = NoiseOnly::<f64>::new(&NoiseOnlySpec::default(), 1, 1, 2);
        let (pool, mut y) = (ThreadPool::single(), Array2::zeros((6, 2)));
        let pass = PassContext::new(&pool, TargetsView::none());
        layer.forward(&pass, x.view(), y.view_mut());
        let column = y.column(0).to_owned();
        assert!(column.iter().all(|y| (y - 4.0).abs() < 1e-14), "{column}");
        assert!((&y.column(1) - &x.column(1)).iter().any(|change| change.abs() > 0.01));
        layer.infer(&pass, x.view(), y.view_mut());
        assert_eq!(x, y);
    }
}
