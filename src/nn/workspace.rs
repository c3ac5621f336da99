//! All activations of a network and their gradients, sized once.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};

use crate::kernel::real::Real;
use crate::kernel::zeros;

/// Room for the passes of one [`Network`](super::Network) over at most `max_rows` rows.
pub struct Workspace<F> {
    /// Each layer's output, `(max_rows, width)`; rows beyond the batch are stale, and so is what comes
    /// into a rectifier that the layer before [took along](super::Layer::forward_rectified). The last
    /// is the loss of each row.
    pub(crate) acts: Vec<Array2<F>>,
    /// The gradient of the loss with respect to each output, of the same shapes; stale for a rectifier
    /// that the layer behind [took along](super::Layer::backward_rectified).
    pub(crate) d_acts: Vec<Array2<F>>,
}

impl<F: Real> Workspace<F> {
    /// Room for training passes.
    pub(crate) fn new(widths: &[usize], max_rows: usize) -> Self {
        let arrays = || widths.iter().map(|&width| zeros(max_rows, width)).collect();
        Self { acts: arrays(), d_acts: arrays() }
    }

    /// Room for evaluation passes, which need no gradients.
    pub(crate) fn for_inference(widths: &[usize], max_rows: usize) -> Self {
        Self { acts: widths.iter().map(|&width| zeros(max_rows, width)).collect(), d_acts: Vec::new() }
    }

    /// The first `rows` rows of the output of the `layer`-th layer (from 0) in the last pass; stale
    /// after a training pass where a rectifier follows that the layer took along.
    pub fn activation(&self, layer: usize, rows: usize) -> ArrayView2<'_, F> {
        head(&self.acts[layer], rows)
    }

    /// The largest batch that fits.
    pub fn max_rows(&self) -> usize {
        self.acts.first().map_or(0, Array2::nrows)
    }
}

/// The first `rows` rows. A slice says the same, but takes longer than a layer of a small network.
pub(crate) fn head<F>(array: &Array2<F>, rows: usize) -> ArrayView2<'_, F> {
    array.view().split_at(Axis(0), rows).0
}

/// The first `rows` rows, to be written.
pub(crate) fn head_mut<F>(array: &mut Array2<F>, rows: usize) -> ArrayViewMut2<'_, F> {
    array.view_mut().split_at(Axis(0), rows).0
}
