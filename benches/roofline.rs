//! What a step would take if nothing but arithmetic and memory cost time.

use bntrain::kernel::{ThreadPool, map2, matmul};
use ndarray::Array2;

use crate::timing::Timing;
use crate::workload::Workload;

/// The best that this machine did in this session with this many threads.
pub(crate) struct Roofline<'a> {
    pool: &'a ThreadPool,
    /// Operations per second of the best large matrix product.
    pub(crate) peak: f64,
}

/// Rows, inner length and columns of products that are large enough to run at peak, yet stay in the
/// caches.
const LARGE_PRODUCTS: [(usize, usize, usize); 4] =
    [(256, 256, 512), (512, 512, 512), (768, 768, 768), (256, 784, 1024)];

/// For each thing that is measured here.
const SECONDS: f64 = 0.2;

impl<'a> Roofline<'a> {
    /// Measures the peak of `pool`.
    pub(crate) fn measure(pool: &'a ThreadPool) -> Self {
        let rate = |(m, k, n)| {
            let (a, b) = (ramp(m, k), ramp(k, n));
            let mut c = Array2::<f32>::zeros((m, n));
            let timing = Timing::measure(SECONDS, || matmul(pool, &a.view(), &b.view(), &mut c.view_mut()));
            2.0 * (m * k * n) as f64 / timing.best
        };
        Self { pool, peak: LARGE_PRODUCTS.map(rate).into_iter().fold(0.0, f64::max) }
    }

    /// Seconds that a step of `workload` takes at least: its matrix products at the peak, and after
    /// them the update's traffic at the speed of memory that is as large as weights, gradients and
    /// state together.
    pub(crate) fn bound(&self, workload: &Workload) -> f64 {
        let traffic = workload.weights() * workload.update_bytes_per_weight();
        let products = workload.product_operations() / self.peak;
        products + traffic as f64 / self.bandwidth(workload.update_working_set())
    }

    /// Bytes per second of a loop that reads two arrays and writes a third, `bytes` in all.
    fn bandwidth(&self, bytes: usize) -> f64 {
        let columns = 1024;
        let rows = bytes.div_ceil(3 * size_of::<f32>() * columns);
        let (x, y) = (ramp(rows, columns), ramp(rows, columns));
        let mut z = Array2::<f32>::zeros(x.dim());
        let timing = Timing::measure(SECONDS, || {
            map2(self.pool, &x.view(), &y.view(), &mut z.view_mut(), |x, y| x + y);
        });
        (3 * size_of::<f32>() * x.len()) as f64 / timing.best
    }
}

/// Numbers of ordinary size, no two neighbours equal.
pub(crate) fn ramp(rows: usize, columns: usize) -> Array2<f32> {
    Array2::from_shape_fn((rows, columns), |(row, column)| ((7 * row + 13 * column) % 31) as f32 / 16.0 - 1.0)
}
