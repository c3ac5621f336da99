//! Batch normalization.
//!
//! Training, per feature over the `n` rows of the batch:
//!
//! ```text
//! mean    = 1/n sum x                      x_hat = (x - mean) * inv_std
//! var     = 1/n sum (x - mean)^2           y     = gamma * x_hat + beta
//! inv_std = 1 / sqrt(var + eps)
//! ```
//!
//! Evaluation uses the running mean and variance in place of those of the batch, so that the output of a
//! row does not depend on the other rows.
//!
//! # Backward
//!
//! `dx` and `dy` are the gradients of the loss with respect to `x` and `y`. Each `x` acts on every `y` of its
//! column, through mean and variance, so the chain rule sums over all rows of the batch. The result:
//!
//! ```text
//! dbeta  = sum dy
//! dgamma = sum dy * x_hat
//! dx     = gamma * inv_std * (dy - dbeta / n - x_hat * dgamma / n)
//! ```
//!
//! There are three implementations, which agree to rounding:
//!
//! - [`Backward::ClosedForm`] (`backward_closed_form`): the equation that the chain rule gives on
//!   paper, in terms of `x - mean`;
//! - [`Backward::Graph`] (`backward_graph`): node by node back through the computation graph;
//! - [`Backward::Fused`] (`backward_fused`), the default: the closed form with its two sums
//!   recognised as `dbeta` and `dgamma`, as above.
//!
//! Without the variance the same derivation gives `dx = dy - dbeta / n`, see
//! [`MeanOnly`](crate::nn::MeanOnly). [`Mistake`](crate::gradcheck::Mistake) lists plausible wrong formulas.
//!
//! # Shapes
//!
//! `x`, `y`, `x_hat`: `(n, width)` with `n >= 2`; gamma, beta, statistics: `(1, width)`.
//!
//! # Training and evaluation
//!
//! Running statistics start as mean 0 and variance 1. Each [`Layer::update_running_stats`] moves them
//! towards those of the last batch: `running = (1 - w) running + w batch`, with `w = running_update` for
//! `running_start = "standard"` and `w = u / (1 - (1 - u)^t)` at the `t`-th batch for
//! `"first_batch"`, see [`RunningUpdate::weight`].
//!
//! Source: Ioffe and Szegedy, "Batch normalization: accelerating deep network training by
//! reducing internal covariate shift", 2015, algorithms 1 and 2; the derivation follows Clement
//! Thorey, "What does the gradient flowing through batch normalization look like?", 2016.

pub(crate) mod backward;

use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::kernel;
use crate::kernel::real::Real;
use crate::kernel::{BatchMoments, BatchNormParams, BatchNormState, RunningStats, ThreadPool};
use crate::nn::build::{Build, BuildContext};
use crate::nn::layer::non_finite_gradient;
use crate::nn::layers::batch_norm::backward::Scratch;
use crate::nn::network::passes::Fused;
use crate::nn::running_stats::moved;
use crate::nn::{
    Layer, LayerSpec, NonFinite, NormalizeBy, Param, ParamKind, PassContext, RunningStart, RunningUpdate,
    RunningVariance, StatsSource,
};
use crate::settings::settings;

settings! {
    /// Batch normalization.
    pub struct BatchNormSpec {
        /// Added to the variance inside the square root.
        eps: f64 = 1e-5, range(> 0.0);
        /// Weight of a new batch in the running statistics; `"cumulative"` is their plain mean.
        running_update: RunningUpdate = RunningUpdate::Constant(0.1);
        /// Running statistics before the first batch: `"first_batch"` takes those of that batch,
        /// `"standard"` starts from mean 0 and variance 1, as PyTorch does.
        running_start: RunningStart = RunningStart::FirstBatch;
        /// Whether the running variance divides by n - 1 (`"unbiased"`) or n (`"biased"`).
        running_variance: RunningVariance = RunningVariance::Unbiased;
        /// Whether to train gamma; it stays 1 otherwise.
        scale: bool = true;
        /// Whether to train beta; it stays 0 otherwise.
        shift: bool = true;
        /// Which form of the gradient to compute; they agree to rounding.
        backward: Backward = Backward::Fused;
    }
}

/// Batch normalization with its defaults; see [`BatchNormSpec`] for others.
pub fn batch_norm() -> LayerSpec {
    BatchNormSpec::default().into()
}

settings! {
    /// Three forms of the same gradient; they agree to rounding.
    pub enum Backward {
        /// The closed form with its sums recognised as `dbeta` and `dgamma`: two passes over the batch.
        Fused = "fused";
        /// The closed form derived on paper, in terms of `x - mean`.
        ClosedForm = "closed_form";
        /// Node by node back through the computation graph.
        Graph = "graph";
    }
}

impl Build for BatchNormSpec {
    const IS_NORM: bool = true;

    fn build<F: Real>(&self, context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        let norm = BatchNorm::new(context.name, self.clone(), context.inputs);
        Box::new(BatchNorm { fused: self.fused(context), ..norm })
    }

    fn fused(&self, context: &BuildContext<'_>) -> Fused {
        Fused { relu_before: false, ..context.fusible }
    }
}

/// See the [module](self).
pub struct BatchNorm<F> {
    spec: BatchNormSpec,
    fused: Fused,
    /// Gamma and beta where they are trained, then the running mean and variance.
    params: Vec<Param<F>>,
    ones: Vec<F>,             // width: gamma where it is not trained
    zeros: Vec<F>,            // width: beta where it is not trained
    state: BatchNormState<F>, // of the last batch
    rows: usize,              // of the last batch
    scratch: Scratch<F>,
}

