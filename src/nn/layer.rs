//! The trait that every layer implements.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::nn::{Param, Population};
use crate::targets::TargetsView;

/// What a pass needs besides the numbers.
#[derive(Clone, Copy)]
pub struct PassContext<'a, F> {
    /// Who does the work; results do not depend on it.
    pub pool: &'a ThreadPool,
    /// The training step, from 1; keys the random masks of dropout.
    pub step: u64,
    /// The truth for each row, for the loss layer.
    pub targets: TargetsView<'a, F>,
    /// How much each row counts in the mean loss, `n` numbers; none where all count alike.
    pub weights: Option<&'a [F]>,
}

/// One layer of a network: `n` rows of `inputs` features to `n` rows of `outputs` features.
///
/// The network owns all activations: `x` and `y` come back to [`backward`](Self::backward), so
/// that a layer keeps only what cannot be had from them. Sizes are decided once, in
/// [`reserve`](Self::reserve); no pass allocates.
///
/// # Shapes
///
/// `x`, `dx`: `(n, inputs)`; `y`, `dy`: `(n, outputs)`, with `n` at most the reserved rows. All
/// are in row-major (standard) layout.
pub trait Layer<F: Real>: Send + Sync {
    /// The width of `y` where `x` has `inputs` columns.
    fn outputs(&self, inputs: usize) -> usize {
        inputs
    }

    /// Makes private scratch for training passes of up to `max_rows` rows.
    fn reserve(&mut self, _max_rows: usize) {}

    /// The training pass: batch statistics, random masks.
    fn forward(&mut self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, y: ArrayViewMut2<'_, F>);

    /// The evaluation pass: each row on its own, nothing remembered.
    fn infer(&self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, y: ArrayViewMut2<'_, F>);

    /// An evaluation pass by the statistics of `x` itself where training would use them: like
    /// [`forward`](Self::forward) without random masks, and like [`infer`](Self::infer) it remembers
    /// nothing. May allocate.
    fn infer_as_batch(&self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, y: ArrayViewMut2<'_, F>) {
        self.infer(pass, x, y);
    }

    /// From `dy`, the gradient of the loss with respect to `y`, to the gradients of the parameters
    /// (overwritten) and of `x` (skipped where nobody wants it). Follows a
    /// [`forward`](Self::forward) with the same `pass`, `x` and `y`, or a
    /// [`forward_rectified`](Self::forward_rectified), after which `y` is stale.
    fn backward(
        &mut self,
        pass: &PassContext<'_, F>,
        x: ArrayView2<'_, F>,
        y: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    );

    /// Whether it is `y = max(0, x)` and nothing else. Such a layer may be left out on the way there, on
    /// the way back or both; where it was left out on the way there only, `x` is stale on the way
    /// back, and `y` is not.
    fn is_rectifier(&self) -> bool {
        false
    }

    /// [`forward`](Self::forward) and a rectifier behind it in one pass, for a layer that can do that: `y`
    /// is what the rectifier would make of the layer's own output, which nobody gets to see. Returns
    /// whether it was done; if not, nothing was.
    fn forward_rectified(
        &mut self,
        _pass: &PassContext<'_, F>,
        _x: ArrayView2<'_, F>,
        _y: ArrayViewMut2<'_, F>,
    ) -> bool {
        false
    }

    /// [`backward`](Self::backward) and that of a rectifier before it, whose output is `x`, in one pass,
    /// for a layer that can do that: `dx` is the gradient of what came into the rectifier. Returns
    /// whether it was done; if not, nothing was.
    fn backward_rectified(
        &mut self,
        _pass: &PassContext<'_, F>,
        _x: ArrayView2<'_, F>,
        _dy: ArrayView2<'_, F>,
        _dx: ArrayViewMut2<'_, F>,
    ) -> bool {
        false
    }

    /// Whether the derivative jumps where an output changes its sign, as in a rectifier. A numeric
    /// difference across such a place says nothing about the gradient.
    fn has_kink(&self) -> bool {
        false
    }

    /// Lets running statistics follow the last training pass; called once a step is known to be
    /// finite, so that a bad batch leaves no trace.
    fn commit(&mut self) {}

    /// Puts the moments of a population of inputs in place of the running statistics, if there are
    /// any.
    fn set_running_statistics(&mut self, _population: &Population) {}

    /// The layer's tensors, trained and running, in a fixed order.
    fn params(&self) -> &[Param<F>] {
        &[]
    }

    /// The same tensors, to be moved.
    fn params_mut(&mut self) -> &mut [Param<F>] {
        &mut []
    }

    /// The name of a statistic of the last training pass that is not finite, if there is one.
    fn non_finite_statistic(&self) -> Option<String> {
        None
    }
}
