//! Rows for a network, and the batches that are gathered from them.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};

use crate::data::table::matrix::{Block, Matrix};
use crate::data::transform::encode::Encoder;
use crate::kernel::real::Real;
use crate::kernel::{ThreadPool, par_rows, with_simd, zeros};
use crate::targets::{Targets, TargetsView};

/// Rows of a data set, with targets and weights.
///
/// They are encoded whenever they are [gathered](Self::gather), not once when they are loaded: so all
/// seeds and norms share one copy of the values as read, which is half the size where single precision
/// holds them, may be a file larger than memory, and is not multiplied by one-hot columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows<F> {
    features: Arc<Matrix>,
    /// The row of `features` for each row.
    indices: Vec<usize>,
    targets: Targets<F>,
    weights: RowWeights<F>,
    encoder: Arc<Encoder>,
}

/// A buffer for the rows of a batch, allocated once by [`Rows::batch`] and filled by [`Rows::gather`].
#[derive(Clone, Debug)]
pub struct Batch<F> {
    rows: usize, // those after them are stale
    x: Array2<F>,
    targets: Targets<F>,
    weights: Option<Vec<F>>,
}

/// The weight of each row; none if all are 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RowWeights<F> {
    /// With class weights, and a mean of 1 over the training rows.
    pub(crate) in_loss: Option<Vec<F>>,
    /// As in the weight column.
    pub(crate) in_file: Option<Vec<f64>>,
}

impl<F> Default for RowWeights<F> {
    fn default() -> Self {
        Self { in_loss: None, in_file: None }
    }
}

impl<F: Real> RowWeights<F> {
    fn select(&self, rows: &[usize]) -> Self {
        Self {
            in_loss: self.in_loss.as_ref().map(|weights| rows.iter().map(|&row| weights[row]).collect()),
            in_file: self.in_file.as_ref().map(|weights| rows.iter().map(|&row| weights[row]).collect()),
        }
    }
}

impl<F: Real> Batch<F> {
    /// The number of rows gathered last.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Their inputs, `(rows, inputs)`.
    pub fn x(&self) -> ArrayView2<'_, F> {
        self.x.slice(s![..self.rows, ..])
    }

    /// Their targets.
    pub fn targets(&self) -> TargetsView<'_, F> {
        self.targets.head(self.rows)
    }

    /// Their weights in the loss; none if all are 1.
    pub fn weights(&self) -> Option<&[F]> {
        self.weights.as_ref().map(|weights| &weights[..self.rows])
    }
}

impl<F: Real> Rows<F> {
    /// Rows of arrays that are not scaled, `x` being `(rows, features)`; for tests and benchmarks.
    ///
    /// # Panics
    ///
    /// If there are not as many targets as rows, or no features.
    pub fn new(x: &Array2<F>, targets: Targets<F>) -> Self {
        assert_eq!(x.nrows(), targets.len(), "targets for each row");
        let values: Vec<f64> = x.iter().map(|&value| Real::to_f64(value)).collect();
        let mut features = Matrix::new(x.ncols());
        features.push(Block::pack(&values, x.ncols()).expect("memory for a copy"));
        let encoder = Encoder::unscaled(x.ncols());
        let indices = (0..x.nrows()).collect();
        Self::of(&Arc::new(features), indices, targets, RowWeights::default(), &Arc::new(encoder))
    }

    /// The rows of `features` at `indices`, with their targets and weights.
    pub(crate) fn of(
        features: &Arc<Matrix>,
        indices: Vec<usize>,
        targets: Targets<F>,
        weights: RowWeights<F>,
        encoder: &Arc<Encoder>,
    ) -> Self {
        let (features, encoder) = (Arc::clone(features), Arc::clone(encoder));
        Self { features, indices, targets, weights, encoder }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// The number of inputs.
    pub fn inputs(&self) -> usize {
        self.encoder.inputs()
    }

    /// The target of each row.
    pub fn targets(&self) -> TargetsView<'_, F> {
        self.targets.view()
    }

    /// The weight of each row in the loss: its weight in the file times that of its class, scaled to a mean
    /// of 1 over the training rows. None if all are 1.
    pub fn weights(&self) -> Option<&[F]> {
        self.weights.in_loss.as_deref()
    }

