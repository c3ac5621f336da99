//! Rows copied together for one pass.

pub(crate) mod rows;
pub(crate) mod sampler;

use ndarray::{Array2, ArrayView2, s};

use crate::data::Rows;
use crate::kernel::real::Real;
use crate::kernel::{ThreadPool, par_rows, zeros};
use crate::targets::{Targets, TargetsView};

/// Room for rows that go through a network together, made once by [`Rows::batch`] and filled again
/// and again by [`Rows::gather`].
#[derive(Clone, Debug)]
pub struct Batch<F> {
    rows: usize, // those beyond it are stale
    x: Array2<F>,
    targets: Targets<F>,
    weights: Option<Vec<F>>,
}

impl<F: Real> Batch<F> {
    /// The rows gathered last.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Their inputs, `(rows, inputs)`.
    pub fn x(&self) -> ArrayView2<'_, F> {
        self.x.slice(s![..self.rows, ..])
    }

    /// Their truth.
    pub fn targets(&self) -> TargetsView<'_, F> {
        self.targets.head(self.rows)
    }

    /// How much each counts; none where all count alike.
    pub fn weights(&self) -> Option<&[F]> {
        self.weights.as_ref().map(|weights| &weights[..self.rows])
    }
}

impl<F: Real> Rows<F> {
    /// Room for up to `max_rows` rows of these.
    pub fn batch(&self, max_rows: usize) -> Batch<F> {
        Batch {
            rows: 0,
            x: zeros(max_rows, self.inputs()),
            targets: self.row_targets().buffer(max_rows),
            weights: self.weights().map(|_| vec![F::one(); max_rows]),
        }
    }

    /// Copies `rows`, numbers below [`len`](Self::len), one after the other into `batch`,
    /// encoded, instead of what was there.
    ///
    /// # Panics
    ///
    /// If `batch` has too little room or is of rows of another shape, or a number is out of range.
    pub fn gather(
        &self,
        pool: &ThreadPool,
        rows: impl ExactSizeIterator<Item = usize> + Clone + Sync,
        batch: &mut Batch<F>,
    ) {
        batch.rows = rows.len();
        batch.targets.copy_rows(self.row_targets(), rows.clone());
        if let (Some(weights), Some(own)) = (&mut batch.weights, self.weights()) {
            weights.iter_mut().zip(rows.clone()).for_each(|(weight, row)| *weight = own[row]);
        }
        par_rows(pool, batch.x.slice_mut(s![..batch.rows, ..]), |places, x| {
            self.encode_into(rows.clone().skip(places.start).take(places.len()), x);
        });
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use ndarray::Axis;

    use super::*;

    #[test]
    fn every_row_comes_to_its_place_whatever_the_team() {
        // Enough that a pool shares them, and a number of rows that does not divide evenly.
        let (count, width) = (301, 40);
        let x = Array2::from_shape_fn((count, width), |(row, column)| (row * width + column) as f32);
        let rows = Rows::new(&x, Targets::Classes((0..count as u32).collect()));
        let backwards = (0..count).rev();
        let order: Vec<usize> = backwards.clone().collect();
        for members in 1..=4 {
            let pool = ThreadPool::new(NonZeroUsize::new(members).expect("at least one"));
            let mut batch = rows.batch(count);
            rows.gather(&pool, backwards.clone(), &mut batch);
            assert_eq!(batch.x(), x.select(Axis(0), &order), "{members} members");
        }
    }
}
