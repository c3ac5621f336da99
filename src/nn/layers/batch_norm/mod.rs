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
//! Running statistics start as mean 0 and variance 1 (0 with `running_start = "zero"`). Each
//! [`Layer::update_running_stats`] moves them towards those of the last batch:
//! `running = (1 - w) running + w batch`, with `w = running_update` for `running_start = "standard"` and `"zero"`,
//! and `w = u / (1 - (1 - u)^t)` at the `t`-th batch for `"first_batch"`, see [`RunningUpdate::weight`].
//!
//! A layer whose running statistics are [frozen](crate::nn::Param::is_frozen) normalizes by them in training, too.
//!
//! The forms of batch norm that other layers are, such as ghost batch norm, change a part of
//! this; the struct is the same.
//!
//! Source: Ioffe and Szegedy, "Batch normalization: accelerating deep network training by
//! reducing internal covariate shift", 2015, algorithms 1 and 2; the derivation follows Clement
//! Thorey, "What does the gradient flowing through batch normalization look like?", 2016.

pub(crate) mod backward;
pub(crate) mod form;
pub(crate) mod frozen;
pub mod ghost;
pub mod renorm;
pub mod variance_only;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::kernel;
use crate::kernel::real::Real;
use crate::kernel::{
    BatchMoments, BatchNormParams, BatchNormState, RunningStats, ThreadPool, even_part, with_simd,
};
use crate::nn::build::{Build, BuildContext};
use crate::nn::layer::non_finite_gradient;
use crate::nn::layers::batch_norm::backward::Scratch;
use crate::nn::layers::batch_norm::form::BatchForm;
use crate::nn::layers::batch_norm::ghost::GhostBatches;
use crate::nn::layers::gamma_beta::GammaBeta;
use crate::nn::network::passes::Fused;
use crate::nn::running_stats::moved;
use crate::nn::{
    Layer, LayerSpec, NonFinite, NormalizeBy, Param, PassContext, RunningStart, RunningUpdate,
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
        /// `"standard"` starts from mean 0 and variance 1, as PyTorch does, `"zero"` from 0 and 0, as the CS231n
        /// assignment does.
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
    const FUSES_RELU_AFTER: bool = true;
    const CANCELS_BIAS: bool = true;
    const NEEDS_BATCH: bool = true;

    fn build<F: Real>(&self, context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        BatchNorm::build(self.clone(), BatchForm::Standard, context, self.fused(context))
    }
}

/// See the [module](self).
pub struct BatchNorm<F> {
    spec: BatchNormSpec,
    form: BatchForm,
    fused: Fused,
    tensors: GammaBeta<F>,
    /// Of each ghost batch of the last pass, which is a single one in the other forms; room for more.
    states: Vec<BatchNormState<F>>,
    zeros: Vec<F>,     // width: the mean in evaluation, where none is subtracted
    rows: usize,       // of the last pass
    batch_rows: usize, // of the batch that they are of
    ghosts: GhostBatches,
    scratch: Scratch<F>,
}

impl<F: Real> BatchNorm<F> {
    /// A layer named `name` over `width` features, with gamma 1, beta 0, running mean 0 and
    /// running variance 1.
    pub fn new(name: &str, spec: BatchNormSpec, width: usize) -> Self {
        Self::with_form(name, spec, BatchForm::Standard, width)
    }

    /// The layer of a network.
    pub(crate) fn build(
        spec: BatchNormSpec,
        form: BatchForm,
        context: &BuildContext<'_>,
        fused: Fused,
    ) -> Box<dyn Layer<F>> {
        Box::new(Self { fused, ..Self::with_form(context.name, spec, form, context.inputs) })
    }

    /// The same in another form.
    pub(crate) fn with_form(name: &str, spec: BatchNormSpec, form: BatchForm, width: usize) -> Self {
        let mut tensors = GammaBeta::new(name, width, spec.scale, spec.shift);
        if form.has_mean() {
            tensors.add_running(name, "running_mean", F::zero());
        }
        let var = if spec.running_start == RunningStart::Zero { F::zero() } else { F::one() };
        tensors.add_running(name, "running_var", var);
        Self {
            spec,
            form,
            fused: Fused::default(),
            tensors,
            states: vec![BatchNormState::new(width)],
            zeros: vec![F::zero(); width],
            rows: 0,
            batch_rows: 0,
            ghosts: GhostBatches::default(),
            scratch: Scratch::default(),
        }
    }

    fn width(&self) -> usize {
        self.zeros.len()
    }

