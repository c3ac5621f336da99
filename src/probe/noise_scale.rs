//! From how many rows on a larger batch makes the gradient hardly better.

use crate::probe::parameters::dot;
use crate::probe::{Probe, ProbeBatch};

/// The gradient noise scale, estimated from whole batches.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct NoiseScale {
    /// The squared length of the mean gradient, without the part that is noise; may be negative by chance.
    pub squared_gradient: f64,
    /// The trace of the covariance of a single row's gradient.
    pub covariance_trace: f64,
    /// Rows of the small batches, by whose statistics norms normalize.
    pub rows: usize,
}

impl NoiseScale {
    /// The simple noise scale, in rows: the batch size at which noise and gradient are as large as each other. None
    /// if the noise covers the gradient, so that no more is known than that it is large.
    pub fn rows_of_equal_noise(&self) -> Option<f64> {
        (self.squared_gradient > 0.0).then(|| self.covariance_trace.max(0.0) / self.squared_gradient)
    }
}

/// The noise scale from the mean squared length of the gradient of small batches of `small` rows, and the squared
/// length of that of a large one of `large` rows:
///
/// ```text
/// |G|^2 = (large |g_large|^2 - small |g_small|^2) / (large - small)
/// tr S  = (|g_small|^2 - |g_large|^2) / (1 / small - 1 / large)
/// ```
///
/// Source: McCandlish et al., "An empirical model of large-batch training", 2018, appendix A.1.
pub fn noise_scale_of(small_squares: f64, small: usize, large_squares: f64, large: usize) -> NoiseScale {
    let (b_small, b_large) = (small as f64, large as f64);
    NoiseScale {
        squared_gradient: (b_large * large_squares - b_small * small_squares) / (b_large - b_small),
        covariance_trace: (small_squares - large_squares) / (1.0 / b_small - 1.0 / b_large),
        rows: small,
    }
}

/// The noise scale of the network of `probe` over `batches` of the same number of rows, each normalized on its own:
/// a batch norm network has no gradient of a single row. The large batch is all of them together, its gradient their
/// mean. None with fewer than two batches.
///
/// # Panics
///
/// If the batches differ in rows, or have more than the probe was made for.
pub fn noise_scale(probe: &mut Probe<f64>, batches: &[ProbeBatch<f64>]) -> Option<NoiseScale> {
    let rows = batches.first().filter(|_| batches.len() > 1)?.rows();
    let count = batches.len() as f64;
    let mut mean = vec![0.0; probe.position().len()];
    let mut squares = 0.0;
    let before = probe.batch().clone();
    for batch in batches {
        assert_eq!(batch.rows(), rows, "all batches have as many rows");
        probe.set_batch(batch.clone());
        probe.pass();
        let gradient = probe.gradient();
        squares += dot(&gradient, &gradient) / count;
        mean.iter_mut().zip(&gradient).for_each(|(mean, gradient)| *mean += gradient / count);
    }
    probe.set_batch(before);
    Some(noise_scale_of(squares, rows, dot(&mean, &mean), rows * batches.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With a gradient of squared length 4 and a covariance of trace 60: |g_b|^2 = 4 + 60 / b.
    #[test]
    fn the_two_sizes_give_gradient_and_noise() {
        let scale = noise_scale_of(4.0 + 60.0 / 10.0, 10, 4.0 + 60.0 / 50.0, 50);
        assert!((scale.squared_gradient - 4.0).abs() < 1e-12);
        assert!((scale.covariance_trace - 60.0).abs() < 1e-12);
        assert!((scale.rows_of_equal_noise().expect("a gradient") - 15.0).abs() < 1e-12);
        assert_eq!(noise_scale_of(10.0, 10, 1.0, 50).rows_of_equal_noise(), None);
    }
}
