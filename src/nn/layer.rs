//! The trait that every layer implements.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::kernel::real::Real;
use crate::kernel::{ThreadPool, par_all_finite};
use crate::nn::{BatchBlocks, DatasetStats, NonFinite, Param};
use crate::targets::TargetsView;

/// What a pass needs besides its input.
#[derive(Clone, Copy)]
pub struct PassContext<'a, F> {
    /// The threads that share the work; results do not depend on them.
    pub pool: &'a ThreadPool,
    /// The training step, from 1; keys the random masks of dropout.
    pub step: u64,
    /// The target of each row, for the loss layer.
    pub targets: TargetsView<'a, F>,
    /// The weight of each row in the mean loss, `n` numbers; `None` if all are 1.
    pub weights: Option<&'a [F]>,
    /// The share of the training that was done before this step, from 0 to 1.
    pub progress: f64,
    /// What normalization uses in [`infer`](Layer::infer).
    pub normalize_by: NormalizeBy,
    /// The blocks into which the rows of a training batch are cut; none if it is not cut. The methods of this type take
    /// sums over the rows of the whole batch.
    pub blocks: Option<&'a BatchBlocks<F>>,
}

/// The mean and variance that batch norm normalizes by in evaluation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NormalizeBy {
    /// The running statistics: the output of a row does not depend on the other rows.
    #[default]
    RunningStats,
    /// Those of the evaluated rows themselves, as in training.
    Batch,
}

/// Where new running statistics come from.
#[derive(Clone, Copy, Debug)]
pub enum StatsSource<'a> {
    /// The last training batch: the statistics move towards its own.
    LastBatch {
        /// Which training batch it was, from 1.
        step: u64,
    },
    /// A whole data set: its statistics replace them.
    DataSet(&'a DatasetStats),
}

impl<'a, F> PassContext<'a, F> {
    /// The first step, without weights.
    pub fn new(pool: &'a ThreadPool, targets: TargetsView<'a, F>) -> Self {
        let normalize_by = NormalizeBy::RunningStats;
        Self { pool, step: 1, targets, weights: None, progress: 0.0, normalize_by, blocks: None }
    }
}

/// One layer of a network: `n` rows of `inputs` features to `n` rows of `outputs` features.
///
/// The network owns all activations: `x` and `y` come back to [`backward`](Self::backward), so a layer
/// stores only what cannot be computed from them. Sizes are decided once, in
/// [`allocate`](Self::allocate); no pass allocates.
///
/// # Shapes
///
/// `x`, `dx`: `(n, inputs)`; `y`, `dy`: `(n, outputs)`, with `n` at most the allocated rows. All are in
/// row-major (standard) layout.
///
/// # Batches in blocks
///
/// With [blocks](PassContext::blocks) a training pass may have a part of the rows of a batch. A sum over all of them is
/// that of [`sum_rows`](PassContext::sum_rows) or [`sum`](PassContext::sum), their number
/// [`batch_rows`](PassContext::batch_rows); a layer in which rows do not depend on each other needs none of these.
///
/// # Your own layer
///
/// Three methods are required. [`check_layer`](crate::gradcheck::check_layer) compares the backward pass
/// with central differences.
///
/// ```
/// use bntrain::{GradcheckSettings, Layer, PassContext, TargetsView, ThreadPool, check_layer};
/// use ndarray::{ArrayView2, ArrayViewMut2, Zip, array};
///
/// /// `y = x^2`
/// struct Square;
///
/// impl Layer<f64> for Square {
///     fn forward(&mut self, pass: &PassContext<'_, f64>, x: ArrayView2<'_, f64>, y: ArrayViewMut2<'_, f64>) {
///         self.infer(pass, x, y);
///     }
///
///     fn infer(&self, _: &PassContext<'_, f64>, x: ArrayView2<'_, f64>, mut y: ArrayViewMut2<'_, f64>) {
///         y.assign(&(&x * &x));
///     }
///
///     fn backward(
///         &mut self,
///         _: &PassContext<'_, f64>,
///         x: ArrayView2<'_, f64>,
///         _y: ArrayView2<'_, f64>,
///         dy: ArrayView2<'_, f64>,
///         dx: Option<ArrayViewMut2<'_, f64>>,
///     ) {
///         if let Some(dx) = dx {
///             Zip::from(dx).and(x).and(dy).for_each(|dx, x, dy| *dx = 2.0 * x * dy);
///         }
///     }
/// }
///
/// let pool = ThreadPool::single();
/// let pass = PassContext::new(&pool, TargetsView::none());
/// let x = array![[0.5, -1.0], [2.0, 0.25], [-0.75, 3.0]];
/// let report = check_layer(&mut Square, &pass, &x, &GradcheckSettings::for_layer());
/// assert!(report.passed());
/// ```
///
/// [`build_layers`](crate::nn::build_layers) has an example of a network with such a layer.
pub trait Layer<F: Real>: Send + Sync {
    /// The training pass: batch statistics, random masks.
    fn forward(&mut self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, y: ArrayViewMut2<'_, F>);

    /// The evaluation pass: no random masks, nothing remembered; each row on its own, unless
    /// [`pass.normalize_by`](PassContext::normalize_by) says otherwise.
    fn infer(&self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, y: ArrayViewMut2<'_, F>);

    /// From `dy`, the gradient of the loss with respect to `y`, to the gradients of the parameters
    /// (overwritten) and of `x` (skipped if `dx` is `None`). Follows a [`forward`](Self::forward) with
    /// the same `pass`, `x` and `y`.
    fn backward(
        &mut self,
        pass: &PassContext<'_, F>,
        x: ArrayView2<'_, F>,
        y: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    );

    /// The number of columns of `y` if `x` has `inputs` columns.
    fn output_width(&self, inputs: usize) -> usize {
        inputs
    }

    /// Allocates private buffers for training passes of up to `max_rows` rows.
    fn allocate(&mut self, _max_rows: usize) {}

    /// The layer's tensors, trained and running, in a fixed order.
    fn params(&self) -> &[Param<F>] {
        &[]
    }

    /// The same tensors, mutable.
    fn params_mut(&mut self) -> &mut [Param<F>] {
        &mut []
    }

    /// Updates the running statistics, if there are any. After a training batch it is called once the
    /// whole step is known to be finite, so that a bad batch leaves no trace.
    fn update_running_stats(&mut self, _source: StatsSource<'_>) {}

    /// The first statistic or gradient of the last training pass that is NaN or infinite.
    fn non_finite(&self, pool: &ThreadPool) -> Option<NonFinite> {
        non_finite_gradient(pool, self.params())
    }

    /// Whether the layer is differentiable everywhere; false if its derivative jumps where an output
    /// changes its sign, as that of ReLU. A central difference across such a kink says nothing about the
    /// gradient.
    fn is_smooth(&self) -> bool {
        true
    }
}

/// The first of the trained ones of `params` whose gradient is not finite.
pub(crate) fn non_finite_gradient<F: Real>(pool: &ThreadPool, params: &[Param<F>]) -> Option<NonFinite> {
    let is_bad = |param: &&Param<F>| {
        let grad = param.grad.as_slice().expect("gradients are in row-major layout");
        !par_all_finite(pool, grad)
    };
    params
        .iter()
        .filter(|param| param.is_trained())
        .find(is_bad)
        .map(|param| NonFinite::Gradient(param.name.clone()))
}
