//! Mean and variance of a layer's input over more rows than fit into one batch, and running
//! statistics made from them.

use ndarray::ArrayView2;

use crate::kernel::real::Real;
use crate::kernel::{BatchMoments, ThreadPool, batch_moments};
use crate::nn::{Network, ParamKind};

/// The moments of each column over all rows seen so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    rows: u64,
    mean: Vec<f64>,
    squares: Vec<f64>, // of the distances from the mean, summed
}

impl Population {
    /// No rows yet, of `width` columns.
    pub fn new(width: usize) -> Self {
        Self { rows: 0, mean: vec![0.0; width], squares: vec![0.0; width] }
    }

    /// Adds the rows of `x`, `(n, width)`.
    ///
    /// With `a` for what is there and `b` for what comes, `d = mean_b - mean_a`:
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

    /// The variance of each column, divided by `n`, or by `n - 1` where that is wanted and there is
    /// more than one row.
    pub fn variance(&self, unbiased: bool) -> impl Iterator<Item = f64> {
        let divisor = if unbiased && self.rows > 1 { self.rows - 1 } else { self.rows } as f64;
        self.squares.iter().map(move |squares| squares / divisor)
    }
}

impl<F: Real> Network<F> {
    /// Whether any layer has running statistics.
    pub fn has_running_statistics(&self) -> bool {
        self.params().any(|param| param.kind == ParamKind::Buffer)
    }

    /// Puts the mean and variance of its input over a whole population in place of the running
    /// statistics of each layer that has any: layer by layer in order, so that the input of a layer
    /// is what the layers before it make of the population with their new statistics. Weights, gamma
    /// and beta stay.
    ///
    /// `each_chunk` shows all rows of the population, at most `max_rows` at a time, in the same
    /// order each time it is called: once for each such layer. Without rows nothing changes.
    pub fn recompute_running_statistics(
        &mut self,
        pool: &ThreadPool,
        max_rows: usize,
        each_chunk: impl Fn(&mut dyn FnMut(ArrayView2<'_, F>)),
    ) {
        let mut workspace = self.reserve_inference(max_rows);
        for index in 0..self.layers().len() {
            let has_any = self.layers()[index].params().iter().any(|param| param.kind == ParamKind::Buffer);
            if !has_any {
                continue;
            }
            let mut population = Population::new(self.width_before(index));
            each_chunk(&mut |x| {
                population.add(pool, &self.input_of(index, pool, x, &mut workspace));
            });
            if population.rows > 0 {
                self.set_running_statistics(index, &population);
            }
        }
    }
}
