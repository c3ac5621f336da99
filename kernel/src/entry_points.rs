//! Where the loops are compiled: in this crate, once for `f32` and once for `f64`.
//!
//! A generic function is compiled again in every crate that calls it. The functions below only look up
//! the one that was compiled here.

use std::any::Any;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::batch_norm::backward::{self, BatchNormGrads};
use crate::batch_norm::forward;
use crate::batch_norm::infer::{self, RunningStats};
use crate::batch_norm::moments::{self, BatchMoments};
use crate::batch_norm::state::{BatchNormParams, BatchNormState};
use crate::blocks::RowBlocks;
use crate::matmul::{self, Weights};
use crate::parallel::thread_pool::ThreadPool;
use crate::real::Real;
use crate::row_norm::backward::RowNormGrads;
use crate::row_norm::forward::{RowNormParams, RowNormState};
use crate::row_norm::{backward as row_backward, forward as row_forward};
use crate::weight_norm::{self, NormalizedWeights, WeightNormState};
use crate::{elementwise, softmax};

/// Declares a table with an entry for each function, and a function of the same name and signature that
/// calls the entry for `F`.
macro_rules! compiled {
    ($(
        $(#[$doc:meta])*
        fn $module:ident::$name:ident<F>($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)?;
    )*) => {
        struct Kernels<F> {
            $($name: fn($($type),*) $(-> $result)?,)*
        }

        impl<F: Real> Kernels<F> {
            const fn new() -> Self {
                Self { $($name: $module::$name::<F>,)* }
            }
        }

        $(
            $(#[$doc])*
            pub fn $name<F: Real>($($argument: $type),*) $(-> $result)? {
                (Kernels::<F>::compiled().$name)($($argument),*)
            }
        )*
    };
}

static F32: Kernels<f32> = Kernels::new();
static F64: Kernels<f64> = Kernels::new();

impl<F: Real> Kernels<F> {
    fn compiled() -> &'static Self {
        let tables: [&'static dyn Any; 2] = [&F32, &F64];
        tables.into_iter().find_map(|table| table.downcast_ref()).expect("a `Real` is an f32 or an f64")
    }
}

// Shapes, formulas and sources are documented at the bodies, in the modules named here.
compiled! {
    /// The matrix product `c = a b`.
    fn matmul::matmul<F>(
        pool: &ThreadPool,
        a: &ArrayView2<'_, F>,
        b: &ArrayView2<'_, F>,
        c: &mut ArrayViewMut2<'_, F>,
    );

    /// The gradient of the weights, `dw = x' dy`, with sums in blocks of the rows if there are any, and whether all of it
    /// is finite.
    fn matmul::weight_gradient<F>(
        pool: &ThreadPool,
        x: &ArrayView2<'_, F>,
        dy: &ArrayView2<'_, F>,
        blocks: Option<RowBlocks>,
        dw: &mut ArrayViewMut2<'_, F>,
    ) -> bool;

    /// The output of an affine layer, `y = x w + bias`.
    fn matmul::affine<F>(
        pool: &ThreadPool,
        x: &ArrayView2<'_, F>,
        weights: Weights<'_, F>,
        bias: Option<&[F]>,
        y: &mut ArrayViewMut2<'_, F>,
    );

    /// The output of an affine layer and the ReLU after it, `y = max(0, x w + bias)`.
    fn matmul::affine_relu<F>(
        pool: &ThreadPool,
        x: &ArrayView2<'_, F>,
        weights: Weights<'_, F>,
        bias: &[F],
        y: &mut ArrayViewMut2<'_, F>,
    );

    /// The gradient of the input of an affine layer, `dx = dy w'`, and back through the ReLU before it, if its output is
    /// given.
    fn matmul::affine_backward<F>(
        pool: &ThreadPool,
        dy: &ArrayView2<'_, F>,
        weights: Weights<'_, F>,
        relu_output: Option<&ArrayView2<'_, F>>,
        dx: &mut ArrayViewMut2<'_, F>,
    );

    /// The state of weights that are normalized.
    fn weight_norm::normalize_weights<F>(
        pool: &ThreadPool,
        v: &ArrayView2<'_, F>,
        params: BatchNormParams<'_, F>,
        state: &mut WeightNormState<F>,
    );

    /// The second half of an affine layer with normalized weights: `y = z * scale + bias`, and the ReLU after it if there
    /// is one.
    fn weight_norm::scale_units<F>(
        pool: &ThreadPool,
        z: &ArrayView2<'_, F>,
        state: &WeightNormState<F>,
        bias: &[F],
        relu: bool,
        y: &mut ArrayViewMut2<'_, F>,
    );

    /// The sums over the rows of `dy` and of `dy * z`.
    fn weight_norm::unit_products<F>(
        pool: &ThreadPool,
        dy: &ArrayView2<'_, F>,
        z: &ArrayView2<'_, F>,
        grads: &mut BatchNormGrads<F>,
    );

    /// The same in each block: `2 units` numbers for a block.
    fn weight_norm::block_unit_products<F>(
        pool: &ThreadPool,
        dy: &ArrayView2<'_, F>,
        z: &ArrayView2<'_, F>,
        blocks: RowBlocks,
        sums: &mut [f64],
    );

    /// From these sums over all rows to the gradient of gamma, and to what is subtracted from that of the weights.
    fn weight_norm::project_weights<F>(
        inputs: usize,
        state: &WeightNormState<F>,
        mean_dw: &[F],
        grads: &mut BatchNormGrads<F>,
    );

    /// From the gradient of the normalized weights, which is in `dv` before, to that of the stored ones, and whether all of
    /// it is finite.
    fn weight_norm::project_weight_gradient<F>(
        pool: &ThreadPool,
        weights: NormalizedWeights<'_, F>,
        grads: &BatchNormGrads<F>,
        dv: &mut ArrayViewMut2<'_, F>,
    ) -> bool;

    /// Batch norm in training: normalizes a batch by its own moments.
    fn forward::batch_norm_forward<F>(
        pool: &ThreadPool,
        x: &ArrayView2<'_, F>,
        params: BatchNormParams<'_, F>,
        relu: bool,
        states: &mut [BatchNormState<F>],
        y: &mut ArrayViewMut2<'_, F>,
    );

    /// The backward pass of batch norm.
    fn backward::batch_norm_backward<F>(
        pool: &ThreadPool,
        dy: &ArrayView2<'_, F>,
        x: &ArrayView2<'_, F>,
        states: &[BatchNormState<F>],
        grads: &mut [BatchNormGrads<F>],
        dx: Option<ArrayViewMut2<'_, F>>,
    );

    /// The second half of [`batch_norm_forward`]: normalizes a batch by the moments in its state.
    fn forward::batch_normalize<F>(
        pool: &ThreadPool,
        x: &ArrayView2<'_, F>,
        params: BatchNormParams<'_, F>,
        relu: bool,
        state: &mut BatchNormState<F>,
        y: &mut ArrayViewMut2<'_, F>,
    );

    /// The second half of [`batch_norm_backward`]: from the sums over all `n` rows of a batch, as
    /// [`block_products`] has them, to the gradients.
    fn backward::batch_norm_project<F>(
        pool: &ThreadPool,
        dy: &ArrayView2<'_, F>,
        x: &ArrayView2<'_, F>,
        state: &BatchNormState<F>,
        n: usize,
        grads: &mut BatchNormGrads<F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    );

    /// The sums of the backward pass of batch norm in each block: `dy`, then `dy` times the differences of `x` from
    /// its rounded mean; `2 width` numbers for a block.
    fn backward::block_products<F>(
        pool: &ThreadPool,
        dy: &ArrayView2<'_, F>,
        x: &ArrayView2<'_, F>,
        state: &BatchNormState<F>,
        blocks: RowBlocks,
        sums: &mut [f64],
    );

    /// Batch norm in evaluation: normalizes by running statistics.
    fn infer::batch_norm_infer<F>(
        pool: &ThreadPool,
        x: &ArrayView2<'_, F>,
        stats: RunningStats<'_, F>,
        params: BatchNormParams<'_, F>,
        y: &mut ArrayViewMut2<'_, F>,
    );

    /// Subtracts a mean, `origin + shift`, from each column and adds beta.
    fn infer::translate<F>(
        pool: &ThreadPool,
        x: &ArrayView2<'_, F>,
        origin: &[f64],
        shift: &[f64],
        beta: &[F],
        y: &mut ArrayViewMut2<'_, F>,
    );

    /// A norm of each row.
    fn row_forward::row_norm_forward<F>(
        pool: &ThreadPool,
        x: &ArrayView2<'_, F>,
        params: RowNormParams<'_, F>,
        relu: bool,
        state: Option<&mut RowNormState<F>>,
        y: &mut ArrayViewMut2<'_, F>,
    );

    /// The backward pass of a norm of each row.
    fn row_backward::row_norm_backward<F>(
        pool: &ThreadPool,
        dy: &ArrayView2<'_, F>,
        x: &ArrayView2<'_, F>,
        params: RowNormParams<'_, F>,
        state: &RowNormState<F>,
        grads: &mut RowNormGrads,
        dx: Option<ArrayViewMut2<'_, F>>,
    );

    /// The same with sums in blocks of the rows: `dy`, then `dy * x_hat`; `2 width` numbers for a block.
    fn row_backward::row_norm_backward_blocks<F>(
        pool: &ThreadPool,
        dy: &ArrayView2<'_, F>,
        x: &ArrayView2<'_, F>,
        params: RowNormParams<'_, F>,
        state: &RowNormState<F>,
        sums: (RowBlocks, &mut [f64]),
        dx: Option<ArrayViewMut2<'_, F>>,
    );

    /// The mean and the variance of each column, in one pass.
    fn moments::batch_moments<F>(pool: &ThreadPool, x: &ArrayView2<'_, F>, moments: &mut BatchMoments);

    /// Each column's sum over the rows.
    fn moments::sum_rows<F>(pool: &ThreadPool, x: &ArrayView2<'_, F>, sums: &mut [F]);

    /// What the moments of a batch are computed from, in each block: the sums of the differences from its first row,
    /// those of their squares, and the first row; `3 width` numbers for a block.
    fn moments::block_moments<F>(pool: &ThreadPool, x: &ArrayView2<'_, F>, blocks: RowBlocks, sums: &mut [f64]);

    /// Each column's sum over the rows of each block; `width` numbers for a block.
    fn moments::block_sum_rows<F>(pool: &ThreadPool, x: &ArrayView2<'_, F>, blocks: RowBlocks, sums: &mut [f64]);

    /// The exponentials of a softmax, and their sum for each row.
    fn softmax::softmax_exp<F>(logits: &[F], classes: usize, terms: &mut [F], sums: &mut [F]);

    /// Whether no element is NaN or infinite.
    fn elementwise::all_finite<F>(x: &[F]) -> bool;

    /// [`all_finite`] for many elements, divided among the threads.
    fn elementwise::par_all_finite<F>(pool: &ThreadPool, x: &[F]) -> bool;

    /// The sum of the squares, in double precision and in a fixed order.
    fn elementwise::sum_of_squares<F>(x: &[F]) -> f64;
}
