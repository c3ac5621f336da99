//! Centring: batch normalization without the division by the standard deviation.
//!
//! Training, per feature over the `n` rows of the batch:
//!
//! ```text
//! mean = 1/n sum x               dbeta = sum dy
//! y    = x - mean + beta         dx    = dy - dbeta / n
//! ```
//!
//! Each `x` acts on all `y` of its column, through the mean: that is the second term of `dx`. Evaluation uses
//! the running mean; so does training if that is [frozen](crate::nn::Param::is_frozen), with `dx = dy`.
//!
//! # Shapes
//!
//! `x`, `y`: `(n, width)`; beta, running mean: `(1, width)`.
//!
//! Source: Salimans and Kingma, "Weight normalization", 2016, section 4 (mean-only batch
//! normalization); the translation case of Thorey's post.

use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::kernel;
use crate::kernel::real::Real;
use crate::kernel::{BatchMoments, ThreadPool, batch_moments};
use crate::nn::build::{Build, BuildContext};
use crate::nn::layer::non_finite_gradient;
use crate::nn::running_stats::moved;
use crate::nn::{
    Layer, LayerSpec, NonFinite, NormalizeBy, Param, ParamKind, PassContext, RunningStart, RunningUpdate,
    StatsSource,
};
use crate::settings::settings;

settings! {
    /// Centring: the translation of batch normalization alone.
    pub struct MeanOnlySpec {
        /// Weight of a new batch in the running mean; `"cumulative"` is their plain mean.
        running_update: RunningUpdate = RunningUpdate::Constant(0.1);
        /// Running mean before the first batch: `"first_batch"` takes that of the batch, `"standard"` and `"zero"`
        /// start from 0.
        running_start: RunningStart = RunningStart::FirstBatch;
        /// Whether to train beta; it stays 0 otherwise.
        shift: bool = true;
    }
}

/// Centring, batch normalization's translation alone, with its defaults.
pub fn mean_only() -> LayerSpec {
    MeanOnlySpec::default().into()
}

impl Build for MeanOnlySpec {
    const IS_NORM: bool = true;
    const CANCELS_BIAS: bool = true;
    const NEEDS_BATCH: bool = true;

    fn build<F: Real>(&self, context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        Box::new(MeanOnly::new(context.name, self.clone(), context.inputs))
    }
}

/// See the [module](self).
pub struct MeanOnly<F> {
    spec: MeanOnlySpec,
    /// Beta where it is trained, then the running mean.
    params: Vec<Param<F>>,
    moments: BatchMoments, // of the last batch
    sums: Vec<F>,          // width: of dy
    means: Vec<f64>,       // width: of dy
    zeros: Vec<f64>,       // width
    no_beta: Vec<F>,       // width: 0, where beta is not trained
}

impl<F: Real> MeanOnly<F> {
    /// A layer named `name` over `width` features, with beta 0 and running mean 0.
    pub fn new(name: &str, spec: MeanOnlySpec, width: usize) -> Self {
        let mut params = Vec::with_capacity(2);
        if spec.shift {
            let beta = Array2::zeros((1, width));
            params.push(Param::trained(format!("{name}.beta"), ParamKind::NoDecay, beta));
        }
        params.push(Param::running(format!("{name}.running_mean"), width, F::zero()));
        Self {
            spec,
            params,
            moments: BatchMoments::new(width),
            sums: vec![F::zero(); width],
            means: vec![0.0; width],
            zeros: vec![0.0; width],
            no_beta: vec![F::zero(); width],
        }
    }

    fn running_mean(&self) -> &Param<F> {
        self.params.last().expect("the running mean is always there")
    }

    /// `x - running_mean + beta`.
    fn by_running_mean(&self, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>) {
        y.assign(&x);
        y -= &self.running_mean().value;
        if self.spec.shift {
            y += &self.params[0].value;
        }
    }
}

impl<F: Real> Layer<F> for MeanOnly<F> {
    fn forward(&mut self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>) {
        if self.running_mean().is_frozen() {
            return self.by_running_mean(x, y);
        }
        pass.moments(&x, &mut self.moments);
        let beta = if self.spec.shift { self.params[0].row() } else { &self.no_beta };
        kernel::translate(pass.pool, &x, &self.moments.origin, &self.moments.shift, beta, &mut y);
    }

    fn infer(&self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>) {
        if pass.normalize_by == NormalizeBy::Batch {
            let mut moments = BatchMoments::new(x.ncols());
            batch_moments(pass.pool, &x, &mut moments);
            let beta = if self.spec.shift { self.params[0].row() } else { &self.no_beta };
            return kernel::translate(pass.pool, &x, &moments.origin, &moments.shift, beta, &mut y);
        }
        self.by_running_mean(x, y);
    }

    fn backward(
        &mut self,
        pass: &PassContext<'_, F>,
        x: ArrayView2<'_, F>,
        _y: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    ) {
        pass.sum_rows(&dy, &mut self.sums);
        if self.spec.shift {
            self.params[0].grad.iter_mut().zip(&self.sums).for_each(|(grad, &sum)| *grad = sum);
        }
        if let Some(mut dx) = dx {
            if self.running_mean().is_frozen() {
                return dx.assign(&dy);
            }
            let n = pass.batch_rows(x.nrows()) as f64;
            self.means.iter_mut().zip(&self.sums).for_each(|(mean, &sum)| *mean = sum.to_f64() / n);
            kernel::translate(pass.pool, &dy, &self.means, &self.zeros, &self.no_beta, &mut dx);
        }
    }

    fn update_running_stats(&mut self, source: StatsSource<'_>) {
        let running = self.params.last_mut().expect("the running mean is always there");
        let step = match source {
            StatsSource::LastBatch { .. } if running.is_frozen() => return,
            StatsSource::LastBatch { step } => step,
            StatsSource::DataSet(stats) => return running.set_row(stats.mean().iter().copied()),
        };
        let update = self.spec.running_update.weight(step, self.spec.running_start);
        for (column, mean) in running.value.iter_mut().enumerate() {
            *mean = F::from_f64(moved(mean.to_f64(), self.moments.mean(column), update));
        }
    }

    fn params(&self) -> &[Param<F>] {
        &self.params
    }

    fn params_mut(&mut self) -> &mut [Param<F>] {
        &mut self.params
    }

    fn non_finite(&self, pool: &ThreadPool) -> Option<NonFinite> {
        // Of an origin that is not finite, the shift is NaN.
        if !kernel::all_finite(&self.moments.shift) {
            return Some(NonFinite::Tensor(self.running_mean().name.clone()));
        }
        non_finite_gradient(pool, &self.params)
    }
}
