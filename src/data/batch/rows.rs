//! Rows for a network: which ones of a table, and how they are encoded.

use std::sync::Arc;

use ndarray::{Array2, ArrayViewMut2};

use crate::data::Encoder;
use crate::data::table::matrix::{Block, Matrix};
use crate::kernel::real::Real;
use crate::kernel::with_simd;
use crate::targets::Targets;
use crate::targets::TargetsView;

/// Rows that go into a network.
///
/// The values themselves are those of the table, shared by everyone who uses it; they are encoded
/// whenever they are [gathered](Self::gather).
#[derive(Clone, Debug, PartialEq)]
pub struct Rows<F> {
    raw: Arc<Matrix>,
    /// Which rows of the table.
    numbers: Vec<usize>,
    targets: Targets<F>,
    weights: RowWeights<F>,
    encoder: Arc<Encoder>,
}

/// How much each row counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RowWeights<F> {
    pub(crate) in_loss: Option<Vec<F>>,
    pub(crate) in_file: Option<Vec<f64>>,
}

impl<F> Default for RowWeights<F> {
    fn default() -> Self {
        Self { in_loss: None, in_file: None }
    }
}

impl<F: Real> RowWeights<F> {
    /// Those of the first `count` rows.
    fn head(&self, count: usize) -> Self {
        Self {
            in_loss: self.in_loss.as_ref().map(|weights| weights[..count].to_vec()),
            in_file: self.in_file.as_ref().map(|weights| weights[..count].to_vec()),
        }
    }
}

impl<F: Real> Rows<F> {
    /// Rows that are in memory as they shall be, `x` being `(rows, features)`; for tests and
    /// benchmarks.
    ///
    /// # Panics
    ///
    /// If there are not as many targets as rows, or no features.
    pub fn new(x: &Array2<F>, targets: Targets<F>) -> Self {
        assert_eq!(x.nrows(), targets.len(), "targets for each row");
        let values: Vec<f64> = x.iter().map(|&value| Real::to_f64(value)).collect();
        let mut raw = Matrix::new(x.ncols());
        raw.push(Block::pack(&values, x.ncols()).expect("as much again as is there already"));
        let encoder = Encoder::unscaled(x.ncols());
        Self::of(&Arc::new(raw), (0..x.nrows()).collect(), targets, RowWeights::default(), &Arc::new(encoder))
    }

    /// Some rows of a table with their targets and weights.
    pub(crate) fn of(
        raw: &Arc<Matrix>,
        numbers: Vec<usize>,
        targets: Targets<F>,
        weights: RowWeights<F>,
        encoder: &Arc<Encoder>,
    ) -> Self {
        let (raw, encoder) = (Arc::clone(raw), Arc::clone(encoder));
        Self { raw, numbers, targets, weights, encoder }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The number of inputs.
    pub fn inputs(&self) -> usize {
        self.encoder.inputs()
    }

    /// The truth for each row.
    pub fn targets(&self) -> TargetsView<'_, F> {
        self.targets.view()
    }

    pub(crate) fn row_targets(&self) -> &Targets<F> {
        &self.targets
    }

    /// How much each row counts in the loss, 1 in the mean over the training rows: its weight in the
    /// file times that of its class; none where all count alike.
    pub fn weights(&self) -> Option<&[F]> {
        self.weights.in_loss.as_deref()
    }

    /// The weight of each row in the file, by which it counts in metrics; none where all count alike.
    pub fn file_weights(&self) -> Option<&[f64]> {
        self.weights.in_file.as_deref()
    }

    /// Copies `rows`, numbers below [`len`](Self::len), one after the other into `x`, `(rows, inputs)`
    /// without gaps in its rows, encoded.
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
                    for (columns, cells) in self.raw.row(self.numbers[row]) {
                        self.encoder.encode_cells(columns, cells, x);
                    }
                }
            },
        );
    }

    /// The first `count` rows, or all if there are fewer.
    #[must_use]
    pub fn head(&self, count: usize) -> Self {
        let rows: Vec<usize> = (0..count.min(self.len())).collect();
        let weights = self.weights.head(rows.len());
        let numbers = self.numbers[..rows.len()].to_vec();
        Self::of(&self.raw, numbers, self.targets.select(&rows), weights, &self.encoder)
    }

    /// All rows, encoded, `(rows, inputs)`.
    pub fn to_array(&self) -> Array2<F> {
        let mut x = Array2::zeros((self.len(), self.inputs()));
        self.encode_into(0..self.len(), x.view_mut());
        x
    }
}
