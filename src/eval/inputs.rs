//! Encoded rows, a batch at a time.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, s};

use crate::data::Rows;
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;

/// Rows that can be visited repeatedly.
pub trait EvalRows<F> {
    /// The number of rows.
    fn n_rows(&self) -> usize;

    /// Visits the rows of each of `ranges`, `(n, inputs)`, in order.
    fn show(&self, ranges: &[Range<usize>], see: &mut dyn FnMut(ArrayView2<'_, F>));
}

impl<F: Real> EvalRows<F> for Rows<F> {
    fn n_rows(&self) -> usize {
        self.len()
    }

    fn show(&self, ranges: &[Range<usize>], see: &mut dyn FnMut(ArrayView2<'_, F>)) {
        let mut batch = self.batch(ranges.iter().map(ExactSizeIterator::len).max().unwrap_or(0));
        for range in ranges {
            self.gather(&ThreadPool::single(), range.clone(), &mut batch);
            see(batch.x());
        }
    }
}

/// Encoded rows in memory.
impl<F: Real> EvalRows<F> for Array2<F> {
    fn n_rows(&self) -> usize {
        self.nrows()
    }

    fn show(&self, ranges: &[Range<usize>], see: &mut dyn FnMut(ArrayView2<'_, F>)) {
        for range in ranges {
            see(self.slice(s![range.clone(), ..]));
        }
    }
}
