//! All activations of a network and their gradients, sized once.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};

use crate::kernel::real::Real;
use crate::kernel::zeros;

/// Rows per evaluation pass: enough for matmuls to run at full speed, few enough to stay in cache.
pub(crate) const CHUNK_ROWS: usize = 256;

/// The chunks of `rows` rows in which a network is evaluated; the chunk of a row does not change its
/// output.
pub(crate) fn row_chunks(rows: usize) -> impl Iterator<Item = Range<usize>> {
    (0..rows).step_by(CHUNK_ROWS).map(move |start| start..rows.min(start + CHUNK_ROWS))
}

/// Buffers for passes of one [`Network`](crate::nn::Network) over at most `max_rows` rows.
pub struct Workspace<F> {
    /// Each layer's output, `(max_rows, width)`; the last is the loss of each row.
    pub(crate) acts: Vec<Array2<F>>,
    /// The gradient of the loss with respect to each output, of the same shapes.
    pub(crate) d_acts: Vec<Array2<F>>,
    /// Rows of the last pass; the rows after them are stale.
    rows: usize,
    /// Which outputs the last pass wrote.
    is_written: Vec<bool>,
}

impl<F: Real> Workspace<F> {
    /// For training passes.
    pub(crate) fn new(widths: &[usize], max_rows: usize) -> Self {
        let d_acts = widths.iter().map(|&width| zeros(max_rows, width)).collect();
        Self { d_acts, ..Self::for_inference(widths, max_rows) }
    }

    /// For evaluation passes, which need no gradients.
    pub(crate) fn for_inference(widths: &[usize], max_rows: usize) -> Self {
        let acts = widths.iter().map(|&width| zeros(max_rows, width)).collect();
        Self { acts, d_acts: Vec::new(), rows: 0, is_written: vec![false; widths.len()] }
    }

    /// Begins a pass over `rows` rows.
    pub(crate) fn begin(&mut self, rows: usize) {
        self.rows = rows;
        self.is_written.fill(false);
    }

    /// The output at `index`, to be written, and all before it.
    pub(crate) fn write(&mut self, index: usize) -> (&[Array2<F>], ArrayViewMut2<'_, F>) {
        self.is_written[index] = true;
        let (before, after) = self.acts.split_at_mut(index);
        (before, head_mut(&mut after[0], self.rows))
    }

    /// The output of the `layer`-th layer (from 0) in the last pass, `(n, width)`.
    ///
    /// `None` if that pass did not write it: it ended before this layer, or it was a training pass in
    /// which the layer also applied the ReLU after it. The output of that ReLU is there.
    pub fn activation(&self, layer: usize) -> Option<ArrayView2<'_, F>> {
        self.is_written.get(layer)?.then(|| head(&self.acts[layer], self.rows))
    }

    /// The gradient of the loss with respect to the output of the `layer`-th layer (from 0), `(n, width)`, after a
    /// backward pass.
    ///
    /// `None` without such a layer or without any training pass; for a layer that also applied the ReLU after it,
    /// what [`activation`](Self::activation) says holds here, too.
    pub fn activation_gradient(&self, layer: usize) -> Option<ArrayView2<'_, F>> {
        self.activation(layer)?;
        self.d_acts.get(layer).map(|gradient| head(gradient, self.rows))
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

/// The first `rows` rows, mutable.
pub(crate) fn head_mut<F>(array: &mut Array2<F>, rows: usize) -> ArrayViewMut2<'_, F> {
    array.view_mut().split_at(Axis(0), rows).0
}