    /// The running statistics, as evaluation uses them.
    fn running(&self) -> RunningStats<'_, F> {
        match self.tensors.running() {
            [mean, var] => RunningStats { mean: mean.row(), var: var.row() },
            running => RunningStats { mean: &self.zeros, var: running[0].row() },
        }
    }

    fn kernel_params(&self, pass: &PassContext<'_, F>) -> BatchNormParams<'_, F> {
        let has_stats = pass.step > 1 || self.spec.running_start != RunningStart::FirstBatch;
        let form = self.form.in_kernel(has_stats.then(|| self.running()), pass.progress);
        BatchNormParams { eps: self.spec.eps, gamma: self.tensors.gamma(), beta: self.tensors.beta(), form }
    }

    /// The states of the last pass.
    fn states(&self) -> &[BatchNormState<F>] {
        &self.states[..self.ghosts.here()]
    }

    /// Moves the running statistics towards those of the last batch; of several ghost batches one after the
    /// other, as Hoffer et al. do.
    fn follow_last_batch(&mut self, step: u64) {
        if self.ghosts.are_in_blocks() {
            return self.follow_all_ghosts(step);
        }
        let states = std::mem::take(&mut self.states);
        let ghosts = self.ghosts.here();
        for (ghost, BatchNormState { moments, .. }) in states[..ghosts].iter().enumerate() {
            let part = (step - 1) * ghosts as u64 + ghost as u64 + 1;
            let n = even_part(self.batch_rows, ghosts, ghost).len();
            self.follow(part, n, |column| moments.mean(column), &moments.var);
        }
        self.states = states;
    }

    /// Moves the running statistics towards those of `n` rows, the `part`-th, from 1.
    fn follow(&mut self, part: u64, n: usize, mean_of: impl Fn(usize) -> f64, var_of: &[f64]) {
        let n = n as f64;
        let update = self.spec.running_update.weight(part, self.spec.running_start);
        // A single row has no unbiased variance; its biased one, 0, is at least finite.
        let correction = match self.spec.running_variance {
            RunningVariance::Unbiased if n > 1.0 => n / (n - 1.0),
            RunningVariance::Unbiased | RunningVariance::Biased => 1.0,
        };
        let [means @ .., vars] = self.tensors.running_mut() else { return };
        with_simd(
            #[inline(always)]
            || {
                for means in means {
                    for (column, mean) in means.row_mut().iter_mut().enumerate() {
                        *mean = F::from_f64(moved(mean.to_f64(), mean_of(column), update));
                    }
                }
                for (var, batch) in vars.row_mut().iter_mut().zip(var_of) {
                    *var = F::from_f64(moved(var.to_f64(), batch * correction, update));
                }
            },
        );
    }
}

impl<F: Real> Layer<F> for BatchNorm<F> {
    fn allocate(&mut self, max_rows: usize) {
        let ghosts = self.form.ghosts(max_rows);
        self.states.resize_with(ghosts, || BatchNormState::new(self.zeros.len()));
        self.scratch = Scratch::new(self.spec.backward, max_rows, ghosts, self.width());
    }

    fn forward(&mut self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>) {
        self.rows = x.nrows();
        self.batch_rows = pass.batch_rows(self.rows);
        self.ghosts.clear(self.form.ghosts(self.rows));
        if self.tensors.has_frozen_stats() {
            return self.forward_frozen(pass, x, y);
        }
        if let BatchForm::Ghost { .. } = self.form {
            return self.forward_ghosts(pass, x, y);
        }
        let mut states = std::mem::take(&mut self.states);
        let (params, relu) = (self.kernel_params(pass), self.fused.relu_after);
        pass.moments(&x, &mut states[0].moments);
        kernel::batch_normalize(pass.pool, &x, params, relu, &mut states[0], &mut y);
        self.states = states;
    }

    fn infer(&self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>) {
        let params = self.kernel_params(pass);
        if pass.normalize_by == NormalizeBy::Batch {
            let mut states = vec![BatchNormState::new(self.width()); self.form.ghosts(x.nrows())];
            return kernel::batch_norm_forward(pass.pool, &x, params, false, &mut states, &mut y);
        }
        kernel::batch_norm_infer(pass.pool, &x, self.running(), params, &mut y);
    }

    fn backward(
        &mut self,
        pass: &PassContext<'_, F>,
        x: ArrayView2<'_, F>,
        _y: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    ) {
        if self.tensors.has_frozen_stats() {
            return self.backward_frozen(pass, x, dy, dx);
        }
        match self.spec.backward {
            Backward::Fused => self.backward_fused(pass, x, dy, dx),
            Backward::ClosedForm => self.backward_closed_form(pass, x, dy, dx),
            Backward::Graph => self.backward_graph(pass, x, dy, dx),
        }
    }

    fn update_running_stats(&mut self, source: StatsSource<'_>) {
        match source {
            StatsSource::LastBatch { .. } if self.tensors.has_frozen_stats() => {}
            StatsSource::LastBatch { step } => self.follow_last_batch(step),
            StatsSource::DataSet(stats) => {
                let unbiased = self.spec.running_variance == RunningVariance::Unbiased;
                let [means @ .., vars] = self.tensors.running_mut() else { return };
                means.iter_mut().for_each(|means| means.set_row(stats.mean().iter().copied()));
                vars.set_row(stats.variance(unbiased));
            }
        }
    }

    fn params(&self) -> &[Param<F>] {
        self.tensors.params()
    }

    fn params_mut(&mut self) -> &mut [Param<F>] {
        self.tensors.params_mut()
    }

    fn non_finite(&self, pool: &ThreadPool) -> Option<NonFinite> {
        // Without a running mean, a bad mean is one of the variance, too.
        let running = self.tensors.running();
        let name = |tensor: usize| running.get(tensor).map(|param| NonFinite::Tensor(param.name.clone()));
        if self.ghosts.are_in_blocks() {
            let bad = (!self.ghosts.are_finite::<F>()).then(|| name(running.len() - 1)).flatten();
            return bad.or_else(|| non_finite_gradient(pool, self.tensors.params()));
        }
        for BatchNormState { moments: BatchMoments { shift, var, .. }, .. } in self.states() {
            // Of an origin that is not finite, the shift is NaN.
            if !kernel::all_finite(shift) {
                return name(0);
            }
            // A running variance is of type F, which may not hold it.
            if !var.iter().all(|&var| F::from_f64(var).is_finite()) {
                return name(running.len() - 1);
            }
        }
        non_finite_gradient(pool, self.tensors.params())
    }
}
