//! Rows as a network takes them, some at a time.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, s};

use crate::data::Rows;
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;

/// Rows that can be shown again and again, always the same.
pub trait EvalRows<F> {
    /// The number of rows.
    fn n_rows(&self) -> usize;

    /// Shows the rows of each of `ranges` together, `(n, inputs)`, in this order.
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

/// Rows that are in memory as a network takes them.
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
