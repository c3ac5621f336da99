//! Mean and variance of a layer's input over more rows than fit into one batch.

use ndarray::ArrayView2;

use crate::kernel::real::Real;
use crate::kernel::{BatchMoments, ThreadPool, batch_moments};

/// The mean and variance of each column over all rows added so far.
#[derive(Clone, Debug, PartialEq)]
pub struct DatasetStats {
    rows: u64,
    mean: Vec<f64>,
    squares: Vec<f64>, // sums of squared distances from the mean
}

impl DatasetStats {
    /// No rows yet, of `width` columns.
    pub fn new(width: usize) -> Self {
        Self { rows: 0, mean: vec![0.0; width], squares: vec![0.0; width] }
    }

    /// Adds the rows of `x`, `(n, width)`.
    ///
    /// With `a` for the rows so far, `b` for the new ones and `d = mean_b - mean_a`:
    /// `mean += d n_b / n` and `squares += squares_b + d^2 n_a n_b / n`.
    ///
    /// Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing
    /// sample variances", 1979.
    pub fn add<F: Real>(&mut self, pool: &ThreadPool, x: &ArrayView2<'_, F>) {
        if x.nrows() == 0 {
            return;
        }
        let mut batch = BatchMoments::new(self.mean.len());
        batch_moments(pool, x, &mut batch);
        let (before, new) = (self.rows as f64, x.nrows() as f64);
        let share = new / (before + new);
        for (column, (mean, squares)) in self.mean.iter_mut().zip(&mut self.squares).enumerate() {
            let distance = batch.mean(column) - *mean;
            *mean += distance * share;
            *squares += batch.var[column] * new + distance * distance * before * share;
        }
        self.rows += x.nrows() as u64;
    }

    /// The mean of each column.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The number of rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The variance of each column, divided by `n`; if `unbiased` and there is more than one row, by
    /// `n - 1`.
    pub fn variance(&self, unbiased: bool) -> impl Iterator<Item = f64> {
        let divisor = if unbiased && self.rows > 1 { self.rows - 1 } else { self.rows } as f64;
        self.squares.iter().map(move |squares| squares / divisor)
    }
}