    /// The weight of each row in metrics, from the weight column; none if all are 1.
    pub fn file_weights(&self) -> Option<&[f64]> {
        self.weights.in_file.as_deref()
    }

    /// A buffer for up to `max_rows` of these rows.
    pub fn batch(&self, max_rows: usize) -> Batch<F> {
        Batch {
            rows: 0,
            x: zeros(max_rows, self.inputs()),
            targets: self.targets.buffer(max_rows),
            weights: self.weights().map(|_| vec![F::one(); max_rows]),
        }
    }

    /// Replaces the rows of `batch` by `rows`, each less than [`len`](Self::len), encoded and in this
    /// order.
    ///
    /// # Panics
    ///
    /// If `batch` is too small or was made for other rows, or a row is out of range.
    pub fn gather(
        &self,
        pool: &ThreadPool,
        rows: impl ExactSizeIterator<Item = usize> + Clone + Sync,
        batch: &mut Batch<F>,
    ) {
        batch.rows = rows.len();
        batch.targets.copy_rows(&self.targets, rows.clone());
        if let (Some(weights), Some(own)) = (&mut batch.weights, self.weights()) {
            weights.iter_mut().zip(rows.clone()).for_each(|(weight, row)| *weight = own[row]);
        }
        par_rows(pool, batch.x.slice_mut(s![..batch.rows, ..]), |places, x| {
            self.encode_into(rows.clone().skip(places.start).take(places.len()), x);
        });
    }

    /// Encodes `rows`, each less than [`len`](Self::len), into the contiguous rows of `x`, `(rows, inputs)`.
    pub(crate) fn encode_into(
        &self,
        rows: impl ExactSizeIterator<Item = usize>,
        mut x: ArrayViewMut2<'_, F>,
    ) {
        assert_eq!(x.dim(), (rows.len(), self.inputs()), "room for the rows");
        with_simd(
            #[inline(always)]
            || {
                for (row, mut x) in rows.zip(x.rows_mut()) {
                    let x = x.as_slice_mut().expect("rows without gaps");
                    if self.encoder.needs_zeros() {
                        x.fill(F::zero());
                    }
                    for (columns, cells) in self.features.row(self.indices[row]) {
                        self.encoder.encode_cells(columns, cells, x);
                    }
                    self.encoder.clear_constant(x);
                }
            },
        );
    }

    /// The first `count` rows, or all if there are fewer.
    #[must_use]
    pub fn head(&self, count: usize) -> Self {
        self.select(&(0..count.min(self.len())).collect::<Vec<_>>())
    }

    /// `count` rows at equal distances, the first one included, or all if there are fewer.
    #[must_use]
    pub fn spread(&self, count: usize) -> Self {
        let count = count.min(self.len());
        // 128 bits, so that the product cannot overflow.
        let row = |index: usize| (index as u128 * self.len() as u128 / count as u128) as usize;
        self.select(&(0..count).map(row).collect::<Vec<_>>())
    }

    /// Some of the rows, in this order.
    fn select(&self, rows: &[usize]) -> Self {
        let indices = rows.iter().map(|&row| self.indices[row]).collect();
        let (targets, weights) = (self.targets.select(rows), self.weights.select(rows));
        Self::of(&self.features, indices, targets, weights, &self.encoder)
    }

    /// The encoded inputs of all rows, `(rows, inputs)`.
    pub fn to_array(&self) -> Array2<F> {
        let mut x = Array2::zeros((self.len(), self.inputs()));
        self.encode_into(0..self.len(), x.view_mut());
        x
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use ndarray::Axis;

    use super::*;

    #[test]
    fn gathering_does_not_depend_on_the_number_of_threads() {
        // Enough rows for several threads, and a number of rows that they cannot divide evenly.
        let (count, width) = (301, 40);
        let x = Array2::from_shape_fn((count, width), |(row, column)| (row * width + column) as f32);
        let rows = Rows::new(&x, Targets::Classes((0..count as u32).collect()));
        let backwards = (0..count).rev();
        let order: Vec<usize> = backwards.clone().collect();
        for threads in 1..=4 {
            let pool = ThreadPool::new(NonZeroUsize::new(threads).expect("at least one"));
            let mut batch = rows.batch(count);
            rows.gather(&pool, backwards.clone(), &mut batch);
            assert_eq!(batch.x(), x.select(Axis(0), &order), "{threads} threads");
        }
    }
}