impl<F: Real> BatchNorm<F> {
    /// A layer named `name` over `width` features, with gamma 1, beta 0, running mean 0 and
    /// running variance 1.
    pub fn new(name: &str, spec: BatchNormSpec, width: usize) -> Self {
        let row = |value| Array2::from_elem((1, width), value);
        let mut params = Vec::with_capacity(4);
        if spec.scale {
            params.push(Param::trained(format!("{name}.gamma"), ParamKind::NoDecay, row(F::one())));
        }
        if spec.shift {
            params.push(Param::trained(format!("{name}.beta"), ParamKind::NoDecay, row(F::zero())));
        }
        params.push(Param::running(format!("{name}.running_mean"), width, F::zero()));
        params.push(Param::running(format!("{name}.running_var"), width, F::one()));
        Self {
            spec,
            fused: Fused::default(),
            params,
            ones: vec![F::one(); width],
            zeros: vec![F::zero(); width],
            state: BatchNormState::new(width),
            rows: 0,
            scratch: Scratch::default(),
        }
    }

    fn width(&self) -> usize {
        self.ones.len()
    }

    fn kernel_params(&self) -> BatchNormParams<'_, F> {
        BatchNormParams { eps: self.spec.eps, gamma: self.gamma(), beta: self.beta() }
    }

    fn gamma(&self) -> &[F] {
        if self.spec.scale { self.params[0].row() } else { &self.ones }
    }

    fn beta(&self) -> &[F] {
        if self.spec.shift { self.params[usize::from(self.spec.scale)].row() } else { &self.zeros }
    }

    /// The index of the running mean; the running variance follows it.
    fn running(&self) -> usize {
        self.params.len() - 2
    }

    /// Moves the running statistics towards those of the last batch.
    fn follow_last_batch(&mut self, step: u64) {
        let update = self.spec.running_update.weight(step, self.spec.running_start);
        let n = self.rows as f64;
        // A single row has no unbiased variance; its biased one, 0, is at least finite.
        let correction = match self.spec.running_variance {
            RunningVariance::Unbiased if self.rows > 1 => n / (n - 1.0),
            RunningVariance::Unbiased | RunningVariance::Biased => 1.0,
        };
        let first = self.running();
        let follow =
            |running: &mut F, batch: f64| *running = F::from_f64(moved(running.to_f64(), batch, update));
        for (column, mean) in self.params[first].value.iter_mut().enumerate() {
            follow(mean, self.state.moments.mean(column));
        }
        for (var, batch) in self.params[first + 1].value.iter_mut().zip(&self.state.moments.var) {
            follow(var, batch * correction);
        }
    }
}

impl<F: Real> Layer<F> for BatchNorm<F> {
    fn allocate(&mut self, max_rows: usize) {
        self.scratch = Scratch::new(self.spec.backward, max_rows, self.width());
    }

    fn forward(&mut self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>) {
        self.rows = x.nrows();
        let mut state = std::mem::take(&mut self.state);
        let params = self.kernel_params();
        kernel::batch_norm_forward(pass.pool, &x, params, self.fused.relu_after, &mut state, &mut y);
        self.state = state;
    }

    fn infer(&self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>) {
        let params = self.kernel_params();
        if pass.normalize_by == NormalizeBy::Batch {
            let mut state = BatchNormState::new(self.width());
            return kernel::batch_norm_forward(pass.pool, &x, params, false, &mut state, &mut y);
        }
        let [mean, var] = [0, 1].map(|i| self.params[self.running() + i].row());
        kernel::batch_norm_infer(pass.pool, &x, RunningStats { mean, var }, params, &mut y);
    }

    fn backward(
        &mut self,
        pass: &PassContext<'_, F>,
        x: ArrayView2<'_, F>,
        _y: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    ) {
        match self.spec.backward {
            Backward::Fused => self.backward_fused(pass, x, dy, dx),
            Backward::ClosedForm => self.backward_closed_form(x, dy, dx),
            Backward::Graph => self.backward_graph(x, dy, dx),
        }
    }

    fn update_running_stats(&mut self, source: StatsSource<'_>) {
        match source {
            StatsSource::LastBatch { step } => self.follow_last_batch(step),
            StatsSource::DataSet(stats) => {
                let unbiased = self.spec.running_variance == RunningVariance::Unbiased;
                let first = self.running();
                self.params[first].set_row(stats.mean().iter().copied());
                self.params[first + 1].set_row(stats.variance(unbiased));
            }
        }
    }

    fn params(&self) -> &[Param<F>] {
        &self.params
    }

    fn params_mut(&mut self) -> &mut [Param<F>] {
        &mut self.params
    }

    fn non_finite(&self, pool: &ThreadPool) -> Option<NonFinite> {
        let name =
            |running: usize| Some(NonFinite::Tensor(self.params[self.running() + running].name.clone()));
        let BatchMoments { origin, shift, var, .. } = &self.state.moments;
        if !kernel::all_finite(shift) || !kernel::all_finite(origin) {
            return name(0);
        }
        // A running variance is of type F, which may not hold it.
        if !var.iter().all(|&var| F::from_f64(var).is_finite()) {
            return name(1);
        }
        non_finite_gradient(pool, &self.params)
    }
}
